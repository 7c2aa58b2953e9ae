/* SPDX-License-Identifier: MIT */

/* Names that have a meaning: args, frontends, files that are no Dockerfiles. */

#include "recipe/dockerfile.h"

#include <string.h>
#include <strings.h>

#include "recipe/dockerfile_ref.h"

/* Of docker's reference page; BuildKit compares them without case. */
static const char *const proxies[] = {
	"ALL_PROXY", "FTP_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY",
};

static const char *const platform_args[] = {
	"BUILDARCH", "BUILDOS", "BUILDOSVERSION", "BUILDPLATFORM",
	"BUILDVARIANT", "TARGETARCH", "TARGETOS", "TARGETOSVERSION",
	"TARGETPLATFORM", "TARGETSTAGE", "TARGETVARIANT",
};

/* A label of the build record, and switches of docker's own linter. */
static const char *const harmless[] = {
	"BUILDKIT_BUILD_NAME", "BUILDKIT_DOCKERFILE_CHECK",
	"BUILDKIT_DOCKERFILE_CHECK_EXPERIMENTAL",
};

static const char *const frontends[] = {
	"docker/dockerfile", "docker/dockerfile-upstream",
};

static const char *const drafts[] = {
	".in", ".j2", ".jinja", ".jinja2", ".tmpl", ".tpl", ".template", ".erb",
	".ejs", ".hbs", ".mustache", ".liquid", ".mako", ".tera", ".gotmpl",
	".m4", "__tmpl__", ".orig", ".rej", ".bak", ".swp", "~", ".md",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool
is_one_of(const char *s, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(s, words[i]) == 0)
			return true;
	return false;
}

bool
dockerfile_arg_is_predefined_proxy(const char *name)
{
	for (size_t i = 0; i < COUNT(proxies); i++)
		if (strcasecmp(name, proxies[i]) == 0)
			return true;
	return false;
}

bool
dockerfile_arg_is_platform(const char *name)
{
	return is_one_of(name, platform_args, COUNT(platform_args));
}

bool
dockerfile_arg_always_counts(const char *name)
{
	if (strcmp(name, "SOURCE_DATE_EPOCH") == 0)
		return true;
	return str_starts(name, "BUILDKIT_") &&
	       !is_one_of(name, harmless, COUNT(harmless));
}

bool
dockerfile_frontend_is_known(const char *ref)
{
	struct image_ref parts;
	bool known = false;

	if (!ref || strcmp(ref, "dockerfile.v0") == 0)
		return true;
	if (image_ref_parse(&parts, ref)) {
		known = is_one_of(parts.familiar, frontends, COUNT(frontends));
		image_ref_release(&parts);
	}
	return known;
}

const char *
dockerfile_frontend_of_args(const struct strv *args)
{
	static const char name[] = "BUILDKIT_SYNTAX=";

	for (size_t i = 0; args && i < args->n; i++)
		if (str_starts(args->v[i], name) &&
		    !dockerfile_frontend_is_known(args->v[i] + strlen(name)))
			return args->v[i] + strlen(name);
	return NULL;
}

bool
dockerfile_is_draft_name(const char *name)
{
	for (size_t i = 0; i < COUNT(drafts); i++)
		if (str_ends(name, drafts[i]))
			return true;
	return false;
}
