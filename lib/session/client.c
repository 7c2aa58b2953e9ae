/* SPDX-License-Identifier: MIT */
#include "session/session.h"

#include <stdlib.h>

#include "docker/buildx.h"
#include "docker/endpoint.h"

int
session_client(struct imgcache *ic, struct buildx_client *out,
	       struct imgcache_error *err)
{
	struct endpoint_env env;
	struct buildx_probe probe = {
		.memo_dir = session_cache_dir(ic, "engines")
	};
	char *config;
	int ret;

	endpoint_env_read(&env);
	config = endpoint_config_dir(&env);
	probe.config_dir = config;
	ret = buildx_client_find(out, &probe, err);
	free(config);
	return ret;
}
