/* SPDX-License-Identifier: MIT */
/*
 * Locks. Waiting is asking again after a short sleep: a blocking flock() could
 * neither keep a deadline nor be sure to see a signal that came just before.
 *
 * Between open() and flock() the file may be removed (lock_discard); a lock on
 * it then keeps nobody out. So whoever gets a lock looks whether the path still
 * leads to the same file, and begins again if not.
 */

#include "sys/lock.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"
#include "sys/clock.h"
#include "sys/signals.h"

/* The libc's <sys/file.h>, which declares it, is hidden by ours under -Ilib. */
int flock(int fd, int operation);

#define SLEEP_FIRST_MS 1
#define SLEEP_MOST_MS 50
#define OWNER_BYTES 256
#define HOST_BYTES 65

/* 0: ours. 1: someone else has it. 2: gone from its path. -1: errno. */
static int
try_lock(int fd, const char *path, enum lock_mode mode)
{
	int op = mode == LOCK_SHARED ? LOCK_SH : LOCK_EX;
	struct stat held, named;
	int rc;

	do
		rc = flock(fd, op | LOCK_NB);
	while (rc && errno == EINTR);
	if (rc)
		return errno == EWOULDBLOCK ? 1 : -1;
	if (fstat(fd, &held))
		return -1;
	if (stat(path, &named))
		return errno == ENOENT ? 2 : -1;
	return held.st_ino == named.st_ino && held.st_dev == named.st_dev ? 0 :
		2;
}

/* As try_lock(), but opens the file as often as it takes. */
static int
open_and_try(int *fd, const char *path, enum lock_mode mode)
{
	int rc;

	do {
		if (*fd >= 0)
			close(*fd);
		*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
			   0600);
		rc = *fd < 0 ? -1 : try_lock(*fd, path, mode);
	} while (rc == 2);
	return rc;
}

/* Sleep before the next try; false when the time is up. */
static bool
wait_more(int *sleep_ms, int64_t deadline_us)
{
	int64_t left_ms = (deadline_us - clock_mono_us() + 999) / 1000;

	if (left_ms <= 0)
		return false;
	clock_sleep_ms(left_ms < *sleep_ms ? (int)left_ms : *sleep_ms);
	*sleep_ms = *sleep_ms * 2 < SLEEP_MOST_MS ? *sleep_ms * 2 :
		SLEEP_MOST_MS;
	return true;
}

static void
host_name(char out[HOST_BYTES])
{
	if (gethostname(out, HOST_BYTES))
		out[0] = '\0';
	out[HOST_BYTES - 1] = '\0';
}

/* For messages only, so that a full disk is no reason to fail. */
static void
write_owner(int fd, const char *what)
{
	char text[OWNER_BYTES];
	char host[HOST_BYTES];

	host_name(host);
	snprintf(text, sizeof(text), "pid %ld on %s: %s", (long)getpid(), host,
		 what ? what : "");
	for (char *s = text; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			*s = '?';
	if (ftruncate(fd, 0) || pwrite(fd, text, strlen(text), 0) < 0)
		return;
}

static void
read_owner(const char *path, char *out, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n = fd < 0 ? -1 : pread(fd, out, size - 1, 0);

	out[n > 0 ? n : 0] = '\0';
	out[strcspn(out, "\n")] = '\0';
	if (fd >= 0)
		close(fd);
}

/* Is it a process of this machine that does not run any more? */
static bool
is_gone(const char *owner)
{
	char host[HOST_BYTES], here[HOST_BYTES];
	long pid;

	host_name(here);
	return sscanf(owner, "pid %ld on %64[^:]", &pid, host) == 2 &&
		pid > 0 && !strcmp(host, here) &&
		kill((pid_t)pid, 0) && errno == ESRCH;
}

void
lock_owner(const char *path, char *out, unsigned long size)
{
	char text[OWNER_BYTES];

	read_owner(path, text, sizeof(text));
	snprintf(out, size, "%s%s", text, is_gone(text) ? " (gone)" : "");
}

static int
busy(const char *path, struct imgcache_error *err)
{
	char owner[OWNER_BYTES + 64];

	lock_owner(path, owner, sizeof(owner));
	return error_set(err, IMGCACHE_EBUSY, "cannot lock '%s': held by %s",
			 path, owner[0] ? owner : "another process");
}

/* Until the lock is ours in *fd, or the time is up, or a signal came. */
static int
wait_for(int *fd, const char *path, enum lock_mode mode,
	 int wait_ms, struct imgcache_error *err)
{
	int64_t deadline_us = wait_ms < 0 ? INT64_MAX :
		clock_mono_us() + (int64_t)wait_ms * 1000;
	int sleep_ms = SLEEP_FIRST_MS;
	int state;

	while ((state = open_and_try(fd, path, mode)) == 1) {
		int rc = wait_ms ? signals_check(err) : 0;

		if (!rc && !wait_more(&sleep_ms, deadline_us))
			rc = busy(path, err);
		if (rc)
			return rc;
	}
	return state ? error_errno(err, IMGCACHE_EFAIL, "cannot lock '%s'",
				   path) : 0;
}

int
lock_take(struct lock *l, const char *path, enum lock_mode mode,
	  int wait_ms, const char *what, struct imgcache_error *err)
{
	int fd = -1, rc;

	assert(l->fd == -1);
	rc = wait_for(&fd, path, mode, wait_ms, err);
	if (rc) {
		if (fd >= 0)
			close(fd);
		return rc;
	}
	write_owner(fd, what);
	l->fd = fd;
	l->path = mem_strdup(path);
	return 0;
}

bool
lock_is_held(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	bool held = fd >= 0 && try_lock(fd, path, LOCK_SHARED) == 1;

	if (fd >= 0)
		close(fd);
	return held;
}

/* Closed and not unlocked: a child that inherited the lock keeps it. */
void
lock_leave(struct lock *l)
{
	if (l->fd == -1)
		return;
	close(l->fd);
	free(l->path);
	*l = (struct lock)LOCK_INIT;
}

void
lock_release(struct lock *l)
{
	if (l->fd != -1 && ftruncate(l->fd, 0))
		errno = 0;		/* an old line harms nobody */
	lock_leave(l);
}

void
lock_adopt(struct lock *l, const char *what)
{
	assert(l->fd != -1);
	write_owner(l->fd, what);
}

void
lock_discard(struct lock *l)
{
	if (l->fd != -1)
		unlink(l->path);
	lock_release(l);
}
