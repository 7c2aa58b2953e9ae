/* SPDX-License-Identifier: MIT */
#include "lookup/arrival.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "docker/engine.h"
#include "key/aliases.h"
#include "key/kept.h"
#include "recipe/grammar.h"
#include "session/labels.h"
#include "source/tree.h"

struct image_row
arrival_row(const struct inputs *in, const struct image_key *key)
{
	const struct base *root = inputs_root(in);
	struct image_row row = {
		.key = *key,
		.hash = hash_name(in->hash),
		.ref = in->ref,
		.name = in->r->recipe->name,
		.project = in->r->recipe->root,
		.recipe = in->r->recipe->kind == RECIPE_GENERATED ?
			"generated" : "dockerfile",
		.base_ref = root ? root->ref : NULL,
		.base_digest = root ? root->digest : NULL,
		.size_bytes = -1,
	};

	return row;
}

void
arrival_names(struct inputs *in, const char *id, const char *const *tags)
{
	struct imgcache_error err = {0}, ignored = {0};
	struct strv names = {0};
	struct engine *e;
	size_t i;
	int ret = session_engine(in->ic, &e, &err);

	aliases_of(in, &names);
	for (i = 0; !ret && i < names.n; i++)
		ret = engine_tag(e, id, names.v[i], &err);
	if (ret)
		session_warn(in->ic, "the image is there, but not under every "
			     "name: %s", err.text);
	for (; !ret && tags && *tags; tags++)
		(void)engine_tag(e, id, *tags, &ignored);
	strv_release(&names);
}

void
arrival_size(struct engine *e, struct engine_image *image)
{
	const char *key = engine_image_label(image, LABEL_KEY);
	char *filter = mem_printf("%s%s%s", LABEL_KEY, key ? "=" : "",
				  key ? key : "");
	struct imgcache_error ignored = {0};
	struct engine_images all = {0};
	size_t i;

	if (!engine_images(e, filter, &all, &ignored))
		for (i = 0; i < all.n; i++)
			if (!strcmp(all.v[i].id, image->id))
				image->size_bytes = all.v[i].size_bytes;
	engine_images_release(&all);
	free(filter);
}

void
arrival_replaces(struct inputs *in, const char *old_id, const char *new_id)
{
	struct engine_containers used = {0};
	struct imgcache_error ignored = {0};
	struct engine_image old = {0};
	enum engine_removed removed;
	const char *label;
	struct engine *e;

	if (!old_id || !strcmp(old_id, new_id) ||
	    session_engine(in->ic, &e, &ignored) ||
	    engine_image(e, old_id, &old, &ignored))
		goto out;
	label = engine_image_label(&old, LABEL_KEY);
	if (old.tags[0] || !label || strcmp(label, in->tag) ||
	    engine_containers(e, old_id, &used, &ignored) || used.n)
		goto out;
	(void)engine_remove(e, old_id, &removed, NULL, &ignored);
out:
	engine_containers_release(&used);
	engine_image_release(&old);
}

static void
add_asked(struct image_dependency *v, size_t *n, enum grammar_manager manager,
	  const struct grammar_packages *list)
{
	size_t i;

	for (i = 0; i < list->n; i++) {
		v[*n].type = grammar_manager_name(manager);
		v[*n].name = list->v[i].name;
		v[*n].asked = list->v[i].version ? list->v[i].version : "";
		(*n)++;
	}
}

/* Packages as asked for; versions are filled in by the inventory. */
static int
store_asked(struct inputs *in, struct image_row *row, int64_t *id,
	    struct imgcache_error *err)
{
	const struct recipe *q = in->r->recipe;
	struct grammar_packages apt = {0}, npm = {0}, pip = {0};
	struct image_dependency *v;
	struct buf text = BUF_INIT;
	char hex[HASH_HEX_SIZE];
	struct hash h;
	size_t i, n = 0;
	int ret;

	ret = grammar_packages(GRAMMAR_APT, &q->apt, &apt, err);
	if (!ret)
		ret = grammar_packages(GRAMMAR_NPM, &q->npm, &npm, err);
	if (!ret)
		ret = grammar_packages(GRAMMAR_PIP, &q->pip, &pip, err);
	v = mem_array(apt.n + npm.n + pip.n + 1, sizeof(*v));
	add_asked(v, &n, GRAMMAR_APT, &apt);
	add_asked(v, &n, GRAMMAR_NPM, &npm);
	add_asked(v, &n, GRAMMAR_PIP, &pip);
	for (i = 0; i < n; i++)
		buf_addf(&text, "%s %s %s\n", v[i].type, v[i].name,
			 v[i].asked ? v[i].asked : "");
	if (!ret)
		ret = hash_bytes(HASH_XXH3, text.data, text.len, &h, err);
	if (!ret) {
		row->dependencies_hash = hash_hex(&h, hex);
		ret = images_put(in->ic->catalog, row, id, err);
	}
	if (!ret && n)
		ret = images_set_dependencies(in->ic->catalog, *id, v, n, err);
	free(v);
	buf_release(&text);
	grammar_packages_release(&apt);
	grammar_packages_release(&npm);
	grammar_packages_release(&pip);
	return ret;
}

int
arrival_inputs(struct inputs *in, struct image_row *row, int64_t *id,
	       struct imgcache_error *err)
{
	int ret = kept_put(in, KEPT_ALL, err);

	row->manifest = in->tag + 3;
	if (!ret)
		ret = store_asked(in, row, id, err);
	if (!ret && !row->name)
		ret = kept_note_name(in, err);
	return ret;
}
