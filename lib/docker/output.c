/* SPDX-License-Identifier: MIT */
#include "docker/output.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"

static const struct {
	const char *word;
	enum output_type type;
} types[] = {
	{ "docker", OUTPUT_ENGINE }, { "image", OUTPUT_ENGINE },
	{ "registry", OUTPUT_REGISTRY }, { "local", OUTPUT_LOCAL },
	{ "tar", OUTPUT_TAR },
};

/* Types that buildx has and that are of no use here, and why. */
static const char *const refused[][2] = {
	{ "oci", "the engine hands out no OCI layout; take type=docker,dest=, "
		 "or copy it from a registry" },
	{ "cacheonly", "no image comes of it; imgcache is asked for one" },
};

/* One field of a line of CSV; quotes may stand around it, doubled in it. */
static const char *
next_field(const char *at, struct buf *out)
{
	bool quoted = *at == '"';

	buf_clear(out);
	at += quoted;
	while (*at && (quoted || *at != ',')) {
		if (quoted && *at == '"') {
			if (at[1] != '"') {
				quoted = false;
				at++;
				continue;
			}
			at++;
		}
		buf_addc(out, *at++);
	}
	return *at ? at + 1 : NULL;
}

static int
set_type(struct output *o, const char *word, struct imgcache_error *err)
{
	size_t i;

	for (i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		if (!strcmp(refused[i][0], word))
			return error_set(err, IMGCACHE_EUSAGE, "--output "
					 "type=%s: %s", word, refused[i][1]);
	for (i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (!strcmp(types[i].word, word)) {
			o->type = types[i].type;
			return 0;
		}
	return error_set(err, IMGCACHE_EUSAGE, "--output: no type '%.80s'; "
			 "write docker, image, registry, local or tar", word);
}

static int
set_push(struct output *o, const char *value, struct imgcache_error *err)
{
	if (str_is(value, "true"))
		o->type = OUTPUT_REGISTRY;
	else if (!str_is(value, "false"))
		return error_set(err, IMGCACHE_EUSAGE, "--output push= wants "
				 "true or false, not '%.80s'", value);
	return 0;
}

static int
set_field(struct output *o, const char *field, struct imgcache_error *err)
{
	const char *value = strchr(field, '=');
	size_t len = value ? (size_t)(value++ - field) : 0;

	if (!value)
		return error_set(err, IMGCACHE_EUSAGE, "--output: '%.80s' is "
				 "no NAME=VALUE", field);
	if (len == 4 && !strncmp(field, "type", len))
		return 0;	/* read before */
	if (len == 4 && !strncmp(field, "dest", len)) {
		free(o->dest);
		o->dest = mem_strdup(value);
		return 0;
	}
	if (len == 4 && !strncmp(field, "name", len)) {
		strv_split(&o->names, value, ",");
		return 0;
	}
	if (len == 4 && !strncmp(field, "push", len))
		return set_push(o, value, err);
	return error_set(err, IMGCACHE_EUSAGE, "--output: '%.80s' would make "
			 "another image of the same inputs; leave it out",
			 field);
}

static int
check(struct output *o, const char *text, struct imgcache_error *err)
{
	bool has_dest;

	if (o->type == OUTPUT_TAR && !o->dest)
		o->dest = mem_strdup("-");
	has_dest = o->dest && *o->dest;
	if (o->type == OUTPUT_ENGINE && has_dest)
		o->type = OUTPUT_ARCHIVE;
	if (o->type == OUTPUT_REGISTRY && o->dest)
		return error_set(err, IMGCACHE_EUSAGE, "--output '%.80s': "
				 "what is pushed has no dest=", text);
	if (output_is_file(o) && !has_dest)
		return error_set(err, IMGCACHE_EUSAGE, "--output '%.80s' wants "
				 "dest=PATH", text);
	if (o->type == OUTPUT_LOCAL && str_is(o->dest, "-"))
		return error_set(err, IMGCACHE_EUSAGE, "--output '%.80s': "
				 "dest=- wants type=tar", text);
	return 0;
}

static void
set_path(struct output *o, const char *text)
{
	o->type = str_is(text, "-") ? OUTPUT_TAR : OUTPUT_LOCAL;
	o->dest = mem_strdup(text);
}

/* The type first, since push= may change what it says. */
static int
read_fields(struct output *o, const char *text, struct imgcache_error *err)
{
	struct buf field = BUF_INIT;
	const char *at;
	bool has_type = false;
	int ret = 0;

	for (at = text; !ret && at;) {
		at = next_field(at, &field);
		if (str_starts(field.data, "type=")) {
			has_type = true;
			ret = set_type(o, field.data + 5, err);
		}
	}
	if (!ret && !has_type)
		ret = error_set(err, IMGCACHE_EUSAGE, "--output '%.80s' has no "
				"type=", text);
	for (at = text; !ret && at;) {
		at = next_field(at, &field);
		ret = set_field(o, field.data, err);
	}
	buf_release(&field);
	return ret ? ret : check(o, text, err);
}

int
output_parse(struct output *out, const char *text, struct imgcache_error *err)
{
	memset(out, 0, sizeof(*out));
	if (!*text)
		return error_set(err, IMGCACHE_EUSAGE, "--output wants a "
				 "folder, -, or type=TYPE,...");
	if (strchr(text, '='))
		return read_fields(out, text, err);
	set_path(out, text);
	return 0;
}

void
output_release(struct output *o)
{
	free(o->dest);
	strv_release(&o->names);
	memset(o, 0, sizeof(*o));
}

bool
output_is_file(const struct output *o)
{
	return o->type >= OUTPUT_LOCAL;
}
