/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static size_t
count_nonzero(const char *p, size_t n)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		found += p[i] != 0;
	return found;
}

Test(mem, memory_is_zeroed)
{
	char *p = mem_alloc(5000);

	cr_assert_eq(count_nonzero(p, 5000), 0);
	free(p);
}

Test(mem, nothing_is_a_valid_size)
{
	void *a = mem_alloc(0), *b = mem_array(0, 8);
	void *c = mem_resize(NULL, 0, 8);

	cr_assert(a && b && c);
	free(a);
	free(b);
	free(c);
}

Test(mem, resize_keeps_the_content)
{
	char *p = mem_strdup("content");

	p = mem_resize(p, 1000, 10);
	cr_assert_str_eq(p, "content");
	free(p);
}

Test(mem, an_overflowing_array_ends_the_program, .exit_code = 128)
{
	free(mem_array(SIZE_MAX / 2, 3));
}

Test(mem, an_overflowing_resize_ends_the_program, .exit_code = 128)
{
	free(mem_resize(NULL, SIZE_MAX / 2, 3));
}

Test(mem, an_overflowing_arena_ends_the_program, .exit_code = 128)
{
	struct arena a = { 0 };

	arena_alloc(&a, SIZE_MAX - 4);
}

Test(mem, no_string_stays_no_string)
{
	struct arena a = { 0 };

	cr_assert_null(mem_strdup(NULL));
	cr_assert_null(arena_strdup(&a, NULL));
}

Test(mem, strings_are_copied_and_cut)
{
	char *a = mem_strndup("abcdef", 3), *b = mem_strndup("ab", 9);
	char *c = mem_printf("%d-%s", 7, "x");

	cr_assert_str_eq(a, "abc");
	cr_assert_str_eq(b, "ab");
	cr_assert_str_eq(c, "7-x");
	free(a);
	free(b);
	free(c);
}

Test(mem, grow_makes_room_for_one_more)
{
	int *v = NULL;
	size_t n = 0, cap = 0;

	for (int i = 0; i < 100; i++) {
		mem_grow(v, n, cap);
		v[n++] = i;
		cr_assert_leq(n, cap);
	}
	cr_assert_eq(v[99], 99);
	free(v);
}

Test(mem, arena_gives_aligned_zeroed_pieces)
{
	struct arena a = { 0 };

	for (size_t size = 0; size < 3000; size += 7) {
		char *p = arena_alloc(&a, size);

		cr_assert_eq((uintptr_t)p % _Alignof(max_align_t), 0);
		cr_assert_eq(count_nonzero(p, size), 0);
		memset(p, 0xff, size);
	}
	arena_release(&a);
}

Test(mem, arena_pieces_do_not_overlap)
{
	struct arena a = { 0 };
	char *s[500];

	for (int i = 0; i < 500; i++)
		s[i] = arena_printf(&a, "piece %d of a longer text", i);
	for (int i = 0; i < 500; i++) {
		char *expect = mem_printf("piece %d of a longer text", i);

		cr_assert_str_eq(s[i], expect);
		free(expect);
	}
	arena_release(&a);
}

Test(mem, arena_takes_what_is_larger_than_a_block)
{
	struct arena a = { 0 };
	char *small = arena_strdup(&a, "small");
	char *big = arena_alloc(&a, 1 << 20);
	char *after = arena_strndup(&a, "afterwards", 5);

	memset(big, 'x', 1 << 20);
	cr_assert_str_eq(small, "small");
	cr_assert_str_eq(after, "after");
	arena_release(&a);
}

Test(mem, a_released_arena_is_empty_and_ready)
{
	struct arena a = { 0 };

	arena_strdup(&a, "x");
	arena_release(&a);
	cr_assert_null(a.head);
	cr_assert_str_eq(arena_strdup(&a, "y"), "y");
	arena_release(&a);
	arena_release(&a);
}
