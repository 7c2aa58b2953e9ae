/* SPDX-License-Identifier: MIT */
/*
 * Which word is the program. A wrapper is passed over with its options; those
 * that take a value of their own word are listed with it.
 */
#include "recipe/shellwords.h"

#include <string.h>

struct wrapper {
	const char *name;
	const char *valued;	/* letters of options with a value behind */
	int operands;		/* words before the program: a user, a time */
	bool assigns;		/* NAME=value may stand before the program */
};

static const struct wrapper wrappers[] = {
	{ "sudo", "ugpCDhrtTUR", 0, true },
	{ "doas", "uC", 0, false },
	{ "env", "uCS", 0, true },
	{ "exec", "a", 0, false },
	{ "command", "", 0, false },
	{ "builtin", "", 0, false },
	{ "time", "fo", 0, false },
	{ "nice", "n", 0, false },
	{ "ionice", "cnp", 0, false },
	{ "nohup", "", 0, false },
	{ "setsid", "", 0, false },
	{ "stdbuf", "ioe", 0, false },
	{ "timeout", "ks", 1, false },
	{ "gosu", "", 1, false },
	{ "su-exec", "", 1, false },
	{ "eatmydata", "", 0, false },
	{ "fakeroot", "lisdb", 0, false },
	{ "xvfb-run", "efnpsw", 0, false },
};

static const char *
last_component(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static const struct wrapper *
find_wrapper(const char *word)
{
	const char *name = last_component(word);

	for (size_t i = 0; i < sizeof(wrappers) / sizeof(*wrappers); i++)
		if (!strcmp(name, wrappers[i].name))
			return &wrappers[i];
	return NULL;
}

/* Does the option take the next word? "-u user", but "-uuser" and "--x=y". */
static bool
takes_next(const struct wrapper *w, const char *option)
{
	size_t n = strlen(option);

	if (option[1] == '-' || n < 2)
		return false;
	return strchr(w->valued, option[n - 1]) && n == 2;
}

static size_t
pass_wrapper(const struct shell_command *c, const struct wrapper *w, size_t i)
{
	int operands = w->operands;

	for (i++; i < c->n_words; i++) {
		const char *word = c->words[i].text;
		if (!strcmp(word, "--")) {
			i++;
			break;
		}
		if (word[0] == '-' && word[1]) {
			i += takes_next(w, word);
			continue;
		}
		if (w->assigns && strchr(word, '=') && word[0] != '=')
			continue;
		if (operands-- <= 0)
			break;
	}
	return i < c->n_words ? i : c->n_words;
}

size_t
shell_program(const struct shell_command *c)
{
	const struct wrapper *w;
	size_t i = 0;

	while (i < c->n_words && (w = find_wrapper(c->words[i].text)) != NULL) {
		size_t next = pass_wrapper(c, w, i);
		if (next == c->n_words)
			break;	/* nothing is wrapped */
		i = next;
	}
	return i;
}

const char *
shell_program_name(const struct shell_command *c)
{
	size_t i = shell_program(c);

	return i < c->n_words ? last_component(c->words[i].text) : "";
}

bool
shell_has_word(const struct shell_command *c, const char *word)
{
	for (size_t i = shell_program(c) + 1; i < c->n_words; i++)
		if (!strcmp(c->words[i].text, word))
			return true;
	return false;
}
