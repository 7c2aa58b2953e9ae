/* SPDX-License-Identifier: MIT */
/* Images while they are collected, and the texts they are made of. */
#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "init/init.h"
#include "recipe/yaml.h"
#include "sys/file.h"

#define NAME_BYTES 60

static bool
is_taken(const struct init *in, const char *name)
{
	size_t i;

	for (i = 0; i < in->n_images; i++)
		if (!strcmp(in->images[i]->name, name))
			return true;
	return false;
}

/* In the letters that recipe_is_name() takes. */
static void
make_name(const char *wanted, struct buf *out)
{
	for (; *wanted && out->len < NAME_BYTES; wanted++) {
		char c = (char)tolower((unsigned char)*wanted);

		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			buf_addc(out, c);
		else if (out->len)
			buf_addc(out, c == '.' || c == '_' ? c : '-');
	}
	while (out->len && strchr("-._", out->data[out->len - 1]))
		buf_truncate(out, out->len - 1);
	if (!out->len)
		buf_adds(out, "app");
}

static const char *
free_name(const struct init *in, const char *wanted)
{
	struct buf name = BUF_INIT;
	const char *found;
	size_t len;
	int n;

	make_name(wanted, &name);
	len = name.len;
	for (n = 2; is_taken(in, name.data); n++) {
		buf_truncate(&name, len);
		buf_addf(&name, "-%d", n);
	}
	found = arena_strdup(in->arena, name.data);
	buf_release(&name);
	return found;
}

struct init_image *
init_image_new(struct init *in, const char *wanted, const char *origin)
{
	struct init_image *image = mem_alloc(sizeof(*image));

	image->name = free_name(in, wanted);
	image->origin = origin;
	mem_grow(in->images, in->n_images, in->cap_images);
	in->images[in->n_images++] = image;
	return image;
}

static void
image_free(struct init_image *image)
{
	strv_release(&image->comments);
	strv_release(&image->origins);
	strv_release(&image->tags);
	strv_release(&image->links);
	strv_release(&image->needs);
	strv_release(&image->reads);
	strv_release(&image->args);
	strv_release(&image->build_contexts);
	strv_release(&image->labels);
	strv_release(&image->platforms);
	strv_release(&image->add_hosts);
	strv_release(&image->ssh);
	strv_release(&image->apt);
	strv_release(&image->pip);
	free(image);
}

void
init_image_drop(struct init *in)
{
	image_free(in->images[--in->n_images]);
}

void
init_images_release(struct init *in)
{
	while (in->n_images)
		init_image_drop(in);
	free(in->images);
}

static bool
same_list(const struct strv *a, const struct strv *b)
{
	size_t i;

	for (i = 0; i < a->n && i < b->n; i++)
		if (strcmp(a->v[i], b->v[i]))
			return false;
	return a->n == b->n;
}

struct init_image *
init_image_like(const struct init *in, const struct init_image *other)
{
	size_t i;

	for (i = 0; i < in->n_images; i++) {
		struct init_image *m = in->images[i];

		if (m != other && str_is(m->dockerfile, other->dockerfile) &&
		    str_is(m->context, other->context) &&
		    str_is(m->target, other->target) &&
		    same_list(&m->args, &other->args) &&
		    same_list(&m->links, &other->links) &&
		    same_list(&m->build_contexts, &other->build_contexts))
			return m;
	}
	return NULL;
}

void
init_note(struct init *in, const char *fmt, ...)
{
	struct buf text = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&text, fmt, ap);
	va_end(ap);
	if (!strv_has(&in->notes, text.data))
		strv_push(&in->notes, text.data);
	buf_release(&text);
}

void
init_left_out(struct init *in, const char *origin, const char *why,
	      const char *kind, const char *path, const char *name)
{
	init_note(in, "%s was left out: %s", origin, why);
	if (kind)
		strv_pushf(&in->left, "%s was left out: %s; it builds without "
			   "this file by: imgcache build --%s %s", origin, why,
			   kind, init_shell_word(in, "%s:%s", path, name));
	else
		strv_pushf(&in->left, "%s was left out: %s", origin, why);
}

const char *
init_shell_word(const struct init *in, const char *fmt, ...)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@%+,";
	struct buf text = BUF_INIT, out = BUF_INIT;
	const char *kept;
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&text, fmt, ap);
	va_end(ap);
	if (text.len && !text.data[strspn(text.data, plain)])
		buf_adds(&out, text.data);
	else
		buf_add_shquoted(&out, text.data);
	kept = arena_strdup(in->arena, out.data);
	buf_release(&text);
	buf_release(&out);
	return kept;
}

const char *
init_path(const struct init *in, const char *dir, const char *path)
{
	char *from = path_join(in->root, dir);
	char *full = path_absolute(from, path);
	size_t len = strlen(in->root);
	const char *found = NULL;

	if (len == 1)
		len = 0;
	if (!strcmp(full, in->root))
		found = ".";
	else if (!strncmp(full, in->root, len) && full[len] == '/')
		found = arena_strdup(in->arena, full + len + 1);
	free(full);
	free(from);
	return found;
}

const char *
init_dir(const struct init *in, const char *path)
{
	char *dir = path_dir(path);
	const char *kept = arena_strdup(in->arena, dir);

	free(dir);
	return kept;
}

const char *
init_dir_name(const struct init *in, const char *dir)
{
	const char *name = path_base(strcmp(dir, ".") ? dir : in->root);

	return *name && *name != '/' ? name : "app";
}

/* The end of ${NAME...} behind its name; NULL: of another form. */
static const char *
put_braced(const char *p, size_t len, struct buf *out)
{
	const char *end = strchr(p + len, '}');
	const char *text = p + len;

	if (!end || !len || memchr(text, '$', (size_t)(end - text)))
		return NULL;
	if (*text == ':' && text + 1 < end)
		text++;
	if (*text == '?') {
		buf_addf(out, "${%.*s}", (int)len, p);
		return end + 1;
	}
	if (*text == '-')
		text++;
	else if (text != end)
		return NULL;
	buf_addf(out, "${%.*s:-%.*s}", (int)len, p, (int)(end - text), text);
	return end + 1;
}

const char *
init_variables(const struct init *in, const char *text)
{
	struct buf out = BUF_INIT;
	const char *kept = NULL;

	while (text && *text) {
		size_t len;

		if (*text != '$') {
			buf_addc(&out, *text++);
			continue;
		}
		if (text[1] == '$') {
			buf_adds(&out, text[2] == '{' ? "$$" : "$");
			text += 2;
			continue;
		}
		text += text[1] == '{' ? 2 : 1;
		len = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMN"
			     "OPQRSTUVWXYZ0123456789_");
		if (text[-1] == '{') {
			text = put_braced(text, len, &out);
		} else if (len) {
			buf_addf(&out, "${%.*s:-}", (int)len, text);
			text += len;
		} else {
			buf_addc(&out, '$');
		}
	}
	if (text)
		kept = arena_strdup(in->arena, out.data);
	buf_release(&out);
	return kept;
}

/* "NAME: value" or "NAME=value"; without a value a bare NAME. */
static bool
add_assignment(const struct init *in, const char *name, const char *value,
	       struct strv *out)
{
	if (!value) {
		strv_push(out, name);
		return true;
	}
	value = init_variables(in, value);
	if (value)
		strv_pushf(out, "%s=%s", name, value);
	return value != NULL;
}

bool
init_assignments(const struct init *in, const struct yaml_node *node,
		 struct strv *out)
{
	bool ok = true;

	if (!node || yaml_is_null(node))
		return true;
	for (const struct yaml_node *at = node->first; at && ok;
	     at = at->next) {
		const char *text = yaml_text(at), *equal;
		char *name;

		if (at->kind != YAML_TEXT) {
			ok = false;
		} else if (node->kind == YAML_MAP) {
			ok = add_assignment(in, at->key->text, text, out);
		} else if (!text) {
			ok = false;
		} else {
			equal = strchr(text, '=');
			name = mem_strndup(text, strcspn(text, "="));
			ok = add_assignment(in, name, equal ? equal + 1 : NULL,
					    out);
			free(name);
		}
	}
	return ok && node->kind != YAML_TEXT;
}
