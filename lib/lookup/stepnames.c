/* SPDX-License-Identifier: MIT */
/*
 * A name is "[linux/amd64 build 2/5] RUN make": a platform where there are
 * several, a stage where there are several, a number.
 */
#include "lookup/stepnames.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/strv.h"
#include "lookup/steptitle.h"
#include "recipe/dockerfile_diff.h"

/* The parts of a name, borrowed from it. */
struct parts {
	const char *stage;	/* not NUL-ended */
	size_t stage_len;
	int number;
	const char *title;
};

static bool
take_apart(const char *name, struct parts *p)
{
	const char *end = strchr(name, ']'), *word, *slash;

	if (*name != '[' || !end)
		return false;
	for (word = end; word > name + 1 && word[-1] != ' '; word--)
		;
	p->number = atoi(word);
	slash = memchr(word, '/', (size_t)(end - word));
	if (p->number <= 0 || !slash)
		return false;
	p->title = end + 1 + strspn(end + 1, " ");
	for (end = word; end > name + 1 && end[-1] == ' '; end--)
		;
	for (word = end; word > name + 1 && word[-1] != ' '; word--)
		;
	p->stage = word;
	p->stage_len = (size_t)(end - word);
	/* no stage, only a platform; a stage's name has no slash */
	if (memchr(word, '/', p->stage_len))
		p->stage_len = 0;
	return true;
}

static bool
is_stage(const struct parts *p, const char *stage)
{
	size_t len = stage ? strlen(stage) : 0;

	return p->stage_len == len && !strncmp(p->stage, stage ? stage : "",
					       len);
}

static const struct dockerfile_step *
find_step(const struct dockerfile_steps *steps, const struct parts *p)
{
	for (size_t i = 0; i < steps->n; i++)
		if (steps->v[i].number == p->number &&
		    is_stage(p, steps->v[i].stage_name))
			return &steps->v[i];
	return NULL;
}

/* Docker's second step of a COPY --link begins with LINK. */
static bool
fits(const struct dockerfile_step *step, const struct parts *p)
{
	const char *word = step ? dockerfile_keyword_name(step->in->keyword) :
		NULL;
	const char *title = p->title;

	if (str_starts(title, "LINK "))
		title += 5;
	if (str_starts(title, "ONBUILD "))
		title += 8;
	return word && str_starts(title, word) && title[strlen(word)] == ' ';
}

void
stepnames_title(const struct dockerfile_step *step, struct buf *out)
{
	struct buf words = BUF_INIT;

	dockerfile_show(step->in, &words);
	step_title(words.data, out);
	buf_release(&words);
}

static const char *
new_name(const struct dockerfile_steps *steps, const char *name,
	 struct arena *arena)
{
	const struct dockerfile_step *step;
	struct buf out = BUF_INIT;
	const char *text;
	struct parts p;

	if (!take_apart(name, &p))
		return arena_strndup(arena, name, strcspn(name, " "));
	step = find_step(steps, &p);
	buf_add(&out, name, (size_t)(p.title - name));
	if (fits(step, &p))
		stepnames_title(step, &out);
	else
		buf_add(&out, p.title, strcspn(p.title, " "));
	text = arena_strdup(arena, out.data);
	buf_release(&out);
	return text;
}

void
stepnames_rewrite(const struct dockerfile_steps *steps, struct build_step *v,
		  size_t n, struct arena *arena)
{
	for (size_t i = 0; i < n; i++)
		v[i].name = new_name(steps, v[i].name, arena);
}

/* Of a FROM only a context in its place is read. */
void
stepnames_on_contexts(const struct dockerfile_steps *steps,
		      struct strv *stages)
{
	for (size_t i = 0; i < steps->n; i++) {
		const struct dockerfile_step *s = &steps->v[i];

		if (s->in->keyword == DOCKERFILE_FROM && s->n_reads)
			strv_push(stages, s->stage_name ? s->stage_name : "");
	}
}

bool
stepnames_is(const char *name, const char *stage, const char *title)
{
	struct parts p;

	return take_apart(name, &p) && is_stage(&p, stage) &&
		!strcmp(p.title, title);
}
