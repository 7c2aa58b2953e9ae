/* SPDX-License-Identifier: MIT */
/*
 * The client takes until (of old: unused-for) out, and passes the others on as
 * "NAME==VALUE", id as "id~=VALUE"; from 0.15 on as "NAME!=VALUE" or
 * "NAME~=VALUE" if the name ends so. BuildKit reads them joined by commas. The
 * names are those of its cache/manager.go, the syntax is containerd's
 * (pkg/filters).
 */
#include "docker/prunefilter.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/strv.h"

#define NAMES "until, id, parents, description, type, mutable, immutable, " \
	"inuse, shared and private"

static const char *const names[] = {
	"until", "unused-for", "id", "parents", "description", "type",
	"mutable", "immutable", "inuse", "shared", "private", NULL
};

/* What a record has with an empty value, or has not. */
static const char *const marks[] = {
	"mutable", "immutable", "inuse", "shared", "private", NULL
};

/* Name and value as docker cuts them. */
struct filter {
	char *name;
	char *value;
};

static char *
trimmed(const char *text, size_t len)
{
	while (len && isspace((unsigned char)*text)) {
		text++;
		len--;
	}
	while (len && isspace((unsigned char)text[len - 1]))
		len--;
	return mem_strndup(text, len);
}

static void
filter_release(struct filter *f)
{
	free(f->name);
	free(f->value);
	*f = (struct filter){0};
}

static char *
name_of(const char *text)
{
	char *name = trimmed(text, strcspn(text, "="));
	char *lower = str_lower(name);

	free(name);
	return lower;
}

static int
filter_read(struct filter *out, const char *text, struct imgcache_error *err)
{
	const char *eq = strchr(text, '=');

	*out = (struct filter){ .name = name_of(text) };
	if (eq)
		out->value = trimmed(eq + 1, strlen(eq + 1));
	else if (str_is_one_of(out->name, marks))
		out->value = mem_strdup("");
	else
		return error_set(err, IMGCACHE_EUSAGE, "filter '%s' is not "
				 "NAME=VALUE, such as until=240h", text);
	return 0;
}

static bool
is_until(const char *name)
{
	return !strcmp(name, "until") || !strcmp(name, "unused-for");
}

/* One "1.5h" of a duration: what is behind it, NULL if it is none. */
static const char *
read_part(const char *s, uint64_t *left)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		{ "ns", 1 }, { "us", 1000 }, { "\xc2\xb5s", 1000 },
		{ "\xce\xbcs", 1000 }, { "ms", 1000000 },
		{ "s", 1000000000 }, { "m", UINT64_C(60000000000) },
		{ "h", UINT64_C(3600000000000) },
	};
	size_t n = strspn(s, "0123456789"), more = 0;
	uint64_t whole = 0, ns = 0;
	double part = 0, digit = 0.1;

	for (size_t i = 0; i < n; i++) {
		if (whole > *left / 10)
			return NULL;
		whole = whole * 10 + (uint64_t)(s[i] - '0');
	}
	s += n;
	if (*s == '.') {
		more = strspn(++s, "0123456789");
		for (size_t i = 0; i < more; i++, digit /= 10)
			part += (s[i] - '0') * digit;
		s += more;
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(*units) && !ns; i++)
		if (str_starts(s, units[i].name)) {
			ns = units[i].ns;
			s += strlen(units[i].name);
		}
	if (n + more == 0 || !ns || whole > *left / ns)
		return NULL;
	*left -= whole * ns;
	if ((uint64_t)(part * (double)ns) > *left)
		return NULL;
	*left -= (uint64_t)(part * (double)ns);
	return s;
}

/* What Go takes for a duration, 292 years at most, and has passed. */
static bool
is_duration(const char *s)
{
	uint64_t left = INT64_MAX;

	if (!strcmp(s, "0"))
		return true;
	do {
		s = read_part(s, &left);
	} while (s && *s);
	return s;
}

/* One value as containerd's scanner reads it, in quotes or not. */
static bool
is_value(const struct filter *f)
{
	size_t len = strlen(f->value), n = strlen(f->name);
	bool is_regex = !strcmp(f->name, "id") || (n && f->name[n - 1] == '~');
	char quote = *f->value;
	const char *c;

	if (quote != '"' && !(is_regex && strchr("/|", quote))) {
		for (c = f->value; *c; c++)
			if (isspace((unsigned char)*c) || *c == ',')
				return false;
		return true;
	}
	for (c = f->value + 1; *c && *c != quote; c++)
		if (*c == '\\' && c[1])
			c++;
	return *c && c + 1 == f->value + len;
}

/* Any value that is not empty fits none of them, and != one fits all. */
static int
check_mark(const struct filter *f, struct imgcache_error *err)
{
	size_t len = strcspn(f->name, "!~");
	char *bare = mem_strndup(f->name, len);
	int ret = 0;

	if (str_is_one_of(bare, marks) &&
	    (f->name[len] || strcmp(f->value, "\"\"")))
		ret = error_set(err, IMGCACHE_EUSAGE, "filter '%s' has no "
				"value but the empty one in quotes: "
				"--filter '%s=\"\"'", bare, bare);
	free(bare);
	return ret;
}

static int
check_name(const char *name, struct imgcache_error *err)
{
	size_t len = strlen(name), n = sizeof(names) / sizeof(*names) - 1;
	const char *near;
	char *bare;

	if (len && strchr("!~", name[len - 1]))
		len--;
	bare = mem_strndup(name, len);
	if (is_until(name) ||
	    (!is_until(bare) && str_is_one_of(bare, names))) {
		free(bare);
		return 0;
	}
	near = str_nearest(bare, names, n);
	error_set(err, IMGCACHE_EUSAGE, "BuildKit's cache has no filter '%s'; "
		  "%s%s%sit has " NAMES, name, near ? "did you mean '" : "",
		  near ? near : "", near ? "'? " : "");
	free(bare);
	return err->code;
}

static int
check_other(const struct filter *f, const char *text,
	    struct imgcache_error *err)
{
	struct filter other;
	int ret = filter_read(&other, text, err);

	if (ret)
		return ret;
	if (!strcmp(f->name, other.name) && strcmp(f->value, other.value))
		ret = error_set(err, IMGCACHE_EUSAGE, "docker takes one value "
				"for filter '%s', not '%s' and '%s'", f->name,
				other.value, f->value);
	else if (is_until(f->name) && is_until(other.name) &&
		 strcmp(f->name, other.name))
		ret = error_set(err, IMGCACHE_EUSAGE, "filters 'until' and "
				"'unused-for' are the same; give one");
	filter_release(&other);
	return ret;
}

static int
check(const struct filter *f, struct imgcache_error *err)
{
	if (is_until(f->name) && !is_duration(f->value))
		return error_set(err, IMGCACHE_EUSAGE, "filter '%s': '%s' is "
				 "no duration as docker has them, such as 240h "
				 "or 1h30m", f->name, f->value);
	if (check_mark(f, err))
		return err->code;
	if (!*f->value)
		return error_set(err, IMGCACHE_EUSAGE, "filter '%s' has no "
				 "value", f->name);
	if (check_name(f->name, err))
		return err->code;
	if (!is_value(f))
		return error_set(err, IMGCACHE_EUSAGE, "filter '%s': docker "
				 "cannot read '%s'; a value with blanks or "
				 "commas is in double quotes: "
				 "--filter '%s=\"a b\"'",
				 f->name, f->value, f->name);
	return 0;
}

int
prunefilter_check(const char *const *filters, struct imgcache_error *err)
{
	size_t i, k;
	int ret = 0;

	for (i = 0; !ret && filters[i]; i++) {
		struct filter f = {0};

		ret = filter_read(&f, filters[i], err);
		if (!ret)
			ret = check(&f, err);
		for (k = 0; !ret && k < i; k++)
			ret = check_other(&f, filters[k], err);
		filter_release(&f);
	}
	return ret;
}
