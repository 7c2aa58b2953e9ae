/* SPDX-License-Identifier: MIT */
/*
 * Settings of a build that stand in YAML without a docker command: steps of a
 * workflow that use docker's actions, services of a compose file. Read line by
 * line, since a workflow may be more than our YAML reads.
 */
#include <stdlib.h>
#include <string.h>

#include "lint/compose.h"
#include "lint/lint.h"
#include "lint/names.h"
#include "sys/file.h"

/* A step is seldom longer. */
#define MAX_STEP 60

static size_t
indent(const struct lint_file *f, size_t line)
{
	return strspn(f->text.data + f->lines[line], " -");
}

static bool
has_word(const struct lint_file *f, size_t line, const char *word)
{
	size_t begin = f->lines[line], end = lint_line_end(f, begin);

	return memmem(f->text.data + begin, end - begin, word, strlen(word)) !=
		NULL;
}

/* The step that the line is in uses an action that builds. */
static bool
is_in_build(const struct lint_file *f, size_t line)
{
	size_t least = indent(f, line);

	for (size_t i = line; i-- > 0 && line - i < MAX_STEP;) {
		size_t depth = indent(f, i);

		if (!f->text.data[f->lines[i] + depth] || depth >= least)
			continue;
		if (has_word(f, i, "uses:"))
			return has_word(f, i, "docker/build-push-action") ||
				has_word(f, i, "docker/bake-action");
		if (f->text.data[f->lines[i] + depth] != '\n')
			least = depth + 1;
	}
	return false;
}

/* "key: true" from *at on. */
static bool
is_true(const char *s, const char *key)
{
	size_t len = strlen(key);

	if (strncmp(s, key, len) || s[len] != ':')
		return false;
	s += len + 1;
	s += strspn(s, " '\"");
	if (strncmp(s, "true", 4))
		return false;
	return strchr("\r\n#", s[4 + strspn(s + 4, " '\"")]);
}

static void
check_no_cache(struct lint_file *f, size_t line, size_t begin, size_t end)
{
	const char *s = f->text.data + begin;
	bool is_compose = lint_is_compose(path_base(f->path));

	if (!(is_compose ? is_true(s, "no_cache") :
	      is_true(s, "no-cache") && is_in_build(f, line)))
		return;
	lint_note(f, LINT_SCRIPT, begin, end, "%.*s builds every step anew, "
		  "each time this runs", (int)strcspn(s, "#\r\n"), s);
	lint_cure(f, "drop it; what has to be fresh is better told by an "
		  "argument that changes with the day");
}

/* NAME=${{ github.run_id }}, behind build-args: or on a line of its own. */
static void
check_build_arg(struct lint_file *f, size_t line, size_t begin, size_t end)
{
	static const char *const changing[] = {
		"github.run_id", "github.run_number", "github.run_attempt",
		"github.sha"
	};
	static const char key[] = "build-args:";
	const char *s = f->text.data + begin;
	bool changes = false;
	char *name;
	size_t len;

	if (!strncmp(s, key, strlen(key))) {
		begin += strlen(key);
		begin += strspn(f->text.data + begin, " |\"'");
		s = f->text.data + begin;
	}
	len = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		     "0123456789_");
	if (!len || s[len] != '=' || begin >= end)
		return;
	for (size_t i = 0; i < sizeof(changing) / sizeof(*changing); i++)
		changes |= memmem(s + len, end - begin - len, changing[i],
				  strlen(changing[i])) != NULL;
	name = mem_strndup(s, len);
	if (changes && lint_is_cache_bust(name) && is_in_build(f, line)) {
		lint_note(f, LINT_CACHE_BUST, begin, end, "'%s' is another one "
			  "each time, so every step below it runs again", name);
		lint_cure(f, "give it the day or the week, from a step that "
			  "runs date +%%G-%%V, or use refresh: of "
			  "imgcache.yaml");
	}
	free(name);
}

void
lint_workflow_line(struct lint_file *f, size_t line)
{
	size_t begin = f->lines[line], end = lint_line_end(f, begin);

	if (!str_ends(f->name, ".yml") && !str_ends(f->name, ".yaml"))
		return;
	begin += indent(f, line);
	if (begin >= end)
		return;
	check_no_cache(f, line, begin, end);
	check_build_arg(f, line, begin, end);
}
