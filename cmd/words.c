/* SPDX-License-Identifier: MIT */
#include "words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"

void *
memory_checked(void *p)
{
	if (!p) {
		fputs("imgcache: out of memory\n", stderr);
		_Exit(EXIT_FATAL);
	}
	return p;
}

void
words_add(struct words *w, const char *word)
{
	if (w->n + 1 >= w->cap) {
		w->cap = w->cap ? w->cap * 2 : 8;
		w->v = memory_checked(realloc(w->v, w->cap * sizeof(*w->v)));
	}
	w->v[w->n++] = word;
	w->v[w->n] = NULL;
}

void
words_release(struct words *w)
{
	free(w->v);
	memset(w, 0, sizeof(*w));
}
