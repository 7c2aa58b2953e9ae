/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "caches.h"
#include "printer.h"
#include "prune_timer.h"
#include "text.h"
#include "verbs.h"

static struct imgcache_prune_options prune = {
	.max_images = -1,
	.max_age_s = -1,
	.max_size_bytes = -1,
	.low_size_bytes = -1,
	.keep_last = -1,
	.grace_s = -1,
	.cache_max_age_s = -1,
	.cache_max_size_bytes = -1,
};

static bool caches, build_cache, install_timer, remove_timer;
static struct words filters;

static const struct opt options[] = {
	COUNT_OPTION(0, "max-images", &prune.max_images,
		     "keep N images at most; 0: no limit"),
	AGE_OPTION(0, "max-age", &prune.max_age_s,
		   "remove what was not used for so long; 0: no limit"),
	SIZE_OPTION(0, "max-size", &prune.max_size_bytes,
		    "begin above that size of all together; 0: no limit"),
	SIZE_OPTION(0, "low-size", &prune.low_size_bytes,
		    "and go down to that one; 80 % is the default"),
	COUNT_OPTION(0, "keep-last", &prune.keep_last,
		     "the newest N of each name stay"),
	AGE_OPTION(0, "grace", &prune.grace_s,
		   "what was built or used since then stays"),
	AGE_OPTION(0, "cache-max-age", &prune.cache_max_age_s,
		   "remove local build caches not used so long; 0: no limit"),
	SIZE_OPTION(0, "cache-max-size", &prune.cache_max_size_bytes,
		    "and the longest unused above that; 0: no limit"),
	FLAG_OPTION(0, "build-cache", &build_cache,
		    "let docker prune BuildKit's own cache, by --filter"),
	LIST_OPTION(0, "filter", &filters, "FILTER",
		    "what of it may go, as docker has it: until=240h"),
	FLAG_OPTION(0, "caches", &caches,
		    "instead of images, forget unused build caches"),
	FLAG_OPTION(0, "install-timer", &install_timer,
		    "prune like that every day, by systemd or cron"),
	FLAG_OPTION(0, "remove-timer", &remove_timer,
		    "take that away again, wherever it is"),
	FLAG_OPTION('n', "dry-run", &prune.dry_run,
		    "remove nothing, show what would be"),
	FLAG_OPTION('v', "verbose", &given.verbose, "show what stays, and why"),
	JSON_OPTION,
	END_OPTION
};

/* In the order of enum imgcache_prune_action. */
static const char *const actions[] = {
	"keep", "remove", "in-use", "forget"
};

/*
 * One object:
 *
 *	dryRun		bool
 *	removed		number of images
 *	expectedSize	bytes: sum of their sizes; layers that others share stay
 *	freedSize	bytes by which the engine's layers shrank, or null
 *	buildCacheSize	bytes that docker freed of BuildKit's cache, in a dry
 *			run that it could at most; or null
 *	sweptFiles	number of logs, locks, temporary files and links
 *	images		[{imageId, name, tag, size, action, reason}], oldest use
 *			first; action is keep, remove, in-use or forget (the
 *			row of an image that is not there)
 *	caches		[{place, size, action, reason}], local build caches
 */
static void
print_result(const struct imgcache_prune_result *r)
{
	struct printer *p = printer_new(PRINT_JSON, true);
	size_t i;

	print_record(p);
	print_bool(p, "dryRun", prune.dry_run);
	print_number(p, "removed", NULL, (int64_t)r->n_removed, AS_NUMBER);
	print_number(p, "expectedSize", NULL, r->expected_bytes, AS_SIZE);
	print_number(p, "freedSize", NULL, r->freed_bytes, AS_SIZE);
	print_number(p, "buildCacheSize", NULL, r->build_cache_bytes, AS_SIZE);
	print_number(p, "sweptFiles", NULL, r->swept_files, AS_NUMBER);
	print_list(p, "images");
	for (i = 0; i < r->n; i++) {
		const struct imgcache_image *image = r->v[i].image;

		print_object(p, "");
		print_text(p, "imageId", NULL, image->id);
		print_text(p, "name", NULL, image->name);
		print_text(p, "tag", NULL, image->tag);
		print_number(p, "size", NULL, image->size_bytes, AS_SIZE);
		print_text(p, "action", NULL, actions[r->v[i].action]);
		print_text(p, "reason", NULL, r->v[i].reason);
		print_object_end(p);
	}
	print_list_end(p);
	print_list(p, "caches");
	for (i = 0; i < r->n_caches; i++) {
		print_object(p, "");
		print_text(p, "place", NULL, r->caches[i].place);
		print_number(p, "size", NULL, r->caches[i].size_bytes, AS_SIZE);
		print_text(p, "action", NULL, actions[r->caches[i].action]);
		print_text(p, "reason", NULL, r->caches[i].reason);
		print_object_end(p);
	}
	print_list_end(p);
	printer_end(p);
}

/* For people and for cron's mail: what went, a line each, else nothing. */
static void
print_table(const struct imgcache_prune_result *r)
{
	struct printer *p = printer_new(PRINT_TABLE, false);
	bool all = prune.dry_run || given.verbose;
	size_t i;

	for (i = 0; i < r->n; i++) {
		const struct imgcache_image *image = r->v[i].image;

		if (r->v[i].action != IMGCACHE_REMOVE && !all)
			continue;
		print_record(p);
		print_text(p, "", "ACTION", actions[r->v[i].action]);
		print_id(p, "", "ID", image->id);
		print_text(p, "", "NAME", image->name);
		print_number(p, "", "SIZE", image->size_bytes, AS_SIZE);
		print_text(p, "", "REASON", r->v[i].reason);
	}
	printer_end(p);
}

/* The same of local build caches: a directory is a line of its own. */
static void
print_caches(const struct imgcache_prune_result *r)
{
	bool all = prune.dry_run || given.verbose;
	char size[IMGCACHE_TEXT];
	size_t i;

	for (i = 0; i < r->n_caches; i++) {
		const struct imgcache_pruned_cache *c = &r->caches[i];

		if (c->action == IMGCACHE_REMOVE || all)
			text_line(stdout, 4, "%s build cache %s, %s: %s",
				  actions[c->action], c->place,
				  imgcache_format_size(size, c->size_bytes),
				  c->reason);
	}
}

struct sum {
	char text[256];
	size_t len;
};

/* Of the sum one part, behind a semicolon if it is not the first. */
static void
add_part(struct sum *sum, const char *format, ...)
{
	char part[sizeof(sum->text)];
	va_list args;

	va_start(args, format);
	vsnprintf(part, sizeof(part), format, args);
	va_end(args);
	snprintf(sum->text + sum->len, sizeof(sum->text) - sum->len, "%s%s",
		 sum->len ? "; " : "", part);
	sum->len = strlen(sum->text);
}

static void
add_images(struct sum *sum, const struct imgcache_prune_result *r)
{
	char size[IMGCACHE_TEXT], freed[IMGCACHE_TEXT], more[64] = "";

	if (r->freed_bytes >= 0)
		snprintf(more, sizeof(more), " expected, %s freed",
			 imgcache_format_size(freed, r->freed_bytes));
	else if (!prune.dry_run)
		snprintf(more, sizeof(more), " expected, freed: not found out");
	add_part(sum, "%zu image%s, %s%s", r->n_removed,
		 r->n_removed == 1 ? "" : "s",
		 imgcache_format_size(size, r->expected_bytes), more);
}

/*
 * "removed 2 images, 12.0 MB expected, 8.1 MB freed; 1 build cache, 3.0 MB".
 * Old files alone are nothing that cron must mail.
 */
static void
print_sum(const struct imgcache_prune_result *r)
{
	bool all = prune.dry_run || given.verbose;
	char size[IMGCACHE_TEXT];
	struct sum sum = {0};

	if (r->n_removed)
		add_images(&sum, r);
	if (r->n_caches_removed)
		add_part(&sum, "%zu build cache%s, %s", r->n_caches_removed,
			 r->n_caches_removed == 1 ? "" : "s",
			 imgcache_format_size(size, r->caches_bytes));
	if (r->build_cache_bytes > 0)
		add_part(&sum, "%s%s of BuildKit's cache", prune.dry_run ?
			 "at most " : "",
			 imgcache_format_size(size, r->build_cache_bytes));
	if (r->swept_files && (sum.len || all))
		add_part(&sum, "%lld old file%s", (long long)r->swept_files,
			 r->swept_files == 1 ? "" : "s");
	if (sum.len || all)
		text_line(stdout, 4, "%s %s", prune.dry_run ? "would remove" :
			  "removed", sum.len ? sum.text : "nothing");
}

/* Any but --max-age. */
static bool
has_limits(void)
{
	return prune.max_images >= 0 || prune.max_size_bytes >= 0 ||
		prune.low_size_bytes >= 0 || prune.keep_last >= 0 ||
		prune.grace_s >= 0 || prune.cache_max_age_s >= 0 ||
		prune.cache_max_size_bytes >= 0 || build_cache;
}

static int
check_timer(struct imgcache_error *err)
{
	bool reports = prune.dry_run || given.json || given.verbose;

	if (install_timer && (remove_timer || caches || reports))
		return fail(err, IMGCACHE_EUSAGE, "--install-timer takes the "
			    "limits of prune and nothing else");
	if (remove_timer && (caches || reports || has_limits() ||
			     prune.max_age_s >= 0 || filters.n))
		return fail(err, IMGCACHE_EUSAGE, "--remove-timer takes no "
			    "other option");
	return 0;
}

static int
check(struct imgcache_error *err)
{
	if (check_timer(err))
		return err->code;
	if (caches && (has_limits() || given.verbose))
		return fail(err, IMGCACHE_EUSAGE, "--caches takes --max-age, "
			    "--dry-run and --json only");
	if (build_cache && !filters.n)
		return fail(err, IMGCACHE_EUSAGE, "--build-cache needs to know "
			    "what may go: add --filter, such as --filter "
			    "until=240h");
	if (filters.n && !build_cache)
		return fail(err, IMGCACHE_EUSAGE, "--filter is for "
			    "--build-cache");
	return 0;
}

static int
run(struct invocation *inv, const struct parsed *p)
{
	struct imgcache_prune_result result = {0};
	int ret = check(&inv->err);

	(void)p;
	if (ret)
		return ret;
	prune.build_cache = build_cache ? filters.v : NULL;
	ret = imgcache_prune_check(&prune, &inv->err);
	if (ret)
		return ret;
	if (install_timer)
		return prune_timer_install(inv, &prune);
	if (remove_timer)
		return prune_timer_remove(inv);
	if (caches)
		return caches_prune(inv, prune.max_age_s, prune.dry_run);
	ret = imgcache_prune(inv->ic, &prune, &result, &inv->err);
	if (ret)
		return ret;
	if (given.json) {
		print_result(&result);
	} else {
		print_table(&result);
		print_caches(&result);
		print_sum(&result);
	}
	return 0;
}

const struct command command_prune = {
	.name = "prune",
	.summary = "Remove images that the limits no longer allow, or forget "
		"build caches.",
	.arguments = "",
	.options = options,
	.group = GROUP_CARE,
	.bad_project = IMGCACHE_BAD_PROJECT_TOLD,
	.run = run,
};
