/* SPDX-License-Identifier: MIT */
/*
 * The context against what is copied of it: IC002 what should not be in it,
 * IC019 what the ignore file leaves out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/units.h"
#include "lint/docker.h"
#include "lint/tree.h"
#include "source/ignore.h"
#include "sys/file.h"

#define MAX_CONTEXT_BYTES (INT64_C(100) * 1000 * 1000)
#define SHOWN 3

/* What the context holds that nobody wants in an image. */
struct trim {
	const struct lint_docker *d;
	const struct lint_entry *v[SHOWN];	/* the heaviest */
	size_t n;		/* of all */
	struct strv names;	/* one pattern for each kind */
	int64_t bytes;		/* of everything that is kept */
	const struct lint_entry *heaviest;
	bool needs_git, installs_node, uses_venv;
};

static bool
mentions(const struct lint_docker *d, const char *word)
{
	return memmem(d->f->text.data, d->f->text.len, word, strlen(word)) !=
		NULL;
}

/* Does a step of the build call it? */
static bool
calls(const struct lint_docker *d, const char *program)
{
	for (size_t i = 0; i < d->df->n; i++)
		for (size_t k = 0; d->runs[i] && k < d->runs[i]->n; k++)
			if (!strcmp(shell_program_name(&d->runs[i]->v[k]),
				    program))
				return true;
	return false;
}

static bool
installs_node(const struct lint_docker *d)
{
	for (size_t i = 0; i < d->df->n; i++) {
		const struct lint_run *run = d->runs[i];

		for (size_t k = 0; run && k < run->n_installs; k++) {
			const struct lint_install *in = &run->installs[k];

			if (in->by_manifest && in->manager >= LINT_NPM &&
			    in->manager <= LINT_BUN)
				return true;
		}
	}
	return false;
}

static bool
is_unwanted(const struct trim *t, const char *name)
{
	static const char *const caches[] = {
		"__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache",
		".tox", ".nox", ".terraform", ".gradle", ".hg", ".svn"
	};

	if (!strcmp(name, ".git"))
		return !t->needs_git;
	if (!strcmp(name, "node_modules") || !strcmp(name, "bower_components"))
		return t->installs_node;
	if (!strcmp(name, ".venv"))
		return !t->uses_venv;
	for (size_t i = 0; i < sizeof(caches) / sizeof(*caches); i++)
		if (!strcmp(name, caches[i]))
			return true;
	return false;
}

/* At the top alone it needs no star: the pattern says how deep it lies. */
static void
add_pattern(struct trim *t, const char *path)
{
	const char *base = path_base(path);
	char *deep = mem_printf("**/%s", base);
	const char *pattern = base == path && !strcmp(base, ".git") ? base :
		deep;

	if (!strv_has(&t->names, pattern))
		strv_push(&t->names, pattern);
	free(deep);
}

static void
weigh_entry(void *payload, const struct lint_entry *e)
{
	struct trim *t = payload;
	size_t i;

	t->bytes += e->size_bytes;
	if (!t->heaviest || e->size_bytes > t->heaviest->size_bytes)
		t->heaviest = e;
	if (!e->is_dir || !e->is_opaque || !is_unwanted(t, path_base(e->path)))
		return;
	add_pattern(t, e->path);
	for (i = t->n < SHOWN ? t->n : SHOWN; i > 0 &&
	     t->v[i - 1]->size_bytes < e->size_bytes; i--)
		if (i < SHOWN)
			t->v[i] = t->v[i - 1];
	if (i < SHOWN)
		t->v[i] = e;
	t->n++;
}

static const struct lint_read *
whole_read(const struct lint_docker *d)
{
	for (size_t i = 0; i < d->n_reads; i++)
		if (!d->reads[i].has_excludes &&
		    (!*d->reads[i].path || !strcmp(d->reads[i].path, "*")))
			return &d->reads[i];
	return NULL;
}

/* The text of the ignore file with the patterns added. */
static char *
with_patterns(const struct lint_docker *d, const struct strv *patterns,
	      const char *path)
{
	struct imgcache_error ignored = {0};
	struct buf text = BUF_INIT;
	const char *nl = "\n";

	if (!lint_read(d->f->lint, path, &text, &ignored)) {
		if (strstr(text.data, "\r\n"))
			nl = "\r\n";
		if (text.len && text.data[text.len - 1] != '\n')
			buf_adds(&text, nl);
	}
	for (size_t i = 0; i < patterns->n; i++)
		buf_addf(&text, "%s%s", patterns->v[i], nl);
	return buf_detach(&text);
}

static void
fix_ignore_file(struct lint_docker *d, const struct trim *t)
{
	char *path, *text;

	if (d->context.has_ignore && !d->context.ignore_path)
		return;		/* an allow list of imgcache.yaml */
	path = d->context.ignore_path ? mem_strdup(d->context.ignore_path) :
		path_join(d->context.path, ".dockerignore");
	text = with_patterns(d, &t->names, path);
	lint_write_file(d->f, path, text);
	free(path);
	free(text);
}

static void
name_entries(const struct trim *t, struct buf *out)
{
	char size[UNITS_TEXT];

	for (size_t i = 0; i < t->n && i < SHOWN; i++)
		buf_addf(out, "%s'%s' (%s)", i ? ", " : "", t->v[i]->path,
			 units_size(size, t->v[i]->size_bytes));
	if (t->n > SHOWN)
		buf_addf(out, " and %zu more", t->n - SHOWN);
}

static void
note_unwanted(struct lint_docker *d, const struct lint_read *r,
	      const struct trim *t)
{
	const struct dockerfile_instruction *in = &d->df->v[r->index];
	const char *file = d->context.ignore_path ?
		lint_shown(d->f->lint, d->context.ignore_path) :
		".dockerignore";
	struct buf what = BUF_INIT, patterns = BUF_INIT;

	name_entries(t, &what);
	for (size_t i = 0; i < t->names.n; i++)
		buf_addf(&patterns, "%s%s", i ? ", " : "", t->names.v[i]);
	lint_note(d->f, LINT_CONTEXT, lint_begin(in), lint_end(in),
		  "this copies %s, which change%s without the sources",
		  what.data, t->n == 1 ? "s" : "");
	lint_cure(d->f, "%s %s: %s", d->context.has_ignore ? "add to" :
		  "write a", file, patterns.data);
	fix_ignore_file(d, t);
	buf_release(&what);
	buf_release(&patterns);
}

static void
note_heavy(struct lint_docker *d, const struct lint_read *r,
	   const struct trim *t)
{
	const struct dockerfile_instruction *in = &d->df->v[r->index];
	char size[UNITS_TEXT], most[UNITS_TEXT];

	lint_note(d->f, LINT_CONTEXT, lint_begin(in), lint_end(in),
		  "this copies %s, of which '%s' has %s",
		  units_size(size, t->bytes), t->heaviest->path,
		  units_size(most, t->heaviest->size_bytes));
	lint_cure(d->f, "leave out what the image does not need in the ignore "
		  "file");
}

static void
check_whole(struct lint_docker *d)
{
	const struct lint_read *r = whole_read(d);
	const struct lint_tree *tree;
	struct trim t = { .d = d };

	if (!r)
		return;
	t.needs_git = calls(d, "git") || mentions(d, ".git") ||
		mentions(d, "setuptools_scm") || mentions(d, "setuptools-scm");
	t.installs_node = installs_node(d);
	t.uses_venv = mentions(d, ".venv");
	tree = lint_tree(d->f->lint, d->context.path);
	lint_tree_kept(tree, d->context.ignore, weigh_entry, &t);
	if (t.n)
		note_unwanted(d, r, &t);
	else if (t.bytes > MAX_CONTEXT_BYTES)
		note_heavy(d, r, &t);
	strv_release(&t.names);
}

struct below {
	const char *path;
	size_t len;
	bool found;
};

static void
find_below(void *payload, const struct lint_entry *e)
{
	struct below *b = payload;

	b->found = b->found || (!strncmp(e->path, b->path, b->len) &&
				(e->path[b->len] == '/' || !e->path[b->len]));
}

/* Is nothing of it let into the context? */
static bool
is_left_out(const struct lint_docker *d, const char *path)
{
	struct below b = { .path = path, .len = strlen(path) };

	lint_tree_kept(lint_tree(d->f->lint, d->context.path),
		       d->context.ignore, find_below, &b);
	return !b.found;
}

static void
check_left_out(struct lint_docker *d, const struct lint_read *r)
{
	const struct dockerfile_instruction *in = &d->df->v[r->index];
	char *path = path_join(d->context.path, r->path);
	size_t begin = lint_begin(in), end = lint_end(in);

	if (*r->path && !r->wildcard && file_exists(path) &&
	    ignore_matches(d->context.ignore, r->path) &&
	    is_left_out(d, r->path)) {
		lint_word_place(in, r->path, &begin, &end);
		lint_note(d->f, LINT_COPY_IGNORED, begin, end, "'%s' is left "
			  "out by %s, so the build fails here", r->path,
			  d->context.ignore_path ?
			  lint_shown(d->f->lint, d->context.ignore_path) :
			  "include: of imgcache.yaml");
		lint_cure(d->f, "let it in: !%s, below the pattern that leaves "
			  "it out", r->path);
	}
	free(path);
}

void
lint_check_context(struct lint_docker *d)
{
	if (!d->context.path)
		return;
	check_whole(d);
	for (size_t i = 0; d->context.ignore && i < d->n_reads; i++)
		check_left_out(d, &d->reads[i]);
}
