/* SPDX-License-Identifier: MIT */
#include "report/stats_reasons.h"

#include <stdlib.h>
#include <string.h>

#include "imgcache.h"
#include "store/stats.h"

/* Of a row that a later version wrote there is no word of ours. */
static const char *
word(enum imgcache_reason r)
{
	return r ? imgcache_reason_word(r) : "other";
}

static int
most_first(const void *a, const void *b)
{
	const struct imgcache_count *x = a, *y = b;

	if (x->n != y->n)
		return x->n < y->n ? 1 : -1;
	return strcmp(x->name, y->name);
}

const struct imgcache_count *
stats_reasons_of_all(const struct stats *s, struct arena *a, size_t *n)
{
	struct imgcache_count *v =
		arena_alloc(a, IMGCACHE_REASONS * sizeof(*v));

	*n = 0;
	for (int i = 0; i < IMGCACHE_REASONS; i++)
		if (s->misses_by_reason[i]) {
			v[*n].name = word((enum imgcache_reason)i);
			v[(*n)++].n = s->misses_by_reason[i];
		}
	if (*n)
		qsort(v, *n, sizeof(*v), most_first);
	return v;
}

void
stats_reasons_init(struct stats_reasons *r, const struct stats *s,
		   struct arena *a)
{
	struct imgcache_count *v =
		arena_alloc(a, (s->n_reasons + 1) * sizeof(*v));

	for (size_t i = 0; i < s->n_reasons; i++) {
		v[i].name = word(s->reasons[i].reason);
		v[i].n = s->reasons[i].n;
	}
	r->stats = s;
	r->counts = v;
}

/* As the rows are in order: those of all images, of NULL, come first. */
static int
compare(const struct stats_reason *row, const char *name, int64_t day)
{
	int order = row->name && name ? strcmp(row->name, name) :
		!!row->name - !!name;

	return order ? order : (row->day > day) - (row->day < day);
}

const struct imgcache_count *
stats_reasons_of(const struct stats_reasons *r, const char *name, int64_t day,
		 size_t *n)
{
	const struct stats_reason *rows = r->stats->reasons;
	size_t low = 0, high = r->stats->n_reasons, end;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (compare(&rows[middle], name, day) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (end = low; end < r->stats->n_reasons &&
	     !compare(&rows[end], name, day); end++)
		;
	*n = end - low;
	return r->counts + low;
}
