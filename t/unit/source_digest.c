/* SPDX-License-Identifier: MIT */
#include "source_room.h"

#include "source/digest.h"

TestSuite(digest, .init = room_enter, .fini = room_leave);

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
