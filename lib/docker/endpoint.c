/* SPDX-License-Identifier: MIT */
/*
 * Contexts live in <config>/contexts/meta/<sha256 of the name>/meta.json. The
 * folder's name is not computed: there are few, each file says its name.
 */

#include "docker/endpoint.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/strv.h"
#include "store/jsonr.h"
#include "sys/file.h"

#define DEFAULT_HOST "unix:///var/run/docker.sock"
#define DEFAULT_TLS_HOST "tcp://localhost:2376"
#define DEFAULT_CONTEXT "default"
#define MAX_FILE (4u << 20)

static const char *
if_set(const char *s)
{
	return s && *s ? s : NULL;
}

void
endpoint_env_read(struct endpoint_env *env)
{
	env->host = getenv("DOCKER_HOST");
	env->context = getenv("DOCKER_CONTEXT");
	env->config_dir = getenv("DOCKER_CONFIG");
	env->home = getenv("HOME");
	env->tls = if_set(getenv("DOCKER_TLS_VERIFY"));
	if (!env->tls)
		env->tls = getenv("DOCKER_TLS");
}

char *
endpoint_config_dir(const struct endpoint_env *env)
{
	if (if_set(env->config_dir))
		return mem_strdup(env->config_dir);
	if (if_set(env->home))
		return path_join(env->home, ".docker");
	return NULL;
}

void
endpoint_release(struct endpoint *e)
{
	free(e->text);
	free(e->path);
	free(e->context);
	*e = (struct endpoint)ENDPOINT_INIT;
}

/* docker takes "unix://" for the default socket. */
void
endpoint_parse(struct endpoint *out, const char *text)
{
	const char *path = NULL;

	free(out->text);
	free(out->path);
	if (str_is(text, "unix://"))
		text = DEFAULT_HOST;
	if (str_starts(text, "unix://"))
		path = text + strlen("unix://");
	out->text = mem_strdup(text);
	out->path = mem_strdup(path);
	out->kind = path ? ENDPOINT_UNIX : ENDPOINT_OTHER;
}

/* A docker file as JSON, or NULL for whatever reason. */
static const struct jsonr_node *
read_json(struct jsonr *r, const char *path)
{
	struct imgcache_error ignored = { 0 };
	struct buf text = BUF_INIT;
	const struct jsonr_node *node = NULL;

	if (!file_read(AT_FDCWD, path, MAX_FILE, &text, &ignored))
		node = jsonr_parse(r, text.data, text.len, &ignored);
	buf_release(&text);
	return node;
}

static char *
current_context(struct jsonr *r, const char *config_dir)
{
	const struct jsonr_node *config;
	char *path, *name;

	path = path_join(config_dir, "config.json");
	config = read_json(r, path);
	free(path);
	name = mem_strdup(if_set(jsonr_string(config, "/currentContext", "")));
	return name;
}

/* The host of the context's docker endpoint if the folder is that context's. */
static char *
context_host(struct jsonr *r, const char *meta_dir,
	     const char *folder, const char *name)
{
	const struct jsonr_node *meta;
	char *path, *host = NULL;

	path = mem_printf("%s/%s/meta.json", meta_dir, folder);
	meta = read_json(r, path);
	if (str_is(jsonr_string(meta, "/Name", NULL), name))
		host = mem_strdup(jsonr_string(meta, "/Endpoints/docker/Host",
					       DEFAULT_HOST));
	free(path);
	return host;
}

static char *
find_context(struct jsonr *r, const char *config_dir,
	     const char *name)
{
	char *meta_dir = path_join(config_dir, "contexts/meta");
	DIR *dir = opendir(meta_dir);
	struct dirent *entry;
	char *host = NULL;

	while (dir && !host && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			host = context_host(r, meta_dir, entry->d_name, name);
	if (dir)
		closedir(dir);
	free(meta_dir);
	return host;
}

static int
by_context(struct endpoint *out, struct jsonr *r,
	   const char *config_dir, struct imgcache_error *err)
{
	char *host = config_dir ? find_context(r, config_dir, out->context)
				: NULL;

	if (!host)
		return error_set(err, IMGCACHE_EFAIL,
				 "docker has no context '%s'; see docker "
				 "context ls", out->context);
	if (*host)
		endpoint_parse(out, host);
	else
		endpoint_parse(out, DEFAULT_HOST);
	free(host);
	return 0;
}

/*
 * TLS with the default context means certificates, which only docker handles,
 * even where the host is a socket.
 */
static void
by_host(struct endpoint *out, const struct endpoint_env *env)
{
	const char *host = if_set(env->host);

	out->context = mem_strdup(DEFAULT_CONTEXT);
	if (!host)
		host = if_set(env->tls) ? DEFAULT_TLS_HOST : DEFAULT_HOST;
	endpoint_parse(out, host);
	if (if_set(env->tls))
		out->kind = ENDPOINT_OTHER;
}

int
endpoint_find(struct endpoint *out, const struct endpoint_env *env,
	      struct imgcache_error *err)
{
	char *config_dir = endpoint_config_dir(env);
	struct jsonr *r = jsonr_new();
	char *name = NULL;
	int ret = 0;

	endpoint_release(out);
	if (!if_set(env->host)) {
		name = mem_strdup(if_set(env->context));
		if (!name && config_dir)
			name = current_context(r, config_dir);
	}
	if (!name || str_is(name, DEFAULT_CONTEXT)) {
		by_host(out, env);
	} else {
		out->context = mem_strdup(name);
		ret = by_context(out, r, config_dir, err);
	}
	free(name);
	free(config_dir);
	jsonr_free(r);
	return ret;
}
