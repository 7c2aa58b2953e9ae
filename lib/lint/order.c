/* SPDX-License-Identifier: MIT */
/*
 * What stands above an install and changes more often than it: IC001 the whole
 * context, IC006 an argument that is there to change, IC011 dates and commits.
 */
#include <stdlib.h>
#include <string.h>

#include "lint/docker.h"
#include "lint/fix_copy.h"
#include "lint/names.h"

/* Does this COPY or ADD bring all of the context? */
static bool
is_whole(const struct lint_read *r)
{
	return !r->has_excludes && (!*r->path || !strcmp(r->path, "*") ||
				    !strcmp(r->path, "**"));
}

/* Packages by name, or as a file lists them; not the project itself. */
static bool
is_dependency(const struct lint_install *in)
{
	if (in->act != LINT_ACT_INSTALL && in->act != LINT_ACT_UPGRADE)
		return false;
	if (in->is_local && !in->by_manifest && in->manager != LINT_APT)
		return false;
	for (size_t i = 0; i < in->n_names; i++)
		if (strstr(in->names[i]->text, "$(") ||
		    strchr(in->names[i]->text, '`'))
			return false;	/* what the sources say */
	if (in->manager == LINT_GO && !in->by_manifest && !in->n_names)
		return false;
	return in->n_names || in->by_manifest ||
		in->act == LINT_ACT_UPGRADE || in->manager == LINT_APT;
}

static const struct lint_install *
first_dependency(const struct lint_run *run)
{
	for (size_t i = 0; run && i < run->n_installs; i++)
		if (is_dependency(&run->installs[i]))
			return &run->installs[i];
	return NULL;
}

/* What the manager's file lists was installed before: this is another matter. */
static bool
was_installed(const struct lint_docker *d, size_t index, enum lint_manager m)
{
	size_t stage = lint_stage_of(d, index);

	while (lint_before(d, &stage, &index)) {
		const struct lint_run *run = d->runs[index];

		for (size_t i = 0; run && i < run->n_installs; i++)
			if (run->installs[i].manager == m &&
			    run->installs[i].by_manifest &&
			    is_dependency(&run->installs[i]))
				return true;
	}
	return false;
}

static bool
is_above(const struct lint_docker *d, size_t above, size_t stage, size_t index)
{
	while (lint_before(d, &stage, &index))
		if (index == above)
			return true;
	return false;
}

/* The first RUN below the instruction that installs, in any stage on it. */
static const struct lint_run *
install_below(const struct lint_docker *d, size_t index)
{
	for (size_t k = lint_stage_of(d, index); k < d->n_stages; k++) {
		const struct lint_stage *s = &d->stages[k];
		size_t i = s->first;

		if (k == lint_stage_of(d, index))
			i = index;
		else if (!is_above(d, index, k, s->first + 1))
			continue;
		for (i++; i < s->end; i++)
			if (first_dependency(d->runs[i]))
				return d->runs[i];
	}
	return NULL;
}

static void
check_copy(struct lint_docker *d, const struct lint_read *r)
{
	const struct dockerfile_instruction *in = &d->df->v[r->index];
	const struct lint_run *run;
	const struct lint_install *install;
	char text[64];

	if (!is_whole(r) || in->trigger)
		return;
	run = install_below(d, r->index);
	install = first_dependency(run);
	if (!install || was_installed(d, r->index, install->manager))
		return;
	lint_note(d->f, LINT_COPY_BEFORE_INSTALL, lint_begin(in), lint_end(in),
		  "the whole context is copied above '%s' in line %d, so any "
		  "changed file runs that again",
		  lint_install_text(install, text),
		  lint_line_of(d->f, install->c->begin));
	if (install->by_manifest)
		lint_cure(d->f, "copy only the files that list the "
			  "dependencies, install, and copy the rest below");
	else
		lint_cure(d->f, "install above the copy, in a RUN that needs "
			  "nothing of it");
	lint_fix_copy_order(d, r, run);
}

/* The first RUN below an ARG of its stage that installs. */
static const struct lint_run *
install_in_stage(const struct lint_docker *d, size_t index)
{
	size_t stage = lint_stage_of(d, index);

	if (stage == LINT_NO_STAGE)
		return NULL;
	for (size_t i = index + 1; i < d->stages[stage].end; i++)
		if (first_dependency(d->runs[i]))
			return d->runs[i];
	return NULL;
}

static bool
uses(const struct lint_docker *d, const struct lint_run *run, const char *name)
{
	const struct dockerfile_instruction *in = &d->df->v[run->index];
	size_t begin = lint_begin(in), line = (size_t)in->end_line;
	size_t end = line < d->f->n_lines ? d->f->lines[line] :
		d->f->text.len;
	const char *at = d->f->text.data + begin;
	const char *stop = d->f->text.data + end;
	size_t len = strlen(name);

	while ((at = memmem(at, (size_t)(stop - at), name, len)) != NULL) {
		if (at[-1] == '$' || at[-1] == '{')
			return true;
		at += len;
	}
	return false;
}

/* "unknown", "dev", nothing: to be replaced at each build. */
static bool
is_placeholder(const char *value)
{
	static const char *const words[] = {
		"", "\"\"", "''", "unknown", "dev", "none", "local", "HEAD",
		"n/a", "N/A", "undefined", "development", "null", "0",
		"\"unknown\"", "\"dev\"", "\"none\""
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(value, words[i]))
			return true;
	return false;
}

static void
check_arg(struct lint_docker *d, size_t index, const char *arg)
{
	const struct dockerfile_instruction *in = &d->df->v[index];
	size_t len = strcspn(arg, "="), begin = lint_begin(in);
	const char *name = arena_strndup(&d->f->arena, arg, len);
	const char *value = arg[len] ? arg + len + 1 : "";
	const struct lint_run *run = install_in_stage(d, index);
	size_t end = lint_end(in);
	bool busts = lint_is_cache_bust(name);

	if (!run)
		return;
	lint_word_place(in, arg, &begin, &end);
	if (busts) {
		lint_note(d->f, LINT_CACHE_BUST, begin, end, "'%s' is there to "
			  "change at every build, and the install in line %d "
			  "runs again with it", name,
			  lint_line_of(d->f, run->begin));
		lint_cure(d->f, "let it change with the day or the week, as "
			  "refresh: in imgcache.yaml does, or move it below "
			  "the install");
	} else if (lint_is_volatile(name) && is_placeholder(value) &&
		   !uses(d, run, name)) {
		lint_note(d->f, LINT_VOLATILE, begin, end, "'%s' changes with "
			  "every build or commit, and the install in line %d "
			  "runs again though it does not use it", name,
			  lint_line_of(d->f, run->begin));
		lint_cure(d->f, "move it down to where it is used; a label is "
			  "best given by docker build --label");
	}
}

/* The first variable of a value: "sha-${GIT_SHA:-none}". NULL: there is none */
static const char *
variable(struct lint_docker *d, const char *value)
{
	const char *at = strchr(value, '$');
	size_t len;

	if (!at)
		return NULL;
	at += at[1] == '{' ? 2 : 1;
	len = strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
		     "abcdefghijklmnopqrstuvwxyz0123456789");
	return len ? arena_strndup(&d->f->arena, at, len) : NULL;
}

/* An ARG of the stage, above, to which the caller gives the value. */
static bool
is_given(const struct lint_docker *d, size_t index, const char *name)
{
	size_t stage = lint_stage_of(d, index), len = strlen(name);

	while (stage != LINT_NO_STAGE && index-- > d->stages[stage].first) {
		const struct dockerfile_instruction *in = &d->df->v[index];

		for (size_t k = 0; in->keyword == DOCKERFILE_ARG &&
		     k < in->n_args; k++)
			if (!strncmp(in->args[k], name, len) &&
			    strchr("=", in->args[k][len]))
				return is_placeholder(in->args[k][len] ?
						      in->args[k] + len + 1 :
						      "");
	}
	return false;
}

/* A commit's id or a day, in quotes or not. */
static bool
is_stamp(const char *value)
{
	size_t n, len = strlen(value);

	if (len >= 2 && (*value == '"' || *value == '\''))
		value++;
	n = strspn(value, "0123456789abcdef");
	if (strchr("\"'", value[n]))
		return (n >= 7 && n <= 40 && strspn(value, "0123456789") < n &&
			strcspn(value, "0123456789") < n) || n == 64;
	return !strncmp(value, "20", 2) && n == 4 && value[4] == '-' &&
		strspn(value + 5, "0123456789") == 2 && value[7] == '-' &&
		strspn(value + 8, "0123456789") >= 2;
}

/* What some step goes by is a pin, and changes when somebody wants it to. */
static bool
is_pin(const struct lint_docker *d, const char *name)
{
	for (size_t i = 0; i < d->df->n; i++)
		if (d->runs[i] && uses(d, d->runs[i], name))
			return true;
	return false;
}

/* The ARG itself is what is noted then, or what the install needs. */
static bool
is_noted(const struct lint_docker *d, const struct lint_run *run,
	 const char *arg)
{
	return lint_is_volatile(arg) || lint_is_cache_bust(arg) ||
		uses(d, run, arg);
}

static bool
check_env(struct lint_docker *d, size_t index, const char *name,
	  const char *value)
{
	const struct dockerfile_instruction *in = &d->df->v[index];
	const struct lint_run *run = install_below(d, index);
	size_t begin = lint_begin(in), end = lint_end(in);
	const char *arg = variable(d, value);

	if (!run || !lint_is_volatile(name) || uses(d, run, name) ||
	    (arg ? !is_given(d, index, arg) || is_noted(d, run, arg) :
	     !is_stamp(value) || is_pin(d, name)))
		return false;
	lint_word_place(in, name, &begin, &end);
	lint_note(d->f, LINT_VOLATILE, begin, end, "'%s' changes with every "
		  "build or commit, and the install in line %d runs again "
		  "though it does not use it", name,
		  lint_line_of(d->f, run->begin));
	lint_cure(d->f, "move the ENV below the install%s",
		  arg ? ", with its ARG" : "");
	return true;
}

/*
 * A label by itself breaks no step of BuildKit's; but the ARG that it takes its
 * value from is in the environment of every RUN below.
 */
static bool
check_label(struct lint_docker *d, size_t index, const char *name,
	    const char *value)
{
	const struct dockerfile_instruction *in = &d->df->v[index];
	const struct lint_run *run = install_in_stage(d, index);
	size_t begin = lint_begin(in), end = lint_end(in);
	const char *arg = variable(d, value);

	if (!run || !arg || !is_given(d, index, arg) ||
	    is_noted(d, run, arg) ||
	    !(lint_is_volatile(name) || str_ends(name, ".created")))
		return false;
	lint_word_place(in, name, &begin, &end);
	lint_note(d->f, LINT_VOLATILE, begin, end, "ARG '%s' of this label "
		  "changes with every build or commit, and the install in line "
		  "%d runs again though it does not use it", arg,
		  lint_line_of(d->f, run->begin));
	lint_cure(d->f, "move the label and its ARG below the install, or give "
		  "it by docker build --label");
	return true;
}

/* One finding of an instruction is enough. */
static void
check_pairs(struct lint_docker *d, size_t index)
{
	const struct dockerfile_instruction *in = &d->df->v[index];
	bool noted = false;

	for (size_t i = 0; !noted && i + 1 < in->n_args; i += 2)
		noted = in->keyword == DOCKERFILE_ENV ?
			check_env(d, index, in->args[i], in->args[i + 1]) :
			check_label(d, index, in->args[i], in->args[i + 1]);
}

void
lint_check_order(struct lint_docker *d)
{
	size_t last = d->df->n;

	for (size_t i = 0; i < d->n_reads; i++) {
		if (d->reads[i].index != last)
			check_copy(d, &d->reads[i]);
		if (is_whole(&d->reads[i]))
			last = d->reads[i].index;
	}
	for (size_t i = 0; i < d->df->n; i++) {
		const struct dockerfile_instruction *in = &d->df->v[i];

		if (in->keyword == DOCKERFILE_ENV ||
		    in->keyword == DOCKERFILE_LABEL)
			check_pairs(d, i);
		for (size_t k = 0; in->keyword == DOCKERFILE_ARG &&
		     k < in->n_args; k++)
			check_arg(d, i, in->args[k]);
	}
}
