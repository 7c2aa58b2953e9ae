/* SPDX-License-Identifier: MIT */
/*
 * Package lists that no Dockerfile reads become generated images: npm's lock
 * file, pip's requirements, the dependencies of a pyproject.toml, apt.txt.
 */
#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "init/init.h"
#include "recipe/grammar.h"
#include "recipe/recipe.h"
#include "recipe/yaml.h"
#include "sys/file.h"

#define NODE "22"
#define PYTHON "3.12"
#define DEBIAN "debian:bookworm-slim"
#define MAX_FILE (1 << 20)

static bool
is_there(const struct init *in, const char *dir, const char *name)
{
	char *folder = path_join(in->root, dir);
	char *path = path_join(folder, name);
	bool is = file_exists(path);

	free(path);
	free(folder);
	return is;
}

static const char *
joined(const struct init *in, const char *dir, const char *name)
{
	return strcmp(dir, ".") ? arena_printf(in->arena, "%s/%s", dir, name) :
		arena_strdup(in->arena, name);
}

/* A small file's text, or NULL. */
static const char *
text_of(const struct init *in, const char *path)
{
	struct imgcache_error ignored = {0};
	struct buf text = BUF_INIT;
	char *full = path_join(in->root, path);
	const char *kept = NULL;

	if (!file_read(AT_FDCWD, full, MAX_FILE, &text, &ignored))
		kept = arena_strdup(in->arena, text.data);
	buf_release(&text);
	free(full);
	return kept;
}

/* 3.12 is newer than 3.9. */
static bool
is_newer(const char *a, const char *b)
{
	char *rest_a, *rest_b;
	long x = strtol(a, &rest_a, 10), y = strtol(b, &rest_b, 10);

	if (x != y)
		return x > y;
	if (*rest_a != '.' || *rest_b != '.')
		return false;
	return strtol(rest_a + 1, NULL, 10) > strtol(rest_b + 1, NULL, 10);
}

const char *
init_version(struct arena *arena, const char *range, int parts,
	     const char *standard)
{
	const char *p = range;
	size_t len = 0;
	int i;

	if (!range)
		return standard;
	while (*p && !isdigit((unsigned char)*p))
		p++;
	for (i = 0; i < parts && isdigit((unsigned char)p[len]); i++) {
		while (isdigit((unsigned char)p[len]))
			len++;
		if (i + 1 < parts && p[len] == '.' &&
		    isdigit((unsigned char)p[len + 1]))
			len++;
	}
	if (!len)
		return standard;
	if (*range == '>' && !strpbrk(range, "<,|") &&
	    !is_newer(p, standard))
		return standard;
	return arena_strndup(arena, p, len);
}

static const char *
node_base(const struct init *in, const char *dir)
{
	struct imgcache_error ignored = {0};
	const char *path = joined(in, dir, "package.json");
	const char *text = text_of(in, joined(in, dir, ".nvmrc"));
	struct yaml_doc doc = {0};
	const char *version;

	if (!text)
		text = text_of(in, joined(in, dir, ".node-version"));
	version = init_version(in->arena, text, 1, NODE);
	if (!text && (text = text_of(in, path)) &&
	    !yaml_parse(&doc, path, text, strlen(text), &ignored))
		version = init_version(in->arena, yaml_text(yaml_get(
				       yaml_get(doc.root, "engines"), "node")),
				       1, NODE);
	yaml_release(&doc);
	return arena_printf(in->arena, "node:%s-bookworm-slim", version);
}

/* A member of a workspace has no lock file of its own. */
static bool
is_member(const struct init *in, const char *dir)
{
	while (strcmp(dir, ".")) {
		dir = init_dir(in, dir);
		if (is_there(in, dir, "package.json"))
			return true;
	}
	return false;
}

static void
take_node(struct init *in, const char *path, const char *suffix)
{
	const char *dir = init_dir(in, path);
	const char *name = arena_printf(in->arena, "%s%s",
					init_dir_name(in, dir), suffix);
	struct init_image *image;
	bool has_lock = is_there(in, dir, "package-lock.json") ||
		is_there(in, dir, "npm-shrinkwrap.json");

	if (!has_lock && is_member(in, dir))
		return;
	image = init_image_new(in, name, arena_strdup(in->arena, path));
	image->npm_lock = dir;
	image->base = in->base ? in->base : node_base(in, dir);
	if (!has_lock)
		image->reason = "it has no package-lock.json; npm install "
			"--package-lock-only makes one";
	strv_push(&in->read, path);
}

static const char *
python_base(const struct init *in, const char *dir)
{
	const char *text = text_of(in, joined(in, dir, ".python-version"));
	struct init_pyproject p = {0};

	if (!text && (text = text_of(in, joined(in, dir, "pyproject.toml")))) {
		init_pyproject_read(in->arena, text, &p);
		text = p.requires_python;
	}
	init_pyproject_release(&p);
	return arena_printf(in->arena, "python:%s-slim-bookworm",
			    init_version(in->arena, text, 2, PYTHON));
}

/* "requirements-dev.txt" is "-dev", "requirements/prod.txt" "-prod". */
static const char *
variant_of(const struct init *in, const char *path)
{
	static const char word[] = "requirements";
	const char *name = path_base(path);
	const char *at = strstr(name, word);
	struct buf b = BUF_INIT;
	const char *kept;

	buf_add(&b, name, (size_t)(at - name));
	buf_adds(&b, at + strlen(word));
	buf_truncate(&b, b.len - strlen(".txt"));
	while (b.len && strchr("-_.", b.data[b.len - 1]))
		buf_truncate(&b, b.len - 1);
	kept = b.data + strspn(b.data, "-_.");
	kept = *kept ? arena_printf(in->arena, "-%s", kept) : "";
	buf_release(&b);
	return kept;
}

static void
take_requirements(struct init *in, const char *path, const char *suffix)
{
	const char *dir = init_dir(in, path);
	struct init_image *image;

	image = init_image_new(in, arena_printf(in->arena, "%s%s%s",
						init_dir_name(in, dir), suffix,
						variant_of(in, path)),
			       arena_strdup(in->arena, path));
	image->pip_requirements = image->origin;
	image->base = in->base ? in->base : python_base(in, dir);
	strv_push(&in->read, path);
}

/* What pip's grammar takes, without white space; else a comment says it. */
static void
take_dependency(const char *text, struct init_image *image)
{
	struct imgcache_error err = {0};
	struct grammar_package read = {0};
	struct recipe_package package = {0};
	struct buf plain = BUF_INIT;
	const char *p;

	for (p = text; *p; p++)
		if (!isspace((unsigned char)*p))
			buf_addc(&plain, *p);
	package.text = plain.data;
	if (strpbrk(text, ";@"))
		strv_pushf(&image->comments, "Not taken over, for its marker "
			   "or address: %s", text);
	else if (grammar_package(GRAMMAR_PIP, &package, &read, &err))
		strv_pushf(&image->comments, "Not taken over, for its form: "
			   "%s", text);
	else
		strv_push(&image->pip, plain.data);
	grammar_package_release(&read);
	buf_release(&plain);
}

static void
note_pyproject(struct init *in, const char *path,
	       const struct init_pyproject *p, struct init_image *image)
{
	if (p->is_poetry)
		init_note(in, "%s: poetry's lists are not read; 'poetry export "
			  "-o requirements.txt' makes one that is", path);
	if (p->is_dynamic)
		init_note(in, "%s: its dependencies are dynamic, so they are "
			  "not known", path);
	if (p->bad_line)
		init_note(in, "%s:%d: this is not TOML; what follows was not "
			  "read", path, p->bad_line);
	if (image && p->bad_line)
		strv_pushf(&image->comments, "Not read: %s from line %d on",
			   path, p->bad_line);
	for (size_t i = 0; image && i < p->groups.n; i++)
		strv_pushf(&image->comments, "Not taken over: the group %s",
			   p->groups.v[i]);
}

static void
take_pyproject(struct init *in, const char *path, const char *suffix)
{
	const char *dir = init_dir(in, path), *text = text_of(in, path);
	struct init_pyproject p = {0};
	struct init_image *image = NULL;
	size_t i;

	if (text)
		init_pyproject_read(in->arena, text, &p);
	if (p.dependencies.n) {
		image = init_image_new(in, arena_printf(in->arena, "%s%s",
							init_dir_name(in, dir),
							suffix),
				       arena_strdup(in->arena, path));
		image->base = in->base ? in->base : python_base(in, dir);
		strv_push(&in->read, path);
	}
	for (i = 0; i < p.dependencies.n; i++)
		take_dependency(p.dependencies.v[i], image);
	if (image && !image->pip.n)
		image->reason = "none of its dependencies can be taken over; "
			"pip_requirements takes a file that has them";
	note_pyproject(in, path, &p, image);
	init_pyproject_release(&p);
}

/* Beside a requirements file, which may or may not say the same. */
static void
tell_pyproject(struct init *in, const char *path)
{
	const char *dir = init_dir(in, path), *text = text_of(in, path);
	struct init_image *beside = NULL;
	struct init_pyproject p = {0};
	size_t i;

	for (i = 0; i < in->n_images && !beside; i++)
		if (in->images[i]->pip_requirements &&
		    !strcmp(init_dir(in, in->images[i]->origin), dir))
			beside = in->images[i];
	if (text)
		init_pyproject_read(in->arena, text, &p);
	for (i = 0; beside && i < p.dependencies.n; i++)
		strv_pushf(&beside->comments, "Not taken over from %s, since "
			   "%s is there: %s", path, beside->origin,
			   p.dependencies.v[i]);
	note_pyproject(in, path, &p, NULL);
	init_pyproject_release(&p);
}

/* One name a line, or several; what stands behind a # is a comment. */
static void
add_apt(const struct init *in, const char *path, struct init_image *image)
{
	const char *text = text_of(in, path);

	while (text && *text) {
		size_t len = strcspn(text, "\n");
		char *line = mem_strndup(text, strcspn(text, "#\n"));

		strv_split(&image->apt, line, " \t\r");
		free(line);
		text += len + (text[len] == '\n');
	}
}

/* It belongs to all that is generated for its folder, or is one itself. */
static void
take_apt(struct init *in, const char *path, size_t first)
{
	const char *dir = init_dir(in, path);
	struct init_image *image;
	bool is_used = false;
	size_t i;

	for (i = first; i < in->n_images; i++) {
		image = in->images[i];
		if (strcmp(init_dir(in, image->origin), dir))
			continue;
		add_apt(in, path, image);
		strv_pushf(&image->comments, "With %s", path);
		is_used = true;
	}
	strv_push(&in->read, path);
	if (is_used)
		return;
	image = init_image_new(in, init_dir_name(in, dir),
			       arena_strdup(in->arena, path));
	image->base = in->base ? in->base : DEBIAN;
	add_apt(in, path, image);
}

static bool
is_in(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return !strcmp(dir, ".") ||
		(!strncmp(path, dir, len) && path[len] == '/');
}

/* Does the text of a Dockerfile have its name, or "package*.json"? */
static bool
names(const struct init *in, const struct init_image *image, const char *path)
{
	const char *text = image->dockerfile ? text_of(in, image->dockerfile) :
		NULL;
	const char *name = path_base(path);
	char *stem = mem_printf("%.*s*", (int)strcspn(name, "."), name);
	bool does = text && (strstr(text, name) || strstr(text, stem));

	free(stem);
	return does;
}

static bool
reads(const struct init_image *image, const char *path)
{
	for (size_t i = 0; i < image->reads.n; i++)
		if (!strcmp(path, image->reads.v[i]) ||
		    is_in(path, image->reads.v[i]))
			return true;
	return false;
}

/*
 * Does a Dockerfile read it? Of one of which that is not known, a list that is
 * named there is taken for one that it installs; any other is not dropped for
 * it. Both are said, since it may be wrong either way.
 */
static bool
is_covered(struct init *in, const char *path)
{
	const struct init_image *unsure = NULL;
	size_t i;

	for (i = 0; i < in->n_images; i++)
		if (in->images[i]->context && reads(in->images[i], path))
			return true;
	for (i = 0; i < in->n_images; i++) {
		const struct init_image *image = in->images[i];

		if (!image->context || image->knows_reads ||
		    !is_in(path, image->context))
			continue;
		if (names(in, image, path)) {
			init_note(in, "%s was left out: %s names it", path,
				  image->origin);
			return true;
		}
		unsure = unsure ? unsure : image;
	}
	if (unsure)
		init_note(in, "%s has an image of its own, since what %s reads "
			  "is not known", path, unsure->origin);
	return false;
}

/* Those of a kind that no Dockerfile has; in the same order. */
static void
uncovered(struct init *in, enum init_kind kind, struct strv *out)
{
	const struct strv *all = &in->found.of[kind];
	size_t i;

	for (i = 0; i < all->n; i++)
		if (!is_covered(in, all->v[i]))
			strv_push(out, all->v[i]);
}

static bool
has_in(const struct init *in, const struct strv *paths, const char *dir)
{
	size_t i;

	for (i = 0; i < paths->n; i++)
		if (!strcmp(init_dir(in, paths->v[i]), dir))
			return true;
	return false;
}

void
init_packages(struct init *in)
{
	struct strv npm = {0}, pip = {0}, project = {0}, apt = {0};
	size_t i, first = in->n_images;

	uncovered(in, INIT_PACKAGE_JSON, &npm);
	uncovered(in, INIT_REQUIREMENTS, &pip);
	uncovered(in, INIT_PYPROJECT, &project);
	uncovered(in, INIT_APT, &apt);
	for (i = 0; i < npm.n; i++) {
		const char *dir = init_dir(in, npm.v[i]);

		take_node(in, npm.v[i], has_in(in, &pip, dir) ||
			  has_in(in, &project, dir) ? "-node" : "");
	}
	for (i = 0; i < pip.n; i++)
		take_requirements(in, pip.v[i], has_in(in, &npm, init_dir(in,
				  pip.v[i])) ? "-python" : "");
	for (i = 0; i < project.n; i++) {
		const char *dir = init_dir(in, project.v[i]);

		if (has_in(in, &pip, dir))
			tell_pyproject(in, project.v[i]);
		else
			take_pyproject(in, project.v[i],
				       has_in(in, &npm, dir) ? "-python" : "");
	}
	for (i = 0; i < apt.n; i++)
		take_apt(in, apt.v[i], first);
	strv_release(&npm);
	strv_release(&pip);
	strv_release(&project);
	strv_release(&apt);
}
