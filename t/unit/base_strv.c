/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <signal.h>

#include "base/mem.h"
#include "base/strv.h"

static void
expect_words(const struct strv *s, const char *const *words)
{
	size_t i = 0;

	for (; words[i]; i++) {
		cr_assert_lt(i, s->n);
		cr_assert_str_eq(s->v[i], words[i]);
	}
	cr_assert_eq(s->n, i);
	cr_assert(!s->v || !s->v[i], "v is not NULL-ended");
}

#define EXPECT_WORDS(s, ...) \
	expect_words(s, (const char *const[]){ __VA_ARGS__, NULL })

Test(strv, is_null_ended_at_every_length)
{
	struct strv s = { 0 };

	for (size_t i = 0; i < 100; i++) {
		strv_pushf(&s, "%zu", i);
		cr_assert_eq(s.n, i + 1);
		cr_assert_null(s.v[s.n]);
	}
	cr_assert_str_eq(s.v[99], "99");
	strv_release(&s);
}

Test(strv, take_owns_the_string)
{
	struct strv s = { 0 };
	char *mine = mem_strdup("mine");

	strv_take(&s, mine);
	cr_assert_eq(s.v[0], mine);
	strv_release(&s);
	cr_assert_null(s.v);
}

Test(strv, a_sorted_list_is_searched)
{
	struct strv s = { 0 };

	cr_expect_eq(strv_lower_bound(&s, "a", 1), 0);
	cr_expect_not(strv_has_sorted(&s, "", 0));
	strv_split(&s, "a a/b ab b c/d", " ");
	cr_expect_eq(strv_lower_bound(&s, "", 0), 0);
	cr_expect_eq(strv_lower_bound(&s, "a/", 2), 1);
	cr_expect_eq(strv_lower_bound(&s, "aa", 2), 2);
	cr_expect_eq(strv_lower_bound(&s, "d", 1), 5);
	cr_expect(strv_has_sorted(&s, "a", 1));
	cr_expect(strv_has_sorted(&s, "c/d", 3));
	cr_expect(strv_has_sorted(&s, "abx", 2));
	cr_expect_not(strv_has_sorted(&s, "c/d", 1));
	cr_expect_not(strv_has_sorted(&s, "a/", 2));
	strv_release(&s);
}

Test(strv, no_string_cannot_be_pushed, .signal = SIGABRT)
{
	struct strv s = { 0 };

	strv_push(&s, NULL);
}

Test(strv, push_all_appends_also_itself)
{
	struct strv a = { 0 }, b = { 0 };

	strv_push(&a, "x");
	strv_push(&b, "y");
	strv_push_all(&a, &b);
	strv_push_all(&a, &a);
	EXPECT_WORDS(&a, "x", "y", "x", "y");
	strv_release(&a);
	strv_release(&b);
}

Test(strv, sorts_by_bytes)
{
	struct strv s = { 0 };

	strv_split(&s, "b,a,\xc3\xa4,B,ab", ",");
	strv_sort(&s);
	EXPECT_WORDS(&s, "B", "a", "ab", "b", "\xc3\xa4");
	strv_release(&s);
}

Test(strv, uniq_drops_equal_neighbours)
{
	struct strv s = { 0 };

	strv_uniq(&s);
	strv_split(&s, "a a b b b a", " ");
	strv_uniq(&s);
	EXPECT_WORDS(&s, "a", "b", "a");
	strv_release(&s);
}

Test(strv, has_finds_whole_strings_only)
{
	struct strv s = { 0 };

	cr_assert_not(strv_has(&s, "abc"));
	strv_push(&s, "abc");
	cr_assert(strv_has(&s, "abc"));
	cr_assert_not(strv_has(&s, "ab"));
	strv_release(&s);
}

Test(strv, a_cleared_one_can_be_filled_again)
{
	struct strv s = { 0 };

	strv_push(&s, "x");
	strv_clear(&s);
	cr_assert_eq(s.n, 0);
	strv_push(&s, "y");
	EXPECT_WORDS(&s, "y");
	strv_release(&s);
	strv_release(&s);
}

Test(strv, split_drops_empty_parts_and_white_space)
{
	struct strv s = { 0 };

	strv_split(&s, " , a b ,,\tc\n,", ",");
	EXPECT_WORDS(&s, "a b", "c");
	strv_release(&s);
}

Test(strv, split_takes_every_delimiter_and_the_last_part)
{
	struct strv s = { 0 };

	strv_split(&s, "a;b,c", ",;");
	EXPECT_WORDS(&s, "a", "b", "c");
	strv_release(&s);
}

Test(strv, split_of_nothing_is_nothing)
{
	struct strv s = { 0 };

	strv_split(&s, "", ",");
	strv_split(&s, " ", ",");
	cr_assert_eq(s.n, 0);
	strv_release(&s);
}
