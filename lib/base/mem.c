/* SPDX-License-Identifier: MIT */
/*
 * The one place where the library ends the program. It leaves by _exit():
 * whatever exit handlers there are might want memory too.
 *
 * An arena is a list of blocks, newest first; only the newest has room.
 */

#include "base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXIT_NO_MEMORY 128
#define ARENA_BLOCK_BYTES 4000

struct arena_block {
	struct arena_block *next;
	_Alignas(max_align_t) char data[];
};

static _Noreturn void no_memory(void)
{
	static const char text[] = "imgcache: out of memory\n";
	ssize_t n = write(STDERR_FILENO, text, sizeof(text) - 1);

	(void)n;
	_exit(EXIT_NO_MEMORY);
}

static void *
checked(void *p)
{
	if (!p)
		no_memory();
	return p;
}

/* n * size, at least 1; no object is larger than a difference of pointers. */
static size_t
bytes_of(size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes) || bytes > PTRDIFF_MAX)
		no_memory();
	return bytes ? bytes : 1;
}

void *
mem_alloc(size_t size)
{
	return mem_array(1, size);
}

void *
mem_array(size_t n, size_t size)
{
	return checked(calloc(1, bytes_of(n, size)));
}

void *
mem_resize(void *p, size_t n, size_t size)
{
	return checked(realloc(p, bytes_of(n, size)));
}

char *
mem_strdup(const char *s)
{
	return s ? checked(strdup(s)) : NULL;
}

char *
mem_strndup(const char *s, size_t n)
{
	return checked(strndup(s, n));
}

char *
mem_printf(const char *fmt, ...)
{
	char *s;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		s = NULL;
	va_end(ap);
	return checked(s);
}

static void
add_block(struct arena *a, size_t size)
{
	struct arena_block *block;

	if (size > SIZE_MAX - sizeof(*block))
		no_memory();
	block = mem_alloc(sizeof(*block) + size);
	block->next = a->head;
	a->head = block;
	a->used = 0;
	a->size = size;
}

void *
arena_alloc(struct arena *a, size_t size)
{
	const size_t align = _Alignof(max_align_t);
	void *p;

	if (size > SIZE_MAX - align)
		no_memory();
	size = size ? (size + align - 1) / align * align : align;
	if (!a->head || size > a->size - a->used)
		add_block(a, size > ARENA_BLOCK_BYTES ? size :
			  ARENA_BLOCK_BYTES);
	p = a->head->data + a->used;
	a->used += size;
	return p;
}

char *
arena_strndup(struct arena *a, const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *copy = arena_alloc(a, len + 1);

	memcpy(copy, s, len);
	return copy;
}

char *
arena_strdup(struct arena *a, const char *s)
{
	return s ? arena_strndup(a, s, strlen(s)) : NULL;
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	int len;
	char *s;

	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (len < 0)
		no_memory();
	s = arena_alloc(a, (size_t)len + 1);
	va_start(ap, fmt);
	vsnprintf(s, (size_t)len + 1, fmt, ap);
	va_end(ap);
	return s;
}

void
arena_release(struct arena *a)
{
	struct arena_block *next;

	for (struct arena_block *b = a->head; b; b = next) {
		next = b->next;
		free(b);
	}
	*a = (struct arena){ 0 };
}
