/* SPDX-License-Identifier: MIT */
#include "store/caches.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "store/catalog.h"
#include "store/statements.h"

#define CACHE_COLUMNS							\
	"type, place, project, image, stage, trigger, is_ours,"	\
	" coalesce(size, -1), coalesce(exported_at, 0), used_at"

#define CACHES_STATEMENTS(X)						\
	X(CACHE_GET,							\
		"SELECT " CACHE_COLUMNS " FROM caches"			\
		" WHERE type = ?1 AND place = ?2")			\
	X(CACHE_EXPORTED,						\
		"INSERT INTO caches (type, place, project, image, stage," \
		" trigger, is_ours, size, exported_at, used_at)"	\
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7,"			\
		" nullif(?8, -1), ?9, ?9)"				\
		" ON CONFLICT (type, place) DO UPDATE SET"		\
		" project = excluded.project, image = excluded.image,"	\
		" stage = excluded.stage, trigger = excluded.trigger,"	\
		" is_ours = excluded.is_ours, size = excluded.size,"	\
		" exported_at = excluded.exported_at,"			\
		" used_at = excluded.used_at")				\
	X(CACHE_USED,							\
		"INSERT INTO caches (type, place, project, image, stage," \
		" is_ours, used_at)"					\
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"			\
		" ON CONFLICT (type, place)"				\
		" DO UPDATE SET used_at = excluded.used_at")		\
	X(CACHE_LIST,							\
		"SELECT " CACHE_COLUMNS " FROM caches"			\
		" ORDER BY used_at DESC, type, place")			\
	X(CACHE_FORGET,							\
		"DELETE FROM caches WHERE type = ?1 AND place = ?2")

SQL_LIST(caches, CACHES_STATEMENTS);

void
cache_list_release(struct cache_list *list)
{
	arena_release(&list->arena);
	free(list->v);
	memset(list, 0, sizeof(*list));
}

static void
read_row(struct sql_use *q, struct arena *arena, struct cache_row *row)
{
	*row = (struct cache_row){
		.type = arena_strdup(arena, sql_text(q, 0)),
		.place = arena_strdup(arena, sql_text(q, 1)),
		.project = arena_strdup(arena, sql_text(q, 2)),
		.image = arena_strdup(arena, sql_text(q, 3)),
		.stage = arena_strdup(arena, sql_text(q, 4)),
		.trigger = arena_strdup(arena, sql_text(q, 5)),
		.is_ours = sql_int(q, 6),
		.size_bytes = sql_int(q, 7),
		.exported_at = sql_int(q, 8),
		.used_at = sql_int(q, 9),
	};
}

int
caches_get(struct catalog *cat, struct arena *arena, struct cache_row *row,
	   bool *found, struct imgcache_error *err)
{
	struct sql_use *q = sql_use(catalog_sql(cat), &caches_statements,
				    CACHE_GET, err);
	int rc;

	sql_bind(q, "ss", row->type, row->place);
	rc = sql_next(q, err);
	*found = rc > 0;
	if (rc <= 0)
		return rc;
	read_row(q, arena, row);
	return sql_reset(q, err);
}

int
caches_exported(struct catalog *cat, const struct cache_row *row,
		struct imgcache_error *err)
{
	struct sql_use *q;

	if (!catalog_can_write(cat))
		return 0;
	q = sql_use(catalog_sql(cat), &caches_statements, CACHE_EXPORTED, err);
	sql_bind(q, "ssssssdii", row->type, row->place, row->project,
		 row->image, row->stage, row->trigger, row->is_ours,
		 row->size_bytes, row->exported_at);
	return sql_done(q, err);
}

int
caches_used(struct catalog *cat, const struct cache_row *row,
	    struct imgcache_error *err)
{
	struct sql_use *q;

	if (!catalog_can_write(cat))
		return 0;
	q = sql_use(catalog_sql(cat), &caches_statements, CACHE_USED, err);
	sql_bind(q, "sssssdi", row->type, row->place, row->project,
		 row->image, row->stage, row->is_ours, row->used_at);
	return sql_done(q, err);
}

int
caches_list(struct catalog *cat, struct cache_list *out,
	    struct imgcache_error *err)
{
	struct sql_use *q = sql_use(catalog_sql(cat), &caches_statements,
				    CACHE_LIST, err);
	int rc;

	while ((rc = sql_next(q, err)) > 0) {
		mem_grow(out->v, out->n, out->cap);
		read_row(q, &out->arena, &out->v[out->n++]);
	}
	return rc;
}

int
caches_forget(struct catalog *cat, const struct cache_row *row,
	      struct imgcache_error *err)
{
	struct sql_use *q;

	if (!catalog_can_write(cat))
		return 0;
	q = sql_use(catalog_sql(cat), &caches_statements, CACHE_FORGET, err);
	sql_bind(q, "ss", row->type, row->place);
	return sql_done(q, err);
}
