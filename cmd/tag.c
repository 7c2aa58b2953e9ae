/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "printer.h"
#include "recipe.h"
#include "text.h"
#include "verbs.h"

static bool manifest, ref;

static const struct opt options[] = {
	FLAG_OPTION('m', "manifest", &manifest,
		    "print the text whose hash is the key"),
	FLAG_OPTION('r', "ref", &ref, "print repository and tag"),
	STAT_CACHE_OPTION,
	JSON_OPTION,
	END_OPTION
};

/*
 * One object:
 *
 *	name		string or null
 *	tag, ref	string
 *	hash		"git" or "xxh3"
 *	manifest	string
 */
static void
print_tag(const struct imgcache_recipe *r, const struct imgcache_tag *t)
{
	struct printer *p = printer_new(PRINT_JSON, true);

	print_record(p);
	print_text(p, "name", NULL, imgcache_recipe_name(r));
	print_text(p, "tag", NULL, t->tag);
	print_text(p, "ref", NULL, t->ref);
	print_text(p, "hash", NULL, t->hash);
	print_text(p, "manifest", NULL, t->manifest);
	printer_end(p);
}

static int
run(struct invocation *inv, const struct parsed *p)
{
	struct imgcache_recipe *r;
	struct imgcache_tag t;
	int ret;

	if (manifest && ref)
		return fail(&inv->err, IMGCACHE_EUSAGE,
			    "--manifest and --ref exclude each other");
	ret = recipe_choose(inv, p, &r);
	if (!ret)
		ret = imgcache_tag(inv->ic, r, &t, &inv->err);
	if (ret)
		return ret;
	if (given.json)
		print_tag(r, &t);
	else if (manifest)
		text_put_data(stdout, t.manifest, strlen(t.manifest));
	else
		puts(ref ? t.ref : t.tag);
	return 0;
}

const struct command command_tag = {
	.name = "tag",
	.summary = "Print the tag that the image has, or would have.",
	.arguments = "[NAME | DIR | RECIPE FLAGS]",
	.options = options,
	.group = GROUP_IMAGES,
	.completes = COMPLETES_RECIPES,
	.takes_recipe = true,
	.run = run,
};
