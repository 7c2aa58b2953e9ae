/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"
#include "sys/file.h"

static char *top;
static struct imgcache_error err;

static void
set_up(void)
{
	const char *base = getenv("TMPDIR");

	umask(022);
	top = path_join(base ? base : "/tmp", "imgcache-dir-XXXXXX");
	cr_assert(mkdtemp(top));
	cr_assert_eq(chdir(top), 0);
}

static void
tear_down(void)
{
	struct imgcache_error ignored = { 0 };

	cr_expect_eq(file_remove_tree(AT_FDCWD, top, &ignored), 0, "%s",
		     ignored.text);
	cr_expect_not(file_exists(top));
	free(top);
}

TestSuite(dir, .init = set_up, .fini = tear_down);

static void
touch(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0644);

	cr_assert_geq(fd, 0);
	close(fd);
}

static mode_t
mode_of(const char *path)
{
	struct stat st;

	cr_assert_eq(stat(path, &st), 0);
	return st.st_mode & 07777;
}

Test(dir, exists_and_is_dir_follow_links)
{
	touch("f");
	cr_assert_eq(symlink("f", "to-file"), 0);
	cr_assert_eq(symlink(".", "to-dir"), 0);
	cr_assert_eq(symlink("none", "to-none"), 0);
	cr_assert(file_exists("f") && file_exists("to-file"));
	cr_assert_not(file_exists("to-none"));
	cr_assert(file_is_dir("to-dir") && file_is_dir("."));
	cr_assert_not(file_is_dir("f") || file_is_dir("none"));
}

Test(dir, mkdirs_makes_all_of_them_with_the_mode)
{
	cr_assert_eq(file_mkdirs("a/b//c/", 0700, &err), 0);
	cr_assert_eq(mode_of("a"), 0700);
	cr_assert_eq(mode_of("a/b/c"), 0700);
}

Test(dir, mkdirs_takes_what_exists_and_links_to_directories)
{
	cr_assert_eq(mkdir("a", 0755), 0);
	cr_assert_eq(symlink("a", "link"), 0);
	cr_assert_eq(file_mkdirs("a", 0700, &err), 0);
	cr_assert_eq(file_mkdirs("link/b", 0700, &err), 0);
	cr_assert_eq(mode_of("a"), 0755);
	cr_assert(file_is_dir("a/b"));
	cr_assert_eq(file_mkdirs("/", 0700, &err), 0);
}

Test(dir, mkdirs_on_a_file_fails)
{
	touch("f");
	cr_assert_eq(file_mkdirs("f", 0700, &err), IMGCACHE_EFAIL);
	cr_assert_str_eq(err.text,
			 "cannot make the directory 'f': Not a directory");
	error_clear(&err);
	cr_assert_eq(file_mkdirs("f/g", 0700, &err), IMGCACHE_EFAIL);
	error_clear(&err);
	cr_assert_eq(file_mkdirs("", 0700, &err), IMGCACHE_EFAIL);
}

Test(dir, a_private_directory_is_made_0700)
{
	cr_assert_eq(file_private_dir("p/q", &err), 0);
	cr_assert_eq(mode_of("p/q"), 0700);
	cr_assert_eq(file_private_dir("p/q", &err), 0);
}

Test(dir, a_private_directory_may_be_readable)
{
	cr_assert_eq(mkdir("p", 0755), 0);
	cr_assert_eq(file_private_dir("p", &err), 0);
}

Test(dir, a_private_directory_others_may_write_to_is_refused)
{
	cr_assert_eq(mkdir("p", 0700), 0);
	cr_assert_eq(chmod("p", 01777), 0);
	cr_assert_eq(file_private_dir("p", &err), IMGCACHE_EFAIL);
	cr_assert_str_eq(err.text, "cannot use the directory 'p': others may "
			 "write to it (mode 1777); run: chmod go-w 'p'");
	error_clear(&err);
	cr_assert_eq(chmod("p", 0770), 0);
	cr_assert_eq(file_private_dir("p", &err), IMGCACHE_EFAIL);
}

Test(dir, a_private_directory_of_someone_else_is_refused)
{
	cr_assert_eq(mkdir("p", 0700), 0);
	if (chown("p", 12345, (gid_t)-1))
		cr_skip_test("may not give a directory away");
	cr_assert_eq(file_private_dir("p", &err), IMGCACHE_EFAIL);
	cr_assert(strstr(err.text, "belongs to user 12345"));
}

Test(dir, a_link_to_a_private_directory_is_judged_by_the_directory)
{
	cr_assert_eq(mkdir("p", 0700), 0);
	cr_assert_eq(symlink("p", "link"), 0);
	cr_assert_eq(file_private_dir("link", &err), 0);
	cr_assert_eq(chmod("p", 0777), 0);
	cr_assert_eq(file_private_dir("link", &err), IMGCACHE_EFAIL);
}

Test(dir, remove_tree_removes_all_kinds)
{
	cr_assert_eq(file_mkdirs("t/a/b", 0755, &err), 0);
	touch("t/a/b/f");
	touch("t/.hidden");
	cr_assert_eq(mkfifo("t/fifo", 0600), 0);
	cr_assert_eq(symlink("nowhere", "t/dangling"), 0);
	cr_assert_eq(file_remove_tree(AT_FDCWD, "t", &err), 0);
	cr_assert_not(file_exists("t"));
}

Test(dir, remove_tree_does_not_follow_links)
{
	cr_assert_eq(mkdir("keep", 0755), 0);
	touch("keep/f");
	cr_assert_eq(mkdir("t", 0755), 0);
	cr_assert_eq(symlink("../keep", "t/link"), 0);
	cr_assert_eq(file_remove_tree(AT_FDCWD, "t", &err), 0);
	cr_assert(file_exists("keep/f"));
	cr_assert_eq(symlink("keep", "link"), 0);
	cr_assert_eq(file_remove_tree(AT_FDCWD, "link", &err), 0);
	cr_assert(file_exists("keep/f"));
}

Test(dir, remove_tree_of_what_is_gone_is_fine)
{
	cr_assert_eq(file_remove_tree(AT_FDCWD, "none", &err), 0);
	cr_assert_eq(file_remove_tree(AT_FDCWD, "none/at/all", &err), 0);
}

Test(dir, remove_tree_takes_many_entries)
{
	char name[40];

	cr_assert_eq(mkdir("t", 0755), 0);
	for (int i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "t/entry-%d", i);
		touch(name);
	}
	cr_assert_eq(file_remove_tree(AT_FDCWD, "t", &err), 0, "%s", err.text);
	cr_assert_not(file_exists("t"));
}

Test(dir, remove_tree_of_a_mount_point_fails_and_says_so)
{
	cr_assert_eq(file_mkdirs("t/mnt", 0755, &err), 0);
	if (mount("tmpfs", "t/mnt", "tmpfs", 0, "size=64k"))
		cr_skip_test("may not mount a tmpfs");
	cr_expect_eq(file_remove_tree(AT_FDCWD, "t", &err), IMGCACHE_EFAIL);
	cr_expect_eq(err.sys_errno, EBUSY);
	cr_assert_eq(umount("t/mnt"), 0);
}

Test(dir, a_local_file_system_is_no_network)
{
	if (mkdir("mnt", 0755) || mount("tmpfs", "mnt", "tmpfs", 0, NULL))
		cr_skip_test("may not mount a tmpfs");
	cr_expect_not(file_on_network("mnt"));
	cr_expect_not(file_on_network("mnt/not/made/yet"));
	cr_assert_eq(umount("mnt"), 0);
}

Test(dir, where_a_path_does_not_exist_its_parent_decides)
{
	cr_assert_eq(file_on_network("."), file_on_network("not/made/yet"));
	cr_assert_eq(file_on_network(top), file_on_network("."));
}
