/* SPDX-License-Identifier: MIT */
/*
 * Commands with the options that are known to name no file. A word that the
 * shell makes something else of (a variable, a wildcard that could match a
 * file) is none of them.
 */
#include <dirent.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "lint/fix_mount.h"
#include "lint/known.h"
#include "sys/file.h"

struct grammar {
	const char *verbs;	/* of which one is the first word */
	const char *flags;
	const char *valued;	/* value is the next word, or behind "=" */
	const char *urls;	/* the same, of the net */
	const char *letters;	/* that a name may have */
};

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" \
	"0123456789.-+_"

static const struct grammar apt = {
	.verbs = " update install clean autoclean autoremove upgrade "
		"dist-upgrade full-upgrade purge remove ",
	.flags = " -y --yes --assume-yes -q -qq -qy -yq -qqy -yqq --quiet "
		"--no-install-recommends --no-install-suggests "
		"--install-recommends -f --fix-broken -m --fix-missing "
		"--allow-downgrades --allow-remove-essential "
		"--allow-change-held-packages --reinstall --purge "
		"--auto-remove --autoremove --no-upgrade --only-upgrade "
		"-V --verbose-versions ",
	.valued = " -t --target-release --default-release ",
	.letters = LETTERS ":=~",
};

static const struct grammar apk = {
	.verbs = " update add del upgrade ",
	.flags = " --no-cache -U --update -u --upgrade -q --quiet "
		"--no-progress ",
	.valued = " -t --virtual ",
	.letters = LETTERS "=~<>@",
};

static const struct grammar pip = {
	.verbs = " install cache ",
	.flags = " --no-cache-dir -U --upgrade -q -qq --quiet -v --verbose "
		"--no-deps --require-hashes --compile --no-compile --pre "
		"--prefer-binary --disable-pip-version-check "
		"--break-system-packages --no-input "
		"--no-warn-script-location --no-color --ignore-installed -I "
		"--force-reinstall --use-pep517 ",
	.valued = " --only-binary --no-binary --upgrade-strategy --timeout "
		"--default-timeout --retries --progress-bar "
		"--root-user-action --trusted-host ",
	.urls = " -i --index-url --extra-index-url ",
	.letters = LETTERS "=<>~!,[];",
};

static const struct grammar npm = {
	.verbs = " ci clean-install install i add cache ",
	.flags = " -g --global --production --only=production --only=prod "
		"--no-audit --audit=false --no-fund --fund=false "
		"--ignore-scripts --legacy-peer-deps --force -f -q --quiet -s "
		"--silent --verbose --no-optional --prefer-offline "
		"--no-progress --progress=false --unsafe-perm "
		"--no-update-notifier ",
	.valued = " --omit --include --only --loglevel --maxsockets ",
	.urls = " --registry ",
	.letters = LETTERS "@^~",
};

static bool
is_in(const char *list, const char *word, size_t len)
{
	const char *at = list;

	while (list && (at = strstr(at, " ")) != NULL) {
		at++;
		if (!strncmp(at, word, len) && at[len] == ' ')
			return true;
	}
	return false;
}

static bool
is_plain(const char *value)
{
	return *value && strspn(value, LETTERS ":,") == strlen(value);
}

/* Settings of apt that are no paths. */
static bool
is_apt_setting(const char *text)
{
	static const char *const starts[] = {
		"Acquire::Retries=", "Acquire::Check-Valid-Until=",
		"Dpkg::Use-Pty=", "DPkg::Use-Pty=",
		"APT::Install-Recommends=", "APT::Install-Suggests=",
		"Dpkg::Options::=--force-conf", "DPkg::Options::=--force-conf"
	};

	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++)
		if (str_starts(text, starts[i]))
			return strcspn(text, "/ ") == strlen(text);
	return false;
}

/* Would the shell, or the program, find a file of that name? */
static bool
is_a_file(const struct lint_place *p, const struct shell_word *w)
{
	char *path;
	struct dirent *e;
	bool found = false;
	DIR *dir;

	if (!p->folder)
		return false;
	path = path_join(p->d->context.path, *p->folder ? p->folder : ".");
	dir = opendir(path);
	free(path);
	while (dir && !found && (e = readdir(dir)) != NULL)
		found = !strcmp(e->d_name, w->text) ||
			(!w->quoted && !fnmatch(w->text, e->d_name,
						FNM_PERIOD));
	if (dir)
		closedir(dir);
	return found;
}

/* "@scope/name" is the one name with a slash. */
static bool
is_name(const struct lint_place *p, const struct grammar *g,
	const struct shell_word *w)
{
	const char *text = w->text, *slash = strchr(text, '/');

	if (w->expands || text[0] == '.' || lint_is_archive(text) ||
	    is_a_file(p, w))
		return false;
	if (slash && g == &npm && *text == '@' && !strchr(slash + 1, '/'))
		return strspn(text, LETTERS "@/^~") == strlen(text);
	return strspn(text, g->letters) == strlen(text);
}

/* The option at *i with its value, if it is one that names no file. */
static bool
knows_option(const struct grammar *g, const struct shell_command *c, size_t *i)
{
	const char *text = c->words[*i].text, *value;
	size_t len = strcspn(text, "=");
	const char *next = *i + 1 < c->n_words && !c->words[*i + 1].expands ?
		c->words[*i + 1].text : "";
	bool is_web_option = is_in(g->urls, text, len);

	if (c->words[*i].expands)
		return false;
	if (is_in(g->flags, text, strlen(text)))
		return true;
	value = text[len] ? text + len + 1 : next;
	if (is_web_option || is_in(g->valued, text, len)) {
		*i += !text[len];
		return is_web_option ? lint_is_url(value) : is_plain(value);
	}
	if (g == &apt && (!strcmp(text, "-o") || !strcmp(text, "-c"))) {
		++*i;
		return text[1] == 'o' ? is_apt_setting(next) :
			!strcmp(next, LINT_APT_CONF);
	}
	if (g == &apt && str_starts(text, "-o"))
		return is_apt_setting(text + 2);
	if (g == &pip && (!strcmp(text, "-r") ||
			  !strcmp(text, "--requirement"))) {
		++*i;
		return *next && *next != '-';
	}
	return false;
}

static const struct grammar *
grammar_of(enum lint_manager manager)
{
	switch (manager) {
	case LINT_APT:
		return &apt;
	case LINT_APK:
		return &apk;
	case LINT_PIP:
		return &pip;
	case LINT_NPM:
		return &npm;
	default:
		return NULL;
	}
}

/*
 * The program is called by its bare name: "python -m pip" looks for its
 * modules in the working directory first.
 */
bool
lint_knows_install(const struct lint_place *p, const struct lint_install *in)
{
	const struct grammar *g = grammar_of(in->manager);
	const struct shell_command *c = in->c;
	const char *program = c->n_words ? c->words[0].text : "/";
	const char *verb = NULL;

	if (!g || in->program || strchr(program, '/') || c->words[0].expands ||
	    !strcmp(program, "aptitude") || !strcmp(program, "pip-sync"))
		return false;
	for (size_t i = 1; i < c->n_words; i++) {
		const struct shell_word *w = &c->words[i];

		if (w->text[0] == '-') {
			if (!knows_option(g, c, &i))
				return false;
		} else if (!verb) {
			verb = w->text;
			if (w->expands || !is_in(g->verbs, verb, strlen(verb)))
				return false;
		} else if (!strcmp(verb, "cache")) {
			if (strcmp(w->text, "clean") &&
			    strcmp(w->text, "purge"))
				return false;
		} else if (!is_name(p, g, w)) {
			return false;
		}
	}
	return verb != NULL;
}

/* What the shell finds for a wildcard is elsewhere, too. */
static bool
is_elsewhere(const struct lint_place *p, const char *text)
{
	char *path = *text == '/' ? lint_resolve("/", text) : NULL;
	size_t plain = path ? strcspn(path, "*?[{") : 0;
	bool ok = path && !lint_paths_meet(path, p->dest) &&
		(!path[plain] || strncmp(path, p->dest, plain));

	free(path);
	return ok;
}

/* Options, and paths that are elsewhere. */
static bool
are_paths(const struct lint_place *p, const struct shell_command *c)
{
	for (size_t i = 1; i < c->n_words; i++) {
		const struct shell_word *w = &c->words[i];

		if (w->expands || strstr(w->text, "..") ||
		    (*w->text != '-' && !is_elsewhere(p, w->text)))
			return false;
	}
	return true;
}

static bool
are_plain(const struct shell_command *c)
{
	for (size_t i = 1; i < c->n_words; i++)
		if (c->words[i].expands || !is_plain(c->words[i].text))
			return false;
	return true;
}

/* Nothing is written but to where nobody reads, or this step's apt alone. */
static bool
knows_redirects(const struct shell_command *c)
{
	for (size_t i = 0; i < c->n_redirects; i++) {
		const struct shell_redirect *r = &c->redirects[i];
		const char *to = r->target.text;
		bool is_copy = !strcmp(r->op, ">&") &&
			(!strcmp(to, "1") || !strcmp(to, "2"));

		if (r->target.expands || (!is_copy && strcmp(to, "/dev/null") &&
					  strcmp(to, LINT_APT_CONF)))
			return false;
	}
	return true;
}

/* The "<<EOF" that is the script itself. */
static bool
is_script(const struct lint_place *p, const struct shell_command *c)
{
	return c == p->run->v && p->run->form == LINT_FORM_HEREDOC &&
		!c->n_words && !c->n_assigns && c->n_redirects == 1 &&
		str_starts(c->redirects[0].op, "<<");
}

static bool
knows_program(const struct lint_place *p, const struct shell_command *c)
{
	static const char *const talkers[] = {
		"echo", "printf", "true", ":", NULL
	};
	const char *name = c->words[0].text;

	if (!strcmp(name, "rm") || !strcmp(name, "mkdir"))
		return are_paths(p, c);
	if (!strcmp(name, "set") || !strcmp(name, "apt-mark"))
		return are_plain(c);
	for (size_t i = 1; c->n_redirects && i < c->n_words; i++)
		if (c->words[i].expands || strchr(c->words[i].text, '/'))
			return false;	/* could tell apt of a path */
	return str_is_one_of(name, talkers);
}

bool
lint_knows_command(const struct lint_place *p, const struct shell_command *c)
{
	const struct lint_install *in = p->run->installs;

	if (is_script(p, c))
		return true;
	if (c->conditional || c->substituted || c->depth || !c->n_words ||
	    !knows_redirects(c) || !lint_knows_assigns(p, c))
		return false;
	for (; in < p->run->installs + p->run->n_installs; in++)
		if (in->c == c)
			return lint_knows_install(p, in);
	return knows_program(p, c);
}
