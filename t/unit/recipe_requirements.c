/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "recipe/requirements.h"
#include "recipe/requirements_line.h"
#include "sys/file.h"

static char root[256];
static struct requirements got;
static struct imgcache_error err;

static void
set_up(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(root, sizeof(root), "%s/requirements.XXXXXX",
		 tmp ? tmp : "/tmp");
	cr_assert(mkdtemp(root));
	memset(&got, 0, sizeof(got));
	memset(&err, 0, sizeof(err));
}

static void
tear_down(void)
{
	requirements_release(&got);
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

/* The closure of r.txt as "a b c". */
static const char *
closure(void)
{
	static char text[1024];

	cr_assert_eq(requirements_read(root, "r.txt", &got, &err), 0, "%s",
		     err.text);
	text[0] = '\0';
	for (size_t i = 0; i < got.paths.n; i++) {
		strcat(text, i ? " " : "");
		strcat(text, got.paths.v[i]);
	}
	return text;
}

static void
fails_with(const char *what)
{
	cr_assert_eq(requirements_read(root, "r.txt", &got, &err),
		     IMGCACHE_EUSAGE);
	cr_expect(strstr(err.text, what), "%s", err.text);
	cr_expect_eq(got.paths.n, 0);
}

TestSuite(recipe_requirements, .init = set_up, .fini = tear_down);

Test(recipe_requirements, a_plain_file_needs_only_itself)
{
	put("r.txt", "numpy==1.2\nflask>=1 --hash=sha256:00\n# -r no.txt\n"
		     "-i https://h/simple\nx # -r no.txt\n");
	cr_expect_str_eq(closure(), "r.txt");
	cr_expect_eq(got.warnings.n, 0);
}

Test(recipe_requirements, follows_every_spelling_of_r_and_c)
{
	put("r.txt", "-r a.txt\n-rb.txt\n--requirement c.txt\n"
		     "--requirement=d.txt\n-c 'e f.txt'\n--constraint=g.txt\n"
		     "--requirem h.txt\n");
	for (const char *p = "abcdgh"; *p; p++)
		put((char[]){ *p, '.', 't', 'x', 't', 0 }, "");
	put("e f.txt", "");
	cr_expect_str_eq(closure(), "r.txt a.txt b.txt c.txt d.txt e f.txt "
				    "g.txt h.txt");
}

Test(recipe_requirements, paths_are_relative_to_the_including_file)
{
	put("r.txt", "-r sub/a.txt\n");
	put("sub/a.txt", "-r b.txt\n-c ../c.txt\n");
	put("sub/b.txt", "");
	put("c.txt", "");
	cr_expect_str_eq(closure(), "r.txt sub/a.txt sub/b.txt c.txt");
}

Test(recipe_requirements, joins_lines_before_it_cuts_comments)
{
	put("r.txt", "-r \\\na.txt\nx \\\n# c -r no.txt\n-r b.txt\\\n\n"
		     "# not continued \\\n-r c.txt\r\n");
	put("a.txt", "");
	put("b.txt", "");
	put("c.txt", "");
	cr_expect_str_eq(closure(), "r.txt a.txt b.txt c.txt");
}

Test(recipe_requirements, cycles_end)
{
	put("r.txt", "-r a.txt\n-r r.txt\n");
	put("a.txt", "-r r.txt\n-c a.txt\n");
	cr_expect_str_eq(closure(), "r.txt a.txt");
}

Test(recipe_requirements, local_packages_are_looked_for_from_the_root)
{
	put("r.txt", "-r sub/a.txt\n./pkg[x] ; python_version > '3'\n");
	put("sub/a.txt", "w/x.whl\ny @ file:./z.tar.gz\n--find-links wheels\n"
			 "top.whl\n");
	put("w/x.whl", "");
	put("z.tar.gz", "");
	put("top.whl", "");
	put("sub/wheels/a.whl", "");
	put("pkg/setup.py", "");
	cr_expect_str_eq(closure(), "r.txt sub/a.txt pkg w/x.whl z.tar.gz "
				    "sub/wheels top.whl");
}

Test(recipe_requirements, what_comes_from_outside_is_warned_of)
{
	put("r.txt", "a==${VERSION}\n-r https://h/r.txt\nb @ https://h/b.whl\n"
		     "git+https://h/c\n-r ${DIR}/x.txt\n$d ${low}\n");
	cr_expect_str_eq(closure(), "r.txt");
	cr_assert_eq(got.warnings.n, 5);
	cr_expect(strstr(got.warnings.v[0], "r.txt:1: 'a==${VERSION}'"));
	cr_expect(strstr(got.warnings.v[1], "r.txt:2: 'https://h/r.txt'"));
}

Test(recipe_requirements, a_path_out_of_the_root_is_refused)
{
	put("r.txt", "x\n-r ../a.txt\n");
	fails_with("r.txt:2: -r '../a.txt': it is outside");
}

Test(recipe_requirements, an_absolute_package_is_refused)
{
	put("r.txt", "file:///etc/passwd\n");
	fails_with("r.txt:1: package '/etc/passwd': it is outside");
}

Test(recipe_requirements, a_link_is_refused)
{
	char *path = path_join(root, "a.txt");

	put("r.txt", "-r a.txt\n");
	cr_assert_eq(symlink("/etc/passwd", path), 0);
	free(path);
	fails_with("r.txt:1: path 'a.txt': a link");
}

Test(recipe_requirements, a_missing_file_is_named)
{
	put("r.txt", "\n\n-c gone.txt\n");
	fails_with("r.txt:3: -c 'gone.txt': no such file");
}

Test(recipe_requirements, an_editable_install_is_refused)
{
	put("r.txt", "-e ./pkg\n");
	fails_with("r.txt:1: -e './pkg': an editable install");
}

Test(recipe_requirements, the_file_itself_may_be_no_option_and_no_stranger)
{
	cr_expect_neq(requirements_read(root, "-r.txt", &got, &err), 0);
	error_clear(&err);
	cr_expect_neq(requirements_read(root, "../r.txt", &got, &err), 0);
	error_clear(&err);
	cr_expect_neq(requirements_read(root, "gone", &got, &err), 0);
}

static int
stop_at_second(void *ctx, const char *line, int number)
{
	(void)line;
	*(int *)ctx += 1;
	return number == 2 ? 7 : 0;
}

Test(recipe_requirements, reading_lines_stops_at_the_first_result)
{
	int calls = 0;

	cr_expect_eq(requirements_each_line("\xef\xbb\xbf" "a\nb\nc\n",
					    stop_at_second, &calls), 7);
	cr_expect_eq(calls, 2);
}
