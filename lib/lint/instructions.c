/* SPDX-License-Identifier: MIT */
/*
 * Rules that look at one instruction: IC009 directives, IC014 secrets, IC018
 * .git, IC024 downloads.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "lint/docker.h"
#include "lint/names.h"
#include "recipe/dockerfile_sources.h"

/* "# syntax = x": which directive, and its value; NULL if it is none. */
static const char *
directive(const char *s, size_t len, const char **value, size_t *value_len)
{
	static const char *const names[] = { "syntax", "escape", "check" };
	size_t i = 0, n;

	while (i < len && (s[i] == ' ' || s[i] == '\t'))
		i++;
	if (i == len || s[i++] != '#')
		return NULL;
	while (i < len && (s[i] == ' ' || s[i] == '\t'))
		i++;
	for (n = i; n < len && isalnum((unsigned char)s[n]); n++)
		;
	for (size_t k = 0; k < sizeof(names) / sizeof(*names); k++) {
		size_t at = n;

		if (strlen(names[k]) != n - i ||
		    strncasecmp(names[k], s + i, n - i) != 0)
			continue;
		while (at < len && (s[at] == ' ' || s[at] == '\t'))
			at++;
		if (at == len || s[at++] != '=')
			return NULL;
		while (at < len && (s[at] == ' ' || s[at] == '\t'))
			at++;
		*value = s + at;
		*value_len = len - at;
		return names[k];
	}
	return NULL;
}

/* Prose can look like a directive; its value then does not. */
static bool
is_meant(const char *name, const char *value, size_t len)
{
	if (!len || memchr(value, ' ', len))
		return false;
	if (*name == 'e')
		return len == 1 && (*value == '\\' || *value == '`');
	if (*name == 's')
		return memchr(value, '/', len) != NULL;
	return len > 5 && (!strncmp(value, "skip=", 5) ||
			   !strncmp(value, "error=", 6) ||
			   !strncmp(value, "experimental=", 13));
}

static bool
is_inside(const struct lint_file *f, int line, size_t *extent)
{
	while (*extent < f->n_extents && f->extents[*extent].to < line)
		++*extent;
	return *extent < f->n_extents && f->extents[*extent].from <= line;
}

static void
check_directives(struct lint_file *f)
{
	bool is_alive = true;
	size_t extent = 0, first = 0;

	if (f->text.len >= 2 && !memcmp(f->text.data, "#!", 2))
		first = 1;
	for (size_t i = first; i < f->n_lines; i++) {
		size_t begin = f->lines[i], end = lint_line_end(f, begin), n;
		const char *value, *name;

		if (i == 0 && f->text.len >= 3 &&
		    !memcmp(f->text.data, "\xef\xbb\xbf", 3))
			begin += 3;
		name = directive(f->text.data + begin, end - begin, &value,
				 &n);
		is_alive = is_alive && name;
		if (!name || is_alive || !is_meant(name, value, n) ||
		    is_inside(f, (int)i + 1, &extent))
			continue;
		lint_note(f, LINT_DEAD_DIRECTIVE, begin, end, "this is only a "
			  "comment: '%s' counts at the very top alone, above "
			  "every other comment and blank line", name);
		lint_cure(f, "move it to line 1, or remove it");
	}
}

static void
note_secret(struct lint_docker *d, const struct dockerfile_instruction *in,
	    const char *word, const char *name)
{
	size_t begin = lint_begin(in), end = lint_end(in);

	lint_word_place(in, word, &begin, &end);
	lint_note(d->f, LINT_SECRET, begin, end, "%s '%s' looks like a secret, "
		  "and whoever has the image can read it",
		  dockerfile_keyword_name(in->keyword), name);
	lint_cure(d->f, "give it to the one step that needs it: RUN "
		  "--mount=type=secret,id=%s", name);
}

static void
check_secret_arg(struct lint_docker *d, const struct dockerfile_instruction *in,
		 const char *arg)
{
	size_t len = strcspn(arg, "=");
	const char *name = arena_strndup(&d->f->arena, arg, len);
	const char *value = arg[len] ? arg + len + 1 : NULL;

	if (lint_is_secret(name) && !(value && *value && *value != '"' &&
				      lint_is_harmless(value)))
		note_secret(d, in, arg, name);
}

/* The value without its quotes: an empty one is no secret yet. */
static void
check_secret_env(struct lint_docker *d, const struct dockerfile_instruction *in,
		 const char *name, const char *value)
{
	size_t len = strlen(value);

	if (len >= 2 && (*value == '"' || *value == '\'') &&
	    value[len - 1] == *value)
		value = arena_strndup(&d->f->arena, value + 1, len - 2);
	if (lint_is_secret(name) && !lint_is_harmless(value))
		note_secret(d, in, name, name);
}

static void
check_secrets(struct lint_docker *d, const struct dockerfile_instruction *in)
{
	if (in->keyword == DOCKERFILE_ARG)
		for (size_t i = 0; i < in->n_args; i++)
			check_secret_arg(d, in, in->args[i]);
	if (in->keyword == DOCKERFILE_ENV)
		for (size_t i = 0; i + 1 < in->n_args; i += 2)
			check_secret_env(d, in, in->args[i], in->args[i + 1]);
}

/* Is it cloned at the id of a commit, whole, which is what it stays? */
static bool
has_commit(const char *word)
{
	const char *id = strchr(word, '#');
	size_t len = id ? strspn(id + 1, "0123456789abcdef") : 0;

	return (len == 40 || len == 64) && (!id[1 + len] || id[1 + len] == ':');
}

static void
check_add(struct lint_docker *d, const struct dockerfile_instruction *in)
{
	size_t begin, end;

	if (dockerfile_flag(in, "checksum"))
		return;
	for (size_t i = 0; i + 1 < in->n_args; i++) {
		const char *word = in->args[i];
		bool git = source_is_git(word);

		if (git ? has_commit(word) :
		    strncasecmp(word, "http://", 7) &&
		    strncasecmp(word, "https://", 8))
			continue;
		begin = lint_begin(in);
		end = lint_end(in);
		lint_word_place(in, word, &begin, &end);
		lint_note(d->f, LINT_REMOTE_ADD, begin, end, "what this %s is "
			  "fetched at every build, and taken whatever it is",
			  git ? "repository has" : "URL gives");
		lint_cure(d->f, git ? "name a commit by its whole id, "
			  "REPOSITORY#ID, so that it stays the same" :
			  "add --checksum=sha256:..., so that it is known and "
			  "cached");
	}
}

static void
note_git(struct lint_docker *d, const struct dockerfile_instruction *in,
	 const char *word, const char *path)
{
	size_t begin = lint_begin(in), end = lint_end(in);

	lint_word_place(in, word, &begin, &end);
	lint_note(d->f, LINT_COPY_GIT, begin, end, "'%s' changes with "
		  "every commit, and all steps below with it", path);
	lint_cure(d->f, "pass what is needed of it as an ARG below the "
		  "installs, or mount it in the one RUN that reads it");
}

/* "./.git/" as ".git"; NULL if it is not of it. */
static const char *
git_path(struct lint_docker *d, const char *word)
{
	size_t len;

	while (*word == '/' || (word[0] == '.' && word[1] == '/'))
		word++;
	for (len = strlen(word); len && word[len - 1] == '/'; len--)
		;
	word = arena_strndup(&d->f->arena, word, len);
	return !strcmp(word, ".git") || str_starts(word, ".git/") ? word : NULL;
}

/* As it is written; the reads know of what variables say. */
static void
check_git(struct lint_docker *d)
{
	for (size_t i = 0; i < d->df->n; i++) {
		const struct dockerfile_instruction *in = &d->df->v[i];
		bool is_copy = in->keyword == DOCKERFILE_COPY ||
			in->keyword == DOCKERFILE_ADD;
		bool noted = false;

		if (!is_copy || dockerfile_flag(in, "from"))
			continue;
		for (size_t k = 0; k + 1 < in->n_args; k++) {
			const char *path = git_path(d, in->args[k]);

			if (path)
				note_git(d, in, in->args[k], path);
			noted |= path != NULL;
		}
		for (size_t k = 0; !noted && k < d->n_reads; k++)
			if (d->reads[k].index == i &&
			    git_path(d, d->reads[k].path))
				note_git(d, in, d->reads[k].path,
					 d->reads[k].path);
	}
}

void
lint_check_instructions(struct lint_docker *d)
{
	check_directives(d->f);
	for (size_t i = 0; i < d->df->n; i++) {
		const struct dockerfile_instruction *in = &d->df->v[i];

		check_secrets(d, in);
		if (in->keyword == DOCKERFILE_ADD)
			check_add(d, in);
	}
	check_git(d);
}
