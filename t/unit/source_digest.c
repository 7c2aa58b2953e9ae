/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "source/digest.h"
#include "sys/file.h"

static char *top;
static struct imgcache_error err;

static void
set_up(void)
{
	const char *base = getenv("TMPDIR");

	umask(022);
	top = path_join(base ? base : "/tmp", "imgcache-digest-XXXXXX");
	cr_assert(mkdtemp(top));
	cr_assert_eq(chdir(top), 0);
}

static void
tear_down(void)
{
	struct imgcache_error ignored = { 0 };

	file_remove_tree(AT_FDCWD, top, &ignored);
	free(top);
}

TestSuite(digest, .init = set_up, .fini = tear_down);

Test(digest, a_file_has_its_hash_and_its_identity)
{
	struct digester g = { HASH_XXH3 };
	struct stat_id id = { 0 };
	struct hash h, expect;
	struct stat st;

	cr_assert_eq(file_replace(AT_FDCWD, "f", "text", 4, 0640, false, &err),
		     0, "%s", err.text);
	cr_assert_eq(stat("f", &st), 0);
	cr_assert_eq(digest_file(&g, AT_FDCWD, "f", "f", &id, &h, &err), 0);
	cr_assert_eq(hash_bytes(HASH_XXH3, "text", 4, &expect, &err), 0);
	cr_expect(hash_equal(&h, &expect));
	cr_expect_eq(id.ino, st.st_ino);
	cr_expect_eq(id.size, 4);
	cr_expect_eq(id.mode, st.st_mode);
}

Test(digest, a_file_that_vanishes_is_named)
{
	struct digester g = { HASH_XXH3 };
	struct stat_id id = { 0 };
	struct hash h;

	cr_expect_eq(digest_file(&g, AT_FDCWD, "gone", "dir/gone", &id, &h,
				 &err), IMGCACHE_ECHANGED);
	cr_expect(strstr(err.text, "'dir/gone' vanished"), "%s", err.text);
}

Test(digest, a_fifo_in_a_file_s_place_holds_nobody)
{
	struct digester g = { HASH_XXH3 };
	struct stat_id id = { 0 };
	struct hash h;

	cr_assert_eq(mkfifo("p", 0644), 0);
	cr_expect_eq(digest_file(&g, AT_FDCWD, "p", "p", &id, &h, &err),
		     IMGCACHE_ECHANGED);
	error_clear(&err);
	cr_assert_eq(symlink("p", "l"), 0);
	cr_expect_eq(digest_file(&g, AT_FDCWD, "l", "l", &id, &h, &err),
		     IMGCACHE_ECHANGED);
}
