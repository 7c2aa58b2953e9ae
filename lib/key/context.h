/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_KEY_CONTEXT_H
#define IMGCACHE_KEY_CONTEXT_H

#include <stdbool.h>

struct imgcache_context;
struct imgcache_error;
struct input_context;
struct inputs;

/*
 * What imgcache_context() says of one context, of inputs_take_sources(). Text
 * is the handle's, but for that of c.
 */
int context_look(const struct inputs *in, struct input_context *c,
		 bool only_sent, struct imgcache_context *out,
		 struct imgcache_error *err);

#endif
