/* SPDX-License-Identifier: MIT */
#include "warm.h"

#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "text.h"

#define WEEKS 4
#define WEEK_S (7 * 24 * 60 * 60)

struct candidate {
	struct imgcache_recipe *r;
	int64_t lookups;
	int64_t build_us;	/* -1: not known */
	double saving_us;
	char reason[1024];
};

static const struct imgcache_image_stats *
find_stats(const struct imgcache_stats *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->n_images; i++)
		if (s->images[i].is_named && !strcmp(s->images[i].name, name))
			return &s->images[i];
	return NULL;
}

/* What was built longest ago may have no build among the last weeks'. */
static int64_t
last_build_us(struct imgcache *ic, const char *name)
{
	const struct imgcache_filter f = {
		.name = name, .sort = IMGCACHE_BY_CREATED
	};
	struct imgcache_error ignored = {0};
	const struct imgcache_image *v;
	size_t i, n;

	if (!imgcache_list(ic, &f, &v, &n, &ignored))
		for (i = 0; i < n; i++)
			if (v[i].build_us > 0)
				return v[i].build_us;
	return -1;
}

/* When the image of the answer came to its status; 0: it never was there. */
static int64_t
since(struct imgcache *ic, const char *name, const struct imgcache_answer *a)
{
	const struct imgcache_filter f = { .name = name };
	struct imgcache_error ignored = {0};
	const struct imgcache_image *v;
	size_t i, n;

	if (!imgcache_list(ic, &f, &v, &n, &ignored))
		for (i = 0; i < n; i++)
			if (!strcmp(v[i].tag, a->tag))
				return v[i].status_at;
	return 0;
}

/* Did somebody want it after it was pruned last? */
static bool
is_missed(struct imgcache *ic, const char *name,
	  const struct imgcache_answer *a)
{
	int64_t at = since(ic, name, a);
	struct imgcache_error ignored = {0};
	const struct imgcache_image_stats *s;
	struct imgcache_stats stats = {0};

	if (!at || imgcache_stats(ic, at, &stats, &ignored))
		return false;
	s = find_stats(&stats, name);
	for (size_t i = 0; s && i < s->n_reasons; i++)
		if (!strcmp(s->misses_by_reason[i].name, "pruned"))
			return true;
	return false;
}

/*
 * *misses: is there nothing to be had, neither here nor in a registry? What is
 * wrong with one image does not keep the others cold. What prune took is left
 * to it unless somebody has missed it since, else each would undo what the
 * other does.
 */
static int
look(struct invocation *inv, struct candidate *c, bool *misses)
{
	static const struct imgcache_build_options dry = { .dry_run = true };
	struct imgcache_answer a = {0};
	int ret = imgcache_build(inv->ic, c->r, &dry, &a, &inv->err);

	*misses = !ret && a.state == IMGCACHE_MISS &&
		(a.reason != IMGCACHE_PRUNED ||
		 is_missed(inv->ic, imgcache_recipe_name(c->r), &a));
	if (*misses)
		answer_reason(&a, c->reason);
	if (ret != IMGCACHE_EFAIL)
		return ret;
	complain("warning: '%s' is left out: %s", imgcache_recipe_name(c->r),
		 inv->err.text);
	inv->err = (struct imgcache_error){0};
	return 0;
}

static int
by_saving(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->saving_us != y->saving_us)
		return x->saving_us < y->saving_us ? 1 : -1;
	if (x->lookups != y->lookups)
		return x->lookups < y->lookups ? 1 : -1;
	return strcmp(imgcache_recipe_name(x->r), imgcache_recipe_name(y->r));
}

static void
print_rank(const struct candidate *c, size_t rank)
{
	char each[IMGCACHE_TEXT], all[IMGCACHE_TEXT], saving[96];

	snprintf(saving, sizeof(saving), " x %s = %s",
		 imgcache_format_duration(each, c->build_us),
		 imgcache_format_duration(all, (int64_t)c->saving_us));
	text_line(stderr, 4, "%zu. %s: %lld lookup%s%s; %s", rank,
		  imgcache_recipe_name(c->r), (long long)c->lookups,
		  c->lookups == 1 ? "" : "s",
		  c->build_us < 0 ? ", build time not known" :
		  saving, c->reason);
}

static int
weigh(struct invocation *inv, const struct imgcache_stats *stats,
      struct candidate *c, bool *counts)
{
	const char *name = imgcache_recipe_name(c->r);
	const struct imgcache_image_stats *s = find_stats(stats, name);

	*counts = false;
	if (!s || !s->lookups)
		return 0;
	c->lookups = s->lookups;
	c->build_us = s->build_us > 0 ? s->build_us :
		last_build_us(inv->ic, name);
	c->saving_us = c->build_us > 0 ?
		(double)c->lookups * (double)c->build_us : 0;
	return look(inv, c, counts);
}

int
warm_choose(struct invocation *inv, int64_t limit, struct chosen *out)
{
	struct imgcache_stats stats = {0};
	struct imgcache_recipe **all;
	struct candidate *v = NULL;
	bool counts;
	size_t i, n, found = 0;
	int ret = imgcache_recipe_all(inv->ic, &all, &n, &inv->err);

	if (!ret)
		ret = imgcache_stats(inv->ic, imgcache_now_s() -
				     WEEKS * WEEK_S, &stats, &inv->err);
	if (ret)
		return ret;
	v = memory_checked(calloc(n + 1, sizeof(*v)));
	for (i = 0; !ret && i < n; i++) {
		v[found].r = all[i];
		ret = weigh(inv, &stats, &v[found], &counts);
		found += !ret && counts;
	}
	if (!ret) {
		qsort(v, found, sizeof(*v), by_saving);
		if (limit && found > (size_t)limit)
			found = (size_t)limit;
		out->v = memory_checked(calloc(found + 1, sizeof(*out->v)));
		for (i = 0; i < found; i++) {
			out->v[out->n++] = v[i].r;
			if (!given.quiet)
				print_rank(&v[i], i + 1);
		}
	}
	free(v);
	return ret;
}
