/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/error.h"

Test(error, set_returns_the_code_and_formats_the_text)
{
	struct imgcache_error err = { 0 };
	int rc = error_set(&err, IMGCACHE_EBUSY, "cannot lock '%s'", "x");

	cr_assert_eq(rc, IMGCACHE_EBUSY);
	cr_assert_eq(err.code, IMGCACHE_EBUSY);
	cr_assert_eq(err.sys_errno, 0);
	cr_assert_str_eq(err.text, "cannot lock 'x'");
}

Test(error, errno_is_kept_and_named)
{
	struct imgcache_error err = { 0 };

	errno = ENOSPC;
	cr_assert_eq(error_errno(&err, IMGCACHE_EFAIL, "cannot write '%s'",
				 "y"), IMGCACHE_EFAIL);
	cr_assert_eq(err.sys_errno, ENOSPC);
	cr_assert_str_eq(err.text, "cannot write 'y': No space left on device");
}

Test(error, prefix_stands_before_the_text)
{
	struct imgcache_error err = { 0 };

	error_set(&err, IMGCACHE_ENO, "no base");
	cr_assert_eq(error_prefix(&err, "recipe '%s'", "web"), IMGCACHE_ENO);
	cr_assert_str_eq(err.text, "recipe 'web': no base");
}

Test(error, long_texts_are_cut_at_the_end)
{
	struct imgcache_error err = { 0 };
	char name[2000];

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	error_set(&err, IMGCACHE_EFAIL, "%s", name);
	error_prefix(&err, "where");
	cr_assert_eq(strlen(err.text), sizeof(err.text) - 1);
	cr_assert_eq(strncmp(err.text, "where: nnn", 10), 0);
}

Test(error, a_cleared_error_may_be_set_again)
{
	struct imgcache_error err = { 0 };

	errno = EIO;
	error_errno(&err, IMGCACHE_EFAIL, "first");
	error_clear(&err);
	cr_assert_eq(err.code, 0);
	cr_assert_eq(err.sys_errno, 0);
	error_set(&err, IMGCACHE_ENO, "second");
	cr_assert_str_eq(err.text, "second");
}

Test(error, setting_twice_aborts, .signal = SIGABRT)
{
	struct imgcache_error err = { 0 };

	error_set(&err, IMGCACHE_EFAIL, "first");
	error_set(&err, IMGCACHE_EFAIL, "second");
}

Test(error, success_is_no_error_code, .signal = SIGABRT)
{
	struct imgcache_error err = { 0 };

	error_set(&err, IMGCACHE_OK, "fine");
}

Test(error, a_prefix_needs_an_error, .signal = SIGABRT)
{
	struct imgcache_error err = { 0 };

	error_prefix(&err, "nothing happened");
}
