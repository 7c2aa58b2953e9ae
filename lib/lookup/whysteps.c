/* SPDX-License-Identifier: MIT */
/*
 * The steps as they are now are compared with those of the old world. Whose
 * doing it is that a step runs again is found by taking each change back alone:
 * the first step whose id is then another hangs on it. Of a file the steps that
 * read it are told.
 */
#include "lookup/whysteps.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "key/reads.h"
#include "lookup/stepnames.h"
#include "lookup/world.h"
#include "recipe/dockerfile_map.h"

/* With more changes than that it is not told which of them did what. */
#define MAX_TAKEN_BACK 64

struct finding {
	struct changes *c;
	struct reads reads;
	struct dockerfile_steps *now;
	struct imgcache_step *v;	/* the same, as they are told */
	struct arena *arena;
	/* the readers told last: files beside each other have the same */
	const int *readers;
	size_t n_readers;
};

/* The ids of a world's steps, of both kinds. */
struct ids {
	struct dockerfile_steps *steps;		/* whose ids they are */
	struct strmap all, sure;
};

static void
add_id(struct strmap *map, const struct hash *id)
{
	*strmap_at(map, (const char *)id->bytes, id->len) = 0;
}

static bool
has_id(const struct strmap *map, const struct hash *id)
{
	return strmap_get(map, (const char *)id->bytes, id->len) !=
		STRMAP_NONE;
}

static bool
ids_of(struct ids *ids, const struct world *w)
{
	struct imgcache_error ignored = {0};

	memset(ids, 0, sizeof(*ids));
	if (world_steps(w, &ids->steps, &ignored))
		return false;
	for (size_t i = 0; i < ids->steps->n; i++) {
		add_id(&ids->all, &ids->steps->v[i].id);
		add_id(&ids->sure, &ids->steps->v[i].sure);
	}
	return true;
}

static void
ids_release(struct ids *ids)
{
	strmap_release(&ids->all);
	strmap_release(&ids->sure);
	dockerfile_steps_free(ids->steps);
}

static void
take_steps(struct finding *f, struct imgcache_step *v)
{
	for (size_t i = 0; i < f->now->n; i++) {
		const struct dockerfile_step *s = &f->now->v[i];
		struct buf text = BUF_INIT;

		if (f->c->b->is_generated)
			stepnames_title(s, &text);
		else
			dockerfile_show(s->in, &text);
		v[i] = (struct imgcache_step){
			.stage = arena_strdup(f->arena, s->stage_name),
			.number = s->number,
			.total = s->total,
			.text = arena_strdup(f->arena, text.data),
			.line = s->line,
			.is_from = s->in->keyword == DOCKERFILE_FROM,
			.us = -1,
		};
		buf_release(&text);
	}
}

/* Which steps run again; false if that cannot be told. */
static bool
mark_breaks(struct finding *f, struct imgcache_step *v)
{
	const struct world old = {
		.a = f->c->a, .b = f->c->b, .all_old = true
	};
	struct ids ids;

	if (!ids_of(&ids, &old))
		return false;
	for (size_t i = 0; i < f->now->n; i++) {
		v[i].breaks = !has_id(&ids.all, &f->now->v[i].id);
		v[i].maybe = v[i].breaks &&
			has_id(&ids.sure, &f->now->v[i].sure);
	}
	ids_release(&ids);
	return true;
}

/*
 * Does the step run again because of what this world is without? A FROM is no
 * step that runs; what stands on it is.
 */
static bool
hangs_on(const struct finding *f, const struct ids *without, size_t i,
	 bool sure)
{
	const struct dockerfile_step *s = &f->now->v[i];

	if (s->in->keyword == DOCKERFILE_FROM || !f->v[i].breaks)
		return false;
	return sure ? !f->v[i].maybe && !has_id(&without->sure, &s->sure) :
		!has_id(&without->all, &s->id);
}

/* The first step that would be another without this change, a sure one first. */
static void
blame(struct finding *f, struct change *change)
{
	const struct world without = {
		.a = f->c->a, .b = f->c->b, .without = change,
		.files = f->c, .reads = &f->reads,
	};
	struct ids ids;
	size_t n = f->now->n, i, sure;
	int *first;

	if (change->is_rename || !ids_of(&ids, &without))
		return;
	for (i = 0; i < n && !hangs_on(f, &ids, i, false); i++)
		;
	for (sure = i; sure < n && !hangs_on(f, &ids, sure, true); sure++)
		;
	if (i < n) {
		first = arena_alloc(f->arena, sizeof(*first));
		*first = (int)(sure < n ? sure : i);
		change->c.steps = first;
		change->c.n_steps = 1;
	}
	ids_release(&ids);
}

static bool
reads_file(struct finding *f, size_t i, const struct imgcache_change *file)
{
	const struct dockerfile_step *s = &f->now->v[i];

	for (size_t k = 0; k < s->n_reads; k++)
		if (world_reads(&f->reads, &s->reads[k], file))
			return true;
	return false;
}

static void
find_readers(struct finding *f, struct imgcache_change *file)
{
	int *v = mem_array(f->now->n + 1, sizeof(*v)), *kept;
	size_t n = 0;

	for (size_t i = 0; i < f->now->n; i++)
		if (reads_file(f, i, file))
			v[n++] = (int)i;
	if (n != f->n_readers || memcmp(v, f->readers, n * sizeof(*v))) {
		kept = arena_alloc(f->arena, (n + 1) * sizeof(*v));
		memcpy(kept, v, n * sizeof(*v));
		f->readers = kept;
		f->n_readers = n;
	}
	free(v);
	file->steps = f->readers;
	file->n_steps = n;
}

static void
blame_all(struct finding *f, bool known)
{
	struct changes *c = f->c;
	size_t others = c->n - (c->n_files < c->max_files ? c->n_files :
				c->max_files);

	for (size_t i = 0; i < c->n; i++) {
		if (c->v[i].c.subject == IMGCACHE_SUBJECT_FILE)
			find_readers(f, &c->v[i].c);
		else if (known && others <= MAX_TAKEN_BACK)
			blame(f, &c->v[i]);
	}
}

/* In a directory of which the old content was lost, anything may differ. */
static bool
has_lost_files(const struct changes *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->v[i].c.subject == IMGCACHE_SUBJECT_FILE &&
		    c->v[i].c.how == IMGCACHE_LOST)
			return true;
	return false;
}

static void
sum_up(const struct finding *f, struct imgcache_step *v,
       struct imgcache_why *out)
{
	out->steps = v;
	out->n_steps = f->now->n;
	out->first_step = -1;
	for (size_t i = 0; i < f->now->n; i++) {
		out->n_runs += !v[i].is_from;
		if (!v[i].breaks || v[i].is_from)
			continue;
		if (out->first_step < 0 && !v[i].maybe)
			out->first_step = (int)i;
		out->n_breaks++;
		out->n_maybe += v[i].maybe;
		if (v[i].us < 0)
			continue;
		out->n_timed++;
		out->cost_us += v[i].us;
	}
}

int
whysteps_find(struct changes *c, const struct image_row *last,
	      struct imgcache_why *out, struct imgcache_error *err)
{
	static const int nobody;
	struct finding f = {
		.c = c,
		.reads = { .in = c->b->in },
		.arena = c->arena,
		.readers = &nobody,
	};
	const struct world now = {
		.a = c->a, .b = c->b, .files = c, .reads = &f.reads
	};
	struct imgcache_error ignored = {0};
	struct imgcache_step *v;
	int ret = 0;

	if (world_steps(&now, &f.now, &ignored))
		goto out;
	v = arena_alloc(c->arena, (f.now->n + 1) * sizeof(*v));
	take_steps(&f, v);
	f.v = v;
	out->knows_steps = mark_breaks(&f, v) && !has_lost_files(c);
	blame_all(&f, out->knows_steps);
	ret = whysteps_times(c, f.now, last, v, err);
	sum_up(&f, v, out);
out:
	dockerfile_steps_free(f.now);
	reads_release(&f.reads);
	return ret;
}
