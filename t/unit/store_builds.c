/* SPDX-License-Identifier: MIT */
#include "store_room.h"

#include "store/builds.h"

static int64_t
start(struct room *r, const struct image_row *image,
	int64_t image_id)
{
	struct build_row b = {
		.key = image->key, .image = image_id, .name = image->name,
		.started_at = 100, .reason = IMGCACHE_INPUTS_CHANGED,
		.detail = "requirements.txt", .log_path = "/log",
		.builder = "default", .commit = "c0ffee", .pid = 77,
	};
	int64_t id;

	ok(r, builds_start(r->cat, &b, &id, &r->err));
	return id;
}

static size_t
count(struct room *r, struct build_filter f)
{
	struct build_list list = { 0 };
	size_t n;

	ok(r, builds_list(r->cat, &f, &list, &r->err));
	n = list.n;
	build_list_release(&list);
	return n;
}

Test(builds, what_was_begun_and_ended_comes_back)
{
	static const struct build_step steps[] = {
		{ 1, "[1/2] FROM debian", true, 10 },
		{ 2, "[2/2] RUN apt-get", false, 4000000 },
	};
	struct image_row row = room_image(1);
	struct build_list list = { 0 };
	struct step_list got = { 0 };
	struct build_filter f = { .engine = ENGINE };
	struct build_row end = {
		.status = BUILD_FAILED, .finished_at = 105,
		.duration_us = 5000000, .steps_total = 2, .steps_cached = 1,
		.exit_status = 1, .error = "E: no such package",
		.context_bytes = 4096,
	};
	struct room r;

	room_open(&r);
	end.id = start(&r, &row, room_put(&r, &row));
	ok(&r, builds_finish(r.cat, &end, steps, 2, &r.err));
	ok(&r, builds_list(r.cat, &f, &list, &r.err));
	cr_assert_eq(list.n, 1);
	cr_expect_str_eq(list.v[0].key.tag, row.key.tag);
	cr_expect_eq(list.v[0].image, 1);
	cr_expect_eq(list.v[0].status, BUILD_FAILED);
	cr_expect_str_eq(list.v[0].name, "tools");
	cr_expect_eq(list.v[0].started_at, 100);
	cr_expect_eq(list.v[0].finished_at, 105);
	cr_expect_eq(list.v[0].duration_us, 5000000);
	cr_expect_eq(list.v[0].reason, IMGCACHE_INPUTS_CHANGED);
	cr_expect_str_eq(list.v[0].detail, "requirements.txt");
	cr_expect_eq(list.v[0].steps_total, 2);
	cr_expect_eq(list.v[0].steps_cached, 1);
	cr_expect_eq(list.v[0].exit_status, 1);
	cr_expect_str_eq(list.v[0].error, "E: no such package");
	cr_expect_str_eq(list.v[0].log_path, "/log");
	cr_expect_str_eq(list.v[0].builder, "default");
	cr_expect_eq(list.v[0].context_bytes, 4096);
	cr_expect_str_eq(list.v[0].commit, "c0ffee");
	cr_expect_eq(list.v[0].pid, 77);
	build_list_release(&list);
	ok(&r, builds_steps(r.cat, end.id, &got, &r.err));
	cr_assert_eq(got.n, 2);
	cr_expect_str_eq(got.v[1].name, "[2/2] RUN apt-get");
	cr_expect_eq(got.v[1].us, 4000000);
	cr_expect(got.v[0].cached && !got.v[1].cached);
	step_list_release(&got);
	room_close(&r);
}

Test(builds, the_newest_comes_first_whatever_the_clock_says)
{
	struct image_row row = room_image(1);
	struct build_filter f = { .engine = ENGINE, .limit = 1 };
	struct build_list list = { 0 };
	struct room r;
	int64_t last;

	room_open(&r);
	for (int i = 0; i < 3; i++)
		start(&r, &row, 0);
	last = start(&r, &row, 0);
	ok(&r, sql_exec(catalog_sql(r.cat), "UPDATE builds SET started_at = 1"
			" WHERE id = 4", &r.err));
	ok(&r, builds_list(r.cat, &f, &list, &r.err));
	cr_assert_eq(list.n, 1);
	cr_expect_eq(list.v[0].id, last);
	build_list_release(&list);
	room_close(&r);
}

Test(builds, a_list_takes_every_filter)
{
	struct image_row a = room_image(1), b = room_image(2);
	struct build_row end = { .status = BUILD_COMPLETED };
	struct room r;
	int64_t image;

	room_open(&r);
	b.name = "api";
	image = room_put(&r, &a);
	start(&r, &a, image);
	start(&r, &b, 0);
	end.id = start(&r, &b, 0);
	ok(&r, builds_finish(r.cat, &end, NULL, 0, &r.err));
#define found(n, ...) cr_expect_eq(count(&r,				\
		(struct build_filter){ __VA_ARGS__ }), n, #__VA_ARGS__)
	found(3, .engine = NULL);
	found(0, .engine = "another");
	found(2, .tag = b.key.tag);
	found(1, .tag = b.key.tag, .limit = 1);
	found(1, .tag = b.key.tag, .statuses = 1u << BUILD_RUNNING);
	found(2, .name = "api");
	found(1, .image = image);
	found(2, .statuses = 1u << BUILD_RUNNING);
	found(1, .statuses = 1u << BUILD_COMPLETED);
#undef found
	room_close(&r);
}

Test(builds, they_outlive_their_image)
{
	struct image_row row = room_image(1);
	struct build_list list = { 0 };
	struct build_filter f = { .tag = row.key.tag };
	struct room r;
	int64_t image;

	room_open(&r);
	image = room_put(&r, &row);
	start(&r, &row, image);
	ok(&r, images_forget(r.cat, image, &r.err));
	ok(&r, builds_list(r.cat, &f, &list, &r.err));
	cr_assert_eq(list.n, 1);
	cr_expect_eq(list.v[0].image, 0);
	build_list_release(&list);
	room_close(&r);
}
