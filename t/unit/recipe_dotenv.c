/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "imgcache.h"
#include "recipe/dotenv.h"

static const char *const names[] = {
	"MAX_CACHED_IMAGES", "NO_CACHE", "COMMON_NPM_PACKAGES"
};

/* The value of NO_CACHE in that text, or NULL. */
static const char *
no_cache_in(const char *text)
{
	static char out[256];
	struct dotenv d = { 0 };
	const struct dotenv_value *v;

	dotenv_parse(&d, text, strlen(text), names, 3);
	v = dotenv_get(&d, "NO_CACHE");
	if (v)
		snprintf(out, sizeof(out), "%s", v->value);
	dotenv_release(&d);
	return v ? out : NULL;
}

Test(dotenv, a_wanted_name_is_taken_with_its_line)
{
	struct dotenv d = { 0 };
	const char *text = "# limits\n\nMAX_CACHED_IMAGES=50\n";

	dotenv_parse(&d, text, strlen(text), names, 3);
	cr_assert_eq(d.n, 1);
	cr_assert_str_eq(d.v[0].name, "MAX_CACHED_IMAGES");
	cr_assert_str_eq(d.v[0].value, "50");
	cr_assert_eq(d.v[0].line, 3);
	dotenv_release(&d);
}

Test(dotenv, other_names_are_not_even_copied)
{
	struct dotenv d = { 0 };
	const char *text = "SECRET=hunter2\nNO_CACHE_DIR=x\nXNO_CACHE=1\n";

	dotenv_parse(&d, text, strlen(text), names, 3);
	cr_assert_eq(d.n, 0);
	cr_assert_null(dotenv_get(&d, "SECRET"));
	dotenv_release(&d);
}

Test(dotenv, export_and_blanks_are_skipped)
{
	cr_assert_str_eq(no_cache_in("export NO_CACHE=true"), "true");
	cr_assert_str_eq(no_cache_in("  export\tNO_CACHE = true  \n"), "true");
	cr_assert_null(no_cache_in("exportNO_CACHE=true"));
}

Test(dotenv, a_comment_ends_a_bare_value_behind_a_blank)
{
	cr_assert_str_eq(no_cache_in("NO_CACHE=a # b"), "a");
	cr_assert_str_eq(no_cache_in("NO_CACHE=a#b"), "a#b");
	cr_assert_str_eq(no_cache_in("NO_CACHE= # b"), "");
	cr_assert_null(no_cache_in("# NO_CACHE=1"));
}

Test(dotenv, quotes_come_off)
{
	cr_assert_str_eq(no_cache_in("NO_CACHE='a # \\n'  # c"), "a # \\n");
	cr_assert_str_eq(no_cache_in("NO_CACHE=\"a # \\\"b\\\" \\$\\n\""),
			 "a # \"b\" $\n");
	cr_assert_str_eq(no_cache_in("NO_CACHE=\"\""), "");
}

Test(dotenv, crlf_and_a_byte_order_mark_are_fine)
{
	cr_assert_str_eq(no_cache_in("\xef\xbb\xbfNO_CACHE=1\r\nX=2\r\n"),
			 "1");
}

Test(dotenv, the_last_line_counts)
{
	cr_assert_str_eq(no_cache_in("NO_CACHE=1\nNO_CACHE=2"), "2");
}

Test(dotenv, nothing_is_ever_an_error)
{
	cr_assert_null(no_cache_in(""));
	cr_assert_null(no_cache_in("NO_CACHE"));
	cr_assert_null(no_cache_in("NO_CACHE='open"));
	cr_assert_null(no_cache_in("NO_CACHE=\"open\\"));
	cr_assert_null(no_cache_in("= = =\n\x01\xff\n{\n[section]\n"));
	cr_assert_str_eq(no_cache_in("{\n<<< \nNO_CACHE=1"), "1");
}

Test(dotenv, a_nul_makes_a_line_foreign)
{
	static const char text[] = "NO_CACHE=a\0b\nMAX_CACHED_IMAGES=3";
	struct dotenv d = { 0 };

	dotenv_parse(&d, text, sizeof(text) - 1, names, 3);
	cr_assert_null(dotenv_get(&d, "NO_CACHE"));
	cr_assert_str_eq(dotenv_get(&d, "MAX_CACHED_IMAGES")->value, "3");
	dotenv_release(&d);
}

Test(dotenv, a_missing_file_is_fine)
{
	struct imgcache_error err = { 0 };
	struct dotenv d = { 0 };

	cr_assert_eq(dotenv_read(&d, "/nowhere/.env", names, 3, &err), 0);
	cr_assert_eq(err.code, 0);
	cr_assert_eq(d.n, 0);
	dotenv_release(&d);
}

Test(dotenv, a_file_that_cannot_be_read_is_an_error)
{
	char dir[] = "/tmp/imgcache-dotenv-XXXXXX";
	struct imgcache_error err = { 0 };
	struct dotenv d = { 0 };

	cr_assert_not_null(mkdtemp(dir));
	cr_assert_eq(dotenv_read(&d, dir, names, 3, &err), IMGCACHE_EFAIL);
	dotenv_release(&d);
	rmdir(dir);
}
