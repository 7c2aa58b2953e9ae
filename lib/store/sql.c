/* SPDX-License-Identifier: MIT */
/*
 * SQLite as we use it. Invariants: a connection belongs to one thread; its
 * statements belong to it and are prepared once; a statement is either ready
 * or in use, and nothing is bound anew while it is in use. Results of SQLite
 * become our codes in fail() and nowhere else.
 */

#include "store/sql.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "sys/file.h"

#define BUSY_TIMEOUT_MS 5000
#define MODULES_MAX 24

struct sql_use {
	struct sql *db;
	sqlite3_stmt *stmt;
	bool is_bound;
	bool in_use;		/* stepped to a row and not yet reset */
	int bind_rc;
};

struct module_cache {
	const struct sql_list *list;
	struct sql_use *uses;	/* stmt NULL: not prepared yet */
};

struct sql {
	sqlite3 *handle;
	char *path;
	bool is_readonly;
	struct module_cache modules[MODULES_MAX];
	int n_modules;
};

/* Errno of the last call into the system, where SQLite kept it. */
static int
system_errno(const struct sql *db)
{
	return db->handle ? sqlite3_system_errno(db->handle) : 0;
}

static bool
is_no_space(const struct sql *db, int rc)
{
	int e = system_errno(db);

	return (rc & 0xff) == SQLITE_FULL ||
	       ((rc & 0xff) == SQLITE_IOERR && (e == ENOSPC || e == EDQUOT));
}

static bool
is_damage(int rc)
{
	return (rc & 0xff) == SQLITE_CORRUPT || (rc & 0xff) == SQLITE_NOTADB ||
	       rc == SQLITE_IOERR_CORRUPTFS || rc == SQLITE_IOERR_DATA ||
	       rc == SQLITE_IOERR_SHORT_READ;
}

/* Say what SQLite's result means to our callers. */
static int
fail(const struct sql *db, int rc, struct imgcache_error *err)
{
	const char *p = db->path;

	if (is_no_space(db, rc)) {
		error_set(err, SQL_EFULL, "cannot write '%s': no space left; "
			  "free some and try again", p);
	} else if (is_damage(rc)) {
		error_set(err, SQL_ECORRUPT, "the catalog '%s' is damaged: %s",
			  p, sqlite3_errmsg(db->handle));
	} else if (rc == SQLITE_READONLY_DBMOVED) {
		error_set(err, IMGCACHE_EBUSY, "the catalog '%s' was replaced "
			  "by another process; try again", p);
	} else if ((rc & 0xff) == SQLITE_READONLY ||
		   (rc & 0xff) == SQLITE_PERM || rc == SQLITE_AUTH) {
		error_set(err, SQL_EREADONLY, "cannot write '%s': it is "
			  "read-only; make it writable or set IMGCACHE_DIR",
			  p);
	} else if ((rc & 0xff) == SQLITE_BUSY || (rc & 0xff) == SQLITE_LOCKED) {
		error_set(err, IMGCACHE_EBUSY, "the catalog '%s' is busy: "
			  "another process has kept it locked for %d s; try "
			  "again", p, BUSY_TIMEOUT_MS / 1000);
	} else if ((rc & 0xff) == SQLITE_CANTOPEN) {
		error_set(err, SQL_ECANTOPEN, "cannot open '%s': %s", p,
			  system_errno(db) ? strerror(system_errno(db)) :
			  sqlite3_errstr(rc));
	} else {
		error_set(err, IMGCACHE_EFAIL, "cannot use the catalog '%s': "
			  "%s", p, sqlite3_errmsg(db->handle));
	}
	err->sys_errno = system_errno(db);
	return err->code;
}

/*
 * Distributions build SQLite with other defaults, so what we rely on is said
 * here. The first group needs no SQL; the second is one text because each
 * statement costs a few microseconds on the way of a hit.
 */
static int
configure(struct sql *db, enum sql_mode mode, struct imgcache_error *err)
{
	static const char pragmas[] =
		/* with WAL: no fsync at commit, nothing is ever torn */
		"PRAGMA synchronous=NORMAL;"
		/* sorting needs no room on a full disk */
		"PRAGMA temp_store=MEMORY;"
		/* Debian overwrites what is deleted; it holds no secrets */
		"PRAGMA secure_delete=OFF;"
		/* notice damage where it is read, not pages later */
		"PRAGMA cell_size_check=ON;"
		/* a large -wal makes every later opening slow */
		"PRAGMA journal_size_limit=1048576;";
	sqlite3 *h = db->handle;
	int keep = 1;

	sqlite3_extended_result_codes(h, 1);
	sqlite3_busy_timeout(h, BUSY_TIMEOUT_MS);
	sqlite3_wal_autocheckpoint(h, 256);
	/* the last to close empties the -wal but leaves it and the -shm be */
	sqlite3_file_control(h, "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
	/* rows that point nowhere are refused */
	sqlite3_db_config(h, SQLITE_DBCONFIG_ENABLE_FKEY, 1, (int *)NULL);
	/* no statement can damage the file or rewrite its schema by hand */
	sqlite3_db_config(h, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
	/* a schema made by others runs no function with side effects */
	sqlite3_db_config(h, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, (int *)NULL);
	/* "word" is a column or an error, never a string */
	sqlite3_db_config(h, SQLITE_DBCONFIG_DQS_DML, 0, (int *)NULL);
	sqlite3_db_config(h, SQLITE_DBCONFIG_DQS_DDL, 0, (int *)NULL);
	/* they are of the file */
	return mode == SQL_MEMORY ? 0 : sql_exec(db, pragmas, err);
}

/*
 * The directory with its links resolved, the file's name as it is: a linked
 * home is fine, a link in place of the file is not (SQLITE_OPEN_NOFOLLOW looks
 * at every part of the path).
 */
static char *
resolve(const char *path)
{
	char *dir = path_dir(path);
	char *real = realpath(dir, NULL);
	char *result = path_join(real ? real : dir, path_base(path));

	free(real);
	free(dir);
	return result;
}

/* SQLite would make it 0644; its -wal and -shm take over what we choose. */
static void
make_private(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd >= 0)
		close(fd);
}

/* "file:/dir/catalog.db?immutable=1", the path percent-encoded. */
static void
add_immutable_uri(struct buf *uri, const char *path)
{
	buf_adds(uri, "file:");
	for (const char *p = path; *p; p++) {
		if (strchr("%?#", *p))
			buf_addf(uri, "%%%02X", (unsigned char)*p);
		else
			buf_addc(uri, *p);
	}
	buf_adds(uri, "?immutable=1");
}

static int
open_handle(struct sql *db, enum sql_mode mode)
{
	static const int flags[] = {
		[SQL_CREATE] = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
		[SQL_WRITE] = SQLITE_OPEN_READWRITE,
		[SQL_READ] = SQLITE_OPEN_READONLY,
		[SQL_IMMUTABLE] = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI,
		[SQL_MEMORY] = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
			       SQLITE_OPEN_MEMORY,
	};
	struct buf name = BUF_INIT;
	int rc;

	if (mode == SQL_CREATE)
		make_private(db->path);
	if (mode == SQL_IMMUTABLE)
		add_immutable_uri(&name, db->path);
	else
		buf_adds(&name, db->path);
	rc = sqlite3_open_v2(name.data, &db->handle, flags[mode] |
			     SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW, NULL);
	buf_release(&name);
	return rc;
}

int
sql_open(const char *path, enum sql_mode mode, struct sql **out,
	 struct imgcache_error *err)
{
	struct sql *db = mem_alloc(sizeof(*db));
	int rc;

	db->path = mode == SQL_MEMORY ? mem_strdup(":memory:") : resolve(path);
	rc = open_handle(db, mode);
	if (rc == SQLITE_OK)
		db->is_readonly = sqlite3_db_readonly(db->handle, "main") == 1;
	/* SQLite falls back to reading without a word */
	if (rc == SQLITE_OK && db->is_readonly && mode <= SQL_WRITE)
		rc = SQLITE_READONLY;
	rc = rc == SQLITE_OK ? configure(db, mode, err) : fail(db, rc, err);
	if (rc == 0)
		*out = db;
	else
		sql_close(db);
	return rc;
}

void
sql_close(struct sql *db)
{
	if (!db)
		return;
	assert(!sql_in_transaction(db));
	for (int m = 0; m < db->n_modules; m++) {
		struct module_cache *c = &db->modules[m];

		for (int i = 0; i < c->list->n; i++) {
			assert(!c->uses[i].in_use);
			sqlite3_finalize(c->uses[i].stmt);
		}
		free(c->uses);
	}
	sqlite3_close_v2(db->handle);
	free(db->path);
	free(db);
}

bool
sql_is_readonly(const struct sql *db)
{
	return db->is_readonly;
}

const char *
sql_path(const struct sql *db)
{
	return db->path;
}

static struct module_cache *
cache_of(struct sql *db,
	 const struct sql_list *list)
{
	struct module_cache *c = db->modules;

	for (int m = 0; m < db->n_modules; m++)
		if (c[m].list == list)
			return &c[m];
	assert(db->n_modules < MODULES_MAX);
	c = &db->modules[db->n_modules++];
	c->list = list;
	c->uses = mem_array((size_t)list->n, sizeof(*c->uses));
	return c;
}

struct sql_use *
sql_use(struct sql *db, const struct sql_list *list, int which,
	struct imgcache_error *err)
{
	struct sql_use *q = &cache_of(db, list)->uses[which];
	int rc;

	assert(which >= 0 && which < list->n);
	assert(!q->in_use);
	if (!q->stmt) {
		rc = sqlite3_prepare_v3(db->handle, list->v[which].text, -1,
					SQLITE_PREPARE_PERSISTENT, &q->stmt,
					NULL);
		if (rc != SQLITE_OK) {
			fail(db, rc, err);
			return NULL;
		}
		q->db = db;
	}
	q->bind_rc = SQLITE_OK;
	q->is_bound = sqlite3_bind_parameter_count(q->stmt) == 0;
	return q;
}

static int
bind_one(sqlite3_stmt *s, int i, char letter, va_list *ap)
{
	const char *text;
	sqlite3_int64 n;

	switch (letter) {
	case 'i':
		return sqlite3_bind_int64(s, i, va_arg(*ap, int64_t));
	case 'd':
		return sqlite3_bind_int(s, i, va_arg(*ap, int));
	case 'z':
		n = va_arg(*ap, int64_t);
		return n ? sqlite3_bind_int64(s, i, n) :
			sqlite3_bind_null(s, i);
	case 'f':
		return sqlite3_bind_double(s, i, va_arg(*ap, double));
	case 's':
		text = va_arg(*ap, const char *);
		return sqlite3_bind_text(s, i, text, -1, SQLITE_STATIC);
	case 'S':
		text = va_arg(*ap, const char *);
		return sqlite3_bind_text64(s, i, text, va_arg(*ap, size_t),
					   SQLITE_STATIC, SQLITE_UTF8);
	case 'n':
		return sqlite3_bind_null(s, i);
	}
	assert(!"a format letter of sql_bind()");
	return SQLITE_MISUSE;
}

void
sql_bind(struct sql_use *q, const char *format, ...)
{
	va_list ap;
	int i = 0;

	if (!q)
		return;
	assert(!q->in_use);
	assert((int)strlen(format) == sqlite3_bind_parameter_count(q->stmt));
	va_start(ap, format);
	for (const char *f = format; *f && q->bind_rc == SQLITE_OK; f++)
		q->bind_rc = bind_one(q->stmt, ++i, *f, &ap);
	va_end(ap);
	q->is_bound = true;
}

int
sql_reset(struct sql_use *q, struct imgcache_error *err)
{
	int rc;

	if (!q)
		return err->code;
	q->in_use = false;
	rc = sqlite3_reset(q->stmt);
	if (err->code)
		return err->code;
	return rc == SQLITE_OK ? 0 : fail(q->db, rc, err);
}

/* 1 with a row outstanding, 0 or an error with the statement reset. */
static int
step(struct sql_use *q, struct imgcache_error *err)
{
	int rc;

	if (!q)
		return err->code;
	assert(q->is_bound);
	if (q->bind_rc != SQLITE_OK)
		return fail(q->db, q->bind_rc, err);
	rc = sqlite3_step(q->stmt);
	if (rc == SQLITE_ROW) {
		q->in_use = true;
		return 1;
	}
	if (rc != SQLITE_DONE)
		fail(q->db, rc, err);
	return sql_reset(q, err);
}

static int
unexpected(struct sql_use *q, const char *what,
	   struct imgcache_error *err)
{
	return error_set(err, IMGCACHE_EFAIL, "cannot use the catalog '%s': %s",
			 q->db->path, what);
}

int
sql_row(struct sql_use *q, struct imgcache_error *err)
{
	int rc = step(q, err);

	if (rc < 0)
		return rc;
	return rc ? 0 : unexpected(q, "a row is missing", err);
}

int
sql_next(struct sql_use *q, struct imgcache_error *err)
{
	return step(q, err);
}

int
sql_done(struct sql_use *q, struct imgcache_error *err)
{
	int rc = step(q, err);

	if (rc <= 0)
		return rc;
	unexpected(q, "a row where there should be none", err);
	return sql_reset(q, err);
}

int
sql_insert(struct sql_use *q, int64_t *id, struct imgcache_error *err)
{
	int rc = sql_done(q, err);

	if (rc == 0 && id)
		*id = sqlite3_last_insert_rowid(q->db->handle);
	return rc;
}

int
sql_update(struct sql_use *q, int64_t *count, struct imgcache_error *err)
{
	int rc = sql_done(q, err);

	if (rc == 0 && count)
		*count = sqlite3_changes64(q->db->handle);
	return rc;
}

int64_t
sql_int(struct sql_use *q, int column)
{
	assert(q->in_use);
	return sqlite3_column_int64(q->stmt, column);
}

double
sql_real(struct sql_use *q, int column)
{
	assert(q->in_use);
	return sqlite3_column_double(q->stmt, column);
}

const char *
sql_text(struct sql_use *q, int column)
{
	assert(q->in_use);
	return (const char *)sqlite3_column_text(q->stmt, column);
}

size_t
sql_text_len(struct sql_use *q, int column)
{
	assert(q->in_use);
	return (size_t)sqlite3_column_bytes(q->stmt, column);
}

bool
sql_is_null(struct sql_use *q, int column)
{
	assert(q->in_use);
	return sqlite3_column_type(q->stmt, column) == SQLITE_NULL;
}

bool
sql_in_transaction(const struct sql *db)
{
	return db->handle && !sqlite3_get_autocommit(db->handle);
}

int
sql_exec(struct sql *db, const char *text, struct imgcache_error *err)
{
	int rc = sqlite3_exec(db->handle, text, NULL, NULL, NULL);

	return rc == SQLITE_OK ? 0 : fail(db, rc, err);
}

/* Prepare a text that is in no list; it is finalised by its caller. */
static int
prepare(struct sql *db, const char *text, sqlite3_stmt **out,
	struct imgcache_error *err)
{
	int rc = sqlite3_prepare_v2(db->handle, text, -1, out, NULL);

	return rc == SQLITE_OK ? 0 : fail(db, rc, err);
}

int
sql_ask_int(struct sql *db, const char *text, int64_t *value,
	    struct imgcache_error *err)
{
	sqlite3_stmt *s;
	int rc = prepare(db, text, &s, err);

	if (rc)
		return rc;
	rc = sqlite3_step(s);
	if (rc == SQLITE_ROW)
		*value = sqlite3_column_int64(s, 0);
	else
		fail(db, rc == SQLITE_DONE ? SQLITE_MISMATCH : rc, err);
	sqlite3_finalize(s);
	return err->code;
}

int
sql_copy_to(struct sql *db, const char *path, struct imgcache_error *err)
{
	sqlite3_stmt *s;
	int rc = prepare(db, "VACUUM INTO ?1", &s, err);

	if (rc)
		return rc;
	make_private(path);
	sqlite3_bind_text(s, 1, path, -1, SQLITE_STATIC);
	rc = sqlite3_step(s);
	if (rc != SQLITE_DONE) {
		fail(db, rc, err);
		error_prefix(err, "cannot copy the catalog to '%s'", path);
		unlink(path);
	}
	sqlite3_finalize(s);
	return err->code;
}

int
sql_check(struct sql *db, bool quick, struct imgcache_error *err)
{
	sqlite3_stmt *s;
	const char *text;
	int rc = prepare(db, quick ? "PRAGMA quick_check(1)" :
			 "PRAGMA integrity_check(1)", &s, err);

	if (rc)
		return rc;
	rc = sqlite3_step(s);
	if (rc != SQLITE_ROW) {
		fail(db, rc, err);
	} else {
		text = (const char *)sqlite3_column_text(s, 0);
		if (!text || strcmp(text, "ok"))
			error_set(err, SQL_ECORRUPT, "the catalog '%s' is "
				  "damaged: %s", db->path, text ? text : "?");
	}
	sqlite3_finalize(s);
	return err->code;
}

int
sql_reverse_unordered(struct sql *db, struct imgcache_error *err)
{
	return sql_exec(db, "PRAGMA reverse_unordered_selects=ON", err);
}

int
sql_plan(struct sql *db, const char *text, struct buf *plan,
	 struct imgcache_error *err)
{
	char *explain = mem_printf("EXPLAIN QUERY PLAN %s", text);
	sqlite3_stmt *s;
	int rc = prepare(db, explain, &s, err);

	free(explain);
	if (rc)
		return rc;
	while ((rc = sqlite3_step(s)) == SQLITE_ROW)
		buf_addf(plan, "%s\n",
			 (const char *)sqlite3_column_text(s, 3));
	if (rc != SQLITE_DONE)
		fail(db, rc, err);
	sqlite3_finalize(s);
	return err->code;
}
