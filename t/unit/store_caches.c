/* SPDX-License-Identifier: MIT */
#include "store_room.h"

#include "store/caches.h"

static struct arena arena;

static struct cache_row
row(const char *place, int64_t at)
{
	return (struct cache_row){
		.type = "registry", .place = place, .project = "/p",
		.image = "app-linux-amd64", .stage = "deps", .trigger = "t1",
		.is_ours = true, .size_bytes = 7, .exported_at = at,
		.used_at = at,
	};
}

static struct cache_row
get(struct room *r, const char *place, bool *found)
{
	struct cache_row out = { .type = "registry", .place = place };

	ok(r, caches_get(r->cat, &arena, &out, found, &r->err));
	return out;
}

Test(caches, a_written_one_is_known_with_what_it_was_written_for)
{
	struct cache_row a = row("r/c:cache-deps", 100), got;
	struct room r;
	bool found;

	room_open(&r);
	get(&r, a.place, &found);
	cr_expect(!found);
	ok(&r, caches_exported(r.cat, &a, &r.err));
	got = get(&r, a.place, &found);
	cr_assert(found);
	cr_expect_str_eq(got.trigger, "t1");
	cr_expect_str_eq(got.stage, "deps");
	cr_expect(got.is_ours && got.size_bytes == 7);
	cr_expect(got.exported_at == 100 && got.used_at == 100);
	a.trigger = "t2";
	a.size_bytes = -1;
	a.exported_at = 200;
	ok(&r, caches_exported(r.cat, &a, &r.err));
	got = get(&r, a.place, &found);
	cr_expect_str_eq(got.trigger, "t2");
	cr_expect(got.size_bytes == -1 && got.exported_at == 200);
	arena_release(&arena);
	room_close(&r);
}

Test(caches, reading_one_keeps_what_it_was_written_for)
{
	struct cache_row a = row("r/c:a", 100), b = row("r/c:b", 0), got;
	struct cache_list list = { 0 };
	struct room r;
	bool found;

	room_open(&r);
	ok(&r, caches_exported(r.cat, &a, &r.err));
	a.used_at = 300;
	a.trigger = NULL;
	ok(&r, caches_used(r.cat, &a, &r.err));
	got = get(&r, a.place, &found);
	cr_expect_str_eq(got.trigger, "t1");
	cr_expect(got.exported_at == 100 && got.used_at == 300);
	b.used_at = 200;
	ok(&r, caches_used(r.cat, &b, &r.err));
	got = get(&r, b.place, &found);
	cr_expect(found && !got.exported_at && !got.trigger);
	ok(&r, caches_list(r.cat, &list, &r.err));
	cr_assert_eq(list.n, 2);
	cr_expect_str_eq(list.v[0].place, "r/c:a");
	cr_expect_str_eq(list.v[1].place, "r/c:b");
	cache_list_release(&list);
	ok(&r, caches_forget(r.cat, &a, &r.err));
	get(&r, a.place, &found);
	cr_expect(!found);
	arena_release(&arena);
	room_close(&r);
}
