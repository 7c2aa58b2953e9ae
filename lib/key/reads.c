/* SPDX-License-Identifier: MIT */
#include "key/reads.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "key/inputs.h"
#include "recipe/dockerfile.h"
#include "source/filter.h"
#include "source/reach.h"

/* What one read comes to, found out once. */
struct read_entry {
	enum dockerfile_read_kind kind;
	char *context;		/* NULL: the main one */
	char *path;
	char *include;
	struct strv exclude;
	struct strv reached;	/* sorted: files, and whole directories */
	struct filter *filter;	/* what is taken of the directories: */
	struct strv dirs;
};

static bool
is_of(const struct read_entry *e, const struct dockerfile_read *read)
{
	for (size_t i = 0; i < e->exclude.n; i++)
		if (i == dockerfile_read_excludes(read) ||
		    strcmp(e->exclude.v[i], read->exclude[i]))
			return false;
	return e->kind == read->kind && str_is(e->context, read->context) &&
		str_is(e->path, read->path) &&
		str_is(e->include, read->include) &&
		e->exclude.n == dockerfile_read_excludes(read);
}

static const char *
folder_of(const struct reads *r, const char *context)
{
	for (size_t i = 0; r->in && i < r->in->n_contexts; i++)
		if (str_is(r->in->contexts[i].name, context))
			return r->in->contexts[i].path;
	return NULL;
}

static struct read_entry *
add_entry(struct reads *r, const struct dockerfile_read *read)
{
	struct read_entry *e;

	mem_grow(r->v, r->n, r->cap);
	e = &r->v[r->n++];
	*e = (struct read_entry){
		.kind = read->kind,
		.context = mem_strdup(read->context),
		.path = mem_strdup(read->path),
		.include = mem_strdup(read->include),
		.filter = filter_new(read->include, read->exclude,
				     dockerfile_read_excludes(read)),
	};
	for (size_t i = 0; i < dockerfile_read_excludes(read); i++)
		strv_push(&e->exclude, read->exclude[i]);
	return e;
}

static struct read_entry *
find(struct reads *r, const struct dockerfile_read *read)
{
	struct reach reach = { .path = read->path, .wildcard = read->wildcard };
	const char *folder = folder_of(r, read->context);
	struct read_entry *e;
	int fd;

	for (size_t i = 0; i < r->n; i++)
		if (is_of(&r->v[i], read))
			return &r->v[i];
	e = add_entry(r, read);
	fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (fd >= 0)
		reach_resolve_apart(fd, &reach, &e->reached,
				    e->filter ? &e->dirs : NULL);
	else if (!read->wildcard)
		strv_push(e->filter ? &e->dirs : &e->reached, read->path);
	if (fd >= 0)
		close(fd);
	strv_sort(&e->reached);
	return e;
}

/* The path itself, or a directory above it. */
static bool
is_reached(const struct read_entry *e, const char *path)
{
	size_t len;

	if (strv_has_sorted(&e->reached, "", 0))
		return true;
	for (len = strcspn(path, "/");; len += 1 + strcspn(path + len + 1, "/")) {
		if (strv_has_sorted(&e->reached, path, len))
			return true;
		if (!path[len])
			return false;
	}
}

static bool
takes(const struct read_entry *e, const char *below)
{
	return !e->filter || filter_concerns(e->filter, below);
}

/* Is it, or could something below it be, taken of a directory that is read? */
static bool
is_taken(const struct read_entry *e, const char *path)
{
	for (size_t i = 0; i < e->dirs.n; i++) {
		const char *dir = e->dirs.v[i];
		size_t len = strlen(dir);

		if (strncmp(path, dir, len) ||
		    (len && path[len] && path[len] != '/'))
			continue;
		if (takes(e, path + len + (len && path[len])))
			return true;
	}
	return false;
}

/* A pattern reads what it matches, and what is below that. */
static bool
is_matched(const struct read_entry *e, const char *path)
{
	bool match = false;
	size_t len = 0;

	while (!match) {
		char *above;

		len += strcspn(path + len, "/");
		above = mem_strndup(path, len);
		match = reach_match_path(e->path, above);
		free(above);
		if (!path[len++])
			break;
	}
	return match && takes(e, path[len - 1] ? path + len : "");
}

bool
reads_cover(struct reads *r, const struct dockerfile_read *read,
	    const char *path)
{
	const struct read_entry *e;

	if (read->kind == DOCKERFILE_READ_URL ||
	    read->kind == DOCKERFILE_READ_GIT)
		return false;
	e = find(r, read);
	return is_reached(e, path) || is_taken(e, path) ||
		(read->wildcard && is_matched(e, path));
}

void
reads_release(struct reads *r)
{
	for (size_t i = 0; i < r->n; i++) {
		free(r->v[i].context);
		free(r->v[i].path);
		free(r->v[i].include);
		strv_release(&r->v[i].exclude);
		strv_release(&r->v[i].reached);
		strv_release(&r->v[i].dirs);
		filter_free(r->v[i].filter);
	}
	free(r->v);
	memset(r, 0, sizeof(*r));
}
