/* SPDX-License-Identifier: MIT */
/* One poll() on the child's pidfd and the signal pipe. */

#include "docker/wait.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/child.h"
#include "sys/signals.h"

#define TICK_MS 20	/* without a pidfd */

void
wait_begin(struct wait *w, const struct child *c)
{
	w->deaf = w->forwarded = false;
#ifdef SYS_pidfd_open
	w->pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0);	/* CLOEXEC */
#else
	(void)c;
	w->pidfd = -1;
#endif
}

void
wait_some(struct wait *w, int ms)
{
	struct pollfd p[2] = { { w->pidfd, POLLIN, 0 },
			       { w->deaf ? -1 : signals_fd(), POLLIN, 0 } };

	if (w->pidfd < 0 && (ms < 0 || ms > TICK_MS))
		ms = TICK_MS;
	poll(p, 2, ms);
}

static bool
came_from_terminal(int sig)
{
	int tty = sig == SIGTERM ? -1 : open("/dev/tty", O_RDONLY | O_CLOEXEC |
					     O_NOCTTY | O_NONBLOCK);
	bool answer = tty >= 0 && tcgetpgrp(tty) == getpgrp();

	if (tty >= 0)
		close(tty);
	return answer;
}

void
wait_forward(struct wait *w, struct child *c)
{
	int sig = signals_pending();

	if (!sig || w->forwarded)
		return;
	w->forwarded = w->deaf = true;
	if (!came_from_terminal(sig))
		child_kill(c, sig);
}

void
wait_end(struct wait *w)
{
	if (w->pidfd >= 0)
		close(w->pidfd);
	w->pidfd = -1;
}
