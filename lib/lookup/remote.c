/* SPDX-License-Identifier: MIT */
#include "lookup/remote.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "docker/engine.h"
#include "docker/registry.h"
#include "lookup/arrival.h"
#include "session/labels.h"
#include "session/registries.h"
#include "sys/clock.h"

static bool
is_of_key(const struct inputs *in, const struct registry_variant *v)
{
	return str_is(registry_variant_label(v, LABEL_KEY), in->tag);
}

static int64_t
generation_of(const struct registry_variant *v)
{
	const char *text = registry_variant_label(v, LABEL_GENERATION);

	return text ? strtoll(text, NULL, 10) : 0;
}

enum imgcache_reason
remote_judge(const struct inputs *in, const struct remote_demand *d,
	     const struct registry_image *image, const char **wrong)
{
	const struct strv *platforms = &in->r->recipe->platforms;
	const struct registry_variant *v;
	size_t i;

	*wrong = "which does not carry the key";
	for (i = 0; i < platforms->n; i++) {
		const char *p = platforms->v[i];

		if (!d->all_platforms && !str_is(p, in->local))
			continue;
		v = registry_image_variant(image, p);
		if (!v) {
			*wrong = arena_printf(&in->ic->arena,
					      "which has no %s", p);
			return IMGCACHE_FOREIGN;
		}
		if (!is_of_key(in, v))
			return IMGCACHE_FOREIGN;
		*wrong = "which was built without the invalidation";
		if (generation_of(v) < d->generation)
			return IMGCACHE_INVALIDATED;
	}
	return IMGCACHE_REASON_NONE;
}

void
remote_found(struct inputs *in, const char *repository, const char *digest,
	     struct remote_image *out)
{
	struct arena *a = &in->ic->arena;

	out->repository = arena_strdup(a, repository);
	out->digest = arena_strdup(a, digest);
	out->ref = arena_printf(a, "%s@%s", repository, digest);
}

/* One registry. IMGCACHE_ENO, IMGCACHE_EUNKNOWN with err, or 0 with a's reason
 * set unless it is what was asked for. */
static int
ask(struct inputs *in, const struct remote_demand *d, const char *repository,
    struct remote_image *out, struct imgcache_answer *a,
    struct imgcache_error *err)
{
	struct registry_image image = {0};
	enum imgcache_reason reason;
	char *ref = mem_printf("%s:%s", repository, in->tag);
	const char *wrong;
	int ret = registry_image(&in->ic->registry, ref, in->local, &image,
				 err);

	if (!ret) {
		reason = remote_judge(in, d, &image, &wrong);
		if (reason == IMGCACHE_REASON_NONE) {
			remote_found(in, repository, image.digest, out);
		} else {
			a->reason = reason;
			a->detail = arena_printf(&in->ic->arena,
						 "%s has %s, %s", repository,
						 image.digest, wrong);
		}
	}
	registry_image_release(&image);
	free(ref);
	return ret;
}

static void
set_unknown(struct inputs *in, const struct imgcache_error *why,
	    struct imgcache_answer *a)
{
	a->state = IMGCACHE_UNKNOWN;
	a->reason = IMGCACHE_REGISTRY_UNKNOWN;
	a->detail = arena_strdup(&in->ic->arena, why->text);
}

int
remote_look(struct inputs *in, const struct lookup_found *f,
	    struct remote_image *out, struct imgcache_answer *a,
	    struct imgcache_error *err)
{
	const struct remote_demand d = { .generation = f->generation };
	struct imgcache_error first = {0};
	struct strv repositories = {0};
	size_t i;
	int ret = 0;

	memset(out, 0, sizeof(*out));
	/* a key that never leaves its machine is in no registry */
	if (!inputs_are_forgeable(in))
		registries_to_read(in->ic, in->r->recipe, &repositories);
	for (i = 0; i < repositories.n && !out->repository; i++) {
		struct imgcache_error why = {0};

		ret = ask(in, &d, repositories.v[i], out, a, &why);
		if (ret == IMGCACHE_EINTR) {
			*err = why;
			break;
		}
		if (ret && ret != IMGCACHE_ENO && !first.code)
			first = why;
		ret = 0;
	}
	if (!ret && !out->repository && first.code)
		set_unknown(in, &first, a);
	strv_release(&repositories);
	return ret;
}

static bool
is_what_was_said(const struct inputs *in, const struct lookup_found *f,
		 const struct engine_image *image)
{
	return str_is(engine_image_label(image, LABEL_KEY), in->tag) &&
		labels_generation(image) >= f->generation;
}

static int
record(struct inputs *in, struct lookup_found *f,
       const struct remote_image *r, const struct engine_image *image,
       struct imgcache_error *err)
{
	struct catalog *cat = in->ic->catalog;
	struct image_row row = arrival_row(in, &f->key);
	struct image_push push = {
		.ref = arena_printf(&in->ic->arena, "%s:%s", r->repository,
				    in->tag),
		.digest = r->digest,
		.at = clock_now_s(),
	};
	int ret;

	row.status = IMAGE_COMPLETED;
	row.origin = "pulled";
	row.is_untrusted = !registries_is_believed(in->ic, in->r->recipe,
						   r->repository);
	row.image_id = image->id;
	row.size_bytes = image->size_bytes;
	row.generation = labels_generation(image);
	if (session_is_disabled(in->ic) || catalog_flags(cat).is_readonly)
		return 0;
	ret = catalog_begin(cat, err);
	if (ret)
		return ret;
	ret = arrival_inputs(in, &row, &f->row.id, err);
	if (!ret)
		ret = images_clear_build(cat, f->row.id, err);
	if (!ret)
		ret = images_set_pushed(cat, f->row.id, &push, err);
	if (!ret)
		ret = lookup_loaded(in, f, image->id, err);
	if (!ret)
		return catalog_commit(cat, err);
	catalog_rollback(cat);
	return ret;
}

static void
set_hit(struct inputs *in, const struct remote_image *r,
	const struct engine_image *image, struct imgcache_answer *a)
{
	a->state = IMGCACHE_HIT;
	a->reason = IMGCACHE_REASON_NONE;
	a->detail = NULL;
	a->pulled = true;
	a->remote = r->ref;
	a->pushed_ref = arena_printf(&in->ic->arena, "%s:%s", r->repository,
				     in->tag);
	a->image_id = arena_strdup(&in->ic->arena, image->id);
	a->digest = r->digest;
	a->size_bytes = image->size_bytes;
}

/*
 * The image is known by its id before it has its name, so that a crash in
 * between is no foreign image.
 */
static int
settle(struct inputs *in, struct lookup_found *f,
       const struct remote_image *r, const struct engine_image *image,
       struct imgcache_error *err)
{
	const char *old = f->has_row ? f->row.image_id : NULL;
	struct imgcache_error names = {0};
	enum engine_removed removed;
	struct engine *e;
	int ret = session_engine(in->ic, &e, err);

	if (!ret)
		ret = record(in, f, r, image, err);
	if (!ret)
		ret = engine_tag(e, image->id, in->ref, err);
	if (ret)
		return ret;
	arrival_names(in, image->id, NULL);
	/* docker keeps the digest in a repository with the last tag there */
	if (strcmp(r->repository, registries_home(in->ic, in->r->recipe)))
		(void)engine_remove(e, r->ref, &removed, NULL, &names);
	arrival_replaces(in, old, image->id);
	return 0;
}

static void
drop(struct engine *e, const char *ref)
{
	struct imgcache_error ignored = {0};
	enum engine_removed removed;

	(void)engine_remove(e, ref, &removed, NULL, &ignored);
}

/* What came under the digest: is it what the registry said of it? */
static int
look_again(struct inputs *in, struct lookup_found *f,
	   const struct remote_image *r, struct imgcache_answer *a,
	   struct imgcache_error *err)
{
	struct engine_image image = {0};
	struct engine *e;
	int ret = session_engine(in->ic, &e, err);

	if (!ret)
		ret = engine_image(e, r->ref, &image, err);
	if (!ret && !is_what_was_said(in, f, &image)) {
		a->reason = IMGCACHE_FOREIGN;
		a->detail = arena_printf(&in->ic->arena, "what came as %s does "
					 "not carry the key", r->ref);
		drop(e, r->ref);
	} else if (!ret) {
		arrival_size(e, &image);
		ret = settle(in, f, r, &image, err);
		if (!ret)
			set_hit(in, r, &image, a);
	}
	engine_image_release(&image);
	return ret;
}

static void
say(struct inputs *in, enum imgcache_event_type type,
    const struct remote_image *r, int64_t elapsed_us)
{
	struct imgcache_event e = {
		.type = type,
		.name = in->r->recipe->name,
		.ref = in->ref,
		.text = r->repository,
		.elapsed_us = elapsed_us,
	};

	session_event(in->ic, &e);
}

/*
 * The classic store has one image for a digest, and refuses to take another
 * platform of the same index for it.
 */
static void
make_way(struct inputs *in, const struct lookup_found *f,
	 const struct remote_image *r)
{
	struct imgcache_error ignored = {0};
	struct engine *e;

	if (f->is_partly_here && f->engine && strstr(f->engine, "/classic:") &&
	    !session_engine(in->ic, &e, &ignored))
		drop(e, r->ref);
}

int
remote_pull(struct inputs *in, struct lookup_found *f,
	    const struct remote_image *r, struct imgcache_answer *a,
	    struct imgcache_error *err)
{
	int64_t start = clock_mono_us();
	struct imgcache_error why = {0};
	int ret;

	say(in, IMGCACHE_PULL_BEGIN, r, 0);
	make_way(in, f, r);
	ret = registry_pull(&in->ic->registry, r->ref, in->local, &why);
	if (!ret)
		ret = look_again(in, f, r, a, &why);
	if (!ret && a->state == IMGCACHE_HIT)
		say(in, IMGCACHE_PULL_END, r, clock_mono_us() - start);
	if (ret == IMGCACHE_ENO || ret == IMGCACHE_EUNKNOWN) {
		set_unknown(in, &why, a);
		ret = 0;
	}
	if (ret)
		*err = why;
	return ret;
}
