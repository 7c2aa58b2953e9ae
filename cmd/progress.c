/* SPDX-License-Identifier: MIT */
/*
 * Steps run side by side, so the running ones are kept in a list; the live
 * line shows the one that began last. It is never wider than the terminal:
 * a line that wraps cannot be taken back.
 */
#include "progress.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "group.h"
#include "pace.h"
#include "text.h"

#define MAX_RUNNING 16
#define TAIL_LINES 64		/* kept of all steps together */
#define TAIL_SHOWN 20		/* of the one that failed */
#define REDRAW_US 200000
#define LEAST_SHOWN_US 1000000	/* of what is no step of the Dockerfile */

struct running {
	int step;
	char *text;
	int64_t since_us;
};

struct tail_line {
	int step;
	char *text;
};

struct progress {
	bool quiet;
	bool live;
	struct log_group group;
	const char *color;
	char *name;		/* of the image under way */
	char *log;
	int steps, cached;
	struct running running[MAX_RUNNING];
	size_t n_running;
	struct tail_line tail[TAIL_LINES];
	size_t n_tail;		/* ever added */
	bool has_line;		/* the live line stands there */
	int64_t drawn_us;
};

struct progress *
progress_new(bool quiet)
{
	struct progress *p = memory_checked(calloc(1, sizeof(*p)));
	const char *term = getenv("TERM");

	p->quiet = quiet;
	p->live = !quiet && isatty(STDERR_FILENO) && term && *term &&
		strcmp(term, "dumb");
	return p;
}

void
progress_set_plain(struct progress *p)
{
	p->live = false;
}

void
progress_set_color(struct progress *p, const char *setting)
{
	p->color = setting;
}

static void
forget_steps(struct progress *p)
{
	size_t i;

	while (p->n_running)
		free(p->running[--p->n_running].text);
	for (i = 0; i < TAIL_LINES; i++) {
		free(p->tail[i].text);
		p->tail[i].text = NULL;
	}
	p->n_tail = 0;
	p->steps = p->cached = 0;
}

void
progress_free(struct progress *p)
{
	progress_pause(p);
	group_close(&p->group);
	forget_steps(p);
	free(p->name);
	free(p->log);
	free(p);
}

void
progress_pause(struct progress *p)
{
	if (p->has_line)
		fputs("\r\033[K", stderr);
	p->has_line = false;
	fflush(stderr);
}

const char *
progress_log(const struct progress *p)
{
	return p->log;
}

static void
replace(char **to, const char *text)
{
	free(*to);
	*to = text ? memory_checked(strdup(text)) : NULL;
}

/* "[2/5] RUN make" whether or not docker's own count stands before it. */
static char *
step_label(const struct imgcache_event *e)
{
	const char *text = e->text ? e->text : "";
	char *visible, *label;

	visible = text_visible(text);
	if (!e->step || *text == '[')
		return visible;
	if (asprintf(&label, "[%d/%d] %s", e->step, e->steps, visible) < 0)
		label = memory_checked(NULL);
	free(visible);
	return label;
}

/* Left and right side of one line within the terminal's width. */
static void
put_line(const char *left, const char *right, enum color color, bool colored)
{
	int width = terminal_width(STDERR_FILENO);
	int room;

	if (!width) {
		fprintf(stderr, "%s%s", left, *right ? "  " : "");
		color_put(stderr, colored, color, right);
		return;
	}
	room = width - 1 - text_width(right) - (*right ? 2 : 0);
	text_put_cut(stderr, left, room);
	if (!*right)
		return;
	room -= text_width(left);
	fprintf(stderr, "%*s", room > 0 ? room + 2 : 2, "");
	color_put(stderr, colored, color, right);
}

static void
draw(struct progress *p, bool now)
{
	const struct running *r;
	char elapsed[IMGCACHE_TEXT], right[96];
	int64_t t = pace_now_us();
	int n;

	if (!p->live || !p->n_running ||
	    (!now && t - p->drawn_us < REDRAW_US))
		return;
	r = &p->running[p->n_running - 1];
	imgcache_format_duration(elapsed, (t - r->since_us) / 100000 * 100000);
	n = snprintf(right, sizeof(right), "%s",
		     t - r->since_us < 100000 ? "" : elapsed);
	if (p->n_running > 1)
		n += snprintf(right + n, sizeof(right) - (size_t)n, "%s+%zu",
			      n ? ", " : "", p->n_running - 1);
	if (p->cached)
		snprintf(right + n, sizeof(right) - (size_t)n, "%s%d cached",
			 n ? ", " : "", p->cached);
	fputs("\r\033[K", stderr);
	put_line(r->text, right, COLOR_DIM, false);
	fflush(stderr);
	p->has_line = true;
	p->drawn_us = t;
}

static void
begin_step(struct progress *p, const struct imgcache_event *e)
{
	struct running *r;

	if (p->n_running == MAX_RUNNING)
		return;
	r = &p->running[p->n_running++];
	r->step = e->step;
	r->text = step_label(e);
	r->since_us = pace_now_us();
	if (!p->live && !p->quiet && e->step) {
		put_line(r->text, "", COLOR_DIM, false);
		fputc('\n', stderr);
	}
	draw(p, true);
}

/* Off the list of running steps; what has no number is known by its text. */
static void
end_step(struct progress *p, const struct imgcache_event *e)
{
	char *label = step_label(e);
	size_t i;

	for (i = 0; i < p->n_running; i++)
		if (p->running[i].step == e->step &&
		    !strcmp(p->running[i].text, label))
			break;
	free(label);
	if (i == p->n_running)
		return;
	free(p->running[i].text);
	p->n_running--;
	memmove(&p->running[i], &p->running[i + 1],
		(p->n_running - i) * sizeof(p->running[0]));
}

/* The line that a finished step leaves. */
static void
put_step(struct progress *p, const struct imgcache_event *e, const char *what,
	 enum color color)
{
	bool colored = color_wanted(stderr, p->color);
	char *label;

	progress_pause(p);
	label = step_label(e);
	put_line(label, what, color, colored);
	fputc('\n', stderr);
	free(label);
	draw(p, true);
}

static void
keep_output(struct progress *p, const struct imgcache_event *e)
{
	struct tail_line *l = &p->tail[p->n_tail++ % TAIL_LINES];

	replace(&l->text, e->text ? e->text : "");
	l->step = e->step;
}

static void
put_tail(struct progress *p, int step)
{
	size_t from = p->n_tail > TAIL_LINES ? p->n_tail - TAIL_LINES : 0;
	size_t i, n = 0, skip;

	for (i = from; i < p->n_tail; i++)
		n += p->tail[i % TAIL_LINES].step == step;
	skip = n > TAIL_SHOWN ? n - TAIL_SHOWN : 0;
	for (i = from; i < p->n_tail; i++) {
		const struct tail_line *l = &p->tail[i % TAIL_LINES];

		if (l->step != step || skip > 0) {
			skip -= l->step == step;
			continue;
		}
		fputs("    ", stderr);
		text_put(stderr, l->text);
		fputc('\n', stderr);
	}
}

static void
fail_step(struct progress *p, const struct imgcache_event *e)
{
	end_step(p, e);
	put_step(p, e, "failed", COLOR_RED);
	progress_pause(p);
	put_tail(p, e->step);
}

static void
done_step(struct progress *p, const struct imgcache_event *e)
{
	char elapsed[IMGCACHE_TEXT];

	end_step(p, e);
	imgcache_format_duration(elapsed, e->elapsed_us);
	if (!p->quiet && (e->step || e->elapsed_us >= LEAST_SHOWN_US))
		put_step(p, e, elapsed, COLOR_DIM);
	else
		draw(p, true);
}

static void
cached_step(struct progress *p, const struct imgcache_event *e)
{
	end_step(p, e);
	if (!p->quiet && e->step)
		put_step(p, e, "cached", COLOR_DIM);
}

/* "tools: text", by itself. */
static void
say(struct progress *p, const struct imgcache_event *e, const char *what,
    const char *text)
{
	progress_pause(p);
	if (p->quiet)
		return;
	text_line(stderr, 4, "%s: %s%s", e->name ? e->name : "image", what,
		  text ? text : "");
	draw(p, true);
}

static void
begin_build(struct progress *p, const struct imgcache_event *e)
{
	char text[512];

	forget_steps(p);
	replace(&p->name, e->name);
	replace(&p->log, e->log);
	snprintf(text, sizeof(text), "%s%s%s", e->text ? " (" : "",
		 e->text ? e->text : "", e->text ? ")" : "");
	group_open(&p->group, e->name);
	say(p, e, "building", text);
}

static void
end_build(struct progress *p, const struct imgcache_event *e)
{
	char elapsed[IMGCACHE_TEXT], text[128];
	int n;

	forget_steps(p);
	n = snprintf(text, sizeof(text), "%s",
		     imgcache_format_duration(elapsed, e->elapsed_us));
	if (e->steps)
		snprintf(text + n, sizeof(text) - (size_t)n,
			 ", %d of %d step%s cached", e->cached, e->steps,
			 e->steps == 1 ? "" : "s");
	say(p, e, "built in ", text);
	group_close(&p->group);
}

/* One of several at once. */
static void
end_job(struct progress *p, const struct imgcache_event *e)
{
	char elapsed[IMGCACHE_TEXT], text[128];
	int n;

	if (e->text) {
		say(p, e, "failed: ", e->text);
		return;
	}
	n = snprintf(text, sizeof(text), "%s",
		     imgcache_format_duration(elapsed, e->elapsed_us));
	if (e->steps)
		snprintf(text + n, sizeof(text) - (size_t)n,
			 ", %d of %d step%s cached", e->cached, e->steps,
			 e->steps == 1 ? "" : "s");
	say(p, e, "there, in ", text);
}

static void
end_transfer(struct progress *p, const struct imgcache_event *e,
	     const char *what)
{
	char elapsed[IMGCACHE_TEXT];

	say(p, e, what, imgcache_format_duration(elapsed, e->elapsed_us));
}

static void
say_started(struct progress *p, const struct imgcache_event *e)
{
	char what[128];

	snprintf(what, sizeof(what), "%s in the background: imgcache log -f ",
		 e->doing ? e->doing : "pulling or building");
	say(p, e, what, e->text);
}

void
progress_event(void *payload, const struct imgcache_event *e)
{
	struct progress *p = payload;

	if (e->steps > p->steps)
		p->steps = e->steps;
	if (e->cached > p->cached)
		p->cached = e->cached;
	switch (e->type) {
	case IMGCACHE_WARNING:
		progress_pause(p);
		complain("warning: %s", e->text);
		draw(p, true);
		break;
	case IMGCACHE_WAITING:
		say(p, e, "waiting for ", e->text);
		break;
	case IMGCACHE_BUILD_BEGIN:
		begin_build(p, e);
		break;
	case IMGCACHE_STEP_BEGIN:
		begin_step(p, e);
		break;
	case IMGCACHE_STEP_CACHED:
		p->cached += e->step && !e->cached;
		cached_step(p, e);
		break;
	case IMGCACHE_STEP_DONE:
		done_step(p, e);
		break;
	case IMGCACHE_STEP_FAILED:
		fail_step(p, e);
		break;
	case IMGCACHE_BUILD_OUTPUT:
		keep_output(p, e);
		draw(p, false);
		break;
	case IMGCACHE_BUILD_END:
		end_build(p, e);
		break;
	case IMGCACHE_PULL_BEGIN:
		say(p, e, "pulling from ", e->text);
		break;
	case IMGCACHE_PULL_END:
		end_transfer(p, e, "pulled in ");
		break;
	case IMGCACHE_PUSH_BEGIN:
		say(p, e, "pushing to ", e->text);
		break;
	case IMGCACHE_PUSH_END:
		end_transfer(p, e, "pushed in ");
		break;
	case IMGCACHE_STARTED:
		say_started(p, e);
		break;
	case IMGCACHE_BASE_INSTEAD:
		say(p, e, "going on with the base: ", e->text);
		break;
	case IMGCACHE_JOB_BEGIN:
		say(p, e, "building: ", e->text);
		break;
	case IMGCACHE_JOB_END:
		end_job(p, e);
		break;
	case IMGCACHE_TICK:
		draw(p, false);
		break;
	}
}
