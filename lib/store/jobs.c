/* SPDX-License-Identifier: MIT */
#include "store/jobs.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "store/catalog.h"
#include "store/statements.h"
#include "sys/clock.h"

#define JOB_FROM							\
	"SELECT j.image, e.name, i.tag, i.platform, j.status, j.error,"	\
	" j.log_path, j.last_build, j.started_at, j.finished_at"	\
	" FROM jobs j CROSS JOIN images i ON i.id = j.image"		\
	" CROSS JOIN engines e ON e.id = i.engine"

#define JOBS_STATEMENTS(X)						\
	X(JOB_START,							\
		"INSERT OR REPLACE INTO jobs (image, status, log_path,"	\
		" last_build, started_at)"				\
		" VALUES (?1, 'running', ?2,"				\
		" coalesce((SELECT max(id) FROM builds), 0), ?3)")	\
	X(JOB_FINISH,							\
		"UPDATE jobs SET status = ?2, error = ?3,"		\
		" finished_at = ?4 WHERE image = ?1")			\
	X(JOB_FORGET,							\
		"DELETE FROM jobs WHERE status <> 'running' AND image IN" \
		" (SELECT i.id FROM engines e JOIN images i"		\
		" ON i.engine = e.id WHERE e.name = ?1 AND i.tag = ?2)") \
	X(JOB_OF_IMAGE, JOB_FROM " WHERE j.image = ?1"			\
		" ORDER BY j.image")					\
	X(JOBS_THAT_RUN, JOB_FROM " WHERE j.status = 'running'"		\
		" ORDER BY j.image")

SQL_LIST(jobs, JOBS_STATEMENTS);

void
job_list_release(struct job_list *list)
{
	arena_release(&list->arena);
	free(list->v);
	memset(list, 0, sizeof(*list));
}

int
jobs_start(struct catalog *cat, int64_t image, const char *log_path,
	   struct imgcache_error *err)
{
	struct sql_use *q;

	if (!catalog_can_write(cat))
		return 0;
	q = sql_use(catalog_sql(cat), &jobs_statements, JOB_START, err);
	sql_bind(q, "isi", image, log_path, clock_now_s());
	return sql_done(q, err);
}

int
jobs_finish(struct catalog *cat, int64_t image, enum build_status status,
	    const char *error, struct imgcache_error *err)
{
	struct sql_use *q;

	if (!catalog_can_write(cat))
		return 0;
	q = sql_use(catalog_sql(cat), &jobs_statements, JOB_FINISH, err);
	sql_bind(q, "issi", image, build_status_text(status), error,
		 clock_now_s());
	return sql_done(q, err);
}

int
jobs_forget(struct catalog *cat, const char *engine, const char *tag,
	    struct imgcache_error *err)
{
	struct sql_use *q;

	if (!catalog_can_write(cat))
		return 0;
	q = sql_use(catalog_sql(cat), &jobs_statements, JOB_FORGET, err);
	sql_bind(q, "ss", engine, tag);
	return sql_done(q, err);
}

static void
add_row(struct job_list *list, struct sql_use *q)
{
	struct arena *a = &list->arena;
	struct job_row *r;
	int c = 0;

	mem_grow(list->v, list->n, list->cap);
	r = &list->v[list->n++];
	memset(r, 0, sizeof(*r));
	r->image = sql_int(q, c++);
	r->key.engine = arena_strdup(a, sql_text(q, c++));
	r->key.tag = arena_strdup(a, sql_text(q, c++));
	r->key.platform = arena_strdup(a, sql_text(q, c++));
	build_status_parse(sql_text(q, c++), &r->status);
	r->error = arena_strdup(a, sql_text(q, c++));
	r->log_path = arena_strdup(a, sql_text(q, c++));
	r->last_build = sql_int(q, c++);
	r->started_at = sql_int(q, c++);
	r->finished_at = sql_int(q, c++);
}

int
jobs_get(struct catalog *cat, int64_t image, struct job_list *out,
	 struct imgcache_error *err)
{
	struct sql_use *q = sql_use(catalog_sql(cat), &jobs_statements,
				    JOB_OF_IMAGE, err);
	int rc;

	sql_bind(q, "i", image);
	while ((rc = sql_next(q, err)) > 0)
		add_row(out, q);
	return rc;
}

int
jobs_running(struct catalog *cat, struct job_list *out,
	     struct imgcache_error *err)
{
	struct sql_use *q = sql_use(catalog_sql(cat), &jobs_statements,
				    JOBS_THAT_RUN, err);
	int rc;

	while ((rc = sql_next(q, err)) > 0)
		add_row(out, q);
	return rc;
}
