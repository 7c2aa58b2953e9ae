/* SPDX-License-Identifier: MIT */
/*
 * The journal of lookups and its way into the tables: nothing is lost and
 * nothing is counted twice, whoever is killed, wherever.
 */

#include "store_room.h"

#include <signal.h>
#include <sys/mount.h>
#include <sys/ptrace.h>

#include "base/buf.h"
#include "base/mem.h"
#include "store/journal.h"

static const struct image_row *
the_image(void)
{
	static struct image_row row;

	if (!row.ref)
		row = room_image(1);
	return &row;
}

static void
append(struct room *r, int n)
{
	struct lookup l = room_hit(the_image());

	l.at = 2000000;
	for (int i = 0; i < n; i++)
		ok(r, journal_append(r->dir, &l, NULL, &r->err));
}

static int64_t
counted(struct room *r)
{
	return room_count(r, "SELECT coalesce(sum(n), 0) FROM lookups");
}

static int64_t
fold(struct room *r)
{
	int64_t n;

	ok(r, lookups_fold(r->cat, &n, &r->err));
	return n;
}

static int64_t
journal_size(const struct room *r)
{
	struct stat st;

	return stat(room_path(r, "hits.log"), &st) ? -1 : st.st_size;
}

Test(journal, a_record_comes_back_as_it_was_appended)
{
	struct lookup in = {
		.engine = "e", .tag = "t", .platform = "p", .name = NULL,
		.verb = "spawn", .result = LOOKUP_MISS, .reason = IMGCACHE_GONE,
		.at = 5, .us = 6, .saved_us = -7,
	}, out;
	struct journal_place place = { 0, 0 };
	struct buf data = BUF_INIT;
	int64_t skipped = 0;
	struct room r;
	size_t pos = 0;

	room_dir(&r);
	ok(&r, journal_append(r.dir, &in, NULL, &r.err));
	ok(&r, journal_read(r.dir, &place, &data, &r.err));
	cr_assert(journal_next(&data, &pos, &out, &skipped));
	cr_expect_str_eq(out.engine, "e");
	cr_expect_str_eq(out.tag, "t");
	cr_expect_str_eq(out.platform, "p");
	cr_expect_null(out.name);
	cr_expect_str_eq(out.verb, "spawn");
	cr_expect_eq(out.result, LOOKUP_MISS);
	cr_expect_eq(out.reason, IMGCACHE_GONE);
	cr_expect_eq(out.at, 5);
	cr_expect_eq(out.us, 6);
	cr_expect_eq(out.saved_us, -7);
	cr_expect_not(journal_next(&data, &pos, &out, &skipped));
	cr_expect_eq(skipped, 0);
	buf_release(&data);
	room_close(&r);
}

Test(journal, it_is_private)
{
	struct stat st;
	struct room r;

	umask(0);
	room_dir(&r);
	append(&r, 1);
	cr_assert_eq(stat(room_path(&r, "hits.log"), &st), 0);
	cr_expect_eq(st.st_mode & 07777, 0600);
	room_close(&r);
}

Test(journal, reading_goes_on_where_it_ended)
{
	struct journal_place place = { 0, 0 };
	struct buf data = BUF_INIT;
	struct room r;
	size_t first;

	room_dir(&r);
	append(&r, 3);
	ok(&r, journal_read(r.dir, &place, &data, &r.err));
	first = data.len;
	append(&r, 1);
	buf_clear(&data);
	ok(&r, journal_read(r.dir, &place, &data, &r.err));
	cr_expect_eq(data.len, first / 3);
	buf_clear(&data);
	ok(&r, journal_read(r.dir, &place, &data, &r.err));
	cr_expect_eq(data.len, 0);
	buf_release(&data);
	room_close(&r);
}

Test(journal, a_name_too_long_for_it_is_recorded_all_the_same)
{
	struct lookup l = room_hit(the_image());
	char *name = mem_alloc(6000);
	struct room r;

	memset(name, 'n', 5999);
	l.name = name;
	room_open(&r);
	cr_expect_eq(journal_append(r.dir, &l, NULL, &r.err),
		     JOURNAL_ETOOLONG);
	error_clear(&r.err);
	ok(&r, lookups_record(r.cat, &l, &r.err));
	cr_expect_eq(counted(&r), 1);
	free(name);
	room_close(&r);
}

Test(journal, a_hit_becomes_the_image_s_last_use)
{
	struct image_list list = { 0 };
	struct lookup l = room_hit(the_image());
	struct room r;

	room_open(&r);
	room_put(&r, the_image());
	l.at = 1500000;
	ok(&r, lookups_record(r.cat, &l, &r.err));
	l.at = 1400000;
	ok(&r, lookups_record(r.cat, &l, &r.err));
	l.result = LOOKUP_MISS;
	l.at = 1600000;
	ok(&r, lookups_record(r.cat, &l, &r.err));
	cr_expect_eq(fold(&r), 3);
	ok(&r, images_get(r.cat, &the_image()->key, &list, &r.err));
	cr_expect_eq(list.v[0].hits, 2);
	cr_expect_eq(list.v[0].last_used_at, 1500000);
	image_list_release(&list);
	room_close(&r);
}

Test(journal, a_moment_to_come_counts_as_now)
{
	struct image_list list = { 0 };
	struct lookup l = room_hit(the_image());
	struct room r;

	room_open(&r);
	room_put(&r, the_image());
	l.at = INT64_C(99999999999);
	ok(&r, lookups_record(r.cat, &l, &r.err));
	fold(&r);
	ok(&r, images_get(r.cat, &the_image()->key, &list, &r.err));
	cr_expect_lt(list.v[0].last_used_at, l.at);
	image_list_release(&list);
	room_close(&r);
}

Test(journal, folding_twice_counts_once)
{
	struct room r;

	room_open(&r);
	append(&r, 10);
	cr_expect_eq(fold(&r), 10);
	cr_expect_eq(fold(&r), 0);
	append(&r, 5);
	room_again(&r, CATALOG_WRITE);
	cr_expect_eq(fold(&r), 5);
	cr_expect_eq(counted(&r), 15);
	room_close(&r);
}

Test(journal, a_large_one_is_replaced_after_the_fold)
{
	struct room r;

	room_open(&r);
	append(&r, 600);
	cr_expect_gt(journal_size(&r), JOURNAL_ROTATE_BYTES);
	cr_expect_eq(fold(&r), 600);
	cr_expect_lt(journal_size(&r), 100);
	append(&r, 7);
	cr_expect_eq(fold(&r), 7);
	cr_expect_eq(counted(&r), 607);
	room_close(&r);
}

Test(journal, what_comes_before_a_rotation_keeps_the_file)
{
	struct journal_place place = { 0, 0 };
	struct buf data = BUF_INIT;
	struct room r;
	int64_t size;

	room_open(&r);
	append(&r, 600);
	ok(&r, journal_read(r.dir, &place, &data, &r.err));
	append(&r, 1);
	size = journal_size(&r);
	ok(&r, journal_rotate(r.dir, &place, &r.err));
	cr_expect_eq(journal_size(&r), size);
	buf_release(&data);
	room_close(&r);
}

Test(journal, the_recorder_folds_a_file_that_grew)
{
	struct lookup l = room_hit(the_image());
	struct room r;
	int64_t n = 0;

	room_open(&r);
	while (counted(&r) == 0 && n < 20000) {
		for (int i = 0; i < 100; i++, n++)
			ok(&r, lookups_record(r.cat, &l, &r.err));
	}
	cr_expect_lt(n, 20000);
	fold(&r);
	cr_expect_eq(counted(&r), n);
	room_close(&r);
}

/* Overwrite some bytes of the file. */
static void
damage(struct room *r, long at, const char *bytes, size_t len)
{
	FILE *f = fopen(room_path(r, "hits.log"), "r+");

	cr_assert_not_null(f);
	fseek(f, at, SEEK_SET);
	cr_assert_eq(fwrite(bytes, 1, len, f), len);
	fclose(f);
}

Test(journal, a_damaged_record_does_not_hide_the_next)
{
	struct room r;
	int64_t one;

	room_open(&r);
	append(&r, 1);
	one = journal_size(&r);
	append(&r, 3);
	damage(&r, (long)one + 20, "\0\0\0\0\0\0\0\0", 8);
	cr_expect_eq(fold(&r), 3);
	room_close(&r);
}

Test(journal, a_record_cut_short_does_not_hide_the_next)
{
	struct room r;
	int64_t two;

	room_open(&r);
	append(&r, 2);
	two = journal_size(&r);
	cr_assert_eq(truncate(room_path(&r, "hits.log"), two - 30), 0);
	append(&r, 2);
	cr_expect_eq(fold(&r), 3);
	room_close(&r);
}

Test(journal, a_damaged_header_loses_no_record_and_is_replaced)
{
	struct room r;

	room_open(&r);
	append(&r, 4);
	damage(&r, 0, "\0\0\0\0", 4);
	cr_expect_eq(fold(&r), 4);
	cr_expect_lt(journal_size(&r), 100);
	append(&r, 2);
	cr_expect_eq(fold(&r), 2);
	cr_expect_eq(counted(&r), 6);
	room_close(&r);
}

Test(journal, thirty_two_processes_lose_none, .timeout = 120)
{
	enum { PROCESSES = 32, EACH = 200 };
	pid_t pids[PROCESSES];
	struct room r;

	room_open(&r);
	room_put(&r, the_image());
	catalog_close(r.cat);
	r.cat = NULL;
	for (int p = 0; p < PROCESSES; p++) {
		struct lookup l = room_hit(the_image());
		int bad = 0;

		pids[p] = fork();
		if (pids[p])
			continue;
		for (int i = 0; i < EACH && !bad; i++) {
			bad = catalog_open(r.dir, CATALOG_READ, &r.cat, &r.err)
				|| lookups_record(r.cat, &l, &r.err);
			/* now and then one that lists; late is not lost */
			if (!bad && i % 50 == p &&
			    lookups_fold(r.cat, NULL, &r.err) ==
			    IMGCACHE_EBUSY)
				error_clear(&r.err);
			bad |= r.err.code != 0;
			catalog_close(r.cat);
			r.cat = NULL;
		}
		if (bad)
			fprintf(stderr, "%s\n", r.err.text);
		_exit(bad != 0);
	}
	for (int p = 0; p < PROCESSES; p++)
		cr_expect(room_reap(pids[p]));
	room_again(&r, CATALOG_WRITE);
	fold(&r);
	cr_expect_eq(counted(&r), PROCESSES * EACH);
	cr_expect_eq(room_count(&r, "SELECT hits FROM images"),
		     PROCESSES * EACH);
	room_close(&r);
}

/*
 * A child folds and is killed where it enters its n-th call into the system.
 * False once it came to its end before that.
 */
static bool
fold_and_kill(struct room *r, int n)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (catalog_open(r->dir, CATALOG_WRITE, &r->cat, &r->err) ||
		    ptrace(PTRACE_TRACEME, 0, NULL, NULL))
			_exit(9);
		raise(SIGSTOP);
		if (lookups_fold(r->cat, NULL, &r->err))
			_exit(8);
		_exit(0);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 9)
		cr_skip_test("needs ptrace");
	/* each call stops twice: where it begins and where it ends */
	for (int i = 0; i < 2 * n - 1; i++) {
		cr_assert_eq(ptrace(PTRACE_SYSCALL, pid, NULL, NULL), 0);
		cr_assert_eq(waitpid(pid, &status, 0), pid);
		if (WIFEXITED(status)) {
			cr_expect_eq(WEXITSTATUS(status), 0);
			return false;
		}
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return true;
}

/* per_round records are there whenever a fold begins; all are counted once. */
static void
kill_at_every_call(int per_round)
{
	int64_t expect = 0;
	struct room r;
	int n = 0;
	bool killed;

	room_dir(&r);
	room_again(&r, CATALOG_WRITE);
	catalog_close(r.cat);
	r.cat = NULL;
	do {
		append(&r, per_round);
		expect += per_round;
		killed = fold_and_kill(&r, ++n);
		/* an appender that comes right after the crash */
		append(&r, 1);
		expect++;
		ok(&r, catalog_open(r.dir, CATALOG_WRITE, &r.cat, &r.err));
		fold(&r);
		cr_expect_eq(counted(&r), expect, "call %d", n);
		catalog_close(r.cat);
		r.cat = NULL;
	} while (killed && n < 5000);
	cr_expect_gt(n, 20);
	room_close(&r);
}

Test(journal, a_fold_killed_at_any_call_counts_each_once, .timeout = 300)
{
	kill_at_every_call(3);
}

Test(journal, a_rotation_killed_at_any_call_loses_none, .timeout = 300)
{
	kill_at_every_call(600);
}

/* As 32 processes do it, while folders and appenders are killed at random. */
Test(journal, random_kills_lose_at_most_what_was_not_appended, .timeout = 120)
{
	struct lookup l = room_hit(the_image());
	int64_t at_least = 0, at_most = 0, n;
	struct room r;
	int done[2];

	room_open(&r);
	catalog_close(r.cat);
	r.cat = NULL;
	for (int round = 0; round < 60; round++) {
		pid_t pids[4];
		char c;

		cr_assert_eq(pipe(done), 0);
		for (int p = 0; p < 4; p++) {
			pids[p] = fork();
			if (pids[p])
				continue;
			if (catalog_open(r.dir, CATALOG_WRITE, &r.cat, &r.err))
				_exit(1);
			for (;;) {
				if (journal_append(r.dir, &l, NULL, &r.err) ||
				    write(done[1], "x", 1) != 1)
					_exit(1);
				if (p == 0)
					lookups_fold(r.cat, NULL, &r.err);
			}
		}
		close(done[1]);
		usleep((useconds_t)(2000 + round * 331 % 9000));
		for (int p = 0; p < 4; p++)
			kill(pids[p], SIGKILL);
		for (int p = 0; p < 4; p++)
			waitpid(pids[p], NULL, 0);
		while (read(done[0], &c, 1) == 1)
			at_least++;
		close(done[0]);
		at_most = at_least + (round + 1) * 4;
	}
	room_again(&r, CATALOG_WRITE);
	fold(&r);
	n = counted(&r);
	cr_expect_geq(n, at_least);
	cr_expect_leq(n, at_most);
	room_close(&r);
}

Test(journal, a_full_disk_is_told_and_nothing_already_there_is_lost)
{
	struct lookup l = room_hit(the_image());
	struct room r;
	int64_t n = 0;
	char *cmd;

	room_dir(&r);
	if (mount("tmpfs", r.dir, "tmpfs", 0, "size=512k,mode=700")) {
		room_close(&r);
		cr_skip_test("needs root to mount a small tmpfs");
	}
	room_again(&r, CATALOG_WRITE);
	append(&r, 5);
	cmd = mem_printf("cat /dev/zero >%s/fill 2>/dev/null", r.dir);
	cr_assert_neq(system(cmd), 0);
	free(cmd);
	while (n < 1000 && lookups_record(r.cat, &l, &r.err) == 0)
		n++;
	cr_expect_lt(n, 1000);
	cr_expect_not_null(strstr(r.err.text, "no space left"), "%s",
			   r.err.text);
	error_clear(&r.err);
	unlink(room_path(&r, "fill"));
	append(&r, 2);
	fold(&r);
	cr_expect_eq(counted(&r), 5 + n + 2);
	catalog_close(r.cat);
	r.cat = NULL;
	cr_expect_eq(umount(r.dir), 0);
	room_close(&r);
}
