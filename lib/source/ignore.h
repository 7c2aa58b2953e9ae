/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_SOURCE_IGNORE_H
#define IMGCACHE_SOURCE_IGNORE_H

/*
 * The rules of a .dockerignore file, as BuildKit's client applies them while
 * it walks a context: moby/patternmatcher (New, MatchesUsingParentResults) and
 * tonistiigi/fsutil (filter.go), oddities included. See ignore_parse.c for the
 * file and glob.h for one pattern.
 *
 * Paths are bytes, relative to the context, parts joined by one '/', without a
 * leading or trailing one; the context itself is "".
 *
 * Rules are read-only once parsed and may be used by several threads.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hash;
struct ignore;
struct imgcache_error;

/*
 * Read the text of an ignore file; name is for messages. IMGCACHE_EFAIL with
 * the line number if BuildKit would refuse a pattern or the file. *out is the
 * caller's: ignore_free().
 */
int ignore_parse(struct ignore **out, const char *name, const char *text,
		 size_t len, struct imgcache_error *err);
void ignore_free(struct ignore *ig);

/*
 * The patterns of a flag of COPY: no file, so '#' begins no comment and a
 * leading '/' stays; and, as BuildKit's copying does it, every directory is
 * entered in which something can be kept. NULL if one is malformed or is not
 * UTF-8.
 */
struct ignore *ignore_from_patterns(const char *const *patterns, size_t n);

/* How many patterns there are; with 0 nothing is ignored. */
size_t ignore_count(const struct ignore *ig);

/* XXH3 of the text they were read from. */
const struct hash *ignore_text(const struct ignore *ig);

/*
 * Is this path left out? Decided as a walk from the root would: what the
 * walk would not enter is left out too. Slow; for single questions and lists.
 * An ignored directory is still sent when something below it is kept.
 */
bool ignore_matches(const struct ignore *ig, const char *path);

/*
 * The rule for whose sake BuildKit sends this regular file without its content,
 * or IGNORE_NO_RULE; see ignore_hollow_rule(). As slow.
 */
size_t ignore_matches_hollow(const struct ignore *ig, const char *path);

/* Could something in this directory or below it be left out? As slow. */
bool ignore_may_hold_in(const struct ignore *ig, const char *path);

/*
 * In a walk the state of a directory is handed to its children, since a
 * pattern that matched a parent matches what is below it. Start with
 * ignore_root(), make a state for each directory met with ignore_enter(), and
 * give it back with ignore_leave() when its entries have been looked at; the
 * children's states do not need it any more.
 */
struct ignore_dir;

struct ignore_dir *ignore_root(const struct ignore *ig);
struct ignore_dir *ignore_enter(const struct ignore_dir *parent,
				const char *path, size_t len);
void ignore_leave(struct ignore_dir *d);

/* The directory itself is left out, unless something below it is kept. */
bool ignore_dir_ignored(const struct ignore_dir *d);

/*
 * False if nothing below this directory can be kept, so that it need not be
 * read: it is ignored and no '!' pattern that counts can match below it, or
 * BuildKit would not look.
 */
bool ignore_can_descend(const struct ignore_dir *d);

/* False if nothing below this directory, which is at path, can be left out. */
bool ignore_may_hold_below(const struct ignore_dir *d, const char *path);

/* Is the non-directory at path, whose directory has state d, left out? */
bool ignore_file(const struct ignore_dir *d, const char *path, size_t len);

/*
 * The rule that leaves a non-directory out, and that which leaves a directory
 * itself out; IGNORE_NO_RULE if none does. Rules are counted from 0.
 */
#define IGNORE_NO_RULE SIZE_MAX
size_t ignore_file_rule(const struct ignore_dir *d, const char *path,
			size_t len);
size_t ignore_dir_rule(const struct ignore_dir *d);

/*
 * Of a regular file that no rule leaves out: the rule for whose sake BuildKit
 * (tonistiigi/fsutil, not of old) sends it without its content all the
 * same, or IGNORE_NO_RULE. It is the last rule that holds, for a directory above
 * the file, and was not tried in the walk because that directory was left out
 * already; "*", "!.a/b", ".*" does it to .a/b.
 */
size_t ignore_hollow_rule(const struct ignore_dir *d, const char *path,
			  size_t len);

/* The line of the file that a rule is from; the first is 1. */
size_t ignore_line(const struct ignore *ig, size_t rule);

#endif
