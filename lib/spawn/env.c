/* SPDX-License-Identifier: MIT */
/*
 * All images are found before anything is handed out, and every image has all
 * of its variables, so nothing of an earlier run is left standing.
 */
#include "spawn/env.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/strv.h"
#include "builder/ensure.h"
#include "keep/prune.h"
#include "session/recipes.h"

static const char *
prefix_of(struct imgcache *ic, const char *name)
{
	char *prefix, *c;

	if (!name || !*name)
		return "IMGCACHE";
	prefix = arena_printf(&ic->arena, "IMGCACHE_%s", name);
	for (c = prefix; *c; c++)
		*c = isalnum((unsigned char)*c) ?
			(char)toupper((unsigned char)*c) : '_';
	return prefix;
}

static int
check_prefixes(struct imgcache_env_image *v, size_t n,
	       struct imgcache_error *err)
{
	size_t i, k;

	for (i = 1; i < n; i++)
		for (k = 0; k < i; k++) {
			if (strcmp(v[i].prefix, v[k].prefix))
				continue;
			if (!v[i].name)
				return error_set(err, IMGCACHE_EUSAGE, "two "
						 "images without a name: give "
						 "one, or name them in "
						 "imgcache.yaml");
			return error_set(err, IMGCACHE_EUSAGE, "'%s' and '%s' "
					 "would both set %s_REF; ask for one "
					 "of them, once", v[k].name,
					 v[i].name, v[i].prefix);
		}
	return 0;
}

/* What a ref that is not of a key says itself of tag and digest. */
static void
split_ref(struct imgcache *ic, struct imgcache_env_image *out)
{
	const char *at = strchr(out->ref, '@');
	const char *end = at ? at : out->ref + strlen(out->ref);
	const char *c;

	if (at)
		out->digest = at + 1;
	for (c = end; c > out->ref && c[-1] != '/'; c--)
		if (c[-1] == ':') {
			out->tag = arena_strndup(&ic->arena, c,
						 (size_t)(end - c));
			return;
		}
}

static void
fill(struct imgcache *ic, const struct imgcache_answer *a,
     struct imgcache_env_image *out)
{
	out->ref = a->ref;
	if (a->is_static) {
		split_ref(ic, out);
		return;
	}
	out->tag = a->tag;
	if (a->digest)
		out->digest = a->digest;
	if (a->image_id)
		out->image_id = a->image_id;
}

int
env_collect(struct imgcache *ic, const struct imgcache_env_options *o,
	    const char *verb, struct lease *leases,
	    const struct imgcache_env_image **out, struct imgcache_error *err)
{
	struct ensure e = {
		.verb = verb,
		.build = &o->build,
		.only_look = !o->builds,
		/* what runs then may hand the name on to other machines */
		.pushes_hits = leases != NULL,
	};
	struct imgcache_env_image *v;
	struct imgcache_answer a;
	bool arrived = false;
	size_t i;
	int ret;

	v = arena_alloc(&ic->arena, (o->n + 1) * sizeof(*v));
	for (i = 0; i < o->n; i++) {
		const char *name = imgcache_recipe_name(o->recipes[i]);

		v[i].name = name && *name ? name : NULL;
		v[i].prefix = prefix_of(ic, name);
		v[i].ref = v[i].tag = v[i].digest = v[i].image_id = "";
	}
	ret = check_prefixes(v, o->n, err);
	for (i = 0; !ret && i < o->n; i++) {
		memset(&a, 0, sizeof(a));
		e.lease = leases ? &leases[i] : NULL;
		ret = ensure_image(o->recipes[i], &e, &a, err);
		if (!ret)
			fill(ic, &a, &v[i]);
		arrived |= a.built || a.pulled;
	}
	if (!ret && arrived)
		prune_after_arrival(ic);
	*out = v;
	return ret;
}

void
env_variables(const struct imgcache_env_image *image, struct strv *out)
{
	const char *const pairs[][2] = {
		{ "REF", image->ref },
		{ "TAG", image->tag },
		{ "DIGEST", image->digest },
		{ "IMAGE_ID", image->image_id },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		strv_pushf(out, "%s_%s", image->prefix, pairs[i][0]);
		strv_push(out, pairs[i][1]);
	}
}

int
imgcache_env(struct imgcache *ic, const struct imgcache_env_options *o,
	     const struct imgcache_env_image **out, struct imgcache_error *err)
{
	return env_collect(ic, o, "env", NULL, out, err);
}
