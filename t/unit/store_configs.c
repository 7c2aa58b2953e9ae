/* SPDX-License-Identifier: MIT */
#include "store_room.h"

#include "base/buf.h"
#include "store/configs.h"

#define NONE "{\"env\":[],\"onbuild\":[]}"
#define SOME "{\"env\":[\"A=1\"],\"onbuild\":[\"ARG V\"]}"

/* When and what, "?" if nobody could tell, "-" if nobody was asked. */
static const char *
config(struct room *r, const char *digest, const char *platform)
{
	static char out[256];
	struct config_row row = { .digest = digest, .platform = platform };
	struct arena arena = { 0 };
	bool found;

	ok(r, configs_get(r->cat, &arena, &row, &found, &r->err));
	snprintf(out, sizeof(out), "%lld %s", (long long)row.asked_at,
		 !found ? "-" : row.config ? row.config : "?");
	arena_release(&arena);
	return out;
}

static void
put(struct room *r, const char *digest, const char *text, int64_t at)
{
	struct config_row row = { digest, PLATFORM, text, at };

	ok(r, configs_put(r->cat, &row, &r->err));
}

Test(configs, what_was_put_comes_back)
{
	struct room r;

	room_open(&r);
	cr_expect_str_eq(config(&r, "sha256:1", PLATFORM), "0 -");
	put(&r, "sha256:1", SOME, 10);
	cr_expect_str_eq(config(&r, "sha256:1", PLATFORM), "10 " SOME);
	cr_expect_str_eq(config(&r, "sha256:2", PLATFORM), "0 -");
	cr_expect_str_eq(config(&r, "sha256:1", "linux/arm64"), "0 -");
	room_close(&r);
}

Test(configs, nothing_set_is_not_nothing_known)
{
	struct room r;

	room_open(&r);
	put(&r, "sha256:1", NONE, 10);
	put(&r, "sha256:2", NULL, 10);
	cr_expect_str_eq(config(&r, "sha256:1", PLATFORM), "10 " NONE);
	cr_expect_str_eq(config(&r, "sha256:2", PLATFORM), "10 ?");
	room_close(&r);
}

Test(configs, what_is_known_stays_known)
{
	struct room r;

	room_open(&r);
	put(&r, "sha256:1", NULL, 10);
	put(&r, "sha256:1", SOME, 20);
	put(&r, "sha256:1", NULL, 30);
	cr_expect_str_eq(config(&r, "sha256:1", PLATFORM), "30 " SOME);
	room_close(&r);
}

Test(configs, a_text_without_instructions_need_not_be_read)
{
	static const struct {
		const char *text;
		bool may_have;
	} rows[] = {
		{ NONE, false },
		{ "{\"env\":[\"A=1\",\"B=]\"],\"onbuild\":[]}", false },
		{ SOME, true },
		{ "{\"env\":[\"A=],\\\"onbuild\\\":[]}\"],\"onbuild\":[\"X\"]}",
		  true },
		{ "{\"env\":[],\"onbuild\":[\"],\\\"onbuild\\\":[]}\"]}",
		  true },
		{ "{\"onbuild\":[\"X\"],\"env\":[],\"onbuild\":[]}", true },
		{ "{ \"env\":[],\"onbuild\":[]}", true },
		{ "", true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_eq(config_may_have_onbuild(rows[i].text),
			     rows[i].may_have, "%s", rows[i].text);
}

Test(configs, the_unknown_or_all_can_be_forgotten)
{
	struct room r;

	room_open(&r);
	put(&r, "sha256:1", NONE, 10);
	put(&r, "sha256:2", NULL, 10);
	ok(&r, configs_forget(r.cat, false, &r.err));
	cr_expect_str_eq(config(&r, "sha256:1", PLATFORM), "10 " NONE);
	cr_expect_str_eq(config(&r, "sha256:2", PLATFORM), "0 -");
	ok(&r, configs_forget(r.cat, true, &r.err));
	cr_expect_eq(room_count(&r, "SELECT count(*) FROM base_configs"), 0);
	room_close(&r);
}

Test(configs, the_oldest_of_a_thousand_go)
{
	char digest[32];
	struct room r;

	room_open(&r);
	for (int i = 0; i < 1003; i++) {
		snprintf(digest, sizeof(digest), "sha256:%d", i);
		put(&r, digest, NULL, 100 + i);
	}
	cr_expect_eq(room_count(&r, "SELECT count(*) FROM base_configs"),
		     1001);
	cr_expect_eq(room_count(&r, "SELECT min(asked_at) FROM base_configs"),
		     102);
	room_close(&r);
}

Test(configs, a_catalog_that_cannot_be_written_keeps_nothing)
{
	struct config_row row = { "sha256:1", PLATFORM, NONE, 10 };
	struct arena arena = { 0 };
	struct catalog *cat;
	struct room r;
	bool found;

	room_open(&r);
	ok(&r, catalog_open(room_path(&r, "catalog.db/under"), CATALOG_READ,
			    &cat, &r.err));
	ok(&r, configs_put(cat, &row, &r.err));
	ok(&r, configs_get(cat, &arena, &row, &found, &r.err));
	cr_expect_not(found);
	arena_release(&arena);
	ok(&r, configs_forget(cat, true, &r.err));
	catalog_close(cat);
	room_close(&r);
}

Test(configs, other_texts_are_refused)
{
	static const char *const texts[] = {
		"", "{", "[]", "{}", "{\"env\":[]}", "{\"onbuild\":[]}",
		"{\"env\":[1],\"onbuild\":[]}", "{\"env\":[],\"onbuild\":{}}",
		"{\"env\":[],\"onbuild\":[null]}",
	};
	struct imgcache_error err = { 0 };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct config c = { 0 };

		cr_expect_eq(config_read(texts[i], strlen(texts[i]), &c, &err),
			     IMGCACHE_EFAIL, "%s", texts[i]);
		error_clear(&err);
		config_release(&c);
	}
}

Test(configs, writing_and_reading_are_one)
{
	static const char text[] =
		"{\"env\":[\"A=\\u0001\"],\"onbuild\":[\"RUN \\\"x\\\"\"]}";
	struct imgcache_error err = { 0 };
	struct buf out = BUF_INIT;
	struct config c = { 0 };

	cr_assert_eq(config_read(text, strlen(text), &c, &err), 0);
	config_write(&c, &out);
	cr_expect_str_eq(out.data, text);
	config_release(&c);
	buf_release(&out);
}
