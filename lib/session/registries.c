/* SPDX-License-Identifier: MIT */
#include "session/registries.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "docker/engine.h"
#include "docker/platform.h"
#include "recipe/dockerfile_ref.h"
#include "recipe/grammar.h"

static void
add(struct strv *out, const char *repository)
{
	if (repository && *repository && !strv_has(out, repository))
		strv_push(out, repository);
}

void
registries_trusted(const struct imgcache *ic, const struct recipe *q,
		   struct strv *out)
{
	const struct strv *more = settings_list(&ic->settings,
						SETTING_REGISTRIES);
	size_t i;

	add(out, q->registry);
	for (i = 0; i < more->n; i++)
		add(out, more->v[i]);
}

bool
registries_is_trusted(const struct imgcache *ic, const struct recipe *q,
		      const char *repository)
{
	struct strv trusted = {0};
	bool is_one = false;
	size_t i;

	registries_trusted(ic, q, &trusted);
	for (i = 0; !is_one && i < trusted.n; i++)
		is_one = ref_is_same_repository(trusted.v[i], repository);
	strv_release(&trusted);
	return is_one;
}

bool
registries_is_believed(const struct imgcache *ic, const struct recipe *q,
		       const char *repository)
{
	struct strv trusted = {0};
	bool is_one;

	registries_trusted(ic, q, &trusted);
	is_one = strv_has(&trusted, repository);
	strv_release(&trusted);
	return is_one;
}

/* Of an untrusted build, or NULL. */
static const char *
untrusted(const struct imgcache *ic)
{
	return !session_is_untrusted(ic) ? NULL :
		settings_text(&ic->settings, SETTING_REGISTRY_UNTRUSTED);
}

void
registries_to_read(const struct imgcache *ic, const struct recipe *q,
		   struct strv *out)
{
	registries_trusted(ic, q, out);
	add(out, untrusted(ic));
}

const char *
registries_home(const struct imgcache *ic, const struct recipe *q)
{
	const struct strv *more = settings_list(&ic->settings,
						SETTING_REGISTRIES);

	if (untrusted(ic))
		return untrusted(ic);
	if (q->registry && *q->registry)
		return q->registry;
	return more->n ? more->v[0] : OUR_REPOSITORY;
}

/* By the name that the engine has for both: "docker.io/a/b" is "a/b". */
static bool
is(const char *name, const char *repository)
{
	struct image_ref a, b;
	bool is_same;

	if (!repository || !strcmp(name, repository))
		return repository;
	if (!image_ref_parse(&a, repository))
		return false;
	is_same = image_ref_parse(&b, name);
	if (is_same) {
		is_same = !strcmp(a.familiar, b.familiar);
		image_ref_release(&b);
	}
	image_ref_release(&a);
	return is_same;
}

bool
registries_has(const struct imgcache *ic, const char *name, size_t len)
{
	const struct settings *s = &ic->settings;
	const struct strv *more = settings_list(s, SETTING_REGISTRIES);
	char *repository = mem_strndup(name, len);
	bool has = is(repository, OUR_REPOSITORY) ||
		is(repository, settings_text(s, SETTING_REGISTRY)) ||
		is(repository, settings_text(s, SETTING_REGISTRY_UNTRUSTED));
	size_t i;

	for (i = 0; !has && i < more->n; i++)
		has = is(repository, more->v[i]);
	free(repository);
	return has;
}

bool
registries_is_part(const struct engine_image *image, const char *name,
		   const char *key)
{
	struct arena text = {0};
	const char *colon = strrchr(name, ':');
	size_t len = strlen(key);
	char *platform, *p;
	bool is;

	if (!colon || strncmp(colon + 1, key, len) || colon[1 + len] != '-')
		return false;
	platform = arena_strdup(&text, colon + 1 + len + 1);
	for (p = platform; *p; p++)
		if (*p == '-')
			*p = '/';
	is = platform_is_same(platform, platform_join(&text, image->os,
						      image->arch,
						      image->variant));
	arena_release(&text);
	return is;
}
