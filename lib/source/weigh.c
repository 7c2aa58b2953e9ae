/* SPDX-License-Identifier: MIT */
/*
 * Depth first, without recursion: a directory is added to its parent when all
 * that is in it has been. Of the heaviest only as many are kept as are asked
 * for, so that a path is copied for few of the files.
 */

#include "source/weigh.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "source/ignore.h"
#include "source/taken.h"
#include "source/tree_parts.h"

struct top {
	struct weighed *v;
	size_t n, most;
	size_t least;		/* index of the lightest, when full */
};

struct frame {
	const struct node *node;
	uint32_t next;		/* child to go on with */
	size_t path_len;	/* of its path */
	enum allow allow;
	struct filter_dir *filter;	/* takes what allow does not, or NULL */
	bool is_unread;		/* nothing reads it, nor anything in it */
	size_t mark;		/* rule that marked it or a parent, or none */
	struct ignore_dir *marks;	/* NULL: nothing to be marked here */
	size_t marks_at;	/* where the paths for it begin */
	struct weight sum;
};

struct pass {
	const struct weigh_options *o;
	struct weigh *out;
	struct buf path;
	struct frame *stack;
	size_t n, cap;
	struct top heaviest;
	struct top unread;
};

static void
add(struct weight *to, const struct weight *w)
{
	to->files += w->files;
	to->bytes += w->bytes;
}

static void
find_least(struct top *t)
{
	t->least = 0;
	for (size_t i = 1; i < t->n; i++)
		if (t->v[i].w.bytes < t->v[t->least].w.bytes)
			t->least = i;
}

static void
consider(struct pass *p, struct top *t, bool is_dir, const struct weight *w)
{
	struct weighed *at;

	if (t->n == t->most &&
	    (!t->n || w->bytes <= t->v[t->least].w.bytes))
		return;
	at = t->v + (t->n < t->most ? t->n++ : t->least);
	at->path = arena_strdup(&p->out->arena, p->path.data);
	at->is_dir = is_dir;
	at->w = *w;
	if (t->n == t->most)
		find_least(t);
}

static void
set_path(struct pass *p, const struct frame *f, const char *name)
{
	buf_truncate(&p->path, f->path_len);
	if (f->path_len)
		buf_addc(&p->path, '/');
	buf_adds(&p->path, name);
}

static bool
accepts(const struct pass *p, size_t rule)
{
	return rule != IGNORE_NO_RULE &&
	       (!p->o->accepts ||
		p->o->accepts(p->o->payload, rule, p->path.data));
}

static size_t
mark_of_file(const struct pass *p, const struct frame *f)
{
	size_t rule;

	if (f->mark != IGNORE_NO_RULE || !f->marks)
		return f->mark;
	rule = ignore_file_rule(f->marks, p->path.data + f->marks_at,
				p->path.len - f->marks_at);
	return accepts(p, rule) ? rule : IGNORE_NO_RULE;
}

/* A file of a directory of which something is read. */
static bool
is_unread_file(const struct pass *p, const struct frame *f)
{
	if (f->allow == ALLOW_ALL || f->is_unread)
		return false;
	if (f->allow == ALLOW_LEADS &&
	    allow_path(&p->o->reads->allow, p->path.data) != ALLOW_NONE)
		return false;
	return !f->filter ||
		!filter_file(f->filter, p->path.data, p->path.len);
}

static void
weigh_file(struct pass *p, struct frame *f, const struct record *r)
{
	struct weight w = {
		1, S_ISREG(r->mode) ? (uint64_t)record_file(r)->size : 0
	};
	size_t mark;

	set_path(p, f, record_name(r));
	add(&f->sum, &w);
	consider(p, &p->heaviest, false, &w);
	mark = mark_of_file(p, f);
	if (mark != IGNORE_NO_RULE)
		add(&p->out->marks[mark], &w);
	if (is_unread_file(p, f)) {
		add(&p->out->unread, &w);
		consider(p, &p->unread, false, &w);
	}
}

static void
weigh_files(struct pass *p, struct frame *f)
{
	const struct record *r;
	size_t at = 0;

	while ((r = run_next(&f->node->run, &at)))
		if (!record_is_dir(r))
			weigh_file(p, f, r);
}

/* A mark that is not accepted must not hold for what is below. */
static void
mark_dir(struct pass *p, const struct frame *parent, struct frame *f)
{
	size_t rule;

	f->mark = parent->mark;
	f->marks_at = parent->marks_at;
	if (f->mark != IGNORE_NO_RULE || !parent->marks)
		return;
	f->marks = ignore_enter(parent->marks, p->path.data + f->marks_at,
				p->path.len - f->marks_at);
	rule = ignore_dir_rule(f->marks);
	if (rule == IGNORE_NO_RULE)
		return;
	ignore_leave(f->marks);
	f->marks = NULL;
	if (accepts(p, rule)) {
		f->mark = rule;
	} else {
		f->marks = ignore_root(p->o->marks);
		f->marks_at = p->path.len + 1;
	}
}

static void
find_reads(const struct pass *p, const struct frame *parent, struct frame *f)
{
	const struct taken *reads = p->o->reads;
	bool takes;

	if (!reads)
		f->allow = ALLOW_ALL;
	else if (!parent)
		f->allow = allow_root(&reads->allow);
	else if (parent->allow == ALLOW_LEADS)
		f->allow = allow_path(&reads->allow, p->path.data);
	else
		f->allow = parent->allow;
	if (f->allow != ALLOW_ALL)
		f->filter = filter_enter(parent ? parent->filter : NULL,
					 &reads->roots, p->path.data,
					 p->path.len, &takes);
	f->is_unread = f->allow == ALLOW_NONE && !f->filter;
}

static void
push(struct pass *p, const struct node *n)
{
	struct frame f = { .node = n, .mark = IGNORE_NO_RULE };
	struct frame *parent = p->n ? p->stack + p->n - 1 : NULL;

	if (!parent) {
		f.marks = p->o->marks ? ignore_root(p->o->marks) : NULL;
	} else {
		set_path(p, parent, n->name);
		mark_dir(p, parent, &f);
	}
	find_reads(p, parent, &f);
	f.path_len = p->path.len;
	mem_grow(p->stack, p->n, p->cap);
	p->stack[p->n++] = f;
	weigh_files(p, p->stack + p->n - 1);
}

static void
pop(struct pass *p)
{
	struct frame *f = p->stack + --p->n;
	struct frame *parent = p->n ? f - 1 : NULL;

	ignore_leave(f->marks);
	filter_leave(f->filter);
	if (!parent) {
		p->out->all = f->sum;
		return;
	}
	buf_truncate(&p->path, f->path_len);
	add(&parent->sum, &f->sum);
	if (f->node->kept > 1)
		consider(p, &p->heaviest, true, &f->sum);
	if (f->is_unread && !parent->is_unread) {
		add(&p->out->unread, &f->sum);
		consider(p, &p->unread, true, &f->sum);
	}
}

static int
by_weight(const void *a, const void *b)
{
	const struct weighed *x = a, *y = b;

	if (x->w.bytes != y->w.bytes)
		return x->w.bytes < y->w.bytes ? 1 : -1;
	return strcmp(x->path, y->path);
}

static void
hand_out(struct top *t, struct weighed **v, size_t *n)
{
	if (t->n)
		qsort(t->v, t->n, sizeof(*t->v), by_weight);
	*v = t->v;
	*n = t->n;
}

void
weigh(const struct tree *t, const struct weigh_options *o, struct weigh *out)
{
	struct pass p = { .o = o, .out = out, .path = BUF_INIT };
	size_t list = (o->most + 1) * sizeof(struct weighed);

	memset(out, 0, sizeof(*out));
	out->marks = arena_alloc(&out->arena, sizeof(*out->marks) *
				 (o->marks ? ignore_count(o->marks) + 1 : 1));
	p.heaviest.most = p.unread.most = o->most;
	p.heaviest.v = arena_alloc(&out->arena, list);
	p.unread.v = arena_alloc(&out->arena, list);
	push(&p, t->root);
	while (p.n) {
		struct frame *f = p.stack + p.n - 1;
		const struct node *child;

		if (f->next == f->node->run.n_dirs) {
			pop(&p);
			continue;
		}
		child = f->node->children + f->next++;
		if (!child->gone)
			push(&p, child);
	}
	hand_out(&p.heaviest, &out->heaviest, &out->n_heaviest);
	hand_out(&p.unread, &out->unread_heaviest, &out->n_unread_heaviest);
	free(p.stack);
	buf_release(&p.path);
}

void
weigh_release(struct weigh *w)
{
	arena_release(&w->arena);
	memset(w, 0, sizeof(*w));
}
