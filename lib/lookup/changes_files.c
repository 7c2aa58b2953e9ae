/* SPDX-License-Identifier: MIT */
/*
 * Files, context by context. A directory that came or went is told by what was
 * in it, and by itself only where it was empty.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "key/reads.h"
#include "lookup/changes.h"
#include "lookup/world.h"

struct walking {
	struct changes *c;
	const char *context;		/* NULL: the main one */
	enum imgcache_how skipped;	/* follows from what is counted */
	bool skips;
	char *dir;		/* came or went; told when nothing is in it */
	enum imgcache_how dir_how;
};

static enum imgcache_how
how_of(enum tree_change change)
{
	static const enum imgcache_how how[] = {
		[TREE_ADDED] = IMGCACHE_ADDED,
		[TREE_REMOVED] = IMGCACHE_REMOVED,
		[TREE_EDITED] = IMGCACHE_EDITED,
		[TREE_EMPTIED] = IMGCACHE_EMPTIED,
		[TREE_FILLED] = IMGCACHE_FILLED,
		[TREE_MODE] = IMGCACHE_MODE,
		[TREE_RETARGETED] = IMGCACHE_LINK,
		[TREE_RETYPED] = IMGCACHE_TYPE,
		[TREE_UNKNOWN] = IMGCACHE_LOST,
	};

	return how[change];
}

static const char *
mode_text(struct changes *c, const struct tree_entry *e)
{
	return arena_printf(c->arena, "%o", e->id.mode & 07757u);
}

static const char *
type_text(const struct tree_entry *e)
{
	return e->type == TREE_DIR ? "folder" : e->type == TREE_LINK ? "link" :
		e->type == TREE_FILE ? "file" : "special file";
}

static void
add_file(struct walking *w, enum imgcache_how how, const char *path,
	 const struct tree_entry *before, const struct tree_entry *after)
{
	struct changes *c = w->c;
	struct change *new;

	if (c->n_files++ >= c->max_files)
		return;
	new = changes_add(c, IMGCACHE_SUBJECT_FILE, how, path);
	new->c.of = w->context;
	if (how == IMGCACHE_MODE) {
		new->c.before = mode_text(c, before);
		new->c.after = mode_text(c, after);
	} else if (how == IMGCACHE_TYPE && before && after) {
		new->c.before = type_text(before);
		new->c.after = type_text(after);
	}
}

/* The directory met last, unless something in it came after it. */
static void
end_dir(struct walking *w, const char *path)
{
	size_t len = w->dir ? strlen(w->dir) : 0;

	if (w->dir && !(path && !strncmp(path, w->dir, len) &&
			path[len] == '/'))
		add_file(w, w->dir_how, w->dir, NULL, NULL);
	free(w->dir);
	w->dir = NULL;
}

static bool
on_change(void *payload, enum tree_change change, const char *path,
	  const struct tree_entry *before, const struct tree_entry *after)
{
	struct walking *w = payload;
	const struct tree_entry *e = before ? before : after;
	enum imgcache_how how = how_of(change);

	if (w->skips && how == w->skipped)
		return true;
	end_dir(w, path);
	if ((change == TREE_ADDED || change == TREE_REMOVED) &&
	    e->type == TREE_DIR) {
		w->dir = mem_strdup(path);
		w->dir_how = how;
		return true;
	}
	add_file(w, how, *path ? path : ".", before, after);
	return true;
}

static void
compare_context(struct changes *c, const char *context)
{
	const char *x = side_value(c->a, "context", NULL);
	const char *y = side_value(c->b, "context", NULL);
	struct walking w = { .c = c, .context = arena_strdup(c->arena,
							     context) };

	if (!context && x && y) {
		w.skips = *x != *y;
		w.skipped = *x == 'f' ? IMGCACHE_REMOVED : IMGCACHE_ADDED;
	}
	side_diff_context(c->a, c->b, context, on_change, &w);
	end_dir(&w, NULL);
}

/* May it be that other files are read than before? */
static bool
reads_differ(const struct changes *c)
{
	return c->hidden.n || changes_has(c, IMGCACHE_SUBJECT_INSTRUCTION) ||
		changes_has(c, IMGCACHE_SUBJECT_ARG) ||
		changes_has(c, IMGCACHE_SUBJECT_TARGET) ||
		changes_has(c, IMGCACHE_SUBJECT_PLATFORM);
}

static bool
is_read(const struct dockerfile_steps *steps, struct reads *reads,
	const struct imgcache_change *file)
{
	for (size_t i = 0; i < steps->n; i++)
		for (size_t k = 0; k < steps->v[i].n_reads; k++)
			if (world_reads(reads, &steps->v[i].reads[k], file))
				return true;
	return false;
}

/*
 * Where only what is read counts, a file may come or go because another
 * instruction reads it: that is the instruction's doing, and is told there.
 */
static void
drop_newly_counted(struct changes *c, size_t from)
{
	const struct world was = { .a = c->a, .b = c->b, .all_old = true };
	const struct world is = { .a = c->a, .b = c->b };
	struct dockerfile_steps *old = NULL, *now = NULL;
	struct reads reads = { .in = c->b->in };
	struct imgcache_error ignored = {0};
	size_t n = from;

	if (!world_steps(&was, &old, &ignored) &&
	    !world_steps(&is, &now, &ignored)) {
		for (size_t i = from; i < c->n; i++) {
			enum imgcache_how how = c->v[i].c.how;

			if ((how == IMGCACHE_ADDED &&
			     !is_read(old, &reads, &c->v[i].c)) ||
			    (how == IMGCACHE_REMOVED &&
			     !is_read(now, &reads, &c->v[i].c)))
				c->n_files--;
			else
				c->v[n++] = c->v[i];
		}
		c->n = n;
	}
	dockerfile_steps_free(old);
	dockerfile_steps_free(now);
	reads_release(&reads);
}

static bool
counts_sources(const struct side *s)
{
	const char *value = side_value(s, "context", NULL);

	return !value || *value != 'f';
}

void
changes_in_files(struct changes *c)
{
	size_t from = c->n;

	compare_context(c, NULL);
	for (size_t i = 0; i < c->b->manifest.n; i++)
		if (!strcmp(c->b->manifest.v[i].word, "named"))
			compare_context(c, c->b->manifest.v[i].name);
	if (c->n > from && reads_differ(c) && counts_sources(c->a) &&
	    counts_sources(c->b))
		drop_newly_counted(c, from);
}
