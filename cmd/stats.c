/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "outfile.h"
#include "stats.h"
#include "stats_limits.h"
#include "verbs.h"

enum format { FORMAT_TABLE, FORMAT_JSON, FORMAT_PROMETHEUS, FORMAT_GITHUB,
	      FORMAT_HTML };
static const char *const formats[] = {
	"table", "json", "prometheus", "github", "html", NULL
};
enum group_by { BY_IMAGE, BY_DAY };
static const char *const groups[] = { "image", "day", NULL };

static int format;
static int by;
static struct words under, over;
static const char *output;
static bool zero, watch, disk;

static const struct opt options[] = {
	AGE_OPTION('s', "since", &stats_since,
		   "only what happened in that time"),
	WORD_OPTION(0, "format", &format, formats,
		    "table|json|prometheus|github|html",
		    "for whom it is written"),
	WORD_OPTION(0, "by", &by, groups, "image|day", "rows of the table"),
	TEXT_OPTION('o', "output", &output, "FILE",
		    "replace that file at once instead of printing"),
	LIST_OPTION(0, "fail-under", &under, "LIMITS",
		    "status 1 if lower: hit-rate=70%,success=99%"),
	LIST_OPTION(0, "fail-over", &over, "LIMITS",
		    "status 1 if higher: build-time=5m,context=50MB"),
	FLAG_OPTION('d', "disk", &disk, "instead, what weighs on the disk"),
	FLAG_OPTION('w', "watch", &watch, "keep the table on the terminal live"),
	FLAG_OPTION(0, "zero", &zero, "afterwards, count from now on"),
	JSON_OPTION,
	END_OPTION
};

static int
check(const struct parsed *p, struct imgcache_error *err)
{
	if (p->words.n > 1 || (p->words.n && !disk))
		return fail(err, IMGCACHE_EUSAGE, "only --disk takes the name "
			    "of an image, and of one");
	if (disk && (stats_since >= 0 || format > FORMAT_JSON || by || output ||
		     zero || watch || under.n || over.n))
		return fail(err, IMGCACHE_EUSAGE, "--disk goes with --json "
			    "only");
	if (!stats_since)
		return fail(err, IMGCACHE_EUSAGE, "--since wants an age such "
			    "as 30d or 12h, not 0");
	if (given.json && format > FORMAT_JSON)
		return fail(err, IMGCACHE_EUSAGE, "--json and --format %s: "
			    "one of them", formats[format]);
	if (format == FORMAT_PROMETHEUS && stats_since >= 0)
		return fail(err, IMGCACHE_EUSAGE, "--format prometheus takes "
			    "no --since: its counters only grow, and the "
			    "server knows since when");
	if (watch && (given.json || format || by || output || zero ||
		      under.n || over.n))
		return fail(err, IMGCACHE_EUSAGE, "--watch shows the table by "
			    "image, and goes with --since only");
	return 0;
}

static void
put(const struct imgcache_stats *s)
{
	if (given.json || format == FORMAT_JSON)
		stats_put_json(s);
	else if (format == FORMAT_PROMETHEUS)
		stats_put_prometheus(s);
	else if (format == FORMAT_GITHUB)
		stats_put_github(s);
	else if (format == FORMAT_HTML)
		stats_put_html(s);
	else
		stats_put_table(s, by == BY_DAY ? STATS_BY_DAY :
				STATS_BY_IMAGE);
}

/* To stdout, a file, or the summary that the runner named. */
static int
write_out(const struct imgcache_stats *s, struct imgcache_error *err)
{
	const char *summary = getenv("GITHUB_STEP_SUMMARY");
	bool append = !output && format == FORMAT_GITHUB && summary &&
		*summary;
	struct outfile file;
	int ret;

	if (!output && !append) {
		put(s);
		flush_output();
		return 0;
	}
	ret = outfile_begin(&file, append ? summary : output, append, err);
	if (ret)
		return ret;
	put(s);
	return outfile_end(&file, err);
}

/* What only grows knows no beginning but its own. */
static int
read_figures(struct imgcache *ic, struct imgcache_stats *s,
	     struct imgcache_error *err)
{
	int64_t begin = 0;
	int ret = 0;

	if (stats_since >= 0)
		begin = imgcache_now_s() - stats_since;
	else if (format != FORMAT_PROMETHEUS)
		ret = imgcache_stats_begin(ic, &begin, err);
	return ret ? ret : imgcache_stats(ic, begin, s, err);
}

static int
run(struct invocation *inv, const struct parsed *p)
{
	struct imgcache_stats s;
	struct limits limits;
	size_t broken;
	int ret = limits_parse(&under, &over, &limits, &inv->err);

	if (!ret)
		ret = check(p, &inv->err);
	if (!ret && disk) {
		given.json = given.json || format == FORMAT_JSON;
		return stats_put_disk(inv->ic, p->words.n ? p->words.v[0] :
				      NULL, &inv->err);
	}
	if (!ret && watch)
		return stats_watch(read_figures, &inv->err);
	if (!ret)
		ret = read_figures(inv->ic, &s, &inv->err);
	if (!ret)
		ret = write_out(&s, &inv->err);
	if (ret)
		return ret;
	broken = limits_judge(&limits, &s);
	if (zero && !ferror(stdout))
		ret = imgcache_stats_zero(inv->ic, &inv->err);
	return ret ? ret : broken ? EXIT_NO : EXIT_YES;
}

const struct command command_stats = {
	.name = "stats",
	.summary = "Lookups, hits, misses by reason, builds and time saved.",
	.arguments = "[NAME]",
	.options = options,
	.group = GROUP_CARE,
	.completes = COMPLETES_IMAGES,
	.bad_project = IMGCACHE_BAD_PROJECT_WARNS,
	.run = run,
};
