/* SPDX-License-Identifier: MIT */
/*
 * HCL is not read, it is looked through: for the names of targets, so that it
 * can be said how they are built, and for what may be their Dockerfiles, so
 * that none of these is proposed without what the file says of it.
 */
#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "init/init.h"
#include "sys/file.h"

#define MAX_FILE (1 << 20)

/* The last two words before a text in quotes tell what it is. */
struct scan {
	const char *at;
	struct strv targets, contexts, files;
	struct strv linked;	/* targets with a context that is a target */
	struct strv heirs, of;	/* who inherits from whom */
	bool inherits;		/* in the list of these */
	size_t depth;		/* of brackets; 1: in a target, not deeper */
	bool is_context;	/* in the value of its contexts */
	char word[32];		/* the last one: "target", "context" ... */
};

static void
skip_comment(struct scan *s)
{
	const char *end;

	if (str_starts(s->at, "/*")) {
		end = strstr(s->at + 2, "*/");
		s->at = end ? end + 2 : s->at + strlen(s->at);
	} else {
		s->at += strcspn(s->at, "\n");
	}
}

static void
take_relation(struct scan *s, const char *text)
{
	const char *target = s->targets.v[s->targets.n - 1];

	if (s->inherits) {
		strv_push(&s->heirs, target);
		strv_push(&s->of, text);
	} else {
		strv_push(&s->linked, target);
	}
}

/* Contexts are inherited, too. */
static void
spread_links(struct scan *s)
{
	bool more = true;

	while (more) {
		more = false;
		for (size_t i = 0; i < s->heirs.n; i++) {
			if (strv_has(&s->linked, s->heirs.v[i]) ||
			    !strv_has(&s->linked, s->of.v[i]))
				continue;
			strv_push(&s->linked, s->heirs.v[i]);
			more = true;
		}
	}
}

static void
take_text(struct scan *s)
{
	struct buf text = BUF_INIT;

	for (s->at++; *s->at && *s->at != '"' && *s->at != '\n'; s->at++) {
		if (*s->at == '\\' && s->at[1])
			s->at++;
		buf_addc(&text, *s->at);
	}
	s->at += *s->at == '"';
	if (!strcmp(s->word, "target") && s->at[strspn(s->at, " \t")] == '{') {
		strv_push(&s->targets, text.data);
		s->depth = 0;
		s->is_context = false;
	} else if (s->targets.n &&
		   (s->inherits || (s->is_context &&
				    str_starts(text.data, "target:")))) {
		take_relation(s, text.data);
	} else if (!strcmp(s->word, "context")) {
		strv_push(&s->contexts, text.data);
	} else if (!strcmp(s->word, "dockerfile")) {
		strv_push(&s->files, text.data);
	}
	s->word[0] = '\0';
	buf_release(&text);
}

static void
take_word(struct scan *s)
{
	size_t len = 0;

	while (isalnum((unsigned char)s->at[len]) ||
	       (s->at[len] && strchr("_-", s->at[len])))
		len++;
	s->word[0] = '\0';
	if (len < sizeof(s->word)) {
		memcpy(s->word, s->at, len);
		s->word[len] = '\0';
	}
	s->inherits = s->depth == 1 && !strcmp(s->word, "inherits");
	s->at += len;
	if (s->depth == 1 && !strcmp(s->word, "contexts"))
		s->is_context = s->at[strspn(s->at, " \t")] == '=';
}

/* A value ends with its line, but not within brackets. */
static void
take_mark(struct scan *s)
{
	if (strchr("{[(", *s->at))
		s->depth++;
	else if (strchr("}])", *s->at) && s->depth)
		s->depth--;
	s->inherits &= *s->at != ']';
	s->is_context &= s->depth > 1 || (s->depth == 1 && *s->at != '\n');
	s->at++;
}

static void
scan(struct scan *s)
{
	while (*s->at) {
		if (*s->at == '#' || (*s->at == '/' &&
				      (s->at[1] == '/' || s->at[1] == '*')))
			skip_comment(s);
		else if (*s->at == '"')
			take_text(s);
		else if (isalnum((unsigned char)*s->at) || *s->at == '_')
			take_word(s);
		else
			take_mark(s);
	}
}

/* Any of the files in any of the contexts: targets may inherit both. */
static void
keep_spoken(struct init *in, const char *dir, const struct scan *s)
{
	for (size_t i = 0; i < s->contexts.n; i++) {
		const char *context = init_path(in, dir, s->contexts.v[i]);

		for (size_t k = 0; context && k < s->files.n; k++) {
			const char *file = init_path(in, context,
						     s->files.v[k]);

			if (file)
				strv_push(&in->spoken, file);
		}
	}
}

/* What bake takes as a name, and no shell or option is. */
static bool
is_name(const char *target)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

	return *target && *target != '-' && !target[strspn(target, letters)];
}

/* How the targets are built without being images here. */
static void
tell(struct init *in, const char *path, const struct scan *s)
{
	struct buf linked = BUF_INIT;

	for (size_t i = 0; i < s->targets.n; i++) {
		const char *target = s->targets.v[i];

		if (*target == '_' || !is_name(target))
			continue;
		if (strv_has(&s->linked, target))
			buf_addf(&linked, " %s", target);
		else
			strv_pushf(&in->left, "%s: target %s was left out: HCL "
				   "is not read; it builds without this file "
				   "by: imgcache build --bake %s", path, target,
				   init_shell_word(in, "%s:%s", path, target));
	}
	if (linked.len)
		strv_pushf(&in->left, "%s: left out, since HCL is not read:%s; "
			   "built from another target, which --bake does not "
			   "take; in JSON they are read: docker buildx bake "
			   "--file %s --print%s >docker-bake.json", path,
			   linked.data, init_shell_word(in, "%s", path),
			   linked.data);
	buf_release(&linked);
}

void
init_bake_hcl(struct init *in, const char *path)
{
	struct imgcache_error ignored = {0};
	struct buf text = BUF_INIT;
	char *full = path_join(in->root, path);
	struct scan s = {0};

	if (!file_read(AT_FDCWD, full, MAX_FILE, &text, &ignored)) {
		strv_push(&s.contexts, ".");
		strv_push(&s.files, "Dockerfile");
		s.at = text.data;
		scan(&s);
		if (s.targets.n)
			keep_spoken(in, init_dir(in, path), &s);
	}
	init_note(in, "%s was left out: HCL is not read; 'docker buildx bake "
		  "--print >docker-bake.json' makes JSON of it", path);
	spread_links(&s);
	tell(in, path, &s);
	strv_release(&s.targets);
	strv_release(&s.contexts);
	strv_release(&s.files);
	strv_release(&s.linked);
	strv_release(&s.heirs);
	strv_release(&s.of);
	buf_release(&text);
	free(full);
}
