/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "sys/signals.h"

static bool
is_readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

/* Status of a process that does body and, if that returns, exits with 0. */
static int
status_of(void (*body)(void))
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		body();
		_exit(0);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return status;
}

Test(signals, before_install_there_is_no_descriptor)
{
	cr_assert_eq(signals_fd(), -1);
	cr_assert_eq(signals_pending(), 0);
}

Test(signals, install_twice_is_install_once)
{
	int fd;

	signals_install();
	fd = signals_fd();
	signals_install();
	cr_assert_geq(fd, 0);
	cr_assert_eq(signals_fd(), fd);
	cr_assert_not(is_readable(fd));
}

Test(signals, each_of_the_three_is_noticed)
{
	static const int sigs[] = { SIGHUP, SIGINT, SIGTERM };

	for (int i = 0; i < 3; i++) {
		pid_t pid = fork();
		int status;

		if (pid == 0) {
			signal(sigs[i], SIG_DFL);
			signals_install();
			raise(sigs[i]);
			_exit(signals_pending() == sigs[i] &&
			      is_readable(signals_fd()) ? 0 : 1);
		}
		waitpid(pid, &status, 0);
		cr_expect_eq(status, 0, "signal %d", sigs[i]);
	}
}

Test(signals, check_says_which)
{
	struct imgcache_error err = { 0 };

	signal(SIGINT, SIG_DFL);
	signals_install();
	cr_assert_eq(signals_check(&err), 0);
	cr_assert_eq(err.code, 0);
	raise(SIGINT);
	cr_assert_eq(signals_check(&err), IMGCACHE_EINTR);
	cr_assert_str_eq(err.text, "interrupted by SIGINT");
}

static void
two_of_a_kind(void)
{
	signals_install();
	raise(SIGTERM);
	usleep(400 * 1000);
	raise(SIGTERM);
}

static void
the_same_twice(void)
{
	signals_install();
	raise(SIGTERM);
	raise(SIGTERM);
	_exit(signals_pending() == SIGTERM ? 7 : 8);
}

/* timeout(1) signals its child and then the group that the child is in. */
Test(signals, an_echo_is_not_a_second_interrupt)
{
	int status = status_of(the_same_twice);

	cr_assert(WIFEXITED(status));
	cr_assert_eq(WEXITSTATUS(status), 7);
}

Test(signals, a_second_interrupt_kills_at_once)
{
	int status = status_of(two_of_a_kind);

	cr_assert(WIFSIGNALED(status));
	cr_assert_eq(WTERMSIG(status), SIGTERM);
}

static void
two_different(void)
{
	signal(SIGHUP, SIG_DFL);
	signals_install();
	raise(SIGTERM);
	usleep(400000);
	raise(SIGHUP);
}

Test(signals, a_second_interrupt_may_be_another_signal)
{
	int status = status_of(two_different);

	cr_assert(WIFSIGNALED(status));
	cr_assert_eq(WTERMSIG(status), SIGHUP);
}

/* As docker and a terminal do it. */
static void
two_at_once(void)
{
	signal(SIGHUP, SIG_DFL);
	signals_install();
	raise(SIGTERM);
	raise(SIGHUP);
	_exit(signals_pending() == SIGTERM ? 7 : 1);
}

Test(signals, two_different_ones_at_once_are_one)
{
	int status = status_of(two_at_once);

	cr_assert(WIFEXITED(status));
	cr_assert_eq(WEXITSTATUS(status), 7);
}

static void
end_as_interrupted(void)
{
	signal(SIGINT, SIG_DFL);
	signals_install();
	raise(SIGINT);
	signals_reraise();
}

Test(signals, reraise_ends_as_the_signal_would_have)
{
	int status = status_of(end_as_interrupted);

	cr_assert(WIFSIGNALED(status));
	cr_assert_eq(WTERMSIG(status), SIGINT);
}

Test(signals, reraise_without_a_signal_returns)
{
	signals_install();
	signals_reraise();
}

Test(signals, sigpipe_is_ignored)
{
	int fds[2];

	signals_install();
	cr_assert_eq(pipe(fds), 0);
	close(fds[0]);
	cr_assert_eq(write(fds[1], "x", 1), -1);
	cr_assert_eq(errno, EPIPE);
	close(fds[1]);
}

Test(signals, what_nohup_ignores_stays_ignored)
{
	signal(SIGHUP, SIG_IGN);
	signals_install();
	raise(SIGHUP);
	cr_assert_eq(signals_pending(), 0);
}

Test(signals, an_ignored_sigchld_is_not)
{
	signal(SIGCHLD, SIG_IGN);
	signals_install();
	cr_assert_eq(signal(SIGCHLD, SIG_DFL), SIG_DFL);
}

static void
interrupt_without_descriptors(void)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_NOFILE, &none);
	signals_install();
	errno = ENOTTY;
	raise(SIGTERM);
	if (errno != ENOTTY || signals_fd() != -1 ||
	    signals_pending() != SIGTERM)
		_exit(1);
}

Test(signals, without_a_pipe_the_number_is_still_told_and_errno_kept)
{
	cr_assert_eq(status_of(interrupt_without_descriptors), 0);
}

Test(signals, names_are_as_in_signal_7)
{
	cr_assert_str_eq(signals_name(SIGKILL), "SIGKILL");
	cr_assert_null(signals_name(0));
	cr_assert_null(signals_name(9999));
}
