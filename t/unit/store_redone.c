/* SPDX-License-Identifier: MIT */
#include "store_room.h"

#include "store/invalidations.h"
#include "store/redone.h"

static int64_t
done(struct room *r, const struct redone_stage *s)
{
	int64_t moment;

	ok(r, redone_get(r->cat, s, &moment, &r->err));
	return moment;
}

Test(redone, of_each_engine_project_image_and_stage)
{
	struct redone_stage s = { "e", "/p", "app", "deps" };
	struct room r;

	room_open(&r);
	cr_expect_eq(done(&r, &s), 0);
	ok(&r, redone_set(r.cat, &s, 7, &r.err));
	ok(&r, redone_set(r.cat, &s, 9, &r.err));
	cr_expect_eq(done(&r, &s), 9);
	s.image = NULL;
	cr_expect_eq(done(&r, &s), 0);
	ok(&r, redone_set(r.cat, &s, 4, &r.err));
	cr_expect_eq(done(&r, &s), 4);
	s = (struct redone_stage){ "f", "/p", "app", "deps" };
	cr_expect_eq(done(&r, &s), 0);
	room_close(&r);
}

Test(redone, a_stage_is_invalidated_in_one_image_or_in_all)
{
	const struct invalidation_stage of[] = {
		{ "/p", "app", "deps" }, { "/p", "other", "deps" },
		{ "/p", NULL, "deps" }, { "/q", "app", "deps" }
	};
	int64_t g, moments[4];
	bool any = true;
	struct room r;

	room_open(&r);
	ok(&r, invalidations_any_stage(r.cat, &any, &r.err));
	cr_expect(!any);
	ok(&r, invalidations_add(r.cat, INVALIDATE_STAGE, "/p", "app:deps",
				 &g, &r.err));
	for (size_t i = 0; i < 4; i++)
		ok(&r, invalidations_of_stage(r.cat, &of[i], &moments[i],
					      &r.err));
	cr_expect_eq(moments[0], g);
	cr_expect(!moments[1] && !moments[2] && !moments[3]);
	ok(&r, invalidations_any_stage(r.cat, &any, &r.err));
	cr_expect(any);
	ok(&r, invalidations_add(r.cat, INVALIDATE_STAGE, "/p", "deps", &g,
				 &r.err));
	for (size_t i = 0; i < 4; i++)
		ok(&r, invalidations_of_stage(r.cat, &of[i], &moments[i],
					      &r.err));
	cr_expect(moments[0] == g && moments[1] == g && moments[2] == g);
	cr_expect_eq(moments[3], 0);
	room_close(&r);
}
