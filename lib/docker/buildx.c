/* SPDX-License-Identifier: MIT */
/*
 * The argument list. The order is fixed so that two equal requests give equal
 * lists, which tests and people compare.
 */

#include "docker/buildx.h"

#include <assert.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/strv.h"

static void
add_one(struct strv *out, const char *option, const char *value)
{
	if (value)
		strv_pushf(out, "--%s=%s", option, value);
}

static void
add_all(struct strv *out, const char *option,
	const char *const *values)
{
	for (; values && *values; values++)
		add_one(out, option, *values);
}

static void
add_flag(struct strv *out, const char *option, bool is_set)
{
	if (is_set)
		strv_pushf(out, "--%s", option);
}

/* Several platforms are one value: a repeated option would do as well, but
 * only since buildx 0.6. */
static void
add_platforms(struct strv *out, const char *const *platforms)
{
	struct buf list = BUF_INIT;

	for (; platforms && *platforms; platforms++)
		buf_addf(&list, "%s%s", list.len ? "," : "", *platforms);
	if (list.len)
		add_one(out, "platform", list.data);
	buf_release(&list);
}

static int
check(const struct buildx_request *r, const struct buildx_client *c,
	struct imgcache_error *err)
{
	const char *missing = NULL;

	if (r->contexts && *r->contexts && !c->has_build_context)
		missing = "--build-context";
	if (r->no_cache_filter && *r->no_cache_filter &&
	    !c->has_no_cache_filter)
		missing = "--no-cache-filter";
	if (missing)
		return error_set(err, IMGCACHE_EUSAGE, "buildx %s has no %s; "
				 "upgrade docker's buildx plugin to 0.13 or "
				 "newer", c->version, missing);
	return 0;
}

static void
add_what(const struct buildx_request *r, struct strv *out)
{
	add_one(out, "file", r->dockerfile);
	add_all(out, "tag", r->tags);
	add_one(out, "target", r->target);
	add_all(out, "build-arg", r->args);
	add_all(out, "label", r->labels);
	add_all(out, "build-context", r->contexts);
	add_platforms(out, r->platforms);
	add_all(out, "secret", r->secrets);
	add_all(out, "ssh", r->ssh);
	add_one(out, "network", r->network);
	add_all(out, "add-host", r->add_hosts);
}

static void
add_how(const struct buildx_request *r, struct strv *out)
{
	add_flag(out, "no-cache", r->no_cache);
	add_all(out, "no-cache-filter", r->no_cache_filter);
	add_flag(out, "pull", r->pull);
	add_flag(out, "push", r->push);
	add_flag(out, "load", r->load);
	if (r->no_image)
		add_one(out, "output", "type=cacheonly");
	add_all(out, "cache-to", r->cache_to);
	add_all(out, "cache-from", r->cache_from);
	add_one(out, "builder", r->builder);
	add_one(out, "metadata-file", r->metadata_file);
	add_all(out, "allow", r->allow);
	add_one(out, "cgroup-parent", r->cgroup_parent);
	add_one(out, "shm-size", r->shm_size);
	add_all(out, "ulimit", r->ulimits);
}

int
buildx_argv(const struct buildx_request *r, const struct buildx_client *c,
	    struct strv *out, struct imgcache_error *err)
{
	assert(r->context);
	if (check(r, c, err))
		return err->code;
	strv_push(out, r->docker ? r->docker : "docker");
	strv_push(out, "buildx");
	strv_push(out, "build");
	add_one(out, "progress", c->has_rawjson ? "rawjson" : "plain");
	if (c->has_attestations) {
		strv_push(out, "--provenance=false");
		strv_push(out, "--sbom=false");
	}
	add_what(r, out);
	add_how(r, out);
	strv_push(out, "--");
	strv_push(out, r->context);
	return 0;
}
