/* SPDX-License-Identifier: MIT */
#include "store_room.h"

#include "base/strv.h"
#include "store/platforms.h"

static const char *
loaded(struct room *r, int64_t image)
{
	static char out[128];
	struct strv list = { 0 };

	out[0] = '\0';
	ok(r, platforms_get(r->cat, image, &list, &r->err));
	for (size_t i = 0; i < list.n; i++)
		snprintf(out + strlen(out), sizeof(out) - strlen(out), "%s ",
			 list.v[i]);
	strv_release(&list);
	return out;
}

Test(platforms, are_set_and_added)
{
	struct image_row row = room_image(1);
	struct strv list = { 0 };
	struct room r;
	int64_t id;

	room_open(&r);
	id = room_put(&r, &row);
	cr_expect_str_eq(loaded(&r, id), "");
	strv_push(&list, "linux/arm64");
	strv_push(&list, "linux/amd64");
	ok(&r, platforms_set(r.cat, id, &list, &r.err));
	cr_expect_str_eq(loaded(&r, id), "linux/amd64 linux/arm64 ");
	strv_clear(&list);
	strv_push(&list, "linux/s390x");
	ok(&r, platforms_set(r.cat, id, &list, &r.err));
	cr_expect_str_eq(loaded(&r, id), "linux/s390x ");
	ok(&r, platforms_add(r.cat, id, "linux/arm64", &r.err));
	ok(&r, platforms_add(r.cat, id, "linux/arm64", &r.err));
	cr_expect_str_eq(loaded(&r, id), "linux/arm64 linux/s390x ");
	strv_release(&list);
	room_close(&r);
}

Test(platforms, go_with_their_image)
{
	struct image_row row = room_image(1), other = room_image(2);
	struct room r;
	int64_t id, kept;

	room_open(&r);
	id = room_put(&r, &row);
	kept = room_put(&r, &other);
	ok(&r, platforms_add(r.cat, id, "linux/arm64", &r.err));
	ok(&r, platforms_add(r.cat, kept, "linux/arm64", &r.err));
	ok(&r, images_forget(r.cat, id, &r.err));
	cr_expect_eq(room_count(&r, "SELECT count(*) FROM platforms"), 1);
	room_close(&r);
}
