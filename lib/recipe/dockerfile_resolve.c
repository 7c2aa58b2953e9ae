/* SPDX-License-Identifier: MIT */

/*
 * For every platform: read the FROM lines, mark what the target needs from the
 * last stage upwards, then walk the stages in use along FROM, depth first, with
 * one scope of variables that is undone on the way back. Work is counted where
 * the triggers of one stage count for many, so that it stays linear.
 */

#include "recipe/dockerfile.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "recipe/dockerfile_assign.h"
#include "recipe/dockerfile_bases.h"
#include "recipe/dockerfile_idle.h"
#include "recipe/dockerfile_plan.h"
#include "recipe/dockerfile_scope.h"
#include "recipe/dockerfile_sources.h"
#include "recipe/dockerfile_stages.h"

/* Shell's path on Linux, which BuildKit sets where an image has none. */
#define DEFAULT_PATH \
	"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct resolver {
	const struct dockerfile *df;
	const struct dockerfile_options *options;
	struct plan_builder plan;
	struct base_set bases;
	const char *frontend;		/* of BUILDKIT_SYNTAX, unknown */
	size_t budget;
	/* of one platform */
	const char *platform;
	struct arena arena;
	struct stages stages;
	struct scope scope;
	struct idle_args idle;
	size_t work;		/* instructions that may still be visited */
	size_t stage;		/* the one being looked at */
	bool all_used;		/* so are all stages above it */
	int line;		/* of the instruction being looked at */
	struct imgcache_error *err;
};

static int
fail_here(struct resolver *r)
{
	return error_prefix(r->err, "%s:%d", r->df->name, r->line);
}

/* The instructions of a stage: triggers of its base, then its own. */
typedef int visit_fn(struct resolver *r,
		     const struct dockerfile_instruction *in, bool trigger);

static int
visit(struct resolver *r, const struct dockerfile_instruction *in,
      bool trigger, visit_fn *fn)
{
	if (r->work-- == 0)
		return error_set(r->err, IMGCACHE_EFAIL,
				 "ONBUILD instructions are used too often");
	r->line = trigger ? r->stages.v[r->stage].from->line : in->line;
	return fn(r, in, trigger);
}

/* What is known of what a stage begins with, on the platform it is used on. */
static struct stage_base
base_of(const struct resolver *r, const struct stage *st)
{
	return base_set_find(&r->bases, st,
			     st->platform ? st->platform : r->platform);
}

static int
each_instruction(struct resolver *r, size_t stage, visit_fn *fn)
{
	const struct stage *st = &r->stages.v[stage];
	const struct dockerfile *triggers = st->root == ROOT_IMAGE ?
					    base_of(r, st).triggers : NULL;
	int ret = 0;

	r->stage = stage;
	if (st->root == ROOT_CONTEXT)
		return 0;
	for (size_t i = 0; triggers && i < triggers->n && ret == 0; i++)
		ret = visit(r, &triggers->v[i], true, fn);
	if (st->root == ROOT_STAGE) {
		const struct stage *base = &r->stages.v[st->base];
		for (size_t i = 0; i < base->n_triggers && ret == 0; i++)
			ret = visit(r, base->triggers[i], true, fn);
	}
	for (const struct dockerfile_instruction *in = st->from + 1;
	     in < st->end && ret == 0; in++)
		ret = visit(r, in, false, fn);
	return ret < 0 ? fail_here(r) : 0;
}

static void
use_all_above(struct resolver *r, const struct stage *st)
{
	r->plan.plan->any_arg = true;
	for (struct stage *s = r->stages.v; !r->all_used && s < st; s++)
		s->used = true;
	r->all_used = true;
}

/*
 * What a stage begins with. Old engines run the triggers of a context in the
 * stages that stand on the one it replaces, newer ones do not.
 */
static void
plan_base(struct resolver *r, const struct stage *st)
{
	struct dockerfile_from from = {
		.ref = st->root == ROOT_IMAGE ? st->image : NULL,
		.context = st->context,
		.platform = st->platform ? st->platform : r->platform,
		.line = st->from->line,
	};
	struct stage_base base = base_of(r, st);

	plan_add_from(&r->plan, &from);
	if (!base.unseen && (!base.triggers || st->root == ROOT_IMAGE))
		return;
	if (base.unseen)
		plan_doubt(&r->plan, from.line, "nobody could look at '%.200s'"
			   ", whose ONBUILD instructions count too",
			   from.ref ? from.ref : from.context);
	else
		plan_doubt(&r->plan, from.line, "ONBUILD instructions of the "
			   "context '%.100s', which engines treat differently",
			   from.context);
	/* a trigger may copy from any stage that is complete */
	use_all_above(r, st);
}

static void
plan_stage(struct resolver *r, const struct stage *st)
{
	struct dockerfile_stage stage = {
		.index = (size_t)(st - r->stages.v),
		.name = st->name,
		.line = st->from->line,
		.context = st->root == ROOT_CONTEXT ? st->context : NULL,
	};
	struct dockerfile_read tree = {
		.kind = DOCKERFILE_READ_TREE,
		.context = st->context,
		.path = "",
		.line = st->from->line,
	};

	plan_add_stage(&r->plan, &stage);
	if (st->of_builder && st->root != ROOT_CONTEXT) {
		plan_doubt(&r->plan, st->from->line, "FROM %.200s hangs on the "
			   "builder's platform", st->from->args[0]);
		use_all_above(r, st);
	}
	for (size_t i = 0; i < st->from->n_flags; i++)
		if (!str_starts(st->from->flags[i], "--platform="))
			plan_doubt(&r->plan, st->from->line,
				   "unknown flag '%.50s'", st->from->flags[i]);
	if (st->root != ROOT_CONTEXT)
		for (size_t i = 0; i < st->refs.n; i++)
			globals_use(&r->stages.globals, st->refs.v[i]);
	if (st->root == ROOT_IMAGE) {
		struct dockerfile_image image = {
			.ref = st->image,
			.platform = st->platform,
			.line = st->from->line,
			.is_base = true,
			.context = st->context,
		};
		plan_add_image(&r->plan, &image);
		if (st->context)
			plan_add_read(&r->plan, &tree);
	}
	if (st->root == ROOT_IMAGE || st->root == ROOT_CONTEXT)
		plan_base(r, st);
	if (st->root == ROOT_STAGE &&
	    triggers_hang_on_escape(&r->stages.v[st->base], r->df->escape)) {
		plan_doubt(&r->plan, st->from->line, "ONBUILD instructions, "
			   "which are read without the escape directive");
		use_all_above(r, st);
	}
}

/* A stage below is complete only where a context has its place. */
static int
need_source(void *payload, const struct stage_source *source,
	    struct imgcache_error *err)
{
	struct resolver *r = payload;

	if (source->odd) {
		plan_doubt(&r->plan, r->line, "a stage number beyond the "
			   "stages of the file");
	} else if (source->stage != STAGE_NONE) {
		struct stage *st = &r->stages.v[source->stage];
		bool is_below = source->stage >= r->stage;
		if (is_below && st->root != ROOT_CONTEXT)
			return error_set(err, IMGCACHE_EFAIL,
					 "stage '%.200s' is used before it is "
					 "complete; move it up",
					 st->name ? st->name : "(unnamed)");
		st->used = true;
		if (is_below)
			plan_stage(r, st);
	} else if (!source->scratch) {
		struct dockerfile_image image = {
			.ref = source->image,
			.line = r->line,
			.context = source->context,
		};
		plan_add_image(&r->plan, &image);
	}
	return 0;
}

static int
need_instruction(struct resolver *r, const struct dockerfile_instruction *in,
		 bool trigger)
{
	(void)trigger;
	return sources_named(&r->stages, in, need_source, r, r->err);
}

/* All of a stage: of one that is replaced, that is its context. */
static void
need_all_of(struct resolver *r, struct stage *st, int line)
{
	struct dockerfile_read tree = {
		.kind = DOCKERFILE_READ_TREE,
		.context = st->context,
		.path = "",
		.line = line,
	};

	st->used = true;
	if (st->root == ROOT_CONTEXT)
		plan_add_read(&r->plan, &tree);
}

/*
 * The date of the image counts though no stage asks for it, and newer frontends
 * take it from the stage or context that it names instead.
 */
static void
need_date(struct resolver *r)
{
	static const char name[] = "SOURCE_DATE_EPOCH";
	struct globals *g = &r->stages.globals;
	const char *given = globals_given(g, name);
	struct dfvar var = given ? dfvar_of(given) : globals_inherit(g, name);

	globals_use_name(g, name);
	if (var.state == DFVAR_UNSET ||
	    (var.state == DFVAR_SET &&
	     strspn(var.value, "0123456789") == var.len))
		return;
	plan_doubt(&r->plan, 0, "%s is not a number of seconds", name);
	use_all_above(r, r->stages.v + r->stages.n);
}

/* From the last stage upwards; a stage needs only earlier ones. */
static int
mark_needed(struct resolver *r)
{
	for (size_t i = r->stages.n; i-- > 0;) {
		struct stage *st = &r->stages.v[i];
		if (!st->used)
			continue;
		plan_stage(r, st);
		if (st->root == ROOT_STAGE) {
			struct stage *base = &r->stages.v[st->base];
			need_all_of(r, base, st->from->line);
			st->next_sibling = base->first_child;
			base->first_child = i;
		}
		int ret = each_instruction(r, i, need_instruction);
		if (ret < 0)
			return ret;
	}
	return 0;
}

static struct source_reader
source_reader(struct resolver *r)
{
	return (struct source_reader){
		.stages = &r->stages,
		.plan = &r->plan,
		.scope = &r->scope,
		.arena = &r->arena,
		.budget = &r->budget,
		.escape = r->df->escape,
		.windows = strcmp(r->stages.target.os, "windows") == 0,
		.line = r->line,
	};
}

static int
walk_instruction(struct resolver *r, const struct dockerfile_instruction *in,
		 bool trigger)
{
	struct source_reader s = source_reader(r);
	bool in_file = trigger && r->stages.v[r->stage].root == ROOT_STAGE;

	r->scope.moment++;
	if (idle_can_use(in))
		idle_use(&r->idle, &r->plan, &r->stages.globals);
	switch (in->keyword) {
	case DOCKERFILE_ARG:
	case DOCKERFILE_ENV:
		if (in_file)
			plan_doubt(&r->plan, r->line, "ONBUILD %s of a stage "
				   "in this file, which engines treat "
				   "differently",
				   dockerfile_keyword_name(in->keyword));
		return in->keyword == DOCKERFILE_ARG ?
		       assign_args(&s, &r->stages.globals, &r->idle, in,
				   r->err) : assign_env(&s, in, r->err);
	case DOCKERFILE_ADD:
	case DOCKERFILE_COPY:
	case DOCKERFILE_RUN:
		return sources_read(&s, in, r->err);
	case DOCKERFILE_UNKNOWN:
		plan_doubt(&r->plan, r->line, "unknown instruction '%.50s'",
			   in->word);
		return 0;
	default:
		return 0;
	}
}

/* What the root of a chain of stages starts with. */
static void
enter_root(struct resolver *r, const struct stage *st)
{
	const struct strv *env = st->root == ROOT_IMAGE ? base_of(r, st).env :
							  NULL;

	r->scope.open = !env && (st->root == ROOT_IMAGE ||
				 st->root == ROOT_CONTEXT);
	if (!r->scope.open)
		scope_set(&r->scope, "PATH", dfvar_of(DEFAULT_PATH));
	for (size_t i = 0; env && i < env->n; i++) {
		size_t n = strcspn(env->v[i], "=");
		scope_set(&r->scope, arena_strndup(&r->arena, env->v[i], n),
			  dfvar_of(env->v[i] + n + (env->v[i][n] == '=')));
	}
}

static void
leave(struct resolver *r, const struct stage *st)
{
	scope_undo_to(&r->scope, st->mark);
	idle_undo_to(&r->idle, st->idle_mark);
}

/* One root and all that stands on it. */
static int
walk_tree(struct resolver *r, size_t root)
{
	struct stage *v = r->stages.v;
	size_t cur = root;

	enter_root(r, &v[root]);
	for (;;) {
		v[cur].mark = scope_mark(&r->scope);
		v[cur].idle_mark = idle_mark(&r->idle);
		int ret = each_instruction(r, cur, walk_instruction);
		if (ret < 0)
			return ret;
		if (v[cur].first_child != STAGE_NONE) {
			scope_end_stage(&r->scope, v[cur].mark);
			cur = v[cur].first_child;
			continue;
		}
		while (cur != root && v[cur].next_sibling == STAGE_NONE) {
			leave(r, &v[cur]);
			cur = v[cur].base;
		}
		if (cur == root)
			break;
		leave(r, &v[cur]);
		cur = v[cur].next_sibling;
	}
	scope_undo_to(&r->scope, 0);
	idle_undo_to(&r->idle, 0);
	return 0;
}

static int
walk_all(struct resolver *r)
{
	int ret = 0;

	for (size_t i = 0; i < r->stages.n && ret == 0; i++)
		if (r->stages.v[i].used && r->stages.v[i].root != ROOT_STAGE)
			ret = walk_tree(r, i);
	for (size_t i = 0; i < r->stages.globals.n; i++) {
		const struct global *g = &r->stages.globals.v[i];
		if (g->used && g->declared)
			plan_add_arg(&r->plan, g->name);
		if (g->used && g->odd)
			plan_doubt(&r->plan, 0, "engines differ on the value "
				   "of '%.100s'", g->name);
	}
	return ret;
}

/* Through the stages that the target stands on. */
static void
plan_root(struct resolver *r, const struct stage *target)
{
	struct dockerfile_plan *plan = r->plan.plan;
	const struct stage *st = target;

	while (st->root == ROOT_STAGE)
		st = &r->stages.v[st->base];
	if (st->root == ROOT_IMAGE && !st->context && !plan->root)
		plan->root = arena_strdup(&plan->arena, st->image);
}

/* The same on every platform. */
static void
plan_onbuild(struct resolver *r, const struct stage *target)
{
	struct dockerfile_plan *plan = r->plan.plan;

	strv_clear(&plan->onbuild);
	plan->has_onbuild = target->root != ROOT_CONTEXT && !r->df->foreign &&
			    !r->frontend && !r->df->doubt;
	for (size_t i = 0; i < target->n_triggers; i++) {
		const char *text = target->triggers[i]->text;
		strv_push(&plan->onbuild, text);
		if (strstr(text, "<<"))
			plan->has_onbuild = false;	/* a body goes along */
	}
}

static int
resolve_platform(struct resolver *r, const struct platform *build,
		 const struct platform *platform)
{
	char *text = platform_text(platform);
	size_t target;

	r->platform = text;
	r->all_used = false;
	r->stages = (struct stages){ .arena = &r->arena, .build = *build,
				     .target = *platform };
	globals_init(&r->stages.globals, &r->arena, r->options->args);
	r->stages.globals.budget = &r->budget;
	r->work = 8 * r->df->n + 1000000;
	int ret = stages_init(&r->stages, r->df, r->options, r->err);
	if (ret < 0)
		goto out;
	ret = stages_target(&r->stages, r->options->target, &target, r->err);
	if (ret < 0)
		goto out;
	need_all_of(r, &r->stages.v[target], r->stages.v[target].from->line);
	plan_root(r, &r->stages.v[target]);
	plan_onbuild(r, &r->stages.v[target]);
	need_date(r);
	ret = mark_needed(r);
	if (ret == 0)
		ret = walk_all(r);
out:
	free(text);
	stages_release(&r->stages);
	scope_release(&r->scope);
	idle_release(&r->idle);
	arena_release(&r->arena);
	return ret;
}

static int
bad_platform(struct resolver *r, const char *text)
{
	return error_set(r->err, IMGCACHE_EUSAGE,
			 "'%.100s' is no platform; write os/arch like "
			 "linux/amd64", text);
}

/* targets has room for those asked for, and for one. */
static int
read_platforms(struct resolver *r, struct platform *build,
	       struct platform *targets)
{
	const struct dockerfile_options *o = r->options;
	const char *text = o->build_platform ? o->build_platform :
					       "linux/amd64";

	if (!platform_parse(build, text, NULL))
		return bad_platform(r, text);
	targets[0] = *build;
	for (size_t i = 0; o->platforms && i < o->platforms->n; i++)
		if (!platform_parse(&targets[i], o->platforms->v[i], build))
			return bad_platform(r, o->platforms->v[i]);
	return 0;
}

static int
resolve_platforms(struct resolver *r)
{
	const struct strv *asked = r->options->platforms;
	size_t n = asked && asked->n > 0 ? asked->n : 1;
	struct platform build, *targets = mem_array(n, sizeof(*targets));

	int ret = read_platforms(r, &build, targets);
	bool usage = ret < 0;
	for (size_t i = 0; i < n && ret == 0; i++)
		ret = resolve_platform(r, &build, &targets[i]);
	if (ret < 0 && !usage && (r->df->foreign || r->frontend)) {
		error_clear(r->err);
		ret = 0;
	}
	free(targets);
	return ret;
}

static void
doubt_file(struct resolver *r)
{
	const struct dockerfile *df = r->df;

	if (r->frontend)
		plan_doubt(&r->plan, 0, "a frontend that is not docker's own, "
			   "'%.200s', by BUILDKIT_SYNTAX", r->frontend);
	if (df->foreign)
		plan_doubt(&r->plan, df->frontend_line,
			   "a frontend that is not docker's own, '%.200s'",
			   df->frontend);
	if (df->doubt)
		plan_doubt(&r->plan, df->doubt_line, "%s", df->doubt);
	for (size_t i = 0; i < df->n; i++) {
		const struct dockerfile_instruction *in = &df->v[i];
		in = in->trigger ? in->trigger : in;
		if (in->keyword == DOCKERFILE_UNKNOWN)
			plan_doubt(&r->plan, in->line,
				   "unknown instruction '%.50s'", in->word);
	}
}

int
dockerfile_resolve(const struct dockerfile *df,
		   const struct dockerfile_options *options,
		   struct dockerfile_plan **out, struct imgcache_error *err)
{
	struct dockerfile_plan *plan = mem_alloc(sizeof(*plan));
	struct resolver r = { .df = df, .options = options, .err = err,
			      .plan = { .plan = plan },
			      .budget = DFVARS_BUDGET };
	int ret;

	plan->understood = true;
	plan->frontend = arena_strdup(&plan->arena, df->frontend);
	r.frontend = dockerfile_frontend_of_args(options->args);
	doubt_file(&r);
	ret = base_set_init(&r.bases, options, err);
	if (ret == 0)
		ret = resolve_platforms(&r);
	plan->has_onbuild = plan->has_onbuild && !plan->any_arg;
	plan_finish(&r.plan);
	plan_builder_release(&r.plan);
	base_set_release(&r.bases);
	if (ret < 0) {
		dockerfile_plan_free(plan);
		plan = NULL;
	}
	*out = plan;
	return ret;
}

void
dockerfile_plan_free(struct dockerfile_plan *plan)
{
	if (!plan)
		return;
	free(plan->stages);
	free(plan->images);
	free(plan->bases);
	free(plan->reads);
	strv_release(&plan->args);
	strv_release(&plan->onbuild);
	arena_release(&plan->arena);
	free(plan);
}
