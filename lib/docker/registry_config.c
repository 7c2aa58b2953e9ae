/* SPDX-License-Identifier: MIT */
/*
 * From the index to the manifest to the configuration, each by the digest that
 * the one before names.
 */
#include "docker/registry_config.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/strv.h"
#include "recipe/dockerfile_ref.h"
#include "store/jsonr.h"

/* The document of ref, valid until the next; NULL with err. */
static const struct jsonr_node *
ask_for(const struct registry *r, struct jsonr *json, const char *ref,
	struct imgcache_error *err)
{
	const struct jsonr_node *doc = NULL;
	struct buf text = BUF_INIT;

	if (!registry_raw(r, ref, &text, err)) {
		doc = jsonr_parse(json, text.data, text.len, err);
		if (!doc)
			err->code = IMGCACHE_EUNKNOWN;
	}
	buf_release(&text);
	return doc;
}

static bool
is_platform(const struct jsonr_node *n, const char *platform)
{
	const char *variant = jsonr_string(n, "/variant", "");
	char *text = mem_printf("%s/%s%s%s", jsonr_string(n, "/os", ""),
				jsonr_string(n, "/architecture", ""),
				*variant ? "/" : "", variant);
	struct platform a, b;
	bool same = platform_parse(&a, text, NULL) &&
		platform_parse(&b, platform, NULL) && !strcmp(a.os, b.os) &&
		!strcmp(a.arch, b.arch) && !strcmp(a.variant, b.variant);

	free(text);
	return same;
}

/* The ref of what a document of the same repository names by its digest. */
static char *
beside(const char *ref, const struct jsonr_node *n)
{
	const char *digest = jsonr_string(n, "/digest", "");

	return str_starts(digest, "sha256:") ?
		mem_printf("%.*s@%s", (int)strcspn(ref, "@"), ref, digest) :
		NULL;
}

static int
no_platform(const char *ref, const char *platform, struct imgcache_error *err)
{
	return error_set(err, IMGCACHE_ENO, "'%s' has no image for %s", ref,
			 platform);
}

/* The manifest of the platform, if *doc is an index; else it stays. */
static int
enter_index(const struct registry *r, struct jsonr *json, const char *ref,
	    const char *platform, const struct jsonr_node **doc,
	    struct imgcache_error *err)
{
	const struct jsonr_node *list = jsonr_member(*doc, "manifests");
	const struct jsonr_node *m = list ? list->child : NULL;
	char *manifest;

	if (!list)
		return 0;
	while (m && !is_platform(jsonr_member(m, "platform"), platform))
		m = m->next;
	manifest = beside(ref, m);
	if (!manifest)
		return no_platform(ref, platform, err);
	*doc = ask_for(r, json, manifest, err);
	free(manifest);
	return *doc ? 0 : err->code;
}

static const char *const *
list_of(struct arena *a, const struct jsonr_node *n)
{
	size_t n_max = n && n->type == JSONR_ARRAY ? n->n : 0, i = 0;
	const char **v = arena_alloc(a, (n_max + 1) * sizeof(*v));

	for (n = n_max ? n->child : NULL; n; n = n->next)
		if (n->type == JSONR_STRING)
			v[i++] = arena_strdup(a, n->text);
	return v;
}

static int
fill(const struct jsonr_node *doc, const char *ref,
     struct registry_config *out, struct imgcache_error *err)
{
	const struct jsonr_node *config = jsonr_member(doc, "config");

	if (!jsonr_member(doc, "rootfs") || !config ||
	    config->type != JSONR_OBJECT)
		return error_set(err, IMGCACHE_EUNKNOWN, "what the registry "
				 "has under '%s' is no configuration of an "
				 "image", ref);
	out->env = list_of(&out->arena, jsonr_member(config, "Env"));
	out->onbuild = list_of(&out->arena, jsonr_member(config, "OnBuild"));
	return 0;
}

int
registry_config(const struct registry *r, const char *ref,
		const char *platform, struct registry_config *out,
		struct imgcache_error *err)
{
	struct jsonr *json = jsonr_new();
	const struct jsonr_node *doc = ask_for(r, json, ref, err);
	char *config = NULL;
	int ret = doc ? 0 : err->code;

	memset(out, 0, sizeof(*out));
	if (!ret)
		ret = enter_index(r, json, ref, platform, &doc, err);
	if (ret)
		goto out;
	config = beside(ref, jsonr_member(doc, "config"));
	if (!config) {
		ret = error_set(err, IMGCACHE_EUNKNOWN, "what the registry "
				"has under '%s' is no manifest of an image",
				ref);
		goto out;
	}
	doc = ask_for(r, json, config, err);
	ret = doc ? fill(doc, config, out, err) : err->code;
out:
	free(config);
	jsonr_free(json);
	return ret;
}

void
registry_config_release(struct registry_config *c)
{
	arena_release(&c->arena);
	memset(c, 0, sizeof(*c));
}
