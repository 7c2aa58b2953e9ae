/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_SYS_CHILD_H
#define IMGCACHE_SYS_CHILD_H

/*
 * Child processes. A child gets an argv, never a shell line; it is started with
 * posix_spawnp, in a process group of its own if asked for, with default
 * signals (a SIGHUP, SIGINT or SIGQUIT that was ignored when we started stays
 * so: nohup, a shell's &), an empty signal mask and no descriptor of ours but
 * the three standard ones and, if named, one that it is to inherit (a build
 * lock). Our own 0, 1 and 2 must be open: main() sees to that.
 *
 * What it writes is read in one poll loop together with the deadlines and the
 * signal pipe. On a deadline or an interrupt the group (without one of its own:
 * the child) gets SIGTERM, two seconds later SIGKILL, and the child is reaped
 * before the call returns; whatever else is then left in the group is killed.
 *
 * After the child's end a pipe that a grandchild keeps open is read until it
 * was quiet for 200 ms, but for two seconds at most; the grandchild lives on.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct buf;
struct imgcache_error;

enum child_end { CHILD_EXITED, CHILD_SIGNALLED, CHILD_TIMEOUT };

struct child_result {
	enum child_end end;
	int status;	/* exit status, signal's number, deadline in ms */
};

/* One chunk as it came, any length, any bytes. */
typedef void child_output_fn(void *payload, const char *data, size_t len);

struct child_options {
	const char *const *argv;	/* argv[0] is looked up in our PATH */
	const char *const *env_set;	/* "NAME=value", NULL-ended, or NULL */
	const char *const *env_unset;	/* names, NULL-ended, or NULL */
	const char *dir;		/* working directory, or NULL; a
					 * relative argv[0] starts there */
	const char *input;		/* text for stdin; NULL: /dev/null */
	size_t input_len;
	int inherit_fd;			/* >2: kept open across exec */
	int output_fd;			/* >0: stdout and stderr go there */
	int timeout_ms;			/* whole run; 0: none */
	int idle_ms;			/* without a byte of output; 0: none */
	bool own_group;			/* false: stays in our group (a tty) */
	bool inherit_stdio;		/* all three ours (docker run -it) */
	bool uninterruptible;		/* clean-up after an interrupt: only
					 * the deadlines end it */
	child_output_fn *on_stdout;	/* NULL: collected in out, if that */
	child_output_fn *on_stderr;
	void *payload;
	struct buf *out;		/* collects stdout, may be NULL */
	struct buf *errs;		/* collects stderr, may be NULL */
	size_t max_output;		/* of each, kept in out and errs, the
					 * rest is dropped; 0: no limit */
	const char *label;		/* for messages: "docker buildx build";
					 * NULL: argv[0] */
};

/*
 * Run to the end. 0 with *result set whenever the child was started and
 * reaped, a timeout included; IMGCACHE_EFAIL if it could not be started
 * (err->sys_errno says why: ENOENT is "not installed", ENOTDIR that dir is no
 * directory); IMGCACHE_EINTR when we were interrupted, before or meanwhile.
 */
int child_run(const struct child_options *o, struct child_result *result,
	      struct imgcache_error *err);

/*
 * The same in steps, for callers with a loop of their own. A child object is
 * empty (zeroed), running or reaped; each call asserts the state that it needs:
 * start an empty one, kill a running one, the others one that was started.
 * Output is not read here: it goes to output_fd or, without one and without
 * inherit_stdio, to /dev/null; the deadlines of the options are the caller's.
 */
struct child {
	pid_t pid;			/* 0: empty */
	bool reaped;
	bool own_group;
	bool uninterruptible;
	struct child_result result;
};

int child_start(struct child *c, const struct child_options *o,
		struct imgcache_error *err);
bool child_poll(struct child *c);	/* true once reaped; never waits */
void child_kill(struct child *c, int sig);	/* the group, if it has one */

/*
 * Until it is reaped. timeout_ms (0: none) is a deadline as that of child_run()
 * and ends it; so does an interrupt, with IMGCACHE_EINTR.
 */
int child_wait(struct child *c, int timeout_ms, struct imgcache_error *err);

/* "exit status 3", "killed by SIGKILL", "no answer within 10 s" */
const char *child_result_text(const struct child_result *r, char out[64]);

#endif
