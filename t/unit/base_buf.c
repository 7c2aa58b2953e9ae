/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

Test(buf, an_empty_one_is_an_empty_string)
{
	struct buf b = BUF_INIT;

	cr_assert_str_eq(b.data, "");
	buf_clear(&b);
	buf_release(&b);
	cr_assert_str_eq(b.data, "");
}

Test(buf, a_zeroed_one_is_valid_too)
{
	struct buf b = { 0 };

	buf_clear(&b);
	buf_add(&b, NULL, 0);
	cr_assert_str_eq(b.data, "");
	buf_adds(&b, "x");
	cr_assert_str_eq(b.data, "x");
	buf_release(&b);
}

Test(buf, the_shared_empty_string_is_never_written)
{
	struct buf a = BUF_INIT, b = BUF_INIT;

	buf_adds(&a, "text");
	buf_clear(&b);
	cr_assert_eq(buf_empty[0], '\0');
	cr_assert_eq(b.data, buf_empty);
	buf_release(&a);
}

Test(buf, grows_byte_by_byte_to_a_mebibyte)
{
	struct buf b = BUF_INIT;

	for (int i = 0; i < 1 << 20; i++)
		buf_addc(&b, (char)('a' + i % 26));
	cr_assert_eq(b.len, 1 << 20);
	cr_assert_eq(strlen(b.data), 1 << 20);
	cr_assert_eq(b.data[(1 << 20) - 1], 'a' + ((1 << 20) - 1) % 26);
	buf_release(&b);
}

Test(buf, holds_nul_bytes)
{
	struct buf b = BUF_INIT;

	buf_add(&b, "a\0b", 3);
	cr_assert_eq(b.len, 3);
	cr_assert_arr_eq(b.data, "a\0b\0", 4);
	buf_release(&b);
}

Test(buf, formats_what_is_longer_than_its_room)
{
	struct buf b = BUF_INIT;

	buf_adds(&b, "<");
	buf_addf(&b, "%500d>", 7);
	cr_assert_eq(b.len, 502);
	cr_assert_str_eq(b.data + 498, "  7>");
	buf_release(&b);
}

Test(buf, truncate_and_remove_keep_the_rest)
{
	struct buf b = BUF_INIT;

	buf_adds(&b, "one two three");
	buf_remove(&b, 4, 4);
	cr_assert_str_eq(b.data, "one three");
	buf_remove(&b, 0, 4);
	cr_assert_str_eq(b.data, "three");
	buf_truncate(&b, 2);
	cr_assert_str_eq(b.data, "th");
	buf_remove(&b, 2, 0);
	cr_assert_str_eq(b.data, "th");
	buf_release(&b);
}

Test(buf, truncate_cannot_make_longer, .signal = SIGABRT)
{
	struct buf b = BUF_INIT;

	buf_truncate(&b, 1);
}

Test(buf, remove_stays_inside, .signal = SIGABRT)
{
	struct buf b = BUF_INIT;

	buf_adds(&b, "abc");
	buf_remove(&b, 2, SIZE_MAX);
}

Test(buf, detach_hands_over_and_empties)
{
	struct buf b = BUF_INIT;
	char *s;

	buf_adds(&b, "mine");
	s = buf_detach(&b);
	cr_assert_str_eq(s, "mine");
	cr_assert_eq(b.len, 0);
	cr_assert_str_eq(b.data, "");
	free(s);
}

Test(buf, detach_of_an_empty_one_can_be_freed)
{
	struct buf b = BUF_INIT;
	char *s = buf_detach(&b);

	cr_assert_str_eq(s, "");
	free(s);
}

Test(buf, reserve_more_than_there_is_ends_the_program, .exit_code = 128)
{
	struct buf b = BUF_INIT;

	buf_adds(&b, "x");
	buf_reserve(&b, SIZE_MAX);
}

static void
expect_cquoted(const char *s, size_t len, const char *expect)
{
	struct buf b = BUF_INIT;

	buf_add_cquoted(&b, s, len);
	cr_expect_str_eq(b.data, expect);
	buf_release(&b);
}

Test(buf, cquoted_plain_names_stand_bare)
{
	expect_cquoted("src/main.c", 10, "src/main.c");
	expect_cquoted("!#$%&'()~", 9, "!#$%&'()~");
}

Test(buf, cquoted_names_that_could_mislead_are_quoted)
{
	expect_cquoted("", 0, "\"\"");
	expect_cquoted("a b", 3, "\"a b\"");
	expect_cquoted("a\"b\\c", 5, "\"a\\\"b\\\\c\"");
	expect_cquoted("\a\b\t\n\v\f\r", 7, "\"\\a\\b\\t\\n\\v\\f\\r\"");
	expect_cquoted("\0\x01\x1b\x7f", 4, "\"\\000\\001\\033\\177\"");
	expect_cquoted("\xc3\xa4\xff", 3, "\"\\303\\244\\377\"");
}

/* The reader of add_cquoted: what it reads back must be what was written. */
static char
unescaped(const char **s)
{
	static const char from[] = "abtnvfr\"\\", to[] = "\a\b\t\n\v\f\r\"\\";
	const char *hit;
	char octal[4] = { 0 };

	if (*(*s)++ != '\\')
		return (*s)[-1];
	hit = strchr(from, **s);
	if (hit) {
		(*s)++;
		return to[hit - from];
	}
	memcpy(octal, *s, 3);
	*s += 3;
	return (char)strtol(octal, NULL, 8);
}

Test(buf, cquoted_of_all_byte_values_is_one_line_and_reads_back)
{
	struct buf b = BUF_INIT;
	char bytes[256];
	const char *s;

	for (int i = 0; i < 256; i++)
		bytes[i] = (char)i;
	buf_add_cquoted(&b, bytes, sizeof(bytes));
	for (size_t i = 0; i < b.len; i++)
		cr_assert(b.data[i] >= ' ' && b.data[i] <= '~');
	s = b.data + 1;
	for (int i = 0; i < 256; i++)
		cr_assert_eq(unescaped(&s), (char)i, "byte %d", i);
	cr_assert_str_eq(s, "\"");
	buf_release(&b);
}

static bool
unquote(const char *s, struct buf *out, const char **rest)
{
	buf_clear(out);
	*rest = s;
	return buf_add_cunquoted(out, rest);
}

Test(buf, cunquoted_gives_back_what_was_quoted)
{
	struct buf b = BUF_INIT, back = BUF_INIT;
	char bytes[256];
	const char *rest;

	for (int i = 0; i < 256; i++)
		bytes[i] = (char)i;
	buf_add_cquoted(&b, bytes, sizeof(bytes));
	cr_assert(unquote(b.data, &back, &rest));
	cr_assert_eq(back.len, sizeof(bytes));
	cr_assert_eq(memcmp(back.data, bytes, sizeof(bytes)), 0);
	cr_assert_str_eq(rest, "");
	cr_assert(unquote("\"\" x", &back, &rest));
	cr_assert_eq(back.len, 0);
	cr_assert_str_eq(rest, " x");
	cr_assert(unquote("a/b c", &back, &rest));
	cr_assert_str_eq(back.data, "a/b");
	cr_assert_str_eq(rest, " c");
	buf_release(&b);
	buf_release(&back);
}

Test(buf, cunquoted_refuses_what_nobody_quoted)
{
	static const char *const bad[] = {
		"", " x", "\"", "\"a", "\"a\"b", "\"\\", "\"\\q\"",
		"\"\\77\"", "\"\\400\"", NULL
	};
	struct buf b = BUF_INIT;
	const char *rest;

	for (int i = 0; bad[i]; i++)
		cr_expect_not(unquote(bad[i], &b, &rest), "%s", bad[i]);
	buf_release(&b);
}

Test(buf, shquoted_keeps_every_byte_from_the_shell)
{
	struct buf b = BUF_INIT;

	buf_add_shquoted(&b, "it's $HOME `x` \"y\" \\");
	cr_assert_str_eq(b.data, "'it'\\''s $HOME `x` \"y\" \\'");
	buf_clear(&b);
	buf_add_shquoted(&b, "");
	cr_assert_str_eq(b.data, "''");
	buf_release(&b);
}

Test(buf, hex_is_lower_case)
{
	struct buf b = BUF_INIT;

	buf_add_hex(&b, (const unsigned char *)"\x00\x7f\xab\xff", 4);
	cr_assert_str_eq(b.data, "007fabff");
	buf_release(&b);
}
