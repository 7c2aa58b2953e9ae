/* SPDX-License-Identifier: MIT */
/*
 * Images of the project that others are built from: by name of a target or a
 * service, or since a Dockerfile begins with the name that one of them gives
 * its image. Each becomes a named context, "docker-image://@NAME".
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "init/init.h"
#include "recipe/dockerfile.h"
#include "sys/file.h"

#define MAX_FILE (1 << 20)

static void
add_link(struct init_image *image, const char *name, size_t len,
	 const struct init_image *other)
{
	strv_pushf(&image->build_contexts, "%.*s=docker-image://@%s", (int)len,
		   name, other->name);
	if (!strv_has(&image->needs, other->name))
		strv_push(&image->needs, other->name);
}

static void
link_contexts(struct init *in, struct init_image *image)
{
	for (size_t i = 0; i < image->links.n; i++) {
		const char *text = image->links.v[i];
		size_t len = strcspn(text, "="), k;

		for (k = 0; k < in->n_images; k++)
			if (strv_has(&in->images[k]->origins, text + len + 1))
				break;
		if (k < in->n_images)
			add_link(image, text, len, in->images[k]);
		else
			image->reason = arena_printf(in->arena, "it is built "
					"from %s, which is not here",
					text + len + 1);
	}
}

/* "docker.io/library/x:latest" is x. */
static char *
short_ref(const char *ref)
{
	static const char hub[] = "docker.io/", library[] = "library/";

	if (str_starts(ref, hub))
		ref += strlen(hub);
	if (str_starts(ref, library))
		ref += strlen(library);
	return mem_strndup(ref, strlen(ref) -
			   (str_ends(ref, ":latest") ? strlen(":latest") : 0));
}

static const struct init_image *
find_tagged(const struct init *in, const char *ref,
	    const struct init_image *self)
{
	const struct init_image *found = NULL;
	char *wanted = short_ref(ref);

	for (size_t i = 0; i < in->n_images && !found; i++)
		for (size_t k = 0; k < in->images[i]->tags.n; k++) {
			char *tag = short_ref(in->images[i]->tags.v[k]);

			if (in->images[i] != self && !strcmp(tag, wanted))
				found = in->images[i];
			free(tag);
		}
	free(wanted);
	return found;
}

/* The images that its Dockerfile begins with or copies from. */
static void
link_bases(struct init *in, struct init_image *image, const struct buf *text)
{
	struct imgcache_error ignored = {0};
	struct dockerfile_plan *plan = NULL;
	struct dockerfile *df = NULL;
	struct strv names = {0};
	const struct dockerfile_options options = {
		.target = image->target, .args = &image->args,
		.contexts = &names,
	};

	for (size_t i = 0; i < image->build_contexts.n; i++)
		strv_take(&names, mem_strndup(image->build_contexts.v[i],
			  strcspn(image->build_contexts.v[i], "=")));
	if (dockerfile_parse(text->data, text->len, image->dockerfile, &df,
			     &ignored) ||
	    dockerfile_resolve(df, &options, &plan, &ignored))
		goto out;
	for (size_t i = 0; i < plan->n_images; i++) {
		const struct dockerfile_image *base = &plan->images[i];
		const struct init_image *other = base->context ? NULL :
			find_tagged(in, base->ref, image);

		if (other && !strv_has(&names, base->ref)) {
			add_link(image, base->ref, strlen(base->ref), other);
			strv_push(&names, base->ref);
		}
	}
out:
	dockerfile_plan_free(plan);
	dockerfile_free(df);
	strv_release(&names);
}

void
init_link(struct init *in, struct init_image *image)
{
	struct imgcache_error ignored = {0};
	struct buf text = BUF_INIT;
	char *path;

	link_contexts(in, image);
	if (image->dockerfile) {
		path = path_join(in->root, image->dockerfile);
		if (!file_read(AT_FDCWD, path, MAX_FILE, &text, &ignored))
			link_bases(in, image, &text);
		free(path);
	}
	buf_release(&text);
}

static struct init_image *
named(const struct init *in, const char *name)
{
	for (size_t i = 0; i < in->n_images; i++)
		if (!strcmp(in->images[i]->name, name))
			return in->images[i];
	return NULL;
}

/* Is it built from that one, over so many steps at most? */
static bool
stands_on(const struct init *in, const struct init_image *image,
	  const struct init_image *other, size_t steps)
{
	for (size_t i = 0; steps && i < image->needs.n; i++) {
		const struct init_image *next = named(in, image->needs.v[i]);

		if (next == other || stands_on(in, next, other, steps - 1))
			return true;
	}
	return false;
}

/* The first that is needed and is a comment; NULL: none. */
static const char *
lacks(const struct init *in, const struct init_image *image)
{
	for (size_t i = 0; i < image->needs.n; i++)
		if (named(in, image->needs.v[i])->reason)
			return image->needs.v[i];
	return NULL;
}

void
init_link_check(struct init *in)
{
	static const size_t deepest = 8;
	bool more = true;

	for (size_t i = 0; i < in->n_images; i++)
		if (!in->images[i]->reason &&
		    stands_on(in, in->images[i], in->images[i], deepest))
			in->images[i]->reason = "it is built from itself";
	while (more) {
		more = false;
		for (size_t i = 0; i < in->n_images; i++) {
			struct init_image *image = in->images[i];
			const char *lack = image->reason ? NULL :
				lacks(in, image);

			if (!lack)
				continue;
			image->reason = arena_printf(in->arena, "it is built "
					"from '%s', which would not", lack);
			more = true;
		}
	}
}
