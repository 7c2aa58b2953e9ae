/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "sys/file.h"

/* Takes what was made for it. */
static void
expect_path(char *actual, const char *expect)
{
	cr_expect_str_eq(actual, expect);
	free(actual);
}

Test(path, join_puts_one_slash)
{
	expect_path(path_join("a", "b"), "a/b");
	expect_path(path_join("a/", "b"), "a/b");
	expect_path(path_join("/", "b"), "/b");
	expect_path(path_join("a", "b/c"), "a/b/c");
}

Test(path, join_to_an_absolute_name_or_an_empty_directory_is_the_name)
{
	expect_path(path_join("a", "/b"), "/b");
	expect_path(path_join("", "b"), "b");
}

Test(path, join_does_not_read_percent_signs)
{
	expect_path(path_join("%s", "%n"), "%s/%n");
}

Test(path, absolute_resolves_dots_and_slashes)
{
	expect_path(path_absolute("/base", "a"), "/base/a");
	expect_path(path_absolute("/base/", "./a/./b/"), "/base/a/b");
	expect_path(path_absolute("/base", "a//b"), "/base/a/b");
	expect_path(path_absolute("/base/x", "../a"), "/base/a");
	expect_path(path_absolute("/base", ""), "/base");
	expect_path(path_absolute("/base", "."), "/base");
	expect_path(path_absolute("/base", ".."), "/");
}

Test(path, absolute_of_an_absolute_path_forgets_the_base)
{
	expect_path(path_absolute("/base", "/a/../b"), "/b");
	expect_path(path_absolute("/base", "/"), "/");
	expect_path(path_absolute("/base", "//a"), "/a");
}

Test(path, absolute_does_not_rise_above_the_root)
{
	expect_path(path_absolute("/", "../../a"), "/a");
	expect_path(path_absolute("/a", "../../.."), "/");
}

Test(path, absolute_takes_names_that_begin_with_dots)
{
	expect_path(path_absolute("/b", "..."), "/b/...");
	expect_path(path_absolute("/b", ".a/..b"), "/b/.a/..b");
}

Test(path, absolute_begins_at_the_working_directory)
{
	cr_assert_eq(chdir("/usr"), 0);
	expect_path(path_absolute(NULL, "a"), "/usr/a");
	expect_path(path_absolute("x/..", "a"), "/usr/a");
	expect_path(path_absolute("x", "a"), "/usr/x/a");
}

static char *
gone_dir(void)
{
	const char *base = getenv("TMPDIR");
	char *dir = path_join(base ? base : "/tmp", "imgcache-path-XXXXXX");

	cr_assert(mkdtemp(dir));
	cr_assert_eq(chdir(dir), 0);
	cr_assert_eq(rmdir(dir), 0);
	return dir;
}

Test(path, absolute_begins_at_the_root_where_the_working_directory_is_gone)
{
	char *dir = gone_dir();

	expect_path(path_absolute(NULL, "a"), "/a");
	free(dir);
}

Test(path, dir_is_what_stands_before_the_last_name)
{
	expect_path(path_dir("a/b"), "a");
	expect_path(path_dir("a//b"), "a");
	expect_path(path_dir("/a/b/"), "/a");
	expect_path(path_dir("/a"), "/");
	expect_path(path_dir("//a"), "/");
	expect_path(path_dir("/"), "/");
	expect_path(path_dir("//"), "/");
	expect_path(path_dir("a"), ".");
	expect_path(path_dir("a/"), ".");
	expect_path(path_dir(""), ".");
}

Test(path, base_is_the_last_name)
{
	cr_expect_str_eq(path_base("a/b"), "b");
	cr_expect_str_eq(path_base("b"), "b");
	cr_expect_str_eq(path_base("/b"), "b");
	cr_expect_str_eq(path_base("a/b/"), "b/");
	cr_expect_str_eq(path_base(""), "");
}
