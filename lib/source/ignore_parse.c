/* SPDX-License-Identifier: MIT */
/*
 * Reading an ignore file, in the two stages that the original has. The first
 * (moby/patternmatcher/ignorefile, in BuildKit's frontend) makes a list of
 * strings; they travel to the client as JSON, where bytes that are not UTF-8
 * become U+FFFD; the second (patternmatcher.New) reads them again. So
 * "a/../!b" is an exception in the end.
 */

#include "source/ignore.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "source/glob_tokens.h"
#include "source/ignore_anchors.h"
#include "source/ignore_rules.h"

/* bufio.Scanner holds a line and its newline in 64 KiB. */
#define LINE_MAX_BYTES (64 * 1024 - 1)
#define SHOWN_MAX 60		/* of a pattern, in messages */

static bool
is_space(uint32_t r)
{
	static const uint32_t wide[] = {
		0x85, 0xa0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000
	};

	if (r == ' ' || (r >= '\t' && r <= '\r') ||
	    (r >= 0x2000 && r <= 0x200a))
		return true;
	for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++)
		if (r == wide[i])
			return true;
	return false;
}

/* Length of the white space rune that ends at s + len; 0 if there is none. */
static size_t
space_before(const char *s, size_t len)
{
	size_t size;

	for (size_t n = 1; n <= 3 && n <= len; n++)
		if (is_space(rune_decode(s + len - n, n, &size)) && size == n)
			return n;
	return 0;
}

/* strings.TrimSpace */
static void
trim(const char **s, size_t *len)
{
	size_t size;

	while (*len && is_space(rune_decode(*s, *len, &size))) {
		*s += size;
		*len -= size;
	}
	while (*len && (size = space_before(*s, *len)) > 0)
		*len -= size;
}

static void
drop_last_part(struct buf *out, size_t floor)
{
	while (out->len > floor && out->data[out->len - 1] != '/')
		buf_truncate(out, out->len - 1);
	if (out->len > floor)
		buf_truncate(out, out->len - 1);
}

/*
 * path.Clean of s into out, which is cleared. What is before keep stays: the
 * root's "/" and leading ".." parts.
 */
static void
clean(const char *s, size_t len, struct buf *out)
{
	bool rooted = len && s[0] == '/';
	size_t keep = rooted;

	buf_clear(out);
	if (rooted)
		buf_addc(out, '/');
	for (size_t i = 0, end; i < len; i = end + 1) {
		const char *slash = memchr(s + i, '/', len - i);

		end = slash ? (size_t)(slash - s) : len;
		if (end == i || (end - i == 1 && s[i] == '.'))
			continue;
		if (end - i == 2 && s[i] == '.' && s[i + 1] == '.') {
			if (out->len > keep) {
				drop_last_part(out, keep);
				continue;
			}
			if (rooted)
				continue;
			keep += out->len ? 3 : 2;
		}
		if (out->len > (size_t)rooted)
			buf_addc(out, '/');
		buf_add(out, s + i, end - i);
	}
	if (!out->len)
		buf_addc(out, '.');
}

static void
add_utf8(struct buf *out, const char *s, size_t len)
{
	size_t size;

	for (size_t i = 0; i < len; i += size) {
		if (rune_decode(s + i, len - i, &size) == RUNE_ERROR)
			buf_adds(out, "\xef\xbf\xbd");
		else
			buf_add(out, s + i, size);
	}
}

/* First stage: the line as a pattern string; false if it has none. */
static bool
read_line(const char *s, size_t len, struct buf *tmp,
	  struct buf *out)
{
	bool exception;

	buf_clear(out);
	if (len && s[0] == '#')
		return false;
	trim(&s, &len);
	if (!len)
		return false;
	exception = s[0] == '!';
	if (exception) {
		buf_addc(out, '!');
		s++;
		len--;
		trim(&s, &len);
	}
	if (len) {
		clean(s, len, tmp);
		s = tmp->data;
		len = tmp->len;
		if (len > 1 && s[0] == '/') {
			s++;
			len--;
		}
		add_utf8(out, s, len);
	}
	return true;
}

static bool
ends_with(const char *s, size_t len, const char *end)
{
	size_t n = strlen(end);

	return len >= n && memcmp(s + len - n, end, n) == 0;
}

/* The exception less a last "**" or "*" part, with a '/' (fsutil/filter.go). */
static void
set_below(struct ignore *ig, struct ignore_rule *r, const char *s,
	  size_t len)
{
	if (ends_with(s, len, "/**"))
		len -= 3;
	if (ends_with(s, len, "/*"))
		len -= 2;
	for (size_t i = 0; i < len; i++)
		if (s[i] && strchr("*[]?^\\", s[i]))
			ig->plain_exceptions = false;
	r->below = mem_printf("%.*s/", (int)len, s);
	ig->n_exceptions++;
}

/* Second stage: the string as a rule. NULL or what is wrong with it. */
static const char *
add_rule(struct ignore *ig, const char *s, size_t len,
	 struct buf *tmp)
{
	struct ignore_rule *r;
	const char *why;
	bool exception;

	trim(&s, &len);
	if (!len)
		return NULL;
	clean(s, len, tmp);
	s = tmp->data;
	len = tmp->len;
	exception = s[0] == '!';
	s += exception;
	len -= exception;
	if (!len)
		return "'!' without a pattern";
	mem_grow(ig->rules, ig->n, ig->cap);
	r = &ig->rules[ig->n];
	memset(r, 0, sizeof(*r));
	why = glob_compile(&r->glob, s, len);
	if (why)
		return why;
	r->exception = exception;
	if (exception)
		set_below(ig, r, s, len);
	ig->n++;
	return NULL;
}

static bool
is_hashed(const struct ignore_rule *r)
{
	return r->glob.kind == GLOB_EXACT || ignore_is_name(&r->glob);
}

static uint64_t
hash_rule(const struct ignore_rule *r)
{
	const struct glob *g = &r->glob;

	if (g->kind == GLOB_EXACT)
		return ignore_hash(IGNORE_HASH_PATH, g->text, g->len);
	return ignore_hash(IGNORE_HASH_NAME, g->text + 1, g->len - 1);
}

/* What ignore_may_be_hashed() looks at. */
static void
note_last_part(struct ignore *ig, const struct glob *g)
{
	const char *slash = memrchr(g->text, '/', g->len);
	size_t len = slash ? (size_t)(g->text + g->len - slash - 1) : g->len;
	unsigned char c = g->len ? (unsigned char)g->text[g->len - 1] : 0;

	ig->lens |= UINT64_C(1) << len % 64;
	ig->lasts[c / 64] |= UINT64_C(1) << c % 64;
}

/* Chains are filled from the end, so that they are in rule order. */
static void
make_index(struct ignore *ig)
{
	size_t size = 16;

	while (size < 2 * ig->n)
		size *= 2;
	ig->mask = size - 1;
	ig->buckets = mem_array(size, sizeof(*ig->buckets));
	for (size_t i = 0; i < size; i++)
		ig->buckets[i] = RULE_NONE;
	ig->scanned = mem_array(ig->n + 1, sizeof(*ig->scanned));
	for (size_t i = 0; i < ig->n; i++)
		if (!is_hashed(ig->rules + i))
			ig->scanned[ig->n_scanned++] = (uint32_t)i;
	for (size_t i = ig->n; i-- > 0;) {
		struct ignore_rule *r = ig->rules + i;
		uint32_t *bucket;

		if (!is_hashed(r))
			continue;
		r->hash = hash_rule(r);
		note_last_part(ig, &r->glob);
		bucket = &ig->buckets[ignore_bucket(ig, r->hash)];
		r->next = *bucket;
		*bucket = (uint32_t)i;
	}
	ig->anchors = ignore_anchors_new(ig);
}

static int
parse_line(struct ignore *ig, const char *s, size_t len,
	   struct buf pattern[2], const char **why)
{
	*why = NULL;
	if (len > LINE_MAX_BYTES)
		*why = "line longer than 64 KiB";
	else if (read_line(s, len, &pattern[0], &pattern[1]))
		*why = add_rule(ig, pattern[1].data, pattern[1].len,
				&pattern[0]);
	return *why ? -1 : 0;
}

int
ignore_parse(struct ignore **out, const char *name, const char *text,
	     size_t len, struct imgcache_error *err)
{
	struct buf pattern[2] = { BUF_INIT, BUF_INIT };
	struct ignore *ig = mem_alloc(sizeof(*ig));
	const char *why = NULL, *at = text;
	size_t line = 0, at_len = 0;
	size_t i = 0;
	int rc = 0;

	ig->plain_exceptions = true;
	(void)hash_bytes(HASH_XXH3, text, len, &ig->text, err);
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		i = 3;
	while (!why && i < len) {
		const char *newline = memchr(text + i, '\n', len - i);
		size_t end = newline ? (size_t)(newline - text) : len;
		size_t n = ig->n;

		line++;
		at = text + i;
		at_len = end - i;
		parse_line(ig, at, at_len, pattern, &why);
		if (ig->n > n)
			ig->rules[n].line = (uint32_t)line;
		i = end + 1;
	}
	if (why) {
		rc = error_set(err, IMGCACHE_EFAIL, "%s:%zu: '%.*s': %s; "
			       "docker build would refuse it too", name, line,
			       at_len > SHOWN_MAX ? SHOWN_MAX : (int)at_len,
			       at, why);
		ignore_free(ig);
	} else {
		make_index(ig);
		*out = ig;
	}
	buf_release(&pattern[0]);
	buf_release(&pattern[1]);
	return rc;
}

struct ignore *
ignore_from_patterns(const char *const *patterns, size_t n)
{
	struct ignore *ig = mem_alloc(sizeof(*ig));
	struct buf pattern = BUF_INIT, tmp = BUF_INIT;
	bool ok = true;

	ig->plain_exceptions = ig->enters_all = true;
	for (size_t i = 0; i < n && ok; i++) {
		buf_clear(&pattern);
		add_utf8(&pattern, patterns[i], strlen(patterns[i]));
		ok = !strcmp(pattern.data, patterns[i]) &&
			!add_rule(ig, pattern.data, pattern.len, &tmp);
	}
	make_index(ig);
	buf_release(&pattern);
	buf_release(&tmp);
	if (!ok)
		ignore_free(ig);
	return ok ? ig : NULL;
}

void
ignore_free(struct ignore *ig)
{
	if (!ig)
		return;
	for (size_t i = 0; i < ig->n; i++) {
		glob_release(&ig->rules[i].glob);
		free(ig->rules[i].below);
	}
	free(ig->rules);
	free(ig->buckets);
	free(ig->scanned);
	ignore_anchors_free(ig->anchors);
	free(ig);
}

size_t
ignore_count(const struct ignore *ig)
{
	return ig->n;
}

size_t
ignore_line(const struct ignore *ig, size_t rule)
{
	return ig->rules[rule].line;
}

const struct hash *
ignore_text(const struct ignore *ig)
{
	return &ig->text;
}
