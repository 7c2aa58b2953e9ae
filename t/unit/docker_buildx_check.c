/* SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>

#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "docker/buildx.h"
#include "docker/buildx_check.h"

static int
parse(const char *json, struct arena *arena, struct buildx_answer *a)
{
	struct imgcache_error err = { 0 };
	int ret = buildx_check_parse(json, strlen(json), arena, a, &err);

	cr_expect_eq(ret, err.code);
	return ret;
}

/* The end of an answer as buildx 0.29 gives it; definition and data cut. */
#define SOURCES "\"sources\": [{\"filename\": \"Dockerfile\", \"data\": \"Rg==\"," \
	" \"definition\": {\"def\": [\"Wg\"], \"Source\": {}}," \
	" \"language\": \"Dockerfile\"}]}"

/* Of an ENV of three lines: a range for each. */
Test(buildx_check, warnings_are_read)
{
	static const char json[] =
		"{\"warnings\": [{\"ruleName\": \"UndefinedVar\","
		" \"description\": \"Variables should be defined\","
		" \"url\": \"https://example.test/undefined-var/\","
		" \"detail\": \"Usage of undefined variable '$E'\","
		" \"location\": {\"ranges\": ["
		"{\"start\": {\"line\": 2}, \"end\": {\"line\": 2}},"
		"{\"start\": {\"line\": 3}, \"end\": {\"line\": 3}},"
		"{\"start\": {\"line\": 4}, \"end\": {\"line\": 4}}]}},"
		" {\"ruleName\": \"B\", \"description\": \"only this\","
		" \"location\": {}}], " SOURCES;
	struct arena arena = { 0 };
	struct buildx_answer a;

	cr_assert_eq(parse(json, &arena, &a), 0);
	cr_assert_eq(a.n, 2);
	cr_expect_str_eq(a.v[0].rule, "UndefinedVar");
	cr_expect_str_eq(a.v[0].text, "Usage of undefined variable '$E'");
	cr_expect_str_eq(a.v[0].url, "https://example.test/undefined-var/");
	cr_expect_eq(a.v[0].line, 2);
	cr_expect_eq(a.v[0].end_line, 4);
	cr_expect_str_eq(a.v[1].text, "only this");
	cr_expect_null(a.v[1].url);
	cr_expect_eq(a.v[1].line, 0);
	cr_expect_null(a.stop.text);
	arena_release(&arena);
}

Test(buildx_check, nothing_to_warn_of)
{
	static const char *const none[] = {
		"{\"warnings\": null, " SOURCES, "{\"sources\": []}",
		"{\"warnings\": [], \"sources\": null}"
	};
	struct arena arena = { 0 };
	struct buildx_answer a;

	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
		cr_expect_eq(parse(none[i], &arena, &a), 0, "%s", none[i]);
		cr_expect_eq(a.n, 0);
	}
	arena_release(&arena);
}

Test(buildx_check, where_a_file_is_refused)
{
	static const char json[] =
		"{\"warnings\": null, \"buildError\": {\"message\": "
		"\"dockerfile parse error on line 3: unknown flag: --mont "
		"(did you mean mount?)\", \"location\": {\"ranges\": ["
		"{\"start\": {\"line\": 3}, \"end\": {\"line\": 3}}]}}, "
		SOURCES;
	struct arena arena = { 0 };
	struct buildx_answer a;

	cr_assert_eq(parse(json, &arena, &a), 0);
	cr_expect_eq(a.n, 0);
	cr_expect_str_eq(a.stop.text,
			 "unknown flag: --mont (did you mean mount?)");
	cr_expect_eq(a.stop.line, 3);
	cr_expect(a.stop.is_malformed);
	arena_release(&arena);
}

Test(buildx_check, what_the_file_is_not_at_fault_for)
{
	static const char base[] =
		"{\"warnings\": null, \"buildError\": {\"message\": "
		"\"x: failed to resolve source metadata for x\", "
		"\"location\": {\"ranges\": [{\"start\": {\"line\": 1}, "
		"\"end\": {\"line\": 1}}]}}, " SOURCES;
	static const char as_error[] =
		"{\"warnings\": [], \"buildError\": {\"message\": "
		"\"lint violation found for rules: StageNameCasing\", "
		"\"location\": {}}, " SOURCES;
	struct arena arena = { 0 };
	struct buildx_answer a;

	cr_assert_eq(parse(base, &arena, &a), 0);
	cr_expect_str_eq(a.stop.text,
			 "x: failed to resolve source metadata for x");
	cr_expect_eq(a.stop.line, 1);
	cr_expect_not(a.stop.is_malformed);
	cr_assert_eq(parse(as_error, &arena, &a), 0);
	cr_expect_null(a.stop.text);
	arena_release(&arena);
}

Test(buildx_check, what_is_no_answer)
{
	static const char *const bad[] = { "", "x", "[]", "{}", "3",
					   "{\"error\": \"x\"}" };
	struct arena arena = { 0 };
	struct buildx_answer a;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_expect_eq(parse(bad[i], &arena, &a), IMGCACHE_EFAIL,
			     "%s", bad[i]);
	arena_release(&arena);
}

Test(buildx_check, buildx_has_it_from_0_15_on)
{
	struct buildx_client c;

	cr_assert(buildx_client_parse(&c, "buildx v0.14.1"));
	cr_expect_not(c.has_check);
	cr_assert(buildx_client_parse(&c, "buildx v0.15.0"));
	cr_expect(c.has_check);
}
