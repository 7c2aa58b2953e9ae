/* SPDX-License-Identifier: MIT */
#include "key/context_advice.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/strv.h"
#include "imgcache.h"
#include "source/allow.h"
#include "source/ignore.h"
#include "source/repo.h"
#include "sys/file.h"

#define MAX_GITIGNORE (1 << 20)

enum certainty {
	ALWAYS,
	INSIDE,		/* if the file of that name is in it */
	BESIDE		/* if one of these is beside it, and git ignores it */
};

struct row {
	const char *name;	/* a name, or "*" and its end */
	enum advice_kind kind;
	enum certainty certainty;
	const char *const *evidence;
};

static const char *const venv[] = { "pyvenv.cfg", NULL };
static const char *const built[] = {
	"package.json", "pyproject.toml", "setup.py", "setup.cfg",
	"CMakeLists.txt", "meson.build", "build.gradle", "build.gradle.kts",
	"Makefile", "go.mod", NULL
};
static const char *const target[] = {
	"Cargo.toml", "pom.xml", "build.sbt", "project.clj", NULL
};

static const char *const whys[] = {
	[ADVICE_HISTORY] = "history of the repository",
	[ADVICE_NODE] = "installed packages",
	[ADVICE_VENV] = "a virtual environment",
	[ADVICE_BYTECODE] = "bytecode",
	[ADVICE_CACHE] = "cache of a tool",
	[ADVICE_OUTPUT] = "build output",
	[ADVICE_COVERAGE] = "test coverage",
	[ADVICE_EDITOR] = "settings of an editor",
	[ADVICE_DESKTOP] = "left by a desktop",
	[ADVICE_SECRET] = "may hold secrets",
};

static const struct row rows[] = {
	{ ".git", ADVICE_HISTORY }, { ".hg", ADVICE_HISTORY },
	{ ".svn", ADVICE_HISTORY }, { "node_modules", ADVICE_NODE },
	{ "bower_components", ADVICE_NODE }, { "__pycache__", ADVICE_BYTECODE },
	{ "*.pyc", ADVICE_BYTECODE }, { "*.pyo", ADVICE_BYTECODE },
	{ ".venv", ADVICE_VENV }, { "venv", ADVICE_VENV, INSIDE, venv },
	{ "env", ADVICE_VENV, INSIDE, venv }, { ".tox", ADVICE_CACHE },
	{ ".nox", ADVICE_CACHE }, { ".mypy_cache", ADVICE_CACHE },
	{ ".pytest_cache", ADVICE_CACHE }, { ".ruff_cache", ADVICE_CACHE },
	{ ".hypothesis", ADVICE_CACHE }, { ".ipynb_checkpoints", ADVICE_CACHE },
	{ ".parcel-cache", ADVICE_CACHE }, { ".turbo", ADVICE_CACHE },
	{ ".gradle", ADVICE_CACHE }, { ".terraform", ADVICE_CACHE },
	{ ".eslintcache", ADVICE_CACHE }, { ".sass-cache", ADVICE_CACHE },
	{ ".angular", ADVICE_CACHE }, { ".next", ADVICE_OUTPUT },
	{ ".nuxt", ADVICE_OUTPUT }, { ".svelte-kit", ADVICE_OUTPUT },
	{ ".aws-sam", ADVICE_OUTPUT }, { ".serverless", ADVICE_OUTPUT },
	{ "*.egg-info", ADVICE_OUTPUT },
	{ "dist", ADVICE_OUTPUT, BESIDE, built },
	{ "build", ADVICE_OUTPUT, BESIDE, built },
	{ "out", ADVICE_OUTPUT, BESIDE, built },
	{ "target", ADVICE_OUTPUT, BESIDE, target },
	{ ".nyc_output", ADVICE_COVERAGE }, { "htmlcov", ADVICE_COVERAGE },
	{ ".coverage", ADVICE_COVERAGE },
	{ "coverage", ADVICE_COVERAGE, BESIDE, built },
	{ ".idea", ADVICE_EDITOR }, { ".vscode", ADVICE_EDITOR },
	{ "*.swp", ADVICE_EDITOR }, { ".DS_Store", ADVICE_DESKTOP },
	{ "Thumbs.db", ADVICE_DESKTOP }, { ".env", ADVICE_SECRET },
	{ ".netrc", ADVICE_SECRET }, { ".pypirc", ADVICE_SECRET },
	{ ".ssh", ADVICE_SECRET }, { ".aws", ADVICE_SECRET },
	{ "id_rsa", ADVICE_SECRET }, { "id_ed25519", ADVICE_SECRET },
};

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

void
advice_init(struct advice *a, struct arena *arena, const char *root,
	    const struct allow_list *reads)
{
	struct imgcache_error never = {0};
	struct buf text = BUF_INIT;
	size_t i;

	a->root = root;
	a->reads = reads;
	a->arena = arena;
	a->matches = mem_array(N_ROWS, sizeof(*a->matches));
	for (i = 0; i < N_ROWS; i++)
		buf_addf(&text, "**/%s\n", rows[i].name);
	ignore_parse(&a->marks, "advice", text.data, text.len, &never);
	buf_release(&text);
}

void
advice_release(struct advice *a)
{
	ignore_free(a->marks);
	free(a->matches);
	memset(a, 0, sizeof(*a));
}

/* Does an instruction name it, or something in it? */
static bool
is_named(const struct allow_list *reads, const char *path)
{
	return reads && allow_path(reads, path) != ALLOW_NONE;
}

static bool
has_any(const char *dir, const char *const *names)
{
	bool found = false;

	for (; *names && !found; names++) {
		char *path = path_join(dir, *names);

		found = file_exists(path);
		free(path);
	}
	return found;
}

/* A line of a .gitignore that names it without much ado. */
static bool
line_names(const char *line, size_t len, const char *path)
{
	const char *name = path_base(path);
	size_t n;

	while (len && (line[len - 1] == '/' || line[len - 1] == '\r' ||
		       line[len - 1] == ' '))
		len--;
	if (len > 3 && !strncmp(line, "**/", 3)) {
		line += 3;
		len -= 3;
	} else if (memchr(line, '/', len)) {
		n = *line == '/';
		return strlen(path) == len - n &&
			!strncmp(line + n, path, len - n);
	}
	return strlen(name) == len && !strncmp(line, name, len);
}

/* 1: it is ignored there, 0: not, -1: there is no .gitignore. */
static int
gitignore_names(const char *dir, const char *path)
{
	struct imgcache_error ignored = {0};
	char *name = path_join(dir, ".gitignore");
	struct buf text = BUF_INIT;
	const char *line;
	int answer = -1;

	if (!file_read(AT_FDCWD, name, MAX_GITIGNORE, &text, &ignored)) {
		answer = 0;
		for (line = text.data; *line && answer < 1;) {
			size_t len = strcspn(line, "\n");

			answer = line_names(line, len, path);
			line += len + (line[len] == '\n');
		}
	}
	free(name);
	buf_release(&text);
	return answer;
}

/*
 * Does git ignore the absolute path, as far as plain lines of the .gitignore
 * files above it tell? Where there are none at all, nobody says that it does
 * not.
 */
static bool
is_ignored_by_git(const char *path)
{
	char *top = repo_top(path);
	char *dir = path_dir(path);
	bool has_any_file = false;
	int answer = 0;

	while (top && answer < 1) {
		size_t len = strlen(dir);

		answer = gitignore_names(dir, path + len + (len > 1));
		has_any_file |= answer >= 0;
		if (len <= strlen(top) || answer == 1)
			break;
		dir[strlen(dir) - strlen(path_base(dir)) - 1] = '\0';
	}
	free(top);
	free(dir);
	return answer == 1 || !has_any_file;
}

static bool
is_built(const struct row *row, const char *path)
{
	char *dir = path_dir(path);
	bool is = has_any(dir, row->evidence) && file_is_dir(path) &&
		is_ignored_by_git(path);

	free(dir);
	return is;
}

static bool
is_believed(const struct row *row, const char *path)
{
	switch (row->certainty) {
	case INSIDE:
		return has_any(path, row->evidence);
	case BESIDE:
		return is_built(row, path);
	default:
		return true;
	}
}

bool
advice_accepts(void *payload, size_t rule, const char *path)
{
	struct advice *a = payload;
	struct advice_match *m = &a->matches[rule];
	char *full;
	bool ok;

	if (is_named(a->reads, path))
		return false;
	full = path_join(a->root, path);
	ok = is_believed(&rows[rule], full);
	free(full);
	if (!ok)
		return false;
	if (!m->example)
		m->example = arena_strdup(a->arena, path);
	m->is_deep |= strchr(path, '/') != NULL;
	return true;
}

static int
by_weight(const void *a, const void *b)
{
	const struct imgcache_advice *x = a, *y = b;

	if (x->is_secret != y->is_secret)
		return x->is_secret ? 1 : -1;
	if (x->weight.bytes != y->weight.bytes)
		return x->weight.bytes < y->weight.bytes ? 1 : -1;
	return strcmp(x->pattern, y->pattern);
}

void
advice_list(const struct advice *a, const struct weigh *w,
	    const struct imgcache_advice **out, size_t *n)
{
	struct imgcache_advice *v = arena_alloc(a->arena, N_ROWS * sizeof(*v));
	size_t i;

	*n = 0;
	for (i = 0; i < N_ROWS; i++) {
		const struct advice_match *m = &a->matches[i];

		if (!m->example || !w->marks[i].files)
			continue;
		v[(*n)++] = (struct imgcache_advice){
			.pattern = arena_printf(a->arena, "%s%s",
						m->is_deep ? "**/" : "",
						rows[i].name),
			.why = whys[rows[i].kind],
			.example = m->example,
			.is_secret = rows[i].kind == ADVICE_SECRET,
			.weight = { (int64_t)w->marks[i].files,
				    (int64_t)w->marks[i].bytes },
		};
	}
	if (*n)
		qsort(v, *n, sizeof(*v), by_weight);
	*out = v;
}

enum advice_kind
advice_kind(const char *why)
{
	size_t i;

	for (i = 0; i < sizeof(whys) / sizeof(whys[0]); i++)
		if (!strcmp(whys[i], why))
			return (enum advice_kind)i;
	return ADVICE_OUTPUT;
}
