/* SPDX-License-Identifier: MIT */
/*
 * The tables below the summary: a row an image or a day. A table has only rows
 * that say something in it.
 */
#include <stdio.h>

#include "printer.h"
#include "stats.h"

/* What is cached of what there was: "10/40". */
static void
print_cached(struct printer *p, int64_t cached, int64_t steps)
{
	char text[IMGCACHE_TEXT * 2];

	snprintf(text, sizeof(text), "%lld/%lld", (long long)cached,
		 (long long)steps);
	print_figure(p, "CACHED", steps ? text : "-");
}

/* The reasons are last: they go on below themselves. */
static void
print_misses(struct printer *p, int64_t misses,
	     const struct imgcache_count *reasons, size_t n)
{
	char text[STATS_REASONS];

	print_number(p, "", "MISSES", misses, AS_NUMBER);
	print_text(p, "", "BECAUSE", stats_reasons(text, reasons, n));
}

/* A blank line before the first row of a table. */
static void
row(struct printer *p)
{
	if (!printer_count(p))
		putchar('\n');
	print_record(p);
}

static bool
has_remote_hits(const struct imgcache_stats *s)
{
	for (size_t n = 0; n < s->n_images; n++)
		if (s->images[n].hits_remote)
			return true;
	return false;
}

/* Without a registry there is a column more for the names. */
static void
put_lookups_by_image(const struct imgcache_stats *s)
{
	struct printer *p = printer_new(PRINT_TABLE, false);
	char text[SPARK_TEXT], title[IMGCACHE_TEXT], name[STATS_NAME];
	bool has_remote = has_remote_hits(s);
	int64_t first;
	size_t days;

	days = stats_window(s, SPARK_DAYS, &first);
	if (days == 1)
		snprintf(title, sizeof(title), "TODAY");
	else
		snprintf(title, sizeof(title), "LAST %zu DAYS", days);
	for (size_t n = 0; n < s->n_images; n++) {
		const struct imgcache_image_stats *i = &s->images[n];
		int64_t hits = i->hits_local + i->hits_remote;
		struct spark spark = { i->days, i->n_days, FIGURE_LOOKUPS,
				       stats_is_drawn() };

		row(p);
		print_text(p, "", "IMAGE", stats_name(name, i->name));
		print_number(p, "", "LOOKUPS", i->lookups, AS_NUMBER);
		print_id(p, "", title, stats_spark(text, s, &spark));
		print_number(p, "", "HITS", hits, AS_NUMBER);
		if (has_remote)
			print_number(p, "", "REMOTE", i->hits_remote,
				     AS_NUMBER);
		print_number(p, "", "RATE", stats_rate(hits, hits + i->misses),
			     AS_PERCENT);
		print_number(p, "", "SAVED",
			     stats_saved_us(hits, i->saved_us), AS_DURATION);
		print_number(p, "", "SIZE", i->images ? i->size_bytes : -1,
			     AS_SIZE);
	}
	printer_end(p);
}

static void
put_misses_by_image(const struct imgcache_stats *s)
{
	struct printer *p = printer_new(PRINT_TABLE, false);
	char name[STATS_NAME];

	for (size_t n = 0; n < s->n_images; n++) {
		const struct imgcache_image_stats *i = &s->images[n];

		if (!i->misses)
			continue;
		row(p);
		print_text(p, "", "IMAGE", stats_name(name, i->name));
		print_misses(p, i->misses, i->misses_by_reason, i->n_reasons);
	}
	printer_end(p);
}

static void
put_builds_by_image(const struct imgcache_stats *s)
{
	struct printer *p = printer_new(PRINT_TABLE, false);
	char name[STATS_NAME];

	for (size_t n = 0; n < s->n_images; n++) {
		const struct imgcache_image_stats *i = &s->images[n];

		if (!i->builds)
			continue;
		row(p);
		print_text(p, "", "IMAGE", stats_name(name, i->name));
		print_number(p, "", "BUILDS", i->builds, AS_NUMBER);
		print_number(p, "", "FAILED", i->failed, AS_NUMBER);
		print_cached(p, i->steps_cached, i->steps);
		print_number(p, "", "MEDIAN", i->build_us, AS_DURATION);
		print_number(p, "", "95 IN 100", i->build_p95_us, AS_DURATION);
		print_number(p, "", "IN ALL", i->build_total_us, AS_DURATION);
	}
	printer_end(p);
}

void
stats_put_images(const struct imgcache_stats *s, bool only_lookups)
{
	put_lookups_by_image(s);
	if (only_lookups)
		return;
	put_misses_by_image(s);
	put_builds_by_image(s);
}

/* Of all their runs together; a step that is long is cut. */
void
stats_put_steps(const struct imgcache_stats *s)
{
	struct printer *p = printer_new(PRINT_TABLE, false);
	char name[STATS_NAME];

	for (size_t n = 0; n < s->n_slowest && n < STATS_STEPS; n++) {
		const struct imgcache_step_stats *i = &s->slowest[n];

		row(p);
		print_text(p, "", "SLOWEST STEPS", i->name);
		print_text(p, "", "OF", stats_name(name, i->image));
		print_number(p, "", "RUNS", i->runs, AS_NUMBER);
		print_number(p, "", "CACHED", i->cached, AS_NUMBER);
		print_number(p, "", "LONGEST", i->longest_us, AS_DURATION);
		print_number(p, "", "IN ALL", i->us, AS_DURATION);
	}
	printer_end(p);
}

static void
put_lookups_by_day(const struct imgcache_stats *s)
{
	struct printer *p = printer_new(PRINT_TABLE, false);
	char day[IMGCACHE_TEXT];

	for (size_t n = 0; n < s->n_days; n++) {
		const struct imgcache_day_stats *d = &s->days[n];
		int64_t hits = d->hits_local + d->hits_remote;

		if (stats_figure(d, FIGURE_LOOKUPS) < 0)
			continue;
		row(p);
		print_id(p, "", "DAY", stats_date(day, d->day));
		print_number(p, "", "LOOKUPS", hits + d->misses + d->unknown,
			     AS_NUMBER);
		print_number(p, "", "HITS", hits, AS_NUMBER);
		print_number(p, "", "REMOTE", d->hits_remote, AS_NUMBER);
		print_number(p, "", "MISSES", d->misses, AS_NUMBER);
		print_number(p, "", "RATE", stats_figure(d, FIGURE_HIT_RATE),
			     AS_PERCENT);
		print_number(p, "", "SAVED",
			     stats_figure(d, FIGURE_SAVED), AS_DURATION);
	}
	printer_end(p);
}

static void
put_misses_by_day(const struct imgcache_stats *s)
{
	struct printer *p = printer_new(PRINT_TABLE, false);
	char day[IMGCACHE_TEXT];

	for (size_t n = 0; n < s->n_days; n++) {
		const struct imgcache_day_stats *d = &s->days[n];

		if (!d->misses)
			continue;
		row(p);
		print_id(p, "", "DAY", stats_date(day, d->day));
		print_misses(p, d->misses, d->misses_by_reason, d->n_reasons);
	}
	printer_end(p);
}

static void
put_builds_by_day(const struct imgcache_stats *s)
{
	struct printer *p = printer_new(PRINT_TABLE, false);
	char day[IMGCACHE_TEXT];

	for (size_t n = 0; n < s->n_days; n++) {
		const struct imgcache_day_stats *d = &s->days[n];

		if (!d->builds)
			continue;
		row(p);
		print_id(p, "", "DAY", stats_date(day, d->day));
		print_number(p, "", "BUILDS", d->builds, AS_NUMBER);
		print_number(p, "", "SUCCESS",
			     stats_rate(d->completed,
					d->completed + d->failed), AS_PERCENT);
		print_cached(p, d->steps_cached, d->steps);
		print_number(p, "", "CONTEXT", d->context_bytes, AS_SIZE);
		print_number(p, "", "MEDIAN", d->build_p50_us, AS_DURATION);
		print_number(p, "", "IN ALL", d->build_us, AS_DURATION);
	}
	printer_end(p);
}

void
stats_put_days(const struct imgcache_stats *s)
{
	put_lookups_by_day(s);
	put_misses_by_day(s);
	put_builds_by_day(s);
}
