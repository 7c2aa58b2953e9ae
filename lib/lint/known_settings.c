/* SPDX-License-Identifier: MIT */
/*
 * Settings of package managers, compilers and shells by the environment: those
 * that are not listed here by their names count as unknown. Other variables
 * matter only where their value names the folder.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lint/known.h"

/* What a variable's value may be. */
enum values { ANY, A_URL, PATHS };

static const struct {
	const char *name;
	enum values values;
} known[] = {
	{ "DEBIAN_FRONTEND", ANY }, { "DEBCONF_NOWARNINGS", ANY },
	{ "DEBCONF_NONINTERACTIVE_SEEN", ANY }, { "HOME", PATHS },
	{ "NODE_ENV", ANY }, { "NODE_VERSION", ANY }, { "NODE_MAJOR", ANY },
	{ "NPM_VERSION", ANY }, { "NPM_CONFIG_AUDIT", ANY },
	{ "NPM_CONFIG_CACHE", PATHS }, { "NPM_CONFIG_FUND", ANY },
	{ "NPM_CONFIG_LOGLEVEL", ANY }, { "NPM_CONFIG_OMIT", ANY },
	{ "NPM_CONFIG_PRODUCTION", ANY }, { "NPM_CONFIG_PROGRESS", ANY },
	{ "NPM_CONFIG_REGISTRY", A_URL },
	{ "NPM_CONFIG_UPDATE_NOTIFIER", ANY }, { "PATH", PATHS },
	{ "PIP_BREAK_SYSTEM_PACKAGES", ANY }, { "PIP_CACHE_DIR", PATHS },
	{ "PIP_DEFAULT_TIMEOUT", ANY },
	{ "PIP_DISABLE_PIP_VERSION_CHECK", ANY },
	{ "PIP_EXTRA_INDEX_URL", A_URL }, { "PIP_INDEX_URL", A_URL },
	{ "PIP_NO_CACHE_DIR", ANY }, { "PIP_NO_INPUT", ANY },
	{ "PIP_PREFER_BINARY", ANY }, { "PIP_PROGRESS_BAR", ANY },
	{ "PIP_ROOT_USER_ACTION", ANY }, { "PIP_TRUSTED_HOST", ANY },
	{ "PIP_VERSION", ANY }, { "PYTHONDONTWRITEBYTECODE", ANY },
	{ "PYTHONFAULTHANDLER", ANY }, { "PYTHONHASHSEED", ANY },
	{ "PYTHONIOENCODING", ANY }, { "PYTHONUNBUFFERED", ANY },
	{ "PYTHONUTF8", ANY }, { "PYTHON_VERSION", ANY },
	{ "TMPDIR", PATHS }, { "VIRTUAL_ENV", PATHS },
	{ "XDG_CACHE_HOME", PATHS },
};

/* The beginnings of names by which tools are told what to read. */
static bool
is_of_tools(const char *name)
{
	static const char *const starts[] = {
		"APT_", "BASH", "CARGO_", "CMAKE", "CONDA_", "CURL_", "DEB",
		"DISTUTILS", "DPKG", "GIT_", "GNUPG", "GYP", "LD_", "NODE_",
		"NPM_", "OPENSSL", "PERL", "PIP_", "PKG_CONFIG", "PYTHON",
		"REQUESTS_", "RUST", "SETUPTOOLS", "SSL_", "UV_", "WGET",
		"XDG_"
	};
	static const char *const names[] = {
		"CC", "CDPATH", "CFLAGS", "CPATH", "CPLUS_INCLUDE_PATH",
		"CPPFLAGS", "CXX", "CXXFLAGS", "C_INCLUDE_PATH", "ENV", "IFS",
		"INIT_CWD", "LDFLAGS", "LIBRARY_PATH", "MAKEFLAGS", "NETRC",
		"OLDPWD", "PWD", "SHELLOPTS", "TEMP", "TMP", NULL
	};

	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++)
		if (!strncasecmp(name, starts[i], strlen(starts[i])))
			return true;
	return str_is_one_of(name, names);
}

/*
 * "$NAME/bin" with what an ENV gave to the name; NULL if that is not known.
 * The whole of the value behind it must be literal.
 */
static char *
expand(const struct lint_place *p, const char *text)
{
	size_t braced = text[0] == '$' && text[1] == '{', len;
	const char *value, *rest;
	char *name;

	if (*text != '$')
		return strchr(text, '$') ? NULL : mem_strdup(text);
	len = strspn(text + 1 + braced, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
		     "abcdefghijklmnopqrstuvwxyz0123456789");
	rest = text + 1 + braced + len;
	if (!len || (braced && *rest++ != '}') || strchr(rest, '$'))
		return NULL;
	name = mem_strndup(text + 1 + braced, len);
	value = lint_env(p->d, p->run->index, name);
	free(name);
	return value && *value == '/' && !strchr(value, '$') ?
		mem_printf("%s%s", value, rest) : NULL;
}

/* A list as PATH is one: all of it absolute, and elsewhere. */
static bool
are_elsewhere(const struct lint_place *p, const char *value)
{
	struct strv paths = {0};
	bool ok = *value && *value != ':' && !strstr(value, "::") &&
		!str_ends(value, ":") && !strpbrk(value, "'\"\\");

	strv_split(&paths, value, ":");
	for (size_t i = 0; ok && i < paths.n; i++) {
		char *path;

		if (!strcmp(paths.v[i], "$PATH") ||
		    !strcmp(paths.v[i], "${PATH}"))
			continue;
		path = expand(p, paths.v[i]);
		ok = path && *path == '/' && !strstr(path, "..") &&
			!lint_paths_meet(path, p->dest);
		free(path);
	}
	strv_release(&paths);
	return ok;
}

/* Some settings are lists: each of it must be of the web. */
static bool
are_urls(const char *value)
{
	struct strv urls = {0};
	bool ok;

	strv_split(&urls, value, " \t\r\n\v\f");
	ok = urls.n > 0;
	for (size_t i = 0; ok && i < urls.n; i++)
		ok = lint_is_url(urls.v[i]);
	strv_release(&urls);
	return ok;
}

/* The value, without the quotes around it; NULL: whatever the caller gives. */
static bool
is_known(const struct lint_place *p, const char *name, const char *value)
{
	size_t len = value ? strlen(value) : 0, i;
	char *plain;
	bool ok;

	if (len >= 2 && (*value == '"' || *value == '\'') &&
	    value[len - 1] == *value)
		plain = mem_strndup(value + 1, len - 2);
	else
		plain = mem_strdup(value ? value : "");
	for (i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (!strcasecmp(known[i].name, name))
			break;
	if (i == sizeof(known) / sizeof(*known))
		ok = !is_of_tools(name) && !strstr(plain, p->dest) &&
			!str_starts(plain, ".");
	else
		ok = known[i].values == ANY ? true :
			known[i].values == A_URL ? are_urls(plain) :
			are_elsewhere(p, plain);
	free(plain);
	return ok;
}

static bool
knows_word(const struct lint_place *p, const char *word)
{
	size_t len = strcspn(word, "=");
	char *name = mem_strndup(word, len);
	bool ok = is_known(p, name, word[len] ? word + len + 1 : NULL);

	free(name);
	return ok;
}

bool
lint_knows_assigns(const struct lint_place *p, const struct shell_command *c)
{
	for (size_t i = 0; i < c->n_assigns; i++)
		if (c->assigns[i].expands ||
		    !knows_word(p, c->assigns[i].text))
			return false;
	return true;
}

static size_t
count(const char *text, size_t len, const char *word)
{
	const char *at = text, *end = text + len;
	size_t n = 0;

	while ((at = memmem(at, (size_t)(end - at), word, strlen(word)))) {
		n++;
		at += strlen(word);
	}
	return n;
}

/* How often the folder is named by commands that only make it. */
static size_t
count_makers(const struct lint_run *run, const char *dest)
{
	static const char *const makers[] = {
		"mkdir", "chown", "chmod", "useradd", "adduser", NULL
	};
	size_t n = 0;

	for (size_t i = 0; i < run->n; i++) {
		const struct shell_command *c = &run->v[i];

		if (!str_is_one_of(shell_program_name(c), makers))
			continue;
		for (size_t k = 0; k < c->n_words; k++)
			n += count(c->words[k].text, strlen(c->words[k].text),
				   dest);
	}
	return n;
}

/*
 * "pip --isolated config set", "npm -g set", "npm c set": a manager's name and
 * such a word below it, whatever stands between.
 */
static bool
configures(const char *text, size_t len)
{
	static const char *const managers[] = { "pip", "npm", "pnpm", "yarn" };
	char *copy = mem_strndup(text, len);
	struct strv words = {0};
	bool named = false, found = false;

	strv_split(&words, copy, " \t\r\n\\\"'`;&|(){}[],$/=");
	for (size_t i = 0; i < words.n; i++) {
		const char *word = words.v[i];

		found = found || (named && (!strcmp(word, "set") ||
					    str_starts("config", word)));
		for (size_t k = 0; k < sizeof(managers) / sizeof(*managers);
		     k++)
			named = named || str_starts(word, managers[k]);
	}
	strv_release(&words);
	free(copy);
	return found;
}

/* Files by which pip, npm and apt are told where to look. */
static bool
has_settings(const char *text, size_t len)
{
	static const char *const words[] = {
		"pip.conf", ".pip", "config/pip", "npmrc", "gitconfig",
		"sitecustomize", "usermod", ".pth"
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (count(text, len, words[i]))
			return true;
	return false;
}

/* What a step above did; caches that are mounted are no settings. */
static bool
knows_run(const struct lint_place *p, size_t index)
{
	const struct lint_docker *d = p->d;
	const struct lint_run *run = d->runs[index];
	size_t line = (size_t)d->df->v[index].end_line, begin;
	const char *text;
	size_t len;

	if (!run || run->is_odd)
		return false;
	begin = run->flags_end;
	text = d->f->text.data + begin;
	len = (line < d->f->n_lines ? d->f->lines[line] : d->f->text.len) -
		begin;
	return !has_settings(text, len) && !configures(text, len) &&
		count(text, len, p->dest) == count_makers(run, p->dest);
}

/* Where managers look for settings, or what such a folder is in. */
static bool
is_of_settings(const char *path)
{
	static const char *const trees[] = {
		"/", "/etc", "/usr", "/usr/local", "/usr/etc",
		"/usr/local/etc", NULL
	};
	static const char *const within[] = {
		"/root", "/etc/xdg", "/etc/apt", "/etc/apk"
	};

	for (size_t i = 0; i < sizeof(within) / sizeof(*within); i++)
		if (lint_paths_meet(path, within[i]))
			return true;
	return str_is_one_of(path, trees);
}

/* A copy above: not a tree of settings, nor a file of them. */
static bool
knows_copy(const struct lint_place *p, size_t index)
{
	const struct dockerfile_instruction *in = &p->d->df->v[index];
	char *cwd, *path;
	bool ok;

	if (!in->n_args || in->n_heredocs ||
	    has_settings(in->text, strlen(in->text)))
		return false;
	cwd = lint_workdir(p->d, index);
	path = cwd ? lint_resolve(cwd, in->args[in->n_args - 1]) : NULL;
	ok = path && *path == '/' && !is_of_settings(path);
	free(path);
	free(cwd);
	return ok;
}

/* ["/bin/bash", "-euxo", "pipefail", "-c"]: no profile, nothing of ours. */
static bool
knows_shell(const struct dockerfile_instruction *in)
{
	bool is_bash = in->n_args && !strcmp(in->args[0], "/bin/bash");

	if (!in->json || in->n_args < 2 ||
	    (!is_bash && strcmp(in->args[0], "/bin/sh")))
		return false;
	for (size_t i = 1; i < in->n_args; i++) {
		const char *text = in->args[i];
		const char *end;

		if (*text != '-')
			return false;
		end = text + 1 + strspn(text + 1, "eux");
		if (!strcmp(end, "c"))
			return i + 1 == in->n_args;
		if (!strcmp(end, "o") && is_bash && i + 1 < in->n_args &&
		    !strcmp(in->args[i + 1], "pipefail"))
			i++;
		else if (*end || end == text + 1)
			return false;
	}
	return false;
}

static bool
knows_above(const struct lint_place *p, size_t index)
{
	const struct dockerfile_instruction *in = &p->d->df->v[index];

	switch (in->keyword) {
	case DOCKERFILE_ENV:
		for (size_t i = 0; i + 1 < in->n_args; i += 2)
			if (!is_known(p, in->args[i], in->args[i + 1]))
				return false;
		return true;
	case DOCKERFILE_ARG:
		for (size_t i = 0; i < in->n_args; i++)
			if (!knows_word(p, in->args[i]))
				return false;
		return true;
	case DOCKERFILE_SHELL:
		return knows_shell(in);
	case DOCKERFILE_RUN:
		return knows_run(p, index);
	case DOCKERFILE_COPY:
	case DOCKERFILE_ADD:
		return knows_copy(p, index);
	default:
		return true;
	}
}

/* Home is root's: another user's may be the folder. */
bool
lint_knows_settings(const struct lint_place *p)
{
	size_t index = p->run->index, stage = lint_stage_of(p->d, index);

	if (!lint_is_root(p->d, index))
		return false;
	while (lint_before(p->d, &stage, &index))
		if (!knows_above(p, index))
			return false;
	return true;
}
