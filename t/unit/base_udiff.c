/* SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/udiff.h"

static struct udiff_text
text(const char *s)
{
	return (struct udiff_text){ s, s ? strlen(s) : 0 };
}

static void
check(const char *a, const char *b, const char *expect)
{
	struct buf out = BUF_INIT;

	udiff(&out, "f", text(a), text(b));
	cr_expect_str_eq(out.data, expect, "%s\nto\n%s\ngives\n%s", a, b,
			 out.data);
	buf_release(&out);
}

Test(udiff, equal_texts_give_nothing)
{
	check("", "", "");
	check("a\nb\n", "a\nb\n", "");
	check("a", "a", "");
}

Test(udiff, small_changes)
{
	check("a\nb\nc\n", "a\nx\nc\n",
	      "--- a/f\n+++ b/f\n@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n");
	check("a\n", "a\nb\n", "--- a/f\n+++ b/f\n@@ -1 +1,2 @@\n a\n+b\n");
	check("a\nb\n", "b\n", "--- a/f\n+++ b/f\n@@ -1,2 +1 @@\n-a\n b\n");
	check("a", "a\n", "--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n"
	      "\\ No newline at end of file\n+a\n");
}

Test(udiff, a_file_that_was_not_there)
{
	check(NULL, "a\n", "--- /dev/null\n+++ b/f\n@@ -0,0 +1 @@\n+a\n");
	check("a\n", NULL, "--- a/f\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n");
}

Test(udiff, far_changes_have_hunks_of_their_own)
{
	check("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "x\n2\n3\n4\n5\n6\n7\n8\ny\n",
	      "--- a/f\n+++ b/f\n@@ -1,4 +1,4 @@\n-1\n+x\n 2\n 3\n 4\n"
	      "@@ -6,4 +6,4 @@\n 6\n 7\n 8\n-9\n+y\n");
	check("1\n2\n3\n4\n5\n6\n7\n8\n", "x\n2\n3\n4\n5\n6\n7\ny\n",
	      "--- a/f\n+++ b/f\n@@ -1,8 +1,8 @@\n-1\n+x\n 2\n 3\n 4\n 5\n"
	      " 6\n 7\n-8\n+y\n");
}

/* A text of letters in lines, the same for the same seed. */
static void
make(struct buf *b, unsigned *seed, int letters, int lines)
{
	for (int i = 0; i < lines; i++) {
		*seed = *seed * 1103515245 + 12345;
		buf_addf(b, "%c\n", 'a' + (int)(*seed >> 16) % letters);
	}
	if (*seed >> 20 & 1 && b->len)
		buf_truncate(b, b->len - 1);
}

/* Applied by patch(1), the difference makes the one text of the other. */
static void
check_applies(const struct buf *a, const struct buf *b)
{
	char dir[] = "/tmp/imgcache-udiff-XXXXXX", command[256];
	struct buf out = BUF_INIT, got = BUF_INIT;
	FILE *f;

	cr_assert(mkdtemp(dir));
	cr_assert_eq(chdir(dir), 0);
	udiff(&out, "f", (struct udiff_text){ a->data, a->len },
	      (struct udiff_text){ b->data, b->len });
	f = fopen("f", "w");
	fwrite(a->data, 1, a->len, f);
	fclose(f);
	f = fopen("d", "w");
	fwrite(out.data, 1, out.len, f);
	fclose(f);
	if (out.len)
		cr_assert_eq(system("patch -s -p1 -E -F0 <d"), 0, "%s",
			     out.data);
	f = fopen("f", "r");
	for (int c; f && (c = getc(f)) != EOF;)
		buf_addc(&got, (char)c);
	if (f)
		fclose(f);
	cr_expect_eq(got.len, b->len);
	cr_expect_arr_eq(got.data, b->data, b->len);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	cr_assert_eq(chdir("/"), 0);
	cr_assert_eq(system(command), 0);
	buf_release(&out);
	buf_release(&got);
}

Test(udiff, patch_applies_it, .timeout = 60)
{
	unsigned seed = 7;

	if (system("command -v patch >/dev/null"))
		cr_skip_test("no patch(1) here");
	for (int i = 0; i < 60; i++) {
		struct buf a = BUF_INIT, b = BUF_INIT;

		make(&a, &seed, 2 + i % 9, i % 25);
		make(&b, &seed, 2 + i % 9, (i * 7) % 25);
		check_applies(&a, &b);
		buf_release(&a);
		buf_release(&b);
	}
}

Test(udiff, texts_without_anything_in_common)
{
	struct buf a = BUF_INIT, b = BUF_INIT, out = BUF_INIT;

	for (int i = 0; i < 3000; i++) {
		buf_addf(&a, "a%d\n", i);
		buf_addf(&b, "b%d\n", i);
	}
	udiff(&out, "f", (struct udiff_text){ a.data, a.len },
	      (struct udiff_text){ b.data, b.len });
	cr_expect(strstr(out.data, "@@ -1,3000 +1,3000 @@\n-a0\n"));
	cr_expect_eq(out.len, strlen("--- a/f\n+++ b/f\n"
				     "@@ -1,3000 +1,3000 @@\n") +
		     a.len + b.len + 6000);
	buf_release(&a);
	buf_release(&b);
	buf_release(&out);
}
