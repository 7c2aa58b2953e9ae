/* SPDX-License-Identifier: MIT */
/*
 * Bases. The manifest has one line of each, whichever stages stand on it; the
 * FROM lines say which of them was replaced by which.
 */
#include "lookup/changes.h"

#include <string.h>

#include "base/error.h"
#include "base/strv.h"
#include "recipe/manifest.h"
#include "store/bases.h"

/* The name of our image behind a base, if that is what it is. */
static const char *
image_name(struct changes *c, const char *tag)
{
	struct imgcache_error ignored = {0};
	struct image_list list = {0};
	const char *name = NULL;

	if (tag && manifest_is_tag(tag) && c->b->ic->catalog &&
	    !images_find(c->b->ic->catalog, NULL, tag, &list, &ignored) &&
	    list.n)
		name = arena_strdup(c->arena, list.v[0].name);
	image_list_release(&list);
	return name;
}

/* When the answer that is used now was had. */
static int64_t
resolved_at(struct changes *c, const char *ref)
{
	const struct manifest_line *platform = NULL;
	struct imgcache_error ignored = {0};
	struct base_row row;
	bool found = false;

	for (size_t i = 0; i < c->b->manifest.n && !platform; i++)
		if (!strcmp(c->b->manifest.v[i].word, "platform"))
			platform = &c->b->manifest.v[i];
	if (!platform || !c->b->ic->catalog ||
	    bases_get(c->b->ic->catalog, NULL, ref, platform->name, c->arena,
		      &row, &found, &ignored) || !found)
		return 0;
	return row.resolved_at;
}

static bool
is_ours(const struct imgcache_change *base, enum imgcache_how how)
{
	const char *value = how == IMGCACHE_ADDED ? base->after : base->before;

	return base->how == how && value && manifest_is_tag(value);
}

/*
 * Our images have their key in their name: the same image of ours moved on. The
 * new one may not be built yet, and then has no name that the catalog knows.
 */
static void
join_ours(struct changes *c, size_t from)
{
	for (size_t i = from; i < c->n; i++) {
		const char *was, *is;

		if (!is_ours(&c->v[i].c, IMGCACHE_REMOVED))
			continue;
		was = image_name(c, c->v[i].c.before);
		for (size_t k = from; was && k < c->n; k++) {
			if (!is_ours(&c->v[k].c, IMGCACHE_ADDED))
				continue;
			is = image_name(c, c->v[k].c.after);
			if (is && strcmp(is, was))
				continue;
			changes_join(c, i, k);
			c->v[k < i ? i - 1 : i].c.of = was;
			i -= k < i;
			break;
		}
	}
}

/* Another target stands on other bases: that is the target's doing. */
static void
drop_unused(struct changes *c, size_t from)
{
	size_t n = from;

	if (!changes_target(c))
		return;
	for (size_t i = from; i < c->n; i++)
		if (c->v[i].c.how != IMGCACHE_ADDED &&
		    c->v[i].c.how != IMGCACHE_REMOVED)
			c->v[n++] = c->v[i];
	c->n = n;
}

static bool
is_edit(const struct imgcache_change *c, const char *before, const char *after)
{
	return c->how == IMGCACHE_EDITED && str_is(c->before, before) &&
		str_is(c->after, after);
}

/* Drop what came, or went, under this name. */
static void
drop(struct changes *c, size_t from, enum imgcache_how how, const char *name)
{
	size_t n = from;

	for (size_t i = from; i < c->n; i++)
		if (c->v[i].c.how != how || strcmp(c->v[i].c.name, name))
			c->v[n++] = c->v[i];
	c->n = n;
}

/* That change of a base from a ref to another, made if there is none. */
static struct change *
edit_of(struct changes *c, size_t from, const char *before, const char *after)
{
	struct change *new;

	for (size_t i = from; i < c->n; i++)
		if (is_edit(&c->v[i].c, before, after))
			return &c->v[i];
	drop(c, from, IMGCACHE_REMOVED, before);
	drop(c, from, IMGCACHE_ADDED, after);
	new = changes_add(c, IMGCACHE_SUBJECT_BASE, IMGCACHE_EDITED, after);
	new->c.before = arena_strdup(c->arena, before);
	new->c.after = new->c.name;
	return new;
}

static void
give(struct changes *c, struct change *change, struct change_edit *edit)
{
	struct dockerfile_edit *more;

	changes_hide(c, edit);
	if (!change->edit.after) {
		change->edit = edit->e;
		change->c.line = edit->e.after->line;
		return;
	}
	more = arena_alloc(c->arena, (change->n_more + 1) * sizeof(*more));
	if (change->n_more)
		memcpy(more, change->more, change->n_more * sizeof(*more));
	more[change->n_more++] = edit->e;
	change->more = more;
}

/* FROM of another image, with the stage's name and platform as they were. */
static bool
is_other_base(const struct change_edit *edit)
{
	const struct dockerfile_instruction *x = edit->e.before;
	const struct dockerfile_instruction *y = edit->e.after;

	return x && y && x->keyword == DOCKERFILE_FROM && !edit->is_hidden &&
		dockerfile_same_flags(x, y) && x->n_args == y->n_args &&
		x->n_args && strcmp(x->args[0], y->args[0]) != 0 &&
		(x->n_args < 3 || !strcmp(x->args[2], y->args[2]));
}

static bool
has_base(const struct side *s, const char *ref)
{
	return manifest_find(&s->manifest, "base", ref) != NULL;
}

static void
pair_by_lines(struct changes *c, size_t from)
{
	for (size_t i = 0; i < c->n_edits; i++) {
		struct change_edit *edit = &c->edits[i];
		const char *x, *y;

		if (!is_other_base(edit))
			continue;
		x = edit->e.before->args[0];
		y = edit->e.after->args[0];
		if (has_base(c->a, x) && has_base(c->b, y))
			give(c, edit_of(c, from, x, y), edit);
	}
}

/* Where variables stand in FROM, one that went and one that came belong. */
static void
pair_what_is_left(struct changes *c, size_t from)
{
	size_t k = from;

	if (!changes_join_pair(c, from))
		return;
	while (k < c->n && (c->v[k].c.how != IMGCACHE_EDITED ||
			    c->v[k].c.of || c->v[k].edit.after))
		k++;
	for (size_t i = 0; k < c->n && i < c->n_edits; i++)
		if (is_other_base(&c->edits[i]))
			give(c, &c->v[k], &c->edits[i]);
}

static bool
names_image(const struct dockerfile_instruction *in, const char *ref)
{
	size_t len = strlen(ref);
	const char *from;

	if (!in)
		return false;
	if (in->keyword == DOCKERFILE_FROM)
		return in->n_args && !strcmp(in->args[0], ref);
	from = dockerfile_flag(in, "from");
	if (from && !strcmp(from, ref))
		return true;
	for (size_t i = 0; i < in->n_flags; i++)
		for (from = in->flags[i]; (from = strstr(from, "from="));) {
			from += strlen("from=");
			if (!strncmp(from, ref, len) &&
			    (!from[len] || from[len] == ','))
				return true;
		}
	return false;
}

/* One that came or went with an instruction that is told is told there. */
static void
drop_told(struct changes *c, size_t from)
{
	for (size_t i = 0; i < c->n_edits; i++) {
		const struct dockerfile_edit *e = &c->edits[i].e;

		for (size_t k = c->n; k-- > from;) {
			const struct imgcache_change *base = &c->v[k].c;
			bool came = base->how == IMGCACHE_ADDED;

			if ((came || base->how == IMGCACHE_REMOVED) &&
			    !c->edits[i].is_hidden &&
			    names_image(came ? e->after : e->before,
					base->name))
				drop(c, from, base->how, base->name);
		}
	}
}

void
changes_in_bases(struct changes *c)
{
	size_t from = c->n;

	changes_named(c, IMGCACHE_SUBJECT_BASE, "base", true);
	for (size_t i = from; i < c->n; i++) {
		struct imgcache_change *base = &c->v[i].c;

		if (base->how != IMGCACHE_EDITED)
			continue;
		base->how = IMGCACHE_MOVED;
		base->at = resolved_at(c, base->name);
	}
	join_ours(c, from);
	if (!c->b->is_generated) {
		pair_by_lines(c, from);
		drop_told(c, from);
	}
	pair_what_is_left(c, from);
	drop_unused(c, from);
}
