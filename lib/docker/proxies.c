/* SPDX-License-Identifier: MIT */
#include "docker/proxies.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/strv.h"
#include "docker/endpoint.h"
#include "store/jsonr.h"
#include "sys/file.h"

#define MAX_CONFIG (4 << 20)

static const struct {
	const char *key;
	const char *name;
} table[] = {
	{ "/httpProxy", "HTTP_PROXY" },
	{ "/httpsProxy", "HTTPS_PROXY" },
	{ "/ftpProxy", "FTP_PROXY" },
	{ "/noProxy", "NO_PROXY" },
	{ "/allProxy", "ALL_PROXY" },
};

static void
add_pair(struct strv *out, const char *name, const char *value)
{
	char *lower = mem_strdup(name), *p;

	for (p = lower; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	strv_pushf(out, "%s=%s", name, value);
	strv_pushf(out, "%s=%s", lower, value);
	free(lower);
}

static void
add_all(struct strv *out, const struct jsonr_node *proxies)
{
	const char *value;
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(*table); i++) {
		value = jsonr_string(proxies, table[i].key, NULL);
		if (value && *value)
			add_pair(out, table[i].name, value);
	}
}

int
proxies_read(const struct endpoint *endpoint, struct strv *out,
	     struct imgcache_error *err)
{
	const struct jsonr_node *all, *mine;
	struct buf text = BUF_INIT;
	struct jsonr *json = jsonr_new();
	struct endpoint_env env;
	char *dir, *path = NULL;
	int ret = IMGCACHE_ENO;

	endpoint_env_read(&env);
	dir = endpoint_config_dir(&env);
	if (dir) {
		path = path_join(dir, "config.json");
		ret = file_read(AT_FDCWD, path, MAX_CONFIG, &text, err);
	}
	if (ret == IMGCACHE_ENO) {
		error_clear(err);
		ret = 0;
		goto out;
	}
	if (ret)
		goto out;
	/* docker itself takes a malformed file for an empty one */
	all = jsonr_member(jsonr_parse(json, text.data, text.len, err),
			   "proxies");
	error_clear(err);
	mine = jsonr_member(all, endpoint->text);
	add_all(out, mine ? mine : jsonr_member(all, "default"));
out:
	jsonr_free(json);
	buf_release(&text);
	free(path);
	free(dir);
	return ret;
}
