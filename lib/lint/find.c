/* SPDX-License-Identifier: MIT */
/*
 * What there is to look at. The project's recipes and compose files come
 * first, since they say which context a Dockerfile has; the search adds the
 * files that they do not name.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "lint/lint.h"
#include "lint/compose.h"
#include "lint/gitignore.h"
#include "lint/tree.h"
#include "recipe/dockerfile.h"
#include "source/ignore.h"
#include "sys/file.h"

#define MAX_DEPTH 40
#define MAX_LOOK (1 << 20)	/* more is no Dockerfile of an odd name */

static bool
has_ending(const char *name, const char *const *endings)
{
	for (; *endings; endings++)
		if (str_ends(name, *endings))
			return true;
	return false;
}

/* "Dockerfile.dev", "Dockerfile-dev", but no template and no backup. */
static bool
is_dockerfile(const char *name)
{
	static const char *const words[] = { "Dockerfile", "Containerfile" };
	static const char *const endings[] = {
		".Dockerfile", ".dockerfile", ".Containerfile", NULL
	};
	static const char *const others[] = {
		".txt", ".sh", ".py", ".yml", ".yaml", ".json", ".go", ".js",
		".rb", ".patch", ".diff", ".nanorc", ".tmLanguage",
		".tmPreferences", ".vim", ".svg", ".png", ".html", NULL
	};
	size_t i;

	if (dockerfile_is_draft_name(name) || has_ending(name, others))
		return false;
	for (i = 0; i < sizeof(words) / sizeof(*words); i++) {
		size_t len = strlen(words[i]);

		if (!strncmp(name, words[i], len) &&
		    (!name[len] || strchr(".-_", name[len])))
			return true;
	}
	return has_ending(name, endings);
}

/* "FROM {{ base }}" and the like; docker would refuse it. */
static bool
is_template(const char *line, const char *end)
{
	size_t len = (size_t)(end - line);

	return memmem(line, len, "{{", 2) || memmem(line, len, "{%", 2) ||
		memmem(line, len, "<%", 2);
}

/*
 * "Dockerfile.vim" may be anything: one that is found, not named, has to begin
 * with an instruction.
 */
static bool
begins_as_one(const char *path)
{
	static const char *const words[] = { "FROM", "ARG" };
	struct imgcache_error ignored = {0};
	struct buf text = BUF_INIT;
	const char *s, *end;
	bool is = false;

	if (!strpbrk(path_base(path), ".-_"))
		return true;
	if (file_read(AT_FDCWD, path, MAX_LOOK, &text, &ignored))
		return false;
	s = text.data;
	if (text.len >= 3 && !memcmp(s, "\xef\xbb\xbf", 3))
		s += 3;
	for (; *s; s = end) {
		end = s + strcspn(s, "\n");
		end += *end == '\n';
		s += strspn(s, " \t\r\n");
		if (s >= end || *s == '#')
			continue;
		for (size_t i = 0; i < 2 && !is; i++)
			is = !strncasecmp(s, words[i], strlen(words[i]));
		if (is && !strncasecmp(s, "ARG", 3))
			continue;	/* FROM comes behind it */
		is = is && !is_template(s, end);
		break;
	}
	buf_release(&text);
	return is;
}

static bool
is_script(const char *path, const char *name)
{
	static const char *const names[] = {
		"Makefile", "GNUmakefile", "makefile", "justfile",
		"Jenkinsfile", ".gitlab-ci.yml", ".travis.yml", "Taskfile.yml",
		"cloudbuild.yaml", "azure-pipelines.yml", "docker-bake.hcl",
		"docker-bake.json", NULL
	};
	static const char *const endings[] = { ".sh", ".bash", ".mk", NULL };
	static const char *const yaml[] = { ".yml", ".yaml", NULL };
	size_t i;

	for (i = 0; names[i]; i++)
		if (!strcmp(name, names[i]))
			return true;
	if (has_ending(name, endings))
		return true;
	return has_ending(name, yaml) && (strstr(path, "/.github/workflows/") ||
					  strstr(path, "/.circleci/"));
}

static bool
kind_of(const char *path, enum lint_kind *kind)
{
	const char *name = path_base(path);

	if (str_ends(name, ".dockerignore") ||
	    !strcmp(name, ".containerignore"))
		*kind = LINT_IGNORE_FILE;
	else if (is_dockerfile(name))
		*kind = LINT_DOCKERFILE;
	else if (is_script(path, name))
		*kind = LINT_SCRIPT_FILE;
	else
		return false;
	return true;
}

/* The folder that a project is: with a .git or an imgcache.yaml. */
static const char *
find_top(struct lint *l, const char *dir, const char *otherwise)
{
	char *at = mem_strdup(dir);
	const char *top = NULL;

	while (!top) {
		char *git = path_join(at, ".git");
		char *file = path_join(at, PROJECT_FILE);
		char *up = path_dir(at);

		if (file_exists(git) || file_exists(file))
			top = arena_strdup(l->arena, at);
		else if (!strcmp(up, at))
			top = arena_strdup(l->arena, otherwise);
		free(git);
		free(file);
		free(at);
		at = up;
	}
	free(at);
	return top;
}

static bool
is_excluded(const struct lint *l, const char *path)
{
	const char *dir = l->ic->project.dir;
	size_t len;

	if (!l->config.exclude)
		return false;
	len = strlen(dir);
	return str_starts(path, dir) && path[len] == '/' &&
		ignore_matches(l->config.exclude, path + len + 1);
}

static void
add_recipes(struct lint *l)
{
	const struct project *p = &l->ic->project;
	size_t i;

	for (i = 0; i < p->n_images; i++) {
		const struct recipe *r = &p->images[i].recipe;
		struct lint_item *item;
		char *context, *path;

		if (r->kind != RECIPE_DOCKERFILE)
			continue;
		context = path_absolute(r->root, r->context ? r->context : ".");
		path = r->dockerfile ? path_absolute(r->root, r->dockerfile) :
			path_join(context, "Dockerfile");
		if (!is_excluded(l, path) && file_exists(path)) {
			item = lint_add_item(l, LINT_DOCKERFILE, path, p->dir);
			if (!item->recipe) {
				item->recipe = r;
				item->context = arena_strdup(l->arena, context);
			}
		}
		free(context);
		free(path);
	}
}

/* A search below top. */
struct search {
	struct lint *l;
	const char *top;
	const char *project;		/* where guesses of contexts end */
	struct buf path;		/* relative to top */
	int depth;
};

/* Hidden folders hold what tools made, but for those that hold scripts. */
static bool
is_passed_over(const char *name)
{
	static const char *const hidden[] = {
		".github", ".gitlab", ".circleci", ".devcontainer", ".docker",
		".ci", ".buildkite", NULL
	};
	size_t i;

	if (lint_is_opaque(name) || !strcmp(name, "vendor") ||
	    !strcmp(name, "third_party"))
		return true;
	if (name[0] != '.')
		return false;
	for (i = 0; hidden[i]; i++)
		if (!strcmp(name, hidden[i]))
			return false;
	return true;
}

static void search_folder(struct search *s, const struct lint_gitignore *up);

static void
search_entry(struct search *s, const char *name,
	     const struct lint_gitignore *git)
{
	char *path = path_join(s->top, s->path.data);
	enum lint_kind kind;
	struct stat st;

	if (lstat(path, &st) || lint_gitignore_has(git, s->path.data) ||
	    is_excluded(s->l, path))
		goto out;
	if (S_ISDIR(st.st_mode)) {
		if (!is_passed_over(name) && s->depth < MAX_DEPTH)
			search_folder(s, git);
	} else if (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode)) {
		goto out;
	} else if (lint_is_compose(name)) {
		lint_compose(s->l, path, s->project);
	} else if (kind_of(path, &kind) && file_exists(path) &&
		   !file_is_dir(path) &&
		   (kind != LINT_DOCKERFILE || begins_as_one(path))) {
		lint_add_item(s->l, kind, path, s->project);
	}
out:
	free(path);
}

static void
search_folder(struct search *s, const struct lint_gitignore *up)
{
	char *path = path_join(s->top, s->path.data);
	struct lint_gitignore git;
	struct strv names = {0};
	size_t i, len = s->path.len;

	if (!len) {
		free(path);
		path = mem_strdup(s->top);
	}
	lint_gitignore_open(&git, path, len ? len + 1 : 0, up);
	lint_names(AT_FDCWD, path, &names);
	s->depth++;
	for (i = 0; i < names.n; i++) {
		buf_adds(&s->path, len ? "/" : "");
		buf_adds(&s->path, names.v[i]);
		search_entry(s, names.v[i], &git);
		buf_truncate(&s->path, len);
	}
	s->depth--;
	lint_gitignore_close(&git);
	strv_release(&names);
	free(path);
}

static void
search(struct lint *l, const char *dir)
{
	struct search s = { .l = l, .top = dir, .path = BUF_INIT };

	s.project = find_top(l, dir, dir);
	buf_adds(&s.path, "");
	search_folder(&s, NULL);
	buf_release(&s.path);
}

static int
add_path(struct lint *l, const char *given, struct imgcache_error *err)
{
	char *path = path_absolute(l->ic->dir, given);
	enum lint_kind kind;
	char *dir;
	int ret = 0;

	if (file_is_dir(path)) {
		search(l, path);
	} else if (!file_exists(path)) {
		ret = error_set(err, IMGCACHE_EFAIL, "nothing at '%s'; name "
				"Dockerfiles, ignore files, scripts or folders",
				given);
	} else {
		if (!kind_of(path, &kind))
			kind = LINT_DOCKERFILE;
		dir = path_dir(path);
		lint_add_item(l, kind, path, find_top(l, dir, dir))->is_named =
			true;
		free(dir);
	}
	free(path);
	return ret;
}

/* Dockerfiles, then ignore files, then scripts, each in byte order. */
static int
by_kind(const void *left, const void *right)
{
	const struct lint_item *a = left, *b = right;

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	return strcmp(a->name, b->name);
}

/* Only what was named, but with what the project knows of it. */
static void
keep_named(struct lint *l, const char *const *paths, size_t n_recipes)
{
	size_t i, n = 0;

	for (i = 0; i < l->n_items; i++) {
		const char *const *p = paths;
		bool named = i >= n_recipes;

		for (; *p && !named; p++) {
			char *path = path_absolute(l->ic->dir, *p);
			size_t len = strlen(path);

			named = !strncmp(l->items[i].path, path, len) &&
				(!l->items[i].path[len] || !strcmp(path, "/") ||
				 l->items[i].path[len] == '/');
			free(path);
		}
		if (named)
			l->items[n++] = l->items[i];
	}
	l->n_items = n;
}

int
lint_find(struct lint *l, const char *const *paths,
	  struct imgcache_error *err)
{
	const char *const *p;
	size_t n_recipes;
	int ret = 0;

	if (l->ic->has_project)
		add_recipes(l);
	n_recipes = l->n_items;
	if (!paths || !*paths) {
		search(l, l->ic->has_project ? l->ic->project.dir :
		       l->ic->dir);
	} else {
		for (p = paths; *p && !ret; p++)
			ret = add_path(l, *p, err);
		keep_named(l, paths, n_recipes);
	}
	if (l->n_items)
		qsort(l->items, l->n_items, sizeof(*l->items), by_kind);
	return ret;
}
