/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "key/inputs.h"
#include "key/reads.h"
#include "recipe/dockerfile.h"
#include "sys/file.h"

static char *top;
static struct imgcache_error err;
static struct reads reads;
static struct input_context context;
static struct inputs in;

static void
put(const char *path)
{
	char *dir = path_dir(path);
	int fd;

	cr_assert_eq(file_mkdirs(dir, 0755, &err), 0);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	cr_assert_geq(fd, 0);
	close(fd);
	free(dir);
}

static void
set_up(void)
{
	const char *base = getenv("TMPDIR");

	top = path_join(base ? base : "/tmp", "imgcache-reads-XXXXXX");
	cr_assert(mkdtemp(top));
	cr_assert_eq(chdir(top), 0);
	put("src/a.c");
	put("src/deep/b.c");
	put("doc/x.md");
	cr_assert_eq(symlink("src/deep", "link"), 0);
	context.path = top;
	in.contexts = &context;
	in.n_contexts = 1;
	reads.in = &in;
}

static void
tear_down(void)
{
	struct imgcache_error ignored = {0};

	reads_release(&reads);
	file_remove_tree(AT_FDCWD, top, &ignored);
	free(top);
}

TestSuite(reads, .init = set_up, .fini = tear_down);

static bool
covers(const char *path, const char *what)
{
	struct dockerfile_read read = {
		.kind = DOCKERFILE_READ_COPY, .path = path,
		.wildcard = strpbrk(path, "*?[") != NULL,
	};

	return reads_cover(&reads, &read, what);
}

Test(reads, a_path_and_all_below_it)
{
	cr_expect(covers("", "any/thing"));
	cr_expect(covers("src", "src/a.c"));
	cr_expect(covers("src", "src"));
	cr_expect(covers("src/a.c", "src/a.c"));
	cr_expect_not(covers("src", "src.c"));
	cr_expect_not(covers("src/a.c", "src"));
	cr_expect_not(covers("doc", "src/a.c"));
}

Test(reads, what_is_gone_is_found_by_the_words)
{
	cr_expect(covers("gone", "gone/x"));
	cr_expect(covers("src/*.c", "src/gone.c"));
	cr_expect(covers("s*", "src/gone/deep"));
	cr_expect_not(covers("src/*.c", "src/gone.h"));
	cr_expect_not(covers("src/*/x", "src/gone.c"));
}

Test(reads, links_are_followed)
{
	cr_expect(covers("link/b.c", "src/deep/b.c"));
	cr_expect(covers("link/b.c", "link"));
	cr_expect_not(covers("link/b.c", "src/a.c"));
	cr_expect(covers("src/*.c", "src/a.c"));
}

Test(reads, include_is_a_pattern_below_the_path)
{
	struct dockerfile_read read = {
		.kind = DOCKERFILE_READ_PARENTS, .path = "src",
		.include = "deep/*.c",
	};

	cr_expect(reads_cover(&reads, &read, "src/deep/b.c"));
	cr_expect_not(reads_cover(&reads, &read, "src/a.c"));
	cr_expect_not(reads_cover(&reads, &read, "doc/x.md"));
	read.path = "";
	read.include = "**/*.md";
	cr_expect(reads_cover(&reads, &read, "doc/x.md"));
}

Test(reads, what_is_excluded_is_not_read)
{
	static const char *const exclude[] = { "*.c" };
	struct dockerfile_read read = {
		.kind = DOCKERFILE_READ_COPY, .path = "src",
		.exclude = exclude, .n_exclude = 1,
	};

	cr_expect(reads_cover(&reads, &read, "src"));
	cr_expect(reads_cover(&reads, &read, "src/deep/b.c"));
	cr_expect_not(reads_cover(&reads, &read, "src/a.c"));
	cr_expect_not(reads_cover(&reads, &read, "src/gone.c"));
	read.path = "s*";
	read.wildcard = true;
	cr_expect(reads_cover(&reads, &read, "sgone/b.h"));
	cr_expect_not(reads_cover(&reads, &read, "sgone/b.c"));
	cr_expect(covers("src", "src/a.c"), "another COPY of the same");
	read.exclude_differs = true;
	cr_expect(reads_cover(&reads, &read, "src/a.c"));
	reads.in = NULL;
	read = (struct dockerfile_read){
		.kind = DOCKERFILE_READ_COPY, .path = "lib",
		.exclude = exclude, .n_exclude = 1,
	};
	cr_expect_not(reads_cover(&reads, &read, "lib/a.c"));
	cr_expect(reads_cover(&reads, &read, "lib/a.h"));
}

Test(reads, without_a_context_the_words_decide)
{
	reads.in = NULL;
	cr_expect(covers("src", "src/a.c"));
	cr_expect(covers("*/a.c", "src/a.c"));
	cr_expect_not(covers("link/b.c", "src/deep/b.c"));
}

Test(reads, addresses_read_nothing)
{
	struct dockerfile_read read = {
		.kind = DOCKERFILE_READ_URL, .path = "https://x/src",
	};

	cr_expect_not(reads_cover(&reads, &read, "src"));
}
