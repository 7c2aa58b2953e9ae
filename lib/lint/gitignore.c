/* SPDX-License-Identifier: MIT */
/*
 * gitignore(5): a pattern without a slash in it matches at any depth, one with
 * a slash from the folder of its file on; a slash at the end asks for a folder,
 * which docker has no word for.
 */
#include "lint/gitignore.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "source/ignore.h"
#include "sys/file.h"

#define MAX_FILE (1 << 20)

static void
convert_line(struct buf *out, const char *s, size_t len)
{
	while (len && (s[len - 1] == '\r' || s[len - 1] == ' '))
		len--;

	bool exception = len && *s == '!';

	s += exception;
	len -= exception;
	while (len && s[len - 1] == '/')
		len--;
	if (!len || (*s == '#' && !exception))
		return;
	buf_adds(out, exception ? "!" : "");
	if (!memchr(s, '/', len))
		buf_adds(out, "**/");
	buf_add(out, s, len);
	buf_addc(out, '\n');
}

void
lint_gitignore_convert(struct buf *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len;) {
		const char *end = memchr(text + i, '\n', len - i);
		size_t n = end ? (size_t)(end - text) - i : len - i;

		convert_line(out, text + i, n);
		i += n + 1;
	}
}

void
lint_gitignore_open(struct lint_gitignore *g, const char *path, size_t prefix,
		    const struct lint_gitignore *up)
{
	char *file = path_join(path, ".gitignore");
	struct imgcache_error ignored = {0};
	struct buf text = BUF_INIT, converted = BUF_INIT;

	*g = (struct lint_gitignore){ .prefix = prefix, .up = up };
	if (!file_read(AT_FDCWD, file, MAX_FILE, &text, &ignored)) {
		lint_gitignore_convert(&converted, text.data, text.len);
		if (ignore_parse(&g->ignore, file, converted.data,
				 converted.len, &ignored))
			g->ignore = NULL;
	}
	buf_release(&text);
	buf_release(&converted);
	free(file);
}

void
lint_gitignore_close(struct lint_gitignore *g)
{
	ignore_free(g->ignore);
	g->ignore = NULL;
}

bool
lint_gitignore_has(const struct lint_gitignore *g, const char *path)
{
	for (; g; g = g->up)
		if (g->ignore && strlen(path) > g->prefix &&
		    ignore_matches(g->ignore, path + g->prefix))
			return true;
	return false;
}
