/* SPDX-License-Identifier: MIT */
/*
 * The attributes are those of BuildKit's cache/remotecache (0.12 to 0.31); what
 * an attribute's value may be is checked where a wrong one goes unnoticed.
 */
#include "recipe/cachespec.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "recipe/grammar.h"

static const char *const type_names[] = {
	"local", "gha", "registry", "s3", "azblob", "inline"
};

#define TYPES (sizeof(type_names) / sizeof(*type_names))
#define LOCAL (1u << CACHE_LOCAL)
#define GHA (1u << CACHE_GHA)
#define REGISTRY (1u << CACHE_REGISTRY)
#define S3 (1u << CACHE_S3)
#define AZBLOB (1u << CACHE_AZBLOB)
#define OCI (LOCAL | REGISTRY)
#define STORED (LOCAL | GHA | REGISTRY | S3 | AZBLOB)

struct attribute {
	const char *name;
	unsigned int from, to;		/* types that have it there */
	const char *words;		/* " one two ", NULL: any text */
};

static const struct attribute attributes[] = {
	{ "account_name", AZBLOB, AZBLOB },
	{ "account_url", AZBLOB, AZBLOB },
	{ "blobs_prefix", S3 | AZBLOB, S3 | AZBLOB },
	{ "bucket", S3, S3 },
	{ "compression", 0, OCI, " uncompressed gzip estargz zstd " },
	{ "compression-level", 0, OCI },
	{ "container", AZBLOB, AZBLOB },
	{ "dest", 0, LOCAL },
	{ "digest", LOCAL, 0 },
	{ "endpoint_url", S3, S3 },
	{ "force-compression", 0, OCI, " true false " },
	{ "ignore-error", 0, STORED, " true false " },
	{ "image-manifest", 0, OCI, " true false " },
	{ "manifests_prefix", S3 | AZBLOB, S3 | AZBLOB },
	{ "mode", 0, STORED, " min max " },
	{ "name", S3 | AZBLOB, S3 | AZBLOB },
	{ "oci-mediatypes", 0, OCI, " true false " },
	{ "prefix", S3 | AZBLOB, S3 | AZBLOB },
	{ "ref", REGISTRY, REGISTRY },
	{ "region", S3, S3 },
	{ "repository", GHA, GHA },
	{ "reset", 0, LOCAL, " true " },
	{ "scope", GHA, GHA },
	{ "src", LOCAL, 0 },
	{ "tag", LOCAL, LOCAL },
	{ "timeout", GHA, GHA },
	{ "touch_refresh", 0, S3 },
	{ "upload_parallelism", 0, S3 },
	{ "url", GHA, GHA },
	{ "url_v2", GHA, GHA },
	{ "use_path_style", S3, S3, " true false " },
	{ "version", GHA, GHA },
};

#define ATTRIBUTES (sizeof(attributes) / sizeof(*attributes))

const char *
cache_type_name(enum cache_type type)
{
	return type_names[type];
}

static int
find_type(const char *name, enum cache_type *out, struct imgcache_error *err)
{
	size_t i;

	for (i = 0; i < TYPES; i++)
		if (!strcmp(type_names[i], name)) {
			*out = (enum cache_type)i;
			return 0;
		}
	return error_set(err, IMGCACHE_EFAIL, "no cache type '%.32s'; write "
			 "registry, local, gha, inline, s3 or azblob", name);
}

static int
refuse_credential(const char *name, struct imgcache_error *err)
{
	static const char *const credentials[] = {
		"access_key_id", "secret_access_key", "session_token",
		"token", "ghtoken", "account_key", NULL
	};
	size_t i;

	for (i = 0; credentials[i]; i++)
		if (!strcmp(credentials[i], name))
			return error_set(err, IMGCACHE_EFAIL, "'%s' is a "
					 "credential; leave it to docker's "
					 "own configuration", name);
	return 0;
}

/* The names that a type has in that direction; *n is set. */
static void
names_of(enum cache_type type, enum cache_direction d,
	 const char *names[ATTRIBUTES], size_t *n)
{
	size_t i;

	for (i = *n = 0; i < ATTRIBUTES; i++)
		if ((d == CACHE_TO ? attributes[i].to : attributes[i].from) &
		    1u << type)
			names[(*n)++] = attributes[i].name;
}

static int
refuse_unknown(enum cache_type type, enum cache_direction d, const char *name,
	       struct imgcache_error *err)
{
	const char *names[ATTRIBUTES], *near;
	size_t n;

	names_of(type, d, names, &n);
	near = str_nearest(name, names, n);
	return error_set(err, IMGCACHE_EFAIL, "a cache %s type=%s has no "
			 "'%.64s'%s%s%s", d == CACHE_TO ? "to" : "from",
			 type_names[type], name, near ? "; did you mean '" : "",
			 near ? near : "", near ? "'?" : "");
}

static int
check_attribute(enum cache_type type, enum cache_direction d, const char *text,
		struct imgcache_error *err)
{
	size_t len = strcspn(text, "="), i;
	char *name = mem_strndup(text, len), *word;
	int ret = refuse_credential(name, err);

	for (i = 0; i < ATTRIBUTES; i++)
		if (!strcmp(attributes[i].name, name) &&
		    (d == CACHE_TO ? attributes[i].to : attributes[i].from) &
		    1u << type)
			break;
	if (!ret && i == ATTRIBUTES)
		ret = refuse_unknown(type, d, name, err);
	else if (!ret && (!text[len] || !text[len + 1]))
		ret = error_set(err, IMGCACHE_EFAIL, "the cache's '%s' has no "
				"value", name);
	if (!ret && attributes[i].words) {
		word = mem_printf(" %s ", text + len + 1);
		if (strchr(text + len + 1, ' ') ||
		    !strstr(attributes[i].words, word))
			ret = error_set(err, IMGCACHE_EFAIL, "the cache's "
					"'%s' is one of%.*s, not '%.64s'", name,
					(int)strlen(attributes[i].words) - 1,
					attributes[i].words, text + len + 1);
		free(word);
	}
	free(name);
	return ret;
}

/* docker's own media types have no zstd, and no manifest of an image's form. */
static int
check_mediatypes(const struct cachespec *c, struct imgcache_error *err)
{
	if (!str_is(cachespec_get(c, "oci-mediatypes"), "false"))
		return 0;
	if (str_is(cachespec_get(c, "compression"), "zstd"))
		return error_set(err, IMGCACHE_EFAIL, "a cache with "
				 "compression=zstd cannot have "
				 "oci-mediatypes=false");
	if (str_is(cachespec_get(c, "image-manifest"), "true"))
		return error_set(err, IMGCACHE_EFAIL, "a cache with "
				 "image-manifest=true cannot have "
				 "oci-mediatypes=false");
	return 0;
}

/* zstd has more levels than gzip. */
static int
check_compression(const struct cachespec *c, struct imgcache_error *err)
{
	const char *how = cachespec_get(c, "compression");
	const char *level = cachespec_get(c, "compression-level");
	bool zstd = how && !strcmp(how, "zstd");
	int max = zstd ? 22 : 9;

	if (level && (!how || !strcmp(how, "uncompressed")))
		return error_set(err, IMGCACHE_EFAIL, "the cache's "
				 "compression-level wants a compression: gzip, "
				 "estargz or zstd");
	if (level && (strspn(level, "0123456789") != strlen(level) ||
		      strlen(level) > 2 || atoi(level) > max))
		return error_set(err, IMGCACHE_EFAIL, "the cache's "
				 "compression-level of %s goes from 0 to %d, "
				 "not '%.32s'", how, max, level);
	return check_mediatypes(c, err);
}

static int
check_ref(const char *ref, enum cache_direction d, struct imgcache_error *err)
{
	const char *at = strchr(ref, '@');

	/* not quoted: it may be a password */
	if (at && strchr(at, '/'))
		return error_set(err, IMGCACHE_EFAIL, "the cache's 'ref' has a "
				 "credential; leave it to docker's own "
				 "configuration, and write HOST/PATH[:TAG]");
	if (strstr(ref, "://"))
		return error_set(err, IMGCACHE_EFAIL, "the cache's 'ref' is no "
				 "URL; write HOST/PATH[:TAG], not '%.128s'",
				 ref);
	if (at && d == CACHE_TO)
		return error_set(err, IMGCACHE_EFAIL, "no cache can be written "
				 "to a digest; write HOST/PATH[:TAG], not "
				 "'%.128s'", ref);
	if (!ref_check(ref, err))
		return 0;
	err->code = IMGCACHE_EFAIL;
	return error_prefix(err, "the cache's 'ref'");
}

static int
check_all(const struct cachespec *c, enum cache_direction d,
	  struct imgcache_error *err)
{
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < c->attributes.n; i++)
		ret = check_attribute(c->type, d, c->attributes.v[i], err);
	if (!ret && c->type == CACHE_INLINE && d == CACHE_FROM)
		ret = error_set(err, IMGCACHE_EFAIL, "an inline cache is read "
				"as type=registry with the image's own ref");
	if (!ret && cachespec_get(c, "ref"))
		ret = check_ref(cachespec_get(c, "ref"), d, err);
	if (!ret)
		ret = check_compression(c, err);
	return ret;
}

/* "type" may stand anywhere; docker takes the last of a name. */
static int
split(struct cachespec *out, const char *text, struct imgcache_error *err)
{
	struct strv parts = {0};
	bool typed = false;
	size_t i;
	int ret = 0;

	strv_split(&parts, text, ",");
	if (parts.n == 1 && !strchr(parts.v[0], '=')) {
		out->type = CACHE_REGISTRY;
		cachespec_set(out, "ref", parts.v[0]);
		goto out;
	}
	for (i = 0; !ret && i < parts.n; i++) {
		char *value = strchr(parts.v[i], '=');

		if (str_starts(parts.v[i], "type=")) {
			ret = find_type(value + 1, &out->type, err);
			typed = true;
			continue;
		}
		if (value)
			*value++ = '\0';
		cachespec_set(out, parts.v[i], value ? value : "");
	}
	if (!ret && !typed)
		ret = error_set(err, IMGCACHE_EFAIL, "expected a cache such "
				"as type=registry,ref=REF");
out:
	strv_release(&parts);
	return ret;
}

int
cachespec_parse(struct cachespec *out, const char *text,
		enum cache_direction direction, struct imgcache_error *err)
{
	int ret;

	memset(out, 0, sizeof(*out));
	if (!*text || *text == '-' || strpbrk(text, "\"\r\n"))
		ret = error_set(err, IMGCACHE_EFAIL, "expected a cache such "
				"as type=registry,ref=REF");
	else
		ret = split(out, text, err);
	if (!ret)
		ret = check_all(out, direction, err);
	if (ret)
		cachespec_release(out);
	return ret;
}

void
cachespec_release(struct cachespec *c)
{
	strv_release(&c->attributes);
}

static bool
is_named(const char *attribute, const char *name)
{
	size_t n = strlen(name);

	return !strncmp(attribute, name, n) && attribute[n] == '=';
}

const char *
cachespec_get(const struct cachespec *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->attributes.n; i++)
		if (is_named(c->attributes.v[i], name))
			return c->attributes.v[i] + strlen(name) + 1;
	return NULL;
}

void
cachespec_set(struct cachespec *c, const char *name, const char *value)
{
	struct strv kept = {0};
	bool placed = false;
	size_t i;

	for (i = 0; i < c->attributes.n; i++) {
		if (!is_named(c->attributes.v[i], name))
			strv_push(&kept, c->attributes.v[i]);
		else if (value && !placed)
			strv_pushf(&kept, "%s=%s", name, value);
		placed = placed || is_named(c->attributes.v[i], name);
	}
	if (value && !placed)
		strv_pushf(&kept, "%s=%s", name, value);
	strv_release(&c->attributes);
	c->attributes = kept;
}

char *
cachespec_text(const struct cachespec *c)
{
	struct buf text = BUF_INIT;
	size_t i;

	buf_addf(&text, "type=%s", type_names[c->type]);
	for (i = 0; i < c->attributes.n; i++)
		buf_addf(&text, ",%s", c->attributes.v[i]);
	return buf_detach(&text);
}

bool
cachespec_is_same_place(const struct cachespec *a, const struct cachespec *b)
{
	static const char *const places[] = {
		"ref", "dest", "scope", "repository", "name", "bucket",
		"endpoint_url", "region", "prefix", "account_url", "container",
		NULL
	};
	size_t i;

	if (a->type != b->type)
		return false;
	for (i = 0; places[i]; i++) {
		const char *x = cachespec_get(a, places[i]);
		const char *y = cachespec_get(b, places[i]);

		if (x != y && !(x && y && !strcmp(x, y)))
			return false;
	}
	return true;
}
