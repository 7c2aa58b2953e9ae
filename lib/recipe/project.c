/* SPDX-License-Identifier: MIT */
/*
 * Finding and loading the project file. The version is looked at first, so
 * that a file of the future is not called full of unknown keys.
 */

#include "recipe/project.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/strv.h"
#include "recipe/project_parts.h"
#include "recipe/settings_file.h"
#include "sys/file.h"

#define OTHER_FILE "imgcache.yml"

/* In /tmp anybody can leave a file that others would find from below. */
static int
check_owner(const char *dir, const char *path, struct imgcache_error *err)
{
	struct stat folder, file;

	if (stat(dir, &folder) || stat(path, &file))
		return error_errno(err, IMGCACHE_EFAIL, "cannot read '%s'",
				   path);
	if (!(folder.st_mode & S_IWOTH) || file.st_uid == geteuid() ||
	    file.st_uid == 0)
		return 0;
	return error_set(err, IMGCACHE_EFAIL, "will not use '%s': it is "
			 "someone else's, in a folder that all may write to; "
			 "name it with -f if you trust it", path);
}

/* 0 found, IMGCACHE_ENO not in this folder. */
static int
look_in(const char *dir, char **path, struct imgcache_error *err)
{
	char *file = path_join(dir, PROJECT_FILE);
	char *other = path_join(dir, OTHER_FILE);
	int ret = IMGCACHE_ENO;

	if (file_exists(file))
		ret = check_owner(dir, file, err);
	else if (file_exists(other))
		ret = error_set(err, IMGCACHE_EFAIL, "found '%s'; rename it "
				"to " PROJECT_FILE, other);
	free(other);
	if (ret)
		free(file);
	else
		*path = file;
	return ret;
}

int
project_find(const char *dir, char **path, struct imgcache_error *err)
{
	char *at = path_absolute(NULL, dir);
	int ret = look_in(at, path, err);

	while (ret == IMGCACHE_ENO && strcmp(at, "/")) {
		char *up = path_dir(at);

		free(at);
		at = up;
		ret = look_in(at, path, err);
	}
	free(at);
	if (ret == IMGCACHE_ENO)
		error_set(err, ret, "no " PROJECT_FILE " in '%s' or above; "
			  "write one, or describe the image by flags", dir);
	return ret;
}

/* Is path dir itself or below it? *rest is what follows, without slash. */
static bool
is_below(const char *path, const char *dir, const char **rest)
{
	size_t len = strlen(dir);

	if (len && dir[len - 1] == '/')
		len--;
	if (strncmp(path, dir, len) || (path[len] && path[len] != '/'))
		return false;
	*rest = path + len + (path[len] == '/');
	return true;
}

/* The path of the file as one would type it in from. */
static char *
shown_name(const char *path, const char *dir, const char *from)
{
	struct buf b = BUF_INIT;
	const char *rest;

	if (is_below(from, dir, &rest)) {
		while (*rest) {
			size_t len = strcspn(rest, "/");

			buf_adds(&b, "../");
			rest += len + (rest[len] == '/');
		}
		buf_adds(&b, path_base(path));
	} else if (is_below(path, from, &rest)) {
		buf_adds(&b, rest);
	} else {
		buf_adds(&b, path);
	}
	return buf_detach(&b);
}

static int
check_version(const struct project *p, struct imgcache_error *err)
{
	const struct yaml_node *root = p->doc.root, *version;

	if (!root)
		return yaml_fail(&p->doc, NULL, err,
				 "the file is empty; begin with 'version: 1'");
	if (root->kind != YAML_MAP)
		return yaml_expected(&p->doc, root,
				     "a mapping with version and images", err);
	version = yaml_get(root, "version");
	if (!version)
		return yaml_fail(&p->doc, root, err,
				 "no 'version'; begin with 'version: 1'");
	if (!yaml_text(version))
		return yaml_expected(&p->doc, version, "1", err);
	if (strcmp(version->text, "1"))
		return yaml_fail(&p->doc, version, err, "version '%.32s' is "
				 "not known to this imgcache, which reads "
				 "version 1", version->text);
	return 0;
}

/* Everything that can be wrong in a file that is there. */
static int
read_all(struct project *p, const struct expand_env *env,
	 struct imgcache_error *err)
{
	int ret = check_version(p, err);

	if (!ret)
		ret = settings_file_check(&p->doc, SETTING_FROM_PROJECT, env,
					  err);
	if (!ret)
		ret = project_check_sections(p, err);
	if (!ret)
		ret = project_read_images(p, env, err);
	if (!ret)
		ret = project_link_images(p, err);
	if (ret)
		ret = err->code = IMGCACHE_EFAIL;
	return ret;
}

int
project_load(struct project *p, const char *path, const char *from,
	     const struct expand_env *env, struct imgcache_error *err)
{
	int ret;

	memset(p, 0, sizeof(*p));
	p->path = path_absolute(NULL, path);
	p->dir = path_dir(p->path);
	p->name = from ? shown_name(p->path, p->dir, from) : mem_strdup(path);
	ret = yaml_read(&p->doc, AT_FDCWD, p->path, p->name, err);
	if (!ret)
		ret = read_all(p, env, err);
	if (ret)
		project_release(p);
	return ret;
}

int
project_load_text(struct project *p, const char *path, const struct buf *text,
		  const struct expand_env *env, struct imgcache_error *err)
{
	int ret;

	memset(p, 0, sizeof(*p));
	p->path = path_absolute(NULL, path);
	p->dir = path_dir(p->path);
	p->name = mem_strdup(path_base(path));
	ret = yaml_parse(&p->doc, p->name, text->data, text->len, err);
	if (!ret)
		ret = read_all(p, env, err);
	if (ret)
		project_release(p);
	return ret;
}

void
project_release(struct project *p)
{
	for (size_t i = 0; i < p->n_images; i++) {
		recipe_release(&p->images[i].recipe);
		free(p->images[i].needs);
		free(p->images[i].unset);
		free(p->images[i].static_unset);
	}
	free(p->images);
	free(p->by_name);
	free(p->order);
	yaml_release(&p->doc);
	free(p->dir);
	free(p->path);
	free(p->name);
	memset(p, 0, sizeof(*p));
}

static int
by_text(const void *key, const void *member)
{
	const struct project_image *const *image = member;

	return strcmp(key, (*image)->recipe.name);
}

struct project_image *
project_find_image(const struct project *p, const char *name)
{
	struct project_image **at;

	if (!p->n_images)
		return NULL;
	at = bsearch(name, p->by_name, p->n_images, sizeof(*p->by_name),
		     by_text);
	return at ? *at : NULL;
}

int
project_no_image(const struct project *p, const char *name,
		 struct imgcache_error *err)
{
	struct strv names = { 0 };
	const char *near;

	for (size_t i = 0; i < p->n_images; i++)
		strv_push(&names, p->images[i].recipe.name);
	near = str_nearest(name, (const char *const *)names.v, names.n);
	if (near)
		error_set(err, IMGCACHE_ENO, "no image '%.64s' in %s; did you "
			  "mean '%s'?", name, p->name, near);
	else
		error_set(err, IMGCACHE_ENO, "no image '%.64s' in %s", name,
			  p->name);
	strv_release(&names);
	return err->code;
}

int
project_image(const struct project *p, const char *name,
	      const struct project_image **out, struct imgcache_error *err)
{
	const struct project_image *image = project_find_image(p, name);
	int ret;

	if (!image)
		return project_no_image(p, name, err);
	ret = project_image_usable(image, err);
	if (!ret)
		*out = image;
	return ret;
}

int
project_image_usable(const struct project_image *image,
		     struct imgcache_error *err)
{
	if (image->unset)
		return error_set(err, IMGCACHE_EFAIL, "%s", image->unset);
	return 0;
}

int
project_static(const struct project_image *image, const char **ref,
	       struct imgcache_error *err)
{
	if (image->static_unset)
		return error_set(err, IMGCACHE_EFAIL, "%s",
				 image->static_unset);
	*ref = image->recipe.static_ref;
	return 0;
}

const size_t *
project_order(const struct project *p)
{
	return p->order;
}

const struct yaml_node *
project_section(const struct project *p, const char *name)
{
	return yaml_get(p->doc.root, name);
}
