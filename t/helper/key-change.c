/* SPDX-License-Identifier: MIT */
/*
 * One change of a project. It is chosen once and done to each copy alike; what
 * must come of it is said only where the way it was made leaves no doubt.
 */

#include "key.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "sys/file.h"

static bool
is_ignored(const struct project *p, size_t which, const char *path)
{
	return tree_ignores(&p->tree[which], path);
}

/* Does the named context stand for the base image of a stage in use? */
static bool
is_base(const struct project *p)
{
	size_t i, len = strlen(p->named);
	const char *of;

	for (i = 0; i < p->n_stages; i++) {
		of = p->stage[i].from + strlen("FROM ");
		if (p->stage[i].used && !strncmp(of, p->named, len) &&
		    (!of[len] || of[len] == ' '))
			return true;
	}
	return false;
}

/* Is it what a link leads to, or below that? */
static bool
is_led_to(const struct tree *t, const char *path)
{
	size_t i;

	for (i = 0; i < t->n; i++) {
		const char *to = t->v[i].text;
		size_t len;

		if (t->v[i].kind != ENTRY_LINK)
			continue;
		to += strspn(to, "./");
		len = strlen(to);
		if (!strncmp(path, to, len) &&
		    (!len || !path[len] || path[len] == '/'))
			return true;
	}
	return false;
}

/* What is known of a change at this path, and another if there is one. */
static void
settle(const struct project *p, struct change *c, const char *name,
       const char *path, const char *other, bool is_dir)
{
	bool ignored = !is_dir && is_ignored(p, c->tree, path) &&
		(!other || is_ignored(p, c->tree, other));
	bool unread = project_unread(p, c->tree, path) &&
		(!other || project_unread(p, c->tree, other));

	/* its twin lies in the same folder, but has another name */
	if (!c->tree && p->twin_of && !strcmp(p->twin_of, path))
		ignored = unread = false;
	c->path = mem_strdup(path);
	c->stays_full = ignored;
	c->stays_sources = ignored || unread;
	c->name = mem_printf("%s%s%s", name, c->tree ? " of a named context" :
			     "", ignored ? ", ignored" : unread ? ", unread" :
			     c->tree && is_base(p) ? ", a base" :
			     getenv("KEY_FLAGS") &&
			     is_led_to(&p->tree[c->tree], path) ?
			     ", a link leads to it" : "");
}

/* The tag stays whatever the path is. */
static void
settle_neutral(struct change *c, const struct entry *e, const char *name)
{
	c->path = mem_strdup(e->path);
	c->stays_full = c->stays_sources = true;
	c->name = mem_strdup(name);
}

static const struct entry *
some_entry(const struct project *p, struct change *c, int kind)
{
	const struct tree *t;
	unsigned tries;

	c->tree = p->has_named && chance(4);
	t = &p->tree[c->tree];
	for (tries = 0; tries < 50; tries++) {
		const struct entry *e = &t->v[pick((unsigned)t->n)];

		if (kind < 0 || e->kind == (enum entry_kind)kind)
			return e;
	}
	return NULL;
}

static void
new_content(const struct project *p, struct change *c, const struct entry *e)
{
	size_t at = e->len ? pick((unsigned)e->len) : 0;
	struct buf b = BUF_INIT;

	buf_add(&b, e->text, e->len);
	if (e->len > 1024 && !strcmp(e->path, "data.tar"))
		at = 600;
	if (at && (c->how == HIDDEN || at == 600 || chance(3)))
		b.data[at] = b.data[at] == 'Z' ? 'Y' : 'Z';
	else if (b.len && c->how != HIDDEN && chance(8))
		buf_clear(&b);
	else
		buf_addf(&b, "more %s\n", p->token);
	c->to_len = b.len;
	c->to = buf_detach(&b);
}

static bool
edit(struct project *p, struct change *c)
{
	const struct entry *e = some_entry(p, c, ENTRY_FILE);

	if (!e)
		return false;
	c->how = pick(3);
	if (c->how == HIDDEN && !e->len)
		c->how = IN_PLACE;
	c->apply = apply_edit;
	new_content(p, c, e);
	settle(p, c, c->how == HIDDEN && c->to_len == e->len ?
	       "rewrite of the same size and time" : "edit", e->path, NULL,
	       false);
	return true;
}

static bool
same_again(struct project *p, struct change *c)
{
	const struct entry *e = some_entry(p, c, ENTRY_FILE);

	if (!e)
		return false;
	c->how = pick(2);
	c->apply = apply_edit;
	c->to = e->text;
	c->to_len = e->len;
	settle_neutral(c, e, "rewrite of the same bytes");
	return true;
}

static bool
touch(struct project *p, struct change *c)
{
	const struct entry *e = some_entry(p, c, -1);

	c->apply = apply_touch;
	settle_neutral(c, e, "mtime");
	return true;
}

static bool
owner(struct project *p, struct change *c)
{
	const struct entry *e = some_entry(p, c, -1);

	if (geteuid())
		return false;
	c->apply = apply_chown;
	settle_neutral(c, e, "owner");
	return true;
}

static bool
group_write(struct project *p, struct change *c)
{
	const struct entry *e = some_entry(p, c, pick(2) ? ENTRY_FILE :
					   ENTRY_DIR);

	if (!e)
		return false;
	c->mode = e->mode ^ 020;
	c->group_write = true;
	c->apply = apply_chmod;
	settle_neutral(c, e, "group-write");
	return true;
}

static bool
mode(struct project *p, struct change *c)
{
	static const unsigned modes[] = { 0755, 0600, 04755, 0644, 0444, 0000,
					  02755, 0666, 01644 };
	const struct entry *e = some_entry(p, c, ENTRY_FILE);

	c->mode = e && chance(3) ? e->mode ^ 0111 : PICK(modes);
	if (!e || (e->mode & ~020u) == (c->mode & ~020u))
		return false;
	c->apply = apply_chmod;
	settle(p, c, "mode", e->path, NULL, false);
	return true;
}

static bool
folder_mode(struct project *p, struct change *c)
{
	static const unsigned modes[] = { 0700, 0755, 01777, 02755, 0711 };
	const struct entry *e = some_entry(p, c, ENTRY_DIR);

	c->mode = PICK(modes);
	if (!e || (e->mode & ~020u) == (c->mode & ~020u))
		return false;
	c->apply = apply_chmod;
	settle(p, c, "mode of a folder", e->path, NULL, true);
	return true;
}

static bool
add(struct project *p, struct change *c)
{
	static const char *const names[] = { "new.c", "new.log", "new.txt",
					     "zz", "new.md", ".new", "new.css",
					     "aa.json", "package.json" };
	static const char *const kinds[] = { "new folder", "new file",
					     "new link", "new fifo" };
	const struct entry *e = some_entry(p, c, ENTRY_DIR);
	const char *dir = e && !chance(3) ? e->path : "";
	char *path = mem_printf("%s%s%s", dir, *dir ? "/" : "", PICK(names));

	if (tree_entry(&p->tree[c->tree], path))
		return false;
	c->how = chance(2) ? ENTRY_FILE : pick(4);
	c->mode = c->how == ENTRY_DIR ? 0755 : 0644;
	c->to = c->how == ENTRY_LINK ? mem_strdup("main.c") :
		c->how == ENTRY_DIR && chance(2) ? NULL :
		mem_printf("new %s %lu\n", p->token, p->seed);
	c->to_len = c->to ? strlen(c->to) : 0;
	c->apply = apply_make;
	settle(p, c, kinds[c->how], path, NULL, c->how == ENTRY_DIR);
	return true;
}

static bool
removal(struct project *p, struct change *c)
{
	const struct entry *e = some_entry(p, c, -1);

	c->apply = apply_remove;
	settle(p, c, e->kind == ENTRY_DIR ? "folder removed" : "removed",
	       e->path, NULL, e->kind == ENTRY_DIR);
	return true;
}

static bool
renaming(struct project *p, struct change *c)
{
	const struct entry *e = some_entry(p, c, -1);
	const char *base = path_base(e->path), *point = strrchr(base, '.');
	char *other;

	c->to = mem_printf("renamed%s", point && chance(2) ? point : "");
	other = mem_printf("%.*s%s", (int)(base - e->path), e->path, c->to);
	if (tree_entry(&p->tree[c->tree], other))
		return false;
	c->apply = apply_rename;
	settle(p, c, "renamed", e->path, other, e->kind == ENTRY_DIR);
	return true;
}

static bool
retarget(struct project *p, struct change *c)
{
	const struct entry *e = some_entry(p, c, ENTRY_LINK);
	const struct entry *to = some_entry(p, c, -1);

	if (!e || !to)
		return false;
	c->tree = tree_entry(&p->tree[0], e->path) == e ? 0 : 1;
	c->how = ENTRY_LINK;
	c->to = chance(4) ? mem_strdup("nowhere/at/all") :
		mem_printf("/%s", to->path);
	if (!strcmp(c->to, e->text))
		return false;
	c->apply = apply_make;
	settle(p, c, "link retargeted", e->path, NULL, false);
	return true;
}

static bool
other_kind(struct project *p, struct change *c)
{
	static const char *const names[] = { "becomes a folder",
					     "becomes a file",
					     "becomes a link" };
	const struct entry *e = some_entry(p, c, -1);
	const struct entry *to = tree_pick(&p->tree[c->tree], false, true);

	c->how = pick(3);
	if (c->how == e->kind || (c->how == ENTRY_LINK && (!to || to == e)))
		return false;
	c->mode = c->how == ENTRY_DIR ? 0755 : 0644;
	c->to = c->how == ENTRY_LINK ? mem_printf("/%s", to->path) :
		mem_printf("new %s %lu\n", p->token, p->seed);
	c->to_len = strlen(c->to);
	c->apply = apply_make;
	settle(p, c, names[c->how], e->path, NULL, true);
	return true;
}

/* Is a file of the context that is no part of the tree sent, or read? */
static void
settle_text(const struct project *p, struct change *c, const char *name,
	    const char *path)
{
	c->stays_full = !path || is_ignored(p, 0, path);
	c->stays_sources = c->stays_full || project_unread(p, 0, path);
	c->name = mem_strdup(name);
}

static void
insert_line(struct stage *st, size_t at, const char *text)
{
	stage_add(st, LINE_OTHER, NULL);
	memmove(st->v + at + 1, st->v + at, (st->n - 1 - at) *
		sizeof(*st->v));
	st->v[at] = (struct line){ LINE_OTHER, mem_strdup(text) };
}

static struct stage *
some_stage(struct project *p, bool used)
{
	unsigned tries;

	for (tries = 0; tries < 20; tries++) {
		struct stage *st = &p->stage[pick((unsigned)p->n_stages)];

		if (st->used == used)
			return st;
	}
	return NULL;
}

static bool
comment(struct project *p, struct change *c)
{
	struct stage *st = &p->stage[pick((unsigned)p->n_stages)];

	insert_line(st, pick((unsigned)st->n + 1), chance(3) ? "" :
		    "# a new remark");
	settle_text(p, c, "comment or blank line in the Dockerfile",
		    dockerfile_path(p));
	return true;
}

/* Anywhere but in a heredoc it is passed over. */
static bool
inner_comment(struct project *p, struct change *c)
{
	struct stage *st = some_stage(p, true);
	const char *at;
	size_t i;

	for (i = 0; st && i < st->n; i++) {
		char *text = st->v[i].text;

		at = st->v[i].kind == LINE_HEREDOC ||
			strstr(text, "<<") ? NULL : strstr(text, "    # ");
		if (!at)
			continue;
		st->v[i].text = mem_printf("%.*s    # a remark,%s",
					   (int)(at - text), text, at + 5);
		settle_text(p, c, "comment inside an instruction",
			    dockerfile_path(p));
		return true;
	}
	return false;
}

static bool
unused_stage(struct project *p, struct change *c)
{
	static const char *const lines[] = { "LABEL changed=1", "ENV NEW=1",
					     "WORKDIR /new", "COPY . /new",
					     "ARG NEW=1" };
	struct stage *st = some_stage(p, false);

	if (!st)
		return false;
	if (chance(3) && st->n)
		st->n--;
	else
		insert_line(st, pick((unsigned)st->n + 1), PICK(lines));
	settle_text(p, c, "unused stage", dockerfile_path(p));
	return true;
}

static bool
instruction(struct project *p, struct change *c)
{
	static const char *const lines[] = {
		"LABEL changed=1", "ENV NEW=1", "WORKDIR /new", "CMD [\"new\"]",
		"ARG NEW=1", "ENV SRC=src", "USER 7", "COPY . /new",
		"ENTRYPOINT new"
	};
	struct stage *st = some_stage(p, true);

	if (!st)
		return false;
	if (st->n && chance(3)) {
		size_t at = pick((unsigned)st->n);

		memmove(st->v + at, st->v + at + 1, (--st->n - at) *
			sizeof(*st->v));
		c->name = mem_strdup("line of the Dockerfile removed");
		return true;
	}
	insert_line(st, pick((unsigned)st->n + 1), PICK(lines));
	c->name = mem_strdup("instruction added");
	return true;
}

static bool
heredoc_text(struct project *p, struct change *c)
{
	struct stage *st = some_stage(p, true);
	char *at, *text;
	size_t i;

	for (i = 0; st && i < st->n; i++) {
		text = st->v[i].text;
		at = st->v[i].kind == LINE_HEREDOC ? strstr(text, p->token) :
			NULL;
		if (!at)
			continue;
		st->v[i].text = mem_printf("%.*snew %s", (int)(at - text),
					   text, at);
		c->name = mem_strdup("text of a heredoc");
		return true;
	}
	return false;
}

static bool
keyword_case(struct project *p, struct change *c)
{
	struct stage *st = some_stage(p, true);
	struct line *l = st && st->n ? &st->v[pick((unsigned)st->n)] : NULL;

	if (!l || strncmp(l->text, "COPY", 4))
		return false;
	memcpy(l->text, "copy", 4);
	settle_text(p, c, "case of a keyword", dockerfile_path(p));
	return true;
}

static bool
argument(struct project *p, struct change *c)
{
	struct arg *a = p->n_args ? &p->args[pick((unsigned)p->n_args)] : NULL;
	const char *name = "build argument";
	const struct entry *e;

	if (!a)
		return false;
	/* the three that are paths are always there */
	if (a->use == ARG_USED && !chance(3))
		a = &p->args[pick((unsigned)p->n_args)];
	c->stays_full = a->use != ARG_USED &&
		(a->use != ARG_OF_STAGE || !p->stage[a->stage].used);
	c->stays_sources = c->stays_full;
	if (c->stays_full)
		name = a->use == ARG_UNDECLARED ? "undeclared argument" :
			a->use == ARG_IDLE ? "argument of no use" :
			a->use == ARG_GLOBAL_IDLE ? "global argument of no use"
			: "argument of an unused stage";
	c->name = mem_strdup(name);
	if (a->value && chance(4)) {
		a->value = NULL;
		return true;
	}
	if (!strcmp(a->name, "VARIANT")) {
		struct stage *st = &p->stage[pick((unsigned)p->n_stages)];

		if (!st->name || (a->value && !strcmp(a->value, st->name)))
			return false;
		a->value = mem_strdup(st->name);
		return true;
	}
	if (a->use == ARG_USED && strcmp(a->name, "VERSION")) {
		e = tree_pick(&p->tree[0], true, true);
		if (!e || strpbrk(e->path, "' \n") ||
		    (a->value && !strcmp(a->value, e->path)))
			return false;
		a->value = mem_strdup(e->path);
		return true;
	}
	a->value = mem_printf("new%u", pick(9));
	return true;
}

/* ARG before the first FROM: another path, or whatever it was and a digit. */
static bool
global_value(struct project *p, struct change *c)
{
	char **line = p->globals.n ?
		&p->globals.v[pick((unsigned)p->globals.n)] : NULL;
	const struct entry *e = tree_pick(&p->tree[0], true, true);
	bool is_path = line && (!strncmp(*line, "ARG SRC", 7) ||
				!strncmp(*line, "ARG DIR", 7) ||
				!strncmp(*line, "ARG APP", 7));

	if (!line || !e || !is_plain(e->path) ||
	    (!is_path && strncmp(*line, "ARG UNUSED", 10)))
		return false;
	*line = is_path ? mem_printf("%.7s=%s", *line, e->path) :
		mem_printf("%s2", *line);
	c->name = mem_printf("value of a global argument%s", is_path ? "" :
			     " of no use");
	return true;
}

/* Can the line and the next one change places? */
static bool
can_swap(const struct strv *lines, size_t at)
{
	return at + 1 < lines->n && lines->v[at][0] != '!' &&
		lines->v[at + 1][0] != '!' &&
		strcmp(lines->v[at], lines->v[at + 1]);
}

static bool
ignore_order(struct project *p, struct change *c)
{
	struct strv *lines = &p->tree[0].ignore;
	size_t at = lines->n ? pick((unsigned)lines->n) : 0;
	char *kept;

	if (!p->tree[0].has_ignore || !can_swap(lines, at))
		return false;
	settle_text(p, c, "order of the ignore file", ignore_path(p));
	kept = lines->v[at];
	lines->v[at] = lines->v[at + 1];
	lines->v[at + 1] = kept;
	return true;
}

static bool
ignore_remark(struct project *p, struct change *c)
{
	if (!p->tree[0].has_ignore)
		return false;
	settle_text(p, c, "comment in the ignore file", ignore_path(p));
	strv_push(&p->tree[0].ignore, "# a new remark");
	return true;
}

static bool
ignore_line(struct project *p, struct change *c)
{
	static const char *const lines[] = { "*.c", "**/*.md", "src/sub", "lib",
					     "!**/*.log", "!README.md", "*/*",
					     "**/.*", "docs", "!.env" };
	struct strv *v = &p->tree[0].ignore;

	if (!p->tree[0].has_ignore)
		return false;
	if (v->n && chance(3))
		free(v->v[--v->n]), v->v[v->n] = NULL;
	else
		strv_push(v, PICK(lines));
	c->name = mem_strdup("line of the ignore file");
	return true;
}

static bool
moved_base(struct project *p, struct change *c)
{
	bool used = false;
	size_t i;

	if (!p->own_base)
		return false;
	for (i = 0; i < p->n_stages; i++)
		used |= p->stage[i].used && strstr(p->stage[i].from,
						   p->own_base);
	c->moves_base = true;
	c->stays_full = c->stays_sources = !used;
	c->name = mem_strdup(used ? "base moved" : "base of an unused stage "
			     "moved");
	return true;
}

static bool
nothing(struct project *p, struct change *c)
{
	(void)p;
	c->stays_full = c->stays_sources = true;
	c->name = mem_strdup("nothing");
	return true;
}

/* Those that stand more than once come more often. */
static bool (*const changes[])(struct project *p, struct change *c) = {
	edit, edit, edit, edit, edit, same_again, touch, owner, group_write,
	mode, mode, folder_mode, folder_mode, add, add, add, removal, removal,
	renaming, renaming, retarget, retarget, other_kind, other_kind,
	comment, comment, inner_comment, unused_stage, unused_stage,
	instruction, heredoc_text, keyword_case, argument, argument, argument,
	global_value, ignore_order, ignore_order, ignore_remark, ignore_line,
	ignore_line, moved_base, moved_base, nothing
};

void
change_choose(struct project *p, struct change *c)
{
	do
		*c = (struct change){0};
	while (!PICK(changes)(p, c));
}
