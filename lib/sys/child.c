/* SPDX-License-Identifier: MIT */
/*
 * Watching a child. One loop serves child_run() and child_wait(): it polls the
 * child's two pipes (either may be missing), the signal pipe, and a pidfd, or
 * where the kernel has none a clock that ticks.
 *
 * The end of the output and the end of the process are two things. A child
 * that closed its pipes is waited for; after its end a pipe that some
 * grandchild holds open is read until it was quiet for a moment.
 *
 * A child is looked at with WNOWAIT and reaped last: until then its number,
 * which is its group's number, cannot belong to anyone else.
 */

#include "sys/child.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "sys/clock.h"
#include "sys/signals.h"
#include "sys/spawn.h"

#define KILL_AFTER_MS 2000	/* from SIGTERM to SIGKILL */
#define QUIET_MS 200		/* after the child's end, without output */
#define DRAIN_MOST_MS 2000	/* after the child's end, in all */
#define TICK_MS 20		/* without a pidfd */
#define CHUNK_BYTES 16384

enum { WATCH_OUT, WATCH_ERR, WATCH_SIGNAL, WATCH_EXIT, N_WATCHED };

struct watch {
	struct child *c;
	const struct child_options *o;
	struct pollfd fds[N_WATCHED];
	size_t kept[2];
	int64_t started_us;
	int64_t output_us;	/* the last byte; at first, the start */
	int64_t stopped_us;	/* SIGTERM was sent; 0: no */
	int64_t exited_us;	/* 0: runs */
	bool killed;
	bool interrupted;
	int deadline_ms;	/* the one that passed; 0: none */
};

static int
open_pidfd(pid_t pid)
{
#ifdef SYS_pidfd_open
	return (int)syscall(SYS_pidfd_open, pid, 0);
#else
	(void)pid;
	return -1;
#endif
}

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void
reap(struct child *c)
{
	int status = 0;
	pid_t pid;

	do
		pid = waitpid(c->pid, &status, 0);
	while (pid < 0 && errno == EINTR);
	c->reaped = true;
	if (pid < 0)		/* somebody else reaped it */
		c->result = (struct child_result){ CHILD_EXITED, 255 };
	else if (WIFSIGNALED(status))
		c->result = (struct child_result){ CHILD_SIGNALLED,
						   WTERMSIG(status) };
	else
		c->result = (struct child_result){ CHILD_EXITED,
						   WEXITSTATUS(status) };
}

static bool
has_exited(const struct child *c)
{
	siginfo_t info = { .si_pid = 0 };

	if (waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG | WNOWAIT))
		return errno != EINTR;
	return info.si_pid != 0;
}

bool
child_poll(struct child *c)
{
	assert(c->pid > 0);
	if (!c->reaped && has_exited(c))
		reap(c);
	return c->reaped;
}

void
child_kill(struct child *c, int sig)
{
	assert(c->pid > 0 && !c->reaped);
	kill(c->own_group ? -c->pid : c->pid, sig);
}

static void
stop(struct watch *w, int64_t now)
{
	if (w->stopped_us)
		return;
	w->stopped_us = now;
	child_kill(w->c, SIGTERM);
}

static void
deliver(struct watch *w, int i, const char *data, size_t len)
{
	child_output_fn *fn = i == WATCH_OUT ? w->o->on_stdout :
		w->o->on_stderr;
	struct buf *b = i == WATCH_OUT ? w->o->out : w->o->errs;
	size_t max = w->o->max_output;

	if (fn) {
		fn(w->o->payload, data, len);
	} else if (b) {
		if (max && len > max - w->kept[i])
			len = max - w->kept[i];
		buf_add(b, data, len);
		w->kept[i] += len;
	}
}

/* One chunk; POLLHUP and the like show as the end or an error of read(). */
static void
read_pipe(struct watch *w, int i)
{
	char data[CHUNK_BYTES];
	ssize_t n;

	if (!w->fds[i].revents)
		return;
	n = read(w->fds[i].fd, data, sizeof(data));
	if (n > 0) {
		w->output_us = clock_mono_us();
		deliver(w, i, data, (size_t)n);
	} else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
		close_fd(&w->fds[i].fd);
	}
}

static bool
is_open(const struct watch *w)
{
	return w->fds[WATCH_OUT].fd >= 0 || w->fds[WATCH_ERR].fd >= 0;
}

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t
after(int64_t start_us, int ms)
{
	return start_us + (int64_t)ms * 1000;
}

/* When, after the child's end, its output counts as complete. */
static int64_t
drained_at(const struct watch *w)
{
	int64_t quiet_since = w->output_us > w->exited_us ? w->output_us :
		w->exited_us;

	return earlier(after(quiet_since, QUIET_MS),
		       after(w->exited_us, DRAIN_MOST_MS));
}

static int64_t
timeout_at(const struct watch *w)
{
	return w->o->timeout_ms > 0 ? after(w->started_us, w->o->timeout_ms) :
		INT64_MAX;
}

static int64_t
idle_at(const struct watch *w)
{
	return w->o->idle_ms > 0 ? after(w->output_us, w->o->idle_ms) :
		INT64_MAX;
}

static int64_t
kill_at(const struct watch *w)
{
	return w->stopped_us && !w->killed ?
		after(w->stopped_us, KILL_AFTER_MS) : INT64_MAX;
}

/* How long poll() may sleep before something is due. */
static int
next_ms(const struct watch *w, int64_t now)
{
	int64_t due = kill_at(w), ms;

	if (w->exited_us)
		due = earlier(due, drained_at(w));
	else if (!w->stopped_us)
		due = earlier(timeout_at(w), idle_at(w));
	if (!w->exited_us && w->fds[WATCH_EXIT].fd < 0)
		due = earlier(due, after(now, TICK_MS));
	if (due == INT64_MAX)
		return -1;
	ms = (due - now + 999) / 1000;
	return ms < 0 ? 0 : ms > 3600000 ? 3600000 : (int)ms;
}

static void
check_signal(struct watch *w, int64_t now)
{
	if (w->fds[WATCH_SIGNAL].fd < 0 || !signals_pending())
		return;
	w->fds[WATCH_SIGNAL].fd = -1;	/* it stays readable */
	w->interrupted = true;
	stop(w, now);
}

static void
check_deadlines(struct watch *w, int64_t now)
{
	if (!w->stopped_us && now >= timeout_at(w))
		w->deadline_ms = w->o->timeout_ms;
	else if (!w->stopped_us && now >= idle_at(w))
		w->deadline_ms = w->o->idle_ms;
	if (w->deadline_ms)
		stop(w, now);
	if (now >= kill_at(w)) {
		w->killed = true;
		child_kill(w->c, SIGKILL);
	}
}

static void
check_exit(struct watch *w, int64_t now)
{
	if (w->exited_us || !has_exited(w->c))
		return;
	w->exited_us = now;
	close_fd(&w->fds[WATCH_EXIT].fd);
}

/*
 * Is there nothing to wait for any more? A child that was stopped without
 * pipes leaves its group the same moment to go in peace.
 */
static bool
is_over(const struct watch *w, int64_t now)
{
	if (!w->exited_us)
		return false;
	if (!is_open(w) && !(w->stopped_us && w->c->own_group))
		return true;
	return now >= drained_at(w);
}

static void
watch_step(struct watch *w)
{
	int64_t now = clock_mono_us();
	int n = poll(w->fds, N_WATCHED, next_ms(w, now));

	now = clock_mono_us();
	for (int i = WATCH_OUT; n > 0 && i <= WATCH_ERR; i++)
		read_pipe(w, i);
	check_exit(w, now);
	check_signal(w, now);
	if (!w->exited_us || w->stopped_us)
		check_deadlines(w, now);
}

static int
watch_end(struct watch *w, struct imgcache_error *err)
{
	for (int i = 0; i < N_WATCHED; i++)
		if (i != WATCH_SIGNAL)
			close_fd(&w->fds[i].fd);
	if (w->stopped_us && w->c->own_group)
		child_kill(w->c, SIGKILL);
	reap(w->c);
	if (w->deadline_ms)
		w->c->result = (struct child_result){ CHILD_TIMEOUT,
						      w->deadline_ms };
	return w->interrupted ? signals_check(err) : 0;
}

/* Until the child is reaped; closes both pipes (-1: there is none). */
static int
watch(struct child *c, const struct child_options *o, int out,
	int errs, struct imgcache_error *err)
{
	struct watch w = { .c = c, .o = o, .started_us = clock_mono_us() };

	w.output_us = w.started_us;
	w.fds[WATCH_OUT].fd = out;
	w.fds[WATCH_ERR].fd = errs;
	w.fds[WATCH_SIGNAL].fd = c->uninterruptible ? -1 : signals_fd();
	w.fds[WATCH_EXIT].fd = open_pidfd(c->pid);
	for (int i = 0; i < N_WATCHED; i++)
		w.fds[i].events = POLLIN;
	while (!is_over(&w, clock_mono_us()))
		watch_step(&w);
	return watch_end(&w, err);
}

static int
start(struct child *c, const struct child_options *o,
	int stdio[3], struct imgcache_error *err)
{
	pid_t pid;
	int rc;

	assert(c->pid == 0 && !(o->input && o->inherit_stdio));
	if (o->input && (stdio[0] = spawn_input(o->input, o->input_len)) < 0)
		return error_errno(err, IMGCACHE_EFAIL,
				   "cannot hand its input to '%s'",
				   o->label ? o->label : o->argv[0]);
	if (o->output_fd > 0)
		stdio[1] = stdio[2] = o->output_fd;
	rc = spawn_process(&pid, o, stdio, err);
	c->pid = rc ? 0 : pid;
	c->own_group = o->own_group;
	c->uninterruptible = o->uninterruptible;
	close_fd(&stdio[0]);
	return rc;
}

int
child_start(struct child *c, const struct child_options *o,
	    struct imgcache_error *err)
{
	int stdio[3] = { -1, -1, -1 };

	return start(c, o, stdio, err);
}

int
child_wait(struct child *c, int timeout_ms, struct imgcache_error *err)
{
	struct child_options o = { .timeout_ms = timeout_ms };

	assert(c->pid > 0);
	return c->reaped ? 0 : watch(c, &o, -1, -1, err);
}

int
child_run(const struct child_options *o, struct child_result *result,
	  struct imgcache_error *err)
{
	bool piped = !o->inherit_stdio && o->output_fd <= 0;
	int out[2] = { -1, -1 }, errs[2] = { -1, -1 };
	struct child c = { 0 };
	int rc = o->uninterruptible ? 0 : signals_check(err);

	if (rc)
		return rc;
	if (piped && (pipe2(out, O_CLOEXEC) || pipe2(errs, O_CLOEXEC)))
		rc = error_errno(err, IMGCACHE_EFAIL, "cannot run '%s'",
				 o->label ? o->label : o->argv[0]);
	else
		rc = start(&c, o, (int[]){ -1, out[1], errs[1] }, err);
	close_fd(&out[1]);
	close_fd(&errs[1]);
	if (c.pid) {
		rc = watch(&c, o, out[0], errs[0], err);
		*result = c.result;
		return rc;
	}
	close_fd(&out[0]);
	close_fd(&errs[0]);
	return rc;
}

const char *
child_result_text(const struct child_result *r, char out[64])
{
	const char *name = signals_name(r->status);

	if (r->end == CHILD_EXITED)
		snprintf(out, 64, "exit status %d", r->status);
	else if (r->end == CHILD_TIMEOUT && r->status % 1000)
		snprintf(out, 64, "no answer within %d ms", r->status);
	else if (r->end == CHILD_TIMEOUT)
		snprintf(out, 64, "no answer within %d s", r->status / 1000);
	else if (name)
		snprintf(out, 64, "killed by %s", name);
	else
		snprintf(out, 64, "killed by signal %d", r->status);
	return out;
}
