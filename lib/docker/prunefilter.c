/* SPDX-License-Identifier: MIT */
/*
 * The client takes until (of old: unused-for) out, and passes the others on as
 * "NAME==VALUE"; newer ones as "NAME!=VALUE" or "NAME~=VALUE" if the name ends
 * so. The names are those of BuildKit's cache/manager.go.
 */
#include "docker/prunefilter.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/strv.h"

#define NAMES "until, id, parents, description, type, mutable, immutable, " \
	"inuse, shared and private"

static const char *const names[] = {
	"until", "unused-for", "id", "parents", "parent", "description", "type",
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

static int
filter_read(struct filter *out, const char *text, struct imgcache_error *err)
{
	const char *eq = strchr(text, '=');
	char *name;

	if (!eq)
		return error_set(err, IMGCACHE_EUSAGE, "filter '%s' is not "
				 "NAME=VALUE, such as until=240h", text);
	name = trimmed(text, (size_t)(eq - text));
	out->name = str_lower(name);
	out->value = trimmed(eq + 1, strlen(eq + 1));
	free(name);
	return 0;
}

static bool
is_until(const char *name)
{
	return !strcmp(name, "until") || !strcmp(name, "unused-for");
}

/* What Go takes for a duration and is none that has passed. */
static bool
is_duration(const char *s)
{
	static const char *const units[] = {
		"ns", "us", "\xc2\xb5s", "\xce\xbcs", "ms", "s", "m", "h", NULL
	};

	if (!strcmp(s, "0"))
		return true;
	do {
		size_t n = strspn(s, "0123456789"), more = 0, i;

		s += n;
		if (*s == '.') {
			more = strspn(++s, "0123456789");
			s += more;
		}
		for (i = 0; units[i] && !str_starts(s, units[i]); i++)
			;
		if (n + more == 0 || !units[i])
			return false;
		s += strlen(units[i]);
	} while (*s);
	return true;
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
	if (!*f->value)
		return error_set(err, IMGCACHE_EUSAGE, "filter '%s' has no "
				 "value", f->name);
	return check_name(f->name, err);
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
