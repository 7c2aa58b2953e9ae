/* SPDX-License-Identifier: MIT */
/*
 * Get or build, hold a lease, run by image id. Docker protects the image once
 * the container exists, so the lease is kept to the end only because that is
 * simplest; an image that vanishes in between is built once more.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/units.h"
#include "builder/ensure.h"
#include "docker/engine.h"
#include "docker/registry.h"
#include "docker/run.h"
#include "jobs/background.h"
#include "keep/prune.h"
#include "key/base.h"
#include "key/inputs.h"
#include "session/alive.h"
#include "session/recipes.h"
#include "store/images.h"
#include "sys/clock.h"
#include "sys/file.h"

#define FAILED_S (60 * 60)	/* so long a failed build is not begun again */

/*
 * docker that cannot write the container's id leaves the container behind, so
 * it is not asked before as much could be written there.
 */
static bool
has_room(const char *dir, struct imgcache_error *err)
{
	static const char block[4096];
	char *path = mem_printf("%s/run-%ld.room", dir, (long)getpid());
	int ret;

	error_clear(err);
	ret = file_replace(AT_FDCWD, path, block, sizeof(block), 0600, false,
			   err);
	unlink(path);
	free(path);
	return !ret;
}

/* A directory of our own that goes again, or NULL. */
static char *
make_temp_dir(const char *parent, struct imgcache_error *err)
{
	char *dir = path_join(parent, "imgcache-XXXXXX");

	error_clear(err);
	if (mkdtemp(dir) && has_room(dir, err))
		return dir;
	if (!err->code)
		error_errno(err, IMGCACHE_EFAIL, "cannot make '%s'", dir);
	rmdir(dir);
	free(dir);
	return NULL;
}

/*
 * Where docker writes the container's id: with our state, or where that is
 * read-only or full elsewhere (*made is set and to be removed).
 */
static int
find_private_dir(struct imgcache *ic, const char **dir, char **made,
		 struct imgcache_error *err)
{
	const char *temp = expand_get(&ic->env, "TMPDIR");
	struct imgcache_error why = {0};

	*made = NULL;
	if (!session_state_dir(ic, "handover", dir, &why) &&
	    has_room(*dir, &why))
		return 0;
	*made = make_temp_dir(temp && *temp == '/' ? temp : "/tmp", &why);
	if (!*made) {
		struct imgcache_error last = {0};

		*made = make_temp_dir("/dev/shm", &last);
	}
	*dir = *made;
	return *made ? 0 : error_set(err, IMGCACHE_EFAIL, "no room for the "
		"file with the container's id: %s; free some, or set TMPDIR "
		"to a directory that has some", why.text);
}

static int
run_image(struct imgcache_recipe *r, const struct imgcache_spawn_options *o,
	  const char *image, struct run_result *out,
	  struct imgcache_error *err)
{
	struct run_request request = {
		.image = image,
		.options = o->docker_args,
		.command = o->command,
		.memory = o->memory,
		.cpus = o->cpus,
		.timeout_s = o->timeout_s,
	};
	struct engine *e;
	char *made = NULL;
	const struct strv *platforms = &r->recipe->platforms;
	int ret = session_engine(r->ic, &e, err);

	if (platforms->n)
		request.platform = inputs_local_platform(r);
	if (platforms->n == 1 &&
	    !strcmp(platforms->v[0], session_own_platform(r->ic)))
		request.platform = NULL;
	if (!ret)
		ret = find_private_dir(r->ic, &request.private_dir, &made,
				       err);
	session_speak(r->ic);
	if (!ret)
		ret = run_container(&request, e, out, err);
	if (made)
		rmdir(made);
	free(made);
	return ret;
}

/* docker run pulls nothing, so a base that was never used here comes first. */
static int
have_base(struct imgcache_recipe *r, const struct base *b,
	  struct imgcache_error *err)
{
	struct engine_image image = {0};
	struct engine *e;
	int ret = base_keep(r->ic, b, err);

	if (!ret)
		ret = session_engine(r->ic, &e, err);
	if (!ret)
		ret = engine_image(e, b->pinned, &image, err);
	if (ret == IMGCACHE_ENO) {
		error_clear(err);
		ret = registry_pull(&r->ic->registry, b->pinned,
				    inputs_local_platform(r), err);
		if (ret == IMGCACHE_ENO)
			ret = err->code = IMGCACHE_EFAIL;
	}
	engine_image_release(&image);
	return ret;
}

/* The image of the base alone, for --on-miss=base. */
static int
base_image(struct imgcache_recipe *r, struct imgcache_answer *a,
	   struct imgcache_error *err)
{
	static const struct inputs_options none;
	struct inputs in;
	int ret = inputs_take_dockerfile(r, &none, &in, err);

	if (!ret && !in.n_bases)
		ret = error_set(err, IMGCACHE_EFAIL, "this recipe has no base "
				"image to run instead");
	if (!ret)
		ret = have_base(r, &in.bases[in.n_bases - 1], err);
	if (!ret) {
		a->image_id = in.bases[in.n_bases - 1].pinned;
		a->is_base = true;
	}
	inputs_release(&in);
	return ret;
}

/* NO_CACHE=true for the container was the service's way to say --no-cache. */
static bool
asks_no_cache(const char *const *options)
{
	for (; options && *options; options++) {
		const char *o = *options;

		if (str_starts(o, "--env="))
			o += 6;
		else if (str_starts(o, "-e") && o[2])
			o += 2;
		else if ((!strcmp(o, "-e") || !strcmp(o, "--env")) &&
			 options[1])
			o = *++options;
		else
			continue;
		if (!strcmp(o, "NO_CACHE=true") || !strcmp(o, "NO_CACHE=1"))
			return true;
	}
	return false;
}

static void
say_somebody_is(struct imgcache *ic, const struct imgcache_answer *a)
{
	const struct imgcache_event e = {
		.type = IMGCACHE_BASE_INSTEAD,
		.name = a->name,
		.ref = a->ref,
		.text = imgcache_reason_text(alive_reason(ic, a->tag,
							  a->reason)),
	};

	session_event(ic, &e);
}

/* The row, if the last build of the key failed not long ago. */
static int
find_failed(struct imgcache *ic, const char *tag, struct image_list *list,
	    struct imgcache_error *err)
{
	const char *engine;
	int ret = session_engine_name(ic, &engine, err);

	if (!ret)
		ret = session_catalog(ic, CATALOG_READ, err);
	if (!ret)
		ret = images_find(ic->catalog, engine, tag, list, err);
	if (!ret && (!list->n || list->v[0].status != IMAGE_FAILED ||
		     llabs(clock_now_s() - list->v[0].status_at) >= FAILED_S))
		ret = IMGCACHE_ENO;
	return ret;
}

/* It would fail once more; who mended what is outside asks for a build. */
static bool
has_just_failed(struct imgcache_recipe *r, const struct imgcache_answer *a)
{
	struct imgcache_error ignored = {0};
	struct image_list list = {0};
	char ago[UNITS_TEXT], id[13];
	bool has = a->reason == IMGCACHE_BUILD_FAILED && a->tag &&
		!find_failed(r->ic, a->tag, &list, &ignored);

	if (has) {
		image_short_id(a->tag, id);
		units_age(ago, clock_now_s() - list.v[0].status_at);
		session_warn(r->ic, "the image is not built in the background "
			     "again: its build failed %s ago; see imgcache log "
			     "%s, then imgcache build", ago, id);
	}
	image_list_release(&list);
	return has;
}

/*
 * The next spawn is to find the image. Whether it does or not, the base is run
 * now, so what stands against it is a warning.
 */
static void
start_build(struct imgcache_recipe *r, const struct imgcache_build_options *o)
{
	struct background b = { .build = o, .verb = "spawn", .uncounted = true };
	struct imgcache_error err = {0};
	struct imgcache_answer a = {0};

	if (background_start(r, &b, &a, &err))
		session_warn(r->ic, "the image is not built in the background: "
			     "%s", err.text);
	else if (!a.is_started && a.state == IMGCACHE_MISS)
		say_somebody_is(r->ic, &a);
	background_release(&b);
}

static int
find_image(struct imgcache_recipe *r, const struct imgcache_spawn_options *o,
	   struct lease *lease, struct imgcache_answer *a,
	   struct imgcache_error *err)
{
	struct imgcache_build_options build = o->build;
	struct ensure e = {
		.verb = "spawn",
		.build = &build,
		.only_look = o->on_miss != IMGCACHE_MISS_BUILDS,
		.only_answer = o->on_miss == IMGCACHE_MISS_FAILS,
		.lease = lease,
	};
	int ret;

	build.no_cache |= o->no_cache || asks_no_cache(o->docker_args);
	ret = ensure_image(r, &e, a, err);
	if (ret != IMGCACHE_ENO || o->on_miss != IMGCACHE_MISS_RUNS_BASE)
		return ret;
	error_clear(err);
	ret = base_image(r, a, err);
	if (!ret && !build.no_cache && !session_is_disabled(r->ic) &&
	    !settings_bool(&r->ic->settings, SETTING_NO_CACHE) &&
	    !has_just_failed(r, a))
		start_build(r, &o->build);
	return ret;
}

/*
 * --platform names one of the platforms that the image has: that one is run.
 * Any other makes another image, as with the other verbs.
 */
static void
choose_platform(struct imgcache_recipe *r)
{
	struct settings *s = &r->ic->settings;
	const struct strv *asked = settings_list(s, SETTING_PLATFORM);
	struct strv *own = &r->recipe->platforms;
	const struct strv *all = own->n ? own :
		settings_under_flag(s, SETTING_PLATFORM);

	if (s->v[SETTING_PLATFORM].rank != SETTING_FROM_FLAG || !r->image ||
	    asked->n != 1 || all->n < 2 || !strv_has(all, asked->v[0]))
		return;
	if (!own->n)
		strv_push_all(own, all);
	settings_yield(s, SETTING_PLATFORM);
}

int
imgcache_spawn(struct imgcache *ic, struct imgcache_recipe *r,
	       const struct imgcache_spawn_options *o,
	       struct imgcache_spawned *out, struct imgcache_error *err)
{
	struct lease lease = LEASE_INIT;
	struct run_result result = {0};
	int ret, tries;

	memset(out, 0, sizeof(*out));
	choose_platform(r);
	for (tries = 0; tries < 2; tries++) {
		ret = find_image(r, o, &lease, &out->answer, err);
		if (!ret)
			ret = run_image(r, o, out->answer.image_id, &result,
					err);
		if (ret || result.end != RUN_NO_IMAGE)
			break;
		session_warn(ic, "the image was gone before it could be run; "
			     "looking again");
		lease_release(&lease);
	}
	lease_release(&lease);
	out->status = result.status;
	out->timed_out = !ret && result.end == RUN_TIMEOUT;
	if (!ret && (out->answer.built || out->answer.pulled))
		prune_after_arrival(ic);
	return ret;
}
