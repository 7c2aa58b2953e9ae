/* SPDX-License-Identifier: MIT */
/*
 * Two trees side by side: a merge of two sorted lists at every level, and down
 * only into directories that are in both and differ.
 */

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "source/tree_parts.h"

struct level {
	const struct tree_dir *a, *b;
	size_t i, k;
	size_t path_len;	/* of the directories' path, with the '/' */
};

struct diff {
	const struct tree *a, *b;
	tree_change_fn *fn;
	void *payload;
	struct buf path;
	struct level *stack;
	size_t n;
	size_t cap;
};

const char *
tree_change_text(enum tree_change c)
{
	static const char *const text[] = {
		"added", "removed", "edited", "mode changed", "link changed",
		"type changed"
	};

	return text[c];
}

static uint32_t
mode_of(const struct tree_entry *e)
{
	return e->structure ? 0 : e->id.mode & 07757;
}

static bool
tell(struct diff *d, enum tree_change c,
	const struct tree_entry *before,
	const struct tree_entry *after)
{
	return d->fn(d->payload, c, d->path.data, before, after);
}

static void
push(struct diff *d, const struct tree_dir *a,
	const struct tree_dir *b)
{
	mem_grow(d->stack, d->n, d->cap);
	d->stack[d->n++] = (struct level){ a, b, 0, 0, d->path.len };
}

/* The same name on both sides; false to stop. */
static bool
compare(struct diff *d, const struct tree_entry *a,
	const struct tree_entry *b)
{
	bool same = hash_equal(&a->digest, &b->digest);
	bool more = true;

	if (a->type != b->type ||
	    (a->type == TREE_SPECIAL && (a->id.rdev != b->id.rdev ||
	     (a->id.mode ^ b->id.mode) & ~07777u)))
		return tell(d, TREE_RETYPED, a, b);
	if (!same && a->type == TREE_FILE)
		more = tell(d, TREE_EDITED, a, b);
	if (!same && a->type == TREE_LINK)
		more = tell(d, TREE_RETARGETED, a, b);
	if (more && a->type != TREE_LINK && mode_of(a) != mode_of(b))
		more = tell(d, TREE_MODE, a, b);
	if (more && !same && a->type == TREE_DIR) {
		buf_addc(&d->path, '/');
		push(d, tree_dir(d->a, a->dir), tree_dir(d->b, b->dir));
	}
	return more;
}

/* The next name of the level on top; false to stop. */
static bool
step(struct diff *d, struct level *l)
{
	const struct tree_entry *a = l->i < l->a->n ? l->a->entries + l->i : 0;
	const struct tree_entry *b = l->k < l->b->n ? l->b->entries + l->k : 0;
	int c = !a ? 1 : !b ? -1 : strcmp(a->name, b->name);

	l->i += c <= 0;
	l->k += c >= 0;
	buf_truncate(&d->path, l->path_len);
	buf_adds(&d->path, c <= 0 ? a->name : b->name);
	if (c < 0)
		return tell(d, TREE_REMOVED, a, NULL);
	if (c > 0)
		return tell(d, TREE_ADDED, NULL, b);
	return compare(d, a, b);
}

void
tree_diff(const struct tree *a, const struct tree *b, tree_change_fn *fn,
	  void *payload)
{
	struct diff d = { a, b, fn, payload, BUF_INIT, NULL, 0, 0 };
	bool more = true;

	push(&d, tree_dir(a, 0), tree_dir(b, 0));
	while (d.n && more) {
		struct level *l = d.stack + d.n - 1;

		if (l->i == l->a->n && l->k == l->b->n)
			d.n--;
		else
			more = step(&d, l);
	}
	buf_release(&d.path);
	free(d.stack);
}
