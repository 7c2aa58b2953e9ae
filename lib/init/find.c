/* SPDX-License-Identifier: MIT */
/*
 * Which files of a project say how something is built. Folders that hold other
 * people's work or are made by tools are not entered, and a tree that is
 * bigger than any project is not walked to its end.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "init/init.h"
#include "recipe/dockerfile.h"
#include "source/glob_tokens.h"
#include "sys/file.h"

#define DEEPEST 6
#define MOST_FOLDERS 4000
#define MOST_FILES 100		/* of a kind */

/* Folders in the order in which they are looked at, with their depths. */
struct search {
	const char *root;
	struct init_found *out;
	struct strv folders;
	size_t at;
};

static bool
is_skipped(const char *name)
{
	static const char *const names[] = {
		"node_modules", "bower_components", "vendor", "third_party",
		"__pycache__", "venv", "site-packages", "dist", "target",
		"testdata", "fixtures", NULL
	};

	if (*name == '.')
		return strcmp(name, ".devcontainer") != 0;
	return str_is_one_of(name, names);
}

/* YAML has no place for control characters and for what is not UTF-8. */
static bool
is_plain(const char *name)
{
	size_t size;

	for (; *name; name += size) {
		if ((unsigned char)*name < 0x20 || *name == 0x7f)
			return false;
		if (rune_decode(name, strlen(name), &size) == RUNE_ERROR &&
		    size == 1)
			return false;
	}
	return true;
}

static bool
is_dockerfile(const char *name)
{
	if (str_ends(name, ".dockerignore") || dockerfile_is_draft_name(name))
		return false;
	return !strcmp(name, "Dockerfile") || !strcmp(name, "Containerfile") ||
		str_starts(name, "Dockerfile.") ||
		str_starts(name, "Containerfile.") ||
		str_ends(name, ".Dockerfile") || str_ends(name, ".dockerfile");
}

static bool
is_requirements(const char *name)
{
	return str_ends(name, ".txt") &&
		(str_starts(name, "requirements") ||
		 str_ends(name, "requirements.txt"));
}

static bool
is_compose(const char *name)
{
	static const char *const names[] = {
		"compose.yaml", "compose.yml", "docker-compose.yaml",
		"docker-compose.yml", NULL
	};

	return str_is_one_of(name, names);
}

static enum init_kind
kind_of(const char *name, const char *dir)
{
	bool is_dev = !strcmp(path_base(dir), ".devcontainer");

	if (is_dockerfile(name))
		return INIT_DOCKERFILE;
	if (is_compose(name))
		return INIT_COMPOSE;
	if (!strcmp(name, "docker-bake.json"))
		return INIT_BAKE;
	if (!strcmp(name, "docker-bake.hcl"))
		return INIT_BAKE_HCL;
	if (!strcmp(name, ".devcontainer.json") ||
	    (is_dev && !strcmp(name, "devcontainer.json")))
		return INIT_DEVCONTAINER;
	if (!strcmp(name, "package.json"))
		return INIT_PACKAGE_JSON;
	if (!strcmp(name, "pyproject.toml"))
		return INIT_PYPROJECT;
	if (!strcmp(name, "apt.txt"))
		return INIT_APT;
	if (is_requirements(name))
		return INIT_REQUIREMENTS;
	return INIT_KINDS;
}

static size_t
depth_of(const char *path)
{
	size_t n = *path != '\0';

	while ((path = strchr(path, '/'))) {
		path++;
		n++;
	}
	return n;
}

static void
meet(struct search *s, const char *dir, const char *name, mode_t mode)
{
	char *path = path_join(dir, name);
	enum init_kind kind;

	if (!is_plain(name)) {
		s->out->is_odd |= kind_of(name, dir) != INIT_KINDS;
	} else if (S_ISDIR(mode) && !is_skipped(name)) {
		if (s->folders.n < MOST_FOLDERS && depth_of(path) <= DEEPEST)
			strv_push(&s->folders, path);
		else
			s->out->is_cut = true;
	} else if (S_ISREG(mode) && (kind = kind_of(name, dir)) != INIT_KINDS) {
		if (s->out->of[kind].n < MOST_FILES)
			strv_push(&s->out->of[kind], path);
		else
			s->out->is_cut = true;
	}
	free(path);
}

static void
look_into(struct search *s, const char *dir)
{
	char *full = path_join(s->root, dir);
	struct strv names = {0};
	struct dirent *d;
	struct stat st;
	DIR *all = opendir(full);
	size_t i;

	while (all && (d = readdir(all)))
		if (strcmp(d->d_name, ".") && strcmp(d->d_name, ".."))
			strv_push(&names, d->d_name);
	strv_sort(&names);
	for (i = 0; i < names.n; i++)
		if (!fstatat(dirfd(all), names.v[i], &st,
			     AT_SYMLINK_NOFOLLOW))
			meet(s, dir, names.v[i], st.st_mode);
	if (all)
		closedir(all);
	strv_release(&names);
	free(full);
}

void
init_find(const char *root, struct init_found *out)
{
	struct search s = { .root = root, .out = out };

	memset(out, 0, sizeof(*out));
	strv_push(&s.folders, "");
	while (s.at < s.folders.n) {
		char *dir = mem_strdup(s.folders.v[s.at++]);

		look_into(&s, dir);
		free(dir);
	}
	strv_release(&s.folders);
}

void
init_found_release(struct init_found *f)
{
	for (int i = 0; i < INIT_KINDS; i++)
		strv_release(&f->of[i]);
}
