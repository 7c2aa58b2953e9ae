/* SPDX-License-Identifier: MIT */
/* Migrations, with the catalog's own steps and with steps to come. */

#include "store_room.h"

#include "base/buf.h"
#include "base/mem.h"
#include "store/migrate.h"
#include "store/statements.h"

#define SCHEMA_STATEMENTS(X)						\
	X(SCHEMA_TEXT, "SELECT name || ': ' || coalesce(sql, '')"	\
		" FROM sqlite_schema ORDER BY type, name")

extern const struct sql_list schema_statements;
SQL_LIST(schema, SCHEMA_STATEMENTS);

/* What is written for the catalog, and two steps that follow. */
static const struct migration *
more_steps(void)
{
	static struct migration *steps;
	int n = catalog_migrations_n;

	if (steps)
		return steps;
	steps = mem_array((size_t)n + 2, sizeof(steps[0]));
	memcpy(steps, catalog_migrations, (size_t)n * sizeof(steps[0]));
	steps[n] = (struct migration){
		"a column", "ALTER TABLE images ADD COLUMN extra TEXT" };
	steps[n + 1] = (struct migration){
		"an index", "CREATE INDEX images_by_extra ON images (extra)" };
	return steps;
}

static struct sql *
open_file(struct room *r, const char *name)
{
	struct sql *db;

	ok(r, sql_open(room_path(r, name), SQL_CREATE, &db, &r->err));
	return db;
}

static char *
schema_of(struct room *r, struct sql *db)
{
	struct sql_use *q = sql_use(db, &schema_statements, SCHEMA_TEXT,
				    &r->err);
	struct buf b = BUF_INIT;

	while (sql_next(q, &r->err) > 0)
		buf_addf(&b, "%s\n", sql_text(q, 0));
	cr_assert_eq(r->err.code, 0);
	return buf_detach(&b);
}

Test(migrate, every_older_version_ends_like_a_fresh_file)
{
	int latest = catalog_migrations_n + 2;
	struct sql *fresh, *old;
	char *expect, *actual, name[32];
	struct room r;

	room_dir(&r);
	fresh = open_file(&r, "fresh.db");
	ok(&r, migrate_to(fresh, more_steps(), latest, &r.err));
	expect = schema_of(&r, fresh);
	for (int from = 0; from < latest; from++) {
		snprintf(name, sizeof(name), "from%d.db", from);
		old = open_file(&r, name);
		ok(&r, migrate_to(old, more_steps(), from, &r.err));
		ok(&r, migrate_to(old, more_steps(), latest, &r.err));
		actual = schema_of(&r, old);
		cr_expect_str_eq(actual, expect);
		free(actual);
		sql_close(old);
	}
	free(expect);
	sql_close(fresh);
	room_close(&r);
}

Test(migrate, rows_survive_and_a_copy_of_the_old_file_is_kept)
{
	struct sql *copy;
	char path[96];
	struct room r;
	int64_t n;
	int v;

	room_open(&r);
	for (int i = 0; i < 5; i++) {
		struct image_row row = room_image(i);

		room_put(&r, &row);
	}
	ok(&r, migrate_to(catalog_sql(r.cat), more_steps(),
			  catalog_migrations_n + 2, &r.err));
	cr_expect_eq(room_count(&r, "SELECT count(*) FROM images"), 5);
	snprintf(path, sizeof(path), "catalog.db.v%d", catalog_migrations_n);
	ok(&r, sql_open(room_path(&r, path), SQL_READ, &copy, &r.err));
	ok(&r, migrate_version(copy, catalog_migrations_n, &v, &r.err));
	cr_expect_eq(v, catalog_migrations_n);
	ok(&r, sql_ask_int(copy, "SELECT count(*) FROM images", &n, &r.err));
	cr_expect_eq(n, 5);
	sql_close(copy);
	room_close(&r);
}

Test(migrate, an_empty_file_is_not_copied)
{
	struct room r;

	room_open(&r);
	cr_expect_not(file_exists(room_path(&r, "catalog.db.v0")));
	room_close(&r);
}

Test(migrate, a_step_that_fails_changes_nothing)
{
	struct migration steps[2] = {
		catalog_migrations[0],
		{ "half of it",
		  "CREATE TABLE half (n); CREATE TABLE half (n)" },
	};
	char *before, *after;
	struct sql *db;
	struct room r;
	int v;

	room_dir(&r);
	db = open_file(&r, "a.db");
	ok(&r, migrate_to(db, steps, 1, &r.err));
	before = schema_of(&r, db);
	cr_expect_neq(migrate_to(db, steps, 2, &r.err), 0);
	cr_expect_not_null(strstr(r.err.text, "half of it"));
	error_clear(&r.err);
	after = schema_of(&r, db);
	cr_expect_str_eq(after, before);
	ok(&r, migrate_version(db, 2, &v, &r.err));
	cr_expect_eq(v, 1);
	free(before);
	free(after);
	sql_close(db);
	room_close(&r);
}

Test(migrate, a_newer_version_is_refused_and_not_touched)
{
	struct buf before = BUF_INIT, after = BUF_INIT;
	struct catalog *cat = NULL;
	struct room r;

	room_open(&r);
	ok(&r, sql_exec(catalog_sql(r.cat), "PRAGMA user_version=99", &r.err));
	catalog_close(r.cat);
	r.cat = NULL;
	ok(&r, file_read(AT_FDCWD, room_path(&r, "catalog.db"), 0, &before,
			 &r.err));
	for (int mode = CATALOG_WRITE; mode <= CATALOG_READ; mode++) {
		cr_expect_eq(catalog_open(r.dir, (enum catalog_mode)mode, &cat,
					  &r.err), MIGRATE_ENEWER);
		cr_expect_not_null(strstr(r.err.text, "schema 99"));
		cr_expect_not_null(strstr(r.err.text, "upgrade imgcache"));
		error_clear(&r.err);
	}
	ok(&r, file_read(AT_FDCWD, room_path(&r, "catalog.db"), 0, &after,
			 &r.err));
	cr_expect_eq(before.len, after.len);
	cr_expect_eq(memcmp(before.data, after.data, before.len), 0);
	buf_release(&before);
	buf_release(&after);
	room_close(&r);
}

Test(migrate, another_program_s_database_is_refused_and_not_touched)
{
	struct catalog *cat = NULL;
	struct sql *db;
	struct room r;
	int64_t n;

	room_dir(&r);
	db = open_file(&r, "catalog.db");
	ok(&r, sql_exec(db, "CREATE TABLE theirs (n)", &r.err));
	sql_close(db);
	cr_expect_eq(catalog_open(r.dir, CATALOG_READ, &cat, &r.err),
		     MIGRATE_EFOREIGN);
	error_clear(&r.err);
	db = open_file(&r, "catalog.db");
	ok(&r, sql_ask_int(db, "SELECT count(*) FROM sqlite_schema", &n,
			   &r.err));
	cr_expect_eq(n, 1);
	sql_close(db);
	room_close(&r);
}
