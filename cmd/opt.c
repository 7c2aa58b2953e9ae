/* SPDX-License-Identifier: MIT */
/*
 * The options of a verb and the recipe flags are laid end to end into one
 * table for getopt_long; an option's place there says whose it is.
 */
#include "opt.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "dockerargs.h"
#include "dropin.h"

#define FIRST_CODE 1000		/* of long options, clear of any letter */

struct table {
	const struct command *command;
	const struct imgcache_flag *flags;
	size_t n_flags;
	struct option *longs;
	size_t n_longs, n_opts;
	char letters[64];
};

static void
add_long(struct table *t, const char *name, int has_arg)
{
	t->longs[t->n_longs] = (struct option){
		.name = name,
		.has_arg = has_arg,
		.val = FIRST_CODE + (int)t->n_longs,
	};
	t->n_longs++;
}

static void
add_letter(struct table *t, char letter, bool value)
{
	size_t n = strlen(t->letters);

	if (!letter || strchr(t->letters, letter) ||
	    n + 3 > sizeof(t->letters))
		return;
	t->letters[n] = letter;
	if (value)
		t->letters[n + 1] = ':';
}

static void
table_fill(struct table *t, const struct command *c)
{
	const struct opt *o;
	size_t i;

	t->command = c;
	if (c->takes_recipe)
		t->flags = imgcache_recipe_flags(&t->n_flags);
	for (o = c->options; o->type != OPT_END; o++)
		t->n_opts++;
	t->longs = memory_checked(calloc(t->n_opts + t->n_flags + 2,
					 sizeof(*t->longs)));
	snprintf(t->letters, sizeof(t->letters), "%s",
		 c->stops_at_word ? "+:" : ":");
	for (o = c->options; o->type != OPT_END; o++) {
		add_long(t, o->name, o->type != OPT_FLAG ? required_argument :
			 c->refused ? optional_argument : no_argument);
		add_letter(t, o->letter, o->type != OPT_FLAG);
	}
	for (i = 0; i < t->n_flags; i++) {
		add_long(t, t->flags[i].name, t->flags[i].argument ?
			 required_argument : no_argument);
		add_letter(t, t->flags[i].letter, t->flags[i].argument);
	}
	add_long(t, "help", no_argument);
	add_letter(t, 'h', false);
}

static int
parse_word(const struct opt *o, const char *value, struct imgcache_error *err)
{
	const char *near;
	size_t i;

	for (i = 0; o->words[i]; i++)
		if (!strcmp(o->words[i], value)) {
			*o->to.word = (int)i;
			return 0;
		}
	near = imgcache_nearest(value, o->words, i);
	if (near)
		return fail(err, IMGCACHE_EUSAGE, "--%s: no such word '%s'; "
			    "did you mean '%s'?", o->name, value, near);
	return fail(err, IMGCACHE_EUSAGE, "--%s wants one of %s, not '%s'",
		    o->name, o->argument, value);
}

static int
parse_count(const struct opt *o, const char *value, struct imgcache_error *err)
{
	char *end;
	long long n;

	errno = 0;
	n = strtoll(value, &end, 10);
	if (errno || end == value || *end || n < 0)
		return fail(err, IMGCACHE_EUSAGE, "--%s wants a whole number, "
			    "not '%s'", o->name, value);
	*o->to.number = n;
	return 0;
}

static bool
is_bare(const char *value)
{
	return strcmp(value, "0") &&
		!value[strspn(value, "0123456789")];
}

/* The words of Go's strconv.ParseBool, which docker takes. */
static int
parse_flag(const struct opt *o, const char *value, struct imgcache_error *err)
{
	static const char *const words[] = {
		"0", "1", "f", "t", "F", "T", "FALSE", "TRUE", "false", "true",
		"False", "True", NULL
	};
	size_t i;

	for (i = 0; value && words[i] && strcmp(words[i], value); i++)
		;
	if (value && !words[i])
		return fail(err, IMGCACHE_EUSAGE, "--%s wants true or false, "
			    "not '%s'", o->name, value);
	*o->to.flag = !value || i % 2;
	return 0;
}

static int
apply(const struct opt *o, const char *value, struct imgcache_error *err)
{
	switch (o->type) {
	case OPT_FLAG:
		return parse_flag(o, value, err);
	case OPT_TEXT:
		*o->to.text = value;
		return 0;
	case OPT_LIST:
		words_add(o->to.list, value);
		return 0;
	case OPT_COUNT:
		return parse_count(o, value, err);
	case OPT_SIZE:
		/* as in imgcache.yaml: a bare 20 may be meant as anything */
		if (!is_bare(value) &&
		    imgcache_parse_size(value, o->to.number))
			return 0;
		return fail(err, IMGCACHE_EUSAGE, "--%s wants a size with its "
			    "unit, such as 20GB, not '%s'", o->name, value);
	case OPT_AGE:
		/* a bare 30 is rarely meant as seconds; 0 is no age at all */
		if ((!is_bare(value) || !strcmp(o->argument, "TIME")) &&
		    imgcache_parse_age(value, o->to.number))
			return 0;
		return fail(err, IMGCACHE_EUSAGE, "--%s wants %s, not '%s'",
			    o->name, strcmp(o->argument, "TIME") ?
			    "an age such as 30d or 12h" :
			    "a time such as 90s or 10m", value);
	case OPT_WORD:
		return parse_word(o, value, err);
	case OPT_END:
		break;
	}
	return 0;
}

static void
add_flag(struct parsed *p, const char *name, const char *value)
{
	if (p->n_flags == p->cap_flags) {
		p->cap_flags = p->cap_flags ? p->cap_flags * 2 : 8;
		p->flags = memory_checked(realloc(p->flags, p->cap_flags *
						  sizeof(*p->flags)));
	}
	p->flags[p->n_flags].name = name;
	p->flags[p->n_flags++].value = value;
}

static int
take(struct table *t, int code, const char *value, struct parsed *out,
     struct imgcache_error *err)
{
	const struct opt *o;
	size_t i;

	if (code < FIRST_CODE) {
		/* as docker reads -f=FILE */
		if (t->command->refused && value && *value == '=')
			value++;
		for (o = t->command->options; o->type != OPT_END; o++)
			if (o->letter == code)
				return apply(o, value, err);
		for (i = 0; i < t->n_flags; i++)
			if (t->flags[i].letter == code) {
				add_flag(out, t->flags[i].name, value);
				return 0;
			}
		out->usage = true;	/* -h is in no table */
		return 0;
	}
	i = (size_t)(code - FIRST_CODE);
	if (i < t->n_opts)
		return apply(&t->command->options[i], value, err);
	i -= t->n_opts;
	if (i < t->n_flags)
		add_flag(out, t->flags[i].name, value);
	else
		out->help = true;
	return 0;
}

/* "imgcache get -h", "imgcache -h" */
static const char *
usage_hint(const struct table *t, char *out, size_t size)
{
	bool itself = t->command == &imgcache_itself;

	snprintf(out, size, "imgcache %s%s-h", itself ? "" : t->command->name,
		 itself ? "" : " ");
	return out;
}

/* An option of docker that is known and not taken. */
static const struct refused *
find_refused(const struct table *t, int letter, const char *name)
{
	const struct refused *r = t->command->refused;

	for (; r && r->name; r++)
		if (letter ? r->letter == letter : !strcmp(r->name, name))
			return r;
	return NULL;
}

static int
refuse(const struct refused *r, struct imgcache_error *err)
{
	return fail(err, IMGCACHE_EUSAGE, "--%s: %s", r->name, r->why);
}

static int
unknown_long(const struct table *t, const char *word,
	     struct imgcache_error *err)
{
	struct words names = {0}, fitting = {0};
	size_t i, len = strcspn(word + 2, "=");
	const char *near;
	char hint[80], name[80];
	int ret = 0;

	for (i = 0; i < t->n_longs; i++) {
		words_add(&names, t->longs[i].name);
		if (!strncmp(t->longs[i].name, word + 2, len))
			words_add(&fitting, t->longs[i].name);
	}
	snprintf(name, sizeof(name), "%.*s", (int)len, word + 2);
	if (find_refused(t, 0, name))
		ret = refuse(find_refused(t, 0, name), err);
	near = imgcache_nearest(name, names.v, names.n);
	if (ret)
		;
	else if (fitting.n > 1)
		ret = fail(err, IMGCACHE_EUSAGE, "--%s could be --%s or --%s",
			   name, fitting.v[0], fitting.v[1]);
	else if (near)
		ret = fail(err, IMGCACHE_EUSAGE, "--%s is not known; "
			   "did you mean --%s?", name, near);
	else
		ret = fail(err, IMGCACHE_EUSAGE, "--%s is not known; see %s",
			   name, usage_hint(t, hint, sizeof(hint)));
	words_release(&names);
	words_release(&fitting);
	return ret;
}

/* What getopt_long refused; argv[optind - 1] is the word or its value. */
static int
bad_option(const struct table *t, char **argv, int got,
	   struct imgcache_error *err)
{
	const char *word = argv[optind - 1];
	const char *argument = NULL;
	char hint[80];
	size_t i;

	usage_hint(t, hint, sizeof(hint));
	if (got == ':' && optopt >= FIRST_CODE) {
		i = (size_t)(optopt - FIRST_CODE);
		argument = i < t->n_opts ? t->command->options[i].argument :
			t->flags[i - t->n_opts].argument;
		return fail(err, IMGCACHE_EUSAGE, "--%s wants %s; see %s",
			    t->longs[i].name, argument, hint);
	}
	if (got == ':')
		return fail(err, IMGCACHE_EUSAGE, "-%c wants a value; see %s",
			    optopt, hint);
	if (optopt >= FIRST_CODE)
		return fail(err, IMGCACHE_EUSAGE, "--%s takes no value; see %s",
			    t->longs[optopt - FIRST_CODE].name, hint);
	if (optopt && find_refused(t, optopt, ""))
		return refuse(find_refused(t, optopt, ""), err);
	if (optopt)
		return fail(err, IMGCACHE_EUSAGE, "-%c is not known; see %s",
			    optopt, hint);
	return unknown_long(t, word, err);
}

static int
parse_ours(struct table *t, int argc, char **argv, struct parsed *out,
	   struct imgcache_error *err)
{
	int code, ret;

	optind = 0;
	opterr = 0;
	while ((code = getopt_long(argc, argv, t->letters, t->longs,
				   NULL)) != -1) {
		if (code == '?' || code == ':')
			return bad_option(t, argv, code, err);
		ret = take(t, code, optarg, out, err);
		if (ret)
			return ret;
	}
	return 0;
}

/* The index of "--", or argc. */
static int
find_end(const struct command *c, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		if (!strcmp(argv[i], "--") && !c->stops_at_word &&
		    !c->takes_all_words)
			break;
	return i;
}

int
opt_parse(const struct command *c, int argc, char **argv, struct parsed *out,
	  struct imgcache_error *err)
{
	struct table t = {0};
	char **copy = memory_checked(calloc((size_t)argc + 2, sizeof(*copy)));
	int i, end, ret = 0;

	memcpy(copy, argv, (size_t)argc * sizeof(*copy));
	table_fill(&t, c);
	if (c->passes_docker_run) {
		struct own_options own = {
			t.letters, t.longs, t.n_opts
		};

		argc = dockerargs_split(&own, argc, copy, out, err);
		ret = argc < 0 ? argc : 0;
	}
	end = ret ? 0 : find_end(c, argc, copy);
	optind = 1;
	if (!ret && !c->takes_all_words)
		ret = parse_ours(&t, end, copy, out, err);
	for (i = optind; !ret && i < end; i++)
		words_add(&out->words, copy[i]);
	for (i = end + 1; !ret && i < argc; i++)
		words_add(c->passes_docker_run || c->takes_command ?
			  &out->after : &out->words, copy[i]);
	free(t.longs);
	free(copy);
	return ret;
}

void
parsed_release(struct parsed *p)
{
	words_release(&p->words);
	words_release(&p->after);
	words_release(&p->docker_run);
	free(p->flags);
	memset(p, 0, sizeof(*p));
}
