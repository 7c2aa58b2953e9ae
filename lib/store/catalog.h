/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_STORE_CATALOG_H
#define IMGCACHE_STORE_CATALOG_H

/*
 * The catalog: one SQLite file with what is known of images, builds and
 * lookups. The engine is the truth about images; everything here can be lost
 * without an image being lost, and is refilled from the labels.
 *
 * Times are seconds since the epoch, durations microseconds, unless the name
 * says otherwise. Time 0 and text NULL mean "not known". Everything a function
 * writes is one transaction, and none is left open when it returns.
 */

#include <stdbool.h>
#include <stdint.h>

struct catalog;
struct imgcache_error;
struct sql;

enum catalog_mode {
	CATALOG_WRITE,		/* must be writable, else an error */
	CATALOG_READ		/* as good as it gets: see the flags */
};

/*
 * Codes beside those of enum imgcache_code that a function of this room may
 * return; see sql.h and migrate.h. Those worth acting on, from any of them:
 */
#define CATALOG_ECORRUPT (-101)
#define CATALOG_EFULL (-104)

struct catalog_flags {
	bool was_made;		/* there was no catalog; it is new and empty */
	bool was_rebuilt;	/* a damaged one was set aside: refill it */
	bool is_readonly;	/* nothing can be recorded */
	bool is_ephemeral;	/* read-only and empty, in memory */
	bool is_network;	/* no WAL, no journal of lookups */
};

/*
 * Open <dir>/catalog.db, making directory (0700) and file (0600) and migrating
 * as needed. A damaged file is renamed to catalog.db.corrupt-<UTC time> with
 * its -wal and -shm, and a new one is made.
 *
 * With CATALOG_READ a directory or file that cannot be written gives a catalog
 * with is_readonly; recording functions then do nothing and return 0. The
 * caller prints the warning: catalog_warning() is its text.
 *
 * Fails, with nothing written, for a catalog of a newer version, a database of
 * another program, a directory of someone else.
 */
int catalog_open(const char *dir, enum catalog_mode mode, struct catalog **out,
		 struct imgcache_error *err);
void catalog_close(struct catalog *cat);	/* NULL is fine */

struct catalog_flags catalog_flags(const struct catalog *cat);

/* One line for the user about the flags above, or NULL. Lives as cat does. */
const char *catalog_warning(const struct catalog *cat);

/* Why is_readonly, or NULL. Lives as cat does. */
const char *catalog_cause(const struct catalog *cat);

const char *catalog_dir(const struct catalog *cat);
const char *catalog_path(const struct catalog *cat);

/*
 * After any function of this room returned CATALOG_ECORRUPT: set the file
 * aside and go on with a new one (was_rebuilt). The same handle stays valid.
 */
int catalog_recover(struct catalog *cat, struct imgcache_error *err);

/*
 * After ret of a call that only saves a later question: no space left for it is
 * no failure, and err is cleared. Else ret as it is.
 */
int catalog_forgo(int ret, struct imgcache_error *err);

/* SQLite's own inspection; full also compares indexes with their tables. */
int catalog_check(struct catalog *cat, bool full, struct imgcache_error *err);

/* Give free pages back to the file system. For prune and doctor. */
int catalog_compact(struct catalog *cat, struct imgcache_error *err);

/* Size of the file with its -wal, in bytes. */
int64_t catalog_size_bytes(const struct catalog *cat);

/*
 * Several recording calls as one: all of them or none. Do not start a child
 * process, ask the engine or wait for anything in between.
 */
int catalog_begin(struct catalog *cat, struct imgcache_error *err);
int catalog_commit(struct catalog *cat, struct imgcache_error *err);
void catalog_rollback(struct catalog *cat);

/* For lib/store itself: the connection, and an engine's row. */
struct sql *catalog_sql(struct catalog *cat);
bool catalog_can_write(const struct catalog *cat);

/* 0 in *id if there is no such engine and make is false. */
int catalog_engine(struct catalog *cat, const char *name, bool make,
		   int64_t *id, struct imgcache_error *err);

#endif
