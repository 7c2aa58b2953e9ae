/* SPDX-License-Identifier: MIT */
#include "store_room.h"

#include "store/names.h"

/* The images of a name in the order of list, their tags' numbers. */
static size_t
count_of(struct room *r, const char *name, const char *project)
{
	struct image_filter f = { .name = name, .project = project };
	struct image_list list = { 0 };
	size_t n;

	ok(r, images_list(r->cat, &f, &list, &r->err));
	n = list.n;
	image_list_release(&list);
	return n;
}

Test(names, an_image_is_found_under_each)
{
	struct image_name other = { .name = "other", .project = "/elsewhere" };
	struct image_row row = room_image(1);
	struct image_list list = { 0 };
	struct room r;
	int64_t id;

	room_open(&r);
	row.name = "one";
	row.project = "/srv/x";
	id = room_put(&r, &row);
	ok(&r, names_note(r.cat, id, &other, &r.err));
	ok(&r, names_note(r.cat, id, &other, &r.err));
	cr_expect_eq(room_count(&r, "SELECT count(*) FROM image_names"), 2);
	cr_expect_eq(count_of(&r, "one", NULL), 1);
	cr_expect_eq(count_of(&r, "other", NULL), 1);
	cr_expect_eq(count_of(&r, "other", "/elsewhere"), 1);
	cr_expect_eq(count_of(&r, "other", "/srv/x"), 0);
	ok(&r, images_find(r.cat, NULL, "other", &list, &r.err));
	cr_assert_eq(list.n, 1);
	cr_expect_eq(list.v[0].id, id);
	ok(&r, names_load(r.cat, &list, &r.err));
	cr_assert_eq(list.v[0].n_names, 2);
	cr_expect_str_eq(list.v[0].names[0], "one");
	cr_expect_str_eq(list.v[0].names[1], "other");
	image_list_release(&list);
	ok(&r, images_forget(r.cat, id, &r.err));
	cr_expect_eq(room_count(&r, "SELECT count(*) FROM image_names"), 0);
	room_close(&r);
}

Test(names, the_newest_of_a_name_is_by_when_it_was_made_under_it)
{
	struct image_name late = { .name = "b", .at = 9000 };
	struct image_row row = room_image(1), own = room_image(2);
	struct image_list list = { 0 };
	struct room r;
	int64_t shared;

	room_open(&r);
	row.name = "a";
	row.built_at = 1000;
	shared = room_put(&r, &row);
	own.name = "b";
	own.built_at = 2000;
	(void)room_put(&r, &own);
	ok(&r, names_put(r.cat, shared, &late, &r.err));
	ok(&r, images_find(r.cat, NULL, "b", &list, &r.err));
	cr_assert_eq(list.n, 1);
	cr_expect_eq(list.v[0].id, shared);
	image_list_release(&list);
	room_close(&r);
}

Test(names, what_was_made_last_is_not_by_the_uses_of_another_name)
{
	struct image_name early = { .name = "b", .at = 1500 };
	struct image_row row = room_image(1), own = room_image(2);
	struct image_filter f = {
		.name = "b", .with_manifest = true, .limit = 1
	};
	struct image_list list = { 0 };
	struct room r;
	int64_t shared, mine;

	room_open(&r);
	row.name = "a";
	row.manifest = own.manifest = "0000000000000000000000000000000000000000";
	row.created_at = own.created_at = 1000;
	row.built_at = 1000;
	row.last_used_at = 9000;
	shared = room_put(&r, &row);
	own.name = "b";
	own.built_at = 2000;
	mine = room_put(&r, &own);
	ok(&r, names_put(r.cat, shared, &early, &r.err));
	ok(&r, images_list(r.cat, &f, &list, &r.err));
	cr_assert_eq(list.n, 1);
	cr_expect_eq(list.v[0].id, mine);
	image_list_release(&list);
	room_close(&r);
}
