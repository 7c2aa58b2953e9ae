/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_SOURCE_GLOB_H
#define IMGCACHE_SOURCE_GLOB_H

/*
 * One pattern of an ignore file, compiled. The meaning is moby/patternmatcher's
 * (Pattern.compile, Pattern.match): the pattern is one of four classes, the
 * last of them a Go regular expression made from the pattern character by
 * character. Matching takes at most len(path) * GLOB_TOKENS steps, whatever
 * the pattern.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GLOB_TOKENS 4096
#define GLOB_ANY_DEPTH SIZE_MAX

enum glob_kind {
	GLOB_EXACT,	/* path == text */
	GLOB_PREFIX,	/* path begins with text */
	GLOB_SUFFIX,	/* path ends with text, or is text less its first '/' */
	GLOB_AFFIX,	/* [**][/]PRE*SUF on the last part, no '/' in either */
	GLOB_PROGRAM	/* anything else */
};

struct glob_token;
struct glob_set;

struct glob {
	enum glob_kind kind;
	char *text;		/* EXACT, PREFIX, SUFFIX; PRE of AFFIX */
	size_t len;
	char *tail;		/* AFFIX: SUF */
	size_t tail_len;
	char *lead;		/* every match begins with these bytes; may
				   be text */
	size_t lead_len;
	size_t depth;		/* '/' in every match, or GLOB_ANY_DEPTH */
	size_t rest;		/* behind a leading group: the same */
	bool deep;		/* AFFIX: also below any directory */
	struct glob_token *tokens;
	size_t n_tokens;
	size_t end_begin;	/* from here on each takes exactly one rune */
	struct glob_set *sets;
	size_t n_sets;
};

/* A path and what the caller knows of it. */
struct glob_path {
	const char *s;
	size_t len;
	size_t base;		/* where the last part begins */
	size_t depth;		/* number of '/' in it */
	bool newline;		/* there is a '\n' before base */
};

/*
 * Compile a cleaned pattern of valid UTF-8. NULL, or a constant sentence that
 * says why it is malformed; g is then empty.
 */
const char *glob_compile(struct glob *g, const char *pattern, size_t len);
void glob_release(struct glob *g);

/* "**" "/" at the beginning of what is no SUFFIX; what text it has follows. */
bool glob_begins_with_group(const struct glob *g);

bool glob_match(const struct glob *g, const struct glob_path *p);

/*
 * Could the pattern match a path that begins with dir and a '/'? depth is the
 * number of parts of dir. False is certain; the first looks at less.
 */
bool glob_may_reach_below(const struct glob *g, const char *dir, size_t len,
			  size_t depth);
bool glob_may_match_below(const struct glob *g, const char *dir, size_t len,
			  size_t depth);

#endif
