/* SPDX-License-Identifier: MIT */
#include "store_room.h"

#include "store/builds.h"
#include "store/stats.h"

#define DAY 86400

static void
lookup(struct room *r, const struct image_row *row, int64_t at,
	enum lookup_result result, enum imgcache_reason reason)
{
	struct lookup l = room_hit(row);

	l.at = at;
	l.result = result;
	l.reason = reason;
	if (reason)
		l.saved_us = 0;
	ok(r, lookups_record(r->cat, &l, &r->err));
}

static void
build(struct room *r, const struct image_row *row, int64_t at,
	enum build_status status, int64_t us)
{
	struct build_row b = {
		.key = row->key, .name = row->name, .started_at = at,
		.reason = IMGCACHE_NEVER_BUILT,
	};
	struct build_row end = {
		.status = status, .duration_us = us, .steps_total = 4,
		.steps_cached = 1, .context_bytes = 10,
	};

	ok(r, builds_start(r->cat, &b, &end.id, &r->err));
	if (status != BUILD_RUNNING)
		ok(r, builds_finish(r->cat, &end, NULL, 0, &r->err));
}

/* Two recipes, one image of each there, one pruned; a second engine. */
static void
fill(struct room *r)
{
	struct image_row tools = room_image(1), api = room_image(2);
	struct image_row gone = room_image(3), other = room_image(4);

	api.name = "api";
	api.pinned = true;
	gone.status = IMAGE_PRUNED;
	other.key.engine = "another";
	room_put(r, &tools);
	room_put(r, &api);
	room_put(r, &gone);
	room_put(r, &other);
	lookup(r, &tools, DAY, LOOKUP_MISS, IMGCACHE_NEVER_BUILT);
	lookup(r, &tools, DAY, LOOKUP_HIT_LOCAL, IMGCACHE_REASON_NONE);
	lookup(r, &tools, 2 * DAY, LOOKUP_HIT_REMOTE, IMGCACHE_REASON_NONE);
	lookup(r, &api, 2 * DAY, LOOKUP_HIT_LOCAL, IMGCACHE_REASON_NONE);
	lookup(r, &api, 2 * DAY, LOOKUP_UNKNOWN, IMGCACHE_ENGINE_UNKNOWN);
	lookup(r, &other, 2 * DAY, LOOKUP_MISS, IMGCACHE_GONE);
	build(r, &tools, DAY, BUILD_COMPLETED, 9000000);
	build(r, &tools, DAY, BUILD_COMPLETED, 1000000);
	build(r, &tools, DAY, BUILD_COMPLETED, 2000000);
	build(r, &tools, 2 * DAY, BUILD_FAILED, 500000);
	build(r, &api, 2 * DAY, BUILD_INTERRUPTED, 500000);
	build(r, &api, 2 * DAY, BUILD_RUNNING, 0);
	ok(r, lookups_fold(r->cat, NULL, &r->err));
}

static void
read_stats(struct room *r, struct stats_query q, struct stats *s)
{
	memset(s, 0, sizeof(*s));
	ok(r, stats_read(r->cat, &q, s, &r->err));
}

Test(stats, nothing_gives_zeros_and_no_rate)
{
	struct stats s;
	struct room r;

	room_open(&r);
	read_stats(&r, (struct stats_query){ .engine = ENGINE }, &s);
	cr_expect_eq(s.images, 0);
	cr_expect_eq(s.average_hits, -1);
	cr_expect_eq(s.hit_rate, -1);
	cr_expect_eq(s.build_success_rate, -1);
	cr_expect_eq(s.hit_us, -1);
	cr_expect_eq(s.build_p50_us, -1);
	cr_expect_eq(s.build_p95_us, -1);
	cr_expect_eq(s.n_images, 0);
	cr_expect_eq(s.n_days, 0);
	stats_release(&s);
	room_close(&r);
}

Test(stats, the_sums_of_an_engine_are_right)
{
	struct stats s;
	struct room r;

	room_open(&r);
	fill(&r);
	read_stats(&r, (struct stats_query){ .engine = ENGINE }, &s);
	cr_expect_eq(s.images, 2);
	cr_expect_eq(s.size_bytes, 1001 + 1002);
	cr_expect_eq(s.pinned, 1);
	cr_expect_eq(s.total_hits, 3);
	cr_expect_eq(s.average_hits, 1.5);
	cr_expect_eq(s.lookups, 5);
	cr_expect_eq(s.by_result[LOOKUP_HIT_LOCAL], 2);
	cr_expect_eq(s.by_result[LOOKUP_HIT_REMOTE], 1);
	cr_expect_eq(s.by_result[LOOKUP_UNKNOWN], 1);
	cr_expect_eq(s.misses_by_reason[IMGCACHE_NEVER_BUILT], 1);
	cr_expect_eq(s.misses_by_reason[IMGCACHE_GONE], 0);
	cr_expect_eq(s.hit_rate, 0.75);
	cr_expect_eq(s.saved_us, 3 * 4998500);
	cr_expect_eq(s.hit_us, 1500);
	cr_expect_eq(s.us_by_result[LOOKUP_HIT_REMOTE], 1500);
	cr_expect_eq(s.builds, 5);
	cr_expect_eq(s.builds_completed, 3);
	cr_expect_eq(s.builds_failed, 1);
	cr_expect_eq(s.build_success_rate, 0.75);
	cr_expect_eq(s.build_us, 13000000);
	cr_expect_eq(s.build_p50_us, 2000000);
	cr_expect_eq(s.build_p95_us, 9000000);
	cr_expect_eq(s.steps_total, 20);
	cr_expect_eq(s.steps_cached, 5);
	cr_expect_eq(s.steps_cached_rate, 0.25);
	cr_expect_eq(s.context_bytes, 50);
	stats_release(&s);
	room_close(&r);
}

Test(stats, each_recipe_has_its_line_most_asked_for_first)
{
	struct stats s;
	struct room r;

	room_open(&r);
	fill(&r);
	read_stats(&r, (struct stats_query){ .engine = ENGINE }, &s);
	cr_assert_eq(s.n_images, 2);
	cr_expect_str_eq(s.per_image[0].name, "tools");
	cr_expect_eq(s.per_image[0].lookups, 3);
	cr_expect(s.per_image[0].is_named);
	cr_expect_eq(s.per_image[0].hits_local, 1);
	cr_expect_eq(s.per_image[0].hits_remote, 1);
	cr_expect_eq(s.per_image[0].misses, 1);
	cr_expect_eq(s.per_image[0].builds, 4);
	cr_expect_eq(s.per_image[0].completed, 3);
	cr_expect_eq(s.per_image[0].failed, 1);
	cr_expect_eq(s.per_image[0].steps_total, 16);
	cr_expect_eq(s.per_image[0].steps_cached, 4);
	cr_expect_eq(s.per_image[0].context_bytes, 10);
	cr_expect_eq(s.per_image[0].images, 1);
	cr_expect_eq(s.per_image[0].size_bytes, 1001);
	cr_expect_eq(s.per_image[0].build_us, 2000000);
	cr_expect_eq(s.per_image[0].build_p95_us, 9000000);
	cr_expect_eq(s.per_image[0].build_total_us, 12500000);
	cr_expect_eq(s.per_image[0].saved_us, 2 * 4998500);
	cr_expect_str_eq(s.per_image[1].name, "api");
	cr_expect_eq(s.per_image[1].build_us, -1);
	stats_release(&s);
	room_close(&r);
}

Test(stats, the_days_are_in_order)
{
	struct stats s;
	struct room r;

	room_open(&r);
	fill(&r);
	read_stats(&r, (struct stats_query){ .engine = ENGINE }, &s);
	cr_assert_eq(s.n_days, 2);
	cr_expect_eq(s.days[0].day, DAY);
	cr_expect_null(s.days[0].name);
	cr_expect_eq(s.days[0].hits_local, 1);
	cr_expect_eq(s.days[0].misses, 1);
	cr_expect_eq(s.days[0].builds, 3);
	cr_expect_eq(s.days[0].completed, 3);
	cr_expect_eq(s.days[0].build_us, 12000000);
	cr_expect_eq(s.days[0].build_p50_us, 2000000);
	cr_expect_eq(s.days[1].hits_local, 1);
	cr_expect_eq(s.days[1].hits_remote, 1);
	cr_expect_eq(s.days[1].unknown, 1);
	cr_expect_eq(s.days[1].builds, 2);
	cr_expect_eq(s.days[1].failed, 1);
	cr_expect_eq(s.days[1].build_p50_us, -1);
	cr_expect_eq(s.days[1].saved_us, 2 * 4998500);
	stats_release(&s);
	room_close(&r);
}

Test(stats, each_recipe_has_its_days_by_name)
{
	struct stats s;
	struct room r;

	room_open(&r);
	fill(&r);
	read_stats(&r, (struct stats_query){ .engine = ENGINE }, &s);
	cr_assert_eq(s.n_image_days, 3);
	cr_expect_str_eq(s.image_days[0].name, "api");
	cr_expect_eq(s.image_days[0].day, 2 * DAY);
	cr_expect_eq(s.image_days[0].unknown, 1);
	cr_expect_str_eq(s.image_days[1].name, "tools");
	cr_expect_eq(s.image_days[1].day, DAY);
	cr_expect_eq(s.image_days[1].misses, 1);
	cr_expect_eq(s.image_days[1].build_p50_us, 2000000);
	cr_expect_eq(s.image_days[0].build_p50_us, -1);
	cr_expect_str_eq(s.image_days[2].name, "tools");
	cr_expect_eq(s.image_days[2].hits_remote, 1);
	stats_release(&s);
	room_close(&r);
}

static void
expect_reason(const struct stats_reason *have, struct stats_reason expect)
{
	if (expect.name)
		cr_expect_str_eq(have->name, expect.name);
	else
		cr_expect_null(have->name);
	cr_expect_eq(have->day, expect.day);
	cr_expect_eq(have->reason, expect.reason);
	cr_expect_eq(have->n, expect.n);
}

Test(stats, words_of_later_versions_are_one_reason_in_its_place)
{
	const struct stats_reason expect[] = {
		{ NULL, DAY, IMGCACHE_REASON_NONE, 3 },
		{ NULL, DAY, IMGCACHE_GONE, 2 },
		{ "tools", -1, IMGCACHE_REASON_NONE, 3 },
		{ "tools", -1, IMGCACHE_GONE, 2 },
	};
	struct image_row tools = room_image(1);
	struct stats s;
	struct room r;

	room_open(&r);
	room_put(&r, &tools);
	for (int i = 0; i < 2; i++) {
		lookup(&r, &tools, DAY, LOOKUP_MISS, IMGCACHE_GONE);
		lookup(&r, &tools, DAY, LOOKUP_MISS, IMGCACHE_FOREIGN);
	}
	lookup(&r, &tools, DAY, LOOKUP_MISS, IMGCACHE_PRUNED);
	ok(&r, lookups_fold(r.cat, NULL, &r.err));
	ok(&r, sql_exec(catalog_sql(r.cat), "UPDATE lookups SET reason ="
			" 'z' || reason WHERE reason <> 'gone'", &r.err));
	read_stats(&r, (struct stats_query){ .engine = ENGINE }, &s);
	cr_assert_eq(s.n_reasons, 6);
	for (size_t i = 0; i < sizeof(expect) / sizeof(*expect); i++)
		expect_reason(&s.reasons[i], expect[i]);
	cr_expect_eq(s.misses_by_reason[IMGCACHE_REASON_NONE], 3);
	stats_release(&s);
	room_close(&r);
}

Test(stats, misses_have_reasons_by_day_by_recipe_and_by_both)
{
	const struct stats_reason expect[] = {
		{ NULL, DAY, IMGCACHE_NEVER_BUILT, 3 },
		{ NULL, DAY, IMGCACHE_GONE, 1 },
		{ NULL, 2 * DAY, IMGCACHE_BASE_MOVED, 1 },
		{ NULL, 2 * DAY, IMGCACHE_INPUTS_CHANGED, 1 },
		{ "api", -1, IMGCACHE_NEVER_BUILT, 2 },
		{ "api", -1, IMGCACHE_INPUTS_CHANGED, 1 },
		{ "api", DAY, IMGCACHE_NEVER_BUILT, 2 },
		{ "api", 2 * DAY, IMGCACHE_INPUTS_CHANGED, 1 },
		{ "tools", -1, IMGCACHE_BASE_MOVED, 1 },
		{ "tools", -1, IMGCACHE_GONE, 1 },
		{ "tools", -1, IMGCACHE_NEVER_BUILT, 1 },
	};
	struct image_row tools = room_image(1), api = room_image(2);
	struct stats s;
	struct room r;

	room_open(&r);
	api.name = "api";
	room_put(&r, &tools);
	room_put(&r, &api);
	lookup(&r, &tools, DAY, LOOKUP_MISS, IMGCACHE_NEVER_BUILT);
	lookup(&r, &tools, DAY, LOOKUP_MISS, IMGCACHE_GONE);
	lookup(&r, &tools, 2 * DAY + 5, LOOKUP_MISS, IMGCACHE_BASE_MOVED);
	lookup(&r, &tools, 2 * DAY, LOOKUP_HIT_LOCAL, IMGCACHE_REASON_NONE);
	lookup(&r, &api, DAY, LOOKUP_MISS, IMGCACHE_NEVER_BUILT);
	lookup(&r, &api, DAY + 9, LOOKUP_MISS, IMGCACHE_NEVER_BUILT);
	lookup(&r, &api, 2 * DAY, LOOKUP_MISS, IMGCACHE_INPUTS_CHANGED);
	lookup(&r, &api, 2 * DAY, LOOKUP_UNKNOWN, IMGCACHE_ENGINE_UNKNOWN);
	ok(&r, lookups_fold(r.cat, NULL, &r.err));
	read_stats(&r, (struct stats_query){ .engine = ENGINE }, &s);
	cr_assert_eq(s.n_reasons, 14);
	for (size_t i = 0; i < sizeof(expect) / sizeof(*expect); i++)
		expect_reason(&s.reasons[i], expect[i]);
	stats_release(&s);
	room_close(&r);
}

/* One build of those steps, of image row. */
static void
build_of(struct room *r, const struct image_row *row, int64_t at,
	 const struct build_step *steps, size_t n)
{
	struct build_row b = {
		.key = row->key, .name = row->name, .started_at = at,
		.reason = IMGCACHE_NEVER_BUILT,
	};
	struct build_row end = { .status = BUILD_COMPLETED, .duration_us = 9 };

	ok(r, builds_start(r->cat, &b, &end.id, &r->err));
	ok(r, builds_finish(r->cat, &end, steps, n, &r->err));
}

Test(stats, steps_cost_what_their_runs_took)
{
	struct build_step first[] = { { 1, "FROM", true, 7 },
		{ 2, "COPY", false, 10 }, { 3, "RUN", false, 100 } };
	struct build_step again[] = { { 1, "FROM", true, 9 },
		{ 2, "COPY", false, 40 }, { 3, "RUN", true, 3 } };
	struct image_row tools = room_image(1);
	struct stats s;
	struct room r;

	room_open(&r);
	room_put(&r, &tools);
	build_of(&r, &tools, DAY, first, 3);
	build_of(&r, &tools, 2 * DAY, again, 3);
	read_stats(&r, (struct stats_query){ .engine = ENGINE }, &s);
	cr_assert_eq(s.n_steps, 2);
	cr_expect_str_eq(s.steps[0].name, "RUN");
	cr_expect_str_eq(s.steps[0].image, "tools");
	cr_expect_eq(s.steps[0].runs, 1);
	cr_expect_eq(s.steps[0].cached, 1);
	cr_expect_eq(s.steps[0].us, 100);
	cr_expect_str_eq(s.steps[1].name, "COPY");
	cr_expect_eq(s.steps[1].runs, 2);
	cr_expect_eq(s.steps[1].us, 50);
	cr_expect_eq(s.steps[1].longest_us, 40);
	stats_release(&s);
	read_stats(&r, (struct stats_query){ .engine = ENGINE,
		   .since = 2 * DAY }, &s);
	cr_assert_eq(s.n_steps, 1);
	cr_expect_str_eq(s.steps[0].name, "COPY");
	stats_release(&s);
	room_close(&r);
}

Test(stats, percentiles_are_builds_that_were)
{
	struct image_row tools = room_image(1);
	struct stats s;
	struct room r;

	room_open(&r);
	room_put(&r, &tools);
	for (int i = 1; i <= 40; i++)
		build(&r, &tools, DAY, BUILD_COMPLETED, i * 1000);
	build(&r, &tools, DAY, BUILD_FAILED, 999000);
	read_stats(&r, (struct stats_query){ .engine = ENGINE }, &s);
	cr_expect_eq(s.build_p50_us, 20000);
	cr_expect_eq(s.build_p95_us, 38000);
	cr_expect_eq(s.per_image[0].build_p95_us, 38000);
	stats_release(&s);
	room_close(&r);
}

Test(stats, they_can_begin_later_and_be_of_one_recipe_or_all_engines)
{
	struct stats s;
	struct room r;

	room_open(&r);
	fill(&r);
	read_stats(&r, (struct stats_query){ .engine = ENGINE,
		   .since = 2 * DAY }, &s);
	cr_expect_eq(s.lookups, 3);
	cr_expect_eq(s.builds, 2);
	cr_expect_eq(s.hit_rate, 1);
	stats_release(&s);
	read_stats(&r, (struct stats_query){ .engine = ENGINE,
		   .name = "api" }, &s);
	cr_expect_eq(s.images, 1);
	cr_expect_eq(s.lookups, 2);
	cr_expect_eq(s.n_images, 1);
	stats_release(&s);
	read_stats(&r, (struct stats_query){ .engine = NULL }, &s);
	cr_expect_eq(s.images, 3);
	cr_expect_eq(s.misses_by_reason[IMGCACHE_GONE], 1);
	stats_release(&s);
	room_close(&r);
}

Test(stats, condensing_does_not_change_them)
{
	struct image_row tools = room_image(1);
	struct lookup l = room_hit(&tools);
	struct stats before, after;
	struct room r;

	room_open(&r);
	fill(&r);
	l.saved_us = -1;
	for (l.at = DAY; l.at < DAY + 3; l.at++)
		ok(&r, lookups_record(r.cat, &l, &r.err));
	read_stats(&r, (struct stats_query){ .engine = NULL }, &before);
	cr_expect_eq(before.saved_us, 3 * 4998500);
	ok(&r, lookups_condense(r.cat, 10 * DAY, &r.err));
	read_stats(&r, (struct stats_query){ .engine = NULL }, &after);
	cr_expect_eq(before.lookups, after.lookups);
	cr_expect_eq(before.hit_rate, after.hit_rate);
	cr_expect_eq(before.hit_us, after.hit_us);
	cr_expect_eq(before.saved_us, after.saved_us);
	cr_expect_eq(before.n_days, after.n_days);
	cr_expect_eq(before.days[1].hits_local, after.days[1].hits_local);
	cr_expect_eq(before.n_image_days, after.n_image_days);
	cr_expect_eq(before.n_reasons, after.n_reasons);
	cr_expect_eq(before.per_image[0].hits_local,
		     after.per_image[0].hits_local);
	stats_release(&before);
	stats_release(&after);
	room_close(&r);
}
