/* SPDX-License-Identifier: MIT */

/*
 * Logical lines to instructions. Nothing is expanded or interpreted across
 * instructions here; that is dockerfile_plan.c.
 */

#include "recipe/dockerfile.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/error.h"
#include "recipe/dockerfile_heredoc.h"
#include "recipe/dockerfile_json.h"
#include "recipe/dockerfile_lines.h"
#include "recipe/dockerfile_words.h"

enum shape {
	SHAPE_NONE,	/* unknown instruction: left alone */
	SHAPE_WORDS,	/* words split at blanks */
	SHAPE_LIST,	/* JSON, else words split at blanks */
	SHAPE_COMMAND,	/* JSON, else one text */
	SHAPE_TEXT,	/* one text */
	SHAPE_PAIRS,	/* name value, or name=value ... */
	SHAPE_ARGS,	/* words with quotes */
	SHAPE_HEALTH,	/* a type, then SHAPE_COMMAND */
	SHAPE_TRIGGER	/* an instruction */
};

static const struct {
	const char *name;
	enum shape shape;
	size_t min_args;
	size_t max_args;	/* 0: any */
} keywords[] = {
	[DOCKERFILE_ADD] = { "ADD", SHAPE_LIST, 2, 0 },
	[DOCKERFILE_ARG] = { "ARG", SHAPE_ARGS, 1, 0 },
	[DOCKERFILE_CMD] = { "CMD", SHAPE_COMMAND, 0, 0 },
	[DOCKERFILE_COPY] = { "COPY", SHAPE_LIST, 2, 0 },
	[DOCKERFILE_ENTRYPOINT] = { "ENTRYPOINT", SHAPE_COMMAND, 0, 0 },
	[DOCKERFILE_ENV] = { "ENV", SHAPE_PAIRS, 2, 0 },
	[DOCKERFILE_EXPOSE] = { "EXPOSE", SHAPE_WORDS, 1, 0 },
	[DOCKERFILE_FROM] = { "FROM", SHAPE_WORDS, 1, 3 },
	[DOCKERFILE_HEALTHCHECK] = { "HEALTHCHECK", SHAPE_HEALTH, 1, 0 },
	[DOCKERFILE_LABEL] = { "LABEL", SHAPE_PAIRS, 2, 0 },
	[DOCKERFILE_MAINTAINER] = { "MAINTAINER", SHAPE_TEXT, 1, 1 },
	[DOCKERFILE_ONBUILD] = { "ONBUILD", SHAPE_TRIGGER, 0, 0 },
	[DOCKERFILE_RUN] = { "RUN", SHAPE_COMMAND, 0, 0 },
	[DOCKERFILE_SHELL] = { "SHELL", SHAPE_COMMAND, 1, 0 },
	[DOCKERFILE_STOPSIGNAL] = { "STOPSIGNAL", SHAPE_TEXT, 1, 1 },
	[DOCKERFILE_USER] = { "USER", SHAPE_TEXT, 1, 1 },
	[DOCKERFILE_VOLUME] = { "VOLUME", SHAPE_LIST, 1, 0 },
	[DOCKERFILE_WORKDIR] = { "WORKDIR", SHAPE_TEXT, 1, 1 },
	[DOCKERFILE_UNKNOWN] = { "?", SHAPE_NONE, 0, 0 },
};

struct parser {
	struct dockerfile *df;
	struct dockerfile_lines lines;
	struct dockerfile_pieces pieces;
	struct word_list list;
	bool nul;		/* a JSON string held one */
	struct imgcache_error *err;
};

const char *
dockerfile_keyword_name(enum dockerfile_keyword keyword)
{
	return keywords[keyword].name;
}

static enum dockerfile_keyword
keyword_of(struct span word)
{
	for (int k = 0; k < DOCKERFILE_UNKNOWN; k++)
		if (span_is_nocase(word, keywords[k].name))
			return (enum dockerfile_keyword)k;
	return DOCKERFILE_UNKNOWN;
}

const char *
dockerfile_flag(const struct dockerfile_instruction *in, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < in->n_flags; i++) {
		const char *flag = in->flags[i];
		if (strncmp(flag, "--", 2) != 0 ||
		    strncmp(flag + 2, name, n) != 0)
			continue;
		if (flag[2 + n] == '=')
			return flag + 3 + n;
		if (flag[2 + n] == '\0')
			return "";
	}
	return NULL;
}

static void
add_json_string(void *payload, const char *s, size_t len)
{
	struct parser *p = payload;

	p->nul |= memchr(s, '\0', len) != NULL;
	word_list_add(&p->list, s, len);
}

/* A JSON array of strings; *is_json tells whether it was one. */
static int
parse_json(struct parser *p, struct span rest, bool *is_json)
{
	*is_json = false;
	switch (dockerfile_json_list(rest, add_json_string, p)) {
	case JSON_LIST_STRINGS:
		*is_json = true;
		if (p->nul)
			return error_set(p->err, IMGCACHE_EFAIL,
					 "a string holds a NUL");
		return 0;
	case JSON_LIST_MIXED:
		return error_set(p->err, IMGCACHE_EFAIL,
				 "an array may hold strings only");
	case JSON_LIST_NONE:
		break;
	}
	return 0;
}

static int
parse_list(struct parser *p, struct dockerfile_instruction *in,
	   struct span rest)
{
	int ret = parse_json(p, rest, &in->json);

	if (ret == 0 && !in->json)
		words_blank(&p->list, rest);
	return ret;
}

static int
parse_command(struct parser *p, struct dockerfile_instruction *in,
	      struct span rest)
{
	if (rest.len == 0)
		return 0;
	int ret = parse_json(p, rest, &in->json);

	if (ret == 0 && !in->json)
		word_list_add(&p->list, rest.s, rest.len);
	return ret;
}

static int
parse_health(struct parser *p, struct dockerfile_instruction *in,
	     struct span rest)
{
	size_t n = 0;

	while (n < rest.len && !rune_is_space((unsigned char)rest.s[n]))
		n++;
	if (n > 0)
		word_list_add(&p->list, rest.s, n);
	rest.s += n;
	rest.len -= n;
	return parse_command(p, in, span_trim_left(rest));
}

/* Replace the words in the list, each with a "=", by names and values. */
static int
split_pairs(struct parser *p, const char *keyword)
{
	size_t n = p->list.n;
	const char **words = p->list.v;
	int ret = 0;

	p->list = (struct word_list){ .arena = p->list.arena };
	for (size_t i = 0; i < n && ret == 0; i++) {
		const char *equals = strchr(words[i], '=');
		if (!equals) {
			ret = error_set(p->err, IMGCACHE_EFAIL,
					"no '=' in '%.100s'; %s takes "
					"name=value", words[i], keyword);
		} else if (equals == words[i]) {
			ret = error_set(p->err, IMGCACHE_EFAIL,
					"%s without a name in '%.100s'",
					keyword, words[i]);
		} else {
			word_list_add(&p->list, words[i],
				      (size_t)(equals - words[i]));
			word_list_add(&p->list, equals + 1,
				      strlen(equals + 1));
		}
	}
	free(words);
	return ret;
}

static int
parse_pairs(struct parser *p, struct dockerfile_instruction *in,
	    struct span rest)
{
	const char *keyword = keywords[in->keyword].name;
	struct span name, value;

	words_quoted(&p->list, rest, p->lines.escape);
	if (p->list.n == 0)
		return 0;
	if (strchr(p->list.v[0], '='))
		return split_pairs(p, keyword);
	p->list.n = 0;
	if (!words_cut(rest, &name, &value))
		return error_set(p->err, IMGCACHE_EFAIL,
				 "%s needs a name and a value", keyword);
	word_list_add(&p->list, name.s, name.len);
	word_list_add(&p->list, value.s, value.len);
	return 0;
}

static int parse_instruction(struct parser *p, struct span text,
			     struct dockerfile_instruction *in);

static int
parse_trigger(struct parser *p, struct dockerfile_instruction *in,
	      struct span rest)
{
	struct dockerfile_instruction *trigger;
	struct span word, after;

	if (rest.len == 0)
		return error_set(p->err, IMGCACHE_EFAIL,
				 "ONBUILD needs an instruction");
	words_cut(rest, &word, &after);
	enum dockerfile_keyword k = keyword_of(word);
	if (k == DOCKERFILE_ONBUILD || k == DOCKERFILE_FROM ||
	    k == DOCKERFILE_MAINTAINER)
		return error_set(p->err, IMGCACHE_EFAIL,
				 "%s is not allowed after ONBUILD",
				 keywords[k].name);
	trigger = arena_alloc(&p->df->arena, sizeof(*trigger));
	trigger->line = in->line;
	in->trigger = trigger;
	return parse_instruction(p, rest, trigger);
}

static int
parse_shape(struct parser *p, struct dockerfile_instruction *in,
	    struct span rest)
{
	switch (keywords[in->keyword].shape) {
	case SHAPE_NONE:
		return 0;
	case SHAPE_WORDS:
		words_blank(&p->list, rest);
		return 0;
	case SHAPE_LIST:
		return parse_list(p, in, rest);
	case SHAPE_COMMAND:
		return parse_command(p, in, rest);
	case SHAPE_TEXT:
		if (rest.len > 0)
			word_list_add(&p->list, rest.s, rest.len);
		return 0;
	case SHAPE_PAIRS:
		return parse_pairs(p, in, rest);
	case SHAPE_ARGS:
		words_quoted(&p->list, rest, p->lines.escape);
		return 0;
	case SHAPE_HEALTH:
		return parse_health(p, in, rest);
	case SHAPE_TRIGGER:
		return parse_trigger(p, in, rest);
	}
	return 0;
}

/* "^[a-z][a-z0-9-_.]*$" of the name in lower case. */
static bool
is_stage_name(const char *s)
{
	if (!byte_is_letter(*s))
		return false;
	for (; *s; s++)
		if (!byte_is_letter(*s) && !byte_is_digit(*s) &&
		    !strchr("-_.", *s))
			return false;
	return true;
}

static int
check_from(const struct dockerfile_instruction *in, struct imgcache_error *err)
{
	if (in->n_args == 1)
		return 0;
	if (in->n_args != 3 || strcasecmp(in->args[1], "as") != 0)
		return error_set(err, IMGCACHE_EFAIL,
				 "FROM takes an image, or an image AS a name");
	if (!is_stage_name(in->args[2]))
		return error_set(err, IMGCACHE_EFAIL,
				 "bad stage name '%.100s'; it begins with a "
				 "letter and has only letters, digits and "
				 "-_. in it", in->args[2]);
	return 0;
}

static int
check_args(const struct dockerfile_instruction *in, struct imgcache_error *err)
{
	const char *name = keywords[in->keyword].name;
	size_t min = keywords[in->keyword].min_args;

	if (in->n_args < min && in->n_args == 1)
		return error_set(err, IMGCACHE_EFAIL,
				 "%s needs a source and a destination", name);
	if (in->n_args < min)
		return error_set(err, IMGCACHE_EFAIL, "%s needs %s", name,
				 min == 1 ? "an argument" : "arguments");
	if (in->keyword == DOCKERFILE_ARG)
		for (size_t i = 0; i < in->n_args; i++)
			if (in->args[i][0] == '=')
				return error_set(err, IMGCACHE_EFAIL,
						 "ARG without a name in "
						 "'%.100s'", in->args[i]);
	return in->keyword == DOCKERFILE_FROM ? check_from(in, err) : 0;
}

static int
parse_instruction(struct parser *p, struct span text,
		  struct dockerfile_instruction *in)
{
	struct span word, rest;

	text = span_trim(text);
	words_cut(text, &word, &rest);
	in->keyword = keyword_of(word);
	in->word = arena_strndup(&p->df->arena, word.s, word.len);
	in->text = arena_strndup(&p->df->arena, text.s, text.len);
	words_flags(&p->list, &rest, p->lines.escape);
	in->flags = word_list_move(&p->list, &in->n_flags);
	int ret = parse_shape(p, in, span_trim(rest));
	if (ret < 0)
		return ret;
	in->args = word_list_move(&p->list, &in->n_args);
	return check_args(in, p->err);
}

/* The bodies of the heredocs that the line opens, in its order. */
static int
read_body(struct parser *p, struct dockerfile_heredoc *doc)
{
	struct span line;
	int ret;

	doc->body = p->lines.text + p->lines.pos;
	doc->offset = p->lines.pos;
	while ((ret = dockerfile_lines_raw(&p->lines, &line, p->err)) > 0) {
		struct span end = line;
		while (end.len > 0 && (end.s[end.len - 1] == '\n' ||
				       end.s[end.len - 1] == '\r'))
			end.len--;
		while (doc->chomp && end.len > 0 && end.s[0] == '\t') {
			end.s++;
			end.len--;
		}
		if (span_is(end, doc->name))
			return 0;
		doc->body_len += line.len;
	}
	if (ret < 0)
		return ret;
	return error_set(p->err, IMGCACHE_EFAIL,
			 "no line '%.100s' ends this heredoc", doc->name);
}

static char *
copy_bytes(struct arena *a, const char *s, size_t len)
{
	char *copy = arena_alloc(a, len + 1);

	memcpy(copy, s, len);
	return copy;
}

static int
read_heredocs(struct parser *p, struct dockerfile_instruction *in)
{
	struct dockerfile_heredoc *docs = NULL, *copy;
	struct strv words = { 0 };
	size_t cap = 0;
	int ret = 0;

	heredoc_words(in->text, &words);
	for (size_t i = 0; i < words.n && ret == 0; i++) {
		struct dockerfile_heredoc doc;
		if (!heredoc_parse(words.v[i], &p->df->arena, &doc))
			continue;
		ret = read_body(p, &doc);
		doc.body = copy_bytes(&p->df->arena, doc.body, doc.body_len);
		mem_grow(docs, in->n_heredocs, cap);
		docs[in->n_heredocs++] = doc;
	}
	if (docs) {
		size_t size = in->n_heredocs * sizeof(*docs);
		copy = arena_alloc(&p->df->arena, size);
		in->heredocs = memcpy(copy, docs, size);
	}
	free(docs);
	strv_release(&words);
	return ret;
}

static bool
takes_heredocs(const struct dockerfile_instruction *in)
{
	if (in->trigger)
		in = in->trigger;
	return (in->keyword == DOCKERFILE_ADD ||
		in->keyword == DOCKERFILE_COPY ||
		in->keyword == DOCKERFILE_RUN) && !in->json &&
	       strstr(in->text, "<<");
}

/* The text was trimmed at its beginning by so many bytes. */
static void
keep_pieces(struct parser *p, struct dockerfile_instruction *in, size_t trimmed)
{
	const struct dockerfile_pieces *from = &p->pieces;
	struct dockerfile_piece *v;
	size_t first = 0;

	while (first + 1 < from->n && from->v[first + 1].text <= trimmed)
		first++;
	in->n_pieces = from->n - first;
	v = arena_alloc(&p->df->arena, in->n_pieces * sizeof(*v));
	for (size_t i = 0; i < in->n_pieces; i++) {
		v[i] = from->v[first + i];
		v[i].text -= i ? trimmed : v[i].text;
	}
	v[0].file += trimmed - from->v[first].text;
	in->pieces = v;
}

size_t
dockerfile_place(const struct dockerfile_instruction *in, size_t at)
{
	size_t low = 0, high = in->n_pieces;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (in->pieces[middle].text <= at)
			low = middle;
		else
			high = middle;
	}
	return in->pieces[low].file + (at - in->pieces[low].text);
}

static int
parse_line(struct parser *p, struct span text, int line)
{
	struct dockerfile *df = p->df;
	struct dockerfile_instruction in = { .line = line };

	if (memchr(text.s, '\0', text.len))
		return error_set(p->err, IMGCACHE_EFAIL,
				 "a NUL byte; save the file as UTF-8 text");
	if (span_trim_left(text).len == 0)
		return error_set(p->err, IMGCACHE_EFAIL,
				 "nothing follows the line continuation");
	int ret = parse_instruction(p, text, &in);
	if (ret == 0 && takes_heredocs(&in))
		ret = read_heredocs(p, &in);
	if (ret < 0)
		return ret;
	keep_pieces(p, &in, (size_t)(span_trim_left(text).s - text.s));
	in.end_line = p->lines.line;
	mem_grow(df->v, df->n, df->cap);
	df->v[df->n++] = in;
	return 0;
}

static int
parse_lines(struct parser *p)
{
	struct buf text = BUF_INIT;
	int line, ret, place = 0;

	while ((ret = dockerfile_lines_next(&p->lines, &text, &line,
					    p->err)) > 0) {
		place = line;
		ret = parse_line(p, (struct span){ text.data, text.len },
				 line);
		if (ret < 0)
			break;
		place = 0;
	}
	if (ret < 0)
		error_prefix(p->err, "%s:%d", p->df->name,
			     place ? place : p->lines.line);
	else if (p->df->n == 0)
		ret = error_set(p->err, IMGCACHE_EFAIL,
				"%s: no instructions in it", p->df->name);
	buf_release(&text);
	return ret;
}

static void
find_frontend(struct dockerfile *df, const char *text, size_t len)
{
	struct buf ref = BUF_INIT;

	if (dockerfile_find_frontend(text, len, &ref, &df->frontend_line)) {
		df->frontend = arena_strdup(&df->arena, ref.data);
		df->foreign = !dockerfile_frontend_is_known(df->frontend);
	}
	buf_release(&ref);
}

int
dockerfile_parse(const char *text, size_t len, const char *name,
		 struct dockerfile **out, struct imgcache_error *err)
{
	struct dockerfile *df = mem_alloc(sizeof(*df));
	struct parser p = { .df = df, .list = { .arena = &df->arena },
			    .err = err };

	df->name = arena_strdup(&df->arena, name);
	find_frontend(df, text, len);
	dockerfile_lines_init(&p.lines, text, len);
	p.lines.pieces = &p.pieces;
	int ret = parse_lines(&p);
	df->escape = p.lines.escape;
	df->doubt = p.lines.doubt;
	df->doubt_line = p.lines.doubt_line;
	word_list_release(&p.list);
	free(p.pieces.v);
	if (ret < 0 && df->foreign) {
		error_clear(err);
		ret = 0;
	}
	if (ret < 0) {
		dockerfile_free(df);
		df = NULL;
	}
	*out = df;
	return ret;
}

void
dockerfile_free(struct dockerfile *df)
{
	if (!df)
		return;
	free(df->v);
	arena_release(&df->arena);
	free(df);
}
