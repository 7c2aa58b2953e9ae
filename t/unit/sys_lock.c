/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"
#include "sys/child.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/lock.h"
#include "sys/signals.h"

static char *dir;
static char *path;
static struct imgcache_error err;

static void
set_up(void)
{
	const char *base = getenv("TMPDIR");

	dir = path_join(base ? base : "/tmp", "imgcache-lock-XXXXXX");
	cr_assert(mkdtemp(dir));
	path = path_join(dir, "lock");
}

static void
tear_down(void)
{
	struct imgcache_error ignored = { 0 };

	file_remove_tree(AT_FDCWD, dir, &ignored);
	free(dir);
	free(path);
}

TestSuite(lock, .init = set_up, .fini = tear_down, .timeout = 60);

/* Take and, if that went well, give back. */
static int
try_mode(enum lock_mode mode, int wait_ms)
{
	struct lock l = LOCK_INIT;
	int rc;

	error_clear(&err);
	rc = lock_take(&l, path, mode, wait_ms, "a try", &err);
	lock_release(&l);
	return rc;
}

Test(lock, an_exclusive_one_keeps_all_others_out)
{
	struct lock l = LOCK_INIT;

	cr_assert_eq(lock_take(&l, path, LOCK_EXCLUSIVE, 0, "x", &err), 0);
	cr_expect_eq(try_mode(LOCK_EXCLUSIVE, 0), IMGCACHE_EBUSY);
	cr_expect_eq(try_mode(LOCK_SHARED, 0), IMGCACHE_EBUSY);
	lock_release(&l);
	cr_expect_eq(try_mode(LOCK_EXCLUSIVE, 0), 0);
}

Test(lock, who_asks_makes_no_file)
{
	struct lock l = LOCK_INIT;

	cr_expect_not(lock_is_held(path));
	cr_expect_neq(access(path, F_OK), 0);
	cr_assert_eq(lock_take(&l, path, LOCK_EXCLUSIVE, 0, NULL, &err), 0);
	cr_expect(lock_is_held(path));
	lock_leave(&l);
	cr_expect_not(lock_is_held(path));
}

Test(lock, shared_ones_keep_only_exclusive_ones_out)
{
	struct lock l = LOCK_INIT;

	cr_assert_eq(lock_take(&l, path, LOCK_SHARED, 0, "x", &err), 0);
	cr_expect_eq(try_mode(LOCK_SHARED, 0), 0);
	cr_expect_eq(try_mode(LOCK_EXCLUSIVE, 0), IMGCACHE_EBUSY);
	lock_release(&l);
}

Test(lock, the_file_is_private)
{
	struct lock l = LOCK_INIT;
	struct stat st;

	umask(0);
	cr_assert_eq(lock_take(&l, path, LOCK_EXCLUSIVE, 0, "x", &err), 0);
	cr_assert_eq(stat(path, &st), 0);
	cr_assert_eq(st.st_mode & 07777, 0600);
	lock_release(&l);
}

Test(lock, busy_names_the_owner)
{
	struct lock l = LOCK_INIT;
	char *owner = mem_printf("held by pid %ld on ", (long)getpid());

	lock_take(&l, path, LOCK_EXCLUSIVE, 0, "building web", &err);
	cr_assert_eq(try_mode(LOCK_SHARED, 0), IMGCACHE_EBUSY);
	cr_assert(strstr(err.text, path) && strstr(err.text, owner) &&
		  strstr(err.text, ": building web"), "%s", err.text);
	lock_release(&l);
	free(owner);
}

Test(lock, the_owner_is_one_line_whatever_it_says)
{
	struct lock l = LOCK_INIT;
	char owner[100];

	lock_take(&l, path, LOCK_EXCLUSIVE, 0, "a\nb\033[1m", &err);
	lock_owner(path, owner, sizeof(owner));
	cr_assert(strstr(owner, ": a?b?[1m"), "%s", owner);
	lock_release(&l);
}

Test(lock, the_owner_fits_where_there_is_little_room)
{
	struct lock l = LOCK_INIT;
	char owner[5] = "xxxx";

	lock_take(&l, path, LOCK_EXCLUSIVE, 0, NULL, &err);
	lock_owner(path, owner, sizeof(owner));
	cr_assert_str_eq(owner, "pid ");
	lock_release(&l);
}

Test(lock, nobody_owns_what_was_released_or_never_taken)
{
	struct lock l = LOCK_INIT;
	char owner[100] = "x";

	lock_owner(path, owner, sizeof(owner));
	cr_assert_str_eq(owner, "");
	lock_take(&l, path, LOCK_EXCLUSIVE, 0, "x", &err);
	lock_release(&l);
	lock_owner(path, owner, sizeof(owner));
	cr_assert_str_eq(owner, "");
}

Test(lock, release_of_what_is_not_held_does_nothing)
{
	struct lock l = LOCK_INIT;

	lock_release(&l);
	lock_discard(&l);
	cr_assert_eq(l.fd, -1);
}

/* In a process of its own, so that tear_down() is called all the same. */
Test(lock, to_take_a_held_one_is_our_mistake)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct lock l = LOCK_INIT;

		lock_take(&l, path, LOCK_SHARED, 0, "x", &err);
		lock_take(&l, path, LOCK_SHARED, 0, "x", &err);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

Test(lock, a_wait_that_is_too_short_is_busy)
{
	struct lock l = LOCK_INIT;
	int64_t start = clock_mono_us(), took;

	lock_take(&l, path, LOCK_EXCLUSIVE, 0, "x", &err);
	cr_assert_eq(try_mode(LOCK_EXCLUSIVE, 120), IMGCACHE_EBUSY);
	took = clock_mono_us() - start;
	cr_assert(took >= 120000 && took < 10000000);
	lock_release(&l);
}

/* A process that holds the lock for that long; waits until it has it. */
static pid_t
hold_elsewhere(int ms)
{
	struct lock l = LOCK_INIT;
	int fds[2];
	char c;
	pid_t pid;

	cr_assert_eq(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		if (lock_take(&l, path, LOCK_EXCLUSIVE, 0, "elsewhere", &err) ||
		    write(fds[1], "x", 1) != 1)
			_exit(1);
		clock_sleep_ms(ms);
		_exit(0);
	}
	close(fds[1]);
	cr_assert_eq(read(fds[0], &c, 1), 1);
	close(fds[0]);
	return pid;
}

Test(lock, a_wait_ends_when_the_owner_does)
{
	int64_t start = clock_mono_us();
	pid_t pid = hold_elsewhere(200);

	cr_assert_eq(try_mode(LOCK_EXCLUSIVE, -1), 0);
	cr_assert_geq(clock_mono_us() - start, 190000);
	waitpid(pid, NULL, 0);
}

Test(lock, a_killed_owner_leaves_nothing)
{
	pid_t pid = hold_elsewhere(60000);

	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	cr_assert_eq(try_mode(LOCK_EXCLUSIVE, 0), 0);
}

Test(lock, a_signal_ends_the_wait)
{
	struct lock l = LOCK_INIT;
	pid_t pid;

	signals_install();
	lock_take(&l, path, LOCK_EXCLUSIVE, 0, "x", &err);
	pid = fork();
	if (pid == 0) {
		usleep(100000);
		kill(getppid(), SIGTERM);
		_exit(0);
	}
	cr_assert_eq(try_mode(LOCK_EXCLUSIVE, -1), IMGCACHE_EINTR);
	cr_assert_str_eq(err.text, "interrupted by SIGTERM");
	waitpid(pid, NULL, 0);
	lock_release(&l);
}

Test(lock, after_a_signal_a_free_lock_can_still_be_taken)
{
	signals_install();
	raise(SIGTERM);
	cr_assert_eq(try_mode(LOCK_EXCLUSIVE, -1), 0);
}

Test(lock, a_discarded_file_does_not_fool_those_who_wait)
{
	struct lock l = LOCK_INIT, next = LOCK_INIT;
	pid_t pid;
	int status;

	lock_take(&l, path, LOCK_EXCLUSIVE, 0, "x", &err);
	pid = fork();
	if (pid == 0) {		/* holds l, too, until it is closed here */
		close(l.fd);
		_exit(lock_take(&next, path, LOCK_EXCLUSIVE, -1, "y", &err) ||
		      !file_exists(path));
	}
	usleep(50000);
	lock_discard(&l);
	waitpid(pid, &status, 0);
	cr_assert_eq(status, 0);
}

/* 0 unless someone else was found to hold the lock, too. */
static int
take_and_discard(const char *mark)
{
	struct lock l = LOCK_INIT;

	error_clear(&err);
	if (lock_take(&l, path, LOCK_EXCLUSIVE, 0, "", &err))
		return err.code == IMGCACHE_EBUSY ? 0 : 1;
	if (mkdir(mark, 0700))
		return 2;
	usleep(20);
	if (rmdir(mark))
		return 3;
	lock_discard(&l);
	return 0;
}

/* open() and flock() with the file removed between the two, many times. */
Test(lock, two_never_hold_it_while_files_come_and_go)
{
	char *mark = path_join(dir, "mark");
	pid_t pids[4];

	for (int i = 0; i < 4; i++) {
		int rc = 0;

		pids[i] = fork();
		for (int n = 0; pids[i] == 0 && !rc && n < 2000; n++)
			rc = take_and_discard(mark);
		if (pids[i] == 0)
			_exit(rc);
	}
	for (int i = 0; i < 4; i++) {
		int status;

		waitpid(pids[i], &status, 0);
		cr_expect_eq(status, 0);
	}
	free(mark);
}

Test(lock, a_link_is_not_followed)
{
	char *target = path_join(dir, "target");

	cr_assert_eq(symlink(target, path), 0);
	cr_assert_eq(try_mode(LOCK_EXCLUSIVE, 0), IMGCACHE_EFAIL);
	cr_assert_eq(err.sys_errno, ELOOP);
	cr_assert_not(file_exists(target));
	free(target);
}

Test(lock, a_missing_directory_is_an_error)
{
	struct lock l = LOCK_INIT;

	cr_assert_eq(lock_take(&l, "/nonexistent/lock", LOCK_SHARED, -1, "",
			       &err), IMGCACHE_EFAIL);
	cr_assert_eq(l.fd, -1);
}

/* Takes the lock, starts a child that inherits it, and dies hard. */
static void
leave_an_orphan(int report_fd)
{
	static const char *const argv[] = { "sleep", "300", NULL };
	struct lock l = LOCK_INIT;
	struct child c = { 0 };
	struct child_options o = { .argv = argv, .own_group = true };

	if (lock_take(&l, path, LOCK_EXCLUSIVE, 0, "build", &err))
		_exit(1);
	o.inherit_fd = l.fd;
	if (child_start(&c, &o, &err) ||
	    write(report_fd, &c.pid, sizeof(c.pid)) != sizeof(c.pid))
		_exit(2);
	raise(SIGKILL);
}

Test(lock, an_orphan_that_inherited_it_holds_it)
{
	pid_t parent, orphan;
	int fds[2];

	cr_assert_eq(pipe2(fds, O_CLOEXEC), 0);
	parent = fork();
	if (parent == 0)
		leave_an_orphan(fds[1]);
	cr_assert_eq(read(fds[0], &orphan, sizeof(orphan)), sizeof(orphan));
	waitpid(parent, NULL, 0);
	cr_expect_eq(try_mode(LOCK_EXCLUSIVE, 0), IMGCACHE_EBUSY);
	cr_expect(strstr(err.text, ": build (gone)"), "%s", err.text);
	kill(orphan, SIGKILL);
	cr_expect_eq(try_mode(LOCK_EXCLUSIVE, 5000), 0);
}

Test(lock, other_children_do_not_inherit_it)
{
	static const char *const argv[] = { "sleep", "300", NULL };
	struct child_options o = { .argv = argv, .own_group = true };
	struct lock l = LOCK_INIT;
	struct child c = { 0 };

	lock_take(&l, path, LOCK_EXCLUSIVE, 0, "x", &err);
	cr_assert_eq(child_start(&c, &o, &err), 0);
	lock_release(&l);
	cr_expect_eq(try_mode(LOCK_EXCLUSIVE, 2000), 0);
	child_kill(&c, SIGKILL);
	child_wait(&c, 0, &err);
}
