/* SPDX-License-Identifier: MIT */
#include "store_room.h"

#include "store/bases.h"

static const char *
digest(struct room *r, const char *scope, const char *ref,
	const char *platform)
{
	static char out[64];
	struct arena arena = { 0 };
	struct base_row row;
	bool found;

	ok(r, bases_get(r->cat, scope, ref, platform, &arena, &row, &found,
			&r->err));
	snprintf(out, sizeof(out), "%s %s %s %lld", found ? row.digest : "-",
		 found ? row.source : "-", found ? row.user : "-",
		 found ? (long long)row.resolved_at : 0);
	arena_release(&arena);
	return out;
}

static void
put(struct room *r, const char *scope, const char *platform,
	const char *value, int64_t at)
{
	struct base_row row = {
		scope, "debian:12", platform, value, "registry", "app", at
	};

	ok(r, bases_put(r->cat, &row, &r->err));
}

Test(bases, the_newest_answer_is_remembered)
{
	struct room r;

	room_open(&r);
	cr_expect_str_eq(digest(&r, "registry", "debian:12", ""), "- - - 0");
	put(&r, "registry", "", "sha256:1", 10);
	put(&r, "registry", "", "sha256:2", 20);
	cr_expect_str_eq(digest(&r, "registry", "debian:12", ""),
			 "sha256:2 registry app 20");
	room_close(&r);
}

Test(bases, scopes_and_platforms_are_kept_apart)
{
	struct room r;

	room_open(&r);
	put(&r, "registry", "", "sha256:1", 10);
	put(&r, ENGINE, "", "sha256:2", 10);
	put(&r, ENGINE, PLATFORM, "sha256:3", 10);
	cr_expect_str_eq(digest(&r, "registry", "debian:12", ""),
			 "sha256:1 registry app 10");
	cr_expect_str_eq(digest(&r, ENGINE, "debian:12", PLATFORM),
			 "sha256:3 registry app 10");
	room_close(&r);
}

Test(bases, one_or_all_can_be_forgotten)
{
	struct room r;

	room_open(&r);
	put(&r, "registry", "", "sha256:1", 10);
	put(&r, ENGINE, "", "sha256:2", 10);
	ok(&r, bases_forget(r.cat, "debian:13", &r.err));
	cr_expect_eq(room_count(&r, "SELECT count(*) FROM bases"), 2);
	ok(&r, bases_forget(r.cat, "debian:12", &r.err));
	cr_expect_eq(room_count(&r, "SELECT count(*) FROM bases"), 0);
	put(&r, "registry", "", "sha256:1", 10);
	ok(&r, bases_forget(r.cat, NULL, &r.err));
	cr_expect_eq(room_count(&r, "SELECT count(*) FROM bases"), 0);
	room_close(&r);
}
