/* SPDX-License-Identifier: MIT */
#ifndef CMD_WORDS_H
#define CMD_WORDS_H

/*
 * A list of borrowed words. Memory that cannot be had ends the program, here
 * and wherever memory_checked() is used.
 */

#include <stddef.h>

/* v[n] is NULL when n > 0; v is NULL while it is empty. */
struct words {
	const char **v;
	size_t n;
	size_t cap;
};

void words_add(struct words *w, const char *word);
void words_release(struct words *w);

/* p, or the end of the program if it is NULL. */
void *memory_checked(void *p);

#endif
