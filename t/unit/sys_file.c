/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "sys/file.h"

static char *dir;
static int dir_fd = -1;
static struct imgcache_error err;

static void
set_up(void)
{
	const char *base = getenv("TMPDIR");

	dir = path_join(base ? base : "/tmp", "imgcache-file-XXXXXX");
	cr_assert(mkdtemp(dir));
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert_geq(dir_fd, 0);
}

static void
tear_down(void)
{
	struct imgcache_error ignored = { 0 };

	close(dir_fd);
	file_remove_tree(AT_FDCWD, dir, &ignored);
	free(dir);
}

TestSuite(file, .init = set_up, .fini = tear_down);

static void
put(const char *name, const char *text)
{
	int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	cr_assert_eq(file_write_fd(fd, text, strlen(text)), 0);
	close(fd);
}

static void
expect_content(const char *name, const char *expect)
{
	struct buf b = BUF_INIT;
	struct imgcache_error e = { 0 };

	cr_expect_eq(file_read(dir_fd, name, 0, &b, &e), 0, "%s", e.text);
	cr_expect_str_eq(b.data, expect);
	buf_release(&b);
}

static int
count_entries(void)
{
	DIR *d = fdopendir(openat(dir_fd, ".", O_RDONLY | O_DIRECTORY));
	int n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

Test(file, read_appends_the_last_line_without_newline_too)
{
	struct buf b = BUF_INIT;

	put("a", "one\ntwo");
	buf_adds(&b, "> ");
	cr_assert_eq(file_read(dir_fd, "a", 0, &b, &err), 0);
	cr_assert_str_eq(b.data, "> one\ntwo");
	buf_release(&b);
}

Test(file, read_takes_a_mebibyte_in_one_line)
{
	struct buf text = BUF_INIT, b = BUF_INIT;

	for (int i = 0; i < 1 << 20; i++)
		buf_addc(&text, 'x');
	put("big", text.data);
	cr_assert_eq(file_read(dir_fd, "big", 1 << 20, &b, &err), 0);
	cr_assert_eq(b.len, text.len);
	cr_assert_str_eq(b.data, text.data);
	buf_release(&text);
	buf_release(&b);
}

Test(file, read_of_too_much_says_so_and_leaves_out_as_it_was)
{
	struct buf b = BUF_INIT;

	put("big", "12345678901");
	buf_adds(&b, "before");
	cr_assert_eq(file_read(dir_fd, "big", 10, &b, &err), IMGCACHE_EFAIL);
	cr_assert_str_eq(err.text, "cannot read 'big': larger than 10 B");
	cr_assert_str_eq(b.data, "before");
	buf_release(&b);
}

Test(file, read_of_a_missing_file_is_eno)
{
	struct buf b = BUF_INIT;

	cr_assert_eq(file_read(dir_fd, "none", 0, &b, &err), IMGCACHE_ENO);
	cr_assert_eq(err.sys_errno, ENOENT);
}

Test(file, read_of_a_directory_fails)
{
	struct buf b = BUF_INIT;

	cr_assert_eq(file_read(dir_fd, ".", 0, &b, &err), IMGCACHE_EFAIL);
	cr_assert_eq(err.sys_errno, EISDIR);
	buf_release(&b);
}

static void *
read_all_slowly(void *arg)
{
	char c[100];
	size_t *total = arg;
	ssize_t n;

	while ((n = read((int)total[0], c, sizeof(c))) > 0)
		total[1] += (size_t)n;
	return NULL;
}

Test(file, write_to_a_full_nonblocking_pipe_waits)
{
	char data[300000] = { 0 };
	pthread_t reader;
	size_t total[2] = { 0 };
	int fds[2];

	cr_assert_eq(pipe2(fds, O_NONBLOCK), 0);
	cr_assert_eq(fcntl(fds[0], F_SETFL, 0), 0);
	total[0] = (size_t)fds[0];
	pthread_create(&reader, NULL, read_all_slowly, total);
	cr_assert_eq(file_write_fd(fds[1], data, sizeof(data)), 0);
	close(fds[1]);
	pthread_join(reader, NULL);
	cr_assert_eq(total[1], sizeof(data));
	close(fds[0]);
}

Test(file, replace_makes_and_replaces)
{
	cr_assert_eq(file_replace(dir_fd, "f", "old", 3, 0600, false, &err),
		     0);
	expect_content("f", "old");
	cr_assert_eq(file_replace(dir_fd, "f", "new", 3, 0600, true, &err), 0);
	expect_content("f", "new");
	cr_assert_eq(count_entries(), 1);
}

Test(file, replace_honours_mode_and_umask)
{
	struct stat st;

	umask(022);
	file_replace(dir_fd, "a", "", 0, 0666, false, &err);
	fstatat(dir_fd, "a", &st, 0);
	cr_assert_eq(st.st_mode & 07777, 0644);
	file_replace(dir_fd, "b", "", 0, 0600, false, &err);
	fstatat(dir_fd, "b", &st, 0);
	cr_assert_eq(st.st_mode & 07777, 0600);
}

Test(file, replace_works_below_a_directory_and_by_absolute_path)
{
	char *abs = path_join(dir, "sub/g");

	mkdirat(dir_fd, "sub", 0700);
	cr_assert_eq(file_replace(dir_fd, "sub/f", "x", 1, 0600, true, &err),
		     0);
	cr_assert_eq(file_replace(AT_FDCWD, abs, "y", 1, 0600, true, &err), 0);
	expect_content("sub/f", "x");
	expect_content("sub/g", "y");
	free(abs);
}

Test(file, replace_of_a_link_leaves_its_target_alone)
{
	put("target", "kept");
	symlinkat("target", dir_fd, "link");
	cr_assert_eq(file_replace(dir_fd, "link", "new", 3, 0600, false, &err),
		     0);
	expect_content("target", "kept");
	expect_content("link", "new");
}

Test(file, replace_that_cannot_rename_leaves_no_temp_file)
{
	mkdirat(dir_fd, "d", 0700);
	cr_assert_eq(file_replace(dir_fd, "d", "x", 1, 0600, false, &err),
		     IMGCACHE_EFAIL);
	cr_assert_eq(count_entries(), 1);
}

Test(file, replace_without_a_directory_fails)
{
	cr_assert_eq(file_replace(dir_fd, "no/f", "x", 1, 0600, false, &err),
		     IMGCACHE_EFAIL);
	cr_assert_eq(err.sys_errno, ENOENT);
}

/* A limit on the size of files stops the write in the middle. */
Test(file, replace_that_fails_midway_keeps_the_old_content)
{
	char data[100000] = { 0 };
	struct rlimit limit = { 50000, 50000 };

	put("f", "old");
	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	cr_assert_eq(file_replace(dir_fd, "f", data, sizeof(data), 0600, true,
				  &err), IMGCACHE_EFAIL);
	cr_assert_eq(err.sys_errno, EFBIG);
	expect_content("f", "old");
	cr_assert_eq(count_entries(), 1);
}

static void
full_disk(const char *mnt)
{
	char data[400000] = { 0 };
	struct buf b = BUF_INIT;
	char *path = path_join(mnt, "f");

	cr_expect_eq(file_replace(AT_FDCWD, path, "old", 3, 0600, true, &err),
		     0);
	cr_expect_eq(file_replace(AT_FDCWD, path, data, sizeof(data), 0600,
				  true, &err), IMGCACHE_EFAIL);
	cr_expect_eq(err.sys_errno, ENOSPC);
	error_clear(&err);
	cr_expect_eq(file_read(AT_FDCWD, path, 0, &b, &err), 0);
	cr_expect_str_eq(b.data, "old");
	unlink(path);
	cr_expect_eq(umount(mnt), 0);
	buf_release(&b);
	free(path);
}

Test(file, replace_on_a_full_disk_keeps_the_old_content)
{
	char *mnt = path_join(dir, "mnt");

	mkdir(mnt, 0700);
	if (mount("tmpfs", mnt, "tmpfs", 0, "size=128k")) {
		free(mnt);
		cr_skip_test("may not mount a tmpfs");
	}
	full_disk(mnt);
	free(mnt);
}

static void
replace_many_times(void)
{
	char text[70000];

	for (int i = 0; i < 300; i++) {
		memset(text, 'a' + i % 26, sizeof(text));
		if (file_replace(dir_fd, "f", text, sizeof(text), 0600, false,
				 &err))
			_exit(1);
	}
	_exit(0);
}

Test(file, replace_never_shows_a_part)
{
	pid_t pid;
	int status;

	cr_assert_eq(file_replace(dir_fd, "f", "", 0, 0600, false, &err), 0);
	pid = fork();
	if (pid == 0)
		replace_many_times();
	while (waitpid(pid, &status, WNOHANG) == 0) {
		struct buf b = BUF_INIT;

		cr_assert_eq(file_read(dir_fd, "f", 0, &b, &err), 0);
		cr_assert(b.len == 0 || b.len == 70000);
		cr_assert(b.len == 0 || b.data[0] == b.data[b.len - 1]);
		buf_release(&b);
	}
	cr_assert_eq(status, 0);
}

static int
count_descriptors(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return n;
}

Test(file, descriptors_do_not_leak)
{
	struct buf b = BUF_INIT;
	int before = count_descriptors();

	file_replace(dir_fd, "f", "x", 1, 0600, true, &err);
	file_read(dir_fd, "f", 0, &b, &err);
	file_read(dir_fd, "none", 0, &b, &err);
	error_clear(&err);
	file_replace(dir_fd, "no/f", "x", 1, 0600, true, &err);
	error_clear(&err);
	file_remove_tree(dir_fd, "f", &err);
	cr_assert_eq(count_descriptors(), before);
	buf_release(&b);
}
