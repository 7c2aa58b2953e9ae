/* SPDX-License-Identifier: MIT */
#include "builder/buildcache.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "builder/builder.h"
#include "builder/cachetexts.h"
#include "docker/builder_info.h"
#include "docker/buildx.h"
#include "key/trust.h"
#include "recipe/cachespec.h"
#include "recipe/grammar.h"
#include "source/hash.h"
#include "store/caches.h"
#include "sys/file.h"

/* What a registry allows of a tag, less "cache-". */
#define LABEL_MAX 121

struct plan {
	struct buildcache *c;
	struct builder *b;
	enum cache_direction direction;
	const struct stage_trigger *stage;	/* NULL: the whole image */
	char *label;
	char *place;			/* of the cache at hand */
	bool is_ours;
	bool can_reset;
};

static void
add_slug(struct buf *out, const char *text)
{
	for (; *text; text++)
		if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWX"
			   "YZ0123456789._-", *text))
			buf_addc(out, *text);
		else
			buf_addc(out, *text == ',' ? '_' : '-');
}

/* What stays the same when packages or files change. */
static void
add_identity(struct buf *out, const struct recipe *r)
{
	struct imgcache_error ignored = {0};
	struct buf text = BUF_INIT;
	struct hash h;

	if (r->kind == RECIPE_GENERATED)
		buf_addf(&text, "base %s", r->base ? r->base : "");
	else
		buf_addf(&text, "dockerfile %s %s %s",
			 r->context ? r->context : "",
			 r->dockerfile ? r->dockerfile : "",
			 r->target ? r->target : "");
	buf_adds(out, "unnamed-");
	if (!hash_bytes(HASH_GIT, text.data, text.len, &h, &ignored))
		buf_add_hex(out, h.bytes, 6);
	buf_release(&text);
}

char *
buildcache_label(const struct recipe *r, const char *platform)
{
	struct buf out = BUF_INIT;

	if (r->name)
		add_slug(&out, r->name);
	else
		add_identity(&out, r);
	if (platform && *platform) {
		buf_addc(&out, '-');
		add_slug(&out, platform);
	}
	return buf_detach(&out);
}

/* "python-deps--tools-linux-amd64", short enough for a tag. */
static char *
label_of(const struct plan *p)
{
	struct imgcache_error ignored = {0};
	struct buf out = BUF_INIT;
	struct hash h;

	if (p->stage)
		buf_addf(&out, "%s--", p->stage->stage);
	buf_adds(&out, p->c->label);
	if (out.len > LABEL_MAX &&
	    !hash_bytes(HASH_GIT, out.data, out.len, &h, &ignored)) {
		buf_truncate(&out, LABEL_MAX - 13);
		buf_addc(&out, '-');
		buf_add_hex(&out, h.bytes, 6);
	}
	return buf_detach(&out);
}

/* A name that the user chose: the stage's is made of it. */
static void
set_place(struct plan *p, struct cachespec *s, const char *name,
	  const char *value)
{
	free(p->place);
	p->place = p->stage ? mem_printf("%s-%s", value, p->stage->stage) :
		mem_strdup(value);
	p->is_ours = p->stage != NULL;
	if (p->stage)
		cachespec_set(s, name, p->place);
}

static void
set_own_place(struct plan *p, struct cachespec *s, const char *name,
	      char *value)
{
	free(p->place);
	p->place = value;
	p->is_ours = true;
	cachespec_set(s, name, value);
}

/* A tag or digest of its own: the last ':' stands behind the last '/'. */
static bool
has_tag(const char *ref)
{
	const char *slash = strrchr(ref, '/');

	return strchr(slash ? slash : ref, ':') || strchr(ref, '@');
}

static int
shares(struct plan *p, const char *name, const char *value,
       struct imgcache_error *err)
{
	if (p->direction == CACHE_FROM || !p->b->in->r->image ||
	    p->b->in->ic->project.n_images < 2)
		return 0;
	return error_set(err, IMGCACHE_EFAIL, "the images of the project would "
			 "overwrite each other's cache with %s=%s; leave %s "
			 "out, and each gets its own", name, value,
			 strcmp(name, "ref") ? name : "the tag");
}

static int
fill_registry(struct plan *p, struct cachespec *s, bool *used,
	      struct imgcache_error *err)
{
	const char *ref = cachespec_get(s, "ref");

	if (ref && p->direction == CACHE_TO && !trust_may_write(p->b->in, ref))
		return error_set(err, IMGCACHE_EFAIL, "an untrusted build "
				 "writes no cache to '%s', which trusted "
				 "builds read; leave ref out, and it goes to "
				 "registry_untrusted", ref);
	if (!ref)
		ref = trust_cache_home(p->b->in, p->direction == CACHE_TO,
				       err);
	*used = ref;
	if (!ref)
		return err->code;
	if (!has_tag(ref)) {
		set_own_place(p, s, "ref",
			      mem_printf("%s:cache-%s", ref, p->label));
		return 0;
	}
	if (strlen(ref) > 90 && p->stage)
		return error_set(err, IMGCACHE_EFAIL, "no room for the name of "
				 "a stage in the tag of ref=%s", ref);
	if (shares(p, "ref", ref, err))
		return err->code;
	set_place(p, s, "ref", ref);
	return 0;
}

/* scope or name: the image's, unless the user has one of their own. */
static int
fill_name(struct plan *p, struct cachespec *s, const char *name,
	  struct imgcache_error *err)
{
	const char *value = cachespec_get(s, name);

	if (!value) {
		set_own_place(p, s, name, mem_strdup(p->label));
		return 0;
	}
	if (shares(p, name, value, err))
		return err->code;
	set_place(p, s, name, value);
	return 0;
}

/* What the runner hands to actions, but not to `run:` steps. */
static bool
has_gha(struct plan *p, const struct cachespec *s)
{
	const struct expand_env *env = &p->b->in->ic->env;
	const char *token = expand_get(env, "ACTIONS_RUNTIME_TOKEN");
	const char *const urls[] = {
		cachespec_get(s, "url"), cachespec_get(s, "url_v2"),
		expand_get(env, "ACTIONS_CACHE_URL"),
		expand_get(env, "ACTIONS_RESULTS_URL")
	};
	bool has_url = false;
	size_t i;

	for (i = 0; i < sizeof(urls) / sizeof(*urls); i++)
		has_url = has_url || (urls[i] && *urls[i]);
	if (token && *token && has_url)
		return true;
	if (expand_get(env, "GITHUB_ACTIONS"))
		session_warn(p->b->in->ic, "the gha cache is left out: %s is "
			     "not set; a run: step gets it from an action such "
			     "as crazy-max/ghaction-github-runtime before it",
			     token && *token ? "ACTIONS_RESULTS_URL" :
			     "ACTIONS_RUNTIME_TOKEN");
	else
		session_warn(p->b->in->ic, "the gha cache is left out: this is "
			     "no job of GitHub Actions");
	return false;
}

/* Where this image's local cache is; NULL: nowhere, with err or a warning. */
static char *
local_dir(struct plan *p, const struct cachespec *s, struct imgcache_error *err)
{
	const char *name = p->direction == CACHE_TO ? "dest" : "src";
	const char *given = cachespec_get(s, name), *top;
	char *path, *dir;

	top = session_cache_dir(p->b->in->ic, "buildcache");
	if (!top && (!given || *given != '/')) {
		session_warn(p->b->in->ic, "the local build cache is left out: "
			     "no place under cache_dir");
		return NULL;
	}
	path = given ? path_absolute(top, given) : mem_strdup(top);
	if (given && (str_starts(path, "/tmp/") || !strcmp(path, "/tmp") ||
		      str_starts(path, "/dev/shm")) &&
	    !str_starts(path, top ? top : "/")) {
		error_set(err, IMGCACHE_EFAIL, "a build cache in '%s' may fill "
			  "the memory; leave %s out, and it is kept under "
			  "cache_dir", path, name);
		free(path);
		return NULL;
	}
	dir = path_join(path, p->label);
	free(path);
	if (strpbrk(dir, ",\"")) {
		error_set(err, IMGCACHE_EFAIL, "'%s' cannot be given to docker "
			  "as a cache: it has a comma or a quote", dir);
		free(dir);
		return NULL;
	}
	return dir;
}

/* The cache in dir, opened once for both directions. Exports come first. */
static struct localcache *
open_local(struct plan *p, const char *dir, struct imgcache_error *err)
{
	struct buildcache *c = p->c;
	struct localcache *l;
	size_t i;

	for (i = 0; i < c->n_locals; i++)
		if (!strcmp(c->locals[i].dir, dir))
			return &c->locals[i];
	mem_grow(c->locals, c->n_locals, c->cap_locals);
	l = &c->locals[c->n_locals++];
	return localcache_open(l, dir, p->direction == CACHE_TO, p->can_reset,
			       err) ? NULL : l;
}

/*
 * Has the stage's cache there been written for what it is now? What the stage
 * is built anew for is not in its trigger.
 */
static bool
is_current(struct plan *p, enum cache_type type)
{
	const struct builder *b = p->b;
	struct imgcache_error ignored = {0};
	struct cache_row row = {
		.type = cache_type_name(type), .place = p->place
	};
	bool found;

	if (!p->stage || p->direction == CACHE_FROM || b->redo.everything ||
	    b->redo.stages.n || session_is_disabled(b->in->ic))
		return false;
	return !caches_get(b->in->ic->catalog, &b->in->ic->arena, &row, &found,
			   &ignored) &&
		found && str_is(row.trigger, p->stage->hash);
}

static bool
has_generation(const char *dir)
{
	char *path = path_join(dir, "current");
	bool has = file_is_dir(path);

	free(path);
	return has;
}

/* A directory that docker's own tools wrote is read as it is. */
static int
fill_local(struct plan *p, struct cachespec *s, bool *used,
	   struct imgcache_error *err)
{
	const char *src = cachespec_get(s, "src");
	char *dir = local_dir(p, s, err);
	struct localcache *l;

	*used = false;
	if (!dir)
		return err->code;
	free(p->place);
	p->place = mem_strdup(dir);
	p->is_ours = true;
	if (p->direction == CACHE_FROM && src && *src == '/' &&
	    !file_is_dir(dir)) {
		free(p->place);
		p->place = mem_strdup(src);
		p->is_ours = false;
		*used = !p->stage && localcache_is_complete(src);
	} else if (is_current(p, CACHE_LOCAL) && has_generation(dir)) {
		*used = false;
	} else if ((l = open_local(p, dir, err))) {
		cachespec_set(s, p->direction == CACHE_TO ? "dest" : "src",
			      p->direction == CACHE_TO ? l->dest : l->current);
		if (p->direction == CACHE_TO)
			cachespec_set(s, "reset", l->resets ? "true" : NULL);
		*used = p->direction == CACHE_TO || l->current;
	}
	free(dir);
	return err->code;
}

/* A name alone is not where it is: each bucket may have it. */
static void
name_bucket(struct plan *p, const struct cachespec *s, const char *attribute)
{
	const char *where = cachespec_get(s, attribute);
	char *place = mem_printf("%s/%s", where ? where : "", p->place);

	free(p->place);
	p->place = place;
}

static int
fill_remote(struct plan *p, struct cachespec *s, bool *used,
	    struct imgcache_error *err)
{
	const char *ref = cachespec_get(s, "ref");
	int ret;

	if (s->type == CACHE_REGISTRY) {
		/* what is pinned has no part for each stage */
		*used = !p->stage || !ref || !strchr(ref, '@');
		ret = *used ? fill_registry(p, s, used, err) : 0;
	} else {
		*used = s->type != CACHE_GHA || has_gha(p, s);
		ret = fill_name(p, s, s->type == CACHE_GHA ? "scope" : "name",
				err);
	}
	if (!ret && s->type == CACHE_S3)
		name_bucket(p, s, "bucket");
	if (!ret && s->type == CACHE_AZBLOB)
		name_bucket(p, s, "account_url");
	if (!ret && *used)
		*used = !is_current(p, s->type);
	return ret;
}

/* Names of this image; *used is false where there is nothing to give docker. */
static int
fill(struct plan *p, struct cachespec *s, bool *used,
     struct imgcache_error *err)
{
	if (p->direction == CACHE_TO && s->type != CACHE_INLINE &&
	    !cachespec_get(s, "mode"))
		cachespec_set(s, "mode", "max");
	if (s->type == CACHE_LOCAL)
		return fill_local(p, s, used, err);
	*used = !p->stage;
	return s->type == CACHE_INLINE ? 0 : fill_remote(p, s, used, err);
}

bool
buildcache_is_apart(const struct buildcache_use *u)
{
	return u->stage && u->direction == CACHE_TO;
}

/*
 * docker would not tell whether a cache that may fail has failed: the export of
 * a stage is ours to judge.
 */
static void
keep(struct plan *p, struct cachespec *s)
{
	struct buildcache *c = p->c;
	struct buildcache_use *u;

	mem_grow(c->uses, c->n_uses, c->cap_uses);
	u = &c->uses[c->n_uses++];
	*u = (struct buildcache_use){
		.direction = p->direction,
		.type = s->type,
		.stage = p->stage ? p->stage->stage : NULL,
		.trigger = p->stage ? p->stage->hash : NULL,
		.is_ours = p->is_ours,
	};
	if (s->type != CACHE_INLINE)
		u->place = mem_strdup(p->place);
	if (buildcache_is_apart(u)) {
		u->ignores_error = str_is(cachespec_get(s, "ignore-error"),
					  "true");
		cachespec_set(s, "ignore-error", NULL);
	}
	u->text = cachespec_text(s);
	if (!buildcache_is_apart(u))
		strv_push(p->direction == CACHE_TO ? &c->to : &c->from,
			  u->text);
}

static int
check_builder(struct plan *p, const struct builder_info *info,
	      const struct cachespec *s, struct imgcache_error *err)
{
	const char *engine = p->b->found->engine;
	const char *store = engine && strstr(engine, "/containerd:") ?
		"containerd" : engine ? "classic" : NULL;

	return builder_info_check(info, store, s, p->direction, err);
}

/* In the order of the types, and as written within each. */
static int
add_caches(struct plan *p, const struct builder_info *info,
	   const struct strv *texts, struct imgcache_error *err)
{
	int type, ret = 0;
	size_t i;

	for (type = CACHE_LOCAL; type <= CACHE_INLINE; type++)
		for (i = 0; !ret && i < texts->n; i++) {
			struct cachespec s;
			bool used = false;

			ret = cachespec_parse(&s, texts->v[i], p->direction,
					      err);
			if (ret)
				return ret;
			if ((int)s.type == type) {
				ret = check_builder(p, info, &s, err);
				if (!ret)
					ret = fill(p, &s, &used, err);
			}
			if (!ret && used)
				keep(p, &s);
			cachespec_release(&s);
		}
	return ret;
}

/* What is built of the image now, all of its platforms or one of them. */
static const char *
platform_of(const struct builder *b)
{
	bool is_part = b->in->r->recipe->platforms.n > 1 && b->platforms &&
		b->platforms[0] && !b->platforms[1];

	return is_part ? b->platforms[0] : b->in->platform;
}

/* Those of one stage, or of the whole image. */
static int
add_level(struct plan *p, const struct builder_info *info,
	  const struct strv texts[2], struct imgcache_error *err)
{
	int ret;

	p->label = label_of(p);
	p->direction = CACHE_TO;
	ret = add_caches(p, info, &texts[CACHE_TO], err);
	p->direction = CACHE_FROM;
	if (!ret)
		ret = add_caches(p, info, &texts[CACHE_FROM], err);
	free(p->label);
	p->label = NULL;
	return ret;
}

static int
add_levels(struct plan *p, const struct strv texts[2],
	   struct imgcache_error *err)
{
	struct buildcache *c = p->c;
	struct builder_info info = {0};
	struct buildx_client client;
	size_t i;
	int ret = session_client(p->b->in->ic, &client, err);

	if (!ret)
		ret = builder_info_find(&info, NULL, p->b->options->builder,
					err);
	p->can_reset = !ret && client.has_cache_reset;
	if (!ret)
		ret = add_level(p, &info, texts, err);
	for (i = 0; !ret && i < c->stages.n; i++) {
		p->stage = &c->stages.v[i];
		ret = add_level(p, &info, texts, err);
	}
	builder_info_release(&info);
	return ret;
}

int
buildcache_plan(struct buildcache *c, struct builder *b,
		struct imgcache_error *err)
{
	struct plan p = { .c = c, .b = b };
	struct strv texts[2] = { 0 };
	int ret = stage_triggers_find(&c->stages, b->in, err);

	cachetexts_collect(b->in->ic, b->options, CACHE_FROM,
			   &texts[CACHE_FROM]);
	cachetexts_collect(b->in->ic, b->options, CACHE_TO, &texts[CACHE_TO]);
	if (!ret)
		ret = cachetexts_check(&texts[CACHE_TO], CACHE_TO, err);
	c->label = buildcache_label(b->in->r->recipe, platform_of(b));
	if (!ret && (texts[CACHE_FROM].n || texts[CACHE_TO].n))
		ret = add_levels(&p, texts, err);
	else if (!ret && c->stages.n)
		session_warn(b->in->ic, "%s: 'cache.stages' has no cache to be "
			     "kept in; add 'to' and 'from' beside it",
			     b->in->ic->project.name);
	free(p.place);
	strv_release(&texts[CACHE_FROM]);
	strv_release(&texts[CACHE_TO]);
	return ret;
}

void
buildcache_release(struct buildcache *c)
{
	size_t i;

	for (i = 0; i < c->n_locals; i++)
		localcache_release(&c->locals[i]);
	for (i = 0; i < c->n_uses; i++) {
		free(c->uses[i].text);
		free(c->uses[i].place);
	}
	free(c->locals);
	free(c->uses);
	free(c->label);
	stage_triggers_release(&c->stages);
	strv_release(&c->from);
	strv_release(&c->to);
	memset(c, 0, sizeof(*c));
}
