/* SPDX-License-Identifier: MIT */
/*
 * Within one run an answer stays what it was, also that there is none: the
 * inputs are taken twice around a build, and must not differ because somebody
 * could be reached the second time.
 */
#include "key/base_config.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "docker/engine.h"
#include "docker/registry_config.h"
#include "key/lockfile.h"
#include "recipe/dockerfile_ref.h"
#include "store/configs.h"
#include "sys/clock.h"

/* How long that nobody could tell is believed. */
#define UNKNOWN_S 3600

/* More than an image can have and still run: it counts as not known. */
#define CONFIG_BYTES (512 << 10)

struct base_seen {
	struct base_seen *next;
	const char *digest;
	const char *platform;
	struct base_config config;
};

/* One look-up on its way from source to source. */
struct look_up {
	struct imgcache *ic;
	const struct base *base;
	const char *platform;	/* normalised */
	struct base_config *out;
	bool found;
};

const char *
base_config_platform(struct imgcache *ic, const char *platform)
{
	struct platform p;
	const char *text = platform;
	char *normalised;

	if (!platform_parse(&p, platform, NULL))
		return text;
	normalised = platform_text(&p);
	text = arena_strdup(&ic->arena, normalised);
	free(normalised);
	return text;
}

const struct strv *
base_config_list(struct imgcache *ic, const char *const *v, size_t n)
{
	struct strv *kept = arena_alloc(&ic->arena, sizeof(*kept));
	size_t i;

	kept->v = arena_alloc(&ic->arena, (n + 1) * sizeof(*kept->v));
	for (i = 0; i < n; i++)
		kept->v[i] = arena_strdup(&ic->arena, v[i]);
	kept->n = n;
	return kept;
}

bool
base_config_may_have_onbuild(const struct base_config *c)
{
	if (c->text)
		return config_may_have_onbuild(c->text);
	return !c->is_known || c->onbuild->n;
}

int
base_config_open(struct imgcache *ic, struct base_config *c,
		 struct imgcache_error *err)
{
	struct config config = {0};
	int ret = 0;

	if (!c->text || c->onbuild)
		return 0;
	ret = config_read(c->text, strlen(c->text), &config, err);
	if (!ret) {
		c->env = base_config_list(ic,
				(const char *const *)config.env.v,
				config.env.n);
		c->onbuild = base_config_list(ic,
				(const char *const *)config.onbuild.v,
				config.onbuild.n);
	}
	config_release(&config);
	return ret;
}

/* text NULL: nobody could tell. */
static void
keep(struct imgcache *ic, const char *digest, const char *platform,
     const char *text)
{
	struct base_seen *s = arena_alloc(&ic->arena, sizeof(*s));

	s->digest = arena_strdup(&ic->arena, digest);
	s->platform = arena_strdup(&ic->arena, platform);
	s->config.is_known = text != NULL;
	s->config.text = arena_strdup(&ic->arena, text);
	s->next = ic->seen_configs;
	ic->seen_configs = s;
}

static void
from_this_run(struct look_up *l)
{
	const struct base_seen *s = l->ic->seen_configs;

	for (; s && !l->found; s = s->next) {
		l->found = !strcmp(s->digest, l->base->config_of) &&
			!strcmp(s->platform, l->platform);
		if (l->found)
			*l->out = s->config;
	}
}

/* *is_young: lately nobody could tell. */
static int
from_memo(struct look_up *l, bool *is_young, struct imgcache_error *err)
{
	int64_t ttl = settings_int(&l->ic->settings, SETTING_BASE_TTL);
	struct config_row row = {
		.digest = l->base->config_of,
		.platform = l->platform,
	};
	bool found;
	int64_t age;
	int ret = session_catalog(l->ic, CATALOG_READ, err);

	if (!ret)
		ret = configs_get(l->ic->catalog, &l->ic->arena, &row, &found,
				  err);
	if (ret || !found)
		return ret;
	age = clock_now_s() - row.asked_at;
	*is_young = !row.config && age >= 0 && age < UNKNOWN_S && age < ttl;
	if (row.config)
		keep(l->ic, row.digest, row.platform, row.config);
	from_this_run(l);
	return 0;
}

static int
from_lock(struct look_up *l, struct imgcache_error *err)
{
	const struct lockfile_config *c = NULL;
	struct base_config read = {0};
	size_t i;
	int ret;

	for (i = 0; i < l->base->n_locked && !c; i++)
		if (!strcmp(l->base->locked[i].platform, l->platform))
			c = &l->base->locked[i];
	if (!c)
		return 0;
	read.text = config_may_have_onbuild(c->text) ? c->text : NULL;
	ret = base_config_open(l->ic, &read, err);
	if (ret)
		return error_prefix(err, "%s/imgcache.lock:%d: write the file "
				    "again with 'imgcache lock --update'",
				    l->ic->project.dir, c->line);
	keep(l->ic, l->base->config_of, l->platform, c->text);
	from_this_run(l);
	return 0;
}

static size_t
bytes_of(const char *const *list)
{
	size_t n = 0;

	for (; *list; list++)
		n += strlen(*list) + 1;
	return n;
}

static void
add_all(struct strv *to, const char *const *list)
{
	for (; *list; list++)
		strv_push(to, *list);
}

int
base_config_heard(struct imgcache *ic, const struct base_config_answer *a,
		  struct imgcache_error *err)
{
	struct config_row row = {
		.digest = a->digest,
		.platform = base_config_platform(ic, a->platform),
	};
	struct config config = {0};
	struct buf text = BUF_INIT;
	int ret = 0;

	if (bytes_of(a->env) + bytes_of(a->onbuild) > CONFIG_BYTES)
		return 0;
	add_all(&config.env, a->env);
	add_all(&config.onbuild, a->onbuild);
	config_write(&config, &text);
	row.config = text.data;
	keep(ic, row.digest, row.platform, row.config);
	if (a->remember)
		ret = catalog_forgo(configs_put(ic->catalog, &row, err), err);
	config_release(&config);
	buf_release(&text);
	return ret;
}

int
base_config_seen(struct imgcache *ic, const char *digest,
		 const struct engine_image *image, bool remember,
		 struct imgcache_error *err)
{
	struct base_config_answer a = {
		.digest = digest,
		.platform = arena_printf(&ic->arena, "%s/%s%s%s", image->os,
					 image->arch,
					 *image->variant ? "/" : "",
					 image->variant),
		.env = image->env,
		.onbuild = image->onbuild,
		.remember = remember,
	};

	return image->has_onbuild ? base_config_heard(ic, &a, err) : 0;
}

/* Is it the image of just that digest, or for one of ours, that key? */
static bool
is_meant(const struct base *b, const struct engine_image *image)
{
	const char *const *d;
	const char *key;

	if (b->kind == BASE_OURS) {
		key = engine_image_label(image, "io.imgcache.key");
		return str_is(key, b->config_of);
	}
	if (!strcmp(image->id, b->config_of))
		return true;
	for (d = image->digests; *d; d++)
		if (str_ends(*d, b->config_of))
			return true;
	return false;
}

/* What names the image at engine and registry. */
static const char *
name_of(struct look_up *l)
{
	const struct base *b = l->base;

	if (b->kind == BASE_OURS || strchr(b->ref, '@'))
		return b->ref;
	if (b->image_id)
		return b->image_id;
	return arena_printf(&l->ic->arena, "%s@%s", b->ref, b->config_of);
}

/* One of ours is not remembered: who builds from it may bear its key. */
static int
from_engine(struct look_up *l, struct imgcache_error *err)
{
	struct engine_image image = {0};
	struct imgcache_error why = {0};
	struct engine *e;
	int ret = session_engine(l->ic, &e, &why);

	if (!ret)
		ret = engine_image(e, name_of(l), &image, &why);
	if (!ret && is_meant(l->base, &image))
		ret = base_config_seen(l->ic, l->base->config_of, &image,
				       l->base->kind != BASE_OURS, err);
	else if (ret == IMGCACHE_EINTR)
		*err = why;
	else
		ret = 0;
	from_this_run(l);
	engine_image_release(&image);
	return ret;
}

static int
from_registry(struct look_up *l, struct imgcache_error *err)
{
	struct registry_config config;
	struct imgcache_error why = {0};
	struct base_config_answer a = {
		.digest = l->base->config_of,
		.platform = l->platform,
		.remember = true,
	};
	int ret = registry_config(&l->ic->registry, name_of(l), l->platform,
				  &config, &why);

	a.env = config.env;
	a.onbuild = config.onbuild;
	if (!ret)
		ret = base_config_heard(l->ic, &a, err);
	else if (ret == IMGCACHE_EINTR)
		*err = why;
	else
		ret = 0;
	from_this_run(l);
	registry_config_release(&config);
	return ret;
}

static int
ask(struct look_up *l, struct imgcache_error *err)
{
	struct config_row row = {
		.digest = l->base->config_of,
		.platform = l->platform,
	};
	int ret = from_engine(l, err);

	if (l->base->kind == BASE_OURS)
		return ret;
	if (!ret && !l->found && !l->base->image_id)
		ret = from_registry(l, err);
	if (!ret && !l->found)
		ret = catalog_forgo(configs_put(l->ic->catalog, &row, err),
				    err);
	return ret;
}

int
base_config(struct imgcache *ic, const struct base_config_query *q,
	    struct base_config *out, struct imgcache_error *err)
{
	struct look_up l = {
		.ic = ic,
		.base = q->base,
		.platform = base_config_platform(ic, q->platform),
		.out = out,
	};
	bool is_young = false;
	int ret = 0;

	memset(out, 0, sizeof(*out));
	if (!q->base->config_of)
		return 0;
	from_this_run(&l);
	if (!l.found)
		ret = from_memo(&l, &is_young, err);
	if (!ret && !l.found)
		ret = from_lock(&l, err);
	if (!ret && !l.found && (!is_young || q->fresh))
		ret = ask(&l, err);
	if (!ret && !l.found && q->base->kind != BASE_OURS)
		keep(ic, q->base->config_of, l.platform, NULL);
	return ret;
}
