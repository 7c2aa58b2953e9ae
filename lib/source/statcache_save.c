/* SPDX-License-Identifier: MIT */
/*
 * Written in one pass through a small buffer, so that the memory it takes does
 * not grow with the tree. No fsync: what a crash may leave is found damaged by
 * its sum and costs one slow run.
 */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/strv.h"
#include "source/statcache.h"
#include "source/statcache_file.h"
#include "source/tree_parts.h"
#include "sys/clock.h"
#include "sys/file.h"

#define PIECE_BYTES (256 * 1024)

struct writer {
	int fd;
	struct hash_sum *sum;
	struct buf piece;
	bool failed;
};

static void
flush(struct writer *w)
{
	hash_sum_add(w->sum, w->piece.data, w->piece.len);
	if (!w->failed)
		w->failed = file_write_fd(w->fd, w->piece.data,
					  w->piece.len) != 0;
	buf_clear(&w->piece);
}

static void
put(struct writer *w, const void *data, size_t len)
{
	buf_add(&w->piece, data, len);
	if (w->piece.len >= PIECE_BYTES)
		flush(w);
}

static void
put_dir(struct writer *w, const struct node *n, uint64_t at)
{
	struct cache_dir d = {
		.at = at,
		.dev = n->run.dev,
		.len = (uint32_t)n->run.len,
		.n = n->run.n,
		.n_dirs = n->run.n_dirs,
		.first_child = n->run.n_dirs ? n->children[0].number : 0,
		.mode = n->mode,
		.hash_len = n->digest.len,
	};

	memcpy(d.digest, n->digest.bytes, HASH_MAX);
	put(w, &d, sizeof(d));
}

static void
put_also(struct writer *w, const struct strv *also)
{
	for (size_t i = 0; i < also->n; i++)
		put(w, also->v[i], strlen(also->v[i]) + 1);
}

static struct cache_head
head_of(const struct stat_read *r, uint64_t runs_at)
{
	struct cache_head head = {
		.magic = CACHE_MAGIC, .order = CACHE_ORDER,
		.layout = CACHE_LAYOUT, .kind = (uint32_t)r->kind,
		.n_dirs = r->n, .len = runs_at + CACHE_SUM,
	};

	for (uint32_t i = 0; i < r->n; i++) {
		head.n_entries += r->dirs[i]->run.n;
		head.len += r->dirs[i]->run.len;
	}
	for (size_t i = 0; i < r->also->n; i++)
		head.also_len += strlen(r->also->v[i]) + 1;
	head.len += head.also_len;
	return head;
}

static void
write_all(struct writer *w, const struct stat_read *r)
{
	uint64_t at = sizeof(struct cache_head) +
		(uint64_t)r->n * sizeof(struct cache_dir);
	struct cache_head head = head_of(r, at);
	struct hash sum;

	put(w, &head, sizeof(head));
	for (uint32_t i = 0; i < r->n; i++) {
		w->failed |= r->dirs[i]->run.len > UINT32_MAX;
		put_dir(w, r->dirs[i], at);
		at += r->dirs[i]->run.len;
	}
	for (uint32_t i = 0; i < r->n; i++)
		put(w, r->dirs[i]->run.data, r->dirs[i]->run.len);
	put_also(w, r->also);
	flush(w);
	hash_sum_end(w->sum, &sum);
	w->failed |= file_write_fd(w->fd, sum.bytes, CACHE_SUM) != 0;
}

void
statcache_save(const char *path, const struct stat_read *read)
{
	char *dir = path_dir(path);
	char *temp = mem_printf("%s/" FILE_TEMP_PREFIX "%ld-%llx", dir,
				(long)getpid(),
				(unsigned long long)clock_mono_us());
	struct writer w = { .piece = BUF_INIT };

	w.fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
		    0600);
	if (w.fd < 0)
		goto out;
	w.sum = hash_sum_new();
	write_all(&w, read);
	if (close(w.fd) < 0 || w.failed || rename(temp, path) < 0)
		unlink(temp);
out:
	buf_release(&w.piece);
	free(temp);
	free(dir);
}
