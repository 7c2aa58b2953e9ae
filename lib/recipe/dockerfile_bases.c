/* SPDX-License-Identifier: MIT */

/*
 * BuildKit reads each trigger as a file of its own that must hold just one
 * instruction. Here those of one image are read as one file, and where that
 * might give something else, the image counts as one that nobody has seen.
 */

#include "recipe/dockerfile_bases.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

/* A comment could be a directive, which counts only at the top of a file. */
static bool
is_comment(const char *trigger)
{
	return trigger[strspn(trigger, " \t\r\n")] == '#';
}

static bool
is_odd(const struct strv *onbuild, const struct dockerfile *df)
{
	size_t i;

	for (i = 0; i < onbuild->n; i++)
		if (is_comment(onbuild->v[i]))
			return true;
	for (i = 0; i < df->n; i++)
		if (df->v[i].keyword == DOCKERFILE_ONBUILD)
			return true;
	return df->n != onbuild->n;
}

static int
parse_triggers(struct base_set *set, size_t i, struct imgcache_error *err)
{
	const struct strv *onbuild = set->v[i].onbuild;
	struct buf text = BUF_INIT;
	char *name;
	int ret;

	set->unseen[i] = set->v[i].is_unseen;
	if (set->unseen[i] || !onbuild || !onbuild->n)
		return 0;
	for (size_t k = 0; k < onbuild->n; k++)
		buf_addf(&text, "%s\n", onbuild->v[k]);
	name = mem_printf("ONBUILD of %s", set->v[i].ref);
	ret = dockerfile_parse(text.data, text.len, name, &set->triggers[i],
			       err);
	if (ret == 0)
		set->unseen[i] = is_odd(onbuild, set->triggers[i]);
	buf_release(&text);
	free(name);
	return ret;
}

/* A blank is in no name of an image or context. */
static char *
key_of(const char *context, const char *ref, const char *platform)
{
	return mem_printf("%s %s %s", context ? "context" : "image",
			  context ? context : ref, platform ? platform : "");
}

int
base_set_init(struct base_set *set, const struct dockerfile_options *options,
	      struct imgcache_error *err)
{
	int ret = 0;

	set->v = options->bases;
	set->n = options->n_bases;
	set->keys = mem_array(set->n + 1, sizeof(*set->keys));
	set->triggers = mem_array(set->n + 1, sizeof(*set->triggers));
	set->unseen = mem_array(set->n + 1, sizeof(*set->unseen));
	for (size_t i = 0; i < set->n; i++) {
		const struct dockerfile_base *b = &set->v[i];
		set->keys[i] = key_of(b->context, b->ref, b->platform);
		*strmap_at(&set->index, set->keys[i], strlen(set->keys[i])) = i;
	}
	for (size_t i = 0; i < set->n && ret == 0; i++)
		ret = parse_triggers(set, i, err);
	return ret;
}

void
base_set_release(struct base_set *set)
{
	for (size_t i = 0; i < set->n; i++) {
		dockerfile_free(set->triggers[i]);
		free(set->keys[i]);
	}
	strmap_release(&set->index);
	free(set->keys);
	free(set->triggers);
	free(set->unseen);
}

static size_t
find(const struct base_set *set, const struct stage *st, const char *platform)
{
	char *key = key_of(st->context, st->image, platform);
	size_t i = strmap_get(&set->index, key, strlen(key));

	free(key);
	return i;
}

struct stage_base
base_set_find(const struct base_set *set, const struct stage *st,
	      const char *platform)
{
	struct stage_base found = { 0 };
	size_t i;

	if (!set->n || !(st->context || st->root == ROOT_IMAGE))
		return found;
	i = find(set, st, platform);
	if (i == STRMAP_NONE)
		i = find(set, st, NULL);
	if (i == STRMAP_NONE)
		return found;
	found.unseen = set->unseen[i];
	found.env = found.unseen ? NULL : set->v[i].env;
	found.triggers = found.unseen ? NULL : set->triggers[i];
	return found;
}

bool
triggers_hang_on_escape(const struct stage *st, char escape)
{
	for (size_t i = 0; escape != '\\' && i < st->n_triggers; i++)
		if (strpbrk(st->triggers[i]->text, "\\`"))
			return true;
	return false;
}
