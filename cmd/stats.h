/* SPDX-License-Identifier: MIT */
#ifndef CMD_STATS_H
#define CMD_STATS_H

/*
 * What the forms of imgcache-stats(1) share; each form is a file of its own
 * and writes to stdout.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "imgcache.h"

#define DAY_S 86400
#define STATS_SPAN 96
#define SPARK_DAYS 14
#define SPARK_TEXT (SPARK_DAYS * 4 + 1)

/* In thousandths; -1 where there is nothing to divide by. */
int64_t stats_rate(int64_t part, int64_t whole);
int64_t stats_hits(const struct imgcache_stats *s);
int64_t stats_hit_rate(const struct imgcache_stats *s);
/* Of the builds that came to an end by themselves. */
int64_t stats_success_rate(const struct imgcache_stats *s);
int64_t stats_average_hits(const struct imgcache_stats *s); /* thousandths */
/* Mean of a hit, the pull included; -1: none. */
int64_t stats_restore_us(int64_t us, int64_t hits);

/* What hits saved, be it nothing; -1: none, or not known. */
int64_t stats_saved_us(int64_t hits, int64_t us);

/* "44.4 %", "-" for what is unknown. */
const char *stats_percent(char out[IMGCACHE_TEXT], int64_t thousandths);

/* --since, in seconds; -1: not given. */
extern int64_t stats_since;

/* Of what time: `last` and how long, or since when it was begun anew. */
const char *stats_span(char out[STATS_SPAN], const char *last,
		       const struct imgcache_stats *s);

/* "2026-11-27", in UTC. */
const char *stats_date(char out[IMGCACHE_TEXT], int64_t moment);

/*
 * The last days of the figures, at most `most`: *first is the first second of
 * the first, the last is today. Returns how many.
 */
size_t stats_window(const struct imgcache_stats *s, size_t most,
		    int64_t *first);

/* The day that begins at `day`, NULL if nothing was. */
const struct imgcache_day_stats *
stats_day(const struct imgcache_day_stats *days, size_t n, int64_t day);

enum stats_figure { FIGURE_LOOKUPS, FIGURE_HIT_RATE, FIGURE_SAVED,
		    FIGURE_BUILD_TIME, FIGURE_BUILD_MEDIAN };

/* -1 where the day has none: no lookup, hit, build; NULL has none. */
int64_t stats_figure(const struct imgcache_day_stats *day,
		     enum stats_figure figure);

struct spark {
	const struct imgcache_day_stats *days;
	size_t n;
	enum stats_figure figure;
	bool drawn;		/* as bars */
};

/*
 * A character a day: how much of the highest figure it has, as a bar, or as a
 * digit of 0 to 9. A rate is of 100 %. A day without any is a dot.
 */
const char *stats_spark(char out[SPARK_TEXT], const struct imgcache_stats *s,
			const struct spark *spark);

/* Bars where they can be shown. */
bool stats_is_drawn(void);

/* "inputs-changed:2, never-built:1"; no pair has a space to break at. */
#define STATS_REASONS 768
const char *stats_reasons(char out[STATS_REASONS],
			  const struct imgcache_count *reasons, size_t n);

/* "1 miss", "2 misses" */
const char *stats_some(char out[IMGCACHE_TEXT], int64_t n, const char *one,
		       const char *many);

/*
 * A tag by the twelve digits that are its imageId, which list shows and every
 * verb takes for it; any other name as it is.
 */
#define STATS_NAME 13
const char *stats_name(char out[STATS_NAME], const char *name);

void stats_put_json(const struct imgcache_stats *s);
void stats_put_prometheus(const struct imgcache_stats *s);
void stats_put_github(const struct imgcache_stats *s);
void stats_put_html(const struct imgcache_stats *s);

/* What stands below the summary, each of it without what is not there. */
enum stats_rows {
	STATS_BY_IMAGE,
	STATS_BY_DAY,
	STATS_LOOKUPS		/* by image, where there is no room for more */
};
void stats_put_table(const struct imgcache_stats *s, enum stats_rows rows);

/* The tables of it. */
#define STATS_STEPS 5
void stats_put_images(const struct imgcache_stats *s, bool only_lookups);
void stats_put_days(const struct imgcache_stats *s);
void stats_put_steps(const struct imgcache_stats *s);

/* Of all images, or the layers of the one of that name. */
int stats_put_disk(struct imgcache *ic, const char *name,
		   struct imgcache_error *err);

typedef int stats_read_fn(struct imgcache *ic, struct imgcache_stats *s,
			  struct imgcache_error *err);

/* Returns IMGCACHE_EINTR when a signal came, IMGCACHE_EUSAGE at once. */
int stats_watch(stats_read_fn *read, struct imgcache_error *err);

#endif
