/* SPDX-License-Identifier: MIT */
/* What changes where packages come from; other versions may come of it. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"
#include "lint/docker.h"

static const char *const places[] = {
	"sources.list", "apt/preferences", "yum.repos.d", "apk/repositories",
	NULL
};

static bool
has_any(const char *text, const char *const *parts)
{
	for (; *parts; parts++)
		if (strstr(text, *parts))
			return true;
	return false;
}

/* A file or a folder of the lists, or the folder around them. */
static bool
is_place(const char *path)
{
	static const char *const around[] = { "etc/apt", "etc/apk", NULL };
	size_t len = strlen(path);

	if (strstr(path, "://"))
		return false;
	while (len && path[len - 1] == '/')
		len--;
	for (size_t i = 0; around[i]; i++) {
		size_t n = strlen(around[i]);

		if (len >= n && !strncmp(path + len - n, around[i], n))
			return true;
	}
	return has_any(path, places);
}

static bool
redirects(const struct shell_command *c)
{
	for (size_t i = 0; i < c->n_redirects; i++)
		if (strchr(c->redirects[i].op, '>') &&
		    is_place(c->redirects[i].target.text))
			return true;
	return false;
}

/* cp and its like: the last word, or what -t names. */
static bool
copies(const struct shell_command *c, size_t program)
{
	size_t i;

	for (i = program + 1; i + 1 < c->n_words; i++) {
		const char *word = c->words[i].text;

		if ((!strcmp(word, "-t") && is_place(c->words[i + 1].text)) ||
		    (*word == '-' && is_place(word)))
			return true;
	}
	return i < c->n_words && is_place(c->words[i].text);
}

/* Those that write what they name, or have others do so. */
static bool
names_place(const struct shell_command *c, size_t program)
{
	for (size_t i = program + 1; i < c->n_words; i++)
		if (is_place(c->words[i].text))
			return true;
	return false;
}

static bool
edits(const struct shell_command *c)
{
	for (size_t i = 0; i < c->n_words; i++)
		if (str_starts(c->words[i].text, "-i") ||
		    str_starts(c->words[i].text, "--in-place") ||
		    str_is(c->words[i].text, "-Ei") ||
		    str_is(c->words[i].text, "-ri") ||
		    str_is(c->words[i].text, "-pi"))
			return true;
	return false;
}

static bool
adds_repository(const struct shell_command *c, const char *name)
{
	static const char *const rpm[] = {
		"dnf", "dnf5", "microdnf", "yum", "rpm", NULL
	};

	if (str_is(name, "add-apt-repository") ||
	    str_is(name, "apt-add-repository"))
		return !shell_has_word(c, "-r") &&
			!shell_has_word(c, "--remove");
	if (str_is(name, "yum-config-manager"))
		return true;
	if (!str_is_one_of(name, rpm))
		return false;
	for (size_t i = 0; i < c->n_words; i++)
		if (strstr(c->words[i].text, "epel-release"))
			return true;
	return shell_has_word(c, "config-manager") ||
		(shell_has_word(c, "copr") && shell_has_word(c, "enable"));
}

static bool
command_changes(const struct shell_command *c)
{
	static const char *const copiers[] = {
		"cp", "mv", "install", "ln", "rsync", NULL
	};
	static const char *const editors[] = { "sed", "perl", NULL };
	static const char *const writers[] = {
		"tee", "curl", "wget", "dd", "gpg", "touch", "cd", NULL
	};
	static const char *const callers[] = { "find", "xargs", NULL };
	const char *name = shell_program_name(c);
	size_t program = shell_program(c);

	if (redirects(c) || adds_repository(c, name))
		return true;
	if (str_is_one_of(name, copiers))
		return copies(c, program);
	if (str_is_one_of(name, editors))
		return edits(c) && names_place(c, program);
	if (str_is_one_of(name, callers))
		return names_place(c, program) && !shell_has_word(c, "rm") &&
			!shell_has_word(c, "-delete");
	return str_is_one_of(name, writers) && names_place(c, program);
}

/* What no shell of ours reads: any word may be a path that is written. */
static bool
text_changes(const struct lint_docker *d, const struct lint_run *run,
	     size_t upto)
{
	size_t begin = lint_begin(run->in);
	size_t end = lint_line_end(d->f, d->f->lines[run->in->end_line - 1]);
	char *text;
	bool found;

	end = upto < end ? upto : end;
	text = mem_strndup(d->f->text.data + begin, end - begin);
	found = has_any(text, places);
	free(text);
	return found;
}

bool
lint_run_changes_sources(const struct lint_docker *d,
			 const struct lint_run *run, size_t upto)
{
	for (size_t i = 0; i < run->n_mounts; i++)
		if (run->mounts[i].target && is_place(run->mounts[i].target))
			return true;
	for (size_t i = 0; i < run->n; i++)
		if (run->v[i].begin < upto && command_changes(&run->v[i]))
			return true;
	return run->is_odd && text_changes(d, run, upto);
}

bool
lint_changes_sources(const struct lint_docker *d, size_t index)
{
	const struct dockerfile_instruction *in = &d->df->v[index];
	const struct lint_run *run = d->runs[index];

	if (in->keyword == DOCKERFILE_COPY || in->keyword == DOCKERFILE_ADD)
		return in->n_args && is_place(in->args[in->n_args - 1]);
	return run && !run->is_trigger &&
		lint_run_changes_sources(d, run, (size_t)-1);
}
