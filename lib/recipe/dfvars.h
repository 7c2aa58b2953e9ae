/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_RECIPE_DFVARS_H
#define IMGCACHE_RECIPE_DFVARS_H

/*
 * Quotes, escapes and variables in a word of a Dockerfile, as BuildKit's
 * frontend/dockerfile/shell does them:
 *
 *	$x ${x}			the value, nothing if unset
 *	${x-w} ${x:-w}		w if unset (: or empty)
 *	${x+w} ${x:+w}		w if set (: and not empty)
 *	${x?w} ${x:?w}		an error saying w if unset (: or empty)
 *	${x#p} ${x##p}		without the shortest, longest prefix p
 *	${x%p} ${x%%p}		without the shortest, longest suffix p
 *	${x/p/w} ${x//p/w}	first, every p replaced by w
 *
 * In p, * and ? match (no brackets) and \ escapes. Words nest, 128 deep.
 */

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct imgcache_error;
struct strv;

enum dfvar_state {
	DFVAR_UNSET,
	DFVAR_SET,
	DFVAR_UNKNOWN	/* it may be set, nobody here knows to what */
};

struct dfvar {
	enum dfvar_state state;
	const char *value;	/* of DFVAR_SET; need not end in a NUL */
	size_t len;
};

typedef struct dfvar dfvars_get_fn(void *payload, const char *name,
				   size_t len);

/* What all expansions of one file may come to, in bytes and in steps. */
#define DFVARS_BUDGET ((size_t)64 << 20)

struct dfvars {
	dfvars_get_fn *get;	/* NULL: nothing is set */
	void *payload;
	char escape;		/* '\\' or '`' */
	bool raw_quotes;	/* keep the quotes */
	bool raw_escapes;	/* keep the escapes */
	bool keep_unset;	/* leave $x of an unset x as written */
	size_t *budget;		/* what is left of it; NULL: all, each time */
};

/*
 * Append to out what the word comes to. *unknown is set to true (never to
 * false) if that hangs on a variable that is unknown, or on a feature that is
 * not modelled; out then holds something useless. EFAIL with the plain cause,
 * to be prefixed with a place, for a bad substitution, a missing quote, an
 * unset ${x?}, a used-up budget.
 */
int dfvars_expand(const struct dfvars *vars, const char *word, size_t len,
		  struct buf *out, bool *unknown, struct imgcache_error *err);

/*
 * The same, split at white space that was neither quoted nor escaped, into
 * words appended to out.
 */
int dfvars_split(const struct dfvars *vars, const char *text, size_t len,
		 struct strv *out, struct imgcache_error *err);

#endif
