/* SPDX-License-Identifier: MIT */
/*
 * Edits and changes. A note's edits are made if none of them touches one that
 * was taken before; the others wait for the next look at the file.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "lint/lint.h"
#include "sys/file.h"

#define MAX_FILE (16 << 20)

static struct lint_change *
find_change(struct lint *l, const char *path)
{
	for (size_t i = 0; i < l->n_changes; i++)
		if (!strcmp(l->changes[i].path, path))
			return &l->changes[i];
	return NULL;
}

int
lint_read(struct lint *l, const char *path, struct buf *out,
	  struct imgcache_error *err)
{
	const struct lint_change *c = find_change(l, path);

	if (!c)
		return file_read(AT_FDCWD, path, MAX_FILE, out, err);
	buf_add(out, c->new.data, c->new.len);
	return 0;
}

void
lint_put(struct lint *l, const char *path, const char *text, size_t len)
{
	struct lint_change *c = find_change(l, path);
	struct imgcache_error err = {0};

	if (!c) {
		mem_grow(l->changes, l->n_changes, l->cap_changes);
		c = &l->changes[l->n_changes++];
		*c = (struct lint_change){
			.path = arena_strdup(l->arena, path),
			.name = lint_shown(l, path),
			.old = BUF_INIT, .new = BUF_INIT,
		};
		c->is_new = file_read(AT_FDCWD, path, MAX_FILE, &c->old,
				      &err) != 0;
	}
	buf_clear(&c->new);
	buf_add(&c->new, text, len);
}

static int
by_place(const void *left, const void *right)
{
	const struct lint_edit *a = left, *b = right;

	if (a->begin != b->begin)
		return a->begin < b->begin ? -1 : 1;
	return a->end < b->end ? -1 : a->end > b->end;
}

/* Two insertions at one place are in each other's way, too. */
static bool
touches(const struct lint_edit *a, const struct lint_edit *b)
{
	if (a->begin == b->begin)
		return true;
	return a->begin < b->end && b->begin < a->end;
}

static bool
is_free(const struct lint_edit *taken, size_t n, const struct lint_edit *e)
{
	for (size_t i = 0; i < n; i++)
		if (taken[i].note != e->note && touches(&taken[i], e))
			return false;
	return true;
}

/* All edits of notes that are in nobody's way, in the order of places. */
static size_t
choose(const struct lint_file *f, struct lint_edit *taken)
{
	size_t n = 0;

	for (size_t i = 0, next; i < f->n_edits; i = next) {
		bool fits = true;

		for (next = i; next < f->n_edits &&
		     f->edits[next].note == f->edits[i].note; next++)
			fits = fits && is_free(taken, n, &f->edits[next]);
		for (size_t k = i; fits && k < next; k++)
			taken[n++] = f->edits[k];
	}
	qsort(taken, n, sizeof(*taken), by_place);
	return n;
}

bool
lint_apply(struct lint_file *f)
{
	struct lint_edit *taken;
	struct buf text = BUF_INIT;
	size_t n, at = 0;
	bool changed;

	if (!f->n_edits)
		return false;
	taken = mem_array(f->n_edits, sizeof(*taken));
	n = choose(f, taken);
	for (size_t i = 0; i < n; i++) {
		if (taken[i].begin < at)
			continue;	/* inside one of the same note */
		buf_add(&text, f->text.data + at, taken[i].begin - at);
		buf_adds(&text, taken[i].text);
		at = taken[i].end;
	}
	buf_add(&text, f->text.data + at, f->text.len - at);
	free(taken);
	changed = text.len != f->text.len ||
		memcmp(text.data, f->text.data, text.len) != 0;
	buf_release(&f->text);
	f->text = text;
	return changed;
}

/* Is the file still what was looked at? mode is that of a new one if not. */
static int
check_unchanged(const struct imgcache_lint_change *c, const char *path,
		mode_t *mode, struct imgcache_error *err)
{
	struct buf now = BUF_INIT;
	struct stat st;
	bool is_there = !stat(path, &st), same = is_there == (c->was != NULL);
	int ret = 0;

	if (is_there && same) {
		ret = file_read(AT_FDCWD, path, MAX_FILE, &now, err);
		same = now.len == c->was_len &&
			!memcmp(now.data, c->was, now.len);
		*mode = st.st_mode & 07777;
	}
	if (!ret && !same)
		ret = error_set(err, IMGCACHE_ECHANGED, "'%s' changed "
				"meanwhile and is left as it is; run imgcache "
				"lint again", c->file);
	buf_release(&now);
	return ret;
}

int
imgcache_lint_write(const struct imgcache_lint_change *c,
		    struct imgcache_error *err)
{
	char *real = realpath(c->path, NULL);
	const char *path = real ? real : c->path;
	mode_t mode = 0666;
	int ret = check_unchanged(c, path, &mode, err);

	if (!ret)
		ret = file_replace(AT_FDCWD, path, c->text, c->text_len, mode,
				   true, err);
	if (!ret && c->was && chmod(path, mode))
		ret = error_errno(err, IMGCACHE_EFAIL,
				  "cannot set the mode of '%s'", c->file);
	free(real);
	return ret;
}
