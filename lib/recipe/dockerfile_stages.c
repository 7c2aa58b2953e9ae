/* SPDX-License-Identifier: MIT */

/*
 * FROM lines are taken in order, each seeing only the names before it, while
 * --from sees the last stage of a name wherever it stands: dockerfile2llb
 * registers all stages before it looks at their instructions.
 */

#include "recipe/dockerfile_stages.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/mem.h"

static int
fail_at(const struct stages *s, int line, struct imgcache_error *err)
{
	return error_prefix(err, "%s:%d", s->df->name, line);
}

static char *
lower(struct arena *a, const char *text)
{
	char *copy = arena_strdup(a, text);

	for (char *p = copy; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p + 32);
	return copy;
}

const char *
stages_context(const struct stages *s, const char *name)
{
	if (s->contexts.n == 0 || strcasecmp(name, "scratch") == 0 ||
	    strcasecmp(name, "context") == 0)
		return NULL;
	char *key = image_ref_context_name(name);
	size_t i = key ? strmap_get(&s->contexts, key, strlen(key)) :
			 STRMAP_NONE;

	free(key);
	return i == STRMAP_NONE ? NULL : s->context_names->v[i];
}

static void
index_contexts(struct stages *s)
{
	const struct strv *names = s->context_names;

	for (size_t i = 0; names && i < names->n; i++) {
		char *key = image_ref_name(names->v[i]);
		const char *copy = arena_strdup(s->arena, key);
		*strmap_at(&s->contexts, copy, strlen(copy)) = i;
		free(key);
	}
}

/* The first arg that a FROM asked for in vain, for the error's text. */
static const char *
unset_ref(const struct stages *s, const struct stage *st)
{
	for (size_t i = 0; i < st->refs.n; i++) {
		const struct global *g = &s->globals.v[st->refs.v[i]];
		if (g->var.state != DFVAR_SET || g->var.len == 0)
			return g->name;
	}
	return NULL;
}

static int
fail_base(const struct stages *s, const struct stage *st, const char *what,
	  struct imgcache_error *err)
{
	const char *unset = unset_ref(s, st);

	if (!unset)
		return error_set(err, IMGCACHE_EFAIL, "FROM %.300s: %s",
				 st->from->args[0], what);
	return error_set(err, IMGCACHE_EFAIL,
			 "FROM %.300s: %s, because '%s' is not set above the "
			 "first FROM; give it a value there (ARG %s=...) or "
			 "with --build-arg", st->from->args[0], what, unset,
			 unset);
}

static int
expand_platform(struct stages *s, struct stage *st, struct imgcache_error *err)
{
	const char *flag = dockerfile_flag(st->from, "platform"), *text;
	struct platform p;

	if (!flag)
		return 0;
	int ret = globals_expand(&s->globals, flag, &text, &st->refs, err);
	if (ret < 0)
		return ret;
	if (!text || !*text)
		return fail_base(s, st, "--platform comes out blank", err);
	if (!platform_parse(&p, text, &s->build))
		return error_set(err, IMGCACHE_EFAIL,
				 "'%.100s' is no platform; write os/arch like "
				 "linux/amd64", text);
	char *normal = platform_text(&p);
	st->platform = arena_strdup(s->arena, normal);
	free(normal);
	return 0;
}

static int
set_root(struct stages *s, struct stage *st, const char *base,
	 struct imgcache_error *err)
{
	struct image_ref ref;

	if (st->name && (st->context = stages_context(s, st->name))) {
		st->root = ROOT_CONTEXT;
		return 0;
	}
	st->base = strmap_get(&s->names, base, strlen(base));
	if (st->base != STRMAP_NONE) {
		st->root = ROOT_STAGE;
		return 0;
	}
	if (strcmp(base, "scratch") == 0) {
		st->root = ROOT_SCRATCH;
		return 0;
	}
	st->root = ROOT_IMAGE;
	st->image = base;
	st->context = stages_context(s, base);
	if (!image_ref_parse(&ref, base))
		return fail_base(s, st, "this is no valid image name", err);
	image_ref_release(&ref);
	return 0;
}

static int
add_stage(struct stages *s, const struct dockerfile_instruction *from,
	  struct imgcache_error *err)
{
	struct stage st = { .from = from, .base = STAGE_NONE,
			    .first_child = STAGE_NONE,
			    .next_sibling = STAGE_NONE };
	const char *base;

	int ret = globals_expand(&s->globals, from->args[0], &base, &st.refs,
				 err);
	if (ret < 0)
		goto out;
	st.of_builder = globals_of_builder(&s->globals, &st.refs);
	if (from->n_args == 3)
		st.name = lower(s->arena, from->args[2]);
	if (!base || !*base)
		ret = fail_base(s, &st, "the image's name comes out blank",
				err);
	else if ((ret = expand_platform(s, &st, err)) == 0)
		ret = set_root(s, &st, base, err);
	if (ret == 0 && st.name)
		*strmap_at(&s->names, st.name, strlen(st.name)) = s->n;
out:
	mem_grow(s->v, s->n, s->cap);
	s->v[s->n++] = st;
	return ret < 0 ? fail_at(s, from->line, err) : 0;
}

static int
add_stages(struct stages *s, struct imgcache_error *err)
{
	const struct dockerfile *df = s->df;
	int ret = 0;

	for (size_t i = 0; i < df->n && ret == 0; i++) {
		const struct dockerfile_instruction *in = &df->v[i];
		if (in->keyword == DOCKERFILE_FROM) {
			ret = add_stage(s, in, err);
		} else if (s->n == 0 && in->keyword == DOCKERFILE_ARG) {
			ret = globals_declare(&s->globals, in, err);
			if (ret < 0)
				fail_at(s, in->line, err);
		} else if (s->n == 0) {
			return error_set(err, IMGCACHE_EFAIL,
					 "%s:%d: %.50s before the first FROM",
					 df->name, in->line, in->word);
		}
	}
	if (ret == 0 && s->n == 0)
		ret = error_set(err, IMGCACHE_EFAIL, "%s: no FROM in it",
				df->name);
	return ret;
}

/* Where each stage ends, and its ONBUILD instructions. */
static void
find_extents(struct stages *s)
{
	const struct dockerfile_instruction *end = s->df->v + s->df->n;

	for (size_t i = 0; i < s->n; i++) {
		struct stage *st = &s->v[i];
		size_t n = 0;
		st->end = i + 1 < s->n ? s->v[i + 1].from : end;
		for (const struct dockerfile_instruction *in = st->from;
		     in < st->end; in++)
			n += in->keyword == DOCKERFILE_ONBUILD;
		if (n == 0)
			continue;
		st->triggers = arena_alloc(s->arena,
					   n * sizeof(*st->triggers));
		for (const struct dockerfile_instruction *in = st->from;
		     in < st->end; in++)
			if (in->keyword == DOCKERFILE_ONBUILD)
				st->triggers[st->n_triggers++] = in->trigger;
	}
}

/* The name that TARGETSTAGE has when no target is asked for. */
static const char *
last_stage_name(struct stages *s)
{
	for (size_t i = s->df->n; i-- > 0;)
		if (s->df->v[i].keyword == DOCKERFILE_FROM)
			return s->df->v[i].n_args == 3 ?
			       lower(s->arena, s->df->v[i].args[2]) : NULL;
	return NULL;
}

int
stages_init(struct stages *s, const struct dockerfile *df,
	    const struct dockerfile_options *options,
	    struct imgcache_error *err)
{
	const char *target = options->target;

	s->df = df;
	s->globals.escape = df->escape;
	s->context_names = options->contexts;
	index_contexts(s);
	globals_predefine(&s->globals, &s->build, &s->target,
			  target && *target ? target : last_stage_name(s));
	int ret = add_stages(s, err);
	if (ret == 0)
		find_extents(s);
	return ret;
}

void
stages_release(struct stages *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i].refs.v);
	free(s->v);
	globals_release(&s->globals);
	strmap_release(&s->names);
	strmap_release(&s->contexts);
}

/* As Go's strconv.Atoi: a sign, then digits; false if it is too long. */
static bool
read_number(const char *s, long *out)
{
	const char *digits = s + (*s == '+' || *s == '-');
	size_t n = strspn(digits, "0123456789");

	if (n == 0 || n > 18 || digits[n] != '\0')
		return false;
	*out = strtol(s, NULL, 10);
	return true;
}

int
stages_find(const struct stages *s, const char *from, bool numbers,
	    struct stage_source *out, struct imgcache_error *err)
{
	char *key = mem_strdup(from);
	struct image_ref ref;
	long number;
	int ret = 0;

	*out = (struct stage_source){ .stage = STAGE_NONE };
	for (char *p = key; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p + 32);
	size_t found = strmap_get(&s->names, key, strlen(key));
	if (numbers && read_number(from, &number)) {
		out->odd = (size_t)number >= s->n;
		if (!out->odd)
			out->stage = (size_t)number;
		if (number < 0)
			ret = error_set(err, IMGCACHE_EFAIL,
					"there is no stage %ld", number);
	} else if (found != STRMAP_NONE) {
		out->stage = found;
	} else if (strcmp(from, "scratch") == 0) {
		out->scratch = true;
	} else {
		out->image = from;
		out->context = stages_context(s, from);
		if (!image_ref_parse(&ref, from))
			ret = error_set(err, IMGCACHE_EFAIL,
					"'%.200s' is neither a stage nor a "
					"valid image name", from);
		else
			image_ref_release(&ref);
	}
	free(key);
	return ret;
}

static int
no_target(const struct stages *s, const char *target,
	  struct imgcache_error *err)
{
	const char **names = mem_array(s->n, sizeof(*names));
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].name)
			names[n++] = s->v[i].name;
	const char *near = str_nearest(target, names, n);
	free(names);
	if (near)
		return error_set(err, IMGCACHE_EUSAGE,
				 "%s: no stage '%.200s'; did you mean '%.200s'?",
				 s->df->name, target, near);
	return error_set(err, IMGCACHE_EUSAGE,
			 "%s: no stage '%.200s'; name one with FROM ... AS "
			 "%.200s", s->df->name, target, target);
}

int
stages_target(const struct stages *s, const char *target, size_t *out,
	      struct imgcache_error *err)
{
	*out = s->n - 1;
	if (!target || !*target)
		return 0;
	char *key = mem_strdup(target);
	for (char *p = key; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p + 32);
	*out = strmap_get(&s->names, key, strlen(key));
	free(key);
	return *out == STRMAP_NONE ? no_target(s, target, err) : 0;
}
