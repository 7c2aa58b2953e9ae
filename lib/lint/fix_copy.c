/* SPDX-License-Identifier: MIT */
/*
 * Which files a RUN reads is found by paths: where the COPY puts the context,
 * where the RUN works, what it names. A path that begins without a slash stands
 * on a working directory that the base image decides, the same for all.
 */
#include "lint/fix_copy.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "recipe/npmlock.h"
#include "recipe/requirements.h"
#include "source/ignore.h"
#include "store/jsonr.h"
#include "sys/file.h"

#define MAX_JSON (4 << 20)

struct mover {
	struct lint_docker *d;
	const struct dockerfile_instruction *copy;
	const struct lint_run *run;
	char *dest;		/* where the context goes */
	char *cwd;		/* where the RUN works */
	struct strv files;	/* of the context, that the RUN reads */
};

/* b as seen from a, "." and ".." taken out; NULL if only a build knows. */
static char *
resolve(const char *a, const char *b)
{
	struct strv parts = {0};
	struct buf out = BUF_INIT;
	bool is_absolute = *b == '/' || *a == '/';

	if (strpbrk(a, "$\"'\\") || strpbrk(b, "$\"'\\"))
		return NULL;
	if (*b != '/')
		strv_split(&parts, a, "/");
	strv_split(&parts, b, "/");
	if (is_absolute)
		buf_addc(&out, '/');
	for (size_t i = 0; i < parts.n; i++) {
		const char *part = parts.v[i];

		if (!strcmp(part, ".."))
			goto odd;
		if (!strcmp(part, "."))
			continue;
		if (out.len && out.data[out.len - 1] != '/')
			buf_addc(&out, '/');
		buf_adds(&out, part);
	}
	strv_release(&parts);
	return buf_detach(&out);
odd:
	strv_release(&parts);
	buf_release(&out);
	return NULL;
}

/* The working directory at an instruction, as far as WORKDIRs say. */
static char *
workdir(const struct lint_docker *d, size_t index)
{
	size_t stage = lint_stage_of(d, index), at = index, n = 0;
	const char *dirs[64];
	char *cwd;

	while (n < 64 && lint_before(d, &stage, &at)) {
		const struct dockerfile_instruction *in = &d->df->v[at];

		if (in->keyword != DOCKERFILE_WORKDIR)
			continue;
		dirs[n++] = in->args[0];
		if (in->args[0][0] == '/')
			break;
	}
	cwd = mem_strdup("");
	while (n-- > 0 && cwd) {
		char *next = resolve(cwd, dirs[n]);

		free(cwd);
		cwd = next;
	}
	return cwd;
}

/* The path in the context of a path in the image; NULL if it is not copied. */
static char *
in_context(const struct mover *m, const char *path)
{
	size_t len = strlen(m->dest);

	if (!len)
		return *path == '/' ? NULL : mem_strdup(path);
	if (!strcmp(m->dest, "/"))
		return *path == '/' ? mem_strdup(path + 1) : NULL;
	if (strncmp(path, m->dest, len) || (path[len] && path[len] != '/'))
		return NULL;
	return mem_strdup(path + len + (path[len] == '/'));
}

static bool
add_requirements(struct mover *m, const char *file)
{
	struct requirements r = REQUIREMENTS_INIT;
	struct imgcache_error ignored = {0};
	char *image = resolve(m->cwd, file);
	char *path = image ? in_context(m, image) : NULL;
	bool ok = path && *path &&
		!requirements_read(m->d->context.path, path, &r, &ignored);

	for (size_t i = 0; ok && i < r.paths.n; i++) {
		char *full = path_join(m->d->context.path, r.paths.v[i]);

		ok = !file_is_dir(full) && !strpbrk(full, " $\"'\\*?[");
		if (!strv_has(&m->files, r.paths.v[i]))
			strv_push(&m->files, r.paths.v[i]);
		free(full);
	}
	requirements_release(&r);
	free(image);
	free(path);
	return ok;
}

/* Scripts that npm ci runs read the sources. */
static bool
has_scripts(const char *package)
{
	static const char *const names[] = {
		"/scripts/preinstall", "/scripts/install",
		"/scripts/postinstall", "/scripts/prepare",
		"/scripts/preprepare", "/scripts/postprepare"
	};
	struct imgcache_error ignored = {0};
	struct jsonr *r = jsonr_new();
	struct buf text = BUF_INIT;
	const struct jsonr_node *doc = NULL;
	bool found;

	if (!file_read(AT_FDCWD, package, MAX_JSON, &text, &ignored))
		doc = jsonr_parse(r, text.data, text.len, &ignored);
	found = !doc;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		found = found || jsonr_at(doc, names[i]);
	jsonr_free(r);
	buf_release(&text);
	return found;
}

/* What an npm of the sender's machine left would be copied over ours. */
static bool
sends_modules(const struct lint_docker *d, const char *folder)
{
	char *modules = path_join(folder, "node_modules");
	char *path = path_join(d->context.path, modules);
	bool sent = file_exists(path) &&
		!(d->context.ignore &&
		  ignore_matches(d->context.ignore, modules));

	free(modules);
	free(path);
	return sent;
}

static bool
add_npm(struct mover *m)
{
	struct npmlock lock = NPMLOCK_INIT;
	struct imgcache_error ignored = {0};
	char *folder = in_context(m, m->cwd), *full, *package;
	bool ok;

	if (!folder)
		return false;
	full = path_join(m->d->context.path, folder);
	package = path_join(full, "package.json");
	ok = !npmlock_read(m->d->context.path, *folder ? folder : ".", &lock,
			   &ignored) &&
		!has_scripts(package) && !sends_modules(m->d, folder);
	for (size_t i = 0; i < lock.paths.n; i++)
		if (!strv_has(&m->files, lock.paths.v[i]))
			strv_push(&m->files, lock.paths.v[i]);
	npmlock_release(&lock);
	free(package);
	free(folder);
	free(full);
	return ok;
}

/* A named package is the same in whatever folder it is asked for. */
static bool
ignores_folder(const struct lint_install *in)
{
	switch (in->manager) {
	case LINT_APT:
	case LINT_APK:
	case LINT_DNF:
	case LINT_ZYPPER:
		return true;
	case LINT_PIP:
		return !strcmp(in->c->words[in->verb].text, "install") &&
			!lint_install_option(in, "-t") &&
			!lint_install_option(in, "--target") &&
			!lint_install_option(in, "--root");
	case LINT_NPM:
		return in->is_global;
	default:
		return false;
	}
}

/* Copied over these, the sources could change what an installer does. */
static bool
is_of_system(const char *dest)
{
	static const char *const dirs[] = {
		"/etc", "/usr", "/var", "/bin", "/lib", "/sbin", "/root"
	};

	for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++)
		if (!strcmp(dest, dirs[i]))
			return true;
	return !strcmp(dest, "/");
}

/* Does the command read nothing but what we can name? */
static bool
add_install(struct mover *m, const struct lint_install *in)
{
	const struct shell_word *verb = &in->c->words[in->verb];

	if (in->act == LINT_ACT_INDEX || in->act == LINT_ACT_CLEAN ||
	    in->act == LINT_ACT_UPGRADE)
		return true;
	if (in->act != LINT_ACT_INSTALL || in->is_local ||
	    in->c->n_redirects)
		return false;
	if (in->manager == LINT_PIP && in->by_manifest)
		return ignores_folder(in) && in->manifest && in->manifest->text[0] != '-' &&
			!shell_has_word(in->c, "-c") &&
			!shell_has_word(in->c, "--constraint") &&
			add_requirements(m, in->manifest->text);
	if (in->manager == LINT_NPM && in->by_manifest)
		return !strcmp(verb->text, "ci") &&
			!lint_install_option(in, "--prefix") &&
			!lint_install_option(in, "-C") && add_npm(m);
	if (in->by_manifest || !ignores_folder(in))
		return false;
	for (size_t i = 0; i < in->n_names; i++)
		if (in->names[i]->expands)
			return false;
	return in->n_names > 0;
}

/* An assignment, a heredoc that is the script itself, a word to the user. */
static bool
is_harmless(const struct shell_command *c)
{
	const char *name = shell_program_name(c);

	if (!strcmp(name, "rm")) {
		for (size_t i = 1; i < c->n_words; i++)
			if (c->words[i].text[0] != '-' &&
			    strncmp(c->words[i].text, "/var/", 5))
				return false;
		return true;
	}
	return !c->n_words || !strcmp(name, "set") || !strcmp(name, "echo") ||
		!strcmp(name, "printf") || !strcmp(name, "true") ||
		!strcmp(name, "apt-mark");
}

/* Two -r of one pip are more than we look at. */
static size_t
count_manifests(const struct lint_install *in)
{
	size_t n = 0;

	for (size_t i = in->program; i < in->c->n_words; i++)
		n += !strncmp(in->c->words[i].text, "-r", 2) ||
			!strncmp(in->c->words[i].text, "--requirement", 13);
	return n;
}

static bool
find_files(struct mover *m)
{
	const struct lint_run *run = m->run;
	size_t known = 0;

	if (run->is_odd || run->form == LINT_FORM_JSON)
		return false;
	for (size_t i = 0; i < run->n_mounts; i++)
		if (strcmp(run->mounts[i].type, "cache") &&
		    strcmp(run->mounts[i].type, "secret"))
			return false;
	for (size_t i = 0; i < run->n_installs; i++, known++)
		if ((run->installs[i].manager == LINT_PIP &&
		     count_manifests(&run->installs[i]) > 1) ||
		    !add_install(m, &run->installs[i]))
			return false;
	for (size_t i = 0; i < run->n; i++)
		known += is_harmless(&run->v[i]);
	for (size_t i = 0; i < m->files.n; i++)
		if (m->d->context.ignore &&
		    ignore_matches(m->d->context.ignore, m->files.v[i]))
			return false;
	return known == run->n;
}

/*
 * What stands between the two must not care about the order. A WORKDIR makes
 * its folder, so with owners it would matter who comes first.
 */
static bool
can_pass(const struct mover *m)
{
	bool moves = m->copy->args[1][0] != '/' || m->copy->n_flags;
	const struct dockerfile_instruction *in = m->copy + 1;
	const struct dockerfile_instruction *end = &m->d->df->v[m->run->index];

	for (; in < end; in++)
		switch (in->keyword) {
		case DOCKERFILE_ARG:
		case DOCKERFILE_ENV:
		case DOCKERFILE_LABEL:
		case DOCKERFILE_EXPOSE:
		case DOCKERFILE_CMD:
		case DOCKERFILE_ENTRYPOINT:
		case DOCKERFILE_STOPSIGNAL:
		case DOCKERFILE_HEALTHCHECK:
			break;
		case DOCKERFILE_WORKDIR:
			if (moves)
				return false;
			break;
		default:
			return false;
		}
	return true;
}

static bool
is_plain_copy(const struct dockerfile_instruction *in)
{
	for (size_t i = 0; i < in->n_flags; i++)
		if (strncmp(in->flags[i], "--chown=", 8) &&
		    strncmp(in->flags[i], "--chmod=", 8) &&
		    strcmp(in->flags[i], "--link"))
			return false;
	return in->keyword == DOCKERFILE_COPY && in->n_args == 2 && !in->json &&
		!in->n_heredocs && !strpbrk(in->args[1], "$\"'\\");
}

/* "COPY [flags] a b dest/folder/" for the files of one folder. */
static void
add_copy(const struct mover *m, const char *folder, struct buf *out)
{
	const struct dockerfile_instruction *in = m->copy;
	const char *dest = in->args[1];
	size_t len = strlen(dest);

	buf_adds(out, in->word);
	for (size_t i = 0; i < in->n_flags; i++)
		buf_addf(out, " %s", in->flags[i]);
	for (size_t i = 0; i < m->files.n; i++) {
		char *dir = path_dir(m->files.v[i]);

		if (!strcmp(dir, folder))
			buf_addf(out, " %s", m->files.v[i]);
		free(dir);
	}
	while (len > 1 && dest[len - 1] == '/')
		len--;
	buf_addf(out, " %.*s%s", (int)len, dest, dest[len - 1] == '/' ? "" :
		 "/");
	if (strcmp(folder, "."))
		buf_addf(out, "%s/", folder);
}

static void
edit(struct mover *m)
{
	struct lint_file *f = m->d->f;
	size_t begin = lint_begin(m->copy), end = lint_end(m->copy);
	size_t line = (size_t)m->d->df->v[m->run->index].end_line;
	size_t below = line < f->n_lines ? f->lines[line] : f->text.len;
	struct strv folders = {0};
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < m->files.n; i++) {
		char *dir = path_dir(m->files.v[i]);

		if (!strv_has(&folders, dir))
			strv_push(&folders, dir);
		free(dir);
	}
	for (size_t i = 0; i < folders.n; i++) {
		buf_adds(&text, i ? "\n" : "");
		add_copy(m, folders.v[i], &text);
	}
	if (!folders.n)		/* its line goes with it */
		end += end < f->text.len && f->text.data[end] == '\n';
	lint_edit(f, begin, end, text.data);
	buf_clear(&text);
	if (below && f->text.data[below - 1] != '\n')
		buf_addc(&text, '\n');
	buf_add(&text, f->text.data + begin,
		lint_end(m->copy) - begin);
	buf_addc(&text, '\n');
	lint_edit(f, below, below, text.data);
	buf_release(&text);
	strv_release(&folders);
}

void
lint_fix_copy_order(struct lint_docker *d, const struct lint_read *copy,
		    const struct lint_run *run)
{
	struct mover m = { .d = d, .copy = &d->df->v[copy->index],
			   .run = run };
	char *from;

	if (!d->context.path || run->is_trigger ||
	    lint_stage_of(d, copy->index) != lint_stage_of(d, run->index) ||
	    !is_plain_copy(m.copy) || !can_pass(&m))
		return;
	m.cwd = workdir(d, run->index);
	from = workdir(d, copy->index);
	m.dest = from ? resolve(from, m.copy->args[1]) : NULL;
	free(from);
	if (m.cwd && m.dest && !is_of_system(m.dest) && find_files(&m))
		edit(&m);
	free(m.cwd);
	free(m.dest);
	strv_release(&m.files);
}
