/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_KEY_BASE_CONFIG_H
#define IMGCACHE_KEY_BASE_CONFIG_H

/*
 * What a resolved base says of itself: its variables and its ONBUILD
 * instructions, of just the digest that is in the key. Asked for by digest:
 *
 *	this run	what was found out or came with another answer
 *	the memo	a digest never changes, so it has no age
 *	imgcache.lock	what the team agreed on
 *	the engine	which is near and may have pulled it
 *	the registry
 *
 * An answer is remembered; that nobody could tell, too, for an hour.
 */

#include <stdbool.h>

#include "key/base.h"

struct strv;

/* All of it lives in the handle's arena. */
struct base_config {
	bool is_known;		/* false: it may have any triggers */
	const char *text;	/* as config_write() writes it, or NULL */
	const struct strv *env;		/* NAME=value; NULL: not known */
	const struct strv *onbuild;	/* NULL: not known, or not read */
};

/* Need it be read? False only where there are no instructions in it. */
bool base_config_may_have_onbuild(const struct base_config *c);

/* Read the lists out of the text, where there is one. */
int base_config_open(struct imgcache *ic, struct base_config *c,
		     struct imgcache_error *err);

struct base_config_query {
	const struct base *base;
	const char *platform;
	bool fresh;		/* ask although lately nobody could tell */
};

/* Nobody can tell: is_known is false, and that is no error. */
int base_config(struct imgcache *ic, const struct base_config_query *q,
		struct base_config *out, struct imgcache_error *err);

/* The one spelling of a platform by which configurations are kept. */
const char *base_config_platform(struct imgcache *ic, const char *platform);

/* A list for a struct base_config. */
const struct strv *base_config_list(struct imgcache *ic, const char *const *v,
				    size_t n);

/* An answer that came with another question. */
struct base_config_answer {
	const char *digest;	/* as base.config_of */
	const char *platform;
	const char *const *env;		/* NULL-ended */
	const char *const *onbuild;
	bool remember;		/* beyond this run */
};

int base_config_heard(struct imgcache *ic, const struct base_config_answer *a,
		      struct imgcache_error *err);

/* The same of an image of the engine, which has one platform. */
struct engine_image;
int base_config_seen(struct imgcache *ic, const char *digest,
		     const struct engine_image *image, bool remember,
		     struct imgcache_error *err);

#endif
