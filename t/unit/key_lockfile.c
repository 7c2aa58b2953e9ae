/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "key/lockfile.h"
#include "sys/file.h"

#define D1 "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define D2 "sha256:2222222222222222222222222222222222222222222222222222222222222222"

static char dir[64], path[128];

static void
setup(void)
{
	snprintf(dir, sizeof(dir), "/tmp/imgcache-lockfile.XXXXXX");
	cr_assert(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/imgcache.lock", dir);
}

static void
teardown(void)
{
	unlink(path);
	rmdir(dir);
}

static void
write_text(const char *text)
{
	struct imgcache_error err = {0};

	cr_assert_eq(file_replace(AT_FDCWD, path, text, strlen(text), 0644,
				  false, &err), 0);
}

Test(lockfile, a_missing_file_is_empty, .init = setup, .fini = teardown)
{
	struct imgcache_error err = {0};
	struct lockfile l = {0};

	cr_assert_eq(lockfile_read(path, &l, &err), 0);
	cr_assert_eq(l.n, 0);
	lockfile_release(&l);
}

Test(lockfile, what_is_written_is_read, .init = setup, .fini = teardown)
{
	struct imgcache_error err = {0};
	struct lockfile l = {0}, m = {0};

	lockfile_put(&l, &(struct lockfile_row){ "node:22", D1, "node" });
	lockfile_put(&l, &(struct lockfile_row){ "debian:12", D2, "" });
	cr_assert_eq(lockfile_write(path, &l, &err), 0);
	cr_assert_eq(lockfile_read(path, &m, &err), 0);
	cr_assert_eq(m.n, 2);
	cr_assert_str_eq(m.v[0].ref, "debian:12");
	cr_assert_str_eq(lockfile_get(&m, "node:22")->digest, D1);
	cr_assert_str_eq(lockfile_get(&m, "node:22")->user, "node");
	cr_assert_null(lockfile_get(&m, "node"));
	lockfile_release(&l);
	lockfile_release(&m);
}

Test(lockfile, a_row_speaks_for_all_spellings)
{
	struct lockfile l = {0};

	lockfile_put(&l, &(struct lockfile_row){ "a/b:latest", D1, "" });
	lockfile_put(&l, &(struct lockfile_row){ "r.example/c", D2, "" });
	cr_assert_not_null(lockfile_find(&l, "a/b"));
	cr_expect_str_eq(lockfile_find(&l, "docker.io/a/b")->digest, D1);
	cr_expect_null(lockfile_find(&l, "a/b:1"));
	cr_expect_null(lockfile_find(&l, "c"));
	cr_expect_null(lockfile_find(&l, "r.example/c@" D1));
	cr_expect_null(lockfile_find(&l, "no reference"));
	lockfile_put(&l, &(struct lockfile_row){ "a/b", D2, "" });
	cr_expect_str_eq(lockfile_find(&l, "a/b")->digest, D2);
	cr_expect_str_eq(lockfile_find(&l, "a/b:latest")->digest, D1);
	lockfile_release(&l);
}

Test(lockfile, a_ref_has_one_row, .init = setup, .fini = teardown)
{
	struct lockfile l = {0};

	lockfile_put(&l, &(struct lockfile_row){ "a", D1, "" });
	lockfile_put(&l, &(struct lockfile_row){ "a", D2, "" });
	cr_assert_eq(l.n, 1);
	cr_assert_str_eq(l.v[0].digest, D2);
	lockfile_release(&l);
}

Test(lockfile, a_malformed_line_is_named, .init = setup, .fini = teardown)
{
	struct imgcache_error err = {0};
	struct lockfile l = {0};

	write_text("imgcache-lock 1\nnode:22 latest\n");
	cr_assert_eq(lockfile_read(path, &l, &err), IMGCACHE_EFAIL);
	cr_assert(strstr(err.text, "imgcache.lock:2:"));
	lockfile_release(&l);
}

static void
put_config(struct lockfile *l, const char *ref, const char *platform,
	   const char *text)
{
	struct lockfile_config c = { platform, text, 0 };

	lockfile_put_config(l, lockfile_get(l, ref), &c);
}

Test(lockfile, configurations_are_kept_by_platform, .init = setup,
     .fini = teardown)
{
	static const char expect[] = "imgcache-lock 2\n"
		"a " D1 "\n\tlinux/amd64 {\"x\":\"a b\"}\n"
		"\tlinux/arm64 {}\nb " D2 " user=u\n";
	struct imgcache_error err = {0};
	struct lockfile l = {0}, m = {0};
	struct buf text = BUF_INIT;

	lockfile_put(&l, &(struct lockfile_row){ "b", D2, "u" });
	lockfile_put(&l, &(struct lockfile_row){ "a", D1, "" });
	put_config(&l, "a", "linux/arm64", "{}");
	put_config(&l, "a", "linux/amd64", "{\"old\":1}");
	put_config(&l, "a", "linux/amd64", "{\"x\":\"a b\"}");
	cr_assert_eq(lockfile_write(path, &l, &err), 0);
	cr_assert_eq(file_read(AT_FDCWD, path, 0, &text, &err), 0);
	cr_expect_str_eq(text.data, expect);
	cr_assert_eq(lockfile_read(path, &m, &err), 0, "%s", err.text);
	cr_expect_eq(lockfile_get(&m, "a")->n_configs, 2);
	cr_expect_str_eq(lockfile_get_config(lockfile_get(&m, "a"),
					     "linux/amd64")->text,
			 "{\"x\":\"a b\"}");
	cr_expect_eq(lockfile_get_config(lockfile_get(&m, "a"),
					 "linux/arm64")->line, 4);
	cr_expect_null(lockfile_get_config(lockfile_get(&m, "b"),
					   "linux/amd64"));
	lockfile_put(&m, &(struct lockfile_row){ "a", D2, "" });
	cr_expect_eq(lockfile_get(&m, "a")->n_configs, 0);
	buf_release(&text);
	lockfile_release(&l);
	lockfile_release(&m);
}

Test(lockfile, the_first_version_is_read, .init = setup, .fini = teardown)
{
	struct imgcache_error err = {0};
	struct lockfile l = {0};

	write_text("imgcache-lock 1\nnode:22 " D1 " user=node\n");
	cr_assert_eq(lockfile_read(path, &l, &err), 0, "%s", err.text);
	cr_expect_str_eq(lockfile_get(&l, "node:22")->user, "node");
	cr_expect_null(lockfile_get_config(lockfile_get(&l, "node:22"),
					   "linux/amd64"));
	lockfile_release(&l);
}

Test(lockfile, a_malformed_configuration_is_named, .init = setup,
     .fini = teardown)
{
	static const char *const lines[] = {
		"a " D1 "\n\tlinux/amd64", "a " D1 "\n\t {}",
		"a " D1 "\n\tlinux/amd64 x", "a " D1 "\n\tlinux/amd64 {",
		"a " D1 "\n\tlinux/amd64  {}", "\tlinux/amd64 {}",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct imgcache_error err = {0};
		struct lockfile l = {0};
		char text[256];

		snprintf(text, sizeof(text), "imgcache-lock 2\n%s\n",
			 lines[i]);
		write_text(text);
		cr_expect_eq(lockfile_read(path, &l, &err), IMGCACHE_EFAIL,
			     "%s", lines[i]);
		cr_expect(strstr(err.text, i == 5 ? "lock:2: " : "lock:3: "),
			  "%s", err.text);
		lockfile_release(&l);
	}
}

Test(lockfile, another_version_is_refused, .init = setup, .fini = teardown)
{
	struct imgcache_error err = {0};
	struct lockfile l = {0};

	write_text("imgcache-lock 3\n");
	cr_assert_eq(lockfile_read(path, &l, &err), IMGCACHE_EFAIL);
	cr_assert(strstr(err.text, ":1:"));
	lockfile_release(&l);
}
