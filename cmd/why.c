/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "printer.h"
#include "recipe.h"
#include "text.h"
#include "verbs.h"
#include "whytext.h"

static const char *since;
static bool between;

static const struct opt options[] = {
	TEXT_OPTION(0, "since", &since, "KEY",
		    "compare with that image, not with the last one"),
	FLAG_OPTION(0, "between", &between,
		    "compare two images of the catalog: --between A B"),
	FLAG_OPTION('v', "verbose", &given.verbose, "every file and step"),
	STAT_CACHE_OPTION,
	JSON_OPTION,
	END_OPTION
};

static void
print_moment(struct printer *p, const char *name, int64_t at)
{
	print_number(p, name, NULL, at, AS_AGO);
}

static void
print_change(struct printer *p, const struct imgcache_change *c)
{
	print_object(p, "");
	print_text(p, "subject", NULL, imgcache_subject_word(c->subject));
	print_text(p, "how", NULL, imgcache_how_word(c->how));
	print_text(p, "name", NULL, c->name);
	print_text(p, "of", NULL, c->of);
	print_text(p, "before", NULL, c->before);
	print_text(p, "after", NULL, c->after);
	if (c->line)
		print_number(p, "line", NULL, c->line, AS_NUMBER);
	else
		print_null(p, "line");
	print_moment(p, "at", c->at);
	print_list(p, "steps");
	for (size_t i = 0; i < c->n_steps; i++)
		print_number(p, "", NULL, c->steps[i], AS_NUMBER);
	print_list_end(p);
	print_object_end(p);
}

static void
print_step(struct printer *p, const struct imgcache_step *s, bool known)
{
	print_object(p, "");
	print_text(p, "stage", NULL, s->stage);
	print_number(p, "number", NULL, s->number, AS_NUMBER);
	print_number(p, "total", NULL, s->total, AS_NUMBER);
	print_text(p, "text", NULL, s->text);
	print_number(p, "line", NULL, s->line, AS_NUMBER);
	if (known)
		print_bool(p, "runs", s->breaks);
	else
		print_null(p, "runs");
	print_bool(p, "maybe", s->maybe);
	print_number(p, "time", NULL, s->us, AS_DURATION);
	print_object_end(p);
}

static void
print_stages(struct printer *p, const struct imgcache_why *w)
{
	print_list(p, "stages");
	for (size_t i = 0; i < w->n_stages; i++) {
		const struct imgcache_stage *s = &w->stages[i];

		print_object(p, "");
		print_text(p, "name", NULL, s->name);
		print_text(p, "how", NULL, imgcache_how_word(s->how));
		print_list(p, "lines");
		for (size_t k = 0; k < s->n_lines; k++)
			print_text(p, "", NULL, s->lines[k]);
		print_list_end(p);
		print_object_end(p);
	}
	print_list_end(p);
}

static void
print_steps(struct printer *p, const struct imgcache_why *w)
{
	print_list(p, "steps");
	for (size_t i = 0; i < w->n_steps; i++)
		print_step(p, &w->steps[i], w->knows_steps);
	print_list_end(p);
	if (w->knows_steps && w->first_step >= 0)
		print_number(p, "firstStep", NULL, w->first_step, AS_NUMBER);
	else
		print_null(p, "firstStep");
	if (w->knows_steps)
		print_number(p, "stepsToRun", NULL, w->n_breaks - w->n_maybe,
			     AS_NUMBER);
	else
		print_null(p, "stepsToRun");
	print_number(p, "stepsMaybe", NULL, w->n_maybe, AS_NUMBER);
	print_number(p, "cost", NULL, w->n_timed ? w->cost_us : -1,
		     AS_DURATION);
	print_number(p, "stepsTimed", NULL, w->n_timed, AS_NUMBER);
}

/*
 * One object:
 *
 *	name, tag, ref	of the recipe, as its inputs are now
 *	state		"hit", "miss", "unknown": is the image there?
 *	reason, detail	why not, or null
 *	status		of an image of just these inputs, a word of buildStatus;
 *			null: there was none
 *	at		when it came to that, or was invalidated
 *	elsewhere	the engine that has it, or null
 *	refused		why docker will not build it, or null
 *	before		{tag, at}: the image compared with, or null
 *	changes		[{subject, how, name, of, before, after, line, at,
 *			steps}], by weight; steps are indices into:
 *	steps		[{stage, number, total, text, line, runs,
 *			maybe, time}]
 *	moreFiles	number of changed files that are not listed
 *	stages		[{name, how, lines}]: those that another target has more
 *			or less
 *	firstStep	index of the first that is sure to run again, or null
 *	stepsToRun, stepsMaybe, stepsTimed	numbers
 *	cost		seconds, or null
 */
static void
print_why(const struct imgcache_why *w)
{
	static const char *const states[] = { "hit", "miss", "unknown" };
	struct printer *p = printer_new(PRINT_JSON, true);

	print_record(p);
	print_text(p, "name", NULL, w->name);
	print_text(p, "tag", NULL, w->tag);
	print_text(p, "ref", NULL, w->ref);
	print_text(p, "state", NULL, states[w->state]);
	print_text(p, "reason", NULL, w->state == IMGCACHE_HIT ? NULL :
		   imgcache_reason_word(w->reason));
	print_text(p, "detail", NULL, w->detail);
	print_text(p, "status", NULL, w->status);
	print_moment(p, "at", w->at);
	print_text(p, "elsewhere", NULL, w->elsewhere);
	print_text(p, "refused", NULL, w->refused);
	if (w->before_tag) {
		print_object(p, "before");
		print_text(p, "tag", NULL, w->before_tag);
		print_moment(p, "at", w->before_at);
		print_object_end(p);
	} else {
		print_null(p, "before");
	}
	print_list(p, "changes");
	for (size_t i = 0; i < w->n_changes; i++)
		print_change(p, &w->changes[i]);
	print_list_end(p);
	print_number(p, "moreFiles", NULL, (int64_t)w->n_more_files,
		     AS_NUMBER);
	print_stages(p, w);
	print_steps(p, w);
	printer_end(p);
}

static int
choose(struct invocation *inv, const struct parsed *p,
       struct imgcache_recipe **r, struct imgcache_why_options *o)
{
	if (between && since)
		return fail(&inv->err, IMGCACHE_EUSAGE,
			    "--since and --between exclude each other");
	if (!between) {
		o->since = since;
		return recipe_choose(inv, p, r);
	}
	if (p->words.n != 2 || p->n_flags)
		return fail(&inv->err, IMGCACHE_EUSAGE,
			    "--between wants two images, by id, tag or name");
	o->since = p->words.v[0];
	o->until = p->words.v[1];
	return 0;
}

static int
run(struct invocation *inv, const struct parsed *p)
{
	struct imgcache_why_options o = {0};
	struct imgcache_recipe *r = NULL;
	struct imgcache_error ignored = {0};
	struct imgcache_why w;
	int width = page_width(stdout);
	struct why_style style = {
		.width = width > 40 ? width : 80,
		.cut = isatty(STDOUT_FILENO),
		.all = given.verbose,
		.between = between,
	};
	int ret = choose(inv, p, &r, &o);

	if (!ret)
		ret = imgcache_why(inv->ic, r, &o, &w, &inv->err);
	if (ret)
		return ret;
	style.colored = color_wanted(stdout, setting_value(inv->ic, "color",
							   &ignored));
	if (given.json)
		print_why(&w);
	else
		why_print(&w, &style);
	return 0;
}

const struct command command_why = {
	.name = "why",
	.summary = "What changed since the last image, and what it will cost.",
	.arguments = "[NAME | DIR | RECIPE FLAGS]",
	.options = options,
	.group = GROUP_IMAGES,
	.completes = COMPLETES_RECIPES,
	.takes_recipe = true,
	.run = run,
};
