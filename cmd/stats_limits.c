/* SPDX-License-Identifier: MIT */
#include "stats_limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "stats.h"

enum unit { UNIT_RATE, UNIT_TIME, UNIT_SIZE };

/* In the order of enum limit_figure. */
static const struct figure {
	const char *name;
	enum unit unit;
	bool is_over;
	const char *text;
} figures[] = {
	{ "hit-rate", UNIT_RATE, false, "the hit rate" },
	{ "success", UNIT_RATE, false, "the success rate of builds" },
	{ "build-time", UNIT_TIME, true, "the median build time" },
	{ "build-time-p95", UNIT_TIME, true,
	  "the build time of 95 in 100 builds" },
	{ "context", UNIT_SIZE, true, "the largest context" },
	{ "size", UNIT_SIZE, true, "the size of all images" },
};

static const char *const wanted[] = {
	[UNIT_RATE] = "a rate such as 70%",
	[UNIT_TIME] = "a time such as 5m",
	[UNIT_SIZE] = "a size such as 50MB",
};

/* "70%" or "70" in thousandths. */
static bool
parse_rate(const char *text, int64_t *thousandths)
{
	char *end;
	double n = strtod(text, &end);

	if (end == text || (*end && strcmp(end, "%")) ||
	    !(n >= 0 && n <= 100))
		return false;
	*thousandths = (int64_t)(n * 10 + 0.5);
	return true;
}

static bool
parse_value(enum unit unit, const char *text, int64_t *value)
{
	if (unit == UNIT_RATE)
		return parse_rate(text, value);
	if (unit == UNIT_SIZE)
		return imgcache_parse_size(text, value);
	return imgcache_parse_age(text, value) &&
		!__builtin_mul_overflow(*value, 1000000, value);
}

static int
unknown_figure(const char *option, const char *name, bool is_over,
	       struct imgcache_error *err)
{
	const char *names[LIMIT_FIGURES], *near;
	char all[128] = "";
	size_t n = 0, len = 0;

	for (size_t i = 0; i < LIMIT_FIGURES; i++) {
		if (figures[i].is_over != is_over)
			continue;
		len += (size_t)snprintf(all + len, sizeof(all) - len, "%s%s",
					n ? ", " : "", figures[i].name);
		names[n++] = figures[i].name;
	}
	near = imgcache_nearest(name, names, n);
	if (near)
		return fail(err, IMGCACHE_EUSAGE, "--%s knows no '%s'; did "
			    "you mean '%s'?", option, name, near);
	return fail(err, IMGCACHE_EUSAGE, "--%s knows no '%s', only %s",
		    option, name, all);
}

/* One "figure=limit"; a bare rate is that of hits. */
static int
parse_one(const char *option, char *text, bool is_over, struct limits *out,
	  struct imgcache_error *err)
{
	char *value = strchr(text, '=');
	size_t i = LIMIT_HIT_RATE;

	if (value) {
		*value++ = '\0';
		for (i = 0; i < LIMIT_FIGURES; i++)
			if (figures[i].is_over == is_over &&
			    !strcmp(figures[i].name, text))
				break;
		if (i == LIMIT_FIGURES)
			return unknown_figure(option, text, is_over, err);
	} else if (is_over) {
		return fail(err, IMGCACHE_EUSAGE, "--%s wants a figure and "
			    "its limit such as build-time=5m, not '%s'",
			    option, text);
	}
	if (parse_value(figures[i].unit, value ? value : text, &out->v[i]))
		return 0;
	return fail(err, IMGCACHE_EUSAGE, "--%s%s%s wants %s, not '%s'",
		    option, value ? " " : "", value ? figures[i].name : "",
		    wanted[figures[i].unit], value ? value : text);
}

static int
parse_list(const char *option, const struct words *lists, bool is_over,
	   struct limits *out, struct imgcache_error *err)
{
	char *copy, *rest, *one;
	int ret = 0;

	for (size_t i = 0; !ret && i < lists->n; i++) {
		copy = rest = memory_checked(strdup(lists->v[i]));
		while (!ret && (one = strsep(&rest, ",")))
			ret = parse_one(option, one, is_over, out, err);
		free(copy);
	}
	return ret;
}

int
limits_parse(const struct words *under, const struct words *over,
	     struct limits *out, struct imgcache_error *err)
{
	int ret;

	for (size_t i = 0; i < LIMIT_FIGURES; i++)
		out->v[i] = -1;
	ret = parse_list("fail-under", under, false, out, err);
	if (!ret)
		ret = parse_list("fail-over", over, true, out, err);
	return ret;
}

static const char *
text_of(char out[IMGCACHE_TEXT], enum unit unit, int64_t value)
{
	if (unit == UNIT_RATE)
		return stats_percent(out, value);
	if (unit == UNIT_SIZE)
		return imgcache_format_size(out, value);
	return imgcache_format_duration(out, value);
}

/* 1 if the limit is broken, which is then said; image may be NULL. */
static size_t
judge(const struct limits *l, enum limit_figure f, const char *image,
      int64_t value)
{
	char have[IMGCACHE_TEXT], want[IMGCACHE_TEXT], name[STATS_NAME];
	int64_t limit = l->v[f];

	if (value < 0 || limit < 0 ||
	    (figures[f].is_over ? value <= limit : value >= limit))
		return 0;
	complain("%s%s%s%s is %s, %s %s", figures[f].text,
		 image ? " of '" : "", image ? stats_name(name, image) : "",
		 image ? "'" : "",
		 text_of(have, figures[f].unit, value),
		 figures[f].is_over ? "over" : "under",
		 text_of(want, figures[f].unit, limit));
	return 1;
}

size_t
limits_judge(const struct limits *l, const struct imgcache_stats *s)
{
	size_t broken = judge(l, LIMIT_HIT_RATE, NULL, stats_hit_rate(s));

	broken += judge(l, LIMIT_SUCCESS, NULL, stats_success_rate(s));
	for (size_t n = 0; n < s->n_images; n++) {
		const struct imgcache_image_stats *i = &s->images[n];

		broken += judge(l, LIMIT_BUILD_TIME, i->name, i->build_us);
		broken += judge(l, LIMIT_BUILD_TIME_P95, i->name,
				i->build_p95_us);
		broken += judge(l, LIMIT_CONTEXT, i->name, i->context_bytes);
	}
	return broken + judge(l, LIMIT_SIZE, NULL, s->total_size_bytes);
}
