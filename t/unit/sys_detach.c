/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"
#include "sys/detach.h"
#include "sys/file.h"
#include "sys/lock.h"
#include "sys/signals.h"

/* What the process says of itself goes where its output goes: a pipe. */
static struct {
	struct lock lock;
	int closed_fd;		/* must not be open in it */
	pid_t session;		/* ours */
	int reads;
} about;

static void
begin(void *payload)
{
	(void)payload;
	if (about.lock.fd != -1)
		lock_adopt(&about.lock, "behind");
}

static int
tell(void *payload)
{
	char text[128];

	(void)payload;
	about.reads = (int)read(0, text, sizeof(text));
	snprintf(text, sizeof(text), "%d %d %d %d %d\n",
		 getsid(0) != getpid(), getsid(0) != about.session,
		 fcntl(about.closed_fd, F_GETFD) == -1 && errno == EBADF,
		 about.reads, open("/dev/tty", O_RDWR | O_CLOEXEC) < 0);
	if (write(1, text, strlen(text)) < 0)
		return 1;
	return 0;
}

/* Until all its copies are closed, which is when the process has ended. */
static const char *
read_all(int fd)
{
	static char text[256];
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	close(fd);
	return text;
}

static void
start(int *fd, int (*run)(void *payload))
{
	struct imgcache_error err = { 0 };
	struct detach d = { .begin = begin, .run = run };
	int out[2];

	cr_assert_eq(pipe2(out, O_CLOEXEC), 0);
	d.output_fd = out[1];
	d.keep_fd = about.lock.fd;
	cr_assert_eq(detach_run(&d, &err), 0, "%s", err.text);
	close(out[1]);
	*fd = out[0];
}

Test(detach, has_a_session_no_terminal_and_no_file_of_ours, .timeout = 20)
{
	int fd;

	about.lock = (struct lock)LOCK_INIT;
	about.closed_fd = dup(2);
	about.session = getsid(0);
	start(&fd, tell);
	cr_expect_str_eq(read_all(fd), "1 1 1 0 1\n");
}

static int
wait_for_sigterm(void *payload)
{
	struct pollfd p = { .fd = signals_fd(), .events = POLLIN };

	(void)payload;
	while (!signals_pending())
		(void)poll(&p, 1, 10000);
	return dprintf(1, "%s\n", signals_name(signals_pending())) < 0;
}

Test(detach, keeps_the_lock_in_its_own_name_and_hears_signals, .timeout = 20)
{
	char dir[] = "/tmp/imgcache-detach-XXXXXX", owner[256];
	struct imgcache_error err = { 0 };
	char *path;
	long pid = 0;
	int fd;

	signals_install();
	cr_assert(mkdtemp(dir));
	path = path_join(dir, "lock");
	about.lock = (struct lock)LOCK_INIT;
	cr_assert_eq(lock_take(&about.lock, path, LOCK_EXCLUSIVE, 0, "before",
			       &err), 0);
	start(&fd, wait_for_sigterm);
	lock_leave(&about.lock);
	cr_expect_eq(lock_take(&about.lock, path, LOCK_EXCLUSIVE, 0, "again",
			       &err), IMGCACHE_EBUSY);
	lock_owner(path, owner, sizeof(owner));
	cr_assert_eq(sscanf(owner, "pid %ld", &pid), 1);
	cr_expect_neq(pid, (long)getpid());
	cr_expect(strstr(owner, "behind"), "%s", owner);
	cr_assert_eq(kill((pid_t)pid, SIGTERM), 0);
	cr_expect_str_eq(read_all(fd), "SIGTERM\n");
	cr_expect_eq(signals_pending(), 0, "it was not for us");
	error_clear(&err);
	cr_expect_eq(lock_take(&about.lock, path, LOCK_EXCLUSIVE, 1000,
			       "again", &err), 0);
	lock_release(&about.lock);
	file_remove_tree(AT_FDCWD, dir, &err);
	free(path);
}
