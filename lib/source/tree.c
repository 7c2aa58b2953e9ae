/* SPDX-License-Identifier: MIT */
/*
 * A tree after the walk. What is in a directory is its run until somebody asks
 * for entries: who only wants the digest never does. Directories are numbered
 * so that a child comes after its parent: going through the numbers downwards
 * meets every child first, and nothing here recurses. Texts are not kept; they
 * are made again when asked for, from what the entries hold.
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

static void
add_number(struct buf *out, uint64_t n, unsigned base)
{
	char digits[24];
	size_t i = sizeof(digits);

	do {
		digits[--i] = (char)('0' + n % base);
		n /= base;
	} while (n);
	buf_add(out, digits + i, sizeof(digits) - i);
	buf_addc(out, ' ');
}

void
tree_entry_line(const struct tree_entry *e, struct buf *out)
{
	uint32_t mode = key_mode(e);

	switch ((enum tree_type)e->type) {
	case TREE_DIR:
		buf_add(out, "d ", 2);
		if (mode != 0755 && !e->structure)
			add_number(out, mode, 8);
		hash_add_hex(&e->digest, out);
		break;
	case TREE_FILE:
		if (mode == 0644 || mode == 0755)
			mode |= 0100000;
		buf_add(out, e->hollow ? "e " : "f ", 2);
		add_number(out, mode, 8);
		add_number(out, (uint64_t)e->id.size, 10);
		hash_add_hex(&e->digest, out);
		break;
	case TREE_LINK:
		buf_add(out, "l ", 2);
		hash_add_hex(&e->digest, out);
		break;
	case TREE_SPECIAL:
		buf_add(out, "x ", 2);
		if (mode != 0644)
			add_number(out, mode, 8);
		add_special(e, out);
		break;
	}
	buf_addc(out, ' ');
	buf_add_cquoted(out, e->name, e->name_len);
	buf_addc(out, '\n');
}

void
node_path(const struct node *n, struct buf *out)
{
	const struct node *i;
	size_t len = 0;
	char *p;

	for (i = n; i->parent; i = i->parent)
		len += strlen(i->name) + 1;
	buf_clear(out);
	if (!len)
		return;
	buf_reserve(out, len);
	p = out->data + len;
	for (i = n; i->parent; i = i->parent) {
		size_t part = strlen(i->name);

		*--p = i == n ? '\0' : '/';
		p -= part;
		memcpy(p, i->name, part);
	}
	out->len = len - 1;
}

void
tree_number(struct tree *t)
{
	size_t cap = 64;

	t->dirs = mem_array(cap, sizeof(struct node *));
	t->dirs[t->n++] = t->root;
	for (uint32_t i = 0; i < t->n; i++) {
		const struct node *d = t->dirs[i];

		while (t->n + (size_t)d->run.n_dirs > cap) {
			cap *= 2;
			t->dirs = mem_resize(t->dirs, cap, sizeof(*t->dirs));
		}
		for (uint32_t k = 0; k < d->run.n_dirs; k++) {
			d->children[k].number = t->n;
			t->dirs[t->n++] = d->children + k;
		}
	}
	t->views = mem_array(t->n, sizeof(*t->views));
}

static void
entry_from_file(struct tree_entry *e, const struct node *dir,
		const struct file_record *f, unsigned hash_len)
{
	e->id = (struct stat_id){
		.dev = dir->run.dev,
		.ino = f->ino,
		.size = f->size,
		.mtime_ns = f->mtime_ns,
		.ctime_ns = f->ctime_ns,
		.mode = f->mode,
	};
	e->type = S_ISREG(f->mode) ? TREE_FILE :
		S_ISLNK(f->mode) ? TREE_LINK : TREE_SPECIAL;
	if (e->type == TREE_SPECIAL) {
		e->id.rdev = f->rdev;
		return;
	}
	e->hollow = f->flags & RECORD_HOLLOW;
	e->digest.len = (unsigned char)hash_len;
	memcpy(e->digest.bytes, f->digest, HASH_MAX);
}

static void
entry_from(struct tree_entry *e, const struct node *dir,
	   const struct record *r, const struct node *child,
	   enum hash_kind kind)
{
	memset(e, 0, sizeof(*e));
	e->name = record_name(r);
	e->name_len = r->name_len;
	if (!child) {
		entry_from_file(e, dir, record_file(r),
				(unsigned)hash_size(kind));
		return;
	}
	e->type = TREE_DIR;
	e->id.dev = child->dev;
	e->id.mode = child->mode;
	e->dir = child->number;
	e->structure = child->structure;
	e->ignored = child->ignored;
	e->digest = child->digest;
}

static int
by_name(const void *a, const void *b)
{
	const struct tree_entry *x = a;
	const struct tree_entry *y = b;

	return strcmp(x->name, y->name);
}

size_t
tree_entries(const struct node *n, enum hash_kind kind,
	     struct tree_entry **entries, size_t *cap)
{
	const struct record *r;
	size_t at = 0;
	size_t count = 0;
	uint32_t dir = 0;

	while ((r = run_next(&n->run, &at))) {
		const struct node *child = NULL;

		if (record_is_dir(r))
			child = n->children + dir++;
		if (child && child->gone)
			continue;
		mem_grow(*entries, count, *cap);
		entry_from(*entries + count++, n, r, child, kind);
	}
	if (count)
		qsort(*entries, count, sizeof(**entries), by_name);
	return count;
}

void
tree_free(struct tree *t)
{
	if (!t)
		return;
	for (uint32_t i = 0; t->views && i < t->n; i++)
		free(t->views[i].entries);
	free(t->views);
	free(t->dirs);
	free(t->root);
	for (size_t i = 0; i < t->n_memory; i++)
		arena_release(&t->memory[i]);
	free(t->memory);
	statcache_close(t->cache);
	free(t->left_out.files);
	free(t->left_out.dirs);
	free(t);
}

const struct hash *
tree_digest(const struct tree *t)
{
	return &t->root->digest;
}

static void
make_view(const struct tree *t, uint32_t number, struct tree_dir *v)
{
	const struct node *n = t->dirs[number];
	size_t cap = n->kept;

	v->entries = mem_array(cap + 1, sizeof(*v->entries));
	v->n = tree_entries(n, t->hash, &v->entries, &cap);
	v->parent = n->parent ? n->parent->number : 0;
	v->name = n->name;
	v->gone = n->gone;
	v->digest = n->digest;
}

const struct tree_dir *
tree_dir(const struct tree *t, uint32_t number)
{
	struct tree_dir *v = t->views + number;

	if (!v->entries)
		make_view(t, number, v);
	return v;
}

void
tree_counts(const struct tree *t, struct tree_counts *out)
{
	memset(out, 0, sizeof(*out));
	for (uint32_t i = 0; i < t->n; i++) {
		const struct node *n = t->dirs[i];
		const struct record *r;
		size_t at = 0;

		out->dirs += i && !n->gone;
		out->files += n->run.n - n->run.n_dirs;
		while ((r = run_next(&n->run, &at)))
			if (S_ISREG(r->mode))
				out->bytes += (uint64_t)record_file(r)->size;
	}
}

const struct tree_left_out *
tree_left_out(const struct tree *t)
{
	return t->has_left_out ? &t->left_out : NULL;
}

uint64_t
tree_unread(const struct tree *t)
{
	return t->unread;
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
	const struct tree_dir *d = tree_dir(t, 0);
	const struct tree_entry *e;

	for (;;) {
		size_t len = strcspn(path, "/");

		e = find_name(d, path, len);
		if (!e || !path[len])
			return e;
		if (e->type != TREE_DIR)
			return NULL;
		d = tree_dir(t, e->dir);
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
		const struct tree_dir *d = tree_dir(t, dir);
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
		const struct node *n = t->dirs[i];
		const struct tree_dir *d;

		if (n->gone)
			continue;
		d = tree_dir(t, i);
		buf_clear(&text);
		for (size_t k = 0; k < d->n; k++)
			tree_entry_line(d->entries + k, &text);
		node_path(n, &path);
		more = fn(payload, path.data, &d->digest, &text);
	}
	buf_release(&path);
	buf_release(&text);
}
