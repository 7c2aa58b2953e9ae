/* SPDX-License-Identifier: MIT */
#include "answer.h"
#include "caches.h"
#include "verbs.h"

/* In the order of enum imgcache_sort. */
static const char *const sorts[] = {
	"use", "name", "created", "size", "hits", NULL
};

static struct imgcache_filter filter;
static int sort;
static bool no_trunc, caches;

static const char *const statuses[] = {
	"completed", "failed", "building", "gone", "pruned", "deleted",
	"changed", "interrupted", "pending", NULL
};

static const struct opt options[] = {
	TEXT_OPTION('N', "name", &filter.name, "NAME", "of that recipe"),
	TEXT_OPTION('b', "base", &filter.base, "REF", "with that base image"),
	TEXT_OPTION(0, "dependency", &filter.dependency, "PACKAGE",
		    "with that package"),
	CHOICE_OPTION('s', "status", &filter.status, statuses, "STATUS",
		      "completed, failed, building, gone, pruned, deleted ..."),
	AGE_OPTION(0, "unused-for", &filter.unused_for_s,
		   "not used for at least that long"),
	FLAG_OPTION('p', "pinned", &filter.pinned, "only pinned ones"),
	FLAG_OPTION(0, "building", &filter.building,
		    "only those being built or waiting for it"),
	FLAG_OPTION(0, "all-engines", &filter.all_engines,
		    "not only those of the engine in use"),
	COUNT_OPTION('l', "limit", &filter.limit, "at most N images"),
	WORD_OPTION(0, "sort", &sort, sorts, "use|name|created|size|hits",
		    "order; last used first is the default"),
	FLAG_OPTION(0, "caches", &caches,
		    "instead of images the build caches in use here"),
	FLAG_OPTION(0, "no-trunc", &no_trunc,
		    "a table as wide as it has to be"),
	JSON_OPTION,
	NUL_OPTION,
	END_OPTION
};

/* An array of image_print() objects; NUL records of the same fields. */
static void
print_images(const struct imgcache_image *v, size_t n)
{
	struct printer *p = printer_new(print_form_given(), false);
	size_t i;

	if (no_trunc)
		printer_set_wide(p);
	for (i = 0; i < n; i++) {
		print_record(p);
		image_print(p, &v[i]);
	}
	printer_end(p);
}

/* By more than a name. */
static bool
is_narrowed(void)
{
	return filter.base || filter.dependency || filter.status ||
		filter.unused_for_s || filter.pinned || filter.building;
}

static bool
is_filtered(void)
{
	return is_narrowed() || filter.name || filter.all_engines ||
		filter.limit || sort;
}

/* Nothing is what a mistyped name gives, and a name without an image. */
static int
explain_none(struct invocation *inv)
{
	int ret = imgcache_check_name(inv->ic, filter.name, &inv->err);

	if (!ret && !is_narrowed() && !given.quiet)
		complain("no image of '%s' yet", filter.name);
	return ret;
}

static int
run(struct invocation *inv, const struct parsed *p)
{
	const struct imgcache_image *v;
	size_t n;
	int ret;

	if (caches && (p->words.n || is_filtered()))
		return fail(&inv->err, IMGCACHE_EUSAGE, "--caches takes no name "
			    "and none of the filters of images");
	if (caches)
		return caches_print_all(inv, no_trunc);
	if (p->words.n > 1)
		return fail(&inv->err, IMGCACHE_EUSAGE, "one name at a time");
	if (p->words.n)
		filter.name = p->words.v[0];
	filter.sort = (enum imgcache_sort)sort;
	ret = imgcache_list(inv->ic, &filter, &v, &n, &inv->err);
	if (ret)
		return ret;
	print_images(v, n);
	return n || !filter.name ? 0 : explain_none(inv);
}

const struct command command_list = {
	.name = "list",
	.summary = "List the images of the catalog, or the build caches.",
	.arguments = "[NAME]",
	.options = options,
	.group = GROUP_CATALOG,
	.completes = COMPLETES_RECIPES,
	.bad_project = IMGCACHE_BAD_PROJECT_WARNS,
	.run = run,
};
