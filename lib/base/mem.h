/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_BASE_MEM_H
#define IMGCACHE_BASE_MEM_H

/*
 * Memory that cannot be had ends the program here and nowhere else, with one
 * line on stderr and status 128. So these never return NULL.
 */

#include <stddef.h>

void *mem_alloc(size_t size);			/* zeroed */
void *mem_array(size_t n, size_t size);		/* zeroed; overflow is fatal */
void *mem_resize(void *p, size_t n, size_t size);	/* n * size bytes */
char *mem_strdup(const char *s);		/* NULL gives NULL */
char *mem_strndup(const char *s, size_t n);
char *mem_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Grow *array so that it holds more than n elements of the given size. */
#define mem_grow(array, n, cap)						\
	do {								\
		if ((n) >= (cap)) {					\
			(cap) = (cap) ? (cap) * 2 : 8;			\
			(array) = mem_resize((array), (cap),		\
					     sizeof(*(array)));		\
		}							\
	} while (0)

/*
 * An arena: many small things that live and die together (the rows of a list,
 * the nodes of a document). Zero-initialised is empty and ready.
 */
struct arena_block;
struct arena {
	struct arena_block *head;
	size_t used;
	size_t size;
};

void *arena_alloc(struct arena *a, size_t size);	/* zeroed, aligned */
char *arena_strdup(struct arena *a, const char *s);	/* NULL gives NULL */
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_printf(struct arena *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void arena_release(struct arena *a);

#endif
