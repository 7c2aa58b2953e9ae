/* SPDX-License-Identifier: MIT */
#include "lint/paths.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/strv.h"

char *
lint_resolve(const char *a, const char *b)
{
	struct strv parts = {0};
	struct buf out = BUF_INIT;
	bool is_absolute = *b == '/' || *a == '/', is_known = true;

	if (strpbrk(a, "$\"'\\") || strpbrk(b, "$\"'\\"))
		return NULL;
	if (*b != '/')
		strv_split(&parts, a, "/");
	strv_split(&parts, b, "/");
	if (is_absolute)
		buf_addc(&out, '/');
	for (size_t i = 0; is_known && i < parts.n; i++) {
		const char *part = parts.v[i];

		is_known = strcmp(part, "..") != 0;
		if (!strcmp(part, "."))
			continue;
		if (out.len && out.data[out.len - 1] != '/')
			buf_addc(&out, '/');
		buf_adds(&out, part);
	}
	strv_release(&parts);
	if (is_known)
		return buf_detach(&out);
	buf_release(&out);
	return NULL;
}

char *
lint_workdir(const struct lint_docker *d, size_t index)
{
	size_t stage = lint_stage_of(d, index), at = index, n = 0;
	const char *dirs[64];
	char *cwd;

	while (n < 64 && lint_before(d, &stage, &at)) {
		const struct dockerfile_instruction *in = &d->df->v[at];

		if (in->keyword != DOCKERFILE_WORKDIR)
			continue;
		dirs[n++] = in->args[0];
		if (in->args[0][0] == '/')
			break;
	}
	cwd = mem_strdup("");
	while (n-- > 0 && cwd) {
		char *next = lint_resolve(cwd, dirs[n]);

		free(cwd);
		cwd = next;
	}
	return cwd;
}

/* Where the next part of a path begins: "//" and "/./" are one slash. */
static const char *
next_part(const char *at)
{
	for (;;) {
		at += strspn(at, "/");
		if (at[0] != '.' || (at[1] && at[1] != '/'))
			return at;
		at++;
	}
}

bool
lint_paths_meet(const char *a, const char *b)
{
	size_t len;

	while (*(a = next_part(a)) && *(b = next_part(b))) {
		len = strcspn(a, "/");
		if (len != strcspn(b, "/") || strncmp(a, b, len))
			return false;
		a += len;
		b += len;
	}
	return true;
}

bool
lint_is_own_folder(const char *path)
{
	static const char *const system[] = {
		"bin", "boot", "dev", "etc", "go", "lib", "lib32", "lib64",
		"libx32", "media", "mnt", "nix", "proc", "root", "run", "sbin",
		"snap", "sys", "tmp", "usr", "var", NULL
	};
	struct strv parts = {0};
	bool own = *path == '/';

	strv_split(&parts, path, "/");
	for (size_t i = 0; i < parts.n; i++)
		own = own && parts.v[i][0] != '.';
	if (!parts.n)
		own = false;
	else if (!strcmp(parts.v[0], "usr"))	/* as in node's examples */
		own = own && parts.n > 2 && !strcmp(parts.v[1], "src");
	else if (!strcmp(parts.v[0], "home"))
		own = own && parts.n > 2;
	else if (!strcmp(parts.v[0], "opt") || !strcmp(parts.v[0], "srv"))
		own = own && parts.n > 1;
	else
		own = own && !str_is_one_of(parts.v[0], system);
	strv_release(&parts);
	return own;
}
