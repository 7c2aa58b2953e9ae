/* SPDX-License-Identifier: MIT */
#include "store_room.h"

#define DAY 86400

static void
record(struct room *r, int image, int64_t at,
	enum lookup_result result)
{
	struct image_row row = room_image(image);
	struct lookup l = room_hit(&row);

	l.at = at;
	l.result = result;
	if (result == LOOKUP_MISS)
		l.reason = IMGCACHE_NEVER_BUILT;
	ok(r, lookups_record(r->cat, &l, &r->err));
}

Test(lookups, condensing_keeps_the_sums)
{
	struct room r;

	room_open(&r);
	for (int i = 0; i < 300; i++)
		record(&r, i % 2, 10 * DAY + i, i % 3 ? LOOKUP_HIT_LOCAL :
		       LOOKUP_MISS);
	record(&r, 1, 12 * DAY, LOOKUP_HIT_LOCAL);
	ok(&r, lookups_fold(r.cat, NULL, &r.err));
	ok(&r, lookups_condense(r.cat, 11 * DAY + 5, &r.err));
	cr_expect_eq(room_count(&r, "SELECT count(*) FROM lookups"), 5);
	cr_expect_eq(room_count(&r, "SELECT sum(n) FROM lookups"), 301);
	cr_expect_eq(room_count(&r, "SELECT sum(us) FROM lookups"),
		     301 * 1500);
	cr_expect_eq(room_count(&r, "SELECT sum(n) FROM lookups"
				" WHERE result = 'miss'"), 100);
	cr_expect_eq(room_count(&r, "SELECT min(at) FROM lookups"), 10 * DAY);
	room_close(&r);
}

Test(lookups, condensing_again_changes_nothing)
{
	struct room r;

	room_open(&r);
	record(&r, 1, 10 * DAY, LOOKUP_MISS);
	record(&r, 1, 10 * DAY + 1, LOOKUP_MISS);
	ok(&r, lookups_fold(r.cat, NULL, &r.err));
	for (int i = 0; i < 3; i++)
		ok(&r, lookups_condense(r.cat, (11 + i) * DAY, &r.err));
	cr_expect_eq(room_count(&r, "SELECT count(*) FROM lookups"), 1);
	cr_expect_eq(room_count(&r, "SELECT n FROM lookups"), 2);
	room_close(&r);
}

Test(lookups, every_result_and_reason_has_a_word_that_is_read_again)
{
	enum lookup_result result;
	enum imgcache_reason reason;

	for (int i = 0; i < LOOKUP_RESULTS; i++) {
		cr_assert(lookup_result_parse(
			lookup_result_text((enum lookup_result)i), &result));
		cr_expect_eq((int)result, i);
	}
	for (int i = 0; i < IMGCACHE_REASONS; i++) {
		cr_assert(lookup_reason_parse(
			lookup_reason_word((enum imgcache_reason)i), &reason));
		cr_expect_eq((int)reason, i);
	}
	cr_expect_not(lookup_result_parse("hit", &result));
	cr_expect_not(lookup_reason_parse("", &reason));
}

Test(lookups, all_results_can_be_stored)
{
	struct room r;

	room_open(&r);
	for (int i = 0; i < LOOKUP_RESULTS; i++)
		record(&r, 1, DAY, (enum lookup_result)i);
	ok(&r, lookups_fold(r.cat, NULL, &r.err));
	cr_expect_eq(room_count(&r, "SELECT count(*) FROM lookups"),
		     LOOKUP_RESULTS);
	room_close(&r);
}
