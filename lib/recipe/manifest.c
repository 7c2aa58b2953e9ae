/* SPDX-License-Identifier: MIT */
/*
 * Every line is made here and nowhere else. Lists are sorted by their finished
 * lines, so that the order in which something was asked for does not count
 * where docker makes the same of it, and equal lines are written once.
 */
#include "recipe/manifest.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "source/textmemo.h"

static void
line(struct buf *out, const char *word, const char *value)
{
	if (!value || !*value)
		return;
	buf_addf(out, "%s ", word);
	buf_add_cquoted(out, value, strlen(value));
	buf_addc(out, '\n');
}

static void
add_hash(struct buf *out, const struct hash *h)
{
	buf_add_hex(out, h->bytes, h->len);
}

/* Take the finished lines in any order, append them in byte order, once each. */
static void
add_sorted(struct buf *out, struct strv *lines)
{
	size_t i;

	strv_sort(lines);
	strv_uniq(lines);
	for (i = 0; i < lines->n; i++) {
		buf_adds(out, lines->v[i]);
		buf_addc(out, '\n');
	}
	strv_release(lines);
}

static void
add_list(struct buf *out, const char *word, const struct strv *list)
{
	struct strv lines = {0};
	size_t i;

	for (i = 0; list && i < list->n; i++) {
		struct buf b = BUF_INIT;

		buf_addf(&b, "%s ", word);
		buf_add_cquoted(&b, list->v[i], strlen(list->v[i]));
		strv_take(&lines, buf_detach(&b));
	}
	add_sorted(out, &lines);
}

static int
compare_hosts(const char *a, const char *b)
{
	size_t a_len = strcspn(a, ":"), b_len = strcspn(b, ":");
	int order = strncasecmp(a, b, a_len < b_len ? a_len : b_len);

	return order ? order : (a_len > b_len) - (a_len < b_len);
}

/* By host; the addresses of one host in their order, since the first counts. */
static void
add_hosts(struct buf *out, const struct strv *list)
{
	struct strv lines = {0};
	size_t i, k;

	for (i = 0; list && i < list->n; i++) {
		strv_push(&lines, list->v[i]);
		for (k = i; k && compare_hosts(lines.v[k - 1],
					       lines.v[k]) > 0; k--) {
			char *later = lines.v[k - 1];

			lines.v[k - 1] = lines.v[k];
			lines.v[k] = later;
		}
	}
	for (i = 0; i < lines.n; i++)
		if (!i || strcmp(lines.v[i - 1], lines.v[i]))
			line(out, "addhost", lines.v[i]);
	strv_release(&lines);
}

/* NAME=value with the name and the value quoted apart. */
static void
add_pairs(struct buf *out, const char *word, const struct strv *list)
{
	struct strv lines = {0};
	size_t i;

	for (i = 0; list && i < list->n; i++) {
		const char *text = list->v[i];
		size_t len = strcspn(text, "=");
		const char *value = text[len] ? text + len + 1 : "";
		struct buf b = BUF_INIT;

		buf_addf(&b, "%s ", word);
		buf_add_cquoted(&b, text, len);
		buf_addc(&b, ' ');
		buf_add_cquoted(&b, value, strlen(value));
		strv_take(&lines, buf_detach(&b));
	}
	add_sorted(out, &lines);
}

static int
add_args(struct buf *out, const struct manifest *m, struct textmemo *memo,
	 struct imgcache_error *err)
{
	struct strv lines = {0};
	size_t i;
	int ret = 0;

	for (i = 0; i < m->n_args && !ret; i++) {
		const struct manifest_arg *a = &m->args[i];
		struct buf b = BUF_INIT;
		struct hash h;

		buf_adds(&b, "arg ");
		buf_add_cquoted(&b, a->name, strlen(a->name));
		buf_addc(&b, ' ');
		if (!a->value) {
			buf_adds(&b, "unset");
		} else {
			ret = textmemo_value(memo, m->kind, a->value,
					     strlen(a->value), &h, err);
			if (!ret)
				add_hash(&b, &h);
		}
		strv_take(&lines, buf_detach(&b));
	}
	add_sorted(out, &lines);
	return ret;
}

static void
add_bases(struct buf *out, const struct manifest *m)
{
	struct strv lines = {0};
	size_t i;

	for (i = 0; i < m->n_bases; i++) {
		struct buf b = BUF_INIT;

		buf_adds(&b, "base ");
		buf_add_cquoted(&b, m->bases[i].ref, strlen(m->bases[i].ref));
		buf_addf(&b, " %s", m->bases[i].digest);
		strv_take(&lines, buf_detach(&b));
	}
	add_sorted(out, &lines);
}

static void
add_named(struct buf *out, const struct manifest *m)
{
	struct strv lines = {0};
	size_t i;

	for (i = 0; i < m->n_named; i++) {
		const struct manifest_named *n = &m->named[i];
		struct buf b = BUF_INIT;

		buf_adds(&b, "named ");
		buf_add_cquoted(&b, n->name, strlen(n->name));
		buf_addf(&b, " %s ", n->kind);
		buf_add_cquoted(&b, n->value, strlen(n->value));
		strv_take(&lines, buf_detach(&b));
	}
	add_sorted(out, &lines);
}

static void
add_extras(struct buf *out, const struct manifest *m)
{
	struct strv lines = {0};
	size_t i;

	for (i = 0; i < m->n_extras; i++) {
		const struct manifest_extra *x = &m->extras[i];
		struct buf b = BUF_INIT;

		buf_adds(&b, "extra ");
		buf_add_cquoted(&b, x->path, strlen(x->path));
		buf_addf(&b, " %lld ", x->size);
		add_hash(&b, &x->hash);
		strv_take(&lines, buf_detach(&b));
	}
	add_sorted(out, &lines);
}

static void
add_context(struct buf *out, const struct manifest *m)
{
	if (m->context == CONTEXT_NONE) {
		buf_adds(out, "context none\n");
		return;
	}
	buf_addf(out, "context %s ",
		 m->context == CONTEXT_FULL ? "full" : "sources");
	add_hash(out, &m->tree);
	buf_addc(out, '\n');
	line(out, "context-reason", m->context_reason);
}

int
manifest_write(const struct manifest *m, struct textmemo *memo,
	       struct buf *out, struct imgcache_error *err)
{
	struct hash h;
	int ret;

	ret = textmemo_hash(memo, m->kind, m->dockerfile, m->dockerfile_len, &h,
			    err);
	if (ret)
		return ret;
	buf_addf(out, "imgcache-manifest 1\nhash %s\n",
		 m->kind == HASH_GIT ? "git" : "xxh3");
	line(out, "salt", m->salt);
	line(out, "epoch", m->epoch);
	buf_addf(out, "dockerfile %zu ", m->dockerfile_len);
	add_hash(out, &h);
	buf_addc(out, '\n');
	line(out, "frontend", m->frontend ? m->frontend : "-");
	line(out, "target", m->target);
	add_list(out, "platform", m->platforms);
	line(out, "network", m->network);
	add_hosts(out, m->add_hosts);
	add_pairs(out, "label", m->labels);
	ret = add_args(out, m, memo, err);
	if (ret)
		return ret;
	add_list(out, "secret", m->secrets);
	add_list(out, "ssh", m->ssh);
	add_bases(out, m);
	add_named(out, m);
	add_extras(out, m);
	add_context(out, m);
	return 0;
}

int
manifest_tag(enum hash_kind kind, const struct buf *text,
	     struct textmemo *memo, char out[MANIFEST_TAG_MAX],
	     struct imgcache_error *err)
{
	struct buf b = BUF_INIT;
	struct hash h;
	int ret;

	ret = textmemo_hash(memo, kind, text->data, text->len, &h, err);
	if (ret)
		return ret;
	buf_adds(&b, kind == HASH_GIT ? "g1-" : "x1-");
	add_hash(&b, &h);
	memcpy(out, b.data, b.len + 1);
	buf_release(&b);
	return 0;
}

size_t
manifest_tag_len(const char *text)
{
	size_t want;

	if (!strncmp(text, "g1-", 3))
		want = 40;
	else if (!strncmp(text, "x1-", 3))
		want = 32;
	else
		return 0;
	return strspn(text + 3, "0123456789abcdef") == want ? want + 3 : 0;
}

const char *
manifest_key(struct arena *arena, const char *text)
{
	size_t len = manifest_tag_len(text);

	return len && text[len] ? arena_printf(arena, "%.*s", (int)len, text) :
		text;
}

bool
manifest_is_tag(const char *text)
{
	size_t len = manifest_tag_len(text);

	return len && !text[len];
}
