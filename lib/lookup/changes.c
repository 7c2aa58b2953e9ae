/* SPDX-License-Identifier: MIT */
/*
 * Manifests are compared by subject: a line that both sides have with another
 * value was edited, one that a side has alone came or went.
 */
#include "lookup/changes.h"

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
void
changes_named(struct changes *c, enum imgcache_subject subject,
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

void
changes_join(struct changes *c, size_t i, size_t k)
{
	struct imgcache_change *x = &c->v[i].c, *y = &c->v[k].c;

	y->how = IMGCACHE_EDITED;
	y->before = x->name;
	y->after = y->name;
	*x = *y;
	memmove(&c->v[k], &c->v[k + 1], (c->n - k - 1) * sizeof(*c->v));
	c->n--;
}

/* The only one of that kind, or c->n. */
static size_t
only(const struct changes *c, size_t from, enum imgcache_how how)
{
	size_t found = c->n;

	for (size_t i = from; i < c->n; i++) {
		if (c->v[i].c.how != how)
			continue;
		if (found < c->n)
			return c->n;
		found = i;
	}
	return found;
}

bool
changes_join_pair(struct changes *c, size_t from)
{
	size_t i = only(c, from, IMGCACHE_REMOVED);
	size_t k = only(c, from, IMGCACHE_ADDED);

	if (i >= k || k == c->n)
		return false;
	changes_join(c, i, k);
	return true;
}

static void
compare_platforms(struct changes *c)
{
	size_t from = c->n;

	changes_named(c, IMGCACHE_SUBJECT_PLATFORM, "platform", false);
	(void)changes_join_pair(c, from);
}

bool
changes_target(const struct changes *c)
{
	return !str_is(side_value(c->a, "target", NULL),
		       side_value(c->b, "target", NULL));
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
	return changes_target(c) || !declares(s, arg->name) ||
		changes_has(c, IMGCACHE_SUBJECT_INSTRUCTION);
}

/* The epoch reaches a Dockerfile as an arg; one of the two is enough. */
static void
compare_args(struct changes *c)
{
	size_t from = c->n, n = from;
	bool rolled = !str_is(side_value(c->a, "epoch", NULL),
			      side_value(c->b, "epoch", NULL));

	changes_named(c, IMGCACHE_SUBJECT_ARG, "arg", false);
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

	changes_named(c, IMGCACHE_SUBJECT_CONTEXT, "named", true);
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
	changes_find_edits(c);
	changes_in_bases(c);
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
	changes_named(c, IMGCACHE_SUBJECT_HOST, "addhost", false);
	changes_named(c, IMGCACHE_SUBJECT_LABEL, "label", true);
	changes_named(c, IMGCACHE_SUBJECT_SECRET, "secret", false);
	changes_named(c, IMGCACHE_SUBJECT_SSH, "ssh", false);
	compare_contexts(c);
	changes_named(c, IMGCACHE_SUBJECT_KEY_FILE, "extra", false);
	compare_counted(c);
	changes_give_edits(c);
	changes_in_files(c);
}

void
changes_release(struct changes *c)
{
	free(c->v);
	free(c->edits);
	free(c->stages);
	dockerfile_edits_release(&c->hidden);
	memset(c, 0, sizeof(*c));
}
