/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "verbs.h"

static bool force;

static const struct opt options[] = {
	FLAG_OPTION('f', "force", &force, "pinned ones too"),
	END_OPTION
};

/*
 * A name means the newest image of it, which is another one tomorrow; what is
 * deleted has to be said exactly.
 */
static int
find(struct invocation *inv, const char *what,
     const struct imgcache_image **out)
{
	const struct imgcache_filter filter = {
		.name = what,
		.status = "completed",
		.sort = IMGCACHE_BY_CREATED,
		.limit = 1,
	};
	const struct imgcache_image *there;
	size_t n = 0;
	int ret = imgcache_find(inv->ic, what, out, &inv->err);

	if (ret || !(*out)->name || strcmp((*out)->name, what))
		return ret;
	ret = imgcache_list(inv->ic, &filter, &there, &n, &inv->err);
	if (!ret)
		return fail(&inv->err, IMGCACHE_EUSAGE, "'%s' is a name; give "
			    "the id, its newest image is %s", what,
			    n ? there->id : (*out)->id);
	return ret;
}

/* What is being built is no image yet: that is ended instead. */
static int
delete(struct invocation *inv, const char *what)
{
	const struct imgcache_image *image;
	int ret = imgcache_find(inv->ic, what, &image, &inv->err);

	if (ret)
		return ret;
	if (!strcmp(image->status, "pending") ||
	    !strcmp(image->status, "building"))
		ret = imgcache_cancel(inv->ic, image, &inv->err);
	else
		ret = imgcache_delete(inv->ic, image, force, &inv->err);
	if (!ret)
		puts(image->id);
	return ret;
}

static int
run(struct invocation *inv, const struct parsed *p)
{
	const struct imgcache_image *image;
	size_t i;
	int ret = 0;

	if (!p->words.n)
		return fail(&inv->err, IMGCACHE_EUSAGE,
			    "which images? see imgcache list");
	for (i = 0; !ret && i < p->words.n; i++)
		ret = find(inv, p->words.v[i], &image);
	for (i = 0; !ret && i < p->words.n; i++)
		ret = delete(inv, p->words.v[i]);
	return ret;
}

const struct command command_delete = {
	.name = "delete",
	.summary = "Remove images from the engine, or end their builds.",
	.arguments = "ID...",
	.options = options,
	.group = GROUP_CATALOG,
	.completes = COMPLETES_IMAGES,
	.bad_project = IMGCACHE_BAD_PROJECT_WARNS,
	.run = run,
};
