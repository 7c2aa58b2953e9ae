/* SPDX-License-Identifier: MIT */
/*
 * What a Dockerfile needs hangs on what its bases say: their ONBUILD
 * instructions run in it, their variables are in its paths. So it is resolved,
 * the bases are looked at, and where that may change the plan it is resolved
 * again, until no new base comes into use. Each round looks at one more base of
 * the file at least, and almost always the first is the last.
 *
 * A base that nobody can look at puts the plan in doubt, which costs at most a
 * needless build: where no args are given but those that are declared, and all
 * of the context counts anyway, the key is the same as where it could be
 * looked at. What stays unseen is an image that the triggers of such a base
 * copy from; nothing here can know its name.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "key/inputs.h"
#include "recipe/dockerfile.h"
#include "recipe/dockerfile_map.h"
#include "recipe/dockerfile_ref.h"

struct rounds {
	struct inputs *in;
	const struct inputs_options *o;
	const struct dockerfile *df;
	struct strmap seen;
	struct strv keys;	/* of seen */
	struct dockerfile_base *v;
	struct base_config *configs;	/* of v */
	size_t n, cap, cap_configs;
	bool more;		/* something new that may change the plan */
};

/*
 * A stage that carries the name of a base would be replaced too by a named
 * context of that base (FROM x AS x), however the base is spelled. All stages
 * of the file: which of them are used is not known before the bases are.
 */
static bool
is_a_stage(const struct dockerfile *df, const char *ref)
{
	char *name = image_ref_context_name(ref);
	bool is = false;
	size_t i;

	for (i = 0; name && !is && i < df->n; i++)
		is = df->v[i].keyword == DOCKERFILE_FROM &&
			df->v[i].n_args == 3 &&
			!strcasecmp(df->v[i].args[2], name);
	free(name);
	return is;
}

/* An image that cannot be had may have been meant as a stage. */
static int
not_had(const struct rounds *r, const struct dockerfile_image *image, int ret,
	struct imgcache_error *err)
{
	bool is_first = image->is_base && r->df->n &&
		image->line <= r->df->v[0].end_line;

	if (!is_first && !strpbrk(image->ref, "/:@"))
		error_prefix(err, "no stage above has the name '%.100s', so "
			     "it is an image", image->ref);
	error_prefix(err, "%s:%d", r->df->name, image->line);
	return ret;
}

static int
take_image(struct rounds *r, const struct dockerfile_image *image,
	   struct imgcache_error *err)
{
	const struct recipe *recipe = r->in->r->recipe;
	bool is_stage = is_a_stage(r->df, image->ref);
	const char *platform = is_stage ? r->in->local :
		recipe->platforms.v[0];
	struct base_query q = {
		.ref = image->ref,
		.platform = image->platform ? image->platform : platform,
		.own_platform = image->platform,
		.by_name = recipe->base_policy == BASE_BY_NAME,
		.fresh = r->o->fresh_bases,
		.engine_decides = is_stage,
	};

	int ret = image->context ? 0 :
		inputs_add_base(r->in, &q, NULL, err);

	return ret ? not_had(r, image, ret, err) : 0;
}

/* The image that a named context is; *is_layout: one that cannot be asked. */
static const struct base *
base_of_context(const struct inputs *in, const char *name, bool *is_layout)
{
	const char *value = NULL;	/* a digest, or a ref by its name */
	size_t i;

	for (i = 0; i < in->n_named; i++)
		if (!strcmp(in->named[i].name, name) &&
		    !strcmp(in->named[i].kind, "image"))
			value = in->named[i].value;
	*is_layout = value != NULL;
	for (i = 0; value && i < in->n_bases; i++)
		if (!strcmp(in->bases[i].digest, value) ||
		    !strcmp(in->bases[i].ref, value))
			return &in->bases[i];
	return NULL;
}

/* What its recipe says of an image of ours, else what can be found out. */
static int
look_at(struct rounds *r, const struct base *b, const char *platform,
	struct base_config *out, struct imgcache_error *err)
{
	struct inputs *in = r->in;
	struct base_config_query q = {
		.base = b,
		.platform = platform,
		.fresh = r->o->fresh_bases,
	};
	size_t i;

	if (in->only_sources) {		/* nobody is asked: most have none */
		out->is_known = true;
		out->onbuild = base_config_list(in->ic, NULL, 0);
		return 0;
	}
	for (i = 0; i < in->n_lower; i++)
		if (!strcmp(in->lower[i].ref, b->ref)) {
			*out = in->lower[i].config;
			return 0;
		}
	strv_pushf(&in->looked_at, "%s %s", b->ref, platform);
	return base_config(in->ic, &q, out, err);
}

static int
look_at_from(struct rounds *r, const struct dockerfile_from *from,
	     struct imgcache_error *err)
{
	struct base_config config = {0};
	struct dockerfile_base *known;
	const struct base *b;
	bool is_image = true;
	int ret = 0;

	b = from->context ? base_of_context(r->in, from->context, &is_image) :
		inputs_base(r->in, from->ref);
	if (!is_image)
		return 0;
	if (b)
		ret = look_at(r, b, from->platform, &config, err);
	if (ret)
		return ret;
	mem_grow(r->v, r->n, r->cap);
	mem_grow(r->configs, r->n, r->cap_configs);
	r->configs[r->n] = config;
	known = &r->v[r->n++];
	*known = (struct dockerfile_base){
		.ref = arena_strdup(&r->in->ic->arena, b ? b->ref :
				    from->context),
		.context = arena_strdup(&r->in->ic->arena, from->context),
		.platform = arena_strdup(&r->in->ic->arena, from->platform),
		.is_unseen = !config.is_known,
	};
	r->more |= base_config_may_have_onbuild(&config);
	return 0;
}

/* Only now: most bases have no triggers, and nobody asks for their variables. */
static int
open_configs(struct rounds *r, struct imgcache_error *err)
{
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < r->n; i++) {
		ret = base_config_open(r->in->ic, &r->configs[i], err);
		if (ret)
			error_prefix(err, "base '%s'", r->v[i].ref);
		r->v[i].env = r->configs[i].env;
		r->v[i].onbuild = r->configs[i].onbuild;
	}
	return ret;
}

static bool
is_new(struct rounds *r, const struct dockerfile_from *from)
{
	char *key = mem_printf("%d %s %s", from->context != NULL,
			       from->context ? from->context : from->ref,
			       from->platform);
	size_t *at;

	if (strmap_get(&r->seen, key, strlen(key)) != STRMAP_NONE) {
		free(key);
		return false;
	}
	at = strmap_at(&r->seen, key, strlen(key));
	*at = r->keys.n;
	strv_take(&r->keys, key);
	return true;
}

static int
one_round(struct rounds *r, const struct dockerfile_plan *plan,
	  struct imgcache_error *err)
{
	size_t i, n = r->n;
	int ret = 0;

	r->more = false;
	for (i = 0; !ret && i < plan->n_images; i++)
		ret = take_image(r, &plan->images[i], err);
	for (i = 0; !ret && i < plan->n_bases; i++)
		if (is_new(r, &plan->bases[i]))
			ret = look_at_from(r, &plan->bases[i], err);
	r->more |= r->n > n && !plan->understood;
	return ret;
}

/* Those from the first on in the order of the file, as if found in one go. */
static void
order_bases(struct inputs *in, size_t first, const struct dockerfile_plan *plan)
{
	size_t i, k;

	for (i = 0; i < plan->n_images; i++)
		for (k = first; k < in->n_bases; k++)
			if (!strcmp(in->bases[k].ref, plan->images[i].ref)) {
				struct base b = in->bases[k];

				memmove(in->bases + first + 1,
					in->bases + first,
					(k - first) * sizeof(b));
				in->bases[first++] = b;
				break;
			}
}

/* Where it cannot be told which are in use, all of the file are. */
static void
note_names(struct inputs *in, const struct dockerfile *df,
	   const struct dockerfile_plan *plan)
{
	size_t i;

	strv_clear(&in->stage_names);
	for (i = 0; plan->understood && i < plan->n_stages; i++)
		if (plan->stages[i].name)
			strv_push(&in->stage_names, plan->stages[i].name);
	for (i = 0; !plan->understood && i < df->n; i++)
		if (df->v[i].keyword == DOCKERFILE_FROM &&
		    df->v[i].n_args == 3)
			strv_take(&in->stage_names,
				  str_lower(df->v[i].args[2]));
}

static void
note_stages(struct inputs *in, const struct dockerfile *df,
	    const struct dockerfile_plan *plan)
{
	size_t i, *v;

	note_names(in, df, plan);
	if (!plan->understood)
		return;
	v = arena_alloc(&in->ic->arena, (plan->n_stages + 1) * sizeof(*v));
	for (i = 0; i < plan->n_stages; i++)
		v[i] = plan->stages[i].index;
	in->stages = v;
	in->n_stages = plan->n_stages;
}

int
inputs_plan(struct inputs *in, const struct dockerfile *df,
	    const struct inputs_planning *p, struct dockerfile_plan **out,
	    struct imgcache_error *err)
{
	struct rounds r = { .in = in, .o = p->o, .df = df };
	struct dockerfile_options options = *p->options;
	size_t first = in->n_bases;
	int ret, n = 0;

	do {
		dockerfile_plan_free(*out);
		ret = dockerfile_resolve(df, &options, out, err);
		if (!ret)
			ret = one_round(&r, *out, err);
		if (!ret && r.more)
			ret = open_configs(&r, err);
		options.bases = r.v;
		options.n_bases = r.n;
		n++;
	} while (!ret && r.more);
	if (!ret && n > 1)
		order_bases(in, first, *out);
	if (!ret) {
		dockerfile_needed(df, *out, &options, in->dockerfile.data,
				  in->dockerfile.len, &in->needed);
		in->root = arena_strdup(&in->ic->arena, (*out)->root);
		note_stages(in, df, *out);
	}
	strmap_release(&r.seen);
	strv_release(&r.keys);
	free(r.configs);
	free(r.v);
	return ret;
}
