/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "answer.h"
#include "pace.h"
#include "verbs.h"

static int64_t timeout_s = -1;

static const struct opt options[] = {
	SECONDS_OPTION('t', "timeout", &timeout_s,
		       "no longer than that, then status 124"),
	JSON_OPTION,
	SILENT_OPTION,
	END_OPTION
};

/* What is left until the end, at least nothing; -1: there is none. */
static int64_t
left_ms(int64_t begun_us)
{
	int64_t left;

	if (timeout_s < 0)
		return -1;
	left = timeout_s * 1000 - (pace_now_us() - begun_us) / 1000;
	return left > 0 ? left : 0;
}

/* A failed build weighs more than moved sources, and those than a mere no. */
static int
weight(int status)
{
	return status == EXIT_BUILD ? 3 : status == EXIT_CHANGED ? 2 :
		status == EXIT_NO;
}

static int
status_of(int code)
{
	switch (code) {
	case IMGCACHE_EBUILD:
		return EXIT_BUILD;
	case IMGCACHE_ECHANGED:
		return EXIT_CHANGED;
	case IMGCACHE_ENO:
		return EXIT_NO;
	default:
		return code;
	}
}

/*
 * One image to its end, and its line: "id status". *status is what all came to
 * so far; any failure but that of the build is returned.
 */
static int
wait_one(struct invocation *inv, const struct imgcache_image **image,
	 int64_t begun_us, int *status)
{
	int ret = imgcache_wait(inv->ic, *image, left_ms(begun_us), image,
				&inv->err);
	int now = status_of(ret);

	if (now < 0)
		return ret;
	if (ret)
		complain("%s", inv->err.text);
	inv->err = (struct imgcache_error){0};
	if (weight(now) > weight(*status))
		*status = now;
	if (!given.json && !given.silent) {
		printf("%s %s\n", (*image)->id, (*image)->status);
		flush_output();
	}
	return 0;
}

/* An array of image_print() objects, in the order asked for. */
static void
print_images(const struct imgcache_image *const *v, size_t n)
{
	struct printer *p = printer_new(PRINT_JSON, false);
	size_t i;

	for (i = 0; i < n; i++) {
		print_record(p);
		image_print(p, v[i]);
	}
	printer_end(p);
}

static int
run(struct invocation *inv, const struct parsed *p)
{
	const struct imgcache_image **v;
	int64_t begun_us = pace_now_us();
	int ret = 0, status = EXIT_YES;
	size_t i;

	if (!p->words.n)
		return fail(&inv->err, IMGCACHE_EUSAGE, "for which images? see "
			    "imgcache list --building");
	v = memory_checked(calloc(p->words.n, sizeof(*v)));
	for (i = 0; !ret && i < p->words.n; i++)
		ret = imgcache_find(inv->ic, p->words.v[i], &v[i], &inv->err);
	for (i = 0; !ret && i < p->words.n; i++)
		ret = wait_one(inv, &v[i], begun_us, &status);
	if (ret == IMGCACHE_EBUSY) {
		complain("%s, after %lld s", inv->err.text,
			 (long long)timeout_s);
		ret = EXIT_TIMEOUT;
	} else if (!ret) {
		if (given.json)
			print_images(v, p->words.n);
		ret = status;
	}
	free(v);
	return ret;
}

const struct command command_wait = {
	.name = "wait",
	.summary = "Wait for builds in the background to end.",
	.arguments = "ID|NAME...",
	.options = options,
	.group = GROUP_CATALOG,
	.completes = COMPLETES_IMAGES,
	.run = run,
};
