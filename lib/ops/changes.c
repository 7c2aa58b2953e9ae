/* SPDX-License-Identifier: MIT */
/*
 * Manifests are compared by subject: a line that both sides have with another
 * value was edited, one that a side has alone came or went.
 */
#include "ops/changes.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "recipe/generate.h"
#include "recipe/manifest.h"
#include "store/bases.h"

struct change *
changes_add(struct changes *c, enum imgcache_subject subject,
	    enum imgcache_how how, const char *name)
{
	struct change *new;

	mem_grow(c->v, c->n, c->cap);
	new = &c->v[c->n++];
	memset(new, 0, sizeof(*new));
	new->c.subject = subject;
	new->c.how = how;
	new->c.name = arena_strdup(c->arena, name);
	return new;
}

bool
changes_has(const struct changes *c, enum imgcache_subject subject)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->v[i].c.subject == subject)
			return true;
	return false;
}

static bool
same_hash(const struct changes *c)
{
	return !strcmp(c->a->hash, c->b->hash);
}

static void
set_values(struct changes *c, struct change *new, const char *before,
	   const char *after)
{
	new->c.before = arena_strdup(c->arena, before);
	new->c.after = arena_strdup(c->arena, after);
}

/* A word that stands once. "-" is how a manifest writes none. */
static void
compare_single(struct changes *c, enum imgcache_subject subject,
	       const char *word)
{
	const char *x = side_value(c->a, word, NULL);
	const char *y = side_value(c->b, word, NULL);

	x = str_is(x, "-") ? NULL : x;
	y = str_is(y, "-") ? NULL : y;
	if (str_is(x, y))
		return;
	set_values(c, changes_add(c, subject, !x ? IMGCACHE_ADDED :
				  !y ? IMGCACHE_REMOVED : IMGCACHE_EDITED,
				  NULL), x, y);
}

/* The lines of a word in `from` whose name `in` has not. */
static const struct manifest_line *
next_only(const struct side *from, const struct side *in, const char *word,
	  size_t *i)
{
	for (; *i < from->manifest.n; ++*i) {
		const struct manifest_line *l = &from->manifest.v[*i];

		if (!strcmp(l->word, word) &&
		    !manifest_find(&in->manifest, word, l->name)) {
			++*i;
			return l;
		}
	}
	return NULL;
}

/* Words whose lines have names; shown: their values may be seen. */
static void
compare_named(struct changes *c, enum imgcache_subject subject,
	      const char *word, bool shown)
{
	const struct manifest_line *l;
	struct change *new;
	size_t i;

	for (i = 0; (l = next_only(c->a, c->b, word, &i));) {
		new = changes_add(c, subject, IMGCACHE_REMOVED, l->name);
		if (shown)
			set_values(c, new, l->value, NULL);
	}
	for (i = 0; i < c->b->manifest.n; i++) {
		const char *old;

		l = &c->b->manifest.v[i];
		if (strcmp(l->word, word))
			continue;
		old = side_value(c->a, word, l->name);
		if (old && (!strcmp(old, l->value) ||
			    (!shown && !same_hash(c))))
			continue;
		new = changes_add(c, subject, old ? IMGCACHE_EDITED :
				  IMGCACHE_ADDED, l->name);
		if (shown)
			set_values(c, new, old, l->value);
	}
}

/* The i-th went and the k-th came: one that was replaced. */
static void
join(struct changes *c, size_t i, size_t k)
{
	struct imgcache_change *x = &c->v[i].c, *y = &c->v[k].c;

	y->how = IMGCACHE_EDITED;
	y->before = x->name;
	y->after = y->name;
	*x = *y;
	memmove(&c->v[k], &c->v[k + 1], (c->n - k - 1) * sizeof(*c->v));
	c->n--;
}

static void
join_pair(struct changes *c, size_t from)
{
	if (c->n == from + 2 && c->v[from].c.how == IMGCACHE_REMOVED &&
	    c->v[from + 1].c.how == IMGCACHE_ADDED)
		join(c, from, from + 1);
}

static void
compare_platforms(struct changes *c)
{
	size_t from = c->n;

	compare_named(c, IMGCACHE_SUBJECT_PLATFORM, "platform", false);
	join_pair(c, from);
}

/* The name of our image behind a base, if that is what it is. */
static const char *
image_name(struct changes *c, const char *tag)
{
	struct imgcache_error ignored = {0};
	struct image_list list = {0};
	const char *name = NULL;

	if (tag && manifest_is_tag(tag) && c->b->ic->catalog &&
	    !images_find(c->b->ic->catalog, NULL, tag, &list, &ignored) &&
	    list.n)
		name = arena_strdup(c->arena, list.v[0].name);
	image_list_release(&list);
	return name;
}

/* When the answer that is used now was had. */
static int64_t
resolved_at(struct changes *c, const char *ref)
{
	const struct manifest_line *platform = NULL;
	struct imgcache_error ignored = {0};
	struct base_row row;
	bool found = false;

	for (size_t i = 0; i < c->b->manifest.n && !platform; i++)
		if (!strcmp(c->b->manifest.v[i].word, "platform"))
			platform = &c->b->manifest.v[i];
	if (!platform || !c->b->ic->catalog ||
	    bases_get(c->b->ic->catalog, NULL, ref, platform->name, c->arena,
		      &row, &found, &ignored) || !found)
		return 0;
	return row.resolved_at;
}

static bool
is_ours(const struct imgcache_change *base, enum imgcache_how how)
{
	const char *value = how == IMGCACHE_ADDED ? base->after : base->before;

	return base->how == how && value && manifest_is_tag(value);
}

/*
 * Our images have their key in their name: the same image of ours moved on. The
 * new one may not be built yet, and then has no name that the catalog knows.
 */
static void
join_ours(struct changes *c, size_t from)
{
	for (size_t i = from; i < c->n; i++) {
		const char *was, *is;

		if (!is_ours(&c->v[i].c, IMGCACHE_REMOVED))
			continue;
		was = image_name(c, c->v[i].c.before);
		for (size_t k = from; was && k < c->n; k++) {
			if (!is_ours(&c->v[k].c, IMGCACHE_ADDED))
				continue;
			is = image_name(c, c->v[k].c.after);
			if (is && strcmp(is, was))
				continue;
			join(c, i, k);
			c->v[k < i ? i - 1 : i].c.of = was;
			i -= k < i;
			break;
		}
	}
}

static bool
target_differs(const struct changes *c)
{
	return !str_is(side_value(c->a, "target", NULL),
		       side_value(c->b, "target", NULL));
}

/* Another target stands on other bases: that is the target's doing. */
static void
drop_unused(struct changes *c, size_t from)
{
	size_t n = from;

	if (!target_differs(c))
		return;
	for (size_t i = from; i < c->n; i++)
		if (c->v[i].c.how != IMGCACHE_ADDED &&
		    c->v[i].c.how != IMGCACHE_REMOVED)
			c->v[n++] = c->v[i];
	c->n = n;
}

static void
compare_bases(struct changes *c)
{
	size_t from = c->n;

	compare_named(c, IMGCACHE_SUBJECT_BASE, "base", true);
	for (size_t i = from; i < c->n; i++) {
		struct imgcache_change *base = &c->v[i].c;

		if (base->how != IMGCACHE_EDITED)
			continue;
		base->how = IMGCACHE_MOVED;
		base->at = resolved_at(c, base->name);
	}
	join_ours(c, from);
	join_pair(c, from);
	drop_unused(c, from);
}

static bool
declares(const struct side *s, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < s->df->n; i++) {
		const struct dockerfile_instruction *in = &s->df->v[i];

		for (size_t k = 0; in->keyword == DOCKERFILE_ARG &&
		     k < in->n_args; k++)
			if (!strncmp(in->args[k], name, len) &&
			    (!in->args[k][len] || in->args[k][len] == '='))
				return true;
	}
	return false;
}

/*
 * An arg counts where it is declared and can be used, given or not. It may come
 * or go because an instruction did, or another target is built: that is told
 * there.
 */
static bool
counts_newly(const struct changes *c, const struct imgcache_change *arg)
{
	const struct side *s = arg->how == IMGCACHE_ADDED ? c->a : c->b;

	if ((arg->how != IMGCACHE_ADDED && arg->how != IMGCACHE_REMOVED) ||
	    dockerfile_arg_always_counts(arg->name) || !s->df ||
	    side_value(s, "context-reason", NULL))
		return false;
	return target_differs(c) || !declares(s, arg->name) ||
		changes_has(c, IMGCACHE_SUBJECT_INSTRUCTION);
}

/* The epoch reaches a Dockerfile as an arg; one of the two is enough. */
static void
compare_args(struct changes *c)
{
	size_t from = c->n, n = from;
	bool rolled = !str_is(side_value(c->a, "epoch", NULL),
			      side_value(c->b, "epoch", NULL));

	compare_named(c, IMGCACHE_SUBJECT_ARG, "arg", false);
	for (size_t i = from; i < c->n; i++)
		if (!(rolled && !strcmp(c->v[i].c.name, GENERATE_EPOCH_ARG)) &&
		    !counts_newly(c, &c->v[i].c))
			c->v[n++] = c->v[i];
	c->n = n;
}

/* Directories are compared file by file. */
static void
compare_contexts(struct changes *c)
{
	size_t from = c->n, n = from;

	compare_named(c, IMGCACHE_SUBJECT_CONTEXT, "named", true);
	for (size_t i = from; i < c->n; i++)
		if (!side_tree(c->a, c->v[i].c.name) ||
		    !side_tree(c->b, c->v[i].c.name))
			c->v[n++] = c->v[i];
	c->n = n;
}

/* "full", "sources" or "none", and for full why. */
static char *
counted(const struct side *s)
{
	const char *value = side_value(s, "context", NULL);
	const char *why = side_value(s, "context-reason", NULL);
	size_t n = strcspn(value ? value : "", " ");

	return mem_printf("%.*s%s%s%s", (int)n, value ? value : "",
			  why ? " (" : "", why ? why : "", why ? ")" : "");
}

/* From none to sources, or back, it goes as instructions come and go. */
static bool
follows_file(const struct changes *c, const char *x, const char *y)
{
	return *x != 'f' && *y != 'f' &&
		(changes_has(c, IMGCACHE_SUBJECT_INSTRUCTION) ||
		 changes_has(c, IMGCACHE_SUBJECT_ARG) ||
		 changes_has(c, IMGCACHE_SUBJECT_TARGET));
}

static void
compare_counted(struct changes *c)
{
	char *x = counted(c->a), *y = counted(c->b);

	if (strcmp(x, y) && !follows_file(c, x, y))
		set_values(c, changes_add(c, IMGCACHE_SUBJECT_COUNTED,
					  IMGCACHE_EDITED, NULL), x, y);
	free(x);
	free(y);
}

void
changes_find(struct changes *c, const struct side *a, const struct side *b,
	     size_t max_files)
{
	memset(c, 0, sizeof(*c));
	c->a = a;
	c->b = b;
	c->max_files = max_files;
	c->arena = &b->ic->arena;
	compare_bases(c);
	compare_single(c, IMGCACHE_SUBJECT_FRONTEND, "frontend");
	compare_single(c, IMGCACHE_SUBJECT_HASH, "hash");
	changes_in_dockerfile(c);
	compare_args(c);
	changes_in_packages(c);
	compare_single(c, IMGCACHE_SUBJECT_EPOCH, "epoch");
	compare_platforms(c);
	compare_single(c, IMGCACHE_SUBJECT_SALT, "salt");
	compare_single(c, IMGCACHE_SUBJECT_TARGET, "target");
	compare_single(c, IMGCACHE_SUBJECT_NETWORK, "network");
	compare_named(c, IMGCACHE_SUBJECT_HOST, "addhost", false);
	compare_named(c, IMGCACHE_SUBJECT_LABEL, "label", true);
	compare_named(c, IMGCACHE_SUBJECT_SECRET, "secret", false);
	compare_named(c, IMGCACHE_SUBJECT_SSH, "ssh", false);
	compare_contexts(c);
	compare_named(c, IMGCACHE_SUBJECT_KEY_FILE, "extra", false);
	compare_counted(c);
	changes_give_edits(c);
	changes_in_files(c);
}

void
changes_release(struct changes *c)
{
	free(c->v);
	dockerfile_edits_release(&c->hidden);
	memset(c, 0, sizeof(*c));
}
