/* SPDX-License-Identifier: MIT */
/* Build caches, for list and prune. */
#include "caches.h"

#include <stdio.h>
#include <time.h>

#include "printer.h"
#include "verbs.h"

static void
print_cache(struct printer *p, const struct imgcache_cache *c)
{
	print_text(p, "type", "TYPE", c->type);
	print_text(p, "image", "IMAGE", c->image);
	print_text(p, "stage", "STAGE", c->stage);
	print_number(p, "size", "SIZE", c->size_bytes, AS_SIZE);
	print_number(p, "exportedAt", "EXPORTED", c->exported_at, AS_AGO);
	print_number(p, "lastUsedAt", "USED", c->used_at, AS_AGO);
	print_id(p, "place", "PLACE", c->place);
	print_text(p, "project", NULL, c->project);
	print_text(p, "deleteCommand", NULL, c->command);
}

/* An array of objects; NUL records of the same fields. */
int
caches_print_all(struct invocation *inv, bool wide)
{
	const struct imgcache_cache *v;
	struct printer *p;
	size_t i, n;
	int ret = imgcache_caches(inv->ic, &v, &n, &inv->err);

	if (ret)
		return ret;
	p = printer_new(print_form_given(), false);
	if (wide)
		printer_set_wide(p);
	for (i = 0; i < n; i++) {
		print_record(p);
		print_cache(p, &v[i]);
	}
	printer_end(p);
	return 0;
}

/* One object: dryRun, and caches as above. */
static void
print_json_result(const struct imgcache_cache *v, size_t n, bool dry_run)
{
	struct printer *p = printer_new(PRINT_JSON, true);
	size_t i;

	print_record(p);
	print_bool(p, "dryRun", dry_run);
	print_list(p, "caches");
	for (i = 0; i < n; i++) {
		print_object(p, "");
		print_cache(p, &v[i]);
		print_object_end(p);
	}
	print_list_end(p);
	printer_end(p);
}

/* Only commands on stdout, so that a shell can read them. */
int
caches_prune(struct invocation *inv, int64_t max_age_s, bool dry_run)
{
	const struct imgcache_cache *v;
	int64_t now = time(NULL);
	size_t i, n;
	int ret = imgcache_prune_caches(inv->ic, max_age_s, dry_run, &v, &n,
					&inv->err);

	if (ret)
		return ret;
	if (given.json) {
		print_json_result(v, n, dry_run);
		return 0;
	}
	for (i = 0; i < n; i++) {
		char age[IMGCACHE_TEXT];

		fprintf(stderr, "%s %s %s, not used for %s\n", dry_run ?
			"would forget" : "forgot", v[i].type, v[i].place,
			imgcache_format_age(age, now - v[i].used_at));
		if (v[i].command)
			printf("%s\n", v[i].command);
	}
	return 0;
}
