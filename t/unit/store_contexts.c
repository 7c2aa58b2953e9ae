/* SPDX-License-Identifier: MIT */
#include "store_room.h"

#include "store/contexts.h"

static int64_t
next(struct room *r)
{
	int64_t g;

	ok(r, contexts_next_generation(r->cat, "c1", "/src", &g, &r->err));
	return g;
}

Test(contexts, a_row_comes_back_as_it_was_put)
{
	struct context_row in = {
		"c1", "/src", 7, "git", "abcd", "f", "head", "g1-0", 99
	}, out;
	struct arena arena = { 0 };
	struct room r;
	bool found;

	room_open(&r);
	ok(&r, contexts_get(r.cat, "c1", &arena, &out, &found, &r.err));
	cr_expect_not(found);
	ok(&r, contexts_put(r.cat, &in, &r.err));
	ok(&r, contexts_get(r.cat, "c1", &arena, &out, &found, &r.err));
	cr_assert(found);
	cr_expect_str_eq(out.path, "/src");
	cr_expect_eq(out.generation, 7);
	cr_expect_str_eq(out.tree_hash, "git");
	cr_expect_str_eq(out.tree, "abcd");
	cr_expect_str_eq(out.fingerprint, "f");
	cr_expect_str_eq(out.head_digest, "head");
	cr_expect_str_eq(out.key, "g1-0");
	cr_expect_eq(out.updated_at, 99);
	arena_release(&arena);
	room_close(&r);
}

Test(contexts, a_generation_never_comes_twice_even_if_all_is_lost)
{
	struct room r;
	int64_t first, second, third;

	room_open(&r);
	first = next(&r);
	second = next(&r);
	cr_expect_gt(second, first);
	ok(&r, catalog_recover(r.cat, &r.err));
	third = next(&r);
	cr_expect_gt(third, second);
	room_close(&r);
}

Test(contexts, eight_processes_get_eight_generations)
{
	struct room r;
	int out[2];
	pid_t pids[8];
	int64_t got[80], g;
	size_t n = 0;

	room_open(&r);
	catalog_close(r.cat);
	r.cat = NULL;
	cr_assert_eq(pipe(out), 0);
	for (int p = 0; p < 8; p++) {
		pids[p] = fork();
		if (pids[p])
			continue;
		if (catalog_open(r.dir, CATALOG_WRITE, &r.cat, &r.err))
			_exit(1);
		for (int i = 0; i < 10; i++)
			if (contexts_next_generation(r.cat, "c1", "/src", &g,
						     &r.err) ||
			    write(out[1], &g, sizeof(g)) != sizeof(g))
				_exit(1);
		catalog_close(r.cat);
		_exit(0);
	}
	close(out[1]);
	while (n < 80 && read(out[0], &g, sizeof(g)) == sizeof(g)) {
		for (size_t i = 0; i < n; i++)
			cr_expect_neq(got[i], g);
		got[n++] = g;
	}
	for (int p = 0; p < 8; p++)
		cr_expect(room_reap(pids[p]));
	cr_expect_eq(n, 80);
	room_close(&r);
}

Test(contexts, the_old_can_be_swept)
{
	struct context_row a = { .id = "a", .path = "/a", .updated_at = 10 };
	struct context_row b = { .id = "b", .path = "/b", .updated_at = 20 };
	struct room r;

	room_open(&r);
	ok(&r, contexts_put(r.cat, &a, &r.err));
	ok(&r, contexts_put(r.cat, &b, &r.err));
	ok(&r, contexts_sweep(r.cat, 15, &r.err));
	cr_expect_eq(room_count(&r, "SELECT count(*) FROM contexts"), 1);
	room_close(&r);
}
