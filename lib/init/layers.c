/* SPDX-License-Identifier: MIT */
#include "base/strv.h"
#include "init/init.h"
#include "recipe/yaml.h"

static void
add(struct init_layers *l, const struct yaml_node *node)
{
	if (!yaml_is_null(node) && l->n < INIT_MAX_LAYERS)
		l->v[l->n++] = node;
}

bool
init_layers_inherit(struct init_layers *l, const struct yaml_node *targets,
		    const struct yaml_node *target)
{
	const struct yaml_node *list = yaml_get(target, "inherits"), *at;
	size_t n = list ? list->n : 0;

	if (l->n == INIT_MAX_LAYERS || !target || target->kind != YAML_MAP ||
	    (list && list->kind != YAML_LIST))
		return false;
	add(l, target);
	for (; n; n--) {
		at = list->first;
		for (size_t i = 1; i < n; i++)
			at = at->next;
		if (!yaml_text(at) ||
		    !init_layers_inherit(l, targets,
					 yaml_get(targets, at->text)))
			return false;
	}
	return true;
}

enum init_extends
init_layers_extend(struct init_layers *l, const struct yaml_node *services,
		   const struct yaml_node *service)
{
	enum init_extends is = INIT_EXTENDS_NONE;

	for (size_t i = 0; i < INIT_MAX_LAYERS; i++) {
		const struct yaml_node *e = yaml_get(service, "extends");
		const char *name = yaml_text(e);

		if (yaml_is_null(e))
			return is;
		is = INIT_EXTENDS_HERE;
		if (!name)
			name = yaml_text(yaml_get(e, "service"));
		if (!name || yaml_text(yaml_get(e, "file")))
			return INIT_EXTENDS_ELSEWHERE;
		service = yaml_get(services, name);
		add(l, yaml_get(service, "build"));
	}
	return is;
}

const char *
init_layers_context(const struct init_layers *l)
{
	const char *context = NULL;

	for (size_t i = 0; i < l->n && !context; i++) {
		context = yaml_text(l->v[i]);
		if (!context)
			context = yaml_text(yaml_get(l->v[i], "context"));
	}
	return context;
}

bool
init_layers_has_list(const struct init_layers *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i]->kind == YAML_LIST)
			return true;
	return false;
}
