/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "recipe/dockerfile_diff.h"

static struct dockerfile *
parse(const char *text)
{
	struct imgcache_error err = {0};
	struct dockerfile *df;

	cr_assert_eq(dockerfile_parse(text, strlen(text), "D", &df, &err), 0,
		     "%s", err.text);
	return df;
}

static void
show(struct buf *out, const struct dockerfile_edit *e)
{
	struct buf before = BUF_INIT, after = BUF_INIT;

	dockerfile_show_edit(e, &before, &after);
	if (before.len)
		buf_addf(out, "-%s\n", before.data);
	if (after.len)
		buf_addf(out, "+%s\n", after.data);
	buf_release(&before);
	buf_release(&after);
}

static void
expect(const char *before, const char *after, const char *text)
{
	struct dockerfile *a = parse(before), *b = parse(after);
	struct dockerfile_edits edits = {0};
	struct buf out = BUF_INIT;

	dockerfile_diff(a, b, &edits);
	for (size_t i = 0; i < edits.n; i++)
		show(&out, &edits.v[i]);
	cr_expect_str_eq(out.data, text);
	buf_release(&out);
	dockerfile_edits_release(&edits);
	dockerfile_free(a);
	dockerfile_free(b);
}

Test(dockerfile_diff, equal_files_and_other_words_for_the_same)
{
	expect("FROM a\nRUN b\n", "FROM a\nRUN b\n", "");
	expect("FROM a\nCOPY b  c\n", "# x\n\nfrom a\ncopy \\\nb c\n", "");
}

Test(dockerfile_diff, steps_with_titles_are_paired_by_those)
{
	expect("FROM a\nRUN : 'user'; x\nUSER b\n",
	       "FROM a\nRUN : 'apt'; z\nRUN : 'user'; y\nUSER c\n",
	       "+RUN : 'apt'; z\n-RUN : 'user'; x\n+RUN : 'user'; y\n"
	       "-USER b\n+USER c\n");
	expect("FROM a\nRUN : 'user'; x\n", "FROM a\nRUN x\n",
	       "-RUN : 'user'; x\n+RUN x\n");
}

Test(dockerfile_diff, an_edit_is_a_pair)
{
	expect("FROM a\nRUN b\nRUN c\n", "FROM a\nRUN x\nRUN c\n",
	       "-RUN b\n+RUN x\n");
	expect("FROM a\nRUN b\nENV X=1\nCMD c\n", "FROM a\nRUN b\nENV X=2\n"
	       "CMD d\n", "-ENV X=1\n+ENV X=2\n-CMD c\n+CMD d\n");
}

Test(dockerfile_diff, sides_that_look_the_same_are_shown_closely)
{
	expect("FROM a\nRUN b  && c\n", "FROM a\nRUN b && c\n",
	       "-RUN b  && c\n+RUN b && c\n");
	expect("FROM a\nRUN <<E\nb\nc\nE\n", "FROM a\nRUN <<E\nb\nd\nE\n",
	       "-c\n+d\n");
	expect("FROM a\nRUN <<E\nb\nE\n", "FROM a\nRUN <<E\nb\nd\nE\n",
	       "+d\n");
	expect("FROM a\nCOPY <<E <<F /\nb\nE\nc\nF\n",
	       "FROM a\nCOPY <<E <<F /\nb\nE\nF\n", "-c\n");
	expect("FROM a\nRUN <<E\nb\nE\n", "FROM a\nRUN <<E\nb\n\nE\n",
	       "-RUN <<E\n+RUN <<E\n");
	expect("FROM a\nARG A=1\n", "FROM a\nARG A=2\n",
	       "-ARG A=...\n+ARG A=...\n");
}

Test(dockerfile_diff, what_came_and_what_went)
{
	expect("FROM a\nRUN b\n", "FROM a\nRUN x\nRUN b\n", "+RUN x\n");
	expect("FROM a\nRUN x\nRUN b\n", "FROM a\nRUN b\n", "-RUN x\n");
	expect("FROM a\nCOPY b c\nRUN d\n", "FROM a\nRUN d\nUSER e\n",
	       "-COPY b c\n+USER e\n");
	expect("FROM a\nCOPY b c\n", "FROM a\nRUN d\nCOPY e f\nRUN g\n",
	       "+RUN d\n-COPY b c\n+COPY e f\n+RUN g\n");
}

Test(dockerfile_diff, a_move_is_two)
{
	expect("FROM a\nRUN b\nRUN c\nRUN d\n", "FROM a\nRUN c\nRUN d\nRUN b\n",
	       "-RUN b\n+RUN b\n");
}

Test(dockerfile_diff, heredocs_flags_and_forms_count)
{
	expect("FROM a\nRUN <<E\nb\nE\n", "FROM a\nRUN <<E\nc\nE\n",
	       "-b\n+c\n");
	expect("FROM a\nCOPY --chmod=1 b c\n", "FROM a\nCOPY --chmod=2 b c\n",
	       "-COPY --chmod=1 b c\n+COPY --chmod=2 b c\n");
	expect("FROM a\nCMD [\"b\"]\n", "FROM a\nCMD b\n",
	       "-CMD [\"b\"]\n+CMD b\n");
	expect("FROM a\nONBUILD RUN b\n", "FROM a\nONBUILD RUN c\n",
	       "-ONBUILD RUN b\n+ONBUILD RUN c\n");
}

Test(dockerfile_diff, the_default_of_an_arg_is_not_shown)
{
	expect("FROM a\nARG TOKEN=one X\n", "FROM a\nARG TOKEN=two X\n",
	       "-ARG TOKEN=... X\n+ARG TOKEN=... X\n");
	expect("FROM a\nONBUILD ARG T=one\n", "FROM a\nONBUILD ARG T=two\n",
	       "-ONBUILD ARG T=...\n+ONBUILD ARG T=...\n");
}

Test(dockerfile_diff, what_went_knows_what_stands_in_its_place)
{
	struct dockerfile *a = parse("FROM a\nRUN x\nRUN b\nRUN y\n");
	struct dockerfile *b = parse("FROM a\nRUN b\n");
	struct dockerfile_edits edits = {0};

	dockerfile_diff(a, b, &edits);
	cr_assert_eq(edits.n, 2);
	cr_expect_eq(edits.v[0].next, &b->v[1]);
	cr_expect_null(edits.v[1].next);
	dockerfile_edits_release(&edits);
	dockerfile_free(a);
	dockerfile_free(b);
}

Test(dockerfile_diff, thousands_that_all_differ_end_at_once)
{
	struct buf x = BUF_INIT, y = BUF_INIT;
	struct dockerfile_edits edits = {0};
	struct dockerfile *a, *b;

	buf_adds(&x, "FROM a\n");
	buf_adds(&y, "FROM a\n");
	for (int i = 0; i < 5000; i++) {
		buf_addf(&x, "RUN a%d\n", i);
		buf_addf(&y, "RUN b%d\n", i);
	}
	a = parse(x.data);
	b = parse(y.data);
	dockerfile_diff(a, b, &edits);
	cr_expect_eq(edits.n, 5000);
	dockerfile_edits_release(&edits);
	dockerfile_free(a);
	dockerfile_free(b);
	buf_release(&x);
	buf_release(&y);
}
