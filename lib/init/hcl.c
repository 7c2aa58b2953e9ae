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
take_text(struct scan *s)
{
	struct buf text = BUF_INIT;

	for (s->at++; *s->at && *s->at != '"' && *s->at != '\n'; s->at++) {
		if (*s->at == '\\' && s->at[1])
			s->at++;
		buf_addc(&text, *s->at);
	}
	s->at += *s->at == '"';
	if (!strcmp(s->word, "target") && s->at[strspn(s->at, " \t")] == '{')
		strv_push(&s->targets, text.data);
	else if (!strcmp(s->word, "context"))
		strv_push(&s->contexts, text.data);
	else if (!strcmp(s->word, "dockerfile"))
		strv_push(&s->files, text.data);
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
	s->at += len;
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
			s->at++;
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
	for (size_t i = 0; i < s.targets.n; i++)
		if (*s.targets.v[i] != '_')
			strv_pushf(&in->left, "%s: target %s was left out: HCL "
				   "is not read; it builds without this file "
				   "by: imgcache build --bake %s:%s", path,
				   s.targets.v[i], path, s.targets.v[i]);
	strv_release(&s.targets);
	strv_release(&s.contexts);
	strv_release(&s.files);
	buf_release(&text);
	free(full);
}
