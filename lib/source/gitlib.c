/* SPDX-License-Identifier: MIT */
/*
 * A shared library is loaded once per process, so what was loaded is the one
 * piece of process-wide state here: written by the first call under
 * pthread_once(), read-only from then on. The prototypes are libgit2's own, by
 * __typeof__, and the name asked for is the version of the headers.
 */

#include "source/gitlib.h"

#include <dlfcn.h>
#include <git2.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/strv.h"
#include "source/shown.h"
#include "sys/file.h"

#define GITLIB_FILE "libgit2.so." LIBGIT2_SOVERSION
#define GITLIB_PACKAGE "libgit2-" LIBGIT2_SOVERSION

struct gitlib {
	__typeof__(git_libgit2_init) *init;
	__typeof__(git_odb_hash) *hash;
	__typeof__(git_odb_hashfile) *hashfile;
	__typeof__(git_error_last) *last_error;
	__typeof__(git_libgit2_opts) *opts;
	__typeof__(git_repository_open_ext) *open;
	__typeof__(git_repository_free) *free;
	__typeof__(git_repository_config_snapshot) *config;
	__typeof__(git_config_free) *config_free;
	__typeof__(git_config_get_string) *get_string;
	__typeof__(git_config_get_bool) *get_bool;
	__typeof__(git_config_get_path) *get_path;
	__typeof__(git_config_foreach_match) *foreach_match;
	__typeof__(git_buf_dispose) *buf_dispose;
	__typeof__(git_repository_odb) *odb;
	__typeof__(git_odb_free) *odb_free;
	__typeof__(git_odb_read_header) *read_header;
	__typeof__(git_revparse_single) *revparse;
	__typeof__(git_object_free) *object_free;
	__typeof__(git_tree_entry_bypath) *entry_bypath;
	__typeof__(git_tree_entry_id) *entry_id;
	__typeof__(git_tree_entry_filemode) *entry_mode;
	__typeof__(git_tree_entry_free) *entry_free;
	char failure[256];	/* "" once loaded */
};

static struct gitlib lib;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static atomic_bool loaded;

/* ISO C has no cast from an object pointer to a function's. */
static bool
find(void *handle, const char *name, void *function)
{
	void *p = dlsym(handle, name);

	memcpy(function, &p, sizeof(p));
	return p != NULL;
}

static bool
find_all(void *handle)
{
	return find(handle, "git_libgit2_init", &lib.init) &&
	       find(handle, "git_odb_hash", &lib.hash) &&
	       find(handle, "git_odb_hashfile", &lib.hashfile) &&
	       find(handle, "git_error_last", &lib.last_error) &&
	       find(handle, "git_libgit2_opts", &lib.opts) &&
	       find(handle, "git_repository_open_ext", &lib.open) &&
	       find(handle, "git_repository_free", &lib.free) &&
	       find(handle, "git_repository_config_snapshot", &lib.config) &&
	       find(handle, "git_config_free", &lib.config_free) &&
	       find(handle, "git_config_get_string", &lib.get_string) &&
	       find(handle, "git_config_get_bool", &lib.get_bool) &&
	       find(handle, "git_config_get_path", &lib.get_path) &&
	       find(handle, "git_config_foreach_match", &lib.foreach_match) &&
	       find(handle, "git_buf_dispose", &lib.buf_dispose) &&
	       find(handle, "git_repository_odb", &lib.odb) &&
	       find(handle, "git_odb_free", &lib.odb_free) &&
	       find(handle, "git_odb_read_header", &lib.read_header) &&
	       find(handle, "git_revparse_single", &lib.revparse) &&
	       find(handle, "git_object_free", &lib.object_free) &&
	       find(handle, "git_tree_entry_bypath", &lib.entry_bypath) &&
	       find(handle, "git_tree_entry_id", &lib.entry_id) &&
	       find(handle, "git_tree_entry_filemode", &lib.entry_mode) &&
	       find(handle, "git_tree_entry_free", &lib.entry_free);
}

static void
load(void)
{
	void *handle = dlopen(GITLIB_FILE, RTLD_NOW | RTLD_LOCAL);

	if (!handle || !find_all(handle))
		snprintf(lib.failure, sizeof(lib.failure), "%s", dlerror());
	else if (lib.init() < 0)
		snprintf(lib.failure, sizeof(lib.failure),
			 "it cannot be initialised");
	else
		atomic_store(&loaded, true);
}

static int
need(struct imgcache_error *err)
{
	pthread_once(&once, load);
	if (atomic_load(&loaded))
		return 0;
	return error_set(err, IMGCACHE_EFAIL,
			 "cannot load '" GITLIB_FILE "': %s; install the "
			 "Debian package " GITLIB_PACKAGE ", or use hash xxh3",
			 lib.failure);
}

static const char *
cause(void)
{
	const git_error *e = lib.last_error();

	return e && e->message ? e->message : "libgit2 does not say why";
}

bool
gitlib_is_loaded(void)
{
	return atomic_load(&loaded);
}

int
gitlib_hash(const void *data, size_t len, unsigned char id[GITLIB_ID_SIZE],
	    struct imgcache_error *err)
{
	git_oid oid;
	int rc = need(err);

	if (rc)
		return rc;
	if (lib.hash(&oid, data, len, GIT_OBJECT_BLOB) < 0)
		return error_set(err, IMGCACHE_EFAIL,
				 "cannot hash %zu bytes: %s", len, cause());
	memcpy(id, oid.id, GITLIB_ID_SIZE);
	return 0;
}

int
gitlib_hash_fd(int fd, const char *name, unsigned char id[GITLIB_ID_SIZE],
	       struct imgcache_error *err)
{
	char shown[SHOWN_SIZE];
	char path[64];
	git_oid oid;
	int rc = need(err);

	if (rc)
		return rc;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (lib.hashfile(&oid, path, GIT_OBJECT_BLOB) < 0)
		return error_set(err, IMGCACHE_EFAIL, "cannot hash '%s': %s",
				 path_shown(name, shown), cause());
	memcpy(id, oid.id, GITLIB_ID_SIZE);
	return 0;
}

/* Variables by which git's configuration is another than its files'. */
static bool
is_overridden(void)
{
	static const char *const names[] = {
		"GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT",
		"GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM",
		"GIT_CONFIG_NOSYSTEM", "GIT_ATTR_NOSYSTEM", "GIT_ATTR_SOURCE",
		"GIT_REPLACE_REF_BASE"
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (getenv(names[i]))
			return true;
	return false;
}

/* The rules of one level: name in each of the folders searched. */
static void
add_searched(struct strv *files, int level, const char *name)
{
	git_buf found = { 0 };
	char *rest, *dir;

	if (lib.opts(GIT_OPT_GET_SEARCH_PATH, level, &found) < 0)
		return;
	rest = found.ptr;
	while (rest && (dir = strsep(&rest, ":")))
		if (*dir)
			strv_take(files, path_join(dir, name));
	lib.buf_dispose(&found);
}

static void
find_attributes(git_config *config, struct strv *files)
{
	git_buf path = { 0 };

	add_searched(files, GIT_CONFIG_LEVEL_SYSTEM, "gitattributes");
	if (lib.get_path(&path, config, "core.attributesfile") == 0) {
		strv_push(files, path.ptr);
		lib.buf_dispose(&path);
	} else {
		add_searched(files, GIT_CONFIG_LEVEL_XDG, "attributes");
	}
}

/*
 * A file that is included, whether its condition holds or not. What is relative
 * to the file that names it cannot be found: libgit2 does not say which it is.
 */
static int
add_included(const git_config_entry *e, void *payload)
{
	struct gitlib_facts *f = payload;
	const char *home = getenv("HOME");
	const char *path = e->value ? e->value : "";

	if (*path == '/')
		strv_push(&f->configs, path);
	else if (str_starts(path, "~/") && home)
		strv_take(&f->configs, path_join(home, path + 2));
	else
		f->is_told_all = false;
	return 0;
}

static void
find_configs(git_config *config, struct gitlib_facts *out)
{
	add_searched(&out->configs, GIT_CONFIG_LEVEL_SYSTEM, "gitconfig");
	add_searched(&out->configs, GIT_CONFIG_LEVEL_XDG, "config");
	add_searched(&out->configs, GIT_CONFIG_LEVEL_GLOBAL, ".gitconfig");
	out->is_told_all = true;
	if (lib.foreach_match(config, "^include(if\\..*)?\\.path$",
			      add_included, out) < 0)
		out->is_told_all = false;
}

/*
 * Anything but a clear no is a yes. With attr.tree the rules are in a tree that
 * nobody looks at here.
 */
static bool
converts(const git_config *config)
{
	const char *text;
	int value = 0;

	if (lib.get_string(&text, config, "attr.tree") != GIT_ENOTFOUND)
		return true;
	if (lib.get_string(&text, config, "core.autocrlf") == GIT_ENOTFOUND)
		return false;
	return lib.get_bool(&value, config, "core.autocrlf") < 0 || value;
}

/* What git-lfs(1) puts in the place of a file is shorter than this. */
#define LFS_POINTER_MAX 1024

/*
 * A rule can go without a trace, and a filter need not change the size, so
 * where one is configured nothing is believed. git-lfs is, on many machines; its
 * pointers are short.
 */
static int
note_filter(const git_config_entry *e, void *payload)
{
	struct gitlib_facts *f = payload;

	if (str_starts(e->name, "filter.lfs."))
		f->least_size = LFS_POINTER_MAX;
	else
		f->converts = true;
	return 0;
}

static void
find_filters(git_config *config, struct gitlib_facts *out)
{
	out->converts = converts(config);
	if (lib.foreach_match(config, "^filter\\..*\\.(clean|smudge|process)$",
			      note_filter, out) < 0)
		out->converts = true;
}

static bool
has_sha1(const git_config *config)
{
	const char *text;
	int rc = lib.get_string(&text, config, "extensions.objectformat");

	return rc == GIT_ENOTFOUND || (rc == 0 && str_is(text, "sha1"));
}

struct gitlib_objects {
	git_odb *odb;
};

static struct gitlib_objects *
open_objects(git_repository *repo)
{
	struct gitlib_objects *o = mem_alloc(sizeof(*o));

	if (lib.odb(&o->odb, repo) == 0)
		return o;
	free(o);
	return NULL;
}

bool
gitlib_facts(const char *top, struct gitlib_facts *out)
{
	struct imgcache_error ignored = { 0 };
	git_repository *repo = NULL;
	git_config *config = NULL;
	bool ok = false;

	*out = (struct gitlib_facts){ 0 };
	if (is_overridden() || need(&ignored))
		return false;
	if (lib.open(&repo, top, GIT_REPOSITORY_OPEN_NO_SEARCH, NULL) == 0 &&
	    lib.config(&config, repo) == 0 && has_sha1(config)) {
		find_filters(config, out);
		find_attributes(config, &out->attributes);
		find_configs(config, out);
		out->objects = open_objects(repo);
		ok = true;
	}
	if (config)
		lib.config_free(config);
	if (repo)
		lib.free(repo);
	return ok;
}

void
gitlib_facts_release(struct gitlib_facts *f)
{
	strv_release(&f->attributes);
	strv_release(&f->configs);
	gitlib_objects_close(f->objects);
}

void
gitlib_objects_close(struct gitlib_objects *o)
{
	if (!o)
		return;
	lib.odb_free(o->odb);
	free(o);
}

bool
gitlib_objects_has(const struct gitlib_objects *o,
		   const unsigned char id[GITLIB_ID_SIZE], uint64_t size)
{
	git_object_t type = GIT_OBJECT_INVALID;
	size_t len = 0;
	git_oid oid;

	memcpy(oid.id, id, GITLIB_ID_SIZE);
	return lib.read_header(&len, &type, o->odb, &oid) == 0 &&
	       type == GIT_OBJECT_BLOB && len == size;
}

struct gitlib_commit {
	git_repository *repo;
	git_object *tree;
};

struct gitlib_commit *
gitlib_commit_open(const char *top)
{
	struct gitlib_commit *c = mem_alloc(sizeof(*c));
	struct imgcache_error ignored = { 0 };
	git_config *config = NULL;

	if (need(&ignored) == 0 &&
	    lib.open(&c->repo, top, GIT_REPOSITORY_OPEN_NO_SEARCH, NULL) == 0 &&
	    lib.config(&config, c->repo) == 0 && has_sha1(config))
		(void)lib.revparse(&c->tree, c->repo, "HEAD^{tree}");
	if (config)
		lib.config_free(config);
	if (c->tree)
		return c;
	gitlib_commit_close(c);
	return NULL;
}

void
gitlib_commit_close(struct gitlib_commit *c)
{
	if (!c)
		return;
	if (c->tree)
		lib.object_free(c->tree);
	if (c->repo)
		lib.free(c->repo);
	free(c);
}

bool
gitlib_commit_has(const struct gitlib_commit *c, const char *path,
		  mode_t mode, const unsigned char id[GITLIB_ID_SIZE])
{
	unsigned wanted = S_ISLNK(mode) ? GIT_FILEMODE_LINK :
		mode & S_IXUSR ? GIT_FILEMODE_BLOB_EXECUTABLE :
		GIT_FILEMODE_BLOB;
	git_tree_entry *e = NULL;
	bool is_same;

	if (!S_ISREG(mode) && !S_ISLNK(mode))
		return false;
	if (lib.entry_bypath(&e, (const git_tree *)c->tree, path) < 0)
		return false;
	is_same = (unsigned)lib.entry_mode(e) == wanted &&
		memcmp(lib.entry_id(e)->id, id, GITLIB_ID_SIZE) == 0;
	lib.entry_free(e);
	return is_same;
}
