/* SPDX-License-Identifier: MIT */
#include "lint/compose.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "recipe/yaml.h"
#include "sys/file.h"

bool
lint_is_compose(const char *name)
{
	if (!str_ends(name, ".yml") && !str_ends(name, ".yaml"))
		return false;
	return str_starts(name, "compose.") || str_starts(name, "compose-") ||
		str_starts(name, "docker-compose.") ||
		str_starts(name, "docker-compose-");
}

/* A path in the file; NULL for a URL and for what a variable decides. */
static char *
plain_path(const char *base, const struct yaml_node *node)
{
	const char *text = yaml_text(node);

	if (!text || strchr(text, '$') || strstr(text, "://"))
		return NULL;
	return path_absolute(base, text);
}

/* The names of additional_contexts, which is a mapping or a list; else NULL. */
static const char *const *
context_names(struct lint *l, const struct yaml_node *build)
{
	const struct yaml_node *node = yaml_get(build, "additional_contexts");
	const char **names;
	size_t n = 0;

	if (!node || node->kind == YAML_TEXT || !node->n)
		return NULL;
	names = arena_alloc(l->arena, (node->n + 1) * sizeof(*names));
	for (const struct yaml_node *at = node->first; at; at = at->next) {
		const char *text = yaml_text(at->key ? at->key : at);

		if (text)
			names[n++] = arena_strndup(l->arena, text,
						   strcspn(text, "="));
	}
	return names;
}

static void
add_build(struct lint *l, const struct yaml_node *build, const char *from,
	  const char *top)
{
	char *dir = path_dir(from);
	const struct yaml_node *where = build, *file = NULL;
	struct lint_item *item;
	char *context, *path = NULL;

	if (build->kind == YAML_MAP) {
		where = yaml_get(build, "context");
		file = yaml_get(build, "dockerfile");
	}
	if (str_is(yaml_text(yaml_get(build, "no_cache")), "true"))
		lint_add_item(l, LINT_SCRIPT_FILE, from, top);
	context = where ? plain_path(dir, where) : mem_strdup(dir);
	if (context && file_is_dir(context))
		path = file ? plain_path(context, file) :
			path_join(context, "Dockerfile");
	if (path && file_exists(path) && !file_is_dir(path)) {
		item = lint_add_item(l, LINT_DOCKERFILE, path, top);
		if (!item->context) {
			item->context = arena_strdup(l->arena, context);
			item->contexts = context_names(l, build);
		}
	}
	free(context);
	free(path);
	free(dir);
}

void
lint_compose(struct lint *l, const char *path, const char *top)
{
	struct imgcache_error ignored = {0};
	const struct yaml_node *services, *at, *build;
	struct yaml_doc doc = { .name = path };

	if (!yaml_read(&doc, AT_FDCWD, path, path, &ignored)) {
		services = yaml_get(doc.root, "services");
		at = services && services->kind == YAML_MAP ?
			services->first : NULL;
		for (; at; at = at->next) {
			build = yaml_get(at, "build");
			if (build)
				add_build(l, build, path, top);
		}
	}
	yaml_release(&doc);
}
