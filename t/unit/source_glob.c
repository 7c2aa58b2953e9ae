/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "source/glob.h"

static struct glob_path
path_of(const char *s)
{
	struct glob_path p = { .s = s, .len = strlen(s) };

	for (size_t i = 0; i < p.len; i++) {
		if (s[i] == '/') {
			p.base = i + 1;
			p.depth++;
		}
	}
	p.newline = memchr(s, '\n', p.base) != NULL;
	return p;
}

static bool
matches(const char *pattern, const char *path)
{
	struct glob_path p = path_of(path);
	struct glob g;
	const char *why = glob_compile(&g, pattern, strlen(pattern));
	bool is;

	cr_assert_null(why, "%s: %s", pattern, why);
	is = glob_match(&g, &p);
	glob_release(&g);
	return is;
}

static enum glob_kind
kind_of(const char *pattern)
{
	enum glob_kind kind;
	struct glob g;

	cr_assert_null(glob_compile(&g, pattern, strlen(pattern)));
	kind = g.kind;
	glob_release(&g);
	return kind;
}

struct example {
	const char *pattern, *path;
	bool expect;
};

static void
check(const struct example *e, size_t n)
{
	for (size_t i = 0; i < n; i++)
		cr_expect_eq(matches(e[i].pattern, e[i].path), e[i].expect,
			     "'%s' on '%s'", e[i].pattern, e[i].path);
}

#define CHECK(table) check(table, sizeof(table) / sizeof((table)[0]))

Test(glob, patterns_fall_into_classes)
{
	cr_expect_eq(kind_of("a/b.c"), GLOB_EXACT);
	cr_expect_eq(kind_of("a/**"), GLOB_PREFIX);
	cr_expect_eq(kind_of("**/a"), GLOB_SUFFIX);
	cr_expect_eq(kind_of("**"), GLOB_SUFFIX);
	cr_expect_eq(kind_of("*.log"), GLOB_AFFIX);
	cr_expect_eq(kind_of("**/*.log"), GLOB_AFFIX);
	cr_expect_eq(kind_of("**/a*b"), GLOB_AFFIX);
	cr_expect_eq(kind_of("a/*.log"), GLOB_PROGRAM);
	cr_expect_eq(kind_of("a?"), GLOB_PROGRAM);
}

Test(glob, a_star_stays_in_its_part)
{
	static const struct example table[] = {
		{ "*", "a", true }, { "*", "a/b", false },
		{ "*", "a\nb", true }, { "*.go", "x.go", true },
		{ "*.go", ".go", true }, { "*.go", "a/x.go", false },
		{ "a*c", "ac", true }, { "a*c", "abbc", true },
		{ "a*c", "a", false }, { "aba*aba", "aba", false },
		{ "a/*/c", "a/b/c", true }, { "a/*/c", "a/c", false },
		{ "a/*/c", "a/b/b/c", false }, { "a/*", "a/", true },
		{ "?", "a", true }, { "?", "ab", false }, { "?", "/", false },
		{ "a?b", "a/b", false }, { "*a*b*", "xaxbx", true },
		{ "*a*b*", "xbxax", false },
	};

	CHECK(table);
}

Test(glob, two_stars_go_anywhere)
{
	static const struct example table[] = {
		{ "**", "a", true }, { "**", "a/b", true },
		{ "**/a", "a", true }, { "**/a", "x/y/a", true },
		{ "**/a", "xa", false }, { "**a", "xa", true },
		{ "**a", "x/ya", true }, { "a/**", "a", false },
		{ "a/**", "a/b/c", true }, { "a/**", "ab", false },
		{ "a**", "ab/c", true }, { "a/**/b", "a/b", true },
		{ "a/**/b", "a/x/y/b", true }, { "a/**/b", "ab", false },
		{ "a**b", "ab", true }, { "a**b", "axb", false },
		{ "a**b", "ax/b", true }, { "**/*.js", "x.js", true },
		{ "**/*.js", "a/b/x.js", true }, { "**/a/*", "a/b", true },
		{ "**/a/*", "x/a/b", true }, { "**/a/*", "xa/b", false },
		{ "**/a/*", "x/a/b/c", false }, { "***", "a/b", true },
		{ "**/a/**", "a", false }, { "**/a/**", "x/a/b/c", true },
		{ "**a/**", "xa/b", false }, { "**/**/a", "a", true },
	};

	CHECK(table);
}

Test(glob, a_newline_stops_two_stars_but_not_one)
{
	static const struct example table[] = {
		{ "**/*.js", "a\nb/x.js", false },
		{ "**/a", "a\nb/a", true },
		{ "**/*.js", "x\n.js", true },
		{ "a/**/?", "a/\n/b", false },
		{ "**/[a-c]", "x\ny/a", false },
	};

	CHECK(table);
}

Test(glob, sets_are_read_as_go_reads_the_result)
{
	static const struct example table[] = {
		{ "[ab]", "a", true }, { "[ab]", "c", false },
		{ "[^a]", "b", true }, { "[^a]", "a", false },
		{ "[a-c]x", "bx", true }, { "[!a]", "!", true },
		{ "a[^b]b", "a/b", true }, { "[*]", "[]", true },
		{ "[*]", "*", false }, { "[?]", "/]", true },
		{ "[[:alpha:]]", "q", true }, { "[[:alpha:]]", ":]", false },
		{ "[\\]a]", "]", true }, { "[\\w]", "_", true },
		{ "[\xc3\xa9]", "\xc3\xa9", true }, { "[.]", "x", false },
	};

	CHECK(table);
}

Test(glob, an_escape_means_what_it_means_in_a_regular_expression)
{
	static const struct example table[] = {
		{ "\\a", "a", false }, { "\\a", "\a", true },
		{ "\\*", "*", true }, { "\\*", "a", false },
		{ "\\d", "7", true }, { "\\d", "d", false },
		{ "\\!a", "!a", true }, { "a\\b", "ab", false },
		{ "?\\b?", "a.", true }, { "?\\b?", "ab", false },
		{ "\\x41*", "Ab", true }, { "\\_", "_", true },
	};

	CHECK(table);
}

Test(glob, bars_and_braces_are_not_escaped)
{
	static const struct example table[] = {
		{ "a|b", "a|b", true }, { "a|b", "a", false },
		{ "*a|b", "ab", true }, { "*a|b", "xay", true },
		{ "*x|b", "ab", true }, { "*x|b", "ba", false },
		{ "?{3}", "abc", true }, { "?{3}", "ab", false },
		{ "a{1,2}?", "aab", true }, { "*.{js,ts}", "x.js", false },
		{ "*.{js,ts}", "x.{js,ts}", true }, { "a{0}?", "b", true },
		{ "[ab]{2,}", "abab", true }, { "[ab]{2,}", "a", false },
	};

	CHECK(table);
}

Test(glob, other_specials_are_plain)
{
	static const struct example table[] = {
		{ "a.b*", "axb", false }, { "a+*", "aa", false },
		{ "(a)*", "(a)b", true }, { "$a*", "$ab", true },
		{ "^a", "^a", true }, { "^*", "ab", true },
		{ "a]*", "a]b", true },
	};

	CHECK(table);
}

Test(glob, a_rune_is_one_character)
{
	static const struct example table[] = {
		{ "?", "\xc3\xa9", true }, { "??", "\xc3\xa9", false },
		{ "?", "\xff", true }, { "*\xef\xbf\xbd", "\xff", true },
		{ "[^a]", "\xe2\x82\xac", true },
	};

	CHECK(table);
}

Test(glob, what_go_calls_malformed_is_refused)
{
	static const char *const bad[] = {
		"[", "[a", "[]", "[]a]", "[a-]", "[-a]", "[^]", "a\\", "[a-]x",
		"*x/[a-]", "[z-a]", "a*[z-a]", "a*[", "\\q", "\\8", "\\1*",
		"[[:foo:]]", "*|{2}", "?{2,1}", "?{1001}", "\\Qa", "\xc3\xa9[",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct glob g;

		cr_expect(glob_compile(&g, bad[i], strlen(bad[i])), "'%s'",
			  bad[i]);
	}
}

Test(glob, go_looks_no_further_than_the_first_mismatch)
{
	struct glob g;

	cr_expect_null(glob_compile(&g, "x*/[a-]", 7));
	glob_release(&g);
	cr_expect(matches("x*/[a-]", "xy/-"));
}

/* One that tries all ways would take for ever; a slow machine takes seconds. */
#define ENOUGH (20 * CLOCKS_PER_SEC)

static void
check_time(const char *piece, int times, const char *path)
{
	struct buf b = BUF_INIT;
	struct glob_path p = path_of(path);
	clock_t begin = clock();
	struct glob g;

	for (int i = 0; i < times; i++)
		buf_adds(&b, piece);
	buf_adds(&b, "x");
	if (!glob_compile(&g, b.data, b.len)) {
		cr_expect_not(glob_match(&g, &p));
		glob_release(&g);
	}
	cr_expect_lt(clock() - begin, ENOUGH, "%s", piece);
	buf_release(&b);
}

Test(glob, no_pattern_takes_long)
{
	char path[4096];

	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	check_time("*a", 1000, path);
	check_time("*a", 100000, path);
	check_time("**/a*", 1000, path);
	check_time("?{1000}", 4, path);
	check_time("*a|", 1000, path);
	check_time("[a-z]*", 2000, path);
}

Test(glob, a_pattern_that_may_match_below_says_so)
{
	static const struct example table[] = {
		{ "a/b", "a", true }, { "a/b", "a/b", false },
		{ "a/b", "b", false }, { "a/b/c", "a", true },
		{ "*", "a", false }, { "*/x", "a", true },
		{ "*/x", "a/b", false }, { "**/x", "a/b/c", true },
		{ "a/**", "a/b", true }, { "a/**", "b", false },
		{ "a/**/x", "a/b", true }, { "a/**/x", "b", false },
		{ "a*/x", "b", false }, { "a*/x", "ab", true },
		{ "?/?", "ab", false }, { "?/?", "a", true },
		{ "ab", "a", false }, { "*.log", "a", false },
		{ "**/*.log", "a", true }, { "x|*b", "a", true },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const char *dir = table[i].path;
		struct glob_path p = path_of(dir);
		struct glob g;

		cr_assert_null(glob_compile(&g, table[i].pattern,
					    strlen(table[i].pattern)));
		cr_expect_eq(glob_may_match_below(&g, dir, p.len, p.depth + 1),
			     table[i].expect, "'%s' below '%s'",
			     table[i].pattern, dir);
		glob_release(&g);
	}
}
