/* SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>

#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "docker/buildx.h"
#include "docker/buildx_check.h"

static int
parse(const char *json, struct arena *arena, struct buildx_finding **v,
      size_t *n)
{
	struct imgcache_error err = { 0 };
	int ret = buildx_check_parse(json, strlen(json), arena, v, n, &err);

	cr_expect_eq(ret, err.code);
	return ret;
}

Test(buildx_check, warnings_are_read)
{
	static const char json[] =
		"{\"warnings\": [{\"ruleName\": \"A\", \"detail\": \"d\","
		" \"url\": \"u\", \"location\": {\"sourceIndex\": 0,"
		" \"ranges\": [{\"start\": {\"line\": 3, \"character\": 1},"
		" \"end\": {\"line\": 5}}]}},"
		" {\"ruleName\": \"B\", \"description\": \"only this\"}],"
		" \"sources\": [{\"fileName\": \"Dockerfile\"}]}";
	struct arena arena = { 0 };
	struct buildx_finding *v;
	size_t n;

	cr_assert_eq(parse(json, &arena, &v, &n), 0);
	cr_assert_eq(n, 2);
	cr_expect_str_eq(v[0].rule, "A");
	cr_expect_str_eq(v[0].text, "d");
	cr_expect_str_eq(v[0].url, "u");
	cr_expect_eq(v[0].line, 3);
	cr_expect_eq(v[0].end_line, 5);
	cr_expect_str_eq(v[1].text, "only this");
	cr_expect_null(v[1].url);
	cr_expect_eq(v[1].line, 0);
	arena_release(&arena);
}

Test(buildx_check, nothing_to_warn_of)
{
	static const char *const none[] = {
		"{\"warnings\": [], \"sources\": []}", "{\"warnings\": null, "
		"\"sources\": null}", "{\"sources\": []}"
	};
	struct arena arena = { 0 };
	struct buildx_finding *v;
	size_t n;

	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
		cr_expect_eq(parse(none[i], &arena, &v, &n), 0, "%s", none[i]);
		cr_expect_eq(n, 0);
	}
	arena_release(&arena);
}

Test(buildx_check, what_is_no_answer)
{
	static const char *const bad[] = { "", "x", "[]", "{}", "3",
					   "{\"error\": \"x\"}" };
	struct arena arena = { 0 };
	struct buildx_finding *v;
	size_t n;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_expect_eq(parse(bad[i], &arena, &v, &n), IMGCACHE_EFAIL,
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
