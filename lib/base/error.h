/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_BASE_ERROR_H
#define IMGCACHE_BASE_ERROR_H

/*
 * Filling in a struct imgcache_error (declared in imgcache.h).
 *
 * A fallible function takes `struct imgcache_error *err` last and returns 0 or
 * one of the negative codes of enum imgcache_code. It sets err exactly once,
 * exactly when it fails; a caller that can say more adds a prefix. The value
 * lives on the stack of whoever will report it and owns nothing.
 *
 * Wording: lower case, what failed, the subject in 'single quotes', the cause;
 * no full stop. Say what to do next if there is something to do:
 *
 *	cannot reach docker at 'unix:///run/docker.sock': no such file; start
 *	the engine or set DOCKER_HOST
 */

#include "imgcache.h"

/*
 * Set err and return code. With err->code already set this is our own mistake
 * and asserts. err may not be NULL.
 */
int error_set(struct imgcache_error *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* As error_set(), adds ": <strerror of errno>" and keeps errno in the value. */
int error_errno(struct imgcache_error *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Put "<prefix>: " before the text of a set error; returns err->code. */
int error_prefix(struct imgcache_error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Forget an error that was dealt with, so that err may be used again. */
void error_clear(struct imgcache_error *err);

#endif
