/* SPDX-License-Identifier: MIT */
/*
 * Values are refs, tags and digests, so hardly ever need a quote; each format
 * is written so that any byte but NUL would be safe in it, or is refused.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/strv.h"
#include "spawn/env.h"

typedef int write_fn(struct buf *b, const char *name, const char *value,
		     struct imgcache_error *err);

static bool
is_bare(const char *value)
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyz"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@+";

	return !value[strspn(value, safe)];
}

static int
write_shell(struct buf *b, const char *name, const char *value,
	    struct imgcache_error *err)
{
	(void)err;
	buf_addf(b, "export %s=", name);
	buf_add_shquoted(b, value);
	buf_addc(b, '\n');
	return 0;
}

/*
 * docker run --env-file takes quotes for a part of the value, so there are none
 * where none are needed. Single ones mean the same to sh, compose and systemd;
 * how to write a quote or a line's end inside them is told differently by each.
 */
static int
write_dotenv(struct buf *b, const char *name, const char *value,
	     struct imgcache_error *err)
{
	if (strpbrk(value, "'\r\n"))
		return error_set(err, IMGCACHE_EFAIL, "%s holds a quote or a "
				 "line's end, which readers of dotenv files "
				 "take differently; use the format shell",
				 name);
	if (is_bare(value))
		buf_addf(b, "%s=%s\n", name, value);
	else
		buf_addf(b, "%s='%s'\n", name, value);
	return 0;
}

/* A value of several lines ends at a line that it does not hold. */
static int
write_github(struct buf *b, const char *name, const char *value,
	     struct imgcache_error *err)
{
	struct buf end = BUF_INIT;

	(void)err;
	if (!strpbrk(value, "\r\n")) {
		buf_addf(b, "%s=%s\n", name, value);
		return 0;
	}
	buf_adds(&end, "IMGCACHE_END");
	while (strstr(value, end.data))
		buf_addc(&end, '_');
	buf_addf(b, "%s<<%s\n%s\n%s\n", name, end.data, value, end.data);
	buf_release(&end);
	return 0;
}

static int
write_lines(struct buf *b, write_fn *fn, const struct imgcache_env_image *v,
	    size_t n, struct imgcache_error *err)
{
	struct strv pairs = {0};
	size_t i;
	int ret = 0;

	for (i = 0; i < n; i++)
		env_variables(&v[i], &pairs);
	for (i = 0; !ret && i < pairs.n; i += 2)
		ret = fn(b, pairs.v[i], pairs.v[i + 1], err);
	strv_release(&pairs);
	return ret;
}

static void
add_config(struct buf *b, const struct imgcache_env_image *image,
	   const char *key, const char *value)
{
	char *text = mem_printf("imgcache:%s%s%s=%s",
				image->name ? image->name : "",
				image->name ? "." : "", key, value);

	buf_adds(b, " \\\n    --plaintext ");
	buf_add_shquoted(b, text);
	free(text);
}

/* One command, so that the stack's file is written once, with all or none. */
static void
write_pulumi(struct buf *b, const struct imgcache_env_image *v, size_t n)
{
	buf_adds(b, "pulumi config set-all");
	for (size_t i = 0; i < n; i++) {
		add_config(b, &v[i], "ref", v[i].ref);
		add_config(b, &v[i], "tag", v[i].tag);
		add_config(b, &v[i], "digest", v[i].digest);
		add_config(b, &v[i], "imageId", v[i].image_id);
	}
	buf_addc(b, '\n');
}

/* A JSON string is one of YAML, too; compose takes $ for a variable. */
static void
add_yaml(struct buf *b, const char *value)
{
	struct json j = JSON_INIT(b);
	struct buf text = BUF_INIT;

	for (; *value; value++) {
		if (*value == '$')
			buf_addc(&text, '$');
		buf_addc(&text, *value);
	}
	json_string(&j, text.data);
	buf_release(&text);
}

static int
write_compose(struct buf *b, const struct imgcache_env_image *v, size_t n,
	      struct imgcache_error *err)
{
	buf_adds(b, "services:\n");
	for (size_t i = 0; i < n; i++) {
		if (!v[i].name)
			return error_set(err, IMGCACHE_EUSAGE, "a service of "
					 "compose needs a name; name the image "
					 "in imgcache.yaml");
		buf_addf(b, "  \"%s\":\n    image: ", v[i].name);
		add_yaml(b, v[i].ref);
		buf_addc(b, '\n');
	}
	return 0;
}

/* bake takes the last file's word for the default of a variable. */
static int
write_bake(struct buf *b, const struct imgcache_env_image *v, size_t n,
	   struct imgcache_error *err)
{
	struct json j = JSON_INIT(b);
	struct strv pairs = {0};
	size_t i;
	int ret = 0;

	for (i = 0; i < n; i++)
		env_variables(&v[i], &pairs);
	json_object(&j);
	json_key(&j, "variable");
	json_object(&j);
	for (i = 0; !ret && i < pairs.n; i += 2) {
		if (strstr(pairs.v[i + 1], "${") || strstr(pairs.v[i + 1], "%{"))
			ret = error_set(err, IMGCACHE_EFAIL, "%s holds what "
					"bake takes for a template",
					pairs.v[i]);
		json_key(&j, pairs.v[i]);
		json_object(&j);
		json_key(&j, "default");
		json_string(&j, pairs.v[i + 1]);
		json_end_object(&j);
	}
	json_end_object(&j);
	json_end_object(&j);
	buf_addc(b, '\n');
	strv_release(&pairs);
	return ret;
}

static int
write_format(struct buf *b, enum imgcache_env_format format,
	     const struct imgcache_env_image *v, size_t n,
	     struct imgcache_error *err)
{
	switch (format) {
	case IMGCACHE_ENV_SHELL:
		return write_lines(b, write_shell, v, n, err);
	case IMGCACHE_ENV_DOTENV:
		return write_lines(b, write_dotenv, v, n, err);
	case IMGCACHE_ENV_GITHUB:
		return write_lines(b, write_github, v, n, err);
	case IMGCACHE_ENV_PULUMI:
		write_pulumi(b, v, n);
		return 0;
	case IMGCACHE_ENV_COMPOSE:
		return write_compose(b, v, n, err);
	case IMGCACHE_ENV_BAKE:
		break;
	}
	return write_bake(b, v, n, err);
}

int
imgcache_env_text(enum imgcache_env_format format,
		  const struct imgcache_env_image *v, size_t n, char **out,
		  struct imgcache_error *err)
{
	struct buf b = BUF_INIT;
	int ret = write_format(&b, format, v, n, err);

	*out = ret ? NULL : buf_detach(&b);
	buf_release(&b);
	return ret;
}
