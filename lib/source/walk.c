/* SPDX-License-Identifier: MIT */
/*
 * Reading a tree: see walk_open.c, walk_read.c, walk_sum.c for one directory,
 * walk_pool.c for all of them.
 */

#include "source/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/strv.h"
#include "source/ignore.h"
#include "source/reach.h"
#include "source/shown.h"
#include "source/walk_parts.h"

#define ROOT_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOCTTY)
#define BLOCK_BYTES (128 * 1024)
#define HOLD_MAX 256u

void *
worker_keep(struct worker *k, size_t len)
{
	void *p;

	len = len ? (len + 7) & ~(size_t)7 : 8;
	if (len > BLOCK_BYTES / 4)
		return arena_alloc(&k->memory, len);
	if (len > k->left) {
		k->room = arena_alloc(&k->memory, BLOCK_BYTES);
		k->left = BLOCK_BYTES;
	}
	p = k->room;
	k->room += len;
	k->left -= len;
	return p;
}

const char *
worker_path(struct worker *k, const char *name)
{
	buf_truncate(&k->path, k->dir_len);
	buf_adds(&k->path, name);
	return k->path.data;
}

int
walk_gone(struct worker *k, const char *what)
{
	char shown[SHOWN_SIZE];

	return error_set(&k->err, IMGCACHE_ECHANGED, "'%s' %s while the tree "
			 "was read; try again when nothing writes to it",
			 path_shown(k->path.data, shown), what);
}

int
walk_cannot(struct worker *k, const char *what)
{
	char shown[SHOWN_SIZE];

	if (errno == ENOENT)
		return walk_gone(k, "vanished");
	if (errno == ENOTDIR || errno == ELOOP)
		return walk_gone(k, "was replaced");
	error_errno(&k->err, IMGCACHE_EFAIL, "cannot %s '%s'", what,
		    path_shown(k->path.data, shown));
	return k->err.code;
}

int
walk_pass_over(struct worker *k, const char *what)
{
	if (!k->w->o->forgiving)
		return walk_cannot(k, what);
	k->unread++;
	return 0;
}

static void
add_quoted(struct buf *out, const char *before, const char *text)
{
	buf_adds(out, before);
	buf_add_cquoted(out, text, strlen(text));
}

static void
add_read(const struct reach *r, struct buf *out)
{
	add_quoted(out, r->wildcard ? "\n*" : "\n/", r->path);
	if (r->include)
		add_quoted(out, " +", r->include);
	for (size_t i = 0; i < r->n_exclude; i++)
		add_quoted(out, " -", r->exclude[i]);
}

/* What decides the tree beside the files. */
static void
add_rules(const struct tree_options *o, const struct allow_list *a,
	  struct buf *out)
{
	if (o->ignore && ignore_count(o->ignore))
		hash_add_hex(ignore_text(o->ignore), out);
	for (size_t i = 0; o->reads && i < o->n_reads; i++)
		add_read(o->reads + i, out);
	for (size_t i = 0; !o->reads && i < a->paths.n; i++)
		add_quoted(out, "\n", a->paths.v[i]);
	if (!a->everything)
		buf_addc(out, '\n');
}

/* The paths that count now; a new file that a pattern matches is one more. */
static void
find_allowed(struct walk *w)
{
	const struct tree_options *o = w->o;

	if (o->reads)
		taken_find(&w->own, w->root_fd, o->reads, o->n_reads);
	else
		allow_init(&w->own.allow, o->allow);
	w->allow = &w->own.allow;
}

/* And those that counted the last time for the sake of links. */
static void
add_also(struct walk *w)
{
	if (!w->own.roots.n)
		return;
	if (w->cache && !w->also->readings && !w->also->forgotten)
		statcache_also(w->cache, &w->also->paths);
	if (!w->also->paths.n)
		return;
	taken_allow(&w->own, &w->also->paths, &w->more);
	w->allow = &w->more;
}

static char *
open_cache(struct walk *w, const char *path)
{
	struct buf rules = BUF_INIT;
	char *name;

	if (!w->o->stat_cache_dir || w->o->sizes_only ||
	    (w->root->trust != STAT_TRUSTED &&
	     w->root->trust != STAT_LAYERED))
		return NULL;
	add_rules(w->o, &w->own.allow, &rules);
	name = statcache_path(w->o->stat_cache_dir, path, w->o->hash, &rules);
	buf_release(&rules);
	if (name)
		w->cache = statcache_open(name, w->o->hash);
	w->root->has_was = w->cache &&
		statcache_dir(w->cache, 0, &w->root->was);
	return name;
}

static unsigned
hold_max(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0 ||
	    files.rlim_cur / 4 > HOLD_MAX)
		return HOLD_MAX;
	return (unsigned)files.rlim_cur / 4;
}

static int
open_root(struct walk *w, const char *path, struct imgcache_error *err)
{
	char shown[SHOWN_SIZE];
	struct stat st;

	w->root_fd = open(path, ROOT_FLAGS);
	if (w->root_fd < 0 || fstat(w->root_fd, &st) < 0) {
		error_errno(err, IMGCACHE_EFAIL, "cannot read '%s'",
			    path_shown(path, shown));
		return err->code;
	}
	w->root->trust = stat_trust_of(w->root_fd);
	w->root->name = "";
	find_allowed(w);
	return 0;
}

/* What is asked of everything in it begins at the root. */
static void
begin(struct walk *w)
{
	struct node *root = w->root;
	bool takes;

	add_also(w);
	root->allow = allow_root(w->allow);
	root->own = allow_root(&w->own.allow);
	if (root->own != ALLOW_ALL)
		root->filter = filter_enter(NULL, &w->own.roots, "", 0,
					    &takes);
	if (w->o->ignore && ignore_count(w->o->ignore))
		root->ignore = ignore_root(w->o->ignore);
}

/* The tree keeps the cache, whose runs it may use. */
static void
finish(struct walk *w, struct tree *t, const char *cache_path)
{
	struct stat_read read = { .kind = t->hash, .also = &w->also->paths };

	t->cache = w->cache;
	if (w->rc)
		return;
	tree_number(t);
	w->again = !walk_links_are_known(w, t);
	if (w->again)
		return;
	read.dirs = t->dirs;
	read.n = t->n;
	if (cache_path && (w->changed || w->also->readings > 1 ||
			   w->also->forgotten))
		statcache_save(cache_path, &read);
	else if (w->cache)
		statcache_keep(w->cache);
}

static void
scan(struct walk *w, const char *path, struct tree *t,
     struct imgcache_error *err)
{
	char *cache_path;

	w->rc = open_root(w, path, err);
	if (w->rc)
		return;
	cache_path = open_cache(w, path);
	begin(w);
	walk_git_init(w, path);
	walk_run(w, t);
	walk_git_release(w);
	if (w->rc)
		*err = w->err;
	finish(w, t, cache_path);
	free(cache_path);
}

static int
scan_once(const char *path, const struct tree_options *o,
	  struct walk_also *also, struct tree **out, struct imgcache_error *err)
{
	struct tree *t = mem_alloc(sizeof(*t));
	struct walk w = {
		.o = o,
		.digester = { o->hash },
		.root = mem_alloc(sizeof(struct node)),
		.root_fd = -1,
		.hold_max = hold_max(),
		.also = also,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.wake = PTHREAD_COND_INITIALIZER,
	};

	t->hash = o->hash;
	t->root = w.root;
	scan(&w, path, t, err);
	if (w.rc || w.again)
		tree_free(t);
	*out = w.rc || w.again ? NULL : t;
	if (w.root_fd >= 0)
		close(w.root_fd);
	taken_release(&w.own);
	allow_release(&w.more);
	strv_release(&w.links);
	free(w.stack);
	return w.rc;
}

/*
 * What the last reading left behind may be what could not be read, and may not
 * count any more: then nothing is remembered.
 */
static bool
was_remembered(struct walk_also *also, int rc, struct imgcache_error *err)
{
	if (!also->paths.n || also->readings || rc == IMGCACHE_EINTR)
		return false;
	strv_clear(&also->paths);
	also->forgotten = true;
	error_clear(err);
	return true;
}

int
tree_scan(const char *path, const struct tree_options *o,
	  struct tree **out, struct imgcache_error *err)
{
	struct walk_also also = { 0 };
	struct tree *t;
	int rc;

	do
		rc = scan_once(path, o, &also, &t, err);
	while (rc ? was_remembered(&also, rc, err) : !t);
	if (!rc)
		*out = t;
	strv_release(&also.paths);
	return rc;
}
