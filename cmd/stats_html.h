/* SPDX-License-Identifier: MIT */
#ifndef CMD_STATS_HTML_H
#define CMD_STATS_HTML_H

/* The parts of the page of imgcache-stats(1), on stdout. */

#include <stddef.h>
#include <stdint.h>

#include "stats.h"

/* Text, or the value of an attribute: nothing in it is markup. */
void html_text(const char *text);

/* A name as text; of a tag its beginning, the whole of it where one points. */
void html_name(const char *name);

/* "-" for what is unknown. */
const char *html_duration(char out[IMGCACHE_TEXT], int64_t us);

/*
 * A column a day. Days without any have none, a value of zero has a line, so
 * that they differ.
 */
struct day_chart {
	const char *title;
	enum stats_figure figure;
	const char *(*text)(char out[IMGCACHE_TEXT], int64_t value);
	int64_t most;		/* height of the chart; 0: the highest day */
	const char *looks;	/* as in html_bars_begin() */
};
void html_day_chart(const struct imgcache_stats *s, const struct day_chart *c);

/*
 * The head of a list of bars, and a bar that is value / most wide. looks are
 * classes of the style sheet: a colour, and how wide the list is.
 */
void html_bars_begin(const char *title, const char *note, const char *looks);
struct bar {
	const char *name, *more;	/* more: below the name, or NULL */
	int64_t value, most;
	const char *text;		/* of the value */
};
void html_bar(const struct bar *b);

/* rest: how many are not shown. */
void html_bars_end(size_t rest);

/* The tables: a row an image, a row a day. */
void html_images(const struct imgcache_stats *s);
void html_days(const struct imgcache_stats *s);

/* Style sheet of the page. */
extern const char html_style[];

#endif
