/* SPDX-License-Identifier: MIT */
/*
 * The file: head, one cache_dir a directory, the runs in the same order, paths
 * that count beside, and the XXH3 of all that. The sum tells damage; that
 * offsets lead nowhere else is checked all the same, where they are used.
 */

#include "source/statcache.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/strv.h"
#include "source/statcache_file.h"
#include "sys/clock.h"
#include "sys/file.h"

#ifndef F2FS_SUPER_MAGIC
#define F2FS_SUPER_MAGIC 0xF2F52010
#endif
#ifndef XFS_SUPER_MAGIC
#define XFS_SUPER_MAGIC 0x58465342
#endif

#define DAY_S (24 * 60 * 60)
#define MS INT64_C(1000000)

/*
 * How long a file must have been left alone. The kernel's clock ticks every
 * 1 to 10 ms; where times have no fraction they may be whole seconds.
 */
#define FINE_GRAIN (20 * MS)
#define COARSE_GRAIN (2000 * MS)

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

enum stat_trust
stat_trust_of(int fd)
{
	static const struct {
		unsigned long magic;
		enum stat_trust trust;
	} known[] = {
		{ EXT4_SUPER_MAGIC, STAT_TRUSTED },	/* 2 and 3, too */
		{ XFS_SUPER_MAGIC, STAT_TRUSTED },
		{ BTRFS_SUPER_MAGIC, STAT_TRUSTED },
		{ F2FS_SUPER_MAGIC, STAT_TRUSTED },
		{ TMPFS_MAGIC, STAT_TRUSTED },
		{ OVERLAYFS_SUPER_MAGIC, STAT_LAYERED },
		{ PROC_SUPER_MAGIC, STAT_KERNEL },
		{ SYSFS_MAGIC, STAT_KERNEL },
		{ DEBUGFS_MAGIC, STAT_KERNEL },
		{ TRACEFS_MAGIC, STAT_KERNEL },
		{ SECURITYFS_MAGIC, STAT_KERNEL },
		{ CGROUP_SUPER_MAGIC, STAT_KERNEL },
		{ CGROUP2_SUPER_MAGIC, STAT_KERNEL },
		{ BPF_FS_MAGIC, STAT_KERNEL },
		{ PSTOREFS_MAGIC, STAT_KERNEL },
		{ EFIVARFS_MAGIC, STAT_KERNEL },
		{ SELINUX_MAGIC, STAT_KERNEL },
	};
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return STAT_UNKNOWN;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if ((unsigned long)fs.f_type == known[i].magic)
			return known[i].trust;
	return STAT_UNKNOWN;
}

bool
stat_may_be_made_up(int64_t mtime_ns, int64_t ctime_ns)
{
	return mtime_ns == ctime_ns && ctime_ns % (1000 * MS) == 0;
}

bool
stat_is_settled(int64_t mtime_ns, int64_t ctime_ns, int64_t before_ns)
{
	int64_t grain = ctime_ns % (1000 * MS) ? FINE_GRAIN : COARSE_GRAIN;
	int64_t last = mtime_ns > ctime_ns ? mtime_ns : ctime_ns;

	return last < before_ns && before_ns - last >= grain;
}
