/* SPDX-License-Identifier: MIT */
/*
 * An image is written as it would stand in the project file, read again by the
 * reader of project files, and its inputs are taken as for a build, short of
 * asking anybody.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "init/recipe.h"
#include "recipe/project.h"
#include "source/ignore.h"
#include "source/reach.h"
#include "sys/file.h"

int
init_recipe_open(struct init *in, const struct init_image *image,
		 struct init_recipe *out, struct imgcache_error *err)
{
	char *path = path_join(in->root, PROJECT_FILE);
	struct buf text = BUF_INIT;
	int ret;

	memset(out, 0, sizeof(*out));
	buf_adds(&text, "version: 1\nimages:\n");
	init_write_image(image, "  ", &text);
	for (size_t i = 0; i < image->needs.n; i++)
		buf_addf(&text, "  %s: {base: scratch}\n", image->needs.v[i]);
	ret = project_load_text(&out->project, path, &text, &in->ic->env, err);
	if (!ret) {
		out->recipe.ic = in->ic;
		out->recipe.image = &out->project.images[0];
		out->recipe.recipe = &out->project.images[0].recipe;
	}
	buf_release(&text);
	free(path);
	return ret;
}

void
init_recipe_close(struct init_recipe *r)
{
	project_release(&r->project);
}

/* Places in a text that nobody sees are no help: "imgcache.yaml:3:5: ". */
static const char *
without_place(const char *text)
{
	const char *p = text;

	if (!str_starts(p, PROJECT_FILE ":"))
		return text;
	p += strlen(PROJECT_FILE ":");
	p += strspn(p, "0123456789:");
	return p + strspn(p, " ");
}

/* Less the root, which the reader knows. */
static const char *
shortened(const struct init *in, const char *text)
{
	struct buf b = BUF_INIT;
	size_t len = strlen(in->root);
	const char *kept;

	text = without_place(text);
	while (*text) {
		if (!strncmp(text, in->root, len) && text[len] == '/')
			text += len + 1;
		else
			buf_addc(&b, *text++);
	}
	kept = arena_strdup(in->arena, b.data);
	buf_release(&b);
	return kept;
}

static bool
is_missing(const struct input_context *c, const struct ignore *rules,
	   const char *path)
{
	char *full = path_join(c->path, path);
	struct stat st;
	bool is = lstat(full, &st) != 0;

	if (!is && !S_ISDIR(st.st_mode) && rules)
		is = ignore_matches(rules, path);
	free(full);
	return is;
}

/* What will hold: an ignore file of ours is about to be written anew. */
static int
take_rules(const struct init *in, const struct input_context *c,
	   struct ignore **rules, struct imgcache_error *err)
{
	struct buf text = BUF_INIT;
	const char *from;
	int ret = 0;

	if (in->force)
		ret = init_rules(in, c, &text, &from, err);
	else
		buf_add(&text, c->ignore.data, c->ignore.len);
	if (!ret)
		ret = ignore_parse(rules, c->ignore_name, text.data, text.len,
				   err);
	buf_release(&text);
	return ret;
}

/* The first source that is not there, of what is read by its plain name. */
static const char *
find_missing(const struct init *in, const struct input_context *c,
	     struct imgcache_error *err)
{
	struct ignore *rules = NULL;
	const char *missing = NULL;
	size_t i;

	if (c->has_ignore && take_rules(in, c, &rules, err))
		return NULL;
	for (i = 0; c->reads && i < c->n_reads && !missing; i++)
		if (!c->reads[i].wildcard && *c->reads[i].path &&
		    is_missing(c, rules, c->reads[i].path))
			missing = c->reads[i].path;
	ignore_free(rules);
	return missing;
}

/* What is read, without wildcards, as paths from the root of the project. */
static void
keep_reads(const struct init *in, const struct inputs *inputs,
	   struct init_image *image)
{
	const struct input_context *c = &inputs->contexts[0];
	size_t i;

	image->knows_reads = c->reads != NULL;
	for (i = 0; c->reads && i < c->n_reads; i++) {
		char *fixed = mem_strndup(c->reads[i].path,
					  c->reads[i].wildcard ?
					  reach_fixed_length(c->reads[i].path) :
					  strlen(c->reads[i].path));
		const char *path = init_path(in, image->context, fixed);

		strv_push(&image->reads, path ? path : ".");
		free(fixed);
	}
}

static const char *
why_not(struct init *in, const struct inputs *inputs,
	struct imgcache_error *err)
{
	const char *missing = NULL;
	size_t i;

	for (i = 0; i < inputs->n_contexts && !missing && !err->code; i++)
		missing = find_missing(in, &inputs->contexts[i], err);
	if (err->code)
		return shortened(in, err->text);
	if (missing)
		return arena_printf(in->arena, "it reads '%s', which is not "
				    "there or is ignored", missing);
	if (inputs->refused)
		return shortened(in, inputs->refused);
	return NULL;
}

void
init_check(struct init *in, struct init_image *image)
{
	struct imgcache_error err = {0};
	struct init_recipe r;
	struct inputs inputs;

	if (image->reason)
		return;
	if (init_recipe_open(in, image, &r, &err)) {
		image->reason = shortened(in, err.text);
		return;
	}
	if (inputs_take_sources(&r.recipe, &inputs, &err)) {
		image->reason = shortened(in, err.text);
	} else {
		image->reason = why_not(in, &inputs, &err);
		if (image->dockerfile)
			keep_reads(in, &inputs, image);
	}
	inputs_release(&inputs);
	init_recipe_close(&r);
}
