/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "answer.h"
#include "caches.h"
#include "dropin.h"
#include "group.h"
#include "recipe.h"
#include "summary.h"
#include "text.h"
#include "verbs.h"
#include "warm.h"

#define MAX_JOBS 1000

static struct words tags, cache_from, cache_to, outputs, no_cache_filter;
static struct words allow, ulimits;
static const char *builder, *summary_file, *cgroup_parent, *shm_size;
static struct attestations attestations;
static struct results results;
static struct summary *summary;
static bool all, common, warm, background, rebuild, push, dry_run, no_cache;
static bool pull, load;
static int64_t jobs = -1;	/* not given */
static int on_unknown = -1;	/* index into unknowns; none given */

static const char *const progress_words[] = {
	"auto", "plain", "tty", "quiet", NULL
};

static const struct opt options[] = {
	FLAG_OPTION('a', "all", &all, "every image of the project"),
	FLAG_OPTION(0, "common", &common, "the image of the COMMON_* packages, "
		    "if PREBUILD_COMMON_IMAGES says so"),
	FLAG_OPTION(0, "warm", &warm, "what is missing and was asked for "
		    "lately, at most N"),
	FLAG_OPTION('b', "background", &background,
		    "return at once and print ids, see imgcache wait"),
	COUNT_OPTION('j', "jobs", &jobs, "build up to N images at once"),
	FLAG_OPTION(0, "rebuild", &rebuild,
		    "build even on a hit, without docker's layer cache"),
	FLAG_OPTION(0, "no-cache", &no_cache,
		    "build without looking for the image and without docker's "
		    "layer cache, count nothing"),
	FLAG_OPTION(0, "push", &push, "see to it that the registry has it"),
	FLAG_OPTION(0, "load", &load, "see to it that the engine has it, "
		    "which is done in any case"),
	FLAG_OPTION('n', "dry-run", &dry_run, "only say what would be built"),
	WORD_OPTION(0, "on-unknown", &on_unknown, unknowns, "build|fail",
		    "what to do without an answer of the registry"),
	LIST_OPTION('t', "tag", &tags, "REF", "another name for the image"),
	LIST_OPTION('o', "output", &outputs, "OUTPUT",
		    "write the image's files, as docker has it"),
	TEXT_OPTION(0, "iidfile", &results.iidfile, "FILE",
		    "write the image's id"),
	TEXT_OPTION(0, "metadata-file", &results.metadata_file, "FILE",
		    "write what is known of the image, JSON"),
	FLAG_OPTION(0, "pull", &pull, "look the bases up anew"),
	LIST_OPTION(0, "no-cache-filter", &no_cache_filter, "STAGE",
		    "build that stage anew, count nothing"),
	TEXT_OPTION(0, "builder", &builder, "NAME", "buildx builder to use"),
	LIST_OPTION(0, "cache-from", &cache_from, "CACHE",
		    "build cache to start from, as docker has it"),
	LIST_OPTION(0, "cache-to", &cache_to, "CACHE",
		    "build cache to write, as docker has it"),
	LIST_OPTION(0, "allow", &allow, "ENTITLEMENT",
		    "what steps may do, as docker has it"),
	LIST_OPTION(0, "ulimit", &ulimits, "LIMIT", "limit of the steps"),
	TEXT_OPTION(0, "shm-size", &shm_size, "SIZE",
		    "shared memory of the steps"),
	TEXT_OPTION(0, "cgroup-parent", &cgroup_parent, "GROUP",
		    "control group of the steps"),
	TEXT_OPTION(0, "provenance", &attestations.provenance, "false",
		    "there is none: it would differ each time"),
	TEXT_OPTION(0, "sbom", &attestations.sbom, "false",
		    "there is none: it would differ each time"),
	LIST_OPTION(0, "attest", &attestations.attest, "none",
		    "only disabled=true"),
	WORD_OPTION(0, "progress", &given.progress, progress_words,
		    "auto|plain|tty|quiet", "how the build is shown"),
	TEXT_OPTION(0, "summary", &summary_file, "FILE",
		    "write a table of what was done, in Markdown"),
	STAT_CACHE_OPTION,
	JSON_OPTION,
	FLAG_OPTION('q', "quiet", &given.quiet_id,
		    "no progress; print the image's id, as docker does"),
	END_OPTION
};

/* The lines of the build that just failed or ended. */
static void
print_logs(struct printer *p, struct imgcache *ic,
	   const struct imgcache_answer *a)
{
	const struct imgcache_image image = { .log = a->log };

	image_print_logs(p, ic, &image);
}

/*
 * Each image, in the order asked for, as far as it went: the fields of
 * answer_print(), and
 *
 *	success		bool: the image is there (with --dry-run: or could be)
 *	built		bool: by this call
 *	error		string or null
 *	log		string or null: path of the build's log
 *	logs		[string]: its lines, of a build by this call
 */
static void
print_result(struct printer *p, struct imgcache *ic, int code,
	     const struct imgcache_answer *a, const struct imgcache_error *err)
{
	print_record(p);
	print_bool(p, "success", !code);
	answer_print(p, a);
	print_bool(p, "built", a->built);
	print_text(p, "error", NULL, code ? err->text : NULL);
	print_text(p, "log", NULL, a->log);
	if (a->built || code)
		print_logs(p, ic, a);
	else
		image_print_logs(p, ic, NULL);
}

/* With --push a hit still has to be in the registry. */
static void
print_plan(struct printer *p, const struct imgcache_answer *a)
{
	char reason[1024];
	bool pushes = push || results.pushes;
	const char *would = pushes ? "build, push" : "build";
	const char *because = answer_reason(a, reason);

	if (a->state == IMGCACHE_HIT && a->remote) {
		would = "pull";
		because = "the registry has it";
	} else if (a->state == IMGCACHE_HIT && pushes &&
		   !a->pushed_ref) {
		would = "push";
		because = "no registry is known to have it";
	} else if (a->state == IMGCACHE_HIT) {
		would = "keep";
		because = "it is there";
	}
	print_record(p);
	print_text(p, "", "NAME", a->name);
	print_text(p, "", "WOULD", would);
	print_text(p, "", "BECAUSE", because);
}

/* What a hit saves: the build that it stands for, less the lookup. */
static int64_t
saved_by(struct imgcache *ic, const struct imgcache_answer *a)
{
	const struct imgcache_image *image;
	struct imgcache_error ignored = {0};

	if (!a->tag || imgcache_find(ic, a->tag, &image, &ignored) ||
	    image->build_us <= a->elapsed_us)
		return -1;
	return image->build_us - a->elapsed_us;
}

static struct imgcache_build_options
build_options(void)
{
	return (struct imgcache_build_options){
		.rebuild = rebuild,
		.push = push || results.pushes,
		.on_unknown = (enum imgcache_on_unknown)(on_unknown + 1),
		.dry_run = dry_run,
		.no_cache = no_cache,
		.no_layers = no_cache,
		.pull = pull,
		.is_ahead = warm,
		.builder = builder,
		.cache_from = cache_from.v,
		.cache_to = cache_to.v,
		.tags = results.names.v,
		.no_cache_filter = no_cache_filter.v,
		.allow = allow.v,
		.ulimits = ulimits.v,
		.cgroup_parent = cgroup_parent,
		.shm_size = shm_size,
	};
}

/*
 * Each image in the order asked for: the fields of answer_print(), and
 *
 *	started		bool: a build in the background, by this call
 */
static void
print_started(const struct imgcache_answer *v, size_t n)
{
	struct printer *p = printer_new(given.json ? PRINT_JSON : PRINT_TABLE,
					false);
	char id[13];
	size_t i;

	for (i = 0; i < n; i++) {
		if (!given.json) {
			puts(v[i].tag ? answer_id(&v[i], id) : v[i].ref);
			continue;
		}
		print_record(p);
		answer_print(p, &v[i]);
		print_bool(p, "started", v[i].is_started);
	}
	printer_end(p);
}

static int
start_all(struct invocation *inv, const struct chosen *chosen)
{
	const struct imgcache_start_options o = {
		.build = build_options(), .jobs = jobs > 0 ? jobs : 1
	};
	struct imgcache_answer *v;
	size_t n = 0;
	int ret;

	v = memory_checked(calloc(chosen->n + 1, sizeof(*v)));
	ret = imgcache_start(inv->ic, chosen->v, chosen->n, &o, v, &inv->err);
	while (n < chosen->n && v[n].ref &&
	       (!ret || v[n].is_started || v[n].state == IMGCACHE_HIT))
		n++;
	print_started(v, n);
	free(v);
	return ret;
}

/* How the build of an image came out; err is the reason if it did not. */
static void
tell(struct invocation *inv, struct printer *p, struct imgcache_recipe *r,
     const struct imgcache_answer *a, const struct imgcache_error *err)
{
	char sizes[CACHES_TEXT] = "";

	if (summary_has_table(summary_file))
		caches_sum_up(r, sizes);
	summary_add(summary, a, err->code ? err->text : NULL,
		    saved_by(inv->ic, a), sizes);
	if (given.json)
		print_result(p, inv->ic, err->code, a, err);
	else if (!err->code && dry_run)
		print_plan(p, a);
	else if (!err->code && !results.fills_stdout)
		puts(given.quiet_id && !a->is_static ? a->image_id : a->ref);
	flush_output();
}

static int
build_each(struct invocation *inv, const struct chosen *chosen,
	   struct printer *p)
{
	const struct imgcache_build_options o = build_options();
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < chosen->n; i++) {
		struct imgcache_answer a = {0};

		ret = imgcache_build(inv->ic, chosen->v[i], &o, &a, &inv->err);
		if (!ret && !dry_run)
			ret = results_write(&results, inv->ic, chosen->v[i],
					    &a, &inv->err);
		if (!a.name)
			a.name = imgcache_recipe_name(chosen->v[i]);
		tell(inv, p, chosen->v[i], &a, &inv->err);
	}
	return ret;
}

static void
put_line(void *payload, const char *line, size_t len)
{
	(void)payload;
	text_put_data(stderr, line, len);
	fputc('\n', stderr);
}

/*
 * Of several at once only a line each was seen; a job of GitHub Actions has the
 * log of each in a group of its own, when all are done.
 */
static void
show_log(struct invocation *inv, const struct imgcache_answer *a)
{
	const struct imgcache_image *image;
	struct imgcache_error ignored = {0};
	struct log_group group = {0};

	if (given.quiet || !summary_in_github() || !a->tag || !a->log ||
	    imgcache_find(inv->ic, a->tag, &image, &ignored))
		return;
	group_open(&group, a->name);
	imgcache_log(inv->ic, image, false, put_line, NULL, &ignored);
	group_close(&group);
}

/* All are told, those that came out after a failure too. */
static int
build_many(struct invocation *inv, const struct chosen *chosen,
	   struct printer *p)
{
	const struct imgcache_start_options o = {
		.build = build_options(), .jobs = jobs
	};
	struct imgcache_answer *v;
	size_t i;
	int ret;

	v = memory_checked(calloc(chosen->n + 1, sizeof(*v)));
	ret = imgcache_build_many(inv->ic, chosen->v, chosen->n, &o, v,
				  &inv->err);
	for (i = 0; i < chosen->n; i++) {
		struct imgcache_error err = {0};

		if (!v[i].name)
			v[i].name = imgcache_recipe_name(chosen->v[i]);
		if (v[i].error) {
			err.code = ret ? ret : IMGCACHE_EFAIL;
			snprintf(err.text, sizeof(err.text), "%s", v[i].error);
		}
		if (!ret && results_write(&results, inv->ic, chosen->v[i],
					  &v[i], &inv->err)) {
			err = inv->err;
			ret = err.code;
		}
		show_log(inv, &v[i]);
		tell(inv, p, chosen->v[i], &v[i], &err);
	}
	free(v);
	return ret;
}

static int
build_all(struct invocation *inv, const struct chosen *chosen)
{
	struct imgcache_error unwritten = {0};
	struct printer *out;
	int ret;

	summary = summary_new();
	out = printer_new(given.json ? PRINT_JSON : PRINT_TABLE, false);
	ret = jobs > 1 && !dry_run ? build_many(inv, chosen, out) :
		build_each(inv, chosen, out);
	printer_end(out);
	if (summary_write(summary, summary_file, ret ? &unwritten :
			  &inv->err) && !ret)
		ret = inv->err.code;
	summary_free(summary);
	return ret;
}

/*
 * With --common nothing is done unless the setting says so: the line may stand
 * in a crontab, @reboot, where the switch is in the environment or the project.
 */
static int
choose_common(struct invocation *inv, struct chosen *out)
{
	const char *on = setting_value(inv->ic, "prebuild_common", &inv->err);

	if (!on)
		return inv->err.code;
	out->n = 0;
	if (!*on || strchr("0fFnN", *on) || !strcasecmp(on, "off")) {
		if (isatty(STDERR_FILENO))
			complain("nothing is built: PREBUILD_COMMON_IMAGES is "
				 "not true");
		return 0;
	}
	out->v = memory_checked(calloc(1, sizeof(*out->v)));
	out->n = 1;
	return imgcache_recipe_common(inv->ic, &out->v[0], &inv->err);
}

/* The word behind --warm, if there is one, is how many. */
static int
choose_warm(struct invocation *inv, const struct parsed *p, struct chosen *out)
{
	const char *word = p->words.n ? p->words.v[0] : "0";
	char *end;
	long long limit = strtoll(word, &end, 10);

	if (p->words.n > 1 || *end || end == word || limit < 0 ||
	    (p->words.n && !limit))
		return fail(&inv->err, IMGCACHE_EUSAGE, "--warm wants how many "
			    "images at most, not '%s'",
			    p->words.v[p->words.n - 1]);
	return warm_choose(inv, limit, out);
}

/* Is something asked for that only one image can give? */
static bool
is_of_one(void)
{
	return outputs.n || results.iidfile || results.metadata_file;
}

/* Like docker's: a directory, which stands alone. */
static const char *
too_many(const struct parsed *p)
{
	size_t i;

	for (i = 0; !warm && p->words.n > 1 && i < p->words.n; i++)
		if (strchr(p->words.v[i], '/') || !strcmp(p->words.v[i], ".") ||
		    !strcmp(p->words.v[i], ".."))
			return p->words.v[i ? 0 : 1];
	return NULL;
}

static int
check(struct invocation *inv, const struct parsed *p)
{
	bool named = (!warm && p->words.n) || p->n_flags;

	if ((all || common || warm) && p->n_flags)
		return fail(&inv->err, IMGCACHE_EUSAGE, "--%s does not go with "
			    "%s, which takes images as the project file has "
			    "them", p->flags[0].name, all ? "--all" : common ?
			    "--common" : "--warm");
	if (all + common + warm + named > 1)
		return fail(&inv->err, IMGCACHE_EUSAGE, "give --all, --common"
			    ", --warm or names, only one of them");
	if (too_many(p))
		return fail(&inv->err, IMGCACHE_EUSAGE, "a directory is built "
			    "alone, '%s' is one too many", too_many(p));
	if (background && (dry_run || summary_file || is_of_one()))
		return fail(&inv->err, IMGCACHE_EUSAGE, "--background does not "
			    "go with --dry-run, --summary, --output, --iidfile "
			    "and --metadata-file: nothing is known of its end");
	if (jobs == 0 || jobs > MAX_JOBS)
		return fail(&inv->err, IMGCACHE_EUSAGE, "--jobs wants 1 to %d",
			    MAX_JOBS);
	if (tags.n && (all || warm || p->words.n > 1))
		return fail(&inv->err, IMGCACHE_EUSAGE, "--tag names one "
			    "image, build one at a time");
	if (is_of_one() && (all || warm || p->words.n > 1))
		return fail(&inv->err, IMGCACHE_EUSAGE, "--output, --iidfile "
			    "and --metadata-file are of one image, build one "
			    "at a time");
	return attestations_check(&attestations, &inv->err);
}

/* What docker's options come to, before anything is built. */
static int
prepare(struct invocation *inv)
{
	size_t i;
	int ret;

	for (i = 0; i < tags.n; i++)
		words_add(&results.names, tags.v[i]);
	ret = results_read(&results, inv->ic, &outputs, &inv->err);
	if (!ret)
		ret = summary_check(summary_file, &inv->err);
	if (!ret && given.json && summary_file && !strcmp(summary_file, "-"))
		ret = fail(&inv->err, IMGCACHE_EUSAGE, "--json and a summary "
			   "cannot both go to standard output");
	if (!ret && results.fills_stdout && summary_file &&
	    !strcmp(summary_file, "-"))
		ret = fail(&inv->err, IMGCACHE_EUSAGE, "a summary and an "
			   "archive cannot both go to standard output");
	if (!ret && results.fills_stdout && given.json)
		ret = fail(&inv->err, IMGCACHE_EUSAGE, "--json and an archive "
			   "cannot both go to standard output");
	return ret || dry_run ? ret : results_begin(&results, &inv->err);
}

static int
run(struct invocation *inv, const struct parsed *p)
{
	struct chosen chosen = {0};
	int ret = check(inv, p);

	if (!ret)
		ret = prepare(inv);
	if (ret)
		goto out;
	if (warm)
		ret = choose_warm(inv, p, &chosen);
	else if (all)
		ret = recipes_all(inv, &chosen);
	else if (common)
		ret = choose_common(inv, &chosen);
	else
		ret = recipes_choose(inv, p, &chosen);
	if (!ret)
		ret = background ? start_all(inv, &chosen) :
			build_all(inv, &chosen);
out:
	chosen_release(&chosen);
	results_release(&results);
	return ret;
}

const struct command command_build = {
	.name = "build",
	.summary = "Make sure that images exist; build only what misses.",
	.arguments = "[NAME... | DIR | RECIPE FLAGS | N]",
	.options = options,
	.group = GROUP_IMAGES,
	.completes = COMPLETES_RECIPES,
	.refused = buildx_refused,
	.takes_recipe = true,
	.run = run,
};
