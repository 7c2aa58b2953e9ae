/* SPDX-License-Identifier: MIT */
/*
 * An ignore file for one Dockerfile. Where all its stages read is known by
 * name it is an allow list; where the whole folder is copied, the names that
 * hardly ever belong into an image. The rules that hold now stand behind that,
 * so what is left out stays left out, and what they bring back comes back. An
 * allow list is tried before it is handed out: what is read must stay the same.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "init/recipe.h"
#include "key/context.h"
#include "key/context_advice.h"
#include "recipe/dockerfile.h"
#include "source/ignore.h"
#include "source/reach.h"
#include "source/tree.h"
#include "sys/file.h"

#define HEAD "# By imgcache init: "
#define MAX_IGNORE (16 << 20)

/* One Dockerfile at work. */
struct work {
	struct init *in;
	const struct init_image *image;
	const char *context;	/* absolute */
	struct buf dockerfile;
	struct buf rules;	/* that hold now, and from which file */
	const char *rules_from;
	struct reach *reads;	/* of all stages */
	size_t n_reads, cap_reads;
	bool is_whole;
	const char *unknown;	/* why reads are not known, or NULL */
};

static void
add_read(struct work *w, const struct reach *r)
{
	size_t i;

	w->is_whole |= !*r->path;
	for (i = 0; i < w->n_reads; i++)
		if (!strcmp(w->reads[i].path, r->path) &&
		    w->reads[i].wildcard == r->wildcard)
			return;
	mem_grow(w->reads, w->n_reads, w->cap_reads);
	w->reads[w->n_reads++] = *r;
}

int
init_rules(const struct init *in, const struct input_context *c,
	   struct buf *out, const char **from, struct imgcache_error *err)
{
	bool is_ours = c->has_ignore && str_starts(c->ignore.data, HEAD);
	char *path = path_join(c->path, ".dockerignore");
	int ret = 0;

	*from = is_ours ? arena_strdup(in->arena, path) : c->ignore_path;
	if (!is_ours)
		buf_add(out, c->ignore.data, c->ignore.len);
	else
		ret = file_read(AT_FDCWD, path, MAX_IGNORE, out, err);
	if (ret == IMGCACHE_ENO) {
		error_clear(err);
		ret = 0;
	}
	free(path);
	return ret;
}

/* What one stage needs, and all that it stands on. */
static int
take_target(struct work *w, struct init_recipe *r, const char *target,
	    struct imgcache_error *err)
{
	struct recipe *q = r->recipe.recipe;
	char *kept = q->target;
	struct inputs inputs;
	size_t i;
	int ret;

	q->target = target ? mem_strdup(target) : NULL;
	ret = inputs_take_sources(&r->recipe, &inputs, err);
	if (!ret && !inputs.contexts[0].reads)
		w->unknown = inputs.context_reason;
	for (i = 0; !ret && i < inputs.contexts[0].n_reads; i++)
		add_read(w, &inputs.contexts[0].reads[i]);
	if (!ret && !w->context) {
		w->context = inputs.contexts[0].path;
		buf_add(&w->dockerfile, inputs.dockerfile.data,
			inputs.dockerfile.len);
		ret = init_rules(w->in, &inputs.contexts[0], &w->rules,
				 &w->rules_from, err);
	}
	inputs_release(&inputs);
	free(q->target);
	q->target = kept;
	return ret;
}

/* The name in FROM ... AS name, or NULL. */
static const char *
stage_name(const struct dockerfile_instruction *i)
{
	return i->keyword == DOCKERFILE_FROM && i->n_args == 3 ? i->args[2] :
		NULL;
}

/* All stages that can be asked for, since one file serves them all. */
static int
take_stages(struct work *w, struct init_recipe *r, struct imgcache_error *err)
{
	struct dockerfile *df = NULL;
	int ret = take_target(w, r, NULL, err);
	size_t i;

	if (!ret && !w->unknown)
		ret = dockerfile_parse(w->dockerfile.data, w->dockerfile.len,
				       w->image->dockerfile, &df, err);
	for (i = 0; df && i < df->n && !ret && !w->unknown; i++)
		if (stage_name(&df->v[i]))
			ret = take_target(w, r, stage_name(&df->v[i]), err);
	dockerfile_free(df);
	return ret;
}

/* A path as a pattern that means itself. */
static void
put_path(const struct reach *r, struct buf *out)
{
	const char *p;

	buf_addc(out, '!');
	for (p = r->path; *p; p++) {
		if (!r->wildcard && strchr("*?[\\", *p))
			buf_addc(out, '\\');
		buf_addc(out, *p);
	}
	buf_addc(out, '\n');
}

static bool
lets_through(const struct buf *text, const char *path)
{
	struct imgcache_error ignored = {0};
	struct ignore *rules;
	bool is;

	if (ignore_parse(&rules, "", text->data, text->len, &ignored))
		return false;
	is = !ignore_matches(rules, path);
	ignore_free(rules);
	return is;
}

/* Links on the way, and what they lead to, are read under other names. */
static void
put_resolved(const struct work *w, struct buf *out)
{
	int fd = open(w->context, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct strv paths = {0};
	size_t i;

	for (i = 0; fd >= 0 && i < w->n_reads; i++)
		reach_resolve(fd, w->reads + i, &paths);
	for (i = 0; i < paths.n; i++) {
		struct reach r = { .path = paths.v[i] };

		if (*r.path && !lets_through(out, r.path))
			put_path(&r, out);
	}
	strv_release(&paths);
	if (fd >= 0)
		close(fd);
}

static void
put_rules(const struct work *w, struct buf *out)
{
	const char *from = w->rules_from;
	size_t len = strlen(w->in->root);

	if (!w->rules.len)
		return;
	if (from && !strncmp(from, w->in->root, len) && from[len] == '/')
		from += len + 1;
	buf_addf(out, "\n# As in %s:\n", from ? from : "the project file");
	buf_add(out, w->rules.data, w->rules.len);
	if (out->data[out->len - 1] != '\n')
		buf_addc(out, '\n');
}

static bool
add_entry(void *payload, const char *path, const struct tree_entry *e)
{
	if (!e->structure && !e->ignored)
		buf_addf(payload, "%s%c", path, '\0');
	return true;
}

/* The entries that are read under these rules. */
static int
list_read(const struct work *w, const struct buf *rules, struct buf *out,
	  struct imgcache_error *err)
{
	static const struct reach none;
	struct tree_options o = {
		.hash = HASH_XXH3, .sizes_only = true,
		.reads = w->n_reads ? w->reads : &none, .n_reads = w->n_reads,
	};
	struct ignore *ig = NULL;
	struct tree *t = NULL;
	int ret = 0;

	if (rules->len)
		ret = ignore_parse(&ig, "ignore file", rules->data, rules->len,
				   err);
	o.ignore = ig;
	if (!ret)
		ret = tree_scan(w->context, &o, &t, err);
	if (!ret)
		tree_each(t, add_entry, out);
	tree_free(t);
	ignore_free(ig);
	return ret;
}

static int
check_same(const struct work *w, const struct buf *text,
	   struct imgcache_error *err)
{
	struct buf before = BUF_INIT, after = BUF_INIT;
	int ret = list_read(w, &w->rules, &before, err);

	if (!ret)
		ret = list_read(w, text, &after, err);
	if (!ret && (before.len != after.len ||
		     memcmp(before.data, after.data, before.len)))
		ret = error_set(err, IMGCACHE_EFAIL, "an allow list would not "
				"let all through that it reads");
	buf_release(&before);
	buf_release(&after);
	return ret;
}

static int
write_allowed(const struct work *w, struct buf *out, struct imgcache_error *err)
{
	size_t i;

	buf_adds(out, HEAD "what the stages of this Dockerfile read is sent,\n"
		 "# and nothing else. A new COPY may need a line here.\n*\n");
	for (i = 0; i < w->n_reads; i++)
		put_path(&w->reads[i], out);
	put_resolved(w, out);
	put_rules(w, out);
	return check_same(w, out, err);
}

static bool
mentions(const struct work *w, const char *const *words)
{
	for (; *words; words++)
		if (strstr(w->dockerfile.data, *words))
			return true;
	return false;
}

/*
 * Can it be left out without a second thought? Packages that the build does
 * not install itself, and a history that it asks, cannot.
 */
static bool
is_safe(const struct work *w, const struct imgcache_advice *a)
{
	static const char *const git[] = { "git ", ".git", NULL };
	static const char *const npm[] = {
		"npm ci", "npm install", "npm i ", "yarn", "pnpm",
		"bun install", NULL
	};
	static const char *const pip[] = {
		"pip install", "pip3 install", "uv ", "poetry", "pipenv",
		"pdm ", NULL
	};

	switch (advice_kind(a->why)) {
	case ADVICE_HISTORY:
		return !mentions(w, git);
	case ADVICE_NODE:
		return mentions(w, npm);
	case ADVICE_VENV:
		return mentions(w, pip);
	case ADVICE_OUTPUT:
	case ADVICE_SECRET:
		return false;
	default:
		return true;
	}
}

/* In an order that no weight changes. */
static int
by_kind(const void *a, const void *b)
{
	const struct imgcache_advice *x = a, *y = b;
	enum advice_kind left = advice_kind(x->why);
	enum advice_kind right = advice_kind(y->why);

	if (left != right)
		return left < right ? -1 : 1;
	return strcmp(x->pattern, y->pattern);
}

static void
put_advice(const struct work *w, const struct imgcache_context *c,
	   struct buf *out)
{
	struct imgcache_advice *v = mem_array(c->n_advice, sizeof(*v));
	const char *last = NULL;
	size_t i;

	memcpy(v, c->advice, c->n_advice * sizeof(*v));
	qsort(v, c->n_advice, sizeof(*v), by_kind);
	for (i = 0; i < c->n_advice; i++) {
		if (!str_is(last, v[i].why))
			buf_addf(out, "# %s:\n", v[i].why);
		last = v[i].why;
		buf_addf(out, "%s%s\n", is_safe(w, &v[i]) ? "" : "# ",
			 v[i].pattern);
	}
	free(v);
}

/* What is left out comes first, so that rules with ! still bring it back. */
static int
write_denied(struct work *w, struct init_recipe *r, struct buf *out,
	     struct imgcache_error *err)
{
	struct imgcache_context now = {0};
	struct inputs inputs;
	int ret = inputs_take_sources(&r->recipe, &inputs, err);

	if (!ret) {
		struct input_context *c = &inputs.contexts[0];

		buf_clear(&c->ignore);
		buf_add(&c->ignore, w->rules.data, w->rules.len);
		ret = context_look(&inputs, c, false, &now, err);
	}
	inputs_release(&inputs);
	if (ret || !now.n_advice)
		return ret ? ret : IMGCACHE_ENO;
	buf_adds(out, HEAD "the whole folder is copied, but hardly ever this.\n"
		 "# What is behind a # is for you to decide.\n");
	put_advice(w, &now, out);
	put_rules(w, out);
	return 0;
}

bool
init_ignore(struct init *in, const struct init_image *image, struct buf *out)
{
	struct work w = {
		.in = in, .image = image,
		.dockerfile = BUF_INIT, .rules = BUF_INIT,
	};
	struct imgcache_error err = {0};
	struct init_recipe r;
	int ret = init_recipe_open(in, image, &r, &err);

	if (ret)
		goto out;
	ret = take_stages(&w, &r, &err);
	if (!ret && (w.is_whole || w.unknown))
		ret = write_denied(&w, &r, out, &err);
	else if (!ret)
		ret = write_allowed(&w, out, &err);
	init_recipe_close(&r);
out:
	if (ret && err.code)
		init_note(in, "%s: no ignore file was written: %s",
			  image->dockerfile, err.text);
	else if (w.unknown)
		init_note(in, "%s: no allow list: %s", image->dockerfile,
			  w.unknown);
	free(w.reads);
	buf_release(&w.dockerfile);
	buf_release(&w.rules);
	return !ret;
}
