/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "stats.h"
#include "stats_limits.h"
#include "verbs.h"

enum format { FORMAT_TABLE, FORMAT_JSON };
static const char *const formats[] = { "table", "json", NULL };
enum group_by { BY_IMAGE, BY_DAY };
static const char *const groups[] = { "image", "day", NULL };

static int64_t since = -1;
static int format;
static int by;
static struct words under, over;

static const struct opt options[] = {
	AGE_OPTION('s', "since", &since, "only what happened in that time"),
	WORD_OPTION(0, "format", &format, formats, "table|json", "output"),
	WORD_OPTION(0, "by", &by, groups, "image|day", "rows of the table"),
	LIST_OPTION(0, "fail-under", &under, "LIMITS",
		    "status 1 if lower: hit-rate=70%,success=99%"),
	LIST_OPTION(0, "fail-over", &over, "LIMITS",
		    "status 1 if higher: build-time=5m,context=50MB"),
	JSON_OPTION,
	END_OPTION
};

static int
run(struct invocation *inv, const struct parsed *p)
{
	struct imgcache_stats s;
	struct limits limits;
	int ret = limits_parse(&under, &over, &limits, &inv->err);

	(void)p;
	if (!ret)
		ret = imgcache_stats(inv->ic, since < 0 ? 0 :
				     imgcache_now_s() - since, &s, &inv->err);
	if (ret)
		return ret;
	if (given.json || format == FORMAT_JSON)
		stats_put_json(&s);
	else
		stats_put_table(&s, by == BY_DAY);
	flush_output();
	return limits_judge(&limits, &s) ? EXIT_NO : EXIT_YES;
}

const struct command command_stats = {
	.name = "stats",
	.summary = "Lookups, hits, misses by reason, builds and time saved.",
	.arguments = "",
	.options = options,
	.group = GROUP_CARE,
	.run = run,
};
