/* SPDX-License-Identifier: MIT */
/* Lists of strings. v is NULL or has cap places, of which v[n] is NULL. */

#include "base/strv.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

void
strv_take(struct strv *s, char *str)
{
	assert(str);
	mem_grow(s->v, s->n + 1, s->cap);
	s->v[s->n++] = str;
	s->v[s->n] = NULL;
}

void
strv_push(struct strv *s, const char *str)
{
	strv_take(s, mem_strdup(str));
}

void
strv_pushf(struct strv *s, const char *fmt, ...)
{
	struct buf b = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&b, fmt, ap);
	va_end(ap);
	strv_take(s, buf_detach(&b));
}

void
strv_push_all(struct strv *s, const struct strv *other)
{
	size_t n = other->n;	/* other may be s */

	for (size_t i = 0; i < n; i++)
		strv_push(s, other->v[i]);
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void
strv_sort(struct strv *s)
{
	if (s->n > 1)
		qsort(s->v, s->n, sizeof(*s->v), compare);
}

void
strv_uniq(struct strv *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->n; i++) {
		if (kept && !strcmp(s->v[kept - 1], s->v[i]))
			free(s->v[i]);
		else
			s->v[kept++] = s->v[i];
	}
	s->n = kept;
	if (s->v)
		s->v[kept] = NULL;
}

bool
strv_has(const struct strv *s, const char *str)
{
	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->v[i], str))
			return true;
	return false;
}

size_t
strv_lower_bound(const struct strv *s, const char *str, size_t len)
{
	size_t lo = 0, hi = s->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (strncmp(s->v[mid], str, len) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

bool
strv_has_sorted(const struct strv *s, const char *str, size_t len)
{
	size_t i = strv_lower_bound(s, str, len);

	return i < s->n && !strncmp(s->v[i], str, len) && !s->v[i][len];
}

void
strv_clear(struct strv *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i]);
	s->n = 0;
	if (s->v)
		s->v[0] = NULL;
}

void
strv_release(struct strv *s)
{
	strv_clear(s);
	free(s->v);
	*s = (struct strv){ 0 };
}

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static void
push_trimmed(struct strv *s, const char *text, size_t len)
{
	while (len && is_space(text[0])) {
		text++;
		len--;
	}
	while (len && is_space(text[len - 1]))
		len--;
	if (len)
		strv_take(s, mem_strndup(text, len));
}

void
strv_split(struct strv *s, const char *text, const char *delims)
{
	for (;;) {
		size_t len = strcspn(text, delims);

		push_trimmed(s, text, len);
		if (!text[len])
			return;
		text += len + 1;
	}
}
