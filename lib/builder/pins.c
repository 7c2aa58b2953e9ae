/* SPDX-License-Identifier: MIT */
#include "builder/pins.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "docker/builder_info.h"
#include "docker/engine.h"
#include "docker/platform.h"
#include "docker/registry.h"
#include "docker/version.h"
#include "store/images.h"
#include "store/platforms.h"

static int
knows_contexts(struct imgcache *ic, bool *knows, struct imgcache_error *err)
{
	struct engine_info info = {0};
	struct engine *e;
	int ret = session_engine(ic, &e, err);

	if (!ret)
		ret = engine_info(e, &info, err);
	if (!ret)
		*knows = version_compare(info.version, 23, 0) >= 0;
	engine_info_release(&info);
	return ret;
}

static int
refuse_old(const struct base *b, const char *who, struct imgcache_error *err)
{
	char *pull = b->kind == BASE_LOCAL ? mem_strdup("") :
		mem_printf("docker pull %s && ", b->pinned);
	int ret = error_set(err, IMGCACHE_EFAIL, "this engine is too old to "
			    "pin '%s', and %s another image of that name; "
			    "run: %sdocker tag %s %s", b->ref, who, pull,
			    b->pinned, b->ref);

	free(pull);
	return ret;
}

/* What can be done where a stage has the name of its base. */
static int
refuse_decided(const struct base *b, const char *who, const char *cure,
	       struct imgcache_error *err)
{
	return error_set(err, IMGCACHE_EFAIL, "'%s' cannot be pinned, since a "
			 "stage has its name, and %s another image of that "
			 "name; rename the stage%s%s", b->ref, who,
			 *cure ? ", or " : "", cure);
}

static int
refuse_own(const struct base *b, struct imgcache_error *err)
{
	char *cure;
	int ret;

	if (!b->decided_for)
		return refuse_old(b, "it has", err);
	cure = b->locked ?
		mem_printf("run: docker pull %s@%s && docker tag %s@%s %s",
			   b->ref, b->digest, b->ref, b->digest, b->ref) :
		mem_strdup("build again");
	ret = refuse_decided(b, "the engine has", cure, err);
	free(cure);
	return ret;
}

static int
refuse_registry(const struct base *b, struct imgcache_error *err)
{
	static const char who[] = "its registry now has";
	char *cure;
	int ret;

	if (!b->decided_for)
		return refuse_old(b, who, err);
	cure = b->locked ?
		mem_printf("run: imgcache lock --update %s", b->ref) :
		b->image_id ? mem_printf("run: docker pull %s", b->ref) :
		mem_strdup("build with --pull");
	ret = refuse_decided(b, who, cure, err);
	free(cure);
	return ret;
}

/* The builder will take what the registry has. */
static int
check_registry(struct imgcache *ic, const struct base *b,
	       const char *platform, struct imgcache_error *err)
{
	struct registry_image image = {0};
	int ret;

	if (b->kind == BASE_LOCAL)
		return refuse_old(b, "the registry may have", err);
	ret = registry_image(&ic->registry, b->ref, platform, &image, err);
	if (ret == IMGCACHE_ENO && b->decided_for) {
		error_clear(err);
		ret = refuse_decided(b, "no registry, where this builder looks,"
				     " has that or", "", err);
	} else if (ret == IMGCACHE_ENO) {
		/* not the answer to whether there is an image */
		ret = err->code = IMGCACHE_EFAIL;
	} else if (!ret && strcmp(image.digest, b->digest)) {
		ret = refuse_registry(b, err);
	}
	registry_image_release(&image);
	return ret;
}

static bool
is_in_key(const struct base *b, const struct engine_image *image)
{
	const char *const *d;
	bool is = b->image_id && !strcmp(image->id, b->image_id);

	for (d = image->digests; !is && *d; d++)
		is = str_ends(*d, b->digest);
	return is;
}

/* What docker goes by when it takes a base that it was not told to pin. */
struct taker {
	bool is_docker;		/* the builder has the engine's own images */
	const char *const *platforms;
};

/*
 * Is what would be taken now what is in the key? That is the engine's own image
 * if docker is the builder and would take it, else the registry's.
 */
static int
check_base(const struct inputs *in, const struct base *b,
	   const struct taker *t, struct imgcache_error *err)
{
	const char *own = b->decided_for && *b->decided_for ? b->decided_for :
		NULL;
	const char *platform = own ? own : t->platforms && *t->platforms ?
		*t->platforms : session_platform(in->ic);
	struct engine_image image = {0};
	struct engine *e;
	bool takes = false;
	int ret = session_engine(in->ic, &e, err);

	if (!ret && t->is_docker) {
		ret = engine_image(e, b->ref, &image, err);
		if (!ret)
			ret = engine_takes(e, &image, platform, &takes, err);
		if (ret == IMGCACHE_ENO) {
			error_clear(err);
			ret = 0;
		}
	}
	if (!ret && !takes)
		ret = check_registry(in->ic, b, platform, err);
	else if (!ret && !is_in_key(b, &image))
		ret = refuse_own(b, err);
	engine_image_release(&image);
	return ret;
}

/* Engines that know no contexts are told nothing, but for what is generated. */
static int
is_untold(const struct inputs *in, bool *is, struct imgcache_error *err)
{
	bool knows = true;
	int ret = 0;

	if (in->plain_contexts.n && !in->r->recipe->build_contexts.n)
		ret = knows_contexts(in->ic, &knows, err);
	*is = !knows;
	return ret;
}

static bool
is_checked(const struct base *b, bool untold)
{
	return b->decided_for || (untold && (b->kind == BASE_PINNED ||
					     b->kind == BASE_LOCAL));
}

int
pins_check(const struct inputs *in, const char *const *platforms,
	   const char *builder, struct imgcache_error *err)
{
	struct taker taker = { .platforms = platforms };
	struct builder_info info = {0};
	bool untold, any = false;
	size_t i;
	int ret = is_untold(in, &untold, err);

	for (i = 0; !ret && i < in->n_bases; i++)
		any |= is_checked(&in->bases[i], untold);
	if (!ret && any) {
		ret = builder_info_find(&info, NULL, builder, err);
		taker.is_docker = !strcmp(info.driver, "docker");
		builder_info_release(&info);
	}
	for (i = 0; !ret && i < in->n_bases; i++)
		if (is_checked(&in->bases[i], untold))
			ret = check_base(in, &in->bases[i], &taker, err);
	return ret;
}

/* Are all of these on the engine? */
static bool
has_all(struct inputs *in, const struct image_row *row,
	const char *const *platforms, struct imgcache_error *err)
{
	struct strv loaded = {0};
	bool has = !platforms_get(in->ic->catalog, row->id, &loaded, err);

	for (; has && *platforms; platforms++)
		has = strv_has(&loaded, *platforms);
	strv_release(&loaded);
	return has;
}

/*
 * An image of ours that this one is built from, of which the engine has only
 * some platforms: where it is in a registry, the others come from there.
 */
static int
add_remote(struct inputs *in, const struct image_row *row,
	   const struct base *b, struct strv *contexts,
	   struct imgcache_error *err)
{
	bool knows;
	int ret = knows_contexts(in->ic, &knows, err);

	if (ret)
		return ret;
	if (!knows)
		return error_set(err, IMGCACHE_EFAIL, "this engine is too old "
				 "to build for several platforms from another "
				 "image of the project; use engine 23 or newer");
	if (!row->pushed_ref || !row->digest)
		return error_set(err, IMGCACHE_EFAIL, "'%s' is not here for "
				 "all platforms, and in no registry; build it "
				 "with --push first", row->ref);
	strv_pushf(contexts, "%s=docker-image://%.*s@%s", b->pinned,
		   (int)(strrchr(row->pushed_ref, ':') - row->pushed_ref),
		   row->pushed_ref, row->digest);
	return 0;
}

static int
pin_part(struct inputs *in, const struct base *b,
	 const char *const *platforms, struct strv *contexts,
	 struct imgcache_error *err)
{
	struct image_list list = {0};
	const char *engine;
	int ret = session_engine_name(in->ic, &engine, err);

	if (!ret)
		ret = images_find(in->ic->catalog, engine, b->digest, &list,
				  err);
	if (!ret && list.n && !has_all(in, &list.v[0], platforms, err))
		ret = err->code ? err->code :
			add_remote(in, &list.v[0], b, contexts, err);
	image_list_release(&list);
	return ret;
}

int
pins_for_parts(struct inputs *in, const char *const *platforms,
	       struct strv *contexts, struct imgcache_error *err)
{
	size_t i;
	int ret = 0;

	if (in->r->recipe->platforms.n < 2 || session_is_disabled(in->ic))
		return 0;
	for (i = 0; !ret && i < in->n_bases; i++)
		if (in->bases[i].kind == BASE_OURS)
			ret = pin_part(in, &in->bases[i], platforms, contexts,
				       err);
	return ret;
}

int
pins_for_engine(struct inputs *in, struct strv *contexts,
		struct imgcache_error *err)
{
	bool untold;
	int ret = is_untold(in, &untold, err);

	if (!ret && !untold)
		strv_push_all(contexts, &in->plain_contexts);
	return ret;
}
