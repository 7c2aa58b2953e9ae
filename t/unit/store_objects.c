/* SPDX-License-Identifier: MIT */
#include "store_room.h"

#include "base/buf.h"
#include "base/strv.h"
#include "store/contexts.h"
#include "store/objects.h"

static void
put(struct room *r, const char *id, const char *text)
{
	ok(r, objects_put(r->cat, "git", id, text, strlen(text), &r->err));
}

static bool
has(struct room *r, const char *id)
{
	bool found;

	ok(r, objects_has(r->cat, "git", id, &found, &r->err));
	return found;
}

/* In these tests a text is the list of the ids that it names. */
static void
children(void *payload, const char *text, size_t len,
	 struct strv *ids)
{
	char copy[256];

	++*(int *)payload;
	snprintf(copy, sizeof(copy), "%.*s", (int)len, text);
	strv_split(ids, copy, " ");
}

static int64_t
sweep(struct room *r, int64_t before, int *asked)
{
	int64_t n;

	*asked = 0;
	ok(r, objects_sweep(r->cat, children, asked, before, &n, &r->err));
	return n;
}

Test(objects, a_text_comes_back_with_every_byte)
{
	struct buf out = BUF_INIT;
	struct room r;
	bool found;

	room_open(&r);
	ok(&r, objects_put(r.cat, "git", "1", "a\nb\0c\n", 6, &r.err));
	ok(&r, objects_get(r.cat, "git", "1", &out, &found, &r.err));
	cr_assert(found);
	cr_expect_eq(out.len, 6);
	cr_expect_eq(memcmp(out.data, "a\nb\0c\n", 6), 0);
	ok(&r, objects_get(r.cat, "xxh3", "1", &out, &found, &r.err));
	cr_expect_not(found);
	buf_release(&out);
	room_close(&r);
}

Test(objects, it_is_stored_once)
{
	struct room r;

	room_open(&r);
	put(&r, "1", "text");
	put(&r, "1", "text");
	cr_expect_eq(room_count(&r, "SELECT count(*) FROM objects"), 1);
	room_close(&r);
}

Test(objects, a_sweep_keeps_what_an_image_or_a_context_needs)
{
	struct context_row c = {
		.id = "c", .path = "/c", .tree_hash = "git", .tree = "t1"
	};
	struct image_row row = room_image(1);
	struct room r;
	int asked;

	room_open(&r);
	row.manifest = "m1";
	room_put(&r, &row);
	ok(&r, contexts_put(r.cat, &c, &r.err));
	put(&r, "m1", "d1 d2");
	put(&r, "d1", "d3 d2 missing");
	put(&r, "d2", "");
	put(&r, "d3", "m1");
	put(&r, "t1", "d4");
	put(&r, "d4", "");
	put(&r, "o1", "o2 d1");
	put(&r, "o2", "");
	cr_expect_eq(sweep(&r, INT64_MAX, &asked), 2);
	cr_expect_eq(asked, 6);
	cr_expect(has(&r, "m1") && has(&r, "d1") && has(&r, "d2") &&
		  has(&r, "d3") && has(&r, "t1") && has(&r, "d4"));
	cr_expect_not(has(&r, "o1") || has(&r, "o2"));
	cr_expect_eq(sweep(&r, INT64_MAX, &asked), 0);
	room_close(&r);
}

Test(objects, the_young_are_kept_with_what_they_need)
{
	struct room r;
	int asked;

	room_open(&r);
	put(&r, "new", "part");
	put(&r, "part", "");
	ok(&r, sql_exec(catalog_sql(r.cat), "UPDATE objects SET stored_at = 1"
			" WHERE object = 'part'", &r.err));
	cr_expect_eq(sweep(&r, 1000, &asked), 0);
	cr_expect_eq(sweep(&r, INT64_MAX, &asked), 2);
	room_close(&r);
}
