/* SPDX-License-Identifier: MIT */
/*
 * imgcache __complete WORD...: what may stand for the last WORD, given those
 * before it; the scripts in completions/ only ask. A line each: the candidate,
 * a tab, what it means. ":files" or ":dirs" lets the shell offer paths. Docker's
 * own completion, for which we are a plugin, is cobra's: it wants a number at
 * the end instead (ShellCompDirective in its completions.go). Never
 * says anything else and never fails: it runs at each press of a key.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "verbs.h"

#define MAX_IMAGES 200

static const struct opt options[] = { END_OPTION };

/* The command line as far as it is written. */
struct line {
	const struct command *command;	/* imgcache_itself before the verb */
	const char *before;		/* the word before the last; or "" */
	const char *last;		/* what is being written */
	bool is_past_end;		/* a "--" stands before it */
};

static void
offer(const struct line *l, const char *candidate, const char *help)
{
	if (!candidate || strncmp(candidate, l->last, strlen(l->last)))
		return;
	if (given.cobra == COBRA_PLAIN)
		puts(candidate);
	else
		printf("%s\t%s\n", candidate, help ? help : "");
}

/* Cobra's: 0 lets the shell offer files, 16 folders, 4 nothing else. */
static int directive = 4;

static void
offer_files(void)
{
	directive = 0;
	if (!given.cobra)
		puts(":files");
}

static void
offer_dirs(void)
{
	directive = 16;
	if (!given.cobra)
		puts(":dirs");
}

/* The option of the table that the word names, exactly. */
static const struct opt *
find_option(const struct command *c, const char *word)
{
	const struct opt *o;

	for (o = c->options; o->type != OPT_END; o++) {
		if (!strncmp(word, "--", 2) && !strcmp(word + 2, o->name))
			return o;
		if (o->letter && word[0] == '-' && word[1] == o->letter &&
		    !word[2])
			return o;
	}
	return NULL;
}

static const struct imgcache_flag *
find_flag(const struct command *c, const char *word)
{
	const struct imgcache_flag *flags;
	size_t i, n;

	flags = imgcache_recipe_flags(&n);
	for (i = 0; c->takes_recipe && i < n; i++) {
		if (!strncmp(word, "--", 2) && !strcmp(word + 2, flags[i].name))
			return &flags[i];
		if (flags[i].letter && word[0] == '-' &&
		    word[1] == flags[i].letter && !word[2])
			return &flags[i];
	}
	return NULL;
}

/* A name in capitals says what an argument is; these are paths. */
static void
offer_path(const char *argument)
{
	if (strstr(argument, "FILE"))
		offer_files();
	else if (strstr(argument, "DIR") || strstr(argument, "FOLDER"))
		offer_dirs();
	else if (strstr(argument, "PATH") || strstr(argument, "FROM"))
		offer_files();
}

static void
offer_options(const struct line *l)
{
	const struct imgcache_flag *flags;
	const struct opt *o;
	char name[64];
	size_t i, n;

	for (o = l->command->options; o->type != OPT_END; o++) {
		snprintf(name, sizeof(name), "--%s", o->name);
		offer(l, name, o->help);
	}
	flags = imgcache_recipe_flags(&n);
	for (i = 0; l->command->takes_recipe && i < n; i++) {
		snprintf(name, sizeof(name), "--%s", flags[i].name);
		offer(l, name, flags[i].help);
	}
	offer(l, "--help", "open the manual page");
}

static void
offer_verbs(const struct line *l)
{
	const struct command *const *c;

	for (c = commands; *c; c++)
		if (!(*c)->hidden)
			offer(l, (*c)->name, (*c)->summary);
}

static void
offer_recipes(struct imgcache *ic, const struct line *l)
{
	struct imgcache_error ignored = {0};
	struct imgcache_recipe **v;
	size_t i, n;

	if (!imgcache_recipe_all(ic, &v, &n, &ignored))
		for (i = 0; i < n; i++)
			offer(l, imgcache_recipe_name(v[i]), "");
	if (l->command->takes_recipe)
		offer_dirs();
}

/* Of all engines: asking which one is in use may take a while. */
static void
offer_images(struct imgcache *ic, const struct line *l)
{
	const struct imgcache_filter f = {
		.all_engines = true, .limit = MAX_IMAGES
	};
	struct imgcache_error ignored = {0};
	const struct imgcache_image *v;
	const char *const *name;
	size_t i, n;

	if (imgcache_list(ic, &f, &v, &n, &ignored))
		return;
	for (i = 0; i < n; i++) {
		offer(l, v[i].id, v[i].name ? v[i].name : v[i].base);
		if (strchr(l->last, '-'))
			offer(l, v[i].tag, v[i].name);
		if (strchr(l->last, ':') || strchr(l->last, '/'))
			offer(l, v[i].ref, v[i].name);
		for (name = v[i].names; *name; name++)
			if (strcmp(l->command->name, "delete"))
				offer(l, *name, v[i].id);
	}
}

static void
offer_settings(struct imgcache *ic, const struct line *l)
{
	struct imgcache_error ignored = {0};
	const struct imgcache_setting *v;
	size_t i, n;

	if (imgcache_config(ic, &v, &n, &ignored))
		return;
	for (i = 0; i < n; i++)
		offer(l, v[i].name, v[i].help);
}

/* A handle where the command line says, or NULL. */
static struct imgcache *
handle(void)
{
	const struct imgcache_options o = {
		.project_file = given.file, .settings = given.settings.v
	};
	struct imgcache_error ignored = {0};
	struct imgcache *ic;

	return imgcache_open(&ic, &o, &ignored) ? NULL : ic;
}

/* What the project or the catalog has for an option. */
static void
offer_known(const struct line *l, const struct opt *o)
{
	bool is_image = !strcmp(o->argument, "ID") ||
		!strcmp(o->argument, "KEY");
	struct imgcache *ic;

	if (!is_image && strcmp(o->name, "name"))
		return;
	ic = handle();
	if (ic && is_image)
		offer_images(ic, l);
	else if (ic)
		offer_recipes(ic, l);
	imgcache_close(ic);
}

/* Is the last word the value of the one before? Then offer values. */
static bool
offer_value(const struct line *l)
{
	const struct opt *o = find_option(l->command, l->before);
	const struct imgcache_flag *f = find_flag(l->command, l->before);
	size_t i;

	if (o && o->type != OPT_FLAG) {
		for (i = 0; o->words && o->words[i]; i++)
			offer(l, o->words[i], "");
		offer_path(o->argument);
		offer_known(l, o);
		return true;
	}
	if (f && f->argument)
		offer_path(f->argument);
	return f && f->argument;
}

static void
offer_words(const struct line *l)
{
	struct imgcache *ic;

	if (l->command->completes == COMPLETES_VERBS)
		offer_verbs(l);
	ic = handle();
	if (!ic)
		return;
	if (l->command->completes == COMPLETES_RECIPES)
		offer_recipes(ic, l);
	else if (l->command->completes == COMPLETES_IMAGES)
		offer_images(ic, l);
	else if (l->command->completes == COMPLETES_SETTINGS)
		offer_settings(ic, l);
	imgcache_close(ic);
}

/* -C and -f before the verb say where names are to be looked for. */
static void
follow_global(const struct opt *o, const char *value)
{
	if (o->letter == 'f')
		given.file = value;
	else if (o->letter == 'C' && chdir(value))
		return;
}

static struct line
read_line(const struct words *w)
{
	struct line l = { .command = &imgcache_itself, .before = "" };
	const struct opt *o;
	size_t i;

	for (i = 0; i + 1 < w->n; i++) {
		const char *word = w->v[i];

		l.before = word;
		if (l.command != &imgcache_itself) {
			l.is_past_end |= !strcmp(word, "--");
			continue;
		}
		o = find_option(l.command, word);
		if (o && o->type != OPT_FLAG && i + 2 < w->n) {
			follow_global(o, w->v[++i]);
			l.before = w->v[i];
		} else if (*word != '-') {
			l.command = command_find(word);
			if (!l.command)
				break;
		}
	}
	l.last = w->n ? w->v[w->n - 1] : "";
	return l;
}

static int
run(struct invocation *inv, const struct parsed *p)
{
	int silent = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct line l;

	(void)inv;
	if (silent >= 0)
		dup2(silent, STDERR_FILENO);
	l = read_line(&p->words);
	if (!l.command)
		goto out;
	if (l.is_past_end) {
		offer_files();
	} else if (*l.last == '-') {
		offer_options(&l);
	} else if (!offer_value(&l)) {
		if (l.command == &imgcache_itself)
			offer_verbs(&l);
		else
			offer_words(&l);
	}
out:
	if (given.cobra)
		printf(":%d\n", directive);
	return EXIT_YES;
}

const struct command command_complete = {
	.name = "__complete",
	.summary = "What may stand for the last word, for the shell.",
	.arguments = "WORD...",
	.options = options,
	.group = GROUP_HELP,
	.takes_all_words = true,
	.needs_no_handle = true,
	.hidden = true,
	.run = run,
};
