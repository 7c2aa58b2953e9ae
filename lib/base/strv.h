/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_BASE_STRV_H
#define IMGCACHE_BASE_STRV_H

/* A list of strings it owns; v[n] is always NULL, so v serves as an argv. */

#include <stdbool.h>
#include <stddef.h>

struct strv {
	char **v;
	size_t n;
	size_t cap;
};

void strv_push(struct strv *s, const char *str);
void strv_pushf(struct strv *s, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void strv_take(struct strv *s, char *str);	/* str is ours from now on */
void strv_push_all(struct strv *s, const struct strv *other);
void strv_sort(struct strv *s);			/* byte order */
void strv_uniq(struct strv *s);			/* drops equal neighbours */
bool strv_has(const struct strv *s, const char *str);

/* In a sorted list: the first that is not before the len bytes at str, or n. */
size_t strv_lower_bound(const struct strv *s, const char *str, size_t len);
bool strv_has_sorted(const struct strv *s, const char *str, size_t len);

void strv_clear(struct strv *s);
void strv_release(struct strv *s);

/* Split at any byte of delims, dropping empty parts and white space around. */
void strv_split(struct strv *s, const char *text, const char *delims);

bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
/* ASCII only; the caller frees. */
char *str_lower(const char *s);
bool str_is(const char *a, const char *b);	/* NULL equals only NULL */
bool str_is_one_of(const char *s, const char *const *words);	/* NULL-ended */

/* The nearest of the n words to a mistyped one, or NULL if none is near. */
const char *str_nearest(const char *word, const char *const *words, size_t n);

#endif
