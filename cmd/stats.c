/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "printer.h"
#include "verbs.h"

enum format { FORMAT_TABLE, FORMAT_JSON };
static const char *const formats[] = { "table", "json", NULL };

static int64_t since = -1;
static int format;
static const char *fail_under;

static const struct opt options[] = {
	AGE_OPTION('s', "since", &since, "only what happened in that time"),
	WORD_OPTION(0, "format", &format, formats, "table|json", "output"),
	TEXT_OPTION(0, "fail-under", &fail_under, "RATE",
		    "status 1 if the hit rate is lower, 70% say"),
	JSON_OPTION,
	END_OPTION
};

/* In thousandths; -1 where there is nothing to divide by. */
static int64_t
rate(int64_t part, int64_t whole)
{
	return whole > 0 ? (part * 1000 + whole / 2) / whole : -1;
}

static int64_t
hits_of(const struct imgcache_stats *s)
{
	return s->hits_local + s->hits_remote;
}

static int64_t
hit_rate(const struct imgcache_stats *s)
{
	return rate(hits_of(s), hits_of(s) + s->misses);
}

static int64_t
average_hits(const struct imgcache_stats *s)
{
	return s->total_images ? s->total_hits * 1000 / s->total_images : 0;
}

static void
print_image(struct printer *p, const struct imgcache_image_stats *i)
{
	print_text(p, "name", "IMAGE", i->name);
	print_number(p, "lookups", "LOOKUPS", i->lookups, AS_NUMBER);
	print_number(p, "hits", "HITS", i->hits, AS_NUMBER);
	print_number(p, "hitRate", "RATE", rate(i->hits, i->lookups),
		     AS_PERCENT);
	print_number(p, "builds", "BUILDS", i->builds, AS_NUMBER);
	print_number(p, "failed", "FAILED", i->failed, AS_NUMBER);
	print_number(p, "buildTime", "TIME", i->builds > i->failed ?
		     i->build_us : -1, AS_DURATION);
	print_number(p, "timeSaved", "SAVED", i->saved_us, AS_DURATION);
	print_number(p, "size", "SIZE", i->size_bytes, AS_SIZE);
}

static void
print_builds(struct printer *p, const struct imgcache_stats *s)
{
	print_object(p, "builds");
	print_number(p, "total", NULL, s->builds, AS_NUMBER);
	print_number(p, "failed", NULL, s->builds_failed, AS_NUMBER);
	print_number(p, "successRate", NULL,
		     rate(s->builds - s->builds_failed, s->builds), AS_PERCENT);
	print_number(p, "time", NULL, s->build_us, AS_DURATION);
	print_number(p, "steps", NULL, s->steps, AS_NUMBER);
	print_number(p, "stepsCached", NULL, s->steps_cached, AS_NUMBER);
	print_object_end(p);
}

/*
 * One object:
 *
 *	since		RFC 3339; null: from the beginning
 *	totalImages, totalHits	numbers: of the images that are there
 *	totalSize	bytes; layers that images share count for each
 *	averageHits	hits per image
 *	lookups		number: hits, misses and unknown
 *	hits		{local, remote}
 *	misses, unknown	numbers
 *	missesByReason	{reason: number}, the most frequent first
 *	hitRate		0 to 1, hits / (hits + misses); null without either
 *	timeSaved	seconds
 *	builds		{total, failed, successRate, time (seconds), steps,
 *			stepsCached}
 *	images		[{name, lookups, hits, hitRate, builds, failed,
 *			buildTime (seconds, median), timeSaved (seconds), size
 *			(bytes)}], most lookups first
 */
static void
print_stats(const struct imgcache_stats *s)
{
	struct printer *p = printer_new(PRINT_JSON, true);
	size_t i;

	print_record(p);
	print_number(p, "since", NULL, s->since, AS_AGO);
	print_number(p, "totalImages", NULL, s->total_images, AS_NUMBER);
	print_number(p, "totalSize", NULL, s->total_size_bytes, AS_SIZE);
	print_number(p, "totalHits", NULL, s->total_hits, AS_NUMBER);
	print_number(p, "averageHits", NULL, average_hits(s), AS_THOUSANDTHS);
	print_number(p, "lookups", NULL, s->lookups, AS_NUMBER);
	print_object(p, "hits");
	print_number(p, "local", NULL, s->hits_local, AS_NUMBER);
	print_number(p, "remote", NULL, s->hits_remote, AS_NUMBER);
	print_object_end(p);
	print_number(p, "misses", NULL, s->misses, AS_NUMBER);
	print_number(p, "unknown", NULL, s->unknown, AS_NUMBER);
	print_object(p, "missesByReason");
	for (i = 0; i < s->n_reasons; i++)
		print_number(p, s->misses_by_reason[i].name, NULL,
			     s->misses_by_reason[i].n, AS_NUMBER);
	print_object_end(p);
	print_number(p, "hitRate", NULL, hit_rate(s), AS_PERCENT);
	print_number(p, "timeSaved", NULL, s->saved_us, AS_DURATION);
	print_builds(p, s);
	print_list(p, "images");
	for (i = 0; i < s->n_images; i++) {
		print_object(p, "");
		print_image(p, &s->images[i]);
		print_object_end(p);
	}
	print_list_end(p);
	printer_end(p);
}

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
percent(char out[IMGCACHE_TEXT], int64_t thousandths)
{
	if (thousandths < 0)
		return "-";
	snprintf(out, IMGCACHE_TEXT, "%lld.%lld %%",
		 (long long)(thousandths / 10), (long long)(thousandths % 10));
	return out;
}

static void
put_lookups(const struct imgcache_stats *s)
{
	char value[IMGCACHE_TEXT], more[128];

	line("lookups", count(value, s->lookups), "");
	more[0] = '\0';
	if (s->hits_remote)
		snprintf(more, sizeof(more), "%lld of them from the registry",
			 (long long)s->hits_remote);
	line("  hits", count(value, hits_of(s)), more);
	line("  misses", count(value, s->misses), "");
	if (s->unknown)
		line("  unknown", count(value, s->unknown),
		     "no answer from engine or registry");
	line("hit rate", percent(value, hit_rate(s)), "");
	line("time saved", s->saved_us ? imgcache_format_duration(value,
							s->saved_us) : "-", "");
}

static void
put_builds(const struct imgcache_stats *s)
{
	char value[IMGCACHE_TEXT], more[192];
	char time[IMGCACHE_TEXT], success[IMGCACHE_TEXT], cached[IMGCACHE_TEXT];

	more[0] = '\0';
	if (s->builds)
		snprintf(more, sizeof(more), "%s succeeded, %s of steps "
			 "cached, %s in all",
			 percent(success, rate(s->builds - s->builds_failed,
					       s->builds)),
			 percent(cached, rate(s->steps_cached, s->steps)),
			 imgcache_format_duration(time, s->build_us));
	line("builds", count(value, s->builds), more);
}

static void
put_images(const struct imgcache_stats *s)
{
	char value[IMGCACHE_TEXT], more[128], size[IMGCACHE_TEXT];
	int64_t average = (average_hits(s) + 50) / 100;

	snprintf(more, sizeof(more), "%s together, %lld.%lld hits each",
		 imgcache_format_size(size, s->total_size_bytes),
		 (long long)(average / 10), (long long)(average % 10));
	line("images", count(value, s->total_images), more);
}

static void
put_reasons(const struct imgcache_stats *s)
{
	struct printer *p = printer_new(PRINT_TABLE, false);
	size_t i;

	for (i = 0; i < s->n_reasons; i++) {
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

static void
put_table(const struct imgcache_stats *s)
{
	struct printer *p;
	char age[IMGCACHE_TEXT];
	size_t i;

	if (s->since)
		printf("the last %s\n\n", imgcache_format_age(age,
				imgcache_now_s() - s->since));
	put_images(s);
	put_lookups(s);
	put_builds(s);
	put_reasons(s);
	if (s->n_images)
		putchar('\n');
	p = printer_new(PRINT_TABLE, false);
	for (i = 0; i < s->n_images; i++) {
		print_record(p);
		print_image(p, &s->images[i]);
	}
	printer_end(p);
}

/* "70%" or "70" in thousandths. */
static bool
parse_rate(const char *text, int64_t *thousandths)
{
	char *end;
	double n = strtod(text, &end);

	if (end == text || (*end && strcmp(end, "%")) || n < 0 || n > 100)
		return false;
	*thousandths = (int64_t)(n * 10 + 0.5);
	return true;
}

static int
judge(const struct imgcache_stats *s, int64_t least)
{
	char have[IMGCACHE_TEXT], want[IMGCACHE_TEXT];

	if (hit_rate(s) < 0 || hit_rate(s) >= least)
		return EXIT_YES;
	flush_output();
	complain("the hit rate is %s, under %s", percent(have, hit_rate(s)),
		 percent(want, least));
	return EXIT_NO;
}

static int
run(struct invocation *inv, const struct parsed *p)
{
	struct imgcache_stats s;
	int64_t least = 0;
	int ret;

	(void)p;
	if (fail_under && !parse_rate(fail_under, &least))
		return fail(&inv->err, IMGCACHE_EUSAGE, "--fail-under wants a "
			    "rate such as 70%%, not '%s'", fail_under);
	ret = imgcache_stats(inv->ic, since < 0 ? 0 :
			     imgcache_now_s() - since, &s, &inv->err);
	if (ret)
		return ret;
	if (given.json || format == FORMAT_JSON)
		print_stats(&s);
	else
		put_table(&s);
	return judge(&s, least);
}

const struct command command_stats = {
	.name = "stats",
	.summary = "Lookups, hits, misses by reason, builds and time saved.",
	.arguments = "",
	.options = options,
	.group = GROUP_CARE,
	.run = run,
};
