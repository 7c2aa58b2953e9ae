/* SPDX-License-Identifier: MIT */
/*
 * `docker buildx imagetools inspect` prints one document: the manifest or index
 * with its digest, and the image's configuration, which is one object, or one
 * for each platform when there are several.
 */

#include "docker/registry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/strv.h"
#include "docker/failure.h"
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

static int
ask(const char *const *argv, int timeout_ms, struct answer *a,
	struct imgcache_error *err)
{
	struct child_options o = {
		.argv = argv, .timeout_ms = timeout_ms, .own_group = true,
		.out = &a->out, .errs = &a->errs, .max_output = MAX_OUTPUT,
		.label = "docker"
	};
	struct child_result result;
	const char *ref = NULL;
	char how[64];
	int ret = child_run(&o, &result, err);

	for (size_t i = 0; argv[i]; i++)
		ref = argv[i];
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

	if (!ask(argv, r->ask_ms ? r->ask_ms : REGISTRY_ASK_MS, &a, err)) {
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

/* "linux/arm64" from {"os":…,"architecture":…,"variant":…}, "" if unknown. */
static const char *
platform_of(struct arena *a, const struct jsonr_node *n)
{
	const char *os = jsonr_string(n, "/os", "");
	const char *arch = jsonr_string(n, "/architecture", "");
	const char *variant = jsonr_string(n, "/variant", "");

	if (!*os || str_is(os, "unknown"))
		return "";
	return arena_printf(a, "%s/%s%s%s", os, arch, *variant ? "/" : "",
			    variant);
}

/* v8 is what arm64 means without a variant, v7 what arm means. */
static bool
is_same_platform(const char *a, const char *b)
{
	static const char *const pairs[][2] = {
		{ "linux/arm64", "linux/arm64/v8" },
		{ "linux/arm", "linux/arm/v7" }
	};

	if (str_is(a, b))
		return true;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if ((str_is(a, pairs[i][0]) && str_is(b, pairs[i][1])) ||
		    (str_is(b, pairs[i][0]) && str_is(a, pairs[i][1])))
			return true;
	return false;
}

static void
fill_platforms(const struct jsonr_node *doc,
	       struct registry_image *out)
{
	const struct jsonr_node *list = jsonr_at(doc, "/manifest/manifests");
	size_t n_max = list ? list->n : 0, n = 0;
	const char **v = arena_alloc(&out->arena, (n_max + 2) * sizeof(*v));
	const struct jsonr_node *m = list ? list->child : NULL;

	for (; m; m = m->next) {
		v[n] = platform_of(&out->arena, jsonr_member(m, "platform"));
		if (*v[n])
			n++;
	}
	v[n] = NULL;
	if (!n) {
		v[0] = platform_of(&out->arena, jsonr_member(doc, "image"));
		if (!*v[0])
			v[0] = NULL;
	}
	out->platforms = v;
}

/* The configuration for the platform; with NULL the first there is. */
static const struct jsonr_node *
config_for(const struct jsonr_node *doc,
	   const char *platform)
{
	const struct jsonr_node *image = jsonr_member(doc, "image");
	const struct jsonr_node *n;

	if (jsonr_member(image, "architecture") ||
	    jsonr_member(image, "config"))
		return jsonr_member(image, "config");
	for (n = image ? image->child : NULL; n; n = n->next)
		if (!platform || is_same_platform(n->key, platform))
			return jsonr_member(n, "config");
	return NULL;
}

static void
fill_labels(const struct jsonr_node *labels,
	    struct registry_image *out)
{
	size_t n_max = labels && labels->type == JSONR_OBJECT ? labels->n : 0;
	struct registry_label *v;
	const struct jsonr_node *n;

	v = arena_alloc(&out->arena, (n_max + 1) * sizeof(*v));
	out->labels = v;
	for (n = n_max ? labels->child : NULL; n; n = n->next) {
		if (n->type != JSONR_STRING)
			continue;
		v[out->n_labels].name = arena_strdup(&out->arena, n->key);
		v[out->n_labels++].value = arena_strdup(&out->arena, n->text);
	}
}

static bool
has_platform(const struct registry_image *image,
	     const char *platform)
{
	if (!platform)
		return true;
	for (size_t i = 0; image->platforms[i]; i++)
		if (is_same_platform(image->platforms[i], platform))
			return true;
	return false;
}

int
registry_image(const struct registry *r, const char *ref,
	       const char *platform, struct registry_image *out,
	       struct imgcache_error *err)
{
	struct jsonr *json = jsonr_new();
	const struct jsonr_node *doc = inspect(r, ref, json, err);
	const struct jsonr_node *config;
	struct arena *a = &out->arena;

	memset(out, 0, sizeof(*out));
	if (doc) {
		out->digest = arena_strdup(a, jsonr_string(doc,
						"/manifest/digest", ""));
		out->media_type = arena_strdup(a, jsonr_string(doc,
						"/manifest/mediaType", ""));
		fill_platforms(doc, out);
		out->has_platform = has_platform(out, platform);
		config = out->has_platform ? config_for(doc, platform) : NULL;
		fill_labels(jsonr_member(config, "Labels"), out);
		out->user = arena_strdup(a, jsonr_string(config, "/User",
							 ""));
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
registry_image_label(const struct registry_image *image,
		     const char *name)
{
	for (size_t i = 0; i < image->n_labels; i++)
		if (str_is(image->labels[i].name, name))
			return image->labels[i].value;
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
	int ret = ask(argv, r->ask_ms ? r->ask_ms : REGISTRY_ASK_MS, &a, err);

	if (!ret)
		buf_add(out, a.out.data, a.out.len);
	buf_release(&a.out);
	buf_release(&a.errs);
	return ret;
}

static int
transfer(const struct registry *r, const char *const *argv,
	 struct imgcache_error *err)
{
	struct answer a = { BUF_INIT, BUF_INIT };
	int ret = ask(argv, r->transfer_ms, &a, err);

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
	int ret = transfer(r, option ? one : any, err);

	free(option);
	return ret;
}

int
registry_push(const struct registry *r, const char *ref,
	      struct imgcache_error *err)
{
	const char *const argv[] = { docker_of(r), "push", "--quiet", "--",
				     ref, NULL };

	return transfer(r, argv, err);
}
