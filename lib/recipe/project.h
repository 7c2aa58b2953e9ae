/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_RECIPE_PROJECT_H
#define IMGCACHE_RECIPE_PROJECT_H

/*
 * imgcache.yaml: the images of one project and the team's settings. The whole
 * file is checked when it is loaded: keys, types, package names, paths,
 * references between images. Only a ${NAME} without a value is kept until the
 * image that needs it is asked for, so that one image's account id does not
 * stop the work on another.
 */

#include <stddef.h>

#include "recipe/cachespec.h"
#include "recipe/recipe.h"
#include "recipe/yaml.h"

struct buf;
struct expand_env;
struct imgcache_error;

#define PROJECT_FILE "imgcache.yaml"

struct project_image {
	struct recipe recipe;
	const struct yaml_node *node;	/* its mapping in the file */
	size_t *needs;		/* images it refers to by @name */
	size_t n_needs, cap_needs;
	char *unset;		/* why it cannot be used here, or NULL */
	char *static_unset;	/* the same for its static: alone */
};

/* Zero-initialised is empty. Everything is owned by the project. */
struct project {
	char *dir;		/* absolute; the root of its recipes */
	char *path;		/* absolute path of the file */
	char *name;		/* as messages show it: "../imgcache.yaml" */
	struct yaml_doc doc;
	struct project_image *images;	/* in file order */
	size_t n_images, cap_images;
	struct project_image **by_name;	/* sorted */
	size_t *order;		/* indexes, an image after what it needs */
};

/*
 * The project file for an absolute directory: there or in the nearest parent
 * that has one, up to the root of the file system. *path is the caller's.
 * IMGCACHE_ENO if there is none. IMGCACHE_EFAIL if the nearest is called
 * imgcache.yml, or is a stranger's in a folder that all may write to (/tmp).
 */
int project_find(const char *dir, char **path, struct imgcache_error *err);

/*
 * Load the file at path; from is the absolute directory that messages are
 * meant from ("../imgcache.yaml"), or NULL to show path as it is.
 */
int project_load(struct project *p, const char *path, const char *from,
		 const struct expand_env *env, struct imgcache_error *err);

/* The same for a text that may become the file at path; shown by its name. */
int project_load_text(struct project *p, const char *path,
		      const struct buf *text, const struct expand_env *env,
		      struct imgcache_error *err);

void project_release(struct project *p);

/*
 * The image of that name. IMGCACHE_ENO names the nearest one;
 * IMGCACHE_EFAIL if it needs a ${NAME} that is not set.
 */
int project_image(const struct project *p, const char *name,
		  const struct project_image **out,
		  struct imgcache_error *err);

/* 0 or IMGCACHE_EFAIL, as project_image() for an image at hand. */
int project_image_usable(const struct project_image *image,
			 struct imgcache_error *err);

/* The ref of `static:`, NULL if it has none. Fails on an unset ${NAME}. */
int project_static(const struct project_image *image, const char **ref,
		   struct imgcache_error *err);

/*
 * All n_images images, each after those it is built from; in file order where
 * nothing else matters. The list belongs to the project.
 */
const size_t *project_order(const struct project *p);

/*
 * A checked section of the file, for those who use it: "cache" (to, from,
 * stages), "lint". NULL if the file has none.
 *
 *	cache: {to: [...], from: [...], stages: {NAME: [FILE, ...]}}
 *	  to, from: docker's own text ("type=registry,ref=...", a bare ref) or
 *	  a mapping {type: registry, ref: ...}; one or a list
 *	lint: {severity: error|warning|info, ignore: [ID, ...],
 *	       rules: {ID: off|info|warning|error}, exclude: [PATTERN, ...]}
 */
const struct yaml_node *project_section(const struct project *p,
					const char *name);

/* The caches of "cache" in that direction, each as docker's text, checked. */
void project_caches(const struct project *p, enum cache_direction direction,
		    struct strv *out);

#endif
