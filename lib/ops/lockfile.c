/* SPDX-License-Identifier: MIT */
#include "ops/lockfile.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/strv.h"
#include "sys/file.h"

#define FIRST_LINE "imgcache-lock 1"
#define MAX_BYTES (1 << 20)

static bool
is_digest(const char *s)
{
	return str_starts(s, "sha256:") && strlen(s) == 71 &&
		strspn(s + 7, "0123456789abcdef") == 64;
}

static int
read_row(struct lockfile *l, const char *path, int number, char *line,
	 struct imgcache_error *err)
{
	struct lockfile_row row = { .user = "" };
	char *save = NULL, *word;

	row.ref = strtok_r(line, " ", &save);
	row.digest = strtok_r(NULL, " ", &save);
	word = strtok_r(NULL, " ", &save);
	if (word && str_starts(word, "user="))
		row.user = word + 5;
	if (!row.ref || !row.digest || !is_digest(row.digest) ||
	    strtok_r(NULL, " ", &save))
		return error_set(err, IMGCACHE_EFAIL, "%s:%d: not a line "
				 "'REF sha256:... [user=...]'; write the file "
				 "again with 'imgcache lock --update'", path,
				 number);
	lockfile_put(l, &row);
	return 0;
}

int
lockfile_read(const char *path, struct lockfile *out,
	      struct imgcache_error *err)
{
	struct buf text = BUF_INIT;
	char *line, *save = NULL;
	int number = 1;
	int ret = file_read(AT_FDCWD, path, MAX_BYTES, &text, err);

	if (ret == IMGCACHE_ENO) {
		error_clear(err);
		ret = 0;
		goto out;
	}
	if (ret)
		goto out;
	line = strtok_r(text.data, "\n", &save);
	if (!line || strcmp(line, FIRST_LINE)) {
		ret = error_set(err, IMGCACHE_EFAIL, "%s:1: not '%s'; it was "
				"made by another version or is no lock file",
				path, FIRST_LINE);
		goto out;
	}
	while (!ret && (line = strtok_r(NULL, "\n", &save)))
		ret = read_row(out, path, ++number, line, err);
out:
	buf_release(&text);
	return ret;
}

const struct lockfile_row *
lockfile_get(const struct lockfile *l, const char *ref)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (!strcmp(l->v[i].ref, ref))
			return &l->v[i];
	return NULL;
}

void
lockfile_put(struct lockfile *l, const struct lockfile_row *row)
{
	struct lockfile_row *old = NULL;
	size_t i;

	for (i = 0; i < l->n && !old; i++)
		if (!strcmp(l->v[i].ref, row->ref))
			old = &l->v[i];
	if (!old) {
		mem_grow(l->v, l->n, l->cap);
		old = &l->v[l->n++];
	}
	old->ref = arena_strdup(&l->arena, row->ref);
	old->digest = arena_strdup(&l->arena, row->digest);
	old->user = arena_strdup(&l->arena, row->user ? row->user : "");
}

static int
by_ref(const void *a, const void *b)
{
	const struct lockfile_row *x = a, *y = b;

	return strcmp(x->ref, y->ref);
}

int
lockfile_write(const char *path, struct lockfile *l,
	       struct imgcache_error *err)
{
	struct buf text = BUF_INIT;
	size_t i;
	int ret;

	if (l->n)
		qsort(l->v, l->n, sizeof(*l->v), by_ref);
	buf_adds(&text, FIRST_LINE "\n");
	for (i = 0; i < l->n; i++)
		buf_addf(&text, "%s %s%s%s\n", l->v[i].ref, l->v[i].digest,
			 *l->v[i].user ? " user=" : "", l->v[i].user);
	ret = file_replace(AT_FDCWD, path, text.data, text.len, 0644, true,
			   err);
	buf_release(&text);
	return ret;
}

void
lockfile_release(struct lockfile *l)
{
	free(l->v);
	arena_release(&l->arena);
	memset(l, 0, sizeof(*l));
}
