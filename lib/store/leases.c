/* SPDX-License-Identifier: MIT */
/*
 * Leases. The file of a tag outlives its holders and is removed together with
 * the image; lock_take() notices that and begins again with a new file.
 */

#include "store/leases.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/mem.h"
#include "store/catalog.h"
#include "store/statements.h"
#include "sys/file.h"

#define LEASES_STATEMENTS(X)						\
	X(LEASE_PROMISE,						\
		"INSERT INTO leases (engine, tag, what, until)"		\
		" VALUES (?1, ?2, ?3, ?4) ON CONFLICT (engine, tag, what)" \
		" DO UPDATE SET until = excluded.until")		\
	X(LEASE_PROMISED,						\
		"SELECT coalesce(max(until), 0) FROM leases"		\
		" WHERE engine = ?1 AND tag = ?2")			\
	X(LEASE_SWEEP, "DELETE FROM leases WHERE until < ?1")

SQL_LIST(leases, LEASES_STATEMENTS);

/* The caller frees. */
static char *
lease_path(const struct catalog *cat, const char *tag)
{
	return mem_printf("%s/leases/%s", catalog_dir(cat), tag);
}

static int
make_dir(const struct catalog *cat, struct imgcache_error *err)
{
	char *dir = path_join(catalog_dir(cat), "leases");
	int rc = file_is_dir(dir) ? 0 : file_mkdirs(dir, 0700, err);

	free(dir);
	return rc;
}

static int
take(struct catalog *cat, const char *tag, enum lock_mode mode,
	int wait_ms, const char *what, struct lock *out,
	struct imgcache_error *err)
{
	char *path = lease_path(cat, tag);
	int rc = make_dir(cat, err);

	if (rc == 0)
		rc = lock_take(out, path, mode, wait_ms, what, err);
	free(path);
	return rc;
}

int
lease_hold(struct catalog *cat, const char *tag, const char *what,
	   int wait_ms, struct lease *out, struct imgcache_error *err)
{
	if (!catalog_can_write(cat))
		return 0;
	return take(cat, tag, LOCK_SHARED, wait_ms, what, &out->lock, err);
}

static int
is_promised(struct catalog *cat, const char *engine,
	    const char *tag, int64_t now, bool *promised,
	    struct imgcache_error *err)
{
	struct sql_use *q;
	int64_t id;
	int rc = catalog_engine(cat, engine, false, &id, err);

	*promised = false;
	if (rc || !id)
		return rc;
	q = sql_use(catalog_sql(cat), &leases_statements, LEASE_PROMISED, err);
	sql_bind(q, "is", id, tag);
	rc = sql_row(q, err);
	if (rc)
		return rc;
	*promised = sql_int(q, 0) > now;
	return sql_reset(q, err);
}

int
lease_exclude(struct catalog *cat, const char *engine, const char *tag,
	      int64_t now, bool *taken, struct lease *out,
	      struct imgcache_error *err)
{
	bool promised;
	int rc = take(cat, tag, LOCK_EXCLUSIVE, 0, "removing the image",
		      &out->lock, err);

	*taken = false;
	if (rc == IMGCACHE_EBUSY) {
		error_clear(err);
		return 0;
	}
	if (rc == 0)
		rc = is_promised(cat, engine, tag, now, &promised, err);
	if (rc == 0 && !promised) {
		*taken = true;
		return 0;
	}
	lock_release(&out->lock);
	return rc;
}

void
lease_release(struct lease *l)
{
	lock_release(&l->lock);
}

void
lease_remove(struct lease *l)
{
	lock_discard(&l->lock);
}

int
lease_is_held(struct catalog *cat, const char *engine, const char *tag,
	      int64_t now, bool *held, struct imgcache_error *err)
{
	char *path = lease_path(cat, tag);
	struct lock probe = LOCK_INIT;
	int rc = is_promised(cat, engine, tag, now, held, err);

	/* no file, no holder; and a question should not make one */
	if (rc == 0 && !*held && file_exists(path)) {
		rc = lock_take(&probe, path, LOCK_EXCLUSIVE, 0, NULL, err);
		*held = rc == IMGCACHE_EBUSY;
		if (*held) {
			error_clear(err);
			rc = 0;
		}
		lock_release(&probe);
	}
	free(path);
	return rc;
}

int
lease_promise(struct catalog *cat, const char *engine, const char *tag,
	      const char *what, int64_t until, struct imgcache_error *err)
{
	struct sql *db = catalog_sql(cat);
	struct sql_use *q;
	int64_t id;
	bool began;
	int rc;

	if (!catalog_can_write(cat))
		return 0;
	rc = sql_enter(db, &began, err);
	if (rc == 0)
		rc = catalog_engine(cat, engine, true, &id, err);
	if (rc == 0) {
		q = sql_use(db, &leases_statements, LEASE_PROMISE, err);
		sql_bind(q, "issi", id, tag, what, until);
		rc = sql_done(q, err);
	}
	return sql_leave(db, began, rc, err);
}

int
leases_sweep(struct catalog *cat, int64_t now, struct imgcache_error *err)
{
	struct sql_use *q;

	if (!catalog_can_write(cat))
		return 0;
	q = sql_use(catalog_sql(cat), &leases_statements, LEASE_SWEEP, err);
	sql_bind(q, "i", now);
	return sql_done(q, err);
}
