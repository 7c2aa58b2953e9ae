/* SPDX-License-Identifier: MIT */
/* One row per scope, ref and platform: the newest answer. */

#include "store/bases.h"

#include "base/error.h"
#include "store/catalog.h"
#include "store/statements.h"
#include "sys/clock.h"

#define BASES_STATEMENTS(X)						\
	X(BASE_GET,							\
		"SELECT scope, ref, platform, digest, source, user,"	\
		" resolved_at"						\
		" FROM bases WHERE scope = ?1 AND ref = ?2 AND platform = ?3") \
	X(BASE_NEWEST,							\
		"SELECT scope, ref, platform, digest, source, user,"	\
		" resolved_at"						\
		" FROM bases WHERE ref = ?1 AND platform = ?2"		\
		" ORDER BY resolved_at DESC, scope LIMIT 1")		\
	X(BASE_PUT,							\
		"INSERT INTO bases (scope, ref, platform, digest, source," \
		" user, resolved_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)" \
		" ON CONFLICT (scope, ref, platform) DO UPDATE SET"	\
		" digest = excluded.digest, source = excluded.source,"	\
		" user = excluded.user,"				\
		" resolved_at = excluded.resolved_at")			\
	X(BASES_REFS, "SELECT DISTINCT ref FROM bases ORDER BY ref")	\
	X(BASE_FORGET, "DELETE FROM bases WHERE ref = ?1")		\
	X(BASES_FORGET, "DELETE FROM bases")

SQL_LIST(bases, BASES_STATEMENTS);

int
bases_get(struct catalog *cat, const char *scope, const char *ref,
	  const char *platform, struct arena *arena, struct base_row *out,
	  bool *found, struct imgcache_error *err)
{
	struct sql_use *q = sql_use(catalog_sql(cat), &bases_statements,
				    scope ? BASE_GET : BASE_NEWEST, err);
	int rc;

	if (scope)
		sql_bind(q, "sss", scope, ref, platform);
	else
		sql_bind(q, "ss", ref, platform);
	rc = sql_next(q, err);
	*found = rc > 0;
	if (rc <= 0)
		return rc;
	*out = (struct base_row){
		.scope = arena_strdup(arena, sql_text(q, 0)),
		.ref = arena_strdup(arena, sql_text(q, 1)),
		.platform = arena_strdup(arena, sql_text(q, 2)),
		.digest = arena_strdup(arena, sql_text(q, 3)),
		.source = arena_strdup(arena, sql_text(q, 4)),
		.user = arena_strdup(arena, sql_text(q, 5)),
		.resolved_at = sql_int(q, 6),
	};
	return sql_reset(q, err);
}

int
bases_put(struct catalog *cat, const struct base_row *row,
	  struct imgcache_error *err)
{
	struct sql_use *q;

	if (!catalog_can_write(cat))
		return 0;
	q = sql_use(catalog_sql(cat), &bases_statements, BASE_PUT, err);
	sql_bind(q, "ssssssi", row->scope, row->ref, row->platform,
		 row->digest, row->source, row->user,
		 row->resolved_at ? row->resolved_at : clock_now_s());
	return sql_done(q, err);
}

int
bases_refs(struct catalog *cat, struct strv *out, struct imgcache_error *err)
{
	struct sql_use *q = sql_use(catalog_sql(cat), &bases_statements,
				    BASES_REFS, err);
	int rc;

	while ((rc = sql_next(q, err)) > 0)
		strv_push(out, sql_text(q, 0));
	return rc;
}

int
bases_forget(struct catalog *cat, const char *ref,
	     struct imgcache_error *err)
{
	struct sql_use *q;

	if (!catalog_can_write(cat))
		return 0;
	q = sql_use(catalog_sql(cat), &bases_statements,
		    ref ? BASE_FORGET : BASES_FORGET, err);
	if (ref)
		sql_bind(q, "s", ref);
	return sql_done(q, err);
}
