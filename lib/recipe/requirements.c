/* SPDX-License-Identifier: MIT */
/*
 * The closure is a list that grows while it is walked: each file is read once,
 * what it names is appended if it is not there yet, so cycles end by
 * themselves. Only names are taken from the files; pip itself reads them in
 * the build. Where pip looks for a name (pip 20 to 25, req_file.py): -r, -c and
 * -f beside the including file, packages in the working directory.
 */

#include "recipe/requirements.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "recipe/grammar.h"
#include "recipe/requirements_line.h"
#include "sys/file.h"

#define FILES_MAX 256
#define FILE_BYTES_MAX (1 << 20)

struct closure {
	const char *root;
	char *real_root;
	struct requirements *out;
	struct strv queue;	/* files still to be read are queue[at..] */
	const char *file;	/* being read */
	int line;		/* in it; 0: named by the recipe */
	struct imgcache_error *err;
};

static int
fail(struct closure *c, const char *what, const char *text, const char *why)
{
	char shown[GRAMMAR_SHOWN];

	error_set(c->err, IMGCACHE_EUSAGE, "%s '%s': %s", what,
		  grammar_shown(shown, text), why);
	return c->line ? error_prefix(c->err, "%s:%d", c->file, c->line)
		       : c->err->code;
}

static void
warn(struct closure *c, const char *text, const char *why)
{
	char shown[GRAMMAR_SHOWN];

	strv_pushf(&c->out->warnings, "%s:%d: '%s' %s", c->file, c->line,
		   grammar_shown(shown, text), why);
}

/*
 * dir/path without "." and "..", relative to the root; NULL if it leaves it.
 * dir is in that form already ("" for the root).
 */
static char *
inside(const char *dir, const char *path)
{
	struct buf b = BUF_INIT;

	if (path[0] == '/')
		return NULL;
	buf_adds(&b, dir);
	while (*path) {
		size_t len = strcspn(path, "/");

		if (len == 2 && !memcmp(path, "..", 2)) {
			if (!b.len) {
				buf_release(&b);
				return NULL;
			}
			while (b.len && b.data[b.len - 1] != '/')
				buf_truncate(&b, b.len - 1);
			if (b.len)
				buf_truncate(&b, b.len - 1);
		} else if (len && !(len == 1 && path[0] == '.')) {
			if (b.len)
				buf_addc(&b, '/');
			buf_add(&b, path, len);
		}
		path += len + (path[len] == '/');
	}
	if (!b.len)
		buf_addc(&b, '.');
	return buf_detach(&b);
}

/* The directory of a file of the closure, "" for the root. */
static char *
dir_of(const char *file)
{
	const char *slash = strrchr(file, '/');

	return mem_strndup(file, slash ? (size_t)(slash - file) : 0);
}

/* 0: not there, 1: a file, 2: a folder, -1: refused with err set. */
static int
look(struct closure *c, const char *path)
{
	char *full = path_join(c->root, path);
	char *real = realpath(full, NULL);
	char *plain = str_is(path, ".") ? mem_strdup(c->real_root)
					: path_join(c->real_root, path);
	struct stat st;
	int kind = 0;

	if (real && !str_is(real, plain))
		kind = fail(c, "path", path,
			    "a link stands on the way; write the path that it "
			    "leads to");
	else if (real && !stat(real, &st))
		kind = S_ISDIR(st.st_mode) ? 2 : S_ISREG(st.st_mode) ? 1 : 0;
	free(plain);
	free(real);
	free(full);
	return kind < 0 ? -1 : kind;
}

static int
remember(struct closure *c, const char *path)
{
	if (strv_has(&c->out->paths, path))
		return 0;
	if (grammar_copy_from(path, c->err))
		return c->line ? error_prefix(c->err, "%s:%d", c->file,
					      c->line) : c->err->code;
	if (c->out->paths.n == FILES_MAX)
		return fail(c, "path", path,
			    "more than 256 files in one closure; make a lock "
			    "file of them (pip freeze, pip-compile)");
	strv_push(&c->out->paths, path);
	return 0;
}

/* A file that -r or -c names, or the recipe. */
static int
include_file(struct closure *c, const char *option, const char *text)
{
	char *dir = dir_of(c->line ? c->file : "");
	char *path = inside(dir, text);
	int rc = 0;
	int kind;

	if (requirements_has_variable(text))
		goto out;	/* warned of already; only pip can tell */
	if (requirements_is_url(text) && strncasecmp(text, "file:", 5)) {
		warn(c, text, "is fetched by the build; its content is not in "
			      "the key");
		goto out;
	}
	if (!path || requirements_is_url(text)) {
		rc = fail(c, option, text,
			  "it is outside the project; copy the file into it");
		goto out;
	}
	kind = look(c, path);
	if (kind == 1) {
		rc = remember(c, path);
		if (!rc && !strv_has(&c->queue, path))
			strv_push(&c->queue, path);
	} else if (kind >= 0) {
		rc = fail(c, option, text,
			  "no such file; write a path from the including file "
			  "on");
	} else {
		rc = c->err->code;
	}
out:
	free(path);
	free(dir);
	return rc;
}

/* A package or wheel of the project: looked for from the root on. */
static int
include_package(struct closure *c, const char *text)
{
	char *path = inside("", text);
	int rc, kind;

	if (!path)
		return fail(c, "package", text,
			    "it is outside the project; copy it into it");
	kind = look(c, path);
	rc = kind > 0 ? remember(c, path)
	   : kind < 0 ? c->err->code
	   : fail(c, "package", text,
		  "no such file; pip looks for it from the project's root on");
	free(path);
	return rc;
}

/* A folder of wheels: beside the file, else from the root on. */
static int
include_links(struct closure *c, const char *text)
{
	char *dir = dir_of(c->file);
	char *beside = inside(dir, text);
	char *from_root = inside("", text);
	int rc = 0;
	int kind = 0;

	if (requirements_has_variable(text) || requirements_is_url(text))
		goto out;
	if (beside && (kind = look(c, beside)) > 0)
		rc = remember(c, beside);
	else if (!kind && from_root && (kind = look(c, from_root)) > 0)
		rc = remember(c, from_root);
	else if (kind < 0)
		rc = c->err->code;
	else
		rc = fail(c, "--find-links", text,
			  "no such folder in the project; write a path from "
			  "this file on");
out:
	free(from_root);
	free(beside);
	free(dir);
	return rc;
}

static int
read_requirement(struct closure *c, const struct requirements_line *line)
{
	if (line->path && requirements_has_variable(line->path))
		return 0;	/* warned of already; only pip can tell */
	if (line->kind == REQUIREMENT_LOCAL)
		return include_package(c, line->path);
	if (line->kind == REQUIREMENT_REMOTE)
		warn(c, line->path, "is fetched by the build; its content is "
				    "not in the key");
	return 0;
}

static int
read_options(struct closure *c, const struct requirements_line *line)
{
	int rc = 0;

	for (size_t i = 0; i < line->n_options && !rc; i++) {
		const struct requirements_option *o = &line->options[i];

		switch (o->kind) {
		case OPTION_REQUIREMENT:
			rc = include_file(c, "-r", o->value);
			break;
		case OPTION_CONSTRAINT:
			rc = include_file(c, "-c", o->value);
			break;
		case OPTION_FIND_LINKS:
			rc = include_links(c, o->value);
			break;
		case OPTION_EDITABLE:
			rc = fail(c, "-e", o->value,
				  "an editable install links to a folder that "
				  "the image does not have; write it without "
				  "-e");
			break;
		}
	}
	return rc;
}

static int
read_line(void *ctx, const char *text, int number)
{
	struct closure *c = ctx;
	struct requirements_line line;
	int rc;

	c->line = number;
	requirements_line_parse(text, &line);
	if (requirements_has_variable(text))
		warn(c, text, "has a ${VARIABLE}, which pip takes from the "
			      "build's environment; it is not in the key");
	rc = read_requirement(c, &line);
	if (!rc)
		rc = read_options(c, &line);
	requirements_line_release(&line);
	return rc;
}

static int
read_file(struct closure *c, const char *file)
{
	struct buf text = BUF_INIT;
	char *full = path_join(c->root, file);
	int rc = file_read(AT_FDCWD, full, FILE_BYTES_MAX, &text, c->err);

	if (!rc && memchr(text.data, 0, text.len))
		rc = error_set(c->err, IMGCACHE_EUSAGE,
			       "requirements file '%s': it is not UTF-8 text",
			       file);
	if (!rc) {
		c->file = file;
		rc = requirements_each_line(text.data, read_line, c);
		c->line = 0;
	}
	free(full);
	buf_release(&text);
	return rc;
}

int
requirements_read(const char *root, const char *path,
		  struct requirements *out, struct imgcache_error *err)
{
	struct closure c = { .root = root, .out = out, .err = err };
	int rc;

	memset(out, 0, sizeof(*out));
	c.real_root = realpath(root, NULL);
	if (!c.real_root) {
		rc = error_errno(err, IMGCACHE_EFAIL, "cannot open '%s'",
				 root);
		goto out;
	}
	rc = grammar_path(path, err);
	if (!rc)
		rc = include_file(&c, "requirements file", path);
	for (size_t i = 0; i < c.queue.n && !rc; i++) {
		char *file = mem_strdup(c.queue.v[i]);

		rc = read_file(&c, file);
		free(file);
	}
out:
	if (rc)
		requirements_release(out);
	strv_release(&c.queue);
	free(c.real_root);
	return rc;
}

void
requirements_release(struct requirements *r)
{
	strv_release(&r->paths);
	strv_release(&r->warnings);
}
