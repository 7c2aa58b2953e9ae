/* SPDX-License-Identifier: MIT */
/*
 * A file's rules are configuration and attributes. Configuration that changed
 * has a young file, .git/info/attributes that went has left a young folder. A
 * .gitattributes of the work tree goes with a commit that is checked out, so
 * that only a work tree that has never seen but one commit is believed, as a
 * fresh clone is; the log of HEAD says so. One that was removed by hand has left
 * nothing: see note_filter() in gitlib.c. And an object may stand for another
 * (git-replace(1)): then a file is not what its id says. Such a ref is a file in
 * a folder that goes with the last of them, or a line of packed-refs.
 */

#include "source/gitpast.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/strv.h"
#include "source/gitlib.h"
#include "source/repo.h"
#include "sys/file.h"

#define LOG_MAX (64 * 1024)
#define REFS_MAX (64 * 1024 * 1024)
#define HEX_SIZE 40

static void
take_later(const struct stat *st, int64_t *since_ns)
{
	int64_t ns = (int64_t)st->st_ctim.tv_sec * 1000000000 +
		st->st_ctim.tv_nsec;

	if (ns > *since_ns)
		*since_ns = ns;
}

/* A link can be made to lead elsewhere, and what it leads to can change. */
static bool
take(const char *path, int64_t *since_ns)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return false;
	take_later(&st, since_ns);
	if (S_ISLNK(st.st_mode) && stat(path, &st) == 0)
		take_later(&st, since_ns);
	return true;
}

static bool
take_in(const char *dir, const char *name, int64_t *since_ns)
{
	char *path = path_join(dir, name);
	bool is_there = take(path, since_ns);

	free(path);
	return is_there;
}

/* "<from> <to> <who> <when>\t<what>", the first from nothing. */
static bool
is_of_one_commit(const char *log)
{
	const char *to = log + HEX_SIZE + 1;
	const char *line = log;

	if (strspn(log, "0") != HEX_SIZE)
		return false;
	while (line && *line) {
		if (strlen(line) < 2 * (HEX_SIZE + 1) ||
		    line[HEX_SIZE] != ' ' ||
		    memcmp(line + HEX_SIZE + 1, to, HEX_SIZE + 1) != 0)
			return false;
		line = strchr(line, '\n');
		line += line != NULL;
	}
	return true;
}

static bool
had_one_commit(const struct repo_paths *repo)
{
	struct imgcache_error ignored = { 0 };
	struct buf log = BUF_INIT;
	char *path = path_join(repo->git, "logs/HEAD");
	bool is = file_read(AT_FDCWD, path, LOG_MAX, &log, &ignored) == 0 &&
		log.len && !memchr(log.data, '\0', log.len) &&
		is_of_one_commit(log.data);

	free(path);
	buf_release(&log);
	return is;
}

/* Any that were taken away have left the two younger. */
static bool
had_no_replacement(const struct repo_paths *repo, int64_t *since_ns)
{
	static const char line[] = " refs/replace/";
	struct imgcache_error err = { 0 };
	struct buf packed = BUF_INIT;
	char *path = path_join(repo->common, "packed-refs");
	int rc = file_read(AT_FDCWD, path, REFS_MAX, &packed, &err);
	int64_t ignored = 0;
	bool had_none = (!rc || rc == IMGCACHE_ENO) &&
		!memmem(packed.data, packed.len, line, strlen(line)) &&
		!take_in(repo->common, "refs/replace", &ignored);

	(void)take(path, since_ns);
	(void)take_in(repo->common, "refs", since_ns);
	free(path);
	buf_release(&packed);
	return had_none;
}

bool
gitpast_read(const struct repo_paths *repo, const struct gitlib_facts *facts,
	     int64_t *since_ns)
{
	*since_ns = INT64_MIN;
	if (!facts->is_told_all || !had_one_commit(repo) ||
	    !had_no_replacement(repo, since_ns) ||
	    !take_in(repo->common, "info", since_ns) ||
	    !take_in(repo->common, "config", since_ns))
		return false;
	(void)take_in(repo->git, "config.worktree", since_ns);
	for (size_t i = 0; i < facts->configs.n; i++)
		(void)take(facts->configs.v[i], since_ns);
	return true;
}
