/* SPDX-License-Identifier: MIT */
/*
 * Of a pyproject.toml what says which packages there are: [project], and where
 * else they may stand, which is only named.
 */
#include <string.h>

#include "base/mem.h"
#include "init/init.h"
#include "init/toml.h"

struct reader {
	struct arena *arena;
	struct init_pyproject *out;
};

/* Does the path begin with these keys? NULL ends them. */
static bool
is_at(const struct strv *path, const char *const *keys)
{
	size_t i;

	for (i = 0; keys[i]; i++)
		if (i >= path->n || strcmp(path->v[i], keys[i]))
			return false;
	return true;
}

static void
add_group(struct reader *r, const char *name)
{
	if (!strv_has(&r->out->groups, name))
		strv_push(&r->out->groups, name);
}

static void
meet(void *payload, const struct strv *path, const char *text)
{
	static const char *const python[] = {
		"project", "requires-python", NULL
	};
	static const char *const list[] = { "project", "dependencies", NULL };
	static const char *const dynamic[] = { "project", "dynamic", NULL };
	static const char *const optional[] = {
		"project", "optional-dependencies", NULL
	};
	static const char *const groups[] = { "dependency-groups", NULL };
	static const char *const poetry[] = {
		"tool", "poetry", "dependencies", NULL
	};
	struct reader *r = payload;

	r->out->is_poetry |= is_at(path, poetry);
	if (!text)
		return;
	if (is_at(path, python))
		r->out->requires_python = arena_strdup(r->arena, text);
	else if (is_at(path, list))
		strv_push(&r->out->dependencies, text);
	else if (is_at(path, dynamic))
		r->out->is_dynamic |= !strcmp(text, "dependencies");
	else if (is_at(path, optional) && path->n == 3)
		add_group(r, path->v[2]);
	else if (is_at(path, groups) && path->n == 2)
		add_group(r, path->v[1]);
}

void
init_pyproject_read(struct arena *arena, const char *text,
		    struct init_pyproject *out)
{
	struct reader r = { .arena = arena, .out = out };

	memset(out, 0, sizeof(*out));
	out->bad_line = toml_read(text, meet, &r);
}

void
init_pyproject_release(struct init_pyproject *p)
{
	strv_release(&p->dependencies);
	strv_release(&p->groups);
}
