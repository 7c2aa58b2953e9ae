/* SPDX-License-Identifier: MIT */
/* Words for the enums of images.h, and reading rows into lists. */

#include "store/imagerow.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "store/sql.h"

static const char *const statuses[] = {
	[IMAGE_PENDING] = "pending",
	[IMAGE_BUILDING] = "building",
	[IMAGE_COMPLETED] = "completed",
	[IMAGE_FAILED] = "failed",
	[IMAGE_CHANGED] = "changed",
	[IMAGE_INTERRUPTED] = "interrupted",
	[IMAGE_DELETING] = "deleting",
	[IMAGE_GONE] = "gone",
	[IMAGE_PRUNED] = "pruned",
	[IMAGE_DELETED] = "deleted",
};

static const char *const sorts[] = {
	[IMAGE_BY_USED] = "used",
	[IMAGE_BY_CREATED] = "created",
	[IMAGE_BY_SIZE] = "size",
	[IMAGE_BY_HITS] = "hits",
	[IMAGE_BY_NAME] = "name",
	[IMAGE_BY_TAG] = "tag",
};

static int
word_index(const char *word, const char *const *words, int n)
{
	for (int i = 0; i < n; i++)
		if (!strcmp(words[i], word))
			return i;
	return -1;
}

const char *
image_status_text(enum image_status s)
{
	return statuses[s];
}

bool
image_status_parse(const char *text, enum image_status *s)
{
	int i = word_index(text, statuses, IMAGE_STATUSES);

	if (i >= 0)
		*s = (enum image_status)i;
	return i >= 0;
}

const char *
image_sort_text(enum image_sort s)
{
	return sorts[s];
}

bool
image_sort_parse(const char *text, enum image_sort *s)
{
	int i = word_index(text, sorts, IMAGE_SORTS);

	if (i >= 0)
		*s = (enum image_sort)i;
	return i >= 0;
}

void
image_short_id(const char *tag, char out[13])
{
	bool is_key = !strncmp(tag, "g1-", 3) || !strncmp(tag, "x1-", 3);
	size_t len = is_key ? strnlen(tag + 3, 12) : 0;

	if (len)
		memcpy(out, tag + 3, len);
	out[len] = '\0';
}

void
image_list_release(struct image_list *list)
{
	arena_release(&list->arena);
	free(list->v);
	memset(list, 0, sizeof(*list));
}

void
imagerow_add(struct image_list *list, struct sql_use *q)
{
	struct arena *a = &list->arena;
	struct image_row *r;
	int c = 0;

	mem_grow(list->v, list->n, list->cap);
	r = &list->v[list->n++];
	memset(r, 0, sizeof(*r));
	r->id = sql_int(q, c++);
	r->key.engine = arena_strdup(a, sql_text(q, c++));
	r->key.tag = arena_strdup(a, sql_text(q, c++));
	r->key.platform = arena_strdup(a, sql_text(q, c++));
	image_status_parse(sql_text(q, c++), &r->status);
	r->hash = arena_strdup(a, sql_text(q, c++));
	r->ref = arena_strdup(a, sql_text(q, c++));
	r->name = arena_strdup(a, sql_text(q, c++));
	r->project = arena_strdup(a, sql_text(q, c++));
	r->recipe = arena_strdup(a, sql_text(q, c++));
	r->origin = arena_strdup(a, sql_text(q, c++));
	r->image_id = arena_strdup(a, sql_text(q, c++));
	r->digest = arena_strdup(a, sql_text(q, c++));
	r->base_ref = arena_strdup(a, sql_text(q, c++));
	r->base_digest = arena_strdup(a, sql_text(q, c++));
	r->dependencies_hash = arena_strdup(a, sql_text(q, c++));
	r->manifest = arena_strdup(a, sql_text(q, c++));
	r->log_path = arena_strdup(a, sql_text(q, c++));
	r->reason = arena_strdup(a, sql_text(q, c++));
	r->metadata = arena_strdup(a, sql_text(q, c++));
	r->pushed_ref = arena_strdup(a, sql_text(q, c++));
	r->pushed_at = sql_int(q, c++);
	r->size_bytes = sql_is_null(q, c) ? -1 : sql_int(q, c);
	c++;
	r->generation = sql_int(q, c++);
	r->created_at = sql_int(q, c++);
	r->last_used_at = sql_int(q, c++);
	r->built_at = sql_int(q, c++);
	r->build_us = sql_int(q, c++);
	r->hits = sql_int(q, c++);
	r->pinned = sql_int(q, c++) != 0;
	r->status_at = sql_int(q, c++);
	r->is_untrusted = sql_int(q, c++) != 0;
}

int
imagerow_add_all(struct image_list *list, struct sql_use *q,
		 struct imgcache_error *err)
{
	int rc;

	while ((rc = sql_next(q, err)) > 0)
		imagerow_add(list, q);
	return rc;
}
