/* SPDX-License-Identifier: MIT */
/*
 * Manifests are compared line by line. The subject of a line is its word and,
 * where several lines begin with it, the name behind it; a subject whose line
 * differs, or that only one of the two has, is what changed.
 */
#include "ops/reasons.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/strv.h"
#include "store/lookups.h"

static const char *const texts[IMGCACHE_REASONS] = {
	"hit", "never built", "inputs changed", "a base moved",
	"the refresh period is over", "invalidated", "pruned", "deleted",
	"gone from the engine", "another image is under its tag",
	"the last build failed", "the last build was interrupted",
	"the registry gives no answer", "the engine gives no answer",
	"asked for",
};

const char *
imgcache_reason_word(enum imgcache_reason r)
{
	return lookup_reason_word(r);
}

const char *
imgcache_reason_text(enum imgcache_reason r)
{
	return texts[r];
}

static bool
is_named(const char *word, size_t len)
{
	static const char *const named[] = {
		"arg", "base", "named", "extra", "label", "secret", "ssh",
		"addhost", "platform", NULL
	};
	size_t i;

	for (i = 0; named[i]; i++)
		if (strlen(named[i]) == len && !strncmp(named[i], word, len))
			return true;
	return false;
}

/* Length of the subject at the beginning of a line. */
static size_t
subject_length(const char *line)
{
	size_t len = strcspn(line, " ");
	const char *p = line + len;

	if (!is_named(line, len) || !*p)
		return len;
	if (p[1] != '"')
		return len + 1 + strcspn(p + 1, " ");
	for (p += 2; *p && *p != '"'; p++)
		if (*p == '\\' && p[1])
			p++;
	return (size_t)(p - line) + (*p == '"');
}

static void
split(const char *text, struct strv *lines)
{
	strv_split(lines, text, "\n");
}

/* Add the subjects of lines that are in a but not in b. */
static void
add_changed(const struct strv *a, const struct strv *b, struct strv *subjects)
{
	size_t i;

	for (i = 0; i < a->n; i++) {
		char *s;

		if (strv_has(b, a->v[i]))
			continue;
		s = mem_strndup(a->v[i], subject_length(a->v[i]));
		if (strv_has(subjects, s))
			free(s);
		else
			strv_take(subjects, s);
	}
}

static bool
has_only(const struct strv *subjects, const char *first, const char *second)
{
	size_t i;

	for (i = 0; i < subjects->n; i++) {
		size_t len = strcspn(subjects->v[i], " ");

		if (strncmp(subjects->v[i], first, len) &&
		    (!second || strncmp(subjects->v[i], second, len)))
			return false;
	}
	return subjects->n > 0;
}

enum imgcache_reason
reasons_of_change(const char *before, const char *after, struct buf *detail)
{
	struct strv a = {0}, b = {0}, subjects = {0};
	enum imgcache_reason reason = IMGCACHE_INPUTS_CHANGED;
	size_t i;

	split(before, &a);
	split(after, &b);
	add_changed(&b, &a, &subjects);
	add_changed(&a, &b, &subjects);
	/* A generated file names its bases, so it changes with them. */
	if (has_only(&subjects, "epoch", NULL))
		reason = IMGCACHE_EPOCH_ROLLED;
	else if (has_only(&subjects, "base", "dockerfile") &&
		 !has_only(&subjects, "dockerfile", NULL))
		reason = IMGCACHE_BASE_MOVED;
	for (i = 0; i < subjects.n; i++)
		buf_addf(detail, "%s%s", i ? ", " : "", subjects.v[i]);
	strv_release(&a);
	strv_release(&b);
	strv_release(&subjects);
	return reason;
}
