/* SPDX-License-Identifier: MIT */
/*
 * One page that needs nothing from elsewhere and runs nothing: its policy lets
 * a browser load no script, font or picture, whatever a name contains.
 */
#include "stats_html.h"

#include <stdio.h>
#include <stdlib.h>

#include "words.h"

#define MOST_BARS 12
#define NBSP "\xc2\xa0"

static void
put_head(const struct imgcache_stats *s)
{
	char now[IMGCACHE_TEXT], since[IMGCACHE_TEXT];

	printf("<!DOCTYPE html>\n<html lang=\"en\"><head><meta "
	       "charset=\"utf-8\">\n<meta http-equiv=\""
	       "Content-Security-Policy\" content=\"default-src 'none'; "
	       "style-src 'unsafe-inline'\">\n<meta name=\"viewport\" "
	       "content=\"width=device-width,initial-scale=1\">\n"
	       "<title>imgcache: images, hits and builds</title>\n"
	       "<style>\n%s</style>\n</head>\n<body><main>\n", html_style);
	printf("<header><h1>imgcache</h1><p>");
	if (s->since)
		printf("from %s to %s", imgcache_format_time(since, s->since),
		       imgcache_format_time(now, imgcache_now_s()));
	else
		printf("from the beginning to %s",
		       imgcache_format_time(now, imgcache_now_s()));
	printf("</p></header>\n");
}

static void
tile(const char *title, const char *value, const char *note)
{
	printf("<section><h2>");
	html_text(title);
	printf("</h2><b>");
	html_text(value);
	printf("</b><p class=\"note\">");
	html_text(note);
	printf("</p></section>\n");
}

static void
put_lookup_tiles(const struct imgcache_stats *s)
{
	char value[IMGCACHE_TEXT], restore[IMGCACHE_TEXT], note[160];
	int64_t hits = stats_hits(s);

	snprintf(note, sizeof(note), "%lld here, %lld from the registry, %lld "
		 "missed", (long long)s->hits_local,
		 (long long)s->hits_remote, (long long)s->misses);
	tile("Hit rate", stats_percent(value, stats_hit_rate(s)), note);
	snprintf(note, sizeof(note), hits ? "a hit takes %s" : "no hits",
		 html_duration(restore, stats_restore_us(s->hit_local_us +
						    s->hit_remote_us, hits)));
	tile("Time saved",
	     html_duration(value, stats_saved_us(hits, s->saved_us)), note);
}

static void
put_build_tiles(const struct imgcache_stats *s)
{
	char value[IMGCACHE_TEXT], text[IMGCACHE_TEXT], note[160];
	int64_t average = (stats_average_hits(s) + 50) / 100;

	snprintf(note, sizeof(note), s->build_p95_us < 0 ? "no builds" :
		 "the median; 95 in 100 take at most %s",
		 html_duration(text, s->build_p95_us));
	tile("Build time", html_duration(value, s->build_p50_us), note);
	snprintf(note, sizeof(note), "%s, %lld failed",
		 stats_some(text, s->builds, "build", "builds"),
		 (long long)s->builds_failed);
	tile("Success", stats_percent(value, stats_success_rate(s)), note);
	snprintf(note, sizeof(note), s->steps ? "%lld of %s" : "no steps",
		 (long long)s->steps_cached,
		 stats_some(text, s->steps, "step", "steps"));
	tile("Steps cached", stats_percent(value, stats_rate(s->steps_cached,
							     s->steps)), note);
	snprintf(note, sizeof(note), s->total_images ?
		 "%s, %lld.%lld hits each" : "no images",
		 stats_some(text, s->total_images, "image", "images"),
		 (long long)(average / 10), (long long)(average % 10));
	tile("Size", s->total_images ?
	     imgcache_format_size(value, s->total_size_bytes) : "-", note);
}

static void
put_reasons(const struct imgcache_stats *s)
{
	char text[IMGCACHE_TEXT];

	html_bars_begin("Reasons of misses", s->misses ? "how often" :
			"nothing missed", "bad wide");
	for (size_t i = 0; i < s->n_reasons; i++) {
		snprintf(text, sizeof(text), "%lld",
			 (long long)s->misses_by_reason[i].n);
		html_bar(&(struct bar){
			.name = s->misses_by_reason[i].name,
			.value = s->misses_by_reason[i].n,
			.most = s->misses_by_reason[0].n, .text = text,
		});
	}
	html_bars_end(0);
}

static int
biggest_first(const void *a, const void *b)
{
	const struct imgcache_image_stats *x =
		*(const struct imgcache_image_stats *const *)a;
	const struct imgcache_image_stats *y =
		*(const struct imgcache_image_stats *const *)b;

	return (x->size_bytes < y->size_bytes) -
		(x->size_bytes > y->size_bytes);
}

static void
put_sizes(const struct imgcache_stats *s)
{
	const struct imgcache_image_stats **v;
	char text[IMGCACHE_TEXT], more[64];
	size_t n = 0, i;

	v = memory_checked(calloc(s->n_images + 1, sizeof(*v)));
	for (i = 0; i < s->n_images; i++)
		if (s->images[i].images)
			v[n++] = &s->images[i];
	if (n)
		qsort(v, n, sizeof(*v), biggest_first);
	html_bars_begin("Size by image", n ? "of all its versions that are "
			"there; shared layers count for each" : "no images",
			"good wide");
	for (i = 0; i < n && i < MOST_BARS; i++) {
		snprintf(more, sizeof(more), "%lld versions",
			 (long long)v[i]->images);
		html_bar(&(struct bar){
			.name = v[i]->name,
			.more = v[i]->images > 1 ? more : NULL,
			.value = v[i]->size_bytes, .most = v[0]->size_bytes,
			.text = imgcache_format_size(text, v[i]->size_bytes),
		});
	}
	html_bars_end(n - i);
	free(v);
}

/* A duration whose lines do not break before its units. */
static const char *
unbroken(char out[IMGCACHE_TEXT * 2], int64_t us)
{
	char text[IMGCACHE_TEXT];
	size_t n = 0;

	imgcache_format_duration(text, us);
	for (const char *c = text; *c; c++)
		n += (size_t)snprintf(out + n, IMGCACHE_TEXT * 2 - n, "%.*s",
				      *c == ' ' ? 2 : 1, *c == ' ' ? NBSP : c);
	return out;
}

static void
put_slowest(const struct imgcache_stats *s)
{
	char text[IMGCACHE_TEXT], longest[IMGCACHE_TEXT * 2], more[512];
	char name[STATS_NAME], runs[IMGCACHE_TEXT];
	size_t i;

	html_bars_begin("Slowest steps", s->n_slowest ?
			"time of all their runs together" : "no steps ran",
			"cost wide");
	for (i = 0; i < s->n_slowest && i < MOST_BARS; i++) {
		const struct imgcache_step_stats *step = &s->slowest[i];

		snprintf(more, sizeof(more), "%.300s: %s, %lld cached, the "
			 "longest %s", stats_name(name, step->image),
			 stats_some(runs, step->runs, "run", "runs"),
			 (long long)step->cached,
			 unbroken(longest, step->longest_us));
		html_bar(&(struct bar){
			.name = step->name, .more = more,
			.value = step->us, .most = s->slowest[0].us,
			.text = imgcache_format_duration(text, step->us),
		});
	}
	html_bars_end(0);
}

void
stats_put_html(const struct imgcache_stats *s)
{
	put_head(s);
	printf("<div class=\"wide tiles\">\n");
	put_lookup_tiles(s);
	put_build_tiles(s);
	printf("</div>\n");
	html_day_chart(s, &(struct day_chart){ "Hit rate", FIGURE_HIT_RATE,
		       stats_percent, 1000, "good" });
	html_day_chart(s, &(struct day_chart){ "Time saved", FIGURE_SAVED,
		       html_duration, 0, "good" });
	put_reasons(s);
	html_day_chart(s, &(struct day_chart){ "Build time, the median",
		       FIGURE_BUILD_MEDIAN, html_duration, 0, "cost" });
	html_day_chart(s, &(struct day_chart){ "Build time, all together",
		       FIGURE_BUILD_TIME, html_duration, 0, "cost" });
	put_sizes(s);
	put_slowest(s);
	html_images(s);
	html_days(s);
	printf("</main></body></html>\n");
}
