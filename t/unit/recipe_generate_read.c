/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "recipe/generate.h"
#include "recipe/generate_read.h"
#include "recipe/recipe.h"

static struct imgcache_error err;

static void
expect(const char *const (*flags)[2], const char *expect)
{
	static const char *const names[] = { "apt", "npm", "pip" };
	struct generate_inputs inputs = { .base = "debian:12" };
	struct generate_packages found = {0};
	struct buf file = BUF_INIT, out = BUF_INIT;
	struct dockerfile *df;
	struct recipe r;

	recipe_init(&r, "/tmp");
	for (; (*flags)[0]; flags++)
		cr_assert_eq(recipe_set_flag(&r, (*flags)[0], (*flags)[1],
					     &err), 0, "%s", err.text);
	strv_push(&r.platforms, "linux/amd64");
	cr_assert_eq(generate_dockerfile(&r, &inputs, &file, &err), 0, "%s",
		     err.text);
	cr_assert_eq(dockerfile_parse(file.data, file.len, "D", &df, &err), 0);
	generate_packages_read(df, &found);
	for (int i = 0; i <= GRAMMAR_PIP; i++)
		for (size_t k = 0; k < found.lists[i].n; k++)
			buf_addf(&out, "%s %s\n", names[i],
				 found.lists[i].v[k].text);
	cr_expect_str_eq(out.data, expect);
	generate_packages_release(&found);
	dockerfile_free(df);
	buf_release(&file);
	buf_release(&out);
	recipe_release(&r);
}

Test(generate_read, packages_come_back_as_they_were_asked_for)
{
	static const char *const flags[][2] = {
		{ "base", "debian:12" }, { "apt", "git,curl=7.88*,g++" },
		{ "npm", "typescript@5.4,@types/node" },
		{ "pip", "numpy==1.26.4,Pandas[sql]>=2" },
		{ "claude-code", "1.0.0" }, { NULL, NULL }
	};

	expect(flags, "apt curl=7.88*\napt g++\napt git\nnpm @types/node\n"
	       "npm typescript@5.4\nnpm @anthropic-ai/claude-code@1.0.0\n"
	       "pip numpy==1.26.4\npip pandas[sql]>=2\n");
}

Test(generate_read, an_install_that_only_brings_npm_has_no_package)
{
	static const char *const flags[][2] = {
		{ "base", "debian:12" }, { "npm", "left-pad" }, { NULL, NULL }
	};

	expect(flags, "npm left-pad\n");
}

Test(generate_read, a_file_of_somebody_else_has_none)
{
	static const char file[] = "FROM a\nRUN apt-get install -y -- 'git'\n"
		"RUN : 'system packages'; broken -- 'git\nCMD x\n";
	struct generate_packages found = {0};
	struct dockerfile *df;

	cr_assert_eq(dockerfile_parse(file, strlen(file), "D", &df, &err), 0);
	generate_packages_read(df, &found);
	for (int i = 0; i <= GRAMMAR_PIP; i++)
		cr_expect_eq(found.lists[i].n, 0);
	generate_packages_release(&found);
	dockerfile_free(df);
}
