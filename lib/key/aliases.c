/* SPDX-License-Identifier: MIT */
#include "key/aliases.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"
#include "key/inputs.h"
#include "source/gitlib.h"
#include "source/repo.h"
#include "source/tree.h"
#include "sys/file.h"

#define COMMIT_HEX 12
#define KEY_HEX 12
#define DIRTY_HEX 8

struct comparing {
	const struct gitlib_commit *commit;
	const char *prefix;	/* of the context in the work tree */
	bool is_clean;
};

static bool
compare(void *payload, const char *path, const struct tree_entry *e)
{
	struct comparing *c = payload;
	char *full;

	if (e->type == TREE_DIR)
		return true;
	full = *c->prefix ? path_join(c->prefix, path) : mem_strdup(path);
	c->is_clean = gitlib_commit_has(c->commit, full, e->id.mode,
					e->digest.bytes);
	free(full);
	return c->is_clean;
}

/* A file beside the trees: a Dockerfile need not be in its context. */
static bool
is_committed(const struct gitlib_commit *commit, const char *top,
	     const struct buf *content, const char *path)
{
	struct imgcache_error ignored = {0};
	size_t len = strlen(top);
	struct hash h;

	return !strncmp(path, top, len) && path[len] == '/' &&
		!hash_bytes(HASH_GIT, content->data, content->len, &h,
			    &ignored) &&
		(gitlib_commit_has(commit, path + len + 1, 0100644, h.bytes) ||
		 gitlib_commit_has(commit, path + len + 1, 0100755, h.bytes));
}

static bool
is_dockerfile_clean(const struct inputs *in, const struct gitlib_commit *commit,
		    const char *top)
{
	const struct recipe *q = in->r->recipe;
	char *context, *path;
	bool is_clean;

	if (q->kind == RECIPE_GENERATED)
		return true;
	context = path_absolute(q->root, q->context ? q->context : ".");
	path = q->dockerfile ? path_absolute(q->root, q->dockerfile) :
		path_join(context, "Dockerfile");
	is_clean = is_committed(commit, top, &in->dockerfile, path);
	free(context);
	free(path);
	return is_clean;
}

static bool
is_clean(const struct inputs *in, const char *top)
{
	struct gitlib_commit *commit = gitlib_commit_open(top);
	struct comparing c = { .commit = commit, .is_clean = true };
	size_t i, len = strlen(top);

	c.is_clean = commit && is_dockerfile_clean(in, commit, top);
	for (i = 0; c.is_clean && i < in->n_contexts; i++) {
		const struct input_context *x = &in->contexts[i];

		if (!x->tree)
			continue;
		c.is_clean = !strncmp(x->path, top, len) &&
			(!x->path[len] || x->path[len] == '/');
		c.prefix = c.is_clean ? x->path + len + (x->path[len] == '/') :
			"";
		if (c.is_clean)
			tree_each(x->tree, compare, &c);
	}
	gitlib_commit_close(commit);
	return c.is_clean;
}

static void
add(const struct inputs *in, struct strv *out, const char *alias)
{
	const char *colon = strrchr(in->ref, ':');

	strv_pushf(out, "%.*s:%s", (int)(colon - in->ref), in->ref, alias);
}

static void
add_git(const struct inputs *in, struct strv *out)
{
	char commit[REPO_ID_SIZE];
	char *top, *alias;

	if (in->hash != HASH_GIT || !in->n_contexts || !in->contexts[0].tree ||
	    repo_head(in->contexts[0].path, commit) != REPO_COMMIT)
		return;
	top = repo_top(in->contexts[0].path);
	if (top && is_clean(in, top))
		alias = mem_printf("git-%.*s", COMMIT_HEX, commit);
	else
		alias = mem_printf("git-%.*s-dirty-%.*s", COMMIT_HEX, commit,
				   DIRTY_HEX, in->tag + 3);
	add(in, out, alias);
	free(alias);
	free(top);
}

void
aliases_of(const struct inputs *in, struct strv *out)
{
	const char *name = in->r->recipe->name;
	char *alias;

	if (name) {
		alias = mem_printf("%s-%.*s", name, KEY_HEX, in->tag + 3);
		add(in, out, alias);
		free(alias);
	}
	add_git(in, out);
}

static bool
is_hex(const char *text, size_t n)
{
	return strspn(text, "0123456789abcdef") >= n;
}

bool
alias_is_of(const char *tag, const char *id)
{
	size_t len = strlen(tag);

	if (len > KEY_HEX + 1 && tag[len - KEY_HEX - 1] == '-' &&
	    !strcmp(tag + len - KEY_HEX, id))
		return true;
	if (!str_starts(tag, "git-") || !is_hex(tag + 4, COMMIT_HEX))
		return false;
	tag += 4 + COMMIT_HEX;
	return !*tag || (str_starts(tag, "-dirty-") &&
			 !strncmp(tag + 7, id, DIRTY_HEX) &&
			 !tag[7 + DIRTY_HEX]);
}
