/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "printer.h"
#include "verbs.h"

static const struct opt options[] = {
	JSON_OPTION,
	NUL_OPTION,
	END_OPTION
};

const char *
setting_value(struct imgcache *ic, const char *name, struct imgcache_error *err)
{
	const struct imgcache_setting *v;
	size_t i, n;

	if (imgcache_config(ic, &v, &n, err))
		return NULL;
	for (i = 0; i < n; i++)
		if (!strcmp(v[i].name, name))
			return v[i].value;
	return "";
}

/*
 * An array of objects:
 *
 *	name	string
 *	value	string, empty if unset
 *	origin	string: "default", "imgcache.yaml:3:5", a variable's name ...
 *	help	string
 */
static void
print_settings(const struct imgcache_setting *v, size_t n)
{
	struct printer *p = printer_new(print_form_given(), false);
	size_t i;

	for (i = 0; i < n; i++) {
		print_record(p);
		print_text(p, "name", "NAME", v[i].name);
		print_text(p, "value", "VALUE", v[i].value);
		print_text(p, "origin", "ORIGIN", v[i].origin);
		print_text(p, "help", NULL, v[i].help);
	}
	printer_end(p);
}

static int
find(struct invocation *inv, const char *name,
     const struct imgcache_setting *v, size_t n,
     const struct imgcache_setting **out)
{
	struct words names = {0};
	const char *near;
	size_t i;
	int ret = 0;

	*out = NULL;
	for (i = 0; i < n; i++) {
		words_add(&names, v[i].name);
		if (!strcmp(v[i].name, name))
			*out = &v[i];
	}
	near = imgcache_nearest(name, names.v, names.n);
	if (!*out)
		ret = fail(&inv->err, IMGCACHE_EUSAGE, "no setting '%s'%s%s%s",
			   name, near ? "; did you mean '" : "",
			   near ? near : "", near ? "'?" : "");
	words_release(&names);
	return ret;
}

/* Those that are asked for, in that order; all of them or none. */
static int
print_named(struct invocation *inv, const struct words *names,
	    const struct imgcache_setting *v, size_t n)
{
	struct imgcache_setting *named = memory_checked(calloc(names->n,
							sizeof(*named)));
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < names->n; i++) {
		const struct imgcache_setting *one;

		ret = find(inv, names->v[i], v, n, &one);
		if (!ret)
			named[i] = *one;
	}
	if (!ret && print_form_given() != PRINT_TABLE)
		print_settings(named, names->n);
	else if (!ret)
		for (i = 0; i < names->n; i++)
			puts(named[i].value);
	free(named);
	return ret;
}

static int
run(struct invocation *inv, const struct parsed *p)
{
	const struct imgcache_setting *v;
	size_t n;
	int ret = imgcache_config(inv->ic, &v, &n, &inv->err);

	if (!ret && p->words.n)
		ret = print_named(inv, &p->words, v, n);
	else if (!ret)
		print_settings(v, n);
	return ret;
}

const struct command command_config = {
	.name = "config",
	.summary = "Show every setting, its value and where that comes from.",
	.arguments = "[NAME...]",
	.options = options,
	.group = GROUP_CARE,
	.completes = COMPLETES_SETTINGS,
	.bad_project = IMGCACHE_BAD_PROJECT_WARNS,
	.run = run,
};
