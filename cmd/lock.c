/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "printer.h"
#include "verbs.h"

static bool update;

static const struct opt options[] = {
	FLAG_OPTION('u', "update", &update,
		    "resolve again what the file has already"),
	JSON_OPTION,
	NUL_OPTION,
	END_OPTION
};

static const char *
state_of(const struct imgcache_locked *l)
{
	if (!l->was)
		return "new";
	return strcmp(l->was, l->digest) ? "moved" : "kept";
}

/*
 * An array of objects, in the order of the file:
 *
 *	ref	string
 *	digest	string
 *	was	string or null: the digest before
 *	state	"new", "moved" or "kept"
 */
static void
print_locked(const struct imgcache_locked *v, size_t n)
{
	struct printer *p = printer_new(print_form_given(), false);
	size_t i;

	for (i = 0; i < n; i++) {
		print_record(p);
		print_text(p, "state", "STATE", state_of(&v[i]));
		print_text(p, "ref", "REF", v[i].ref);
		print_digest(p, "digest", "DIGEST", v[i].digest);
		print_text(p, "was", NULL, v[i].was);
	}
	printer_end(p);
}

static int
run(struct invocation *inv, const struct parsed *p)
{
	const struct imgcache_locked *v;
	size_t n;
	int ret = imgcache_lock(inv->ic, p->words.v, update, &v, &n, &inv->err);

	if (!ret)
		print_locked(v, n);
	return ret;
}

const struct command command_lock = {
	.name = "lock",
	.summary = "Write the digests of all bases into imgcache.lock.",
	.arguments = "[REF...]",
	.options = options,
	.group = GROUP_IMAGES,
	.run = run,
};
