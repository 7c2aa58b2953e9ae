/* SPDX-License-Identifier: MIT */
#include "context.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "imgcache.h"
#include "text.h"
#include "words.h"

#define WIDTH 80
#define BAR 20
#define MOST 16		/* lines of a section */
#define TREE_COLUMN 34

struct report {
	bool color;
	bool utf8;
	const struct imgcache_context *c;
};

static void
put_head(const struct report *r, const char *text)
{
	putchar('\n');
	color_put(stdout, r->color, COLOR_BOLD, text);
	putchar('\n');
}

/* Foreign text in what is left of a line of WIDTH columns. */
static void
put_rest(const char *text, int column)
{
	char *visible = text_visible(text);

	text_put_cut(stdout, visible, WIDTH - column);
	free(visible);
}

static void
put_row(const char *what, const struct imgcache_weight *w, const char *note)
{
	char size[IMGCACHE_TEXT];

	printf("  %-9s %10s  %8lld %-*s%s\n", what,
	       imgcache_format_size(size, w->bytes), (long long)w->files,
	       *note ? 7 : 0, w->files == 1 ? "file" : "files", note);
}

/* A file of the context, or the whole path of one that is elsewhere. */
static const char *
in_context(const struct imgcache_context *c, const char *path)
{
	size_t len = strlen(c->path);

	if (strncmp(path, c->path, len) || path[len] != '/')
		return path;
	return path + len + 1;
}

static void
put_not_known(const char *why)
{
	char *visible = text_visible(why);

	fputs("  what is read is not known: ", stdout);
	text_put_wrapped(stdout, visible, 29, 4, WIDTH);
	putchar('\n');
	free(visible);
}

static void
put_emptied(const struct imgcache_context *c)
{
	char *path = text_visible(c->emptied_path), *text = NULL;
	int n = c->emptied.files == 1 ?
		asprintf(&text, "docker sends %s without its content; see "
			 "imgcache lint (IC027)", path) :
		asprintf(&text, "docker sends %lld files without their "
			 "content, %s is the first; see imgcache lint (IC027)",
			 (long long)c->emptied.files, path);

	memory_checked(n < 0 ? NULL : text);
	fputs("  ", stdout);
	text_put_wrapped(stdout, text, 2, 4, WIDTH);
	putchar('\n');
	free(text);
	free(path);
}

static void
put_sums(const struct report *r)
{
	const struct imgcache_context *c = r->c;
	struct imgcache_weight read = {
		c->sent.files - c->unread.files,
		c->sent.bytes - c->unread.bytes
	};
	char note[64] = "";

	put_row("context", &c->sent, "what COPY . / would copy");
	if (!c->not_known) {
		put_row("  read", &read, "all that BuildKit fetches");
		put_row("  unread", &c->unread, "by no instruction");
	}
	if (c->n_rules == 1)
		snprintf(note, sizeof(note), "by %s pattern", c->n_patterns ?
			 "one" : "none of one");
	else if (c->n_rules)
		snprintf(note, sizeof(note), "by %zu of %zu patterns",
			 c->n_patterns, c->n_rules);
	if (c->ignore_file || c->n_rules)
		put_row("left out", &c->left_out, note);
	if (c->emptied_path)
		put_emptied(c);
	if (c->not_known)
		put_not_known(c->not_known);
	if (c->unreadable)
		printf("  %lld of what is left out could not be read and is "
		       "not in these figures\n", (long long)c->unreadable);
}

/* Part of the whole, in eighths of a column where there are such. */
static void
put_bar(const struct report *r, int64_t part, int64_t whole)
{
	static const char *const eighths[] = {
		"", "\xe2\x96\x8f", "\xe2\x96\x8e", "\xe2\x96\x8d",
		"\xe2\x96\x8c", "\xe2\x96\x8b", "\xe2\x96\x8a", "\xe2\x96\x89"
	};
	double share = whole ? (double)part / (double)whole : 0;
	int n = (int)(share * BAR * 8 + 0.5);
	int i;

	if (!r->utf8)
		n = (n + 4) / 8 * 8;
	for (i = 0; i < n / 8; i++)
		fputs(r->utf8 ? "\xe2\x96\x88" : "#", stdout);
	fputs(eighths[n % 8], stdout);
	printf("%*s", BAR - n / 8 - (n % 8 > 0), "");
}

static void
put_branches(const struct report *r, const bool *last, int depth)
{
	static const char *const utf8[] = {
		"\xe2\x94\x82  ", "   ", "\xe2\x94\x9c\xe2\x94\x80 ",
		"\xe2\x94\x94\xe2\x94\x80 "
	};
	static const char *const ascii[] = { "|  ", "   ", "|- ", "`- " };
	const char *const *t = r->utf8 ? utf8 : ascii;
	int i;

	for (i = 0; i <= depth; i++)
		fputs(t[(i == depth ? 2 : 0) + last[i]], stdout);
}

static void
put_size_and_bar(const struct report *r, int64_t bytes)
{
	char size[IMGCACHE_TEXT];

	printf("  %8s  ", imgcache_format_size(size, bytes));
	put_bar(r, bytes, r->c->sent.bytes);
	fputs("  ", stdout);
}

static void
put_name(const struct imgcache_heavy *h, int column)
{
	char *name = NULL;

	if (asprintf(&name, "%s%s", h->name, h->is_dir ? "/" : "") < 0)
		name = memory_checked(NULL);
	put_rest(name, column);
	putchar('\n');
	free(name);
}

static void
put_tree(const struct report *r)
{
	const struct imgcache_heavy *h = r->c->heaviest;
	bool last[MOST];
	size_t i;

	if (!r->c->n_heaviest || !r->c->sent.bytes)
		return;
	put_head(r, "Where the weight is");
	put_size_and_bar(r, r->c->sent.bytes);
	puts(".");
	for (i = 0; i < r->c->n_heaviest && i < MOST; i++, h++) {
		last[h->depth] = h->is_last;
		put_size_and_bar(r, h->weight.bytes);
		put_branches(r, last, h->depth);
		put_name(h, TREE_COLUMN + 3 * (h->depth + 1));
	}
}

static void
put_unread(const struct report *r)
{
	const struct imgcache_context *c = r->c;
	char size[IMGCACHE_TEXT];
	size_t i;

	if (!c->n_unread_heaviest || !c->unread.bytes)
		return;
	put_head(r, "Read by no instruction");
	for (i = 0; i < c->n_unread_heaviest; i++) {
		const struct imgcache_heavy *h = c->unread_heaviest + i;

		printf("  %8s  ", imgcache_format_size(size,
						       h->weight.bytes));
		put_name(h, 12);
	}
}

static void
put_patterns(const struct report *r)
{
	const struct imgcache_context *c = r->c;
	char size[IMGCACHE_TEXT];
	size_t i;

	if (!c->n_patterns)
		return;
	put_head(r, "Left out");
	for (i = 0; i < c->n_patterns && i < MOST; i++) {
		const struct imgcache_pattern *p = c->patterns + i;

		printf("  %8s  %8lld %-5s  ",
		       imgcache_format_size(size, p->weight.bytes),
		       (long long)p->weight.files,
		       p->weight.files == 1 ? "file" : "files");
		put_rest(p->text, 28);
		putchar('\n');
	}
	if (i < c->n_patterns)
		printf("  and by %zu more pattern%s\n", c->n_patterns - i,
		       c->n_patterns - i == 1 ? "" : "s");
}

static void
put_advice(const struct report *r)
{
	const struct imgcache_context *c = r->c;
	char size[IMGCACHE_TEXT];
	size_t i;
	int width;

	if (!c->n_advice)
		return;
	put_head(r, "Worth a line in the ignore file");
	for (i = 0; i < c->n_advice; i++) {
		const struct imgcache_advice *a = c->advice + i;

		printf("  %8s  %8lld %-5s  %s",
		       imgcache_format_size(size, a->weight.bytes),
		       (long long)a->weight.files,
		       a->weight.files == 1 ? "file" : "files", a->pattern);
		width = 22 - (int)strlen(a->pattern);
		printf("%*s  %s\n", width > 0 ? width : 0, "", a->why);
	}
}

static void
put_context(const struct report *r)
{
	const struct imgcache_context *c = r->c;

	if (c->name) {
		color_put(stdout, r->color, COLOR_BOLD, "Build context ");
		text_put(stdout, c->name);
		fputs(": ", stdout);
	}
	text_put(stdout, c->path);
	if (c->ignore_file) {
		fputs(", ", stdout);
		text_put(stdout, in_context(c, c->ignore_file));
	}
	putchar('\n');
	put_sums(r);
	put_tree(r);
	put_patterns(r);
	put_advice(r);
	put_unread(r);
}

void
context_report(const struct imgcache_contexts *all, bool color)
{
	struct report r = { .color = color, .utf8 = text_is_utf8() };
	size_t i;

	if (!all->n)
		puts("no context: the image needs no files");
	for (i = 0; i < all->n; i++) {
		if (i)
			putchar('\n');
		r.c = all->v + i;
		put_context(&r);
	}
}
