/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "ops/lockfile.h"
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

Test(lockfile, another_version_is_refused, .init = setup, .fini = teardown)
{
	struct imgcache_error err = {0};
	struct lockfile l = {0};

	write_text("imgcache-lock 2\n");
	cr_assert_eq(lockfile_read(path, &l, &err), IMGCACHE_EFAIL);
	cr_assert(strstr(err.text, ":1:"));
	lockfile_release(&l);
}
