/* SPDX-License-Identifier: MIT */
/* Paths as text (declared in file.h): nothing here looks at a file. */

#include "sys/file.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

char *
path_join(const char *dir, const char *name)
{
	size_t len = strlen(dir);

	if (name[0] == '/' || !len)
		return mem_strdup(name);
	return mem_printf(dir[len - 1] == '/' ? "%s%s" : "%s/%s", dir, name);
}

/* One component onto an absolute path that has no trailing slash. */
static void
add_component(struct buf *b, const char *name, size_t len)
{
	if (len == 0 || (len == 1 && name[0] == '.'))
		return;
	if (len == 2 && !memcmp(name, "..", 2)) {
		while (b->len && b->data[b->len - 1] != '/')
			buf_truncate(b, b->len - 1);
		if (b->len)
			buf_truncate(b, b->len - 1);
		return;
	}
	buf_addc(b, '/');
	buf_add(b, name, len);
}

static void
add_components(struct buf *b, const char *path)
{
	while (*path) {
		size_t len = strcspn(path, "/");

		add_component(b, path, len);
		path += len + (path[len] == '/');
	}
}

char *
path_absolute(const char *base, const char *path)
{
	struct buf b = BUF_INIT;

	if (path[0] != '/') {
		if (!base || base[0] != '/') {
			char *cwd = getcwd(NULL, 0);

			add_components(&b, cwd ? cwd : "");
			free(cwd);
		}
		add_components(&b, base ? base : "");
	}
	add_components(&b, path);
	if (!b.len)
		buf_addc(&b, '/');
	return buf_detach(&b);
}

const char *
path_base(const char *path)
{
	const char *end = path + strlen(path);

	while (end > path + 1 && end[-1] == '/')
		end--;
	while (end > path && end[-1] != '/')
		end--;
	return end;
}

char *
path_dir(const char *path)
{
	size_t len = (size_t)(path_base(path) - path);

	if (!len)
		return mem_strdup(".");
	while (len > 1 && path[len - 1] == '/')
		len--;
	return mem_strndup(path, len);
}
