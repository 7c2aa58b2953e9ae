/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_STORE_CONFIGS_H
#define IMGCACHE_STORE_CONFIGS_H

/*
 * What the configuration of a base says that a Dockerfile's meaning hangs on.
 * It belongs to a digest and a platform and never changes, so what is
 * remembered of it has no age; only that nobody could tell has one. A memo, as
 * bases.h is.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "base/strv.h"

struct buf;
struct catalog;
struct imgcache_error;

struct config {
	struct strv env;	/* NAME=value */
	struct strv onbuild;	/* instructions */
};

void config_release(struct config *c);

/*
 * As JSON on one line: {"env":["A=1"],"onbuild":["RUN x"]}. Reading adds to
 * *out; EFAIL for any other text. Members that are not known are passed over.
 */
void config_write(const struct config *c, struct buf *out);
int config_read(const char *text, size_t len, struct config *out,
		struct imgcache_error *err);

/*
 * False if the text is as config_write() writes one without instructions: seen
 * without reading it, which costs a lookup more than all else about it. True
 * says nothing.
 */
bool config_may_have_onbuild(const char *text);

struct config_row {
	const char *digest;	/* sha256:..., of an index, manifest or image */
	const char *platform;
	const char *config;	/* as above; NULL: nobody could tell */
	int64_t asked_at;	/* 0: now */
};

/* digest and platform of *row are asked for, the rest goes in the arena. */
int configs_get(struct catalog *cat, struct arena *arena,
		struct config_row *row, bool *found,
		struct imgcache_error *err);

/* What is known is never overwritten by that nobody could tell. */
int configs_put(struct catalog *cat, const struct config_row *row,
		struct imgcache_error *err);

/* Forget where nobody could tell; with all, everything. */
int configs_forget(struct catalog *cat, bool all, struct imgcache_error *err);

#endif
