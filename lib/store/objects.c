/* SPDX-License-Identifier: MIT */
/*
 * Texts by their hash. The sweep is mark and sweep: all ids come into memory
 * in order, what images and contexts name is marked, then what those texts
 * name, and what is left unmarked goes; all in one transaction, so that nobody
 * stores a text meanwhile that names one about to go.
 */

#include "store/objects.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/strv.h"
#include "store/catalog.h"
#include "store/statements.h"
#include "sys/clock.h"

#define OBJECTS_STATEMENTS(X)						\
	X(OBJECT_PUT,							\
		"INSERT INTO objects (hash, object, text, stored_at)"	\
		" VALUES (?1, ?2, ?3, ?4)"				\
		" ON CONFLICT (hash, object) DO NOTHING")		\
	X(OBJECT_GET,							\
		"SELECT text FROM objects WHERE hash = ?1 AND object = ?2") \
	X(OBJECT_HAS,							\
		"SELECT 1 FROM objects WHERE hash = ?1 AND object = ?2") \
	X(OBJECT_IDS,							\
		"SELECT id, hash, object, stored_at FROM objects"	\
		" ORDER BY hash, object")				\
	X(OBJECT_ROOTS,							\
		"SELECT hash, manifest FROM images"			\
		" WHERE manifest IS NOT NULL"				\
		" UNION SELECT tree_hash, tree FROM contexts"		\
		" WHERE tree IS NOT NULL ORDER BY 1, 2")		\
	X(OBJECT_DELETE, "DELETE FROM objects WHERE id = ?1")

SQL_LIST(objects, OBJECTS_STATEMENTS);

int
objects_put(struct catalog *cat, const char *hash, const char *id,
	    const char *text, size_t len, struct imgcache_error *err)
{
	struct sql_use *q;

	if (!catalog_can_write(cat))
		return 0;
	q = sql_use(catalog_sql(cat), &objects_statements, OBJECT_PUT, err);
	sql_bind(q, "ssSi", hash, id, text, len, clock_now_s());
	return sql_done(q, err);
}

int
objects_get(struct catalog *cat, const char *hash, const char *id,
	    struct buf *out, bool *found, struct imgcache_error *err)
{
	struct sql_use *q = sql_use(catalog_sql(cat), &objects_statements,
				    OBJECT_GET, err);
	const char *text;
	int rc;

	sql_bind(q, "ss", hash, id);
	rc = sql_next(q, err);
	*found = rc > 0;
	if (rc <= 0)
		return rc;
	text = sql_text(q, 0);
	buf_add(out, text, sql_text_len(q, 0));
	return sql_reset(q, err);
}

int
objects_has(struct catalog *cat, const char *hash, const char *id,
	    bool *found, struct imgcache_error *err)
{
	struct sql_use *q = sql_use(catalog_sql(cat), &objects_statements,
				    OBJECT_HAS, err);
	int rc;

	sql_bind(q, "ss", hash, id);
	rc = sql_next(q, err);
	*found = rc > 0;
	return rc > 0 ? sql_reset(q, err) : rc;
}

struct mark {
	int64_t id;
	const char *hash;
	const char *object;
	bool kept;
};

struct sweep {
	struct catalog *cat;
	objects_children_fn *children;
	void *payload;
	struct mark *v;		/* in the order of compare() */
	size_t n, cap;
	size_t *todo;		/* marked, and not yet asked for children */
	size_t n_todo, cap_todo;
	struct arena arena;
};

static int
compare(const void *a, const void *b)
{
	const struct mark *x = a, *y = b;
	int c = strcmp(x->hash, y->hash);

	return c ? c : strcmp(x->object, y->object);
}

static void
keep(struct sweep *s, struct mark *m)
{
	if (m->kept)
		return;
	m->kept = true;
	mem_grow(s->todo, s->n_todo, s->cap_todo);
	s->todo[s->n_todo++] = (size_t)(m - s->v);
}

static void
keep_named(struct sweep *s, const char *hash, const char *object)
{
	struct mark wanted = { .hash = hash, .object = object };
	struct mark *m = s->n ? bsearch(&wanted, s->v, s->n, sizeof(*s->v),
					compare) : NULL;

	if (m)
		keep(s, m);
}

static int
load_ids(struct sweep *s, int64_t before, struct imgcache_error *err)
{
	struct sql_use *q = sql_use(catalog_sql(s->cat), &objects_statements,
				    OBJECT_IDS, err);
	int rc;

	while ((rc = sql_next(q, err)) > 0) {
		mem_grow(s->v, s->n, s->cap);
		s->v[s->n] = (struct mark){
			.id = sql_int(q, 0),
			.hash = arena_strdup(&s->arena, sql_text(q, 1)),
			.object = arena_strdup(&s->arena, sql_text(q, 2)),
		};
		if (sql_int(q, 3) >= before)
			keep(s, &s->v[s->n]);
		s->n++;
	}
	return rc;
}

static int
keep_roots(struct sweep *s, struct imgcache_error *err)
{
	struct sql_use *q = sql_use(catalog_sql(s->cat), &objects_statements,
				    OBJECT_ROOTS, err);
	int rc;

	while ((rc = sql_next(q, err)) > 0)
		keep_named(s, sql_text(q, 0), sql_text(q, 1));
	return rc;
}

static int
keep_children(struct sweep *s, const struct mark *m,
	      struct imgcache_error *err)
{
	struct buf text = BUF_INIT;
	struct strv ids = { 0 };
	bool found;
	int rc = objects_get(s->cat, m->hash, m->object, &text, &found, err);

	if (rc == 0 && found)
		s->children(s->payload, text.data, text.len, &ids);
	for (size_t i = 0; i < ids.n; i++)
		keep_named(s, m->hash, ids.v[i]);
	strv_release(&ids);
	buf_release(&text);
	return rc;
}

static int
delete_rest(struct sweep *s, int64_t *deleted,
	    struct imgcache_error *err)
{
	struct sql_use *q;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < s->n; i++) {
		if (s->v[i].kept)
			continue;
		q = sql_use(catalog_sql(s->cat), &objects_statements,
			    OBJECT_DELETE, err);
		sql_bind(q, "i", s->v[i].id);
		rc = sql_done(q, err);
		++*deleted;
	}
	return rc;
}

int
objects_sweep(struct catalog *cat, objects_children_fn *children,
	      void *payload, int64_t before, int64_t *deleted,
	      struct imgcache_error *err)
{
	struct sweep s = {
		.cat = cat, .children = children, .payload = payload
	};
	int64_t count = 0;
	bool began;
	int rc;

	if (deleted)
		*deleted = 0;
	if (!catalog_can_write(cat))
		return 0;
	rc = sql_enter(catalog_sql(cat), &began, err);
	if (rc == 0)
		rc = load_ids(&s, before, err);
	if (rc == 0)
		rc = keep_roots(&s, err);
	while (rc == 0 && s.n_todo)
		rc = keep_children(&s, &s.v[s.todo[--s.n_todo]], err);
	if (rc == 0)
		rc = delete_rest(&s, &count, err);
	rc = sql_leave(catalog_sql(cat), began, rc, err);
	if (rc == 0 && deleted)
		*deleted = count;
	arena_release(&s.arena);
	free(s.todo);
	free(s.v);
	return rc;
}
