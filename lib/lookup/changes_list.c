/* SPDX-License-Identifier: MIT */
/* The list itself: what comes onto it, and what two entries are together. */
#include "lookup/changes.h"

#include <string.h>

#include "recipe/manifest.h"

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

void
changes_values(struct changes *c, struct change *new, const char *before,
	       const char *after)
{
	new->c.before = arena_strdup(c->arena, before);
	new->c.after = arena_strdup(c->arena, after);
}

static bool
same_hash(const struct changes *c)
{
	return !strcmp(c->a->hash, c->b->hash);
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
			changes_values(c, new, l->value, NULL);
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
			changes_values(c, new, old, l->value);
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

bool
changes_target(const struct changes *c)
{
	return !str_is(side_value(c->a, "target", NULL),
		       side_value(c->b, "target", NULL));
}
