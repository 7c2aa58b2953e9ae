/* SPDX-License-Identifier: MIT */
/*
 * Error values. A text that does not fit is cut at the end: a prefix says
 * where, and that is what a reader needs first.
 */

#include "base/error.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void
append(struct imgcache_error *err, const char *text)
{
	size_t len = strlen(err->text);

	snprintf(err->text + len, sizeof(err->text) - len, "%s", text);
}

__attribute__((format(printf, 3, 0)))
static void
set(struct imgcache_error *err, int code, const char *fmt,
	va_list ap)
{
	assert(code < 0);
	assert(err->code == IMGCACHE_OK);
	err->code = code;
	err->sys_errno = 0;
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
}

int
error_set(struct imgcache_error *err, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set(err, code, fmt, ap);
	va_end(ap);
	return code;
}

int
error_errno(struct imgcache_error *err, int code, const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	va_start(ap, fmt);
	set(err, code, fmt, ap);
	va_end(ap);
	err->sys_errno = saved;
	append(err, ": ");
	append(err, strerror(saved));
	return code;
}

int
error_prefix(struct imgcache_error *err, const char *fmt, ...)
{
	char text[sizeof(err->text)];
	va_list ap;

	assert(err->code != IMGCACHE_OK);
	memcpy(text, err->text, sizeof(text));
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	append(err, ": ");
	append(err, text);
	return err->code;
}

void
error_clear(struct imgcache_error *err)
{
	err->code = IMGCACHE_OK;
	err->sys_errno = 0;
	err->text[0] = '\0';
}
