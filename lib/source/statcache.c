/* SPDX-License-Identifier: MIT */
/*
 * The file: head, one cache_dir a directory, the runs in the same order, paths
 * that count beside, and the XXH3 of all that. The sum tells damage; that
 * offsets lead nowhere else is checked all the same, where they are used.
 */

#include "source/statcache.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/strv.h"
#include "source/statcache_file.h"
#include "sys/clock.h"
#include "sys/file.h"

#define DAY_S (24 * 60 * 60)

struct statcache {
	char *path;
	const char *map;
	size_t len;
	time_t mtime;
	struct cache_head head;
};

char *
statcache_path(const char *dir, const char *root, enum hash_kind kind,
	       const struct buf *rules)
{
	struct imgcache_error ignored = { 0 };
	char *real = realpath(root, NULL);
	struct buf id = BUF_INIT;
	char hex[HASH_HEX_SIZE];
	char *path = NULL;
	struct hash h;

	if (!real)
		return NULL;
	buf_addf(&id, "%s\n", hash_name(kind));
	buf_add(&id, real, strlen(real) + 1);
	buf_add(&id, rules->data, rules->len);
	if (!hash_bytes(HASH_XXH3, id.data, id.len, &h, &ignored))
		path = path_join(dir, hash_hex(&h, hex));
	buf_release(&id);
	free(real);
	return path;
}

static bool
is_sound(const struct statcache *c, enum hash_kind kind)
{
	struct imgcache_error ignored = { 0 };
	const struct cache_head *h = &c->head;
	struct hash sum;

	return memcmp(h->magic, CACHE_MAGIC, sizeof(h->magic)) == 0 &&
	       h->order == CACHE_ORDER && h->layout == CACHE_LAYOUT &&
	       h->kind == (uint32_t)kind && h->len == c->len && h->n_dirs &&
	       h->n_dirs <= c->len / sizeof(struct cache_dir) &&
	       hash_bytes(HASH_XXH3, c->map, c->len - CACHE_SUM, &sum,
			  &ignored) == 0 &&
	       memcmp(c->map + c->len - CACHE_SUM, sum.bytes, CACHE_SUM) == 0;
}

static bool
map_file(struct statcache *c, int fd)
{
	struct stat st;
	void *map;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    st.st_uid != geteuid() ||
	    st.st_size < (off_t)(sizeof(c->head) + CACHE_SUM))
		return false;
	c->len = (size_t)st.st_size;
	c->mtime = st.st_mtime;
	map = mmap(NULL, c->len, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (map == MAP_FAILED)
		return false;
	c->map = map;
	memcpy(&c->head, c->map, sizeof(c->head));
	return true;
}

struct statcache *
statcache_open(const char *path, enum hash_kind kind)
{
	struct statcache *c = mem_alloc(sizeof(*c));
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY |
		      O_NONBLOCK);
	bool ok = fd >= 0 && map_file(c, fd) && is_sound(c, kind);

	if (fd >= 0)
		close(fd);
	c->path = mem_strdup(path);
	if (ok)
		return c;
	statcache_close(c);
	return NULL;
}

void
statcache_close(struct statcache *c)
{
	if (!c)
		return;
	if (c->map)
		munmap((void *)c->map, c->len);
	free(c->path);
	free(c);
}

bool
statcache_dir(const struct statcache *c, uint32_t number,
	      struct stat_dir *out)
{
	struct cache_dir d;
	size_t end = c->len - CACHE_SUM;

	if (number >= c->head.n_dirs)
		return false;
	memcpy(&d, c->map + sizeof(c->head) + number * sizeof(d), sizeof(d));
	if (d.at > end || d.len > end - d.at || d.at % 8 ||
	    d.hash_len > HASH_MAX || d.n_dirs > d.n ||
	    d.first_child > c->head.n_dirs ||
	    d.n_dirs > c->head.n_dirs - d.first_child ||
	    (d.n_dirs && d.first_child <= number))
		return false;
	out->run = (struct run){ c->map + d.at, d.len, d.dev, d.n, d.n_dirs };
	out->number = number;
	out->first_child = d.first_child;
	out->mode = d.mode;
	memset(&out->digest, 0, sizeof(out->digest));
	out->digest.len = (unsigned char)d.hash_len;
	memcpy(out->digest.bytes, d.digest, HASH_MAX);
	return true;
}

uint64_t
statcache_entries(const struct statcache *c)
{
	return c->head.n_entries;
}

void
statcache_also(const struct statcache *c, struct strv *out)
{
	const char *end = c->map + c->len - CACHE_SUM;
	uint64_t len = c->head.also_len;

	if (!len || len > c->len - CACHE_SUM - sizeof(c->head) || end[-1])
		return;
	for (const char *p = end - len; p < end; p += strlen(p) + 1)
		strv_push(out, p);
}

void
statcache_keep(const struct statcache *c)
{
	if (clock_now_s() - c->mtime > DAY_S)
		(void)utimensat(AT_FDCWD, c->path, NULL, AT_SYMLINK_NOFOLLOW);
}
