/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>

#include "source/gitattr.h"

TestSuite(gitattr);

static bool
filters(const char *text, const char *name)
{
	struct gitattr *a = gitattr_parse(NULL, text, strlen(text));
	bool does = gitattr_may_filter(a, name, 0);

	gitattr_free(a);
	return does;
}

Test(gitattr, each_attribute_that_changes_content_is_known)
{
	static const char *const lines[] = {
		"*.c text", "*.c text=auto", "*.c eol=lf", "*.c ident",
		"*.c filter=lfs diff=lfs merge=lfs -text", "*.c crlf",
		"*.c working-tree-encoding=UTF-16", "*.c -diff text",
		"*.c\ttext", "  *.c text\r", "*.C TEXT\n*.C text",
		"a.c text", "# x\n\n*.c text\n"
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		cr_expect(filters(lines[i], "a.c"), "%s", lines[i]);
		cr_expect_not(filters(lines[i], "a.h"), "%s", lines[i]);
	}
}

Test(gitattr, other_attributes_change_nothing)
{
	static const char *const lines[] = {
		"", "*.c", "*.c -text", "*.c binary", "*.c !eol",
		"*.c diff=cpp merge=union", "*.c linguist-generated=true",
		"* export-ignore", "#*.c text", "*.c whitespace=tab-in-indent",
		"*.c textual", "*.c -filter", "[attr]thing -text diff=x",
		"\"*.c\" -text"
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		cr_expect_not(filters(lines[i], "a.c"), "%s", lines[i]);
}

Test(gitattr, a_pattern_that_is_not_understood_matches_all)
{
	static const char *const lines[] = {
		"/x text", "a/b text", "*x* text", "[ab] text", "?.h text",
		"\"a b\" text", "[attr]thing text", "* text", "**/x text",
		"\\#x text"
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		cr_expect(filters(lines[i], "a.c"), "%s", lines[i]);
}

Test(gitattr, parents_hold)
{
	struct gitattr *a = gitattr_parse(NULL, "*.c text", 8);
	struct gitattr *b = gitattr_parse(a, "*.h text", 8);

	cr_expect(gitattr_may_filter(b, "x.c", 0));
	cr_expect(gitattr_may_filter(b, "x.h", 0));
	cr_expect_not(gitattr_may_filter(a, "x.h", 0));
	cr_expect_not(gitattr_may_filter(NULL, "x.h", 0));
	gitattr_free(b);
	gitattr_free(a);
}

Test(gitattr, what_cannot_be_read_filters_all)
{
	struct gitattr *a = gitattr_read(NULL, AT_FDCWD, "/");

	cr_assert(a);
	cr_expect(gitattr_may_filter(a, "x", 0));
	gitattr_free(a);
	cr_expect_null(gitattr_read(NULL, AT_FDCWD, "/nowhere/at/all"));
	cr_expect(filters("", "x") == false);
	a = gitattr_parse(NULL, "a\0b", 3);
	cr_expect(gitattr_may_filter(a, "x", 0));
	gitattr_free(a);
}
