/* SPDX-License-Identifier: MIT */
/* Build caches, for list and prune. */
#include "caches.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "printer.h"
#include "text.h"
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
	print_text(p, "place", "PLACE", c->place);
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

/* The sizes of one type in v[from...] together; -1: of none it is known. */
static int64_t
sum_of_type(const struct imgcache_cache *v, size_t n, const char *type)
{
	int64_t sum = -1;
	size_t i;

	for (i = 0; i < n; i++)
		if (v[i].size_bytes >= 0 && !strcmp(v[i].type, type))
			sum = (sum < 0 ? 0 : sum) + v[i].size_bytes;
	return sum;
}

static bool
is_first_of_type(const struct imgcache_cache *v, size_t at)
{
	size_t i;

	for (i = 0; i < at; i++)
		if (!strcmp(v[i].type, v[at].type))
			return false;
	return true;
}

void
caches_sum_up(struct imgcache_recipe *r, char out[CACHES_TEXT])
{
	struct imgcache_error ignored = {0};
	const struct imgcache_cache *v;
	size_t i, n, len = 0;

	out[0] = '\0';
	if (imgcache_recipe_caches(r, &v, &n, &ignored))
		return;
	for (i = 0; i < n && len < CACHES_TEXT; i++) {
		int64_t sum = sum_of_type(v, n, v[i].type);
		char size[IMGCACHE_TEXT];

		if (sum >= 0 && is_first_of_type(v, i))
			len += (size_t)snprintf(out + len, CACHES_TEXT - len,
						"%s%s %s", len ? ", " : "",
						v[i].type,
						imgcache_format_size(size,
								     sum));
	}
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
	if (!n && !given.quiet)
		fputs("no build cache was unused long enough to be forgotten; "
		      "--max-age or cache_max_age say how long\n", stderr);
	for (i = 0; i < n; i++) {
		char age[IMGCACHE_TEXT];

		text_line(stderr, 4, "%s %s %s, not used for %s", dry_run ?
			  "would forget" : "forgot", v[i].type, v[i].place,
			  imgcache_format_age(age, now - v[i].used_at));
		if (v[i].command)
			printf("%s\n", v[i].command);
	}
	return 0;
}
