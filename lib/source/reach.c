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

/*
 * Follow the links of a path, root_fd being its root; each is added to out. The
 * real path is left in *real. False if there are too many.
 */
static bool
follow(int root_fd, const char *path, struct buf *real, struct strv *out)
{
	char *rest = mem_strdup(path), *at = rest, *joined;
	char text[PATH_MAX];
	bool ok = true;
	int links = 0;

	buf_clear(real);
	while (ok && *at) {
		size_t len = strcspn(at, "/");
		ssize_t n = -1;

		if (len == 2 && !memcmp(at, "..", 2)) {
			drop_last(real);
		} else if (len && !(len == 1 && *at == '.')) {
			add_part(real, at, len);
			n = readlinkat(root_fd, real->data, text,
				       sizeof(text) - 1);
		}
		at += len + (at[len] == '/');
		if (n < 0)
			continue;
		strv_push(out, real->data);
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

static void
add_followed(int root_fd, const char *path, struct strv *out)
{
	struct buf real = BUF_INIT;

	if (follow(root_fd, path, &real, out))
		strv_push(out, real.data);
	buf_release(&real);
}

static bool
is_real_dir(int dir_fd, const char *name)
{
	struct stat st;

	return !fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) &&
	       S_ISDIR(st.st_mode);
}

/*
 * One step of a pattern: a part of it, and the directories it starts from. Or,
 * where a part may match a slash, all of the pattern in every step.
 */
struct step {
	int root_fd;
	const char *part;
	size_t len;
	bool is_last;
	bool is_whole;
	size_t above;		/* bytes of a path that it does not look at */
	struct strv *next;	/* directories for the next step */
	struct strv *out;
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
		add_followed(s->root_fd, path.data, s->out);
	else if (is_real_dir(dir_fd, name))
		strv_push(s->next, path.data);
	buf_release(&path);
}

static void
look_into(const struct step *s, const char *dir)
{
	int fd = openat(s->root_fd, *dir ? dir : ".", DIR_FLAGS);
	DIR *all = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;

	if (!all) {
		if (errno != ENOENT && errno != ENOTDIR)
			strv_push(s->out, dir);
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
expand(int root_fd, const char *dir, const char *pattern, struct strv *out)
{
	struct strv here = { 0 };
	struct step s = { .root_fd = root_fd, .out = out };

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
expand_whole(int root_fd, const char *dir, const char *pattern,
	     struct strv *out)
{
	struct strv here = { 0 };
	struct step s = { .root_fd = root_fd, .out = out, .part = pattern,
			  .is_whole = true,
			  .above = strlen(dir) + (*dir != '\0') };

	strv_push(&here, dir);
	while (here.n)
		make_step(&s, &here);
	strv_release(&here);
}

static void
expand_as(enum reach_kind kind, int root_fd, const char *dir,
	  const char *pattern, struct strv *out)
{
	if (kind == REACH_MALFORMED)
		strv_push(out, dir);
	else if (kind == REACH_SLASH)
		expand_whole(root_fd, dir, pattern, out);
	else
		expand(root_fd, dir, pattern, out);
}

void
reach_resolve(int root_fd, const struct reach *r, struct strv *out)
{
	struct buf real = BUF_INIT;
	size_t fixed;
	char *dir;

	if (!r->wildcard) {
		add_followed(root_fd, r->path, out);
		return;
	}
	fixed = reach_fixed_length(r->path);
	dir = mem_strndup(r->path, fixed ? fixed - 1 : 0);
	if (follow(root_fd, dir, &real, out))
		expand_as(kind_of(r->path + fixed), root_fd, real.data,
			  r->path + fixed, out);
	free(dir);
	buf_release(&real);
}
