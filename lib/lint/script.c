/* SPDX-License-Identifier: MIT */
/*
 * Scripts and CI files that call docker: IC015 caches thrown away, IC016 local
 * cache exports, and of IC006 an argument with the date in it. A shell script
 * is read as one; of other files each line is read from the word docker on.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lint/lint.h"
#include "lint/names.h"
#include "recipe/shellwords.h"
#include "sys/file.h"

/* A docker command: the words of its subcommand, options passed over. */
struct call {
	const struct shell_command *c;
	const char *verbs[3];
	size_t begin, end;
};

static bool
takes_value(const char *option)
{
	return !strcmp(option, "--context") || !strcmp(option, "-H") ||
		!strcmp(option, "--host") || !strcmp(option, "--config") ||
		!strcmp(option, "-f") || !strcmp(option, "--file") ||
		!strcmp(option, "-p") || !strcmp(option, "--project-name") ||
		!strcmp(option, "--builder") || !strcmp(option, "--env-file");
}

static bool
read_call(const struct shell_command *c, struct call *call)
{
	const char *name = shell_program_name(c);
	size_t n = 0, i = shell_program(c) + 1;

	*call = (struct call){ .c = c, .verbs = { "", "", "" },
			       .begin = c->begin, .end = c->end };
	if (!strcmp(name, "docker-compose"))
		call->verbs[n++] = "compose";
	else if (strcmp(name, "docker"))
		return false;
	for (; i < c->n_words && n < 3; i++) {
		const char *word = c->words[i].text;

		if (word[0] == '-')
			i += takes_value(word);
		else
			call->verbs[n++] = word;
	}
	return n > 0;
}

static bool
is_call(const struct call *call, const char *first, const char *second)
{
	return !strcmp(call->verbs[0], first) &&
		(!second || !strcmp(call->verbs[1], second));
}

static bool
is_build(const struct call *call)
{
	return is_call(call, "build", NULL) ||
		is_call(call, "buildx", "build") ||
		is_call(call, "buildx", "bake") ||
		is_call(call, "image", "build") ||
		is_call(call, "builder", "build") ||
		is_call(call, "compose", "build");
}

static const struct shell_word *
find_word(const struct shell_command *c, const char *start)
{
	for (size_t i = 0; i < c->n_words; i++)
		if (str_starts(c->words[i].text, start))
			return &c->words[i];
	return NULL;
}

/* Limits leave what is in use alone. */
static bool
is_limited(const struct shell_command *c)
{
	static const char *const options[] = {
		"--filter", "--keep-storage", "--max-used-space",
		"--reserved-space", "--min-free-space"
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		if (find_word(c, options[i]))
			return true;
	return false;
}

static void
check_prune(struct lint_file *f, const struct call *call)
{
	bool all = shell_has_word(call->c, "-a") ||
		shell_has_word(call->c, "-af") ||
		shell_has_word(call->c, "-fa") ||
		shell_has_word(call->c, "--all");

	if (!(is_call(call, "system", "prune") ||
	      is_call(call, "builder", "prune") ||
	      is_call(call, "buildx", "prune") ||
	      (is_call(call, "image", "prune") && all)) ||
	    is_limited(call->c))
		return;
	lint_note(f, LINT_SCRIPT, call->begin, call->end, "docker %s prune "
		  "throws away what the next build would take from the cache",
		  call->verbs[0]);
	lint_cure(f, "imgcache prune removes by last use and keeps what is "
		  "needed; for docker's build cache name a limit: docker "
		  "buildx prune --filter until=168h");
}

static void
check_no_cache(struct lint_file *f, const struct call *call)
{
	for (size_t i = 0; i < call->c->n_words; i++) {
		const struct shell_word *w = &call->c->words[i];

		if (strcmp(w->text, "--no-cache") &&
		    strcmp(w->text, "--no-cache=true"))
			continue;
		lint_note(f, LINT_SCRIPT, w->begin, w->end, "--no-cache builds "
			  "every step anew, each time this runs");
		lint_cure(f, "drop it; what has to be fresh is better told by "
			  "an argument that changes with the day");
	}
}

/* --build-arg CACHEBUST=$(date +%s), in one word or two. */
static void
check_build_args(struct lint_file *f, const struct shell_command *c)
{
	for (size_t i = 0; i < c->n_words; i++) {
		const struct shell_word *w = &c->words[i];
		const char *text = w->text, *equals;
		char *name;

		if (str_starts(text, "--build-arg="))
			text += strlen("--build-arg=");
		else if (!i || strcmp(c->words[i - 1].text, "--build-arg"))
			continue;
		equals = strchr(text, '=');
		if (!equals || !(strstr(equals, "date") ||
				 strstr(equals, "RANDOM") ||
				 strstr(equals, "uuid")))
			continue;
		name = mem_strndup(text, (size_t)(equals - text));
		if (lint_is_cache_bust(name)) {
			lint_note(f, LINT_CACHE_BUST, w->begin, w->end,
				  "'%s' is another one each time, so every "
				  "step below it runs again", name);
			lint_cure(f, "give it the day or the week: $(date "
				  "+%%G-%%V), or use refresh: of "
				  "imgcache.yaml");
		}
		free(name);
	}
}

/* The value of name= in "type=local,dest=x,mode=max", or NULL. */
static char *
value_of(const char *s, size_t len, const char *name)
{
	size_t n = strlen(name), i = 0;

	while (i < len) {
		size_t end = i;

		while (end < len && s[end] != ',')
			end++;
		if (end - i > n && !strncmp(s + i, name, n) && s[i + n] == '=')
			return mem_strndup(s + i + n + 1, end - i - n - 1);
		i = end + 1;
	}
	return NULL;
}

static bool
mentions(const struct lint_file *f, const char *a, const char *b)
{
	const char *at = f->text.data, *end = at + f->text.len;

	while ((at = memmem(at, (size_t)(end - at), a, strlen(a))) != NULL) {
		const char *line = memchr(at, '\n', (size_t)(end - at));
		size_t n = line ? (size_t)(line - at) : (size_t)(end - at);

		if (memmem(at, n, b, strlen(b)))
			return true;
		at += strlen(a);
	}
	return false;
}

/* s is the value of a --cache-to. */
static void
check_export(struct lint_file *f, size_t begin, size_t end)
{
	const char *s = f->text.data + begin;
	char *type = value_of(s, end - begin, "type");
	char *dest = value_of(s, end - begin, "dest");
	char *reset = value_of(s, end - begin, "reset");

	if (!str_is(type, "local") || !dest)
		goto out;
	if (str_starts(dest, "/tmp/") || str_starts(dest, "/var/tmp/")) {
		lint_note(f, LINT_CACHE_EXPORT, begin, end, "'%s' is lost with "
			  "the next boot, and fills the memory where /tmp is "
			  "one", dest);
		lint_cure(f, "keep it under ~/.cache, or in a registry");
	} else if (!str_is(reset, "true") && !mentions(f, "mv ", dest)) {
		lint_note(f, LINT_CACHE_EXPORT, begin, end, "nothing is ever "
			  "removed from '%s': each export adds to it", dest);
		lint_cure(f, "add reset=true (buildx 0.35), or export to a new "
			  "folder and put that in its place");
	}
out:
	free(type);
	free(dest);
	free(reset);
}

static void
check_exports(struct lint_file *f, const struct shell_command *c)
{
	static const char option[] = "--cache-to=";

	for (size_t i = 0; i < c->n_words; i++) {
		const struct shell_word *w = &c->words[i];
		size_t begin = w->begin, end = w->end;

		if (str_starts(w->text, option))
			begin += strlen(option);
		else if (!i || strcmp(c->words[i - 1].text, "--cache-to"))
			continue;
		while (begin < end && strchr("\"'", f->text.data[begin]))
			begin++;
		while (end > begin && strchr("\"'", f->text.data[end - 1]))
			end--;
		check_export(f, begin, end);
	}
}

static void
check_command(struct lint_file *f, const struct shell_command *c)
{
	struct call call;

	if (!read_call(c, &call))
		return;
	check_prune(f, &call);
	if (is_build(&call)) {
		check_no_cache(f, &call);
		check_build_args(f, c);
		check_exports(f, c);
	}
}

/* Read bytes of the file as a script, and put its places right. */
static void
check_text(struct lint_file *f, size_t begin, size_t end)
{
	struct shell_script script;

	shell_parse(&f->arena, f->text.data + begin, end - begin, &script);
	for (size_t i = 0; i < script.n; i++) {
		struct shell_command *c = &script.v[i];
		int from, to;

		c->begin += begin;
		c->end += begin;
		for (size_t k = 0; k < c->n_words; k++) {
			c->words[k].begin += begin;
			c->words[k].end += begin;
		}
		from = lint_line_of(f, c->begin);
		to = lint_line_of(f, c->end > c->begin ? c->end - 1 : c->end);
		if (to > from)
			lint_add_extent(f, from, to);
		check_command(f, c);
	}
}

static bool
is_comment(const struct lint_file *f, size_t begin, size_t end)
{
	while (begin < end && isspace((unsigned char)f->text.data[begin]))
		begin++;
	return begin == end || f->text.data[begin] == '#' ||
		(end - begin >= 2 && !memcmp(f->text.data + begin, "//", 2));
}

/* "export DOCKER_BUILDKIT=0", "DOCKER_BUILDKIT: 0", "DOCKER_BUILDKIT: '0'" */
static void
check_buildkit(struct lint_file *f, size_t begin, size_t end)
{
	static const char name[] = "DOCKER_BUILDKIT";
	const char *s = f->text.data;
	const char *at = memmem(s + begin, end - begin, name, strlen(name));
	size_t i;

	if (!at)
		return;
	i = (size_t)(at - s) + strlen(name);
	while (i < end && strchr("\"' \t", s[i]))
		i++;
	if (i == end || (s[i] != '=' && s[i] != ':'))
		return;
	for (i++; i < end && strchr("\"' \t", s[i]); i++)
		;
	if (i == end || s[i] != '0' ||
	    (i + 1 < end && isalnum((unsigned char)s[i + 1])))
		return;
	lint_note(f, LINT_SCRIPT, (size_t)(at - s), i + 1, "DOCKER_BUILDKIT=0 "
		  "is the old builder: no cache mounts, no parallel stages, no "
		  "cache from a registry");
	lint_cure(f, "drop it");
}

static bool
is_boundary(char c)
{
	return isspace((unsigned char)c) || strchr("\"'`(;&|@-:[=", c);
}

/* The last line that is no list item and not blank has the key. */
static bool
is_export_line(const struct lint_file *f, size_t line)
{
	for (size_t i = line + 1; i-- > 0 && line - i < 8;) {
		size_t end = lint_line_end(f, f->lines[i]);
		size_t n = end - f->lines[i];
		const char *s = f->text.data + f->lines[i];

		if (memmem(s, n, "cache-to", 8) || memmem(s, n, "cache_to", 8))
			return true;
		if (memmem(s, n, ": ", 2) || memmem(s, n, " = ", 3) ||
		    memmem(s, n, "cache-from", 10))
			return false;
	}
	return false;
}

static void
check_export_line(struct lint_file *f, size_t line, size_t end)
{
	static const char word[] = "type=local";
	const char *s = f->text.data;
	size_t begin = f->lines[line], to;
	const char *at = memmem(s + begin, end - begin, word, strlen(word));

	if (!at || !is_export_line(f, line) ||
	    memmem(s + begin, end - begin, "docker ", 7))
		return;
	begin = (size_t)(at - s);
	for (to = begin; to < end && !strchr("\"' \t]", s[to]); to++)
		;
	check_export(f, begin, to);
}

/* What a line of YAML, of a Makefile, of HCL says to docker. */
static void
check_line(struct lint_file *f, size_t line)
{
	size_t begin = f->lines[line], end = lint_line_end(f, begin);
	const char *s = f->text.data, *at = s + begin;
	size_t last = line;

	/* a command that goes on in the next line */
	while (end > begin && s[end - 1] == '\\' && last + 1 < f->n_lines)
		end = lint_line_end(f, f->lines[++last]);
	check_export_line(f, line, lint_line_end(f, begin));
	lint_workflow_line(f, line);
	while ((at = memmem(at, (size_t)(s + end - at), "docker", 6))) {
		size_t offset = (size_t)(at - s);

		at += 6;
		if (offset != begin && !is_boundary(s[offset - 1]))
			continue;
		if (*at != ' ' && strncmp(at, "-compose ", 9))
			continue;
		check_text(f, offset, end);
		break;
	}
}

static bool
is_shell(const struct lint_file *f)
{
	return str_ends(f->name, ".sh") || str_ends(f->name, ".bash") ||
		(f->text.len > 2 && !memcmp(f->text.data, "#!", 2));
}

void
lint_script(struct lint_file *f)
{
	bool shell = is_shell(f);

	if (shell)
		check_text(f, 0, f->text.len);
	for (size_t i = 0; i < f->n_lines; i++) {
		size_t end = lint_line_end(f, f->lines[i]);

		if (is_comment(f, f->lines[i], end))
			continue;
		check_buildkit(f, f->lines[i], end);
		if (!shell)
			check_line(f, i);
	}
}
