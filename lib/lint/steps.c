/* SPDX-License-Identifier: MIT */
/*
 * Rules that look at the commands of a RUN: IC008 package lists fetched alone,
 * IC010 unquoted versions, IC012 npm install beside a lock file.
 */
#include <stdlib.h>
#include <string.h>

#include "lint/docker.h"
#include "sys/file.h"

/* Could the command install something in its own way? */
static bool
is_side_show(const struct shell_command *c)
{
	static const char *const names[] = {
		"", "set", "echo", "printf", ":", "true", "rm", "mkdir", "sed",
		"export", "dpkg", "add-apt-repository", "tee", "cat", "cd",
		"touch", "chmod", "chown", "ln", "cp", "mv", "test", "[",
		"date", "sleep", "exit", NULL
	};

	return str_is_one_of(shell_program_name(c), names);
}

static void
check_lone_update(struct lint_docker *d, const struct lint_run *run)
{
	const struct lint_install *update = NULL;
	size_t known = 0, others = 0;
	char text[64];

	for (size_t i = 0; i < run->n_installs; i++) {
		const struct lint_install *in = &run->installs[i];

		known++;
		if (in->act == LINT_ACT_INDEX && !update)
			update = in;
		else if (in->act != LINT_ACT_INDEX &&
			 in->act != LINT_ACT_CLEAN &&
			 !shell_has_word(in->c, "autoremove"))
			return;
	}
	for (size_t i = 0; i < run->n; i++)
		others += is_side_show(&run->v[i]);
	if (!update || run->is_odd || known + others < run->n)
		return;
	lint_note(d->f, LINT_LONE_UPDATE, update->c->begin, update->c->end,
		  "'%s' in a step of its own stays cached, and later installs "
		  "ask for versions that are gone", lint_install_text(update,
								      text));
	lint_cure(d->f, "put it into the RUN of the install, joined by &&");
}

/* "=1.2", "1.2", "=": what stands behind the operator of a version. */
static bool
is_version(const char *s)
{
	size_t n = strspn(s, "=~");

	return n || (*s >= '0' && *s <= '9');
}

static const struct shell_word *
word_before(const struct shell_command *c, const struct shell_redirect *r)
{
	for (size_t i = 0; i < c->n_words; i++)
		if (c->words[i].end == r->begin)
			return &c->words[i];
	return NULL;
}

/* All that is glued to the word: >=1.2,<2. */
static size_t
end_of_version(const struct shell_command *c, size_t end)
{
	for (size_t i = 0; i < c->n_redirects; i++)
		if (c->redirects[i].begin == end)
			end = c->redirects[i].end;
	return end;
}

static void
check_versions(struct lint_docker *d, const struct lint_install *in)
{
	const struct shell_command *c = in->c;
	size_t end = 0;

	for (size_t i = 0; i < c->n_redirects; i++) {
		const struct shell_redirect *r = &c->redirects[i];
		const struct shell_word *w = word_before(c, r);
		char *text, *quoted;

		if (!r->attached || r->op[1] || !w || r->begin < end ||
		    w <= &c->words[in->verb] || !is_version(r->target.text))
			continue;
		end = end_of_version(c, r->end);
		text = mem_strndup(d->f->text.data + w->begin, end - w->begin);
		lint_note(d->f, LINT_UNQUOTED_VERSION, w->begin, end,
			  "the shell reads '%s' as a redirection: any version "
			  "of '%s' is installed, and the file '%s' is %s", r->op,
			  w->text, r->target.text,
			  *r->op == '>' ? "written" : "read");
		lint_cure(d->f, "quote it: \"%s\"", text);
		if (c->exact && !strpbrk(text, "\"'\\`\n")) {
			quoted = mem_printf("\"%s\"", text);
			lint_edit(d->f, w->begin, end, quoted);
			free(quoted);
		}
		free(text);
	}
}

/* "package*.json" of a COPY can only bring the lock file if it is there. */
static bool
brings_lock(const struct lint_docker *d, const struct lint_read *r)
{
	static const char *const names[] = { "package-lock.json",
					     "npm-shrinkwrap.json", NULL };
	const char *base = path_base(r->path);
	char *dir;
	bool found = false;

	if (str_is_one_of(base, names))
		return true;
	if (!d->context.path)
		return false;
	if (!strcmp(base, "package*.json") || !strcmp(base, "package*"))
		dir = path_dir(r->path);
	else if (!r->wildcard)
		dir = mem_strdup(r->path);
	else
		return false;
	for (size_t i = 0; names[i] && !found; i++) {
		char *in = path_join(dir, names[i]);
		char *path = path_join(d->context.path, in);

		found = file_exists(path);
		free(in);
		free(path);
	}
	free(dir);
	return found;
}

/* Was a lock file copied before this instruction? */
static bool
has_lock(const struct lint_docker *d, size_t index)
{
	size_t stage = lint_stage_of(d, index);

	while (lint_before(d, &stage, &index))
		for (size_t i = 0; i < d->n_reads; i++)
			if (d->reads[i].index == index &&
			    brings_lock(d, &d->reads[i]))
				return true;
	return false;
}

static void
check_lock(struct lint_docker *d, const struct lint_run *run,
	   const struct lint_install *in)
{
	const struct shell_word *verb = &in->c->words[in->verb];

	if (in->manager != LINT_NPM || in->act != LINT_ACT_INSTALL ||
	    in->n_names || in->is_local || in->is_global || in->is_fed ||
	    !strcmp(verb->text, "ci") || !strcmp(verb->text, "clean-install") ||
	    lint_install_option(in, "--no-package-lock") ||
	    lint_install_option(in, "--package-lock=false") ||
	    !has_lock(d, run->index))
		return;
	lint_note(d->f, LINT_NO_LOCK, in->c->words[in->program].begin,
		  verb->end, "npm install may change what the lock file says, "
		  "so the same sources give other images");
	lint_cure(d->f, "npm ci installs exactly what the lock file says");
}

void
lint_check_runs(struct lint_docker *d)
{
	for (size_t i = 0; i < d->df->n; i++) {
		const struct lint_run *run = d->runs[i];

		if (!run)
			continue;
		check_lone_update(d, run);
		for (size_t k = 0; k < run->n_installs; k++) {
			const struct lint_install *in = &run->installs[k];

			check_lock(d, run, in);
			if (in->act == LINT_ACT_INSTALL)
				check_versions(d, in);
		}
	}
}
