/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <unistd.h>

#include "stats.h"
#include "text.h"

int64_t
stats_rate(int64_t part, int64_t whole)
{
	return whole > 0 ? (part * 1000 + whole / 2) / whole : -1;
}

int64_t
stats_hits(const struct imgcache_stats *s)
{
	return s->hits_local + s->hits_remote;
}

int64_t
stats_hit_rate(const struct imgcache_stats *s)
{
	return stats_rate(stats_hits(s), stats_hits(s) + s->misses);
}

int64_t
stats_success_rate(const struct imgcache_stats *s)
{
	return stats_rate(s->builds_completed,
			  s->builds_completed + s->builds_failed);
}

int64_t
stats_average_hits(const struct imgcache_stats *s)
{
	return s->total_images ? s->total_hits * 1000 / s->total_images : 0;
}

int64_t
stats_restore_us(int64_t us, int64_t hits)
{
	return hits > 0 ? us / hits : -1;
}

int64_t
stats_saved_us(int64_t hits, int64_t us)
{
	return hits > 0 ? us : -1;
}

size_t
stats_window(const struct imgcache_stats *s, size_t most, int64_t *first)
{
	int64_t now = imgcache_now_s(), today = now - now % DAY_S;
	int64_t from = today - (int64_t)(most - 1) * DAY_S;
	int64_t since = s->since - s->since % DAY_S;

	*first = since > from ? since : from;
	return *first > today ? 0 : (size_t)((today - *first) / DAY_S) + 1;
}

const struct imgcache_day_stats *
stats_day(const struct imgcache_day_stats *days, size_t n, int64_t day)
{
	for (; n && days[n - 1].day >= day; n--)
		if (days[n - 1].day == day)
			return &days[n - 1];
	return NULL;
}

int64_t
stats_figure(const struct imgcache_day_stats *d, enum stats_figure figure)
{
	int64_t hits = d ? d->hits_local + d->hits_remote : 0;
	int64_t lookups = d ? hits + d->misses + d->unknown : 0;

	if (!d)
		return -1;
	switch (figure) {
	case FIGURE_LOOKUPS:
		return lookups ? lookups : -1;
	case FIGURE_HIT_RATE:
		return stats_rate(hits, hits + d->misses);
	case FIGURE_SAVED:
		return stats_saved_us(hits, d->saved_us);
	case FIGURE_BUILD_TIME:
		return d->builds ? d->build_us : -1;
	case FIGURE_BUILD_MEDIAN:
		return d->build_p50_us;
	}
	return -1;
}

/* Room for what has eight levels, or ten. */
static const char *const bars[] = {
	"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"
};
static const char *const digits[] = {
	"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"
};

const char *
stats_spark(char out[SPARK_TEXT], const struct imgcache_stats *s,
	    const struct spark *k)
{
	int64_t first, value, values[SPARK_DAYS];
	int64_t most = k->figure == FIGURE_HIT_RATE ? 1000 : 1;
	int64_t levels = k->drawn ? 8 : 10;
	size_t i, n_days = stats_window(s, SPARK_DAYS, &first), len = 0;

	for (i = 0; i < n_days; i++) {
		values[i] = stats_figure(stats_day(k->days, k->n, first +
						   (int64_t)i * DAY_S),
					 k->figure);
		if (values[i] > most)
			most = values[i];
	}
	out[0] = '\0';
	for (i = 0; i < n_days; i++) {
		value = values[i] < 0 ? -1 : (int64_t)((double)values[i] /
			(double)most * (double)(levels - 1) + 0.5);
		len += (size_t)snprintf(out + len, SPARK_TEXT - len, "%s",
					value < 0 ? k->drawn ? "·" : "." :
					k->drawn ? bars[value] : digits[value]);
	}
	return out;
}

bool
stats_is_drawn(void)
{
	return text_is_utf8() && isatty(STDOUT_FILENO);
}
