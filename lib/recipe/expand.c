/* SPDX-License-Identifier: MIT */
/* One pass from left to right; what a name stands for is never read again. */

#include "recipe/expand.h"

#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"

const char *
expand_get(const struct expand_env *env, const char *name)
{
	return env && env->get ? env->get(env->payload, name) : NULL;
}

static size_t
name_length(const char *s)
{
	size_t n = 0;

	if (isdigit((unsigned char)*s))
		return 0;
	while (isalnum((unsigned char)s[n]) || s[n] == '_')
		n++;
	return n;
}

static int
fail_form(const char *at, size_t len, struct imgcache_error *err)
{
	return error_set(err, IMGCACHE_EFAIL, "cannot expand '%.*s'; write "
			 "${NAME}, ${NAME:-default}, or $${ for a literal ${",
			 len < 80 ? (int)len : 80, at);
}

/* One ${...} that begins at *s; *s moves behind it. */
static int
expand_one(struct buf *out, const char **s, const struct expand_env *env,
	   struct imgcache_error *err)
{
	const char *name = *s + 2;
	size_t len = name_length(name);
	const char *end = strchr(name, '}');
	const char *standard = NULL, *value;
	struct buf key = BUF_INIT;
	int ret = 0;

	if (!end)
		return fail_form(*s, strlen(*s), err);
	if (!strncmp(name + len, ":-", 2))
		standard = name + len + 2;
	if (!len || (!standard && name + len != end))
		return fail_form(*s, (size_t)(end - *s) + 1, err);
	if (standard && memchr(standard, '$', (size_t)(end - standard)))
		return fail_form(*s, (size_t)(end - *s) + 1, err);
	buf_add(&key, name, len);
	value = expand_get(env, key.data);
	if (standard && (!value || !*value))
		buf_add(out, standard, (size_t)(end - standard));
	else if (value)
		buf_adds(out, value);
	else
		ret = error_set(err, IMGCACHE_ENO, "'%s' is not set in the "
				"environment; set it, or write ${%s:-default}",
				key.data, key.data);
	buf_release(&key);
	*s = end + 1;
	return ret;
}

int
expand_text(struct buf *out, const char *text, const struct expand_env *env,
	    struct imgcache_error *err)
{
	int ret = 0;

	while (*text && !ret) {
		if (!strncmp(text, "$${", 3)) {
			buf_adds(out, "${");
			text += 3;
		} else if (!strncmp(text, "${", 2)) {
			ret = expand_one(out, &text, env, err);
		} else {
			buf_addc(out, *text++);
		}
	}
	return ret;
}
