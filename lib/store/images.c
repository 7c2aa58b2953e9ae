/* SPDX-License-Identifier: MIT */
/*
 * Rows of images, one at a time. The hot query is IMAGE_GET: two index look-ups
 * and one row, at any number of images. Lists are in imagelist.c.
 */

#include "store/images.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "store/catalog.h"
#include "store/imagerow.h"
#include "store/names.h"
#include "store/statements.h"
#include "sys/clock.h"

#define IMAGES_STATEMENTS(X)						\
	X(IMAGE_GET, IMAGE_COLUMNS					\
		" FROM engines e JOIN images i ON i.engine = e.id"	\
		" WHERE e.name = ?1 AND i.tag = ?2 AND i.platform = ?3") \
	X(IMAGE_PUT,							\
		"INSERT INTO images (engine, tag, platform, status, hash," \
		" ref, name, project, recipe, origin, image_id, digest," \
		" base_ref, base_digest, dependencies_hash, manifest," \
		" log_path, reason, metadata, size_bytes, generation," \
		" created_at, built_at, build_us, pinned, last_used_at, hits," \
		" status_at, untrusted)"				\
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12," \
		" ?13, ?14, ?15, ?16, ?17, ?18, ?19, nullif(?20, -1), ?21," \
		" ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29)"		\
		" ON CONFLICT (tag, engine, platform) DO UPDATE SET"	\
		" status_at = CASE status WHEN excluded.status"		\
		"   THEN status_at ELSE excluded.status_at END,"	\
		" status = excluded.status, hash = excluded.hash,"	\
		" ref = excluded.ref, origin = excluded.origin,"	\
		" generation = excluded.generation,"			\
		" name = coalesce(excluded.name, name),"		\
		" project = coalesce(excluded.project, project),"	\
		" recipe = CASE excluded.recipe WHEN 'unknown' THEN recipe" \
		"   ELSE excluded.recipe END,"				\
		" image_id = coalesce(excluded.image_id, image_id),"	\
		" untrusted = CASE WHEN excluded.image_id IS NULL"	\
		"   THEN untrusted ELSE excluded.untrusted END,"	\
		" digest = coalesce(excluded.digest, digest),"		\
		" base_ref = coalesce(excluded.base_ref, base_ref),"	\
		" base_digest = coalesce(excluded.base_digest, base_digest)," \
		" dependencies_hash = coalesce(excluded.dependencies_hash," \
		"   dependencies_hash),"				\
		" manifest = coalesce(excluded.manifest, manifest),"	\
		" log_path = coalesce(excluded.log_path, log_path),"	\
		" reason = coalesce(excluded.reason, reason),"		\
		" metadata = coalesce(excluded.metadata, metadata),"	\
		" size_bytes = coalesce(excluded.size_bytes, size_bytes)," \
		" built_at = coalesce(excluded.built_at, built_at),"	\
		" build_us = coalesce(excluded.build_us, build_us)"	\
		" RETURNING id")					\
	X(IMAGE_SET_STATUS,						\
		"UPDATE images SET status_at = CASE status WHEN ?2"	\
		" THEN status_at ELSE ?4 END, status = ?2,"		\
		" reason = coalesce(?3, reason) WHERE id = ?1")		\
	X(IMAGE_MOVE,							\
		"UPDATE OR REPLACE images SET tag = ?2 WHERE id = ?1")	\
	X(IMAGE_SET_REF, "UPDATE images SET ref = ?2 WHERE id = ?1")	\
	X(IMAGE_CLEAR_BUILD,						\
		"UPDATE images SET reason = NULL, log_path = NULL"	\
		" WHERE id = ?1")					\
	X(IMAGE_SET_PINNED,						\
		"UPDATE images SET pinned = ?2 WHERE id = ?1")		\
	X(IMAGE_SET_PUSHED,						\
		"UPDATE images SET pushed_ref = ?2, pushed_at = ?3,"	\
		" digest = CASE WHEN ?2 IS NULL THEN ?4"		\
		"   ELSE coalesce(?4, digest) END WHERE id = ?1")	\
	X(IMAGE_SET_METADATA,						\
		"UPDATE images SET metadata = ?2 WHERE id = ?1")	\
	X(IMAGE_FORGET, "DELETE FROM images WHERE id = ?1")		\
	X(DEPENDENCIES_CLEAR, "DELETE FROM dependencies WHERE image = ?1") \
	X(DEPENDENCY_ADD,						\
		"INSERT INTO dependencies (image, type, name, asked,"	\
		" installed) VALUES (?1, ?2, ?3, ?4, ?5)"		\
		" ON CONFLICT (image, type, name) DO UPDATE SET"	\
		" asked = coalesce(excluded.asked, asked),"		\
		" installed = coalesce(excluded.installed, installed)")	\
	X(DEPENDENCIES_OF,						\
		"SELECT type, name, asked, installed FROM dependencies"	\
		" WHERE image = ?1 ORDER BY type, name")

SQL_LIST(images, IMAGES_STATEMENTS);

int
images_get(struct catalog *cat, const struct image_key *key,
	   struct image_list *out, struct imgcache_error *err)
{
	struct sql_use *q = sql_use(catalog_sql(cat), &images_statements,
				    IMAGE_GET, err);

	sql_bind(q, "sss", key->engine, key->tag, key->platform);
	return imagerow_add_all(out, q, err);
}

static int
put_row(struct sql *db, int64_t engine, const struct image_row *r,
	int64_t *id, struct imgcache_error *err)
{
	struct sql_use *q = sql_use(db, &images_statements, IMAGE_PUT, err);
	int64_t now = clock_now_s();
	int rc;

	sql_bind(q, "issssssssssssssssssiiizzdziid", engine, r->key.tag,
		 r->key.platform, image_status_text(r->status), r->hash, r->ref,
		 r->name, r->project, r->recipe, r->origin, r->image_id,
		 r->digest, r->base_ref, r->base_digest, r->dependencies_hash,
		 r->manifest, r->log_path, r->reason, r->metadata,
		 r->size_bytes, r->generation,
		 r->created_at ? r->created_at : now, r->built_at, r->build_us,
		 (int)r->pinned, r->last_used_at, r->hits,
		 r->status_at ? r->status_at : now, (int)r->is_untrusted);
	rc = sql_row(q, err);
	if (rc == 0)
		*id = sql_int(q, 0);
	return rc ? rc : sql_reset(q, err);
}

static int
put_name(struct catalog *cat, const struct image_row *r, int64_t id,
	 struct imgcache_error *err)
{
	const struct image_name n = {
		.name = r->name, .project = r->project,
		.at = r->built_at ? r->built_at : r->created_at
	};

	return r->name ? names_put(cat, id, &n, err) : 0;
}

int
images_put(struct catalog *cat, const struct image_row *row, int64_t *id,
	   struct imgcache_error *err)
{
	struct sql *db = catalog_sql(cat);
	int64_t engine, ignored;
	bool began;
	int rc;

	id = id ? id : &ignored;
	*id = 0;
	if (!catalog_can_write(cat))
		return 0;
	rc = sql_enter(db, &began, err);
	if (rc == 0)
		rc = catalog_engine(cat, row->key.engine, true, &engine, err);
	if (rc == 0)
		rc = put_row(db, engine, row, id, err);
	if (rc == 0)
		rc = put_name(cat, row, *id, err);
	return sql_leave(db, began, rc, err);
}

int
images_set_status(struct catalog *cat, int64_t id, enum image_status status,
		  const char *reason, struct imgcache_error *err)
{
	struct sql_use *q;

	if (!catalog_can_write(cat))
		return 0;
	q = sql_use(catalog_sql(cat), &images_statements, IMAGE_SET_STATUS,
		    err);
	sql_bind(q, "issi", id, image_status_text(status), reason,
		 clock_now_s());
	return sql_done(q, err);
}

int
images_move(struct catalog *cat, int64_t id, const char *tag,
	    struct imgcache_error *err)
{
	struct sql_use *q;

	if (!catalog_can_write(cat))
		return 0;
	q = sql_use(catalog_sql(cat), &images_statements, IMAGE_MOVE, err);
	sql_bind(q, "is", id, tag);
	return sql_done(q, err);
}

int
images_set_ref(struct catalog *cat, int64_t id, const char *ref,
	       struct imgcache_error *err)
{
	struct sql_use *q;

	if (!catalog_can_write(cat))
		return 0;
	q = sql_use(catalog_sql(cat), &images_statements, IMAGE_SET_REF, err);
	sql_bind(q, "is", id, ref);
	return sql_done(q, err);
}

int
images_clear_build(struct catalog *cat, int64_t id, struct imgcache_error *err)
{
	struct sql_use *q;

	if (!catalog_can_write(cat))
		return 0;
	q = sql_use(catalog_sql(cat), &images_statements, IMAGE_CLEAR_BUILD,
		    err);
	sql_bind(q, "i", id);
	return sql_done(q, err);
}

int
images_set_pinned(struct catalog *cat, int64_t id, bool pinned,
		  struct imgcache_error *err)
{
	struct sql_use *q;

	if (!catalog_can_write(cat))
		return 0;
	q = sql_use(catalog_sql(cat), &images_statements, IMAGE_SET_PINNED,
		    err);
	sql_bind(q, "id", id, (int)pinned);
	return sql_done(q, err);
}

int
images_set_pushed(struct catalog *cat, int64_t id,
		  const struct image_push *push, struct imgcache_error *err)
{
	struct sql_use *q;

	if (!catalog_can_write(cat))
		return 0;
	q = sql_use(catalog_sql(cat), &images_statements, IMAGE_SET_PUSHED,
		    err);
	sql_bind(q, "iszs", id, push->ref, push->at, push->digest);
	return sql_done(q, err);
}

int
images_set_metadata(struct catalog *cat, int64_t id, const char *json,
		    struct imgcache_error *err)
{
	struct sql_use *q;

	if (!catalog_can_write(cat))
		return 0;
	q = sql_use(catalog_sql(cat), &images_statements, IMAGE_SET_METADATA,
		    err);
	sql_bind(q, "is", id, json);
	return sql_done(q, err);
}

int
images_forget(struct catalog *cat, int64_t id, struct imgcache_error *err)
{
	struct sql_use *q;

	if (!catalog_can_write(cat))
		return 0;
	q = sql_use(catalog_sql(cat), &images_statements, IMAGE_FORGET, err);
	sql_bind(q, "i", id);
	return sql_done(q, err);
}

static int
add_dependency(struct sql *db, int64_t image,
	       const struct image_dependency *d,
	       struct imgcache_error *err)
{
	struct sql_use *q = sql_use(db, &images_statements, DEPENDENCY_ADD,
				    err);

	sql_bind(q, "issss", image, d->type, d->name, d->asked, d->installed);
	return sql_done(q, err);
}

int
images_set_dependencies(struct catalog *cat, int64_t id,
			const struct image_dependency *v, size_t n,
			struct imgcache_error *err)
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
	q = sql_use(db, &images_statements, DEPENDENCIES_CLEAR, err);
	sql_bind(q, "i", id);
	rc = sql_done(q, err);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = add_dependency(db, id, &v[i], err);
	return sql_leave(db, began, rc, err);
}

/* The rows come one by one, so they grow outside the arena and move into it. */
static int
load_dependencies(struct sql *db, struct arena *a,
		  struct image_row *row, struct imgcache_error *err)
{
	struct sql_use *q = sql_use(db, &images_statements, DEPENDENCIES_OF,
				    err);
	struct image_dependency *v = NULL, *kept;
	size_t n = 0, cap = 0;
	int rc;

	sql_bind(q, "i", row->id);
	while ((rc = sql_next(q, err)) > 0) {
		mem_grow(v, n, cap);
		v[n++] = (struct image_dependency){
			.type = arena_strdup(a, sql_text(q, 0)),
			.name = arena_strdup(a, sql_text(q, 1)),
			.asked = arena_strdup(a, sql_text(q, 2)),
			.installed = arena_strdup(a, sql_text(q, 3)),
		};
	}
	if (rc == 0 && n) {
		kept = arena_alloc(a, n * sizeof(*v));
		memcpy(kept, v, n * sizeof(*v));
		row->dependencies = kept;
		row->n_dependencies = n;
	}
	free(v);
	return rc;
}

int
images_load_dependencies(struct catalog *cat, struct image_list *list,
			 struct imgcache_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < list->n; i++)
		rc = load_dependencies(catalog_sql(cat), &list->arena,
				       &list->v[i], err);
	return rc;
}
