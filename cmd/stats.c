/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stats.h"
#include "verbs.h"

enum format { FORMAT_TABLE, FORMAT_JSON };
static const char *const formats[] = { "table", "json", NULL };

static int64_t since = -1;
static const char *const groups[] = { "image", "day", NULL };
enum group_by { BY_IMAGE, BY_DAY };

static int format;
static int by;
static const char *fail_under;

static const struct opt options[] = {
	AGE_OPTION('s', "since", &since, "only what happened in that time"),
	WORD_OPTION(0, "format", &format, formats, "table|json", "output"),
	WORD_OPTION(0, "by", &by, groups, "image|day", "rows of the table"),
	TEXT_OPTION(0, "fail-under", &fail_under, "RATE",
		    "status 1 if the hit rate is lower, 70% say"),
	JSON_OPTION,
	END_OPTION
};

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

	if (stats_hit_rate(s) < 0 || stats_hit_rate(s) >= least)
		return EXIT_YES;
	flush_output();
	complain("the hit rate is %s, under %s",
		 stats_percent(have, stats_hit_rate(s)),
		 stats_percent(want, least));
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
		stats_put_json(&s);
	else
		stats_put_table(&s, by == BY_DAY);
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
