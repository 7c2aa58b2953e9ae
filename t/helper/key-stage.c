/* SPDX-License-Identifier: MIT */
/* The lines of one stage. */

#include "key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void
stage_add(struct stage *st, enum line_kind kind, char *text)
{
	mem_grow(st->v, st->n, st->cap);
	st->v[st->n++] = (struct line){ kind, text };
}

struct arg *
arg_add(struct project *p, const char *name, enum arg_use use)
{
	struct arg *a;
	size_t i;

	for (i = 0; i < p->n_args; i++)
		if (!strcmp(p->args[i].name, name))
			return &p->args[i];
	mem_grow(p->args, p->n_args, p->cap_args);
	a = &p->args[p->n_args++];
	*a = (struct arg){ .use = use, .name = mem_strdup(name) };
	return a;
}

/* A keyword in the case people write it, and in others. */
static const char *
word(const char *upper, const char *lower)
{
	return chance(15) ? lower : upper;
}

/* An earlier stage as --from= names it; MAX_STAGES if there is none. */
static size_t
earlier_stage(struct project *p, struct stage *st, char *name, size_t size)
{
	size_t self = (size_t)(st - p->stage);
	size_t i = self ? pick((unsigned)self) : MAX_STAGES;
	struct stage *from = i < MAX_STAGES ? &p->stage[i] : NULL;

	if (!from || !from->places.n)
		return MAX_STAGES;
	st->needs[i] = true;
	if (from->name && !chance(5))
		snprintf(name, size, "%s", from->name);
	else
		snprintf(name, size, "%zu", i);
	if (chance(6))
		for (; *name; name++)
			if (*name >= 'a' && *name <= 'z')
				*name -= 'a' - 'A';
	return i;
}

static char *
place(struct project *p, struct stage *st, char kind, const char *end)
{
	char *text = mem_printf("/%c%u", kind, p->counter++);

	strv_push(&st->places, text);
	text = mem_resize(text, strlen(text) + strlen(end) + 1, 1);
	memcpy(text + strlen(text), end, strlen(end) + 1);
	return text;
}

static void
copy_from(struct project *p, struct stage *st)
{
	char name[64], *to;
	size_t i = earlier_stage(p, st, name, sizeof(name));
	struct stage *from;
	const char *path;

	if (i == MAX_STAGES) {
		to = place(p, st, 'b', "");
		stage_add(st, LINE_OTHER, mem_printf("COPY --from=%s "
			  "/bin/busybox %s", getenv("KEY_BASE"), to));
		free(to);
		return;
	}
	from = &p->stage[i];
	path = from->places.v[pick((unsigned)from->places.n)];
	to = place(p, st, 'f', chance(3) ? "/" : "");
	stage_add(st, LINE_OTHER, mem_printf("%s --from=%s %s %s",
					     word("COPY", "copy"), name,
					     path, to));
	free(to);
}

static char *
in_one_line(const struct project *p, const char *keyword, const char *flags,
	    const struct strv *words, bool json)
{
	struct buf b = BUF_INIT;
	size_t i;

	buf_addf(&b, "%s%s%s", keyword, flags, json ? " [" : "");
	for (i = 0; i < words->n; i++) {
		if (json)
			buf_addf(&b, "%s\"%s\"", i ? ", " : "", words->v[i]);
		else if (i && chance(8))
			buf_addf(&b, " %c\n  %s%s", p->escape,
				 chance(3) ? "# between\n    " : "",
				 words->v[i]);
		else
			buf_addf(&b, " %s", words->v[i]);
	}
	buf_adds(&b, json ? "]" : "");
	return buf_detach(&b);
}

/* COPY and ADD from a context. */
static void
copy(struct project *p, struct stage *st)
{
	static const char *const flags[] = {
		"", "", "", "", "", " --chown=1000:1000", " --chmod=644",
		" --chmod=755", " --link", " --link --chown=7"
	};
	size_t which = p->has_named && chance(3);
	char *left_out = exclude_flags(p, which);
	char *flag = mem_printf("%s%s%s%s", which ? " --from=" : "",
				which ? p->named : "", PICK(flags), left_out);
	const char *keyword = !which && chance(7) ? word("ADD", "add") :
		word("COPY", "Copy");
	unsigned n = chance(4) ? 2 + pick(2) : 1;
	struct strv words = {0};
	bool json = chance(10);

	while (n-- > 0) {
		char *text = source_word(p, st, which, &json);

		if (text)
			strv_take(&words, text);
	}
	if (words.n) {
		if (!strchr("Aa", *keyword) && parents_flag(&words)) {
			char *more = mem_printf(" --parents%s", flag);

			free(flag);
			flag = more;
		}
		strv_take(&words, chance(10) ? mem_strdup("rel/") :
			  place(p, st, 'd', "/"));
		stage_add(st, LINE_OTHER, in_one_line(p, keyword, flag, &words,
						      json));
	}
	strv_release(&words);
	free(left_out);
	free(flag);
}

static void
add_archive(struct project *p, struct stage *st)
{
	const struct entry *e = tree_entry(&p->tree[0], "data.tar");
	char *to;

	if (!e || !e->sent)
		return;
	stage_reads(st, 0, e->path);
	to = place(p, st, 'a', "/");
	stage_add(st, LINE_OTHER, mem_printf("ADD data.tar %s", to));
	free(to);
}

/* Now and then a pattern with an escape, which we do not follow. */
static char *
escaped(const struct project *p, const char *path)
{
	const char *point = chance(8) ? strrchr(path, '.') : NULL;

	if (!point)
		return mem_strdup(path);
	return mem_printf("%.*s%s%s*", (int)(point - path), path,
			  p->escape == '\\' ? "\\\\" : "\\", point);
}

/* A file from lines that look like other things. */
static void
heredoc(struct project *p, struct stage *st)
{
	char *to = place(p, st, 'h', "");
	struct buf b = BUF_INIT;

	const struct entry *e = tree_pick(&p->tree[0], false, true);

	switch (pick(4)) {
	case 0:
		if (e && is_plain(e->path)) {
			stage_reads(st, 0, e->path);
			char *path = escaped(p, e->path);

			buf_addf(&b, "COPY <<EOF %s %s/\n%s\nEOF", path, to,
				 p->token);
			free(path);
			break;
		}
		/* fall through */
	case 1:
		buf_addf(&b, "COPY <<EOF %s\n%s $SRC ${NOT:-x}\n# no comment"
			 "\nCOPY . /\nEOF", to, p->token);
		break;
	case 2:
		buf_addf(&b, "COPY <<-\"END\" %s\n\t%s $SRC\n\tFROM scratch"
			 "\n\tEND", to, p->token);
		break;
	default:
		buf_addf(&b, "COPY <<one <<two %s/\n%s\none\nARG X\ntwo", to,
			 p->token);
	}
	stage_add(st, LINE_HEREDOC, buf_detach(&b));
	free(to);
}

/* --mount of a folder of a context or of a stage, and what reads it. */
static char *
bind_mount(struct project *p, struct stage *st, const char *at)
{
	size_t which = p->has_named && chance(4);
	const struct entry *e = tree_pick(&p->tree[which], true, chance(4));
	const char *type = chance(3) ? "" : "type=bind,";
	const char *target = chance(2) ? "target" : "dst";
	char *from = which ? mem_printf("from=%s,", p->named) : mem_strdup("");
	char name[64], *path;
	size_t i;

	if (!which && chance(4)) {
		i = earlier_stage(p, st, name, sizeof(name));
		if (i < MAX_STAGES)
			return mem_printf("--mount=%sfrom=%s,source=%s,%s=%s",
					  type, name,
					  p->stage[i].places.v[0], target, at);
	}
	path = !which && chance(4) ? by_variable(p, st) : NULL;
	if (path)
		return mem_printf("--mount=%ssource=%s,%s=%s", type, path,
				  target, at);
	if (!e || !is_plain(e->path) || chance(8)) {
		stage_reads(st, which, "");
		return mem_printf("--mount=%s%s%s=%s", type, from, target, at);
	}
	stage_reads(st, which, e->path);
	return mem_printf("--mount=%s%s%s=%s%s,%s=%s%s", type, from,
			  chance(2) ? "source" : "src", chance(3) ? "/" : "",
			  e->path, target, at, chance(4) ? ",ro" : "");
}

static char *
run_command(struct project *p, struct stage *st, const char *to, char **flag)
{
	char *at, *cmd;

	switch (pick(6)) {
	case 0:
		return mem_printf("ls / > %s; echo %s", to, p->token);
	case 1:
		return mem_printf("echo \"$VERSION $SRC $TOPIC\" %s > %s",
				  p->token, to);
	case 2:
		*flag = chance(3) ? mem_strdup("--mount=type=tmpfs,target=/tmp"
					       " --network=none ") :
			mem_printf("--mount=type=cache,id=%s,target=/cache ",
				   p->token);
		return mem_printf("echo %s > %s", p->token, to);
	case 3:
	case 4:
		at = mem_printf("/m%u", p->counter++);
		*flag = mem_printf("%s ", bind_mount(p, st, at));
		cmd = mem_printf("find %s -type f | sort > %s; find %s -type "
				 "f -exec cat {} + | sort >> %s; echo %s", at,
				 to, at, to, p->token);
		free(at);
		return cmd;
	default:
		return mem_printf("echo %s > %s", p->token, to);
	}
}

static void
run(struct project *p, struct stage *st)
{
	char *to = place(p, st, 'r', ""), *flag = NULL;
	char *cmd = run_command(p, st, to, &flag), *text;
	const char *f = flag ? flag : "";

	switch (strchr(cmd, '"') ? pick(3) : pick(5)) {
	case 0:
		text = mem_printf("RUN %sset -e; %c\n    # why\n    true && %c"
				  "\n\n    %s", f, p->escape, p->escape, cmd);
		break;
	case 1:
		text = mem_printf("RUN %s<<EOF\nset -e\n# inside\n%s\nEOF", f,
				  cmd);
		break;
	case 2:
	case 3:
		text = mem_printf("%s %s%s", word("RUN", "run"), f, cmd);
		break;
	default:
		text = mem_printf("RUN %s[\"/bin/sh\", \"-c\", \"%s\"]", f,
				  cmd);
	}
	stage_add(st, LINE_RUN, text);
	free(cmd);
	free(flag);
	free(to);
}

/* SRC, DIR and APP are paths; given, global or set by ENV as well. */
static void
variable(struct project *p, struct stage *st)
{
	static const char *const names[] = { "SRC", "DIR", "APP" };
	const struct entry *e = tree_pick(&p->tree[0], true, true);
	const char *name = PICK(names), *value;
	struct arg *a;

	if (!e || !is_plain(e->path))
		return;
	if (chance(3)) {
		stage_add(st, LINE_OTHER, chance(4) ?
			  mem_printf("ENV %s %s", name, e->path) :
			  mem_printf("ENV A=b %s=%s", name, e->path));
		strv_pushf(&st->vars, "%s=%s", name, e->path);
		/* in this stage an ARG may hide it */
		e = chance(3) ? tree_pick(&p->tree[0], true, true) : NULL;
		if (!e || !is_plain(e->path))
			return;
	}
	a = arg_add(p, name, ARG_USED);
	value = a->value ? a->value : var_get(&p->global_vars, name);
	if (chance(2) && value) {
		stage_add(st, LINE_ARG, mem_printf("ARG %s", name));
	} else {
		stage_add(st, LINE_ARG, chance(5) ?
			  mem_printf("ARG %s=\"%s\"", name, e->path) :
			  mem_printf("ARG %s=%s", name, e->path));
		value = a->value ? a->value : e->path;
	}
	strv_pushf(&st->vars, "%s=%s", name, value);
}

static void
argument(struct project *p, struct stage *st)
{
	size_t self = (size_t)(st - p->stage);
	char *name = mem_printf("ONLY_%zu", self);
	struct arg *a;

	if (chance(2)) {
		arg_add(p, "VERSION", ARG_USED);
		stage_add(st, LINE_ARG, mem_strdup(chance(3) ? "ARG VERSION" :
						   "ARG VERSION=1.0 TOPIC=x"));
	} else {
		a = arg_add(p, name, ARG_OF_STAGE);
		a->stage = self;
		stage_add(st, LINE_ARG, mem_printf("ARG %s=\"a b\"", name));
		if (chance(2))
			stage_add(st, LINE_OTHER,
				  mem_printf("ENV SEEN=$%s", name));
	}
	/* which has it in its environment, whether it names it or not */
	if (st->has_shell && chance(2))
		run(p, st);
	free(name);
}

static void
other(struct project *p, struct stage *st)
{
	static const char *const lines[] = {
		"LABEL vendor=\"somebody\" version=1.0", "ENV LANG=C.UTF-8",
		"ENV A=b C=\"d e\"", "EXPOSE 80 443/tcp", "STOPSIGNAL SIGTERM",
		"CMD [\"/bin/sh\"]", "CMD echo hello", "MAINTAINER nobody",
		"ENTRYPOINT [ \"/bin/sh\", \"-c\" ]",
		"HEALTHCHECK --interval=5m CMD true", "HEALTHCHECK NONE",
		"ENV GREETING hello world  ", "LABEL a.b=c d=\"e f\"",
		"SHELL [\"/bin/sh\", \"-ec\"]"
	};

	switch (pick(8)) {
	case 0:
		stage_add(st, LINE_OTHER, mem_printf("WORKDIR %sw%u",
						     chance(3) ? "" : "/",
						     p->counter++));
		break;
	case 1:
		stage_add(st, LINE_COMMENT, mem_strdup("# COPY . /all"));
		break;
	case 2:
		stage_add(st, LINE_COMMENT, mem_strdup(""));
		break;
	case 3:
		stage_add(st, LINE_COMMENT, mem_strdup("  # indented"));
		break;
	default:
		stage_add(st, LINE_OTHER, mem_strdup(PICK(lines)));
	}
}

/* Its reads are those of the stages that begin with this one. */
static void
onbuild(struct project *p, struct stage *st)
{
	const struct entry *e = tree_pick(&p->tree[0], true, true);

	if (!e || !is_plain(e->path))
		return;
	st->triggers = true;
	stage_reads(st, 0, e->path);
	stage_add(st, LINE_OTHER, mem_printf("ONBUILD COPY %s /o%u/", e->path,
					     p->counter++));
	if (st->has_shell && chance(2))
		stage_add(st, LINE_OTHER, mem_printf("ONBUILD RUN echo %s",
						     p->token));
	/* engines differ on what comes of it, so all counts */
	if (chance(5))
		stage_add(st, LINE_OTHER, mem_strdup("ONBUILD ENV FROM_BELOW=1"));
}

void
stage_fill(struct project *p, struct stage *st)
{
	unsigned n = 2 + pick(6);

	while (n-- > 0) {
		switch (pick(14)) {
		case 0: case 1: case 2: case 3:
			copy(p, st);
			break;
		case 4: case 5:
			copy_from(p, st);
			break;
		case 6: case 7:
			if (st->has_shell)
				run(p, st);
			break;
		case 8:
			variable(p, st);
			break;
		case 9:
			argument(p, st);
			break;
		case 10:
			if (chance(2))
				heredoc(p, st);
			else
				add_archive(p, st);
			break;
		case 11:
			if (chance(4))
				onbuild(p, st);
			break;
		default:
			other(p, st);
		}
	}
	if (!st->places.n)
		heredoc(p, st);
}
