/* SPDX-License-Identifier: MIT */
/*
 * Running migrations. The version is asked again inside each transaction, so
 * that of two processes the second finds the work done; what was asked outside
 * only decides whether there is anything to do and to copy.
 */

#include "store/migrate.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"
#include "store/sql.h"

#define STRING_OF(x) #x
#define DIGITS_OF(x) STRING_OF(x)

/*
 * A file that another process is just filling may look like somebody else's
 * when its stamps are read one by one. One statement sees them at one moment.
 */
static const char is_foreign_text[] =
	"SELECT a.application_id <> " DIGITS_OF(MIGRATE_APPLICATION_ID)
	" AND (a.application_id <> 0 OR v.user_version <> 0"
	" OR EXISTS (SELECT 1 FROM sqlite_schema))"
	" FROM pragma_application_id AS a, pragma_user_version AS v";

static int
check_application(struct sql *db, struct imgcache_error *err)
{
	int64_t id, is_foreign;
	int rc = sql_ask_int(db, "PRAGMA application_id", &id, err);

	if (rc || id == MIGRATE_APPLICATION_ID)
		return rc;
	rc = sql_ask_int(db, is_foreign_text, &is_foreign, err);
	if (rc || !is_foreign)
		return rc;
	return error_set(err, MIGRATE_EFOREIGN, "cannot use '%s': it is the "
			 "database of another program; move it away or set "
			 "IMGCACHE_DIR to another folder", sql_path(db));
}

int
migrate_version(struct sql *db, int latest, int *version,
		struct imgcache_error *err)
{
	int64_t v;
	int rc = sql_ask_int(db, "PRAGMA user_version", &v, err);

	if (rc == 0)
		rc = check_application(db, err);
	if (rc)
		return rc;
	if (v > latest || v < 0)
		return error_set(err, MIGRATE_ENEWER, "cannot use the catalog "
				 "'%s': a newer imgcache made it (schema %lld, "
				 "this one knows %d); upgrade imgcache or set "
				 "IMGCACHE_DIR to another folder", sql_path(db),
				 (long long)v, latest);
	*version = (int)v;
	return 0;
}

/*
 * Complete or not there. One left over from an attempt that failed is older
 * than this one.
 */
static int
keep_copy(struct sql *db, int version, struct imgcache_error *err)
{
	char *path = mem_printf("%s.v%d", sql_path(db), version);
	char *temp = mem_printf("%s.new", path);
	int rc;

	unlink(temp);
	rc = sql_copy_to(db, temp, err);
	if (rc == 0 && rename(temp, path))
		rc = error_errno(err, IMGCACHE_EFAIL, "cannot keep a copy of "
				 "the catalog as '%s'", path);
	free(temp);
	free(path);
	return rc;
}

static int
take_step(struct sql *db, const struct migration *steps, int to,
	  int latest, struct imgcache_error *err)
{
	char *stamp = mem_printf("PRAGMA application_id=%d;"
				 "PRAGMA user_version=%d",
				 MIGRATE_APPLICATION_ID, to);
	int version, rc;
	bool began;

	rc = sql_enter(db, &began, err);
	if (rc == 0)
		rc = migrate_version(db, latest, &version, err);
	if (rc == 0 && version < to) {
		rc = sql_exec(db, steps[to - 1].text, err);
		if (rc == 0)
			rc = sql_exec(db, stamp, err);
	}
	free(stamp);
	return sql_leave(db, began, rc, err);
}

int
migrate_to(struct sql *db, const struct migration *steps, int n,
	   struct imgcache_error *err)
{
	int version, rc;

	rc = migrate_version(db, n, &version, err);
	if (rc)
		return rc;
	if (version > 0 && version < n)
		rc = keep_copy(db, version, err);
	for (int to = version + 1; rc == 0 && to <= n; to++) {
		rc = take_step(db, steps, to, n, err);
		if (rc)
			error_prefix(err, "cannot bring the catalog to schema "
				     "%d (%s)", to, steps[to - 1].what);
	}
	return rc;
}
