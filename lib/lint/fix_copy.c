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
#include "lint/known.h"
#include "recipe/requirements.h"
#include "source/ignore.h"
#include "sys/file.h"

#define MAX_LIST (1 << 20)

struct mover {
	struct lint_docker *d;
	const struct dockerfile_instruction *copy;
	const struct lint_run *run;
	char *dest;		/* where the context goes */
	char *cwd;		/* where the RUN works */
	struct lint_place place;
	struct strv files;	/* of the context, that the RUN reads */
};

/* The path in the context of a path in the image; NULL if it is not copied. */
static char *
in_context(const struct mover *m, const char *path)
{
	size_t len = strlen(m->dest);

	if (strncmp(path, m->dest, len) || (path[len] && path[len] != '/'))
		return NULL;
	return mem_strdup(path + len + (path[len] == '/'));
}

/* A list that includes lists, and leads pip to nothing else here. */
static bool
is_list(const struct mover *m, const char *path)
{
	char *full = path_join(m->d->context.path, path);
	struct imgcache_error ignored = {0};
	struct buf text = BUF_INIT;
	bool ok = (str_ends(path, ".txt") || str_ends(path, ".in")) &&
		!strpbrk(path, " $\"'\\*?[") &&
		!file_read(AT_FDCWD, full, MAX_LIST, &text, &ignored) &&
		strlen(text.data) == text.len && lint_knows_list(text.data);

	buf_release(&text);
	free(full);
	return ok;
}

static bool
add_requirements(struct mover *m, const char *file)
{
	struct requirements r = REQUIREMENTS_INIT;
	struct imgcache_error ignored = {0};
	char *image = lint_resolve(m->cwd, file);
	char *path = image ? in_context(m, image) : NULL;
	bool ok = path && *path &&
		!requirements_read(m->d->context.path, path, &r, &ignored);

	for (size_t i = 0; ok && i < r.paths.n; i++) {
		ok = is_list(m, r.paths.v[i]);
		if (!strv_has(&m->files, r.paths.v[i]))
			strv_push(&m->files, r.paths.v[i]);
	}
	requirements_release(&r);
	free(image);
	free(path);
	return ok;
}

/* What old pips read of the working directory, whatever they install. */
static void
add_setup(struct mover *m)
{
	char *file = path_join(m->place.folder, "setup.cfg");
	char *path = path_join(m->d->context.path, file);

	if (file_exists(path) && !file_is_dir(path) &&
	    !strv_has(&m->files, file))
		strv_push(&m->files, file);
	free(file);
	free(path);
}

static bool
add_pip(struct mover *m, const struct lint_install *in)
{
	if (*m->cwd != '/')
		return false;
	if (in->by_manifest &&
	    !(in->manifest && add_requirements(m, in->manifest->text)))
		return false;
	if (m->place.folder)
		add_setup(m);
	return true;
}

/* Globally, its packages' own scripts are told where npm was called. */
static bool
add_npm(struct mover *m, const struct lint_install *in)
{
	bool runs_scripts = !lint_install_option(in, "--ignore-scripts");
	const char *verb = in->c->words[in->verb].text;

	if (*m->cwd != '/')
		return false;
	if (!in->by_manifest)
		return in->is_global && !m->place.folder &&
			!lint_paths_meet(m->cwd, m->dest);
	return m->place.folder && !in->is_global &&
		(!strcmp(verb, "ci") || !strcmp(verb, "clean-install")) &&
		lint_knows_npm(m->d, m->place.folder, runs_scripts, &m->files);
}

/* Does the command read nothing but what we can name? */
static bool
add_install(struct mover *m, const struct lint_install *in)
{
	if (in->act != LINT_ACT_INSTALL)
		return true;
	if (in->is_local || (!in->n_names && !in->by_manifest))
		return false;
	switch (in->manager) {
	case LINT_PIP:
		return add_pip(m, in);
	case LINT_NPM:
		return add_npm(m, in);
	default:
		return !in->by_manifest;
	}
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

/* Mounts of other things, outside of what is copied. */
static bool
knows_mounts(const struct mover *m)
{
	for (size_t i = 0; i < m->run->n_mounts; i++) {
		const struct lint_mount *at = &m->run->mounts[i];
		bool is_cache = !strcmp(at->type, "cache");

		if (!is_cache && strcmp(at->type, "secret"))
			return false;
		if (*at->target ? *at->target != '/' ||
		    strchr(at->target, '$') ||
		    lint_paths_meet(at->target, m->dest) : is_cache)
			return false;
	}
	return true;
}

/* Arithmetic is passed over by our reader of shell texts. */
static bool
has_arithmetic(const struct mover *m)
{
	const struct dockerfile_instruction *in = &m->d->df->v[m->run->index];
	size_t line = (size_t)in->end_line, begin = lint_begin(in);
	const struct lint_file *f = m->d->f;
	size_t end = line < f->n_lines ? f->lines[line] : f->text.len;

	return memmem(f->text.data + begin, end - begin, "((", 2) != NULL;
}

static bool
find_files(struct mover *m)
{
	const struct lint_run *run = m->run;

	if (run->is_odd || run->form == LINT_FORM_JSON || !knows_mounts(m) ||
	    has_arithmetic(m) || !lint_knows_settings(&m->place))
		return false;
	for (size_t i = 0; i < run->n; i++)
		if (!lint_knows_command(&m->place, &run->v[i]))
			return false;
	for (size_t i = 0; i < run->n_installs; i++)
		if ((run->installs[i].manager == LINT_PIP &&
		     count_manifests(&run->installs[i]) > 1) ||
		    !add_install(m, &run->installs[i]))
			return false;
	for (size_t i = 0; i < m->files.n; i++)
		if (m->d->context.ignore &&
		    ignore_matches(m->d->context.ignore, m->files.v[i]))
			return false;
	return true;
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

/* "*" is another matter: docker leaves out the folders of what it matches. */
static bool
is_plain_copy(const struct dockerfile_instruction *in)
{
	for (size_t i = 0; i < in->n_flags; i++)
		if (strncmp(in->flags[i], "--chown=", 8) &&
		    strncmp(in->flags[i], "--chmod=", 8) &&
		    strcmp(in->flags[i], "--link"))
			return false;
	return in->keyword == DOCKERFILE_COPY && in->n_args == 2 && !in->json &&
		!in->n_heredocs && !strpbrk(in->args[1], "$\"'\\") &&
		(!strcmp(in->args[0], ".") || !strcmp(in->args[0], "./"));
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
	char *from, *folder = NULL;

	if (!d->context.path || run->is_trigger ||
	    lint_stage_of(d, copy->index) != lint_stage_of(d, run->index) ||
	    !is_plain_copy(m.copy) || !can_pass(&m))
		return;
	m.cwd = lint_workdir(d, run->index);
	from = lint_workdir(d, copy->index);
	m.dest = from ? lint_resolve(from, m.copy->args[1]) : NULL;
	free(from);
	if (m.cwd && m.dest && lint_is_own_folder(m.dest)) {
		folder = in_context(&m, m.cwd);
		m.place = (struct lint_place){
			.d = d, .run = run, .dest = m.dest, .cwd = m.cwd,
			.folder = folder,
		};
		if (find_files(&m))
			edit(&m);
	}
	free(folder);
	free(m.cwd);
	free(m.dest);
	strv_release(&m.files);
}
