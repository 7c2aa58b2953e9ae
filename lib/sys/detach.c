/* SPDX-License-Identifier: MIT */
/*
 * Forked twice: the process between makes the session and ends at once, so that
 * the last one is nobody's child and can never get a terminal again. A byte in
 * a pipe says that it has begun.
 */
#include "sys/detach.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "sys/signals.h"

#define MANY_FDS 65536

/* All of them from first to last. */
static void
close_range_of(int first, int last)
{
#ifdef SYS_close_range
	if (first > last || !syscall(SYS_close_range, first, last, 0))
		return;
#endif
	if (last > MANY_FDS)
		last = MANY_FDS;
	for (; first <= last; first++)
		close(first);
}

static void
close_others(int one, int other)
{
	int low = one < other ? one : other;
	int high = one < other ? other : one;

	if (low < 3)
		low = high;
	close_range_of(3, low - 1);
	close_range_of(low + 1, high - 1);
	close_range_of(high + 1, 0x7fffffff);
}

static int
set_stdio(int output_fd)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int failed = null < 0 || dup2(null, 0) < 0 || dup2(output_fd, 1) < 0 ||
		dup2(output_fd, 2) < 0;

	return failed ? -1 : 0;
}

static _Noreturn void
live_on(const struct detach *d, int ready)
{
	pid_t pid;

	if (setsid() < 0)
		_exit(1);
	pid = fork();
	if (pid)
		_exit(pid < 0);
	if (set_stdio(d->output_fd))
		_exit(1);
	close_others(ready, d->keep_fd);
	signals_renew();
	d->begin(d->payload);
	if (write(ready, "", 1) != 1)
		_exit(1);
	close(ready);
	_exit(d->run(d->payload));
}

int
detach_run(const struct detach *d, struct imgcache_error *err)
{
	int ready[2], status;
	char byte;
	ssize_t n;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC))
		return error_errno(err, IMGCACHE_EFAIL,
				   "cannot start a background process");
	pid = fork();
	if (pid == 0) {
		close(ready[0]);
		live_on(d, ready[1]);
	}
	close(ready[1]);
	if (pid < 0) {
		error_errno(err, IMGCACHE_EFAIL,
			    "cannot start a background process");
		close(ready[0]);
		return err->code;
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	do
		n = read(ready[0], &byte, 1);
	while (n < 0 && errno == EINTR);
	close(ready[0]);
	return n == 1 ? 0 : error_set(err, IMGCACHE_EFAIL, "cannot start a "
				      "background process: it ended at once");
}
