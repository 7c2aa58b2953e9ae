/* SPDX-License-Identifier: MIT */
#include "store_room.h"

#include "store/invalidations.h"
#include "sys/clock.h"

static int64_t
add(struct room *r, enum invalidation_scope scope,
	const char *project, const char *value)
{
	int64_t g;

	ok(r, invalidations_add(r->cat, scope, project, value, &g, &r->err));
	return g;
}

static int64_t
of(struct room *r, const char *project, const char *name,
	const char *tag, const char *base, const char *stage)
{
	const char *bases[] = { "scratch", base, NULL };
	const char *stages[] = { stage, NULL };
	struct invalidation_subject s = {
		project, name, tag, bases, stages
	};
	int64_t g;

	ok(r, invalidations_generation(r->cat, &s, &g, &r->err));
	return g;
}

Test(invalidations, without_any_the_generation_is_zero)
{
	struct room r;

	room_open(&r);
	cr_expect_eq(of(&r, "/p", "n", "g1-0", "debian:12", "deps"), 0);
	room_close(&r);
}

Test(invalidations, each_scope_concerns_its_subjects_only)
{
	struct room r;
	int64_t g;

	room_open(&r);
	g = add(&r, INVALIDATE_NAME, "/p", "n");
	cr_expect_eq(of(&r, "/p", "n", "g1-0", NULL, NULL), g);
	cr_expect_eq(of(&r, "/q", "n", "g1-0", NULL, NULL), 0);
	cr_expect_eq(of(&r, "/p", "m", "g1-0", NULL, NULL), 0);
	g = add(&r, INVALIDATE_NAME, NULL, "m");
	cr_expect_eq(of(&r, "/q", "m", "g1-0", NULL, NULL), g);
	g = add(&r, INVALIDATE_TAG, NULL, "g1-1");
	cr_expect_eq(of(&r, "/q", NULL, "g1-1", NULL, NULL), g);
	g = add(&r, INVALIDATE_BASE, NULL, "debian:12");
	cr_expect_eq(of(&r, "/q", NULL, "g1-2", "debian:12", NULL), g);
	cr_expect_eq(of(&r, "/q", NULL, "g1-2", "debian:13", NULL), 0);
	g = add(&r, INVALIDATE_STAGE, "/p", "deps");
	cr_expect_eq(of(&r, "/p", NULL, "g1-2", NULL, "deps"), g);
	cr_expect_eq(of(&r, "/q", NULL, "g1-2", NULL, "deps"), 0);
	g = add(&r, INVALIDATE_ALL, NULL, NULL);
	cr_expect_eq(of(&r, "/q", NULL, "g1-2", NULL, NULL), g);
	room_close(&r);
}

Test(invalidations, the_generation_grows_within_a_second_and_back_in_time)
{
	struct room r;
	int64_t first;

	room_open(&r);
	first = add(&r, INVALIDATE_ALL, NULL, NULL);
	cr_expect_geq(first, clock_now_s() - 5);
	cr_expect_gt(add(&r, INVALIDATE_TAG, NULL, "g1-0"), first);
	ok(&r, sql_exec(catalog_sql(r.cat), "UPDATE invalidations"
			" SET moment = 99999999999", &r.err));
	cr_expect_eq(add(&r, INVALIDATE_ALL, NULL, NULL), 100000000000);
	room_close(&r);
}

Test(invalidations, the_list_has_each_subject_once)
{
	struct invalidation_list list = { 0 };
	struct room r;

	room_open(&r);
	add(&r, INVALIDATE_BASE, NULL, "debian:12");
	add(&r, INVALIDATE_STAGE, "/p", "deps");
	add(&r, INVALIDATE_BASE, NULL, "debian:12");
	ok(&r, invalidations_list(r.cat, &list, &r.err));
	cr_assert_eq(list.n, 2);
	cr_expect_eq(list.v[0].scope, INVALIDATE_BASE);
	cr_expect_null(list.v[0].project);
	cr_expect_str_eq(list.v[0].value, "debian:12");
	cr_expect_eq(list.v[1].scope, INVALIDATE_STAGE);
	cr_expect_str_eq(list.v[1].project, "/p");
	invalidation_list_release(&list);
	room_close(&r);
}
