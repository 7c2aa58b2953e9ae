/* SPDX-License-Identifier: MIT */
/*
 * Manifests are compared by subject: a line that both sides have with another
 * value was edited, one that a side has alone came or went.
 */
#include "lookup/changes.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "recipe/generate.h"
#include "store/bases.h"

/* A word that stands once. "-" is how a manifest writes none. */
static void
compare_single(struct changes *c, enum imgcache_subject subject,
	       const char *word)
{
	const char *x = side_value(c->a, word, NULL);
	const char *y = side_value(c->b, word, NULL);

	x = str_is(x, "-") ? NULL : x;
	y = str_is(y, "-") ? NULL : y;
	if (str_is(x, y))
		return;
	changes_values(c, changes_add(c, subject, !x ? IMGCACHE_ADDED :
				      !y ? IMGCACHE_REMOVED : IMGCACHE_EDITED,
				      NULL), x, y);
}

static void
compare_platforms(struct changes *c)
{
	size_t from = c->n;

	changes_named(c, IMGCACHE_SUBJECT_PLATFORM, "platform", false);
	(void)changes_join_pair(c, from);
}

static bool
declares(const struct side *s, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < s->df->n; i++) {
		const struct dockerfile_instruction *in = &s->df->v[i];

		for (size_t k = 0; in->keyword == DOCKERFILE_ARG &&
		     k < in->n_args; k++)
			if (!strncmp(in->args[k], name, len) &&
			    (!in->args[k][len] || in->args[k][len] == '='))
				return true;
	}
	return false;
}

/*
 * An arg counts where it is declared and can be used, given or not. It may come
 * or go because an instruction did, or another target is built: that is told
 * there.
 */
static bool
counts_newly(const struct changes *c, const struct imgcache_change *arg)
{
	const struct side *s = arg->how == IMGCACHE_ADDED ? c->a : c->b;

	if ((arg->how != IMGCACHE_ADDED && arg->how != IMGCACHE_REMOVED) ||
	    dockerfile_arg_always_counts(arg->name) || !s->df ||
	    side_value(s, "context-reason", NULL))
		return false;
	return changes_target(c) || !declares(s, arg->name) ||
		changes_has(c, IMGCACHE_SUBJECT_INSTRUCTION);
}

/* "ARG NAME" and "FROM $NAME", and no other line with the name in it? */
static bool
is_for_from(const struct side *s, const char *name)
{
	char *plain = mem_printf("$%s", name), *braced = mem_printf("${%s}",
								     name);
	bool is = true, is_global = true;

	for (size_t i = 0; is && i < s->df->n; i++) {
		const struct dockerfile_instruction *in = &s->df->v[i];

		is_global &= in->keyword != DOCKERFILE_FROM;
		is = !strstr(in->text, name) ||
			(in->keyword == DOCKERFILE_FROM && in->n_args &&
			 (!strcmp(in->args[0], plain) ||
			  !strcmp(in->args[0], braced))) ||
			(is_global && in->keyword == DOCKERFILE_ARG &&
			 in->n_args == 1 && str_starts(in->args[0], name) &&
			 !strchr(in->args[0], '$'));
	}
	free(plain);
	free(braced);
	return is;
}

/* Does it do nothing but name an image of ours, which is told already? */
static bool
names_base(const struct changes *c, const struct imgcache_change *arg)
{
	const char *value = side_arg(c->b, arg->name);

	if (arg->how != IMGCACHE_EDITED || !value || !c->b->df ||
	    !is_for_from(c->b, arg->name))
		return false;
	for (size_t i = 0; i < c->n; i++)
		if (c->v[i].c.subject == IMGCACHE_SUBJECT_BASE &&
		    c->v[i].c.of && str_is(c->v[i].c.after, value))
			return true;
	return false;
}

/* The epoch reaches a Dockerfile as an arg; one of the two is enough. */
static void
compare_args(struct changes *c)
{
	size_t from = c->n, n = from;
	bool rolled = !str_is(side_value(c->a, "epoch", NULL),
			      side_value(c->b, "epoch", NULL));

	changes_named(c, IMGCACHE_SUBJECT_ARG, "arg", false);
	for (size_t i = from; i < c->n; i++)
		if (!(rolled && !strcmp(c->v[i].c.name, GENERATE_EPOCH_ARG)) &&
		    !counts_newly(c, &c->v[i].c) &&
		    !names_base(c, &c->v[i].c))
			c->v[n++] = c->v[i];
	c->n = n;
}

/* Directories are compared file by file. */
static void
compare_contexts(struct changes *c)
{
	size_t from = c->n, n = from;

	changes_named(c, IMGCACHE_SUBJECT_CONTEXT, "named", true);
	for (size_t i = from; i < c->n; i++)
		if (!side_tree(c->a, c->v[i].c.name) ||
		    !side_tree(c->b, c->v[i].c.name))
			c->v[n++] = c->v[i];
	c->n = n;
}

/* "full", "sources" or "none", and for full why. */
static char *
counted(const struct side *s)
{
	const char *value = side_value(s, "context", NULL);
	const char *why = side_value(s, "context-reason", NULL);
	size_t n = strcspn(value ? value : "", " ");

	return mem_printf("%.*s%s%s%s", (int)n, value ? value : "",
			  why ? " (" : "", why ? why : "", why ? ")" : "");
}

/* From none to sources, or back, it goes as instructions come and go. */
static bool
follows_file(const struct changes *c, const char *x, const char *y)
{
	return *x != 'f' && *y != 'f' &&
		(changes_has(c, IMGCACHE_SUBJECT_INSTRUCTION) ||
		 changes_has(c, IMGCACHE_SUBJECT_ARG) ||
		 changes_has(c, IMGCACHE_SUBJECT_TARGET));
}

static void
compare_counted(struct changes *c)
{
	char *x = counted(c->a), *y = counted(c->b);

	if (strcmp(x, y) && !follows_file(c, x, y))
		changes_values(c, changes_add(c, IMGCACHE_SUBJECT_COUNTED,
					      IMGCACHE_EDITED, NULL), x, y);
	free(x);
	free(y);
}

void
changes_find(struct changes *c, const struct side *a, const struct side *b,
	     size_t max_files)
{
	memset(c, 0, sizeof(*c));
	c->a = a;
	c->b = b;
	c->max_files = max_files;
	c->arena = &b->ic->arena;
	changes_find_edits(c);
	changes_in_bases(c);
	compare_single(c, IMGCACHE_SUBJECT_FRONTEND, "frontend");
	compare_single(c, IMGCACHE_SUBJECT_HASH, "hash");
	changes_in_dockerfile(c);
	compare_args(c);
	changes_in_packages(c);
	compare_single(c, IMGCACHE_SUBJECT_EPOCH, "epoch");
	compare_platforms(c);
	compare_single(c, IMGCACHE_SUBJECT_SALT, "salt");
	compare_single(c, IMGCACHE_SUBJECT_TARGET, "target");
	compare_single(c, IMGCACHE_SUBJECT_NETWORK, "network");
	changes_named(c, IMGCACHE_SUBJECT_HOST, "addhost", false);
	changes_named(c, IMGCACHE_SUBJECT_LABEL, "label", true);
	changes_named(c, IMGCACHE_SUBJECT_SECRET, "secret", false);
	changes_named(c, IMGCACHE_SUBJECT_SSH, "ssh", false);
	compare_contexts(c);
	changes_named(c, IMGCACHE_SUBJECT_KEY_FILE, "extra", false);
	compare_counted(c);
	changes_give_edits(c);
	changes_in_files(c);
}

void
changes_release(struct changes *c)
{
	free(c->v);
	free(c->edits);
	free(c->stages);
	dockerfile_edits_release(&c->hidden);
	memset(c, 0, sizeof(*c));
}
