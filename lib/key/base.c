/* SPDX-License-Identifier: MIT */
/*
 * Each source of an answer is one function that says found or not; the order
 * in which they are asked stands in base_resolve(). Only a question that could
 * not be answered is an error; "this one does not know" is not.
 */
#include "key/base.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "docker/engine.h"
#include "docker/registry.h"
#include "key/base_config.h"
#include "key/lockfile.h"
#include "recipe/dockerfile_ref.h"
#include "recipe/manifest.h"
#include "session/registries.h"
#include "store/bases.h"
#include "store/images.h"
#include "sys/clock.h"
#include "sys/file.h"

#define KEPT "localhost/imgcache-base:"
#define SCOPE_REGISTRY "registry"

/* The part of a reference before its tag and digest. */
static size_t
name_length(const char *ref)
{
	const char *slash = strrchr(ref, '/');
	const char *from = slash ? slash : ref;

	return (size_t)(from - ref) + strcspn(from, ":@");
}

static void
pin(struct imgcache *ic, struct base *b, const char *digest)
{
	b->kind = BASE_PINNED;
	b->digest = arena_strdup(&ic->arena, digest);
	b->config_of = b->digest;
	b->pinned = strchr(b->ref, '@') ? b->ref :
		arena_printf(&ic->arena, "%s@%s", b->ref, digest);
}

/* A local image: its own id is what the build takes, under a name of ours. */
static void
keep_local(struct imgcache *ic, struct base *b, const char *id,
	   const char *digest)
{
	const char *hex = strchr(id, ':');

	b->kind = BASE_LOCAL;
	b->digest = arena_strdup(&ic->arena, digest);
	b->image_id = arena_strdup(&ic->arena, id);
	b->config_of = b->image_id;
	b->pinned = arena_printf(&ic->arena, KEPT "%s", hex ? hex + 1 : id);
}

static bool
is_ours(struct imgcache *ic, const char *ref, struct base *b)
{
	size_t len = name_length(ref);

	if (ref[len] != ':' || !manifest_is_tag(ref + len + 1) ||
	    !registries_has(ic, ref, len))
		return false;
	b->kind = BASE_OURS;
	b->digest = arena_strdup(&ic->arena, ref + len + 1);
	b->config_of = b->digest;
	b->pinned = b->ref;
	return true;
}

/* What the base's own USER is, for those of which only the engine knows. */
static int
ask_user(struct imgcache *ic, struct base *b, struct imgcache_error *err)
{
	struct engine_image image = {0};
	struct engine *e;
	int ret = session_engine(ic, &e, err);

	if (!ret)
		ret = engine_image(e, b->at ? b->at : b->pinned, &image, err);
	if (!ret)
		b->user = arena_strdup(&ic->arena, image.user);
	if (ret == IMGCACHE_ENO) {
		error_clear(err);
		ret = error_set(err, IMGCACHE_EFAIL, "base '%s' is not built "
				"yet and its USER not known; build it first",
				b->ref);
	}
	engine_image_release(&image);
	return ret;
}

static void
keep_locked(struct imgcache *ic, struct base *b, const struct lockfile_row *row)
{
	size_t i;

	b->n_locked = row->n_configs;
	b->locked = arena_alloc(&ic->arena,
				(b->n_locked + 1) * sizeof(*b->locked));
	for (i = 0; i < b->n_locked; i++)
		b->locked[i] = (struct lockfile_config){
			.platform = arena_strdup(&ic->arena,
						 row->configs[i].platform),
			.text = arena_strdup(&ic->arena, row->configs[i].text),
			.line = row->configs[i].line,
		};
}

static int
from_lock(struct imgcache *ic, const struct base_query *q, struct base *b,
	  bool *found, struct imgcache_error *err)
{
	const struct lockfile_row *row;
	struct lockfile l = {0};
	char *path;
	int ret;

	*found = false;
	if (q->no_lock || !ic->has_project)
		return 0;
	path = path_join(ic->project.dir, "imgcache.lock");
	ret = lockfile_read(path, &l, err);
	row = ret ? NULL : lockfile_find(&l, q->ref);
	if (row) {
		*found = true;
		pin(ic, b, row->digest);
		b->user = arena_strdup(&ic->arena, row->user);
		keep_locked(ic, b, row);
	}
	lockfile_release(&l);
	free(path);
	return ret;
}

/* The newest remembered answer of a scope, and whether it is fresh. */
static int
from_memo(struct imgcache *ic, const char *scope, const struct base_query *q,
	  struct base_row *row, bool *found, bool *is_fresh,
	  struct imgcache_error *err)
{
	int64_t ttl = settings_int(&ic->settings, SETTING_BASE_TTL);
	int64_t age;
	int ret;

	ret = bases_get(ic->catalog, scope, q->ref, q->platform, &ic->arena,
			row, found, err);
	if (ret || !*found)
		return ret;
	age = clock_now_s() - row->resolved_at;
	*is_fresh = !q->fresh && age >= 0 && age < ttl;
	return 0;
}

static int
remember(struct imgcache *ic, const char *scope, const struct base_query *q,
	 const char *digest, const char *user, struct imgcache_error *err)
{
	struct base_row row = {
		.scope = scope,
		.ref = q->ref,
		.platform = q->platform,
		.digest = digest,
		.source = strcmp(scope, SCOPE_REGISTRY) ? "engine" : "registry",
		.user = user,
	};

	return catalog_forgo(bases_put(ic->catalog, &row, err), err);
}

/*
 * Ask the registry. *found is false when it says no; IMGCACHE_EUNKNOWN when it
 * gives no answer.
 */
static int
from_registry(struct imgcache *ic, const struct base_query *q, struct base *b,
	      bool *found, struct imgcache_error *err)
{
	struct registry_image image = {0};
	int ret = registry_image(&ic->registry, q->ref, q->platform, &image,
				 err);

	*found = !ret;
	if (ret == IMGCACHE_ENO) {
		error_clear(err);
		ret = 0;
	} else if (!ret && !image.has_platform) {
		ret = error_set(err, IMGCACHE_EFAIL, "base '%s' has no image "
				"for %s; choose another base or platform",
				q->ref, q->platform);
	} else if (!ret) {
		pin(ic, b, image.digest);
		b->user = arena_strdup(&ic->arena, image.user);
		ret = remember(ic, SCOPE_REGISTRY, q, image.digest, image.user,
			       err);
	}
	registry_image_release(&image);
	return ret;
}

/* known: the id that is remembered already, so that a hit writes nothing. */
static int
from_engine(struct imgcache *ic, const struct base_query *q, struct base *b,
	    const char *known, bool *found, struct imgcache_error *err)
{
	struct engine_image image = {0};
	const char *digest, *name;
	struct engine *e;
	int ret;

	*found = false;
	ret = session_engine(ic, &e, err);
	if (!ret)
		ret = engine_image(e, q->ref, &image, err);
	if (ret == IMGCACHE_ENO) {
		error_clear(err);
		return 0;
	}
	if (ret)
		return ret;
	*found = true;
	if (q->engine_decides)
		ret = engine_takes(e, &image, q->platform, found, err);
	if (ret || !*found) {
		engine_image_release(&image);
		return ret;
	}
	digest = engine_image_digest(&image, q->ref);
	keep_local(ic, b, image.id, digest ? digest : image.id);
	b->user = arena_strdup(&ic->arena, image.user);
	ret = base_config_seen(ic, image.id, &image, !str_is(known, image.id),
			       err);
	if (!ret && !str_is(known, image.id)) {
		ret = session_engine_name(ic, &name, err);
		if (!ret)
			ret = remember(ic, name, q, image.id, image.user, err);
	}
	engine_image_release(&image);
	return ret;
}

static void
warn_old(struct imgcache *ic, const struct base_query *q)
{
	session_warn(ic, "base '%s' cannot be looked up now; going by what "
		     "was remembered of it", q->ref);
}

/* Nobody answers: the newest remembered answer, with a warning. */
static int
from_old_memo(struct imgcache *ic, const struct base_query *q, struct base *b,
	      const char *engine, bool *found, struct imgcache_error *err)
{
	struct base_row row;
	bool is_fresh;
	int ret;

	ret = from_memo(ic, SCOPE_REGISTRY, q, &row, found, &is_fresh, err);
	if (!ret && !*found)
		ret = from_memo(ic, engine, q, &row, found, &is_fresh, err);
	if (ret || !*found)
		return ret;
	if (!strcmp(row.source, SCOPE_REGISTRY))
		pin(ic, b, row.digest);
	else
		keep_local(ic, b, row.digest, row.digest);
	b->user = row.user ? row.user : "";
	warn_old(ic, q);
	return 0;
}

static int
not_to_be_found(const struct base_query *q, const struct imgcache_error *why,
		struct imgcache_error *err)
{
	if (why->code)
		return error_set(err, IMGCACHE_EFAIL, "cannot find out which "
				 "image base '%s' is: %.600s", q->ref,
				 why->text);
	return error_set(err, IMGCACHE_EFAIL, "base '%s' does not exist, "
			 "neither on the engine nor in its registry; check "
			 "the name, pull or build it, or log in", q->ref);
}

/* Registry, engine, memory, in the order that the memo suggests. */
static int
ask_around(struct imgcache *ic, const struct base_query *q, struct base *b,
	   struct imgcache_error *err)
{
	struct imgcache_error why = {0}, unasked = {0};
	const char *engine = NULL;
	bool found = false, is_fresh = false, is_asked = false, has_old;
	struct base_row row = {0}, old;
	int ret;

	ret = from_memo(ic, SCOPE_REGISTRY, q, &row, &found, &is_fresh, err);
	if (ret)
		return ret;
	if (found && is_fresh) {
		pin(ic, b, row.digest);
		b->user = row.user ? row.user : "";
		return 0;
	}
	has_old = found;
	old = row;
	if (session_engine_name(ic, &engine, &why))
		engine = NULL;
	else if (from_memo(ic, engine, q, &row, &found, &is_fresh, err))
		return err->code;
	/* what it had it may have no more */
	if (engine && found && is_fresh) {
		is_asked = true;
		ret = from_engine(ic, q, b, row.digest, &found, &unasked);
		if (!ret && found)
			return 0;
	}
	if (!unasked.code) {
		error_clear(&why);
		ret = from_registry(ic, q, b, &found, &why);
		if (!ret && found)
			return 0;
		if (ret == IMGCACHE_EUNKNOWN && has_old) {
			pin(ic, b, old.digest);
			b->user = old.user ? old.user : "";
			warn_old(ic, q);
			return 0;
		}
		if (ret && ret != IMGCACHE_EUNKNOWN) {
			*err = why;
			return ret;
		}
	}
	if (engine && !is_asked) {
		ret = from_engine(ic, q, b, NULL, &found, &unasked);
		if (!ret && found)
			return 0;
	}
	if (unasked.code == IMGCACHE_EINTR) {
		*err = unasked;
		return unasked.code;
	}
	/* that the engine has none is no answer of the registry */
	if (!why.code)
		why = unasked;
	ret = from_old_memo(ic, q, b, engine, &found, err);
	if (ret || found)
		return ret;
	return not_to_be_found(q, &why, err);
}

/*
 * A base that the build cannot be told to pin: the engine takes its own image
 * of that name if it is for the platform, else the registry's. What the key
 * says of it is looked at before a build and after it, see pins_check().
 */
static int
what_engine_takes(struct imgcache *ic, const struct base_query *q,
		  struct base *b, struct imgcache_error *err)
{
	bool found;
	int ret = from_lock(ic, q, b, &found, err);

	if (!ret && !found)
		ret = from_engine(ic, q, b, NULL, &found, err);
	if (!ret && !found)
		ret = ask_around(ic, q, b, err);
	b->kind = BASE_NAMED;
	b->pinned = b->ref;
	b->decided_for = arena_strdup(&ic->arena, q->own_platform ?
				      q->own_platform : "");
	return ret;
}

int
base_resolve(struct imgcache *ic, const struct base_query *q,
	     struct base *out, struct imgcache_error *err)
{
	const char *digest = strstr(q->ref, "@sha256:");
	bool found;
	int ret;

	memset(out, 0, sizeof(*out));
	out->ref = arena_strdup(&ic->arena, q->ref);
	out->user = "";
	if (is_ours(ic, q->ref, out)) {
		out->at = q->at;
		out->user = q->user ? q->user : "";
		return q->wants_user && !q->user ? ask_user(ic, out, err) : 0;
	}
	if (digest && !q->wants_user) {
		pin(ic, out, digest + 1);
		return 0;
	}
	if (q->by_name) {
		/* nobody is asked, so its USER is not known: see user: */
		out->kind = BASE_NAMED;
		out->digest = "name";
		out->pinned = out->ref;
		return 0;
	}
	ret = session_catalog(ic, CATALOG_READ, err);
	if (!ret && q->engine_decides)
		return what_engine_takes(ic, q, out, err);
	if (!ret)
		ret = from_lock(ic, q, out, &found, err);
	if (ret || found)
		return ret;
	ret = ask_around(ic, q, out, err);
	if (ret == IMGCACHE_EFAIL && digest) {
		error_clear(err);
		ret = 0;
		session_warn(ic, "base '%s' cannot be looked at; taking its "
			     "USER to be root", q->ref);
	}
	if (!ret && digest)
		pin(ic, out, digest + 1);
	return ret;
}

const struct base *
base_by_other_spelling(const struct base *v, size_t n,
		       const struct base_query *q)
{
	char *name = q->engine_decides ? NULL : image_ref_context_name(q->ref);
	const struct base *same = NULL;
	size_t i;

	for (i = 0; name && !same && i < n; i++) {
		char *other = image_ref_context_name(v[i].ref);

		if (str_is(other, name) && (v[i].kind == BASE_PINNED ||
					    v[i].kind == BASE_LOCAL))
			same = &v[i];
		free(other);
	}
	free(name);
	return same;
}

void
base_respell(struct imgcache *ic, const struct base *same, const char *ref,
	     struct base *out)
{
	*out = *same;
	out->ref = arena_strdup(&ic->arena, ref);
	if (out->kind == BASE_PINNED)
		out->pinned = strchr(ref, '@') ? out->ref :
			arena_printf(&ic->arena, "%s@%s", ref, out->digest);
}

/*
 * Labels are inherited, so an image built from ours may have its key and its
 * name. Of what this catalog has built it knows the id; what it knows to be
 * gone may have been built again by another one.
 */
static int
is_another(struct imgcache *ic, const struct base *b, const char *id,
	   bool *another, struct imgcache_error *err)
{
	struct image_list list = {0};
	const char *engine;
	size_t i;
	int ret = session_catalog(ic, CATALOG_READ, err);

	*another = false;
	if (!ret)
		ret = session_engine_name(ic, &engine, err);
	if (!ret)
		ret = images_find(ic->catalog, engine, b->digest, &list, err);
	for (i = 0; !ret && i < list.n; i++) {
		const struct image_row *row = &list.v[i];

		/* that of moved sources has more behind the key */
		if (!row->image_id || strcmp(row->key.tag, b->digest))
			continue;
		if (!strcmp(row->image_id, id)) {
			*another = false;
			break;
		}
		*another |= row->status == IMAGE_COMPLETED;
	}
	image_list_release(&list);
	return ret;
}

/*
 * A name like ours is not enough: the image must carry the key. Then it gets
 * the name that the build uses.
 */
static int
keep_ours(struct imgcache *ic, const struct base *b,
	  struct imgcache_error *err)
{
	const char *at = b->at ? b->at : b->pinned;
	struct engine_image image = {0};
	const char *label;
	bool another = false;
	struct engine *e;
	int ret = session_engine(ic, &e, err);

	if (!ret)
		ret = engine_image(e, at, &image, err);
	if (!ret)
		ret = is_another(ic, b, image.id, &another, err);
	if (ret == IMGCACHE_ENO) {
		error_clear(err);
		ret = error_set(err, IMGCACHE_EFAIL, "base '%s' is not on the "
				"engine; build it first", at);
	} else if (!ret) {
		label = engine_image_label(&image, "io.imgcache.key");
		if (!label || strcmp(label, b->digest) || another)
			ret = error_set(err, IMGCACHE_EFAIL, "base '%s' is an "
					"image of somebody else under a name "
					"of ours; build it again", at);
		if (!ret && strcmp(at, b->pinned))
			ret = engine_tag(e, image.id, b->pinned, err);
	}
	engine_image_release(&image);
	return ret;
}

int
base_keep(struct imgcache *ic, const struct base *b,
	  struct imgcache_error *err)
{
	struct engine *e;
	int ret;

	if (b->kind == BASE_OURS)
		return keep_ours(ic, b, err);
	if (b->kind != BASE_LOCAL)
		return 0;
	ret = session_engine(ic, &e, err);
	if (!ret)
		ret = engine_tag(e, b->image_id, b->pinned, err);
	if (ret)
		error_prefix(err, "keeping base '%s'", b->ref);
	return ret;
}
