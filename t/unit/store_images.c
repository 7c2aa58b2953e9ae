/* SPDX-License-Identifier: MIT */
#include <time.h>

#include "store/jobs.h"
#include "store_room.h"

static size_t
list_tags(struct room *r, struct image_filter f, char tags[][64])
{
	struct image_list list = { 0 };
	size_t n;

	if (!f.engine)
		f.engine = ENGINE;
	ok(r, images_list(r->cat, &f, &list, &r->err));
	n = list.n;
	for (size_t i = 0; i < n && i < 8; i++)
		snprintf(tags[i], 64, "%s", list.v[i].key.tag);
	image_list_release(&list);
	return n;
}

Test(images, a_row_comes_back_as_it_was_put)
{
	struct image_row row = room_image(7);
	struct image_list list = { 0 };
	struct room r;

	row.image_id = "sha256:0123";
	row.digest = "sha256:4567";
	row.base_digest = "sha256:89ab";
	row.dependencies_hash = "d00d";
	row.manifest = "feed";
	row.log_path = "/log";
	row.reason = "never built";
	row.metadata = "{\"a\":1}";
	row.generation = 12;
	row.built_at = 1234567;
	row.pinned = true;
	room_open(&r);
	row.id = room_put(&r, &row);
	ok(&r, images_get(r.cat, &row.key, &list, &r.err));
	cr_assert_eq(list.n, 1);
	cr_expect_eq(list.v[0].id, row.id);
	cr_expect_str_eq(list.v[0].key.engine, ENGINE);
	cr_expect_str_eq(list.v[0].key.tag, row.key.tag);
	cr_expect_str_eq(list.v[0].key.platform, PLATFORM);
	cr_expect_eq(list.v[0].status, IMAGE_COMPLETED);
	cr_expect_str_eq(list.v[0].hash, "git");
	cr_expect_str_eq(list.v[0].ref, row.ref);
	cr_expect_str_eq(list.v[0].name, "tools");
	cr_expect_str_eq(list.v[0].project, "/work/shop");
	cr_expect_str_eq(list.v[0].recipe, "generated");
	cr_expect_str_eq(list.v[0].origin, "built");
	cr_expect_str_eq(list.v[0].image_id, "sha256:0123");
	cr_expect_str_eq(list.v[0].digest, "sha256:4567");
	cr_expect_str_eq(list.v[0].base_ref, "debian:bookworm-slim");
	cr_expect_str_eq(list.v[0].base_digest, "sha256:89ab");
	cr_expect_str_eq(list.v[0].dependencies_hash, "d00d");
	cr_expect_str_eq(list.v[0].manifest, "feed");
	cr_expect_str_eq(list.v[0].log_path, "/log");
	cr_expect_str_eq(list.v[0].reason, "never built");
	cr_expect_str_eq(list.v[0].metadata, "{\"a\":1}");
	cr_expect_null(list.v[0].pushed_ref);
	cr_expect_eq(list.v[0].size_bytes, 1007);
	cr_expect_eq(list.v[0].generation, 12);
	cr_expect_eq(list.v[0].created_at, 1000007);
	cr_expect_eq(list.v[0].last_used_at, 0);
	cr_expect_eq(list.v[0].built_at, 1234567);
	cr_expect_eq(list.v[0].build_us, 5000000);
	cr_expect_eq(list.v[0].hits, 0);
	cr_expect(list.v[0].pinned);
	image_list_release(&list);
	room_close(&r);
}

Test(images, engine_tag_and_platform_make_a_row)
{
	struct image_row row = room_image(1);
	struct image_list list = { 0 };
	struct room r;

	room_open(&r);
	room_put(&r, &row);
	row.key.platform = "linux/arm64";
	room_put(&r, &row);
	row.key.engine = "another";
	room_put(&r, &row);
	cr_expect_eq(room_count(&r, "SELECT count(*) FROM images"), 3);
	row.key.platform = PLATFORM;
	ok(&r, images_get(r.cat, &row.key, &list, &r.err));
	cr_expect_eq(list.n, 0);
	image_list_release(&list);
	room_close(&r);
}

static bool
is_untrusted(struct room *r, const struct image_row *row)
{
	struct image_list list = { 0 };
	bool is;

	ok(r, images_get(r->cat, &row->key, &list, &r->err));
	cr_assert_eq(list.n, 1);
	is = list.v[0].is_untrusted;
	image_list_release(&list);
	return is;
}

Test(images, whose_work_it_is_goes_with_the_image)
{
	struct image_row row = room_image(1);
	struct room r;

	room_open(&r);
	row.image_id = "sha256:theirs";
	row.is_untrusted = true;
	room_put(&r, &row);
	cr_expect(is_untrusted(&r, &row));
	row.image_id = NULL;
	row.is_untrusted = false;
	room_put(&r, &row);
	cr_expect(is_untrusted(&r, &row));
	row.image_id = "sha256:ours";
	room_put(&r, &row);
	cr_expect_not(is_untrusted(&r, &row));
	room_close(&r);
}

Test(images, putting_again_keeps_what_is_not_known)
{
	struct image_row row = room_image(1);
	struct image_list list = { 0 };
	struct room r;
	int64_t id;

	room_open(&r);
	row.image_id = "sha256:one";
	row.reason = "never built";
	id = room_put(&r, &row);
	ok(&r, images_set_pinned(r.cat, id, true, &r.err));
	row.image_id = NULL;
	row.name = NULL;
	row.reason = NULL;
	row.recipe = "unknown";
	row.origin = "adopted";
	row.size_bytes = -1;
	row.build_us = 0;
	row.created_at = 5;
	row.generation = 3;
	cr_expect_eq(room_put(&r, &row), id);
	ok(&r, images_get(r.cat, &row.key, &list, &r.err));
	cr_assert_eq(list.n, 1);
	cr_expect_str_eq(list.v[0].image_id, "sha256:one");
	cr_expect_str_eq(list.v[0].name, "tools");
	cr_expect_str_eq(list.v[0].reason, "never built");
	cr_expect_str_eq(list.v[0].recipe, "generated");
	cr_expect_str_eq(list.v[0].origin, "adopted");
	cr_expect_eq(list.v[0].size_bytes, 1001);
	cr_expect_eq(list.v[0].build_us, 5000000);
	cr_expect_eq(list.v[0].created_at, 1000001);
	cr_expect_eq(list.v[0].generation, 3);
	cr_expect(list.v[0].pinned);
	image_list_release(&list);
	room_close(&r);
}

Test(images, a_status_may_keep_its_reason)
{
	struct image_row row = room_image(1);
	struct image_list list = { 0 };
	struct room r;
	int64_t id;

	room_open(&r);
	id = room_put(&r, &row);
	ok(&r, images_set_status(r.cat, id, IMAGE_FAILED, "no such package",
				 &r.err));
	ok(&r, images_set_status(r.cat, id, IMAGE_GONE, NULL, &r.err));
	ok(&r, images_get(r.cat, &row.key, &list, &r.err));
	cr_expect_eq(list.v[0].status, IMAGE_GONE);
	cr_expect_str_eq(list.v[0].reason, "no such package");
	image_list_release(&list);
	room_close(&r);
}

static int64_t
status_moment(struct room *r, const struct image_key *key)
{
	struct image_list list = { 0 };
	int64_t at;

	ok(r, images_get(r->cat, key, &list, &r->err));
	cr_assert_eq(list.n, 1);
	at = list.v[0].status_at;
	image_list_release(&list);
	return at;
}

Test(images, a_status_has_the_moment_in_which_it_came)
{
	struct image_row row = room_image(1);
	struct room r;
	int64_t id, now = (int64_t)time(NULL);

	room_open(&r);
	id = room_put(&r, &row);
	cr_expect_geq(status_moment(&r, &row.key), now);
	ok(&r, sql_exec(catalog_sql(r.cat), "UPDATE images SET status_at = 7",
			&r.err));
	room_put(&r, &row);
	ok(&r, images_set_status(r.cat, id, row.status, NULL, &r.err));
	cr_expect_eq(status_moment(&r, &row.key), 7);
	ok(&r, images_set_status(r.cat, id, IMAGE_PRUNED, NULL, &r.err));
	cr_expect_geq(status_moment(&r, &row.key), now);
	ok(&r, sql_exec(catalog_sql(r.cat), "UPDATE images SET status_at = 7",
			&r.err));
	room_put(&r, &row);
	cr_expect_geq(status_moment(&r, &row.key), now);
	room_close(&r);
}

Test(images, a_list_of_a_name_may_want_a_manifest)
{
	struct image_filter f = { .name = "tools", .with_manifest = true };
	struct image_row row = room_image(1);
	char tags[8][64];
	struct room r;

	room_open(&r);
	room_put(&r, &row);
	row = room_image(2);
	row.name = "tools";
	row.manifest = "feed";
	room_put(&r, &row);
	cr_expect_eq(list_tags(&r, f, tags), 1);
	cr_expect_str_eq(tags[0], row.key.tag);
	f.with_manifest = false;
	cr_expect_eq(list_tags(&r, f, tags), 2);
	room_close(&r);
}

Test(images, dependencies_are_replaced_and_go_with_the_row)
{
	static const struct image_dependency first[] = {
		{ "npm", "express", "4", "4.21.2" },
		{ "apt", "git", NULL, NULL },
		{ "apt", "git", NULL, "1:2.39.5" },
		{ "pip", "numpy", "==1", NULL },
	};
	struct image_row row = room_image(1);
	struct image_list list = { 0 };
	struct room r;
	int64_t id;

	room_open(&r);
	id = room_put(&r, &row);
	ok(&r, images_set_dependencies(r.cat, id, &first[3], 1, &r.err));
	ok(&r, images_set_dependencies(r.cat, id, first, 3, &r.err));
	ok(&r, images_get(r.cat, &row.key, &list, &r.err));
	ok(&r, images_load_dependencies(r.cat, &list, &r.err));
	cr_assert_eq(list.v[0].n_dependencies, 2);
	cr_expect_str_eq(list.v[0].dependencies[0].name, "git");
	cr_expect_null(list.v[0].dependencies[0].asked);
	cr_expect_str_eq(list.v[0].dependencies[0].installed, "1:2.39.5");
	cr_expect_str_eq(list.v[0].dependencies[1].type, "npm");
	cr_expect_str_eq(list.v[0].dependencies[1].asked, "4");
	image_list_release(&list);
	ok(&r, images_forget(r.cat, id, &r.err));
	cr_expect_eq(room_count(&r, "SELECT count(*) FROM dependencies"), 0);
	room_close(&r);
}

Test(images, a_list_takes_every_filter)
{
	struct image_dependency git = { "apt", "git", NULL, NULL };
	struct image_row rows[4];
	char tags[8][64];
	int64_t ids[4];
	struct room r;

	room_open(&r);
	for (int i = 0; i < 4; i++)
		rows[i] = room_image(i);
	rows[1].name = "api";
	rows[1].project = "/work/api";
	rows[2].base_ref = "alpine:3";
	rows[2].status = IMAGE_FAILED;
	rows[3].key.engine = "another";
	for (int i = 0; i < 4; i++)
		ids[i] = room_put(&r, &rows[i]);
	ok(&r, images_set_pinned(r.cat, ids[0], true, &r.err));
	ok(&r, images_set_dependencies(r.cat, ids[1], &git, 1, &r.err));
#define found(n, ...) cr_expect_eq(list_tags(&r,			\
		(struct image_filter){ __VA_ARGS__ }, tags), n, #__VA_ARGS__)
	found(3, .engine = ENGINE);
	found(1, .engine = "another");
	found(1, .name = "api");
	cr_expect_str_eq(tags[0], rows[1].key.tag);
	found(1, .project = "/work/api");
	found(1, .base = "alpine:3");
	found(1, .dependency = "git");
	cr_expect_str_eq(tags[0], rows[1].key.tag);
	found(0, .dependency = "gi");
	found(1, .prefix = "ap");
	found(1, .prefix = rows[2].key.tag);
	found(1, .prefix = rows[2].key.tag + 3);
	found(1, .statuses = 1u << IMAGE_FAILED);
	found(3, .statuses = 1u << IMAGE_FAILED | 1u << IMAGE_COMPLETED);
	found(1, .pin = IMAGE_PINNED);
	found(2, .pin = IMAGE_UNPINNED);
	found(1, .unused_since = 1000001);
	found(2, .limit = 2);
	found(2, .limit = 2, .sort = IMAGE_BY_SIZE);
	found(1, .name = "tools", .limit = 1);
#undef found
	room_close(&r);
}

Test(images, no_engine_means_any)
{
	struct image_row a = room_image(1), b = room_image(2);
	struct image_filter any = { 0 };
	struct image_list list = { 0 };
	struct room r;

	room_open(&r);
	b.key.engine = "another";
	room_put(&r, &a);
	room_put(&r, &b);
	ok(&r, images_list(r.cat, &any, &list, &r.err));
	cr_expect_eq(list.n, 2);
	image_list_release(&list);
	room_close(&r);
}

/* Rows whose order by each key is known: expected positions as digits. */
static void
check_order(enum image_sort sort, bool of_name, const char *expect)
{
	struct image_filter f = { .engine = ENGINE, .sort = sort };
	struct image_list list = { 0 };
	struct room r;
	size_t n;

	room_open(&r);
	for (int i = 0; i < 4; i++) {
		struct image_row row = room_image(i);
		char tag[] = "g1-.";

		tag[3] = "badc"[i];
		row.key.tag = tag;
		row.name = of_name ? "same" : i == 3 ? NULL : "same";
		row.size_bytes = i == 2 ? -1 : 100 - i;
		row.hits = i % 2;
		row.last_used_at = i == 0 ? 2000000 : 0;
		room_put(&r, &row);
	}
	f.name = of_name ? "same" : NULL;
	for (int reverse = 0; reverse < 2; reverse++) {
		f.reverse = reverse;
		ok(&r, images_list(r.cat, &f, &list, &r.err));
		n = list.n;
		cr_assert_eq(n, 4);
		for (size_t i = 0; i < n; i++)
			cr_expect_eq(list.v[reverse ? n - 1 - i : i].id,
				     expect[i] - '0' + 1, "%s %d: place %zu",
				     image_sort_text(sort), reverse, i);
		image_list_release(&list);
	}
	room_close(&r);
}

Test(images, a_list_can_be_sorted_by_each_key)
{
	for (int of_name = 0; of_name < 2; of_name++) {
		check_order(IMAGE_BY_USED, of_name, "0321");
		check_order(IMAGE_BY_CREATED, of_name, "3210");
		check_order(IMAGE_BY_SIZE, of_name, "0132");
		check_order(IMAGE_BY_HITS, of_name, "3120");
		check_order(IMAGE_BY_TAG, of_name, "1032");
	}
	check_order(IMAGE_BY_NAME, false, "2103");
}

Test(images, the_order_does_not_depend_on_sqlite_s_mood)
{
	struct image_filter f = { .engine = ENGINE };
	struct image_list a = { 0 }, b = { 0 };
	struct room r;

	room_open(&r);
	for (int i = 0; i < 20; i++) {
		struct image_row row = room_image(i);

		row.size_bytes = 5;
		row.created_at = 5;
		room_put(&r, &row);
	}
	for (int s = 0; s < IMAGE_SORTS; s++) {
		f.sort = (enum image_sort)s;
		ok(&r, images_list(r.cat, &f, &a, &r.err));
		ok(&r, sql_reverse_unordered(catalog_sql(r.cat), &r.err));
		ok(&r, images_list(r.cat, &f, &b, &r.err));
		cr_assert_eq(a.n, b.n);
		for (size_t i = 0; i < a.n; i++)
			cr_expect_eq(a.v[i].id, b.v[i].id, "%s",
				     image_sort_text(f.sort));
		image_list_release(&a);
		image_list_release(&b);
		room_again(&r, CATALOG_WRITE);
	}
	room_close(&r);
}

static size_t
find(struct room *r, const char *what)
{
	struct image_list list = { 0 };
	size_t n;

	ok(r, images_find(r->cat, ENGINE, what, &list, &r->err));
	n = list.n;
	image_list_release(&list);
	return n;
}

Test(images, one_is_found_by_any_piece_that_is_enough)
{
	struct image_row row = room_image(1);
	char piece[96];
	struct room r;

	room_open(&r);
	row.image_id = "sha256:cafe0001";
	room_put(&r, &row);
	cr_expect_eq(find(&r, row.key.tag), 1);
	cr_expect_eq(find(&r, row.ref), 1);
	cr_expect_eq(find(&r, "tools"), 1);
	cr_expect_eq(find(&r, "sha256:cafe0001"), 1);
	cr_expect_eq(find(&r, "cafe"), 1);
	image_short_id(row.key.tag, piece);
	cr_expect_eq(strlen(piece), 12);
	cr_expect_eq(find(&r, piece), 1);
	piece[4] = '\0';
	cr_expect_eq(find(&r, piece), 1);
	cr_expect_eq(find(&r, "0123"), 0);
	cr_expect_eq(find(&r, ""), 0);
	cr_expect_eq(find(&r, "tool"), 0);
	room_close(&r);
}

Test(images, the_platforms_of_one_tag_are_not_ambiguous)
{
	struct image_row row = room_image(1);
	struct room r;

	room_open(&r);
	room_put(&r, &row);
	row.key.platform = "linux/arm64";
	room_put(&r, &row);
	cr_expect_eq(find(&r, row.key.tag), 2);
	room_close(&r);
}

Test(images, a_name_means_its_newest_image)
{
	struct image_row old = room_image(1), new = room_image(2);
	struct image_list list = { 0 };
	struct room r;

	room_open(&r);
	old.built_at = 2000;
	new.built_at = 3000;
	room_put(&r, &new);
	room_put(&r, &old);
	ok(&r, images_find(r.cat, ENGINE, "tools", &list, &r.err));
	cr_assert_eq(list.n, 1);
	cr_expect_eq(list.v[0].built_at, 3000);
	image_list_release(&list);
	room_close(&r);
}

Test(images, too_short_a_piece_names_the_candidates)
{
	struct image_list list = { 0 };
	struct room r;

	room_open(&r);
	for (int i = 0; i < 7; i++) {
		struct image_row row = room_image(i);
		char tag[] = "g1-abc.";

		tag[6] = (char)('0' + i);
		row.key.tag = tag;
		row.name = i ? NULL : "tools";
		room_put(&r, &row);
	}
	cr_expect_eq(images_find(r.cat, ENGINE, "abc", &list, &r.err),
		     IMGCACHE_EUSAGE);
	cr_expect_str_eq(r.err.text, "'abc' fits several images: g1-abc0 "
			 "(tools), g1-abc1, g1-abc2, g1-abc3, g1-abc4, ...; "
			 "write more of it");
	image_list_release(&list);
	room_close(&r);
}

static int64_t
put_moved(struct room *r, const char *tag, enum image_status s, int64_t at)
{
	struct image_row row = room_image(1);

	row.key.tag = tag;
	row.ref = "localhost/imgcache:it";
	row.name = NULL;
	row.status = s;
	row.status_at = at;
	return room_put(r, &row);
}

#define KEY "x1-0123456789abcdef0123456789abcdef"

/* The row that this means, 0: none or several. */
static int64_t
meant(struct room *r, const char *what)
{
	struct image_list list = { 0 };
	int64_t id = 0;

	if (!images_find(r->cat, ENGINE, what, &list, &r->err) && list.n == 1)
		id = list.v[0].id;
	r->err = (struct imgcache_error){ 0 };
	image_list_release(&list);
	return id;
}

Test(images, of_moved_sources_the_id_means_what_was_last)
{
	const struct image_key key = { ENGINE, KEY, PLATFORM };
	struct image_list list = { 0 };
	int64_t gone, first, second;
	struct room r;

	room_open(&r);
	gone = put_moved(&r, KEY, IMAGE_GONE, 10);
	first = put_moved(&r, KEY "-12", IMAGE_CHANGED, 20);
	cr_expect_eq(meant(&r, "0123456789ab"), first);
	second = put_moved(&r, KEY "-123", IMAGE_CHANGED, 30);
	cr_expect_eq(meant(&r, "0123456789ab"), second);
	cr_expect_eq(meant(&r, KEY "-1"), second);
	cr_expect_eq(meant(&r, KEY "-12"), first, "all of a tag is exact");
	cr_expect_eq(meant(&r, KEY), gone);
	ok(&r, images_find_again(r.cat, &key, &list, &r.err));
	cr_assert_eq(list.n, 1);
	cr_expect_eq(list.v[0].id, second);
	image_list_release(&list);
	ok(&r, images_set_status(r.cat, gone, IMAGE_COMPLETED, NULL, &r.err));
	cr_expect_eq(meant(&r, "0123456789ab"), gone);
	ok(&r, images_set_status(r.cat, gone, IMAGE_FAILED, NULL, &r.err));
	cr_expect_eq(meant(&r, "0123456789ab"), gone);
	room_close(&r);
}

Test(images, another_key_of_that_beginning_is_not_passed_over)
{
	struct room r;

	room_open(&r);
	put_moved(&r, KEY, IMAGE_COMPLETED, 10);
	put_moved(&r, "x1-0123ffffffffffffffffffffffffffff-7", IMAGE_CHANGED,
		  20);
	cr_expect_eq(meant(&r, "0123"), 0);
	cr_expect_neq(meant(&r, "01234"), 0);
	cr_expect_neq(meant(&r, "0123f"), 0);
	room_close(&r);
}

Test(images, a_moved_row_takes_all_with_it_and_the_place_of_another)
{
	struct image_list list = { 0 };
	struct job_list jobs = { 0 };
	int64_t old, row;
	struct room r;

	room_open(&r);
	old = put_moved(&r, KEY "-12", IMAGE_CHANGED, 10);
	row = put_moved(&r, KEY, IMAGE_PENDING, 20);
	ok(&r, jobs_start(r.cat, row, "/log", &r.err));
	ok(&r, images_move(r.cat, row, KEY "-12", &r.err));
	ok(&r, images_list(r.cat, &(struct image_filter){0}, &list, &r.err));
	cr_assert_eq(list.n, 1);
	cr_expect_eq(list.v[0].id, row);
	cr_expect_neq(list.v[0].id, old);
	cr_expect_str_eq(list.v[0].key.tag, KEY "-12");
	ok(&r, jobs_get(r.cat, row, &jobs, &r.err));
	cr_expect_eq(jobs.n, 1);
	job_list_release(&jobs);
	image_list_release(&list);
	room_close(&r);
}

Test(images, a_row_that_is_put_back_keeps_when_it_came_to_its_status)
{
	struct image_row row = room_image(1);
	struct image_list list = { 0 };
	struct room r;

	room_open(&r);
	row.status = IMAGE_PRUNED;
	row.status_at = 1000;
	row.id = room_put(&r, &row);
	ok(&r, images_set_status(r.cat, row.id, IMAGE_BUILDING, NULL, &r.err));
	room_put(&r, &row);
	ok(&r, images_get(r.cat, &row.key, &list, &r.err));
	cr_assert_eq(list.n, 1);
	cr_expect_eq(list.v[0].status_at, 1000);
	image_list_release(&list);
	room_close(&r);
}

Test(images, an_image_is_ours_if_a_row_of_that_engine_has_its_id)
{
	struct image_row row = room_image(1);
	struct image_list list = { 0 };
	struct room r;

	room_open(&r);
	row.image_id = "sha256:cafe0001";
	room_put(&r, &row);
	ok(&r, images_by_image_id(r.cat, ENGINE, "sha256:cafe0001", &list,
				  &r.err));
	cr_expect_eq(list.n, 1);
	image_list_release(&list);
	ok(&r, images_by_image_id(r.cat, "another", "sha256:cafe0001", &list,
				  &r.err));
	cr_expect_eq(list.n, 0);
	image_list_release(&list);
	room_close(&r);
}

Test(images, every_status_and_sort_has_a_word_that_is_read_again)
{
	enum image_status status;
	enum image_sort sort;

	for (int i = 0; i < IMAGE_STATUSES; i++) {
		cr_assert(image_status_parse(
			image_status_text((enum image_status)i), &status));
		cr_expect_eq((int)status, i);
	}
	for (int i = 0; i < IMAGE_SORTS; i++) {
		cr_assert(image_sort_parse(
			image_sort_text((enum image_sort)i), &sort));
		cr_expect_eq((int)sort, i);
	}
	cr_expect_not(image_status_parse("nonsense", &status));
	cr_expect_not(image_sort_parse("nonsense", &sort));
}

Test(images, one_of_many_rows_is_found)
{
	struct image_row row = room_image(3);
	struct image_list list = { 0 };
	struct room r;
	char tag[64];

	snprintf(tag, sizeof(tag), "%s", row.key.tag);
	row.key.tag = tag;
	room_open(&r);
	ok(&r, catalog_begin(r.cat, &r.err));
	for (int i = 0; i < 20000; i++) {
		struct image_row more = room_image(i);

		room_put(&r, &more);
	}
	ok(&r, catalog_commit(r.cat, &r.err));
	ok(&r, images_get(r.cat, &row.key, &list, &r.err));
	cr_expect_eq(list.n, 1);
	cr_expect_eq(list.v[0].id, 4);
	image_list_release(&list);
	room_close(&r);
}

static const char *
pushed(struct room *r, const struct image_row *row)
{
	static char out[128];
	struct image_list list = { 0 };

	ok(r, images_get(r->cat, &row->key, &list, &r->err));
	snprintf(out, sizeof(out), "%s %s %lld", list.v[0].pushed_ref ?
		 list.v[0].pushed_ref : "-", list.v[0].digest ?
		 list.v[0].digest : "-", (long long)list.v[0].pushed_at);
	image_list_release(&list);
	return out;
}

Test(images, where_it_was_pushed_is_kept_until_it_is_built_anew)
{
	struct image_push there = { "r/x:1", "sha256:1", 50 }, none = { 0 };
	struct image_push again = { .ref = "r/x:1", .at = 60 };
	struct image_row row = room_image(1);
	struct room r;
	int64_t id;

	room_open(&r);
	id = room_put(&r, &row);
	ok(&r, images_set_pushed(r.cat, id, &there, &r.err));
	cr_expect_str_eq(pushed(&r, &row), "r/x:1 sha256:1 50");
	ok(&r, images_set_pushed(r.cat, id, &again, &r.err));
	cr_expect_str_eq(pushed(&r, &row), "r/x:1 sha256:1 60");
	ok(&r, images_put(r.cat, &row, NULL, &r.err));
	cr_expect_str_eq(pushed(&r, &row), "r/x:1 sha256:1 60");
	ok(&r, images_set_pushed(r.cat, id, &none, &r.err));
	cr_expect_str_eq(pushed(&r, &row), "- - 0");
	room_close(&r);
}

Test(images, what_is_not_built_here_has_no_log_and_no_reason)
{
	struct image_row row = room_image(1);
	struct image_list list = { 0 };
	struct room r;
	int64_t id;

	row.log_path = "/log";
	row.reason = "no space left";
	row.digest = "sha256:1";
	room_open(&r);
	id = room_put(&r, &row);
	ok(&r, images_clear_build(r.cat, id, &r.err));
	ok(&r, images_get(r.cat, &row.key, &list, &r.err));
	cr_assert_eq(list.n, 1);
	cr_expect_null(list.v[0].log_path);
	cr_expect_null(list.v[0].reason);
	cr_expect_str_eq(list.v[0].digest, "sha256:1");
	image_list_release(&list);
	room_close(&r);
}
