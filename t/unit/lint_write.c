/* SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "imgcache.h"
#include "sys/file.h"

static char dir[] = "/tmp/imgcache-lint-XXXXXX";
static char *path;

static void
put(const char *text)
{
	struct imgcache_error err = { 0 };

	cr_assert_eq(file_replace(AT_FDCWD, path, text, strlen(text), 0640,
				  false, &err), 0);
}

static void
set_up(void)
{
	cr_assert(mkdtemp(dir));
	path = mem_printf("%s/Dockerfile", dir);
}

static void
tear_down(void)
{
	struct imgcache_error err = { 0 };

	cr_assert_eq(file_remove_tree(AT_FDCWD, dir, &err), 0);
	free(path);
}

static struct imgcache_lint_change
change(const char *was, const char *text)
{
	return (struct imgcache_lint_change){
		.file = "Dockerfile", .path = path, .was = was,
		.was_len = was ? strlen(was) : 0, .text = text,
		.text_len = strlen(text),
	};
}

static void
check_file(const char *expect)
{
	struct imgcache_error err = { 0 };
	struct buf text = BUF_INIT;

	cr_assert_eq(file_read(AT_FDCWD, path, 0, &text, &err), 0);
	cr_expect_str_eq(text.data, expect);
	buf_release(&text);
}

Test(lint_write, the_file_is_replaced_and_keeps_its_mode, .init = set_up,
     .fini = tear_down)
{
	struct imgcache_lint_change c = change("a\n", "b\n");
	struct imgcache_error err = { 0 };
	struct stat st;

	put("a\n");
	cr_assert_eq(chmod(path, 0751), 0);
	cr_assert_eq(imgcache_lint_write(&c, &err), 0);
	check_file("b\n");
	cr_assert_eq(stat(path, &st), 0);
	cr_expect_eq(st.st_mode & 07777, 0751);
}

Test(lint_write, one_that_changed_meanwhile_is_left_alone, .init = set_up,
     .fini = tear_down)
{
	struct imgcache_lint_change c = change("a\n", "b\n");
	struct imgcache_error err = { 0 };

	put("c\n");
	cr_expect_eq(imgcache_lint_write(&c, &err), IMGCACHE_ECHANGED);
	cr_expect(strstr(err.text, "'Dockerfile' changed"), "%s", err.text);
	check_file("c\n");
}

Test(lint_write, so_is_one_that_is_new_or_gone, .init = set_up,
     .fini = tear_down)
{
	struct imgcache_lint_change gone = change("a\n", "b\n");
	struct imgcache_lint_change made = change(NULL, "b\n");
	struct imgcache_error err = { 0 };

	cr_expect_eq(imgcache_lint_write(&gone, &err), IMGCACHE_ECHANGED);
	cr_expect_not(file_exists(path));
	error_clear(&err);
	put("c\n");
	cr_expect_eq(imgcache_lint_write(&made, &err), IMGCACHE_ECHANGED);
	check_file("c\n");
}

Test(lint_write, a_file_that_was_not_there_is_made, .init = set_up,
     .fini = tear_down)
{
	struct imgcache_lint_change c = change(NULL, "b\n");
	struct imgcache_error err = { 0 };

	cr_assert_eq(imgcache_lint_write(&c, &err), 0);
	check_file("b\n");
}
