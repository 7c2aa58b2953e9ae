/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <string.h>

#include "base/strv.h"

static const char *const words[] = {
	"base", "apt", "pip", "npm", "dockerfile", "refresh", "claude_code",
};

static const char *
nearest(const char *word)
{
	return str_nearest(word, words, sizeof(words) / sizeof(words[0]));
}

Test(str, starts_and_ends)
{
	cr_expect(str_starts("abc", "ab"));
	cr_expect(str_starts("abc", ""));
	cr_expect_not(str_starts("ab", "abc"));
	cr_expect(str_ends("abc", "bc"));
	cr_expect(str_ends("abc", ""));
	cr_expect_not(str_ends("bc", "abc"));
}

Test(str, null_equals_only_null)
{
	cr_expect(str_is(NULL, NULL));
	cr_expect_not(str_is(NULL, ""));
	cr_expect_not(str_is("", NULL));
	cr_expect(str_is("a", "a"));
	cr_expect_not(str_is("a", "A"));
}

Test(str, nearest_finds_one_slip)
{
	cr_expect_str_eq(nearest("bse"), "base");		/* left out */
	cr_expect_str_eq(nearest("basse"), "base");		/* doubled */
	cr_expect_str_eq(nearest("bade"), "base");		/* other key */
	cr_expect_str_eq(nearest("bsae"), "base");		/* swapped */
	cr_expect_str_eq(nearest("Dockerfile"), "dockerfile");	/* case */
	cr_expect_str_eq(nearest("claude-code"), "claude_code");
}

Test(str, nearest_takes_more_slips_in_longer_words)
{
	cr_expect_str_eq(nearest("docerfle"), "dockerfile");
	cr_expect_null(nearest("bxyz"));
}

Test(str, nearest_of_something_else_is_none)
{
	cr_expect_null(nearest("kubernetes"));
	cr_expect_null(str_nearest("nix", (const char *const[]){ "mid" }, 1));
	cr_expect_null(nearest("x"));
	cr_expect_null(nearest(""));
	cr_expect_null(str_nearest("base", NULL, 0));
	cr_expect_null(str_nearest("x", (const char *const[]){ "y" }, 1));
}

Test(str, nearest_prefers_the_closer_and_then_the_first)
{
	const char *const list[] = { "abcdx", "abcd", "abce" };

	cr_expect_str_eq(str_nearest("abcd", list, 3), "abcd");
	cr_expect_str_eq(str_nearest("abcf", list, 3), "abcd");
}

Test(str, nearest_does_not_choke_on_long_words)
{
	char word[5000];

	memset(word, 'a', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	cr_expect_null(nearest(word));
	cr_expect_null(str_nearest("aaaa", (const char *[]){ word }, 1));
}

Test(str, one_of_several_words)
{
	static const char *const known[] = { "one", "two", NULL };

	cr_expect(str_is_one_of("two", known));
	cr_expect_not(str_is_one_of("tw", known));
	cr_expect_not(str_is_one_of("", known));
	cr_expect_not(str_is_one_of("one", known + 2));
}
