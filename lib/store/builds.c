/* SPDX-License-Identifier: MIT */
/*
 * Builds in the order in which they were begun, which is that of their ids and
 * not of a clock that may be set back.
 */

#include "store/builds.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "store/catalog.h"
#include "store/lookups.h"
#include "store/statements.h"
#include "sys/clock.h"

#define BUILD_FROM							\
	"SELECT b.id, e.name, b.tag, b.platform, b.image, b.status, b.name," \
	" b.project, b.started_at, b.finished_at, b.duration_us, b.reason," \
	" b.detail, b.steps_total, b.steps_cached,"			\
	" coalesce(b.exit_status, -1), b.error, b.log_path, b.builder,"	\
	" b.context_bytes, b.commit_id, b.pid"				\
	" FROM builds b CROSS JOIN engines e ON e.id = b.engine"

#define BUILD_WHERE							\
	" WHERE (?1 IS NULL OR e.name = ?1)"				\
	" AND (?2 IS NULL OR b.name = ?2)"				\
	" AND (?3 IS NULL OR instr(?3, ',' || b.status || ','))"

#define BUILD_ORDER " ORDER BY b.id DESC LIMIT ?4"

#define BUILDS_STATEMENTS(X)						\
	X(BUILD_START,							\
		"INSERT INTO builds (engine, tag, platform, image, status," \
		" name, project, started_at, reason, detail, log_path,"	\
		" builder, context_bytes, commit_id, pid)"		\
		" VALUES (?1, ?2, ?3, ?4, 'running', ?5, ?6, ?7, ?8, ?9," \
		" ?10, ?11, ?12, ?13, ?14)")				\
	X(BUILD_FINISH,							\
		"UPDATE builds SET status = ?2, image = coalesce(?3, image)," \
		" finished_at = ?4, duration_us = ?5, steps_total = ?6," \
		" steps_cached = ?7, exit_status = ?8, error = ?9,"	\
		" context_bytes = coalesce(?10, context_bytes)"		\
		" WHERE id = ?1")					\
	X(STEPS_CLEAR, "DELETE FROM steps WHERE build = ?1")		\
	X(STEP_ADD,							\
		"INSERT INTO steps (build, n, name, cached, us)"	\
		" VALUES (?1, ?2, ?3, ?4, ?5)")				\
	X(STEPS_OF,							\
		"SELECT n, name, cached, us FROM steps WHERE build = ?1" \
		" ORDER BY n")						\
	X(BUILDS_ALL, BUILD_FROM BUILD_WHERE BUILD_ORDER)		\
	X(BUILDS_OF_TAG, BUILD_FROM BUILD_WHERE " AND b.tag = ?5"	\
		BUILD_ORDER)						\
	X(BUILDS_OF_IMAGE, BUILD_FROM BUILD_WHERE " AND b.image = ?5"	\
		BUILD_ORDER)						\
	X(BUILDS_RUNNING, BUILD_FROM BUILD_WHERE			\
		" AND b.status = 'running'" BUILD_ORDER)

SQL_LIST(builds, BUILDS_STATEMENTS);

static const char *const statuses[] = {
	[BUILD_RUNNING] = "running",
	[BUILD_COMPLETED] = "completed",
	[BUILD_FAILED] = "failed",
	[BUILD_CHANGED] = "changed",
	[BUILD_INTERRUPTED] = "interrupted",
};

const char *
build_status_text(enum build_status s)
{
	return statuses[s];
}

bool
build_status_parse(const char *text, enum build_status *s)
{
	for (int i = 0; i < BUILD_STATUSES; i++) {
		if (strcmp(statuses[i], text))
			continue;
		*s = (enum build_status)i;
		return true;
	}
	return false;
}

void
build_list_release(struct build_list *list)
{
	arena_release(&list->arena);
	free(list->v);
	memset(list, 0, sizeof(*list));
}

void
step_list_release(struct step_list *list)
{
	arena_release(&list->arena);
	free(list->v);
	memset(list, 0, sizeof(*list));
}

static int
insert_build(struct sql *db, int64_t engine,
	     const struct build_row *r, int64_t *id,
	     struct imgcache_error *err)
{
	struct sql_use *q = sql_use(db, &builds_statements, BUILD_START, err);
	int64_t at = r->started_at ? r->started_at : clock_now_s();

	sql_bind(q, "isszssisssszsd", engine, r->key.tag, r->key.platform,
		 r->image, r->name, r->project, at,
		 lookup_reason_word(r->reason), r->detail, r->log_path,
		 r->builder, r->context_bytes, r->commit, r->pid);
	return sql_insert(q, id, err);
}

int
builds_start(struct catalog *cat, const struct build_row *row, int64_t *id,
	     struct imgcache_error *err)
{
	struct sql *db = catalog_sql(cat);
	int64_t engine;
	bool began;
	int rc;

	*id = 0;
	if (!catalog_can_write(cat))
		return 0;
	rc = sql_enter(db, &began, err);
	if (rc == 0)
		rc = catalog_engine(cat, row->key.engine, true, &engine, err);
	if (rc == 0)
		rc = insert_build(db, engine, row, id, err);
	return sql_leave(db, began, rc, err);
}

static int
add_step(struct sql *db, int64_t build, const struct build_step *s,
	 struct imgcache_error *err)
{
	struct sql_use *q = sql_use(db, &builds_statements, STEP_ADD, err);

	sql_bind(q, "idsdi", build, s->n, s->name, (int)s->cached, s->us);
	return sql_done(q, err);
}

static int
replace_steps(struct sql *db, int64_t build,
	      const struct build_step *v, size_t n,
	      struct imgcache_error *err)
{
	struct sql_use *q = sql_use(db, &builds_statements, STEPS_CLEAR, err);
	int rc;

	sql_bind(q, "i", build);
	rc = sql_done(q, err);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = add_step(db, build, &v[i], err);
	return rc;
}

static int
update_build(struct sql *db, const struct build_row *r,
	     struct imgcache_error *err)
{
	struct sql_use *q = sql_use(db, &builds_statements, BUILD_FINISH, err);
	int64_t at = r->finished_at ? r->finished_at : clock_now_s();

	sql_bind(q, "isziizzdsz", r->id, build_status_text(r->status),
		 r->image, at, r->duration_us, r->steps_total, r->steps_cached,
		 r->exit_status, r->error, r->context_bytes);
	return sql_done(q, err);
}

int
builds_finish(struct catalog *cat, const struct build_row *row,
	      const struct build_step *steps, size_t n,
	      struct imgcache_error *err)
{
	struct sql *db = catalog_sql(cat);
	bool began;
	int rc;

	if (!catalog_can_write(cat))
		return 0;
	rc = sql_enter(db, &began, err);
	if (rc == 0)
		rc = update_build(db, row, err);
	if (rc == 0)
		rc = replace_steps(db, row->id, steps, n, err);
	return sql_leave(db, began, rc, err);
}

static void
add_row(struct build_list *list, struct sql_use *q)
{
	struct arena *a = &list->arena;
	struct build_row *r;
	int c = 0;

	mem_grow(list->v, list->n, list->cap);
	r = &list->v[list->n++];
	memset(r, 0, sizeof(*r));
	r->id = sql_int(q, c++);
	r->key.engine = arena_strdup(a, sql_text(q, c++));
	r->key.tag = arena_strdup(a, sql_text(q, c++));
	r->key.platform = arena_strdup(a, sql_text(q, c++));
	r->image = sql_int(q, c++);
	build_status_parse(sql_text(q, c++), &r->status);
	r->name = arena_strdup(a, sql_text(q, c++));
	r->project = arena_strdup(a, sql_text(q, c++));
	r->started_at = sql_int(q, c++);
	r->finished_at = sql_int(q, c++);
	r->duration_us = sql_int(q, c++);
	lookup_reason_parse(sql_text(q, c++), &r->reason);
	r->detail = arena_strdup(a, sql_text(q, c++));
	r->steps_total = sql_int(q, c++);
	r->steps_cached = sql_int(q, c++);
	r->exit_status = (int)sql_int(q, c++);
	r->error = arena_strdup(a, sql_text(q, c++));
	r->log_path = arena_strdup(a, sql_text(q, c++));
	r->builder = arena_strdup(a, sql_text(q, c++));
	r->context_bytes = sql_int(q, c++);
	r->commit = arena_strdup(a, sql_text(q, c++));
	r->pid = (int)sql_int(q, c++);
}

/* ",failed,running," for the bits, NULL for none. The caller frees. */
static char *
status_words(unsigned bits)
{
	struct buf b = BUF_INIT;

	if (!bits)
		return NULL;
	for (int s = 0; s < BUILD_STATUSES; s++)
		if (bits & (1u << s))
			buf_addf(&b, ",%s", statuses[s]);
	buf_addc(&b, ',');
	return buf_detach(&b);
}

static struct sql_use *
choose(struct sql *db, const struct build_filter *f,
	const char *words, struct imgcache_error *err)
{
	const struct sql_list *l = &builds_statements;
	int64_t limit = f->limit ? f->limit : -1;
	struct sql_use *q;

	if (f->tag) {
		q = sql_use(db, l, BUILDS_OF_TAG, err);
		sql_bind(q, "sssis", f->engine, f->name, words, limit, f->tag);
	} else if (f->image) {
		q = sql_use(db, l, BUILDS_OF_IMAGE, err);
		sql_bind(q, "sssii", f->engine, f->name, words, limit,
			 f->image);
	} else {
		q = sql_use(db, l, f->statuses == 1u << BUILD_RUNNING ?
			    BUILDS_RUNNING : BUILDS_ALL, err);
		sql_bind(q, "sssi", f->engine, f->name, words, limit);
	}
	return q;
}

int
builds_list(struct catalog *cat, const struct build_filter *filter,
	    struct build_list *out, struct imgcache_error *err)
{
	char *words = status_words(filter->statuses);
	struct sql_use *q = choose(catalog_sql(cat), filter, words, err);
	int rc;

	while ((rc = sql_next(q, err)) > 0)
		add_row(out, q);
	free(words);
	return rc;
}

int
builds_steps(struct catalog *cat, int64_t build, struct step_list *out,
	     struct imgcache_error *err)
{
	struct sql_use *q = sql_use(catalog_sql(cat), &builds_statements,
				    STEPS_OF, err);
	int rc;

	sql_bind(q, "i", build);
	while ((rc = sql_next(q, err)) > 0) {
		mem_grow(out->v, out->n, out->cap);
		out->v[out->n++] = (struct build_step){
			.n = (int)sql_int(q, 0),
			.name = arena_strdup(&out->arena, sql_text(q, 1)),
			.cached = sql_int(q, 2) != 0,
			.us = sql_int(q, 3),
		};
	}
	return rc;
}
