/* SPDX-License-Identifier: MIT */
/*
 * A tree after the walk. Directories are numbered so that a child comes after
 * its parent: going through the numbers downwards meets every child first, and
 * nothing here recurses. Texts are not kept; they are made again when asked
 * for, from what the entries hold.
 */

#include "source/tree.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "source/tree_parts.h"

#define MODE_BITS 07777u
#define GROUP_WRITE 00020u

static uint32_t
key_mode(const struct tree_entry *e)
{
	return e->id.mode & MODE_BITS & ~GROUP_WRITE;
}

static void
add_special(const struct tree_entry *e, struct buf *out)
{
	char kind = S_ISCHR(e->id.mode) ? 'c' : 'b';

	if (S_ISFIFO(e->id.mode))
		buf_adds(out, "fifo");
	else if (S_ISSOCK(e->id.mode))
		buf_adds(out, "socket");
	else
		buf_addf(out, "dev-%c-%u-%u", kind, e->id.rdev >> 20,
			 e->id.rdev & 0xfffff);
}

void
tree_entry_line(const struct tree_entry *e, struct buf *out)
{
	uint32_t mode = key_mode(e);

	switch (e->type) {
	case TREE_DIR:
		buf_adds(out, "d ");
		if (mode != 0755 && !e->structure)
			buf_addf(out, "%o ", mode);
		hash_add_hex(&e->digest, out);
		break;
	case TREE_FILE:
		if (mode == 0644 || mode == 0755)
			mode |= 0100000;
		buf_addf(out, "f %o %lld ", mode, (long long)e->id.size);
		hash_add_hex(&e->digest, out);
		break;
	case TREE_LINK:
		buf_adds(out, "l ");
		hash_add_hex(&e->digest, out);
		break;
	case TREE_SPECIAL:
		buf_adds(out, "x ");
		if (mode != 0644)
			buf_addf(out, "%o ", mode);
		add_special(e, out);
		break;
	}
	buf_addc(out, ' ');
	buf_add_cquoted(out, e->name, e->name_len);
	buf_addc(out, '\n');
}

uint32_t
tree_add_dir(struct tree *t, uint32_t parent, const char *name)
{
	mem_grow(t->dirs, t->n, t->cap);
	t->dirs[t->n] = (struct tree_dir){ .parent = parent, .name = name };
	return t->n++;
}

void
tree_dir_path(const struct tree *t, uint32_t number, struct buf *out)
{
	size_t len = 0;
	char *p;

	for (uint32_t i = number; i; i = t->dirs[i].parent)
		len += strlen(t->dirs[i].name) + 1;
	buf_clear(out);
	if (!len)
		return;
	buf_reserve(out, len);
	p = out->data + len;
	for (uint32_t i = number; i; i = t->dirs[i].parent) {
		size_t n = strlen(t->dirs[i].name);

		*--p = i == number ? '\0' : '/';
		p -= n;
		memcpy(p, t->dirs[i].name, n);
	}
	out->len = len - 1;
}

static void
drop_hollow(struct tree *t, struct tree_dir *d)
{
	size_t kept = 0;

	for (size_t i = 0; i < d->n; i++) {
		struct tree_entry *e = d->entries + i;

		if (e->type == TREE_DIR && (e->structure || e->ignored) &&
		    !t->dirs[e->dir].n) {
			t->dirs[e->dir].gone = true;
			continue;
		}
		if (e->type == TREE_DIR)
			e->digest = t->dirs[e->dir].digest;
		d->entries[kept++] = *e;
	}
	d->n = kept;
}

static void
add_text(const struct tree_dir *d, struct buf *out)
{
	buf_clear(out);
	for (size_t i = 0; i < d->n; i++)
		tree_entry_line(d->entries + i, out);
}

int
tree_seal(struct tree *t, struct imgcache_error *err)
{
	struct buf text = BUF_INIT;
	int rc = 0;

	for (uint32_t i = t->n; i-- > 0 && !rc;) {
		struct tree_dir *d = t->dirs + i;

		drop_hollow(t, d);
		add_text(d, &text);
		rc = hash_bytes(t->hash, text.data, text.len, &d->digest, err);
	}
	buf_release(&text);
	return rc;
}

void
tree_free(struct tree *t)
{
	if (!t)
		return;
	for (uint32_t i = 0; i < t->n; i++)
		free(t->dirs[i].entries);
	free(t->dirs);
	arena_release(&t->names);
	free(t);
}

const struct hash *
tree_digest(const struct tree *t)
{
	return &t->dirs[0].digest;
}

const struct tree_dir *
tree_dir(const struct tree *t, uint32_t number)
{
	return t->dirs + number;
}

void
tree_counts(const struct tree *t, struct tree_counts *out)
{
	memset(out, 0, sizeof(*out));
	for (uint32_t i = 0; i < t->n; i++) {
		for (size_t k = 0; k < t->dirs[i].n; k++) {
			const struct tree_entry *e = t->dirs[i].entries + k;

			out->dirs += e->type == TREE_DIR;
			out->files += e->type != TREE_DIR;
			if (e->type == TREE_FILE)
				out->bytes += (uint64_t)e->id.size;
		}
	}
}

static const struct tree_entry *
find_name(const struct tree_dir *d,
	  const char *name, size_t len)
{
	size_t lo = 0;
	size_t hi = d->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct tree_entry *e = d->entries + mid;
		int c = strncmp(e->name, name, len);

		if (!c && e->name_len == len)
			return e;
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

const struct tree_entry *
tree_find(const struct tree *t, const char *path)
{
	const struct tree_dir *d = t->dirs;
	const struct tree_entry *e;

	for (;;) {
		size_t len = strcspn(path, "/");

		e = find_name(d, path, len);
		if (!e || !path[len])
			return e;
		if (e->type != TREE_DIR)
			return NULL;
		d = t->dirs + e->dir;
		path += len + 1;
	}
}

/* Without recursion: next holds, for every directory, where to go on in it. */
void
tree_each(const struct tree *t, tree_entry_fn *fn, void *payload)
{
	struct buf path = BUF_INIT;
	size_t *next = mem_array(t->n, sizeof(*next));
	uint32_t dir = 0;
	bool more = true;

	while (more) {
		const struct tree_dir *d = t->dirs + dir;
		const struct tree_entry *e;

		if (next[dir] == d->n) {
			size_t part = strlen(d->name) + (d->parent != 0);

			if (!dir)
				break;
			buf_truncate(&path, path.len - part);
			dir = d->parent;
			continue;
		}
		e = d->entries + next[dir]++;
		if (dir)
			buf_addc(&path, '/');
		buf_add(&path, e->name, e->name_len);
		more = fn(payload, path.data, e);
		if (e->type == TREE_DIR)
			dir = e->dir;
		else
			buf_truncate(&path, path.len - e->name_len -
				     (dir != 0));
	}
	free(next);
	buf_release(&path);
}

void
tree_each_text(const struct tree *t, tree_text_fn *fn, void *payload)
{
	struct buf path = BUF_INIT;
	struct buf text = BUF_INIT;
	bool more = true;

	for (uint32_t i = t->n; i-- > 0 && more;) {
		const struct tree_dir *d = t->dirs + i;

		if (d->gone)
			continue;
		tree_dir_path(t, i, &path);
		add_text(d, &text);
		more = fn(payload, path.data, &d->digest, &text);
	}
	buf_release(&path);
	buf_release(&text);
}
