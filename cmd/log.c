/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "text.h"
#include "verbs.h"

static bool follow, path;

static const struct opt options[] = {
	FLAG_OPTION('f', "follow", &follow, "go on until the build ends"),
	FLAG_OPTION(0, "path", &path, "print where it is, not what it says"),
	END_OPTION
};

static int
print_path(struct invocation *inv, const struct imgcache_image *image)
{
	if (!image->log)
		return fail(&inv->err, IMGCACHE_ENO, "image %s has no build "
			    "log", image->id);
	puts(image->log);
	return 0;
}

static void
put_line(void *payload, const char *line, size_t len)
{
	(void)payload;
	text_put_data(stdout, line, len);
	fputc('\n', stdout);
	if (follow)
		flush_output();
}

static int
run(struct invocation *inv, const struct parsed *p)
{
	const struct imgcache_image *image;
	int ret;

	if (p->words.n != 1)
		return fail(&inv->err, IMGCACHE_EUSAGE,
			    "which image? give one id or name");
	ret = imgcache_find(inv->ic, p->words.v[0], &image, &inv->err);
	if (!ret && path)
		return print_path(inv, image);
	if (!ret)
		ret = imgcache_log(inv->ic, image, follow, put_line, NULL,
				   &inv->err);
	return ret;
}

const struct command command_log = {
	.name = "log",
	.summary = "Print the log of an image's last build.",
	.arguments = "ID|NAME",
	.options = options,
	.group = GROUP_CATALOG,
	.completes = COMPLETES_IMAGES,
	.bad_project = IMGCACHE_BAD_PROJECT_WARNS,
	.run = run,
};
