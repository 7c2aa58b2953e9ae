/* SPDX-License-Identifier: MIT */
/*
 * Markdown for the summary of a job on GitHub. A page of it is at most 1 MiB,
 * so lists have an end; whatever is a name is written so that nothing in it is
 * markup.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stats.h"
#include "text.h"

#define MOST_ROWS 50
#define MOST_STEPS 10
#define MOST_TEXT 120

/* At most MOST_TEXT columns of it; punctuation as numbers. */
static void
put_text(const char *text)
{
	char *visible = text_visible(text);
	bool cut = strlen(visible) > MOST_TEXT;
	size_t n = 0;

	for (const char *c = visible; *c; c++, n++) {
		unsigned char u = (unsigned char)*c;

		if (cut && n >= MOST_TEXT && (u & 0xc0) != 0x80)
			break;
		if (isalnum(u) || u >= 0x80 || strchr(" -.,/()+", u))
			putchar(u);
		else
			printf("&#%d;", u);
	}
	if (cut)
		fputs("…", stdout);
	free(visible);
}

static void
put_duration(int64_t us)
{
	char text[IMGCACHE_TEXT];

	fputs(us < 0 ? "-" : imgcache_format_duration(text, us), stdout);
}

static void
put_spark(const struct imgcache_stats *s, const char *title,
	  enum stats_figure figure)
{
	struct spark spark = { s->days, s->n_days, figure, true };
	char text[SPARK_TEXT];

	printf("| %s | `%s` |\n", title, stats_spark(text, s, &spark));
}

static void
put_head(const struct imgcache_stats *s)
{
	char text[IMGCACHE_TEXT], size[IMGCACHE_TEXT], span[STATS_SPAN];
	int64_t saved = stats_saved_us(stats_hits(s), s->saved_us);

	if (stats_hit_rate(s) < 0)
		printf("### imgcache: no lookups");
	else
		printf("### imgcache: %s of lookups hit",
		       stats_percent(text, stats_hit_rate(s)));
	if (saved >= 0)
		printf(", %s saved", imgcache_format_duration(text, saved));
	if (s->since)
		printf(" %s", stats_span(span, "in the last", s));
	printf("\n\n| | |\n|---|---:|\n");
	printf("| hits here | %lld |\n", (long long)s->hits_local);
	printf("| hits from the registry | %lld |\n",
	       (long long)s->hits_remote);
	printf("| misses | %lld |\n", (long long)s->misses);
	if (s->unknown)
		printf("| no answer | %lld |\n", (long long)s->unknown);
	printf("| builds | %lld |\n", (long long)s->builds);
	printf("| succeeded | %s |\n",
	       stats_percent(text, stats_success_rate(s)));
	printf("| steps cached | %s |\n",
	       stats_percent(text, stats_rate(s->steps_cached, s->steps)));
	printf("| build time, median | ");
	put_duration(s->build_p50_us);
	printf(" |\n| build time, 95 in 100 | ");
	put_duration(s->build_p95_us);
	printf(" |\n| images | %lld, %s |\n", (long long)s->total_images,
	       imgcache_format_size(size, s->total_size_bytes));
}

static void
put_days(const struct imgcache_stats *s)
{
	int64_t first;
	size_t days = stats_window(s, SPARK_DAYS, &first);

	if (!s->n_days || days < 2)
		return;
	printf("\n| | the last %zu days |\n|---|---|\n", days);
	put_spark(s, "lookups", FIGURE_LOOKUPS);
	put_spark(s, "hit rate", FIGURE_HIT_RATE);
	put_spark(s, "time saved", FIGURE_SAVED);
	put_spark(s, "build time", FIGURE_BUILD_TIME);
}

static void
put_reasons(const struct imgcache_stats *s)
{
	if (s->n_reasons)
		printf("\n| missed because | times |\n|---|---:|\n");
	for (size_t i = 0; i < s->n_reasons; i++)
		printf("| %s | %lld |\n", s->misses_by_reason[i].name,
		       (long long)s->misses_by_reason[i].n);
}

/* These words are ours. */
static void
put_why(const struct imgcache_image_stats *i)
{
	for (size_t n = 0; n < i->n_reasons; n++)
		printf("%s%s: %lld", n ? ", " : "",
		       i->misses_by_reason[n].name,
		       (long long)i->misses_by_reason[n].n);
	if (!i->n_reasons)
		putchar('-');
}

static void
put_image(const struct imgcache_image_stats *i)
{
	int64_t hits = i->hits_local + i->hits_remote;
	char text[IMGCACHE_TEXT], name[STATS_NAME];

	printf("| ");
	put_text(stats_name(name, i->name));
	printf(" | %lld | %lld | %s | ", (long long)i->lookups,
	       (long long)hits,
	       stats_percent(text, stats_rate(hits, hits + i->misses)));
	put_why(i);
	printf(" | ");
	put_duration(stats_saved_us(hits, i->saved_us));
	printf(" | %lld | %lld | ", (long long)i->builds,
	       (long long)i->failed);
	if (i->steps)
		printf("%lld of %lld | ", (long long)i->steps_cached,
		       (long long)i->steps);
	else
		printf("- | ");
	put_duration(i->build_us);
	printf(" | ");
	put_duration(i->build_p95_us);
	printf(" | %s |\n", i->images ?
	       imgcache_format_size(text, i->size_bytes) : "-");
}

static void
put_images(const struct imgcache_stats *s)
{
	size_t n;

	if (s->n_images)
		printf("\n| image | lookups | hits | rate | missed because | "
		       "saved | builds | failed | steps cached | median | "
		       "95 in 100 | size |\n"
		       "|---|---:|---:|---:|---|---:|---:|---:|---:|---:|---:|"
		       "---:|\n");
	for (n = 0; n < s->n_images && n < MOST_ROWS; n++)
		put_image(&s->images[n]);
	if (s->n_images > n)
		printf("\nand %zu more image%s\n", s->n_images - n,
		       s->n_images - n == 1 ? "" : "s");
}

static void
put_slowest(const struct imgcache_stats *s)
{
	char name[STATS_NAME];

	if (s->n_slowest)
		printf("\n| slowest steps | of | runs | cached | in all | "
		       "longest |\n|---|---|---:|---:|---:|---:|\n");
	for (size_t i = 0; i < s->n_slowest && i < MOST_STEPS; i++) {
		printf("| ");
		put_text(s->slowest[i].name);
		printf(" | ");
		put_text(stats_name(name, s->slowest[i].image));
		printf(" | %lld | %lld | ", (long long)s->slowest[i].runs,
		       (long long)s->slowest[i].cached);
		put_duration(s->slowest[i].us);
		printf(" | ");
		put_duration(s->slowest[i].longest_us);
		printf(" |\n");
	}
}

void
stats_put_github(const struct imgcache_stats *s)
{
	put_head(s);
	put_days(s);
	put_reasons(s);
	put_images(s);
	put_slowest(s);
	putchar('\n');
}
