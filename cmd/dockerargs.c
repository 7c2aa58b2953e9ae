/* SPDX-License-Identifier: MIT */
#include "dockerargs.h"

#include <string.h>

#include "cmd.h"
#include "recipe.h"

/* docker run --help, client 29: the options that take no value. */
static const char *const switches[] = {
	"detach", "disable-content-trust", "init", "interactive",
	"no-healthcheck", "oom-kill-disable", "privileged", "publish-all",
	"quiet", "read-only", "rm", "sig-proxy", "tty", "use-api-socket", NULL
};

/* The letters of those that take one. */
#define VALUE_LETTERS "acehlmpuvw"

/* What a recipe flag and an option of docker run are both called. */
static const char *const shared[] = {
	"add-host", "env", "label", "network", "user", NULL
};

static bool
is_among(const char *const *list, const char *name, size_t len)
{
	for (; *list; list++)
		if (strlen(*list) == len && !strncmp(*list, name, len))
			return true;
	return false;
}

/*
 * The long option that the word names, or NULL. Names are not cut short here:
 * docker's are not either, and one could be taken for the other.
 */
static const struct option *
find_long(const struct own_options *own, const char *word)
{
	size_t len = strcspn(word + 2, "=");
	const struct option *o;

	for (o = own->longs; o->name; o++)
		if (strlen(o->name) == len && !strncmp(o->name, word + 2, len))
			return o;
	return NULL;
}

/* Ours, and does it take the next word as its value? */
static bool
is_ours(const struct own_options *own, bool by_flags, const char *word,
	bool *takes_next)
{
	const struct option *o;
	const char *letter;

	*takes_next = false;
	if (word[1] != '-') {
		letter = strchr(own->letters + 1, word[1]);
		if (letter)
			*takes_next = letter[1] == ':' && !word[2];
		return letter != NULL;
	}
	o = find_long(own, word);
	if (!o || (!by_flags && is_among(shared, o->name, strlen(o->name))))
		return false;
	*takes_next = o->has_arg && !strchr(word, '=');
	return true;
}

/* Does docker's option take the next word as its value? */
static bool
docker_takes_next(const char *word)
{
	size_t i, len;

	if (word[1] == '-') {
		len = strcspn(word + 2, "=");
		return !word[2 + len] && !is_among(switches, word + 2, len);
	}
	for (i = 1; word[i]; i++)
		if (strchr(VALUE_LETTERS, word[i]))
			return !word[i + 1];
	return false;
}

static bool
is_option(const char *word)
{
	return word[0] == '-' && word[1];
}

/* Does a flag that no setting and no option of docker run shares say so? */
static bool
makes_recipe(const struct own_options *own, const char *word)
{
	const struct option *o = word[1] == '-' ? find_long(own, word) : NULL;

	return o && o >= own->longs + own->n_options &&
		strcmp(o->name, "help") &&
		!is_among(shared, o->name, strlen(o->name)) &&
		!recipe_flag_is_setting(o->name);
}

/* Is the recipe made up of flags, and named by no word? */
static bool
is_by_flags(const struct own_options *own, int argc, char **argv)
{
	bool found = false, next;
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--"); i++) {
		if (!is_option(argv[i]))
			return false;
		found |= makes_recipe(own, argv[i]);
		if (is_ours(own, true, argv[i], &next) ? next :
		    docker_takes_next(argv[i]))
			i++;
	}
	return found;
}

/* Put what begins at argv[from], the command, to argv[to], after a "--". */
static int
move_command(int argc, char **argv, int from, int to)
{
	static char end[] = "--";
	bool has_end = from >= argc || !strcmp(argv[from], end);

	memmove(&argv[has_end ? to : to + 1], &argv[from],
		(size_t)(argc - from) * sizeof(*argv));
	if (!has_end)
		argv[to++] = end;
	to += argc - from;
	argv[to] = NULL;
	return to;
}

int
dockerargs_split(const struct own_options *own, int argc, char **argv,
		 struct parsed *out, struct imgcache_error *err)
{
	bool by_flags = is_by_flags(own, argc, argv), next;
	int from, to = 1, n_words = 0;

	for (from = 1; from < argc && strcmp(argv[from], "--"); from++) {
		char *word = argv[from];

		if (!is_option(word)) {
			if (++n_words == 2)
				break;
			argv[to++] = word;
			continue;
		}
		if (is_ours(own, by_flags, word, &next)) {
			argv[to++] = word;
			if (next && from + 1 < argc)
				argv[to++] = argv[++from];
			continue;
		}
		words_add(&out->docker_run, word);
		if (!docker_takes_next(word))
			continue;
		if (from + 1 >= argc)
			return fail(err, IMGCACHE_EUSAGE, "%s wants a value",
				    word);
		words_add(&out->docker_run, argv[++from]);
	}
	return move_command(argc, argv, from, to);
}
