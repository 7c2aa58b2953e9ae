/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"
#include "imgcache.h"
#include "keep/localcache.h"
#include "sys/file.h"

static char dir[] = "/tmp/imgcache-localcache-XXXXXX";
static struct imgcache_error err;

static void
set_up(void)
{
	cr_assert_not_null(mkdtemp(dir));
}

static void
tear_down(void)
{
	struct imgcache_error ignored = {0};

	file_remove_tree(AT_FDCWD, dir, &ignored);
}

TestSuite(localcache, .init = set_up, .fini = tear_down);

static void
put(const char *top, const char *name, const char *text)
{
	struct imgcache_error ignored = {0};
	char *path = mem_printf("%s/%s", top, name);

	file_replace(AT_FDCWD, path, text, strlen(text), 0600, false,
		     &ignored);
	free(path);
}

#define ZEROS "00000000000000000000000000000000000000000000000000000000000000"

/* What an export leaves: layer 1, manifest 2. */
static void
export_to(const char *dest)
{
	struct imgcache_error ignored = {0};
	char *blobs = mem_printf("%s/blobs/sha256", dest);
	const char *manifest = "{\"layers\":[{\"digest\":\"sha256:" ZEROS
		"01\",\"size\":5}]}";
	char index[256];

	file_mkdirs(blobs, 0700, &ignored);
	put(blobs, ZEROS "01", "layer");
	put(blobs, ZEROS "02", manifest);
	snprintf(index, sizeof(index), "{\"manifests\":[{\"digest\":\"sha256:"
		 ZEROS "02\",\"size\":%zu}]}", strlen(manifest));
	put(dest, "index.json", index);
	free(blobs);
}

static int
generations(void)
{
	DIR *d = opendir(dir);
	const struct dirent *e;
	int n = 0;

	while (d && (e = readdir(d)))
		n += e->d_name[0] == 'g';
	if (d)
		closedir(d);
	return n;
}

/* One build with an export; whether there was a cache to read. */
static bool
build(bool can_reset)
{
	struct localcache l = LOCALCACHE_INIT;
	bool had;

	cr_assert_eq(localcache_open(&l, dir, true, can_reset, &err), 0, "%s",
		     err.text);
	had = l.current;
	export_to(l.dest);
	cr_assert_eq(localcache_commit(&l, &err), 0, "%s", err.text);
	localcache_release(&l);
	return had;
}

Test(localcache, ten_builds_leave_one_generation)
{
	int i;

	for (i = 0; i < 10; i++)
		cr_expect_eq(build(false), i > 0);
	cr_expect_eq(generations(), 1);
}

Test(localcache, reset_writes_in_place)
{
	struct localcache l = LOCALCACHE_INIT;

	build(true);
	cr_assert_eq(localcache_open(&l, dir, true, true, &err), 0);
	cr_expect(l.resets);
	cr_expect_str_eq(l.dest, l.current);
	localcache_release(&l);
	cr_expect(build(true), "a release took the cache away");
}

Test(localcache, in_place_only_while_nobody_reads)
{
	struct localcache reader = LOCALCACHE_INIT, l = LOCALCACHE_INIT;

	build(true);
	cr_assert_eq(localcache_open(&reader, dir, false, false, &err), 0);
	cr_assert_eq(localcache_open(&l, dir, true, true, &err), 0);
	cr_expect_not(l.resets);
	cr_expect_str_neq(l.dest, l.current);
	export_to(l.dest);
	cr_expect_eq(localcache_commit(&l, &err), 0);
	cr_expect(localcache_is_complete(reader.current));
	localcache_release(&l);
	localcache_release(&reader);
	build(false);
	cr_expect_eq(generations(), 1);
}

Test(localcache, what_is_not_complete_does_not_count)
{
	struct localcache l = LOCALCACHE_INIT;
	char *path;

	build(false);
	cr_assert_eq(localcache_open(&l, dir, true, false, &err), 0);
	cr_expect_eq(localcache_commit(&l, &err), IMGCACHE_ENO);
	export_to(l.dest);
	path = mem_printf("%s/blobs/sha256/" ZEROS "01", l.dest);
	cr_assert_eq(truncate(path, 3), 0);
	cr_expect_eq(localcache_commit(&l, &err), IMGCACHE_ENO);
	free(path);
	localcache_release(&l);
	cr_expect_eq(generations(), 1);
	cr_expect(build(false));
}

/*
 * Killed at any moment, in 60 places of some milliseconds of builds: once there
 * was a cache there is one, the old or the new, and the next build sweeps.
 */
Test(localcache, killed_at_any_moment_there_is_a_cache)
{
	struct localcache l = LOCALCACHE_INIT;
	int i, status;
	pid_t pid;

	build(false);
	for (i = 0; i < 60; i++) {
		pid = fork();
		if (!pid)
			for (;;)
				build(false);
		usleep((useconds_t)(1000 + i * 331));
		kill(pid, SIGKILL);
		cr_assert_eq(waitpid(pid, &status, 0), pid);
		cr_assert(WIFSIGNALED(status));
		cr_assert_eq(localcache_open(&l, dir, false, false, &err), 0);
		cr_expect_not_null(l.current, "none after kill %d", i);
		localcache_release(&l);
	}
	build(false);
	cr_expect_eq(generations(), 1);
}
