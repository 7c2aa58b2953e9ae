/* SPDX-License-Identifier: MIT */
#include "source_room.h"

#include <stdio.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/strv.h"
#include "source/ignore.h"
#include "source/tree.h"

#define NOBODY 65534

TestSuite(tree, .init = room_enter, .fini = room_leave);

static struct tree *
scan_with(const char *path, const char *rules,
	  const char *allow)
{
	struct tree_options o = { .hash = HASH_XXH3 };
	struct ignore *ig = NULL;
	struct strv list = { 0 };
	struct tree *t = NULL;

	if (rules)
		cr_assert_eq(ignore_parse(&ig, "rules", rules, strlen(rules),
					  &err), 0, "%s", err.text);
	if (allow)
		strv_split(&list, allow, " ");
	o.ignore = ig;
	o.allow = allow ? &list : NULL;
	cr_assert_eq(tree_scan(path, &o, &t, &err), 0, "%s", err.text);
	ignore_free(ig);
	strv_release(&list);
	return t;
}

static struct tree *
scan(const char *path)
{
	return scan_with(path, NULL, NULL);
}

static bool
add_line(void *payload, const char *path,
	 const struct tree_entry *e)
{
	buf_addf(payload, "%s%s\n", path, e->type == TREE_DIR ? "/" : "");
	return true;
}

static void
expect_list(struct tree *t, const char *expect)
{
	struct buf b = BUF_INIT;

	tree_each(t, add_line, &b);
	cr_expect_str_eq(b.data, expect);
	buf_release(&b);
	tree_free(t);
}

static struct hash
digest(const char *path)
{
	struct tree *t = scan(path);
	struct hash h = *tree_digest(t);

	tree_free(t);
	return h;
}

static bool
same(const char *a, const char *b)
{
	struct hash x = digest(a);
	struct hash y = digest(b);

	return hash_equal(&x, &y);
}

/* The line of one entry, without its newline. */
static void
expect_line(const struct tree *t, const char *path,
	    const char *expect)
{
	const struct tree_entry *e = tree_find(t, path);
	struct buf b = BUF_INIT;

	cr_assert(e, "%s", path);
	tree_entry_line(e, &b);
	buf_truncate(&b, b.len - 1);
	cr_expect_str_eq(b.data, expect);
	buf_release(&b);
}

#define EMPTY "99aa06d3014798d86001c324468d497f"

Test(tree, lines_are_as_documented)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX, .sun_path = "t/s" };
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct tree *t;

	put("t/empty", "");
	put("t/run", "");
	put("t/secret", "");
	put("t/root", "");
	put("t/a b\n", "");
	cr_assert_eq(chmod("t/run", 0755), 0);
	cr_assert_eq(chmod("t/secret", 0600), 0);
	cr_assert_eq(chmod("t/root", 04755), 0);
	cr_assert_eq(mkdir("t/d", 0755), 0);
	cr_assert_eq(mkdir("t/p", 0700), 0);
	cr_assert_eq(mkfifo("t/fifo", 0644), 0);
	cr_assert_eq(bind(s, (struct sockaddr *)&sun, sizeof(sun)), 0);
	t = scan("t");
	expect_line(t, "empty", "f 100644 0 " EMPTY " empty");
	expect_line(t, "run", "f 100755 0 " EMPTY " run");
	expect_line(t, "secret", "f 600 0 " EMPTY " secret");
	expect_line(t, "root", "f 4755 0 " EMPTY " root");
	expect_line(t, "a b\n", "f 100644 0 " EMPTY " \"a b\\n\"");
	expect_line(t, "d", "d " EMPTY " d");
	expect_line(t, "p", "d 700 " EMPTY " p");
	expect_line(t, "fifo", "x fifo fifo");
	expect_line(t, "s", "x 755 socket s");
	tree_free(t);
	close(s);
}

Test(tree, a_link_is_its_text)
{
	struct hash h;
	char hex[HASH_HEX_SIZE], line[128];
	struct tree *t;

	put("t/x", "");
	cr_assert_eq(symlink("no/where", "t/dangling"), 0);
	cr_assert_eq(symlink(".", "t/loop"), 0);
	cr_assert_eq(hash_bytes(HASH_XXH3, "no/where", 8, &h, &err), 0);
	t = scan("t");
	snprintf(line, sizeof(line), "l %s dangling", hash_hex(&h, hex));
	expect_line(t, "dangling", line);
	expect_list(t, "dangling\nloop\nx\n");
}

/* *h becomes the hash of the line in which its hex stands in the middle. */
static void
hash_line(const char *before, const char *after, struct hash *h)
{
	char hex[HASH_HEX_SIZE];
	char *line = mem_printf("%s%s%s", before, hash_hex(h, hex), after);

	cr_assert_eq(hash_bytes(HASH_XXH3, line, strlen(line), h, &err), 0);
	free(line);
}

Test(tree, the_root_digest_is_the_hash_of_its_lines)
{
	char hex[2][HASH_HEX_SIZE];
	struct tree *t;
	struct hash h;

	put("t/d/f", "x");
	t = scan("t");
	cr_assert_eq(hash_bytes(HASH_XXH3, "x", 1, &h, &err), 0);
	hash_line("f 100644 1 ", " f\n", &h);
	hash_line("d ", " d\n", &h);
	cr_expect_str_eq(hash_hex(tree_digest(t), hex[0]),
			 hash_hex(&h, hex[1]));
	tree_free(t);
}

Test(tree, entries_come_in_byte_order)
{
	put("t/b", "");
	put("t/a/z", "");
	put("t/a.b", "");
	put("t/a-b", "");
	put("t/\xc3\xa9", "");
	put("t/B", "");
	expect_list(scan("t"), "B\na/\na/z\na-b\na.b\nb\n\xc3\xa9\n");
}

Test(tree, two_inputs_never_share_bytes)
{
	put("a/xy/z", "");
	put("b/x/yz", "");
	put("c/x", "yz");
	put("d/xy", "z");
	put("e/x y", "");
	put("f/x", "");
	put("f/y", "");
	put("g/x\nf 100644 0 " EMPTY " y", "");
	cr_expect_not(same("a", "b"));
	cr_expect_not(same("c", "d"));
	cr_expect_not(same("e", "f"));
	cr_expect_not(same("f", "g"));
}

static void
copy(void)
{
	put("a/d/f", "text");
	put("a/d/g", "text");
	put("a/e/h", "more");
	put("b/d/f", "text");
	put("b/d/g", "text");
	put("b/e/h", "more");
	cr_assert_eq(symlink("d/f", "a/l"), 0);
	cr_assert_eq(symlink("d/f", "b/l"), 0);
	cr_assert(same("a", "b"));
}

Test(tree, a_rename_changes_the_digest)
{
	copy();
	cr_assert_eq(rename("b/d/f", "b/d/f2"), 0);
	cr_expect_not(same("a", "b"));
}

Test(tree, a_move_changes_the_digest)
{
	copy();
	cr_assert_eq(rename("b/d/f", "b/e/f"), 0);
	cr_expect_not(same("a", "b"));
}

Test(tree, an_edit_changes_the_digest)
{
	copy();
	put("b/d/f", "tExt");
	cr_expect_not(same("a", "b"));
}

Test(tree, an_executable_bit_changes_the_digest)
{
	copy();
	cr_assert_eq(chmod("b/d/f", 0755), 0);
	cr_expect_not(same("a", "b"));
}

Test(tree, mode_600_changes_the_digest)
{
	copy();
	cr_assert_eq(chmod("b/d/f", 0600), 0);
	cr_expect_not(same("a", "b"));
}

Test(tree, setuid_changes_the_digest)
{
	copy();
	cr_assert_eq(chmod("a/d/f", 0755), 0);
	cr_assert_eq(chmod("b/d/f", 04755), 0);
	cr_expect_not(same("a", "b"));
}

Test(tree, a_directory_s_mode_changes_the_digest)
{
	copy();
	cr_assert_eq(chmod("b/d", 0700), 0);
	cr_expect_not(same("a", "b"));
}

Test(tree, a_link_s_target_changes_the_digest)
{
	copy();
	cr_assert_eq(unlink("b/l"), 0);
	cr_assert_eq(symlink("d/g", "b/l"), 0);
	cr_expect_not(same("a", "b"));
}

Test(tree, a_link_is_not_its_target)
{
	copy();
	cr_assert_eq(unlink("b/d/f"), 0);
	cr_assert_eq(symlink("g", "b/d/f"), 0);
	cr_expect_not(same("a", "b"));
}

Test(tree, an_empty_directory_counts)
{
	copy();
	cr_assert_eq(mkdir("b/d/new", 0755), 0);
	cr_expect_not(same("a", "b"));
}

Test(tree, group_write_does_not_count)
{
	copy();
	cr_assert_eq(chmod("b/d/f", 0664), 0);
	cr_assert_eq(chmod("b/d", 0775), 0);
	cr_assert_eq(chmod("b", 0775), 0);
	cr_expect(same("a", "b"));
}

Test(tree, times_owners_and_hard_links_do_not_count)
{
	struct timespec old[2] = { { 1, 2 }, { 3, 4 } };

	copy();
	cr_assert_eq(utimensat(AT_FDCWD, "b/d/f", old, 0), 0);
	cr_assert_eq(unlink("b/d/g"), 0);
	cr_assert_eq(link("b/d/f", "b/d/g"), 0);
	if (geteuid() == 0)
		cr_assert_eq(lchown("b/e/h", NOBODY, NOBODY), 0);
	cr_expect(same("a", "b"));
}

Test(tree, the_name_of_the_root_does_not_count)
{
	copy();
	cr_assert_eq(symlink("b", "by-link"), 0);
	cr_assert_eq(mkdir("deep", 0700), 0);
	cr_assert_eq(rename("a", "deep/other"), 0);
	cr_expect(same("by-link", "deep/other"));
}

Test(tree, counts_are_counted)
{
	struct tree_counts c;
	struct tree *t;

	put("t/a/b", "12345");
	put("t/c", "678");
	put("t/no/d", "x");
	cr_assert_eq(symlink("c", "t/l"), 0);
	t = scan_with("t", "no\n!no/way", NULL);
	tree_counts(t, &c);
	cr_expect_eq(c.files, 3);
	cr_expect_eq(c.dirs, 1);
	cr_expect_eq(c.bytes, 8);
	tree_free(t);
}

Test(tree, entries_know_what_was_read)
{
	const struct tree_entry *e;
	struct tree *t;
	struct stat st;

	put("t/f", "text");
	cr_assert_eq(stat("t/f", &st), 0);
	t = scan("t");
	e = tree_find(t, "f");
	cr_expect_eq(e->id.ino, st.st_ino);
	cr_expect_eq(e->id.dev, st.st_dev);
	cr_expect_eq(e->id.size, 4);
	cr_expect_eq(e->id.mode, st.st_mode);
	cr_expect_eq(e->id.mtime_ns, (int64_t)st.st_mtim.tv_sec * 1000000000 +
		     st.st_mtim.tv_nsec);
	cr_expect_eq(e->id.ctime_ns, (int64_t)st.st_ctim.tv_sec * 1000000000 +
		     st.st_ctim.tv_nsec);
	cr_expect_null(tree_find(t, "f/x"));
	cr_expect_null(tree_find(t, "g"));
	cr_expect_null(tree_find(t, ""));
	tree_free(t);
}

static bool
check_text(void *payload, const char *path,
	   const struct hash *h, const struct buf *text)
{
	struct hash again;

	buf_addf(payload, "%s/\n", path);
	cr_expect_eq(hash_bytes(HASH_GIT, text->data, text->len, &again, &err),
		     0);
	cr_expect(hash_equal(h, &again), "%s", path);
	return true;
}

Test(tree, texts_stand_under_their_digest)
{
	struct tree_options o = { .hash = HASH_GIT };
	struct ignore *ig = NULL;
	struct buf seen = BUF_INIT;
	struct tree *t = NULL;

	put("t/a/b/c", "x");
	put("t/d/e", "y");
	put("t/gone/e", "y");
	cr_assert_eq(ignore_parse(&ig, "r", "gone\n!gone/x", 12, &err), 0);
	o.ignore = ig;
	cr_assert_eq(tree_scan("t", &o, &t, &err), 0, "%s", err.text);
	tree_each_text(t, check_text, &seen);
	cr_expect(str_ends(seen.data, "\n/\n"));
	cr_expect(str_starts(seen.data, "a/b/\n"));
	cr_expect(strstr(seen.data, "\na/\n"));
	cr_expect_not(strstr(seen.data, "gone"));
	tree_free(t);
	ignore_free(ig);
	buf_release(&seen);
}

Test(tree, a_device_is_its_numbers)
{
	struct tree *t;

	cr_assert_eq(mkdir("t", 0755), 0);
	if (mknod("t/null", S_IFCHR | 0644, makedev(1, 3)) < 0)
		cr_skip_test("cannot make a device here");
	t = scan("t");
	expect_line(t, "null", "x dev-c-1-3 null");
	tree_free(t);
}
