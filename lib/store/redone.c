/* SPDX-License-Identifier: MIT */
#include "store/redone.h"

#include "base/error.h"
#include "store/catalog.h"
#include "store/statements.h"

#define REDONE_STATEMENTS(X)						\
	X(REDONE_GET,							\
		"SELECT coalesce(max(moment), 0) FROM redone_stages"	\
		" WHERE engine = ?1 AND project = ?2"			\
		" AND image = coalesce(?3, '') AND stage = ?4")		\
	X(REDONE_SET,							\
		"INSERT INTO redone_stages"				\
		" (engine, project, image, stage, moment)"		\
		" VALUES (?1, ?2, coalesce(?3, ''), ?4, ?5)"		\
		" ON CONFLICT (engine, project, image, stage)"		\
		" DO UPDATE SET moment = excluded.moment")

SQL_LIST(redone, REDONE_STATEMENTS);

int
redone_get(struct catalog *cat, const struct redone_stage *s, int64_t *moment,
	   struct imgcache_error *err)
{
	struct sql_use *q = sql_use(catalog_sql(cat), &redone_statements,
				    REDONE_GET, err);
	int rc;

	sql_bind(q, "ssss", s->engine, s->project, s->image, s->stage);
	rc = sql_row(q, err);
	if (rc)
		return rc;
	*moment = sql_int(q, 0);
	return sql_reset(q, err);
}

int
redone_set(struct catalog *cat, const struct redone_stage *s, int64_t moment,
	   struct imgcache_error *err)
{
	struct sql_use *q;

	if (!catalog_can_write(cat))
		return 0;
	q = sql_use(catalog_sql(cat), &redone_statements, REDONE_SET, err);
	sql_bind(q, "ssssi", s->engine, s->project, s->image, s->stage,
		 moment);
	return sql_done(q, err);
}
