/* SPDX-License-Identifier: MIT */
/*
 * What a step took is looked for in the newest builds of the same name in which
 * docker really ran it, by its stage and words; of one that was edited, by the
 * words it had. Entries of one build with one name (of several platforms, or
 * the two of a COPY --link) count together.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/strv.h"
#include "lookup/stepnames.h"
#include "lookup/whysteps.h"
#include "store/builds.h"

#define MAX_BUILDS 32

struct timing {
	struct changes *c;
	const struct dockerfile_steps *now;
	struct imgcache_step *v;
	char **titles;		/* of the steps, as the catalog has them */
	char **old_titles;	/* of those that were edited, else NULL */
};

static const struct dockerfile_instruction *
was(const struct changes *c, const struct dockerfile_instruction *in)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->v[i].edit.after == in)
			return c->v[i].edit.before;
	for (size_t i = 0; i < c->hidden.n; i++)
		if (c->hidden.v[i].after == in)
			return c->hidden.v[i].before;
	return NULL;
}

static char *
title_of(const struct dockerfile_instruction *in)
{
	const struct dockerfile_step step = { .in = in };
	struct buf b = BUF_INIT;

	stepnames_title(&step, &b);
	return buf_detach(&b);
}

static void
make_titles(struct timing *t)
{
	size_t n = t->now->n;

	t->titles = mem_array(n + 1, sizeof(*t->titles));
	t->old_titles = mem_array(n + 1, sizeof(*t->old_titles));
	for (size_t i = 0; i < n; i++) {
		const struct dockerfile_instruction *in = t->now->v[i].in;
		const struct dockerfile_instruction *old = was(t->c, in);

		t->titles[i] = title_of(in);
		t->old_titles[i] = old ? title_of(old) : NULL;
	}
}

static void
free_titles(struct timing *t)
{
	for (size_t i = 0; i < t->now->n; i++) {
		free(t->titles[i]);
		free(t->old_titles[i]);
	}
	free(t->titles);
	free(t->old_titles);
}

/* The sum of the entries with that name that ran; -1: there is none. */
static int64_t
time_in(const struct step_list *list, const char *stage, const char *title)
{
	int64_t us = -1;

	for (size_t i = 0; title && i < list->n; i++)
		if (!list->v[i].cached &&
		    stepnames_is(list->v[i].name, stage, title))
			us = (us < 0 ? 0 : us) + list->v[i].us;
	return us;
}

/* How many of those that run again have no time yet. */
static size_t
take_build(struct timing *t, const struct step_list *list)
{
	size_t missing = 0;

	for (size_t i = 0; i < t->now->n; i++) {
		struct imgcache_step *s = &t->v[i];

		if (s->us < 0)
			s->us = time_in(list, s->stage, t->titles[i]);
		if (s->us < 0)
			s->us = time_in(list, s->stage, t->old_titles[i]);
		missing += s->us < 0 && s->breaks && !s->is_from;
	}
	return missing;
}

/* Another project's image of the same name says nothing about this one. */
static int
take_builds(struct timing *t, const struct build_filter *filter,
	    const char *project, struct imgcache_error *err)
{
	struct catalog *cat = t->c->b->ic->catalog;
	struct build_list builds = {0};
	size_t missing = 1;
	int ret = builds_list(cat, filter, &builds, err);

	for (size_t i = 0; !ret && missing && i < builds.n; i++) {
		struct step_list steps = {0};

		if (!str_is(builds.v[i].project, project))
			continue;
		ret = builds_steps(cat, builds.v[i].id, &steps, err);
		if (!ret)
			missing = take_build(t, &steps);
		step_list_release(&steps);
	}
	build_list_release(&builds);
	return ret;
}

int
whysteps_times(struct changes *c, const struct dockerfile_steps *now,
	       const struct image_row *last, struct imgcache_step *steps,
	       struct imgcache_error *err)
{
	struct timing t = { .c = c, .now = now, .v = steps };
	struct build_filter filter = {
		.name = last->name,
		.tag = last->name ? NULL : last->key.tag,
		.statuses = 1u << BUILD_COMPLETED | 1u << BUILD_CHANGED |
			1u << BUILD_FAILED,
		.limit = MAX_BUILDS,
	};
	int ret;

	make_titles(&t);
	ret = take_builds(&t, &filter, last->project, err);
	free_titles(&t);
	return ret;
}
