/* SPDX-License-Identifier: MIT */
#include "source_room.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/strv.h"
#include "source/ignore.h"
#include "source/tree.h"
#include "sys/signals.h"

#define NOBODY 65534

TestSuite(walk, .init = room_enter, .fini = room_leave);

static struct tree *
scan_with(const char *path, const char *rules,
	  const char *allow)
{
	struct tree_options o = { .hash = HASH_XXH3 };
	struct ignore *ig = NULL;
	struct strv list = { 0 };
	struct tree *t = NULL;

	if (rules)
		cr_assert_eq(ignore_parse(&ig, "rules", rules, strlen(rules),
					  &err), 0, "%s", err.text);
	if (allow)
		strv_split(&list, allow, " ");
	o.ignore = ig;
	o.allow = allow ? &list : NULL;
	cr_assert_eq(tree_scan(path, &o, &t, &err), 0, "%s", err.text);
	ignore_free(ig);
	strv_release(&list);
	return t;
}

static struct tree *
scan(const char *path)
{
	return scan_with(path, NULL, NULL);
}

static bool
add_line(void *payload, const char *path,
	 const struct tree_entry *e)
{
	buf_addf(payload, "%s%s\n", path, e->type == TREE_DIR ? "/" : "");
	return true;
}

static void
expect_list(struct tree *t, const char *expect)
{
	struct buf b = BUF_INIT;

	tree_each(t, add_line, &b);
	cr_expect_str_eq(b.data, expect);
	buf_release(&b);
	tree_free(t);
}

Test(walk, names_may_be_any_bytes)
{
	struct buf line = BUF_INIT;
	struct tree *t;
	char name[256];
	char *path;

	memset(name, 'n', 255);
	name[255] = '\0';
	path = path_join("t", name);
	put(path, "long");
	put("t/\x01\xff\n\"\\", "odd");
	free(path);
	t = scan("t");
	cr_expect(tree_find(t, name));
	tree_entry_line(tree_find(t, "\x01\xff\n\"\\"), &line);
	cr_expect(str_ends(line.data, " \"\\001\\377\\n\\\"\\\\\"\n"), "%s",
		  line.data);
	buf_release(&line);
	tree_free(t);
}

Test(walk, ignored_files_do_not_count)
{
	struct tree *t;

	put("t/a/1.txt", "");
	put("t/a/b/2.txt", "");
	put("t/x.log", "");
	put("t/y", "");
	cr_assert_eq(mkdir("t/empty", 0755), 0);
	expect_list(scan_with("t", "a\n!a/b\nempty/\n*.log", NULL),
		    "a/\na/b/\na/b/2.txt\ny\n");
	expect_list(scan_with("t", "*\n!a", NULL),
		    "a/\na/1.txt\na/b/\na/b/2.txt\n");
	expect_list(scan_with("t", "..\n../x\n.\n", NULL),
		    "a/\na/1.txt\na/b/\na/b/2.txt\nempty/\nx.log\ny\n");
	expect_list(scan_with("t", "a\nempty\ny\n!a/c", NULL), "x.log\n");
	t = scan_with("t", "*\n!a/b/2.txt", NULL);
	cr_expect(tree_find(t, "a")->ignored);
	expect_list(t, "a/\na/b/\na/b/2.txt\n");
}

Test(walk, a_reappearing_directory_has_its_mode)
{
	struct tree *a, *b;

	put("t/a/b/f", "");
	a = scan_with("t", "a\n!a/b", NULL);
	cr_assert_eq(chmod("t/a", 0711), 0);
	b = scan_with("t", "a\n!a/b", NULL);
	cr_expect_not(hash_equal(tree_digest(a), tree_digest(b)));
	tree_free(a);
	tree_free(b);
}

Test(walk, only_allowed_paths_count)
{
	put("t/a/b/c", "");
	put("t/a/d", "");
	put("t/ab", "");
	put("t/e/f", "");
	cr_assert_eq(mkdir("t/g", 0755), 0);
	expect_list(scan_with("t", NULL, "a/b ab"), "a/\na/b/\na/b/c\nab\n");
	expect_list(scan_with("t", NULL, "./e/ nowhere g/x"), "e/\ne/f\n");
	expect_list(scan_with("t", NULL, "g"), "g/\n");
	expect_list(scan_with("t", NULL, "a/d/x"), "");
	expect_list(scan_with("t", "**/c", "a"), "a/\na/b/\na/d\n");
	expect_list(scan_with("t", NULL, "e ."),
		    "a/\na/b/\na/b/c\na/d\nab\ne/\ne/f\ng/\n");
}

Test(walk, parents_of_allowed_paths_are_only_structure)
{
	struct tree *a, *b;

	put("t/a/b", "");
	a = scan_with("t", NULL, "a/b");
	cr_assert_eq(chmod("t/a", 0700), 0);
	put("t/a/other", "");
	b = scan_with("t", NULL, "a/b");
	cr_expect(hash_equal(tree_digest(a), tree_digest(b)));
	tree_free(a);
	tree_free(b);
}

Test(walk, a_link_on_the_way_to_an_allowed_path_counts)
{
	put("t/real/f", "");
	cr_assert_eq(symlink("real", "t/a"), 0);
	expect_list(scan_with("t", NULL, "a/f"), "a\n");
}

static bool
count_depth(void *payload, const char *path,
	    const struct tree_entry *e)
{
	size_t *longest = payload;

	(void)e;
	if (strlen(path) > *longest)
		*longest = strlen(path);
	return true;
}

#define LEVELS 2000

Test(walk, depth_has_no_limit)
{
	char name[101];
	size_t longest = 0;
	int fd = open(top, O_DIRECTORY | O_CLOEXEC);
	struct tree *t;

	memset(name, 'd', 100);
	name[100] = '\0';
	for (int i = 0; i < LEVELS; i++) {
		int next;

		cr_assert_eq(mkdirat(fd, name, 0755), 0);
		next = openat(fd, name, O_DIRECTORY | O_CLOEXEC);
		cr_assert_geq(next, 0);
		close(fd);
		fd = next;
	}
	close(openat(fd, "f", O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
	close(fd);
	t = scan(top);
	tree_each(t, count_depth, &longest);
	cr_expect_eq(longest, (size_t)LEVELS * 101 + 1);
	tree_free(t);
}

/* Scan in a child that is nobody; its result code, and the error's text. */
static int
scan_as_nobody(const char *path, const char *rules, char text[1024])
{
	int ends[2];
	int status;
	pid_t pid;

	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	cr_assert_geq(pid, 0);
	if (!pid) {
		struct tree_options o = { .hash = HASH_XXH3 };
		struct imgcache_error e = { 0 };
		struct ignore *ig = NULL;
		struct tree *t = NULL;
		int rc = 99;

		if (setgid(NOBODY) == 0 && setuid(NOBODY) == 0 &&
		    ignore_parse(&ig, "r", rules, strlen(rules), &e) == 0) {
			o.ignore = ig;
			rc = -tree_scan(path, &o, &t, &e);
		}
		ignore_free(ig);
		tree_free(t);
		if (write(ends[1], e.text, strlen(e.text) + 1) < 0)
			rc = 98;
		_exit(rc);
	}
	close(ends[1]);
	cr_assert_geq(read(ends[0], text, 1024), 1);
	close(ends[0]);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status));
	return -WEXITSTATUS(status);
}

Test(walk, what_cannot_be_read_is_an_error_with_its_path)
{
	char text[1024];

	if (geteuid() != 0)
		cr_skip_test("needs root to become somebody else");
	put("t/d/secret", "x");
	put("t/closed/f", "x");
	put("t/empty", "");
	cr_assert_eq(chmod("t/d/secret", 0), 0);
	cr_assert_eq(chmod("t/closed", 0700), 0);
	cr_assert_eq(chmod("t/empty", 0), 0);
	cr_expect_eq(scan_as_nobody("t", "closed\nempty", text),
		     IMGCACHE_EFAIL);
	cr_expect(strstr(text, "'d/secret': Permission denied"), "%s", text);
	cr_expect_eq(scan_as_nobody("t", "**/secret\nempty", text),
		     IMGCACHE_EFAIL);
	cr_expect(strstr(text, "'closed': Permission denied"), "%s", text);
	cr_expect_eq(scan_as_nobody("t", "**/secret\nclosed", text),
		     IMGCACHE_EFAIL);
	cr_expect(strstr(text, "'empty': Permission denied"), "%s", text);
	cr_expect_eq(scan_as_nobody("t", "**/secret\nclosed\nempty", text), 0);
	cr_expect_eq(scan_as_nobody("t",
				    "**/secret\nclosed\nempty\n!closed/f",
				    text), 0, "%s", text);
}

Test(walk, a_root_that_is_not_there_is_an_error_with_its_path)
{
	struct tree_options o = { .hash = HASH_XXH3 };
	struct tree *t = NULL;

	cr_expect_eq(tree_scan("nowhere", &o, &t, &err), IMGCACHE_EFAIL);
	cr_expect(strstr(err.text, "'nowhere'"), "%s", err.text);
	error_clear(&err);
	put("file", "");
	cr_expect_eq(tree_scan("file", &o, &t, &err), IMGCACHE_EFAIL);
	cr_expect(strstr(err.text, "'file'"), "%s", err.text);
	cr_expect_null(t);
}

Test(walk, files_that_come_and_go_never_break_a_scan)
{
	struct tree_options o = { .hash = HASH_XXH3 };
	int failed = 0;
	pid_t pid;

	put("t/a", "x");
	pid = fork();
	if (!pid) {
		for (;;) {
			int fd = open("t/f", O_CREAT | O_WRONLY | O_CLOEXEC,
				      0644);

			close(fd);
			unlink("t/f");
			mkdir("t/f", 0755);
			rmdir("t/f");
		}
	}
	for (int i = 0; i < 300; i++) {
		struct tree *t = NULL;

		if (tree_scan("t", &o, &t, &err)) {
			failed++;
			cr_expect_eq(err.code, IMGCACHE_ECHANGED, "%s",
				     err.text);
			cr_expect(strstr(err.text, "'f'"), "%s", err.text);
			error_clear(&err);
		}
		tree_free(t);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	cr_log_info("%d of 300 scans met the change", failed);
}

Test(walk, the_kernel_s_own_files_are_refused)
{
	struct tree_options o = { .hash = HASH_XXH3 };
	struct tree *t = NULL;

	cr_expect_eq(tree_scan("/proc", &o, &t, &err), IMGCACHE_EFAIL);
	cr_expect(strstr(err.text, "ignore file"), "%s", err.text);
	cr_expect_null(t);
}

static struct hash
scan_by(unsigned threads, const char *cache)
{
	struct tree_options o = { .hash = HASH_XXH3, .threads = threads,
				  .stat_cache_dir = cache };
	struct tree *t = NULL;
	struct hash h;

	cr_assert_eq(tree_scan("t", &o, &t, &err), 0, "%s", err.text);
	h = *tree_digest(t);
	tree_free(t);
	return h;
}

static void
put_many(void)
{
	char path[64];

	for (int i = 0; i < 3000; i++) {
		snprintf(path, sizeof(path), "t/a%d/b%d/c%d/f%d", i % 5,
			 i % 31, i % 3, i);
		put(path, path);
	}
}

Test(walk, the_number_of_threads_makes_no_difference)
{
	struct hash one, many;

	put_many();
	cr_assert_eq(mkdir("c", 0700), 0);
	one = scan_by(1, NULL);
	for (unsigned n = 0; n < 17; n += 4) {
		many = scan_by(n, NULL);
		cr_expect(hash_equal(&one, &many), "%u threads", n);
		many = scan_by(n, "c");
		cr_expect(hash_equal(&one, &many), "%u with a cache", n);
	}
}

static int
open_files(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	cr_assert(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

Test(walk, an_error_ends_all_threads_and_leaves_no_descriptor)
{
	struct tree_options o = { .hash = HASH_XXH3, .threads = 4 };
	struct rlimit all, few;
	struct tree *t = NULL;
	int before;

	put_many();
	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &all), 0);
	few = (struct rlimit){ 64, all.rlim_max };
	for (int fd = 0; fd < 60; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			cr_assert_eq(dup2(STDERR_FILENO, fd), fd);
	before = open_files();
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	cr_expect_eq(tree_scan("t", &o, &t, &err), IMGCACHE_EFAIL);
	cr_expect(strstr(err.text, "Too many open files"), "%s", err.text);
	cr_expect_null(t);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &all), 0);
	cr_expect_eq(open_files(), before);
}

Test(walk, a_signal_ends_all_threads)
{
	struct tree_options o = { .hash = HASH_XXH3, .threads = 4 };
	struct tree *t = NULL;

	put_many();
	signals_install();
	raise(SIGTERM);
	cr_expect_eq(tree_scan("t", &o, &t, &err), IMGCACHE_EINTR);
	cr_expect_null(t);
}

Test(walk, few_descriptors_are_enough)
{
	struct rlimit all, few;
	struct hash a, b;
	char path[512] = "t";

	for (int i = 0; i < 40; i++) {
		snprintf(path + strlen(path), sizeof(path) - strlen(path),
			 "/d%d", i);
		cr_assert_eq(file_mkdirs(path, 0755, &err), 0);
	}
	cr_assert_eq(system("for d in $(find t -type d); do "
			    "mkdir $d/x $d/y; echo $d >$d/x/f; done"), 0);
	a = scan_by(1, NULL);
	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &all), 0);
	few = (struct rlimit){ 24, all.rlim_max };
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	b = scan_by(1, NULL);
	cr_expect(hash_equal(&a, &b));
	b = scan_by(3, NULL);
	cr_expect(hash_equal(&a, &b));
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &all), 0);
}
