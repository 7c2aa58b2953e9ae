/* SPDX-License-Identifier: MIT */
/*
 * For people: a summary, why it missed, then the tables of stats_rows.c;
 * everything fits into 80 columns.
 */
#include <stdio.h>
#include <string.h>

#include "printer.h"
#include "stats.h"

/* A line of the summary: the first words of it, and what explains them. */
static void
line(const char *title, const char *value, const char *more)
{
	printf("%-12s %10s%s%s\n", title, value, *more ? "  " : "", more);
}

static const char *
count(char out[IMGCACHE_TEXT], int64_t n)
{
	snprintf(out, IMGCACHE_TEXT, "%lld", (long long)n);
	return out;
}

static const char *
duration(char out[IMGCACHE_TEXT], int64_t us)
{
	return us < 0 ? "-" : imgcache_format_duration(out, us);
}

/* How many, and how long one takes: what restoring costs beside a build. */
static void
put_hits(const char *title, int64_t hits, int64_t us)
{
	char value[IMGCACHE_TEXT], each[IMGCACHE_TEXT], more[64] = "";

	if (hits)
		snprintf(more, sizeof(more), "%s each",
			 imgcache_format_duration(each,
						  stats_restore_us(us, hits)));
	line(title, count(value, hits), more);
}

static const char *
spark_of(char out[SPARK_TEXT], const struct imgcache_stats *s,
	 enum stats_figure figure)
{
	struct spark spark = {
		.days = s->days, .n = s->n_days, .figure = figure,
		.drawn = stats_is_drawn(),
	};

	return stats_spark(out, s, &spark);
}

static void
put_lookups(const struct imgcache_stats *s)
{
	char value[IMGCACHE_TEXT], spark[SPARK_TEXT], more[128] = "";
	int64_t first;
	size_t days = stats_window(s, SPARK_DAYS, &first);

	if (s->lookups && days > 1)
		snprintf(more, sizeof(more), "%s  the last %zu days",
			 spark_of(spark, s, FIGURE_LOOKUPS), days);
	line("lookups", count(value, s->lookups), more);
	line("  hits", count(value, stats_hits(s)), "");
	if (s->hits_local)
		put_hits("    here", s->hits_local, s->hit_local_us);
	if (s->hits_remote)
		put_hits("    pulled", s->hits_remote, s->hit_remote_us);
	line("  misses", count(value, s->misses), "");
	if (s->unknown)
		line("  unknown", count(value, s->unknown),
		     "no answer from engine or registry");
	line("hit rate", stats_percent(value, stats_hit_rate(s)),
	     *more ? spark_of(spark, s, FIGURE_HIT_RATE) : "");
	line("time saved",
	     duration(value, stats_saved_us(stats_hits(s), s->saved_us)),
	     *more ? spark_of(spark, s, FIGURE_SAVED) : "");
}

static void
put_builds(const struct imgcache_stats *s)
{
	char value[IMGCACHE_TEXT], more[192] = "", spark[SPARK_TEXT];
	char time[IMGCACHE_TEXT], success[IMGCACHE_TEXT], cached[IMGCACHE_TEXT];
	int64_t first;

	if (stats_success_rate(s) >= 0)
		snprintf(more, sizeof(more), "%s succeeded, ",
			 stats_percent(success, stats_success_rate(s)));
	if (s->steps)
		snprintf(more + strlen(more), sizeof(more) - strlen(more),
			 "%s of steps cached",
			 stats_percent(cached, stats_rate(s->steps_cached,
							  s->steps)));
	else if (*more)
		more[strlen(more) - 2] = '\0';
	line("builds", count(value, s->builds), more);
	if (!s->builds)
		return;
	line("  time", imgcache_format_duration(value, s->build_us),
	     stats_window(s, SPARK_DAYS, &first) > 1 ?
	     spark_of(spark, s, FIGURE_BUILD_TIME) :
	     "");
	snprintf(more, sizeof(more), "half of them are no longer; 95 in 100: "
		 "%s", duration(time, s->build_p95_us));
	line("  median", duration(value, s->build_p50_us),
	     s->build_p50_us < 0 ? "" : more);
}

static void
put_images(const struct imgcache_stats *s)
{
	char value[IMGCACHE_TEXT], more[128] = "", size[IMGCACHE_TEXT];
	int64_t average = (stats_average_hits(s) + 50) / 100;

	if (s->total_images)
		snprintf(more, sizeof(more), "%s together, %lld.%lld hits each",
			 imgcache_format_size(size, s->total_size_bytes),
			 (long long)(average / 10), (long long)(average % 10));
	line("images", count(value, s->total_images), more);
}

static void
put_reasons(const struct imgcache_stats *s)
{
	struct printer *p = printer_new(PRINT_TABLE, false);

	for (size_t i = 0; i < s->n_reasons; i++) {
		print_record(p);
		print_text(p, "", "MISSED BECAUSE",
			   s->misses_by_reason[i].name);
		print_number(p, "", "TIMES", s->misses_by_reason[i].n,
			     AS_NUMBER);
	}
	if (s->n_reasons)
		putchar('\n');
	printer_end(p);
}

void
stats_put_table(const struct imgcache_stats *s, enum stats_rows rows)
{
	char span[STATS_SPAN];

	if (s->since)
		printf("%s\n\n", stats_span(span, "the last", s));
	put_images(s);
	put_lookups(s);
	put_builds(s);
	put_reasons(s);
	if (rows == STATS_BY_DAY)
		stats_put_days(s);
	else
		stats_put_images(s, rows == STATS_LOOKUPS);
	if (rows != STATS_LOOKUPS)
		stats_put_steps(s);
}
