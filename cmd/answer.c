/* SPDX-License-Identifier: MIT */
#include "answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A tag is "g1-" or "x1-" and the hex digits of the key. */
const char *
answer_id(const struct imgcache_answer *a, char out[13])
{
	const char *dash = a->tag ? strchr(a->tag, '-') : NULL;

	snprintf(out, 13, "%.12s", dash ? dash + 1 : "");
	return *out ? out : NULL;
}

const char *
answer_reason(const struct imgcache_answer *a, char out[1024])
{
	snprintf(out, 1024, "%s%s%.900s", imgcache_reason_text(a->reason),
		 a->detail ? ": " : "", a->detail ? a->detail : "");
	return out;
}

const char *const unknowns[] = { "build", "fail", NULL };

/* In the order of enum imgcache_state. */
static const char *const states[] = { "hit", "miss", "unknown" };

static void
print_state(struct printer *p, const struct imgcache_answer *a)
{
	print_text(p, "state", NULL, a->ref ? states[a->state] : NULL);
	if (a->state == IMGCACHE_UNKNOWN || !a->ref)
		print_null(p, "hit");
	else
		print_bool(p, "hit", a->state == IMGCACHE_HIT && !a->built);
	if (a->reason == IMGCACHE_REASON_NONE)
		print_null(p, "reason");
	else
		print_text(p, "reason", NULL, imgcache_reason_word(a->reason));
	print_text(p, "detail", NULL, a->detail);
}

/* Where it is: on the engine and in a registry are two answers. */
static void
print_places(struct printer *p, const struct imgcache_answer *a)
{
	if (a->state == IMGCACHE_UNKNOWN || !a->ref)
		print_null(p, "local");
	else
		print_bool(p, "local", a->image_id != NULL);
	print_bool(p, "pushed", a->pushed_ref != NULL);
	print_text(p, "pushedRef", NULL, a->pushed_ref);
	print_bool(p, "pulled", a->pulled);
}

void
answer_print(struct printer *p, const struct imgcache_answer *a)
{
	char id[13];

	print_text(p, "name", NULL, a->name);
	print_text(p, "imageId", NULL, answer_id(a, id));
	print_text(p, "tag", NULL, a->tag);
	print_text(p, "ref", NULL, a->ref);
	print_text(p, "dockerImageId", NULL,
		   a->is_static ? NULL : a->image_id);
	print_text(p, "digestHash", NULL, a->digest);
	if (a->size_bytes > 0)
		print_number(p, "size", NULL, a->size_bytes, AS_SIZE);
	else
		print_null(p, "size");
	print_state(p, a);
	print_places(p, a);
	print_bool(p, "static", a->is_static);
	print_number(p, "elapsed", NULL, a->elapsed_us, AS_DURATION);
	print_number(p, "steps", NULL, a->steps, AS_NUMBER);
	print_number(p, "cached", NULL, a->cached, AS_NUMBER);
}

static void
print_dependencies(struct printer *p, const struct imgcache_image *i)
{
	const struct imgcache_dependency *d = i->dependencies;
	size_t k;

	print_list(p, "dependencies");
	for (k = 0; k < i->n_dependencies; k++) {
		print_object(p, "");
		print_text(p, "type", NULL, d[k].type);
		print_text(p, "name", NULL, d[k].name);
		print_bool(p, "asked", d[k].is_asked);
		print_text(p, "version", NULL, d[k].asked);
		print_text(p, "installed", NULL, d[k].installed);
		print_object_end(p);
	}
	print_list_end(p);
}

static void
print_loaded(struct printer *p, const struct imgcache_image *i)
{
	const char *const *l;

	print_list(p, "loaded");
	for (l = i->loaded; *l; l++)
		print_text(p, "", NULL, *l);
	print_list_end(p);
}

/* One column for what few images are: a table of 70 has no room for two. */
static const char *
marks(const struct imgcache_image *i)
{
	if (i->pinned)
		return i->pushed_ref ? "pinned, pushed" : "pinned";
	return i->pushed_ref ? "pushed" : "";
}

/* A column says them all, data has a list of them. */
static void
print_names(struct printer *p, const struct imgcache_image *i)
{
	const char *const *n;
	char *all, *end;
	size_t len = 1;

	if (printer_form(p) != PRINT_TABLE) {
		print_text(p, "name", NULL, i->name);
		print_list(p, "names");
		for (n = i->names; *n; n++)
			print_text(p, "", NULL, *n);
		print_list_end(p);
		return;
	}
	for (n = i->names; *n; n++)
		len += strlen(*n) + 2;
	all = end = memory_checked(calloc(1, len));
	for (n = i->names; *n; n++) {
		end = stpcpy(end, *n);
		if (n[1])
			end = stpcpy(end, ", ");
	}
	print_text(p, "", "NAME", *all ? all : NULL);
	free(all);
}

void
image_print(struct printer *p, const struct imgcache_image *i)
{
	int64_t used = i->last_used_at ? i->last_used_at : i->built_at;

	print_names(p, i);
	print_id(p, "imageId", "ID", i->id);
	print_text(p, "tag", NULL, i->tag);
	print_text(p, "ref", NULL, i->ref);
	print_text(p, "baseImage", "BASE", i->base);
	print_number(p, "size", "SIZE", i->size_bytes > 0 ? i->size_bytes : -1,
		     AS_SIZE);
	print_text(p, "buildStatus", "STATUS", i->status);
	print_number(p, "cacheHits", "HITS", i->hits, AS_NUMBER);
	print_number(p, "createdAt", NULL, i->created_at, AS_AGO);
	print_number(p, "builtAt", NULL, i->built_at, AS_AGO);
	print_number(p, "lastUsedAt", NULL, i->last_used_at, AS_AGO);
	print_bool(p, "local", i->is_local);
	print_bool(p, "pushed", i->pushed_ref != NULL);
	print_text(p, "pushedRef", NULL, i->pushed_ref);
	print_number(p, "pushedAt", NULL, i->pushed_at, AS_AGO);
	print_text(p, "origin", NULL, i->origin);
	print_bool(p, "pinned", i->pinned);
	print_text(p, "dockerImageId", NULL, i->image_id);
	/* an engine gives digests to what is nowhere else, too */
	print_text(p, "digestHash", NULL, i->pushed_ref ? i->digest : NULL);
	print_text(p, "dependenciesHash", NULL, i->dependencies_hash);
	print_text(p, "reason", NULL, i->reason);
	print_text(p, "platform", NULL, i->platform);
	print_loaded(p, i);
	print_text(p, "baseDigest", NULL, i->base_digest);
	print_text(p, "engine", NULL, i->engine);
	print_number(p, "buildTime", NULL, i->build_us > 0 ? i->build_us : -1,
		     AS_DURATION);
	print_dependencies(p, i);
	print_json(p, "metadata", i->metadata ? i->metadata : "{}");
	print_text(p, "log", NULL, i->log);
	if (printer_form(p) == PRINT_TABLE) {
		print_number(p, "", "USED", used, AS_AGO);
		print_text(p, "", "MARKS", marks(i));
	}
}

static void
print_line(void *payload, const char *line, size_t len)
{
	char *copy = memory_checked(strndup(line, len));

	print_text(payload, "", NULL, copy);
	free(copy);
}

void
image_print_logs(struct printer *p, struct imgcache *ic,
		 const struct imgcache_image *i)
{
	struct imgcache_error ignored = {0};

	print_list(p, "logs");
	if (i)
		(void)imgcache_log(ic, i, false, print_line, p, &ignored);
	print_list_end(p);
}
