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
#include <string.h>

#include "base/error.h"
#include "source/shown.h"

#define GITLIB_FILE "libgit2.so." LIBGIT2_SOVERSION
#define GITLIB_PACKAGE "libgit2-" LIBGIT2_SOVERSION

struct gitlib {
	__typeof__(git_libgit2_init) *init;
	__typeof__(git_odb_hash) *hash;
	__typeof__(git_odb_hashfile) *hashfile;
	__typeof__(git_error_last) *last_error;
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

static void
load(void)
{
	void *handle = dlopen(GITLIB_FILE, RTLD_NOW | RTLD_LOCAL);

	if (!handle ||
	    !find(handle, "git_libgit2_init", &lib.init) ||
	    !find(handle, "git_odb_hash", &lib.hash) ||
	    !find(handle, "git_odb_hashfile", &lib.hashfile) ||
	    !find(handle, "git_error_last", &lib.last_error))
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
