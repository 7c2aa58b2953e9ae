/* SPDX-License-Identifier: MIT */
/*
 * A RUN: its mounts, and the commands of its shell text or of its heredocs,
 * all with places in the file.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lint/docker.h"
#include "recipe/dockerfile_text.h"

/* Bytes of one text and where they stand in the file. */
struct origin {
	const struct dockerfile_instruction *in;	/* NULL: heredoc */
	size_t shift;		/* text byte in in->text, or file offset */
};

static size_t
place(const struct origin *o, size_t at)
{
	return o->in ? dockerfile_place(o->in, o->shift + at) : o->shift + at;
}

static void
place_range(const struct origin *o, size_t *begin, size_t *end)
{
	size_t last = *end > *begin ? place(o, *end - 1) + 1 : 0;

	*begin = place(o, *begin);
	*end = last ? last : *begin;
}

static void
place_words(const struct origin *o, struct shell_word *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		place_range(o, &v[i].begin, &v[i].end);
}

static void
add_commands(struct lint_run *run, struct shell_script *script,
	     const struct origin *o, struct arena *arena)
{
	struct shell_command *v;

	run->is_odd |= script->trouble != NULL;
	for (size_t i = 0; i < script->n; i++) {
		struct shell_command *c = &script->v[i];

		place_words(o, c->words, c->n_words);
		place_words(o, c->assigns, c->n_assigns);
		for (size_t k = 0; k < c->n_redirects; k++) {
			struct shell_redirect *r = &c->redirects[k];

			place_range(o, &r->begin, &r->end);
			place_words(o, &r->target, 1);
		}
		place_range(o, &c->begin, &c->end);
		if (c->join != SHELL_FIRST)
			c->join_begin = place(o, c->join_begin);
	}
	if (!script->n)
		return;
	v = arena_alloc(arena, (run->n + script->n) * sizeof(*v));
	if (run->n)
		memcpy(v, run->v, run->n * sizeof(*v));
	memcpy(v + run->n, script->v, script->n * sizeof(*v));
	run->v = v;
	run->n += script->n;
}

static bool
is_shell_name(const char *name)
{
	static const char *const names[] = { "sh", "bash", "ash", "dash",
					     "zsh", "ksh" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

/* "#!/bin/sh" or none: a script that we read. */
static bool
is_shell_script(const struct dockerfile_heredoc *doc)
{
	const char *end = memchr(doc->body, '\n', doc->body_len);
	size_t len = end ? (size_t)(end - doc->body) : doc->body_len;

	if (len < 2 || memcmp(doc->body, "#!", 2))
		return true;
	while (len && (doc->body[len - 1] == '\r' || doc->body[len - 1] == ' '))
		len--;
	return len >= 2 && !memcmp(doc->body + len - 2, "sh", 2);
}

/*
 * "RUN <<EOF" and "RUN bash <<EOF" run the body; in any other command it is
 * only data.
 */
static void
read_heredocs(struct lint_docker *d, struct lint_run *run)
{
	const struct dockerfile_instruction *in = run->in;
	const struct shell_command *c = run->n == 1 ? run->v : NULL;

	if (!c || !c->n_redirects || c->redirects[0].op[0] != '<')
		return;
	if (c->n_words && !is_shell_name(shell_program_name(c)))
		return;
	run->form = LINT_FORM_HEREDOC;
	for (size_t i = 0; i < in->n_heredocs; i++) {
		const struct dockerfile_heredoc *doc = &in->heredocs[i];
		struct origin o = { NULL, doc->offset };
		struct shell_script script;

		if (!is_shell_script(doc)) {
			run->is_odd = true;
			continue;
		}
		shell_parse(&d->f->arena, doc->body, doc->body_len, &script);
		add_commands(run, &script, &o, &d->f->arena);
	}
	run->body = in->heredocs[0].offset;
}

static void
read_json(struct lint_docker *d, struct lint_run *run)
{
	const struct dockerfile_instruction *in = run->in;
	struct shell_script script;

	run->form = LINT_FORM_JSON;
	shell_parse_words(&d->f->arena, in->args, in->n_args, &script);
	for (size_t i = 0; i < script.n; i++) {
		struct shell_command *c = &script.v[i];

		c->begin = run->text;
		c->end = run->end;
		for (size_t k = 0; k < c->n_words; k++) {
			c->words[k].begin = c->begin;
			c->words[k].end = c->end;
		}
	}
	run->v = script.v;
	run->n = script.n;
}

/* The value of name=value in the flag's CSV, NULL if it has none. */
static const char *
mount_value(struct arena *arena, const char *flag, const char *name)
{
	size_t len = strlen(name);

	for (;;) {
		size_t n = strcspn(flag, ",");

		if (n > len && !strncmp(flag, name, len) && flag[len] == '=')
			return arena_strndup(arena, flag + len + 1,
					     n - len - 1);
		if (!flag[n])
			return NULL;
		flag += n + 1;
	}
}

static const char *
first_of(const char *a, const char *b, const char *otherwise)
{
	return a ? a : b ? b : otherwise;
}

static void
read_mount(struct arena *arena, struct lint_mount *m, const char *flag)
{
	m->type = first_of(mount_value(arena, flag, "type"), NULL, "bind");
	m->id = mount_value(arena, flag, "id");
	m->target = first_of(mount_value(arena, flag, "target"),
			     first_of(mount_value(arena, flag, "dst"),
				      mount_value(arena, flag, "destination"),
				      NULL), "");
	m->sharing = mount_value(arena, flag, "sharing");
	m->from = mount_value(arena, flag, "from");
}

/* The flag that begins at *at of the text; false behind the last. */
static bool
next_flag(const char *text, size_t *at, size_t *end)
{
	size_t i = *at;
	char quote = '\0';

	while (text[i] && strchr(" \t\v\f\r", text[i]))
		i++;
	if (strncmp(text + i, "--", 2) || !text[i + 2] ||
	    strchr(" \t", text[i + 2]))
		return false;
	*at = i;
	for (; text[i]; i++) {
		if (quote ? text[i] == quote : text[i] == '"' ||
		    text[i] == '\'')
			quote = quote ? '\0' : text[i];
		else if (!quote && strchr(" \t\v\f\r", text[i]))
			break;
	}
	*end = i;
	return true;
}

static void
read_flags(struct lint_docker *d, struct lint_run *run)
{
	const struct dockerfile_instruction *in = run->in;
	const struct dockerfile_instruction *outer = &d->df->v[run->index];
	size_t shift = strlen(outer->text) - strlen(in->text);
	size_t at = strlen(in->word), end, n = 0;

	run->flags_end = dockerfile_place(outer, shift + at - 1) + 1;
	run->mounts = arena_alloc(&d->f->arena,
				  (in->n_flags + 1) * sizeof(*run->mounts));
	while (n < in->n_flags && next_flag(in->text, &at, &end)) {
		const char *flag = in->flags[n++];

		if (!strncmp(flag, "--mount=", 8)) {
			struct lint_mount *m = &run->mounts[run->n_mounts++];

			read_mount(&d->f->arena, m, flag + 8);
			m->begin = dockerfile_place(outer, shift + at);
			m->end = dockerfile_place(outer, shift + end - 1) + 1;
		}
		at = end;
		run->flags_end = dockerfile_place(outer, shift + end - 1) + 1;
	}
}

static void
read_shell(struct lint_docker *d, struct lint_run *run)
{
	const struct dockerfile_instruction *in = run->in;
	const struct dockerfile_instruction *outer = &d->df->v[run->index];
	const char *text = in->n_args ? in->args[0] : "";
	struct origin o = { outer, strlen(outer->text) - strlen(text) };
	struct shell_script script;

	if (in->json) {
		text = strchr(in->text, '[');
		o.shift = strlen(outer->text) - strlen(text);
	}
	run->text = *text ? dockerfile_place(outer, o.shift) : run->end;
	if (in->json) {
		read_json(d, run);
		return;
	}
	/* what such a quote ends up at the end of a line, the line goes on */
	run->is_odd = d->df->escape == '`' && strchr(text, '`');
	shell_parse(&d->f->arena, text, strlen(text), &script);
	add_commands(run, &script, &o, &d->f->arena);
	if (in->n_heredocs)
		read_heredocs(d, run);
}

struct lint_run *
lint_run_read(struct lint_docker *d, size_t index)
{
	const struct dockerfile_instruction *outer = &d->df->v[index];
	const struct dockerfile_instruction *in = outer->trigger ?
		outer->trigger : outer;
	struct lint_install install;
	struct lint_run *run;

	if (in->keyword != DOCKERFILE_RUN)
		return NULL;
	run = arena_alloc(&d->f->arena, sizeof(*run));
	run->in = in;
	run->index = index;
	run->is_trigger = in != outer;
	run->begin = lint_begin(outer);
	run->end = lint_end(outer);
	read_flags(d, run);
	read_shell(d, run);
	for (size_t i = 0; i < run->n; i++) {
		if (!lint_install_read(&install, &run->v[i]))
			continue;
		mem_grow(run->installs, run->n_installs, run->cap_installs);
		run->installs[run->n_installs++] = install;
	}
	return run;
}

void
lint_run_release(struct lint_run *run)
{
	if (!run)
		return;
	for (size_t i = 0; i < run->n_installs; i++)
		lint_install_release(&run->installs[i]);
	free(run->installs);
}

const struct lint_mount *
lint_run_cache(const struct lint_run *run, enum lint_manager m)
{
	for (size_t i = 0; i < run->n_mounts; i++)
		if (!strcmp(run->mounts[i].type, "cache") &&
		    lint_manager_owns(m, run->mounts[i].target))
			return &run->mounts[i];
	return NULL;
}

/*
 * Removing the one empties the other; a lock that somebody left there is not
 * what a cache is for.
 */
static bool
covers(const char *removed, const char *target)
{
	size_t len = strlen(removed), n = strlen(target);

	if (str_ends(removed, "/lock") || str_ends(removed, ".lock"))
		return false;
	if (len >= 2 && !strcmp(removed + len - 2, "/*"))
		len -= 2;
	while (len > 1 && removed[len - 1] == '/')
		len--;
	while (n > 1 && target[n - 1] == '/')
		n--;
	if (len < 2 || n < 2)
		return false;
	if (len <= n)
		return !strncmp(removed, target, len) &&
			(len == n || target[len] == '/');
	return !strncmp(removed, target, n) && removed[n] == '/';
}

/* "~/.npm" and "$HOME/.npm" are root's. */
static const char *
expand_home(const char *word, char out[256])
{
	static const char *const homes[] = { "~", "$HOME", "${HOME}" };

	for (size_t i = 0; i < sizeof(homes) / sizeof(*homes); i++) {
		size_t len = strlen(homes[i]);

		if (strncmp(word, homes[i], len) || word[len] != '/')
			continue;
		snprintf(out, 256, "/root%s", word + len);
		return out;
	}
	return word;
}

const struct shell_word *
lint_removed(const struct shell_command *c, const char *target,
	     size_t *n_paths)
{
	const struct shell_word *found = NULL;
	char room[256];

	*n_paths = 0;
	if (strcmp(shell_program_name(c), "rm"))
		return NULL;
	for (size_t i = shell_program(c) + 1; i < c->n_words; i++) {
		if (c->words[i].text[0] == '-')
			continue;
		++*n_paths;
		if (!found && covers(expand_home(c->words[i].text, room),
				     target))
			found = &c->words[i];
	}
	return found;
}

bool
lint_names_path(const char *word, const char *target)
{
	char room[256];

	return covers(expand_home(word, room), target) ||
		strstr(word, target) || !strcmp(word, "/");
}
