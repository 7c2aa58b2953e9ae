/* SPDX-License-Identifier: MIT */
#include "keep/localcache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "store/jsonr.h"
#include "sys/clock.h"
#include "sys/file.h"

#define LINK "current"
#define TEMP_LINK "g-next-"
#define MAX_JSON (64u << 20)

static char *
blob_path(const char *dir, const char *digest)
{
	static const char prefix[] = "sha256:";
	const char *hex = digest + strlen(prefix);

	if (strncmp(digest, prefix, strlen(prefix)) || strlen(hex) != 64 ||
	    strspn(hex, "0123456789abcdef") != 64)
		return NULL;
	return mem_printf("%s/blobs/sha256/%s", dir, hex);
}

/* The blob of a descriptor is there, as long as the descriptor says. */
static bool
has_blob(const char *dir, const struct jsonr_node *descriptor)
{
	char *path = blob_path(dir, jsonr_string(descriptor, "/digest", ""));
	struct stat st;
	bool found = path && !stat(path, &st) && S_ISREG(st.st_mode) &&
		st.st_size == jsonr_int(descriptor, "/size", -1);

	free(path);
	return found;
}

static bool
has_blobs(const char *dir, const struct jsonr_node *list)
{
	const struct jsonr_node *n = list ? list->child : NULL;

	for (; n; n = n->next)
		if (!has_blob(dir, n))
			return false;
	return true;
}

/* A manifest, or the index that older BuildKits write instead of one. */
static bool
has_manifest(const char *dir, const struct jsonr_node *descriptor)
{
	struct imgcache_error ignored = {0};
	char *path = blob_path(dir, jsonr_string(descriptor, "/digest", ""));
	const struct jsonr_node *doc = NULL;
	struct jsonr *r = jsonr_new();
	struct buf text = BUF_INIT;
	bool found;

	if (has_blob(dir, descriptor) &&
	    !file_read(AT_FDCWD, path, MAX_JSON, &text, &ignored))
		doc = jsonr_parse(r, text.data, text.len, &ignored);
	found = doc && has_blobs(dir, jsonr_member(doc, "layers")) &&
		has_blobs(dir, jsonr_member(doc, "manifests")) &&
		(!jsonr_member(doc, "config") ||
		 has_blob(dir, jsonr_member(doc, "config")));
	jsonr_free(r);
	buf_release(&text);
	free(path);
	return found;
}

bool
localcache_is_complete(const char *dir)
{
	struct imgcache_error ignored = {0};
	char *path = path_join(dir, "index.json");
	const struct jsonr_node *n = NULL;
	struct jsonr *r = jsonr_new();
	struct buf text = BUF_INIT;
	bool complete;

	if (!file_read(AT_FDCWD, path, MAX_JSON, &text, &ignored))
		n = jsonr_at(jsonr_parse(r, text.data, text.len, &ignored),
			     "/manifests/0");
	complete = n;
	for (; n && complete; n = n->next)
		complete = has_manifest(dir, n);
	jsonr_free(r);
	buf_release(&text);
	free(path);
	return complete;
}

static void
read_link(struct localcache *l)
{
	char *path = path_join(l->dir, LINK), name[64];
	ssize_t n = readlink(path, name, sizeof(name) - 1);

	free(path);
	if (n <= 0)
		return;
	name[n] = '\0';
	if (name[0] != 'g' || strchr(name, '/'))
		return;
	l->current = path_join(l->dir, name);
	if (!localcache_is_complete(l->current)) {
		free(l->current);
		l->current = NULL;
	}
}

static int
make_generation(struct localcache *l, struct imgcache_error *err)
{
	l->dest = mem_printf("%s/g%lld-%d", l->dir, (long long)clock_mono_us(),
			     (int)getpid());
	if (!file_remove_tree(AT_FDCWD, l->dest, err) &&
	    mkdir(l->dest, 0700))
		error_errno(err, IMGCACHE_EFAIL, "cannot make '%s'", l->dest);
	return err->code;
}

/* Alone if it can be had at once and is of use, else shared. */
static int
take_lock(struct localcache *l, bool alone, struct imgcache_error *err)
{
	char *path = path_join(l->dir, "lock");
	int ret = IMGCACHE_EBUSY;

	if (alone)
		ret = lock_take(&l->lock, path, LOCK_EXCLUSIVE, 0,
				"write a build cache", err);
	l->resets = !ret;
	if (ret == IMGCACHE_EBUSY) {
		error_clear(err);
		ret = lock_take(&l->lock, path, LOCK_SHARED, -1,
				"use a build cache", err);
	}
	free(path);
	return ret;
}

int
localcache_open(struct localcache *l, const char *dir, bool writes,
		bool can_reset, struct imgcache_error *err)
{
	static const struct localcache empty = LOCALCACHE_INIT;
	int ret, tries = 10;

	*l = empty;
	l->dir = mem_strdup(dir);
	/* whoever removes the cache may take the directory away in between */
	do {
		error_clear(err);
		ret = file_private_dir(dir, err);
		if (!ret)
			ret = take_lock(l, writes && can_reset, err);
	} while (ret && err->sys_errno == ENOENT && --tries);
	if (ret)
		return ret;
	read_link(l);
	l->resets = l->resets && l->current;
	if (l->resets)
		l->dest = mem_strdup(l->current);
	else if (writes)
		ret = make_generation(l, err);
	return ret;
}

/* All generations but the one that counts, and links that never did. */
static void
sweep(const struct localcache *l)
{
	struct imgcache_error ignored = {0};
	DIR *dir = opendir(l->dir);
	const struct dirent *e;
	char kept[64] = "", *path = path_join(l->dir, LINK);

	/* without a link none counts */
	if (dir && (readlink(path, kept, sizeof(kept) - 1) > 0 ||
		    errno == ENOENT))
		while ((e = readdir(dir)))
			if (e->d_name[0] == 'g' && strcmp(e->d_name, kept))
				file_remove_tree(dirfd(dir), e->d_name,
						 &ignored);
	if (dir)
		closedir(dir);
	free(path);
}

bool
localcache_is(const char *dir)
{
	char *lock = path_join(dir, "lock"), *link = path_join(dir, LINK);
	struct stat st;
	bool is = file_exists(lock) ||
		(!lstat(link, &st) && S_ISLNK(st.st_mode));

	free(lock);
	free(link);
	return is;
}

int
localcache_sweep(const char *dir, bool all, struct imgcache_error *err)
{
	struct localcache l = LOCALCACHE_INIT;
	char *path = path_join(dir, "lock"), *link = path_join(dir, LINK);
	int ret = lock_take(&l.lock, path, LOCK_EXCLUSIVE, 0, "prune", err);

	if (!ret) {
		l.dir = mem_strdup(dir);
		if (all)
			unlink(link);
		sweep(&l);
	}
	if (!ret && all) {
		lock_discard(&l.lock);
		if (rmdir(dir))
			ret = error_errno(err, IMGCACHE_EFAIL,
					  "cannot remove '%s'", dir);
	}
	lock_release(&l.lock);
	free(l.dir);
	free(path);
	free(link);
	return ret;
}

static int
swap(const struct localcache *l, struct imgcache_error *err)
{
	char *link = path_join(l->dir, LINK);
	char *temp = mem_printf("%s/" TEMP_LINK "%d", l->dir, (int)getpid());

	unlink(temp);
	if (symlink(path_base(l->dest), temp) || rename(temp, link))
		error_errno(err, IMGCACHE_EFAIL, "cannot put '%s' in place",
			    l->dest);
	free(link);
	free(temp);
	return err->code;
}

int
localcache_commit(struct localcache *l, struct imgcache_error *err)
{
	struct imgcache_error busy = {0};
	char *path;

	if (!l->dest || !localcache_is_complete(l->dest))
		return IMGCACHE_ENO;
	if (!l->resets && swap(l, err))
		return err->code;
	free(l->current);
	l->current = l->dest;
	l->dest = NULL;
	lock_release(&l->lock);
	path = path_join(l->dir, "lock");
	if (!lock_take(&l->lock, path, LOCK_EXCLUSIVE, 0, "sweep", &busy))
		sweep(l);
	free(path);
	return 0;
}

void
localcache_release(struct localcache *l)
{
	struct imgcache_error ignored = {0};

	if (l->dest && !l->resets)
		file_remove_tree(AT_FDCWD, l->dest, &ignored);
	lock_release(&l->lock);
	free(l->dir);
	free(l->current);
	free(l->dest);
	l->dir = l->current = l->dest = NULL;
}

bool
localcache_is_left(const char *dir)
{
	char *link = path_join(dir, LINK);
	DIR *all = opendir(dir);
	const struct dirent *e;
	bool is = all && !file_exists(link);

	while (is && (e = readdir(all)))
		is = !strcmp(e->d_name, ".") || !strcmp(e->d_name, "..") ||
			!strcmp(e->d_name, "lock") || !strcmp(e->d_name, LINK);
	if (all)
		closedir(all);
	free(link);
	return is;
}
