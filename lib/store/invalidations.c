/* SPDX-License-Identifier: MIT */
/*
 * One row per subject, with its last moment. A hit asks a handful of keys of a
 * table that stays small.
 */

#include "store/invalidations.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "store/catalog.h"
#include "store/statements.h"
#include "sys/clock.h"

#define INVALIDATIONS_STATEMENTS(X)					\
	X(INVALIDATION_LAST,						\
		"SELECT coalesce(max(moment), 0) FROM invalidations")	\
	X(INVALIDATION_ADD,						\
		"INSERT INTO invalidations (scope, project, value, moment)" \
		" VALUES (?1, coalesce(?2, ''), coalesce(?3, ''), ?4)"	\
		" ON CONFLICT (scope, project, value)"			\
		" DO UPDATE SET moment = excluded.moment")		\
	/* of that project, and of any */				\
	X(INVALIDATION_GET,						\
		"SELECT coalesce(max(moment), 0) FROM invalidations"	\
		" WHERE scope = ?1 AND project IN ('', coalesce(?2, ''))" \
		" AND value = ?3")					\
	X(INVALIDATION_ANY,						\
		"SELECT count(*) > 0 FROM invalidations"		\
		" WHERE scope = ?1")					\
	X(INVALIDATION_LIST,						\
		"SELECT scope, nullif(project, ''), value, moment"	\
		" FROM invalidations"					\
		" ORDER BY moment DESC, scope, value, project")

SQL_LIST(invalidations, INVALIDATIONS_STATEMENTS);

static const char *const scopes[] = {
	[INVALIDATE_ALL] = "all",
	[INVALIDATE_NAME] = "name",
	[INVALIDATE_TAG] = "tag",
	[INVALIDATE_BASE] = "base",
	[INVALIDATE_STAGE] = "stage",
};

const char *
invalidation_scope_text(enum invalidation_scope s)
{
	return scopes[s];
}

void
invalidation_list_release(struct invalidation_list *list)
{
	arena_release(&list->arena);
	free(list->v);
	memset(list, 0, sizeof(*list));
}

static int
next_moment(struct sql *db, int64_t *moment,
	    struct imgcache_error *err)
{
	struct sql_use *q = sql_use(db, &invalidations_statements,
				    INVALIDATION_LAST, err);
	int64_t now = clock_now_s(), last;
	int rc = sql_row(q, err);

	if (rc)
		return rc;
	last = sql_int(q, 0);
	*moment = last < now ? now : last + 1;
	return sql_reset(q, err);
}

int
invalidations_add(struct catalog *cat, enum invalidation_scope scope,
		  const char *project, const char *value,
		  int64_t *generation, struct imgcache_error *err)
{
	struct sql *db = catalog_sql(cat);
	struct sql_use *q;
	bool began;
	int rc;

	*generation = 0;
	if (!catalog_can_write(cat))
		return error_set(err, SQL_EREADONLY, "cannot invalidate: the "
				 "catalog '%s' cannot be written",
				 catalog_path(cat));
	rc = sql_enter(db, &began, err);
	if (rc == 0)
		rc = next_moment(db, generation, err);
	if (rc == 0) {
		q = sql_use(db, &invalidations_statements, INVALIDATION_ADD,
			    err);
		sql_bind(q, "sssi", scopes[scope], project, value,
			 *generation);
		rc = sql_done(q, err);
	}
	return sql_leave(db, began, rc, err);
}

static int
raise_to(struct catalog *cat, enum invalidation_scope scope,
	 const char *project, const char *value,
	 int64_t *generation, struct imgcache_error *err)
{
	struct sql_use *q;
	int64_t moment;
	int rc;

	if (!value)
		return 0;
	q = sql_use(catalog_sql(cat), &invalidations_statements,
		    INVALIDATION_GET, err);
	sql_bind(q, "sss", scopes[scope], project, value);
	rc = sql_row(q, err);
	if (rc)
		return rc;
	moment = sql_int(q, 0);
	if (moment > *generation)
		*generation = moment;
	return sql_reset(q, err);
}

int
invalidations_generation(struct catalog *cat,
			 const struct invalidation_subject *s,
			 int64_t *generation, struct imgcache_error *err)
{
	int rc;

	*generation = 0;
	rc = raise_to(cat, INVALIDATE_ALL, NULL, "", generation, err);
	if (rc == 0)
		rc = raise_to(cat, INVALIDATE_NAME, s->project, s->name,
			      generation, err);
	if (rc == 0)
		rc = raise_to(cat, INVALIDATE_TAG, NULL, s->tag, generation,
			      err);
	for (size_t i = 0; rc == 0 && s->bases && s->bases[i]; i++)
		rc = raise_to(cat, INVALIDATE_BASE, NULL, s->bases[i],
			      generation, err);
	for (size_t i = 0; rc == 0 && s->stages && s->stages[i]; i++)
		rc = raise_to(cat, INVALIDATE_STAGE, s->project, s->stages[i],
			      generation, err);
	return rc;
}

int
invalidations_of_stage(struct catalog *cat, const struct invalidation_stage *s,
		       int64_t *moment, struct imgcache_error *err)
{
	char *one = s->name ? mem_printf("%s:%s", s->name, s->stage) : NULL;
	int rc;

	*moment = 0;
	rc = raise_to(cat, INVALIDATE_STAGE, s->project, s->stage, moment, err);
	if (rc == 0)
		rc = raise_to(cat, INVALIDATE_STAGE, s->project, one, moment,
			      err);
	free(one);
	return rc;
}

int
invalidations_any_stage(struct catalog *cat, bool *any,
			struct imgcache_error *err)
{
	struct sql_use *q = sql_use(catalog_sql(cat),
				    &invalidations_statements,
				    INVALIDATION_ANY, err);
	int rc;

	sql_bind(q, "s", scopes[INVALIDATE_STAGE]);
	rc = sql_row(q, err);
	if (rc)
		return rc;
	*any = sql_int(q, 0);
	return sql_reset(q, err);
}

static enum invalidation_scope
parse_scope(const char *text)
{
	int i = 0;

	while (i < INVALIDATION_SCOPES - 1 && strcmp(scopes[i], text))
		i++;
	return (enum invalidation_scope)i;
}

int
invalidations_list(struct catalog *cat, struct invalidation_list *out,
		   struct imgcache_error *err)
{
	struct sql_use *q = sql_use(catalog_sql(cat),
				    &invalidations_statements,
				    INVALIDATION_LIST, err);
	int rc;

	while ((rc = sql_next(q, err)) > 0) {
		mem_grow(out->v, out->n, out->cap);
		out->v[out->n++] = (struct invalidation){
			.scope = parse_scope(sql_text(q, 0)),
			.project = arena_strdup(&out->arena, sql_text(q, 1)),
			.value = arena_strdup(&out->arena, sql_text(q, 2)),
			.moment = sql_int(q, 3),
		};
	}
	return rc;
}
