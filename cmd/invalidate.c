/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "printer.h"
#include "verbs.h"

static const char *base, *stage;
static bool all;

static const struct opt options[] = {
	TEXT_OPTION('b', "base", &base, "REF",
		    "every image built from that base"),
	TEXT_OPTION('s', "stage", &stage, "STAGE",
		    "only that stage, of the names or of all images"),
	FLAG_OPTION('a', "all", &all, "every image"),
	JSON_OPTION,
	END_OPTION
};

/* Is the word the name of a recipe, rather than a tag or an id? */
static bool
is_name(struct imgcache *ic, const char *word)
{
	const struct imgcache_image *image;
	struct imgcache_error ignored = {0};
	struct imgcache_recipe *r;

	if (!imgcache_recipe_named(ic, word, &r, &ignored))
		return true;
	ignored = (struct imgcache_error){0};
	if (imgcache_find(ic, word, &image, &ignored))
		return false;
	return image->name && !strcmp(image->name, word);
}

static int
invalidate_words(struct invocation *inv, const struct words *words, size_t *n)
{
	size_t i, more;
	int ret = 0;

	for (i = 0; !ret && i < words->n; i++) {
		struct imgcache_invalidation what = {0};

		if (is_name(inv->ic, words->v[i]))
			what.name = words->v[i];
		else
			what.tag = words->v[i];
		ret = imgcache_invalidate(inv->ic, &what, &more, &inv->err);
		*n += more;
	}
	return ret;
}

/* Of the images named, or of all of the project. */
static int
invalidate_stage(struct invocation *inv, const struct words *words, size_t *n)
{
	struct imgcache_invalidation what = { .stage = stage };
	size_t i = 0, more;
	int ret;

	do {
		what.name = words->n ? words->v[i] : NULL;
		ret = imgcache_invalidate(inv->ic, &what, &more, &inv->err);
		*n += ret ? 0 : more;
	} while (!ret && ++i < words->n);
	return ret;
}

/* One object: images (number: that miss from now on). */
static void
print_count(size_t n)
{
	struct printer *p;

	if (!given.json && base && !n) {
		printf("no image of the catalog begins with '%s'; its digest "
		       "is looked up again\n", base);
		return;
	}
	if (!given.json) {
		printf("%zu image%s of the catalog will be built anew\n", n,
		       n == 1 ? "" : "s");
		return;
	}
	p = printer_new(PRINT_JSON, true);
	print_record(p);
	print_number(p, "images", NULL, (int64_t)n, AS_NUMBER);
	printer_end(p);
}

static int
run(struct invocation *inv, const struct parsed *p)
{
	const struct imgcache_invalidation what = { .base = base, .all = all };
	size_t n = 0;
	int ret;

	if ((base != NULL) + all + (stage || p->words.n) != 1)
		return fail(&inv->err, IMGCACHE_EUSAGE,
			    "give names, --stage, --base or --all");
	if (stage && !*stage)
		return fail(&inv->err, IMGCACHE_EUSAGE, "--stage wants a name");
	if (stage)
		ret = invalidate_stage(inv, &p->words, &n);
	else if (p->words.n)
		ret = invalidate_words(inv, &p->words, &n);
	else
		ret = imgcache_invalidate(inv->ic, &what, &n, &inv->err);
	if (!ret)
		print_count(n);
	return ret;
}

const struct command command_invalidate = {
	.name = "invalidate",
	.summary = "Have images built anew when they are next asked for; "
		"nothing is deleted.",
	.arguments = "[NAME | TAG | ID]...",
	.options = options,
	.group = GROUP_CARE,
	.completes = COMPLETES_IMAGES,
	.run = run,
};
