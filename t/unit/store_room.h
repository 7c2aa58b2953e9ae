/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_UNIT_STORE_ROOM_H
#define IMGCACHE_UNIT_STORE_ROOM_H

/* A catalog in a directory of its own, for the tests of lib/store. */

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "store/catalog.h"
#include "store/images.h"
#include "store/lookups.h"
#include "store/sql.h"
#include "sys/file.h"

#define ENGINE "4e0b1c52-engine"
#define PLATFORM "linux/amd64"

struct room {
	char dir[64];
	struct catalog *cat;
	struct imgcache_error err;
};

#define ok(r, call) do {						\
	int ok_rc = (call);						\
	cr_assert_eq(ok_rc, 0, "%s: %s", #call, (r)->err.text);		\
} while (0)

static inline void room_dir(struct room *r)
{
	const char *tmp = getenv("TMPDIR");

	memset(r, 0, sizeof(*r));
	snprintf(r->dir, sizeof(r->dir), "%s/store-XXXXXX", tmp ? tmp : "/tmp");
	cr_assert_not_null(mkdtemp(r->dir));
}

static inline void room_open(struct room *r)
{
	room_dir(r);
	ok(r, catalog_open(r->dir, CATALOG_WRITE, &r->cat, &r->err));
}

static inline void room_again(struct room *r, enum catalog_mode mode)
{
	catalog_close(r->cat);
	r->cat = NULL;
	ok(r, catalog_open(r->dir, mode, &r->cat, &r->err));
}

static inline void room_close(struct room *r)
{
	struct imgcache_error ignored = { 0 };

	catalog_close(r->cat);
	file_remove_tree(AT_FDCWD, r->dir, &ignored);
}

static inline char *room_path(const struct room *r, const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", r->dir, name);
	return path;
}

/* An image as a build leaves it; the tag's last digits are n. */
static inline struct image_row room_image(int n)
{
	static char tag[8][64], ref[8][96];
	static int at;
	int i = at++ % 8;

	snprintf(tag[i], sizeof(tag[i]), "g1-%08x%032x",
		 (unsigned)n * 2654435761u, (unsigned)n);
	snprintf(ref[i], sizeof(ref[i]), "localhost/imgcache:%s", tag[i]);
	return (struct image_row){
		.key = { ENGINE, tag[i], PLATFORM },
		.status = IMAGE_COMPLETED,
		.hash = "git",
		.ref = ref[i],
		.name = "tools",
		.project = "/work/shop",
		.recipe = "generated",
		.origin = "built",
		.base_ref = "debian:bookworm-slim",
		.size_bytes = 1000 + n,
		.created_at = 1000000 + n,
		.build_us = 5000000,
	};
}

static inline int64_t room_put(struct room *r, const struct image_row *row)
{
	int64_t id;

	ok(r, images_put(r->cat, row, &id, &r->err));
	return id;
}

static inline struct lookup room_hit(const struct image_row *row)
{
	return (struct lookup){
		.engine = row->key.engine,
		.tag = row->key.tag,
		.platform = row->key.platform,
		.name = row->name,
		.verb = "get",
		.result = LOOKUP_HIT_LOCAL,
		.us = 1500,
		.saved_us = 4998500,
	};
}

static inline int64_t room_count(struct room *r, const char *question)
{
	int64_t n = -1;

	ok(r, sql_ask_int(catalog_sql(r->cat), question, &n, &r->err));
	return n;
}

/* Wait for a child; true if it ended with status 0. */
static inline bool room_reap(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
		WEXITSTATUS(status) == 0;
}

#endif
