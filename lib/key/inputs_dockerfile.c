/* SPDX-License-Identifier: MIT */
/*
 * An image with a Dockerfile of its own: read it, find the images its stages
 * in use stand on, the args that count, and the contexts. The file itself is
 * handed over unchanged; bases are pinned by named contexts.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "docker/proxies.h"
#include "key/inputs.h"
#include "recipe/dockerfile.h"
#include "recipe/dockerfile_ref.h"
#include "recipe/generate.h"
#include "sys/file.h"

#define MAX_DOCKERFILE (16 << 20)

static int
find_ignore(struct inputs *in, const char *dockerfile,
	    struct imgcache_error *err)
{
	const struct strv *include = &in->r->recipe->include;
	struct input_context *c = &in->contexts[0];
	bool found = false;
	char *path;
	size_t i;
	int ret;

	if (include->n) {
		buf_adds(&c->ignore, "*\n");
		for (i = 0; i < include->n; i++) {
			const char *p = include->v[i];

			buf_addf(&c->ignore, "%s%s\n", *p == '!' ? "" : "!",
				 *p == '!' ? p + 1 : p);
		}
		c->has_ignore = true;
		return 0;
	}
	path = mem_printf("%s.dockerignore", dockerfile);
	ret = inputs_read_ignore(in, c, path, &found, err);
	free(path);
	if (ret || found)
		return ret;
	path = path_join(c->path, ".dockerignore");
	ret = inputs_read_ignore(in, c, path, &found, err);
	free(path);
	return ret;
}

static int
take_files(struct inputs *in, char **name, struct imgcache_error *err)
{
	const struct recipe *q = in->r->recipe;
	char *context = path_absolute(q->root, q->context ? q->context : ".");
	int ret;

	*name = q->dockerfile ? path_absolute(q->root, q->dockerfile) :
		path_join(context, "Dockerfile");
	if (!file_is_dir(context)) {
		ret = error_set(err, IMGCACHE_EFAIL, "context '%s' is not a "
				"directory", context);
		goto out;
	}
	inputs_add_context(in, NULL, context);
	in->context_mode = CONTEXT_FULL;
	ret = file_read(AT_FDCWD, *name, MAX_DOCKERFILE, &in->dockerfile, err);
	if (ret == IMGCACHE_ENO) {
		error_clear(err);
		ret = error_set(err, IMGCACHE_EFAIL, "no Dockerfile at '%s'; "
				"name it with --dockerfile", *name);
	}
	if (!ret)
		ret = find_ignore(in, *name, err);
out:
	free(context);
	return ret;
}

/* What docker will be given: values from flags, file, environment, "@name". */
static int
take_args(struct inputs *in, struct imgcache_error *err)
{
	const struct strv *asked = &in->r->recipe->args;
	struct input_reference to;
	const char *value;
	size_t i, len;
	int ret;

	for (i = 0; i < asked->n; i++) {
		len = strcspn(asked->v[i], "=");
		if (asked->v[i][len]) {
			ret = inputs_reference(in, asked->v[i] + len + 1, &to,
					       err);
			if (ret)
				return ret;
			strv_pushf(&in->args, "%.*s=%s", (int)len,
				   asked->v[i], to.ref);
			continue;
		}
		value = expand_get(&in->ic->env, asked->v[i]);
		if (value)
			strv_pushf(&in->args, "%s=%s", asked->v[i], value);
		else
			strv_push(&in->args, asked->v[i]);
	}
	if (in->epoch)
		strv_pushf(&in->args, "%s=%s", GENERATE_EPOCH_ARG, in->epoch);
	return 0;
}

static bool
is_given(const struct inputs *in, const char *name)
{
	size_t i, len = strlen(name);

	for (i = 0; i < in->args.n; i++)
		if (!strncmp(in->args.v[i], name, len) &&
		    in->args.v[i][len] == '=')
			return true;
	return false;
}

/* The epoch has a line of its own, so its arg need not stand in for it. */
static bool
counts(const struct inputs *in, const struct dockerfile_plan *plan,
       const char *name)
{
	if (in->epoch && !strcmp(name, GENERATE_EPOCH_ARG))
		return strv_has(&plan->args, name);
	if (plan->any_arg || dockerfile_arg_always_counts(name) ||
	    strv_has(&plan->args, name))
		return true;
	return !plan->understood && !dockerfile_arg_is_predefined_proxy(name);
}

/* The proxies of docker's configuration that nobody gave another value. */
static int
read_proxies(struct inputs *in, struct imgcache_error *err)
{
	struct strv proxies = {0};
	struct engine *ignored;
	size_t i;
	int ret = session_engine(in->ic, &ignored, err);

	in->has_proxies = true;
	if (!ret)
		ret = proxies_read(&in->ic->endpoint, &proxies, err);
	for (i = 0; !ret && i < proxies.n; i++) {
		char *name = mem_strndup(proxies.v[i],
					 strcspn(proxies.v[i], "="));

		if (!is_given(in, name))
			strv_push(&in->all_args, proxies.v[i]);
		free(name);
	}
	strv_release(&proxies);
	return ret;
}

/* A predefined proxy that a stage declares takes docker's own settings. */
static int
take_proxies(struct inputs *in, const struct dockerfile_plan *plan,
	     struct imgcache_error *err)
{
	bool counts_any = plan->any_arg;
	size_t i;
	int ret;

	/* a trigger of the base may have declared one, too */
	for (i = 0; !counts_any && i < plan->args.n; i++)
		counts_any = dockerfile_arg_is_predefined_proxy(plan->args.v[i]);
	ret = counts_any && !in->has_proxies ? read_proxies(in, err) : 0;
	for (i = in->args.n; !ret && i < in->all_args.n; i++) {
		const char *text = in->all_args.v[i];
		char *name = mem_strndup(text, strcspn(text, "="));

		if (dockerfile_arg_is_predefined_proxy(name) &&
		    (plan->any_arg || strv_has(&plan->args, name)))
			strv_push(&in->key_args, text);
		free(name);
	}
	return ret;
}

static void
warn_undeclared(struct inputs *in, const struct dockerfile_plan *plan,
		const char *name)
{
	if (plan->any_arg && !strv_has(&plan->args, name) &&
	    !dockerfile_arg_always_counts(name))
		session_warn(in->ic, "build argument '%s' counts, which no "
			     "stage declares: nobody could look at a base, "
			     "and its ONBUILD instructions may", name);
}

/* Args that have no value are as if they were not given. */
static int
take_key_args(struct inputs *in, const struct dockerfile_plan *plan,
	      struct imgcache_error *err)
{
	size_t i;

	for (i = 0; i < in->args.n; i++) {
		size_t len = strcspn(in->args.v[i], "=");
		char *name = mem_strndup(in->args.v[i], len);

		if (in->args.v[i][len] && counts(in, plan, name)) {
			strv_push(&in->key_args, in->args.v[i]);
			warn_undeclared(in, plan, name);
		}
		free(name);
	}
	if (in->only_sources)
		return 0;
	if (in->epoch && !strv_has(&plan->args, GENERATE_EPOCH_ARG))
		session_warn(in->ic, "the Dockerfile declares no ARG "
			     GENERATE_EPOCH_ARG ", so refresh: changes the tag "
			     "but docker's own cache stays");
	return take_proxies(in, plan, err);
}

static void
add_named(struct inputs *in, const char *name, const char *kind,
	  const char *value)
{
	struct manifest_named *n;

	mem_grow(in->named, in->n_named, in->cap_named);
	n = &in->named[in->n_named++];
	n->name = arena_strdup(&in->ic->arena, name);
	n->kind = kind;
	n->value = arena_strdup(&in->ic->arena, value);
}

static int
named_directory(struct inputs *in, const char *name, const char *value,
		struct imgcache_error *err)
{
	char *path = path_absolute(in->r->recipe->root, value);
	char *ignore = path_join(path, ".dockerignore");
	struct input_context *c;
	bool found;
	int ret;

	if (!file_is_dir(path)) {
		ret = error_set(err, IMGCACHE_EFAIL, "build context '%s': "
				"'%s' is neither a directory nor "
				"docker-image://REF nor a URL", name, value);
	} else {
		c = inputs_add_context(in, name, path);
		ret = inputs_read_ignore(in, c, ignore, &found, err);
	}
	free(path);
	free(ignore);
	return ret;
}

/* Content that its digest names; without one it could be any. */
static int
oci_layout(struct inputs *in, const char *name, const char *value,
	   struct imgcache_error *err)
{
	const char *digest = strstr(value, "@sha256:");
	char *path, *folder;

	if (!digest)
		return error_set(err, IMGCACHE_EFAIL, "build context '%s': an "
				 "OCI layout counts by its digest; write "
				 "oci-layout://%s@sha256:...", name, value);
	folder = mem_strndup(value, (size_t)(digest - value));
	path = path_absolute(in->r->recipe->root, folder);
	add_named(in, name, "image", digest + 1);
	strv_pushf(&in->plain_contexts, "%s=oci-layout://%s%s", name, path,
		   digest);
	free(folder);
	free(path);
	return 0;
}

static int
named_image(struct inputs *in, const char *name, const char *ref,
	    const struct inputs_options *o, struct imgcache_error *err)
{
	struct base_query q = {
		.ref = ref,
		.platform = in->r->recipe->platforms.v[0],
		.by_name = in->r->recipe->base_policy == BASE_BY_NAME,
		.fresh = o->fresh_bases,
	};
	struct input_reference to;
	const struct base *b;
	int ret;

	ret = inputs_reference(in, ref, &to, err);
	q.ref = to.ref;
	if (!ret)
		ret = inputs_add_base(in, &q, &b, err);
	if (ret)
		return ret;
	/* where names stand for images, which of them it is must be told */
	add_named(in, name, "image", q.by_name && !strcmp(b->digest, "name") ?
		  b->ref : b->digest);
	strv_pushf(&in->plain_contexts, "%s=docker-image://%s", name,
		   b->pinned);
	return 0;
}

/* Is a later one of that name given, which docker takes then? */
static bool
is_replaced(const struct strv *names, size_t i)
{
	char *name = image_ref_name(names->v[i]);
	bool is = false;

	while (!is && ++i < names->n) {
		char *other = image_ref_name(names->v[i]);

		is = !strcmp(other, name);
		free(other);
	}
	free(name);
	return is;
}

static int
take_contexts(struct inputs *in, struct strv *names,
	      const struct inputs_options *o, struct imgcache_error *err)
{
	static const char image[] = "docker-image://";
	static const char layout[] = "oci-layout://";
	const struct strv *given = &in->r->recipe->build_contexts;
	struct strv all = {0};
	size_t i;
	int ret = 0;

	for (i = 0; i < given->n; i++) {
		char *name = mem_strndup(given->v[i],
					 strcspn(given->v[i], "="));

		strv_push(&all, name);
		free(name);
	}
	for (i = 0; i < given->n && !ret; i++) {
		const char *name = all.v[i];
		size_t len = strlen(name);
		const char *value = given->v[i] + len + 1;

		if (is_replaced(&all, i))
			continue;
		strv_push(names, name);
		if (!given->v[i][len])
			ret = error_set(err, IMGCACHE_EUSAGE, "build context "
					"'%s' has no value; write NAME=PATH",
					name);
		else if (str_starts(value, image))
			ret = named_image(in, name, value + strlen(image), o,
					  err);
		else if (str_starts(value, layout))
			ret = oci_layout(in, name, value + strlen(layout),
					 err);
		else if (str_starts(value, "target:") ||
			 strstr(value, "://") || str_starts(value, "git@")) {
			add_named(in, name, "url", value);
			strv_push(&in->plain_contexts, given->v[i]);
		} else
			ret = named_directory(in, name, value, err);
	}
	strv_release(&all);
	return ret;
}

/* What is pinned by a named context; the bases are there already. */
static void
pin_images(struct inputs *in, const struct dockerfile_plan *plan)
{
	const struct base *b;
	size_t i;

	for (i = 0; i < plan->n_images; i++) {
		if (plan->images[i].context)
			continue;
		b = inputs_base(in, plan->images[i].ref);
		if (b->kind == BASE_LOCAL ||
		    (b->kind == BASE_PINNED && !strchr(b->ref, '@')))
			strv_pushf(&in->plain_contexts, "%s=docker-image://%s",
				   b->ref, b->pinned);
	}
}

/* What is built from this image needs to know its triggers. */
static void
note_own(struct inputs *in, const struct dockerfile_plan *plan)
{
	in->own.is_known = plan->has_onbuild;
	if (plan->has_onbuild)
		in->own.onbuild = base_config_list(in->ic,
				(const char *const *)plan->onbuild.v,
				plan->onbuild.n);
}

/*
 * Is there a RUN in a stage in use? A stage with a platform of its own is taken
 * to be that of the machine that builds.
 */
static bool
has_runs(const struct dockerfile *df, const struct dockerfile_plan *plan)
{
	size_t i, k;

	for (i = 0; i < plan->n_stages; i++) {
		bool inside = false;

		for (k = 0; k < df->n; k++) {
			const struct dockerfile_instruction *at = &df->v[k];

			if (at->keyword == DOCKERFILE_FROM)
				inside = at->line == plan->stages[i].line &&
					!dockerfile_flag(at, "platform");
			if (inside && at->keyword == DOCKERFILE_RUN)
				return true;
		}
	}
	return false;
}

static bool
declares_proxy(const struct dockerfile *df)
{
	size_t i, k;

	for (i = 0; i < df->n; i++)
		for (k = 0; df->v[i].keyword == DOCKERFILE_ARG &&
		     k < df->v[i].n_args; k++) {
			size_t len = strcspn(df->v[i].args[k], "=");
			char *name = mem_strndup(df->v[i].args[k], len);
			bool is = dockerfile_arg_is_predefined_proxy(name);

			free(name);
			if (is)
				return true;
		}
	return false;
}

/*
 * What is read and where it is from can hang on values that nobody gave us:
 * the client takes SOURCE_DATE_EPOCH from the environment and the proxies from
 * its configuration.
 */
static int
take_all_args(struct inputs *in, const struct dockerfile *df,
	      struct imgcache_error *err)
{
	static const char date[] = "SOURCE_DATE_EPOCH";
	const char *value = expand_get(&in->ic->env, date);

	strv_push_all(&in->all_args, &in->args);
	if (value && !is_given(in, date))
		strv_pushf(&in->all_args, "%s=%s", date, value);
	return declares_proxy(df) && !in->only_sources ?
		read_proxies(in, err) : 0;
}

static int
take_plan(struct inputs *in, const char *name, const struct strv *contexts,
	  const struct inputs_options *o, struct imgcache_error *err)
{
	const struct recipe *q = in->r->recipe;
	struct dockerfile_options options = {
		.target = q->target,
		.args = &in->all_args,
		.platforms = &q->platforms,
		.build_platform = session_own_platform(in->ic),
		.contexts = contexts,
	};
	struct inputs_planning planning = { .options = &options, .o = o };
	struct dockerfile_plan *plan = NULL;
	struct dockerfile *df = NULL;
	int ret;

	ret = dockerfile_parse(in->dockerfile.data, in->dockerfile.len, name,
			       &df, err);
	if (!ret)
		ret = take_all_args(in, df, err);
	if (!ret)
		ret = inputs_plan(in, df, &planning, &plan, err);
	if (!ret) {
		in->frontend = arena_strdup(&in->ic->arena, plan->frontend);
		pin_images(in, plan);
		note_own(in, plan);
		in->runs = has_runs(df, plan);
		in->cache_is_blind = plan->cache_is_blind;
		ret = take_key_args(in, plan, err);
		if (!ret)
			inputs_narrow(in, plan);
	}
	dockerfile_plan_free(plan);
	dockerfile_free(df);
	if (ret == IMGCACHE_EFAIL && in->only_sources) {
		in->refused = arena_strdup(&in->ic->arena, err->text);
		in->context_reason = in->refused;
		error_clear(err);
		ret = 0;
	}
	return ret;
}

int
inputs_dockerfile(struct inputs *in, const struct inputs_options *o,
		  struct imgcache_error *err)
{
	struct strv names = {0};
	char *name = NULL;
	int ret;

	ret = take_files(in, &name, err);
	if (!ret)
		ret = take_args(in, err);
	if (!ret)
		ret = take_contexts(in, &names, o, err);
	if (!ret)
		ret = take_plan(in, name, &names, o, err);
	strv_release(&names);
	free(name);
	return ret;
}
