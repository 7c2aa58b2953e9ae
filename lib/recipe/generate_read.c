/* SPDX-License-Identifier: MIT */
/*
 * An install says what it is in its first words, : 'npm packages';, and its
 * packages stand in single quotes behind the first "--": see
 * generate_install.c. What does not pass the grammar was not written there.
 */
#include "recipe/generate_read.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/strv.h"
#include "recipe/recipe.h"

static const struct {
	const char *title;
	enum grammar_manager manager;
} installs[] = {
	{ ": 'system packages';", GRAMMAR_APT },
	{ ": 'pip packages';", GRAMMAR_PIP },
	{ ": 'npm packages';", GRAMMAR_NPM },
	{ ": 'Claude Code';", GRAMMAR_NPM },
};

bool
generate_installs(const struct dockerfile_instruction *in,
		  enum grammar_manager *manager)
{
	if (in->keyword != DOCKERFILE_RUN || !in->n_args)
		return false;
	for (size_t i = 0; i < sizeof(installs) / sizeof(*installs); i++)
		if (str_starts(in->args[0], installs[i].title)) {
			*manager = installs[i].manager;
			return true;
		}
	return false;
}

static void
add_package(struct generate_packages *out, enum grammar_manager manager,
	    const char *text, size_t len)
{
	struct grammar_packages *list = &out->lists[manager];
	struct imgcache_error ignored = {0};
	struct grammar_package package;
	struct recipe_package asked = { .text = mem_strndup(text, len) };

	if (!grammar_package(manager, &asked, &package, &ignored)) {
		mem_grow(list->v, list->n, list->cap);
		list->v[list->n++] = package;
	}
	free(asked.text);
}

static void
read_install(const char *text, enum grammar_manager manager,
	     struct generate_packages *out)
{
	const char *p = strstr(text, "-- ");
	const char *end;

	if (!p)
		return;
	for (p += 3 + strspn(p + 3, " "); *p == '\''; p += strspn(p, " ")) {
		end = strchr(p + 1, '\'');
		if (!end)
			return;
		add_package(out, manager, p + 1, (size_t)(end - p - 1));
		p = end + 1;
	}
}

void
generate_packages_read(const struct dockerfile *df,
		       struct generate_packages *out)
{
	enum grammar_manager manager;

	for (size_t i = 0; i < df->n; i++)
		if (generate_installs(&df->v[i], &manager))
			read_install(df->v[i].args[0], manager, out);
}

void
generate_packages_release(struct generate_packages *p)
{
	for (int i = 0; i <= GRAMMAR_PIP; i++)
		grammar_packages_release(&p->lists[i]);
}
