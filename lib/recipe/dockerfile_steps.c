/* SPDX-License-Identifier: MIT */
/*
 * Stages are walked in the order of the file: what a stage stands on or copies
 * from is above it, so its id is known by then.
 */
#include "recipe/dockerfile_steps.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/strv.h"
#include "recipe/dockerfile_mount.h"
#include "recipe/dockerfile_stepid.h"

#define MAX_HASHED ((size_t)64 << 20)
#define DEFAULT_PATH \
	"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

typedef int instruction_fn(struct step_walk *w,
			   const struct dockerfile_instruction *in, int line);

/* Triggers of a stage that this one stands on come first. */
static int
each_instruction(struct step_walk *w, const struct stage *st,
		 instruction_fn *fn)
{
	const struct dockerfile_instruction *in;
	int ret = 0;

	if (st->root == ROOT_CONTEXT)
		return 0;
	if (st->root == ROOT_STAGE) {
		const struct stage *base = &w->stages.v[st->base];

		for (size_t i = 0; i < base->n_triggers && !ret; i++)
			ret = fn(w, base->triggers[i], st->from->line);
	}
	for (in = st->from + 1; in < st->end && !ret; in++)
		ret = fn(w, in, in->line);
	return ret;
}

static int
use_source(void *payload, const struct stage_source *source,
	   struct imgcache_error *err)
{
	struct step_walk *w = payload;

	(void)err;
	if (source->stage != STAGE_NONE && source->stage < w->stage)
		w->stages.v[source->stage].used = true;
	return 0;
}

static int
use_sources(struct step_walk *w, const struct dockerfile_instruction *in,
	    int line)
{
	(void)line;
	return sources_named(&w->stages, in, use_source, w, w->err);
}

static int
mark_used(struct step_walk *w, size_t target)
{
	int ret = 0;

	w->stages.v[target].used = true;
	for (w->stage = target + 1; w->stage-- > 0 && !ret;) {
		struct stage *st = &w->stages.v[w->stage];

		if (!st->used)
			continue;
		if (st->root == ROOT_STAGE)
			w->stages.v[st->base].used = true;
		ret = each_instruction(w, st, use_sources);
	}
	return ret;
}

static int
take_arg(struct step_walk *w, const char *arg)
{
	struct globals *g = &w->stages.globals;
	const char *equals = strchr(arg, '=');
	const char *name = arena_strndup(w->arena, arg, strcspn(arg, "="));
	const char *given = globals_given(g, name);
	struct step_var var = { .value = given, .known = given != NULL };
	struct dfvar up;

	if (!given && equals) {
		var.value = step_expand(w, equals + 1, &var.known);
		if (!var.value)
			return w->err->code;
	} else if (!given) {
		up = globals_inherit(g, name);
		if (up.state == DFVAR_UNSET)
			return 0;
		var.known = up.state == DFVAR_SET;
		var.value = var.known ?
			arena_strndup(w->arena, up.value, up.len) : "?";
	}
	step_set(w, name, var, true);
	return 0;
}

/* All values of one ENV see what was set before it. */
static int
take_env(struct step_walk *w, const struct dockerfile_instruction *in)
{
	struct step_var *v = arena_alloc(w->arena,
					 (in->n_args + 1) * sizeof(*v));
	const char **names = arena_alloc(w->arena,
					 (in->n_args + 1) * sizeof(*names));
	bool known;

	for (size_t i = 0; i + 1 < in->n_args; i += 2) {
		names[i] = step_expand(w, in->args[i], &known);
		v[i].value = step_expand(w, in->args[i + 1], &v[i].known);
		if (!names[i] || !v[i].value)
			return w->err->code;
	}
	for (size_t i = 0; i + 1 < in->n_args; i += 2)
		step_set(w, names[i], v[i], false);
	return 0;
}

static const char *const *
keep_list(struct arena *arena, const char *const *v, size_t n)
{
	const char **copy = n ? arena_alloc(arena, n * sizeof(*copy)) : NULL;

	for (size_t i = 0; i < n; i++)
		copy[i] = arena_strdup(arena, v[i]);
	return copy;
}

static int
take_reads(struct step_walk *w, const struct dockerfile_instruction *in,
	   struct dockerfile_step *step)
{
	struct dockerfile_plan *plan = mem_alloc(sizeof(*plan));
	struct plan_builder builder = { .plan = plan };
	struct source_reader r = {
		.stages = &w->stages,
		.plan = &builder,
		.scope = &w->scope,
		.arena = w->arena,
		.budget = &w->budget,
		.escape = w->df->escape,
		.line = step->line,
	};
	struct dockerfile_read *v;
	int ret = sources_read(&r, in, w->err);

	v = arena_alloc(&w->out->arena, (plan->n_reads + 1) * sizeof(*v));
	for (size_t i = 0; i < plan->n_reads && !ret; i++) {
		v[i] = plan->reads[i];
		v[i].context = arena_strdup(&w->out->arena, v[i].context);
		v[i].path = arena_strdup(&w->out->arena, v[i].path);
		v[i].include = arena_strdup(&w->out->arena, v[i].include);
		v[i].checksum = NULL;
		v[i].exclude = keep_list(&w->out->arena, v[i].exclude,
					 v[i].n_exclude);
	}
	step->reads = v;
	step->n_reads = plan->n_reads;
	plan_builder_release(&builder);
	dockerfile_plan_free(plan);
	return ret;
}

static struct dockerfile_step *
add_step(struct step_walk *w, const struct dockerfile_instruction *in,
	 int line)
{
	struct dockerfile_steps *out = w->out;
	struct dockerfile_step *s;

	mem_grow(out->v, out->n, out->cap);
	s = &out->v[out->n++];
	memset(s, 0, sizeof(*s));
	s->in = in;
	s->stage = w->stage;
	s->line = line;
	return s;
}

/* A named context in the image's place is read as a whole. */
static void
add_from(struct step_walk *w, const struct stage *st)
{
	struct dockerfile_step *s = add_step(w, st->from, st->from->line);
	struct dockerfile_read *all;

	s->id = w->now->id;
	s->sure = w->now->sure;
	if (!st->context)
		return;
	all = arena_alloc(&w->out->arena, sizeof(*all));
	all->kind = DOCKERFILE_READ_TREE;
	all->context = arena_strdup(&w->out->arena, st->context);
	all->path = "";
	all->line = s->line;
	s->reads = all;
	s->n_reads = 1;
}

static int
take_step(struct step_walk *w, const struct dockerfile_instruction *in,
	  int line)
{
	struct dockerfile_step *s = add_step(w, in, line);
	int ret = in->keyword == DOCKERFILE_WORKDIR ? 0 : take_reads(w, in, s);

	return ret ? ret : step_id(w, in, s);
}

/* The root is there already: docker makes no step of it. */
static int
take_workdir(struct step_walk *w, const struct dockerfile_instruction *in,
	     int line)
{
	const char *folder = step_folder(w, in->n_args ? in->args[0] : "");
	int ret = 0;

	if (!folder)
		return w->err->code;
	if (strcmp(folder, "/"))
		ret = take_step(w, in, line);
	w->now->cwd = folder;
	return ret;
}

static const char *
joined(struct step_walk *w, const struct dockerfile_instruction *in)
{
	struct buf b = BUF_INIT;
	const char *text;

	for (size_t i = 0; i < in->n_args; i++)
		buf_addf(&b, "%s\n", in->args[i]);
	text = arena_strdup(w->arena, b.data);
	buf_release(&b);
	return text;
}

static int
take_instruction(struct step_walk *w, const struct dockerfile_instruction *in,
		 int line)
{
	bool known;
	int ret = 0;

	switch (in->keyword) {
	case DOCKERFILE_ARG:
		for (size_t i = 0; i < in->n_args && !ret; i++)
			ret = take_arg(w, in->args[i]);
		return ret;
	case DOCKERFILE_ENV:
		return take_env(w, in);
	case DOCKERFILE_ADD:
	case DOCKERFILE_COPY:
	case DOCKERFILE_RUN:
		return take_step(w, in, line);
	case DOCKERFILE_WORKDIR:
		return take_workdir(w, in, line);
	case DOCKERFILE_USER:
		w->now->user = step_expand(w, in->n_args ? in->args[0] : "",
					   &known);
		return w->now->user ? 0 : w->err->code;
	case DOCKERFILE_SHELL:
		w->now->shell = joined(w, in);
		return 0;
	default:
		return 0;
	}
}

/*
 * A stage gets the environment of its image anew: see scope_end_stage(). An
 * unknown base is taken to have no variable of that name.
 */
static void
without_args(struct step_state *s)
{
	for (size_t i = 0; i < s->n_env; i++) {
		struct step_var *v = &s->env[i];

		if (v->image) {
			v->value = v->image;
			v->known = v->image_known;
		}
	}
}

/* What the stage begins with: a copy of what it stands on, or a root. */
static int
enter_stage(struct step_walk *w, const struct stage *st)
{
	struct step_state *s = w->now;
	int ret = 0;

	if (st->root == ROOT_STAGE) {
		*s = w->states[st->base];
		s->cap_env = s->n_env;
		s->env = mem_array(s->n_env + 1, sizeof(*s->env));
		if (s->n_env)
			memcpy(s->env, w->states[st->base].env,
			       s->n_env * sizeof(*s->env));
		without_args(s);
		if (s->n_env * 64 > w->room)
			return error_set(w->err, IMGCACHE_EFAIL, "%s: too "
					 "large to follow its steps",
					 w->df->name);
		w->room -= s->n_env * 64;
	} else {
		s->cwd = "/";
		s->user = "";
		s->open = st->root != ROOT_SCRATCH;
		ret = step_root_id(w, st, &s->id);
		s->sure = s->id;
	}
	w->scope.open = s->open;
	if (!s->open)
		scope_set(&w->scope, "PATH", (struct dfvar){
			DFVAR_SET, DEFAULT_PATH, strlen(DEFAULT_PATH) });
	for (size_t i = 0; i < s->n_env; i++) {
		const struct step_var *v = &s->env[i];
		struct dfvar var = { DFVAR_UNKNOWN, "", 0 };

		if (v->known)
			var = (struct dfvar){ DFVAR_SET, v->value,
					      strlen(v->value) };
		scope_set(&w->scope, v->name, var);
	}
	if (!ret && st->root == ROOT_IMAGE)
		add_from(w, st);
	return ret;
}

static int
walk_stage(struct step_walk *w, const struct stage *st)
{
	int ret;

	w->now = &w->states[w->stage];
	ret = enter_stage(w, st);
	if (!ret)
		ret = each_instruction(w, st, take_instruction);
	scope_undo_to(&w->scope, 0);
	return ret;
}

static int
note_foreign(void *payload, const struct stage_source *source,
	     struct imgcache_error *err)
{
	(void)err;
	if (source->stage == STAGE_NONE)
		*(bool *)payload = true;
	return 0;
}

/* BuildKit takes a mount that names no source for one of "scratch". */
static bool
mounts_nothing(const struct dockerfile_instruction *in, struct arena *arena)
{
	struct imgcache_error ignored = {0};

	for (size_t i = 0; in->keyword == DOCKERFILE_RUN && i < in->n_flags;
	     i++) {
		struct run_mount m;

		if (str_starts(in->flags[i], "--mount=") &&
		    !run_mount_parse(&m, in->flags[i] + strlen("--mount="),
				     arena, &ignored) && !m.from)
			return true;
	}
	return false;
}

/* What is copied from or mounted counts as a stage, and stages have names. */
static bool
has_one_stage(struct step_walk *w)
{
	struct imgcache_error ignored = {0};
	bool foreign = false;

	for (size_t i = 0; i < w->df->n && !foreign; i++) {
		const struct dockerfile_instruction *in = &w->df->v[i];

		foreign = mounts_nothing(in, &w->out->arena);
		if (!foreign && sources_named(&w->stages, in, note_foreign,
					      &foreign, &ignored))
			error_clear(&ignored);
	}
	return w->stages.n == 1 && !foreign;
}

static bool
makes_step(const struct dockerfile_instruction *in)
{
	return in->keyword == DOCKERFILE_RUN || in->keyword == DOCKERFILE_ADD ||
		in->keyword == DOCKERFILE_COPY ||
		in->keyword == DOCKERFILE_WORKDIR;
}

static int
count_steps(const struct stage *st)
{
	const struct dockerfile_instruction *in;
	int n = st->root == ROOT_IMAGE;

	for (in = st->from + 1; in < st->end; in++)
		n += makes_step(in);
	return n;
}

static void
number_steps(struct step_walk *w)
{
	bool one = has_one_stage(w);
	size_t last = STAGE_NONE;
	int number = 0;

	for (size_t i = 0; i < w->out->n; i++) {
		struct dockerfile_step *s = &w->out->v[i];
		const struct stage *st = &w->stages.v[s->stage];

		number = s->stage == last ? number + 1 : 1;
		last = s->stage;
		s->number = number;
		s->total = count_steps(st);
		if (!one && st->name)
			s->stage_name = arena_strdup(&w->out->arena, st->name);
		else if (!one)
			s->stage_name = arena_printf(&w->out->arena,
						     "stage-%zu", s->stage);
	}
}

static int
begin(struct step_walk *w, const struct dockerfile_options *o)
{
	const char *own = o->build_platform ? o->build_platform : "linux/amd64";
	const char *first = o->platforms && o->platforms->n ?
		o->platforms->v[0] : own;

	w->stages.arena = w->arena;
	globals_init(&w->stages.globals, w->arena, o->args);
	w->stages.globals.budget = &w->budget;
	if (!platform_parse(&w->stages.build, own, NULL) ||
	    !platform_parse(&w->stages.target, first, &w->stages.build))
		return error_set(w->err, IMGCACHE_EUSAGE, "'%.100s' is no "
				 "platform", first);
	return stages_init(&w->stages, w->df, o, w->err);
}

static int
walk(struct step_walk *w, const struct dockerfile_options *o)
{
	size_t target;
	int ret = begin(w, o);

	if (!ret)
		ret = stages_target(&w->stages, o->target, &target, w->err);
	if (!ret)
		ret = mark_used(w, target);
	if (ret)
		return ret;
	w->states = mem_array(w->stages.n, sizeof(*w->states));
	for (w->stage = 0; w->stage <= target && !ret; w->stage++)
		if (w->stages.v[w->stage].used)
			ret = walk_stage(w, &w->stages.v[w->stage]);
	if (!ret)
		number_steps(w);
	return ret;
}

int
dockerfile_steps(const struct dockerfile *df,
		 const struct dockerfile_options *options,
		 const struct dockerfile_world *world,
		 struct dockerfile_steps **out, struct imgcache_error *err)
{
	struct arena arena = {0};
	struct step_walk w = {
		.df = df,
		.world = world,
		.out = mem_alloc(sizeof(*w.out)),
		.arena = &arena,
		.budget = DFVARS_BUDGET,
		.room = MAX_HASHED,
		.err = err,
	};
	int ret = walk(&w, options);

	for (size_t i = 0; w.states && i < w.stages.n; i++)
		free(w.states[i].env);
	free(w.states);
	scope_release(&w.scope);
	stages_release(&w.stages);
	arena_release(&arena);
	if (ret) {
		dockerfile_steps_free(w.out);
		w.out = NULL;
	}
	*out = w.out;
	return ret;
}

void
dockerfile_steps_free(struct dockerfile_steps *steps)
{
	if (!steps)
		return;
	free(steps->v);
	arena_release(&steps->arena);
	free(steps);
}
