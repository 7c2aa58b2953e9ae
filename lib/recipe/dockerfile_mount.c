/* SPDX-License-Identifier: MIT */

/* The fields that say what is read from where; the others are passed over. */

#include "recipe/dockerfile_mount.h"

#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "recipe/dockerfile_text.h"

/* One field of CSV at *s; a field that begins with a quote ends with one. */
static int
csv_field(const char **s, struct buf *out, struct imgcache_error *err)
{
	const char *p = *s;

	buf_clear(out);
	if (*p != '"') {
		size_t n = strcspn(p, ",");
		if (memchr(p, '"', n))
			return error_set(err, IMGCACHE_EFAIL,
					 "--mount=%.200s: a quote inside a "
					 "field", *s);
		buf_add(out, p, n);
		*s = p + n;
		return 0;
	}
	for (p++; *p != '"' || p[1] == '"'; p++) {
		if (*p == '\0')
			return error_set(err, IMGCACHE_EFAIL,
					 "--mount: a quote is not closed");
		buf_addc(out, *p);
		p += *p == '"';
	}
	*s = p + 1;
	if (**s && **s != ',')
		return error_set(err, IMGCACHE_EFAIL,
				 "--mount: text behind a closing quote");
	return 0;
}

static bool
has_variable(const char *s)
{
	s = strchr(s, '$');
	return s && s[1] != '\0';
}

static int
mount_field(struct run_mount *m, const char *field, struct arena *arena,
	    struct imgcache_error *err)
{
	const char *equals = strchr(field, '=');

	if (!equals)
		return 0;
	struct span key = { field, (size_t)(equals - field) };
	const char *value = arena_strdup(arena, equals + 1);
	if (span_is_nocase(key, "type"))
		m->type = value;
	else if (span_is_nocase(key, "source") || span_is_nocase(key, "src"))
		m->source = value;
	else if (span_is_nocase(key, "from"))
		m->from = value;
	if (m->from == value && has_variable(value))
		return error_set(err, IMGCACHE_EFAIL,
				 "--mount from=%.100s: variables do not work "
				 "here; give the image a stage with FROM",
				 value);
	return 0;
}

int
run_mount_parse(struct run_mount *out, const char *flag, struct arena *arena,
		struct imgcache_error *err)
{
	struct buf field = BUF_INIT;
	int ret = 0;

	*out = (struct run_mount){ NULL, NULL, NULL };
	for (;;) {
		ret = csv_field(&flag, &field, err);
		if (ret == 0)
			ret = mount_field(out, field.data, arena, err);
		if (ret < 0 || *flag != ',')
			break;
		flag++;
	}
	buf_release(&field);
	return ret;
}
