/* SPDX-License-Identifier: MIT */
/* Questions about strings (declared in strv.h). */

#include "base/strv.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Longer words are not what somebody mistyped; it bounds the work, too. */
#define WORD_MAX 64

bool
str_starts(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

bool
str_ends(const char *s, const char *suffix)
{
	size_t len = strlen(s), tail = strlen(suffix);

	return tail <= len && !strcmp(s + len - tail, suffix);
}

bool
str_is(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

bool
str_is_one_of(const char *s, const char *const *words)
{
	for (; *words; words++)
		if (!strcmp(s, *words))
			return true;
	return false;
}

char *
str_lower(const char *s)
{
	char *out = mem_strdup(s), *p;

	for (p = out; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p += 'a' - 'A';
	return out;
}

static size_t
min3(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

static bool
same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/*
 * One row of the edit distance of a and b: row[j] for a[0..i], from the two
 * rows before it. Neighbours that changed places count as one edit.
 */
static void
fill_row(size_t rows[3][WORD_MAX + 1], size_t i, const char *a,
	 const char *b)
{
	size_t *row = rows[i % 3];
	const size_t *last = rows[(i + 2) % 3];
	const size_t *before = rows[(i + 1) % 3];

	row[0] = i;
	for (size_t j = 1; b[j - 1]; j++) {
		size_t change = same(a[i - 1], b[j - 1]) ? 0 : 1;

		row[j] = min3(last[j] + 1, row[j - 1] + 1,
			      last[j - 1] + change);
		if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) &&
		    same(a[i - 2], b[j - 1]) && before[j - 2] + 1 < row[j])
			row[j] = before[j - 2] + 1;
	}
}

static size_t
distance(const char *a, const char *b)
{
	size_t rows[3][WORD_MAX + 1];
	size_t len = strlen(a);

	for (size_t j = 0; j <= WORD_MAX; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= len; i++)
		fill_row(rows, i, a, b);
	return rows[len % 3][strlen(b)];
}

const char *
str_nearest(const char *word, const char *const *words, size_t n)
{
	size_t len = strlen(word);
	size_t best = len / 3 + 1;	/* one above the worst that is near */
	const char *found = NULL;

	if (!len || len > WORD_MAX)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		size_t d, other = strlen(words[i]);

		if (other > WORD_MAX)
			continue;
		d = distance(word, words[i]);
		if (d < best && d < other && d < len) {
			best = d;
			found = words[i];
		}
	}
	return found;
}
