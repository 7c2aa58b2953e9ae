/* SPDX-License-Identifier: MIT */

/* Files that nobody writes: each must end, soon, and in the way it says. */

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/error.h"
#include "recipe/dockerfile.h"

#define SECONDS_MAX 20	/* of processor time, sanitizers included */

/* Read and resolve; err->text is "" if both worked. */
static void
run(const struct buf *text, struct imgcache_error *err,
    struct dockerfile_plan **plan)
{
	struct dockerfile_options options = { 0 };
	struct dockerfile *df = NULL;
	clock_t start = clock();

	*err = (struct imgcache_error){ 0 };
	*plan = NULL;
	if (dockerfile_parse(text->data, text->len, "D", &df, err) == 0)
		dockerfile_resolve(df, &options, plan, err);
	dockerfile_free(df);
	cr_expect_lt((clock() - start) / CLOCKS_PER_SEC, SECONDS_MAX);
}

static void
expect_error(struct buf *text, const char *expect)
{
	struct imgcache_error err;
	struct dockerfile_plan *plan;

	run(text, &err, &plan);
	cr_expect_str_eq(err.text, expect);
	dockerfile_plan_free(plan);
	buf_release(text);
}

Test(dockerfile_limits, a_million_lines)
{
	struct buf text = BUF_INIT;
	struct imgcache_error err;
	struct dockerfile_plan *plan;

	buf_adds(&text, "FROM scratch\n");
	for (int i = 0; i < 1000000; i++)
		buf_adds(&text, i % 2 ? "COPY a b\n" : "ENV A=$A\n");
	run(&text, &err, &plan);
	cr_expect_str_eq(err.text, "");
	cr_expect_eq(plan->n_reads, 1);
	dockerfile_plan_free(plan);
	buf_release(&text);
}

Test(dockerfile_limits, a_hundred_thousand_stages_on_one_another)
{
	struct buf text = BUF_INIT;
	struct imgcache_error err;
	struct dockerfile_plan *plan;

	buf_adds(&text, "FROM scratch AS s0\nENV V=v\n");
	for (int i = 1; i < 100000; i++)
		buf_addf(&text, "FROM s%d AS s%d\nENV E%d=$V\nCOPY a$E%d b\n",
			 i - 1, i, i, i);
	run(&text, &err, &plan);
	cr_expect_str_eq(err.text, "");
	cr_expect_eq(plan->n_stages, 100000);
	cr_expect_eq(plan->n_reads, 1);
	cr_expect_str_eq(plan->reads[0].path, "av");
	dockerfile_plan_free(plan);
	buf_release(&text);
}

Test(dockerfile_limits, a_hundred_thousand_stages_beside_one_another)
{
	struct buf text = BUF_INIT;
	struct imgcache_error err;
	struct dockerfile_plan *plan;

	for (int i = 0; i < 100000; i++)
		buf_addf(&text, "FROM i%d\n", i);
	buf_adds(&text, "FROM scratch\n");
	for (int i = 0; i < 100000; i++)
		buf_addf(&text, "COPY --from=%d a b\n", i);
	run(&text, &err, &plan);
	cr_expect_str_eq(err.text, "");
	cr_expect_eq(plan->n_stages, 100001);
	cr_expect_eq(plan->n_images, 100000);
	dockerfile_plan_free(plan);
	buf_release(&text);
}

Test(dockerfile_limits, a_hundred_thousand_bases_that_nobody_saw)
{
	char (*names)[8] = calloc(100000, sizeof(*names));
	struct dockerfile_base *bases = calloc(100000, sizeof(*bases));
	struct dockerfile_options o = { .bases = bases, .n_bases = 100000 };
	struct dockerfile_plan *plan = NULL;
	struct imgcache_error err = { 0 };
	struct buf text = BUF_INIT;
	struct dockerfile *df;
	clock_t start = clock();

	for (int i = 0; i < 100000; i++) {
		snprintf(names[i], sizeof(names[i]), "i%d", i);
		bases[i].ref = names[i];
		bases[i].is_unseen = true;
		buf_addf(&text, "FROM i%d\n", i);
	}
	cr_assert_eq(dockerfile_parse(text.data, text.len, "D", &df, &err), 0);
	cr_assert_eq(dockerfile_resolve(df, &o, &plan, &err), 0);
	cr_expect_eq(plan->n_bases, 100000);
	cr_expect_lt((clock() - start) / CLOCKS_PER_SEC, SECONDS_MAX);
	dockerfile_plan_free(plan);
	dockerfile_free(df);
	free(names);
	buf_release(&text);
	free(bases);
}

Test(dockerfile_limits, values_that_double)
{
	struct buf text = BUF_INIT;

	buf_adds(&text, "FROM scratch\nENV A=a\n");
	for (int i = 0; i < 60; i++)
		buf_adds(&text, "ENV A=$A$A\n");
	expect_error(&text, "D:27: variables expand to more than 64 MiB");
}

Test(dockerfile_limits, global_values_that_double)
{
	struct buf text = BUF_INIT;

	buf_adds(&text, "ARG A=a\n");
	for (int i = 0; i < 60; i++)
		buf_adds(&text, "ARG A=$A$A\n");
	buf_adds(&text, "FROM scratch\n");
	expect_error(&text, "D:27: variables expand to more than 64 MiB");
}

Test(dockerfile_limits, braces_without_end)
{
	struct buf text = BUF_INIT;

	buf_adds(&text, "FROM scratch\nCOPY ");
	for (int line = 0; line < 100; line++) {
		for (int i = 0; i < 10000; i++)
			buf_adds(&text, "${a:-");
		buf_adds(&text, "\\\n");
	}
	buf_adds(&text, " b\n");
	expect_error(&text, "D:2: ${} nested more than 128 deep");
}

Test(dockerfile_limits, patterns_full_of_stars)
{
	struct buf text = BUF_INIT;

	buf_adds(&text, "FROM scratch\nENV v=");
	for (int i = 0; i < 60000; i++)
		buf_addc(&text, 'a');
	buf_adds(&text, "\nENV p=");
	for (int i = 0; i < 15000; i++)
		buf_adds(&text, "*a*b");
	buf_addc(&text, '\n');
	for (int i = 0; i < 10000; i++)
		buf_adds(&text, "ENV x=${v#$p}\n");
	expect_error(&text, "D:190: variables expand to more than 64 MiB");
}

Test(dockerfile_limits, triggers_times_stages)
{
	struct buf text = BUF_INIT;

	buf_adds(&text, "FROM scratch AS b\n");
	for (int i = 0; i < 3000; i++)
		buf_adds(&text, "ONBUILD RUN x\n");
	for (int i = 0; i < 3000; i++)
		buf_adds(&text, "FROM b\n");
	buf_adds(&text, "FROM scratch\n");
	for (int i = 0; i < 3000; i++)
		buf_addf(&text, "COPY --from=%d a b\n", i + 1);
	expect_error(&text,
		     "D:5645: ONBUILD instructions are used too often");
}

Test(dockerfile_limits, excludes_times_sources)
{
	struct buf text = BUF_INIT;
	struct imgcache_error err;
	struct dockerfile_plan *plan;

	buf_adds(&text, "FROM scratch\nCOPY ");
	for (int i = 0; i < 20000; i++)
		buf_addf(&text, "--exclude=%d \\\n", i);
	for (int i = 0; i < 20000; i++)
		buf_addf(&text, "s%d \\\n", i);
	buf_adds(&text, "/x\n");
	run(&text, &err, &plan);
	cr_expect_str_eq(err.text, "");
	cr_expect_eq(plan->n_reads, 20000);
	cr_expect_eq(plan->reads[0].n_exclude, 20000);
	dockerfile_plan_free(plan);
	buf_release(&text);
}

Test(dockerfile_limits, ten_megabytes_of_one_kind_of_byte)
{
	static const char bytes[] = "\n #\\\"'$[{<-=\xff";

	for (size_t i = 0; i < sizeof(bytes); i++) {
		struct buf text = BUF_INIT;
		struct imgcache_error err;
		struct dockerfile_plan *plan;
		buf_reserve(&text, 10 << 20);
		for (size_t n = 0; n < 10 << 20; n++)
			buf_addc(&text, n % 1000 == 999 ? '\n' : bytes[i]);
		run(&text, &err, &plan);
		dockerfile_plan_free(plan);
		buf_release(&text);
	}
}
