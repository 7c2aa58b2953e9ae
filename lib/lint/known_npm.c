/* SPDX-License-Identifier: MIT */
/*
 * npm ci reads a few files of its folder; what is in them may send it to
 * others, or run programs that read whatever they like: scripts of the project
 * (npm-scripts(7)), a rebuild by node-gyp that needs no word in package.json,
 * scripts of the packages, which are told where npm was called.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "lint/known.h"
#include "recipe/npmlock.h"
#include "source/ignore.h"
#include "store/jsonr.h"
#include "sys/file.h"

#define MAX_JSON (64 << 20)

struct folder {
	const struct lint_docker *d;
	const char *path;	/* of the context, "." for its top */
	bool runs_scripts;
};

static char *
full_path(const struct folder *f, const char *name)
{
	char *in = path_join(f->path, name);
	char *full = path_join(f->d->context.path, in);

	free(in);
	return full;
}

static bool
has_file(const struct folder *f, const char *name)
{
	char *path = full_path(f, name);
	bool has = file_exists(path);

	free(path);
	return has;
}

/* Any file that makes npm call node-gyp. */
static bool
has_gyp(const struct folder *f)
{
	char *path = full_path(f, ".");
	DIR *dir = opendir(path);
	struct dirent *e;
	bool found = !dir;

	while (dir && !found && (e = readdir(dir)) != NULL)
		found = str_ends(e->d_name, ".gyp");
	if (dir)
		closedir(dir);
	free(path);
	return found;
}

/* What an npm of the sender's machine left would be copied over ours. */
static bool
sends_modules(const struct folder *f)
{
	char *modules = path_join(str_is(f->path, ".") ? "" : f->path,
				  "node_modules");
	bool sent = has_file(f, "node_modules") &&
		!(f->d->context.ignore &&
		  ignore_matches(f->d->context.ignore, modules));

	free(modules);
	return sent;
}

/*
 * npm looks for a project that has this one as a workspace, and at the links
 * on the way to it.
 */
static bool
stands_alone(const struct folder *f)
{
	char *full = full_path(f, ".");
	char *real = realpath(full, NULL);
	char *top = realpath(f->d->context.path, NULL);
	char *plain = !top ? NULL : str_is(f->path, ".") ? mem_strdup(top) :
		path_join(top, f->path);
	bool alone = str_is(real, plain) && real;

	while (alone && !str_is(plain, top)) {
		char *up = path_dir(plain);
		char *package = path_join(up, "package.json");

		alone = !file_exists(package) && strlen(up) >= strlen(top);
		free(package);
		free(plain);
		plain = up;
	}
	free(full);
	free(real);
	free(top);
	free(plain);
	return alone;
}

static const struct jsonr_node *
read_json(const struct folder *f, const char *name, struct jsonr *r)
{
	struct imgcache_error ignored = {0};
	char *path = full_path(f, name);
	struct buf text = BUF_INIT;
	const struct jsonr_node *doc = NULL;

	if (!file_read(AT_FDCWD, path, MAX_JSON, &text, &ignored))
		doc = jsonr_parse(r, text.data, text.len, &ignored);
	buf_release(&text);
	free(path);
	return doc;
}

/* What npm ci and npm install run of a project, in npm 5 to 11. */
static bool
runs_own_scripts(const struct jsonr_node *package)
{
	static const char *const names[] = {
		"preinstall", "install", "postinstall", "prepublish",
		"preprepare", "prepare", "postprepare", "prepublishOnly",
		"dependencies", "predependencies", "postdependencies",
		"preshrinkwrap", "shrinkwrap", "postshrinkwrap", NULL
	};
	const struct jsonr_node *scripts = jsonr_member(package, "scripts");

	for (size_t i = 0; scripts && names[i]; i++)
		if (jsonr_member(scripts, names[i]))
			return true;
	return false;
}

static bool
knows_package(const struct folder *f)
{
	struct jsonr *r = jsonr_new();
	const struct jsonr_node *doc = read_json(f, "package.json", r);
	bool known = doc && doc->type == JSONR_OBJECT &&
		!jsonr_member(doc, "workspaces") &&
		!(f->runs_scripts && runs_own_scripts(doc));

	jsonr_free(r);
	return known;
}

/* Packages whose install scripts look at themselves alone. */
static bool
has_known_script(const struct jsonr_node *package)
{
	static const char *const names[] = {
		"core-js", "core-js-pure", "esbuild", "fsevents", NULL
	};
	static const char folder[] = "node_modules/";
	const char *name = package->key, *next;

	while ((next = strstr(name, folder)) != NULL)
		name = next + strlen(folder);
	return name != package->key && !jsonr_member(package, "name") &&
		str_is_one_of(name, names);
}

/* Only locks from npm 7 on say which packages have scripts. */
static bool
knows_lock(const struct folder *f)
{
	const char *name = has_file(f, "npm-shrinkwrap.json") ?
		"npm-shrinkwrap.json" : "package-lock.json";
	struct jsonr *r = jsonr_new();
	const struct jsonr_node *doc = read_json(f, name, r);
	const struct jsonr_node *all = doc ? jsonr_member(doc, "packages") :
		NULL, *at;
	bool known = all && all->type == JSONR_OBJECT;

	for (at = known ? all->child : NULL; known && at; at = at->next) {
		const char *from = jsonr_string(at, "/resolved", NULL);

		if (from && !str_starts(from, "https://") &&
		    !str_starts(from, "http://"))
			known = false;
		if (*at->key && f->runs_scripts &&
		    jsonr_bool(at, "/hasInstallScript", false) &&
		    !has_known_script(at))
			known = false;
	}
	jsonr_free(r);
	return known;
}

/* A line "name = value" of .npmrc that names no file. */
static bool
knows_setting(const char *line)
{
	static const char *const names[] = {
		"always-auth", "audit", "email", "engine-strict",
		"fetch-retries", "fetch-timeout", "force", "fund",
		"ignore-scripts", "include", "legacy-peer-deps", "loglevel",
		"maxsockets", "omit",
		"optional", "package-lock", "prefer-offline", "production",
		"progress", "save", "save-exact", "save-prefix", "strict-ssl",
		"unsafe-perm", "update-notifier", NULL
	};
	static const char *const secrets[] = {
		":_authToken", ":_auth", ":_password", ":username", ":email",
		":always-auth"
	};
	size_t len = strcspn(line, " \t=");
	const char *value = line + len + strspn(line + len, " \t=\"");
	char *name = mem_strndup(line, len);
	bool known = str_is_one_of(name, names);

	if (!strcmp(name, "registry") || str_ends(name, ":registry"))
		known = str_starts(value, "https://") ||
			str_starts(value, "http://");
	for (size_t i = 0; str_starts(name, "//") &&
	     i < sizeof(secrets) / sizeof(*secrets); i++)
		known = known || str_ends(name, secrets[i]);
	free(name);
	return known;
}

static bool
knows_npmrc(const struct folder *f)
{
	struct imgcache_error ignored = {0};
	char *path = full_path(f, ".npmrc");
	struct buf text = BUF_INIT;
	struct strv lines = {0};
	bool known = !file_exists(path) ||
		!file_read(AT_FDCWD, path, MAX_JSON, &text, &ignored);

	strv_split(&lines, text.data, "\r\n");
	for (size_t i = 0; known && i < lines.n; i++)
		known = strchr("#;", lines.v[i][0]) ||
			knows_setting(lines.v[i]);
	strv_release(&lines);
	buf_release(&text);
	free(path);
	return known;
}

bool
lint_knows_npm(const struct lint_docker *d, const char *folder,
	       bool runs_scripts, struct strv *files)
{
	struct folder f = { d, *folder ? folder : ".", runs_scripts };
	struct npmlock lock = NPMLOCK_INIT;
	struct imgcache_error ignored = {0};
	bool ok = !npmlock_read(d->context.path, f.path, &lock, &ignored) &&
		!has_file(&f, "yarn.lock") && !sends_modules(&f) &&
		!(runs_scripts && has_gyp(&f)) && stands_alone(&f) &&
		knows_package(&f) && knows_lock(&f) && knows_npmrc(&f);

	for (size_t i = 0; ok && i < lock.paths.n; i++)
		if (!strv_has(files, lock.paths.v[i]))
			strv_push(files, lock.paths.v[i]);
	npmlock_release(&lock);
	return ok;
}
