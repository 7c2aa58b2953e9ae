/* SPDX-License-Identifier: MIT */
/*
 * Ignore files: IC020 patterns that match nothing, IC021 exceptions that bring
 * nothing back, IC022 patterns with git's meaning in mind, IC023 odd bytes,
 * IC027 files that docker sends without their content.
 * What the folder holds now decides, so each says only what is true of it; a
 * pattern for what a build makes later is let off by its name.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "lint/lint.h"
#include "lint/gitignore.h"
#include "lint/tree.h"
#include "source/ignore.h"
#include "sys/file.h"

/* Patterns times entries: more are not held against each other. */
#define MAX_WORK 4000000

struct pattern {
	size_t begin, end;	/* without white space around it */
	const char *text;	/* without '!', "./" and slashes at its ends */
	bool is_exception;
	struct ignore *only;	/* this pattern alone, as no exception */
	struct ignore *upto;	/* the file above it */
	bool matches;		/* something */
	bool matches_ignored;	/* that the file above it leaves out */
	bool brings_back;	/* and the whole file lets in */
	bool deeper;		/* it would match below the top, and is sent */
	const char *example;	/* of that */
};

struct reader {
	struct lint_file *f;
	struct pattern *v;
	size_t n, cap;
	struct ignore *ignore;
	const char *context;
};

/* What tools make, in whatever folder they are run. */
static bool
is_made(const char *name)
{
	static const char *const names[] = {
		"node_modules", "bower_components", "__pycache__", ".git",
		".venv", ".DS_Store", "Thumbs.db", ".tox", ".nox",
		".mypy_cache", ".pytest_cache", ".ruff_cache", ".next",
		".nuxt", ".turbo", ".terraform", ".gradle", ".parcel-cache",
		".nyc_output", ".coverage", ".eggs", ".hypothesis",
		".ipynb_checkpoints", ".cache", ".idea", ".vscode",
		"npm-debug.log", "yarn-error.log", ".eslintcache", ".env",
		".svn", ".hg", NULL
	};

	return str_is_one_of(name, names);
}

/* "*.pyc": files that tools make. "*.md" may well be meant for the top. */
static bool
is_made_kind(const char *pattern)
{
	static const char *const kinds[] = {
		"*.pyc", "*.pyo", "*.pyd", "*.py[co]", "*.py[cod]", "*.log",
		"*.swp", "*.swo", "*~", "*.bak", "*.orig", "*.rej", "*.tmp",
		"*.class", "*.egg-info", "*.tsbuildinfo", "*.DS_Store", NULL
	};

	return str_is_one_of(pattern, kinds);
}

/* What is often named for the day that it will be there. */
static bool
is_usual(const char *name)
{
	static const char *const names[] = {
		"venv", "env", "dist", "build", "out", "target", "bin", "obj",
		"tmp", "temp", "log", "logs", "coverage", "htmlcov", "vendor",
		".vs", ".output", ".svelte-kit", ".dockerignore", ".gitignore",
		".gitattributes", ".gitmodules", ".github", ".gitlab",
		".gitlab-ci.yml", ".circleci", ".travis.yml", ".editorconfig",
		".npmrc", ".bzr", "cache", "data", "LICENSE", "README.md",
		"Makefile", ".serverless", ".aws-sam", ".yarn", ".pnpm-store",
		".pnp", "pip-log.txt", "docs", "doc", "test", "tests", "spec",
		"examples", "storybook-static", "public", "assets", "uploads",
		"secrets", ".secrets", ".aws", ".ssh", "compose.yml",
		"compose.yaml", "tags", ".python-version", NULL
	};

	return is_made(name) || str_is_one_of(name, names) ||
		strpbrk(name, "*?[") || str_ends(name, ".log") ||
		str_starts(name, ".env") || str_ends(name, ".pyc") ||
		strstr(name, "ockerfile") || strstr(name, "docker-compose");
}

static struct ignore *
parse(const char *text, size_t len)
{
	struct imgcache_error ignored = {0};
	struct ignore *ig = NULL;

	return ignore_parse(&ig, "ignore file", text, len, &ignored) ? NULL :
		ig;
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

/* The pattern's own text: "./a/" and "/a" are "a". */
static const char *
plain_text(struct lint_file *f, const char *s, size_t len)
{
	while (len && (*s == '/' || (len > 1 && s[0] == '.' && s[1] == '/'))) {
		s++;
		len--;
	}
	while (len && s[len - 1] == '/')
		len--;
	return arena_strndup(&f->arena, s, len);
}

static void
add_line(struct reader *r, size_t begin, size_t end)
{
	struct lint_file *f = r->f;
	const char *s = f->text.data;
	struct pattern *p;
	size_t from;

	if (begin == 0 && end >= 3 && !memcmp(s, "\xef\xbb\xbf", 3))
		begin = 3;
	if (begin < end && s[begin] == '#')
		return;
	while (begin < end && is_space(s[begin]))
		begin++;
	while (end > begin && is_space(s[end - 1]))
		end--;
	if (begin == end)
		return;
	mem_grow(r->v, r->n, r->cap);
	p = &r->v[r->n++];
	*p = (struct pattern){ .begin = begin, .end = end };
	p->is_exception = s[begin] == '!';
	from = begin + p->is_exception;
	p->only = parse(s + from, end - from);
	p->text = plain_text(f, s + from, end - from);
	if (p->is_exception)
		p->upto = parse(s, begin);
}

/* The name itself, at the top or deeper: what git would match. */
static bool
is_git_match(const struct pattern *p, const char *path, struct ignore *deep)
{
	return !p->is_exception && deep && strchr(path, '/') &&
		ignore_matches(deep, path);
}

struct look {
	struct pattern *p;
	struct ignore *whole;
	struct ignore *deep;	/* "**" and the pattern, or NULL */
};

static void
look_at(struct look *k, const struct lint_entry *e)
{
	struct pattern *p = k->p;

	if (p->only && ignore_matches(p->only, e->path)) {
		p->matches = true;
		if (p->is_exception && !p->brings_back && p->upto &&
		    ignore_matches(p->upto, e->path)) {
			p->matches_ignored = true;
			p->brings_back = !ignore_matches(k->whole, e->path);
		}
	} else if (!p->deeper && is_git_match(p, e->path, k->deep) &&
		   !ignore_matches(k->whole, e->path)) {
		p->deeper = true;
		p->example = e->path;
	}
}

/* A name without a slash that git would look for in every folder. */
static bool
is_shallow(const struct pattern *p)
{
	if (strchr(p->text, '/') || !*p->text || p->text[1] == '\0' ||
	    str_starts(p->text, "**"))
		return false;
	return is_made(p->text) || is_made_kind(p->text);
}

static void
hold_against(struct reader *r, const struct lint_tree *tree)
{
	for (size_t i = 0; i < r->n; i++) {
		struct pattern *p = &r->v[i];
		struct look k = { .p = p, .whole = r->ignore };
		char *deep = mem_printf("**/%s", p->text);

		if (is_shallow(p))
			k.deep = parse(deep, strlen(deep));
		for (size_t e = 0; e < tree->n; e++)
			look_at(&k, &tree->v[e]);
		ignore_free(k.deep);
		free(deep);
	}
}

/* Into a folder whose inside was not listed. */
static bool
is_into_opaque(const struct pattern *p)
{
	struct strv parts = {0};
	bool found = false;

	strv_split(&parts, p->text, "/");
	for (size_t i = 0; i + 1 < parts.n; i++)
		found |= lint_is_opaque(parts.v[i]);
	strv_release(&parts);
	return found;
}

static void
note_exception(struct reader *r, const struct pattern *p, bool is_first)
{
	struct lint_file *f = r->f;

	if (is_into_opaque(p) || p->brings_back)
		return;
	if (is_first) {
		lint_note(f, LINT_EXCEPTION_DEAD, p->begin, p->end,
			  "'%.*s' brings nothing back: no pattern above it "
			  "leaves anything out", (int)(p->end - p->begin),
			  f->text.data + p->begin);
		lint_cure(f, "put it below the pattern that it is an exception "
			  "of; the last one that matches decides");
	} else if (p->matches_ignored) {
		lint_note(f, LINT_EXCEPTION_DEAD, p->begin, p->end,
			  "'%.*s' brings nothing back: a pattern below it "
			  "leaves it out again", (int)(p->end - p->begin),
			  f->text.data + p->begin);
		lint_cure(f, "put it last");
	} else if (p->matches) {
		lint_note(f, LINT_EXCEPTION_DEAD, p->begin, p->end,
			  "'%.*s' brings nothing back: what it matches is not "
			  "left out", (int)(p->end - p->begin),
			  f->text.data + p->begin);
		lint_cure(f, "remove it, or correct the pattern above it");
	}
}

/* One letter more, less or other, or two swapped; not in the extension. */
static bool
is_slip(const char *a, const char *b)
{
	const char *dot = strrchr(a, '.'), *other = strrchr(b, '.');
	size_t n = 0;

	if (!str_is(dot, other) || strlen(a) < 5)
		return false;
	while (a[n] && a[n] == b[n])
		n++;
	if (isdigit((unsigned char)a[n]) || isdigit((unsigned char)b[n]))
		return false;
	return !strcmp(a + n, b + n + (b[n] != '\0')) ||
		!strcmp(a + n + (a[n] != '\0'), b + n) ||
		!strcmp(a + n + (a[n] != '\0'), b + n + (b[n] != '\0')) ||
		(a[n] && a[n] == b[n + 1] && a[n + 1] == b[n] &&
		 !strcmp(a + n + 2, b + n + 2));
}

/* Which entry is meant by a pattern that matches none, or NULL. */
static const char *
near_entry(struct reader *r, const struct lint_tree *tree, const char *text)
{
	for (size_t i = 0; i < tree->n; i++) {
		const char *path = tree->v[i].path;

		if (!strcasecmp(path, text) || is_slip(path, text))
			return arena_strdup(r->f->lint->arena, path);
	}
	return NULL;
}

/*
 * What a build makes is ignored by git as well, in the context's folder or in
 * one of those that lead to it.
 */
static bool
is_made_later(const struct reader *r, const char *text)
{
	bool made = false;

	for (const char *at = text; at && !made;) {
		char *folder = mem_strndup(text, (size_t)(at - text));
		char *path = path_join(r->context, folder);
		struct lint_gitignore git;

		lint_gitignore_open(&git, path, 0, NULL);
		made = lint_gitignore_has(&git, at);
		lint_gitignore_close(&git);
		free(path);
		free(folder);
		at = strchr(at, '/');
		at += at != NULL;
	}
	return made;
}

/* The folders above the first wildcard: "a" of "a/b*"; "" for none. */
static const char *
plain_folder(struct reader *r, const char *text)
{
	size_t len = strcspn(text, "*?[\\");

	while (len && text[len - 1] != '/')
		len--;
	return arena_strndup(&r->f->arena, text, len ? len - 1 : 0);
}

static bool
has_entry(const struct lint_tree *tree, const char *path)
{
	for (size_t i = 0; i < tree->n; i++)
		if (!strcmp(tree->v[i].path, path))
			return true;
	return false;
}

/* Some part of the path is of what tools make, or is often named ahead. */
static bool
has_usual_part(const char *text)
{
	struct strv parts = {0};
	bool usual = false;

	strv_split(&parts, text, "/");
	for (size_t i = 0; i < parts.n && !usual; i++)
		usual = is_usual(parts.v[i]);
	strv_release(&parts);
	return usual;
}

/* "docs/  # the docs": docker takes all of it for the pattern. */
static bool
note_comment(struct reader *r, const struct pattern *p)
{
	struct lint_file *f = r->f;
	size_t at = p->begin;

	while (at < p->end && !(f->text.data[at] == '#' &&
				is_space(f->text.data[at - 1])))
		at++;
	if (at == p->end)
		return false;
	lint_note(f, LINT_PATTERN_IDLE, p->begin, p->end,
		  "'%.*s' matches nothing: the comment is a part of it",
		  (int)(p->end - p->begin), f->text.data + p->begin);
	lint_cure(f, "give the comment a line of its own, where # is the first "
		  "character");
	return true;
}

/*
 * That nothing is matched is no mistake by itself: many patterns are for what
 * is not there yet. Of one with wildcards the folder that it is for counts.
 */
static void
note_idle(struct reader *r, const struct lint_tree *tree,
	  const struct pattern *p)
{
	struct lint_file *f = r->f;
	const char *near = NULL, *text = p->text;

	if (p->matches || p->deeper || !*text || note_comment(r, p) ||
	    is_into_opaque(p))
		return;
	if (strpbrk(text, "*?[\\")) {
		text = plain_folder(r, text);
		if (!*text || has_entry(tree, text))
			return;
	}
	near = near_entry(r, tree, text);
	if (!near && (has_usual_part(text) || is_made_later(r, text) ||
		      is_made_later(r, p->text)))
		return;
	lint_note(f, LINT_PATTERN_IDLE, p->begin, p->end,
		  "'%.*s' matches nothing in this folder",
		  (int)(p->end - p->begin), f->text.data + p->begin);
	if (near)
		lint_cure(f, "if '%s' is meant, write that: paths begin at the "
			  "context's top, and case counts", near);
	else
		lint_cure(f, "remove it, or correct it; what a build makes is "
			  "known by its line in .gitignore");
}

static void
note_habit(struct reader *r, const struct pattern *p)
{
	struct lint_file *f = r->f;
	size_t begin = p->begin;

	if (!p->deeper)
		return;
	lint_note(f, LINT_GITIGNORE_HABIT, p->begin, p->end,
		  "'%.*s' matches at the top only, so '%s' is sent",
		  (int)(p->end - p->begin), f->text.data + p->begin,
		  p->example);
	lint_cure(f, "docker wants **/%s for every folder", p->text);
	while (begin < p->end && (f->text.data[begin] == '/' ||
				  f->text.data[begin] == '.') &&
	       p->end - begin > strlen(p->text))
		begin++;
	lint_edit(f, p->begin, begin, "**/");
}

static void
note_patterns(struct reader *r, const struct lint_tree *tree)
{
	bool seen = false;

	for (size_t i = 0; i < r->n; i++) {
		const struct pattern *p = &r->v[i];

		if (p->is_exception) {
			note_exception(r, p, !seen);
			if (tree->is_whole && seen)
				note_idle(r, tree, p);
			continue;
		}
		seen = true;
		if (tree->is_whole)
			note_idle(r, tree, p);
		note_habit(r, p);
	}
}

/* The last exception above the line at begin that keeps the path, or NULL. */
static const struct pattern *
keeper(const struct reader *r, size_t begin, const char *path)
{
	const struct pattern *found = NULL;

	for (size_t i = 0; i < r->n && r->v[i].begin < begin; i++)
		if (r->v[i].is_exception && r->v[i].only &&
		    ignore_matches(r->v[i].only, path))
			found = &r->v[i];
	return found;
}

/* Files one after another that one pattern is to blame for are one note. */
static void
note_hollow(struct reader *r, const struct lint_tree *tree)
{
	struct lint_file *f = r->f;
	size_t last = 0;

	for (size_t i = 0; i < tree->n; i++) {
		const struct lint_entry *e = &tree->v[i];
		size_t rule = e->is_dir || !e->size_bytes ? IGNORE_NO_RULE :
			ignore_matches_hollow(r->ignore, e->path);
		size_t line = rule == IGNORE_NO_RULE ? 0 :
			ignore_line(r->ignore, rule);
		const struct pattern *kept;

		if (!line || line == last)
			continue;
		last = line;
		kept = keeper(r, f->lines[line - 1], e->path);
		lint_note(f, LINT_SENT_EMPTY, f->lines[line - 1],
			  lint_line_end(f, f->lines[line - 1]),
			  "docker sends '%s' without its content: this pattern "
			  "matches a folder above it", e->path);
		if (kept)
			lint_cure(f, "put it above '%.*s'",
				  (int)(kept->end - kept->begin),
				  f->text.data + kept->begin);
		else
			lint_cure(f, "put it above the exception that keeps "
				  "the file");
	}
}

static void
check_encoding(struct lint_file *f)
{
	const char *s = f->text.data, *end;
	bool has_mark = f->text.len >= 3 && !memcmp(s, "\xef\xbb\xbf", 3);
	const char *cr = memmem(s, f->text.len, "\r\n", 2);

	if (!has_mark && !cr)
		return;
	lint_note(f, LINT_ENCODING, 0, has_mark ? 3 : lint_line_end(f, 0),
		  "the file %s, which docker bears and other tools take for a "
		  "part of the pattern", has_mark && cr ?
		  "begins with a byte order mark and has CRLF line ends" :
		  has_mark ? "begins with a byte order mark" :
		  "has CRLF line ends");
	lint_cure(f, "save it as UTF-8 without a mark, with LF line ends");
	if (has_mark)
		lint_edit(f, 0, 3, "");
	for (end = cr; end; end = memmem(end + 1, f->text.len -
					 (size_t)(end + 1 - s), "\r\n", 2))
		lint_edit(f, (size_t)(end - s), (size_t)(end - s) + 1, "");
}

/* "name:3: 'x': why" of the parser. */
static void
note_error(struct lint_file *f, const struct imgcache_error *err)
{
	size_t len = strlen(f->name), line = 1;
	const char *text = err->text;

	if (!strncmp(text, f->name, len) && text[len] == ':') {
		line = (size_t)strtoul(text + len + 1, (char **)&text, 10);
		text += strspn(text, ": ");
	}
	if (!line || line > f->n_lines)
		line = 1;
	lint_note(f, LINT_UNREADABLE, f->lines[line - 1],
		  lint_line_end(f, f->lines[line - 1]), "%s", text);
	lint_cure(f, "correct the pattern");
}

void
lint_ignore_file(struct lint_file *f, const struct lint_item *item)
{
	struct reader r = { .f = f, .context = item->context };
	struct imgcache_error err = {0};
	const struct lint_tree *tree;

	check_encoding(f);
	if (ignore_parse(&r.ignore, f->name, f->text.data, f->text.len,
			 &err)) {
		note_error(f, &err);
		return;
	}
	for (size_t i = 0; i < f->n_lines; i++)
		add_line(&r, f->lines[i], lint_line_end(f, f->lines[i]));
	tree = item->context ? lint_tree(f->lint, item->context) : NULL;
	if (tree && r.n * tree->n <= MAX_WORK) {
		hold_against(&r, tree);
		note_patterns(&r, tree);
		note_hollow(&r, tree);
	}
	for (size_t i = 0; i < r.n; i++) {
		ignore_free(r.v[i].only);
		ignore_free(r.v[i].upto);
	}
	free(r.v);
	ignore_free(r.ignore);
}
