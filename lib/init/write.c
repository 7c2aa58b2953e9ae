/* SPDX-License-Identifier: MIT */
/*
 * The project file as text: an image a block, with where it is from; one that
 * would not build as a comment, with the reason. What is foreign is quoted, and
 * no comment of ours is more than a line because of it.
 */
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "init/init.h"
#include "source/glob_tokens.h"

#define WIDTH 78		/* of comments */

/* Text that YAML takes as it is, whatever stands beside it. */
static bool
is_bare(const char *s)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	size_t len = strlen(s);

	if (!len || !strcmp(s, "null") || !strchr(letters, *s))
		return !strcmp(s, ".");
	while (*s && (strchr(letters, *s) || strchr("._/+-", *s)))
		s++;
	return !*s;
}

/* What may stand in YAML unescaped, and ends no line for libyaml. */
static bool
is_printable(uint32_t rune)
{
	return (rune >= 0x20 && rune < 0x7f) ||
		(rune >= 0xa0 && rune != 0x2028 && rune != 0x2029 &&
		 rune != 0xfeff && rune != RUNE_ERROR && rune < 0x110000 &&
		 (rune & 0xfffe) != 0xfffe);
}

static void
put_quoted(const char *s, struct buf *out)
{
	size_t size;

	buf_addc(out, '"');
	for (; *s; s += size) {
		uint32_t rune = rune_decode(s, strlen(s), &size);

		if (rune == '"' || rune == '\\')
			buf_addf(out, "\\%c", (char)rune);
		else if (is_printable(rune))
			buf_add(out, s, size);
		else
			buf_addf(out, "\\U%08X", (unsigned)rune);
	}
	buf_addc(out, '"');
}

static void
put_text(const char *s, struct buf *out)
{
	if (is_bare(s))
		buf_adds(out, s);
	else
		put_quoted(s, out);
}

/* Foreign text that must not end a comment. */
static void
put_harmless(const char *s, size_t len, struct buf *out)
{
	size_t size;

	for (; len; s += size, len -= size) {
		uint32_t rune = rune_decode(s, len, &size);

		if (is_printable(rune))
			buf_add(out, s, size);
		else
			buf_addc(out, '?');
	}
}

/* Of a word, which is whole where it is quoted for a shell. */
static size_t
word_length(const char *text)
{
	bool is_quoted = *text == '\'';
	size_t len = 0;

	while (text[len] && text[len] != ' ') {
		const char *end = is_quoted && text[len] == '\'' ?
			strchr(text + len + 1, '\'') : NULL;

		if (end)
			len = (size_t)(end - text) + 1;
		else
			len += text[len] == '\\' && text[len + 1] ? 2 : 1;
	}
	return len;
}

/* Broken at blanks. */
static void
put_comment(const char *indent, const char *text, struct buf *out)
{
	size_t column = 0;

	while (*text) {
		size_t len = word_length(text);

		if (!column || column + 1 + len > WIDTH) {
			buf_addf(out, "%s%s#", column ? "\n" : "", indent);
			column = strlen(indent) + 1;
		}
		buf_addc(out, ' ');
		put_harmless(text, len, out);
		column += len + 1;
		text += len;
		text += strspn(text, " ");
	}
	buf_addc(out, '\n');
}

static void
put_field(const char *indent, const char *key, const char *value,
	  struct buf *out)
{
	if (!value)
		return;
	buf_addf(out, "%s  %s: ", indent, key);
	put_text(value, out);
	buf_addc(out, '\n');
}

static void
put_list(const char *indent, const char *key, const struct strv *list,
	 struct buf *out)
{
	size_t i;

	if (!list->n)
		return;
	buf_addf(out, "%s  %s:\n", indent, key);
	for (i = 0; i < list->n; i++) {
		buf_addf(out, "%s    - ", indent);
		put_text(list->v[i], out);
		buf_addc(out, '\n');
	}
}

/* NAME=value as a mapping; without a value it is the environment's. */
static void
put_map(const char *indent, const char *key, const struct strv *list,
	struct buf *out)
{
	size_t i;

	if (!list->n)
		return;
	buf_addf(out, "%s  %s:\n", indent, key);
	for (i = 0; i < list->n; i++) {
		size_t len = strcspn(list->v[i], "=");
		struct buf name = BUF_INIT;

		buf_add(&name, list->v[i], len);
		buf_addf(out, "%s    ", indent);
		put_text(name.data, out);
		buf_addc(out, ':');
		if (list->v[i][len]) {
			buf_addc(out, ' ');
			put_text(list->v[i] + len + 1, out);
		}
		buf_addc(out, '\n');
		buf_release(&name);
	}
}

void
init_write_image(const struct init_image *m, const char *indent,
		 struct buf *out)
{
	buf_adds(out, indent);
	put_text(m->name, out);
	buf_adds(out, ":\n");
	put_field(indent, "dockerfile", m->dockerfile, out);
	put_field(indent, "context", m->context, out);
	put_field(indent, "target", m->target, out);
	put_map(indent, "args", &m->args, out);
	put_map(indent, "build_contexts", &m->build_contexts, out);
	put_field(indent, "network", m->network, out);
	put_list(indent, "add_hosts", &m->add_hosts, out);
	put_list(indent, "ssh", &m->ssh, out);
	put_field(indent, "base", m->base, out);
	put_list(indent, "apt", &m->apt, out);
	put_list(indent, "pip", &m->pip, out);
	put_field(indent, "pip_requirements", m->pip_requirements, out);
	put_field(indent, "npm_lock", m->npm_lock, out);
	put_list(indent, "platforms", &m->platforms, out);
	put_map(indent, "labels", &m->labels, out);
}

static void
put_image(const struct init_image *m, struct buf *out)
{
	size_t i;

	buf_addc(out, '\n');
	put_comment("  ", m->origin, out);
	for (i = 0; i < m->comments.n; i++)
		put_comment("  ", m->comments.v[i], out);
	if (m->reason) {
		put_comment("  ", "It would not build as it is:", out);
		put_comment("  ", m->reason, out);
	}
	init_write_image(m, m->reason ? "  # " : "  ", out);
}

void
init_write(const struct init *in, struct buf *out)
{
	size_t i;

	buf_adds(out, "# The images of this project, for imgcache; "
		 "'man imgcache.yaml' has all keys.\n"
		 "# A first proposal by imgcache init");
	buf_adds(out, in->read.n ? ", from\n" : ".\n");
	for (i = 0; i < in->read.n; i++)
		put_comment("", in->read.v[i], out);
	buf_adds(out, "version: 1\n\n"
		 "# Where images are looked up and kept for the team:\n"
		 "# registry: registry.example/team/cache\n\n"
		 "# What imgcache prune keeps:\n"
		 "# policy: {max_images: 50, max_age: 30d, keep_last: 2}\n\n");
	for (i = 0; i < in->left.n; i++)
		put_comment("", in->left.v[i], out);
	if (in->left.n)
		buf_addc(out, '\n');
	buf_adds(out, "images:\n");
	for (i = 0; i < in->n_images; i++)
		put_image(in->images[i], out);
}
