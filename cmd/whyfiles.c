/* SPDX-License-Identifier: MIT */
/*
 * Files come in the order of their paths. They are gone through once for each
 * set of readers; what belongs to one directory then stands together.
 */
#include "whyfiles.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "words.h"

#define MAX_FOLDERS 12		/* of each set of readers, without --verbose */
#define MAX_NAMES 8		/* of each folder */

struct listing {
	const struct imgcache_why *w;
	const struct why_style *s;
	int indent;
	const struct imgcache_change **v;	/* the files that are left */
	size_t n;
};

/* Some of them that stand together. */
struct span {
	size_t from, to;
};

static bool
same_readers(const struct imgcache_change *a, const struct imgcache_change *b)
{
	return a->n_steps == b->n_steps &&
		!memcmp(a->steps, b->steps, a->n_steps * sizeof(*a->steps));
}

/* Length of the directory's part of the path, with its slash. */
static size_t
folder_length(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? (size_t)(slash - path) + 1 : 0;
}

static bool
same_folder(const struct imgcache_change *a, const struct imgcache_change *b)
{
	size_t n = folder_length(a->name);

	return n == folder_length(b->name) && !strncmp(a->name, b->name, n) &&
		!a->of == !b->of && (!a->of || !strcmp(a->of, b->of));
}

/* In the order of enum imgcache_how. */
static const char *const hows[IMGCACHE_HOWS] = {
	"added", "removed", "edited", "moved", "mode", "leads elsewhere",
	"became something else", "changed", "sent empty now",
	"sent whole again",
};

/* Append to the text that *s is. */
static void
add(char **s, const char *fmt, ...)
{
	char *more, *both;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&more, fmt, ap);
	va_end(ap);
	memory_checked(n < 0 ? NULL : more);
	n = asprintf(&both, "%s%s", *s, more);
	memory_checked(n < 0 ? NULL : both);
	free(more);
	free(*s);
	*s = both;
}

/* " added", " mode 644 -> 755" */
static void
add_how(char **s, const struct imgcache_change *c)
{
	if (c->how == IMGCACHE_MODE)
		add(s, " mode %s -> %s", c->before, c->after);
	else if (c->how == IMGCACHE_TYPE && c->before && c->after)
		add(s, " is a %s now, and was a %s", c->after, c->before);
	else
		add(s, " %s", hows[c->how]);
}

/* Those of one kind in a directory: "3 added: a, b, c". */
static void
add_kind(char **s, const struct listing *l, const struct span *in,
	 enum imgcache_how how)
{
	size_t n = 0, shown = 0;

	for (size_t i = in->from; i < in->to; i++)
		n += l->v[i]->how == how;
	if (!n)
		return;
	add(s, "%s%zu %s:", **s ? "; " : "", n, hows[how]);
	for (size_t i = in->from; i < in->to; i++) {
		const struct imgcache_change *c = l->v[i];

		if (c->how != how || (!l->s->all && shown == MAX_NAMES))
			continue;
		add(s, "%s %s", shown++ ? "," : "", c->name +
		    folder_length(c->name));
		if (how == IMGCACHE_MODE)
			add(s, " %s -> %s", c->before, c->after);
	}
	if (shown < n)
		add(s, " and %zu more", n - shown);
}

static void
put_wrapped(const struct listing *l, const char *head, const char *text)
{
	int indent = l->indent + 2;
	char *x = text_visible(head), *y = text_visible(text);

	printf("%*s", indent, "");
	fputs(x, stdout);
	text_put_wrapped(stdout, y, indent + text_width(x), indent + 2,
			 l->s->width);
	fputc('\n', stdout);
	free(x);
	free(y);
}

/* One directory: a file alone by its path, more of them by kind. */
static void
put_folder(const struct listing *l, const struct span *in)
{
	const struct imgcache_change *first = l->v[in->from];
	size_t len = folder_length(first->name);
	char *head = memory_checked(strdup(""));
	char *text = memory_checked(strdup(""));

	if (first->of)
		add(&head, "%s:", first->of);
	if (in->to - in->from == 1) {
		add(&head, "%s", first->name);
		add_how(&head, first);
	} else {
		add(&head, "%.*s ", len ? (int)len : 2,
		    len ? first->name : "./");
		for (int how = 0; how < IMGCACHE_HOWS; how++)
			add_kind(&text, l, in, (enum imgcache_how)how);
	}
	put_wrapped(l, head, text);
	free(head);
	free(text);
}

static void
put_folders(const struct listing *l)
{
	struct span in = { 0, 0 };
	size_t folders = 0;

	while (in.to < l->n && (l->s->all || folders++ < MAX_FOLDERS)) {
		for (in.from = in.to++; in.to < l->n &&
		     same_folder(l->v[in.from], l->v[in.to]); in.to++)
			;
		put_folder(l, &in);
	}
	if (in.to < l->n)
		printf("%*sand %zu more, see -v\n", l->indent + 2, "",
		       l->n - in.to);
}

/* " [build 3/6] COPY src src" */
static void
put_reader(const struct listing *l, const struct imgcache_step *step,
	   int column)
{
	char *text = text_visible(step->text);
	char bracket[160];

	snprintf(bracket, sizeof(bracket), "[%s%s%d/%d]", step->stage ?
		 step->stage : "", step->stage ? " " : "", step->number,
		 step->total);
	color_put(stdout, l->s->colored, COLOR_DIM, bracket);
	fputc(' ', stdout);
	if (l->s->cut)
		text_put_cut(stdout, text, l->s->width - column -
			     (int)strlen(bracket) - 1);
	else
		fputs(text, stdout);
	fputc('\n', stdout);
	free(text);
}

static void
put_readers(const struct listing *l, const char *label)
{
	const struct imgcache_change *first = l->v[0];
	int column;

	fputs("  ", stdout);
	color_put(stdout, l->s->colored, COLOR_BOLD, label);
	printf("%*s", l->indent - 2 - (int)strlen(label), "");
	column = l->indent + printf("%zu", l->n);
	if (!l->w->n_steps) {
		puts(", the instructions that read them are not known");
		return;
	}
	if (!first->n_steps) {
		puts(" that no instruction reads");
		return;
	}
	column += printf(" read by ");
	for (size_t i = 0; i < first->n_steps; i++) {
		if (i)
			printf("%*s", column, "");
		put_reader(l, &l->w->steps[first->steps[i]], column);
	}
}

/* The step that reads it first; those that no step reads come last. */
static int
first_reader(const struct imgcache_change *c)
{
	return c->n_steps ? c->steps[0] : INT_MAX;
}

/* Where the old content of a directory is not known. */
static void
put_lost(const struct listing *l, const struct imgcache_change *c,
	 const char *label)
{
	char *text = memory_checked(strdup(""));

	fputs("  ", stdout);
	color_put(stdout, l->s->colored, COLOR_BOLD, label);
	printf("%*s", l->indent - 2 - (int)strlen(label), "");
	add(&text, "which of them is not known: what was in %s%s%s was not "
	    "kept", c->of ? c->of : "", c->of ? ":" : "",
	    strcmp(c->name, ".") ? c->name : "the context");
	text_put_wrapped(stdout, text, l->indent, l->indent, l->s->width);
	fputc('\n', stdout);
	free(text);
}

void
why_print_files(const struct imgcache_why *w, const struct why_style *s,
		int indent)
{
	const struct imgcache_change **files, **set;
	struct listing l = { .w = w, .s = s, .indent = indent };
	size_t n = 0, left, sets = 0;

	files = memory_checked(calloc(w->n_changes + 1, sizeof(*files)));
	set = memory_checked(calloc(w->n_changes + 1, sizeof(*set)));
	for (size_t i = 0; i < w->n_changes; i++) {
		const struct imgcache_change *c = &w->changes[i];

		if (c->subject != IMGCACHE_SUBJECT_FILE)
			continue;
		if (c->how == IMGCACHE_LOST)
			put_lost(&l, c, sets++ ? "" : "files");
		else
			files[n++] = c;
	}
	while (n) {
		const struct imgcache_change *first = files[0];

		for (size_t i = 1; i < n; i++)
			if (first_reader(files[i]) < first_reader(first))
				first = files[i];
		l.v = set;
		l.n = left = 0;
		for (size_t i = 0; i < n; i++)
			if (same_readers(first, files[i]))
				set[l.n++] = files[i];
			else
				files[left++] = files[i];
		n = left;
		put_readers(&l, sets++ ? "" : "files");
		put_folders(&l);
	}
	if (w->n_more_files)
		printf("%*sand %zu more files\n", indent, "", w->n_more_files);
	free(set);
	free(files);
}
