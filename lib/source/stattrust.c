/* SPDX-License-Identifier: MIT */
#include "source/stattrust.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "source/digest.h"

#ifndef F2FS_SUPER_MAGIC
#define F2FS_SUPER_MAGIC 0xF2F52010
#endif
#ifndef XFS_SUPER_MAGIC
#define XFS_SUPER_MAGIC 0x58465342
#endif

#define MS INT64_C(1000000)

/*
 * How long a file must have been left alone. The kernel's clock ticks every
 * 1 to 10 ms; where times have no fraction they may be whole seconds.
 */
#define FINE_GRAIN (20 * MS)
#define COARSE_GRAIN (2000 * MS)

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

static bool
is_mounted(int dirfd, const char *name)
{
	struct statx sx;

	return statx(dirfd, name, AT_SYMLINK_NOFOLLOW | AT_STATX_DONT_SYNC, 0,
		     &sx) == 0 && (sx.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

/* Layers have device numbers of their own, so there the kernel is asked. */
bool
stat_tells(enum stat_trust trust, int dirfd, uint64_t dir_dev,
	   const char *name, const struct stat_id *id)
{
	if (trust == STAT_LAYERED)
		return !stat_may_be_made_up(id->mtime_ns, id->ctime_ns) &&
		       (dir_dev == id->dev || !is_mounted(dirfd, name));
	return trust == STAT_TRUSTED && dir_dev == id->dev;
}

bool
stat_is_settled(int64_t mtime_ns, int64_t ctime_ns, int64_t before_ns)
{
	int64_t grain = ctime_ns % (1000 * MS) ? FINE_GRAIN : COARSE_GRAIN;
	int64_t last = mtime_ns > ctime_ns ? mtime_ns : ctime_ns;

	return last < before_ns && before_ns - last >= grain;
}
