/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as the parts of a recipe, separated by NUL; the first byte of a
 * part says what it is (a n p: packages, e: env, c: copy, u: user, k: Claude
 * Code). What passes its grammar must come out of the generated Dockerfile
 * again when that is read line by line, as it went in, and nothing else may
 * stand there; one part that does not pass must refuse the whole.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "recipe/generate.h"
#include "recipe/generate_inventory.h"
#include "recipe/grammar.h"
#include "recipe/recipe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
expect(bool holds)
{
	if (!holds)
		abort();
}

static void
add(struct recipe_packages *list, const char *text)
{
	mem_grow(list->v, list->n, list->cap);
	list->v[list->n++] = (struct recipe_package){
		mem_strdup(text), { NULL, 0, 0 }
	};
}

/* Put one part into the recipe; true if its grammar takes it. */
static bool
take_part(struct recipe *r, char kind, const char *text)
{
	static const char kinds[] = "anp";
	struct recipe_packages *lists[] = { &r->apt, &r->npm, &r->pip };
	struct imgcache_error err = { 0 };
	const char *found = kind ? strchr(kinds, kind) : NULL;

	if (found) {
		struct grammar_package parts;
		struct recipe_package p = { (char *)text, { NULL, 0, 0 } };
		int at = (int)(found - kinds);

		add(lists[at], text);
		if (grammar_package((enum grammar_manager)at, &p, &parts,
				    &err))
			return false;
		expect(parts.text && parts.name);
		grammar_package_release(&parts);
	} else if (kind == 'e') {
		strv_push(&r->env, text);
		return !grammar_env(text, &err);
	} else if (kind == 'u' && !r->user) {
		r->user = mem_strdup(text);
		return !grammar_user(text, &err);
	} else if (kind == 'k' && !r->claude_code) {
		r->claude_code = mem_strdup(text);
		return !grammar_claude_code(text, &err);
	} else if (kind == 'c') {
		size_t len = strcspn(text, ">");

		mem_grow(r->copies, r->n_copies, r->cap_copies);
		struct recipe_copy *c = &r->copies[r->n_copies++];
		c->from = mem_strndup(text, len);
		c->to = mem_strdup(text + len + (text[len] == '>'));
		return !grammar_copy_from(c->from, &err) &&
		       !grammar_copy_to(c->to, &err);
	}
	return true;
}

static void
release(struct recipe *r)
{
	struct recipe_packages *lists[] = { &r->apt, &r->npm, &r->pip };

	for (size_t i = 0; i < 3; i++) {
		for (size_t k = 0; k < lists[i]->n; k++)
			free(lists[i]->v[k].text);
		free(lists[i]->v);
	}
	for (size_t i = 0; i < r->n_copies; i++) {
		free(r->copies[i].from);
		free(r->copies[i].to);
	}
	free(r->copies);
	free(r->user);
	free(r->claude_code);
	strv_release(&r->env);
}

struct seen {
	struct strv apt, npm, pip;
	size_t copies, envs, users, froms;
};

/* 'text' with what may follow it on a line of its own. */
static void
see_package(const char *line, size_t len, struct strv *list)
{
	const char *close = memchr(line + 9, '\'', len - 9);

	expect(close);
	size_t rest = len - (size_t)(close + 1 - line);
	expect(rest == 0 || (rest == 2 && !memcmp(close + 1, " \\", 2)) ||
	       (rest == 3 && !memcmp(close + 1, "; \\", 3)));
	strv_take(list, mem_strndup(line + 9, (size_t)(close - line - 9)));
}

static void
see_instruction(const char *line, struct seen *seen)
{
	if (str_starts(line, "COPY "))
		seen->copies++;
	else if (str_starts(line, "USER "))
		seen->users++;
	else if (str_starts(line, "FROM "))
		seen->froms++;
	else if (str_starts(line, "ENV ") &&
		 !str_starts(line, "ENV PATH=\"/opt/venv/bin:$PATH\"\n"))
		seen->envs++;
	else
		expect(str_starts(line, "RUN ") || str_starts(line, "ENV "));
}

/* Read the Dockerfile as docker does: a line, or one continued by a \. */
static void
read_back(const char *text, struct seen *seen)
{
	struct strv *list = NULL;
	bool inside = false;

	while (*text) {
		size_t len = strcspn(text, "\n");
		bool more = len && text[len - 1] == '\\';

		expect(text[len] == '\n' && len);
		if (!inside) {
			see_instruction(text, seen);
			/* A value may end in an escaped backslash, quoted. */
			expect(!more || str_starts(text, "RUN "));
		}
		if (len > 9 && !strncmp(text, "        '", 9) && list)
			see_package(text, len, list);
		else if (inside && !strncmp(text, "    set -- \\\n", 13))
			list = &seen->apt;
		else if (inside && strstr(text, "-m pip install -- \\\n") ==
				   text + 14)
			list = &seen->pip;
		else if (inside && !strncmp(text, "    npm install -g -- \\\n",
					    24))
			list = &seen->npm;
		else
			list = NULL;
		inside = more;
		text += len + 1;
	}
	expect(!inside);
}

static void
expect_same(enum grammar_manager manager, const struct recipe_packages *asked,
	    const struct strv *seen)
{
	struct grammar_packages list;
	struct imgcache_error err = { 0 };

	expect(!grammar_packages(manager, asked, &list, &err));
	expect(list.n == seen->n);
	for (size_t i = 0; i < list.n; i++)
		expect(str_is(list.v[i].text, seen->v[i]));
	grammar_packages_release(&list);
}

static void
check_text(const struct recipe *r, const char *text)
{
	struct seen seen = { .copies = 0 };
	struct strv env = { NULL, 0, 0 };

	read_back(text, &seen);
	if (r->claude_code) {
		char *last = seen.npm.n ? seen.npm.v[seen.npm.n - 1] : NULL;
		char *wanted = mem_printf("@anthropic-ai/claude-code@%s",
					  r->claude_code);

		expect(str_is(last, wanted));
		free(wanted);
		free(last);
		seen.npm.v[--seen.npm.n] = NULL;
	}
	expect_same(GRAMMAR_APT, &r->apt, &seen.apt);
	expect_same(GRAMMAR_NPM, &r->npm, &seen.npm);
	expect_same(GRAMMAR_PIP, &r->pip, &seen.pip);
	strv_push_all(&env, &r->env);
	strv_sort(&env);
	strv_uniq(&env);
	expect(seen.envs == env.n && seen.copies <= r->n_copies);
	expect(!seen.copies == !r->n_copies && seen.froms == 1);
	expect(seen.users == (r->user ? 1 : 0));
	strv_release(&env);
	strv_release(&seen.apt);
	strv_release(&seen.npm);
	strv_release(&seen.pip);
}

static void
check_inventory(const char *text, size_t len)
{
	struct inventory got = { .n = 0 };
	struct imgcache_error err = { 0 };
	struct imgcache_error ref = { 0 };

	expect(!inventory_parse(text, len, &got, &err) == !err.code);
	inventory_release(&got);
	expect(!ref_check(text, &ref) == !ref.code);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct recipe r = { .root = (char *)"/", .base = (char *)"debian:12" };
	struct generate_inputs in = { .base = "debian:12" };
	struct buf out = BUF_INIT;
	struct imgcache_error err = { 0 };
	char *copy = mem_alloc(size + 1);
	bool good = true;
	int rc;

	if (size)
		memcpy(copy, data, size);
	for (size_t at = 0; at < size; at += strlen(copy + at) + 1)
		if (copy[at] && !take_part(&r, copy[at], copy + at + 1))
			good = false;
	rc = generate_dockerfile(&r, &in, &out, &err);
	expect(!rc == !err.code && (good || rc));
	if (rc)
		expect(!out.len && err.text[0] && !strchr(err.text, '\n'));
	else
		check_text(&r, out.data);
	check_inventory(copy, size);
	release(&r);
	buf_release(&out);
	free(copy);
	return 0;
}
