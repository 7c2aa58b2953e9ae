/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_RECIPE_PROJECT_PARTS_H
#define IMGCACHE_RECIPE_PROJECT_PARTS_H

/* The steps of project_load(), in their order; for project.c only. */

struct expand_env;
struct imgcache_error;
struct project;

/* Check "cache" and "lint". */
int project_check_sections(const struct project *p,
			   struct imgcache_error *err);

/* Fill in images and by_name from "images". */
int project_read_images(struct project *p, const struct expand_env *env,
			struct imgcache_error *err);

/* Fill in needs of all images and order. */
int project_link_images(struct project *p, struct imgcache_error *err);

/* The image of that name, or NULL. */
struct project_image *project_find_image(const struct project *p,
					 const char *name);

/* Fail as project_image() does for a name that is not there. */
int project_no_image(const struct project *p, const char *name,
		     struct imgcache_error *err);

#endif
