/* SPDX-License-Identifier: MIT */
/*
 * What docker says while it builds: events for the caller, the steps for the
 * catalog, and the reason of a failure.
 */
#include "builder/builder.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"
#include "key/inputs.h"
#include "lookup/steptitle.h"

/* Under docker's name; builder_record.c puts the file's words in its place. */
static void
note_step(struct builder *b, const struct progress_event *p)
{
	struct build_step *s;

	if (!p->step || (p->type != PROGRESS_DONE &&
			 p->type != PROGRESS_CACHED &&
			 p->type != PROGRESS_FAILED))
		return;
	while (b->n_steps < (size_t)p->step) {
		mem_grow(b->steps, b->n_steps, b->cap_steps);
		memset(&b->steps[b->n_steps], 0, sizeof(*b->steps));
		b->steps[b->n_steps].n = (int)b->n_steps + 1;
		b->steps[b->n_steps++].name = "";
	}
	s = &b->steps[p->step - 1];
	s->name = arena_strdup(&b->text, p->name ? p->name : "");
	s->cached = p->type == PROGRESS_CACHED;
	s->us = p->elapsed_us;
}

/* What is said behind the reason of a failure. */
static bool
is_no_reason(const char *line)
{
	return !line[strspn(line, " \t\r\n")] || str_starts(line, "[notice]") ||
		strstr(line, "A complete log of this run");
}

/* The reason that a step fails is the last that it says. */
static void
note_output(struct builder *b, const struct progress_event *p)
{
	size_t n = (size_t)p->vertex;
	char *line, *c;

	if (!p->text || is_no_reason(p->text))
		return;
	if (n >= b->n_said) {
		b->said = mem_resize(b->said, n + 1, sizeof(*b->said));
		memset(b->said + b->n_said, 0,
		       (n + 1 - b->n_said) * sizeof(*b->said));
		b->n_said = n + 1;
	}
	line = mem_printf("%.200s", p->text);
	for (c = line; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = ' ';
	free(b->said[n]);
	b->said[n] = line;
}

static void
note_failed(struct builder *b, const struct progress_event *p,
	    const char *title)
{
	if (b->failed)
		return;
	b->failed = arena_strdup(&b->text, title);
	if ((size_t)p->vertex < b->n_said)
		b->why = b->said[p->vertex];
	if (b->why && str_starts(b->why, "imgcache: "))
		b->why += strlen("imgcache: ");
}

/*
 * BuildKit says that such a vertex is done once before it reads anything, so
 * what is believed is its "transferring context: 2.1kB done".
 */
static bool
is_context_read(const struct progress_event *p)
{
	const char *name = p->name ? p->name : "";
	const char *end = str_starts(name, "[context ") ?
		strchr(name, ']') : NULL;

	return p->type == PROGRESS_OUTPUT && p->text &&
		(str_starts(name, "[internal] load build context") ||
		 (end && str_is(end, "] load from client"))) &&
		str_starts(p->text, "transferring ") &&
		str_ends(p->text, " done");
}

static bool
event_type(enum progress_type from, enum imgcache_event_type *to)
{
	switch (from) {
	case PROGRESS_BEGIN:
		*to = IMGCACHE_STEP_BEGIN;
		return true;
	case PROGRESS_CACHED:
		*to = IMGCACHE_STEP_CACHED;
		return true;
	case PROGRESS_DONE:
		*to = IMGCACHE_STEP_DONE;
		return true;
	case PROGRESS_FAILED:
		*to = IMGCACHE_STEP_FAILED;
		return true;
	case PROGRESS_OUTPUT:
	case PROGRESS_TEXT:
		*to = IMGCACHE_BUILD_OUTPUT;
		return true;
	case PROGRESS_TICK:
		*to = IMGCACHE_TICK;
		return true;
	case PROGRESS_WARNING:
		break;
	}
	return false;
}

void
builder_progress(void *payload, const struct progress_event *p)
{
	struct builder *b = payload;
	struct imgcache_event e = {
		.name = b->in->r->recipe->name,
		.ref = b->in->ref,
		.log = b->log_path,
		.step = p->step,
		.steps = p->steps,
		.cached = p->cached,
		.elapsed_us = p->elapsed_us,
	};
	struct buf title = BUF_INIT;

	if (p->type == PROGRESS_OUTPUT && p->text &&
	    strstr(p->text, "exec format error"))
		b->cannot_run = true;
	if (p->type == PROGRESS_OUTPUT)
		note_output(b, p);
	if (is_context_read(p))
		folders_note_read(&b->folders, b->in);
	step_title(p->name ? p->name : "", &title);
	note_step(b, p);
	if (p->type == PROGRESS_FAILED)
		note_failed(b, p, title.data);
	e.text = p->type == PROGRESS_OUTPUT || p->type == PROGRESS_TEXT ?
		p->text : title.data;
	if (event_type(p->type, &e.type))
		session_event(b->in->ic, &e);
	buf_release(&title);
}
