/* SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "recipe/dockerfile.h"

static char *
needed_for(const char *text, const struct dockerfile_options *o)
{
	struct imgcache_error err = { 0 };
	struct dockerfile_plan *plan = NULL;
	struct dockerfile *df = NULL;
	struct buf out = BUF_INIT;

	cr_assert_eq(dockerfile_parse(text, strlen(text), "D", &df, &err), 0,
		     "%s", err.text);
	cr_assert_eq(dockerfile_resolve(df, o, &plan, &err), 0, "%s",
		     err.text);
	dockerfile_needed(df, plan, o, text, strlen(text), &out);
	dockerfile_plan_free(plan);
	dockerfile_free(df);
	return buf_detach(&out);
}

static void
check(const char *text, const char *target, const char *expect)
{
	struct dockerfile_options o = { .target = target };
	char *actual = needed_for(text, &o);

	cr_expect_str_eq(actual, expect, "%s\n gives %s", text, actual);
	free(actual);
}

Test(dockerfile_needed, comments_and_blank_lines_are_left_out)
{
	check("# one\n\nFROM a\n  # two\n\tRUN x  \n\n#three", NULL,
	      "FROM a\n\tRUN x  \n");
	check("# syntax=docker/dockerfile:1\nFROM a", NULL, "FROM a\n");
	check("FROM a\r\n# x\r\nCMD y\r\n", NULL, "FROM a\r\nCMD y\r\n");
}

Test(dockerfile_needed, so_is_how_the_last_line_ends)
{
	check("FROM a\nCMD c", NULL, "FROM a\nCMD c\n");
	check("FROM a\nRUN x \\\n y", NULL, "FROM a\nRUN x \\\n y\n");
	check("FROM a\nRUN <<E\nx\nE", NULL, "FROM a\nRUN <<E\nx\nE\n");
	check("FROM a AS b\nRUN x\nFROM c", "b", "FROM a AS b\nRUN x\n");
}

/* BuildKit 0.13 and 0.25: one and the same image, history and all. */
Test(dockerfile_needed, so_is_the_case_of_a_stage_s_name)
{
	check("from a As Bc-D.e  \nRUN x", NULL, "FROM a AS bc-d.e  \nRUN x\n");
	check("FROM --platform=linux/ARM64 a\tas\tB\nCOPY x y", NULL,
	      "FROM --platform=linux/ARM64 a\tAS\tb\nCOPY x y\n");
	check("FROM a AS B", NULL, "FROM a AS b\n");
	check("FROM a AS B\r\nCMD c", NULL, "FROM a AS b\r\nCMD c\n");
	/* what is not so plain stays as it is */
	check("FROM a \\\n AS B\nCMD c", NULL,
	      "FROM a \\\n AS B\nCMD c\n");
}

Test(dockerfile_needed, so_are_those_within_an_instruction)
{
	check("FROM a\nRUN x \\\n# why\n\n \t# \\\n  && y \\ \n#\n&& z\nCMD c\n",
	      NULL, "FROM a\nRUN x \\\n  && y \\ \n&& z\nCMD c\n");
	check("FROM a\r\nRUN \\\r\n# c\r\n\r\n x\r\n", NULL,
	      "FROM a\r\nRUN \\\r\n x\r\n");
	check("# escape=`\nFROM a\nRUN x `\n# c `\n y \\\n# d\n", NULL,
	      "# escape=`\nFROM a\nRUN x `\n y \\\n");
	check("FROM a\nRUN x \\\n# at the end\n", NULL, "FROM a\nRUN x \\\n");
}

Test(dockerfile_needed, the_body_of_a_heredoc_stays)
{
	check("FROM a\nRUN <<E\n# z\n\n x \\\n# y\nE\nCMD c\n", NULL,
	      "FROM a\nRUN <<E\n# z\n\n x \\\n# y\nE\nCMD c\n");
	check("FROM a\nRUN x \\\n# c\n <<E <<F\n# z\nE\n\n# y\nF\n#b\nCMD c\n",
	      NULL, "FROM a\nRUN x \\\n <<E <<F\n# z\nE\n\n# y\nF\nCMD c\n");
}

Test(dockerfile_needed, a_keyword_may_be_in_any_case)
{
	check("\xef\xbb\xbf""arg V=1\nfrom a AS x\n  Run one \\\n copy\n"
	      "onbuild copy a b\n", NULL,
	      "ARG V=1\nFROM a AS x\n  RUN one \\\n copy\n"
	      "ONBUILD copy a b\n");
}

Test(dockerfile_needed, only_the_stages_in_use_and_what_is_global)
{
	static const char file[] =
		"ARG V=1\n# c\nFROM a AS x\nRUN one\nFROM b AS y\nRUN two\n"
		"FROM c:$V AS z\nCOPY --from=x p q\n";

	check(file, NULL, "ARG V=1\nFROM a AS x\nRUN one\nFROM c:$V AS z\n"
	      "COPY --from=x p q\n");
	check(file, "y", "ARG V=1\nFROM b AS y\nRUN two\n");
}

Test(dockerfile_needed, the_escape_is_part_of_it)
{
	check("# escape=`\nFROM a\nRUN x `\n y\n", NULL,
	      "# escape=`\nFROM a\nRUN x `\n y\n");
	check("# escape=\\\nFROM a\n", NULL, "FROM a\n");
}

Test(dockerfile_needed, stages_have_their_numbers_where_one_is_named)
{
	check("FROM a\nRUN one\nFROM u\nFROM b\nCOPY --from=0 p q\n", NULL,
	      "# stage 0\nFROM a\nRUN one\n# stage 2\nFROM b\n"
	      "COPY --from=0 p q\n");
	check("FROM a AS x\nFROM b\nCOPY --from=0 p q\nFROM c\n", NULL,
	      "FROM c\n");
	check("FROM a AS x\nFROM s AS b\nONBUILD COPY --from=0 p q\nFROM b\n",
	      NULL, "# stage 0\nFROM a AS x\n# stage 1\nFROM s AS b\n"
	      "ONBUILD COPY --from=0 p q\n# stage 2\nFROM b\n");
}

Test(dockerfile_needed, a_quoted_flag_is_the_same_flag)
{
	check("FROM a\nFROM u\nFROM b\nCOPY --fr\\om=0 p q\n", NULL,
	      "# stage 0\nFROM a\n# stage 2\nFROM b\nCOPY --fr\\om=0 p q\n");
	check("FROM a\nFROM u\nFROM b\nCOPY --fr\"o\"m=0 p q\n", NULL,
	      "# stage 0\nFROM a\n# stage 2\nFROM b\n"
	      "COPY --fr\"o\"m=0 p q\n");
}

Test(dockerfile_needed, a_base_with_triggers_may_name_a_number)
{
	struct strv onbuild = { 0 };
	struct dockerfile_base base = { .ref = "b", .onbuild = &onbuild };
	struct dockerfile_options o = { .bases = &base, .n_bases = 1 };

	strv_push(&onbuild, "COPY --from=0 p q");
	char *actual = needed_for("FROM a\nFROM b\n", &o);
	cr_expect_str_eq(actual, "# stage 0\nFROM a\n# stage 1\nFROM b\n");
	free(actual);
	strv_release(&onbuild);
}

Test(dockerfile_needed, it_is_all_where_something_is_not_understood)
{
	static const char unknown[] = "# c\nFROM a AS u\nFROM b\nWAT\n";
	static const char foreign[] = "# syntax=acme/x\nFROM a AS u\nFROM b\n";

	check(unknown, NULL, unknown);
	check(foreign, NULL, foreign);
}

/* Only a whole line is a comment: behind the keyword a '#' is a word. */
Test(dockerfile_needed, what_stands_behind_the_keyword_is_no_comment)
{
	static const char *const files[] = {
		"FROM a\nWORKDIR #a\n", "FROM a\nUSER #1\n",
		"FROM a\nCMD # a\n", "FROM a\nENTRYPOINT # a\n",
		"FROM a\nCOPY #a /x\n", "FROM a\nRUN # foo \\\n  make\n",
		"FROM a\nRUN # x <<E\n# one\nE\n",
		"FROM a\nRUN # x\n", "FROM a\nENV #a=b\n",
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		check(files[i], NULL, files[i]);
}
