/* SPDX-License-Identifier: MIT */
/*
 * Of a side that was kept only the hashes of its args are known. A value that
 * both sides have is the same whatever stands for it; another one gets a word
 * made of its hash, which is a valid name of an image too, since an arg may
 * stand in a FROM.
 */
#include "lookup/world.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "key/reads.h"
#include "recipe/generate.h"

struct making {
	const struct world *w;
	struct arena arena;
	const char *run;
	const char *everywhere;
	const char *salt;		/* what RUN and COPY hang on: see redo.h */
	struct strv args, platforms, contexts;
	struct dockerfile file;		/* b's, with one edit taken back */
	bool has_file;
};

/* Which side counts for this subject and name. */
static const struct side *
chosen(const struct world *w, enum imgcache_subject subject, const char *name)
{
	const struct imgcache_change *c = w->without ? &w->without->c : NULL;

	if (w->all_old)
		return w->a;
	if (c && c->subject == subject &&
	    (!name || str_is(c->name, name) || str_is(c->before, name) ||
	     str_is(c->after, name)))
		return w->a;
	return w->b;
}

static void
add_arg(struct making *m, const char *name)
{
	const struct world *w = m->w;
	const struct side *s = chosen(w, IMGCACHE_SUBJECT_ARG, name);
	const char *hash = side_value(s, "arg", name), *value;
	size_t len = strlen(name);

	for (size_t i = 0; i < m->args.n; i++)
		if (!strncmp(m->args.v[i], name, len) &&
		    m->args.v[i][len] == '=')
			return;
	if (!hash || !strcmp(hash, "unset"))
		return;
	value = str_is(side_value(w->b, "arg", name), hash) ?
		side_arg(w->b, name) : NULL;
	if (value)
		strv_pushf(&m->args, "%s=%s", name, value);
	else
		strv_pushf(&m->args, "%s=zz%s", name, hash);
}

static void
add_args(struct making *m)
{
	const struct world *w = m->w;
	const struct side *sides[] = { w->b, w->a };
	const char *epoch = side_value(chosen(w, IMGCACHE_SUBJECT_EPOCH, NULL),
				       "epoch", NULL);

	if (epoch)
		strv_pushf(&m->args, GENERATE_EPOCH_ARG "=%s", epoch);
	for (int k = 0; k < 2; k++)
		for (size_t i = 0; sides[k] && i < sides[k]->manifest.n; i++)
			if (!strcmp(sides[k]->manifest.v[i].word, "arg"))
				add_arg(m, sides[k]->manifest.v[i].name);
}

static void
add_names(const struct side *s, const char *word, struct strv *out)
{
	for (size_t i = 0; s && i < s->manifest.n; i++)
		if (!strcmp(s->manifest.v[i].word, word))
			strv_push(out, s->manifest.v[i].name);
}

/* What each RUN, and what every step hangs on beside the file. */
static void
set_surroundings(struct making *m)
{
	const struct world *w = m->w;
	const char *network = side_value(chosen(w, IMGCACHE_SUBJECT_NETWORK,
						NULL), "network", NULL);
	const char *frontend = side_value(chosen(w, IMGCACHE_SUBJECT_FRONTEND,
						 NULL), "frontend", NULL);
	const char *host = side_value(chosen(w, IMGCACHE_SUBJECT_ARG,
					     "BUILDKIT_SANDBOX_HOSTNAME"),
				      "arg", "BUILDKIT_SANDBOX_HOSTNAME");
	struct strv hosts = {0};
	struct buf b = BUF_INIT;

	buf_addf(&b, "%s", network ? network : "");
	add_names(chosen(w, IMGCACHE_SUBJECT_HOST, NULL), "addhost", &hosts);
	for (size_t i = 0; i < hosts.n; i++)
		buf_addf(&b, "\n%s", hosts.v[i]);
	buf_addf(&b, "\n%s", host ? host : "");
	buf_addf(&b, "\n%s", m->salt);
	m->run = arena_strdup(&m->arena, b.data);
	m->everywhere = arena_strdup(&m->arena, frontend ? frontend : "");
	strv_release(&hosts);
	buf_release(&b);
}

/* The one of the change's edits that this is, or stands in place of. */
static const struct dockerfile_edit *
edit_at(const struct change *c, const struct dockerfile_instruction *in,
	bool is_end, bool gone)
{
	for (size_t i = 0; i <= c->n_more; i++) {
		const struct dockerfile_edit *e = i ? &c->more[i - 1] :
			&c->edit;

		if (!gone && e->after && e->after == in && !is_end)
			return e;
		if (gone && e->before && !e->after &&
		    (e->next ? e->next == in : is_end))
			return e;
	}
	return NULL;
}

/* b's file as if what is left out had not been edited. */
static void
take_back(struct making *m, const struct change *c)
{
	const struct dockerfile *b = m->w->b->df;
	struct dockerfile_instruction *v;
	const struct dockerfile_edit *e;
	size_t n = 0;

	v = arena_alloc(&m->arena, (b->n + c->n_more + 2) * sizeof(*v));
	for (size_t i = 0; i <= b->n; i++) {
		const struct dockerfile_instruction *in = b->v + i;

		e = edit_at(c, in, i == b->n, true);
		if (e)
			v[n++] = *e->before;
		if (i == b->n)
			break;
		e = edit_at(c, in, false, false);
		if (!e)
			v[n++] = *in;
		else if (e->before)
			v[n++] = *e->before;
	}
	m->file = *b;
	m->file.v = v;
	m->file.n = n;
	m->has_file = true;
}

static const struct dockerfile *
choose_file(struct making *m)
{
	const struct change *c = m->w->without;

	if (m->w->all_old)
		return m->w->a->df;
	if (c && m->w->b->df && (c->edit.before || c->edit.after))
		take_back(m, c);
	return m->has_file ? &m->file : m->w->b->df;
}

/* A base that came with no edit, but with an arg: what was in its place. */
static bool
came_alone(const struct world *w, const char *ref)
{
	const struct change *c = w->without;

	return !w->all_old && c && c->c.subject == IMGCACHE_SUBJECT_BASE &&
		!c->edit.after && str_is(c->c.name, ref) &&
		(c->c.how == IMGCACHE_ADDED || c->c.how == IMGCACHE_EDITED);
}

static const char *
image_is(void *payload, const char *ref)
{
	struct making *m = payload;
	const struct side *s = chosen(m->w, IMGCACHE_SUBJECT_BASE, ref);
	const char *digest;

	if (came_alone(m->w, ref)) {
		if (m->w->without->c.how == IMGCACHE_ADDED)
			return "nothing";
		ref = m->w->without->c.before;
	}
	digest = side_value(s, "base", ref);
	if (!digest && m->w->a)
		digest = side_value(s == m->w->a ? m->w->b : m->w->a, "base",
				    ref);
	return arena_printf(&m->arena, "%s %s %s", ref, digest ? digest : "",
			    m->everywhere);
}

/* Of a directory the files that are read count. */
static const char *
context_is(void *payload, const char *name)
{
	struct making *m = payload;
	const struct side *s = chosen(m->w, IMGCACHE_SUBJECT_CONTEXT, name);
	const char *value = side_value(s, "named", name);

	if (!value || str_starts(value, "dir "))
		return NULL;
	return arena_printf(&m->arena, "%s %s", name, value);
}

bool
world_reads(struct reads *reads, const struct dockerfile_read *read,
	    const struct imgcache_change *file)
{
	size_t len = strlen(file->name);

	if (!str_is(file->of, read->context))
		return false;
	/* a directory whose old content is not known: anything in it */
	if (file->how == IMGCACHE_LOST &&
	    (!strcmp(file->name, ".") ||
	     (!strncmp(read->path, file->name, len) &&
	      read->path[len] == '/')))
		return true;
	return reads_cover(reads, read, file->name);
}

static const char *
read_is(void *payload, const struct dockerfile_read *read)
{
	struct making *m = payload;
	const struct changes *c = m->w->files;

	for (size_t i = 0; c && !m->w->all_old && i < c->n; i++)
		if (c->v[i].c.subject == IMGCACHE_SUBJECT_FILE &&
		    world_reads(m->w->reads, read, &c->v[i].c))
			return arena_printf(&m->arena, "changed %s", m->salt);
	return *m->salt ? m->salt : NULL;
}

int
world_steps(const struct world *w, struct dockerfile_steps **out,
	    struct imgcache_error *err)
{
	struct making m = { .w = w };
	struct dockerfile_options o = {
		.target = side_value(chosen(w, IMGCACHE_SUBJECT_TARGET, NULL),
				     "target", NULL),
		.args = &m.args,
		.platforms = &m.platforms,
		.build_platform = session_own_platform(w->b->ic),
		.contexts = &m.contexts,
	};
	struct dockerfile_world world = {
		.image = image_is,
		.context = context_is,
		.read = read_is,
		.payload = &m,
	};
	const struct dockerfile *df = choose_file(&m);
	const char *salt = side_value(chosen(w, IMGCACHE_SUBJECT_SALT, NULL),
				      "salt", NULL);
	int ret;

	*out = NULL;
	m.salt = salt ? salt : "";
	if (!df) {
		ret = error_set(err, IMGCACHE_ENO, "the Dockerfile of %s is "
				"not known", w->all_old ? w->a->tag :
				w->b->tag);
		goto out;
	}
	add_args(&m);
	add_names(chosen(w, IMGCACHE_SUBJECT_PLATFORM, NULL), "platform",
		  &m.platforms);
	add_names(chosen(w, IMGCACHE_SUBJECT_CONTEXT, NULL), "named",
		  &m.contexts);
	for (size_t i = 0; w->handed && i < w->handed->n; i++)
		strv_pushf(&m.contexts, "%.*s",
			   (int)strcspn(w->handed->v[i], "="),
			   w->handed->v[i]);
	set_surroundings(&m);
	world.run = m.run;
	ret = dockerfile_steps(df, &o, &world, out, err);
out:
	strv_release(&m.args);
	strv_release(&m.platforms);
	strv_release(&m.contexts);
	arena_release(&m.arena);
	return ret;
}
