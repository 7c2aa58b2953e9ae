/* SPDX-License-Identifier: MIT */
/*
 * Myers' greedy algorithm on lines ("An O(ND) Difference Algorithm", 1986):
 * for each number of edits d the furthest points are kept, and the path is
 * found backwards through them. That takes d * d of memory, so d is bounded.
 */
#include "base/udiff.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

#define CONTEXT 3
#define MAX_EDITS 1000

struct line {
	const char *s;
	size_t len;		/* with the newline, if it has one */
};

struct side {
	struct line *v;
	size_t n, cap;
	bool *changed;		/* this line is not in the other text */
};

static void
split(struct side *side, struct udiff_text t)
{
	size_t pos = 0;

	while (t.data && pos < t.len) {
		const char *s = t.data + pos;
		const char *end = memchr(s, '\n', t.len - pos);
		size_t len = end ? (size_t)(end - s) + 1 : t.len - pos;

		mem_grow(side->v, side->n, side->cap);
		side->v[side->n++] = (struct line){ s, len };
		pos += len;
	}
	side->changed = mem_array(side->n + 1, sizeof(*side->changed));
}

static void
side_release(struct side *side)
{
	free(side->v);
	free(side->changed);
}

static bool
is_same(const struct line *a, const struct line *b)
{
	return a->len == b->len && !memcmp(a->s, b->s, a->len);
}

/* The lines between what both begin and end with. */
struct middle {
	struct side *a, *b;
	size_t from;
	long n, m;		/* how many of a, of b */
};

static bool
same_at(const struct middle *mid, long x, long y)
{
	return is_same(&mid->a->v[mid->from + (size_t)x],
		       &mid->b->v[mid->from + (size_t)y]);
}

/* The furthest x on diagonal k after d edits, from those of d - 1. */
static long
furthest(const struct middle *mid, const int32_t *v, long d, long k)
{
	long x = k == -d || (k != d && v[k - 1] < v[k + 1]) ? v[k + 1] :
							    v[k - 1] + 1;

	while (x < mid->n && x - k < mid->m && same_at(mid, x, x - k))
		x++;
	return x;
}

/* From the end back to the beginning, marking what was edited. */
static void
mark_path(const struct middle *mid, int32_t *const *rows, long edits)
{
	long x = mid->n, y = mid->m;

	for (long d = edits; d > 0; d--) {
		const int32_t *v = rows[d - 1] + d;
		long k = x - y;
		bool down = k == -d || (k != d && v[k - 1] < v[k + 1]);
		long from = down ? k + 1 : k - 1;

		x = v[from];
		y = x - from;
		if (down)
			mid->b->changed[mid->from + (size_t)y] = true;
		else
			mid->a->changed[mid->from + (size_t)x] = true;
	}
}

static void
mark_all(const struct middle *mid)
{
	memset(mid->a->changed + mid->from, true, (size_t)mid->n);
	memset(mid->b->changed + mid->from, true, (size_t)mid->m);
}

static void
compare_middle(const struct middle *mid)
{
	int32_t *rows[MAX_EDITS + 1] = { NULL };
	long d, k, max = mid->n + mid->m;
	bool found = mid->n == 0 || mid->m == 0;

	if (found)
		mark_all(mid);
	for (d = 0; !found && d <= max && d <= MAX_EDITS; d++) {
		/* row d holds the diagonals -d - 1 ... d + 1 */
		int32_t *v = mem_array(2 * (size_t)d + 3, sizeof(*v));
		const int32_t *last = d ? rows[d - 1] + d : v + 1;

		rows[d] = v;
		for (k = -d; k <= d && !found; k += 2) {
			long x = furthest(mid, last, d, k);
			v[k + d + 1] = (int32_t)x;
			found = x >= mid->n && x - k >= mid->m;
		}
		if (found)
			mark_path(mid, rows, d);
	}
	if (!found)
		mark_all(mid);
	for (d = 0; d <= MAX_EDITS && rows[d]; d++)
		free(rows[d]);
}

static void
compare(struct side *a, struct side *b)
{
	size_t least = a->n < b->n ? a->n : b->n, head = 0, tail = 0;

	while (head < least && is_same(&a->v[head], &b->v[head]))
		head++;
	while (tail < least - head &&
	       is_same(&a->v[a->n - 1 - tail], &b->v[b->n - 1 - tail]))
		tail++;
	struct middle mid = { a, b, head, (long)(a->n - head - tail),
			      (long)(b->n - head - tail) };
	compare_middle(&mid);
}

static void
put_line(struct buf *out, char sign, const struct line *l)
{
	buf_addc(out, sign);
	buf_add(out, l->s, l->len);
	if (l->s[l->len - 1] != '\n')
		buf_adds(out, "\n\\ No newline at end of file\n");
}

static void
put_range(struct buf *out, char sign, size_t from, size_t n)
{
	buf_addf(out, "%c%zu", sign, n ? from + 1 : from);
	if (n != 1)
		buf_addf(out, ",%zu", n);
}

/* A position in both texts; all before it is written. */
struct at {
	size_t a, b;
};

static bool
is_change(const struct side *a, const struct side *b, struct at at)
{
	return (at.a < a->n && a->changed[at.a]) ||
	       (at.b < b->n && b->changed[at.b]);
}

/* Lines as they are in both up to the next change, or to the end. */
static size_t
run_of_same(const struct side *a, const struct side *b, struct at at)
{
	size_t n = 0;

	while (at.a + n < a->n && !is_change(a, b, (struct at){ at.a + n,
								at.b + n }))
		n++;
	return n;
}

static struct at
pass_change(const struct side *a, const struct side *b, struct at at)
{
	while (at.a < a->n && a->changed[at.a])
		at.a++;
	while (at.b < b->n && b->changed[at.b])
		at.b++;
	return at;
}

/* Changes with at most two contexts between them share a hunk. */
static struct at
end_of_hunk(const struct side *a, const struct side *b, struct at at)
{
	for (;;) {
		at = pass_change(a, b, at);
		size_t same = run_of_same(a, b, at);
		struct at next = { at.a + same, at.b + same };
		if (same > 2 * CONTEXT || !is_change(a, b, next)) {
			same = same < CONTEXT ? same : CONTEXT;
			return (struct at){ at.a + same, at.b + same };
		}
		at = next;
	}
}

static void
put_hunk(struct buf *out, const struct side *a, const struct side *b,
	 struct at from, struct at to)
{
	buf_adds(out, "@@ ");
	put_range(out, '-', from.a, to.a - from.a);
	buf_addc(out, ' ');
	put_range(out, '+', from.b, to.b - from.b);
	buf_adds(out, " @@\n");
	while (from.a < to.a || from.b < to.b) {
		if (from.a < to.a && a->changed[from.a]) {
			put_line(out, '-', &a->v[from.a++]);
		} else if (from.b < to.b && b->changed[from.b]) {
			put_line(out, '+', &b->v[from.b++]);
		} else {
			put_line(out, ' ', &a->v[from.a++]);
			from.b++;
		}
	}
}

static void
put_name(struct buf *out, const char *sign, char prefix, const char *name)
{
	char *path = mem_printf("%c/%s", prefix, name);

	buf_addf(out, "%s ", sign);
	if (strpbrk(name, "\n\t\"\\"))
		buf_add_cquoted(out, path, strlen(path));
	else
		buf_adds(out, path);
	buf_addc(out, '\n');
	free(path);
}

void
udiff(struct buf *out, const char *name, struct udiff_text old,
      struct udiff_text new)
{
	struct side a = { NULL, 0, 0, NULL }, b = { NULL, 0, 0, NULL };
	struct at at = { 0, 0 };

	split(&a, old);
	split(&b, new);
	compare(&a, &b);
	size_t same = run_of_same(&a, &b, at);
	at = (struct at){ same, same };
	if (is_change(&a, &b, at)) {
		if (old.data)
			put_name(out, "---", 'a', name);
		else
			buf_adds(out, "--- /dev/null\n");
		if (new.data)
			put_name(out, "+++", 'b', name);
		else
			buf_adds(out, "+++ /dev/null\n");
	}
	while (is_change(&a, &b, at)) {
		size_t before = at.a < CONTEXT ? at.a : CONTEXT;
		struct at from = { at.a - before, at.b - before };
		struct at to = end_of_hunk(&a, &b, at);

		put_hunk(out, &a, &b, from, to);
		same = run_of_same(&a, &b, to);
		at = (struct at){ to.a + same, to.b + same };
	}
	side_release(&a);
	side_release(&b);
}
