/* SPDX-License-Identifier: MIT */
#include "store/names.h"

#include <string.h>

#include "base/strv.h"
#include "store/catalog.h"
#include "store/images.h"
#include "store/statements.h"
#include "sys/clock.h"

#define NAMES_STATEMENTS(X)						\
	X(NAME_PUT,							\
		"INSERT INTO image_names (name, project, image, at)"	\
		" VALUES (?1, coalesce(?2, ''), ?3, ?4)"		\
		" ON CONFLICT (name, project, image) DO UPDATE"		\
		" SET at = max(at, excluded.at)")			\
	X(NAME_HAS,							\
		"SELECT 1 FROM image_names WHERE name = ?1"		\
		" AND project = coalesce(?2, '') AND image = ?3")	\
	X(NAMES_OF,							\
		"SELECT DISTINCT name FROM image_names WHERE image = ?1" \
		" ORDER BY name")					\
	X(NAMES_ALL,							\
		"SELECT DISTINCT name FROM image_names ORDER BY name LIMIT ?1")

SQL_LIST(names, NAMES_STATEMENTS);

int
names_put(struct catalog *cat, int64_t image, const struct image_name *n,
	  struct imgcache_error *err)
{
	struct sql_use *q;

	if (!catalog_can_write(cat))
		return 0;
	q = sql_use(catalog_sql(cat), &names_statements, NAME_PUT, err);
	sql_bind(q, "ssii", n->name, n->project, image,
		 n->at ? n->at : clock_now_s());
	return sql_done(q, err);
}

int
names_note(struct catalog *cat, int64_t image, const struct image_name *n,
	   struct imgcache_error *err)
{
	struct sql_use *q = sql_use(catalog_sql(cat), &names_statements,
				    NAME_HAS, err);
	int rc;

	sql_bind(q, "ssi", n->name, n->project, image);
	rc = sql_next(q, err);
	if (rc > 0)
		return sql_reset(q, err);
	return rc ? rc : names_put(cat, image, n, err);
}

static int
load(struct catalog *cat, struct image_list *list, struct image_row *row,
     struct imgcache_error *err)
{
	struct sql_use *q = sql_use(catalog_sql(cat), &names_statements,
				    NAMES_OF, err);
	struct strv found = {0};
	const char **kept;
	int rc;

	sql_bind(q, "i", row->id);
	while ((rc = sql_next(q, err)) > 0)
		strv_push(&found, sql_text(q, 0));
	kept = arena_alloc(&list->arena, (found.n + 1) * sizeof(*kept));
	for (size_t i = 0; i < found.n; i++)
		kept[i] = arena_strdup(&list->arena, found.v[i]);
	row->names = kept;
	row->n_names = found.n;
	strv_release(&found);
	return rc;
}

int
names_load(struct catalog *cat, struct image_list *list,
	   struct imgcache_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < list->n; i++)
		rc = load(cat, list, &list->v[i], err);
	return rc;
}

int
names_all(struct catalog *cat, int64_t limit, struct strv *out,
	  struct imgcache_error *err)
{
	struct sql_use *q = sql_use(catalog_sql(cat), &names_statements,
				    NAMES_ALL, err);
	int rc;

	sql_bind(q, "i", limit);
	while ((rc = sql_next(q, err)) > 0)
		strv_push(out, sql_text(q, 0));
	return rc;
}
