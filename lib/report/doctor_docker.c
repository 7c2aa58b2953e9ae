/* SPDX-License-Identifier: MIT */
/*
 * Versions are compared with what is known of them: facts about releases, each
 * with its advisory or release note.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "docker/builder_info.h"
#include "docker/buildx.h"
#include "docker/engine.h"
#include "docker/registry.h"
#include "docker/version.h"
#include "key/platforms.h"
#include "report/doctor.h"

static void
look_at_client(struct doctor *d)
{
	struct imgcache_error err = {0};
	struct buildx_client client;
	struct buildx_probe probe = {0};
	struct endpoint_env env;

	endpoint_env_read(&env);
	probe.config_dir = endpoint_config_dir(&env);
	if (buildx_client_find(&client, &probe, &err)) {
		doctor_add(d, IMGCACHE_ILL, "buildx", "install docker and its "
			   "buildx plugin (Debian: docker-cli, docker-buildx)",
			   "%s", err.text);
		goto out;
	}
	d->has_client = true;
	if (version_compare(client.version, 0, 13) < 0)
		doctor_add(d, IMGCACHE_ILL, "buildx", "install buildx 0.13 or "
			   "newer", "buildx %s is older than what imgcache is "
			   "tested with", client.version);
	else if (version_compare(client.version, 0, 21) < 0)
		/* CVE-2025-0495, fixed in 0.21.3 */
		doctor_add(d, IMGCACHE_NOTE, "buildx", "give no credentials as "
			   "cache attributes; 0.21.3 mends it", "buildx %s "
			   "writes cache credentials into traces",
			   client.version);
	else
		doctor_add(d, IMGCACHE_FINE, "buildx", NULL, "buildx %s",
			   client.version);
out:
	free((char *)probe.config_dir);
}

static void
look_at_version(struct doctor *d, const struct engine_info *info)
{
	if (version_compare(info->version, 20, 10) < 0)
		doctor_add(d, IMGCACHE_ILL, "engine", "upgrade to 20.10 or "
			   "newer", "engine %s is too old", info->version);
	else if (version_compare(info->version, 23, 0) < 0)
		doctor_add(d, IMGCACHE_NOTE, "engine", "upgrade to 23 or newer "
			   "where Dockerfiles of your own are built",
			   "engine %s has no named contexts, so bases of your "
			   "own Dockerfiles cannot be pinned", info->version);
	else if (version_compare(info->version, 25, 0) < 0)
		/* CVE-2024-23651, CVE-2024-23652: BuildKit before 0.12.5 */
		doctor_add(d, IMGCACHE_NOTE, "engine", "upgrade to 25.0.2 or "
			   "newer", "engine %s carries a BuildKit with known "
			   "holes; build only Dockerfiles you trust",
			   info->version);
	else
		doctor_add(d, IMGCACHE_FINE, "engine", NULL,
			   "engine %s, API %s, at %s", info->version,
			   info->api, engine_endpoint(d->ic->engine));
}

static void
look_at_socket(struct doctor *d, const char *path)
{
	struct stat st;

	if (!path || stat(path, &st))
		return;
	if (st.st_mode & S_IWOTH)
		doctor_add(d, IMGCACHE_ILL, "rights", "run chmod o-w and let a "
			   "group have it", "everybody is root here by %s, "
			   "which everybody may write to", path);
	else if (geteuid() != 0)
		doctor_add(d, IMGCACHE_NOTE, "rights", NULL, "access to %s is "
			   "access as root", path);
}

static void
look_at_engine(struct doctor *d)
{
	struct imgcache_error err = {0};
	struct engine_info info = {0};
	const char *const *w;
	struct engine *e;

	if (session_engine(d->ic, &e, &err) || engine_info(e, &info, &err)) {
		doctor_add(d, IMGCACHE_ILL, "engine", "start it, set "
			   "DOCKER_HOST or choose a docker context", "%s",
			   err.text);
		goto out;
	}
	d->has_engine = true;
	look_at_version(d, &info);
	doctor_add(d, IMGCACHE_FINE, "store", NULL, "%s image store (%s)",
		   info.store, info.driver);
	if (d->ic->endpoint.kind == ENDPOINT_OTHER)
		doctor_add(d, IMGCACHE_NOTE, "endpoint", "use a unix socket "
			   "where lookups must be fast", "%s is asked through "
			   "the docker client, 15 ms and more a question",
			   d->ic->endpoint.text);
	if (str_starts(d->ic->endpoint.text, "tcp://") &&
	    !getenv("DOCKER_TLS_VERIFY"))
		doctor_add(d, IMGCACHE_ILL, "endpoint", "use TLS or ssh",
			   "whoever reaches %s is root on that machine",
			   d->ic->endpoint.text);
	look_at_socket(d, d->ic->endpoint.path);
	for (w = info.warnings; *w; w++)
		doctor_add(d, IMGCACHE_NOTE, "engine", NULL, "%s", *w);
out:
	engine_info_release(&info);
}

static void
ask_registry(struct doctor *d, const char *name)
{
	struct imgcache_error err = {0};
	char *digest = NULL, *ref;

	ref = mem_printf("%s:imgcache-doctor", name);
	switch (registry_digest(&d->ic->registry, ref, &digest, &err)) {
	case 0:
	case IMGCACHE_ENO:
		doctor_add(d, IMGCACHE_FINE, "registry", NULL, "%s answers",
			   name);
		break;
	default:
		doctor_add(d, IMGCACHE_ILL, "registry", "check the name, the "
			   "network and 'docker login'", "%s", err.text);
	}
	free(digest);
	free(ref);
}

static void
look_at_registries(struct doctor *d)
{
	const struct settings *s = &d->ic->settings;
	const char *first = settings_text(s, SETTING_REGISTRY);
	const struct strv *more = settings_list(s, SETTING_REGISTRIES);
	size_t i;

	if (!d->online || !d->has_client)
		return;
	if (first && *first)
		ask_registry(d, first);
	for (i = 0; i < more->n; i++)
		ask_registry(d, more->v[i]);
}

void
doctor_docker(struct doctor *d)
{
	look_at_client(d);
	look_at_engine(d);
	look_at_registries(d);
}

static void
look_at_platform(struct doctor *d, const struct strv *known,
		 const struct recipe *q, const char *platform)
{
	if (!strcmp(platform, session_own_platform(d->ic)))
		return;
	if (!known->n)
		doctor_add(d, IMGCACHE_NOTE, "platform", NULL, "image '%s' "
			   "wants %s; whether the engine can run that is not "
			   "known", q->name, platform);
	else if (platforms_can_run(d->ic, known, platform))
		doctor_add(d, IMGCACHE_FINE, "platform", NULL,
			   "%s can be run here", platform);
	else
		doctor_add(d, IMGCACHE_ILL, "platform", PLATFORMS_CURE,
			   "image '%s' wants %s, which the engine cannot run, "
			   "neither itself nor emulated", q->name, platform);
}

/* Those that an image names, or those of the settings. */
static const struct strv *
platforms_of(struct doctor *d, const struct recipe *q)
{
	return q->platforms.n ? &q->platforms :
		settings_list(&d->ic->settings, SETTING_PLATFORM);
}

void
doctor_platforms(struct doctor *d)
{
	struct imgcache_error ignored = {0};
	struct builder_info builder = {0};
	struct strv done = {0};
	size_t i, k;

	if (d->has_client && d->has_engine && d->ic->has_project)
		(void)builder_info_find(&builder, NULL, NULL, &ignored);
	for (i = 0; d->ic->has_project && i < d->ic->project.n_images; i++) {
		const struct recipe *q = &d->ic->project.images[i].recipe;
		const struct strv *all = platforms_of(d, q);

		for (k = 0; k < all->n; k++) {
			if (strv_has(&done, all->v[k]))
				continue;
			strv_push(&done, all->v[k]);
			look_at_platform(d, &builder.platforms, q,
					 all->v[k]);
		}
	}
	builder_info_release(&builder);
	strv_release(&done);
}
