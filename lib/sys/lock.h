/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_SYS_LOCK_H
#define IMGCACHE_SYS_LOCK_H

/*
 * Advisory locks by flock(2) on files that only lock_discard() removes. The
 * lock belongs to the open file description: a child that inherits the
 * descriptor holds it too, and it goes when the last copy closes, so a killed
 * owner leaves nothing stale. The line in the file (pid, host, what) is for
 * messages only and never decides anything.
 */

#include <stdbool.h>

struct imgcache_error;

struct lock {
	int fd;			/* -1: not held */
	char *path;
};

#define LOCK_INIT { -1, NULL }

enum lock_mode { LOCK_SHARED, LOCK_EXCLUSIVE };

/*
 * Take the lock at path, making the file 0600. With wait_ms 0 it does not
 * wait, below 0 it waits for ever; IMGCACHE_EBUSY when it was not to be had in
 * time (err names the owner), IMGCACHE_EINTR when a signal ended the wait. what
 * (may be NULL) goes into the owner's line; l must not be held.
 */
int lock_take(struct lock *l, const char *path, enum lock_mode mode,
	      int wait_ms, const char *what, struct imgcache_error *err);

/* Does anybody have it? Makes no file, as taking it would. */
bool lock_is_held(const char *path);

/*
 * Who took the lock last and has not given it back, as written by that process:
 * "pid 123 on host: what", with " (gone)" behind it if it runs no more, or "".
 * Of several that share it the latest. It does not say whether it is held.
 */
void lock_owner(const char *path, char *out, unsigned long size);

/*
 * No effect if not held. A child that inherited the lock keeps it; any other
 * that was started a moment ago, for the microseconds until its exec is done.
 */
void lock_release(struct lock *l);

/*
 * A forked process holds the lock as well. There lock_adopt() puts its own line
 * in place of ours, and here lock_leave() lets go without taking it away.
 */
void lock_adopt(struct lock *l, const char *what);
void lock_leave(struct lock *l);

/*
 * Remove the file and release. Only for who holds it LOCK_EXCLUSIVE; others
 * that wait for it notice and begin again with a new file.
 */
void lock_discard(struct lock *l);

#endif
