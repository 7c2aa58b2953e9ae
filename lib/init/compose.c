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

/* What such a file says of one image; relative paths are meant from dir. */
struct build {
	const char *name;
	const char *origin;
	const char *dir;
	const struct yaml_node *node;
	const char *contexts_key;
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

/* Named contexts: folders are meant from dir, all else is taken as it is. */
static bool
take_contexts(const struct init *in, const struct build *b,
	      struct init_image *image)
{
	struct strv all = {0};
	bool ok = init_assignments(in, yaml_get(b->node, b->contexts_key),
				   &all);

	for (size_t i = 0; ok && i < all.n; i++) {
		size_t len = strcspn(all.v[i], "=");
		const char *value = all.v[i] + len + 1, *path = value;

		if (!all.v[i][len] || has_variable(value) ||
		    str_starts(value, "target:") ||
		    str_starts(value, "service:"))
			ok = false;
		else if (!strstr(value, "://"))
			path = init_path(in, b->dir, value);
		if (ok && path)
			strv_pushf(&image->build_contexts, "%.*s=%s", (int)len,
				   all.v[i], path);
		ok = ok && path;
	}
	strv_release(&all);
	return ok;
}

/* Context and Dockerfile; NULL or why they cannot be used. */
static const char *
take_paths(const struct init *in, const struct build *b,
	   struct init_image *image)
{
	const char *context = yaml_text(b->node);
	const char *file = text_of(b->node, "dockerfile");

	if (b->node->kind == YAML_LIST)
		return "its build has a form that is not read";
	if (!context)
		context = text_of(b->node, "context");
	if (!context)
		context = ".";
	image->target = arena_strdup(in->arena, text_of(b->node, "target"));
	if (has_variable(context) || has_variable(file) ||
	    has_variable(image->target))
		return "a variable is in its paths or its target";
	if (is_remote(context))
		return "its context is elsewhere";
	image->context = init_path(in, b->dir, context);
	if (!image->context)
		return "its context is outside of the project";
	image->dockerfile = init_path(in, b->file_from_dir ? b->dir :
				      image->context,
				      file ? file : "Dockerfile");
	if (!image->dockerfile)
		return "its Dockerfile is outside of the project";
	return NULL;
}

static const char *
take_rest(const struct init *in, const struct build *b,
	  struct init_image *image)
{
	if (!init_assignments(in, yaml_get(b->node, "args"), &image->args))
		return "its args have a form that is not read";
	if (!take_contexts(in, b, image))
		return "its named contexts have a form that is not read";
	take_texts(yaml_get(b->node, "platforms"), &image->platforms);
	take_texts(yaml_get(b->node, "ssh"), &image->ssh);
	take_texts(yaml_get(b->node, "extra_hosts"), &image->add_hosts);
	if (!init_assignments(in, yaml_get(b->node, "labels"), &image->labels))
		return "its labels have a form that is not read";
	image->network = arena_strdup(in->arena, text_of(b->node, "network"));
	return NULL;
}

/* Keys that change what is built and have no place here. */
static void
note_unread(struct init *in, const struct build *b)
{
	static const char *const keys[] = { "secrets", "secret", NULL };
	size_t i;

	for (i = 0; keys[i]; i++)
		if (yaml_get(b->node, keys[i]))
			init_note(in, "%s: %s are not taken over; name them "
				  "under 'secrets:'", b->origin, keys[i]);
}

static void
take_build(struct init *in, const struct build *b)
{
	struct init_image *image = init_image_new(in, b->name, b->origin);
	struct init_image *same;
	const char *why = NULL;

	if (yaml_get(b->node, "dockerfile_inline") ||
	    yaml_get(b->node, "dockerfile-inline"))
		why = "its Dockerfile is in the file itself";
	else if (yaml_get(b->node, "inherits"))
		why = "it inherits from another target";
	if (!why)
		why = take_paths(in, b, image);
	if (!why)
		why = take_rest(in, b, image);
	if (why) {
		init_note(in, "%s was left out: %s", b->origin, why);
		init_image_drop(in);
		return;
	}
	note_unread(in, b);
	same = init_image_like(in, image);
	if (same) {
		strv_pushf(&same->comments, "The same: %s", b->origin);
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

void
init_compose(struct init *in, const char *path)
{
	const struct yaml_node *service, *build;
	struct build b = {
		.dir = init_dir(in, path),
		.contexts_key = "additional_contexts",
	};
	struct yaml_doc doc;

	if (read_file(in, path, false, &doc)) {
		service = yaml_get(doc.root, "services");
		for (service = service ? service->first : NULL; service;
		     service = service->next) {
			build = yaml_get(service, "build");
			if (!build || yaml_is_null(build) || !service->key)
				continue;
			b.node = build;
			b.name = service->key->text;
			b.origin = arena_printf(in->arena, "%s: service %s",
						path, b.name);
			take_build(in, &b);
		}
	}
	yaml_release(&doc);
}

void
init_bake(struct init *in, const char *path)
{
	const struct yaml_node *target;
	struct build b = {
		.dir = init_dir(in, path), .contexts_key = "contexts",
	};
	struct yaml_doc doc;

	if (read_file(in, path, true, &doc)) {
		target = yaml_get(doc.root, "target");
		for (target = target ? target->first : NULL; target;
		     target = target->next) {
			if (!target->key || target->kind != YAML_MAP)
				continue;
			b.node = target;
			b.name = target->key->text;
			b.origin = arena_printf(in->arena, "%s: target %s",
						path, b.name);
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
		.dir = init_dir(in, path), .name = "devcontainer",
		.origin = arena_strdup(in->arena, path),
		.contexts_key = "contexts", .file_from_dir = true,
	};
	struct yaml_doc doc;

	if (read_file(in, path, true, &doc)) {
		build = yaml_get(doc.root, "build");
		if (text_of(build, "dockerfile")) {
			b.node = build;
			take_build(in, &b);
		} else if (text_of(doc.root, "dockerFile")) {
			init_note(in, "%s was left out: write build.dockerfile "
				  "instead of dockerFile", path);
		}
	}
	yaml_release(&doc);
}
