/* SPDX-License-Identifier: MIT */
/*
 * The text format of Prometheus 0.0.4, for the textfile collector: no moments,
 * base units, counters end in _total. An image is a label by its name only;
 * tags come and go, so what is built from flags shares one label.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stats.h"
#include "text.h"

#define FLAGS "(flags)"

typedef int64_t figure_fn(const struct imgcache_image_stats *i);

static void
head(const char *name, const char *type, const char *help)
{
	printf("# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* A label's value: backslash, quote and newline are escaped. */
static void
put_label(const char *name, const char *value)
{
	char *visible = text_visible(value);

	printf("%s=\"", name);
	for (const char *c = visible; *c; c++) {
		if (*c == '\\' || *c == '"')
			putchar('\\');
		putchar(*c);
	}
	putchar('"');
	free(visible);
}

static void
put_seconds(int64_t us)
{
	printf(" %lld.%06lld\n", (long long)(us / 1000000),
	       (long long)(us % 1000000));
}

static void
put_number(int64_t n)
{
	printf(" %lld\n", (long long)n);
}

/* One series a name; what has none is summed up. label: another one, or "". */
static void
put_images(const struct imgcache_stats *s, const char *metric,
	   const char *label, figure_fn *figure, void (*put)(int64_t))
{
	int64_t rest = 0;
	bool has_rest = false;

	for (size_t n = 0; n < s->n_images; n++) {
		const struct imgcache_image_stats *i = &s->images[n];

		if (!i->is_named) {
			rest += figure(i);
			has_rest = true;
			continue;
		}
		printf("%s{", metric);
		put_label("image", i->name);
		printf("%s}", label);
		put(figure(i));
	}
	if (!has_rest)
		return;
	printf("%s{image=\"" FLAGS "\"%s}", metric, label);
	put(rest);
}

static int64_t
local(const struct imgcache_image_stats *i)
{
	return i->hits_local;
}

static int64_t
remote(const struct imgcache_image_stats *i)
{
	return i->hits_remote;
}

static int64_t
misses(const struct imgcache_image_stats *i)
{
	return i->misses;
}

static int64_t
unknown(const struct imgcache_image_stats *i)
{
	return i->lookups - i->hits_local - i->hits_remote - i->misses;
}

static int64_t
completed(const struct imgcache_image_stats *i)
{
	return i->completed;
}

static int64_t
failed(const struct imgcache_image_stats *i)
{
	return i->failed;
}

static int64_t
other(const struct imgcache_image_stats *i)
{
	return i->builds - i->completed - i->failed;
}

static int64_t
saved(const struct imgcache_image_stats *i)
{
	return i->saved_us > 0 ? i->saved_us : 0;
}

static int64_t
build_total(const struct imgcache_image_stats *i)
{
	return i->build_total_us;
}

static int64_t
steps_cached(const struct imgcache_image_stats *i)
{
	return i->steps_cached;
}

static int64_t
steps_run(const struct imgcache_image_stats *i)
{
	return i->steps - i->steps_cached;
}

static int64_t
images_there(const struct imgcache_image_stats *i)
{
	return i->images;
}

static int64_t
size(const struct imgcache_image_stats *i)
{
	return i->size_bytes;
}

/* A metric with a row for each value of its second label. */
static const struct metric {
	const char *name, *type, *help;
	struct { const char *label; figure_fn *figure; } rows[4];
	void (*put)(int64_t);
} metrics[] = {
	{ "imgcache_lookups_total", "counter",
	  "Lookups that count, by their result.",
	  { { ",result=\"hit-local\"", local },
	    { ",result=\"hit-remote\"", remote },
	    { ",result=\"miss\"", misses },
	    { ",result=\"unknown\"", unknown } }, put_number },
	{ "imgcache_saved_seconds_total", "counter",
	  "What building the images that were hit had taken here, less what "
	  "the hits took.",
	  { { "", saved } }, put_seconds },
	{ "imgcache_builds_total", "counter",
	  "Builds that ended; other: interrupted, or their sources changed.",
	  { { ",status=\"completed\"", completed },
	    { ",status=\"failed\"", failed },
	    { ",status=\"other\"", other } }, put_number },
	{ "imgcache_build_seconds_total", "counter",
	  "Time that builds took, whichever way they ended.",
	  { { "", build_total } }, put_seconds },
	{ "imgcache_build_steps_total", "counter",
	  "Steps of builds, and whether docker had them in its cache.",
	  { { ",cached=\"true\"", steps_cached },
	    { ",cached=\"false\"", steps_run } }, put_number },
	{ "imgcache_images", "gauge", "Images that are there.",
	  { { "", images_there } }, put_number },
	{ "imgcache_image_bytes", "gauge",
	  "Size of those images; layers that they share count for each.",
	  { { "", size } }, put_number },
};

static int64_t
misses_for(const struct imgcache_image_stats *i, const char *reason)
{
	for (size_t n = 0; n < i->n_reasons; n++)
		if (!strcmp(i->misses_by_reason[n].name, reason))
			return i->misses_by_reason[n].n;
	return 0;
}

static void
put_misses(const char *image, const char *reason, int64_t n)
{
	if (!n)
		return;
	fputs("imgcache_misses_total{", stdout);
	put_label("image", image);
	putchar(',');
	put_label("reason", reason);
	putchar('}');
	put_number(n);
}

/* Only what there was: images times reasons are many. */
static void
put_reasons(const struct imgcache_stats *s)
{
	head("imgcache_misses_total", "counter", "Misses by their reason.");
	for (size_t r = 0; r < s->n_reasons; r++) {
		const char *reason = s->misses_by_reason[r].name;
		int64_t rest = 0;

		for (size_t n = 0; n < s->n_images; n++) {
			const struct imgcache_image_stats *i = &s->images[n];

			if (i->is_named)
				put_misses(i->name, reason,
					   misses_for(i, reason));
			else
				rest += misses_for(i, reason);
		}
		put_misses(FLAGS, reason, rest);
	}
}

static void
put_sums(const struct imgcache_stats *s)
{
	head("imgcache_hit_seconds_total", "counter",
	     "Time that hits took, with the pull of a remote one.");
	fputs("imgcache_hit_seconds_total{result=\"hit-local\"}", stdout);
	put_seconds(s->hit_local_us);
	fputs("imgcache_hit_seconds_total{result=\"hit-remote\"}", stdout);
	put_seconds(s->hit_remote_us);
	head("imgcache_context_bytes_total", "counter",
	     "Bytes of build contexts that were handed to docker.");
	fputs("imgcache_context_bytes_total", stdout);
	put_number(s->context_bytes);
}

/* Only images that were built have them. */
static void
put_build_times(const struct imgcache_stats *s, const char *metric,
		const char *help, bool is_p95)
{
	head(metric, "gauge", help);
	for (size_t n = 0; n < s->n_images; n++) {
		const struct imgcache_image_stats *i = &s->images[n];
		int64_t us = is_p95 ? i->build_p95_us : i->build_us;

		if (!i->is_named || us < 0)
			continue;
		printf("%s{", metric);
		put_label("image", i->name);
		putchar('}');
		put_seconds(us);
	}
}

void
stats_put_prometheus(const struct imgcache_stats *s)
{
	for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++) {
		const struct metric *m = &metrics[i];

		head(m->name, m->type, m->help);
		for (size_t r = 0; r < 4 && m->rows[r].figure; r++)
			put_images(s, m->name, m->rows[r].label,
				   m->rows[r].figure, m->put);
	}
	put_reasons(s);
	put_sums(s);
	put_build_times(s, "imgcache_build_time_median_seconds",
			"Median time of the completed builds.", false);
	put_build_times(s, "imgcache_build_time_p95_seconds",
			"What 95 in 100 completed builds do not exceed.", true);
}
