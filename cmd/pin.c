/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "verbs.h"

static const struct opt options[] = { END_OPTION };

/* A name is its newest image that can be pinned, or that is. */
static int
find(struct invocation *inv, const char *what, bool pinned,
     const struct imgcache_image **out)
{
	const struct imgcache_filter filter = {
		.name = what,
		.status = pinned ? "completed" : NULL,
		.pinned = !pinned,
		.sort = IMGCACHE_BY_CREATED,
		.limit = 1,
	};
	const struct imgcache_image *v;
	size_t n = 0;
	int ret = imgcache_find(inv->ic, what, out, &inv->err);

	if (!ret && (*out)->name && !strcmp((*out)->name, what))
		ret = imgcache_list(inv->ic, &filter, &v, &n, &inv->err);
	if (n)
		*out = v;
	return ret;
}

static int
set_pins(struct invocation *inv, const struct parsed *p, bool pinned)
{
	const struct imgcache_image *image;
	size_t i;
	int ret = 0;

	if (!p->words.n)
		return fail(&inv->err, IMGCACHE_EUSAGE,
			    "which images? see imgcache list");
	for (i = 0; !ret && i < p->words.n; i++) {
		ret = find(inv, p->words.v[i], pinned, &image);
		if (!ret)
			ret = imgcache_pin(inv->ic, image, pinned, &inv->err);
		if (!ret)
			puts(image->id);
	}
	return ret;
}

static int
run_pin(struct invocation *inv, const struct parsed *p)
{
	return set_pins(inv, p, true);
}

static int
run_unpin(struct invocation *inv, const struct parsed *p)
{
	return set_pins(inv, p, false);
}

const struct command command_pin = {
	.name = "pin",
	.summary = "Keep images from being pruned; prints the id of each.",
	.arguments = "ID|NAME...",
	.options = options,
	.group = GROUP_CATALOG,
	.completes = COMPLETES_IMAGES,
	.bad_project = IMGCACHE_BAD_PROJECT_WARNS,
	.run = run_pin,
};

const struct command command_unpin = {
	.name = "unpin",
	.summary = "Let pinned images be pruned again.",
	.arguments = "ID|NAME...",
	.options = options,
	.group = GROUP_CATALOG,
	.completes = COMPLETES_IMAGES,
	.bad_project = IMGCACHE_BAD_PROJECT_WARNS,
	.run = run_unpin,
};
