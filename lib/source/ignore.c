/* SPDX-License-Identifier: MIT */
/*
 * Matching in a walk. A rule "holds" for a path when its pattern matches the
 * path, or when it was noted for the parent; the last rule that holds decides.
 * Noted for a directory are, in rule order, the rules it has from its parent
 * and those that changed the answer when their turn came: a rule that could not
 * change it is not even tried by the original, so it is not handed down. That
 * is why "x" below a parent can answer differently than the parent alone would
 * suggest, and it is kept.
 *
 * But when BuildKit opens a file to send it, it asks again, and then tries
 * every rule on every parent. A rule that was not even tried in the walk can
 * refuse the file there, and BuildKit sends its name and size without its
 * content. So each directory also knows the last rule that nobody tried on it
 * or a parent although it holds.
 *
 * Each directory also knows which of the rules without a hash can still match
 * below it, so that the others cost its entries nothing.
 */

#include "source/ignore.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "source/ignore_anchors.h"

struct ignore_dir {
	const struct ignore *ig;
	size_t path_len;
	size_t depth;		/* parts of the path: '/' in its children's */
	uint64_t hash;		/* of the path and a '/' */
	bool newline;		/* one is in the path */
	bool ignored;
	bool descend;
	int64_t untried;	/* the last that holds, not tried; or -1 */
	uint32_t *noted;	/* ascending */
	size_t n_noted;
	uint32_t *live;		/* ascending; of ig->scanned */
	size_t n_live;
	uint32_t lists[];	/* noted, then live */
};

/* Rules that hold for one path; an inherited one is 2 * rule, else + 1. */
struct holds {
	uint32_t small[16];
	uint32_t *v;
	size_t n;
	size_t cap;
};

static void
holds_add(struct holds *h, size_t rule, bool inherited)
{
	if (h->n == h->cap && h->v == h->small) {
		h->v = mem_array(h->cap * 2, sizeof(*h->v));
		memcpy(h->v, h->small, sizeof(h->small));
		h->cap *= 2;
	} else if (h->n == h->cap) {
		h->cap *= 2;
		h->v = mem_resize(h->v, h->cap, sizeof(*h->v));
	}
	h->v[h->n++] = (uint32_t)(rule * 2 + !inherited);
}

static int
by_rule(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a;
	uint32_t y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static struct glob_path
glob_path(const struct ignore_dir *d, const char *path,
	  size_t len)
{
	return (struct glob_path){
		.s = path,
		.len = len,
		.base = d->path_len ? d->path_len + 1 : 0,
		.depth = d->depth,
		.newline = d->newline,
	};
}

/* Every hashed rule whose pattern matches the path. */
static void
each_hashed(const struct ignore_dir *d, const struct glob_path *p,
	    ignore_rule_fn *fn, void *payload)
{
	const struct ignore *ig = d->ig;
	const char *name = p->s + p->base;
	size_t len = p->len - p->base;
	uint64_t hashes[2];

	if (!ignore_may_be_hashed(ig, name, len))
		return;
	hashes[0] = ignore_hash(d->hash, name, len);
	hashes[1] = ignore_hash(IGNORE_HASH_NAME, name, len);
	for (int k = 0; k < 2; k++) {
		uint32_t i = ig->buckets[ignore_bucket(ig, hashes[k])];

		for (; i != RULE_NONE; i = ig->rules[i].next)
			if (ig->rules[i].hash == hashes[k] &&
			    glob_match(&ig->rules[i].glob, p))
				fn(payload, i);
	}
}

static void
keep_highest(void *payload, size_t rule)
{
	int64_t *last = payload;

	if ((int64_t)rule > *last)
		*last = (int64_t)rule;
}

/* The last rule that holds decides; the earlier ones need no look. -1: none. */
static int64_t
last_rule(const struct ignore_dir *d, const char *path, size_t len)
{
	const struct ignore_rule *rules = d->ig->rules;
	struct glob_path p = glob_path(d, path, len);
	int64_t last = d->n_noted ? (int64_t)d->noted[d->n_noted - 1] : -1;

	each_hashed(d, &p, keep_highest, &last);
	if (d->ig->anchors)
		ignore_anchors_each(d->ig->anchors, &(struct ignore_lookup){
			&p, &last, keep_highest, &last });
	for (size_t i = d->n_live; i-- > 0 && d->live[i] > last;)
		if (glob_match(&rules[d->live[i]].glob, &p))
			last = d->live[i];
	return last;
}

static bool
ignores(const struct ignore *ig, int64_t rule)
{
	return rule >= 0 && !ig->rules[rule].exception;
}

size_t
ignore_file_rule(const struct ignore_dir *d, const char *path, size_t len)
{
	int64_t last = last_rule(d, path, len);

	return ignores(d->ig, last) ? (size_t)last : IGNORE_NO_RULE;
}

size_t
ignore_hollow_rule(const struct ignore_dir *d, const char *path, size_t len)
{
	int64_t last = ignores(d->ig, d->untried) ? last_rule(d, path, len) :
		d->untried;

	return last < d->untried && !ignores(d->ig, last) ?
		(size_t)d->untried : IGNORE_NO_RULE;
}

bool
ignore_file(const struct ignore_dir *d, const char *path, size_t len)
{
	return ignore_file_rule(d, path, len) != IGNORE_NO_RULE;
}

static void
add_hold(void *payload, size_t rule)
{
	holds_add(payload, rule, false);
}

static void
find_holds(const struct ignore_dir *parent,
	   const struct glob_path *p, struct holds *h)
{
	const int64_t none = -1;

	for (size_t i = 0; i < parent->n_noted; i++)
		holds_add(h, parent->noted[i], true);
	each_hashed(parent, p, add_hold, h);
	if (parent->ig->anchors)
		ignore_anchors_each(parent->ig->anchors,
				    &(struct ignore_lookup){
					p, &none, add_hold, h });
	for (size_t i = 0; i < parent->n_live; i++)
		if (glob_match(&parent->ig->rules[parent->live[i]].glob, p))
			holds_add(h, parent->live[i], false);
	qsort(h->v, h->n, sizeof(*h->v), by_rule);
}

/* Go through the rules that hold, noting those that are handed down. */
static void
note(struct ignore_dir *d, const struct holds *h)
{
	for (size_t i = 0; i < h->n; i++) {
		uint32_t rule = h->v[i] / 2;
		bool inherited = h->v[i] % 2 == 0;
		bool exception = d->ig->rules[rule].exception;

		if (i && h->v[i - 1] / 2 == rule)
			continue;
		if (!inherited && exception != d->ignored) {
			if (rule > d->untried)
				d->untried = rule;
			continue;
		}
		d->noted[d->n_noted++] = rule;
		d->ignored = !exception;
	}
}

/* fsutil's own test whether to enter an ignored directory. */
static bool
buildkit_enters(const struct ignore *ig, const char *path,
		size_t len)
{
	if (!ig->plain_exceptions || ig->enters_all)
		return true;
	for (size_t i = 0; i < ig->n; i++) {
		const char *below = ig->rules[i].below;

		if (below && strncmp(below, path, len) == 0 &&
		    below[len] == '/')
			return true;
	}
	return false;
}

/* Only an exception behind the last rule that holds can keep anything. */
static bool
can_descend(const struct ignore_dir *d, const char *path)
{
	const struct ignore *ig = d->ig;
	size_t len = d->path_len;

	if (!d->ignored)
		return true;
	if (!ig->n_exceptions || !buildkit_enters(ig, path, len))
		return false;
	for (size_t i = d->noted[d->n_noted - 1] + 1; i < ig->n; i++)
		if (ig->rules[i].exception &&
		    glob_may_match_below(&ig->rules[i].glob, path, len,
					 d->depth))
			return true;
	return false;
}

static void
find_live(struct ignore_dir *d, const struct ignore_dir *parent,
	  const char *path)
{
	for (size_t i = 0; i < parent->n_live; i++) {
		const struct glob *g = &d->ig->rules[parent->live[i]].glob;

		if (glob_may_reach_below(g, path, d->path_len, d->depth))
			d->live[d->n_live++] = parent->live[i];
	}
}

struct ignore_dir *
ignore_root(const struct ignore *ig)
{
	struct ignore_dir *d = mem_alloc(sizeof(*d));

	d->ig = ig;
	d->hash = IGNORE_HASH_PATH;
	d->untried = -1;
	d->descend = true;
	d->live = ig->scanned;
	d->n_live = ig->n_scanned;
	return d;
}

struct ignore_dir *
ignore_enter(const struct ignore_dir *parent,
	     const char *path, size_t len)
{
	struct glob_path p = glob_path(parent, path, len);
	struct holds h = { .n = 0, .cap = 16 };
	struct ignore_dir *d;

	h.v = h.small;
	find_holds(parent, &p, &h);
	d = mem_alloc(sizeof(*d) + (h.n + parent->n_live) * sizeof(uint32_t));
	d->ig = parent->ig;
	d->path_len = len;
	d->depth = parent->depth + 1;
	d->newline = parent->newline ||
		     memchr(path + p.base, '\n', len - p.base);
	d->hash = ignore_hash(parent->hash, path + p.base, len - p.base);
	d->hash = ignore_hash(d->hash, "/", 1);
	d->untried = parent->untried;
	d->noted = d->lists;
	d->live = d->lists + h.n;
	note(d, &h);
	d->descend = can_descend(d, path);
	if (d->descend)
		find_live(d, parent, path);
	if (h.v != h.small)
		free(h.v);
	return d;
}

void
ignore_leave(struct ignore_dir *d)
{
	free(d);
}

bool
ignore_dir_ignored(const struct ignore_dir *d)
{
	return d->ignored;
}

/* The last one noted is the one that changed the answer last. */
size_t
ignore_dir_rule(const struct ignore_dir *d)
{
	return d->ignored ? d->noted[d->n_noted - 1] : IGNORE_NO_RULE;
}

bool
ignore_can_descend(const struct ignore_dir *d)
{
	return d->descend;
}

bool
ignore_may_hold_below(const struct ignore_dir *d, const char *path)
{
	const struct ignore *ig = d->ig;

	if (d->n_noted || !d->path_len)
		return ig->n > 0;
	for (size_t i = 0; i < ig->n; i++)
		if (!ig->rules[i].exception &&
		    glob_may_match_below(&ig->rules[i].glob, path,
					 d->path_len, d->depth))
			return true;
	return false;
}

/* The state of the directory that path is in, or of the first not entered. */
static struct ignore_dir *
state_above(const struct ignore *ig, const char *path)
{
	struct ignore_dir *d = ignore_root(ig);
	const char *slash = path;

	while ((slash = strchr(slash, '/')) && d->descend) {
		struct ignore_dir *child = ignore_enter(d, path,
							(size_t)(slash - path));

		ignore_leave(d);
		d = child;
		slash++;
	}
	return d;
}

bool
ignore_may_hold_in(const struct ignore *ig, const char *path)
{
	struct ignore_dir *above = state_above(ig, path), *d = above;
	bool may;

	if (*path && above->descend)
		d = ignore_enter(above, path, strlen(path));
	may = !d->descend || ignore_may_hold_below(d, path);
	if (d != above)
		ignore_leave(d);
	ignore_leave(above);
	return may;
}

bool
ignore_matches(const struct ignore *ig, const char *path)
{
	struct ignore_dir *d = state_above(ig, path);
	bool ignored = !d->descend || ignore_file(d, path, strlen(path));

	ignore_leave(d);
	return ignored;
}

size_t
ignore_matches_hollow(const struct ignore *ig, const char *path)
{
	struct ignore_dir *d = state_above(ig, path);
	size_t rule = d->descend ? ignore_hollow_rule(d, path, strlen(path)) :
		IGNORE_NO_RULE;

	ignore_leave(d);
	return rule;
}
