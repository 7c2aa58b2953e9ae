/* SPDX-License-Identifier: MIT */
/* Reasons and changes as people read them, in one line. */
#include "lookup/reasons.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "lookup/changes.h"
#include "lookup/refusal.h"
#include "store/lookups.h"

/* So many changes beside files are told; the rest are counted. */
#define MAX_TOLD 3

static const char *const texts[IMGCACHE_REASONS] = {
	"hit", "never built", "inputs changed", "a base moved",
	"the refresh period is over", "invalidated", "pruned", "deleted",
	"gone from the engine", "another image is under its tag",
	"the last build failed", "the last build was interrupted",
	"the registry gives no answer", "the engine gives no answer",
	"asked for", "it is being built",
	"it is waiting to be built in the background",
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

/* In the order of enum imgcache_subject. */
static const char *const subjects[IMGCACHE_SUBJECTS] = {
	"base", "frontend", "hash", "instruction", "arg", "package", "epoch",
	"platform", "salt", "target", "network", "host", "label", "secret",
	"ssh", "context", "key-file", "counted", "file",
};

/* In the order of enum imgcache_how. */
static const char *const hows[IMGCACHE_HOWS] = {
	"added", "removed", "edited", "moved", "mode", "link", "type", "lost",
	"emptied", "filled",
};

const char *
imgcache_subject_word(enum imgcache_subject s)
{
	return subjects[s];
}

const char *
imgcache_how_word(enum imgcache_how h)
{
	return hows[h];
}

/* For people: what a word says too shortly. */
static const char *
how_text(enum imgcache_how h)
{
	switch (h) {
	case IMGCACHE_MODE:
		return "mode changed";
	case IMGCACHE_LINK:
		return "link changed";
	case IMGCACHE_TYPE:
		return "type changed";
	case IMGCACHE_LOST:
		return "changed";
	case IMGCACHE_EMPTIED:
		return "sent empty now";
	case IMGCACHE_FILLED:
		return "sent whole again";
	default:
		return hows[h];
	}
}

static void
add_instruction(struct buf *b, const struct imgcache_change *c)
{
	if (c->how == IMGCACHE_LOST)
		buf_adds(b, "Dockerfile edited");
	else if (!c->name)
		buf_adds(b, "only comments in the Dockerfile edited");
	else if (c->of)		/* generated: the recipe has other words */
		buf_addf(b, "%s %s", strcmp(c->name, "RUN") ? c->name :
			 c->after ? c->after : c->before,
			 c->how == IMGCACHE_EDITED ? "changed" :
			 how_text(c->how));
	else if (c->line)
		buf_addf(b, "Dockerfile:%d %s %s", c->line, c->name,
			 how_text(c->how));
	else
		buf_addf(b, "%s removed from the Dockerfile", c->name);
}

static void
add_base(struct buf *b, const struct imgcache_change *c)
{
	if (c->of)
		buf_addf(b, "base @%s changed", c->of);
	else if (c->how == IMGCACHE_EDITED)
		buf_addf(b, "base %s instead of %s", c->after, c->before);
	else
		buf_addf(b, "base %s %s", c->name, how_text(c->how));
}

/* "full (line 3: odd)", "sources", "none" */
static void
add_counted(struct buf *b, const char *before, const char *after)
{
	if (*after == 'f')
		buf_addf(b, "every file of the context counts%s%s",
			 *before == 'f' ? ", as before" : " now",
			 after + strlen("full"));
	else if (*after == 's')
		buf_adds(b, "only what is read of the context counts now");
	else
		buf_adds(b, "the context counts no more");
}

/* What stands once, or has a value that people would rather see. */
static void
add_value(struct buf *b, const struct imgcache_change *c)
{
	const char *word = subjects[c->subject];

	if (c->subject == IMGCACHE_SUBJECT_COUNTED) {
		add_counted(b, c->before, c->after);
		return;
	}
	if (c->subject == IMGCACHE_SUBJECT_HASH)
		word = "hash of files";
	if (c->before && c->after)
		buf_addf(b, "%s %s instead of %s", word, c->after, c->before);
	else
		buf_addf(b, "%s %s %s", word, c->after ? c->after : c->before ?
			 c->before : "", how_text(c->how));
}

static void
add_change(struct buf *b, const struct imgcache_change *c)
{
	switch (c->subject) {
	case IMGCACHE_SUBJECT_BASE:
		add_base(b, c);
		break;
	case IMGCACHE_SUBJECT_INSTRUCTION:
		add_instruction(b, c);
		break;
	case IMGCACHE_SUBJECT_PACKAGE:
		buf_addf(b, "%s %s %s", c->of, c->after ? c->after : c->before,
			 c->how == IMGCACHE_EDITED ? "changed" :
			 how_text(c->how));
		break;
	case IMGCACHE_SUBJECT_FILE:
		buf_addf(b, "%s%s%s %s", c->of ? c->of : "", c->of ? ":" : "",
			 strcmp(c->name, ".") ? c->name : "the context",
			 how_text(c->how));
		break;
	case IMGCACHE_SUBJECT_SALT:
		buf_adds(b, "salt changed");
		break;
	case IMGCACHE_SUBJECT_KEY_FILE:
		buf_addf(b, "key file %s %s", c->name, how_text(c->how));
		break;
	default:
		if (!c->name || (c->subject == IMGCACHE_SUBJECT_PLATFORM &&
				 c->how == IMGCACHE_EDITED))
			add_value(b, c);
		else
			buf_addf(b, "%s %s %s", subjects[c->subject], c->name,
				 c->how == IMGCACHE_EDITED ? "changed" :
				 how_text(c->how));
	}
}

const char *
imgcache_change_text(char out[IMGCACHE_CHANGE_TEXT],
		     const struct imgcache_change *c)
{
	struct buf b = BUF_INIT;

	add_change(&b, c);
	snprintf(out, IMGCACHE_CHANGE_TEXT, "%s", b.data);
	buf_release(&b);
	return out;
}

static bool
only_of(const struct changes *c, enum imgcache_subject subject)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->v[i].c.subject != subject)
			return false;
	return c->n > 0;
}

/* A refresh that came, or is another kind of period, is an input that changed. */
static bool
has_rolled(const struct changes *c)
{
	const struct imgcache_change *epoch = c->n ? &c->v[0].c : NULL;

	return only_of(c, IMGCACHE_SUBJECT_EPOCH) && epoch->before &&
		epoch->after && strlen(epoch->before) == strlen(epoch->after);
}

enum imgcache_reason
reasons_word(const struct changes *c)
{
	if (has_rolled(c))
		return IMGCACHE_EPOCH_ROLLED;
	if (only_of(c, IMGCACHE_SUBJECT_BASE))
		return IMGCACHE_BASE_MOVED;
	return IMGCACHE_INPUTS_CHANGED;
}

static void
add_comma(struct buf *b)
{
	if (b->len)
		buf_adds(b, ", ");
}

/* The weightiest few of what is no file, then one file. */
static void
add_all(const struct changes *c, struct buf *b)
{
	char text[IMGCACHE_CHANGE_TEXT];
	size_t others = 0, files = 0;

	for (size_t i = 0; i < c->n; i++) {
		bool is_file = c->v[i].c.subject == IMGCACHE_SUBJECT_FILE;

		if (is_file ? files++ : others++ >= MAX_TOLD)
			continue;
		add_comma(b);
		buf_adds(b, imgcache_change_text(text, &c->v[i].c));
	}
	if (others > MAX_TOLD)
		buf_addf(b, ", %zu more change%s", others - MAX_TOLD,
			 others == MAX_TOLD + 1 ? "" : "s");
	if (c->n_files > 1)
		buf_addf(b, ", %zu more file%s", c->n_files - 1,
			 c->n_files == 2 ? "" : "s");
}

enum imgcache_reason
reasons_of_change(const struct side *before, const struct side *after,
		  struct buf *detail)
{
	const char *refusal = refusal_of(after);
	enum imgcache_reason reason;
	struct changes c;

	changes_find(&c, before, after, 1);
	reason = reasons_word(&c);
	if (reason == IMGCACHE_BASE_MOVED && c.n == 1 && !c.v[0].c.of &&
	    c.v[0].c.how == IMGCACHE_MOVED)
		buf_adds(detail, c.v[0].c.name);
	else if (reason == IMGCACHE_EPOCH_ROLLED)
		buf_addf(detail, "it is %s now", c.v[0].c.after);
	else
		add_all(&c, detail);
	if (refusal)
		buf_addf(detail, "; docker will not build it: %s", refusal);
	changes_release(&c);
	return reason;
}
