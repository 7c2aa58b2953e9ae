/* SPDX-License-Identifier: MIT */
/*
 * One row per build context, replaced as a whole but for its generation. That
 * is a moment in microseconds, raised until it grows: so a context that was
 * forgotten, or a whole catalog that was lost, never gets a number under which
 * BuildKit may still remember something.
 */

#include "store/contexts.h"

#include "base/error.h"
#include "store/catalog.h"
#include "store/statements.h"
#include "sys/clock.h"

#define CONTEXTS_STATEMENTS(X)						\
	X(CONTEXT_GET,							\
		"SELECT id, path, generation, tree_hash, tree, fingerprint," \
		" head_digest, key, updated_at FROM contexts WHERE id = ?1") \
	X(CONTEXT_PUT,							\
		"INSERT OR REPLACE INTO contexts (id, path, generation," \
		" tree_hash, tree, fingerprint, head_digest, key, updated_at)" \
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")		\
	X(CONTEXT_NEXT,							\
		"INSERT INTO contexts (id, path, generation, updated_at)" \
		" VALUES (?1, ?2, ?3, ?4) ON CONFLICT (id) DO UPDATE SET" \
		" generation = max(generation + 1, excluded.generation)," \
		" path = excluded.path,"				\
		" updated_at = excluded.updated_at RETURNING generation") \
	X(CONTEXTS_SWEEP, "DELETE FROM contexts WHERE updated_at < ?1")

SQL_LIST(contexts, CONTEXTS_STATEMENTS);

int
contexts_get(struct catalog *cat, const char *id, struct arena *arena,
	     struct context_row *out, bool *found,
	     struct imgcache_error *err)
{
	struct sql_use *q = sql_use(catalog_sql(cat), &contexts_statements,
				    CONTEXT_GET, err);
	int rc;

	sql_bind(q, "s", id);
	rc = sql_next(q, err);
	*found = rc > 0;
	if (rc <= 0)
		return rc;
	*out = (struct context_row){
		.id = arena_strdup(arena, sql_text(q, 0)),
		.path = arena_strdup(arena, sql_text(q, 1)),
		.generation = sql_int(q, 2),
		.tree_hash = arena_strdup(arena, sql_text(q, 3)),
		.tree = arena_strdup(arena, sql_text(q, 4)),
		.fingerprint = arena_strdup(arena, sql_text(q, 5)),
		.head_digest = arena_strdup(arena, sql_text(q, 6)),
		.key = arena_strdup(arena, sql_text(q, 7)),
		.updated_at = sql_int(q, 8),
	};
	return sql_reset(q, err);
}

int
contexts_put(struct catalog *cat, const struct context_row *row,
	     struct imgcache_error *err)
{
	struct sql_use *q;

	if (!catalog_can_write(cat))
		return 0;
	q = sql_use(catalog_sql(cat), &contexts_statements, CONTEXT_PUT, err);
	sql_bind(q, "ssisssssi", row->id, row->path, row->generation,
		 row->tree_hash, row->tree, row->fingerprint, row->head_digest,
		 row->key, row->updated_at ? row->updated_at : clock_now_s());
	return sql_done(q, err);
}

int
contexts_next_generation(struct catalog *cat, const char *id,
			 const char *path, int64_t *generation,
			 struct imgcache_error *err)
{
	struct sql_use *q;
	int rc;

	*generation = clock_now_us();
	if (!catalog_can_write(cat))
		return 0;
	q = sql_use(catalog_sql(cat), &contexts_statements, CONTEXT_NEXT, err);
	sql_bind(q, "ssii", id, path, *generation, clock_now_s());
	rc = sql_row(q, err);
	if (rc)
		return rc;
	*generation = sql_int(q, 0);
	return sql_reset(q, err);
}

int
contexts_sweep(struct catalog *cat, int64_t before,
	       struct imgcache_error *err)
{
	struct sql_use *q;

	if (!catalog_can_write(cat))
		return 0;
	q = sql_use(catalog_sql(cat), &contexts_statements, CONTEXTS_SWEEP,
		    err);
	sql_bind(q, "i", before);
	return sql_done(q, err);
}
