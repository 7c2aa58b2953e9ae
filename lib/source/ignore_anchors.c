/* SPDX-License-Identifier: MIT */
#include "source/ignore_anchors.h"

#include <stdlib.h>

#include "base/mem.h"

#define WORTH_IT 64		/* rules that are looked at one by one */
#define TEXT_MAX 64		/* bytes of a text that are hashed */

enum place { PLACE_BEGIN, PLACE_PART, PLACE_END, PLACE_COUNT };

struct anchor {
	enum place place;
	const char *text;
	size_t len;
};

struct anchored {
	uint64_t hash;
	uint32_t rule;
	uint32_t next;		/* a lower rule of the bucket, or RULE_NONE */
};

struct ignore_anchors {
	const struct ignore_rule *rules;
	uint64_t lens[PLACE_COUNT];	/* bit n: some text has n + 1 bytes */
	struct anchored *v;
	uint32_t *buckets;		/* mask + 1 of them */
	size_t mask;
};

static const uint64_t seeds[PLACE_COUNT] = {
	[PLACE_BEGIN] = IGNORE_HASH_PATH,
	[PLACE_PART] = IGNORE_HASH_NAME,
	[PLACE_END] = UINT64_C(0xd6e8feb86659fd93),
};

/* As a group at the beginning does, "**" "/" ends before a part. */
static struct anchor
begin_of(const struct glob *g)
{
	if (g->kind == GLOB_PREFIX)
		return (struct anchor){ PLACE_BEGIN, g->text, g->len };
	if (g->kind == GLOB_SUFFIX)
		return (struct anchor){ .place = PLACE_BEGIN };
	if (g->lead_len)
		return (struct anchor){ PLACE_BEGIN, g->lead, g->lead_len };
	if (glob_begins_with_group(g))
		return (struct anchor){ PLACE_PART, g->text, g->len };
	return (struct anchor){ .place = PLACE_BEGIN };
}

static struct anchor
end_of(const struct glob *g)
{
	if (g->kind == GLOB_PREFIX)
		return (struct anchor){ .place = PLACE_END };
	if (g->kind == GLOB_SUFFIX) {
		size_t slash = g->len && g->text[0] == '/';

		return (struct anchor){ PLACE_END, g->text + slash,
					g->len - slash };
	}
	return (struct anchor){ PLACE_END, g->tail, g->tail_len };
}

/* The longer one leaves fewer to compare with. */
static struct anchor
anchor_of(const struct glob *g)
{
	struct anchor begin = begin_of(g), end = end_of(g);
	struct anchor a = begin.len > end.len ? begin : end;

	if (a.len > TEXT_MAX) {
		a.text += a.place == PLACE_END ? a.len - TEXT_MAX : 0;
		a.len = TEXT_MAX;
	}
	return a;
}

static uint64_t
hash_of(const struct anchor *a)
{
	uint64_t h = seeds[a->place];

	if (a->place != PLACE_END)
		return ignore_hash(h, a->text, a->len);
	for (size_t i = a->len; i-- > 0;)
		h = ignore_hash(h, a->text + i, 1);
	return h;
}

static uint32_t *
bucket(const struct ignore_anchors *a, uint64_t hash)
{
	return &a->buckets[(size_t)(hash ^ hash >> 32) & a->mask];
}

/* Added in ascending order, found in descending order. */
static void
add(struct ignore_anchors *a, size_t n, uint32_t rule,
    const struct anchor *anchor)
{
	uint64_t hash = hash_of(anchor);
	uint32_t *first = bucket(a, hash);

	a->lens[anchor->place] |= UINT64_C(1) << (anchor->len - 1);
	a->v[n] = (struct anchored){ hash, rule, *first };
	*first = (uint32_t)n;
}

struct ignore_anchors *
ignore_anchors_new(struct ignore *ig)
{
	struct ignore_anchors *a;
	size_t size = 2 * WORTH_IT, kept = 0, n = 0;

	if (ig->n_scanned < WORTH_IT)
		return NULL;
	while (size < 2 * ig->n_scanned)
		size *= 2;
	a = mem_alloc(sizeof(*a));
	a->rules = ig->rules;
	a->mask = size - 1;
	a->v = mem_array(ig->n_scanned, sizeof(*a->v));
	a->buckets = mem_array(size, sizeof(*a->buckets));
	for (size_t i = 0; i < size; i++)
		a->buckets[i] = RULE_NONE;
	for (size_t i = 0; i < ig->n_scanned; i++) {
		uint32_t rule = ig->scanned[i];
		struct anchor anchor = anchor_of(&ig->rules[rule].glob);

		if (anchor.len)
			add(a, n++, rule, &anchor);
		else
			ig->scanned[kept++] = rule;
	}
	ig->n_scanned = kept;
	return a;
}

void
ignore_anchors_free(struct ignore_anchors *a)
{
	if (!a)
		return;
	free(a->v);
	free(a->buckets);
	free(a);
}

static void
look_up(const struct ignore_anchors *a, const struct ignore_lookup *l,
	uint64_t hash)
{
	uint32_t i = *bucket(a, hash);

	for (; i != RULE_NONE && a->v[i].rule > *l->above; i = a->v[i].next)
		if (a->v[i].hash == hash &&
		    glob_match(&a->rules[a->v[i].rule].glob, l->path))
			l->fn(l->payload, a->v[i].rule);
}

/* Each beginning of the text from s to end that is as long as some anchor. */
static void
look_up_from(const struct ignore_anchors *a, const struct ignore_lookup *l,
	     enum place place, const char *s)
{
	const char *end = l->path->s + l->path->len;
	uint64_t lens = a->lens[place], h = seeds[place];

	for (; lens && s < end; lens >>= 1) {
		h = ignore_hash(h, s++, 1);
		if (lens & 1)
			look_up(a, l, h);
	}
}

static void
look_up_ends(const struct ignore_anchors *a, const struct ignore_lookup *l)
{
	const char *s = l->path->s + l->path->len;
	uint64_t lens = a->lens[PLACE_END], h = seeds[PLACE_END];

	for (; lens && s > l->path->s; lens >>= 1) {
		h = ignore_hash(h, --s, 1);
		if (lens & 1)
			look_up(a, l, h);
	}
}

void
ignore_anchors_each(const struct ignore_anchors *a,
		    const struct ignore_lookup *l)
{
	const struct glob_path *p = l->path;

	look_up_ends(a, l);
	look_up_from(a, l, PLACE_BEGIN, p->s);
	for (size_t i = 0; i < p->len && a->lens[PLACE_PART]; i++)
		if (!i || p->s[i - 1] == '/')
			look_up_from(a, l, PLACE_PART, p->s + i);
}
