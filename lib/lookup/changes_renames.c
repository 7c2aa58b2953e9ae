/* SPDX-License-Identifier: MIT */
/*
 * A stage of another name is in a FROM line and wherever it is stood on, copied
 * from or mounted. No step hangs on the name; one such edit undone alone would
 * name a stage that is not there.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/strv.h"
#include "lookup/changes.h"

struct renaming {
	const char *from, *to;		/* NULL: it had no name, or has none */
};

static const char *
stage_name(const struct dockerfile_instruction *from)
{
	return from->n_args >= 3 ? from->args[2] : NULL;
}

static bool
names_stage(const struct dockerfile_instruction *in)
{
	return in && in->keyword == DOCKERFILE_FROM && in->n_args;
}

static bool
has_stage(const struct side *s, const char *name)
{
	for (size_t i = 0; name && i < s->df->n; i++)
		if (names_stage(&s->df->v[i]) && stage_name(&s->df->v[i]) &&
		    !strcasecmp(stage_name(&s->df->v[i]), name))
			return true;
	return false;
}

static bool
is_name_byte(char c)
{
	return c && strchr("abcdefghijklmnopqrstuvwxyz"
			   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", c);
}

/* Text with each "from=OLD" as "from=NEW"; true if there was one. */
static bool
renamed_flag(const char *text, const struct renaming *r, struct buf *out)
{
	size_t len = strlen(r->from);
	const char *at;
	bool found = false;

	while ((at = strstr(text, "from="))) {
		at += strlen("from=");
		buf_add(out, text, (size_t)(at - text));
		text = at;
		if (strncasecmp(at, r->from, len) || is_name_byte(at[len]))
			continue;
		buf_adds(out, r->to);
		text += len;
		found = true;
	}
	buf_adds(out, text);
	return found;
}

static void
mark_flags(struct change_edit *edit, const struct renaming *r)
{
	const struct dockerfile_instruction *x = edit->e.before;
	const struct dockerfile_instruction *y = edit->e.after;
	struct buf text = BUF_INIT;
	bool same;

	if (x->keyword != y->keyword || !renamed_flag(x->text, r, &text))
		goto out;
	same = !strcmp(text.data, y->text);
	edit->renames = true;
	edit->only_renames |= same;
out:
	buf_release(&text);
}

/* FROM of a stage that was renamed. */
static void
mark_from(struct change_edit *edit, const struct renaming *r)
{
	const struct dockerfile_instruction *x = edit->e.before;
	const struct dockerfile_instruction *y = edit->e.after;

	if (strcasecmp(x->args[0], r->from) || strcasecmp(y->args[0], r->to))
		return;
	edit->renames = true;
	edit->only_renames |= dockerfile_same_flags(x, y);
}

static void
mark_followers(struct changes *c, const struct renaming *r)
{
	for (size_t i = 0; i < c->n_edits; i++) {
		struct change_edit *edit = &c->edits[i];

		if (!edit->e.before || !edit->e.after)
			continue;
		if (!names_stage(edit->e.before))
			mark_flags(edit, r);
		else if (names_stage(edit->e.after))
			mark_from(edit, r);
	}
}

void
changes_mark_renames(struct changes *c)
{
	for (size_t i = 0; i < c->n_edits; i++) {
		struct change_edit *edit = &c->edits[i];
		const struct dockerfile_instruction *x = edit->e.before;
		const struct dockerfile_instruction *y = edit->e.after;
		struct renaming r;

		if (!names_stage(x) || !names_stage(y))
			continue;
		r.from = stage_name(x);
		r.to = stage_name(y);
		/* names that changed places mean other stages now */
		if (str_is(r.from, r.to) || has_stage(c->a, r.to) ||
		    has_stage(c->b, r.from))
			continue;
		edit->renames = true;
		edit->only_renames = dockerfile_same_flags(x, y) &&
			!strcmp(x->args[0], y->args[0]);
		if (r.from && r.to)
			mark_followers(c, &r);
	}
}
