/* SPDX-License-Identifier: MIT */
#include "key/lockfile.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/strv.h"
#include "recipe/dockerfile_ref.h"
#include "sys/file.h"

#define FIRST_LINE "imgcache-lock 2"
#define FIRST_LINE_1 "imgcache-lock 1"
#define MAX_BYTES (16 << 20)

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

static bool
read_config(struct lockfile *l, char *line, int number)
{
	struct lockfile_config c = { .platform = line + 1, .line = number };
	char *blank = strchr(line, ' ');

	if (!l->n || !blank || blank == c.platform || blank[1] != '{' ||
	    !str_ends(blank, "}"))
		return false;
	*blank = '\0';
	c.text = blank + 1;
	lockfile_put_config(l, &l->v[l->n - 1], &c);
	return true;
}

static int
read_line(struct lockfile *l, const char *path, int number, char *line,
	  struct imgcache_error *err)
{
	if (*line != '\t')
		return read_row(l, path, number, line, err);
	if (read_config(l, line, number))
		return 0;
	return error_set(err, IMGCACHE_EFAIL, "%s:%d: not a line 'PLATFORM "
			 "{...}' below a base; write the file again with "
			 "'imgcache lock --update'", path, number);
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
	if (!line || (strcmp(line, FIRST_LINE) && strcmp(line, FIRST_LINE_1))) {
		ret = error_set(err, IMGCACHE_EFAIL, "%s:1: not '%s'; it was "
				"made by another version or is no lock file",
				path, FIRST_LINE);
		goto out;
	}
	while (!ret && (line = strtok_r(NULL, "\n", &save)))
		ret = read_line(out, path, ++number, line, err);
out:
	buf_release(&text);
	return ret;
}

struct lockfile_row *
lockfile_get(const struct lockfile *l, const char *ref)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (!strcmp(l->v[i].ref, ref))
			return &l->v[i];
	return NULL;
}

const struct lockfile_row *
lockfile_find(const struct lockfile *l, const char *ref)
{
	const struct lockfile_row *found = lockfile_get(l, ref);
	char *name = found ? NULL : image_ref_context_name(ref);
	size_t i;

	for (i = 0; name && !found && i < l->n; i++) {
		char *other = image_ref_context_name(l->v[i].ref);

		if (str_is(other, name))
			found = &l->v[i];
		free(other);
	}
	free(name);
	return found;
}

void
lockfile_put(struct lockfile *l, const struct lockfile_row *row)
{
	struct lockfile_row *old = lockfile_get(l, row->ref);
	size_t i;

	if (!old) {
		mem_grow(l->v, l->n, l->cap);
		old = &l->v[l->n++];
	} else {
		free(old->configs);
	}
	*old = (struct lockfile_row){
		.ref = arena_strdup(&l->arena, row->ref),
		.digest = arena_strdup(&l->arena, row->digest),
		.user = arena_strdup(&l->arena, row->user ? row->user : ""),
	};
	for (i = 0; i < row->n_configs; i++)
		lockfile_put_config(l, old, &row->configs[i]);
}

/* Where the configuration of a platform is, or would be. */
static size_t
place_of(const struct lockfile_row *row, const char *platform)
{
	size_t i = 0;

	while (i < row->n_configs &&
	       strcmp(row->configs[i].platform, platform) < 0)
		i++;
	return i;
}

static bool
is_at(const struct lockfile_row *row, size_t i, const char *platform)
{
	return i < row->n_configs &&
		!strcmp(row->configs[i].platform, platform);
}

void
lockfile_put_config(struct lockfile *l, struct lockfile_row *row,
		    const struct lockfile_config *c)
{
	size_t i = place_of(row, c->platform);

	if (!is_at(row, i, c->platform)) {
		mem_grow(row->configs, row->n_configs, row->cap_configs);
		memmove(row->configs + i + 1, row->configs + i,
			(row->n_configs++ - i) * sizeof(*row->configs));
	}
	row->configs[i] = (struct lockfile_config){
		.platform = arena_strdup(&l->arena, c->platform),
		.text = arena_strdup(&l->arena, c->text),
		.line = c->line,
	};
}

const struct lockfile_config *
lockfile_get_config(const struct lockfile_row *row, const char *platform)
{
	size_t i = place_of(row, platform);

	return is_at(row, i, platform) ? &row->configs[i] : NULL;
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
	size_t i, k;
	int ret;

	if (l->n)
		qsort(l->v, l->n, sizeof(*l->v), by_ref);
	buf_adds(&text, FIRST_LINE "\n");
	for (i = 0; i < l->n; i++) {
		const struct lockfile_row *row = &l->v[i];

		buf_addf(&text, "%s %s%s%s\n", row->ref, row->digest,
			 *row->user ? " user=" : "", row->user);
		for (k = 0; k < row->n_configs; k++)
			buf_addf(&text, "\t%s %s\n", row->configs[k].platform,
				 row->configs[k].text);
	}
	ret = file_replace(AT_FDCWD, path, text.data, text.len, 0644, true,
			   err);
	buf_release(&text);
	return ret;
}

void
lockfile_release(struct lockfile *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		free(l->v[i].configs);
	free(l->v);
	arena_release(&l->arena);
	memset(l, 0, sizeof(*l));
}
