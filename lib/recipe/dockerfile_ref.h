/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_RECIPE_DOCKERFILE_REF_H
#define IMGCACHE_RECIPE_DOCKERFILE_REF_H

/*
 * Image references and platforms, as docker's reference and containerd's
 * platforms packages read them.
 */

#include <stdbool.h>

/* "docker.io/library/busybox:latest" has familiar "busybox". */
struct image_ref {
	char *familiar;		/* repository without what docker implies */
	const char *tag;	/* into familiar's memory; NULL: none */
	const char *digest;
};

/* False if it is no valid reference; then nothing is to be released. */
bool image_ref_parse(struct image_ref *out, const char *text);
void image_ref_release(struct image_ref *ref);

/*
 * The name under which BuildKit and buildx look up a named context: familiar,
 * ":latest" taken off. NULL if it is no valid reference. The caller frees.
 */
char *image_ref_context_name(const char *text);

/* The same, or the text itself where it is no ref. */
char *image_ref_name(const char *text);

struct platform {
	char os[32];
	char arch[32];
	char variant[32];
};

/*
 * "os", "arch", "os/arch" or "os/arch/variant"; what is left out comes from
 * base, or is linux/amd64 if that is NULL. Normalised: x86_64 is amd64,
 * arm64/v8 is arm64, arm is arm/v7. False if it is none of these.
 */
bool platform_parse(struct platform *out, const char *text,
		    const struct platform *base);

/* "linux/arm/v7". The caller frees. */
char *platform_text(const struct platform *p);

#endif
