/* SPDX-License-Identifier: MIT */
#include "source_room.h"

#include "base/buf.h"
#include "source/tree.h"

static void
set_up(void)
{
	room_enter();
	for (int i = 0; i < 2; i++) {
		const char *root = i ? "b" : "a";

		cr_assert_eq(mkdir(root, 0755), 0);
		cr_assert_eq(chdir(root), 0);
		put("d/e/f", "text");
		put("d/g", "text");
		put("same/x", "text");
		cr_assert_eq(symlink("d", "l"), 0);
		cr_assert_eq(chdir(".."), 0);
	}
}

TestSuite(tree_diff, .init = set_up, .fini = room_leave);

static bool
note(void *payload, enum tree_change c, const char *path,
	const struct tree_entry *before,
	const struct tree_entry *after)
{
	cr_expect_eq(!before, c == TREE_ADDED);
	cr_expect_eq(!after, c == TREE_REMOVED);
	buf_addf(payload, "%s %s\n", tree_change_text(c), path);
	return true;
}

static struct tree *
scan(const char *path)
{
	struct tree_options o = { .hash = HASH_XXH3 };
	struct tree *t = NULL;

	cr_assert_eq(tree_scan(path, &o, &t, &err), 0, "%s", err.text);
	return t;
}

static void
expect_diff(const char *expect)
{
	struct buf b = BUF_INIT;
	struct tree *x = scan("a");
	struct tree *y = scan("b");

	tree_diff(x, y, note, &b);
	cr_expect_str_eq(b.data, expect);
	tree_free(x);
	tree_free(y);
	buf_release(&b);
}

Test(tree_diff, equal_trees_have_no_difference)
{
	expect_diff("");
}

Test(tree_diff, an_edit_is_named_with_its_path)
{
	put("b/d/e/f", "other");
	expect_diff("edited d/e/f\n");
}

Test(tree_diff, differences_come_in_path_order)
{
	put("b/d/a", "");
	cr_assert_eq(unlink("b/d/g"), 0);
	cr_assert_eq(chmod("b/d/e/f", 0755), 0);
	cr_assert_eq(unlink("b/l"), 0);
	cr_assert_eq(symlink("same", "b/l"), 0);
	put("b/z", "");
	expect_diff("added d/a\nmode changed d/e/f\nremoved d/g\n"
		    "link changed l\nadded z\n");
}

Test(tree_diff, content_and_mode_are_two_differences)
{
	put("b/d/g", "other");
	cr_assert_eq(chmod("b/d/g", 0600), 0);
	expect_diff("edited d/g\nmode changed d/g\n");
}

Test(tree_diff, of_a_new_directory_only_the_top_is_told)
{
	put("b/new/x/y", "");
	expect_diff("added new\n");
}

Test(tree_diff, another_type_is_one_difference)
{
	cr_assert_eq(unlink("b/d/g"), 0);
	put("b/d/g/h", "");
	cr_assert_eq(unlink("b/l"), 0);
	cr_assert_eq(mkfifo("b/l", 0644), 0);
	expect_diff("type changed d/g\ntype changed l\n");
}

Test(tree_diff, a_directory_s_mode_and_what_is_in_it_are_both_told)
{
	cr_assert_eq(chmod("b/d", 0700), 0);
	put("b/d/g", "other");
	expect_diff("mode changed d\nedited d/g\n");
}

Test(tree_diff, group_write_is_no_difference)
{
	cr_assert_eq(chmod("b/d/g", 0664), 0);
	expect_diff("");
}

Test(tree_diff, names_around_a_slash_are_not_confused)
{
	put("a/d-x", "");
	put("b/d.x", "");
	put("b/d/g", "other");
	expect_diff("edited d/g\nremoved d-x\nadded d.x\n");
}

static bool
stop(void *payload, enum tree_change c, const char *path,
	const struct tree_entry *before,
	const struct tree_entry *after)
{
	note(payload, c, path, before, after);
	return false;
}

Test(tree_diff, it_ends_when_told)
{
	struct buf b = BUF_INIT;
	struct tree *x = scan("a");
	struct tree *y;

	put("b/d/e/f", "other");
	put("b/d/g", "other");
	y = scan("b");
	tree_diff(x, y, stop, &b);
	cr_expect_str_eq(b.data, "edited d/e/f\n");
	tree_free(x);
	tree_free(y);
	buf_release(&b);
}
