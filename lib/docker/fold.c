/* SPDX-License-Identifier: MIT */
/*
 * Updates come out of order and more than once: an internal vertex completes
 * and starts again, a cached one says so only the second time. So an end waits
 * until a round has passed that did not mention the vertex.
 */

#include "docker/fold.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"
#include "docker/numbers.h"

#define MAX_LINE (64u << 10)

static void
emit(struct fold *f, const struct fold_vertex *v,
	struct progress_event *e)
{
	e->steps = f->summary.steps;
	e->cached = f->summary.cached;
	if (v) {
		e->name = v->name ? v->name : v->key;
		e->vertex = v->number;
		e->step = v->step;
	}
	if (f->fn)
		f->fn(f->payload, e);
}

static void
copy_text(char *out, size_t size, const char *text)
{
	snprintf(out, size, "%s", text);
	for (; *out; out++)
		if (iscntrl((unsigned char)*out))
			*out = ' ';
}

/*
 * The instruction in "[build 2/5] RUN make", NULL where the brackets do not
 * end in a count.
 */
static const char *
instruction(const char *name)
{
	const char *end = *name == '[' ? strstr(name, "] ") : NULL;
	const char *p = end;

	while (p && p > name && isdigit((unsigned char)p[-1]))
		p--;
	if (!p || p == end || p[-1] != '/' || !isdigit((unsigned char)p[-2]))
		return NULL;
	return end + 2;
}

static bool
is_step(const char *name)
{
	const char *text = instruction(name);

	return text && !str_starts(text, "FROM ");
}

struct fold_vertex *
fold_find(struct fold *f, const char *key)
{
	struct fold_vertex *v;

	if (f->last && !strcmp(f->last->key, key))
		return f->last;
	for (size_t i = f->n; i > 0; i--)
		if (!strcmp(f->v[i - 1]->key, key))
			return f->last = f->v[i - 1];
	if (f->n >= FOLD_MAX_VERTICES)
		return NULL;
	v = mem_alloc(sizeof(*v));
	v->key = mem_strdup(key);
	v->line = (struct buf)BUF_INIT;
	mem_grow(f->v, f->n, f->cap);
	f->v[f->n++] = v;
	return f->last = v;
}

void
fold_name(struct fold *f, struct fold_vertex *v, const char *name)
{
	if (v->name || !*name)
		return;
	v->name = numbers_of_file(name, &f->contexts);
	if (!v->name)
		v->name = mem_strdup(name);
	v->is_step = is_step(name);
	f->summary.steps += v->is_step;
}

void
fold_begin(struct fold *f, struct fold_vertex *v)
{
	struct progress_event e = { .type = PROGRESS_BEGIN };

	if (v->number)
		return;
	v->number = ++f->numbers;
	if (v->is_step)
		v->step = ++f->step_numbers;
	emit(f, v, &e);
}

static void
end_line(struct fold *f, struct fold_vertex *v, int64_t elapsed_us)
{
	struct buf *b = &v->line;
	char *cr;

	while (b->len && b->data[b->len - 1] == '\r')
		buf_truncate(b, b->len - 1);
	cr = memrchr(b->data, '\r', b->len);
	fold_output(f, v, cr ? cr + 1 : b->data, elapsed_us);
	buf_clear(b);
}

static void
end_vertex(struct fold *f, struct fold_vertex *v,
	   struct progress_event *e)
{
	fold_begin(f, v);
	if (v->line.len)
		end_line(f, v, 0);
	if (v->is_waiting)
		f->waiting--;
	v->is_waiting = false;
	v->is_ended = true;
	if (v->started_us && v->completed_us > v->started_us && !e->elapsed_us)
		e->elapsed_us = v->completed_us - v->started_us;
	emit(f, v, e);
}

void
fold_cached(struct fold *f, struct fold_vertex *v)
{
	struct progress_event e = { .type = PROGRESS_CACHED };

	if (v->is_cached)
		return;
	v->is_cached = true;
	f->summary.cached += v->is_step;
	v->started_us = v->completed_us = 0;
	fold_begin(f, v);
	end_vertex(f, v, &e);
}

/*
 * When one step fails the others are cancelled; their errors say nothing. Nor
 * does a cache that could not be imported: docker goes on without it.
 */
static void
note_failure(struct fold *f, const struct fold_vertex *v,
	     const char *error)
{
	const char *why;
	struct progress_summary *s = &f->summary;

	if (strstr(error, "context canceled") || !strcmp(error, "canceled") ||
	    (v->name && str_starts(v->name, "importing cache manifest from ")))
		return;
	if (f->step_failed || (s->step[0] && !v->is_step))
		return;
	f->step_failed = v->is_step;
	s->failed = true;
	copy_text(s->step, sizeof(s->step), v->name ? v->name : v->key);
	/* 'process "..." did not complete successfully: exit code: 1' */
	why = strstr(error, "did not complete successfully: ");
	copy_text(s->error, sizeof(s->error),
		  why && strlen(error) >= sizeof(s->error) ? why : error);
}

void
fold_failed(struct fold *f, struct fold_vertex *v, const char *error)
{
	struct progress_event e = { .type = PROGRESS_FAILED, .text = error };

	if (v->is_ended)
		return;
	note_failure(f, v, error);
	end_vertex(f, v, &e);
}

void
fold_done(struct fold *f, struct fold_vertex *v)
{
	struct progress_event e = { .type = PROGRESS_DONE };

	if (!v->is_ended)
		end_vertex(f, v, &e);
}

void
fold_started(struct fold *f, struct fold_vertex *v, int64_t at_us)
{
	v->touched = f->round;
	if (v->started_us == at_us)
		return;
	v->started_us = at_us;
	v->completed_us = 0;
	if (v->is_waiting)
		f->waiting--;
	v->is_waiting = false;
	fold_begin(f, v);
}

void
fold_completed(struct fold *f, struct fold_vertex *v, int64_t at_us)
{
	v->touched = f->round;
	v->completed_us = at_us;
	if (v->is_ended || v->is_waiting)
		return;
	v->is_waiting = true;
	f->waiting++;
}

void
fold_round(struct fold *f)
{
	f->round++;
}

void
fold_settle(struct fold *f, bool all)
{
	for (size_t i = 0; f->waiting && i < f->n; i++)
		if (f->v[i]->is_waiting &&
		    (all || f->v[i]->touched < f->round))
			fold_done(f, f->v[i]);
	for (size_t i = 0; all && i < f->n; i++)
		if (f->v[i]->line.len)
			end_line(f, f->v[i], 0);
}

void
fold_output(struct fold *f, struct fold_vertex *v, const char *line,
	    int64_t elapsed_us)
{
	struct progress_event e = { .type = PROGRESS_OUTPUT, .text = line,
				    .elapsed_us = elapsed_us };

	fold_begin(f, v);
	emit(f, v, &e);
}

void
fold_log(struct fold *f, struct fold_vertex *v, const char *data,
	 size_t len, int64_t at_us)
{
	int64_t elapsed_us = v->started_us && at_us > v->started_us
		? at_us - v->started_us : 0;

	while (len) {
		const char *end = memchr(data, '\n', len);
		size_t part = end ? (size_t)(end - data) : len;

		buf_add(&v->line, data, part);
		if (end || v->line.len >= MAX_LINE)
			end_line(f, v, elapsed_us);
		part += end != NULL;
		data += part;
		len -= part;
	}
}

void
fold_warning(struct fold *f, struct fold_vertex *v, const char *text)
{
	struct progress_event e = { .type = PROGRESS_WARNING, .text = text };

	f->summary.warnings++;
	if (v)
		fold_begin(f, v);
	emit(f, v, &e);
}

/*
 * docker's own last word. It is more than a vertex's error only where no
 * vertex failed: the engine gone, a Dockerfile that cannot be parsed.
 */
void
fold_text(struct fold *f, const char *line)
{
	struct progress_event e = { .type = PROGRESS_TEXT, .text = line };
	struct progress_summary *s = &f->summary;

	if (str_starts(line, "ERROR: ") && !s->step[0]) {
		s->failed = true;
		copy_text(s->error, sizeof(s->error), line + 7);
	}
	emit(f, NULL, &e);
}

void
fold_release(struct fold *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->v[i]->key);
		free(f->v[i]->name);
		buf_release(&f->v[i]->line);
		free(f->v[i]);
	}
	free(f->v);
	strv_release(&f->contexts);
}
