/* SPDX-License-Identifier: MIT */
#include "store_room.h"

#include <signal.h>
#include <sys/prctl.h>

#include "store/leases.h"

#define TAG "g1-0123"

static bool
excluded(struct room *r, struct lease *l, int64_t now)
{
	bool taken;

	ok(r, lease_exclude(r->cat, ENGINE, TAG, now, &taken, l, &r->err));
	return taken;
}

static bool
is_free(struct room *r, int64_t now)
{
	struct lease l = LEASE_INIT;
	bool taken = excluded(r, &l, now);
	bool held;

	lease_release(&l);
	ok(r, lease_is_held(r->cat, ENGINE, TAG, now, &held, &r->err));
	cr_expect_neq(held, taken);
	return taken;
}

/* Holds the lease until it is killed. */
static pid_t
holder(struct room *r)
{
	struct lease l = LEASE_INIT;
	int ready[2];
	pid_t pid;
	char c;

	cr_assert_eq(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (lease_hold(r->cat, TAG, "spawn", 0, &l, &r->err) ||
		    write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	cr_assert_eq(read(ready[0], &c, 1), 1);
	return pid;
}

Test(leases, it_ends_with_its_process)
{
	struct room r;
	pid_t pid;

	room_open(&r);
	cr_expect(is_free(&r, 0));
	pid = holder(&r);
	cr_expect_not(is_free(&r, 0));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	cr_expect(is_free(&r, 0));
	room_close(&r);
}

Test(leases, several_may_hold_the_same_image)
{
	struct room r;
	pid_t a, b;

	room_open(&r);
	a = holder(&r);
	b = holder(&r);
	kill(a, SIGKILL);
	waitpid(a, NULL, 0);
	cr_expect_not(is_free(&r, 0));
	kill(b, SIGKILL);
	waitpid(b, NULL, 0);
	cr_expect(is_free(&r, 0));
	room_close(&r);
}

Test(leases, nobody_can_hold_what_prune_is_removing)
{
	struct lease prune = LEASE_INIT, spawn = LEASE_INIT;
	struct room r;

	room_open(&r);
	cr_assert(excluded(&r, &prune, 0));
	cr_expect_eq(lease_hold(r.cat, TAG, "spawn", 0, &spawn, &r.err),
		     IMGCACHE_EBUSY);
	error_clear(&r.err);
	lease_remove(&prune);
	cr_expect_not(file_exists(room_path(&r, "leases/" TAG)));
	ok(&r, lease_hold(r.cat, TAG, "spawn", 0, &spawn, &r.err));
	cr_expect_not(is_free(&r, 0));
	lease_release(&spawn);
	room_close(&r);
}

Test(leases, a_promise_ends_at_its_moment)
{
	struct room r;

	room_open(&r);
	ok(&r, lease_promise(r.cat, ENGINE, TAG, "env", 1000, &r.err));
	ok(&r, lease_promise(r.cat, ENGINE, TAG, "env", 900, &r.err));
	cr_expect_not(is_free(&r, 899));
	cr_expect(is_free(&r, 900));
	ok(&r, lease_promise(r.cat, "another", TAG, "env", 5000, &r.err));
	cr_expect(is_free(&r, 900));
	ok(&r, leases_sweep(r.cat, 1000, &r.err));
	cr_expect_eq(room_count(&r, "SELECT count(*) FROM leases"), 1);
	room_close(&r);
}

Test(leases, asking_makes_no_file)
{
	struct room r;
	bool held;

	room_open(&r);
	ok(&r, lease_is_held(r.cat, ENGINE, TAG, 0, &held, &r.err));
	cr_expect_not(held);
	cr_expect_not(file_exists(room_path(&r, "leases/" TAG)));
	room_close(&r);
}
