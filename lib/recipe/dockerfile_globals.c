/* SPDX-License-Identifier: MIT */

/*
 * Lookups go through one function that notes the id of every name asked for,
 * set or not; so an arg knows what its value was made of, and a FROM line what
 * it hangs on.
 */

#include "recipe/dockerfile_globals.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/strv.h"
#include "recipe/dockerfile.h"
#include "recipe/dockerfile_ref.h"

static void
id_list_add(struct id_list *list, size_t id)
{
	mem_grow(list->v, list->n, list->cap);
	list->v[list->n++] = id;
}

static size_t
id_of(struct globals *g, const char *name, size_t len)
{
	size_t id = strmap_get(&g->ids, name, len);

	if (id != STRMAP_NONE)
		return id;
	const char *copy = arena_strndup(g->arena, name, len);
	*strmap_at(&g->ids, copy, len) = g->n;
	mem_grow(g->v, g->n, g->cap);
	g->v[g->n] = (struct global){ .name = copy };
	return g->n++;
}

static struct dfvar
lookup(void *payload, const char *name, size_t len)
{
	struct globals *g = payload;
	size_t id = id_of(g, name, len);

	id_list_add(g->record, id);
	return g->v[id].var;
}

void
globals_init(struct globals *g, struct arena *arena, const struct strv *args)
{
	*g = (struct globals){ .arena = arena, .escape = '\\', .args = args };
	for (size_t i = 0; args && i < args->n; i++) {
		const char *equals = strchr(args->v[i], '=');
		if (equals)
			*strmap_at(&g->given, args->v[i],
				   (size_t)(equals - args->v[i])) = i;
	}
}

void
globals_release(struct globals *g)
{
	for (size_t i = 0; i < g->n; i++)
		free(g->v[i].made_of.v);
	free(g->v);
	strmap_release(&g->ids);
	strmap_release(&g->given);
	*g = (struct globals){ 0 };
}

const char *
globals_given(const struct globals *g, const char *name)
{
	size_t i = strmap_get(&g->given, name, strlen(name));

	return i == STRMAP_NONE ? NULL : strchr(g->args->v[i], '=') + 1;
}

static void
set(struct global *var, const char *value)
{
	var->var = (struct dfvar){ DFVAR_SET, value, strlen(value) };
}

static void
predefine(struct globals *g, const char *name, const char *value)
{
	const char *given = globals_given(g, name);
	size_t id = id_of(g, name, strlen(name));

	set(&g->v[id], given ? given : arena_strdup(g->arena, value));
	g->v[id].declared = given != NULL;
	g->v[id].odd = !given && strcmp(name, "TARGETSTAGE") == 0;
	g->v[id].of_builder = !given && str_starts(name, "BUILD");
}

void
globals_predefine(struct globals *g, const struct platform *build,
		  const struct platform *target, const char *stage)
{
	char *build_text = platform_text(build);
	char *target_text = platform_text(target);

	predefine(g, "BUILDPLATFORM", build_text);
	predefine(g, "BUILDOS", build->os);
	predefine(g, "BUILDOSVERSION", "");
	predefine(g, "BUILDARCH", build->arch);
	predefine(g, "BUILDVARIANT", build->variant);
	predefine(g, "TARGETPLATFORM", target_text);
	predefine(g, "TARGETOS", target->os);
	predefine(g, "TARGETOSVERSION", "");
	predefine(g, "TARGETARCH", target->arch);
	predefine(g, "TARGETVARIANT", target->variant);
	predefine(g, "TARGETSTAGE", stage && *stage ? stage : "default");
	free(build_text);
	free(target_text);
}

int
globals_expand(struct globals *g, const char *word, const char **out,
	       struct id_list *refs, struct imgcache_error *err)
{
	struct dfvars vars = { .get = lookup, .payload = g,
			       .escape = g->escape, .budget = g->budget };
	struct buf text = BUF_INIT;
	bool unknown = false;

	g->record = refs;
	int ret = dfvars_expand(&vars, word, strlen(word), &text, &unknown,
				err);
	*out = unknown ? NULL : arena_strdup(g->arena, text.data);
	buf_release(&text);
	return ret;
}

/* A value made of the arg itself keeps what the old one was made of. */
static void
replace_made_of(struct globals *g, size_t id, struct id_list *refs)
{
	struct id_list *old = &g->v[id].made_of;
	bool itself = false;

	for (size_t i = 0; i < refs->n; i++)
		itself |= refs->v[i] == id;
	if (!itself)
		old->n = 0;
	for (size_t i = 0; i < refs->n; i++)
		if (refs->v[i] != id)
			id_list_add(old, refs->v[i]);
}

bool
globals_of_builder(const struct globals *g, const struct id_list *refs)
{
	for (size_t i = 0; i < refs->n; i++)
		if (g->v[refs->v[i]].of_builder)
			return true;
	return false;
}

static int
declare(struct globals *g, const char *arg, struct imgcache_error *err)
{
	const char *equals = strchr(arg, '=');
	size_t len = equals ? (size_t)(equals - arg) : strlen(arg);
	size_t id = id_of(g, arg, len);
	const char *given = globals_given(g, g->v[id].name), *value;
	struct id_list refs = { 0 };
	int ret = 0;

	g->v[id].declared = true;
	if (given) {
		g->v[id].of_builder = false;
		set(&g->v[id], given);
	} else if (!equals) {
		/* BuildKit 0.13 forgets the value of an earlier ARG here */
		g->v[id].odd |= g->v[id].var.state != DFVAR_UNSET;
	} else {
		g->v[id].odd = false;
		ret = globals_expand(g, equals + 1, &value, &refs, err);
		if (ret == 0) {
			g->v[id].of_builder = globals_of_builder(g, &refs);
			replace_made_of(g, id, &refs);
			g->v[id].var.state = DFVAR_UNKNOWN;
			if (value)
				set(&g->v[id], value);
		}
	}
	free(refs.v);
	return ret;
}

int
globals_declare(struct globals *g, const struct dockerfile_instruction *in,
		struct imgcache_error *err)
{
	for (size_t i = 0; i < in->n_args; i++) {
		int ret = declare(g, in->args[i], err);
		if (ret < 0)
			return ret;
	}
	return 0;
}

void
globals_use(struct globals *g, size_t first)
{
	struct id_list todo = { 0 };

	id_list_add(&todo, first);
	while (todo.n > 0) {
		struct global *var = &g->v[todo.v[--todo.n]];
		if (var->used)
			continue;
		var->used = true;
		if (globals_given(g, var->name))
			continue;
		for (size_t i = 0; i < var->made_of.n; i++)
			id_list_add(&todo, var->made_of.v[i]);
	}
	free(todo.v);
}

void
globals_use_name(struct globals *g, const char *name)
{
	size_t id = strmap_get(&g->ids, name, strlen(name));

	if (id != STRMAP_NONE)
		globals_use(g, id);
}

struct dfvar
globals_inherit(const struct globals *g, const char *name)
{
	size_t id = strmap_get(&g->ids, name, strlen(name));
	struct dfvar unset = { DFVAR_UNSET, "", 0 };
	struct dfvar unknown = { DFVAR_UNKNOWN, "", 0 };

	if (id == STRMAP_NONE)
		return unset;
	return g->v[id].of_builder ? unknown : g->v[id].var;
}
