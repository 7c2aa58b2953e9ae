/* SPDX-License-Identifier: MIT */
/* The small helpers of imgcache.h that a program shares with the library. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/strv.h"
#include "base/units.h"
#include "imgcache.h"
#include "sys/clock.h"

_Static_assert(IMGCACHE_TEXT == UNITS_TEXT, "one size for both");

const char *
imgcache_format_size(char out[IMGCACHE_TEXT], int64_t bytes)
{
	return units_size(out, bytes);
}

const char *
imgcache_format_age(char out[IMGCACHE_TEXT], int64_t seconds)
{
	return units_age(out, seconds);
}

const char *
imgcache_format_duration(char out[IMGCACHE_TEXT], int64_t us)
{
	return units_duration(out, us);
}

const char *
imgcache_format_time(char out[IMGCACHE_TEXT], int64_t epoch_s)
{
	return units_time(out, epoch_s);
}

bool
imgcache_parse_size(const char *text, int64_t *bytes)
{
	return units_parse_size(text, bytes);
}

bool
imgcache_parse_age(const char *text, int64_t *seconds)
{
	return units_parse_age(text, seconds);
}

int64_t
imgcache_now_s(void)
{
	return clock_now_s();
}

void
imgcache_json_string(FILE *f, const char *s)
{
	struct buf b = BUF_INIT;
	struct json j = JSON_INIT(&b);

	json_string(&j, s);
	fwrite(b.data, 1, b.len, f);
	buf_release(&b);
}

void
imgcache_quote(FILE *f, const char *path)
{
	struct buf b = BUF_INIT;

	buf_add_cquoted(&b, path, strlen(path));
	fwrite(b.data, 1, b.len, f);
	buf_release(&b);
}

const char *
imgcache_nearest(const char *word, const char *const *words, size_t n)
{
	return str_nearest(word, words, n);
}
