/* SPDX-License-Identifier: MIT */
/*
 * Opening the catalog is a ladder: read and write; read with locks; read as a
 * frozen copy; an empty one in memory. Whoever must write stands on the first
 * rung or not at all. Making, migrating and setting aside happen under the lock
 * <dir>/catalog.lock, after looking again, so that of many processes that
 * start at once one does it.
 */

#include "store/catalog.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"
#include "store/migrate.h"
#include "store/sql.h"
#include "store/statements.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/lock.h"

#define LOCK_WAIT_MS 30000

_Static_assert(CATALOG_ECORRUPT == SQL_ECORRUPT &&
	       CATALOG_EFULL == SQL_EFULL, "one code, two headers");

struct catalog {
	char *dir;
	char *path;
	char *cause;		/* why not on the first rung, or NULL */
	char *warning;
	char *aside;		/* where a damaged file went, or NULL */
	struct sql *db;		/* never NULL between calls */
	enum catalog_mode mode;
	struct catalog_flags flags;
	dev_t dev;		/* of the file that was opened */
	ino_t ino;
	char *engine_name;	/* the last one asked for, with its row */
	int64_t engine_id;
};

#define CATALOG_STATEMENTS(X)						\
	X(ENGINE_BY_NAME, "SELECT id FROM engines WHERE name = ?1")	\
	X(ENGINE_ADD, "INSERT INTO engines (name) VALUES (?1)")

SQL_LIST(catalog, CATALOG_STATEMENTS);

static void
replace_text(char **slot, char *text)
{
	free(*slot);
	*slot = text;
}

static void
note_file(struct catalog *cat)
{
	struct stat st;
	bool there = stat(cat->path, &st) == 0;

	cat->dev = there ? st.st_dev : 0;
	cat->ino = there ? st.st_ino : 0;
}

static bool
is_same_file(const struct catalog *cat)
{
	struct stat st;

	return stat(cat->path, &st) == 0 && st.st_dev == cat->dev &&
	       st.st_ino == cat->ino;
}

static void
close_db(struct catalog *cat)
{
	if (!cat->db)
		return;
	sql_rollback(cat->db);
	sql_close(cat->db);
	cat->db = NULL;
	replace_text(&cat->engine_name, NULL);
}

static int
take_lock(struct catalog *cat, struct lock *l,
	  struct imgcache_error *err)
{
	char *path = path_join(cat->dir, "catalog.lock");
	int rc = lock_take(l, path, LOCK_EXCLUSIVE, LOCK_WAIT_MS,
			   "opening the catalog", err);

	free(path);
	return rc;
}

/* WAL needs memory shared between the processes of one machine. */
static int
set_journal(struct catalog *cat, struct imgcache_error *err)
{
	if (cat->flags.is_network)
		return sql_exec(cat->db, "PRAGMA journal_mode=DELETE;"
				"PRAGMA synchronous=FULL", err);
	return sql_exec(cat->db, "PRAGMA journal_mode=WAL", err);
}

static int
make_or_migrate(struct catalog *cat, struct imgcache_error *err)
{
	struct lock lock = LOCK_INIT;
	int rc = take_lock(cat, &lock, err);

	if (rc == 0)
		rc = set_journal(cat, err);
	if (rc == 0)
		rc = migrate_to(cat->db, catalog_migrations,
				catalog_migrations_n, err);
	lock_release(&lock);
	return rc;
}

static int
try_writable(struct catalog *cat, struct imgcache_error *err)
{
	int version, rc = sql_open(cat->path, SQL_CREATE, &cat->db, err);

	note_file(cat);
	if (rc)
		return rc;
	rc = migrate_version(cat->db, catalog_migrations_n, &version, err);
	if (rc)
		return rc;
	cat->flags.was_made |= version == 0;
	if (version < catalog_migrations_n)
		return make_or_migrate(cat, err);
	return cat->flags.is_network ? set_journal(cat, err) : 0;
}

/* SQLite only says that it cannot open the -wal; the directory is why. */
static int
open_writable(struct catalog *cat, struct imgcache_error *err)
{
	int rc = try_writable(cat, err);

	if (rc != SQL_ECANTOPEN || access(cat->dir, W_OK) == 0)
		return rc;
	error_clear(err);
	return error_errno(err, SQL_EREADONLY, "cannot write in '%s'",
			   cat->dir);
}

/* A file without the tables that we ask is of no use to a reader. */
static int
open_readable(struct catalog *cat, enum sql_mode mode,
	      struct imgcache_error *err)
{
	int version, rc = sql_open(cat->path, mode, &cat->db, err);

	if (rc)
		return rc;
	rc = migrate_version(cat->db, catalog_migrations_n, &version, err);
	if (rc == 0 && version < catalog_migrations_n)
		rc = error_set(err, SQL_ECANTOPEN, "cannot read '%s': its "
			       "schema is old and it cannot be migrated",
			       cat->path);
	return rc;
}

static int
open_ephemeral(struct catalog *cat, struct imgcache_error *err)
{
	int rc = sql_open("", SQL_MEMORY, &cat->db, err);

	cat->flags.is_readonly = true;
	cat->flags.is_ephemeral = true;
	if (rc)
		return rc;
	return migrate_to(cat->db, catalog_migrations, catalog_migrations_n,
			  err);
}

static bool
is_worth_a_lower_rung(int code)
{
	return code == SQL_EREADONLY || code == SQL_ECANTOPEN ||
	       code == SQL_EFULL;
}

static int
open_lower(struct catalog *cat, struct imgcache_error *err)
{
	static const enum sql_mode rungs[] = { SQL_READ, SQL_IMMUTABLE };
	int rc = 0;

	cat->flags.is_readonly = true;
	for (size_t i = 0; i < sizeof(rungs) / sizeof(rungs[0]); i++) {
		rc = open_readable(cat, rungs[i], err);
		if (rc == 0 || !is_worth_a_lower_rung(rc))
			return rc;
		error_clear(err);
		close_db(cat);
	}
	return open_ephemeral(cat, err);
}

/* Whatever the outcome, cat->db and the flags fit together. */
static int
open_ladder(struct catalog *cat, struct imgcache_error *err)
{
	int rc = open_writable(cat, err);

	if (rc == 0)
		return 0;
	if (cat->mode == CATALOG_WRITE || !is_worth_a_lower_rung(rc)) {
		close_db(cat);
		return rc;
	}
	replace_text(&cat->cause, mem_strdup(err->text));
	error_clear(err);
	close_db(cat);
	rc = open_lower(cat, err);
	if (rc)
		close_db(cat);
	return rc;
}

static char *
aside_path(const struct catalog *cat)
{
	time_t now = (time_t)clock_now_s();
	struct tm tm;
	char stamp[32];
	char *path;

	gmtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm);
	path = mem_printf("%s.corrupt-%s", cat->path, stamp);
	for (int n = 2; file_exists(path); n++) {
		free(path);
		path = mem_printf("%s.corrupt-%s-%d", cat->path, stamp, n);
	}
	return path;
}

static int
move_part(const struct catalog *cat, const char *suffix,
	  const char *aside, struct imgcache_error *err)
{
	char *from = mem_printf("%s%s", cat->path, suffix);
	char *to = mem_printf("%s%s", aside, suffix);
	int rc = 0;

	if (rename(from, to) && errno != ENOENT)
		rc = error_errno(err, errno == EROFS || errno == EACCES ?
				 SQL_EREADONLY : IMGCACHE_EFAIL,
				 "cannot set the damaged catalog '%s' aside",
				 cat->path);
	free(to);
	free(from);
	return rc;
}

/*
 * The -wal first: beside a new file it would be taken for that file's own, and
 * damage it. Killed half-way, what remains is still damaged and goes next time.
 */
static int
set_aside(struct catalog *cat, struct imgcache_error *err)
{
	static const char *const parts[] = { "-wal", "-shm", "-journal", "" };
	struct lock lock = LOCK_INIT;
	char *aside = NULL;
	int rc = take_lock(cat, &lock, err);

	if (rc == 0 && is_same_file(cat)) {
		aside = aside_path(cat);
		for (size_t i = 0; rc == 0 && i < 4; i++)
			rc = move_part(cat, parts[i], aside, err);
	}
	lock_release(&lock);
	if (rc == 0)
		replace_text(&cat->aside, aside);
	else
		free(aside);
	return rc;
}

/* Damaged: a new file where that can be done, else nothing at all to read. */
static int
start_anew(struct catalog *cat, struct imgcache_error *err)
{
	int rc;

	close_db(cat);
	rc = set_aside(cat, err);
	if (rc == 0) {
		cat->flags.was_rebuilt = true;
		return open_ladder(cat, err);
	}
	if (cat->mode == CATALOG_WRITE)
		return rc;
	replace_text(&cat->cause, mem_strdup(err->text));
	error_clear(err);
	return open_ephemeral(cat, err);
}

static bool
is_denied(const struct imgcache_error *err)
{
	return err->sys_errno == EROFS || err->sys_errno == EACCES ||
	       err->sys_errno == EPERM || err->sys_errno == ENOSPC ||
	       err->sys_errno == EDQUOT || err->sys_errno == ENOTDIR;
}

static int
open_in_dir(struct catalog *cat, struct imgcache_error *err)
{
	int rc = file_private_dir(cat->dir, err);

	if (rc && cat->mode == CATALOG_READ && is_denied(err)) {
		replace_text(&cat->cause, mem_strdup(err->text));
		error_clear(err);
		return open_ephemeral(cat, err);
	}
	if (rc)
		return rc;
	cat->flags.is_network = file_on_network(cat->dir);
	rc = open_ladder(cat, err);
	if (rc == SQL_ECORRUPT) {
		error_clear(err);
		rc = start_anew(cat, err);
	}
	return rc;
}

/* One line, whatever came together. */
static void
set_warning(struct catalog *cat)
{
	struct catalog_flags f = cat->flags;
	char *text = NULL;

	if (f.is_readonly)
		text = mem_printf("%s; going on without recording anything",
				  cat->cause ? cat->cause : "no catalog");
	else if (f.was_rebuilt && cat->aside)
		text = mem_printf("the catalog was damaged: it is kept as '%s' "
				  "and a new one is in its place", cat->aside);
	else if (f.was_rebuilt)
		text = mem_strdup("the catalog was damaged: another process "
				  "has put a new one in its place");
	replace_text(&cat->warning, text);
}

int
catalog_open(const char *dir, enum catalog_mode mode, struct catalog **out,
	     struct imgcache_error *err)
{
	struct catalog *cat = mem_alloc(sizeof(*cat));
	int rc;

	cat->dir = mem_strdup(dir);
	cat->path = path_join(dir, "catalog.db");
	cat->mode = mode;
	rc = open_in_dir(cat, err);
	if (rc) {
		catalog_close(cat);
		return rc;
	}
	set_warning(cat);
	*out = cat;
	return 0;
}

void
catalog_close(struct catalog *cat)
{
	if (!cat)
		return;
	close_db(cat);
	free(cat->dir);
	free(cat->path);
	free(cat->cause);
	free(cat->warning);
	free(cat->aside);
	free(cat);
}

/*
 * A handle must have a connection even if the new file cannot be made, so that
 * the caller may go on to report the failure and close.
 */
int
catalog_recover(struct catalog *cat, struct imgcache_error *err)
{
	struct imgcache_error ignored = { 0 };
	int rc = cat->flags.is_readonly ? 0 : start_anew(cat, err);

	if (cat->flags.is_readonly && !cat->flags.is_ephemeral) {
		close_db(cat);
		rc = open_ephemeral(cat, err);
	}
	if (!cat->db)
		open_ephemeral(cat, &ignored);
	set_warning(cat);
	return rc;
}

struct catalog_flags
catalog_flags(const struct catalog *cat)
{
	return cat->flags;
}

const char *
catalog_warning(const struct catalog *cat)
{
	return cat->warning;
}

const char *
catalog_cause(const struct catalog *cat)
{
	return cat->cause;
}

const char *
catalog_dir(const struct catalog *cat)
{
	return cat->dir;
}

const char *
catalog_path(const struct catalog *cat)
{
	return cat->path;
}

struct sql *
catalog_sql(struct catalog *cat)
{
	return cat->db;
}

bool
catalog_can_write(const struct catalog *cat)
{
	return !cat->flags.is_readonly;
}

int
catalog_forgo(int ret, struct imgcache_error *err)
{
	if (ret != CATALOG_EFULL)
		return ret;
	error_clear(err);
	return 0;
}

int
catalog_check(struct catalog *cat, bool full, struct imgcache_error *err)
{
	return sql_check(cat->db, !full, err);
}

/* Worth rewriting the file only if a quarter of it is free. */
int
catalog_compact(struct catalog *cat, struct imgcache_error *err)
{
	int64_t unused, pages;
	int rc;

	if (!catalog_can_write(cat))
		return 0;
	rc = sql_ask_int(cat->db, "PRAGMA freelist_count", &unused, err);
	if (rc == 0)
		rc = sql_ask_int(cat->db, "PRAGMA page_count", &pages, err);
	if (rc || unused * 4 < pages)
		return rc;
	return sql_exec(cat->db, "VACUUM; PRAGMA wal_checkpoint(TRUNCATE)",
			err);
}

static int64_t
file_size(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
}

int64_t
catalog_size_bytes(const struct catalog *cat)
{
	char *wal = mem_printf("%s-wal", cat->path);
	int64_t size = file_size(cat->path) + file_size(wal);

	free(wal);
	return size;
}

int
catalog_begin(struct catalog *cat, struct imgcache_error *err)
{
	return catalog_can_write(cat) ? sql_begin(cat->db, err) : 0;
}

int
catalog_commit(struct catalog *cat, struct imgcache_error *err)
{
	return catalog_can_write(cat) ? sql_commit(cat->db, err) : 0;
}

void
catalog_rollback(struct catalog *cat)
{
	sql_rollback(cat->db);
	replace_text(&cat->engine_name, NULL);	/* may have been made in it */
}

static int
find_engine(struct catalog *cat, const char *name, int64_t *id,
	    struct imgcache_error *err)
{
	struct sql_use *q = sql_use(cat->db, &catalog_statements,
				    ENGINE_BY_NAME, err);
	int rc;

	sql_bind(q, "s", name);
	rc = sql_next(q, err);
	*id = rc > 0 ? sql_int(q, 0) : 0;
	return rc > 0 ? sql_reset(q, err) : rc;
}

static int
add_engine(struct catalog *cat, const char *name, int64_t *id,
	   struct imgcache_error *err)
{
	struct sql_use *q = sql_use(cat->db, &catalog_statements, ENGINE_ADD,
				    err);

	sql_bind(q, "s", name);
	return sql_insert(q, id, err);
}

int
catalog_engine(struct catalog *cat, const char *name, bool make,
	       int64_t *id, struct imgcache_error *err)
{
	bool began = false;
	int rc;

	if (cat->engine_name && !strcmp(cat->engine_name, name)) {
		*id = cat->engine_id;
		return 0;
	}
	rc = find_engine(cat, name, id, err);
	if (rc == 0 && *id == 0 && make && catalog_can_write(cat)) {
		rc = sql_enter(cat->db, &began, err);
		if (rc == 0)
			rc = find_engine(cat, name, id, err);
		if (rc == 0 && *id == 0)
			rc = add_engine(cat, name, id, err);
		rc = sql_leave(cat->db, began, rc, err);
	}
	/* What a larger transaction may yet take back is not remembered. */
	if (rc == 0 && *id && !sql_in_transaction(cat->db)) {
		replace_text(&cat->engine_name, mem_strdup(name));
		cat->engine_id = *id;
	}
	return rc;
}
