/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "answer.h"
#include "recipe.h"
#include "verbs.h"

static const char *id;
static bool digest, image_id, no_count;

static const struct opt options[] = {
	FLAG_OPTION(0, "digest", &digest, "print the digest in the registry"),
	FLAG_OPTION(0, "image-id", &image_id, "print the engine's image id"),
	TEXT_OPTION(0, "id", &id, "ID",
		    "print what the catalog knows of an image, as JSON"),
	FLAG_OPTION(0, "no-count", &no_count,
		    "leave this lookup out of the statistics"),
	STAT_CACHE_OPTION,
	JSON_OPTION,
	SILENT_OPTION,
	END_OPTION
};

/* One object: image_print() and image_print_logs(). Counts as no lookup. */
static int
print_entry(struct invocation *inv)
{
	const struct imgcache_image *image;
	struct printer *p;
	int ret = imgcache_find(inv->ic, id, &image, &inv->err);

	if (ret)
		return ret;
	p = printer_new(PRINT_JSON, true);
	print_record(p);
	image_print(p, image);
	image_print_logs(p, inv->ic, image);
	printer_end(p);
	return 0;
}

/* One object: answer_print(), on a miss as on a hit. */
static void
print_answer(const struct imgcache_answer *a)
{
	struct printer *p = printer_new(PRINT_JSON, true);

	print_record(p);
	answer_print(p, a);
	printer_end(p);
}

static int
print_hit(struct invocation *inv, const struct imgcache_answer *a)
{
	const char *text = digest ? a->digest : image_id ? a->image_id : a->ref;

	if (!text)
		return fail(&inv->err, IMGCACHE_ENO, "%s is in no registry, "
			    "so it has no digest; --image-id is its id here",
			    a->name ? a->name : a->ref);
	puts(text);
	return 0;
}

static int
run(struct invocation *inv, const struct parsed *p)
{
	struct imgcache_answer a = {0};
	struct imgcache_recipe *r;
	int ret;

	if (digest + image_id + (id != NULL) > 1)
		return fail(&inv->err, IMGCACHE_EUSAGE,
			    "--digest, --image-id and --id exclude each other");
	if (id && (p->words.n || p->n_flags))
		return fail(&inv->err, IMGCACHE_EUSAGE,
			    "--id needs no recipe");
	if (id)
		return print_entry(inv);
	ret = recipe_choose(inv, p, &r);
	if (ret)
		return ret;
	ret = imgcache_get(inv->ic, r, no_count, &a, &inv->err);
	if (given.json && (!ret || ret == IMGCACHE_ENO ||
			   ret == IMGCACHE_EUNKNOWN))
		print_answer(&a);
	else if (!ret && !given.silent)
		return print_hit(inv, &a);
	return ret == IMGCACHE_ENO && given.silent ? EXIT_NO : ret;
}

const struct command command_get = {
	.name = "get",
	.summary = "Print the name of the image if it is there now.",
	.arguments = "[NAME | DIR | RECIPE FLAGS]",
	.options = options,
	.group = GROUP_IMAGES,
	.completes = COMPLETES_RECIPES,
	.takes_recipe = true,
	.run = run,
};
