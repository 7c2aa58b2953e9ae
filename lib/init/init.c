/* SPDX-License-Identifier: MIT */
#include "init/init.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/udiff.h"
#include "recipe/project.h"
#include "sys/file.h"

#define MAX_FILE (16 << 20)

struct output {
	struct imgcache_init_file *v;
	size_t n, cap;
	const struct imgcache_init_options *o;
};

/* Files that others speak of come first: they know contexts and targets. */
static void
find_images(struct init *in)
{
	const struct strv *of = in->found.of;
	size_t i;

	for (i = 0; i < of[INIT_COMPOSE].n; i++)
		init_compose(in, of[INIT_COMPOSE].v[i]);
	for (i = 0; i < of[INIT_BAKE].n; i++)
		init_bake(in, of[INIT_BAKE].v[i]);
	for (i = 0; i < of[INIT_BAKE_HCL].n; i++)
		init_bake_hcl(in, of[INIT_BAKE_HCL].v[i]);
	for (i = 0; i < of[INIT_DEVCONTAINER].n; i++)
		init_devcontainer(in, of[INIT_DEVCONTAINER].v[i]);
	for (i = 0; i < in->n_images; i++)
		init_link(in, in->images[i]);
	for (i = 0; i < in->n_images; i++)
		init_check(in, in->images[i]);
	for (i = 0; i < of[INIT_DOCKERFILE].n; i++)
		init_dockerfile(in, of[INIT_DOCKERFILE].v[i]);
	init_packages(in);
	for (i = 0; i < in->n_images; i++)
		if (!in->images[i]->dockerfile)
			init_check(in, in->images[i]);
	init_link_check(in);
	for (i = 0; i < in->n_images; i++)
		if (in->images[i]->reason)
			init_note(in, "%s: '%s' would not build as it is: %s",
				  in->images[i]->origin, in->images[i]->name,
				  in->images[i]->reason);
	if (in->found.is_odd)
		init_note(in, "a file was left out whose name has bytes that "
			  "imgcache.yaml cannot hold");
	if (in->found.is_cut)
		init_note(in, "there are more files than were looked at");
}

/* As one would type it in the folder of the handle. */
static const char *
shown(const struct init *in, const char *path)
{
	size_t len = strlen(in->root);

	if (!strncmp(path, in->root, len) && path[len] == '/')
		return path + len + 1;
	return path;
}

static int
add_file(struct init *in, struct output *out, struct imgcache_init_file f,
	 const struct buf *text, struct imgcache_error *err)
{
	struct buf old = BUF_INIT, diff = BUF_INIT;
	struct udiff_text was = {0}, is = { text->data, text->len };
	int ret = file_read(AT_FDCWD, f.full, MAX_FILE, &old, err);

	if (ret == IMGCACHE_ENO)
		error_clear(err);
	else if (ret)
		goto out;
	else
		was = (struct udiff_text){ old.data, old.len };
	f.path = shown(in, f.full);
	f.text = arena_strndup(in->arena, text->data, text->len);
	f.action = !was.data ? IMGCACHE_INIT_CREATE :
		was.len == is.len && !memcmp(was.data, is.data, is.len) ?
		IMGCACHE_INIT_SAME : out->o->force ? IMGCACHE_INIT_REPLACE :
		IMGCACHE_INIT_KEEP;
	udiff(&diff, f.path, was, is);
	f.diff = arena_strndup(in->arena, diff.data, diff.len);
	mem_grow(out->v, out->n, out->cap);
	out->v[out->n++] = f;
	ret = 0;
out:
	buf_release(&old);
	buf_release(&diff);
	return ret;
}

/* What is written must be what the program reads. */
static int
add_project(struct init *in, struct output *out, struct imgcache_error *err)
{
	char *path = path_join(in->root, PROJECT_FILE);
	struct imgcache_init_file f = {
		.full = arena_strdup(in->arena, path),
		.what = "the images of the project",
	};
	struct buf text = BUF_INIT;
	struct project p;
	int ret;

	init_write(in, &text);
	ret = project_load_text(&p, path, &text, &in->ic->env, err);
	if (ret)
		error_prefix(err, "what would be written is not right");
	else
		project_release(&p);
	if (!ret)
		ret = add_file(in, out, f, &text, err);
	buf_release(&text);
	free(path);
	return ret;
}

/* The first image of a Dockerfile speaks for all, if they agree. */
static bool
is_first_of_its_file(struct init *in, size_t at)
{
	const struct init_image *m = in->images[at];
	bool is_first = true;
	size_t i;

	if (!m->dockerfile || m->reason)
		return false;
	for (i = 0; i < in->n_images; i++) {
		const struct init_image *other = in->images[i];

		if (other->reason || !str_is(other->dockerfile, m->dockerfile))
			continue;
		is_first &= i >= at;
		if (!str_is(other->context, m->context)) {
			init_note(in, "%s: no ignore file was written: it is "
				  "built in several folders", m->dockerfile);
			return false;
		}
	}
	return is_first;
}

static int
add_ignore_files(struct init *in, struct output *out,
		 struct imgcache_error *err)
{
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < in->n_images; i++) {
		const struct init_image *m = in->images[i];
		struct buf text = BUF_INIT;
		struct imgcache_init_file f = { .what = "what is sent for it" };

		if (!is_first_of_its_file(in, i))
			continue;
		f.full = arena_printf(in->arena, "%s/%s.dockerignore",
				      in->root, m->dockerfile);
		if (init_ignore(in, m, &text))
			ret = add_file(in, out, f, &text, err);
		buf_release(&text);
	}
	return ret;
}

static int
add_hook(struct init *in, struct output *out, struct imgcache_error *err)
{
	struct imgcache_init_file f = {
		.what = "a hook", .is_executable = true,
	};
	struct buf text = BUF_INIT;
	int ret = 0;

	if (out->o->hook)
		ret = init_hook(in, out->o->hook, &f.full, &text, err);
	if (!ret && out->o->hook)
		ret = add_file(in, out, f, &text, err);
	buf_release(&text);
	return ret;
}

static int
write_files(const struct output *out, struct imgcache_error *err)
{
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < out->n; i++) {
		const struct imgcache_init_file *f = &out->v[i];
		char *dir = path_dir(f->full);

		if (f->action == IMGCACHE_INIT_CREATE ||
		    f->action == IMGCACHE_INIT_REPLACE) {
			ret = file_mkdirs(dir, 0777, err);
			if (!ret)
				ret = file_replace(AT_FDCWD, f->full, f->text,
						   strlen(f->text),
						   f->is_executable ? 0777 :
						   0666, true, err);
		}
		free(dir);
	}
	return ret;
}

static void
hand_out(struct init *in, const struct output *files,
	 struct imgcache_init_result *out)
{
	struct imgcache_init_file *v;
	const char **notes;
	size_t i;

	v = arena_alloc(in->arena, (files->n + 1) * sizeof(*v));
	if (files->n)
		memcpy(v, files->v, files->n * sizeof(*v));
	notes = arena_alloc(in->arena, (in->notes.n + 1) * sizeof(*notes));
	for (i = 0; i < in->notes.n; i++)
		notes[i] = arena_strdup(in->arena, in->notes.v[i]);
	out->files = v;
	out->n_files = files->n;
	out->notes = notes;
	out->n_notes = in->notes.n;
	out->n_images = 0;
	for (i = 0; i < in->n_images; i++)
		out->n_images += !in->images[i]->reason;
}

static void
note_other_project(struct init *in)
{
	if (in->ic->has_project && strcmp(in->ic->project.dir, in->root))
		init_note(in, "%s is no longer the project file for this "
			  "folder", in->ic->project.path);
}

int
imgcache_init(struct imgcache *ic, const struct imgcache_init_options *o,
	      struct imgcache_init_result *out, struct imgcache_error *err)
{
	const char *base = settings_text(&ic->settings, SETTING_DEFAULT_BASE);
	struct output files = { .o = o };
	struct init in = {
		.ic = ic, .arena = &ic->arena, .root = ic->dir,
		.force = o->force,
		.base = o->base ? o->base : base && *base ? base : NULL,
	};
	int ret = 0;

	memset(out, 0, sizeof(*out));
	init_find(in.root, &in.found);
	find_images(&in);
	note_other_project(&in);
	if (!in.n_images && !in.left.n)
		ret = error_set(err, IMGCACHE_ENO, "found nothing in '%s' that "
				"is built: no Dockerfile, package.json, "
				"requirements.txt, pyproject.toml or apt.txt; "
				"see imgcache.yaml(5)", in.root);
	if (!ret)
		ret = add_project(&in, &files, err);
	if (!ret)
		ret = add_ignore_files(&in, &files, err);
	if (!ret)
		ret = add_hook(&in, &files, err);
	if (!ret && !o->dry_run)
		ret = write_files(&files, err);
	hand_out(&in, &files, out);
	free(files.v);
	init_images_release(&in);
	init_found_release(&in.found);
	strv_release(&in.read);
	strv_release(&in.spoken);
	strv_release(&in.left);
	strv_release(&in.notes);
	return ret;
}
