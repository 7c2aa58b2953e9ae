/* SPDX-License-Identifier: MIT */
/*
 * Instructions, and the packages of a generated file. An edit that only
 * follows from something else (a FROM line from its base, an install from its
 * packages) is hidden behind that.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/error.h"
#include "lookup/changes.h"
#include "lookup/steptitle.h"
#include "recipe/generate.h"
#include "recipe/generate_read.h"

static void
hide(struct changes *c, const struct dockerfile_edit *e)
{
	mem_grow(c->hidden.v, c->hidden.n, c->hidden.cap);
	c->hidden.v[c->hidden.n++] = *e;
}

void
changes_hide(struct changes *c, struct change_edit *edit)
{
	hide(c, &edit->e);
	edit->is_hidden = true;
}

/* Titles stand for the scripts that we wrote; a user's lines are his own. */
static const char *
shown(const struct changes *c, const struct buf *words)
{
	struct buf title = BUF_INIT;
	const char *text;

	if (!words->len)
		return NULL;
	if (c->b->is_generated)
		step_title(words->data, &title);
	text = arena_strdup(c->arena, c->b->is_generated ? title.data :
			    words->data);
	buf_release(&title);
	return text;
}

static void
show_sides(const struct changes *c, const struct dockerfile_edit *e,
	   struct imgcache_change *out)
{
	struct buf before = BUF_INIT, after = BUF_INIT;

	dockerfile_show_edit(e, &before, &after);
	out->before = shown(c, &before);
	out->after = shown(c, &after);
	buf_release(&before);
	buf_release(&after);
}

/* Edits of the same names of stages, which are undone together. */
static void
add_other_renames(struct changes *c, const struct change_edit *edit,
		  struct change *change)
{
	struct dockerfile_edit *more = arena_alloc(c->arena, (c->n_edits + 1) *
						   sizeof(*more));

	change->more = more;
	for (size_t i = 0; i < c->n_edits; i++)
		if (c->edits[i].renames && &c->edits[i] != edit)
			more[change->n_more++] = c->edits[i].e;
}

static void
add_edit(struct changes *c, const struct change_edit *edit)
{
	const struct dockerfile_edit *e = &edit->e;
	const struct dockerfile_instruction *in = e->after ? e->after :
		e->before;
	struct change *new = changes_add(c, IMGCACHE_SUBJECT_INSTRUCTION,
		!e->before ? IMGCACHE_ADDED : !e->after ? IMGCACHE_REMOVED :
		IMGCACHE_EDITED, dockerfile_keyword_name(in->keyword));

	if (in->keyword == DOCKERFILE_UNKNOWN)
		new->c.name = arena_strdup(c->arena, in->word);
	show_sides(c, e, &new->c);
	new->c.of = c->b->is_generated ? "generated" : NULL;
	new->c.line = e->after ? e->after->line : 0;
	new->edit = *e;
	new->is_rename = edit->only_renames;
	if (edit->renames)
		add_other_renames(c, edit, new);
}

/* A generated file names its base by digest. */
static bool
follows_base(const struct changes *c, const struct dockerfile_edit *e)
{
	return c->b->is_generated && e->before && e->after &&
		e->before->keyword == DOCKERFILE_FROM &&
		changes_has(c, IMGCACHE_SUBJECT_BASE);
}

/* The epoch comes into a generated file, or goes, with its ARG. */
static bool
follows_epoch(const struct changes *c, const struct dockerfile_edit *e)
{
	const struct dockerfile_instruction *in = e->after ? e->after :
		e->before;

	return c->b->is_generated && in->keyword == DOCKERFILE_ARG &&
		in->n_args && !strcmp(in->args[0], GENERATE_EPOCH_ARG);
}

/* Then each install has a line more, or less. */
static bool
epoch_came_or_went(const struct changes *c)
{
	return !side_value(c->a, "epoch", NULL) !=
		!side_value(c->b, "epoch", NULL);
}

static const char *
file_value(const struct side *s)
{
	const char *value = side_value(s, "dockerfile", NULL);

	return value ? value : "";
}

/* Under two kinds of hash, equal files have other hashes. */
static bool
same_file(const struct changes *c)
{
	const struct buf *x = side_file(c->a), *y = side_file(c->b);

	if (!strcmp(c->a->hash, c->b->hash))
		return !strcmp(file_value(c->a), file_value(c->b));
	return x->len == y->len && !memcmp(x->data, y->data, x->len);
}

/* The file without the stages that do not count. */
static struct dockerfile
counted_part(const struct changes *c, const struct side *s)
{
	struct dockerfile part = *s->df;
	bool counts = true;
	size_t stages = 0;

	part.n = 0;
	part.v = arena_alloc(c->arena, (s->df->n + 1) * sizeof(*part.v));
	for (size_t i = 0; i < s->df->n; i++) {
		if (s->df->v[i].keyword == DOCKERFILE_FROM)
			counts = side_uses_stage(s, stages++);
		if (counts)
			part.v[part.n++] = s->df->v[i];
	}
	return part;
}

/* The instruction itself, of which a part of the file has a copy. */
static const struct dockerfile_instruction *
itself(const struct dockerfile *df, const struct dockerfile_instruction *copy)
{
	for (size_t i = 0; copy && i < df->n; i++)
		if (df->v[i].line == copy->line)
			return &df->v[i];
	return NULL;
}

/* Instructions of one stage, from its FROM on, or those before the first. */
struct slice {
	const struct dockerfile_instruction *v;
	size_t n;
};

/* The slice that begins at *i, which is then behind it. */
static struct slice
next_slice(const struct dockerfile *df, size_t *i)
{
	struct slice s = { df->v + *i, *i };

	if (*i < df->n && df->v[*i].keyword == DOCKERFILE_FROM)
		++*i;
	while (*i < df->n && df->v[*i].keyword != DOCKERFILE_FROM)
		++*i;
	s.n = *i - s.n;
	return s;
}

/* By name, or where it has none by all that FROM says. */
static bool
is_same_stage(const struct slice *x, const struct slice *y)
{
	const struct dockerfile_instruction *a = x->v, *b = y->v;
	bool has_from = x->n && a->keyword == DOCKERFILE_FROM;

	if (!has_from || !y->n || b->keyword != DOCKERFILE_FROM)
		return !has_from && (!y->n || b->keyword != DOCKERFILE_FROM);
	if (a->n_args >= 3 && b->n_args >= 3)
		return !strcasecmp(a->args[2], b->args[2]);
	return a->n_args == b->n_args && !strcmp(a->text, b->text);
}

/* The stage of df that is this one too; an empty one if there is none. */
static struct slice
same_stage(const struct dockerfile *df, const struct slice *stage)
{
	size_t i = 0;

	do {
		struct slice s = next_slice(df, &i);

		if (is_same_stage(&s, stage))
			return s;
	} while (i < df->n);
	return (struct slice){ df->v, 0 };
}

static void
diff_stage(const struct slice *x, const struct slice *y,
	   struct dockerfile_edits *out)
{
	struct dockerfile a = { .v = (struct dockerfile_instruction *)x->v,
				.n = x->n };
	struct dockerfile b = { .v = (struct dockerfile_instruction *)y->v,
				.n = y->n };
	size_t from = out->n;

	dockerfile_diff(&a, &b, out);
	for (size_t i = from; i < out->n; i++)
		if (!out->v[i].next)
			out->v[i].next = y->v + y->n;
}

/* Another target has other stages: then one is compared with its like alone. */
static void
diff_by_stage(const struct dockerfile *a, const struct dockerfile *b,
	      struct dockerfile_edits *out)
{
	size_t i = 0;

	do {
		struct slice y = next_slice(b, &i);
		struct slice x = same_stage(a, &y);

		diff_stage(&x, &y, out);
	} while (i < b->n);
	i = 0;
	do {
		struct slice x = next_slice(a, &i);
		struct slice y = { b->v + b->n, 0 };

		if (!same_stage(b, &x).n && x.n)
			diff_stage(&x, &y, out);
	} while (i < a->n);
	for (i = 0; i < out->n; i++)
		if (out->v[i].next == b->v + b->n)
			out->v[i].next = NULL;
}

static void
find_edits(const struct changes *c, struct dockerfile_edits *out)
{
	struct dockerfile a = counted_part(c, c->a);
	struct dockerfile b = counted_part(c, c->b);

	if (changes_target(c))
		diff_by_stage(&a, &b, out);
	else
		dockerfile_diff(&a, &b, out);
	for (size_t i = 0; i < out->n; i++) {
		struct dockerfile_edit *e = &out->v[i];

		e->before = itself(c->a->df, e->before);
		e->after = itself(c->b->df, e->after);
		e->next = itself(c->b->df, e->next);
	}
}

void
changes_find_edits(struct changes *c)
{
	struct dockerfile_edits edits = {0};

	if (same_file(c) || !c->a->df || !c->b->df)
		return;
	find_edits(c, &edits);
	c->edits = mem_array(edits.n + 1, sizeof(*c->edits));
	for (; c->n_edits < edits.n; c->n_edits++)
		c->edits[c->n_edits].e = edits.v[c->n_edits];
	dockerfile_edits_release(&edits);
	changes_mark_renames(c);
}

static bool
came_or_went(const struct changes *c, const struct dockerfile_instruction *in)
{
	for (size_t i = 0; i < c->n_edits; i++) {
		const struct dockerfile_edit *e = &c->edits[i].e;

		if (e->before == in || e->after == in)
			return !e->before || !e->after;
	}
	return false;
}

/* With another target whole stages come and go. */
static bool
follows_target(const struct changes *c, const struct dockerfile_edit *e)
{
	const struct dockerfile *df = e->after ? c->b->df : c->a->df;
	const struct dockerfile_instruction *in = e->after ? e->after :
		e->before;

	if ((e->before && e->after) || !changes_target(c))
		return false;
	while (in > df->v && in->keyword != DOCKERFILE_FROM)
		in--;
	return in->keyword == DOCKERFILE_FROM && came_or_went(c, in);
}

static void
add_stage(struct changes *c, const struct dockerfile_edit *e)
{
	const struct dockerfile_instruction *from = e->after ? e->after :
		e->before;
	struct imgcache_stage *new;

	mem_grow(c->stages, c->n_stages, c->cap_stages);
	new = &c->stages[c->n_stages++];
	memset(new, 0, sizeof(*new));
	new->how = e->after ? IMGCACHE_ADDED : IMGCACHE_REMOVED;
	if (from->n_args >= 3)
		new->name = arena_strdup(c->arena, from->args[2]);
	new->lines = arena_alloc(c->arena, (c->n_edits + 1) *
				 sizeof(*new->lines));
}

/* A line of a stage that another target brought, or took: FROM comes first. */
static void
add_stage_line(struct changes *c, const struct dockerfile_edit *e)
{
	const struct dockerfile_instruction *in = e->after ? e->after :
		e->before;
	struct imgcache_change sides = {0};
	struct imgcache_stage *stage;

	if (in->keyword == DOCKERFILE_FROM)
		add_stage(c, e);
	if (!c->n_stages)
		return;
	stage = &c->stages[c->n_stages - 1];
	show_sides(c, e, &sides);
	stage->lines[stage->n_lines++] = e->after ? sides.after : sides.before;
}

void
changes_in_dockerfile(struct changes *c)
{
	if (same_file(c))
		return;
	if (!c->a->df || !c->b->df) {
		changes_add(c, IMGCACHE_SUBJECT_INSTRUCTION, IMGCACHE_LOST,
			    NULL);
		return;
	}
	if (!c->n_edits)
		changes_add(c, IMGCACHE_SUBJECT_INSTRUCTION, IMGCACHE_EDITED,
			    NULL);
	for (size_t i = 0; i < c->n_edits; i++) {
		struct change_edit *edit = &c->edits[i];

		if (edit->is_hidden)
			continue;
		if (follows_target(c, &edit->e)) {
			add_stage_line(c, &edit->e);
			changes_hide(c, edit);
		} else if (follows_base(c, &edit->e) ||
			   follows_epoch(c, &edit->e)) {
			changes_hide(c, edit);
		} else {
			add_edit(c, edit);
		}
	}
}

/* apt tells one name on two architectures apart. */
static int
by_name(const struct grammar_package *x, const struct grammar_package *y)
{
	int order = strcmp(x->name, y->name);

	return order ? order : strcmp(x->arch ? x->arch : "",
				      y->arch ? y->arch : "");
}

static const struct grammar_package *
find_package(const struct grammar_packages *list,
	     const struct grammar_package *wanted)
{
	for (size_t i = 0; i < list->n; i++)
		if (!by_name(&list->v[i], wanted))
			return &list->v[i];
	return NULL;
}

static void
add_package(struct changes *c, const struct grammar_package *x,
	    const struct grammar_package *y)
{
	const struct grammar_package *p = y ? y : x;
	struct change *new = changes_add(c, IMGCACHE_SUBJECT_PACKAGE,
		!x ? IMGCACHE_ADDED : !y ? IMGCACHE_REMOVED : IMGCACHE_EDITED,
		p->name);

	new->c.of = grammar_manager_name(p->manager);
	new->c.before = x ? arena_strdup(c->arena, x->text) : NULL;
	new->c.after = y ? arena_strdup(c->arena, y->text) : NULL;
}

static bool
compare_packages(struct changes *c, const struct grammar_packages *x,
		 const struct grammar_packages *y)
{
	size_t from = c->n;

	for (size_t i = 0; i < x->n; i++)
		if (!find_package(y, &x->v[i]))
			add_package(c, &x->v[i], NULL);
	for (size_t i = 0; i < y->n; i++) {
		const struct grammar_package *old = find_package(x, &y->v[i]);

		if (!old || strcmp(old->text, y->v[i].text))
			add_package(c, old, &y->v[i]);
	}
	return c->n > from;
}

/* Is this edit one of an install of which we know why it changed? */
static bool
follows_packages(const struct dockerfile_edit *e, const bool *changed)
{
	const struct dockerfile_instruction *in = e->after ? e->after :
		e->before;
	enum grammar_manager manager;

	return in && generate_installs(in, &manager) && changed[manager];
}

static void
hide_installs(struct changes *c, const bool *changed)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++) {
		if (c->v[i].c.subject == IMGCACHE_SUBJECT_INSTRUCTION &&
		    follows_packages(&c->v[i].edit, changed))
			hide(c, &c->v[i].edit);
		else
			c->v[n++] = c->v[i];
	}
	c->n = n;
}

/* Is the hidden edit this change's doing? */
static bool
is_doing_of(const struct changes *c, const struct change *change,
	    const struct dockerfile_edit *e)
{
	const struct dockerfile_instruction *in = e->after ? e->after :
		e->before;
	enum grammar_manager manager;

	switch (change->c.subject) {
	case IMGCACHE_SUBJECT_PACKAGE:
		return generate_installs(in, &manager) &&
			!strcmp(grammar_manager_name(manager), change->c.of);
	case IMGCACHE_SUBJECT_BASE:
		return in->keyword == DOCKERFILE_FROM && c->b->is_generated;
	case IMGCACHE_SUBJECT_EPOCH:
		return in->keyword == DOCKERFILE_RUN ||
			in->keyword == DOCKERFILE_ARG;
	default:
		return false;
	}
}

void
changes_give_edits(struct changes *c)
{
	for (size_t i = 0; i < c->n; i++) {
		struct change *change = &c->v[i];

		for (size_t k = 0; k < c->hidden.n && !change->edit.before &&
		     !change->edit.after; k++)
			if (is_doing_of(c, change, &c->hidden.v[k]))
				change->edit = c->hidden.v[k];
	}
}

void
changes_in_packages(struct changes *c)
{
	struct generate_packages x = {0}, y = {0};
	bool changed[GRAMMAR_PIP + 1] = {0};

	if (!c->a->is_generated || !c->b->is_generated || !c->a->df ||
	    !c->b->df)
		return;
	generate_packages_read(c->a->df, &x);
	generate_packages_read(c->b->df, &y);
	for (int i = 0; i <= GRAMMAR_PIP; i++)
		changed[i] = compare_packages(c, &x.lists[i], &y.lists[i]) ||
			epoch_came_or_went(c);
	hide_installs(c, changed);
	generate_packages_release(&x);
	generate_packages_release(&y);
}
