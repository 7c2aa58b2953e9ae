/* SPDX-License-Identifier: MIT */
#include "source/reach.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/strv.h"
#include "source/glob_tokens.h"

#define LINKS_MAX 255		/* as continuity has it */
#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOCTTY)

static uint32_t
next_rune(const char **s)
{
	size_t size;
	uint32_t rune = rune_decode(*s, strlen(*s), &size);

	*s += size;
	return rune;
}

/*
 * A class at *p, which stands behind its '['. A negated one, and one with a
 * range around the slash, may match a slash: Go does not look.
 */
static bool
match_class(const char **p, const char *end, uint32_t rune, bool *is_odd)
{
	bool found = false, any = false;

	if (*p < end && **p == '^') {
		*is_odd = true;
		return false;
	}
	while (*p < end && (**p != ']' || !any)) {
		uint32_t low, high;

		if (**p == ']' || **p == '-' || **p == '\\')
			break;
		low = high = next_rune(p);
		if (*p < end && **p == '-') {
			(*p)++;
			if (*p >= end || **p == ']' || **p == '-' ||
			    **p == '\\')
				break;
			high = next_rune(p);
		}
		*is_odd |= low <= '/' && '/' <= high;
		found |= low <= rune && rune <= high;
		any = true;
	}
	if (*p >= end || **p != ']' || !any) {
		*is_odd = true;
		return false;
	}
	(*p)++;
	return found;
}

/* One part that is no '*'; moves both behind it. */
static bool
match_one(const char **p, const char *end, const char **s, bool *is_odd)
{
	char c = *(*p)++;
	uint32_t rune;

	if (c == '\\') {
		*is_odd = true;
		return false;
	}
	if (c != '?' && c != '[')
		return *(*s)++ == c;
	rune = next_rune(s);
	return c == '?' || match_class(p, end, rune, is_odd);
}

/* All of a pattern is looked at, so that what is odd in it is found. */
static bool
is_odd_part(const char *p, const char *end)
{
	static const char any[] = "x";
	bool is_odd = false;

	while (p < end && !is_odd) {
		const char *s = any;

		if (*p == '*')
			p++;
		else
			match_one(&p, end, &s, &is_odd);
	}
	return is_odd;
}

bool
reach_match_part(const char *pattern, size_t len, const char *name,
		 bool *is_odd)
{
	const char *p = pattern, *end = pattern + len, *s = name;
	const char *star = NULL, *star_s = NULL;

	*is_odd = is_odd_part(p, end);
	if (*is_odd)
		return false;
	while (*s || p < end) {
		if (p < end && *p == '*') {
			star = ++p;
			star_s = s;
			continue;
		}
		if (p < end && *s && match_one(&p, end, &s, is_odd))
			continue;
		if (!star || !*star_s)
			return false;
		next_rune(&star_s);
		s = star_s;
		p = star;
	}
	return true;
}

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

/* One step of a pattern: a part of it, and the directories it starts from. */
struct step {
	int root_fd;
	const char *part;
	size_t len;
	bool is_last;
	struct strv *next;	/* directories for the next step */
	struct strv *out;
};

static void
take(const struct step *s, int dir_fd, const char *dir, const char *name)
{
	struct buf path = BUF_INIT;

	buf_adds(&path, dir);
	add_part(&path, name, strlen(name));
	if (s->is_last)
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
	bool is_odd;

	if (!all) {
		if (errno != ENOENT && errno != ENOTDIR)
			strv_push(s->out, dir);
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((d = readdir(all)))
		if (strcmp(d->d_name, ".") && strcmp(d->d_name, "..") &&
		    reach_match_part(s->part, s->len, d->d_name, &is_odd))
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

static bool
is_odd(const char *pattern)
{
	while (*pattern) {
		size_t len = strcspn(pattern, "/");

		if (is_odd_part(pattern, pattern + len))
			return true;
		pattern += len + (pattern[len] == '/');
	}
	return false;
}

static void
expand(int root_fd, const char *dir, const char *pattern, struct strv *out)
{
	struct strv here = { 0 }, next = { 0 };
	struct step s = { .root_fd = root_fd, .next = &next, .out = out };

	strv_push(&here, dir);
	while (*pattern && here.n) {
		s.part = pattern;
		s.len = strcspn(pattern, "/");
		pattern += s.len + (pattern[s.len] == '/');
		s.is_last = !*pattern;
		for (size_t i = 0; i < here.n; i++)
			look_into(&s, here.v[i]);
		strv_release(&here);
		here = next;
		next = (struct strv){ 0 };
	}
	strv_release(&here);
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
	if (!follow(root_fd, dir, &real, out))
		;
	else if (is_odd(r->path + fixed))
		strv_push(out, real.data);
	else
		expand(root_fd, real.data, r->path + fixed, out);
	free(dir);
	buf_release(&real);
}
