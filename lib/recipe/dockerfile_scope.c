/* SPDX-License-Identifier: MIT */

/* Invariant: undoing from the end to 0 leaves every variable unset. */

#include "recipe/dockerfile_scope.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const struct dfvar unset = { DFVAR_UNSET, "", 0 };
static const struct dfvar unknown = { DFVAR_UNKNOWN, "", 0 };

static size_t
id_of(struct scope *s, const char *name)
{
	size_t *id = strmap_at(&s->ids, name, strlen(name));

	if (*id == STRMAP_NONE) {
		mem_grow(s->v, s->n, s->cap);
		s->v[s->n] = (struct scope_var){ unset, unset, 0 };
		*id = s->n++;
	}
	return *id;
}

static void
set(struct scope *s, size_t id, struct dfvar var, struct dfvar env)
{
	mem_grow(s->undo, s->n_undo, s->cap_undo);
	s->undo[s->n_undo++] = (struct scope_undo){ id, s->v[id] };
	s->v[id] = (struct scope_var){ var, env, s->moment };
}

void
scope_set(struct scope *s, const char *name, struct dfvar var)
{
	set(s, id_of(s, name), var, var);
}

void
scope_set_arg(struct scope *s, const char *name, struct dfvar var)
{
	size_t id = id_of(s, name);

	set(s, id, var, s->v[id].env);
}

void
scope_end_stage(struct scope *s, size_t mark)
{
	for (size_t i = mark, n = s->n_undo; i < n; i++) {
		size_t id = s->undo[i].id;
		struct dfvar env = s->v[id].env;

		if (env.state != DFVAR_UNSET)
			set(s, id, env, env);
		else if (s->open)
			set(s, id, unknown, unset);
	}
}

struct dfvar
scope_get(void *payload, const char *name, size_t len)
{
	const struct scope *s = payload;
	size_t id = strmap_get(&s->ids, name, len);

	if (id == STRMAP_NONE || s->v[id].var.state == DFVAR_UNSET)
		return s->open ? unknown : unset;
	if (s->strict && s->v[id].moment == s->moment)
		return unknown;
	return s->v[id].var;
}

size_t
scope_mark(const struct scope *s)
{
	return s->n_undo;
}

void
scope_undo_to(struct scope *s, size_t mark)
{
	while (s->n_undo > mark) {
		s->n_undo--;
		s->v[s->undo[s->n_undo].id] = s->undo[s->n_undo].old;
	}
}

void
scope_release(struct scope *s)
{
	strmap_release(&s->ids);
	free(s->v);
	free(s->undo);
	*s = (struct scope){ 0 };
}
