/* SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "recipe/dockerfile_map.h"
#include "recipe/dockerfile_scope.h"

Test(dockerfile_map, keeps_many_keys_apart)
{
	enum { N = 5000 };
	static char keys[N][8];
	struct strmap m = { 0 };

	for (size_t i = 0; i < N; i++) {
		snprintf(keys[i], sizeof(keys[i]), "k%zu", i);
		size_t *at = strmap_at(&m, keys[i], strlen(keys[i]));
		cr_assert_eq(*at, STRMAP_NONE);
		*at = i;
	}
	for (size_t i = 0; i < N; i++)
		cr_assert_eq(strmap_get(&m, keys[i], strlen(keys[i])), i);
	cr_expect_eq(m.n, N);
	strmap_release(&m);
}

Test(dockerfile_map, keys_are_bytes_of_a_length)
{
	struct strmap m = { 0 };

	cr_expect_eq(strmap_get(&m, "a", 1), STRMAP_NONE);
	*strmap_at(&m, "a\0b", 3) = 1;
	*strmap_at(&m, "", 0) = 2;
	cr_expect_eq(strmap_get(&m, "a\0b", 3), 1);
	cr_expect_eq(strmap_get(&m, "a", 1), STRMAP_NONE);
	cr_expect_eq(strmap_get(&m, "", 0), 2);
	strmap_release(&m);
}

static struct dfvar
value(const char *s)
{
	return (struct dfvar){ DFVAR_SET, s, strlen(s) };
}

static const char *
get(struct scope *s, const char *name)
{
	struct dfvar v = scope_get(s, name, strlen(name));

	return v.state == DFVAR_SET ? v.value :
	       v.state == DFVAR_UNSET ? "unset" : "unknown";
}

Test(dockerfile_scope, undoing_brings_back_what_was)
{
	struct scope s = { 0 };

	scope_set(&s, "a", value("1"));
	size_t mark = scope_mark(&s);
	scope_set(&s, "a", value("2"));
	scope_set(&s, "b", value("3"));
	scope_set(&s, "a", value("4"));
	cr_expect_str_eq(get(&s, "a"), "4");
	scope_undo_to(&s, mark);
	cr_expect_str_eq(get(&s, "a"), "1");
	cr_expect_str_eq(get(&s, "b"), "unset");
	scope_undo_to(&s, 0);
	cr_expect_str_eq(get(&s, "a"), "unset");
	scope_release(&s);
}

Test(dockerfile_scope, an_open_scope_knows_nothing_of_other_names)
{
	struct scope s = { .open = true };

	scope_set(&s, "a", value("1"));
	cr_expect_str_eq(get(&s, "a"), "1");
	cr_expect_str_eq(get(&s, "b"), "unknown");
	scope_undo_to(&s, 0);
	cr_expect_str_eq(get(&s, "a"), "unknown");
	scope_release(&s);
}

Test(dockerfile_scope, an_arg_ends_with_its_stage_where_the_image_has_a_value)
{
	struct scope s = { 0 };

	scope_set(&s, "a", value("1"));
	size_t mark = scope_mark(&s);
	scope_set_arg(&s, "a", value("2"));
	scope_set_arg(&s, "b", value("3"));
	cr_expect_str_eq(get(&s, "a"), "2");
	scope_end_stage(&s, mark);
	cr_expect_str_eq(get(&s, "a"), "1");
	cr_expect_str_eq(get(&s, "b"), "3");
	s.open = true;
	scope_end_stage(&s, mark);
	cr_expect_str_eq(get(&s, "a"), "1");
	cr_expect_str_eq(get(&s, "b"), "unknown");
	scope_undo_to(&s, mark);
	cr_expect_str_eq(get(&s, "a"), "1");
	cr_expect_str_eq(get(&s, "b"), "unknown");
	s.open = false;
	cr_expect_str_eq(get(&s, "b"), "unset");
	scope_release(&s);
}

Test(dockerfile_scope, a_strict_scope_hides_what_is_of_this_moment)
{
	struct scope s = { .moment = 1 };

	scope_set(&s, "a", value("1"));
	s.moment = 2;
	scope_set(&s, "b", value("2"));
	s.strict = true;
	cr_expect_str_eq(get(&s, "a"), "1");
	cr_expect_str_eq(get(&s, "b"), "unknown");
	s.strict = false;
	cr_expect_str_eq(get(&s, "b"), "2");
	scope_release(&s);
}
