/* SPDX-License-Identifier: MIT */
/*
 * What docker is offered of each context. The walk is the one that a key is
 * made by, without its hashes, so that both see the same files. What the rules
 * leave out costs a look, too, but only here: a key never goes there.
 */
#include "key/context.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "key/context_advice.h"
#include "key/context_heavy.h"
#include "key/inputs.h"
#include "source/ignore.h"
#include "source/taken.h"
#include "source/tree.h"
#include "source/weigh.h"
#include "sys/file.h"

#define HEAVIEST 16
#define UNREAD_HEAVIEST 8

/* Lighter than a hundredth of the whole is not worth a line. */
#define LEAST_SHARE 100

/* One context while it is looked at. */
struct look {
	const struct inputs *in;
	struct input_context *c;
	struct ignore *rules;	/* NULL: none */
	struct imgcache_context *out;
};

static int
take_rules(const struct input_context *c, struct ignore **rules,
	   struct imgcache_error *err)
{
	*rules = NULL;
	if (!c->has_ignore)
		return 0;
	return ignore_parse(rules, c->ignore_name, c->ignore.data,
			    c->ignore.len, err);
}

static int
scan(const struct look *l, struct tree_options *o, struct tree **out,
     struct imgcache_error *err)
{
	const struct settings *s = &l->in->ic->settings;
	int64_t threads = settings_int(s, SETTING_THREADS);

	o->hash = HASH_XXH3;
	o->sizes_only = true;
	o->threads = threads < 64 ? (unsigned)threads : 64;
	return tree_scan(l->c->path, o, out, err);
}

static const struct strv *
allowed_in(const struct look *l)
{
	return l->c->name || l->in->r->recipe->kind != RECIPE_GENERATED ?
		NULL : &l->in->allow;
}

static struct imgcache_weight
weight_of(const struct weight *w)
{
	return (struct imgcache_weight){ (int64_t)w->files,
					 (int64_t)w->bytes };
}

/* What the instructions read as it is now, links and wildcards followed. */
static void
find_reads(const struct look *l, struct taken *out)
{
	int fd = open(l->c->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	taken_find(out, fd, l->c->reads, fd < 0 ? 0 : l->c->n_reads);
	if (fd >= 0)
		close(fd);
}

/* A copy of line n of a text, without white space around it. */
static const char *
line_of(struct arena *arena, const struct buf *text, size_t n)
{
	const char *p = text->data;
	size_t len;

	while (--n && (p = strchr(p, '\n')))
		p++;
	if (!p)
		return "";
	if (str_starts(p, "\xef\xbb\xbf") && p == text->data)
		p += 3;
	p += strspn(p, " \t\r");
	len = strcspn(p, "\n");
	while (len && strchr(" \t\r", p[len - 1]))
		len--;
	return arena_strndup(arena, p, len);
}

static int
by_weight(const void *a, const void *b)
{
	const struct imgcache_pattern *x = a, *y = b;

	if (x->weight.bytes != y->weight.bytes)
		return x->weight.bytes < y->weight.bytes ? 1 : -1;
	return x->line < y->line ? -1 : 1;
}

/* A directory nobody entered so far; one that vanished weighs nothing. */
static void
weigh_left_dir(const struct look *l, const struct tree_left_dir *d,
	       struct tree_left_files *to)
{
	struct tree_options o = {
		.hash = HASH_XXH3, .sizes_only = true, .forgiving = true,
	};
	char *path = path_join(l->c->path, d->path);
	struct imgcache_error err = {0};
	struct tree_counts counts;
	struct tree *t;

	if (tree_scan(path, &o, &t, &err)) {
		l->out->unreadable++;
	} else {
		tree_counts(t, &counts);
		to->files += counts.files;
		to->bytes += counts.bytes;
		l->out->unreadable += (int64_t)tree_unread(t);
		tree_free(t);
	}
	free(path);
}

static void
take_left_out(struct look *l, const struct tree *t)
{
	const struct tree_left_out *left = tree_left_out(t);
	struct arena *arena = &l->in->ic->arena;
	struct imgcache_pattern *v;
	size_t i;

	l->out->n_rules = left->n_rules;
	for (i = 0; i < left->n_dirs; i++)
		weigh_left_dir(l, &left->dirs[i],
			       &left->files[left->dirs[i].rule]);
	v = arena_alloc(arena, (left->n_rules + 1) * sizeof(*v));
	for (i = 0; i < left->n_rules; i++) {
		const struct tree_left_files *f = &left->files[i];
		size_t line = ignore_line(l->rules, i);

		if (!f->files)
			continue;
		v[l->out->n_patterns++] = (struct imgcache_pattern){
			.text = line_of(arena, &l->c->ignore, line),
			.line = (int64_t)line,
			.weight = { (int64_t)f->files, (int64_t)f->bytes },
		};
		l->out->left_out.files += (int64_t)f->files;
		l->out->left_out.bytes += (int64_t)f->bytes;
	}
	if (l->out->n_patterns)
		qsort(v, l->out->n_patterns, sizeof(*v), by_weight);
	l->out->patterns = v;
}

static size_t
heavy_enough(const struct weighed *v, size_t n, const struct weight *all)
{
	while (n && v[n - 1].w.bytes * LEAST_SHARE < all->bytes)
		n--;
	return n;
}

static void
take_weight(struct look *l, const struct tree *t, const struct weigh *w)
{
	struct arena *arena = &l->in->ic->arena;
	struct imgcache_context *out = l->out;
	struct tree_counts counts;
	size_t n;

	tree_counts(t, &counts);
	out->dirs = (int64_t)counts.dirs;
	out->sent = weight_of(&w->all);
	n = heavy_enough(w->heaviest, w->n_heaviest, &w->all);
	out->heaviest = context_heavy(arena, w->heaviest, n);
	out->n_heaviest = n;
	if (out->not_known)
		return;
	out->unread = weight_of(&w->unread);
	n = heavy_enough(w->unread_heaviest, w->n_unread_heaviest, &w->unread);
	if (n > UNREAD_HEAVIEST)
		n = UNREAD_HEAVIEST;
	out->unread_heaviest = context_heavy(arena, w->unread_heaviest, n);
	out->n_unread_heaviest = n;
}

/* Why it is not known what is read of a context; NULL if it is. */
static const char *
not_known(const struct look *l)
{
	if (l->c->reads || allowed_in(l))
		return NULL;
	return l->in->context_reason;
}

/* A file that was empty before is none. */
static bool
add_emptied(void *payload, const char *path, const struct tree_entry *e)
{
	struct look *l = payload;
	struct imgcache_context *out = l->out;

	if (!e->hollow || !e->id.size)
		return true;
	if (!out->emptied_path)
		out->emptied_path = arena_strdup(&l->in->ic->arena, path);
	out->emptied.files++;
	out->emptied.bytes += e->id.size;
	return true;
}

static void
look_at_tree(struct look *l, const struct tree *t, bool only_sent)
{
	struct taken reads = {0};
	struct advice advice;
	struct weigh_options o = { .most = HEAVIEST };
	struct weigh w;

	l->out->not_known = not_known(l);
	if (l->c->reads) {
		find_reads(l, &reads);
		o.reads = &reads;
	}
	advice_init(&advice, &l->in->ic->arena, l->c->path,
		    o.reads ? &reads.allow : NULL);
	if (!only_sent) {
		o.marks = advice.marks;
		o.accepts = advice_accepts;
		o.payload = &advice;
	}
	weigh(t, &o, &w);
	take_weight(l, t, &w);
	if (!only_sent) {
		tree_each(t, add_emptied, l);
		advice_list(&advice, &w, &l->out->advice, &l->out->n_advice);
		take_left_out(l, t);
	}
	weigh_release(&w);
	advice_release(&advice);
	taken_release(&reads);
}

int
context_look(const struct inputs *in, struct input_context *c, bool only_sent,
	     struct imgcache_context *out, struct imgcache_error *err)
{
	struct tree_options o = { .with_left_out = !only_sent };
	struct look l = { .in = in, .c = c, .out = out };
	struct tree *t;
	int ret;

	out->name = c->name;
	out->path = c->path;
	out->ignore_file = c->ignore_path;
	ret = take_rules(c, &l.rules, err);
	o.ignore = l.rules;
	o.allow = allowed_in(&l);
	if (!ret)
		ret = scan(&l, &o, &t, err);
	if (!ret) {
		look_at_tree(&l, t, only_sent);
		tree_free(t);
	}
	ignore_free(l.rules);
	return ret;
}

int
imgcache_context(struct imgcache *ic, struct imgcache_recipe *r,
		 bool only_sent, struct imgcache_contexts *out,
		 struct imgcache_error *err)
{
	struct imgcache_context *v;
	struct inputs in;
	size_t i;
	int ret = inputs_take_sources(r, &in, err);

	memset(out, 0, sizeof(*out));
	v = arena_alloc(&ic->arena, (in.n_contexts + 1) * sizeof(*v));
	for (i = 0; !ret && i < in.n_contexts; i++) {
		struct input_context *c = &in.contexts[i];

		if (in.r->recipe->kind == RECIPE_GENERATED && c->is_empty)
			continue;
		ret = context_look(&in, c, only_sent, &v[out->n], err);
		out->sent.files += v[out->n].sent.files;
		out->sent.bytes += v[out->n++].sent.bytes;
	}
	out->v = v;
	inputs_release(&in);
	return ret;
}

static struct input_context *
find_context(struct inputs *in, const char *name, struct imgcache_error *err)
{
	struct strv names = {0};
	const char *near;
	size_t i;

	for (i = 0; i < in->n_contexts; i++) {
		if (str_is(in->contexts[i].name, name))
			return &in->contexts[i];
		if (in->contexts[i].name)
			strv_push(&names, in->contexts[i].name);
	}
	near = name ? str_nearest(name, (const char *const *)names.v,
				  names.n) : NULL;
	error_set(err, IMGCACHE_EUSAGE, "no build context '%s' that is a "
		  "folder%s%s%s", name ? name : "",
		  near ? "; did you mean '" : "", near ? near : "",
		  near ? "'?" : "");
	strv_release(&names);
	return NULL;
}

static bool
tell(void *payload, const char *path, const struct tree_entry *e)
{
	static const enum imgcache_entry_type types[] = {
		[TREE_DIR] = IMGCACHE_ENTRY_DIR,
		[TREE_FILE] = IMGCACHE_ENTRY_FILE,
		[TREE_LINK] = IMGCACHE_ENTRY_LINK,
		[TREE_SPECIAL] = IMGCACHE_ENTRY_SPECIAL,
	};
	const struct imgcache_context_list *l = payload;

	return l->fn(l->payload, path, types[e->type]);
}

int
imgcache_context_list(struct imgcache *ic, struct imgcache_recipe *r,
		      const struct imgcache_context_list *list,
		      struct imgcache_error *err)
{
	struct imgcache_context_list copy = *list;
	struct tree_options o = {0};
	struct inputs in;
	struct look l = { .in = &in };
	struct tree *t = NULL;
	int ret = inputs_take_sources(r, &in, err);

	(void)ic;
	if (!ret && !in.n_contexts && !list->from)
		goto out;
	if (!ret) {
		l.c = find_context(&in, list->from, err);
		ret = l.c ? take_rules(l.c, &l.rules, err) : err->code;
	}
	if (!ret) {
		o.ignore = l.rules;
		o.allow = allowed_in(&l);
		ret = scan(&l, &o, &t, err);
	}
	if (!ret)
		tree_each(t, tell, &copy);
	tree_free(t);
	ignore_free(l.rules);
out:
	inputs_release(&in);
	return ret;
}
