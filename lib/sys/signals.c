/* SPDX-License-Identifier: MIT */
/*
 * The one place with global state: a signal has no other way to tell. The
 * handler makes system calls only and leaves errno as it was.
 *
 * A signal that was ignored when we started (nohup, a shell's &) stays so.
 */

#include "sys/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"

#define ECHO_MS 300

static const int handled[] = { SIGHUP, SIGINT, SIGTERM };

static bool installed;
static int wake_fds[2] = { -1, -1 };
static volatile sig_atomic_t pending;
static struct timespec first;		/* when it came */

/* Process 1 of a container has no default action and leaves by itself. */
static void
die_of(int sig)
{
	struct sigaction sa = { .sa_handler = SIG_DFL };
	sigset_t set;

	sigemptyset(&sa.sa_mask);
	sigaction(sig, &sa, NULL);
	sigemptyset(&set);
	sigaddset(&set, sig);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(sig);
	_exit(128 + sig);
}

/*
 * timeout(1) and some shells send each signal twice at once, docker another one
 * to its plugins beside the terminal's: that is one.
 */
static bool
is_echo(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - first.tv_sec) * 1000 +
		(now.tv_nsec - first.tv_nsec) / 1000000 < ECHO_MS;
}

static void
on_signal(int sig)
{
	int saved = errno;

	if (pending && is_echo())
		return;
	if (pending)
		die_of(sig);
	clock_gettime(CLOCK_MONOTONIC, &first);
	pending = sig;
	if (write(wake_fds[1], "", 1) < 0)
		pending = sig;		/* no pipe: the number has to do */
	errno = saved;
}

static void
open_pipe(void)
{
	if (pipe2(wake_fds, O_CLOEXEC | O_NONBLOCK))
		wake_fds[0] = wake_fds[1] = -1;
}

static void
set_handler(int sig, void (*handler)(int))
{
	struct sigaction sa = { .sa_handler = handler, .sa_flags = SA_RESTART };
	struct sigaction old;

	sigemptyset(&sa.sa_mask);
	for (size_t i = 0; i < sizeof(handled) / sizeof(handled[0]); i++)
		sigaddset(&sa.sa_mask, handled[i]);
	sigaction(sig, NULL, &old);
	if (handler != on_signal || old.sa_handler != SIG_IGN)
		sigaction(sig, &sa, NULL);
}

void
signals_install(void)
{
	if (installed)
		return;
	installed = true;
	open_pipe();
	for (size_t i = 0; i < sizeof(handled) / sizeof(handled[0]); i++)
		set_handler(handled[i], on_signal);
	set_handler(SIGPIPE, SIG_IGN);
	set_handler(SIGCHLD, SIG_DFL);	/* ignored, it would eat the statuses */
}

void
signals_renew(void)
{
	if (!installed)
		return;
	for (int i = 0; i < 2; i++)
		if (wake_fds[i] >= 0)
			close(wake_fds[i]);
	open_pipe();
	pending = 0;
}

int
signals_fd(void)
{
	return wake_fds[0];
}

int
signals_pending(void)
{
	return pending;
}

static const struct {
	int sig;
	const char *name;
} names[] = {
	{ SIGHUP, "SIGHUP" },	{ SIGINT, "SIGINT" },
	{ SIGQUIT, "SIGQUIT" },	{ SIGILL, "SIGILL" },
	{ SIGTRAP, "SIGTRAP" },	{ SIGABRT, "SIGABRT" },
	{ SIGBUS, "SIGBUS" },	{ SIGFPE, "SIGFPE" },
	{ SIGKILL, "SIGKILL" },	{ SIGUSR1, "SIGUSR1" },
	{ SIGSEGV, "SIGSEGV" },	{ SIGUSR2, "SIGUSR2" },
	{ SIGPIPE, "SIGPIPE" },	{ SIGALRM, "SIGALRM" },
	{ SIGTERM, "SIGTERM" },	{ SIGCHLD, "SIGCHLD" },
	{ SIGXCPU, "SIGXCPU" },	{ SIGXFSZ, "SIGXFSZ" },
	{ SIGSYS, "SIGSYS" },
};

const char *
signals_name(int sig)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].sig == sig)
			return names[i].name;
	return NULL;
}

int
signals_check(struct imgcache_error *err)
{
	int sig = pending;

	if (!sig)
		return 0;
	return error_set(err, IMGCACHE_EINTR, "interrupted by %s",
			 signals_name(sig));
}

void
signals_reraise(void)
{
	if (pending)
		die_of(pending);
}
