/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_DOCKER_PROXIES_H
#define IMGCACHE_DOCKER_PROXIES_H

struct endpoint;
struct imgcache_error;
struct strv;

/*
 * The build args that docker adds for the proxies of its config.json
 * (docker/cli, cli/config/configfile, ParseProxyConfig): "NAME=value", each
 * name in upper and in lower case; those of the endpoint, else of "default".
 * None if there is no such file or section.
 */
int proxies_read(const struct endpoint *endpoint, struct strv *out,
		 struct imgcache_error *err);

#endif
