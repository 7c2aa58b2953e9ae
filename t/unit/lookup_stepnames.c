/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "lookup/stepnames.h"

/* Docker's names, a line each, and what is kept of them. */
static void
expect(const char *file, const char *names, const char *kept)
{
	static const struct dockerfile_options o;
	static const struct dockerfile_world w;
	struct imgcache_error err = {0};
	struct build_step v[16] = {{0}};
	struct dockerfile_steps *steps;
	struct arena arena = {0};
	struct buf out = BUF_INIT;
	struct strv lines = {0};
	struct dockerfile *df;

	cr_assert_eq(dockerfile_parse(file, strlen(file), "D", &df, &err), 0);
	cr_assert_eq(dockerfile_steps(df, &o, &w, &steps, &err), 0);
	strv_split(&lines, names, "\n");
	for (size_t i = 0; i < lines.n; i++)
		v[i].name = lines.v[i];
	stepnames_rewrite(steps, v, lines.n, &arena);
	for (size_t i = 0; i < lines.n; i++)
		buf_addf(&out, "%s\n", v[i].name);
	cr_expect_str_eq(out.data, kept);
	buf_release(&out);
	strv_release(&lines);
	arena_release(&arena);
	dockerfile_steps_free(steps);
	dockerfile_free(df);
}

Test(stepnames, the_value_of_an_arg_is_not_kept)
{
	expect("FROM a\nARG TOKEN\nRUN login $TOKEN\nCOPY x-${TOKEN} /y\n",
	       "[2/3] RUN login s3cret\n[3/3] COPY x-s3cret /y\n",
	       "[2/3] RUN login $TOKEN\n[3/3] COPY x-${TOKEN} /y\n");
}

Test(stepnames, a_number_that_is_another_steps_loses_its_words)
{
	expect("FROM a\nRUN b $X\nCOPY c d\n",
	       "[1/3] RUN b 1\n[2/3] COPY c d\n",
	       "[1/3] RUN\n[2/3] COPY\n");
}

Test(stepnames, stages_on_named_contexts)
{
	static const char file[] = "FROM a AS one\nRUN b\nFROM a:2\nRUN c\n"
		"FROM one\nCOPY --from=1 / /\n";
	struct strv contexts = {0}, stages = {0};
	const struct dockerfile_options o = { .contexts = &contexts };
	static const struct dockerfile_world w;
	struct imgcache_error err = {0};
	struct dockerfile_steps *steps;
	struct dockerfile *df;

	strv_push(&contexts, "a:2");
	cr_assert_eq(dockerfile_parse(file, strlen(file), "D", &df, &err), 0);
	cr_assert_eq(dockerfile_steps(df, &o, &w, &steps, &err), 0);
	stepnames_on_contexts(steps, &stages);
	cr_assert_eq(stages.n, 1);
	cr_expect_str_eq(stages.v[0], "stage-1");
	strv_release(&stages);
	strv_release(&contexts);
	dockerfile_steps_free(steps);
	dockerfile_free(df);
}

Test(stepnames, stages_platforms_and_links_are_told_apart)
{
	static const char file[] =
		"FROM a AS one\nWORKDIR $W\nRUN b $X\n"
		"FROM scratch\nCOPY --link --from=one /c-$X /d\n";

	expect(file, "[one 2/3] WORKDIR /w\n[one 3/3] RUN b 1\n"
	       "[stage-1 1/1] COPY --link --from=one /c-1 /d\n"
	       "[stage-1 1/1] LINK COPY --link --from=one /c-1 /d\n",
	       "[one 2/3] WORKDIR $W\n[one 3/3] RUN b $X\n"
	       "[stage-1 1/1] COPY --from=one /c-$X /d\n"
	       "[stage-1 1/1] COPY --from=one /c-$X /d\n");
	expect(file, "[linux/arm64 one 2/3] WORKDIR /w\n"
	       "[linux/amd64->arm64 one 3/3] RUN b 1\n",
	       "[linux/arm64 one 2/3] WORKDIR $W\n"
	       "[linux/amd64->arm64 one 3/3] RUN b $X\n");
}

Test(stepnames, a_single_stage_of_several_platforms)
{
	expect("FROM a\nRUN b $X\n",
	       "[linux/amd64 2/2] RUN b 1\n[linux/arm64 2/2] RUN b 1\n",
	       "[linux/amd64 2/2] RUN b $X\n[linux/arm64 2/2] RUN b $X\n");
}

Test(stepnames, a_generated_step_is_called_by_its_title)
{
	expect("FROM a\nRUN --mount=type=cache,target=/x : 'npm packages'; b\n",
	       "[stage-0 2/2] RUN --mount=type=cache,target=/x : 'npm packages'; b\n",
	       "[stage-0 2/2] npm packages\n");
}

Test(stepnames, what_fits_nothing_loses_its_words)
{
	expect("FROM a\nRUN b\n", "[2/2] COPY s3cret /\n[9/9] RUN s3cret\n"
	       "exporting s3cret\n[internal] load s3cret\n",
	       "[2/2] COPY\n[9/9] RUN\nexporting\n[internal]\n");
	expect("FROM a\nRUN b\nRUN c\nRUN d\n", "[2/4] RUN b\n[5/4] RUN x\n",
	       "[2/4] RUN b\n[5/4] RUN\n");
}

Test(stepnames, a_kept_name_is_found_whatever_its_number)
{
	cr_expect(stepnames_is("[one 2/3] RUN b", "one", "RUN b"));
	cr_expect(stepnames_is("[linux/amd64 one 12/13] RUN b", "one",
			       "RUN b"));
	cr_expect(stepnames_is("[2/3] RUN b", NULL, "RUN b"));
	cr_expect(stepnames_is("[linux/amd64 2/3] RUN b", NULL, "RUN b"));
	cr_expect_not(stepnames_is("[one 2/3] RUN b", NULL, "RUN b"));
	cr_expect_not(stepnames_is("[one 2/3] RUN b", "two", "RUN b"));
	cr_expect_not(stepnames_is("[one 2/3] RUN bc", "one", "RUN b"));
	cr_expect_not(stepnames_is("RUN b", NULL, "RUN b"));
}
