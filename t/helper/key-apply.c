/* SPDX-License-Identifier: MIT */
/*
 * Doing a change to one copy of a project on disk: path is the entry's.
 */

#include "key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "imgcache.h"
#include "sys/file.h"

static void
must(int ret, const char *what, const char *path)
{
	if (!ret)
		return;
	fprintf(stderr, "key-case: cannot %s '%s': %s\n", what, path,
		strerror(errno));
	exit(1);
}

static void
keep_mode(const char *path, const struct stat *st)
{
	must(chmod(path, st->st_mode & 07777), "chmod", path);
}

static void
write_anew(const char *path, const struct change *c)
{
	char *temp = mem_printf("%s.new", path);
	struct stat st;

	must(stat(path, &st), "look at", path);
	file_write(temp, c->to, c->to_len);
	keep_mode(temp, &st);
	must(rename(temp, path), "replace", path);
	free(temp);
}

void
apply_edit(const struct project *p, const struct change *c, const char *path)
{
	struct timespec ts[2];
	struct stat st;

	(void)p;
	if (c->how == ANEW) {
		write_anew(path, c);
		return;
	}
	must(stat(path, &st), "look at", path);
	file_write(path, c->to, c->to_len);
	ts[0] = st.st_atim;
	ts[1] = st.st_mtim;
	if (c->how == HIDDEN)
		must(utimensat(AT_FDCWD, path, ts, 0), "set times of", path);
}

void
apply_touch(const struct project *p, const struct change *c, const char *path)
{
	(void)p;
	(void)c;
	must(utimensat(AT_FDCWD, path, NULL, AT_SYMLINK_NOFOLLOW), "touch",
	     path);
}

void
apply_chown(const struct project *p, const struct change *c, const char *path)
{
	struct stat st;

	(void)p;
	(void)c;
	must(lstat(path, &st), "look at", path);
	must(lchown(path, 1234, 4321), "chown", path);
	if (!S_ISLNK(st.st_mode))
		keep_mode(path, &st);
}

void
apply_chmod(const struct project *p, const struct change *c, const char *path)
{
	(void)p;
	must(chmod(path, c->mode), "chmod", path);
}

void
apply_remove(const struct project *p, const struct change *c, const char *path)
{
	struct imgcache_error err = {0};

	(void)p;
	(void)c;
	must(file_remove_tree(AT_FDCWD, path, &err), "remove", path);
}

void
apply_rename(const struct project *p, const struct change *c, const char *path)
{
	char *to = mem_printf("%.*s%s", (int)(path_base(path) - path), path,
			      c->to);

	(void)p;
	must(rename(path, to), "rename", path);
	free(to);
}

/* In place of what is there, if something is. */
void
apply_make(const struct project *p, const struct change *c, const char *path)
{
	struct stat st;
	char *inner;

	if (!lstat(path, &st))
		apply_remove(p, c, path);
	switch (c->how) {
	case ENTRY_DIR:
		must(mkdir(path, c->mode), "make", path);
		if (!c->to)
			break;
		inner = mem_printf("%s/file", path);
		file_write(inner, c->to, c->to_len);
		free(inner);
		break;
	case ENTRY_FILE:
		file_write(path, c->to, c->to_len);
		must(chmod(path, c->mode), "chmod", path);
		break;
	case ENTRY_LINK:
		must(symlink(c->to, path), "link", path);
		break;
	default:
		must(mkfifo(path, 0644), "make", path);
	}
}
