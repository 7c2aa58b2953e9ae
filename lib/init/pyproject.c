/* SPDX-License-Identifier: MIT */
/*
 * Of a pyproject.toml only what tools write: [project] with requires-python and
 * a list of dependencies in quotes. It is a proposal for a person to read, so
 * what is written in a rarer way of TOML may be missed.
 */
#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "init/init.h"

struct reader {
	struct arena *arena;
	struct init_pyproject *out;
	const char *at;
};

static void
skip_blanks(struct reader *r)
{
	for (;;) {
		r->at += strspn(r->at, " \t\r\n,");
		if (*r->at != '#')
			return;
		r->at += strcspn(r->at, "\n");
	}
}

/* A string in quotes, without white space; NULL if there is none. */
static const char *
read_string(struct reader *r)
{
	struct buf text = BUF_INIT;
	char quote = *r->at;
	const char *kept = NULL, *end;

	if (quote != '"' && quote != '\'')
		return NULL;
	end = strchr(r->at + 1, quote);
	for (r->at++; end && r->at < end; r->at++)
		if (!isspace((unsigned char)*r->at))
			buf_addc(&text, *r->at);
	if (end) {
		r->at++;
		kept = arena_strdup(r->arena, text.data);
	}
	buf_release(&text);
	return kept;
}

static void
read_dependencies(struct reader *r)
{
	const char *text;

	if (*r->at != '[')
		return;
	r->at++;
	skip_blanks(r);
	while ((text = read_string(r))) {
		strv_push(&r->out->dependencies, text);
		skip_blanks(r);
	}
}

/* The value of "key =" at the beginning of a line; false: another line. */
static bool
is_key(struct reader *r, const char *key)
{
	const char *p = r->at;
	size_t len = strlen(key);

	if (strncmp(p, key, len))
		return false;
	p += len;
	p += strspn(p, " \t");
	if (*p != '=')
		return false;
	r->at = p + 1;
	r->at += strspn(r->at, " \t");
	return true;
}

static bool
is_section(const char *line, const char *name)
{
	size_t len = strlen(name);

	return *line == '[' && !strncmp(line + 1, name, len) &&
		line[len + 1] == ']';
}

void
init_pyproject_read(struct arena *arena, const char *text,
		    struct init_pyproject *out)
{
	struct reader r = { .arena = arena, .out = out, .at = text };
	bool in_project = false;

	memset(out, 0, sizeof(*out));
	while (*r.at) {
		r.at += strspn(r.at, " \t\r");
		if (*r.at == '[') {
			in_project = is_section(r.at, "project");
			out->is_poetry |= is_section(r.at,
						     "tool.poetry.dependencies");
		} else if (in_project && is_key(&r, "requires-python")) {
			out->requires_python = read_string(&r);
		} else if (in_project && is_key(&r, "dependencies")) {
			read_dependencies(&r);
		}
		r.at += strcspn(r.at, "\n");
		r.at += *r.at == '\n';
	}
}
