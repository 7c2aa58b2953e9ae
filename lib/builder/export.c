/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "docker/engine.h"
#include "docker/export.h"
#include "docker/output.h"
#include "key/tags.h"
#include "session/session.h"
#include "sys/file.h"

int
imgcache_output(struct imgcache *ic, const char *text,
		struct imgcache_output *out, struct imgcache_error *err)
{
	const char **names;
	struct output o;
	size_t i;
	int ret = output_parse(&o, text, err);

	memset(out, 0, sizeof(*out));
	if (ret)
		goto out;
	out->text = arena_strdup(&ic->arena, text);
	out->pushes = o.type == OUTPUT_REGISTRY;
	out->is_file = output_is_file(&o);
	out->is_stdout = str_is(o.dest, "-");
	names = arena_alloc(&ic->arena, (o.names.n + 1) * sizeof(*names));
	for (i = 0; i < o.names.n; i++)
		names[i] = arena_strdup(&ic->arena, o.names.v[i]);
	names[i] = NULL;
	out->names = names;
out:
	output_release(&o);
	return ret;
}

static int
check(const struct recipe *q, const struct output *o,
      const struct imgcache_answer *a, struct imgcache_error *err)
{
	if (a->is_static)
		return error_set(err, IMGCACHE_EFAIL, "cannot write '%.200s': "
				 "'%s' is used as it is, see "
				 "USE_STATIC_BASE_IMAGE", o->dest, a->ref);
	if (o->type != OUTPUT_ARCHIVE && q->platforms.n > 1)
		return error_set(err, IMGCACHE_EUSAGE, "cannot write '%.200s': "
				 "files are those of one platform, and the "
				 "image has several; give one --platform",
				 o->dest);
	return 0;
}

/* docker saves an archive by the names. */
static int
check_names(struct imgcache *ic, const struct output *o,
	    const struct imgcache_export *e, const char *image_id,
	    struct imgcache_error *err)
{
	const char *const *name = o->type == OUTPUT_ARCHIVE ? e->names : NULL;
	int ret = 0;

	for (; !ret && name && *name; name++)
		ret = tags_check(ic, *name, image_id, err);
	return ret;
}

/*
 * An archive is written beside its file, since what is in it is only known to
 * be right afterwards. What is no file is left to docker, which refuses it.
 */
static int
open_archive(const struct output *o, char **out, struct imgcache_error *err)
{
	struct stat st;
	char *dir;
	int fd;

	*out = NULL;
	if (o->type != OUTPUT_ARCHIVE || !strcmp(o->dest, "-"))
		return 0;
	if (stat(o->dest, &st) ? errno != ENOENT : !S_ISREG(st.st_mode))
		return 0;
	dir = path_dir(o->dest);
	*out = mem_printf("%s/" FILE_TEMP_PREFIX "XXXXXX", dir);
	free(dir);
	fd = mkstemp(*out);
	if (fd >= 0) {
		close(fd);
		return 0;
	}
	free(*out);
	*out = NULL;
	return error_errno(err, IMGCACHE_EFAIL, "cannot write '%.200s'",
			   o->dest);
}

static int
close_archive(const struct output *o, char *archive, int ret,
	      struct imgcache_error *err)
{
	if (archive && !ret && rename(archive, o->dest))
		ret = error_errno(err, IMGCACHE_EFAIL, "cannot write '%.200s'",
				  o->dest);
	if (archive && ret)
		unlink(archive);
	free(archive);
	return ret;
}

int
imgcache_export(struct imgcache *ic, struct imgcache_recipe *r,
		const struct imgcache_answer *a,
		const struct imgcache_export *e, struct imgcache_error *err)
{
	const struct recipe *q = r->recipe;
	struct engine_image image = {0};
	struct engine *engine;
	struct output o;
	char *archive = NULL;
	int ret = output_parse(&o, e->output->text, err);

	if (!ret)
		ret = check(q, &o, a, err);
	if (!ret)
		ret = session_engine(ic, &engine, err);
	if (!ret)
		ret = engine_image(engine, a->image_id, &image, err);
	ret = tags_removed(ret, err, "the image was removed meanwhile");
	if (!ret)
		ret = check_names(ic, &o, e, a->image_id, err);
	if (!ret)
		ret = open_archive(&o, &archive, err);
	if (!ret) {
		struct export_request request = {
			.output = &o,
			.archive = archive,
			.image = a->ref,
			.has_onbuild = image.onbuild[0] != NULL,
			.platform = q->platforms.n == 1 ? q->platforms.v[0] :
				NULL,
			.builder = ic->endpoint.context,
			.names = e->names,
			.on_output = e->fn,
			.payload = e->payload,
		};

		ret = export_image(&request, err);
	}
	if (!ret)
		ret = check_names(ic, &o, e, a->image_id, err);
	ret = close_archive(&o, archive, ret, err);
	engine_image_release(&image);
	output_release(&o);
	return ret;
}
