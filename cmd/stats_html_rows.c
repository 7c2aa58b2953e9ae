/* SPDX-License-Identifier: MIT */
/* The tables of the page: what was asked for and built, by image and by day. */
#include <stdio.h>

#include "stats_html.h"

#define MOST_ROWS 200

struct lookups {
	int64_t lookups, hits, remote, misses, saved_us;
	const struct imgcache_count *reasons;
	size_t n_reasons;
};

static const char *const of_lookups[] = {
	"lookups", "hits", "remote", "misses", "hit rate", "time saved", NULL
};

static void
put_number(int64_t n)
{
	printf("<td>%lld</td>", (long long)n);
}

static void
put_duration(int64_t us)
{
	char text[IMGCACHE_TEXT];

	printf("<td>%s</td>", html_duration(text, us));
}

static void
put_size(int64_t bytes)
{
	char text[IMGCACHE_TEXT];

	printf("<td>%s</td>", bytes < 0 ? "-" :
	       imgcache_format_size(text, bytes));
}

/* A line breaks between reasons only. */
static void
put_lookups(const struct lookups *l)
{
	char text[IMGCACHE_TEXT];

	put_number(l->lookups);
	put_number(l->hits);
	put_number(l->remote);
	put_number(l->misses);
	printf("<td>%s</td>", stats_percent(text, stats_rate(l->hits, l->hits +
							      l->misses)));
	put_duration(stats_saved_us(l->hits, l->saved_us));
	printf("<td class=\"why\">");
	for (size_t i = 0; i < l->n_reasons; i++)
		printf("%s<span>%s:&#160;%lld</span>", i ? ", " : "",
		       l->reasons[i].name, (long long)l->reasons[i].n);
	printf("</td></tr>\n");
}

static void
put_steps(int64_t cached, int64_t steps)
{
	if (steps)
		printf("<td>%lld of %lld</td>", (long long)cached,
		       (long long)steps);
	else
		printf("<td>-</td>");
}

static void
begin(const char *first, const char *const *columns, bool why)
{
	printf("<div class=\"scroll\" tabindex=\"0\"><table><thead><tr>"
	       "<th>%s</th>", first);
	for (; *columns; columns++)
		printf("<th>%s</th>", *columns);
	printf("%s</tr></thead><tbody>\n", why ?
	       "<th class=\"why\">missed because</th>" : "");
}

static void
end(size_t rest)
{
	printf("</tbody></table></div>");
	if (rest)
		printf("<p class=\"note\">and %zu more</p>", rest);
}

static void
put_image_lookups(const struct imgcache_stats *s)
{
	size_t n;

	printf("<section class=\"wide\"><h2>Lookups by image</h2>\n");
	begin("image", of_lookups, true);
	for (n = 0; n < s->n_images && n < MOST_ROWS; n++) {
		const struct imgcache_image_stats *i = &s->images[n];

		printf("<tr><td>");
		html_name(i->name);
		printf("</td>");
		put_lookups(&(struct lookups){
			.lookups = i->lookups, .misses = i->misses,
			.hits = i->hits_local + i->hits_remote,
			.remote = i->hits_remote, .saved_us = i->saved_us,
			.reasons = i->misses_by_reason,
			.n_reasons = i->n_reasons,
		});
	}
	end(s->n_images - n);
	printf("</section>\n");
}

static void
put_image_builds(const struct imgcache_stats *s)
{
	static const char *const columns[] = {
		"builds", "failed", "steps cached", "median", "95 in 100",
		"in all", "context", NULL
	};
	size_t shown = 0, rest = 0;

	printf("<section class=\"wide\"><h2>Builds by image</h2>\n");
	begin("image", columns, false);
	for (size_t n = 0; n < s->n_images; n++) {
		const struct imgcache_image_stats *i = &s->images[n];

		if (!i->builds)
			continue;
		if (shown++ >= MOST_ROWS) {
			rest++;
			continue;
		}
		printf("<tr><td>");
		html_name(i->name);
		printf("</td>");
		put_number(i->builds);
		put_number(i->failed);
		put_steps(i->steps_cached, i->steps);
		put_duration(i->build_us);
		put_duration(i->build_p95_us);
		put_duration(i->build_total_us);
		put_size(i->context_bytes);
		printf("</tr>\n");
	}
	end(rest);
	printf("</section>\n");
}

void
html_images(const struct imgcache_stats *s)
{
	if (s->n_images)
		put_image_lookups(s);
	if (s->builds)
		put_image_builds(s);
}

static void
put_day_lookups(const struct imgcache_day_stats *d)
{
	char date[IMGCACHE_TEXT];

	printf("<tr><td>%s</td>", stats_date(date, d->day));
	put_lookups(&(struct lookups){
		.lookups = stats_figure(d, FIGURE_LOOKUPS),
		.hits = d->hits_local + d->hits_remote,
		.remote = d->hits_remote, .misses = d->misses,
		.saved_us = d->saved_us, .reasons = d->misses_by_reason,
		.n_reasons = d->n_reasons,
	});
}

static void
put_day_builds(const struct imgcache_day_stats *d)
{
	char date[IMGCACHE_TEXT];

	printf("<tr><td>%s</td>", stats_date(date, d->day));
	put_number(d->builds);
	put_number(d->failed);
	put_steps(d->steps_cached, d->steps);
	put_duration(d->build_p50_us);
	put_duration(d->build_us);
	put_size(d->context_bytes);
	printf("</tr>\n");
}

/* The last day first; only those that have the figure. */
static void
put_days(const struct imgcache_stats *s, enum stats_figure figure,
	 void (*put)(const struct imgcache_day_stats *d))
{
	size_t shown = 0, rest = 0;

	for (size_t n = s->n_days; n > 0; n--) {
		if (stats_figure(&s->days[n - 1], figure) < 0)
			continue;
		if (shown++ < MOST_ROWS)
			put(&s->days[n - 1]);
		else
			rest++;
	}
	end(rest);
	printf("</details></section>\n");
}

void
html_days(const struct imgcache_stats *s)
{
	static const char *const of_builds[] = {
		"builds", "failed", "steps cached", "median", "in all",
		"context", NULL
	};

	if (s->lookups) {
		printf("<section class=\"wide\"><details><summary>Lookups by "
		       "day</summary>\n");
		begin("day", of_lookups, true);
		put_days(s, FIGURE_LOOKUPS, put_day_lookups);
	}
	if (s->builds) {
		printf("<section class=\"wide\"><details><summary>Builds by "
		       "day</summary>\n");
		begin("day", of_builds, false);
		put_days(s, FIGURE_BUILD_TIME, put_day_builds);
	}
}
