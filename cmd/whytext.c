/* SPDX-License-Identifier: MIT */
/*
 * The page for people. What it is about first, then what differs by weight,
 * then what that costs. A line of a file is cut at the width of a terminal,
 * names are never cut.
 */
#include "whytext.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "whyfiles.h"
#include "words.h"

#define LABEL 13		/* columns of a subject */
#define INDENT (2 + LABEL)
#define ALL_STEPS 24		/* so many steps are shown whatever runs */
#define MAX_INLINE 40		/* longer values have lines of their own */

static void
short_key(const char *tag, char out[16])
{
	snprintf(out, 16, "%.15s", tag ? tag : "");
}

static const char *
ago(char out[64], int64_t at)
{
	char age[IMGCACHE_TEXT];

	if (at <= 0)
		return "at a time that was not noted";
	if (imgcache_now_s() - at < 2)
		return "just now";
	snprintf(out, 64, "%s ago", imgcache_format_age(age,
						imgcache_now_s() - at));
	return out;
}

static void
put_name(const struct imgcache_why *w, const struct why_style *s)
{
	char key[16], *name;

	short_key(w->tag, key);
	name = text_visible(w->name ? w->name : key);

	color_put(stdout, s->colored, COLOR_BOLD, name);
	fputs(": ", stdout);
	free(name);
}

/* A line below the first, in the words of an engine or a build. */
static void
put_detail(const char *text, const struct why_style *s)
{
	char *copy;

	if (!text || !*text)
		return;
	copy = text_visible(text);
	fputs("  ", stdout);
	text_put_wrapped(stdout, copy, 2, 2, s->width);
	fputc('\n', stdout);
	free(copy);
}

/* What became of the image of just these inputs. */
static void
put_fate(const struct imgcache_why *w)
{
	char when[64];

	switch (w->reason) {
	case IMGCACHE_PRUNED:
		printf("the image was pruned %s\n", ago(when, w->at));
		break;
	case IMGCACHE_DELETED:
		printf("the image was deleted %s\n", ago(when, w->at));
		break;
	case IMGCACHE_GONE:
		printf("the image is gone from the engine, missed %s\n",
		       ago(when, w->at));
		break;
	case IMGCACHE_INVALIDATED:
		printf("it was invalidated %s\n", ago(when, w->at));
		break;
	case IMGCACHE_FOREIGN:
		puts("another image is under its tag");
		break;
	case IMGCACHE_BUILD_FAILED:
		printf("the build of it failed %s\n", ago(when, w->at));
		break;
	case IMGCACHE_INTERRUPTED:
		printf(w->status && !strcmp(w->status, "changed") ?
		       "its last build, %s, is void\n" :
		       "the build of it did not end, begun %s\n",
		       ago(when, w->at));
		break;
	case IMGCACHE_ENGINE_UNKNOWN:
		printf("the engine gives no answer; last the image was %s\n",
		       !w->status ||
		       !strcmp(w->status, "completed") ? "there" : w->status);
		break;
	default:
		printf("%s\n", imgcache_reason_text(w->reason));
	}
}

/* Then there is no image of these inputs yet. */
static bool
is_under_way(const struct imgcache_why *w)
{
	return w->state != IMGCACHE_HIT &&
		(w->reason == IMGCACHE_BEING_BUILT ||
		 w->reason == IMGCACHE_PENDING);
}

static void
put_same(const struct imgcache_why *w, const struct why_style *s)
{
	char when[64];

	put_name(w, s);
	if (w->state == IMGCACHE_HIT) {
		if (w->before_at)
			printf("nothing differs, the image is there, built %s\n",
			       ago(when, w->before_at));
		else
			puts("nothing differs, the image is there");
		put_detail(w->ref, s);
		return;
	}
	if (is_under_way(w)) {
		printf("%s; there is no image to compare with\n",
		       imgcache_reason_text(w->reason));
		return;
	}
	fputs("nothing differs, but ", stdout);
	if (w->elsewhere) {
		puts("the image is under another engine");
		put_detail(w->elsewhere, s);
		return;
	}
	put_fate(w);
	put_detail(w->detail, s);
}

static void
put_label(const char *label, const struct why_style *s)
{
	int room = LABEL - (int)strlen(label);

	fputs("  ", stdout);
	if (*label)
		color_put(stdout, s->colored, COLOR_BOLD, label);
	printf("%*s", room > 0 ? room : 1, "");
}

/* "[build 2/5] " */
static void
put_bracket(const struct imgcache_step *step, const struct why_style *s)
{
	char text[160];

	snprintf(text, sizeof(text), "[%s%s%d/%d]", step->stage ? step->stage :
		 "", step->stage ? " " : "", step->number, step->total);
	color_put(stdout, s->colored, COLOR_DIM, text);
}

/* ", from [2/5] on": what runs again because of it. */
static void
put_reach(const struct imgcache_why *w, const struct imgcache_change *c,
	  const struct why_style *s)
{
	if (!w->knows_steps || w->refused ||
	    c->subject == IMGCACHE_SUBJECT_FILE ||
	    c->subject == IMGCACHE_SUBJECT_HASH)
		return;
	/* what stood on a base that is gone is told where it went */
	if (!c->n_steps && c->subject == IMGCACHE_SUBJECT_BASE &&
	    c->how == IMGCACHE_REMOVED)
		return;
	if (!c->n_steps) {
		fputs("; no step runs again for it", stdout);
		return;
	}
	fputs(w->steps[c->steps[0]].maybe ? "; may run from " :
	      "; runs from ", stdout);
	put_bracket(&w->steps[c->steps[0]], s);
	fputs(" on", stdout);
}

static void
put_side(char sign, const char *text, const struct why_style *s)
{
	char *copy = text ? text_visible(text) : NULL;
	char mark[4] = { sign, ' ', '\0' };
	enum color color = sign == '-' ? COLOR_RED : COLOR_GREEN;

	if (!copy)
		return;
	printf("%*s", INDENT, "");
	color_put(stdout, s->colored, color, mark);
	if (s->colored)
		printf("\033[%dm", (int)color);
	if (s->cut)
		text_put_cut(stdout, copy, s->width - INDENT - 2);
	else
		fputs(copy, stdout);
	if (s->colored)
		fputs("\033[0m", stdout);
	fputc('\n', stdout);
	free(copy);
}

/* What differs is nothing that is shown: the default of an arg, an empty line. */
static void
put_same_sides(const struct imgcache_change *c, const struct why_style *s)
{
	char *text = text_visible(c->after);

	printf("%*s", INDENT + 2, "");
	text_put_wrapped(stdout, text, INDENT + 2, INDENT + 2, s->width);
	fputs(!strcmp(c->name, "ARG") ? ", whose value is another\n" :
	      ", in another way\n", stdout);
	free(text);
}

/* Of the stages that another target has or has not, FROM says which it is. */
static void
put_stages(const struct imgcache_why *w, const struct why_style *s)
{
	for (size_t i = 0; i < w->n_stages; i++) {
		const struct imgcache_stage *stage = &w->stages[i];
		size_t n = s->all || !stage->n_lines ? stage->n_lines : 1;

		for (size_t k = 0; k < n; k++)
			put_side(stage->how == IMGCACHE_ADDED ? '+' : '-',
				 stage->lines[k], s);
	}
}

static const char *
label_of(const struct imgcache_change *c)
{
	switch (c->subject) {
	case IMGCACHE_SUBJECT_INSTRUCTION:
		return c->of ? "recipe" : "instruction";
	case IMGCACHE_SUBJECT_KEY_FILE:
		return "key file";
	case IMGCACHE_SUBJECT_HOST:
		return "add-host";
	default:
		return imgcache_subject_word(c->subject);
	}
}

static const char *
verb_of(const struct imgcache_change *c)
{
	return c->how == IMGCACHE_EDITED ? "changed" :
		imgcache_how_word(c->how);
}

/*
 * Values that say more than the head does, and are too long for it. Args,
 * packages that came or went and the like have none.
 */
static bool
has_sides(const struct imgcache_change *c)
{
	int width = (c->before ? text_width(c->before) : 0) +
		(c->after ? text_width(c->after) : 0);

	switch (c->subject) {
	case IMGCACHE_SUBJECT_INSTRUCTION:
		return c->name != NULL;
	case IMGCACHE_SUBJECT_PACKAGE:
		return c->how == IMGCACHE_EDITED;
	case IMGCACHE_SUBJECT_BASE:
		return c->how == IMGCACHE_MOVED || c->how == IMGCACHE_EDITED;
	case IMGCACHE_SUBJECT_HASH:
		return false;
	default:
		return width > MAX_INLINE;
	}
}

/* "a -> b", "NAME a -> b", "a added", "NAME removed" */
static void
put_values(const struct imgcache_change *c)
{
	const char *value = c->after ? c->after : c->before;
	char *name = c->name && !(c->subject == IMGCACHE_SUBJECT_PLATFORM &&
				  c->before && c->after) ?
		text_visible(c->name) : NULL;
	char *x = text_visible(c->before ? c->before : "");
	char *y = text_visible(value ? value : "");

	if (name)
		printf("%s ", name);
	if (has_sides(c) || !value || !*value)
		fputs(verb_of(c), stdout);
	else if (c->before && c->after)
		printf("%s -> %s", x, y);
	else
		printf("%s %s", y, verb_of(c));
	free(name);
	free(x);
	free(y);
}

static void
put_pair(const char *what, const char *verb)
{
	text_put(stdout, what);
	printf(" %s", verb);
}

/* What stands behind the label. */
static void
put_head(const struct imgcache_change *c)
{
	char when[64];

	switch (c->subject) {
	case IMGCACHE_SUBJECT_BASE:
		if (c->of)
			printf("@%s changed, see imgcache why %s", c->of,
			       c->of);
		else if (c->how == IMGCACHE_EDITED && c->line)
			printf("Dockerfile:%d changed", c->line);
		else if (c->how == IMGCACHE_EDITED)
			fputs("another one", stdout);
		else
			put_pair(c->name, imgcache_how_word(c->how));
		if (c->how == IMGCACHE_MOVED && c->at)
			printf(", looked up %s", ago(when, c->at));
		break;
	case IMGCACHE_SUBJECT_INSTRUCTION:
		if (c->how == IMGCACHE_LOST)
			fputs("the Dockerfile changed; the old one was not "
			      "kept", stdout);
		else if (!c->name)
			fputs("nothing but comments and blank lines", stdout);
		else if (c->line && !c->of)
			printf("Dockerfile:%d %s", c->line, verb_of(c));
		else
			put_pair(strcmp(c->name, "RUN") || !c->of ? c->name :
				 "step", verb_of(c));
		break;
	case IMGCACHE_SUBJECT_PACKAGE:
		printf("%s %s %s", c->of, c->how == IMGCACHE_EDITED ? c->name :
		       c->after ? c->after : c->before, verb_of(c));
		break;
	case IMGCACHE_SUBJECT_HASH:
		printf("%s -> %s, so files could not be compared", c->before,
		       c->after);
		break;
	default:
		put_values(c);
	}
}

static void
put_change(const struct imgcache_why *w, const struct imgcache_change *c,
	   const char *label, const struct why_style *s)
{
	put_label(label, s);
	put_head(c);
	put_reach(w, c, s);
	fputc('\n', stdout);
	if (c->subject == IMGCACHE_SUBJECT_TARGET)
		put_stages(w, s);
	if (!has_sides(c))
		return;
	if (c->before && c->after && !strcmp(c->before, c->after)) {
		put_same_sides(c, s);
		return;
	}
	put_side('-', c->before, s);
	put_side('+', c->after, s);
}

/* A label stands once above those of one subject. */
static void
put_changes(const struct imgcache_why *w, const struct why_style *s)
{
	const char *last = "";

	for (size_t i = 0; i < w->n_changes; i++) {
		const struct imgcache_change *c = &w->changes[i];
		const char *label = label_of(c);

		if (c->subject == IMGCACHE_SUBJECT_FILE)
			continue;
		put_change(w, c, strcmp(label, last) ? label : "", s);
		last = label;
	}
	why_print_files(w, s, INDENT);
}

static void
put_step(const struct imgcache_step *step, int widest,
	 const struct why_style *s)
{
	char time[IMGCACHE_TEXT], bracket[160];
	char *text = text_visible(step->text);
	int room = s->width - 4 - widest - 2 - 6 - 12;

	snprintf(bracket, sizeof(bracket), "[%s%s%d/%d]", step->stage ?
		 step->stage : "", step->stage ? " " : "", step->number,
		 step->total);
	fputs("    ", stdout);
	color_put(stdout, s->colored, COLOR_DIM, bracket);
	printf("%*s", widest - (int)strlen(bracket) + 2, "");
	if (room < 20)
		room = 20;
	if (text_width(text) > room)
		text_put_cut(stdout, text, room);
	else
		printf("%s%*s", text, room - text_width(text), "");
	printf("%6s%12s\n", step->maybe ? " maybe" : "", step->us < 0 ? "?" :
	       imgcache_format_duration(time, step->us));
	free(text);
}

static int
widest_bracket(const struct imgcache_why *w)
{
	int widest = 0;

	for (size_t i = 0; i < w->n_steps; i++) {
		const struct imgcache_step *step = &w->steps[i];
		int n = snprintf(NULL, 0, "[%s%s%d/%d]", step->stage ?
				 step->stage : "", step->stage ? " " : "",
				 step->number, step->total);

		if (step->breaks && !step->is_from && n > widest)
			widest = n;
	}
	return widest;
}

static void
put_refused(const struct imgcache_why *w, const struct why_style *s)
{
	char *why = text_visible(w->refused);

	fputs("\n  Docker will not build it: ", stdout);
	text_put_wrapped(stdout, why, 28, 4, s->width);
	fputs(".\n", stdout);
	free(why);
}

static void
put_cost(const struct imgcache_why *w, const struct why_style *s)
{
	char time[IMGCACHE_TEXT];
	int shown = 0, widest = widest_bracket(w);
	int sure = w->n_breaks - w->n_maybe;

	if (w->refused) {
		put_refused(w, s);
		return;
	}
	if (!w->n_steps)
		return;
	fputc('\n', stdout);
	if (!w->knows_steps) {
		printf("  Which of the %d steps run again is not known.\n",
		       w->n_runs);
		return;
	}
	if (!w->n_breaks) {
		puts("  No step runs again; docker only writes the image "
		     "anew.");
		return;
	}
	printf("  %d of %d step%s run%s again", sure, w->n_runs,
	       w->n_runs == 1 ? "" : "s", sure == 1 ? "s" : "");
	if (w->n_maybe)
		printf(", %d more may", w->n_maybe);
	if (w->n_timed)
		printf("; %s took %s the last time",
		       w->n_timed < w->n_breaks ? "those known" :
		       w->n_breaks == 1 ? "it" : "they",
		       imgcache_format_duration(time, w->cost_us));
	puts(":");
	for (size_t i = 0; i < w->n_steps; i++)
		if (w->steps[i].breaks && !w->steps[i].is_from &&
		    (s->all || shown++ < ALL_STEPS))
			put_step(&w->steps[i], widest, s);
	if (!s->all && shown > ALL_STEPS)
		printf("    and %d more, see -v\n", shown - ALL_STEPS);
}

static void
put_differs(const struct imgcache_why *w, const struct why_style *s)
{
	size_t n = w->n_changes + w->n_more_files;
	char when[64], key[16];

	put_name(w, s);
	short_key(w->before_tag, key);
	if (!n) {
		printf("nothing differs from %s\n", key);
		return;
	}
	printf("%zu input%s differ%s from %s, built %s\n\n", n,
	       n == 1 ? "" : "s", n == 1 ? "s" : "", key,
	       ago(when, w->before_at));
	put_changes(w, s);
	put_cost(w, s);
	if (w->state == IMGCACHE_HIT && !s->between)
		puts("\n  The image of the inputs as they are is there.");
	else if (w->state == IMGCACHE_UNKNOWN)
		put_detail(w->detail, s);
	else if (is_under_way(w) && !s->between)
		printf("\n  The image of the inputs as they are: %s.\n",
		       imgcache_reason_text(w->reason));
}

void
why_print(const struct imgcache_why *w, const struct why_style *s)
{
	if (w->compared) {
		put_differs(w, s);
	} else if (w->state == IMGCACHE_HIT || is_under_way(w) ||
		   (w->status && (w->elsewhere ||
				w->reason != IMGCACHE_NEVER_BUILT)) ||
		   w->reason == IMGCACHE_FOREIGN) {
		put_same(w, s);
	} else {
		put_name(w, s);
		puts("never built; there is no image of that name to compare "
		     "with");
		if (w->state == IMGCACHE_UNKNOWN)
			put_detail(w->detail, s);
	}
}
