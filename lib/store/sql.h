/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_STORE_SQL_H
#define IMGCACHE_STORE_SQL_H

/*
 * SQLite behind a door: the only room that knows it. A module names its
 * statements in one list; they are prepared when first used and belong to the
 * connection. Using one reads
 *
 *	struct sql_use *q = sql_use(db, &images_statements, IMAGE_BY_TAG, err);
 *	sql_bind(q, "iss", engine, tag, platform);
 *	rc = sql_next(q, err);
 *
 * sql_use() gives NULL after setting err; every other call takes that NULL and
 * a failed bind in its stride and hands on the first error, so only the step is
 * checked. The name of the step says what is expected of the database, and all
 * but sql_row() and sql_next() leave the statement ready for its next use.
 * Using a statement that is still in use is our own mistake and asserts.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct imgcache_error;
struct sql;
struct sql_use;

/*
 * Beside those of enum imgcache_code. Who does not know them treats them as
 * IMGCACHE_EFAIL. A busy database is IMGCACHE_EBUSY, after five seconds.
 */
enum sql_code {
	SQL_ECORRUPT = -101,	/* damaged, or not a database at all */
	SQL_EREADONLY = -102,	/* may not be written */
	SQL_ECANTOPEN = -103,	/* missing, or may not be read */
	SQL_EFULL = -104	/* no space left; the line names the file */
};

struct sql_statement {
	const char *name;
	const char *text;
};

/* A module's statements, in the order of its enum. */
struct sql_list {
	const char *module;
	const struct sql_statement *v;
	int n;
};

/*
 * Make an enum and a struct sql_list `<module>_statements` from an X-macro list
 * of X(NAME, "text") pairs. statements.h declares it: a test prepares all.
 */
#define SQL_ENUM(name, text) name,
#define SQL_ROW(name, text) { #name, text },
#define SQL_LIST(module, STATEMENTS)					\
	enum { STATEMENTS(SQL_ENUM) module##_statements_n }; \
	static const struct sql_statement module##_rows[] = {		\
		STATEMENTS(SQL_ROW)					\
	};								\
	const struct sql_list module##_statements = { \
		#module, module##_rows, module##_statements_n \
	}

enum sql_mode {
	SQL_CREATE,		/* read and write, made if missing */
	SQL_WRITE,		/* read and write, must exist */
	SQL_READ,		/* read only, taking part in locking */
	SQL_IMMUTABLE,		/* read only, no locks, no -wal: frozen */
	SQL_MEMORY		/* of this connection; path is ignored */
};

/*
 * Open. A file that cannot be opened is SQL_ECANTOPEN, one that can only be
 * read, though writing was asked for, SQL_EREADONLY; *out is then not set.
 */
int sql_open(const char *path, enum sql_mode mode, struct sql **out,
	     struct imgcache_error *err);

/* Asserts that no statement is in use and no transaction is open. */
void sql_close(struct sql *db);

/* True if writing cannot succeed, whatever was asked for. */
bool sql_is_readonly(const struct sql *db);

const char *sql_path(const struct sql *db);

/* The statement, ready for sql_bind() and a step; NULL with err set. */
struct sql_use *sql_use(struct sql *db, const struct sql_list *list, int which,
			struct imgcache_error *err);

/*
 * Bind ?1, ?2 ... in order. Text is borrowed until the statement is reset.
 *
 *	i  int64_t		d  int (also bool and enums)
 *	z  int64_t, 0 is NULL	f  double
 *	s  const char *, NULL is NULL
 *	S  const char *, size_t	n  NULL, takes no argument
 */
void sql_bind(struct sql_use *q, const char *format, ...);

/* There must be a row: 0, the columns are readable until sql_reset(). */
int sql_row(struct sql_use *q, struct imgcache_error *err);

/* 1: a row, its columns are readable until the next call. 0: no more, reset. */
int sql_next(struct sql_use *q, struct imgcache_error *err);

/* There must be no row. */
int sql_done(struct sql_use *q, struct imgcache_error *err);

/* As sql_done(); id (may be NULL) is the row made. */
int sql_insert(struct sql_use *q, int64_t *id, struct imgcache_error *err);

/* As sql_done(); count (may be NULL) is how many rows were changed. */
int sql_update(struct sql_use *q, int64_t *count, struct imgcache_error *err);

/*
 * Leave a statement before sql_next() said 0. Checked: an error that only
 * shows now is returned, or with an err that is set already, that one.
 */
int sql_reset(struct sql_use *q, struct imgcache_error *err);

/* Columns of the row, from 0. Text is borrowed until the next step or reset. */
int64_t sql_int(struct sql_use *q, int column);		/* NULL reads 0 */
double sql_real(struct sql_use *q, int column);
const char *sql_text(struct sql_use *q, int column);	/* NULL reads NULL */
size_t sql_text_len(struct sql_use *q, int column);
bool sql_is_null(struct sql_use *q, int column);

/*
 * Transactions are BEGIN IMMEDIATE: who will write waits for its turn at the
 * beginning and cannot fail half-way for having read first. They do not nest. A
 * commit that fails rolls back.
 */
int sql_begin(struct sql *db, struct imgcache_error *err);
int sql_commit(struct sql *db, struct imgcache_error *err);
void sql_rollback(struct sql *db);
bool sql_in_transaction(const struct sql *db);

/*
 * For a function that writes and may be part of something larger: take part in
 * the transaction that is open, else begin one (*began). sql_leave() ends what
 * was begun, by commit if rc is 0 and by rollback otherwise, and returns the
 * code of it all.
 */
int sql_enter(struct sql *db, bool *began, struct imgcache_error *err);
int sql_leave(struct sql *db, bool began, int rc, struct imgcache_error *err);

/* Any number of statements in one text, nothing bound, rows ignored. */
int sql_exec(struct sql *db, const char *text, struct imgcache_error *err);

/* The first column of the first row of one unnamed statement ("PRAGMA ..."). */
int sql_ask_int(struct sql *db, const char *text, int64_t *value,
		struct imgcache_error *err);

/* Write a consistent copy of the whole database to a file that is not there. */
int sql_copy_to(struct sql *db, const char *path, struct imgcache_error *err);

/*
 * SQLite's own inspection: 0 if sound, SQL_ECORRUPT with the first complaint.
 * Quick leaves out the comparison of indexes with their tables.
 */
int sql_check(struct sql *db, bool quick, struct imgcache_error *err);

/* For tests: reverse what no ORDER BY settles. */
int sql_reverse_unordered(struct sql *db, struct imgcache_error *err);

/*
 * For tests: prepare one text of a list and append the lines of its query
 * plan, one per row, to plan.
 */
struct buf;
int sql_plan(struct sql *db, const char *text, struct buf *plan,
	     struct imgcache_error *err);

#endif
