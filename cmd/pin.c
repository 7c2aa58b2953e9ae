/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "verbs.h"

static const struct opt options[] = { END_OPTION };

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
		ret = imgcache_find(inv->ic, p->words.v[i], &image, &inv->err);
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
	.run = run_pin,
};

const struct command command_unpin = {
	.name = "unpin",
	.summary = "Let pinned images be pruned again.",
	.arguments = "ID|NAME...",
	.options = options,
	.group = GROUP_CATALOG,
	.completes = COMPLETES_IMAGES,
	.run = run_unpin,
};
