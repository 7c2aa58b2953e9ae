/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/strv.h"
#include "source/ignore.h"
#include "source/reach.h"
#include "source/taken.h"
#include "source/tree.h"
#include "source/weigh.h"
#include "source_room.h"

TestSuite(weigh, .init = room_enter, .fini = room_leave);


static struct tree *
scan(void)
{
	struct tree_options o = { .hash = HASH_XXH3, .sizes_only = true };
	struct tree *t = NULL;

	cr_assert_eq(tree_scan("t", &o, &t, &err), 0, "%s", err.text);
	return t;
}

/* A file of so many bytes. */
static void
put_size(const char *path, size_t size)
{
	char *text = mem_alloc(size + 1);

	memset(text, 'x', size);
	put(path, text);
	free(text);
}

static void
expect_list(const struct weighed *v, size_t n, const char *expect)
{
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < n; i++)
		buf_addf(&b, "%s%s%s=%d/%d", i ? " " : "", v[i].path,
			 v[i].is_dir ? "/" : "", (int)v[i].w.files,
			 (int)v[i].w.bytes);
	cr_expect_str_eq(b.data, expect);
	buf_release(&b);
}

static void
make_tree(void)
{
	put_size("t/big/one/a", 400);
	put_size("t/big/one/b", 300);
	put_size("t/big/two", 100);
	put_size("t/small/c", 50);
	put_size("t/d", 20);
	cr_assert_eq(symlink("d", "t/link"), 0);
}

Test(weigh, all_of_it_is_what_is_counted)
{
	struct weigh_options o = { .most = 3 };
	struct tree_counts c;
	struct tree *t;
	struct weigh w;

	make_tree();
	t = scan();
	weigh(t, &o, &w);
	tree_counts(t, &c);
	cr_expect_eq(w.all.files, 6);
	cr_expect_eq(w.all.bytes, 870);
	cr_expect_eq(w.all.files, c.files);
	cr_expect_eq(w.all.bytes, c.bytes);
	cr_expect_eq(w.unread.files, 0);
	weigh_release(&w);
	tree_free(t);
}

static void
expect_heaviest(size_t most, const char *expect)
{
	struct weigh_options o = { .most = most };
	struct tree *t = scan();
	struct weigh w;

	weigh(t, &o, &w);
	expect_list(w.heaviest, w.n_heaviest, expect);
	weigh_release(&w);
	tree_free(t);
}

Test(weigh, the_heaviest_first_and_no_more_than_asked_for)
{
	make_tree();
	expect_heaviest(3, "big/=3/800 big/one/=2/700 big/one/a=1/400");
	expect_heaviest(5, "big/=3/800 big/one/=2/700 big/one/a=1/400 "
			"big/one/b=1/300 big/two=1/100");
	expect_heaviest(0, "");
}

Test(weigh, a_folder_with_one_entry_is_that_entry)
{
	put_size("t/a/b/c/file", 10);
	expect_heaviest(9, "a/b/c/file=1/10");
	put_size("t/a/b/c/other", 1);
	expect_heaviest(9, "a/b/c/=2/11 a/b/c/file=1/10 a/b/c/other=1/1");
}

static void
expect_unread_of(struct taken *reads, unsigned files, const char *expect)
{
	struct weigh_options o = { .reads = reads, .most = 9 };
	struct tree *t = scan();
	struct weigh w;

	weigh(t, &o, &w);
	expect_list(w.unread_heaviest, w.n_unread_heaviest, expect);
	cr_expect_eq(w.unread.files, files, "%s", expect);
	weigh_release(&w);
	tree_free(t);
	taken_release(reads);
}

static void
expect_unread(const char *reads, unsigned files, const char *expect)
{
	struct taken taken = { 0 };
	struct strv list = { 0 };

	strv_split(&list, reads, " ");
	allow_init(&taken.allow, &list);
	strv_release(&list);
	expect_unread_of(&taken, files, expect);
}

/* When that is copied, less what the patterns match. */
static void
expect_left_out(const char *path, const char *patterns, unsigned files,
		const char *expect)
{
	int fd = open("t", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct strv exclude = { 0 };
	struct reach r = { .path = path };
	struct taken taken;

	strv_split(&exclude, patterns, " ");
	r.exclude = (const char *const *)exclude.v;
	r.n_exclude = exclude.n;
	taken_find(&taken, fd, &r, 1);
	close(fd);
	expect_unread_of(&taken, files, expect);
	strv_release(&exclude);
}

Test(weigh, what_a_copy_leaves_out_is_unread)
{
	make_tree();
	expect_left_out("", "small **/a", 2, "big/one/a=1/400 small/=1/50");
	expect_left_out("", "big !big/two", 2, "big/one/=2/700");
	expect_left_out("big", "t*", 4, "big/two=1/100 small/=1/50 d=1/20 "
			"link=1/0");
	expect_left_out("", "none", 0, "");
	expect_left_out("d", "*", 5, "big/=3/800 small/=1/50 link=1/0");
}

Test(weigh, what_nothing_reads_as_high_as_it_goes)
{
	make_tree();
	expect_unread("big/one", 4, "big/two=1/100 small/=1/50 d=1/20 "
		      "link=1/0");
	expect_unread("small d link", 3, "big/=3/800");
	expect_unread("", 6, "big/=3/800 small/=1/50 d=1/20 link=1/0");
	expect_unread(".", 0, "");
	expect_unread("big/none", 6, "big/one/=2/700 big/two=1/100 "
		      "small/=1/50 d=1/20 link=1/0");
}

static bool
not_below_kept(void *payload, size_t rule, const char *path)
{
	buf_addf(payload, "%zu:%s ", rule, path);
	return !str_ends(path, "kept/out");
}

Test(weigh, marks_weigh_what_they_match_each_once)
{
	static const char names[] = "**/out\n**/*.o\n";
	struct buf asked = BUF_INIT;
	struct weigh_options o = {
		.accepts = not_below_kept, .payload = &asked,
	};
	struct ignore *marks;
	struct tree *t;
	struct weigh w;

	put_size("t/out/a.o", 5);
	put_size("t/out/out/b", 6);
	put_size("t/src/c.o", 7);
	put_size("t/kept/out/d.o", 8);
	put_size("t/kept/out/e", 9);
	put_size("t/kept/out/out/f", 10);
	cr_assert_eq(ignore_parse(&marks, "m", names, strlen(names), &err), 0);
	o.marks = marks;
	t = scan();
	weigh(t, &o, &w);
	cr_expect_eq(w.marks[0].files, 3);
	cr_expect_eq(w.marks[0].bytes, 21);
	cr_expect_eq(w.marks[1].files, 2);
	cr_expect_eq(w.marks[1].bytes, 15);
	cr_expect_not(strstr(asked.data, "kept/out/e"));
	cr_expect_not(strstr(asked.data, ":out/"), "%s", asked.data);
	weigh_release(&w);
	tree_free(t);
	ignore_free(marks);
	buf_release(&asked);
}

Test(weigh, a_tree_deeper_than_any_stack)
{
	struct weigh_options o = { .most = 2 };
	struct tree *t;
	struct weigh w;

	cr_assert_eq(mkdir("t", 0755), 0);
	cr_assert_eq(chdir("t"), 0);
	for (int i = 0; i < 3000; i++) {
		cr_assert_eq(mkdir("d", 0755), 0);
		cr_assert_eq(chdir("d"), 0);
	}
	put("f", "12345");
	cr_assert_eq(chdir(top), 0);
	t = scan();
	weigh(t, &o, &w);
	cr_expect_eq(w.all.bytes, 5);
	weigh_release(&w);
	tree_free(t);
}
