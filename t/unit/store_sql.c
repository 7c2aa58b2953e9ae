/* SPDX-License-Identifier: MIT */
#include "store_room.h"

#include <sys/mount.h>

#include "base/mem.h"
#include "sys/clock.h"

#define TOY_STATEMENTS(X)						\
	X(TOY_ADD, "INSERT INTO toy (n, r, t) VALUES (?1, ?2, ?3)")	\
	X(TOY_BY_ID, "SELECT n, r, t FROM toy WHERE id = ?1")		\
	X(TOY_ALL, "SELECT n FROM toy ORDER BY id")			\
	X(TOY_SET, "UPDATE toy SET n = ?1 WHERE n > ?2")		\
	X(TOY_BROKEN, "SELECT missing FROM toy")

extern const struct sql_list toy_statements;
SQL_LIST(toy, TOY_STATEMENTS);

static const char toy_schema[] =
	"CREATE TABLE toy (id INTEGER PRIMARY KEY, n INTEGER, r REAL,"
	" t TEXT UNIQUE) STRICT";

struct box {
	struct room r;
	struct sql *db;
};

static void
box_open(struct box *b)
{
	room_dir(&b->r);
	ok(&b->r, sql_open(room_path(&b->r, "toy.db"), SQL_CREATE, &b->db,
			   &b->r.err));
	ok(&b->r, sql_exec(b->db, toy_schema, &b->r.err));
}

static void
box_close(struct box *b)
{
	sql_close(b->db);
	room_close(&b->r);
}

static int64_t
add(struct box *b, int64_t n, const char *t)
{
	struct sql_use *q = sql_use(b->db, &toy_statements, TOY_ADD,
				    &b->r.err);
	int64_t id = 0;

	sql_bind(q, "ins", n, t);
	ok(&b->r, sql_insert(q, &id, &b->r.err));
	return id;
}

Test(sql, what_is_bound_comes_back)
{
	struct box b;
	struct sql_use *q;
	int64_t id;

	box_open(&b);
	q = sql_use(b.db, &toy_statements, TOY_ADD, &b.r.err);
	sql_bind(q, "zfS", (int64_t)0, 2.5, "abcdef", (size_t)3);
	ok(&b.r, sql_insert(q, &id, &b.r.err));
	q = sql_use(b.db, &toy_statements, TOY_BY_ID, &b.r.err);
	sql_bind(q, "i", id);
	ok(&b.r, sql_row(q, &b.r.err));
	cr_expect(sql_is_null(q, 0));
	cr_expect_eq(sql_int(q, 0), 0);
	cr_expect_eq(sql_real(q, 1), 2.5);
	cr_expect_str_eq(sql_text(q, 2), "abc");
	cr_expect_eq(sql_text_len(q, 2), 3);
	ok(&b.r, sql_reset(q, &b.r.err));
	box_close(&b);
}

Test(sql, a_row_that_must_be_there_and_is_not_fails)
{
	struct box b;
	struct sql_use *q;

	box_open(&b);
	q = sql_use(b.db, &toy_statements, TOY_BY_ID, &b.r.err);
	sql_bind(q, "i", (int64_t)7);
	cr_expect_eq(sql_row(q, &b.r.err), IMGCACHE_EFAIL);
	cr_expect_not_null(strstr(b.r.err.text, "a row is missing"));
	box_close(&b);
}

Test(sql, a_row_where_none_should_be_fails_and_resets)
{
	struct box b;
	struct sql_use *q;

	box_open(&b);
	add(&b, 1, "one");
	q = sql_use(b.db, &toy_statements, TOY_ALL, &b.r.err);
	cr_expect_eq(sql_done(q, &b.r.err), IMGCACHE_EFAIL);
	box_close(&b);
}

Test(sql, update_tells_how_many)
{
	struct box b;
	struct sql_use *q;
	int64_t n;

	box_open(&b);
	for (int i = 0; i < 5; i++)
		add(&b, i, NULL);
	q = sql_use(b.db, &toy_statements, TOY_SET, &b.r.err);
	sql_bind(q, "ii", (int64_t)9, (int64_t)1);
	ok(&b.r, sql_update(q, &n, &b.r.err));
	cr_expect_eq(n, 3);
	box_close(&b);
}

Test(sql, the_first_error_is_the_one_that_is_told)
{
	struct box b;
	struct sql_use *q;

	box_open(&b);
	q = sql_use(b.db, &toy_statements, TOY_BROKEN, &b.r.err);
	cr_expect_null(q);
	sql_bind(q, "i", (int64_t)1);
	cr_expect_eq(sql_next(q, &b.r.err), IMGCACHE_EFAIL);
	cr_expect_not_null(strstr(b.r.err.text, "no such column"), "%s",
			   b.r.err.text);
	box_close(&b);
}

Test(sql, a_broken_rule_leaves_the_statement_ready)
{
	struct box b;
	struct sql_use *q;

	box_open(&b);
	add(&b, 1, "same");
	q = sql_use(b.db, &toy_statements, TOY_ADD, &b.r.err);
	sql_bind(q, "ins", (int64_t)2, "same");
	cr_expect_eq(sql_insert(q, NULL, &b.r.err), IMGCACHE_EFAIL);
	error_clear(&b.r.err);
	add(&b, 3, "other");
	box_close(&b);
}

Test(sql, what_is_rolled_back_is_gone)
{
	struct box b;
	int64_t n;

	box_open(&b);
	ok(&b.r, sql_begin(b.db, &b.r.err));
	add(&b, 1, NULL);
	sql_rollback(b.db);
	ok(&b.r, sql_ask_int(b.db, "SELECT count(*) FROM toy", &n, &b.r.err));
	cr_expect_eq(n, 0);
	box_close(&b);
}

Test(sql, an_inner_part_joins_the_outer_transaction)
{
	struct box b;
	bool outer, inner;
	int64_t n;

	box_open(&b);
	ok(&b.r, sql_enter(b.db, &outer, &b.r.err));
	ok(&b.r, sql_enter(b.db, &inner, &b.r.err));
	cr_expect(outer && !inner);
	add(&b, 1, NULL);
	ok(&b.r, sql_leave(b.db, inner, 0, &b.r.err));
	cr_expect(sql_in_transaction(b.db));
	cr_expect_eq(sql_leave(b.db, outer, IMGCACHE_EFAIL, &b.r.err),
		     IMGCACHE_EFAIL);
	ok(&b.r, sql_ask_int(b.db, "SELECT count(*) FROM toy", &n, &b.r.err));
	cr_expect_eq(n, 0);
	box_close(&b);
}

Test(sql, the_pragmas_are_ours_and_not_the_distribution_s)
{
	static const struct { const char *ask; int64_t expect; } table[] = {
		{ "PRAGMA synchronous", 1 },
		{ "PRAGMA foreign_keys", 1 },
		{ "PRAGMA temp_store", 2 },
		{ "PRAGMA secure_delete", 0 },
		{ "PRAGMA cell_size_check", 1 },
		{ "PRAGMA trusted_schema", 0 },
		{ "PRAGMA busy_timeout", 5000 },
		{ "PRAGMA wal_autocheckpoint", 256 },
	};
	struct box b;
	int64_t actual;

	box_open(&b);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		ok(&b.r, sql_ask_int(b.db, table[i].ask, &actual, &b.r.err));
		cr_expect_eq(actual, table[i].expect, "%s: %lld", table[i].ask,
			     (long long)actual);
	}
	box_close(&b);
}

Test(sql, the_file_is_private)
{
	struct stat st;
	struct box b;

	umask(022);
	box_open(&b);
	cr_assert_eq(stat(sql_path(b.db), &st), 0);
	cr_expect_eq(st.st_mode & 07777, 0600);
	box_close(&b);
}

Test(sql, a_link_in_place_of_the_file_is_refused)
{
	struct sql *db;
	struct room r;
	char *target;

	room_dir(&r);
	target = mem_strdup(room_path(&r, "elsewhere.db"));
	cr_assert_eq(symlink(target, room_path(&r, "toy.db")), 0);
	cr_expect_eq(sql_open(room_path(&r, "toy.db"), SQL_CREATE, &db,
			      &r.err), SQL_ECANTOPEN);
	cr_expect_not(file_exists(target));
	free(target);
	room_close(&r);
}

Test(sql, a_linked_directory_is_fine)
{
	struct sql *db;
	struct room r;
	char *link;

	room_dir(&r);
	link = mem_printf("%s/link", r.dir);
	cr_assert_eq(mkdir(room_path(&r, "real"), 0700), 0);
	cr_assert_eq(symlink("real", link), 0);
	ok(&r, sql_open(room_path(&r, "link/toy.db"), SQL_CREATE, &db,
			&r.err));
	sql_close(db);
	cr_expect(file_exists(room_path(&r, "real/toy.db")));
	free(link);
	room_close(&r);
}

Test(sql, what_is_no_database_is_damage)
{
	struct sql *db;
	struct room r;
	int64_t n;

	room_dir(&r);
	ok(&r, file_replace(AT_FDCWD, room_path(&r, "toy.db"),
			    "this is a text of some length and no database "
			    "at all, whatever its name may be.............",
			    92, 0600, false, &r.err));
	if (sql_open(room_path(&r, "toy.db"), SQL_WRITE, &db, &r.err) == 0) {
		sql_ask_int(db, "PRAGMA user_version", &n, &r.err);
		sql_close(db);
	}
	cr_expect_eq(r.err.code, SQL_ECORRUPT);
	room_close(&r);
}

Test(sql, a_missing_file_cannot_be_opened)
{
	struct sql *db;
	struct room r;

	room_dir(&r);
	cr_expect_eq(sql_open(room_path(&r, "toy.db"), SQL_WRITE, &db, &r.err),
		     SQL_ECANTOPEN);
	cr_expect_not_null(strstr(r.err.text, "No such file"));
	room_close(&r);
}

/* A child holds the lock; pipes tell when it has it and when to let go. */
static pid_t
hold_lock(struct box *b, int *release)
{
	int ready[2], go[2];
	char c;
	pid_t pid;

	cr_assert_eq(pipe(ready) | pipe(go), 0);
	pid = fork();
	if (pid == 0) {
		struct imgcache_error err = { 0 };
		struct sql *db;

		if (sql_open(room_path(&b->r, "toy.db"), SQL_WRITE, &db, &err)
		    || sql_begin(db, &err) || write(ready[1], "x", 1) != 1 ||
		    read(go[0], &c, 1) != 1)
			_exit(1);
		sql_rollback(db);
		sql_close(db);
		_exit(0);
	}
	cr_assert_eq(read(ready[0], &c, 1), 1);
	*release = go[1];
	return pid;
}

Test(sql, a_lock_held_for_long_is_busy_after_five_seconds)
{
	struct box b;
	int release;
	int64_t begin;
	pid_t pid;

	box_open(&b);
	pid = hold_lock(&b, &release);
	begin = clock_mono_us();
	cr_expect_eq(sql_begin(b.db, &b.r.err), IMGCACHE_EBUSY);
	cr_expect_geq(clock_mono_us() - begin, 4900000);
	cr_expect_not_null(strstr(b.r.err.text, "try again"));
	cr_assert_eq(write(release, "x", 1), 1);
	cr_expect(room_reap(pid));
	box_close(&b);
}

Test(sql, a_full_disk_is_told_by_name)
{
	char *text = mem_alloc(300001);
	struct sql_use *q;
	struct box b;
	int rc = 0;

	room_dir(&b.r);
	if (mount("tmpfs", b.r.dir, "tmpfs", 0, "size=256k")) {
		room_close(&b.r);
		free(text);
		cr_skip_test("needs root to mount a small tmpfs");
	}
	memset(text, 'x', 300000);
	ok(&b.r, sql_open(room_path(&b.r, "toy.db"), SQL_CREATE, &b.db,
			  &b.r.err));
	ok(&b.r, sql_exec(b.db, toy_schema, &b.r.err));
	q = sql_use(b.db, &toy_statements, TOY_ADD, &b.r.err);
	sql_bind(q, "nns", text);
	rc = sql_insert(q, NULL, &b.r.err);
	cr_expect_eq(rc, SQL_EFULL, "%s", b.r.err.text);
	cr_expect_not_null(strstr(b.r.err.text, "no space left"));
	cr_expect_not_null(strstr(b.r.err.text, "toy.db"));
	error_clear(&b.r.err);
	/* and afterwards it is as it was */
	ok(&b.r, sql_check(b.db, false, &b.r.err));
	sql_close(b.db);
	cr_expect_eq(umount(b.r.dir), 0);
	room_close(&b.r);
	free(text);
}

Test(sql, a_copy_holds_everything_and_is_private)
{
	struct sql *copy;
	struct stat st;
	struct box b;
	int64_t n;

	box_open(&b);
	add(&b, 1, "one");
	ok(&b.r, sql_copy_to(b.db, room_path(&b.r, "copy.db"), &b.r.err));
	cr_assert_eq(stat(room_path(&b.r, "copy.db"), &st), 0);
	cr_expect_eq(st.st_mode & 07777, 0600);
	ok(&b.r, sql_open(room_path(&b.r, "copy.db"), SQL_READ, &copy,
			  &b.r.err));
	ok(&b.r, sql_ask_int(copy, "SELECT count(*) FROM toy", &n, &b.r.err));
	cr_expect_eq(n, 1);
	cr_expect(sql_is_readonly(copy));
	sql_close(copy);
	box_close(&b);
}
