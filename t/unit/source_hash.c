/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "source/gitlib.h"
#include "source/hash.h"
#include "sys/file.h"

static char *top;
static struct imgcache_error err;

static void
set_up(void)
{
	const char *base = getenv("TMPDIR");

	top = path_join(base ? base : "/tmp", "imgcache-hash-XXXXXX");
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

TestSuite(hash, .init = set_up, .fini = tear_down);

/* A file of that many bytes, no two pages alike. */
static void
make_file(const char *path, size_t size)
{
	FILE *f = fopen(path, "w");

	cr_assert(f);
	for (size_t i = 0; i < size; i++)
		putc((int)((i * 2654435761u) >> 13 & 0xff), f);
	cr_assert_eq(fclose(f), 0);
}

/* The first word that a command prints; false if it is not installed. */
static bool
first_word(const char *command, char out[128])
{
	FILE *p = popen(command, "r");
	bool got = p && fscanf(p, "%127s", out) == 1;

	return p && pclose(p) == 0 && got;
}

static const char *
hash_file(enum hash_kind kind, const char *path,
	  char hex[HASH_HEX_SIZE])
{
	struct hash h = { 0 };
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	cr_assert_geq(fd, 0);
	cr_assert_eq(fstat(fd, &st), 0);
	cr_assert_eq(hash_fd(kind, fd, st.st_size, path, &h, &err), 0, "%s",
		     err.text);
	close(fd);
	return hash_hex(&h, hex);
}

static const size_t sizes[] = {
	0, 1, 5, 4095, 4096, 4097, 131071, 131072, 131073, 262144, 1000000
};

static void
check_against(enum hash_kind kind, const char *command)
{
	char expect[128], hex[HASH_HEX_SIZE];

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		make_file("f", sizes[i]);
		if (!first_word(command, expect))
			cr_skip_test("not installed: %s", command);
		cr_expect_str_eq(hash_file(kind, "f", hex), expect,
				 "%zu bytes", sizes[i]);
	}
}

Test(hash, git_is_what_git_hash_object_prints)
{
	check_against(HASH_GIT, "git hash-object --no-filters f 2>/dev/null");
}

Test(hash, xxh3_is_what_xxh128sum_prints)
{
	check_against(HASH_XXH3, "xxh128sum f 2>/dev/null");
}

Test(hash, attributes_of_a_repository_change_nothing)
{
	char expect[128], hex[HASH_HEX_SIZE];
	FILE *f = fopen("x.txt", "w");

	if (!first_word("git init -q r && echo ok", expect))
		cr_skip_test("git is not installed");
	fputs("a\r\nb\r\n$Id$\n", f);
	fclose(f);
	cr_assert(first_word("cp x.txt r && cd r && "
			     "echo '* text=auto ident' >.gitattributes && "
			     "git hash-object --no-filters x.txt", expect));
	cr_expect_str_eq(hash_file(HASH_GIT, "r/x.txt", hex), expect);
}

Test(hash, memory_and_file_agree)
{
	struct buf b = BUF_INIT;
	char hex[2][HASH_HEX_SIZE];

	make_file("f", 200000);
	cr_assert_eq(file_read(AT_FDCWD, "f", 0, &b, &err), 0);
	for (int kind = HASH_GIT; kind <= HASH_XXH3; kind++) {
		struct hash h;

		cr_assert_eq(hash_bytes((enum hash_kind)kind, b.data, b.len,
					&h, &err), 0);
		cr_expect_eq(h.len, hash_size((enum hash_kind)kind));
		cr_expect_str_eq(hash_hex(&h, hex[0]),
				 hash_file((enum hash_kind)kind, "f", hex[1]));
	}
	buf_release(&b);
}

Test(hash, the_empty_text_has_the_known_ids)
{
	char hex[HASH_HEX_SIZE];
	struct hash h;

	cr_assert_eq(hash_bytes(HASH_GIT, NULL, 0, &h, &err), 0);
	cr_expect_str_eq(hash_hex(&h, hex),
			 "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
	cr_assert_eq(hash_bytes(HASH_XXH3, NULL, 0, &h, &err), 0);
	cr_expect_str_eq(hash_hex(&h, hex),
			 "99aa06d3014798d86001c324468d497f");
}

static void
check_size_change(enum hash_kind kind, size_t size, off_t told)
{
	struct imgcache_error e = { 0 };
	struct hash h;
	int fd;

	make_file("moving", size);
	fd = open("moving", O_RDONLY | O_CLOEXEC);
	cr_expect_eq(hash_fd(kind, fd, told, "dir/moving", &h, &e),
		     IMGCACHE_ECHANGED, "%zu told %ld", size, (long)told);
	cr_expect(strstr(e.text, "'dir/moving'"), "%s", e.text);
	close(fd);
}

Test(hash, a_file_of_another_size_is_an_error_that_names_it)
{
	static const size_t real[] = { 1, 10, 5000, 131072, 300000 };

	for (size_t i = 0; i < sizeof(real) / sizeof(real[0]); i++) {
		for (int kind = HASH_GIT; kind <= HASH_XXH3; kind++) {
			check_size_change((enum hash_kind)kind, real[i],
					  (off_t)real[i] - 1);
			check_size_change((enum hash_kind)kind, real[i],
					  (off_t)real[i] + 1);
		}
	}
}

Test(hash, nothing_of_libgit2_is_loaded_for_xxh3)
{
	char hex[HASH_HEX_SIZE];

	make_file("f", 200000);
	hash_file(HASH_XXH3, "f", hex);
	cr_expect_not(gitlib_is_loaded());
	hash_file(HASH_GIT, "f", hex);
	cr_expect(gitlib_is_loaded());
}

Test(hash, hex_is_read_back)
{
	static const char git[] = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";
	char hex[HASH_HEX_SIZE];
	struct hash a, b;

	cr_assert(hash_parse(git, &a));
	cr_expect_str_eq(hash_hex(&a, hex), git);
	cr_assert(hash_parse(git, &b));
	cr_expect(hash_equal(&a, &b));
	b.bytes[19] ^= 1;
	cr_expect_not(hash_equal(&a, &b));
	cr_expect_not(hash_parse("", &a));
	cr_expect_not(hash_parse("E69DE29BB2D1D6434B8B29AE775AD8C2E48C5391",
				 &a));
	cr_expect_not(hash_parse("e69de29bb2d1d6434b8b29ae775ad8c2e48c539",
				 &a));
}

Test(hash, a_shorter_hash_is_no_prefix_of_a_longer_one)
{
	struct hash a = { .len = 16 };
	struct hash b = { .len = 20 };

	cr_expect_not(hash_equal(&a, &b));
}

Test(hash, kinds_have_their_names)
{
	enum hash_kind kind = HASH_XXH3;

	cr_expect(hash_kind_parse("git", &kind) && kind == HASH_GIT);
	cr_expect(hash_kind_parse("xxh3", &kind) && kind == HASH_XXH3);
	cr_expect_not(hash_kind_parse("md5", &kind));
	cr_expect_str_eq(hash_name(HASH_GIT), "git");
	cr_expect_str_eq(hash_name(HASH_XXH3), "xxh3");
}
