/* SPDX-License-Identifier: MIT */
#include "key/side.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "source/listing.h"
#include "store/objects.h"

/* A file that cannot be read is one of which nothing can be said. */
static void
read_dockerfile(struct side *s, const struct buf *text)
{
	struct imgcache_error ignored = {0};

	if (dockerfile_parse(text->data, text->len, "Dockerfile", &s->df,
			     &ignored))
		s->df = NULL;
}

int
side_now(struct side *s, const struct inputs *in, struct imgcache_error *err)
{
	memset(s, 0, sizeof(*s));
	s->ic = in->ic;
	s->in = in;
	s->tag = in->tag;
	s->hash = hash_name(in->hash);
	s->is_generated = in->r->recipe->kind == RECIPE_GENERATED;
	if (!manifest_read(&s->manifest, in->manifest.data, in->manifest.len))
		return error_set(err, IMGCACHE_EFAIL, "a manifest of ours "
				 "cannot be read");
	read_dockerfile(s, &in->dockerfile);
	return 0;
}

static int
read_manifest(struct side *s, const struct image_row *row,
	      struct imgcache_error *err)
{
	struct buf text = BUF_INIT;
	bool found = false;
	int ret = 0;

	if (row->manifest)
		ret = objects_get(s->ic->catalog, s->hash, row->manifest,
				  &text, &found, err);
	if (!ret && !found && (row->status == IMAGE_FAILED ||
			       row->status == IMAGE_INTERRUPTED))
		ret = error_set(err, IMGCACHE_ENO, "the build of %s %s here, "
				"so what it was to be made from was not kept; "
				"see imgcache log %.12s", s->tag,
				row->status == IMAGE_FAILED ? "failed" :
				"did not end", strchr(s->tag, '-') + 1);
	else if (!ret && !found && row->status == IMAGE_CHANGED)
		ret = error_set(err, IMGCACHE_ENO, "the sources of %s changed "
				"while it was built, so what it was made from "
				"is not known; see imgcache log %.12s", s->tag,
				strchr(s->tag, '-') + 1);
	else if (!ret && (!found || !manifest_read(&s->manifest, text.data,
					      text.len)))
		ret = error_set(err, IMGCACHE_ENO, "what %s was made from is "
				"not known; it was not built here", s->tag);
	buf_release(&text);
	return ret;
}

int
side_kept(struct side *s, struct imgcache *ic, const struct image_row *row,
	  struct imgcache_error *err)
{
	const char *file;
	bool found = false;
	int ret;

	memset(s, 0, sizeof(*s));
	s->ic = ic;
	s->tag = arena_strdup(&ic->arena, row->key.tag);
	s->hash = arena_strdup(&ic->arena, row->hash);
	s->is_generated = str_is(row->recipe, "generated");
	ret = read_manifest(s, row, err);
	if (ret)
		return ret;
	file = side_value(s, "dockerfile", NULL);
	if (file)
		ret = objects_get(ic->catalog, s->hash,
				  manifest_last_word(file), &s->text, &found,
				  err);
	if (found)
		read_dockerfile(s, &s->text);
	return ret;
}

void
side_share_dockerfile(struct side *s, const struct side *other)
{
	const struct buf *text = side_file(other);

	if (s->df || !other->df || strcmp(s->hash, other->hash) ||
	    !str_is(side_value(s, "dockerfile", NULL),
		    side_value(other, "dockerfile", NULL)))
		return;
	buf_add(&s->text, text->data, text->len);
	read_dockerfile(s, &s->text);
}

const struct buf *
side_file(const struct side *s)
{
	return s->in ? inputs_counted_file(s->in) : &s->text;
}

bool
side_uses_stage(const struct side *s, size_t stage)
{
	const struct inputs *in = s->in;

	for (size_t i = 0; in && i < in->n_stages; i++)
		if (in->stages[i] == stage)
			return true;
	return !in || !in->n_stages;
}

void
side_release(struct side *s)
{
	dockerfile_free(s->df);
	buf_release(&s->text);
	manifest_lines_release(&s->manifest);
	memset(s, 0, sizeof(*s));
}

const char *
side_value(const struct side *s, const char *word, const char *name)
{
	return manifest_value(&s->manifest, word, name);
}

const char *
side_arg(const struct side *s, const char *name)
{
	const struct strv *args = s->in ? &s->in->key_args : NULL;
	size_t len = strlen(name);

	if (!args || !side_value(s, "arg", name))
		return NULL;
	for (size_t i = args->n; i-- > 0;)
		if (!strncmp(args->v[i], name, len) && args->v[i][len] == '=')
			return args->v[i] + len + 1;
	return NULL;
}

/* "named NAME dir H" for a named one. */
const char *
side_tree(const struct side *s, const char *context)
{
	const char *value = side_value(s, context ? "named" : "context",
				       context);

	if (!value || (context && !str_starts(value, "dir ")) ||
	    !strcmp(value, "none"))
		return NULL;
	return manifest_last_word(value);
}

static const struct tree *
live_tree(const struct side *s, const char *context)
{
	const struct inputs *in = s->in;

	for (size_t i = 0; in && i < in->n_contexts; i++)
		if (str_is(in->contexts[i].name, context))
			return in->contexts[i].tree;
	return NULL;
}

/* Directories that the catalog has, read one by one as they are entered. */
struct kept_tree {
	const struct side *side;
	const char *root;
};

static const struct tree_dir *
open_kept(void *payload, const struct tree_entry *dir)
{
	const struct kept_tree *k = payload;
	struct imgcache_error ignored = {0};
	struct buf text = BUF_INIT;
	struct listing *l = NULL;
	char hex[HASH_HEX_SIZE];
	bool found = false;

	(void)objects_get(k->side->ic->catalog, k->side->hash,
			  dir ? hash_hex(&dir->digest, hex) : k->root, &text,
			  &found, &ignored);
	if (found) {
		l = mem_alloc(sizeof(*l));
		found = listing_parse(l, text.data, text.len);
	}
	if (l && !found) {
		listing_release(l);
		free(l);
	}
	buf_release(&text);
	return found ? &l->dir : NULL;
}

static void
close_kept(void *payload, const struct tree_dir *dir)
{
	struct listing *l = (struct listing *)dir;

	(void)payload;
	listing_release(l);
	free(l);
}

static struct tree_side
tree_of(const struct side *s, const char *context, struct kept_tree *k)
{
	const struct tree *live = live_tree(s, context);

	if (live)
		return tree_side(live);
	k->side = s;
	k->root = side_tree(s, context);
	return (struct tree_side){ open_kept, close_kept, k };
}

void
side_diff_context(const struct side *a, const struct side *b,
		  const char *context, tree_change_fn *fn, void *payload)
{
	const char *x = side_tree(a, context), *y = side_tree(b, context);
	struct tree_side before, after;
	struct kept_tree k[2];

	if (!x || !y || strcmp(a->hash, b->hash) || !strcmp(x, y))
		return;
	before = tree_of(a, context, &k[0]);
	after = tree_of(b, context, &k[1]);
	tree_diff_sides(&before, &after, true, fn, payload);
}
