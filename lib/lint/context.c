/* SPDX-License-Identifier: MIT */
/*
 * The context behind a Dockerfile. A recipe or a compose file names it; else
 * it is the nearest folder, from the Dockerfile's own up, that holds most of
 * what is copied. Where nothing tells, the rules about it say nothing.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "lint/docker.h"
#include "lint/tree.h"
#include "source/ignore.h"
#include "sys/file.h"

static size_t
count_there(const struct lint_docker *d, const char *dir, size_t *of)
{
	size_t n = 0;

	*of = 0;
	for (size_t i = 0; i < d->n_reads; i++) {
		const struct lint_read *r = &d->reads[i];
		char *path;

		if (r->wildcard || !*r->path)
			continue;
		++*of;
		path = path_join(dir, r->path);
		n += file_exists(path);
		free(path);
	}
	return n;
}

/* Does the folder hold anything but Dockerfiles and what belongs to them? */
static bool
has_sources(const char *dir)
{
	struct strv names = {0};
	bool found = false;

	lint_names(AT_FDCWD, dir, &names);
	for (size_t i = 0; i < names.n && !found; i++) {
		const char *name = names.v[i];

		found = !strcmp(name, ".git") ||
			(*name != '.' && !strstr(name, "ockerfile") &&
			 !strstr(name, "ockerignore") &&
			 !str_starts(name, "README"));
	}
	strv_release(&names);
	return found;
}

static const char *
guess(const struct lint_docker *d)
{
	struct arena *arena = &d->f->arena;
	const char *top = d->item->top, *best = NULL;
	char *at = path_dir(d->f->path);
	size_t most = 0, of;

	for (;;) {
		size_t there = count_there(d, at, &of);
		char *up;

		if (!of)
			best = has_sources(at) ? arena_strdup(arena, at) : NULL;
		else if (there > most)
			best = arena_strdup(arena, at);
		most = there > most ? there : most;
		if (!of || most == of || !strcmp(at, top) ||
		    !strcmp(at, "/"))
			break;
		up = path_dir(at);
		free(at);
		at = up;
	}
	free(at);
	return best;
}

static bool
take_ignore(struct lint_docker *d, const char *path)
{
	struct imgcache_error ignored = {0};
	struct buf text = BUF_INIT;
	bool found = !lint_read(d->f->lint, path, &text, &ignored);

	if (found) {
		d->context.has_ignore = true;
		d->context.ignore_path = arena_strdup(&d->f->arena, path);
		if (ignore_parse(&d->context.ignore, path, text.data, text.len,
				 &ignored))
			d->context.ignore = NULL;
	}
	buf_release(&text);
	return found;
}

/* The recipe's include: becomes the ignore file of its build. */
static bool
take_include(struct lint_docker *d)
{
	const struct recipe *r = d->item->recipe;
	struct imgcache_error ignored = {0};
	struct buf text = BUF_INIT;

	if (!r || !r->include.n)
		return false;
	buf_adds(&text, "*\n");
	for (size_t i = 0; i < r->include.n; i++) {
		const char *p = r->include.v[i];

		buf_addf(&text, "%s%s\n", *p == '!' ? "" : "!",
			 *p == '!' ? p + 1 : p);
	}
	d->context.has_ignore = true;
	if (ignore_parse(&d->context.ignore, "include", text.data, text.len,
			 &ignored))
		d->context.ignore = NULL;
	buf_release(&text);
	return true;
}

void
lint_context_find(struct lint_docker *d)
{
	struct lint_context *c = &d->context;
	char *path;

	c->path = d->item->context ? d->item->context : guess(d);
	if (!c->path)
		return;
	d->f->context = arena_strdup(d->f->lint->arena, c->path);
	if (take_include(d))
		return;
	path = mem_printf("%s.dockerignore", d->f->path);
	if (!take_ignore(d, path)) {
		free(path);
		path = path_join(c->path, ".dockerignore");
		take_ignore(d, path);
	}
	free(path);
}

void
lint_context_release(struct lint_context *c)
{
	ignore_free(c->ignore);
}
