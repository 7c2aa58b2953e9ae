/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_SOURCE_RUN_H
#define IMGCACHE_SOURCE_RUN_H

/*
 * The entries of one directory as a run of bytes: what a tree is made of in
 * memory and, byte for byte, what the stat cache keeps. Records stand in the
 * order in which the kernel listed the names, since that is the order in which
 * the next walk will ask for them. Each begins at a multiple of 8 bytes and
 * ends with its name, a NUL and padding of NULs.
 *
 * A run that came from a file is not to be believed: reading stops at the
 * first record that does not fit. Numbers are in the byte order of the machine.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "source/digest.h"
#include "source/hash.h"

struct buf;

#define RECORD_NAME_MAX 1023

enum record_flag {
	RECORD_RACY = 1,	/* may have changed since: hash it again */
	RECORD_STRUCTURE = 2,	/* directory: only leads to allowed paths */
	RECORD_IGNORED = 4,	/* directory: ignored, but something in it may
				   be kept */
	RECORD_HOLLOW = 8	/* file: BuildKit sends it without content */
};

/* What every record begins with; all there is of a directory. */
struct record {
	uint16_t name_len : 10;
	uint16_t flags : 6;
	uint16_t mode;		/* directory: S_IFDIR alone */
	uint32_t child;		/* directory: how many stand before it */
};

/* Anything but a directory; a device has its number where others a digest. */
struct file_record {
	uint16_t name_len : 10;
	uint16_t flags : 6;
	uint16_t mode;
	union {
		unsigned char digest[HASH_MAX];
		uint32_t rdev;
	};
	uint64_t ino;
	int64_t size;
	int64_t mtime_ns;
	int64_t ctime_ns;
};

struct run {
	const char *data;	/* aligned to 8 */
	size_t len;
	uint64_t dev;		/* of all files that are not RECORD_RACY */
	uint32_t n;
	uint32_t n_dirs;
};

static inline bool record_is_dir(const struct record *r)
{
	return S_ISDIR(r->mode);
}

static inline size_t record_head_bytes(const struct record *r)
{
	return record_is_dir(r) ? sizeof(struct record) :
		sizeof(struct file_record);
}

static inline const char *record_name(const struct record *r)
{
	return (const char *)r + record_head_bytes(r);
}

static inline size_t record_bytes(const struct record *r)
{
	return (record_head_bytes(r) + r->name_len + 8) & ~(size_t)7;
}

static inline const struct file_record *record_file(const struct record *r)
{
	return (const void *)r;
}

/*
 * The record at *at, which is moved behind it; NULL at the end and at the first
 * that does not fit.
 */
const struct record *run_next(const struct run *r, size_t *at);

/* The same name? */
bool record_has_name(const struct record *r, const char *name, size_t len);

/* Append a record; name_len is set here. */
void run_add_dir(struct buf *out, struct record r, const char *name,
		 size_t len);
void run_add_file(struct buf *out, struct file_record r, const char *name,
		  size_t len);

/*
 * Where the records of a long run are, by name; made when first asked. The run
 * must stay while it is used. Zeroed is empty.
 */
struct run_names {
	uint32_t *slots;	/* offset / 8 + 1; 0 is free */
	size_t mask;
};

/* Offset of the record of that name, or SIZE_MAX. */
size_t run_find(const struct run *r, struct run_names *names, const char *name,
		size_t len);
void run_names_release(struct run_names *names);

#endif
