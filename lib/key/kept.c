/* SPDX-License-Identifier: MIT */
#include "key/kept.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "recipe/manifest_read.h"
#include "source/tree.h"
#include "store/contexts.h"
#include "store/lookups.h"
#include "store/objects.h"
#include "sys/file.h"

struct storing {
	struct catalog *cat;
	const char *hash;
	struct imgcache_error *err;
};

static bool
store_text(void *payload, const char *path, const struct hash *digest,
	   const struct buf *text)
{
	struct storing *s = payload;
	char hex[HASH_HEX_SIZE];

	(void)path;
	return !objects_put(s->cat, s->hash, hash_hex(digest, hex), text->data,
			    text->len, s->err);
}

/* Under the hash that the manifest has of it. */
static int
store_dockerfile(const struct inputs *in, const struct storing *s)
{
	const struct buf *file = inputs_counted_file(in);
	struct manifest_lines m;
	const char *value = NULL;
	int ret = 0;

	if (manifest_read(&m, in->manifest.data, in->manifest.len))
		value = manifest_value(&m, "dockerfile", NULL);
	if (value)
		ret = objects_put(s->cat, s->hash, manifest_last_word(value),
				  file->data, file->len, s->err);
	manifest_lines_release(&m);
	return ret;
}

int
kept_put(const struct inputs *in, enum kept_part part,
	 struct imgcache_error *err)
{
	struct storing s = {
		.cat = in->ic->catalog,
		.hash = hash_name(in->hash),
		.err = err,
	};
	size_t i;
	int ret;

	ret = objects_put(s.cat, s.hash, in->tag + 3, in->manifest.data,
			  in->manifest.len, err);
	if (!ret)
		ret = store_dockerfile(in, &s);
	for (i = 0; part == KEPT_ALL && !ret && i < in->n_contexts; i++) {
		if (in->contexts[i].tree)
			tree_each_text(in->contexts[i].tree, store_text, &s);
		ret = err->code;
	}
	return ret;
}

void
kept_children(void *payload, const char *text, size_t len, struct strv *ids)
{
	static const char *const words[] = {
		"d ", "context ", "named ", "dockerfile ", NULL
	};
	const char *end = text + len;
	const char *word;
	size_t i;

	(void)payload;
	while (text < end) {
		size_t n = strcspn(text, "\n");

		for (i = 0; words[i]; i++)
			if (str_starts(text, words[i]))
				break;
		for (word = text; words[i] && word < text + n;
		     word += strcspn(word, " \n") + 1) {
			size_t k = strspn(word, "0123456789abcdef");

			if (k == 40 || k == 32)
				strv_take(ids, mem_strndup(word, k));
		}
		text += n + 1;
	}
}

/* What a recipe that is none of the project is known by: where its files are. */
static const char *
flags_id(const struct inputs *in)
{
	const struct recipe *q = in->r->recipe;
	struct arena *a = &in->ic->arena;
	char *file;
	const char *id;

	if (q->kind == RECIPE_GENERATED)
		return arena_printf(a, "base %s %s", q->root, q->base);
	file = q->dockerfile ? path_absolute(q->root, q->dockerfile) : NULL;
	id = arena_printf(a, "file %s %s %s", in->contexts[0].path,
			  file ? file : "", q->target ? q->target : "");
	free(file);
	return id;
}

static const char *
noted_id(const struct inputs *in)
{
	const struct recipe *q = in->r->recipe;

	if (!q->name)
		return flags_id(in);
	return arena_printf(&in->ic->arena, "name %s %s", q->root, q->name);
}

int
kept_note_name(const struct inputs *in, struct imgcache_error *err)
{
	struct context_row row = { .key = in->tag };
	struct context_row old;
	bool found;
	int ret;

	row.id = noted_id(in);
	row.path = in->r->recipe->root;
	ret = contexts_get(in->ic->catalog, row.id, &in->ic->arena, &old,
			   &found, err);
	if (ret || (found && str_is(old.key, in->tag)))
		return ret;
	return contexts_put(in->ic->catalog, &row, err);
}

/* By the key that was noted, on that engine, else (NULL) on any. */
static int
find_noted(const struct inputs *in, const char *engine,
	   struct image_list *list, struct imgcache_error *err)
{
	struct catalog *cat = in->ic->catalog;
	struct image_key key = { .engine = engine, .platform = in->platform };
	struct context_row row;
	bool found;
	int ret = contexts_get(cat, noted_id(in), &in->ic->arena, &row, &found,
			       err);

	if (ret || !found || !row.key)
		return ret;
	key.tag = row.key;
	ret = engine ? images_get(cat, &key, list, err) :
		images_find(cat, NULL, row.key, list, err);
	while (!ret && list->n && !list->v[list->n - 1].manifest)
		list->n--;
	if (list->n > 1)
		list->n = 1;
	return ret;
}

int
kept_last(const struct inputs *in, const char *engine,
	  struct image_list *list, struct imgcache_error *err)
{
	struct image_filter filter = {
		.engine = engine,
		.name = in->r->recipe->name,
		.project = in->r->recipe->root,
		.with_manifest = true,
		.sort = IMAGE_BY_USED,
		.limit = 1,
	};
	int ret = 0;

	/* hits that were only journalled say what was used last */
	if (filter.name)
		ret = catalog_forgo(lookups_fold(in->ic->catalog, NULL, err),
				    err);
	if (!ret && filter.name)
		ret = images_list(in->ic->catalog, &filter, list, err);
	if (ret || list->n)
		return ret;
	return find_noted(in, engine, list, err);
}
