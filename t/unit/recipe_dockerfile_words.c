/* SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "recipe/dockerfile_text.h"
#include "recipe/dockerfile_words.h"

enum how { FLAGS, BLANK, QUOTED };

/* Words in <>, and after "|" what flags left. The caller frees. */
static char *
show(enum how how, const char *text)
{
	struct arena arena = { 0 };
	struct word_list list = { .arena = &arena };
	struct span s = { text, strlen(text) };
	struct buf out = BUF_INIT;

	if (how == FLAGS)
		words_flags(&list, &s, '\\');
	else if (how == BLANK)
		words_blank(&list, s);
	else
		words_quoted(&list, s, '\\');
	for (size_t i = 0; i < list.n; i++)
		buf_addf(&out, "<%s>", list.v[i]);
	if (how == FLAGS)
		buf_addf(&out, "|%.*s", (int)s.len, s.s);
	word_list_release(&list);
	arena_release(&arena);
	return buf_detach(&out);
}

struct row {
	const char *text;
	const char *expect;
};

static void
check(enum how how, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *actual = show(how, rows[i].text);
		cr_expect_str_eq(actual, rows[i].expect, "%s gives %s",
				 rows[i].text, actual);
		free(actual);
	}
}

#define CHECK(how, rows) check(how, rows, sizeof(rows) / sizeof((rows)[0]))

Test(dockerfile_words, flags)
{
	static const struct row rows[] = {
		{ "", "|" }, { "a --b", "|a --b" }, { "--a b", "<--a>|b" },
		{ " --a  --b=c d", "<--a><--b=c>|d" }, { "--a", "<--a>|" },
		{ "--", "|" }, { "-- a", "| a" }, { "--a --", "<--a>|" },
		{ "- a", "|- a" }, { "--a=\"b c\" d", "<--a=b c>|d" },
		{ "--a='b\"c' d", "<--a=b\"c>|d" },
		{ "--a=b\\ c d", "<--a=b c>|d" }, { "--a\\", "<--a>|" },
		{ "--a=\"b", "<--a=b>|" }, { "--a=\"b\\\"c\"", "<--a=b\"c>|" },
		{ "--a=\xc3\xa9", "<--a=\xc3\x83\xc2\xa9>|" },
	};
	CHECK(FLAGS, rows);
}

Test(dockerfile_words, blanks)
{
	static const struct row rows[] = {
		{ "", "" }, { "a", "<a>" }, { "a  b\t\vc\f\rd",
		  "<a><b><c><d>" }, { "\"a b\"", "<\"a><b\">" },
		{ "a\xc2\xa0" "b", "<a\xc2\xa0" "b>" },
	};
	CHECK(BLANK, rows);
}

Test(dockerfile_words, quotes)
{
	static const struct row rows[] = {
		{ "", "" }, { "a b", "<a><b>" }, { "\"a b\" c",
		  "<\"a b\"><c>" }, { "a='b c'd", "<a='b c'd>" },
		{ "a\\ b c", "<a\\ b><c>" }, { "a\\", "<a>" },
		{ "\"a\\\" b\" c", "<\"a\\\" b\"><c>" },
		{ "'a\\' b", "<'a\\'><b>" }, { "\"a b", "<\"a b>" },
		{ "'' a", "<''><a>" }, { "\\\"a b", "<\\\"a><b>" },
		{ "a\xc2\xa0" "b", "<a><b>" }, { "\xff", "<\xef\xbf\xbd>" },
	};
	CHECK(QUOTED, rows);
}

Test(dockerfile_text, trims_all_white_space_of_unicode)
{
	static const char text[] = " \xc2\x85\xe2\x80\x83" "a b\xe3\x80\x80\n";
	struct span s = span_trim((struct span){ text, strlen(text) });

	cr_expect(span_is(s, "a b"));
	s = span_trim((struct span){ "\x80\x80 ", 3 });
	cr_expect(span_is(s, "\x80\x80"));
	s = span_trim((struct span){ "  ", 2 });
	cr_expect_eq(s.len, 0);
}

Test(dockerfile_text, runes_go_there_and_back)
{
	static const int32_t runes[] = { 0, 'a', 0x7f, 0x80, 0x7ff, 0x800,
					 0xd7ff, 0xe000, 0xffff, 0x10000,
					 0x10ffff };

	for (size_t i = 0; i < sizeof(runes) / sizeof(runes[0]); i++) {
		struct buf out = BUF_INIT;
		size_t width;
		rune_add(&out, runes[i]);
		cr_expect_eq(rune_at(out.data, out.len, &width), runes[i]);
		cr_expect_eq(width, out.len);
		buf_release(&out);
	}
}

Test(dockerfile_text, what_is_not_utf8_is_one_bad_byte)
{
	static const char *const bad[] = { "\x80", "\xc0\x80", "\xc3", "\xe0"
		"\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf5",
		"\xf0\x9f\x98", "\xe2\x82" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		size_t width;
		cr_expect_eq(rune_at(bad[i], strlen(bad[i]), &width),
			     RUNE_BAD);
		cr_expect_eq(width, 1);
	}
}
