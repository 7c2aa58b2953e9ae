/* SPDX-License-Identifier: MIT */
#ifndef CMD_ANSWER_H
#define CMD_ANSWER_H

/*
 * What is printed of an answer and of an image, the same by all verbs.
 */

#include "cmd.h"
#include "printer.h"

/*
 * The fields of an answer into the record that was begun:
 *
 *	name		string or null: of the recipe
 *	imageId		string: the key's first 12 hex digits
 *	tag, ref	string
 *	dockerImageId	string or null: the engine's id
 *	digestHash	string or null: digest in a repository
 *	size		bytes or null
 *	state		"hit", "miss" or "unknown"; null: it did not get there.
 *			"hit" after a build too: the image is there now
 *	hit		bool: without a build; null: could not be found out
 *	reason		string or null: why it missed or was built, a word
 *	detail		string or null: what changed
 *	local		bool: the engine has it; null: not found out
 *	pushed		bool: a registry has it, as far as is known here
 *	pushedRef	string or null: where
 *	pulled		bool: by this call
 *	static		bool: the agreed image of USE_STATIC_BASE_IMAGE
 *	elapsed		seconds of the lookup or the build
 *	steps, cached	numbers, of the build
 */
void answer_print(struct printer *p, const struct imgcache_answer *a);

/* The key's first 12 hex digits in out[]; NULL if there is no key. */
const char *answer_id(const struct imgcache_answer *a, char out[13]);

/* The words of --on-unknown, in the order of enum imgcache_on_unknown. */
extern const char *const unknowns[];

/* "reason: detail" for people, in out[]. */
const char *answer_reason(const struct imgcache_answer *a, char out[1024]);

/*
 * The record of an image. In JSON, and in the NUL form what is no object:
 *
 *	name		string or null: of its recipe
 *	imageId		string: the key's first 12 hex digits
 *	tag, ref	string
 *	baseImage	string or null
 *	size		bytes or null
 *	buildStatus	pending building completed failed changed interrupted
 *			deleting gone pruned deleted
 *	cacheHits	number
 *	createdAt, builtAt, lastUsedAt	RFC 3339 or null
 *	local		bool: the engine had it when it was last seen
 *	pushed		bool: a registry has it, as far as is known here
 *	pushedRef	string or null: where
 *	pushedAt	RFC 3339 or null: pushed, pulled or seen there
 *	origin		"built", "pulled" or "adopted" (found on the engine)
 *	pinned		bool
 *	dockerImageId, digestHash, dependenciesHash	string or null
 *	reason		string or null: why it was built or failed
 *	platform	string: of the key, several with commas
 *	loaded		[string]: those of them that are on the engine
 *	baseDigest, engine	string or null
 *	buildTime	seconds or null
 *	dependencies	[{type, name, asked (bool), version, installed}]
 *	metadata	object
 *	log		string or null: path of the last build's log
 */
void image_print(struct printer *p, const struct imgcache_image *i);

/* "logs": the lines of the image's last build, an empty list if none. */
void image_print_logs(struct printer *p, struct imgcache *ic,
		      const struct imgcache_image *i);

#endif
