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

/* A directory that only one side has stands beside an empty one. */
static const struct tree_dir no_dir;

struct level {
	const struct tree_dir *a, *b;
	size_t i, k;
	size_t path_len;	/* of the directories' path, with the '/' */
};

struct diff {
	const struct tree_side *a, *b;
	bool whole;
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
		"added", "removed", "edited", "sent empty", "sent whole",
		"mode changed", "link changed", "type changed", "changed"
	};

	return text[c];
}

/* As the text has it: what only leads somewhere is written as 755. */
static uint32_t
mode_of(const struct tree_entry *e)
{
	return e->structure ? 0755 : e->id.mode & 07757;
}

static bool
tell(struct diff *d, enum tree_change c,
	const struct tree_entry *before,
	const struct tree_entry *after)
{
	return d->fn(d->payload, c, d->path.data, before, after);
}

static const struct tree_dir *
open_dir(const struct tree_side *s, const struct tree_entry *e)
{
	return s->open(s->payload, e);
}

static void
close_dir(const struct tree_side *s, const struct tree_dir *dir)
{
	if (dir && dir != &no_dir && s->close)
		s->close(s->payload, dir);
}

/*
 * Down into a directory that at least one side has; both NULL is the root.
 * False to stop.
 */
static bool
enter(struct diff *d, const struct tree_entry *a, const struct tree_entry *b)
{
	bool root = !a && !b;
	const struct tree_dir *x = a || root ? open_dir(d->a, a) : &no_dir;
	const struct tree_dir *y = b || root ? open_dir(d->b, b) : &no_dir;

	if (!x || !y) {
		close_dir(d->a, x);
		close_dir(d->b, y);
		return x == &no_dir || y == &no_dir ||
			tell(d, TREE_UNKNOWN, a, b);
	}
	if (!root)
		buf_addc(&d->path, '/');
	mem_grow(d->stack, d->n, d->cap);
	d->stack[d->n++] = (struct level){ x, y, 0, 0, d->path.len };
	return true;
}

static void
leave(struct diff *d)
{
	struct level *l = d->stack + --d->n;

	close_dir(d->a, l->a);
	close_dir(d->b, l->b);
}

/* Only one side has it; false to stop. */
static bool
tell_one(struct diff *d, enum tree_change c, const struct tree_entry *a,
	 const struct tree_entry *b)
{
	const struct tree_entry *e = a ? a : b;

	if (!tell(d, c, a, b))
		return false;
	return !d->whole || e->type != TREE_DIR || enter(d, a, b);
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
	if (more && a->hollow != b->hollow)
		more = tell(d, b->hollow ? TREE_EMPTIED : TREE_FILLED, a, b);
	if (!same && a->type == TREE_LINK)
		more = tell(d, TREE_RETARGETED, a, b);
	if (more && a->type != TREE_LINK && mode_of(a) != mode_of(b))
		more = tell(d, TREE_MODE, a, b);
	if (more && !same && a->type == TREE_DIR)
		more = enter(d, a, b);
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
		return tell_one(d, TREE_REMOVED, a, NULL);
	if (c > 0)
		return tell_one(d, TREE_ADDED, NULL, b);
	return compare(d, a, b);
}

void
tree_diff_sides(const struct tree_side *a, const struct tree_side *b,
		bool whole, tree_change_fn *fn, void *payload)
{
	struct diff d = { a, b, whole, fn, payload, BUF_INIT, NULL, 0, 0 };
	bool more = enter(&d, NULL, NULL);

	while (d.n && more) {
		struct level *l = d.stack + d.n - 1;

		if (l->i == l->a->n && l->k == l->b->n)
			leave(&d);
		else
			more = step(&d, l);
	}
	while (d.n)
		leave(&d);
	buf_release(&d.path);
	free(d.stack);
}

static const struct tree_dir *
open_of_tree(void *payload, const struct tree_entry *dir)
{
	return tree_dir(payload, dir ? dir->dir : 0);
}

struct tree_side
tree_side(const struct tree *t)
{
	/* looking at a tree only makes ready what is asked for */
	return (struct tree_side){ open_of_tree, NULL, (void *)t };
}

void
tree_diff(const struct tree *a, const struct tree *b, tree_change_fn *fn,
	  void *payload)
{
	struct tree_side x = tree_side(a), y = tree_side(b);

	tree_diff_sides(&x, &y, false, fn, payload);
}
