/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_DOCKER_ENDPOINT_H
#define IMGCACHE_DOCKER_ENDPOINT_H

/*
 * Which engine docker would talk to, found as the docker client finds it
 * (docker/cli, cli/command/cli.go, resolveContextName): DOCKER_HOST, else
 * DOCKER_CONTEXT, else currentContext of config.json, else the context named
 * "default", which is unix:///var/run/docker.sock. (The manual has the first
 * two the other way round; clients 26 and 28 do as said here.) No engine is
 * asked.
 */

struct imgcache_error;

enum endpoint_kind {
	ENDPOINT_UNIX,		/* a socket we can talk to ourselves */
	ENDPOINT_OTHER		/* ssh, tcp, npipe, ...: only docker can */
};

struct endpoint {
	enum endpoint_kind kind;
	char *text;		/* "unix:///var/run/docker.sock" */
	char *path;		/* the socket's; NULL unless ENDPOINT_UNIX */
	char *context;		/* the docker context's name, "default" */
};

#define ENDPOINT_INIT { ENDPOINT_OTHER, NULL, NULL, NULL }

/* What decides; each may be NULL, and "" counts as NULL. */
struct endpoint_env {
	const char *host;	/* DOCKER_HOST */
	const char *context;	/* DOCKER_CONTEXT */
	const char *config_dir;	/* DOCKER_CONFIG */
	const char *home;	/* HOME: .docker in it without DOCKER_CONFIG */
	const char *tls;	/* DOCKER_TLS_VERIFY, DOCKER_TLS; any text */
};

/* Take the values from the process's environment; borrowed from it. */
void endpoint_env_read(struct endpoint_env *env);

/*
 * Fill *out, which the caller releases even after a failure. IMGCACHE_EFAIL
 * when a context is named that does not exist. A config.json that is missing
 * or malformed counts as empty, as it does for docker, which warns by itself.
 */
int endpoint_find(struct endpoint *out, const struct endpoint_env *env,
		  struct imgcache_error *err);

/* The endpoint that a text like DOCKER_HOST's names. */
void endpoint_parse(struct endpoint *out, const char *text);

/* "<DOCKER_CONFIG>" or "<HOME>/.docker"; the caller frees. NULL: neither. */
char *endpoint_config_dir(const struct endpoint_env *env);

void endpoint_release(struct endpoint *e);

#endif
