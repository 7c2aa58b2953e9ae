/* SPDX-License-Identifier: MIT */
#include "key/reads.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "key/inputs.h"
#include "recipe/dockerfile.h"
#include "source/ignore.h"
#include "source/reach.h"

/* What one read comes to, found out once. */
struct read_entry {
	enum dockerfile_read_kind kind;
	char *context;		/* NULL: the main one */
	char *path;
	char *include_text;
	struct strv reached;	/* sorted: files, and whole directories */
	struct ignore *include;	/* of PARENTS: only what matches below path */
};

static bool
is_of(const struct read_entry *e, const struct dockerfile_read *read)
{
	return e->kind == read->kind && str_is(e->context, read->context) &&
		str_is(e->path, read->path) &&
		str_is(e->include_text, read->include);
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
find(struct reads *r, const struct dockerfile_read *read)
{
	struct reach reach = { read->path, read->wildcard };
	const char *folder = folder_of(r, read->context);
	struct imgcache_error ignored = {0};
	struct read_entry *e;
	int fd;

	for (size_t i = 0; i < r->n; i++)
		if (is_of(&r->v[i], read))
			return &r->v[i];
	mem_grow(r->v, r->n, r->cap);
	e = &r->v[r->n++];
	memset(e, 0, sizeof(*e));
	e->kind = read->kind;
	e->context = mem_strdup(read->context);
	e->path = mem_strdup(read->path);
	e->include_text = mem_strdup(read->include);
	if (read->include)
		(void)ignore_parse(&e->include, "", read->include,
				   strlen(read->include), &ignored);
	fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (fd >= 0)
		reach_resolve(fd, &reach, &e->reached);
	else if (!read->wildcard)
		strv_push(&e->reached, read->path);
	if (fd >= 0)
		close(fd);
	strv_sort(&e->reached);
	return e;
}

static bool
has(const struct strv *sorted, const char *s, size_t len)
{
	size_t lo = 0, hi = sorted->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = strncmp(sorted->v[mid], s, len);

		if (!c && !sorted->v[mid][len])
			return true;
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return false;
}

/* The path itself, or a directory above it. */
static bool
is_reached(const struct read_entry *e, const char *path)
{
	size_t len;

	if (has(&e->reached, "", 0))
		return true;
	for (len = strcspn(path, "/");; len += 1 + strcspn(path + len + 1, "/")) {
		if (has(&e->reached, path, len))
			return true;
		if (!path[len])
			return false;
	}
}

/* A pattern reads what it matches, and what is below that. */
static bool
is_matched(const char *pattern, const char *path)
{
	bool match = false;
	size_t len = 0;

	while (!match) {
		char *above;

		len += strcspn(path + len, "/");
		above = mem_strndup(path, len);
		match = reach_match_path(pattern, above);
		free(above);
		if (!path[len++])
			break;
	}
	return match;
}

static bool
is_included(const struct read_entry *e, const char *path)
{
	size_t len = strlen(e->path);

	if (!e->include)
		return true;
	if (len && (strncmp(path, e->path, len) || path[len] != '/'))
		return false;
	return ignore_matches(e->include, path + len + (len > 0));
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
	if (!is_reached(e, path) &&
	    !(read->wildcard && is_matched(read->path, path)))
		return false;
	return is_included(e, path);
}

void
reads_release(struct reads *r)
{
	for (size_t i = 0; i < r->n; i++) {
		free(r->v[i].context);
		free(r->v[i].path);
		free(r->v[i].include_text);
		strv_release(&r->v[i].reached);
		ignore_free(r->v[i].include);
	}
	free(r->v);
	memset(r, 0, sizeof(*r));
}
