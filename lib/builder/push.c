/* SPDX-License-Identifier: MIT */
/*
 * The registry is asked before and after: before, because what is there stays
 * there; after, because a tag that can be replaced may have been replaced by
 * another machine a moment ago, and because docker's word for it is no proof.
 */
#include "builder/push.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "builder/builder.h"
#include "builder/parts.h"
#include "docker/engine.h"
#include "docker/registry.h"
#include "key/platforms.h"
#include "lookup/arrival.h"
#include "lookup/remote.h"
#include "session/registries.h"
#include "store/platforms.h"
#include "sys/clock.h"

struct push {
	struct inputs *in;
	struct lookup_found *f;
	const struct push_options *o;
	struct imgcache_answer *a;
	struct remote_image there;	/* what the registry has */
	const char *there_local;	/* digest of its image for here */
};

/* In the order in which they are worse. */
enum presence { THERE, ABSENT, OUTDATED, OCCUPIED };

/* What is under the ref now? EUNKNOWN if that cannot be found out. */
static int
ask(struct push *p, enum presence *out, struct imgcache_error *err)
{
	const struct remote_demand d = {
		.generation = p->f->generation, .all_platforms = true
	};
	const struct registry_variant *v;
	struct registry_image image = {0};
	struct inputs *in = p->in;
	const char *wrong = "";
	enum imgcache_reason reason;
	int ret = registry_image(&in->ic->registry, in->ref, in->local,
				 &image, err);

	*out = ABSENT;
	if (!ret) {
		reason = remote_judge(in, &d, &image, &wrong);
		*out = reason == IMGCACHE_REASON_NONE ? THERE :
			reason == IMGCACHE_INVALIDATED ? OUTDATED : OCCUPIED;
		remote_found(in, registries_home(in->ic, in->r->recipe),
			     image.digest, &p->there);
		v = registry_image_variant(&image, in->local);
		p->there_local = arena_strdup(&in->ic->arena, v ? v->digest :
					      image.digest);
	}
	if (ret == IMGCACHE_ENO) {
		error_clear(err);
		ret = 0;
	}
	if (!ret && *out == OCCUPIED)
		ret = error_set(err, IMGCACHE_EFAIL, "'%s' is taken by %s, %s; "
				"remove it there, or change salt", in->ref,
				image.digest, wrong);
	registry_image_release(&image);
	return ret;
}

/* Is it the image that has that digest, alone or as one of an index? */
static bool
has_digest(const struct engine_image *image, const char *digest)
{
	const char *const *d;

	if (!strcmp(image->id, digest))
		return true;
	for (d = image->digests; *d; d++)
		if (str_ends(*d, digest))
			return true;
	return false;
}

/* Has the engine's image come from there, or gone there? */
static int
is_same(struct push *p, bool *same, struct imgcache_error *err)
{
	struct engine_image image = {0};
	struct engine *e;
	int ret = session_engine(p->in->ic, &e, err);

	if (!ret)
		ret = engine_image(e, p->in->ref, &image, err);
	*same = !ret && (has_digest(&image, p->there.digest) ||
			 has_digest(&image, p->there_local));
	engine_image_release(&image);
	return ret;
}

static int
record(struct push *p, struct imgcache_error *err)
{
	struct image_push push = {
		.ref = p->in->ref,
		.digest = p->there.digest,
		.at = clock_now_s(),
	};

	p->a->pushed_ref = p->in->ref;
	p->a->digest = p->there.digest;
	if (session_is_disabled(p->in->ic) || !p->f->has_row)
		return 0;
	return images_set_pushed(p->in->ic->catalog, p->f->row.id, &push, err);
}

/* Another build of the key was first: its image takes the place of ours. */
static int
adopt(struct push *p, struct imgcache_error *err)
{
	struct imgcache_answer got = *p->a;
	const char *old = p->a->image_id;
	int ret = remote_pull(p->in, p->f, &p->there, &got, err);

	if (ret)
		return ret;
	if (got.state != IMGCACHE_HIT) {
		session_warn(p->in->ic, "'%s' is in the registry as another "
			     "build, which could not be pulled: %s", p->in->ref,
			     got.detail);
		return 0;
	}
	got.built = p->a->built;
	got.reason = p->a->reason;
	got.detail = p->a->detail;
	*p->a = got;
	arrival_names(p->in, got.image_id, p->o->build->tags);
	arrival_replaces(p->in, old, got.image_id);
	return 0;
}

/* It is in the registry: is it here, too? */
static int
settle(struct push *p, struct imgcache_error *err)
{
	bool same;
	int ret = is_same(p, &same, err);

	if (!ret && !same)
		ret = adopt(p, err);
	return ret ? ret : record(p, err);
}

/* Are all platforms here, in the one image? */
static int
is_whole(struct push *p, bool *whole, struct imgcache_error *err)
{
	const struct strv *all = &p->in->r->recipe->platforms;
	struct strv loaded = {0};
	size_t i;
	int ret = 0;

	*whole = all->n < 2;
	if (*whole || !p->f->has_row)
		return 0;
	ret = platforms_get(p->in->ic->catalog, p->f->row.id, &loaded, err);
	*whole = !ret;
	for (i = 0; i < all->n; i++)
		*whole &= strv_has(&loaded, all->v[i]);
	strv_release(&loaded);
	return ret;
}

/* What is missing is built: all at once where that can be, else one by one. */
static int
send_missing(struct push *p, struct imgcache_error *err)
{
	const struct parts_options parts = {
		.build = p->o->build,
		.lock_fd = p->o->lock_fd,
		.local_id = p->a->image_id,
	};
	struct builder b = {
		.in = p->in,
		.found = p->f,
		.options = p->o->build,
		.reason = IMGCACHE_ASKED,
		.detail = "all platforms, for the push",
		.lock_fd = p->o->lock_fd,
	};
	bool together;
	int ret = platforms_together(p->in, p->o->build->builder, &together,
				     err);

	if (ret)
		return ret;
	if (!together)
		return parts_push(p->in, p->f, &parts, err);
	ret = builder_run(&b, p->a, err);
	builder_release(&b);
	return ret ? ret : registry_push(&p->in->ic->registry, p->in->ref,
					 err);
}

/*
 * Known to be in another repository: copied without the engine. Not from one
 * of untrusted builds, where somebody else's may have taken its place.
 */
static bool
has_source(const struct push *p)
{
	const struct inputs *in = p->in;
	const struct image_row *row = &p->f->row;
	char *repository;
	bool has;

	if (!p->f->has_row || !row->pushed_ref || !row->digest ||
	    !strcmp(row->pushed_ref, in->ref))
		return false;
	repository = mem_printf("%.*s", (int)(strrchr(row->pushed_ref, ':') -
					      row->pushed_ref),
				row->pushed_ref);
	has = registries_is_believed(in->ic, in->r->recipe, repository);
	free(repository);
	return has;
}

static int
copy(struct push *p, struct imgcache_error *err)
{
	const struct image_row *row = &p->f->row;
	const char *colon = strrchr(row->pushed_ref, ':');
	const char *source[] = {
		arena_printf(&p->in->ic->arena, "%.*s@%s",
			     (int)(colon - row->pushed_ref), row->pushed_ref,
			     row->digest), NULL
	};

	return registry_create(&p->in->ic->registry, p->in->ref, source, err);
}

static int
send(struct push *p, struct imgcache_error *err)
{
	bool whole;
	int ret = has_source(p) ? copy(p, err) : IMGCACHE_EUNKNOWN;

	if (ret != IMGCACHE_EUNKNOWN)
		return ret;
	/* what was there may be gone; the engine has it in any case */
	error_clear(err);
	ret = is_whole(p, &whole, err);
	if (ret)
		return ret;
	return whole ? registry_push(&p->in->ic->registry, p->in->ref, err) :
		send_missing(p, err);
}

static void
say(struct push *p, enum imgcache_event_type type, int64_t elapsed_us)
{
	struct imgcache_event e = {
		.type = type,
		.name = p->in->r->recipe->name,
		.ref = p->in->ref,
		.text = registries_home(p->in->ic, p->in->r->recipe),
		.elapsed_us = elapsed_us,
	};

	session_event(p->in->ic, &e);
}

/*
 * A push that was refused is no failure if the image is there by now: where
 * tags cannot be replaced, somebody else was first.
 */
static int
after_refusal(struct push *p, const struct imgcache_error *refusal,
	      struct imgcache_error *err)
{
	struct imgcache_error second = {0};
	enum presence now;
	int ret = ask(p, &now, &second);

	if (!ret && now == THERE)
		return 0;
	if (ret || now == ABSENT) {
		*err = ret == IMGCACHE_EFAIL ? second : *refusal;
		return err->code;
	}
	return error_set(err, refusal->code, "%.700s; where a tag cannot be "
			 "replaced, change salt to have the image built anew",
			 refusal->text);
}

static int
send_and_check(struct push *p, struct imgcache_error *err)
{
	int64_t start = clock_mono_us();
	struct imgcache_error refusal = {0};
	enum presence now;
	int ret;

	say(p, IMGCACHE_PUSH_BEGIN, 0);
	ret = send(p, &refusal);
	if (ret == IMGCACHE_EUNKNOWN)
		return after_refusal(p, &refusal, err);
	if (ret) {
		*err = refusal;
		return ret;
	}
	ret = ask(p, &now, err);
	if (!ret && now != THERE)
		ret = error_set(err, IMGCACHE_EUNKNOWN, "docker says that it "
				"pushed '%s', but the registry does not have "
				"it", p->in->ref);
	if (!ret)
		say(p, IMGCACHE_PUSH_END, clock_mono_us() - start);
	return ret;
}

/* What is on the engine now, and its row. Without a catalog there is none. */
static int
look(struct push *p, struct imgcache_error *err)
{
	struct imgcache_answer now;
	int ret;

	if (session_is_disabled(p->in->ic)) {
		p->f->has_row = false;
		return 0;
	}
	ret = lookup_image(p->in, p->f, &now, err);
	if (!ret && now.state != IMGCACHE_HIT)
		ret = error_set(err, IMGCACHE_EUNKNOWN, "'%s' was gone from "
				"the engine before it could be pushed",
				p->in->ref);
	return ret;
}

int
push_image(struct inputs *in, struct lookup_found *f,
	   const struct push_options *o, struct imgcache_answer *a,
	   struct imgcache_error *err)
{
	struct push p = { .in = in, .f = f, .o = o, .a = a };
	enum presence now;
	int ret = look(&p, err);

	if (!ret)
		ret = ask(&p, &now, err);
	if (!ret && now != THERE)
		ret = send_and_check(&p, err);
	return ret ? ret : settle(&p, err);
}
