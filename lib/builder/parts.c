/* SPDX-License-Identifier: MIT */
#include "builder/parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "builder/builder.h"
#include "docker/engine.h"
#include "docker/platform.h"
#include "docker/registry.h"
#include "key/platforms.h"
#include "session/labels.h"
#include "session/registries.h"

struct parts {
	struct inputs *in;
	struct lookup_found *f;
	const struct parts_options *o;
	struct engine *engine;
	struct strv sources;	/* repository@digest of each */
};

/* "repository:g1-…-linux-arm64" */
static char *
name_of(const struct inputs *in, const char *platform)
{
	char *name = mem_printf("%s-%s", in->ref, platform);
	char *p;

	for (p = name + strlen(in->ref); *p; p++)
		if (*p == '/')
			*p = '-';
	return name;
}

static int
check(struct parts *p, const char *name, const char *platform,
      struct imgcache_error *err)
{
	struct engine_image image = {0};
	const char *label;
	int ret = engine_image(p->engine, name, &image, err);

	if (!ret) {
		label = engine_image_label(&image, LABEL_KEY);
		if (!label || strcmp(label, p->in->tag))
			ret = error_set(err, IMGCACHE_EBUILD, "what was built "
					"for %s does not carry its key",
					platform);
		else if (!platform_is_same(platform_join(&image.arena,
							 image.os, image.arch,
							 image.variant),
					   platform))
			ret = error_set(err, IMGCACHE_EBUILD, "what was built "
					"for %s is for %s/%s", platform,
					image.os, image.arch);
	}
	engine_image_release(&image);
	return ret;
}

static int
build(struct parts *p, const char *name, const char *platform,
      struct imgcache_error *err)
{
	const char *const platforms[] = { platform, NULL };
	struct builder b = {
		.in = p->in,
		.found = p->f,
		.options = p->o->build,
		.reason = IMGCACHE_ASKED,
		.detail = arena_printf(&p->in->ic->arena, "%s, for the push",
				       platform),
		.lock_fd = p->o->lock_fd,
		.platforms = platforms,
		.temporary = mem_strdup(name),
	};
	int ret = platforms_check(p->in, platforms, p->o->build->builder, err);

	if (!ret)
		ret = builder_part(&b, err);
	if (!ret)
		ret = check(p, name, platform, err);
	if (!ret)
		ret = builder_check_unchanged(&b, err);
	if (!ret)
		handover_remember(&b.files);
	builder_release(&b);
	return ret;
}

static int
take_source(struct parts *p, const char *name, struct imgcache_error *err)
{
	const char *home = registries_home(p->in->ic, p->in->r->recipe);
	char *digest = NULL;
	int ret = registry_digest(&p->in->ic->registry, name, &digest, err);

	if (!ret)
		strv_pushf(&p->sources, "%s@%s", home, digest);
	if (ret == IMGCACHE_ENO)
		ret = err->code = IMGCACHE_EUNKNOWN;
	free(digest);
	return ret;
}

static int
push_part(struct parts *p, const char *platform, struct imgcache_error *err)
{
	char *name = name_of(p->in, platform);
	struct imgcache_error ignored = {0};
	enum engine_removed removed;
	int ret;

	if (p->o->local_id && !strcmp(platform, p->in->local))
		ret = engine_tag(p->engine, p->o->local_id, name, err);
	else
		ret = build(p, name, platform, err);
	if (!ret)
		ret = registry_push(&p->in->ic->registry, name, err);
	if (!ret)
		ret = take_source(p, name, err);
	(void)engine_remove(p->engine, name, &removed, NULL, &ignored);
	free(name);
	return ret;
}

int
parts_push(struct inputs *in, struct lookup_found *f,
	   const struct parts_options *o, struct imgcache_error *err)
{
	const struct strv *platforms = &in->r->recipe->platforms;
	struct parts p = { .in = in, .f = f, .o = o };
	size_t i;
	int ret = session_engine(in->ic, &p.engine, err);

	for (i = 0; !ret && i < platforms->n; i++)
		ret = push_part(&p, platforms->v[i], err);
	if (!ret)
		ret = registry_create(&in->ic->registry, in->ref,
				      (const char *const *)p.sources.v, err);
	strv_release(&p.sources);
	return ret;
}
