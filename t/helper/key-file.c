/* SPDX-License-Identifier: MIT */
/*
 * The Dockerfile: directives, global arguments, stages; which stages the
 * target needs, and what these read.
 */

#include "key.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* The bases: the script makes them. */
static const char *
base(const char *variable)
{
	const char *ref = getenv(variable);

	return ref ? ref : "busybox:latest";
}

static const char *const path_names[] = { "SRC", "DIR", "APP" };

/* The values of SRC, DIR and APP that flags give, and the global ones. */
static void
make_globals(struct project *p)
{
	const struct entry *e;
	size_t i;

	for (i = 0; i < 3; i++) {
		e = tree_pick(&p->tree[0], true, true);
		if (e && is_plain(e->path) && chance(4))
			arg_add(p, path_names[i], ARG_USED)->value =
				mem_strdup(e->path);
	}
	for (i = 0; i < 3; i++) {
		struct arg *a = arg_add(p, path_names[i], ARG_USED);

		e = tree_pick(&p->tree[0], true, true);
		if (!e || !is_plain(e->path) || !chance(3))
			continue;
		strv_pushf(&p->globals, "ARG %s=%s", path_names[i], e->path);
		strv_pushf(&p->global_vars, "%s=%s", path_names[i],
			   a->value ? a->value : e->path);
	}
	if (chance(4)) {
		strv_push(&p->globals, "ARG UNUSED_GLOBAL=1");
		arg_add(p, "UNUSED_GLOBAL", ARG_GLOBAL_IDLE);
	}
	if (chance(6))
		strv_push(&p->globals, "# COPY nothing /");
}

static void
inherit(struct stage *st, const struct stage *from, size_t i)
{
	st->needs[i] = true;
	st->has_shell = from->has_shell;
	strv_push_all(&st->vars, &from->vars);
	strv_push_all(&st->places, &from->places);
}

/* FROM an image, by name or by argument. */
static char *
from_image(struct project *p, struct stage *st)
{
	const struct entry *e = tree_entry(&p->tree[0], "src");

	st->has_shell = true;
	if (!p->own_base && chance(8)) {
		p->own_base = mem_printf("%s/oracle-own-%s-%lu:1",
					 base("KEY_REGISTRY"), p->token,
					 p->seed);
		p->own_base_pushed = chance(2);
		return mem_strdup(p->own_base);
	}
	switch (pick(9)) {
	case 0:
		strv_pushf(&p->globals, "ARG BASE=%s", base("KEY_BASE"));
		return mem_strdup(chance(2) ? "$BASE" : "${BASE:-nothing}");
	case 1:
		return mem_printf("--platform=$BUILDPLATFORM %s",
				  base("KEY_BASE"));
	case 2:
		return mem_printf("${NO_BASE:-%s}", base("KEY_BASE"));
	case 3:
		strv_push(&st->vars, "BASE_DIR=src");
		return mem_strdup(base("KEY_BASE_ENV"));
	case 4:
		if (!e || !e->sent || e->kind != ENTRY_DIR)
			return mem_strdup(base("KEY_BASE"));
		stage_reads(st, 0, "src");
		return mem_strdup(base("KEY_BASE_SRC"));
	case 5:
		if (!chance(3))
			return mem_strdup(base("KEY_BASE"));
		stage_reads(st, 0, "");
		return mem_strdup(base("KEY_BASE_ALL"));
	default:
		return mem_strdup(base("KEY_BASE"));
	}
}

static void
begin_stage(struct project *p, struct stage *st)
{
	static const char *const names[] = { "base", "deps", "build", "test",
					     "assets", "prod" };
	size_t self = (size_t)(st - p->stage), i;
	char *of = NULL;

	if (self && chance(3)) {
		i = pick((unsigned)self);
		inherit(st, &p->stage[i], i);
		if (p->stage[i].name && !strcmp(p->stage[i].name, p->named))
			stage_reads(st, 1, "");
		p->stage[i].is_base = true;
		of = p->stage[i].name ? mem_strdup(p->stage[i].name) : NULL;
		if (of && !p->has_variant && chance(4)) {
			/* as people choose between stages */
			p->has_variant = true;
			strv_pushf(&p->globals, "ARG VARIANT=%s", of);
			arg_add(p, "VARIANT", ARG_USED);
			free(of);
			of = mem_strdup(chance(2) ? "$VARIANT" :
					"${VARIANT:-none}");
		}
		if (!of) {
			/* a stage without a name cannot be a base */
			*st = (struct stage){0};
			p->stage[i].is_base = false;
		}
	}
	if (!of && p->has_named && chance(9)) {
		stage_reads(st, 1, "");
		of = mem_strdup(p->named);
	}
	if (!of)
		of = chance(2) ? mem_strdup("scratch") : from_image(p, st);
	if (!chance(4))
		st->name = self + 1 == p->n_stages && self && chance(3) ?
			mem_strdup("final") : mem_strdup(names[self % 6]);
	st->from = mem_printf("FROM %s%s%s", of, st->name ?
			      chance(6) ? " as " : " AS " : "",
			      st->name ? st->name : "");
	free(of);
}

/* What stands at the end of an image that people run. */
static void
end_stage(struct project *p, struct stage *st)
{
	if (chance(5))
		stage_add(st, LINE_OTHER, mem_strdup("USER 1000:1000"));
	if (chance(8))
		stage_add(st, LINE_OTHER, mem_strdup("VOLUME /data"));
	if (chance(3) && !st->is_base) {
		stage_add(st, LINE_ARG, mem_strdup("ARG IDLE=1"));
		arg_add(p, "IDLE", ARG_IDLE);
	}
}

static void
give_values(struct project *p)
{
	size_t i;

	if (chance(3))
		arg_add(p, "NOBODY", ARG_UNDECLARED);
	if (chance(8))
		arg_add(p, "HTTP_PROXY", ARG_UNDECLARED);
	for (i = 0; i < p->n_args; i++) {
		struct arg *a = &p->args[i];

		if (strv_has(&p->global_vars, a->name) || a->value)
			continue;
		if (!strcmp(a->name, "VARIANT"))
			continue;
		if (a->use != ARG_USED || !strcmp(a->name, "VERSION"))
			if (!chance(3))
				a->value = mem_printf("v%u", pick(9));
	}
}

void
dockerfile_make(struct project *p)
{
	static const char *const replaced[] = { "base", "build", "assets" };
	size_t i;

	p->escape = chance(20) ? '`' : '\\';
	p->crlf = chance(20);
	p->open_end = chance(10);
	/* a named context may take the place of a stage */
	p->named = chance(6) ? PICK(replaced) : "extra";
	make_globals(p);
	p->n_stages = 1 + pick(5);
	p->target = p->n_stages - 1;
	for (i = 0; i < p->n_stages; i++) {
		begin_stage(p, &p->stage[i]);
		stage_fill(p, &p->stage[i]);
	}
	if (chance(3)) {
		i = pick((unsigned)p->n_stages);
		if (p->stage[i].name) {
			p->target = i;
			p->names_target = true;
		}
	}
	end_stage(p, &p->stage[p->target]);
	if (p->stage[p->target].name &&
	    !strcmp(p->stage[p->target].name, p->named))
		stage_reads(&p->stage[p->target], 1, "");
	give_values(p);
	project_mark(p);
}

static char *
with_crlf(struct buf *b)
{
	struct buf out = BUF_INIT;
	size_t i;

	for (i = 0; i < b->len; i++)
		buf_addf(&out, "%s%c", b->data[i] == '\n' ? "\r" : "",
			 b->data[i]);
	buf_release(b);
	return buf_detach(&out);
}

char *
dockerfile_text(const struct project *p)
{
	struct buf b = BUF_INIT;
	size_t i, k;

	if (p->escape != '\\')
		buf_addf(&b, "# escape=%c\n", p->escape);
	for (i = 0; i < p->globals.n; i++)
		buf_addf(&b, "%s\n", p->globals.v[i]);
	for (i = 0; i < p->n_stages; i++) {
		const struct stage *st = &p->stage[i];

		buf_addf(&b, "%s%s\n", i ? "\n" : "", st->from);
		for (k = 0; k < st->n; k++)
			buf_addf(&b, "%s\n", st->v[k].text);
	}
	if (p->open_end)
		buf_truncate(&b, b.len - 1);
	return p->crlf ? with_crlf(&b) : buf_detach(&b);
}

/*
 * Whoever reads a link reads what it leads to. The topmost name of that stands
 * somewhere in the text of the link, unless the link leads to the whole.
 */
static void
add_link_targets(struct tree *t)
{
	size_t i;

	for (i = 0; i < t->n; i++) {
		const char *to = t->v[i].text;

		if (t->v[i].kind != ENTRY_LINK)
			continue;
		t->all_read |= !to[strspn(to, "./")];
		for (; *to; to += strcspn(to, "/"), to += *to == '/')
			strv_take(&t->reads, mem_strndup(to, strcspn(to, "/")));
	}
}

void
project_mark(struct project *p)
{
	size_t i, k, w;

	p->stage[p->target].used = true;
	for (i = p->n_stages; i-- > 0;)
		for (k = 0; k < i && p->stage[i].used; k++)
			p->stage[k].used |= p->stage[i].needs[k];
	for (w = 0; w < N_TREES; w++) {
		struct tree *t = &p->tree[w];

		strv_clear(&t->reads);
		t->all_read = false;
		for (i = 0; i < p->n_stages; i++) {
			struct stage *st = &p->stage[i];

			if (!st->used)
				continue;
			t->all_read |= st->all_read[w];
			strv_push_all(&t->reads, &st->reads[w]);
		}
		add_link_targets(t);
	}
}

bool
project_unread(const struct project *p, size_t which, const char *path)
{
	const struct tree *t = &p->tree[which];
	char *top = mem_strndup(path, strcspn(path, "/"));
	bool found = t->all_read;
	size_t i;

	for (i = 0; i < t->reads.n && !found; i++) {
		const char *r = t->reads.v[i];
		/* Go's [^a] is the shell's [!a] */
		char *pattern = mem_strdup(r);
		char *hat = strstr(pattern, "[^");

		if (hat)
			hat[1] = '!';
		found = !strcmp(r, top) || !fnmatch(pattern, top, 0);
		free(pattern);
	}
	free(top);
	return !found;
}

const char *
dockerfile_path(const struct project *p)
{
	switch (p->place) {
	case PLACE_DEFAULT:
		return "Dockerfile";
	case PLACE_INSIDE:
		return "docker/app.Dockerfile";
	default:
		return NULL;
	}
}

const char *
ignore_path(const struct project *p)
{
	if (!p->own_ignore)
		return ".dockerignore";
	switch (p->place) {
	case PLACE_DEFAULT:
		return "Dockerfile.dockerignore";
	case PLACE_INSIDE:
		return "docker/app.Dockerfile.dockerignore";
	default:
		return NULL;
	}
}
