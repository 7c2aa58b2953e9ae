/* SPDX-License-Identifier: MIT */
#include "source/reach.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/strv.h"

#define LINKS_MAX 255		/* as continuity has it */
#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOCTTY)

static void
drop_last(struct buf *path)
{
	const char *slash = memrchr(path->data, '/', path->len);

	buf_truncate(path, slash ? (size_t)(slash - path->data) : 0);
}

static void
add_part(struct buf *path, const char *part, size_t len)
{
	if (path->len)
		buf_addc(path, '/');
	buf_add(path, part, len);
}

/* Where the paths go that are found. */
struct found {
	int root_fd;
	struct strv *out;
	struct strv *dirs;	/* NULL: to out as well */
};

/*
 * Follow the links of a path, root_fd being its root; each is added to out. The
 * real path is left in *real. False if there are too many. *by_link: the last
 * part of the path was one.
 */
static bool
follow(const struct found *f, const char *path, struct buf *real,
       bool *by_link)
{
	char *rest = mem_strdup(path), *at = rest, *joined;
	char text[PATH_MAX];
	bool ok = true;
	int links = 0;

	*by_link = false;
	buf_clear(real);
	while (ok && *at) {
		size_t len = strcspn(at, "/");
		ssize_t n = -1;

		if (len == 2 && !memcmp(at, "..", 2)) {
			drop_last(real);
		} else if (len && !(len == 1 && *at == '.')) {
			add_part(real, at, len);
			n = readlinkat(f->root_fd, real->data, text,
				       sizeof(text) - 1);
		}
		at += len + (at[len] == '/');
		if (n < 0)
			continue;
		strv_push(f->out, real->data);
		*by_link |= !*at;
		text[n] = '\0';
		if (*text == '/')
			buf_clear(real);
		else
			drop_last(real);
		joined = mem_printf("%s/%s", text, at);
		free(rest);
		at = rest = joined;
		ok = ++links < LINKS_MAX;
	}
	free(rest);
	return ok;
}

static bool
is_real_dir(int dir_fd, const char *name)
{
	struct stat st;

	return !fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) &&
	       S_ISDIR(st.st_mode);
}

static void
add_followed(const struct found *f, const char *path)
{
	struct buf real = BUF_INIT;
	bool by_link;

	if (follow(f, path, &real, &by_link)) {
		bool apart = f->dirs && !by_link &&
			is_real_dir(f->root_fd, real.len ? real.data : ".");

		strv_push(apart ? f->dirs : f->out, real.data);
	}
	buf_release(&real);
}

/*
 * One step of a pattern: a part of it, and the directories it starts from. Or,
 * where a part may match a slash, all of the pattern in every step.
 */
struct step {
	const struct found *found;
	const char *part;
	size_t len;
	bool is_last;
	bool is_whole;
	size_t above;		/* bytes of a path that it does not look at */
	struct strv *next;	/* directories for the next step */
};

static void
take(const struct step *s, int dir_fd, const char *dir, const char *name)
{
	struct buf path = BUF_INIT;
	bool is_found = s->is_last;

	buf_adds(&path, dir);
	add_part(&path, name, strlen(name));
	if (s->is_whole)
		is_found = reach_match_path(s->part, path.data + s->above);
	if (is_found)
		add_followed(s->found, path.data);
	else if (is_real_dir(dir_fd, name))
		strv_push(s->next, path.data);
	buf_release(&path);
}

static void
look_into(const struct step *s, const char *dir)
{
	int fd = openat(s->found->root_fd, *dir ? dir : ".", DIR_FLAGS);
	DIR *all = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;

	if (!all) {
		if (errno != ENOENT && errno != ENOTDIR)
			strv_push(s->found->out, dir);
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((d = readdir(all)))
		if (strcmp(d->d_name, ".") && strcmp(d->d_name, "..") &&
		    (s->is_whole ||
		     reach_match_part(s->part, s->len, d->d_name)))
			take(s, fd, dir, d->d_name);
	closedir(all);
}

size_t
reach_fixed_length(const char *pattern)
{
	size_t n = strcspn(pattern, "*?[\\");

	while (n && pattern[n - 1] != '/')
		n--;
	return n;
}

/* The worst of all parts. */
static enum reach_kind
kind_of(const char *pattern)
{
	enum reach_kind worst = REACH_PLAIN;

	while (*pattern) {
		size_t len = strcspn(pattern, "/");
		enum reach_kind kind = reach_kind(pattern, len);

		if (kind > worst)
			worst = kind;
		pattern += len + (pattern[len] == '/');
	}
	return worst;
}

/* From the directories in here, which it empties, to those in next. */
static void
make_step(struct step *s, struct strv *here)
{
	struct strv next = { 0 };

	s->next = &next;
	for (size_t i = 0; i < here->n; i++)
		look_into(s, here->v[i]);
	strv_release(here);
	*here = next;
}

static void
expand(const struct found *f, const char *dir, const char *pattern)
{
	struct strv here = { 0 };
	struct step s = { .found = f };

	strv_push(&here, dir);
	while (*pattern && here.n) {
		s.part = pattern;
		s.len = strcspn(pattern, "/");
		pattern += s.len + (pattern[s.len] == '/');
		s.is_last = !*pattern;
		make_step(&s, &here);
	}
	strv_release(&here);
}

static void
expand_whole(const struct found *f, const char *dir, const char *pattern)
{
	struct strv here = { 0 };
	struct step s = { .found = f, .part = pattern, .is_whole = true,
			  .above = strlen(dir) + (*dir != '\0') };

	strv_push(&here, dir);
	while (here.n)
		make_step(&s, &here);
	strv_release(&here);
}

static void
expand_as(enum reach_kind kind, const struct found *f, const char *dir,
	  const char *pattern)
{
	if (kind == REACH_MALFORMED)
		strv_push(f->out, dir);
	else if (kind == REACH_SLASH)
		expand_whole(f, dir, pattern);
	else
		expand(f, dir, pattern);
}

void
reach_resolve_apart(int root_fd, const struct reach *r, struct strv *out,
		    struct strv *dirs)
{
	struct found f = { root_fd, out, dirs };
	struct buf real = BUF_INIT;
	bool by_link;
	size_t fixed;
	char *dir;

	if (!r->wildcard) {
		add_followed(&f, r->path);
		return;
	}
	fixed = reach_fixed_length(r->path);
	dir = mem_strndup(r->path, fixed ? fixed - 1 : 0);
	if (follow(&f, dir, &real, &by_link))
		expand_as(kind_of(r->path + fixed), &f, real.data,
			  r->path + fixed);
	free(dir);
	buf_release(&real);
}

void
reach_resolve(int root_fd, const struct reach *r, struct strv *out)
{
	reach_resolve_apart(root_fd, r, out, NULL);
}
