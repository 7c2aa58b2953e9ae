/* SPDX-License-Identifier: MIT */
#include "source/gitattr.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/strv.h"
#include "sys/file.h"

#define MAX_FILE (1024 * 1024)
#define BLANKS " \t\r\n"

struct gitattr {
	const struct gitattr *parent;
	int64_t ctime_ns;
	bool all;		/* any file may be filtered */
	struct strv names;
	struct strv suffixes;
};

/* Those that change content; the last is text's old name. */
static bool
is_filter(const char *word, size_t len)
{
	static const char *const filters[] = {
		"text", "eol", "ident", "filter", "working-tree-encoding",
		"crlf"
	};

	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++)
		if (strlen(filters[i]) == len &&
		    strncmp(filters[i], word, len) == 0)
			return true;
	return false;
}

/* Is there such an attribute among these, and not only to be unset? */
static bool
has_filter(const char *s)
{
	while (*s) {
		size_t len;

		s += strspn(s, BLANKS);
		len = strcspn(s, BLANKS);
		if (*s != '-' && *s != '!' &&
		    is_filter(s, strcspn(s, "=" BLANKS)))
			return true;
		s += len;
	}
	return false;
}

static void
add_pattern(struct gitattr *a, const char *s, size_t len)
{
	char *pattern = mem_strndup(s, len);

	if (strchr(pattern, '/') || strpbrk(pattern + 1, "*?[\\\"") ||
	    strchr("?[\\\"", pattern[0]))
		a->all = true;
	else if (pattern[0] == '*')
		strv_push(&a->suffixes, pattern + 1);
	else
		strv_push(&a->names, pattern);
	free(pattern);
}

static void
parse_line(struct gitattr *a, const char *s)
{
	size_t len;

	s += strspn(s, BLANKS);
	len = strcspn(s, BLANKS);
	if (!len || *s == '#')
		return;
	if (*s == '"' || strncmp(s, "[attr]", 6) == 0)
		a->all |= has_filter(s + len);
	else if (has_filter(s + len))
		add_pattern(a, s, len);
}

struct gitattr *
gitattr_parse(const struct gitattr *parent, const char *text, size_t len)
{
	struct gitattr *a = mem_alloc(sizeof(*a));
	char *copy = mem_strndup(text, len);
	char *rest = copy;
	char *line;

	a->parent = parent;
	a->ctime_ns = INT64_MIN;
	a->all = strlen(copy) != len;
	if (strncmp(rest, "\xef\xbb\xbf", 3) == 0)
		rest += 3;
	while ((line = strsep(&rest, "\n")))
		parse_line(a, line);
	free(copy);
	return a;
}

static struct gitattr *
everything(const struct gitattr *parent)
{
	struct gitattr *a = gitattr_parse(parent, "", 0);

	a->all = true;
	return a;
}

struct gitattr *
gitattr_read(const struct gitattr *parent, int dirfd, const char *path)
{
	struct imgcache_error ignored = { 0 };
	struct gitattr *a = NULL;
	struct buf text = BUF_INIT;
	struct stat st;
	int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW |
			O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return errno == ENOENT ? NULL : everything(parent);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    file_read_fd(fd, path, MAX_FILE, &text, &ignored)) {
		a = everything(parent);
	} else {
		a = gitattr_parse(parent, text.data, text.len);
		a->ctime_ns = (int64_t)st.st_ctim.tv_sec * 1000000000 +
			st.st_ctim.tv_nsec;
	}
	close(fd);
	buf_release(&text);
	return a;
}

void
gitattr_free(struct gitattr *a)
{
	if (!a)
		return;
	strv_release(&a->names);
	strv_release(&a->suffixes);
	free(a);
}

/* Git may compare without case (core.ignoreCase), so this does. */
static bool
matches(const struct gitattr *a, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < a->names.n; i++)
		if (strcasecmp(a->names.v[i], name) == 0)
			return true;
	for (size_t i = 0; i < a->suffixes.n; i++) {
		size_t tail = strlen(a->suffixes.v[i]);

		if (tail <= len &&
		    strcasecmp(a->suffixes.v[i], name + len - tail) == 0)
			return true;
	}
	return false;
}

bool
gitattr_may_filter(const struct gitattr *a, const char *name,
		   int64_t ctime_ns)
{
	for (; a; a = a->parent)
		if (a->all || a->ctime_ns > ctime_ns || matches(a, name))
			return true;
	return false;
}
