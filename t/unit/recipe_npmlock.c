/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "recipe/npmlock.h"
#include "sys/file.h"

static char root[256];
static struct npmlock lock;
static struct imgcache_error err;

static void
set_up(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(root, sizeof(root), "%s/npmlock.XXXXXX", tmp ? tmp : "/tmp");
	cr_assert(mkdtemp(root));
	memset(&lock, 0, sizeof(lock));
	memset(&err, 0, sizeof(err));
}

static void
tear_down(void)
{
	npmlock_release(&lock);
	memset(&err, 0, sizeof(err));
	file_remove_tree(AT_FDCWD, root, &err);
}

static void
put(const char *name, const char *text)
{
	char *path = path_join(root, name);
	char *dir = path_dir(path);
	FILE *f;

	cr_assert_eq(file_mkdirs(dir, 0755, &err), 0);
	f = fopen(path, "w");
	cr_assert(f);
	fputs(text, f);
	fclose(f);
	free(dir);
	free(path);
}

static void
fails_with(const char *folder, const char *what)
{
	cr_assert_eq(npmlock_read(root, folder, &lock, &err), IMGCACHE_EUSAGE);
	cr_expect(strstr(err.text, what), "%s", err.text);
	cr_expect_eq(lock.paths.n, 0);
}

TestSuite(recipe_npmlock, .init = set_up, .fini = tear_down);

Test(recipe_npmlock, finds_the_files_that_count)
{
	put("web/package.json", "{}");
	put("web/package-lock.json", "{}");
	put("web/.npmrc", "");
	put("web/index.js", "");
	cr_assert_eq(npmlock_read(root, "./web/", &lock, &err), 0);
	cr_assert_eq(lock.paths.n, 3);
	cr_expect_str_eq(lock.folder, "web");
	cr_expect_str_eq(lock.paths.v[0], "web/.npmrc");
	cr_expect_str_eq(lock.paths.v[1], "web/package-lock.json");
	cr_expect_str_eq(lock.paths.v[2], "web/package.json");
	cr_expect(lock.has_npmrc);
}

Test(recipe_npmlock, a_shrinkwrap_comes_before_a_lock_file)
{
	put("package.json", "{}");
	put("package-lock.json", "{}");
	put("npm-shrinkwrap.json", "{}");
	cr_assert_eq(npmlock_read(root, ".", &lock, &err), 0);
	cr_assert_eq(lock.paths.n, 2);
	cr_expect_str_eq(lock.paths.v[0], "npm-shrinkwrap.json");
	cr_expect_not(lock.has_npmrc);
}

Test(recipe_npmlock, says_how_to_get_a_lock_file)
{
	put("package.json", "{}");
	fails_with(".", "npm install --package-lock-only");
}

Test(recipe_npmlock, a_folder_without_package_json_is_refused)
{
	put("package-lock.json", "{}");
	fails_with(".", "no package.json");
	error_clear(&err);
	fails_with("gone", "no package.json");
}

Test(recipe_npmlock, local_sources_are_refused)
{
	put("a/package.json", "{}");
	put("a/package-lock.json", "{\"x\": {\"link\": true}}");
	fails_with("a", "workspaces");
	error_clear(&err);
	put("b/package.json", "{}");
	put("b/package-lock.json", "{\"resolved\" :\"file:../x\"}");
	fails_with("b", "workspaces");
}

Test(recipe_npmlock, a_folder_outside_is_refused)
{
	fails_with("../x", "npm_lock: path '../x'");
	error_clear(&err);
	fails_with("-x", "option");
}
