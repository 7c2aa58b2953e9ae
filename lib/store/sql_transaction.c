/* SPDX-License-Identifier: MIT */
/* Transactions, as plain statements; they do not nest. */

#include <assert.h>

#include "base/error.h"
#include "store/sql.h"

int
sql_begin(struct sql *db, struct imgcache_error *err)
{
	assert(!sql_in_transaction(db));
	return sql_exec(db, "BEGIN IMMEDIATE", err);
}

int
sql_commit(struct sql *db, struct imgcache_error *err)
{
	int rc = sql_exec(db, "COMMIT", err);

	if (rc)
		sql_rollback(db);
	return rc;
}

/* SQLite rolls back by itself after some errors; then nothing is left to do. */
void
sql_rollback(struct sql *db)
{
	struct imgcache_error ignored = {0};

	if (sql_in_transaction(db))
		(void)sql_exec(db, "ROLLBACK", &ignored);
}

int
sql_enter(struct sql *db, bool *began, struct imgcache_error *err)
{
	int rc;

	*began = false;
	if (sql_in_transaction(db))
		return 0;
	rc = sql_begin(db, err);
	*began = rc == 0;
	return rc;
}

int
sql_leave(struct sql *db, bool began, int rc, struct imgcache_error *err)
{
	if (!began)
		return rc;
	if (rc == 0)
		return sql_commit(db, err);
	sql_rollback(db);
	return rc;
}
