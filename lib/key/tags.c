/* SPDX-License-Identifier: MIT */
#include "key/tags.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "docker/engine.h"
#include "docker/registry.h"
#include "key/base.h"
#include "key/trust.h"
#include "recipe/grammar.h"
#include "recipe/manifest.h"
#include "session/registries.h"
#include "sys/clock.h"

bool
tags_are_all(const struct inputs *in, const struct imgcache_build_options *o)
{
	return o->tags && *o->tags &&
		!strcmp(registries_home(in->ic, in->r->recipe),
			OUR_REPOSITORY);
}

int
tags_removed(int ret, struct imgcache_error *err, const char *fmt, ...)
{
	char text[sizeof(err->text)];
	va_list ap;

	if (ret != IMGCACHE_ENO)
		return ret;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	error_clear(err);
	return error_set(err, IMGCACHE_EBUSY, "%.900s; build again", text);
}

/* Where another key's image is looked up: it would be taken for that. */
static bool
is_of_another_key(const struct inputs *in, const char *name)
{
	const char *tag = strrchr(name, ':');

	return tag && manifest_is_tag(tag + 1) && strcmp(tag + 1, in->tag) &&
		registries_has(in->ic, name, (size_t)(tag - name));
}

int
tags_may_be_given(const struct inputs *in,
		  const struct imgcache_build_options *o,
		  struct imgcache_error *err)
{
	const char *const *t;
	int ret = 0;

	for (t = o->tags; !ret && t && *t; t++) {
		ret = ref_check(*t, err);
		if (!ret && is_of_another_key(in, *t))
			ret = error_set(err, IMGCACHE_EUSAGE, "--tag: '%s' is "
					"the name of another image of imgcache"
					", this one has the key '%s'", *t,
					in->tag);
	}
	return ret;
}

int
tags_put(struct inputs *in, const struct imgcache_build_options *o,
	 const struct imgcache_answer *a, struct imgcache_error *err)
{
	const char *const *name = o->tags;
	struct engine *e;
	int ret = 0;

	if (!name || !*name || !a->image_id)
		return 0;
	ret = session_engine(in->ic, &e, err);
	for (; !ret && *name; name++)
		ret = tags_removed(engine_tag(e, a->image_id, *name, err), err,
				   "the image was removed before it had the "
				   "name '%s'", *name);
	return ret;
}

int
tags_check(struct imgcache *ic, const char *name, const char *image_id,
	   struct imgcache_error *err)
{
	struct engine_image image = {0};
	struct engine *e;
	int ret = session_engine(ic, &e, err);

	if (!ret)
		ret = engine_image(e, name, &image, err);
	ret = tags_removed(ret, err, "'%s' was taken away meanwhile", name);
	if (!ret && strcmp(image.id, image_id))
		ret = error_set(err, IMGCACHE_EBUSY, "'%s' was given to image "
				"%.19s meanwhile; build again", name,
				image.id);
	engine_image_release(&image);
	return ret;
}

static int
check(const struct inputs *in, const char *name, struct imgcache_error *err)
{
	const struct settings *s = &in->ic->settings;

	if (settings_is_final(s, SETTING_PUSH))
		return error_set(err, IMGCACHE_EFAIL, "cannot push '%s': "
				 "'push' is 'never' in %s, and that is final; "
				 "change it there", name,
				 settings_origin(s, SETTING_PUSH));
	if (!trust_may_write(in, name))
		return error_set(err, IMGCACHE_EFAIL, "cannot push '%s': an "
				 "untrusted build writes to no trusted "
				 "repository", name);
	return 0;
}

static void
say(struct inputs *in, const char *name, enum imgcache_event_type type,
    int64_t elapsed_us)
{
	struct imgcache_event e = {
		.type = type, .name = in->r->recipe->name, .ref = name,
		.text = name, .elapsed_us = elapsed_us,
	};

	session_event(in->ic, &e);
}

/* Of several platforms the engine may hold one; the registry has them all. */
static int
send(struct inputs *in, const struct imgcache_answer *a, const char *name,
     struct imgcache_error *err)
{
	struct registry *registry = &in->ic->registry;
	const char *sources[2] = { NULL };
	char *source;
	int ret;

	if (in->r->recipe->platforms.n < 2) {
		ret = tags_check(in->ic, name, a->image_id, err);
		if (!ret)
			ret = registry_push(registry, name, err);
		return ret ? ret : tags_check(in->ic, name, a->image_id, err);
	}
	if (!a->pushed_ref || !a->digest)
		return error_set(err, IMGCACHE_EFAIL, "cannot push '%s': an "
				 "image of several platforms goes there by way "
				 "of the registry of the cache; set registry, "
				 "or give --registry HOST/PATH", name);
	source = mem_printf("%.*s@%s", (int)(strrchr(a->pushed_ref, ':') -
					     a->pushed_ref),
			    a->pushed_ref, a->digest);
	sources[0] = source;
	ret = registry_create(registry, name, sources, err);
	free(source);
	return ret;
}

/* Of what was pushed: by its name the registry may have another one by now. */
static void
note_digest(struct inputs *in, struct imgcache_answer *a, const char *name)
{
	struct imgcache_error ignored = {0};
	struct engine_image image = {0};
	struct engine *e;

	if (!session_engine(in->ic, &e, &ignored) &&
	    !engine_image(e, a->image_id, &image, &ignored))
		a->digest = arena_strdup(&in->ic->arena,
					 engine_image_digest(&image, name));
	engine_image_release(&image);
}

static int
push(struct inputs *in, struct imgcache_answer *a, const char *name,
     struct imgcache_error *err)
{
	int64_t start = clock_mono_us();
	int ret = check(in, name, err);

	if (ret)
		return ret;
	say(in, name, IMGCACHE_PUSH_BEGIN, 0);
	ret = send(in, a, name, err);
	if (ret)
		return ret;
	say(in, name, IMGCACHE_PUSH_END, clock_mono_us() - start);
	if (!a->digest)
		note_digest(in, a, name);
	return 0;
}

int
tags_push(struct inputs *in, const struct imgcache_build_options *o,
	  struct imgcache_answer *a, struct imgcache_error *err)
{
	const char *const *name = o->push ? o->tags : NULL;
	bool all = tags_are_all(in, o);
	int ret = 0;

	for (; !ret && name && *name; name++)
		if (all || strchr(*name, '/'))
			ret = push(in, a, *name, err);
	return ret;
}
