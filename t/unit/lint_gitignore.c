/* SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "lint/gitignore.h"
#include "sys/file.h"

static void
check(const char *git, const char *docker)
{
	struct buf out = BUF_INIT;

	lint_gitignore_convert(&out, git, strlen(git));
	cr_expect_str_eq(out.data, docker, "%s gives %s", git, out.data);
	buf_release(&out);
}

Test(lint_gitignore, patterns_become_dockers)
{
	check("", "");
	check("# a\n\n  \n", "");
	check("a", "**/a\n");
	check("*.o\r\nb/\n", "**/*.o\n**/b\n");
	check("/a\na/b\na/b/\n", "/a\na/b\na/b\n");
	check("!a\n!/b\n", "!**/a\n!/b\n");
	check("/\n!\n", "");
	check("a  \n", "**/a\n");
}

Test(lint_gitignore, folders_have_files_of_their_own)
{
	char dir[] = "/tmp/imgcache-gitignore-XXXXXX";
	struct imgcache_error err = { 0 };
	struct lint_gitignore top, below, none;
	char *path;

	cr_assert(mkdtemp(dir));
	path = mem_printf("%s/sub", dir);
	cr_assert_eq(file_mkdirs(path, 0755, &err), 0);
	lint_gitignore_open(&none, path, 4, NULL);
	cr_expect_null(none.ignore);
	free(path);
	path = mem_printf("%s/.gitignore", dir);
	cr_assert_eq(file_replace(-1, path, "/top\nany\n", 9, 0644, false,
				  &err), 0);
	free(path);
	path = mem_printf("%s/sub/.gitignore", dir);
	cr_assert_eq(file_replace(-1, path, "/own\n", 5, 0644, false, &err),
		     0);
	free(path);
	lint_gitignore_open(&top, dir, 0, NULL);
	path = mem_printf("%s/sub", dir);
	lint_gitignore_open(&below, path, 4, &top);
	cr_expect(lint_gitignore_has(&below, "sub/own"));
	cr_expect(lint_gitignore_has(&below, "sub/any"));
	cr_expect(lint_gitignore_has(&top, "top"));
	cr_expect_not(lint_gitignore_has(&below, "sub/top"));
	cr_expect_not(lint_gitignore_has(&top, "own"));
	lint_gitignore_close(&below);
	lint_gitignore_close(&top);
	lint_gitignore_close(&none);
	cr_assert_eq(file_remove_tree(-1, dir, &err), 0);
	free(path);
}
