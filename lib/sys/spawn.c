/* SPDX-License-Identifier: MIT */
/*
 * posix_spawnp() with what a child of ours needs. Our descriptors are CLOEXEC;
 * a dup2() of one onto itself, in the child, opens the one it may keep, so that
 * no other child started meanwhile can get it.
 */

#include "sys/spawn.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/strv.h"
#include "sys/child.h"
#include "sys/file.h"

extern char **environ;

int
spawn_input(const void *data, size_t len)
{
	int fd = memfd_create("imgcache-stdin", MFD_CLOEXEC);

	if (fd >= 0 && (file_write_fd(fd, data, len) ||
			lseek(fd, 0, SEEK_SET) < 0)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Does "NAME=value" set name? */
static bool
sets(const char *assignment, const char *name, size_t len)
{
	return !strncmp(assignment, name, len) && assignment[len] == '=';
}

static bool
is_replaced(const struct child_options *o, const char *var)
{
	size_t len = strcspn(var, "=");

	for (size_t i = 0; o->env_unset && o->env_unset[i]; i++)
		if (sets(var, o->env_unset[i], strlen(o->env_unset[i])))
			return true;
	for (size_t i = 0; o->env_set && o->env_set[i]; i++)
		if (sets(o->env_set[i], var, len))
			return true;
	return false;
}

static void
make_environment(const struct child_options *o, struct strv *env)
{
	for (char **var = environ; var && *var; var++)
		if (!is_replaced(o, *var))
			strv_push(env, *var);
	for (size_t i = 0; o->env_set && o->env_set[i]; i++)
		strv_push(env, o->env_set[i]);
	if (!env->v)
		env->v = mem_array(1, sizeof(*env->v));
}

/*
 * Default actions, but for those that nohup and a shell's & ignore: whether
 * these reach the child is the user's choice. (Caught ones: exec resets them.)
 */
static void
set_attributes(posix_spawnattr_t *attr, bool own_group)
{
	short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
	sigset_t set;

	sigemptyset(&set);
	posix_spawnattr_setsigmask(attr, &set);
	sigfillset(&set);
	sigdelset(&set, SIGHUP);
	sigdelset(&set, SIGINT);
	sigdelset(&set, SIGQUIT);
	posix_spawnattr_setsigdefault(attr, &set);
	if (own_group) {
		posix_spawnattr_setpgroup(attr, 0);
		flags |= POSIX_SPAWN_SETPGROUP;
	}
	posix_spawnattr_setflags(attr, flags);
}

/* 0 or an error number, as the functions that it calls. */
static int
add_actions(posix_spawn_file_actions_t *fa,
	    const struct child_options *o, const int stdio[3])
{
	int rc = 0;

	for (int i = 0; !rc && !o->inherit_stdio && i < 3; i++) {
		if (stdio[i] < 0)
			rc = posix_spawn_file_actions_addopen(fa, i,
				"/dev/null", i ? O_WRONLY : O_RDONLY, 0);
		else
			rc = posix_spawn_file_actions_adddup2(fa, stdio[i], i);
	}
	if (!rc && o->inherit_fd > 0)
		rc = posix_spawn_file_actions_adddup2(fa, o->inherit_fd,
						      o->inherit_fd);
	if (!rc && o->dir)
		rc = posix_spawn_file_actions_addchdir_np(fa, o->dir);
	return rc;
}

static int
start_error(const struct child_options *o,
	    struct imgcache_error *err)
{
	const char *what = o->label ? o->label : o->argv[0];

	if (o->dir && !file_is_dir(o->dir)) {
		errno = ENOTDIR;
		return error_errno(err, IMGCACHE_EFAIL,
				   "cannot run '%s' in '%s'", what, o->dir);
	}
	return error_errno(err, IMGCACHE_EFAIL, "cannot run '%s'", what);
}

int
spawn_process(pid_t *pid, const struct child_options *o,
	      const int stdio[3], struct imgcache_error *err)
{
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	struct strv env = { 0 };
	int rc;

	assert(o->inherit_fd == 0 || o->inherit_fd > STDERR_FILENO);
	posix_spawn_file_actions_init(&fa);
	posix_spawnattr_init(&attr);
	set_attributes(&attr, o->own_group);
	make_environment(o, &env);
	rc = add_actions(&fa, o, stdio);
	if (!rc)
		rc = posix_spawnp(pid, o->argv[0], &fa, &attr,
				  (char *const *)o->argv, env.v);
	strv_release(&env);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&fa);
	errno = rc;
	return rc ? start_error(o, err) : 0;
}
