/* SPDX-License-Identifier: MIT */
#include "source_room.h"

#include "base/buf.h"
#include "base/strv.h"
#include "source/reach.h"

TestSuite(reach, .init = room_enter, .fini = room_leave);

/* What a source reads, sorted, with spaces between. */
static void
reads(const char *path, const char *expected)
{
	struct reach r = { .path = path,
			   .wildcard = strpbrk(path, "*?[\\") != NULL };
	struct strv out = { 0 };
	struct buf text = BUF_INIT;
	int fd = open(".", O_RDONLY | O_DIRECTORY);

	reach_resolve(fd, &r, &out);
	strv_sort(&out);
	strv_uniq(&out);
	for (size_t i = 0; i < out.n; i++)
		buf_addf(&text, "%s%s", i ? " " : "",
			 *out.v[i] ? out.v[i] : ".");
	cr_expect_str_eq(text.data, expected, "%s: %s", path, text.data);
	close(fd);
	buf_release(&text);
	strv_release(&out);
}

static bool
part(const char *pattern, const char *name)
{
	cr_expect_eq(reach_kind(pattern, strlen(pattern)), REACH_PLAIN, "%s",
		     pattern);
	return reach_match_part(pattern, strlen(pattern), name);
}

Test(reach, a_part_matches_as_go_does)
{
	cr_expect(part("abc", "abc"));
	cr_expect_not(part("abc", "abcd"));
	cr_expect(part("*", "abc"));
	cr_expect(part("*c", "abc"));
	cr_expect(part("a*b*c", "aXbYbZc"));
	cr_expect_not(part("a*b*c", "aXc"));
	cr_expect(part("***", ""));
	cr_expect(part("?", "\xc3\xa4"), "a rune is one");
	cr_expect_not(part("?", "ab"));
	cr_expect(part("?", "\xff"), "a bad byte is one");
	cr_expect_not(part("?", "\xff\xff"));
	cr_expect(part("*.[ch]", "x.h"));
	cr_expect_not(part("*.[ch]", "x.o"));
	cr_expect(part("[a-cx]1", "b1"));
	cr_expect(part("[\xc3\xa0-\xc3\xbf]", "\xc3\xa4"));
	cr_expect_not(part("", "a"));
	cr_expect(part(".*", ".git"));
	cr_expect(part("*", ".git"), "a dot is nothing special");
}

Test(reach, a_part_may_match_a_slash_or_be_malformed)
{
	static const char *const slash[] = { "[^a]", "[+-0]", "*[^/]", "a[.-z]" };
	static const char *const bad[] = {
		"[", "[]", "[a", "[a-]", "[-a]", "a\\*", "[a-b-c]", "[^",
		"[^]", "[^a]["
	};

	for (size_t i = 0; i < sizeof(slash) / sizeof(slash[0]); i++)
		cr_expect_eq(reach_kind(slash[i], strlen(slash[i])),
			     REACH_SLASH, "%s", slash[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_eq(reach_kind(bad[i], strlen(bad[i])),
			     REACH_MALFORMED, "%s", bad[i]);
}

Test(reach, a_long_match_is_no_hang)
{
	char pattern[2001], name[5001];

	for (int i = 0; i < 2000; i += 2)
		memcpy(pattern + i, "*a", 2);
	pattern[1999] = 'b';
	pattern[2000] = '\0';
	memset(name, 'a', 5000);
	name[5000] = '\0';
	cr_expect_not(reach_match_part(pattern, 2000, name));
	cr_expect_not(reach_match_path(pattern, name));
}

Test(reach, plain_paths_are_themselves)
{
	put("a/b/c", "");
	reads("a/b/c", "a/b/c");
	reads("a", "a");
	reads("", ".");
	reads("none/at/all", "none/at/all");
}

Test(reach, links_are_followed_inside)
{
	put("real/deep/file", "");
	cr_assert_eq(symlink("real/deep", "link"), 0);
	cr_assert_eq(symlink("/link", "absolute"), 0);
	cr_assert_eq(symlink("../../link/file", "real/deep/up"), 0);
	cr_assert_eq(symlink("../../../../real", "real/out"), 0);
	reads("link/file", "link real/deep/file");
	reads("link", "link real/deep");
	reads("absolute/file", "absolute link real/deep/file");
	reads("real/deep/up", "link real/deep/file real/deep/up");
	reads("real/out/deep/file", "real/deep/file real/out");
}

Test(reach, directories_apart_but_not_those_behind_a_link)
{
	struct strv out = { 0 }, dirs = { 0 };
	int fd = open(".", O_RDONLY | O_DIRECTORY);

	put("a/sub/f", "");
	put("a/file", "");
	cr_assert_eq(symlink("a", "way"), 0);
	cr_assert_eq(symlink("a/sub", "link"), 0);
	reach_resolve_apart(fd, &(struct reach){ "way/*", true }, &out, &dirs);
	reach_resolve_apart(fd, &(struct reach){ "link" }, &out, &dirs);
	reach_resolve_apart(fd, &(struct reach){ "" }, &out, &dirs);
	strv_sort(&out);
	strv_sort(&dirs);
	cr_assert_eq(dirs.n, 2);
	cr_expect_str_eq(dirs.v[0], "");
	cr_expect_str_eq(dirs.v[1], "a/sub");
	cr_assert_eq(out.n, 4);
	cr_expect_str_eq(out.v[0], "a/file");
	cr_expect_str_eq(out.v[1], "a/sub");
	cr_expect_str_eq(out.v[2], "link");
	cr_expect_str_eq(out.v[3], "way");
	close(fd);
	strv_release(&out);
	strv_release(&dirs);
}

Test(reach, links_in_a_ring_end)
{
	cr_assert_eq(symlink("b", "a"), 0);
	cr_assert_eq(symlink("a", "b"), 0);
	reads("a/x", "a b");
}

Test(reach, wildcards_match_part_by_part)
{
	put("src/a/main.c", "");
	put("src/b/main.c", "");
	put("src/b/main.h", "");
	put("src/main.c", "");
	put("top.c", "");
	reads("src/*/main.c", "src/a/main.c src/b/main.c");
	reads("src/*", "src/a src/b src/main.c");
	reads("*.c", "top.c");
	reads("*/*/*.h", "src/b/main.h");
	reads("src/none*", "");
	reads("s?c/a", "src/a");
}

Test(reach, wildcards_follow_what_they_match_and_nothing_on_the_way)
{
	put("real/x/file", "");
	put("dir/plain", "");
	cr_assert_eq(symlink("../real/x", "dir/link"), 0);
	cr_assert_eq(symlink("real", "before"), 0);
	reads("dir/*", "dir/link dir/plain real/x");
	reads("*/link/file", "");
	reads("before/*/file", "before real/x/file");
}

Test(reach, malformed_patterns_take_the_whole_directory)
{
	put("src/a/x", "");
	reads("src/[", "src");
	reads("src/[^]*", "src");
	reads("src/\\a", "src");
	reads("[", ".");
}

Test(reach, a_class_that_may_be_a_slash_is_matched_with_whole_paths)
{
	put("src/a/x", "");
	put("src/b/x", "");
	put("src/c", "");
	put("top", "");
	reads("src/[^b]*", "src/a src/c");
	reads("[^s]op", "top");
	reads("src[^x]c", "src/c");
	reads("s*[+-0]c", "src/c");
	reads("[^x]*/[^x]*/x", "src/a/x src/b/x");
	reads("src/[^abc]", "");
}

Test(reach, whole_paths_match_as_go_does)
{
	cr_expect(reach_match_path("a[^b]c", "a/c"));
	cr_expect_not(reach_match_path("a?c", "a/c"));
	cr_expect_not(reach_match_path("a*c", "a/c"));
	cr_expect_not(reach_match_path("*", "a/c"));
	cr_expect(reach_match_path("*/*", "a/c"));
	cr_expect(reach_match_path("*[^*]x", "ab/x"));
	cr_expect(reach_match_path("[^a]", "\xc3\xa4"), "a rune is one");
	cr_expect_not(reach_match_path("[^a]", "a"));
	cr_expect_not(reach_match_path("[^a]", ""));
	cr_expect_not(reach_match_path("[^b]", "ab"));
	cr_expect(reach_match_path("a*b*c", "aXbYbZc"));
	cr_expect_not(reach_match_path("*[^q]*b", "aa/b"),
		      "the first place where a part fits is taken");
}

Test(reach, a_directory_that_cannot_be_listed_is_named)
{
	put("shut/in/file", "");
	cr_assert_eq(chmod("shut", 0), 0);
	if (!geteuid() && seteuid(65534))
		cr_skip_test("cannot become nobody");
	reads("shut/*/file", "shut");
	cr_assert_eq(seteuid(0), 0);
	cr_assert_eq(chmod("shut", 0755), 0);
}
