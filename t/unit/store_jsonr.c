/* SPDX-License-Identifier: MIT */
#include "store_room.h"

#include <stdint.h>

#include "base/buf.h"
#include "base/mem.h"
#include "store/jsonr.h"

static struct jsonr *reader;
static struct imgcache_error err;

static void
set_up(void)
{
	reader = jsonr_new();
}

static void
tear_down(void)
{
	jsonr_free(reader);
}

TestSuite(jsonr, .init = set_up, .fini = tear_down);

static const struct jsonr_node *
parse(const char *text)
{
	const struct jsonr_node *n = jsonr_parse(reader, text, strlen(text),
						 &err);

	cr_assert_not_null(n, "%s", err.text);
	return n;
}

static bool
is_refused(const char *text, size_t len)
{
	const struct jsonr_node *n = jsonr_parse(reader, text, len, &err);
	bool told = strstr(err.text, "malformed JSON") != NULL;

	error_clear(&err);
	return !n && told;
}

Test(jsonr, values_are_found_by_their_path)
{
	const struct jsonr_node *n = parse(
		"{\"Id\":\"sha256:1\",\"Size\":12345678901,\"On\":true,"
		"\"Half\":0.5,\"None\":null,\"Config\":{\"Labels\":"
		"{\"io.imgcache.key\":\"g1-0\",\"a/b~c\":\"x\"},"
		"\"Env\":[\"A=1\",\"B=2\"]}}");

	cr_expect_str_eq(jsonr_string(n, "/Id", ""), "sha256:1");
	cr_expect_eq(jsonr_int(n, "/Size", 0), 12345678901);
	cr_expect(jsonr_bool(n, "/On", false));
	cr_expect_eq(jsonr_real(n, "/Half", 0), 0.5);
	cr_expect_eq(jsonr_at(n, "/None")->type, JSONR_NULL);
	cr_expect_str_eq(jsonr_string(n, "/Config/Labels/io.imgcache.key", ""),
			 "g1-0");
	cr_expect_str_eq(jsonr_string(n, "/Config/Labels/a~1b~0c", ""), "x");
	cr_expect_str_eq(jsonr_string(n, "/Config/Env/1", ""), "B=2");
	cr_expect_str_eq(jsonr_string(jsonr_member(
		jsonr_at(n, "/Config/Labels"), "a/b~c"), "", ""), "x");
}

Test(jsonr, what_is_not_there_gives_the_default)
{
	const struct jsonr_node *n = parse("{\"a\":{\"b\":[1,2]},\"c\":\"x\"}");

	cr_expect_str_eq(jsonr_string(n, "/no", "d"), "d");
	cr_expect_str_eq(jsonr_string(n, "/a", "d"), "d");
	cr_expect_eq(jsonr_int(n, "/c", 7), 7);
	cr_expect_eq(jsonr_int(n, "/a/b/2", 7), 7);
	cr_expect_eq(jsonr_int(n, "/a/b/x", 7), 7);
	cr_expect_eq(jsonr_int(n, "/a/b/0/z", 7), 7);
	cr_expect_eq(jsonr_int(n, "/a/b/-", 7), 7);
	cr_expect_eq(jsonr_int(n, "/a/b/", 7), 7);
	cr_expect_eq(jsonr_int(NULL, "/a", 7), 7);
	cr_expect(jsonr_bool(n, "/c", true));
	cr_expect_null(jsonr_member(n, "b"));
	cr_expect_null(jsonr_member(jsonr_at(n, "/c"), "b"));
}

Test(jsonr, children_come_as_they_are_written)
{
	const struct jsonr_node *n = parse(
		"{\"z\":[3,[4,5],6],\"a\":{},\"m\":[]}");
	const struct jsonr_node *c = n->child;

	cr_expect_eq(n->n, 3);
	cr_expect_str_eq(c->key, "z");
	cr_expect_eq(c->n, 3);
	cr_expect_null(c->child->key);
	cr_expect_eq(c->child->next->child->next->number, 5);
	cr_expect_eq(c->child->next->next->number, 6);
	c = c->next;
	cr_expect_str_eq(c->key, "a");
	cr_expect_eq(c->n, 0);
	cr_expect_null(c->child);
	cr_expect_str_eq(c->next->key, "m");
	cr_expect_null(c->next->next);
}

Test(jsonr, strings_are_unescaped)
{
	const struct jsonr_node *n = parse(
		"[\"a\\n\\t\\\"\\\\\\/\","
		"\"\\u00e9\\u20ac\\ud83d\\ude00\",\"\"]");

	cr_expect_str_eq(jsonr_string(n, "/0", "?"), "a\n\t\"\\/");
	cr_expect_str_eq(jsonr_string(n, "/1", "?"), "é€😀");
	cr_expect_str_eq(jsonr_string(n, "/2", "?"), "");
}

Test(jsonr, a_value_alone_is_a_document)
{
	cr_expect_eq(parse("7")->number, 7);
	cr_expect_str_eq(parse(" \"x\" \n")->text, "x");
	cr_expect_eq(parse("-1.5e3")->real, -1500);
	cr_expect_eq(parse("false")->type, JSONR_BOOL);
	cr_expect_eq(parse("null")->type, JSONR_NULL);
}

Test(jsonr, the_ends_of_the_numbers_are_read)
{
	cr_expect_eq(parse("9223372036854775807")->number, INT64_MAX);
	cr_expect_eq(parse("-9223372036854775808")->number, INT64_MIN);
}

Test(jsonr, what_is_no_json_is_refused)
{
	static const char *const bad[] = {
		"", " ", "{", "}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "[1,]",
		"[1 2]", "nul", "\"a", "{\"a\":1} x", "{'a':1}", "01", "+1",
		".5", "[1]]", "\"\\x\"", "\"\\u12\"", "NaN", "<html>",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect(is_refused(bad[i], strlen(bad[i])), "'%s'", bad[i]);
	cr_expect(is_refused("{}\0}", 4));
}

Test(jsonr, a_nest_of_brackets_is_refused_and_not_a_crash)
{
	char *text = mem_alloc(1000001);

	memset(text, '[', 1000000);
	cr_expect(is_refused(text, 1000000));
	memset(text + 500000, ']', 500000);
	cr_expect(is_refused(text, 1000000));
	free(text);
}

Test(jsonr, it_goes_on_after_a_refusal)
{
	cr_expect(is_refused("{\"a\":[1,2,", 10));
	cr_expect_eq(jsonr_int(parse("{\"a\":3}"), "/a", 0), 3);
}

Test(jsonr, a_long_list_keeps_its_order)
{
	struct buf b = BUF_INIT;
	const struct jsonr_node *n, *c;
	int64_t i = 0;

	buf_addc(&b, '[');
	for (int k = 0; k < 5000; k++)
		buf_addf(&b, "%s{\"k\":%d}", k ? "," : "", k);
	buf_addc(&b, ']');
	n = parse(b.data);
	cr_expect_eq(n->n, 5000);
	for (c = n->child; c; c = c->next)
		cr_expect_eq(jsonr_int(c, "/k", -1), i++);
	cr_expect_eq(i, 5000);
	cr_expect_eq(jsonr_int(n, "/4999/k", 0), 4999);
	/* a short text after a long one */
	cr_expect_eq(parse("[1]")->n, 1);
	buf_release(&b);
}

Test(jsonr, no_beginning_of_a_text_crashes)
{
	static const char text[] =
		"{\"a\":[1,-2.5e7,\"\\u20ac\"],\"b\":{\"c\":null}}";

	for (size_t len = 0; len < sizeof(text) - 1; len++)
		cr_expect(is_refused(text, len), "%zu", len);
	cr_expect_not(is_refused(text, sizeof(text) - 1));
}
