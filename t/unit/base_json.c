/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"

static void
expect_string(const char *s, size_t len, const char *expect)
{
	struct buf b = BUF_INIT;
	struct json j = JSON_INIT(&b);

	json_stringn(&j, s, len);
	cr_expect_str_eq(b.data, expect);
	buf_release(&b);
}

Test(json, nests_and_sets_commas)
{
	struct buf b = BUF_INIT;
	struct json j = JSON_INIT(&b);

	json_object(&j);
	json_key(&j, "a");
	json_array(&j);
	json_int(&j, 1);
	json_object(&j);
	json_end_object(&j);
	json_array(&j);
	json_end_array(&j);
	json_bool(&j, true);
	json_end_array(&j);
	json_key(&j, "b");
	json_null(&j);
	json_key(&j, "c");
	json_bool(&j, false);
	json_end_object(&j);
	cr_assert_str_eq(b.data, "{\"a\":[1,{},[],true],\"b\":null,"
			 "\"c\":false}");
	cr_assert_eq(j.depth, 0);
	buf_release(&b);
}

Test(json, no_string_is_null)
{
	struct buf b = BUF_INIT;
	struct json j = JSON_INIT(&b);

	json_array(&j);
	json_string(&j, NULL);
	json_string(&j, "");
	json_end_array(&j);
	cr_assert_str_eq(b.data, "[null,\"\"]");
	buf_release(&b);
}

/* RFC 8259, section 7: what must be escaped is, and nothing else changes. */
Test(json, every_byte_value_gives_a_valid_string)
{
	for (int i = 0; i < 256; i++) {
		struct buf b = BUF_INIT;
		struct json j = JSON_INIT(&b);
		char c = (char)i;
		const char *body;

		json_stringn(&j, &c, 1);
		cr_assert(b.len >= 3 && b.data[0] == '"' &&
			  b.data[b.len - 1] == '"');
		body = b.data + 1;
		if (i == '"' || i == '\\')
			cr_assert(body[0] == '\\' && body[1] == c &&
				  b.len == 4);
		else if (i < 0x20)
			cr_assert_eq(body[0], '\\', "byte %d", i);
		else if (i < 0x80)
			cr_assert(body[0] == c && b.len == 3, "byte %d", i);
		else
			cr_assert_str_eq(body, "\xef\xbf\xbd\"", "byte %d", i);
		buf_release(&b);
	}
}

Test(json, control_bytes_have_their_escapes)
{
	expect_string("\b\t\n\f\r", 5, "\"\\b\\t\\n\\f\\r\"");
	expect_string("\0\x01\x1f\x7f", 4, "\"\\u0000\\u0001\\u001f\x7f\"");
}

Test(json, utf8_passes)
{
	const char *s = "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x90\xb3 "
		"\xf4\x8f\xbf\xbf";
	struct buf expect = BUF_INIT;

	buf_addf(&expect, "\"%s\"", s);
	expect_string(s, strlen(s), expect.data);
	buf_release(&expect);
}

Test(json, what_is_not_utf8_is_replaced)
{
	expect_string("\xc0\xaf", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\"");
	expect_string("\xed\xa0\x80", 3,
		      "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
	expect_string("\xe0\x9f\xbf", 3,
		      "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
	expect_string("\xf4\x90\x80\x80", 4, "\"\xef\xbf\xbd\xef\xbf\xbd"
		      "\xef\xbf\xbd\xef\xbf\xbd\"");
	expect_string("\xc3(", 2, "\"\xef\xbf\xbd(\"");
	expect_string("\xe2\x82", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\"");
	expect_string("\xe2\x82\xac", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\"");
	expect_string("\xe2\x82 ", 3, "\"\xef\xbf\xbd\xef\xbf\xbd \"");
}

Test(json, keys_are_escaped_too)
{
	struct buf b = BUF_INIT;
	struct json j = JSON_INIT(&b);

	json_object(&j);
	json_key(&j, "a\"\n");
	json_int(&j, 1);
	json_end_object(&j);
	cr_assert_str_eq(b.data, "{\"a\\\"\\n\":1}");
	buf_release(&b);
}

Test(json, integers_go_to_both_ends)
{
	struct buf b = BUF_INIT;
	struct json j = JSON_INIT(&b);

	json_array(&j);
	json_int(&j, INT64_MIN);
	json_int(&j, INT64_MAX);
	json_end_array(&j);
	cr_assert_str_eq(b.data,
			 "[-9223372036854775808,9223372036854775807]");
	buf_release(&b);
}

static void
expect_real(double d, const char *expect)
{
	struct buf b = BUF_INIT;
	struct json j = JSON_INIT(&b);

	json_real(&j, d);
	cr_expect_str_eq(b.data, expect);
	buf_release(&b);
}

Test(json, reals_are_short_and_exact)
{
	expect_real(0.1, "0.1");
	expect_real(2.5, "2.5");
	expect_real(-3, "-3");
	expect_real(1.0 / 3, "0.33333333333333331");
	expect_real(1e300, "1e+300");
}

Test(json, what_is_no_number_is_null)
{
	expect_real(NAN, "null");
	expect_real(INFINITY, "null");
	expect_real(-INFINITY, "null");
}

Test(json, reals_have_a_point_where_the_locale_has_a_comma)
{
	if (!setlocale(LC_NUMERIC, "de_DE.UTF-8") &&
	    !setlocale(LC_NUMERIC, "fr_FR.UTF-8"))
		cr_skip_test("no locale with a comma installed");
	expect_real(2.5, "2.5");
}

Test(json, ends_must_match_begins, .signal = SIGABRT)
{
	struct buf b = BUF_INIT;
	struct json j = JSON_INIT(&b);

	json_end_object(&j);
}

Test(json, a_key_needs_its_value, .signal = SIGABRT)
{
	struct buf b = BUF_INIT;
	struct json j = JSON_INIT(&b);

	json_object(&j);
	json_key(&j, "a");
	json_end_object(&j);
}
