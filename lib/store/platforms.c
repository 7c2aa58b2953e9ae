/* SPDX-License-Identifier: MIT */
#include "store/platforms.h"

#include "base/error.h"
#include "base/strv.h"
#include "store/catalog.h"
#include "store/statements.h"

#define PLATFORMS_STATEMENTS(X)						\
	X(PLATFORMS_OF,							\
		"SELECT platform FROM platforms WHERE image = ?1"	\
		" ORDER BY platform")					\
	X(PLATFORM_ADD,							\
		"INSERT OR IGNORE INTO platforms (image, platform)"	\
		" VALUES (?1, ?2)")					\
	X(PLATFORMS_CLEAR, "DELETE FROM platforms WHERE image = ?1")

SQL_LIST(platforms, PLATFORMS_STATEMENTS);

int
platforms_add(struct catalog *cat, int64_t image, const char *platform,
	      struct imgcache_error *err)
{
	struct sql_use *q;

	if (!catalog_can_write(cat))
		return 0;
	q = sql_use(catalog_sql(cat), &platforms_statements, PLATFORM_ADD,
		    err);
	sql_bind(q, "is", image, platform);
	return sql_done(q, err);
}

int
platforms_set(struct catalog *cat, int64_t image,
	      const struct strv *platforms, struct imgcache_error *err)
{
	struct sql *db = catalog_sql(cat);
	struct sql_use *q;
	bool began;
	int rc;

	if (!catalog_can_write(cat))
		return 0;
	rc = sql_enter(db, &began, err);
	if (rc)
		return rc;
	q = sql_use(db, &platforms_statements, PLATFORMS_CLEAR, err);
	sql_bind(q, "i", image);
	rc = sql_done(q, err);
	for (size_t i = 0; rc == 0 && i < platforms->n; i++)
		rc = platforms_add(cat, image, platforms->v[i], err);
	return sql_leave(db, began, rc, err);
}

int
platforms_get(struct catalog *cat, int64_t image, struct strv *out,
	      struct imgcache_error *err)
{
	struct sql_use *q = sql_use(catalog_sql(cat), &platforms_statements,
				    PLATFORMS_OF, err);
	int rc;

	sql_bind(q, "i", image);
	while ((rc = sql_next(q, err)) > 0)
		strv_push(out, sql_text(q, 0));
	return rc;
}
