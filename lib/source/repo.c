/* SPDX-License-Identifier: MIT */
/*
 * A work tree's .git is the repository, or a file that says where it is. That
 * may be the repository of one work tree among several: then its commondir
 * file leads to what they share.
 */

#include "source/repo.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/strv.h"
#include "sys/file.h"

#define SMALL_FILE (64 * 1024)
#define PACKED_REFS_MAX (1024 * 1024 * 1024)
#define SYMREF_DEPTH 5

/* The file's text without the white space at its end; NULL if unreadable. */
static char *
read_text(const char *dir, const char *name, size_t max)
{
	struct imgcache_error err = { 0 };
	struct buf b = BUF_INIT;
	char *path = path_join(dir, name);
	struct stat st;
	bool ok = stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
		  file_read(AT_FDCWD, path, max, &b, &err) == 0;

	free(path);
	if (!ok) {
		buf_release(&b);
		return NULL;
	}
	while (b.len && isspace((unsigned char)b.data[b.len - 1]))
		buf_truncate(&b, b.len - 1);
	return buf_detach(&b);
}

static bool
has_dir(const char *dir, const char *name)
{
	char *path = path_join(dir, name);
	bool is = file_is_dir(path);

	free(path);
	return is;
}

static bool
has_entry(const char *dir, const char *name)
{
	char *path = path_join(dir, name);
	struct stat st;
	bool is = lstat(path, &st) == 0;

	free(path);
	return is;
}

/* A repository: everything, or one work tree's part. */
static bool
is_repository(const char *dir)
{
	return has_entry(dir, "HEAD") &&
	       (has_entry(dir, "commondir") ||
		(has_dir(dir, "objects") && has_dir(dir, "refs")));
}

/* The repository of a work tree whose top is top, or NULL. */
static char *
find_repository(const char *top)
{
	char *git = path_join(top, ".git");
	char *text = NULL;
	char *found = NULL;

	if (!file_is_dir(git)) {
		text = read_text(top, ".git", SMALL_FILE);
		free(git);
		git = NULL;
		if (text && str_starts(text, "gitdir: "))
			git = path_join(top, text + strlen("gitdir: "));
	}
	if (git && is_repository(git)) {
		found = git;
		git = NULL;
	}
	free(text);
	free(git);
	return found;
}

/* The nearest work tree upwards; *repository is its repository. */
static char *
find(const char *dir, char **repository)
{
	char *at = realpath(dir, NULL);
	char *slash;

	*repository = NULL;
	while (at && !(*repository = find_repository(at))) {
		slash = strrchr(at, '/');
		if (is_repository(at) || str_is(at, "/")) {
			free(at);
			return NULL;
		}
		slash[slash == at] = '\0';
	}
	return at;
}

char *
repo_top(const char *dir)
{
	char *repository;
	char *top = find(dir, &repository);

	free(repository);
	return top;
}

bool
repo_is_worktree(const char *dir)
{
	char *top = repo_top(dir);
	bool is = top != NULL;

	free(top);
	return is;
}

bool
repo_find(const char *dir, struct repo_paths *out)
{
	char *shared;

	out->top = find(dir, &out->git);
	out->common = NULL;
	if (!out->top)
		return false;
	shared = read_text(out->git, "commondir", SMALL_FILE);
	out->common = path_join(out->git, shared ? shared : ".");
	free(shared);
	return true;
}

void
repo_paths_release(struct repo_paths *p)
{
	free(p->top);
	free(p->git);
	free(p->common);
	*p = (struct repo_paths){ 0 };
}

static bool
take_id(const char *text, char id[REPO_ID_SIZE])
{
	size_t len = strspn(text, "0123456789abcdef");

	if ((len != 40 && len != 64) || (text[len] && text[len] != ' '))
		return false;
	memcpy(id, text, len);
	id[len] = '\0';
	return true;
}

/* Lines "<id> <ref>"; others begin with '#' or '^'. */
static bool
find_packed(const char *common, const char *ref,
	    char id[REPO_ID_SIZE])
{
	char *text = read_text(common, "packed-refs", PACKED_REFS_MAX);
	char *rest = text;
	bool found = false;
	char *line;

	while (!found && (line = strsep(&rest, "\n"))) {
		char *space = strchr(line, ' ');

		if (space && *line != '#' && str_is(space + 1, ref))
			found = take_id(line, id);
	}
	free(text);
	return found;
}

static bool
is_ref_name(const char *ref)
{
	return str_starts(ref, "refs/") && !strstr(ref, "..") &&
	       !strstr(ref, "//");
}

static char *
read_ref(const char *repository, const char *common,
	 const char *ref)
{
	char *text = read_text(repository, ref, SMALL_FILE);

	return text ? text : read_text(common, ref, SMALL_FILE);
}

/* Follow HEAD through symbolic refs to an id. */
static enum repo_head
resolve(const char *repository, const char *common,
	char id[REPO_ID_SIZE])
{
	enum repo_head head = REPO_NONE;
	char *text = read_text(repository, "HEAD", SMALL_FILE);

	for (int i = 0; text && i < SYMREF_DEPTH; i++) {
		char *ref;

		if (take_id(text, id)) {
			head = REPO_COMMIT;
			break;
		}
		if (!str_starts(text, "ref:"))
			break;
		ref = mem_strdup(text + 4 + strspn(text + 4, " \t"));
		free(text);
		text = is_ref_name(ref) ? read_ref(repository, common, ref) :
			NULL;
		if (!text && is_ref_name(ref))
			head = find_packed(common, ref, id) ? REPO_COMMIT :
				REPO_UNBORN;
		free(ref);
	}
	free(text);
	return head;
}

enum repo_head
repo_head(const char *dir, char id[REPO_ID_SIZE])
{
	enum repo_head head = REPO_NONE;
	struct repo_paths repo;

	id[0] = '\0';
	if (!repo_find(dir, &repo))
		return REPO_NONE;
	/* Where refs are in a reftable, the files say nothing. */
	if (!has_dir(repo.common, "reftable"))
		head = resolve(repo.git, repo.common, id);
	repo_paths_release(&repo);
	return head;
}
