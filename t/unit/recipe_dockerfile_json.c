/* SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "recipe/dockerfile_json.h"

static void
add(void *payload, const char *s, size_t len)
{
	struct buf *out = payload;

	buf_addc(out, '<');
	buf_add(out, s, len);
	buf_addc(out, '>');
}

static struct span
span(const char *s)
{
	return (struct span){ s, strlen(s) };
}

/* The strings in <>, "none" or "mixed". The caller frees. */
static char *
show(const char *text)
{
	struct buf out = BUF_INIT;

	switch (dockerfile_json_list(span(text), add, &out)) {
	case JSON_LIST_NONE:
		cr_expect_eq(out.len, 0);
		buf_adds(&out, "none");
		break;
	case JSON_LIST_MIXED:
		cr_expect_eq(out.len, 0);
		buf_adds(&out, "mixed");
		break;
	case JSON_LIST_STRINGS:
		break;
	}
	return buf_detach(&out);
}

Test(dockerfile_json, lists_are_as_strict_as_go_s)
{
	static const char *const rows[][2] = {
		{ "[]", "" }, { " [ \"a\" , \"b\" ] ", "<a><b>" },
		{ "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]", "<\"\\/\b\f\n\r\t>" },
		{ "[\"\\u0041\\u00e9\"]", "<A\xc3\xa9>" },
		{ "[\"\\ud83d\\ude00\"]", "<\xf0\x9f\x98\x80>" },
		{ "[\"\\ud83dx\"]", "<\xef\xbf\xbdx>" },
		{ "[\"\\ud83d\\u0041\"]", "<\xef\xbf\xbd" "A>" },
		{ "[\"\xff\"]", "<\xef\xbf\xbd>" },
		{ "[1]", "mixed" }, { "[\"a\", null]", "mixed" },
		{ "[[\"a\"]]", "mixed" }, { "[{\"a\": [1, {}]}]", "mixed" },
		{ "[-1.5e+3, 0, 1E2, true, false]", "mixed" },
		{ "", "none" }, { "[", "none" }, { "[\"a\"", "none" },
		{ "[\"a\",]", "none" }, { "[,]", "none" },
		{ "[\"a\"] x", "none" }, { "['a']", "none" },
		{ "[\"a]", "none" }, { "[\"\\x\"]", "none" },
		{ "[\"\\u00g0\"]", "none" }, { "[\"a\nb\"]", "none" },
		{ "[01]", "none" }, { "[1.]", "none" }, { "[-]", "none" },
		{ "[1e]", "none" }, { "[nul]", "none" }, { "[{]", "none" },
		{ "[[}]", "none" }, { "[{\"a\" 1}]", "none" },
		{ "[\"a\" \"b\"]", "none" }, { "{}", "none" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *actual = show(rows[i][0]);
		cr_expect_str_eq(actual, rows[i][1], "%s gives %s",
				 rows[i][0], actual);
		free(actual);
	}
}

Test(dockerfile_json, depth_has_an_end)
{
	struct buf text = BUF_INIT;

	for (int i = 0; i < 9000; i++)
		buf_addc(&text, '[');
	for (int i = 0; i < 9000; i++)
		buf_addc(&text, ']');
	char *actual = show(text.data);
	cr_expect_str_eq(actual, "mixed");
	free(actual);
	buf_clear(&text);
	for (int i = 0; i < 1000000; i++)
		buf_addc(&text, '[');
	actual = show(text.data);
	cr_expect_str_eq(actual, "none");
	free(actual);
	buf_release(&text);
}

Test(dockerfile_json, members_are_found_in_whole_objects_only)
{
	static const char *const rows[][2] = {
		{ "{\"k\": \"v\"}", "v" }, { " {\"a\":{\"k\":1},\"k\":\"v\"} ",
		  "v" }, { "{\"k\": \"a\", \"k\": \"b\"}", "b" },
		{ "{\"k\": \"a\", \"k\": 1}", NULL }, { "{\"k\": 1}", NULL },
		{ "{}", NULL }, { "{\"k\": \"v\"", NULL },
		{ "{\"k\": \"v\"} x", NULL }, { "[\"k\"]", NULL },
		{ "{\"j\": \"v\"}", NULL }, { "", NULL },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf out = BUF_INIT;
		bool found = dockerfile_json_member(span(rows[i][0]), "k",
						    &out);
		cr_expect_eq(found, rows[i][1] != NULL, "%s", rows[i][0]);
		cr_expect_str_eq(out.data, rows[i][1] ? rows[i][1] : "");
		buf_release(&out);
	}
}
