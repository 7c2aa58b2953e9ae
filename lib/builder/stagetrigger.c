/* SPDX-License-Identifier: MIT */
#include "builder/stagetrigger.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "key/inputs.h"
#include "recipe/dockerfile.h"
#include "sys/file.h"

struct finder {
	const struct inputs *in;
	struct dockerfile *df;		/* NULL: a generated image */
	struct stage_triggers *out;
};

/* All stages of a file with a name. */
static void
add_names(const struct dockerfile *df, struct strv *out)
{
	size_t i;

	for (i = 0; df && i < df->n; i++)
		if (df->v[i].keyword == DOCKERFILE_FROM && df->v[i].n_args == 3)
			strv_take(out, str_lower(df->v[i].args[2]));
}

/* One whose Dockerfile cannot be read here may have any stage. */
static bool
may_have(struct imgcache *ic, const struct project_image *image,
	 const char *stage)
{
	struct imgcache_error ignored = {0};
	struct dockerfile *df = NULL;
	struct imgcache_recipe *r;
	struct strv names = {0};
	struct inputs in = {0};
	bool has;

	if (image->recipe.kind == RECIPE_GENERATED)
		return false;
	has = image->unset ||
		imgcache_recipe_named(ic, image->recipe.name, &r, &ignored) ||
		inputs_take_sources(r, &in, &ignored) || in.refused ||
		dockerfile_parse(in.dockerfile.data, in.dockerfile.len, "",
				 &df, &ignored);
	if (!has) {
		add_names(df, &names);
		has = strv_has(&names, stage);
	}
	strv_release(&names);
	dockerfile_free(df);
	inputs_release(&in);
	return has;
}

/* A stage that is not in use is no mistake, one that there is nowhere is. */
static int
check_name(const struct finder *f, const struct yaml_node *node,
	   const char *stage, struct imgcache_error *err)
{
	const struct project *p = &f->in->ic->project;
	struct strv names = {0};
	const char *near;
	bool has;
	size_t i;

	add_names(f->df, &names);
	has = strv_has(&names, stage);
	for (i = 0; !has && i < p->n_images; i++)
		if (&p->images[i] != f->in->r->image)
			has = may_have(f->in->ic, &p->images[i], stage);
	near = str_nearest(stage, (const char *const *)names.v, names.n);
	if (!has)
		yaml_fail(&p->doc, node->key, err, "no image of the project "
			  "has a stage '%.64s'%s%s%s", stage,
			  near ? "; did you mean '" : "", near ? near : "",
			  near ? "'?" : "");
	strv_release(&names);
	return err->code;
}

static int
add_file(const struct finder *f, const struct yaml_node *node,
	 struct buf *text, struct imgcache_error *err)
{
	const struct project *p = &f->in->ic->project;
	char *path = path_join(p->dir, node->text);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct hash h;
	struct stat st;
	int ret;

	if (fd < 0 || fstat(fd, &st)) {
		ret = error_errno(err, IMGCACHE_EFAIL, "cannot read '%s', which "
				  "triggers the cache of a stage", node->text);
		yaml_prefix(&p->doc, node, err);
	} else if (!S_ISREG(st.st_mode)) {
		ret = yaml_fail(&p->doc, node, err, "'%.200s' is no regular "
				"file; name the files that trigger the cache "
				"of the stage", node->text);
	} else {
		ret = hash_fd(HASH_GIT, fd, st.st_size, path, &h, err);
		buf_addf(text, "file %s ", node->text);
		if (!ret)
			hash_add_hex(&h, text);
		buf_addc(text, '\n');
	}
	if (fd >= 0)
		close(fd);
	free(path);
	return ret;
}

static bool
is_in(const struct dockerfile_plan *plan, int line)
{
	size_t i;

	for (i = 0; i < plan->n_stages; i++)
		if (plan->stages[i].line == line)
			return true;
	return !plan->understood;
}

/* What is written in the stages needed, heredocs included. */
static void
add_instructions(const struct finder *f, const struct dockerfile_plan *plan,
		 struct buf *text)
{
	bool inside = true;	/* global ARGs */
	size_t i, k;

	for (i = 0; i < f->df->n; i++) {
		const struct dockerfile_instruction *at = &f->df->v[i];

		if (at->keyword == DOCKERFILE_FROM)
			inside = is_in(plan, at->line);
		if (!inside)
			continue;
		buf_addf(text, "%s\n", at->text);
		for (k = 0; k < at->n_heredocs; k++)
			buf_add(text, at->heredocs[k].body,
				at->heredocs[k].body_len);
	}
}

static void
add_args(const struct finder *f, const struct dockerfile_plan *plan,
	 struct buf *text)
{
	const struct strv *all = &f->in->key_args;
	size_t i;

	for (i = 0; i < all->n; i++) {
		char *name = mem_strndup(all->v[i], strcspn(all->v[i], "="));

		if (plan->any_arg || !plan->understood ||
		    strv_has(&plan->args, name))
			buf_addf(text, "arg %s\n", all->v[i]);
		free(name);
	}
}

/* Its part of the Dockerfile, resolved with the stage as the target. */
static int
add_stage(const struct finder *f, const char *stage, struct buf *text,
	  struct imgcache_error *err)
{
	const struct recipe *q = f->in->r->recipe;
	const struct dockerfile_options o = {
		.target = stage,
		.args = &f->in->all_args,
		.platforms = &q->platforms,
		.build_platform = session_own_platform(f->in->ic),
	};
	struct dockerfile_plan *plan = NULL;
	size_t i, k;
	int ret = dockerfile_resolve(f->df, &o, &plan, err);

	if (!ret) {
		add_instructions(f, plan, text);
		add_args(f, plan, text);
	}
	for (i = 0; !ret && i < f->in->n_bases; i++)
		for (k = 0; k < plan->n_images; k++)
			if (!strcmp(plan->images[k].ref, f->in->bases[i].ref))
				buf_addf(text, "base %s %s\n",
					 f->in->bases[i].ref,
					 f->in->bases[i].digest);
	dockerfile_plan_free(plan);
	return ret;
}

static int
add(const struct finder *f, const struct yaml_node *node, const char *stage,
    struct imgcache_error *err)
{
	const struct yaml_node *file = node->kind == YAML_LIST ? node->first :
		node;
	struct stage_triggers *out = f->out;
	struct buf text = BUF_INIT;
	struct hash h;
	int ret = 0;

	for (; file && !ret; file = file->key ? NULL : file->next)
		ret = add_file(f, file, &text, err);
	if (!ret)
		ret = add_stage(f, stage, &text, err);
	if (!ret)
		ret = hash_bytes(HASH_GIT, text.data, text.len, &h, err);
	if (!ret) {
		mem_grow(out->v, out->n, out->cap);
		out->v[out->n].stage = arena_strdup(&f->in->ic->arena, stage);
		hash_hex(&h, out->v[out->n++].hash);
	}
	buf_release(&text);
	return ret;
}

int
stage_triggers_find(struct stage_triggers *out, const struct inputs *in,
		    struct imgcache_error *err)
{
	const struct yaml_node *all = !in->ic->has_project ? NULL :
		yaml_get(project_section(&in->ic->project, "cache"), "stages");
	struct finder f = { .in = in, .out = out };
	const struct yaml_node *at;
	int ret = 0;

	if (!all || !in->r->image)
		return 0;
	if (in->r->recipe->kind != RECIPE_GENERATED)
		ret = dockerfile_parse(in->dockerfile.data, in->dockerfile.len,
				       "", &f.df, err);
	for (at = all->first; at && !ret; at = at->next) {
		char *stage = str_lower(at->key->text);

		if (strv_has(&in->stage_names, stage))
			ret = add(&f, at, stage, err);
		else
			ret = check_name(&f, at, stage, err);
		free(stage);
	}
	dockerfile_free(f.df);
	return ret;
}

void
stage_triggers_release(struct stage_triggers *t)
{
	free(t->v);
	memset(t, 0, sizeof(*t));
}
