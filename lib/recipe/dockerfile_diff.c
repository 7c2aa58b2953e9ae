/* SPDX-License-Identifier: MIT */
/*
 * The longest common subsequence of the two lists of instructions, after what
 * is equal at both ends is taken off. Of what is left between, an instruction
 * that went and one of the same keyword that came are one that was edited; a
 * RUN with a title, as those of generated files have, only where the other has
 * the same.
 */
#include "recipe/dockerfile_diff.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/strv.h"

/* Beyond that the middle counts as replaced. */
#define MAX_CELLS ((size_t)4 << 20)

static bool
same_list(const char *const *a, size_t n, const char *const *b, size_t m)
{
	for (size_t i = 0; n == m && i < n; i++)
		if (strcmp(a[i], b[i]))
			return false;
	return n == m;
}

bool
dockerfile_same_flags(const struct dockerfile_instruction *a,
		      const struct dockerfile_instruction *b)
{
	return same_list(a->flags, a->n_flags, b->flags, b->n_flags);
}

static bool
same_heredocs(const struct dockerfile_instruction *a,
	      const struct dockerfile_instruction *b)
{
	for (size_t i = 0; i < a->n_heredocs; i++) {
		const struct dockerfile_heredoc *x = &a->heredocs[i];
		const struct dockerfile_heredoc *y = &b->heredocs[i];

		if (strcmp(x->name, y->name) || x->expand != y->expand ||
		    x->chomp != y->chomp || x->body_len != y->body_len ||
		    memcmp(x->body, y->body, x->body_len))
			return false;
	}
	return true;
}

static bool
is_same(const struct dockerfile_instruction *a,
	const struct dockerfile_instruction *b)
{
	if (a->keyword != b->keyword || a->json != b->json ||
	    a->n_heredocs != b->n_heredocs)
		return false;
	if (a->keyword == DOCKERFILE_UNKNOWN)
		return !strcmp(a->text, b->text);
	if (a->trigger && b->trigger)
		return is_same(a->trigger, b->trigger);
	return dockerfile_same_flags(a, b) &&
		same_list(a->args, a->n_args, b->args, b->n_args) &&
		same_heredocs(a, b);
}

/* The bytes of ": 'title';" that the command of a RUN begins with; or 0. */
static size_t
title_length(const struct dockerfile_instruction *in)
{
	const char *command = in->keyword == DOCKERFILE_RUN && !in->json &&
		in->n_args ? in->args[0] : "";
	const char *end = str_starts(command, ": '") ?
		strstr(command, "';") : NULL;

	return end ? (size_t)(end - command) : 0;
}

/* Can b be what became of a? */
static bool
is_version_of(const struct dockerfile_instruction *a,
	      const struct dockerfile_instruction *b)
{
	size_t n = title_length(a);

	return a->keyword == b->keyword && title_length(b) == n &&
		(!n || !memcmp(a->args[0], b->args[0], n));
}

struct diff {
	const struct dockerfile_instruction *a, *b;	/* the middles */
	size_t n, m;
	const struct dockerfile_instruction *b_end;	/* of the file */
	struct dockerfile_edits *out;
};

static void
add(struct diff *d, const struct dockerfile_instruction *before,
    const struct dockerfile_instruction *after, size_t place)
{
	const struct dockerfile_instruction *next = d->b + place;
	struct dockerfile_edits *out = d->out;

	mem_grow(out->v, out->n, out->cap);
	out->v[out->n++] = (struct dockerfile_edit){
		.before = before,
		.after = after,
		.next = next < d->b_end ? next : NULL,
	};
}

/* What went, a[i..i_end), and what came, b[k..k_end), at one place. */
static void
add_hunk(struct diff *d, size_t i, size_t i_end, size_t k, size_t k_end)
{
	while (i < i_end || k < k_end) {
		size_t j = k;

		while (i < i_end && j < k_end &&
		       !is_version_of(&d->a[i], &d->b[j]))
			j++;
		if (i < i_end && j == k_end) {
			add(d, &d->a[i++], NULL, k);
			continue;
		}
		while (k < j || (i == i_end && k < k_end)) {
			add(d, NULL, &d->b[k], k + 1);
			k++;
		}
		if (i < i_end) {
			add(d, &d->a[i++], &d->b[k], k + 1);
			k++;
		}
	}
}

/* length[i][k]: of the common subsequence of a from i and b from k. */
static uint16_t *
lengths(const struct diff *d)
{
	size_t width = d->m + 1;
	uint16_t *t = mem_array((d->n + 1) * width, sizeof(*t));

	for (size_t i = d->n; i-- > 0;)
		for (size_t k = d->m; k-- > 0;) {
			uint16_t down = t[(i + 1) * width + k];
			uint16_t right = t[i * width + k + 1];

			t[i * width + k] = is_same(&d->a[i], &d->b[k]) ?
				t[(i + 1) * width + k + 1] + 1 :
				down > right ? down : right;
		}
	return t;
}

static void
diff_middle(struct diff *d)
{
	size_t width = d->m + 1, i = 0, k = 0, from_i = 0, from_k = 0;
	uint16_t *t;

	if ((d->n + 1) * width > MAX_CELLS) {
		add_hunk(d, 0, d->n, 0, d->m);
		return;
	}
	t = lengths(d);
	while (i < d->n && k < d->m) {
		if (is_same(&d->a[i], &d->b[k])) {
			add_hunk(d, from_i, i, from_k, k);
			from_i = ++i;
			from_k = ++k;
		} else if (t[(i + 1) * width + k] >= t[i * width + k + 1]) {
			i++;
		} else {
			k++;
		}
	}
	add_hunk(d, from_i, d->n, from_k, d->m);
	free(t);
}

void
dockerfile_diff(const struct dockerfile *a, const struct dockerfile *b,
		struct dockerfile_edits *out)
{
	struct diff d = { a->v, b->v, a->n, b->n, b->v + b->n, out };

	while (d.n && d.m && is_same(d.a, d.b)) {
		d.a++;
		d.b++;
		d.n--;
		d.m--;
	}
	while (d.n && d.m && is_same(&d.a[d.n - 1], &d.b[d.m - 1])) {
		d.n--;
		d.m--;
	}
	if (d.n || d.m)
		diff_middle(&d);
}

void
dockerfile_edits_release(struct dockerfile_edits *list)
{
	free(list->v);
	memset(list, 0, sizeof(*list));
}

static void
show_names(const struct dockerfile_instruction *in, struct buf *out)
{
	buf_adds(out, "ARG");
	for (size_t i = 0; i < in->n_args; i++) {
		size_t n = strcspn(in->args[i], "=");

		buf_addf(out, " %.*s%s", (int)n, in->args[i],
			 in->args[i][n] ? "=..." : "");
	}
}

void
dockerfile_show(const struct dockerfile_instruction *in, struct buf *out)
{
	bool space = false;

	if (in->keyword == DOCKERFILE_ONBUILD && in->trigger) {
		buf_adds(out, "ONBUILD ");
		dockerfile_show(in->trigger, out);
		return;
	}
	if (in->keyword == DOCKERFILE_ARG) {
		show_names(in, out);
		return;
	}
	for (const char *p = in->text; *p; p++) {
		if (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r') {
			space = out->len > 0;
			continue;
		}
		if (space)
			buf_addc(out, ' ');
		space = false;
		buf_addc(out, *p);
	}
}

/* The line that begins at *at, which is then behind it; len 0: there is none. */
static const char *
next_line(const struct dockerfile_heredoc *h, size_t *at, size_t *len)
{
	const char *line = h->body + *at;
	const char *end = memchr(line, '\n', h->body_len - *at);

	*len = end ? (size_t)(end - line) + 1 : h->body_len - *at;
	*at += *len;
	return line;
}

static bool
find_other_line(const struct dockerfile_heredoc *a,
		const struct dockerfile_heredoc *b, struct buf *before,
		struct buf *after)
{
	size_t i = 0, k = 0, n, m;
	const char *x, *y;

	do {
		x = next_line(a, &i, &n);
		y = next_line(b, &k, &m);
	} while (n && n == m && !memcmp(x, y, n));
	if (!n && !m)
		return false;
	buf_add(before, x, n && x[n - 1] == '\n' ? n - 1 : n);
	buf_add(after, y, m && y[m - 1] == '\n' ? m - 1 : m);
	return true;
}

static void
show_closely(const struct dockerfile_edit *e, struct buf *before,
	     struct buf *after)
{
	const struct dockerfile_instruction *a = e->before, *b = e->after;
	bool same_text = !strcmp(a->text, b->text);

	buf_clear(before);
	buf_clear(after);
	if (!same_text) {
		buf_adds(before, a->text);
		buf_adds(after, b->text);
		return;
	}
	for (size_t i = 0; i < a->n_heredocs && i < b->n_heredocs; i++)
		if (find_other_line(&a->heredocs[i], &b->heredocs[i], before,
				    after) && (before->len || after->len))
			return;
	dockerfile_show(a, before);
	dockerfile_show(b, after);
}

static bool
is_arg(const struct dockerfile_instruction *in)
{
	while (in->trigger)
		in = in->trigger;
	return in->keyword == DOCKERFILE_ARG;
}

void
dockerfile_show_edit(const struct dockerfile_edit *e, struct buf *before,
		     struct buf *after)
{
	if (e->before)
		dockerfile_show(e->before, before);
	if (e->after)
		dockerfile_show(e->after, after);
	if (e->before && e->after && !is_arg(e->after) &&
	    before->len == after->len &&
	    !memcmp(before->data, after->data, after->len))
		show_closely(e, before, after);
}
