/* SPDX-License-Identifier: MIT */
/*
 * The layers of one image. The engine lists their digests in one answer and
 * their sizes, together with the instructions that made none, in another; which
 * instruction belongs to which layer is not said. One that wrote something made
 * a layer, one that only sets a property of the image did not; if that does not
 * come to the number of layers, the digests are left out.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/strv.h"
#include "docker/engine_ask.h"
#include "store/jsonr.h"

/* What an instruction is called that writes no file. */
static bool
is_property(const char *text)
{
	static const char *const words[] = {
		"ARG ", "CMD ", "ENTRYPOINT ", "ENV ", "EXPOSE ",
		"HEALTHCHECK ", "LABEL ", "MAINTAINER ", "ONBUILD ", "SHELL ",
		"STOPSIGNAL ", "USER ", "VOLUME "
	};
	static const char nop[] = "/bin/sh -c #(nop) ";
	size_t i;

	if (str_starts(text, nop))
		text += strlen(nop);
	text += strspn(text, " ");
	for (i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (str_starts(text, words[i]))
			return true;
	return false;
}

static void
add(struct engine_layers *out, size_t *cap, int64_t size, const char *by)
{
	if (!size && is_property(by))
		return;
	mem_grow(out->v, out->n, *cap);
	out->v[out->n++] = (struct engine_layer){
		.size_bytes = size,
		.created_by = arena_strdup(&out->arena, by),
	};
}

static int
history_socket(struct engine *e, const char *ref, struct engine_layers *out,
	       struct imgcache_error *err)
{
	const struct jsonr_node *doc = NULL, *n;
	struct buf target = BUF_INIT;
	size_t cap = 0;

	buf_adds(&target, "/images/");
	http_add_path(&target, ref);
	buf_adds(&target, "/history");
	if (!engine_get(e, target.data, err))
		doc = engine_json(e, &e->response.body, err);
	buf_release(&target);
	for (n = doc ? doc->child : NULL; n; n = n->next)
		add(out, &cap, jsonr_int(n, "/Size", 0),
		    jsonr_string(n, "/CreatedBy", ""));
	return err->code;
}

static int
history_client(struct engine *e, const char *ref, struct engine_layers *out,
	       struct imgcache_error *err)
{
	const char *const args[] = {
		"image", "history", "--no-trunc", "--human=false", "--format",
		"{{.Size}}\t{{.CreatedBy}}", ref, NULL
	};
	struct engine_command c = { args, e->o.ask_ms, false };
	struct strv rows = { 0 };
	size_t i, cap = 0;
	int ret = engine_client(e, &c, err);

	if (!ret)
		strv_split(&rows, e->out.data, "\n");
	for (i = 0; i < rows.n; i++) {
		const char *tab = strchr(rows.v[i], '\t');

		/* an imported layer was made by nothing */
		add(out, &cap, strtoll(rows.v[i], NULL, 10),
		    tab ? tab + 1 : "");
	}
	strv_release(&rows);
	return ret;
}

/* The engine tells the last step first. */
static void
reverse(struct engine_layers *out)
{
	size_t i;

	for (i = 0; i < out->n / 2; i++) {
		struct engine_layer other = out->v[i];

		out->v[i] = out->v[out->n - 1 - i];
		out->v[out->n - 1 - i] = other;
	}
}

int
engine_image_layers(struct engine *e, const char *ref,
		    struct engine_layers *out, struct imgcache_error *err)
{
	struct engine_image image = {0};
	size_t i, n = 0;
	int ret = engine_image(e, ref, &image, err);

	memset(out, 0, sizeof(*out));
	if (!ret)
		ret = engine_has_socket(e) ? history_socket(e, ref, out, err) :
			history_client(e, ref, out, err);
	reverse(out);
	while (!ret && image.layers[n])
		n++;
	for (i = 0; !ret && i < out->n && n == out->n; i++)
		out->v[i].digest = arena_strdup(&out->arena, image.layers[i]);
	engine_image_release(&image);
	if (ret)
		engine_layers_release(out);
	return ret;
}

void
engine_layers_release(struct engine_layers *layers)
{
	arena_release(&layers->arena);
	free(layers->v);
	memset(layers, 0, sizeof(*layers));
}
