/* SPDX-License-Identifier: MIT */
/*
 * A generated image reads nothing of the project but what its copies,
 * requirements and lock files name, so the context is those paths alone, less
 * what the project's .dockerignore leaves out; or none at all.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "key/inputs.h"
#include "recipe/generate.h"
#include "session/recipes.h"
#include "source/ignore.h"
#include "source/tree.h"
#include "sys/file.h"

/* The allow list and the project's own rules as one ignore file. */
static void
write_ignore(struct input_context *c, const struct strv *allow)
{
	struct buf text = BUF_INIT;
	size_t i;

	if (!strv_has(allow, ".")) {
		buf_adds(&text, "*\n");
		for (i = 0; i < allow->n; i++)
			buf_addf(&text, "!%s\n", allow->v[i]);
	}
	buf_add(&text, c->ignore.data, c->ignore.len);
	buf_release(&c->ignore);
	c->ignore = text;
	c->has_ignore = true;
}

static int
take_context(struct inputs *in, struct imgcache_error *err)
{
	const struct recipe *q = in->r->recipe;
	struct input_context *c;
	struct strv warnings = {0};
	bool found;
	char *path;
	size_t i;
	int ret;

	ret = generate_reads(q, &in->allow, &warnings, err);
	for (i = 0; i < warnings.n; i++)
		session_warn(in->ic, "%s", warnings.v[i]);
	strv_release(&warnings);
	if (ret)
		return ret;
	c = inputs_add_context(in, NULL, q->root);
	c->is_empty = !in->allow.n;
	in->context_mode = c->is_empty ? CONTEXT_NONE : CONTEXT_SOURCES;
	if (c->is_empty)
		return 0;
	path = path_join(q->root, ".dockerignore");
	ret = inputs_read_ignore(in, c, path, &found, err);
	free(path);
	if (!ret)
		write_ignore(c, &in->allow);
	return ret;
}

/* Behind a link it may be there by another path, which is BuildKit's matter. */
static bool
is_behind_link(const char *root, const char *path)
{
	char *at = path_join(root, path), *slash;
	bool is = false;
	struct stat st;

	while (!is && (slash = strrchr(at, '/')) && slash >= at + strlen(root)) {
		*slash = '\0';
		is = !lstat(at, &st) && S_ISLNK(st.st_mode) &&
			strlen(at) > strlen(root);
	}
	free(at);
	return is;
}

/*
 * Docker would send it, or what is in it, without content: behind what is
 * copied stands a line of the user's for a folder above it.
 */
static bool
is_emptied(const struct input_context *c, const struct tree_entry *e,
	   const char *path)
{
	struct imgcache_error ignored = {0};
	struct ignore *rules = NULL;
	bool is = false;

	if (e->type != TREE_DIR)
		return e->hollow && e->id.size;
	if (!ignore_parse(&rules, "", c->ignore.data, c->ignore.len, &ignored))
		is = ignore_matches_hollow(rules, path) != IGNORE_NO_RULE;
	ignore_free(rules);
	return is;
}

/* Why docker would not find it, or NULL. */
static const char *
copy_complaint(const struct inputs *in, const char *from)
{
	const struct input_context *c = &in->contexts[0];
	char *full = path_absolute(c->path, from);
	const char *why = NULL, *path = full + strlen(c->path);
	const struct tree_entry *e;
	struct stat st;

	path += strspn(path, "/");
	e = *path ? tree_find(c->tree, path) : NULL;
	if (lstat(full, &st))
		why = "is not there";
	else if (*path && !e && !is_behind_link(c->path, path))
		why = "is left out by .dockerignore";
	else if (e && is_emptied(c, e, path))
		why = "would be sent by docker without its content, since "
			".dockerignore leaves out a folder above it";
	free(full);
	return why;
}

int
inputs_check_copies(const struct inputs *in, struct imgcache_error *err)
{
	const struct recipe *q = in->r->recipe;
	const char *why = NULL;
	size_t i;

	for (i = 0; !why && q->kind == RECIPE_GENERATED && i < q->n_copies; i++)
		why = copy_complaint(in, q->copies[i].from);
	if (!why)
		return 0;
	error_set(err, IMGCACHE_EFAIL, "%s'%s' %s",
		  q->copies[i - 1].place.file ? "copy from " : "--copy ",
		  q->copies[i - 1].from, why);
	if (q->copies[i - 1].place.file)
		error_prefix(err, "%s:%d:%d", q->copies[i - 1].place.file,
			     q->copies[i - 1].place.line,
			     q->copies[i - 1].place.column);
	return err->code;
}

/*
 * The base that the first recipe of a chain of "@name" has: what its package
 * caches are named after. NULL if that one has a Dockerfile.
 */
static int
find_cache_base(struct inputs *in, const char **base,
		struct imgcache_error *err)
{
	const struct recipe *q = in->r->recipe;
	struct imgcache_recipe *other;
	int ret = 0;

	while (!ret && q->base && q->base[0] == '@') {
		ret = imgcache_recipe_named(in->ic, q->base + 1, &other, err);
		if (!ret)
			ret = recipes_check(other, err);
		if (!ret)
			q = other->recipe;
	}
	*base = q->kind == RECIPE_GENERATED ? q->base : NULL;
	return ret;
}

int
inputs_generated(struct inputs *in, const struct inputs_options *o,
		 struct imgcache_error *err)
{
	static const struct strv no_triggers;
	struct recipe *q = in->r->recipe;
	struct generate_inputs g = {0};
	struct base_query query = {
		.platform = q->platforms.v[0],
		.by_name = q->base_policy == BASE_BY_NAME,
		.fresh = o->fresh_bases,
		.wants_user = true,
	};
	struct input_reference to;
	const struct base *base;
	int ret;

	if (in->only_sources)
		return take_context(in, err);
	ret = inputs_reference(in, q->base, &to, err);
	query.ref = to.ref;
	query.user = to.user;
	if (!ret) {
		ret = inputs_add_base(in, &query, &base, err);
		in->root = to.ref;
		in->needs_base = ret == IMGCACHE_EFAIL && !to.user &&
			recipe_reference(q->base);
	}
	if (!ret)
		ret = find_cache_base(in, &g.cache_base, err);
	if (ret)
		return ret;
	if (!generate_floats(q))
		in->epoch = NULL;
	in->own.is_known = true;
	in->own.onbuild = &no_triggers;
	g.base = base->pinned;
	g.base_user = base->user;
	g.has_epoch = in->epoch != NULL;
	ret = generate_dockerfile(q, &g, &in->dockerfile, err);
	if (ret)
		return ret;
	in->runs = strstr(in->dockerfile.data, "\nRUN ") != NULL;
	if (in->epoch)
		strv_pushf(&in->args, "%s=%s", GENERATE_EPOCH_ARG, in->epoch);
	return take_context(in, err);
}
