/* SPDX-License-Identifier: MIT */
/* What a walk tells of the entries that are not in its tree. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/strv.h"
#include "source/ignore.h"
#include "source/tree.h"
#include "source_room.h"

#include <sys/wait.h>

#define NOBODY 65534

TestSuite(left, .init = room_enter, .fini = room_leave);


static struct tree *
scan(const char *path, const char *rules, struct tree_options o)
{
	struct ignore *ig = NULL;
	struct tree *t = NULL;

	if (rules)
		cr_assert_eq(ignore_parse(&ig, "rules", rules, strlen(rules),
					  &err), 0, "%s", err.text);
	o.hash = HASH_XXH3;
	o.ignore = ig;
	cr_assert_eq(tree_scan(path, &o, &t, &err), 0, "%s", err.text);
	ignore_free(ig);
	return t;
}

static void
expect_dirs(const struct tree_left_out *l, const char *expect)
{
	struct strv all = { 0 };
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < l->n_dirs; i++)
		strv_pushf(&all, "%s:%zu", l->dirs[i].path, l->dirs[i].rule);
	strv_sort(&all);
	for (size_t i = 0; i < all.n; i++)
		buf_addf(&text, "%s%s", i ? " " : "", all.v[i]);
	cr_expect_str_eq(text.data, expect);
	strv_release(&all);
	buf_release(&text);
}

Test(left, files_are_counted_by_the_rule_that_decides)
{
	const struct tree_left_out *l;
	struct tree *t;

	put("t/a.log", "12345");
	put("t/d/b.log", "123");
	put("t/keep.log", "1");
	put("t/x", "1234567");
	cr_assert_eq(symlink("a.log", "t/l.log"), 0);
	t = scan("t", "x\n**/*.log\n!keep.log",
		 (struct tree_options){ .with_left_out = true });
	l = tree_left_out(t);
	cr_assert_not_null(l);
	cr_assert_eq(l->n_rules, 3);
	cr_expect_eq(l->files[0].files, 1);
	cr_expect_eq(l->files[0].bytes, 7);
	cr_expect_eq(l->files[1].files, 3);
	cr_expect_eq(l->files[1].bytes, 8);
	cr_expect_eq(l->files[2].files, 0);
	cr_expect_eq(l->n_dirs, 0);
	tree_free(t);
}

Test(left, a_directory_that_is_not_entered_is_named)
{
	struct tree *t;

	put("t/node_modules/a/b", "x");
	put("t/d/node_modules/c", "x");
	put("t/d/e", "x");
	put("t/out/keep/f", "x");
	put("t/out/g/h", "x");
	t = scan("t", "**/node_modules\nout\n!out/keep",
		 (struct tree_options){ .with_left_out = true });
	expect_dirs(tree_left_out(t), "d/node_modules:0 node_modules:0 "
		    "out/g:1");
	tree_free(t);
}

Test(left, every_worker_tells)
{
	const struct tree_left_out *l;
	struct tree *t;
	char path[64];

	for (int i = 0; i < 200; i++) {
		snprintf(path, sizeof(path), "t/%d/a/x.o", i);
		put(path, "12");
		snprintf(path, sizeof(path), "t/%d/b/y", i);
		put(path, "12");
	}
	t = scan("t", "**/*.o\n**/b",
		 (struct tree_options){ .with_left_out = true, .threads = 8 });
	l = tree_left_out(t);
	cr_expect_eq(l->files[0].files, 200);
	cr_expect_eq(l->files[0].bytes, 400);
	cr_expect_eq(l->n_dirs, 200);
	tree_free(t);
}

Test(left, nothing_is_told_that_was_not_asked_for)
{
	struct tree *t;

	put("t/a", "x");
	t = scan("t", "a", (struct tree_options){ 0 });
	cr_expect_null(tree_left_out(t));
	tree_free(t);
	t = scan("t", NULL, (struct tree_options){ .with_left_out = true });
	cr_expect_eq(tree_left_out(t)->n_rules, 0);
	cr_expect_eq(tree_left_out(t)->n_dirs, 0);
	tree_free(t);
}

static bool
add_line(void *payload, const char *path, const struct tree_entry *e)
{
	buf_addf(payload, "%s %d %d\n", path, (int)e->type, (int)e->id.size);
	return true;
}

Test(left, sizes_alone_are_the_same_tree)
{
	struct buf one = BUF_INIT, two = BUF_INIT;
	struct tree *t;

	put("t/a/b", "12345");
	put("t/c", "678");
	put("t/gone/d", "x");
	cr_assert_eq(symlink("c", "t/l"), 0);
	cr_assert_eq(mkdir("t/empty", 0755), 0);
	cr_assert_eq(mkfifo("t/pipe", 0644), 0);
	t = scan("t", "gone\n!gone/x", (struct tree_options){ 0 });
	tree_each(t, add_line, &one);
	tree_free(t);
	t = scan("t", "gone\n!gone/x",
		 (struct tree_options){ .sizes_only = true });
	tree_each(t, add_line, &two);
	tree_free(t);
	cr_expect(one.len);
	cr_expect_str_eq(one.data, two.data);
	buf_release(&one);
	buf_release(&two);
}

/* Run fn as one who may not read everything; its status. */
static int
as_nobody(void (*fn)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		if (geteuid() == 0 && (setgid(NOBODY) || setuid(NOBODY)))
			_exit(2);
		fn();
		_exit(0);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
scan_sizes(void)
{
	struct tree_options o = {
		.hash = HASH_XXH3, .sizes_only = true,
	};
	struct tree *t;

	if (tree_scan("t", &o, &t, &err))
		_exit(3);
	tree_free(t);
}

Test(left, a_file_that_may_not_be_read_has_a_size_all_the_same)
{
	put("t/secret", "12");
	cr_assert_eq(chmod("t/secret", 0), 0);
	cr_expect_eq(as_nobody(scan_sizes), 0);
}

static void
scan_forgiving(void)
{
	struct tree_options o = {
		.hash = HASH_XXH3, .sizes_only = true, .forgiving = true,
	};
	struct tree_counts c;
	struct tree *t;

	if (tree_scan("t", &o, &t, &err))
		_exit(3);
	tree_counts(t, &c);
	if (c.files != 1 || tree_unread(t) != 1)
		_exit(4);
	tree_free(t);
}

Test(left, what_cannot_be_read_is_passed_over_where_that_is_forgiven)
{
	put("t/a", "12");
	put("t/shut/b", "12");
	cr_assert_eq(chmod("t/shut", 0), 0);
	cr_expect_eq(as_nobody(scan_forgiving), 0);
	cr_expect_eq(as_nobody(scan_sizes), 3);
	cr_assert_eq(chmod("t/shut", 0755), 0);
}

Test(left, the_kernels_own_files_are_passed_over_too)
{
	struct tree_options o = { .sizes_only = true, .forgiving = true };
	struct tree *t = scan("/proc/self/task", NULL, o);
	struct tree_counts c;

	tree_counts(t, &c);
	cr_expect_eq(c.files, 0);
	cr_expect_eq(tree_unread(t), 1);
	tree_free(t);
}
