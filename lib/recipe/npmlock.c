/* SPDX-License-Identifier: MIT */
/*
 * Which files count is decided by their names; of the lock file only the
 * spots are read where npm would go to another file of the project: "link":
 * true (a workspace or folder) and "file:" sources.
 */

#include "recipe/npmlock.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "recipe/grammar.h"
#include "sys/file.h"

#define LOCK_BYTES_MAX (64 << 20)

static bool
is_file(const char *root, const char *folder, const char *name)
{
	char *dir = path_join(root, folder);
	char *path = path_join(dir, name);
	struct stat st;
	bool is = !lstat(path, &st) && S_ISREG(st.st_mode);

	free(path);
	free(dir);
	return is;
}

static void
remember(struct npmlock *lock, const char *name)
{
	if (str_is(lock->folder, "."))
		strv_push(&lock->paths, name);
	else
		strv_pushf(&lock->paths, "%s/%s", lock->folder, name);
}

/* After a key: does the string value (or the word) begin with that? */
static bool
value_begins(const char *p, const char *wanted)
{
	while (isspace((unsigned char)*p) || *p == ':')
		p++;
	return str_starts(p, wanted);
}

/* Does the lock file send npm to another file of the project? */
static const char *
local_source(const char *text)
{
	static const struct {
		const char *key, *value;
	} signs[] = {
		{ "\"link\"", "true" },
		{ "\"resolved\"", "\"file:" },
		{ "\"version\"", "\"file:" },
	};

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		for (const char *p = text; (p = strstr(p, signs[i].key));) {
			p += strlen(signs[i].key);
			if (value_begins(p, signs[i].value))
				return signs[i].value;
		}
	return NULL;
}

static int
check_lock(const char *root, const char *path, struct imgcache_error *err)
{
	struct buf text = BUF_INIT;
	char *full = path_join(root, path);
	char shown[GRAMMAR_SHOWN];
	int rc = file_read(AT_FDCWD, full, LOCK_BYTES_MAX, &text, err);

	if (!rc && local_source(text.data))
		rc = error_set(err, IMGCACHE_EUSAGE,
			       "npm_lock '%s': it takes packages from folders "
			       "or files of the project (workspaces, file:), "
			       "which npm ci would miss in the image; use a "
			       "Dockerfile for it",
			       grammar_shown(shown, path));
	free(full);
	buf_release(&text);
	return rc;
}

/* "./web/" as "web"; grammar_path() has refused what is outside. */
static char *
plain_folder(const char *folder)
{
	struct buf b = BUF_INIT;

	while (*folder) {
		size_t len = strcspn(folder, "/");

		if (len && !(len == 1 && folder[0] == '.')) {
			if (b.len)
				buf_addc(&b, '/');
			buf_add(&b, folder, len);
		}
		folder += len + (folder[len] == '/');
	}
	if (!b.len)
		buf_addc(&b, '.');
	return buf_detach(&b);
}

static const char *
find_lock(const char *root, const char *folder)
{
	if (is_file(root, folder, "npm-shrinkwrap.json"))
		return "npm-shrinkwrap.json";
	if (is_file(root, folder, "package-lock.json"))
		return "package-lock.json";
	return NULL;
}

int
npmlock_read(const char *root, const char *folder, struct npmlock *out,
	     struct imgcache_error *err)
{
	char shown[GRAMMAR_SHOWN];
	const char *lock;
	int rc = grammar_path(folder, err);

	memset(out, 0, sizeof(*out));
	if (!rc)
		rc = grammar_copy_from(folder, err);
	if (rc)
		return error_prefix(err, "npm_lock");
	out->folder = plain_folder(folder);
	grammar_shown(shown, out->folder);
	lock = find_lock(root, out->folder);
	if (!is_file(root, out->folder, "package.json"))
		rc = error_set(err, IMGCACHE_EUSAGE,
			       "npm_lock '%s': no package.json in it; name the "
			       "folder that has one", shown);
	else if (!lock)
		rc = error_set(err, IMGCACHE_EUSAGE,
			       "npm_lock '%s': no package-lock.json in it; run "
			       "npm install --package-lock-only there", shown);
	if (rc)
		goto out;
	remember(out, "package.json");
	remember(out, lock);
	out->has_npmrc = is_file(root, out->folder, ".npmrc");
	if (out->has_npmrc)
		remember(out, ".npmrc");
	rc = check_lock(root, out->paths.v[1], err);
	strv_sort(&out->paths);
out:
	if (rc)
		npmlock_release(out);
	return rc;
}

void
npmlock_release(struct npmlock *lock)
{
	strv_release(&lock->paths);
	free(lock->folder);
	memset(lock, 0, sizeof(*lock));
}
