/* SPDX-License-Identifier: MIT */
/*
 * `docker buildx imagetools inspect` prints one document: the manifest or index
 * with its digest, and the image's configuration, which is one object, or one
 * for each platform when there are several. An index may have one platform: what
 * has attestations is one, and what `imagetools create` writes.
 */

#include "docker/registry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/strv.h"
#include "docker/failure.h"
#include "docker/platform.h"
#include "store/jsonr.h"
#include "sys/child.h"

#define MAX_OUTPUT (16u << 20)

struct answer {
	struct buf out, errs;
};

static int
refused(const char *ref, const char *text,
	struct imgcache_error *err)
{
	enum docker_failure f = docker_failure_of(text);
	const char *advice = docker_failure_advice(f);
	char line[400];

	docker_failure_line(text, line, sizeof(line));
	if (f == DOCKER_NOT_FOUND)
		return error_set(err, IMGCACHE_ENO, "no registry has '%s'",
				 ref);
	if (advice)
		return error_set(err, IMGCACHE_EUNKNOWN,
				 "registry of '%s': %s; %s", ref, line, advice);
	return error_set(err, IMGCACHE_EUNKNOWN, "registry of '%s': %s", ref,
			 line[0] ? line : "docker failed and said nothing");
}

/* ref is what a failure names. */
static int
ask(const char *const *argv, const char *ref, int timeout_ms,
    struct answer *a, struct imgcache_error *err)
{
	struct child_options o = {
		.argv = argv, .timeout_ms = timeout_ms < 0 ? 0 : timeout_ms,
		.own_group = true, .out = &a->out, .errs = &a->errs,
		.max_output = MAX_OUTPUT, .label = "docker"
	};
	struct child_result result;
	char how[64];
	int ret = child_run(&o, &result, err);

	if (ret == IMGCACHE_EFAIL)
		return err->code = IMGCACHE_EUNKNOWN;
	if (ret)
		return ret;
	if (result.end == CHILD_EXITED)
		return result.status ? refused(ref, a->errs.data, err) : 0;
	return error_set(err, IMGCACHE_EUNKNOWN, "registry of '%s': %s", ref,
			 child_result_text(&result, how));
}

static const char *
docker_of(const struct registry *r)
{
	return r->docker ? r->docker : "docker";
}

/* The document about ref; NULL with err. a is released by the caller. */
static const struct jsonr_node *
inspect(const struct registry *r,
	const char *ref, struct jsonr *json,
	struct imgcache_error *err)
{
	const char *const argv[] = {
		docker_of(r), "buildx", "imagetools", "inspect",
		"--format={{json .}}", "--", ref, NULL
	};
	struct answer a = { BUF_INIT, BUF_INIT };
	const struct jsonr_node *doc = NULL;

	if (!ask(argv, ref, r->ask_ms ? r->ask_ms : REGISTRY_ASK_MS, &a,
		 err)) {
		doc = jsonr_parse(json, a.out.data, a.out.len, err);
		if (!doc)
			err->code = IMGCACHE_EUNKNOWN;
		if (doc && !str_starts(jsonr_string(doc, "/manifest/digest",
						    ""), "sha256:")) {
			doc = NULL;
			error_set(err, IMGCACHE_EUNKNOWN, "docker said nothing "
				  "about the digest of '%s'; upgrade its "
				  "buildx plugin", ref);
		}
	}
	buf_release(&a.out);
	buf_release(&a.errs);
	return doc;
}

int
registry_digest(const struct registry *r, const char *ref, char **out,
		struct imgcache_error *err)
{
	struct jsonr *json = jsonr_new();
	const struct jsonr_node *doc = inspect(r, ref, json, err);

	*out = mem_strdup(jsonr_string(doc, "/manifest/digest", NULL));
	jsonr_free(json);
	return doc ? 0 : err->code;
}

/* From {"os":…,"architecture":…,"variant":…}. */
static const char *
platform_of(struct arena *a, const struct jsonr_node *n)
{
	return platform_join(a, jsonr_string(n, "/os", ""),
			     jsonr_string(n, "/architecture", ""),
			     jsonr_string(n, "/variant", ""));
}

static void
fill_labels(struct arena *a, const struct jsonr_node *labels,
	    struct registry_variant *out)
{
	size_t n_max = labels && labels->type == JSONR_OBJECT ? labels->n : 0;
	struct registry_label *v = arena_alloc(a, (n_max + 1) * sizeof(*v));
	const struct jsonr_node *n;

	out->labels = v;
	for (n = n_max ? labels->child : NULL; n; n = n->next) {
		if (n->type != JSONR_STRING)
			continue;
		v[out->n_labels].name = arena_strdup(a, n->key);
		v[out->n_labels++].value = arena_strdup(a, n->text);
	}
}

static void
fill_config(struct arena *a, const struct jsonr_node *config,
	    struct registry_variant *out)
{
	fill_labels(a, jsonr_member(config, "Labels"), out);
	out->user = arena_strdup(a, jsonr_string(config, "/User", ""));
}

/* Is it one configuration, and none for each of several platforms? */
static bool
is_plain(const struct jsonr_node *image)
{
	return jsonr_member(image, "architecture") ||
		jsonr_member(image, "config");
}

/* With several platforms the configurations are members named after them. */
static const struct jsonr_node *
config_of(const struct jsonr_node *images, const char *platform)
{
	const struct jsonr_node *n;

	if (is_plain(images))
		return jsonr_member(images, "config");
	for (n = images ? images->child : NULL; n; n = n->next)
		if (platform_is_same(n->key, platform))
			return jsonr_member(n, "config");
	return NULL;
}

/* An image of one platform: what the index would say stands at the top. */
static void
fill_single(const struct jsonr_node *doc, struct registry_image *out)
{
	const struct jsonr_node *image = jsonr_member(doc, "image");
	struct registry_variant *v = out->variants;

	if (!is_plain(image))
		return;
	out->n_variants = 1;
	v->platform = platform_of(&out->arena, image);
	v->digest = out->digest;
	fill_config(&out->arena, jsonr_member(image, "config"), v);
}

/* Attestations are manifests of an unknown platform and are left out. */
static void
fill_variants(const struct jsonr_node *doc, struct registry_image *out)
{
	const struct jsonr_node *list = jsonr_at(doc, "/manifest/manifests");
	const struct jsonr_node *m = list ? list->child : NULL;
	struct registry_variant *v;
	struct arena *a = &out->arena;

	v = arena_alloc(a, ((list ? list->n : 0) + 2) * sizeof(*v));
	out->variants = v;
	for (; m; m = m->next) {
		v->platform = platform_of(a, jsonr_member(m, "platform"));
		if (!*v->platform)
			continue;
		v->digest = arena_strdup(a, jsonr_string(m, "/digest", ""));
		fill_config(a, config_of(jsonr_member(doc, "image"),
					 v->platform), v);
		v++;
		out->n_variants++;
	}
	if (!out->n_variants)
		fill_single(doc, out);
}

const struct registry_variant *
registry_image_variant(const struct registry_image *image,
		       const char *platform)
{
	for (size_t i = 0; i < image->n_variants; i++)
		if (!platform ||
		    platform_is_same(image->variants[i].platform, platform))
			return &image->variants[i];
	return NULL;
}

int
registry_image(const struct registry *r, const char *ref,
	       const char *platform, struct registry_image *out,
	       struct imgcache_error *err)
{
	struct jsonr *json = jsonr_new();
	const struct jsonr_node *doc = inspect(r, ref, json, err);
	const struct registry_variant *asked;

	memset(out, 0, sizeof(*out));
	if (doc) {
		out->digest = arena_strdup(&out->arena, jsonr_string(doc,
						"/manifest/digest", ""));
		fill_variants(doc, out);
		asked = registry_image_variant(out, platform);
		out->has_platform = !platform || asked;
		out->user = asked ? asked->user : "";
	}
	jsonr_free(json);
	return doc ? 0 : err->code;
}

void
registry_image_release(struct registry_image *image)
{
	arena_release(&image->arena);
	memset(image, 0, sizeof(*image));
}

const char *
registry_variant_label(const struct registry_variant *v, const char *name)
{
	for (size_t i = 0; i < v->n_labels; i++)
		if (str_is(v->labels[i].name, name))
			return v->labels[i].value;
	return NULL;
}

int
registry_raw(const struct registry *r, const char *ref, struct buf *out,
	     struct imgcache_error *err)
{
	const char *const argv[] = {
		docker_of(r), "buildx", "imagetools", "inspect", "--raw", "--",
		ref, NULL
	};
	struct answer a = { BUF_INIT, BUF_INIT };
	int ret = ask(argv, ref, r->ask_ms ? r->ask_ms : REGISTRY_ASK_MS, &a,
		      err);

	if (!ret)
		buf_add(out, a.out.data, a.out.len);
	buf_release(&a.out);
	buf_release(&a.errs);
	return ret;
}

static int
transfer(const struct registry *r, const char *const *argv, const char *ref,
	 struct imgcache_error *err)
{
	struct answer a = { BUF_INIT, BUF_INIT };
	int ret = ask(argv, ref, r->transfer_ms, &a, err);

	buf_release(&a.out);
	buf_release(&a.errs);
	return ret;
}

int
registry_pull(const struct registry *r, const char *ref,
	      const char *platform, struct imgcache_error *err)
{
	char *option = platform ? mem_printf("--platform=%s", platform) : NULL;
	const char *const any[] = { docker_of(r), "pull", "--quiet", "--", ref,
				    NULL };
	const char *const one[] = { docker_of(r), "pull", "--quiet", option,
				    "--", ref, NULL };
	int ret = transfer(r, option ? one : any, ref, err);

	free(option);
	return ret;
}

/* What is not found by a writer is no answer to "is it there?". */
static int
no_absence(int ret, struct imgcache_error *err)
{
	if (ret == IMGCACHE_ENO)
		ret = err->code = IMGCACHE_EUNKNOWN;
	return ret;
}

int
registry_push(const struct registry *r, const char *ref,
	      struct imgcache_error *err)
{
	const char *const argv[] = { docker_of(r), "push", "--quiet", "--",
				     ref, NULL };

	return no_absence(transfer(r, argv, ref, err), err);
}

int
registry_create(const struct registry *r, const char *ref,
		const char *const *sources, struct imgcache_error *err)
{
	const char *first = *sources;
	struct strv argv = { 0 };
	int ret;

	strv_push(&argv, docker_of(r));
	strv_push(&argv, "buildx");
	strv_push(&argv, "imagetools");
	strv_push(&argv, "create");
	strv_pushf(&argv, "--tag=%s", ref);
	strv_push(&argv, "--");
	for (; *sources; sources++)
		strv_push(&argv, *sources);
	ret = transfer(r, (const char *const *)argv.v, ref, err);
	strv_release(&argv);
	if (ret != IMGCACHE_ENO)
		return ret;
	error_clear(err);
	return error_set(err, IMGCACHE_EUNKNOWN, "no registry has '%s', to "
			 "make '%s' of", first, ref);
}
