/* SPDX-License-Identifier: MIT */
/*
 * The text of an id is a list of fields, each a letter, the value and a NUL, so
 * that no two different lists give the same bytes.
 */
#include "recipe/dockerfile_stepid.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/strv.h"
#include "recipe/dockerfile_mount.h"

static void
field(struct buf *b, char letter, const char *value)
{
	buf_addc(b, letter);
	buf_add(b, value, strlen(value) + 1);
}

static void
hash_field(struct buf *b, char letter, const struct hash *h)
{
	char hex[HASH_HEX_SIZE];

	field(b, letter, hash_hex(h, hex));
}

static int
finish(struct step_walk *w, const struct buf *b, struct hash *out)
{
	if (b->len > w->room)
		return error_set(w->err, IMGCACHE_EFAIL, "%s: too large to "
				 "follow its steps", w->df->name);
	w->room -= b->len;
	return hash_bytes(HASH_XXH3, b->data, b->len, out, w->err);
}

static struct source_reader
reader(struct step_walk *w)
{
	return (struct source_reader){
		.stages = &w->stages,
		.scope = &w->scope,
		.arena = w->arena,
		.budget = &w->budget,
		.escape = w->df->escape,
	};
}

const char *
step_expand(struct step_walk *w, const char *word, bool *known)
{
	struct source_reader r = reader(w);
	const char *out;

	if (sources_expand(&r, word, &out, w->err))
		return NULL;
	*known = out != NULL;
	return out ? out : arena_printf(w->arena, "?%s", word);
}

void
step_set(struct step_walk *w, const char *name, struct step_var var,
	 bool is_arg)
{
	struct step_state *s = w->now;
	struct dfvar v = { DFVAR_UNKNOWN, "", 0 };
	size_t i, n = 0;

	var.image = is_arg ? NULL : var.value;
	var.image_known = !is_arg && var.known;
	for (i = 0; i < s->n_env; i++) {
		if (strcmp(s->env[i].name, name)) {
			s->env[n++] = s->env[i];
		} else if (is_arg) {
			var.image = s->env[i].image;
			var.image_known = s->env[i].image_known;
		}
	}
	s->n_env = n;
	var.name = name;
	mem_grow(s->env, s->n_env, s->cap_env);
	s->env[s->n_env++] = var;
	if (var.known)
		v = (struct dfvar){ DFVAR_SET, var.value, strlen(var.value) };
	scope_set(&w->scope, name, v);
}

const char *
step_folder(struct step_walk *w, const char *word)
{
	bool known;
	const char *path = step_expand(w, word, &known);

	if (!path || !known)
		return path;
	if (*path == '/')
		return arena_printf(w->arena, "/%s",
				    source_clean(w->arena, path));
	return arena_printf(w->arena, "%s/%s",
			    str_is(w->now->cwd, "/") ? "" : w->now->cwd, path);
}

static const char *
what_image(struct step_walk *w, const char *ref)
{
	const struct dockerfile_world *o = w->world;
	const char *is = o->image ? o->image(o->payload, ref) : NULL;

	return is ? is : ref;
}

static const char *
what_context(struct step_walk *w, const char *name)
{
	const struct dockerfile_world *o = w->world;
	const char *is = o->context ? o->context(o->payload, name) : NULL;

	return is ? is : name;
}

/* A named context that stands for an image or a stage is read as a whole. */
static void
add_context(struct step_walk *w, const char *name, struct buf *b)
{
	const struct dockerfile_world *o = w->world;
	const struct dockerfile_read all = {
		.kind = DOCKERFILE_READ_TREE, .context = name, .path = "",
	};
	const char *text = o->read ? o->read(o->payload, &all) : NULL;

	field(b, 'c', what_context(w, name));
	if (text)
		field(b, 'r', text);
}

int
step_root_id(struct step_walk *w, const struct stage *st, struct hash *out)
{
	char *target = platform_text(&w->stages.target);
	struct buf b = BUF_INIT;
	int ret;

	if (st->root == ROOT_SCRATCH)
		field(&b, 's', "");
	else if (st->context)
		add_context(w, st->context, &b);
	else
		field(&b, 'i', what_image(w, st->image));
	field(&b, 'p', st->platform ? st->platform : target);
	ret = finish(w, &b, out);
	buf_release(&b);
	free(target);
	return ret;
}

struct adding {
	struct step_walk *w;
	struct buf *b;
	bool sure;		/* without what stages have become */
};

/* What a --from or from= names. */
static int
add_source(void *payload, const struct stage_source *source,
	   struct imgcache_error *err)
{
	struct adding *a = payload;
	struct step_walk *w = a->w;

	(void)err;
	if (source->stage != STAGE_NONE && source->stage < w->stage &&
	    a->sure)
		field(a->b, 'S', "");
	else if (source->stage != STAGE_NONE && source->stage < w->stage)
		hash_field(a->b, 'S', &w->states[source->stage].id);
	else if (source->context)
		field(a->b, 'C', what_context(w, source->context));
	else if (source->image)
		field(a->b, 'I', what_image(w, source->image));
	else
		field(a->b, 'X', source->scratch ? "scratch" : "");
	return 0;
}

static void
add_env(struct step_walk *w, struct buf *b)
{
	for (size_t i = 0; i < w->now->n_env; i++) {
		field(b, 'e', w->now->env[i].name);
		field(b, 'v', w->now->env[i].value);
	}
}

static int
add_expanded(struct step_walk *w, struct buf *b, char letter, const char *word)
{
	bool known;
	const char *text = step_expand(w, word, &known);

	if (!text)
		return w->err->code;
	field(b, letter, text);
	return 0;
}

/* A heredoc's body is a script of RUN, or a file that COPY makes. */
static void
add_heredocs(struct step_walk *w, const struct dockerfile_instruction *in,
	     struct buf *b)
{
	for (size_t i = 0; i < in->n_heredocs; i++) {
		const struct dockerfile_heredoc *h = &in->heredocs[i];

		field(b, 'h', h->name);
		field(b, h->chomp ? 'H' : 'h', h->expand ? "x" : "");
		buf_add(b, h->body, h->body_len);
		buf_addc(b, '\0');
		if (h->expand && in->keyword != DOCKERFILE_RUN &&
		    memchr(h->body, '$', h->body_len))
			add_env(w, b);
	}
}

/* A mount without where its source is: what is there decides. */
static const char *
without_source(struct step_walk *w, const char *flag)
{
	static const char *const keys[] = { ",source=", ",src=", NULL };
	struct imgcache_error ignored = {0};
	struct run_mount m;

	if (!str_starts(flag, "--mount=") ||
	    run_mount_parse(&m, flag + 8, w->arena, &ignored) || !m.source)
		return flag;
	for (size_t i = 0; keys[i]; i++) {
		const char *at = strstr(flag, keys[i]);
		size_t len = at ? (size_t)(at - flag) + strlen(keys[i]) : 0;

		if (at && str_starts(flag + len, m.source))
			return arena_printf(w->arena, "%.*s%s", (int)len, flag,
					    flag + len + strlen(m.source));
	}
	return flag;
}

static int
add_flags(struct step_walk *w, const struct dockerfile_instruction *in,
	  struct buf *b, bool sure)
{
	int ret = 0;

	for (size_t i = 0; i < in->n_flags && !ret; i++)
		if (!str_starts(in->flags[i], "--from="))
			ret = add_expanded(w, b, 'f', sure ?
					   without_source(w, in->flags[i]) :
					   in->flags[i]);
	return ret;
}

static void
add_reads(struct step_walk *w, const struct dockerfile_step *step,
	  struct buf *b)
{
	const struct dockerfile_world *o = w->world;

	for (size_t i = 0; o->read && i < step->n_reads; i++) {
		const char *text = o->read(o->payload, &step->reads[i]);

		if (text)
			field(b, 'r', text);
	}
}

static int
add_run(struct step_walk *w, const struct dockerfile_instruction *in,
	struct buf *b, bool sure)
{
	field(b, in->json ? 'J' : 'T', w->now->shell && !in->json ?
	      w->now->shell : "");
	for (size_t i = 0; i < in->n_args; i++)
		field(b, 'a', in->args[i]);
	field(b, 'w', w->now->cwd);
	field(b, 'u', w->now->user);
	field(b, 'n', w->world->run ? w->world->run : "");
	add_env(w, b);
	return add_flags(w, in, b, sure);
}

/* Of a source docker's key has the last part of the path, and the content. */
static int
add_last_part(struct step_walk *w, struct buf *b, const char *word)
{
	bool known;
	const char *text = step_expand(w, word, &known), *slash;

	if (!text)
		return w->err->code;
	text = source_clean(w->arena, text);
	slash = strrchr(text, '/');
	field(b, 'a', slash ? slash + 1 : text);
	return 0;
}

/* Only where a relative target is meant from does it matter where we are. */
static int
add_copy(struct step_walk *w, const struct dockerfile_instruction *in,
	 struct buf *b, bool sure)
{
	int ret = add_flags(w, in, b, false);

	for (size_t i = 0; i < in->n_args && !ret; i++)
		ret = sure && i + 1 < in->n_args ?
			add_last_part(w, b, in->args[i]) :
			add_expanded(w, b, 'a', in->args[i]);
	if (in->n_args && in->args[in->n_args - 1][0] != '/')
		field(b, 'w', w->now->cwd);
	return ret;
}

static int
add_words(struct step_walk *w, const struct dockerfile_instruction *in,
	  struct buf *b, bool sure)
{
	const char *folder;

	field(b, 'k', dockerfile_keyword_name(in->keyword));
	switch (in->keyword) {
	case DOCKERFILE_RUN:
		return add_run(w, in, b, sure);
	case DOCKERFILE_WORKDIR:
		folder = step_folder(w, in->n_args ? in->args[0] : "");
		if (!folder)
			return w->err->code;
		field(b, 'w', folder);
		field(b, 'u', w->now->user);
		return 0;
	default:
		return add_copy(w, in, b, sure);
	}
}

/*
 * COPY --link stands on nothing; what it made is laid over what was there. Some
 * engines do not do so together with --chmod.
 */
static bool
is_linked(const struct dockerfile_instruction *in)
{
	const char *value = dockerfile_flag(in, "link");

	return value && strcasecmp(value, "false") != 0 &&
		!dockerfile_flag(in, "chmod");
}

/* One of the two ids, and what stands there after it. */
static int
make_id(struct step_walk *w, const struct dockerfile_instruction *in,
	struct dockerfile_step *step, bool sure)
{
	struct hash *now = sure ? &w->now->sure : &w->now->id;
	struct hash *id = sure ? &step->sure : &step->id;
	struct buf b = BUF_INIT;
	struct adding sources = { w, &b, sure };
	int ret;

	if (!is_linked(in))
		hash_field(&b, 'P', now);
	ret = add_words(w, in, &b, sure);
	if (!ret)
		ret = sources_named(&w->stages, in, add_source, &sources,
				    w->err);
	if (!ret) {
		add_heredocs(w, in, &b);
		add_reads(w, step, &b);
		ret = finish(w, &b, id);
	}
	if (!ret && is_linked(in)) {
		buf_clear(&b);
		hash_field(&b, 'P', now);
		hash_field(&b, 'L', id);
		ret = finish(w, &b, now);
	} else if (!ret) {
		*now = *id;
	}
	buf_release(&b);
	return ret;
}

int
step_id(struct step_walk *w, const struct dockerfile_instruction *in,
	struct dockerfile_step *step)
{
	int ret = make_id(w, in, step, false);

	return ret ? ret : make_id(w, in, step, true);
}
