/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include "base/buf.h"
#include "ops/reasons.h"

#define HEAD "imgcache-manifest 1\nhash git\n"

static void
expect(const char *before, const char *after, enum imgcache_reason why,
       const char *detail)
{
	struct buf text = BUF_INIT;

	cr_assert_eq(reasons_of_change(before, after, &text), why);
	cr_assert_str_eq(text.data, detail);
	buf_release(&text);
}

Test(reasons, a_moved_base_is_told_with_its_name)
{
	expect(HEAD "base debian:12 sha256:aa\n",
	       HEAD "base debian:12 sha256:bb\n",
	       IMGCACHE_BASE_MOVED, "base debian:12");
}

Test(reasons, a_generated_file_moves_with_its_base)
{
	expect(HEAD "dockerfile 3 aa\nbase debian:12 sha256:aa\n",
	       HEAD "dockerfile 3 bb\nbase debian:12 sha256:bb\n",
	       IMGCACHE_BASE_MOVED, "dockerfile, base debian:12");
}

Test(reasons, a_dockerfile_alone_is_no_moved_base)
{
	expect(HEAD "dockerfile 3 aa\n", HEAD "dockerfile 3 bb\n",
	       IMGCACHE_INPUTS_CHANGED, "dockerfile");
}

Test(reasons, an_epoch_alone_rolled)
{
	expect(HEAD "epoch 2026-W46\n", HEAD "epoch 2026-W47\n",
	       IMGCACHE_EPOCH_ROLLED, "epoch");
}

Test(reasons, an_arg_is_named_and_its_value_is_not)
{
	expect(HEAD "arg TOKEN aa\n", HEAD "arg TOKEN bb\n",
	       IMGCACHE_INPUTS_CHANGED, "arg TOKEN");
}

Test(reasons, what_came_and_what_went_are_both_named)
{
	expect(HEAD "secret a\n", HEAD "secret b\n",
	       IMGCACHE_INPUTS_CHANGED, "secret b, secret a");
}

Test(reasons, a_quoted_name_with_a_space_is_one_subject)
{
	expect(HEAD "extra \"a b\" 1 aa\n", HEAD "extra \"a b\" 1 bb\n",
	       IMGCACHE_INPUTS_CHANGED, "extra \"a b\"");
}

Test(reasons, every_reason_has_a_word_and_a_text)
{
	int i;

	for (i = 0; i < IMGCACHE_REASONS; i++) {
		cr_assert(*imgcache_reason_word((enum imgcache_reason)i));
		cr_assert(*imgcache_reason_text((enum imgcache_reason)i));
	}
}
