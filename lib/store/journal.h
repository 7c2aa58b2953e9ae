/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_STORE_JOURNAL_H
#define IMGCACHE_STORE_JOURNAL_H

/*
 * The journal of lookups, <dir>/hits.log: a header, then records, each written
 * by one write(2) on an O_APPEND descriptor, so that any number of processes
 * append at once without waiting for one another. Only for local file systems.
 *
 * Exactly once: the header names the file by a random id, and the database
 * keeps how far which id was read, in the same transaction as the rows made
 * from it. A file that was read to its end is replaced by a new one with a new
 * id, by rename, while nobody appends: appenders hold a shared flock on it and
 * the replacer an exclusive one.
 *
 * Machine-local byte order; a record is no format for others.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct imgcache_error;
struct lookup;

/* Longest record; write(2) up to this is one piece on a local file system. */
#define JOURNAL_RECORD_MAX 4096

/* Above this the appender itself should see to a fold. */
#define JOURNAL_FOLD_BYTES (1024 * 1024)

/* Above this a file that was read to its end is replaced. */
#define JOURNAL_ROTATE_BYTES (64 * 1024)

enum journal_code {
	JOURNAL_ETOOLONG = -121	/* does not fit a record; nothing written */
};

/* Append one record to <dir>/hits.log. *size (may be NULL): bytes now in it. */
int journal_append(const char *dir, const struct lookup *l, int64_t *size,
		   struct imgcache_error *err);

/* A position: which file, and how far into it. Zero: nothing read yet. */
struct journal_place {
	uint64_t id;
	int64_t offset;
};

/*
 * Append to out the whole records that follow *place and move it behind them.
 * A file with another id is taken from its beginning, a missing one has
 * nothing.
 */
int journal_read(const char *dir, struct journal_place *place, struct buf *out,
		 struct imgcache_error *err);

/*
 * The next whole record of data from *pos on, its text borrowed from data.
 * Damaged bytes are passed over and counted in *skipped. False at the end.
 */
bool journal_next(const struct buf *data, size_t *pos, struct lookup *l,
		  int64_t *skipped);

/*
 * After the commit: if the file is large, nothing follows place and nobody is
 * just appending, start a new one. Doing nothing is always right.
 */
int journal_rotate(const char *dir, const struct journal_place *place,
		   struct imgcache_error *err);

#endif
