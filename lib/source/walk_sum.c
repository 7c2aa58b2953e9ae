/* SPDX-License-Identifier: MIT */
/*
 * From the bottom upwards: whoever finishes the last child goes on with the
 * parent. Where nothing changed since the stat cache was written, its digest is
 * taken and no text is made, so that a warm run hashes nothing.
 */

#include <stdlib.h>
#include <string.h>

#include "source/walk_parts.h"

static int
make_digest(struct worker *k, struct node *n)
{
	size_t count = tree_entries(n, k->w->digester.kind, &k->sorted,
				    &k->cap_sorted);

	buf_clear(&k->text);
	for (size_t i = 0; i < count; i++) {
		if (i && !strcmp(k->sorted[i - 1].name, k->sorted[i].name)) {
			node_path(n, &k->path);
			return walk_gone(k, "changed");
		}
		tree_entry_line(k->sorted + i, &k->text);
	}
	return hash_bytes(k->w->digester.kind, k->text.data, k->text.len,
			  &n->digest, &k->err);
}

/* Is everything in it as it was? Also drops children without content. */
static bool
look_at_children(struct worker *k, struct node *n)
{
	bool same = n->has_was && n->run.data == n->was.run.data &&
		n->was.digest.len == hash_size(k->w->digester.kind);

	n->kept = n->run.n;
	for (uint32_t i = 0; i < n->run.n_dirs; i++) {
		struct node *child = n->children + i;

		child->gone = (child->structure || child->ignored) &&
			!child->kept;
		n->kept -= child->gone;
		same = same && child->same;
	}
	return same;
}

static int
sum_one(struct worker *k, struct node *n)
{
	int rc = 0;

	if (look_at_children(k, n) || k->w->o->sizes_only)
		n->digest = n->was.digest;
	else
		rc = make_digest(k, n);
	n->same = n->has_was && n->mode == n->was.mode &&
		hash_equal(&n->digest, &n->was.digest);
	k->changed |= !n->same || n->run.data != n->was.run.data;
	return rc;
}

int
walk_sum(struct worker *k, struct node *n)
{
	int rc;

	do {
		rc = sum_one(k, n);
		n = n->parent;
	} while (!rc && n && atomic_fetch_sub(&n->pending, 1) == 1);
	return rc;
}
