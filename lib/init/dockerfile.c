/* SPDX-License-Identifier: MIT */
/*
 * A Dockerfile that no other file speaks of. Its context is the first folder
 * upwards in which all is that it reads.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "init/init.h"
#include "sys/file.h"

/* Folders that are called after what they hold, not after what is built. */
static bool
is_general(const char *name)
{
	static const char *const names[] = {
		"docker", "container", "containers", "dockerfiles", "build",
		"ci", "deploy", "infra", "ops", "images", ".devcontainer", NULL
	};
	size_t i;

	for (i = 0; names[i]; i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

/* "Dockerfile.dev" and "dev.Dockerfile" are dev; NULL: there is no such part. */
static const char *
variant_of(const struct init *in, const char *name)
{
	const char *dot = strchr(name, '.');

	if (!dot)
		return NULL;
	if (str_starts(name, "Dockerfile") || str_starts(name, "Containerfile"))
		return dot + 1;
	return arena_strndup(in->arena, name,
			     strlen(name) - strlen(".Dockerfile"));
}

static const char *
name_for(const struct init *in, const char *path)
{
	const char *dir = init_dir(in, path);
	const char *variant = variant_of(in, path_base(path));

	while (strcmp(dir, ".") && is_general(path_base(dir))) {
		if (variant)
			return variant;
		dir = init_dir(in, dir);
	}
	if (!variant)
		return init_dir_name(in, dir);
	if (!strcmp(dir, "."))
		return variant;
	return arena_printf(in->arena, "%s-%s", init_dir_name(in, dir),
			    variant);
}

/* Nothing in it but Dockerfiles and what belongs to them. */
static bool
holds_dockerfiles_only(const struct init *in, const char *dir)
{
	char *full = path_join(in->root, dir);
	DIR *all = opendir(full);
	struct dirent *d;
	bool only = all != NULL;

	while (only && (d = readdir(all)))
		only = d->d_name[0] == '.' || strstr(d->d_name, "ockerfile") ||
			strstr(d->d_name, "ontainerfile") ||
			str_ends(d->d_name, ".dockerignore");
	if (all)
		closedir(all);
	free(full);
	return only;
}

/* The folders that may be its context, the likeliest first. */
static void
find_contexts(const struct init *in, const char *dir, struct strv *out)
{
	if (!strcmp(dir, ".")) {
		strv_push(out, dir);
		return;
	}
	if (holds_dockerfiles_only(in, dir)) {
		strv_push(out, ".");
		strv_push(out, dir);
	} else {
		strv_push(out, dir);
		strv_push(out, ".");
	}
	for (dir = init_dir(in, dir); strcmp(dir, ".");
	     dir = init_dir(in, dir))
		strv_push(out, dir);
}

static void
try_context(struct init *in, struct init_image *image, const char *context)
{
	strv_clear(&image->reads);
	image->reason = NULL;
	image->context = arena_strdup(in->arena, context);
	init_check(in, image);
}

void
init_dockerfile(struct init *in, const char *path)
{
	struct strv contexts = {0};
	struct init_image *image;
	size_t i;

	if (strv_has(&in->spoken, path))
		return;
	find_contexts(in, init_dir(in, path), &contexts);
	image = init_image_new(in, name_for(in, path),
			       arena_strdup(in->arena, path));
	image->dockerfile = image->origin;
	init_link(in, image);
	try_context(in, image, contexts.v[0]);
	for (i = 1; image->reason && i < contexts.n; i++)
		try_context(in, image, contexts.v[i]);
	if (image->reason && i > 1)
		try_context(in, image, contexts.v[0]);
	strv_push(&in->read, path);
	strv_release(&contexts);
}
