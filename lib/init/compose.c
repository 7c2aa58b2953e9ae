/* SPDX-License-Identifier: MIT */
/*
 * What compose, bake and dev container files build. All three are read by the
 * YAML reader that reads project files: JSON is YAML, once its comments are
 * gone. What that reader refuses (anchors, say) is noted and left out.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "init/init.h"
#include "recipe/yaml.h"
#include "sys/file.h"

#define WHY_REMOTE "its context is elsewhere, so that it has no key"

/* What such a file says of one image; relative paths are meant from dir. */
struct build {
	const char *name;
	const char *origin;
	const char *path, *dir;
	struct init_layers layers;
	enum init_extends extends;
	const struct yaml_node *tags;	/* names that it is given, or NULL */
	const char *contexts_key;
	bool is_bake;
	bool file_from_dir;	/* the Dockerfile, instead of from the context */
};

static bool
has_variable(const char *text)
{
	return text && strchr(text, '$');
}

static bool
is_remote(const char *context)
{
	return strstr(context, "://") || str_starts(context, "git@") ||
		str_starts(context, "github.com/");
}

static const char *
text_of(const struct yaml_node *node, const char *key)
{
	return yaml_text(yaml_get(node, key));
}

/* What the nearest says that says something. */
static const struct yaml_node *
field(const struct build *b, const char *key)
{
	const struct yaml_node *node = NULL;

	for (size_t i = 0; i < b->layers.n && yaml_is_null(node); i++)
		node = yaml_get(b->layers.v[i], key);
	return node;
}

static const char *
field_text(const struct build *b, const char *key)
{
	return yaml_text(field(b, key));
}

/* One text, a list of them, or a mapping of hosts to addresses. */
static void
take_texts(const struct yaml_node *list, struct strv *out)
{
	if (yaml_text(list))
		strv_push(out, list->text);
	for (list = list ? list->first : NULL; list; list = list->next)
		if (yaml_text(list) && list->key)
			strv_pushf(out, "%s:%s", list->key->text, list->text);
		else if (yaml_text(list))
			strv_push(out, list->text);
}

/* Compose adds up lists; of a bake file the nearest stands alone. */
static void
take_lists(const struct build *b, const char *key, struct strv *out)
{
	if (b->is_bake) {
		take_texts(field(b, key), out);
		return;
	}
	for (size_t i = b->layers.n; i; i--)
		take_texts(yaml_get(b->layers.v[i - 1], key), out);
}

static bool
is_named_later(const struct strv *list, size_t at)
{
	size_t len = strcspn(list->v[at], "=");

	for (size_t i = at + 1; i < list->n; i++)
		if (strcspn(list->v[i], "=") == len &&
		    !strncmp(list->v[i], list->v[at], len))
			return true;
	return false;
}

/* A text in a bake file that is to be worked out. */
static bool
is_template(const struct yaml_node *node)
{
	const char *text = yaml_text(node);

	if (text && (strstr(text, "${") || strstr(text, "%{")))
		return true;
	for (node = node ? node->first : NULL; node; node = node->next)
		if (is_template(node))
			return true;
	return false;
}

/* NAME=value of all layers, the nearest last and alone with its names. */
static bool
take_assignments(const struct init *in, const struct build *b,
		 const char *key, struct strv *out)
{
	struct strv all = {0};
	bool ok = true;

	for (size_t i = b->layers.n; ok && i; i--)
		ok = init_assignments(in, yaml_get(b->layers.v[i - 1], key),
				      &all);
	for (size_t i = 0; i < all.n; i++)
		if (!is_named_later(&all, i))
			strv_push(out, all.v[i]);
	strv_release(&all);
	return ok;
}

/* What another target or service builds; NULL: neither. */
static const char *
other_origin(const struct init *in, const struct build *b, const char *value)
{
	if (b->is_bake && str_starts(value, "target:"))
		return arena_printf(in->arena, "%s: target %s", b->path,
				    value + strlen("target:"));
	if (!b->is_bake && str_starts(value, "service:"))
		return arena_printf(in->arena, "%s: service %s", b->path,
				    value + strlen("service:"));
	return NULL;
}

/* Named contexts: folders are meant from dir, all else is taken as it is. */
static bool
take_contexts(const struct init *in, const struct build *b,
	      struct init_image *image)
{
	struct strv all = {0};
	bool ok = take_assignments(in, b, b->contexts_key, &all);

	for (size_t i = 0; ok && i < all.n; i++) {
		size_t len = strcspn(all.v[i], "=");
		const char *value = all.v[i] + len + 1, *path = value;
		const char *other = NULL;

		if (!all.v[i][len] || has_variable(value))
			ok = false;
		else if ((other = other_origin(in, b, value)))
			strv_pushf(&image->links, "%.*s=%s", (int)len,
				   all.v[i], other);
		else if (!strstr(value, "://"))
			path = init_path(in, b->dir, value);
		if (ok && path && !other)
			strv_pushf(&image->build_contexts, "%.*s=%s", (int)len,
				   all.v[i], path);
		ok = ok && path;
	}
	strv_release(&all);
	return ok;
}

/* Context and Dockerfile; NULL or why they cannot be used. */
static const char *
take_paths(struct init *in, const struct build *b, struct init_image *image)
{
	const char *context = init_layers_context(&b->layers);
	const char *file = field_text(b, "dockerfile");

	if (init_layers_has_list(&b->layers))
		return "its build has a form that is not read";
	if (!context)
		context = ".";
	image->target = arena_strdup(in->arena, field_text(b, "target"));
	if (has_variable(context) || has_variable(file) ||
	    has_variable(image->target))
		return "a variable is in its paths or its target";
	if (is_remote(context))
		return WHY_REMOTE;
	image->context = init_path(in, b->dir, context);
	if (!image->context)
		return "its context is outside of the project";
	image->dockerfile = init_path(in, b->file_from_dir ? b->dir :
				      image->context,
				      file ? file : "Dockerfile");
	if (!image->dockerfile)
		return "its Dockerfile is outside of the project";
	strv_push(&in->spoken, image->dockerfile);
	return NULL;
}

/* Names that others may build from it by. */
static void
take_tags(const struct yaml_node *tags, struct init_image *image)
{
	struct strv all = {0};

	take_texts(tags, &all);
	for (size_t i = 0; i < all.n; i++)
		if (!has_variable(all.v[i]))
			strv_push(&image->tags, all.v[i]);
	strv_release(&all);
}

static const char *
take_rest(const struct init *in, const struct build *b,
	  struct init_image *image)
{
	if (!take_assignments(in, b, "args", &image->args))
		return "its args have a form that is not read";
	if (!take_contexts(in, b, image))
		return "its named contexts have a form that is not read";
	take_lists(b, "platforms", &image->platforms);
	take_lists(b, "ssh", &image->ssh);
	take_lists(b, b->is_bake ? "extra-hosts" : "extra_hosts",
		   &image->add_hosts);
	if (!take_assignments(in, b, "labels", &image->labels))
		return "its labels have a form that is not read";
	image->network = arena_strdup(in->arena, field_text(b, "network"));
	take_tags(b->tags, image);
	return NULL;
}

/* Not false and no empty list. */
static bool
is_on(const struct yaml_node *node)
{
	return node && !yaml_is_null(node) &&
		(node->kind == YAML_TEXT ? strcmp(node->text, "false") != 0 :
		 node->n != 0);
}

/* Keys of a build that have no place here. */
static void
note_unread(struct init *in, const struct build *b)
{
	static const char *const secrets[] = { "secrets", "secret", NULL };
	static const char *const options[] = {
		"no_cache", "no-cache", "no-cache-filter", "cache_from",
		"cache-from", "cacheFrom", "cache_to", "cache-to", "shm_size",
		"shm-size", "ulimits", "pull", "options", NULL
	};
	size_t i;

	for (i = 0; secrets[i]; i++)
		if (field(b, secrets[i]))
			init_note(in, "%s: %s are not taken over; name them "
				  "under 'secrets:'", b->origin, secrets[i]);
	for (i = 0; options[i]; i++)
		if (is_on(field(b, options[i])))
			init_note(in, "%s: %s is not taken over; give it to "
				  "imgcache build", b->origin, options[i]);
}

/* Before anything is read: what has no form here at all. */
static const char *
why_foreign(const struct build *b)
{
	static const char *const keys[] = {
		"context", "dockerfile", "target", "args", "contexts",
		"platforms", "ssh", "extra-hosts", "labels", "network", NULL
	};
	const char *context = init_layers_context(&b->layers);

	if (context && is_remote(context))
		return WHY_REMOTE;
	if (b->extends == INIT_EXTENDS_ELSEWHERE)
		return "it extends a service of another file, which is not "
			"read";
	if (b->extends)
		return "it extends another service, which is not merged";
	if (field(b, "dockerfile_inline") || field(b, "dockerfile-inline"))
		return "its Dockerfile is in the file itself";
	if (!b->is_bake)
		return NULL;
	if (yaml_get(b->layers.v[0], "matrix"))
		return "it is a matrix";
	for (size_t i = 0; keys[i]; i++)
		for (size_t k = 0; k < b->layers.n; k++)
			if (is_template(yaml_get(b->layers.v[k], keys[i])))
				return "it has variables";
	return NULL;
}

/*
 * --bake and --compose take no build that is built from another one or from
 * what is elsewhere, and compose itself none that is a list.
 */
static const char *
option_for(const struct init *in, const struct build *b)
{
	const char *kind = b->is_bake ? "bake" : "compose";
	const char *context = init_layers_context(&b->layers);
	struct strv all = {0};

	if (b->file_from_dir || init_layers_has_list(&b->layers) ||
	    (context && is_remote(context)))
		return NULL;
	if (!take_assignments(in, b, b->contexts_key, &all))
		strv_clear(&all);
	for (size_t i = 0; i < all.n; i++)
		if (other_origin(in, b, all.v[i] + strcspn(all.v[i], "=") + 1))
			kind = NULL;
	strv_release(&all);
	return kind;
}

static void
take_build(struct init *in, const struct build *b)
{
	struct init_image *image = init_image_new(in, b->name, b->origin);
	struct init_image *same;
	const char *why, *paths;

	paths = take_paths(in, b, image);
	why = why_foreign(b);
	if (!why)
		why = paths;
	if (!why)
		why = take_rest(in, b, image);
	if (why) {
		init_left_out(in, b->origin, why, option_for(in, b), b->path,
			      b->name);
		init_image_drop(in);
		return;
	}
	note_unread(in, b);
	strv_push(&image->origins, b->origin);
	same = init_image_like(in, image);
	if (same) {
		strv_pushf(&same->comments, "The same: %s", b->origin);
		strv_push_all(&same->origins, &image->origins);
		strv_push_all(&same->tags, &image->tags);
		init_image_drop(in);
	}
}

/* "//" and the like outside of strings become blanks; lines stay. */
static void
drop_comments(struct buf *text)
{
	char *p = text->data;
	bool in_string = false;

	while (*p) {
		if (in_string && *p == '\\' && p[1]) {
			p += 2;
		} else if (*p == '"') {
			in_string = !in_string;
			p++;
		} else if (!in_string && p[0] == '/' && p[1] == '/') {
			while (*p && *p != '\n')
				*p++ = ' ';
		} else if (!in_string && p[0] == '/' && p[1] == '*') {
			char *end = strstr(p + 2, "*/");

			for (end = end ? end + 2 : p + strlen(p); p < end; p++)
				if (*p != '\n')
					*p = ' ';
		} else {
			p++;
		}
	}
}

static bool
read_file(struct init *in, const char *path, bool is_json,
	  struct yaml_doc *doc)
{
	struct imgcache_error err = {0};
	struct buf text = BUF_INIT;
	char *full = path_join(in->root, path);
	int ret = file_read(AT_FDCWD, full, YAML_MAX_BYTES, &text, &err);

	memset(doc, 0, sizeof(*doc));
	if (is_json)
		drop_comments(&text);
	if (!ret)
		ret = yaml_parse(doc, path, text.data, text.len, &err);
	if (ret)
		init_note(in, "%s was left out: %s", path, err.text);
	else
		strv_push(&in->read, path);
	buf_release(&text);
	free(full);
	return !ret;
}

/* The file that docker compose merges into this one, or NULL. */
static const char *
override_of(const struct init *in, const char *dir)
{
	static const char *const names[] = {
		"compose.override.yml", "compose.override.yaml",
		"docker-compose.override.yml", "docker-compose.override.yaml",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *path = path_join(dir, names[i]);
		char *full = path_join(in->root, path);
		const char *found = file_exists(full) ? names[i] : NULL;

		free(full);
		free(path);
		if (found)
			return !strcmp(dir, ".") ? found :
				arena_printf(in->arena, "%s/%s", dir, found);
	}
	return NULL;
}

/* The service of a name in both files; one of them may be NULL. */
static void
take_service(struct init *in, struct build b, const struct yaml_node *all,
	     const struct yaml_node *service, const struct yaml_node *over)
{
	const struct yaml_node *of[] = { over, service };

	b.layers.n = 0;
	b.extends = INIT_EXTENDS_NONE;
	for (size_t i = 0; i < 2; i++) {
		const struct yaml_node *build = yaml_get(of[i], "build");

		if (build && !yaml_is_null(build))
			b.layers.v[b.layers.n++] = build;
	}
	for (size_t i = 0; i < 2; i++) {
		enum init_extends is = init_layers_extend(&b.layers, all,
							  of[i]);

		if (is > b.extends)
			b.extends = is;
	}
	b.tags = yaml_get(over, "image");
	if (!b.tags)
		b.tags = yaml_get(service, "image");
	b.name = (service ? service : over)->key->text;
	b.origin = arena_printf(in->arena, "%s: service %s", b.path, b.name);
	if (b.layers.n)
		take_build(in, &b);
	else if (b.extends == INIT_EXTENDS_ELSEWHERE)
		init_left_out(in, b.origin, why_foreign(&b), "compose", b.path,
			      b.name);
}

static void
take_services(struct init *in, const struct build *b,
	      const struct yaml_node *all, const struct yaml_node *over)
{
	const struct yaml_node *at;

	for (at = all && all->kind == YAML_MAP ? all->first : NULL; at;
	     at = at->next)
		take_service(in, *b, all, at, yaml_get(over, at->key->text));
	for (at = over && over->kind == YAML_MAP ? over->first : NULL; at;
	     at = at->next)
		if (!yaml_get(all, at->key->text))
			take_service(in, *b, all, NULL, at);
}

static void
tell_include(struct init *in, const char *path, const struct yaml_doc *doc)
{
	if (!yaml_is_null(yaml_get(doc->root, "include")))
		init_left_out(in, arena_printf(in->arena, "%s: include", path),
			      "the files that it names are not read", NULL,
			      NULL, NULL);
}

void
init_compose(struct init *in, const char *path)
{
	struct build b = {
		.path = path, .dir = init_dir(in, path),
		.contexts_key = "additional_contexts",
	};
	const char *more = override_of(in, b.dir);
	struct yaml_doc doc, over = {0};
	size_t first = in->n_images;

	if (read_file(in, path, false, &doc)) {
		bool has = more && read_file(in, more, false, &over);

		tell_include(in, path, &doc);
		tell_include(in, more, &over);
		take_services(in, &b, yaml_get(doc.root, "services"),
			      yaml_get(over.root, "services"));
		for (size_t i = first; more && i < in->n_images; i++)
			strv_pushf(&in->images[i]->comments, has ?
				   "With what %s says" : "%s could not be "
				   "read, and is not in it", more);
	}
	yaml_release(&over);
	yaml_release(&doc);
}

/* By custom one that is only there to be inherited from. */
static bool
is_abstract(const struct yaml_node *target, const struct yaml_node *targets)
{
	char *as = mem_printf("target:%s", target->key->text);
	bool is = *target->key->text == '_';

	for (targets = targets->first; targets; targets = targets->next) {
		const struct yaml_node *c = yaml_get(targets, "contexts");

		for (c = c ? c->first : NULL; c; c = c->next)
			is &= !str_is(yaml_text(c), as);
	}
	free(as);
	return is;
}

void
init_bake(struct init *in, const char *path)
{
	const struct yaml_node *targets, *at;
	struct build b = {
		.path = path, .dir = init_dir(in, path),
		.contexts_key = "contexts", .is_bake = true,
	};
	struct yaml_doc doc;

	if (read_file(in, path, true, &doc)) {
		targets = yaml_get(doc.root, "target");
		for (at = targets ? targets->first : NULL; at; at = at->next) {
			if (!at->key || at->kind != YAML_MAP ||
			    is_abstract(at, targets))
				continue;
			b.layers.n = 0;
			b.name = at->key->text;
			b.origin = arena_printf(in->arena, "%s: target %s",
						path, b.name);
			if (!init_layers_inherit(&b.layers, targets, at)) {
				init_left_out(in, b.origin, "what it inherits "
					      "from is not read", "bake",
					      path, b.name);
				continue;
			}
			b.tags = field(&b, "tags");
			take_build(in, &b);
		}
	}
	yaml_release(&doc);
}

void
init_devcontainer(struct init *in, const char *path)
{
	const struct yaml_node *build;
	struct build b = {
		.path = path, .dir = init_dir(in, path),
		.name = "devcontainer",
		.origin = arena_strdup(in->arena, path),
		.contexts_key = "contexts", .file_from_dir = true,
	};
	struct yaml_doc doc;

	if (read_file(in, path, true, &doc)) {
		build = yaml_get(doc.root, "build");
		if (text_of(build, "dockerfile")) {
			b.layers.v[b.layers.n++] = build;
			take_build(in, &b);
		} else if (text_of(doc.root, "dockerFile")) {
			init_note(in, "%s was left out: write build.dockerfile "
				  "instead of dockerFile", path);
		}
	}
	yaml_release(&doc);
}
