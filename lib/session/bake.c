/* SPDX-License-Identifier: MIT */
#include "session/bake.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "docker/output.h"
#include "session/bake_print.h"
#include "session/session.h"
#include "source/hash.h"
#include "store/jsonr.h"
#include "sys/file.h"

struct reader {
	struct imgcache_recipe *r;
	struct bake *bake;
	const char *file;	/* as given, for messages */
	const char *target;	/* NULL: the only one */
	const char *dir;	/* what paths are relative to */
	const char *context;	/* absolute, or not a path */
	bool is_compose;
	struct imgcache_error *err;
};

typedef int attribute_fn(struct reader *p, const struct jsonr_node *n);

static int
set(struct reader *p, const char *flag, const char *value)
{
	return recipe_set_flag(p->r->recipe, flag, value, p->err);
}

static int
refuse(struct reader *p, const struct jsonr_node *n, const char *why)
{
	return error_set(p->err, IMGCACHE_EUSAGE, "'%.80s': %s", n->key, why);
}

static bool
is_text(const struct jsonr_node *n)
{
	return n && n->type == JSONR_STRING;
}

/* Newer clients print "type=local,src=x" as an object. */
static char *
field_text(const struct jsonr_node *n)
{
	struct buf text = BUF_INIT;

	if (is_text(n))
		return mem_strdup(n->text);
	for (n = n->child; n; n = n->next)
		if (is_text(n))
			buf_addf(&text, "%s%s=%s", text.len ? "," : "", n->key,
				 n->text);
	return buf_detach(&text);
}

static int
each_flag(struct reader *p, const char *flag, const struct jsonr_node *list)
{
	const struct jsonr_node *n;
	int ret = 0;

	for (n = list->child; !ret && n; n = n->next) {
		char *text = field_text(n);

		ret = set(p, flag, text);
		free(text);
	}
	return ret;
}

/* buildx passes over null, and so do we: nothing comes from the environment. */
static int
each_member(struct reader *p, const char *flag, const struct jsonr_node *map)
{
	const struct jsonr_node *n;
	int ret = 0;

	for (n = map->child; !ret && n; n = n->next) {
		char *text;

		if (!is_text(n))
			continue;
		text = mem_printf("%s=%s", n->key, n->text);
		ret = set(p, flag, text);
		free(text);
	}
	return ret;
}

static int
keep(struct strv *out, const struct jsonr_node *list)
{
	const struct jsonr_node *n;

	for (n = list->child; n; n = n->next)
		strv_take(out, field_text(n));
	return 0;
}

static int
take_args(struct reader *p, const struct jsonr_node *n)
{
	return each_member(p, "build-arg", n);
}

static int
take_labels(struct reader *p, const struct jsonr_node *n)
{
	return each_member(p, "label", n);
}

static int
take_hosts(struct reader *p, const struct jsonr_node *n)
{
	return n->type == JSONR_OBJECT ? each_member(p, "add-host", n) :
		each_flag(p, "add-host", n);
}

/* An empty one is as not given, with buildx too. */
static bool
is_given(const struct jsonr_node *n)
{
	return is_text(n) && *n->text;
}

static int
take_target(struct reader *p, const struct jsonr_node *n)
{
	return is_given(n) ? set(p, "target", n->text) : 0;
}

static int
take_network(struct reader *p, const struct jsonr_node *n)
{
	return is_given(n) ? set(p, "network", n->text) : 0;
}

static int
take_platforms(struct reader *p, const struct jsonr_node *n)
{
	return each_flag(p, "platform", n);
}

/* A path in it is meant from where the file's other paths are. */
static int
take_secrets(struct reader *p, const struct jsonr_node *list)
{
	const struct jsonr_node *n;
	int ret = 0;

	for (n = list->child; !ret && n; n = n->next) {
		char *text = field_text(n), *src = strstr(text, "src=");
		char *full = src && src[4] != '/' ?
			mem_printf("%.*s%s/%s", (int)(src + 4 - text), text,
				   p->dir, src + 4) : mem_strdup(text);

		ret = set(p, "secret", full);
		free(full);
		free(text);
	}
	return ret;
}

static int
take_ssh(struct reader *p, const struct jsonr_node *list)
{
	const struct jsonr_node *n, *path;
	int ret = 0;

	for (n = list->child; !ret && n; n = n->next) {
		struct buf text = BUF_INIT;

		buf_adds(&text, is_text(n) ? n->text :
			 jsonr_string(n, "/id", ""));
		path = jsonr_member(n, "paths");
		for (path = path ? path->child : NULL; path; path = path->next)
			buf_addf(&text, "%c%s", strchr(text.data, '=') ? ',' :
				 '=', path->text ? path->text : "");
		ret = set(p, "ssh", text.data);
		buf_release(&text);
	}
	return ret;
}

/* The other one's key would be part of this one's. */
static int
refuse_link(struct reader *p, const char *context, const char *value)
{
	return error_set(p->err, IMGCACHE_EUSAGE, "context '%.80s' is what "
			 "'%.80s' builds, whose key is not known here; write "
			 "both as images in imgcache.yaml, this one with "
			 "build_contexts: {%.80s: \"docker-image://@%.80s\"}, "
			 "or have 'imgcache init' do it from %s", context,
			 value, context, value + strlen("target:"),
			 p->is_compose ? "the compose file" :
			 "docker-bake.json, which 'docker "
			 "buildx bake --print' makes");
}

static int
take_contexts(struct reader *p, const struct jsonr_node *map)
{
	const struct jsonr_node *n;
	int ret = 0;

	for (n = map->child; !ret && n; n = n->next) {
		const char *value = is_text(n) ? n->text : "";
		char *text;

		if (str_starts(value, "target:"))
			return refuse_link(p, n->key, value);
		text = *value == '/' || strstr(value, "://") ?
			mem_printf("%s=%s", n->key, value) :
			mem_printf("%s=%s/%s", n->key, p->dir, value);
		ret = set(p, "build-context", text);
		free(text);
	}
	return ret;
}

/* Read before the others: the Dockerfile is meant from it. */
static int
set_context(struct reader *p, const struct jsonr_node *target)
{
	const char *text = jsonr_string(target, "/context", ".");
	struct arena *arena = &p->r->ic->arena;

	if (!*text)
		text = ".";
	if (strstr(text, "://") || str_starts(text, "git@") ||
	    str_is(text, "-"))
		return error_set(p->err, IMGCACHE_EUSAGE, "context '%.80s': "
				 "what is in it is not known before it is "
				 "built, so it has no key", text);
	p->context = *text == '/' ? arena_strdup(arena, text) :
		str_is(text, ".") ? p->dir :
		arena_printf(arena, "%s/%s", p->dir, text);
	return set(p, "context", p->context);
}

static int
take_dockerfile(struct reader *p, const struct jsonr_node *n)
{
	char *path;
	int ret;

	if (!is_given(n))
		return 0;
	path = *n->text == '/' ? mem_strdup(n->text) :
		mem_printf("%s/%s", p->context, n->text);
	ret = set(p, "dockerfile", path);
	free(path);
	return ret;
}

/* Put into a file of its own; its name is in no key. */
static int
take_inline(struct reader *p, const struct jsonr_node *n)
{
	const char *dir = session_cache_dir(p->r->ic, "inline");
	char hex[HASH_HEX_SIZE], *path;
	struct hash h;
	int ret;

	if (!is_given(n))
		return 0;
	if (!dir)
		return refuse(p, n, "there is no folder to put it into; make "
			      "the setting cache_dir one that can be written");
	ret = hash_bytes(HASH_XXH3, n->text, strlen(n->text), &h, p->err);
	if (ret)
		return ret;
	path = mem_printf("%s/%s.Dockerfile", dir, hash_hex(&h, hex));
	ret = file_replace(AT_FDCWD, path, n->text, strlen(n->text), 0600,
			   false, p->err);
	if (!ret)
		ret = set(p, "dockerfile", path);
	free(path);
	return ret;
}

static int
keep_tags(struct reader *p, const struct jsonr_node *n)
{
	return keep(&p->bake->tags, n);
}

static int
keep_cache_from(struct reader *p, const struct jsonr_node *n)
{
	return keep(&p->bake->cache_from, n);
}

static int
keep_cache_to(struct reader *p, const struct jsonr_node *n)
{
	return keep(&p->bake->cache_to, n);
}

static int
keep_filter(struct reader *p, const struct jsonr_node *n)
{
	return keep(&p->bake->no_cache_filter, n);
}

static int
keep_allow(struct reader *p, const struct jsonr_node *n)
{
	return keep(&p->bake->allow, n);
}

static int
keep_ulimits(struct reader *p, const struct jsonr_node *n)
{
	return keep(&p->bake->ulimits, n);
}

static int
keep_shm_size(struct reader *p, const struct jsonr_node *n)
{
	free(p->bake->shm_size);
	p->bake->shm_size = is_given(n) ? mem_strdup(n->text) : NULL;
	return 0;
}

static int
keep_no_cache(struct reader *p, const struct jsonr_node *n)
{
	p->bake->no_cache = n->type == JSONR_BOOL && n->number;
	return 0;
}

static int
keep_pull(struct reader *p, const struct jsonr_node *n)
{
	p->bake->pull = n->type == JSONR_BOOL && n->number;
	return 0;
}

static int
note_output(struct reader *p, const struct jsonr_node *list)
{
	const struct jsonr_node *n;

	for (n = list->child; n; n = n->next) {
		struct imgcache_error ignored = {0};
		struct output o = {0};
		char *text = field_text(n);

		p->bake->has_output |= output_parse(&o, text, &ignored) ||
			o.type != OUTPUT_ENGINE;
		output_release(&o);
		free(text);
	}
	return 0;
}

static int
check_attest(struct reader *p, const struct jsonr_node *list)
{
	const struct jsonr_node *n;

	for (n = list->child; n; n = n->next) {
		char *text = field_text(n);
		bool off = strstr(text, "disabled=true") != NULL ||
			jsonr_bool(n, "/disabled", false);

		free(text);
		if (!off)
			return refuse(p, list, "attestations differ between "
				      "two builds of the same inputs, so no "
				      "key could name the image");
	}
	return 0;
}

static int
check_call(struct reader *p, const struct jsonr_node *n)
{
	return is_text(n) && strcmp(n->text, "build") ?
		refuse(p, n, "no image comes of it") : 0;
}

static int
check_annotations(struct reader *p, const struct jsonr_node *n)
{
	return n->n ? refuse(p, n, "an annotation is in no key, so two images "
			     "of one key would differ in it; use labels") : 0;
}

static int
check_policy(struct reader *p, const struct jsonr_node *n)
{
	return n->n ? refuse(p, n, "it can replace what is built from after "
			     "the key was made") : 0;
}

static int
skip(struct reader *p, const struct jsonr_node *n)
{
	(void)p;
	(void)n;
	return 0;
}

/* In the order of the alphabet; imgcache-build(1) has the same list. */
static const struct {
	const char *name;
	attribute_fn *take;
} attributes[] = {
	{ "annotations", check_annotations },
	{ "args", take_args },
	{ "attest", check_attest },
	{ "cache-from", keep_cache_from },
	{ "cache-to", keep_cache_to },
	{ "call", check_call },
	{ "context", skip },	/* set_context() */
	{ "contexts", take_contexts },
	{ "description", skip },
	{ "dockerfile", take_dockerfile },
	{ "dockerfile-inline", take_inline },
	{ "entitlements", keep_allow },
	{ "extra-hosts", take_hosts },
	{ "inherits", skip },	/* it is resolved */
	{ "labels", take_labels },
	{ "network", take_network },
	{ "no-cache", keep_no_cache },
	{ "no-cache-filter", keep_filter },
	{ "output", note_output },
	{ "platforms", take_platforms },
	{ "policy", check_policy },
	{ "pull", keep_pull },
	{ "secret", take_secrets },
	{ "shm-size", keep_shm_size },
	{ "ssh", take_ssh },
	{ "tags", keep_tags },
	{ "target", take_target },
	{ "ulimits", keep_ulimits },
};

static int
take_attribute(struct reader *p, const struct jsonr_node *n)
{
	size_t i;

	for (i = 0; i < sizeof(attributes) / sizeof(*attributes); i++)
		if (!strcmp(attributes[i].name, n->key))
			return n->type == JSONR_NULL ? 0 :
				attributes[i].take(p, n);
	return refuse(p, n, "imgcache does not know this attribute, and so not "
		      "whether it changes the image");
}

static int
take(struct reader *p, const struct jsonr_node *target)
{
	const struct jsonr_node *n;
	int ret = set_context(p, target);

	for (n = target->child; !ret && n; n = n->next)
		ret = take_attribute(p, n);
	return ret;
}

static int
choose(struct reader *p, const struct jsonr_node *doc,
       const struct jsonr_node **out)
{
	const struct jsonr_node *list = jsonr_member(doc, "target"), *n;
	struct buf names = BUF_INIT;
	int ret = 0;

	*out = p->target ? jsonr_member(list, p->target) : NULL;
	if (!*out && list && list->n == 1)
		*out = list->child;
	for (n = list ? list->child : NULL; !*out && n; n = n->next)
		buf_addf(&names, "%s%s", names.len ? ", " : "", n->key);
	if (!*out)
		ret = error_set(p->err, IMGCACHE_EUSAGE, "which one? it has "
				"%.400s; write FILE:NAME", names.len ?
				names.data : "none");
	buf_release(&names);
	return ret;
}

/* The last colon, unless that is how the file is called. */
static char *
split(struct reader *p, const char *what)
{
	char *path = path_absolute(p->r->ic->dir, what), *colon;

	if (file_exists(path))
		return path;
	colon = strrchr(path, ':');
	if (colon && !strchr(colon, '/') && colon[1]) {
		*colon = '\0';
		p->target = arena_strdup(&p->r->ic->arena, colon + 1);
	}
	return path;
}

int
bake_fill(struct imgcache_recipe *r, const char *what, bool compose,
	  struct imgcache_error *err)
{
	struct reader p = {
		.r = r, .file = what, .err = err, .is_compose = compose
	};
	const struct jsonr_node *doc, *target = NULL;
	struct jsonr *json = jsonr_new();
	struct buf text = BUF_INIT;
	char *path = split(&p, what), *dir = path_dir(path);
	int ret = 0;

	p.dir = arena_strdup(&r->ic->arena, compose ? dir : r->ic->dir);
	if (r->bake || r->recipe->context)
		ret = error_set(err, IMGCACHE_EUSAGE, "the file says what the "
				"context is; leave %s out", r->bake ?
				"the other file" : "the directory");
	else
		p.bake = r->bake = mem_alloc(sizeof(*r->bake));
	if (!ret)
		ret = bake_print(&(struct bake_question){
			.path = path, .target = p.target, .dir = p.dir,
			.is_compose = compose }, &text, err);
	if (!ret) {
		doc = jsonr_parse(json, text.data, text.len, err);
		ret = doc ? choose(&p, doc, &target) : err->code;
	}
	if (!ret)
		ret = take(&p, target);
	if (ret)
		error_prefix(err, "%.300s", what);
	buf_release(&text);
	jsonr_free(json);
	free(path);
	free(dir);
	return ret;
}
