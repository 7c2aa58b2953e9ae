/* SPDX-License-Identifier: MIT */
#include "source_room.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>

#include "base/buf.h"
#include "base/mem.h"
#include "source/gitlib.h"
#include "source/ignore.h"
#include "source/statcache.h"
#include "source/stattrust.h"
#include "source/tree.h"
#include "sys/clock.h"

#define REST_MS 60		/* longer than FINE_GRAIN */
#define BIG 300000

static void
set_up(void)
{
	room_enter();
	cr_assert_eq(mkdir("c", 0700), 0);
	cr_assert_eq(mkdir("t", 0755), 0);
}

TestSuite(statcache, .init = set_up, .fini = room_leave);

static void
put_big(const char *path, char c)
{
	char *text = mem_alloc(BIG + 1);

	memset(text, c, BIG);
	put(path, text);
	free(text);
}

static struct hash
scan_as(enum hash_kind kind, const char *cache, unsigned threads)
{
	struct tree_options o = { .hash = kind, .stat_cache_dir = cache,
				  .threads = threads };
	struct tree *t = NULL;
	struct hash h;

	cr_assert_eq(tree_scan("t", &o, &t, &err), 0, "%s", err.text);
	h = *tree_digest(t);
	tree_free(t);
	return h;
}

static struct hash
warm(void)
{
	return scan_as(HASH_XXH3, "c", 1);
}

static struct hash
truth(void)
{
	return scan_as(HASH_XXH3, NULL, 1);
}

static void
expect_true(const char *what)
{
	struct hash a = warm();
	struct hash b = truth();

	cr_expect(hash_equal(&a, &b), "%s", what);
}

/* Bytes this process has read so far. */
static long long
bytes_read(void)
{
	struct buf b = BUF_INIT;
	long long n = -1;

	cr_assert_eq(file_read(AT_FDCWD, "/proc/self/io", 0, &b, &err), 0);
	cr_assert_eq(sscanf(b.data, "rchar: %lld", &n), 1);
	buf_release(&b);
	return n;
}

static long long
warm_reads(void)
{
	long long before = bytes_read();

	warm();
	return bytes_read() - before;
}

/* The one cache file there is. */
static char *
cache_file(void)
{
	char *path = NULL;
	struct dirent *e;
	DIR *d = opendir("c");

	cr_assert(d);
	while ((e = readdir(d)))
		if (e->d_name[0] != '.') {
			cr_expect_null(path);
			free(path);
			path = path_join("c", e->d_name);
		}
	closedir(d);
	cr_assert(path);
	return path;
}

static void
copy_times(const char *from, const char *to)
{
	struct stat st;

	cr_assert_eq(stat(from, &st), 0);
	cr_assert_eq(utimensat(AT_FDCWD, to, (struct timespec[]){
		st.st_atim, st.st_mtim }, 0), 0);
}

Test(statcache, a_file_at_rest_is_read_once)
{
	put_big("t/d/f", 'a');
	clock_sleep_ms(REST_MS);
	cr_expect_geq(warm_reads(), BIG);
	cr_expect_lt(warm_reads(), BIG / 10);
	expect_true("warm");
}

Test(statcache, a_young_file_is_read_again)
{
	put_big("t/f", 'a');
	warm();
	cr_expect_geq(warm_reads(), BIG);
	clock_sleep_ms(REST_MS);
	cr_expect_geq(warm_reads(), BIG);
	cr_expect_lt(warm_reads(), BIG / 10);
}

Test(statcache, a_file_of_the_future_is_read_again)
{
	struct timespec future[2] = { { 4000000000, 1 }, { 4000000000, 1 } };

	put_big("t/f", 'a');
	cr_assert_eq(utimensat(AT_FDCWD, "t/f", future, 0), 0);
	clock_sleep_ms(REST_MS);
	warm();
	cr_expect_geq(warm_reads(), BIG);
}

Test(statcache, the_same_size_in_the_same_moment_is_seen)
{
	char text[16];

	for (int i = 0; i < 500; i++) {
		snprintf(text, sizeof(text), "%08d", i);
		put("t/f", text);
		expect_true(text);
	}
}

Test(statcache, a_file_moved_over_another_is_seen)
{
	put("t/f", "aaaa");
	put("other", "bbbb");
	copy_times("t/f", "other");
	clock_sleep_ms(REST_MS);
	warm();
	cr_assert_eq(rename("other", "t/f"), 0);
	expect_true("rename");
}

Test(statcache, a_time_put_back_is_seen)
{
	put("t/f", "aaaa");
	put("reference", "");
	copy_times("t/f", "reference");
	clock_sleep_ms(REST_MS);
	warm();
	put("t/f", "bbbb");
	copy_times("reference", "t/f");
	expect_true("touch -r");
}

Test(statcache, one_time_for_all_as_tar_can_do_is_seen)
{
	struct timespec fixed[2] = { { 1000000000, 0 }, { 1000000000, 0 } };

	put("t/f", "aaaa");
	cr_assert_eq(utimensat(AT_FDCWD, "t/f", fixed, 0), 0);
	clock_sleep_ms(REST_MS);
	warm();
	cr_assert_eq(unlink("t/f"), 0);
	put("t/f", "bbbb");
	cr_assert_eq(utimensat(AT_FDCWD, "t/f", fixed, 0), 0);
	expect_true("tar");
	clock_sleep_ms(REST_MS);
	put("new", "cccc");
	cr_assert_eq(utimensat(AT_FDCWD, "new", fixed, 0), 0);
	warm();
	cr_assert_eq(rename("new", "t/f"), 0);
	expect_true("mv of another with that time");
}

Test(statcache, a_link_is_remembered_and_its_change_seen)
{
	put("t/f", "");
	cr_assert_eq(symlink("a", "t/l"), 0);
	clock_sleep_ms(REST_MS);
	warm();
	expect_true("same");
	cr_assert_eq(unlink("t/l"), 0);
	cr_assert_eq(symlink("b", "t/l"), 0);
	expect_true("retargeted");
}

Test(statcache, modes_count)
{
	put("t/d/f", "x");
	clock_sleep_ms(REST_MS);
	warm();
	cr_assert_eq(chmod("t/d/f", 0755), 0);
	expect_true("file");
	cr_assert_eq(chmod("t/d", 0700), 0);
	expect_true("directory");
	cr_assert_eq(chmod("t", 0711), 0);
	expect_true("root");
}

/* One random change to the names a..h in t and two folders of it. */
static void
change(unsigned *seed)
{
	static const char *const dirs[] = { "t", "t/d1", "t/d1/d2", "t/d3" };
	struct imgcache_error ignored = { 0 };
	char path[64], other[64], text[32];

	for (int i = 1; i < 4; i++)
		if (rand_r(seed) % 4)
			(void)mkdir(dirs[i], 0755);
	snprintf(path, sizeof(path), "%s/%c", dirs[rand_r(seed) % 4],
		 'a' + rand_r(seed) % 8);
	snprintf(other, sizeof(other), "%s/%c", dirs[rand_r(seed) % 4],
		 'a' + rand_r(seed) % 8);
	snprintf(text, sizeof(text), "%d", rand_r(seed) % 10);
	switch (rand_r(seed) % 8) {
	case 0:
		(void)file_remove_tree(AT_FDCWD, path, &ignored);
		break;
	case 1:
		(void)mkdir(path, 0755);
		break;
	case 2:
		(void)symlink(text, path);
		break;
	case 3:
		(void)rename(path, other);
		break;
	case 4:
		(void)chmod(path, rand_r(seed) % 2 ? 0755 : 0644);
		break;
	case 5:
		(void)link(path, other);
		break;
	default:
		(void)file_replace(AT_FDCWD, path, text, strlen(text), 0644,
				   false, &ignored);
	}
}

Test(statcache, whatever_changes_the_digest_is_the_true_one)
{
	unsigned seed = 5;

	for (int i = 0; i < 600; i++) {
		struct hash a, b;

		change(&seed);
		if (i % 7 == 0)
			clock_sleep_ms(REST_MS / 2);
		a = scan_as(HASH_XXH3, "c", i % 2 ? 1 : 3);
		b = truth();
		cr_assert(hash_equal(&a, &b), "after change %d", i);
	}
}

Test(statcache, rules_and_hashes_do_not_share_a_file)
{
	struct tree_options o = { .hash = HASH_XXH3, .stat_cache_dir = "c" };
	struct ignore *ig = NULL;
	struct tree *t = NULL;

	put("t/f", "x");
	put("t/g", "x");
	warm();
	free(cache_file());
	cr_assert_eq(ignore_parse(&ig, "r", "f\n", 2, &err), 0);
	o.ignore = ig;
	cr_assert_eq(tree_scan("t", &o, &t, &err), 0);
	cr_expect_null(tree_find(t, "f"));
	tree_free(t);
	ignore_free(ig);
	expect_true("without rules");
}

static void
replace_cache(const char *path, const struct buf *b)
{
	cr_assert_eq(file_replace(AT_FDCWD, path, b->data, b->len, 0600, false,
				  &err), 0);
}

static void
make_small_tree(void)
{
	put("t/a", "1");
	put("t/d/e/b", "22");
	put("t/d/c", "333");
	cr_assert_eq(symlink("a", "t/l"), 0);
	cr_assert_eq(mkdir("t/empty", 0755), 0);
	clock_sleep_ms(REST_MS);
	warm();
}

Test(statcache, a_damaged_file_is_no_file)
{
	struct buf b = BUF_INIT;
	struct hash real, h;
	char *path;

	make_small_tree();
	real = truth();
	path = cache_file();
	cr_assert_eq(file_read(AT_FDCWD, path, 0, &b, &err), 0);
	for (size_t i = 0; i < b.len; i++) {
		b.data[i] ^= (char)(1 << i % 8);
		replace_cache(path, &b);
		cr_expect_null(statcache_open(path, HASH_XXH3), "byte %zu", i);
		h = warm();
		cr_expect(hash_equal(&h, &real), "byte %zu", i);
		b.data[i] ^= (char)(1 << i % 8);
	}
	free(path);
	buf_release(&b);
}

Test(statcache, a_file_cut_short_is_no_file)
{
	struct buf b = BUF_INIT;
	struct hash real, h;
	char *path;

	make_small_tree();
	real = truth();
	path = cache_file();
	cr_assert_eq(file_read(AT_FDCWD, path, 0, &b, &err), 0);
	for (size_t len = b.len; len-- > 0;) {
		b.len = len;
		replace_cache(path, &b);
		h = warm();
		cr_expect(hash_equal(&h, &real), "%zu bytes", len);
	}
	free(path);
	buf_release(&b);
}

/* What no damage does: wild numbers under a sum that fits. */
Test(statcache, a_forged_file_breaks_nothing)
{
	struct buf b = BUF_INIT;
	struct hash sum;
	char *path;

	make_small_tree();
	path = cache_file();
	cr_assert_eq(file_read(AT_FDCWD, path, 0, &b, &err), 0);
	for (size_t i = 0; i < b.len - 16; i++) {
		char was = b.data[i];

		for (int bit = 0; bit < 8; bit += 7) {
			b.data[i] = (char)(was ^ 1 << bit);
			cr_assert_eq(hash_bytes(HASH_XXH3, b.data, b.len - 16,
						&sum, &err), 0);
			memcpy(b.data + b.len - 16, sum.bytes, 16);
			replace_cache(path, &b);
			warm();
		}
		b.data[i] = was;
	}
	free(path);
	buf_release(&b);
}

Test(statcache, it_may_go_at_any_time)
{
	char *path;

	make_small_tree();
	path = cache_file();
	cr_assert_eq(unlink(path), 0);
	expect_true("file gone");
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(rmdir("c"), 0);
	expect_true("directory gone");
	put("c", "not a directory");
	expect_true("no directory");
	cr_assert_eq(unlink("c"), 0);
	cr_assert_eq(mkdir("c", 0700), 0);
	free(path);
}

Test(statcache, another_file_in_its_place_is_not_followed)
{
	char *path;

	make_small_tree();
	path = cache_file();
	cr_assert_eq(rename(path, "moved"), 0);
	cr_assert_eq(symlink("../moved", path), 0);
	cr_expect_null(statcache_open(path, HASH_XXH3));
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(mkfifo(path, 0600), 0);
	expect_true("fifo");
	free(path);
}

Test(statcache, processes_at_once_agree)
{
	struct hash real;
	pid_t pids[6];
	struct dirent *e;
	int status;
	DIR *d;

	for (int i = 0; i < 300; i++) {
		char path[32];

		snprintf(path, sizeof(path), "t/d%d/f%d", i % 20, i);
		put(path, path);
	}
	real = truth();
	for (size_t i = 0; i < 6; i++) {
		pids[i] = fork();
		cr_assert_geq(pids[i], 0);
		if (pids[i])
			continue;
		for (int k = 0; k < 20; k++) {
			struct hash h = scan_as(HASH_XXH3, "c", 2);

			if (!hash_equal(&h, &real))
				_exit(1);
			if (k % 5 == (int)i)
				(void)utimensat(AT_FDCWD, "t/d1/f1", NULL, 0);
		}
		_exit(0);
	}
	for (size_t i = 0; i < 6; i++) {
		cr_assert_eq(waitpid(pids[i], &status, 0), pids[i]);
		cr_expect_eq(status, 0);
	}
	d = opendir("c");
	while ((e = readdir(d)))
		cr_expect_neq(strncmp(e->d_name, FILE_TEMP_PREFIX,
				      strlen(FILE_TEMP_PREFIX)), 0, "%s",
			      e->d_name);
	closedir(d);
	expect_true("after all");
}

Test(statcache, a_warm_run_loads_no_libgit2)
{
	struct hash real, h;
	int status;
	pid_t pid;

	put("t/d/f", "x");
	cr_assert_eq(symlink("f", "t/d/l"), 0);
	clock_sleep_ms(REST_MS);
	pid = fork();
	if (!pid) {
		scan_as(HASH_GIT, "c", 1);
		_exit(!gitlib_is_loaded());
	}
	waitpid(pid, &status, 0);
	cr_assert_eq(status, 0);
	h = scan_as(HASH_GIT, "c", 1);
	cr_expect_not(gitlib_is_loaded());
	real = scan_as(HASH_GIT, NULL, 1);
	cr_expect(hash_equal(&h, &real));
}

Test(statcache, a_tree_from_it_has_all_its_entries)
{
	struct tree_options o = { .hash = HASH_XXH3, .stat_cache_dir = "c" };
	struct tree *a = NULL, *b = NULL;
	struct tree_counts n;

	make_small_tree();
	cr_assert_eq(tree_scan("t", &o, &a, &err), 0);
	o.stat_cache_dir = NULL;
	cr_assert_eq(tree_scan("t", &o, &b, &err), 0);
	cr_expect(tree_find(a, "d/e/b"));
	cr_expect(hash_equal(&tree_find(a, "d/c")->digest,
			     &tree_find(b, "d/c")->digest));
	cr_expect_eq(tree_find(a, "a")->id.ino, tree_find(b, "a")->id.ino);
	tree_counts(a, &n);
	cr_expect_eq(n.files, 4);
	cr_expect_eq(n.dirs, 3);
	cr_expect_eq(n.bytes, 6);
	tree_free(a);
	tree_free(b);
}

Test(statcache, nothing_new_leaves_the_file_alone)
{
	struct stat a, b;
	char *path;

	make_small_tree();
	path = cache_file();
	cr_assert_eq(stat(path, &a), 0);
	warm();
	cr_assert_eq(stat(path, &b), 0);
	cr_expect_eq(a.st_ino, b.st_ino);
	free(path);
}

Test(statcache, use_keeps_the_file_young)
{
	struct timespec old[2] = { { 1000000000, 0 }, { 1000000000, 0 } };
	struct stat st;
	char *path;

	make_small_tree();
	path = cache_file();
	cr_assert_eq(utimensat(AT_FDCWD, path, old, 0), 0);
	warm();
	cr_assert_eq(stat(path, &st), 0);
	cr_expect_gt(st.st_mtim.tv_sec, 1000000000);
	free(path);
}

Test(statcache, a_file_costs_ninety_bytes_at_most)
{
	struct stat st;
	char *path;

	for (int i = 0; i < 1000; i++) {
		char name[64];

		snprintf(name, sizeof(name), "t/word-%03d/sourcefile-%d.c",
			 i / 10, i);
		put(name, "");
	}
	warm();
	path = cache_file();
	cr_assert_eq(stat(path, &st), 0);
	cr_expect_leq(st.st_size, 90 * 1000);
	free(path);
}

#define MS INT64_C(1000000)
#define S (1000 * MS)

Test(statcache, rest_is_measured_by_the_later_time)
{
	int64_t t = 1000 * S + 1;

	cr_expect(stat_is_settled(t, t, t + 20 * MS));
	cr_expect_not(stat_is_settled(t, t, t + 20 * MS - 1));
	cr_expect_not(stat_is_settled(t + MS, t, t + 20 * MS));
	cr_expect_not(stat_is_settled(t, t + MS, t + 20 * MS));
	cr_expect(stat_is_settled(0, t, t + 20 * MS));
	cr_expect_not(stat_is_settled(t + S, t, t + 100 * MS));
	cr_expect_not(stat_is_settled(INT64_MAX, t, t + S));
	cr_expect(stat_is_settled(INT64_MIN, t, t + S));
}

Test(statcache, whole_seconds_need_a_longer_rest)
{
	int64_t t = 1000 * S;

	cr_expect_not(stat_is_settled(t, t, t + S));
	cr_expect(stat_is_settled(t, t, t + 2 * S));
}

Test(statcache, whole_seconds_that_are_all_the_same_may_be_made_up)
{
	cr_expect(stat_may_be_made_up(5 * S, 5 * S));
	cr_expect_not(stat_may_be_made_up(5 * S, 6 * S));
	cr_expect_not(stat_may_be_made_up(5 * S + 1, 5 * S + 1));
}

static enum stat_trust
trust_of(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum stat_trust t = stat_trust_of(fd);

	close(fd);
	return t;
}

Test(statcache, only_known_file_systems_are_trusted)
{
	cr_expect_eq(trust_of("/proc"), STAT_KERNEL);
	cr_expect_eq(trust_of("/sys"), STAT_KERNEL);
	if (file_is_dir("/dev/shm"))
		cr_expect_eq(trust_of("/dev/shm"), STAT_TRUSTED);
	if (file_is_dir("/dev/pts"))
		cr_expect_eq(trust_of("/dev/pts"), STAT_UNKNOWN);
}
