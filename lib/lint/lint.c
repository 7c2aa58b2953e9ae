/* SPDX-License-Identifier: MIT */
/*
 * From files to findings. In the order of the files: Dockerfiles first, since
 * a fix of theirs may write an ignore file, which is looked at after them.
 */
#include "lint/lint.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/udiff.h"
#include "lint/buildx.h"
#include "lint/tree.h"
#include "recipe/dockerfile.h"
#include "recipe/dockerfile_text.h"
#include "sys/file.h"
#include "sys/signals.h"

/* No fix makes room for so many others. */
#define MAX_LOOKS 50

static void
forget_notes(struct lint_file *f)
{
	f->n_notes = f->n_edits = f->n_extents = 0;
	arena_release(&f->arena);
}

static int
look(struct lint_file *f, const struct lint_item *item,
     struct imgcache_error *err)
{
	int ret = signals_check(err);

	forget_notes(f);
	lint_index_lines(f);
	if (ret)
		return ret;
	if (f->kind == LINT_DOCKERFILE) {
		lint_dockerfile(f, item);
		ret = lint_buildx_ask(f->lint->buildx, f, item, err);
	} else if (f->kind == LINT_IGNORE_FILE) {
		lint_ignore_file(f, item);
	} else {
		lint_script(f);
	}
	lint_silence(f);
	return ret;
}

static enum imgcache_severity
severity(const struct lint *l, const struct lint_note *n)
{
	if (n->rule != LINT_FOREIGN)
		return l->config.severity[n->rule];
	if (l->config.no_foreign || strv_has(&l->config.foreign, n->foreign))
		return IMGCACHE_SEVERITY_OFF;
	return IMGCACHE_SEVERITY_WARNING;
}

static bool
counts(const struct lint *l, const struct lint_note *n)
{
	enum imgcache_severity s = severity(l, n);

	return s && s >= l->config.least && !n->is_silenced;
}

/* Only what will be shown is also fixed. */
static void
drop_edits(struct lint_file *f)
{
	size_t i, n = 0;

	for (i = 0; i < f->n_edits; i++)
		if (counts(f->lint, &f->notes[f->edits[i].note]))
			f->edits[n++] = f->edits[i];
	f->n_edits = n;
}

/* The files that notes want written; true if there was one. */
static bool
write_files(struct lint_file *f)
{
	bool any = false;
	size_t i;

	for (i = 0; i < f->n_notes; i++) {
		const struct lint_note *n = &f->notes[i];

		if (!n->new_path || !counts(f->lint, n))
			continue;
		lint_put(f->lint, n->new_path, n->new_text,
			 strlen(n->new_text));
		any = true;
		break;		/* the next look sees this one */
	}
	return any;
}

/* As good as it was: a fix that docker would refuse is a fault of ours. */
static bool
still_reads(const struct lint_file *f)
{
	struct imgcache_error ignored = {0};
	struct dockerfile *df = NULL;
	bool reads = f->kind != LINT_DOCKERFILE ||
		!dockerfile_parse(f->text.data, f->text.len, f->name, &df,
				  &ignored);

	dockerfile_free(df);
	return reads;
}

/* Make the edits, or none of them. */
static bool
edit(struct lint_file *f)
{
	struct buf before = BUF_INIT;
	bool changed;

	buf_add(&before, f->text.data, f->text.len);
	drop_edits(f);
	changed = lint_apply(f);
	if (changed && !still_reads(f)) {
		buf_release(&f->text);
		f->text = before;
		return false;
	}
	buf_release(&before);
	if (changed)
		lint_put(f->lint, f->path, f->text.data, f->text.len);
	return changed;
}

static int
fix(struct lint_file *f, const struct lint_item *item,
    struct imgcache_error *err)
{
	bool changed = true;
	int i, ret = 0;

	for (i = 0; i < MAX_LOOKS && changed && !ret; i++) {
		changed = edit(f) || write_files(f);
		if (changed)
			ret = look(f, item, err);
	}
	return ret;
}

/* Characters before a byte in its line; both count from 1. */
static void
find_place(const struct lint_file *f, size_t at, int *line, int *column)
{
	size_t begin = lint_line_begin(f, at), width;

	*line = lint_line_of(f, at);
	for (*column = 1; begin < at; begin += width) {
		rune_at(f->text.data + begin, at - begin, &width);
		(*column)++;
	}
}

static const char *
source_line(const struct lint_file *f, size_t at)
{
	size_t begin = lint_line_begin(f, at), end = lint_line_end(f, begin);

	return arena_strndup(f->lint->arena, f->text.data + begin,
			     end - begin);
}

/* Notes that say the same side by side, the first of them first. */
static int
by_what_it_says(const void *left, const void *right)
{
	const struct lint_note *const *x = left, *const *y = right;
	const struct lint_note *a = *x, *b = *y;

	if (a->begin != b->begin)
		return a->begin < b->begin ? -1 : 1;
	if (a->end != b->end)
		return a->end < b->end ? -1 : 1;
	if (a->rule != b->rule)
		return a->rule < b->rule ? -1 : 1;
	int order = strcmp(a->cause, b->cause);
	return order ? order : a < b ? -1 : a > b;
}

static bool
says_the_same(const struct lint_note *a, const struct lint_note *b)
{
	return a->begin == b->begin && a->end == b->end &&
		a->rule == b->rule && !strcmp(a->cause, b->cause);
}

static void
add_finding(struct lint_file *f, const struct lint_note *n)
{
	struct lint *l = f->lint;
	struct imgcache_lint_finding *to;

	mem_grow(l->v, l->n, l->cap);
	to = &l->v[l->n++];
	*to = (struct imgcache_lint_finding){
		.rule = n->foreign, .name = n->foreign,
		.severity = severity(l, n), .file = f->name,
		.source = source_line(f, n->begin),
		.cause = n->cause, .cure = n->cure,
		.is_fixable = n->n_edits || n->new_path,
	};
	if (n->rule != LINT_FOREIGN) {
		to->rule = lint_rule(n->rule)->id;
		to->name = lint_rule(n->rule)->name;
	}
	find_place(f, n->begin, &to->line, &to->column);
	find_place(f, n->end, &to->end_line, &to->end_column);
}

/* A script that is read twice, say in a substitution, says things twice. */
static void
collect(struct lint_file *f)
{
	const struct lint_note **v = mem_array(f->n_notes + 1, sizeof(*v));
	size_t i;

	for (i = 0; i < f->n_notes; i++)
		v[i] = &f->notes[i];
	if (f->n_notes)
		qsort(v, f->n_notes, sizeof(*v), by_what_it_says);
	for (i = 0; i < f->n_notes; i++) {
		if (!severity(f->lint, v[i]) ||
		    (i && says_the_same(v[i - 1], v[i])))
			continue;
		if (v[i]->is_silenced)
			f->lint->n_silenced++;
		else if (counts(f->lint, v[i]))
			add_finding(f, v[i]);
		else
			f->lint->n_below++;
	}
	free(v);
}

/* An ignore file is for the folder that it lies in, or its Dockerfile's. */
static void
find_context(struct lint *l, struct lint_item *item)
{
	static const char ending[] = ".dockerignore";
	size_t i, len = strlen(item->path) - strlen(ending);
	char *dir;

	if (item->kind != LINT_IGNORE_FILE || item->context)
		return;
	if (item->path[len - 1] != '/' && str_ends(item->path, ending)) {
		for (i = 0; i < l->n_items; i++)
			if (!strncmp(l->items[i].path, item->path, len) &&
			    !l->items[i].path[len])
				item->context = l->items[i].context;
		return;
	}
	dir = path_dir(item->path);
	item->context = arena_strdup(l->arena, dir);
	free(dir);
}

static int
lint_one(struct lint *l, struct lint_item *item, struct imgcache_error *err)
{
	struct lint_file f = {
		.lint = l, .kind = item->kind, .path = item->path,
		.name = item->name, .text = BUF_INIT,
	};
	int ret = lint_read(l, item->path, &f.text, err);

	if (ret && !item->is_named) {
		session_warn(l->ic, "not looked at: %s", err->text);
		error_clear(err);
		ret = 0;
		goto out;
	}
	find_context(l, item);
	if (!ret)
		ret = look(&f, item, err);
	if (!ret && l->fix)
		ret = fix(&f, item, err);
	if (!ret)
		collect(&f);
	if (!item->context)
		item->context = f.context;
out:
	forget_notes(&f);
	free(f.notes);
	free(f.edits);
	free(f.extents);
	free(f.lines);
	buf_release(&f.text);
	return ret;
}

static const char *
copy_text(struct lint *l, const struct buf *text)
{
	return memcpy(arena_alloc(l->arena, text->len + 1), text->data,
		      text->len);
}

/* The changes that came to something. */
static void
hand_out_changes(struct lint *l, struct imgcache_lint_result *out)
{
	struct imgcache_lint_change *v;
	size_t i;

	v = arena_alloc(l->arena, (l->n_changes + 1) * sizeof(*v));
	for (i = 0; i < l->n_changes; i++) {
		const struct lint_change *c = &l->changes[i];
		const char *was = c->is_new ? NULL : copy_text(l, &c->old);
		struct buf diff = BUF_INIT;

		udiff(&diff, c->name,
		      (struct udiff_text){ was, c->old.len },
		      (struct udiff_text){ c->new.data, c->new.len });
		if (diff.len)
			v[out->n_changes++] = (struct imgcache_lint_change){
				.file = c->name, .path = c->path,
				.diff = arena_strdup(l->arena, diff.data),
				.was = was, .was_len = c->old.len,
				.text = copy_text(l, &c->new),
				.text_len = c->new.len,
			};
		buf_release(&diff);
	}
	out->changes = v;
}

static void
hand_out(struct lint *l, struct imgcache_lint_result *out)
{
	struct imgcache_lint_finding *v;

	v = arena_alloc(l->arena, (l->n + 1) * sizeof(*v));
	if (l->n)
		memcpy(v, l->v, l->n * sizeof(*v));
	hand_out_changes(l, out);
	out->findings = v;
	out->n_findings = l->n;
	out->n_files = l->n_items;
	out->n_below = l->n_below;
	out->n_silenced = l->n_silenced;
}

static void
release(struct lint *l)
{
	size_t i;

	for (i = 0; i < l->n_changes; i++) {
		buf_release(&l->changes[i].old);
		buf_release(&l->changes[i].new);
	}
	free(l->changes);
	free(l->items);
	free(l->v);
	lint_trees_free(l->trees);
	lint_config_release(&l->config);
}

int
imgcache_lint(struct imgcache *ic, const struct imgcache_lint_options *o,
	      struct imgcache_lint_result *out, struct imgcache_error *err)
{
	struct lint l = { .ic = ic, .arena = &ic->arena, .fix = o->fix };
	struct lint_buildx buildx = { .is_off = o->no_buildx || o->fix };
	size_t i;
	int ret;

	l.buildx = &buildx;
	*out = (struct imgcache_lint_result){ NULL };
	ret = lint_config_read(&l, o, err);
	if (!ret)
		ret = lint_find(&l, o->paths, err);
	for (i = 0; !ret && i < l.n_items; i++)
		ret = lint_one(&l, &l.items[i], err);
	lint_buildx_end(&buildx, ic);
	if (!ret)
		hand_out(&l, out);
	release(&l);
	return ret;
}
