/* SPDX-License-Identifier: MIT */
/*
 * How instructions name what they read: plainly, roundabout, by patterns, links
 * and variables. What is read is noted by its topmost name, or as a pattern for
 * that, so that it is known which paths nobody can read.
 */

#include "key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void
stage_reads(struct stage *st, size_t which, const char *path)
{
	size_t n = strcspn(path, "/");

	if (!*path)
		st->all_read[which] = true;
	else
		strv_take(&st->reads[which], mem_strndup(path, n));
}

const char *
var_get(const struct strv *vars, const char *name)
{
	size_t i, n = strlen(name);

	for (i = vars->n; i-- > 0;)
		if (!strncmp(vars->v[i], name, n) && vars->v[i][n] == '=')
			return vars->v[i] + n + 1;
	return NULL;
}

bool
is_plain(const char *path)
{
	return !path[strcspn(path, " '\"\\*?[],$\n\xc3")] && *path != '-';
}

static void
add_literal(struct buf *b, const char *s, size_t n)
{
	for (; n > 0; s++, n--) {
		if (strchr("*?[", *s))
			buf_addf(b, "[%c]", *s);
		else
			buf_addc(b, *s);
	}
}

/* What COPY can have beside what all versions know, by KEY_FLAGS. */
static bool
may_have(const char *flag)
{
	const char *known = getenv("KEY_FLAGS");

	return known && strstr(known, flag);
}

/* Leaves out a path, or others like it, of some folder above it. */
static char *
exclude_word(const struct project *p, const struct entry *e)
{
	const char *path = e->path, *base, *point;

	while (strchr(path, '/') && chance(2))
		path = strchr(path, '/') + 1;
	base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	point = strrchr(base, '.') ? strrchr(base, '.') : base;
	switch (pick(12)) {
	case 0:
		return mem_printf("*%s", point);
	case 1:
	case 2:
		return mem_printf("**/*%s", point);
	case 3:
		return mem_printf("**/%s", base);
	case 4:
		return mem_printf("%s/", path);
	case 5:
		return mem_printf("%s%s", chance(2) ? "/" : "./", path);
	case 6:
		return mem_printf("%.1s*", path);
	case 7:
		return mem_printf("\"%s\"", path);
	case 8:
		if (p->global_vars.n || chance(3))
			return mem_strdup(chance(2) ? "$SRC" : "*");
		/* fall through */
	default:
		return mem_strdup(path);
	}
}

char *
exclude_flags(const struct project *p, size_t which)
{
	struct buf b = BUF_INIT;
	unsigned n = may_have("exclude") && chance(2) ? 1 + pick(3) : 0;

	for (unsigned i = 0; i < n; i++) {
		const struct entry *e = tree_pick(&p->tree[which], true, true);
		char *word;

		if (!e || !is_plain(e->path))
			continue;
		word = exclude_word(p, e);
		buf_addf(&b, " --exclude=%s%s",
			 i && *word != '"' && chance(3) ? "!" : "", word);
		free(word);
	}
	return buf_detach(&b);
}

bool
parents_flag(struct strv *words)
{
	if (!may_have("parents") || !chance(3))
		return false;
	/* of "." docker copies nothing, and we are not sure of that */
	for (size_t i = 0; i < words->n; i++)
		if (!words->v[i][strspn(words->v[i], "./")])
			return false;
	for (size_t i = 0; i < words->n; i++) {
		char *word = words->v[i], *slash = strchr(word + 1, '/');

		if (!slash || !slash[1] || !chance(2))
			continue;
		words->v[i] = mem_printf("%.*s/./%s", (int)(slash - word),
					 word, slash + 1);
		free(word);
	}
	return true;
}

/* A part of a path, or a pattern that it matches. */
static void
add_part(struct buf *b, const char *s, size_t n)
{
	const char *point = memchr(s, '.', n);
	size_t at = pick((unsigned)n);

	switch (is_plain(s) ? pick(12) : 11) {
	case 0:
		buf_addc(b, '*');
		break;
	case 1:
		buf_addf(b, "%c*", *s);
		break;
	case 2:
		buf_addf(b, "*%s%.*s", point ? "" : "*",
			 point ? (int)(s + n - point) : 0, point);
		break;
	case 3:
		buf_addf(b, "%.*s?%.*s", (int)at, s, (int)(n - at - 1),
			 s + at + 1);
		break;
	case 4:
		buf_addf(b, "[%c-%c]%.*s", *s, *s, (int)n - 1, s + 1);
		break;
	case 5:
		buf_addf(b, "[^@]%.*s", (int)n - 1, s + 1);
		break;
	default:
		add_literal(b, s, n);
	}
}

static char *
pattern_of(const char *path)
{
	struct buf b = BUF_INIT;

	while (*path) {
		size_t n = strcspn(path, "/");

		add_part(&b, path, n);
		path += n;
		if (*path) {
			buf_addc(&b, '/');
			path++;
		}
	}
	return buf_detach(&b);
}

/* The same path in other words. */
static char *
decorated(const struct project *p, char *path, bool is_dir)
{
	const struct entry *d = tree_pick(&p->tree[0], true, false);
	char *out;

	switch (pick(9)) {
	case 0:
		out = mem_printf("./%s", path);
		break;
	case 1:
		out = mem_printf("/%s", path);
		break;
	case 2:
		out = mem_printf("%s%s", path, is_dir ? "/" : "");
		break;
	case 3:
		if (d && is_plain(d->path) && !strchr(d->path, '/') &&
		    chance(2))
			out = mem_printf("%s/../%s", d->path, path);
		else
			out = mem_printf("../%s", path);
		break;
	default:
		return path;
	}
	free(path);
	return out;
}

char *
by_variable(const struct project *p, struct stage *st)
{
	/* what stands before and behind the name */
	static const char *const forms[][2] = {
		{ "$", "" }, { "${", "}" }, { "${", ":-nowhere}" },
		{ "/${", "}" }, { "${", "-x}" }, { "\"$", "\"" },
		{ "./$", "/." }
	};
	const char *const *form = PICK(forms);
	const char *var, *value;
	const struct entry *e;
	char name[32];
	size_t n;

	if (!st->vars.n)
		return NULL;
	var = st->vars.v[pick((unsigned)st->vars.n)];
	n = strcspn(var, "=");
	snprintf(name, sizeof(name), "%.*s", (int)n, var);
	value = var_get(&st->vars, name);
	e = value ? tree_entry(&p->tree[0], value) : NULL;
	if (!e || !e->sent)
		return NULL;
	/* whichever of its values counts */
	for (size_t i = 0; i < st->vars.n; i++)
		if (!strncmp(st->vars.v[i], var, n + 1))
			stage_reads(st, 0, st->vars.v[i] + n + 1);
	if (chance(6))
		return mem_printf("${NOT_SET:-%s}", value);
	if (chance(6))
		return mem_printf("${%s:+%s}", name, value);
	return mem_printf("%s%s%s", form[0], name, form[1]);
}

/* What stands below a link that leads to a folder, by the way of the link. */
static char *
below_link(const struct tree *t, const struct entry *link)
{
	const char *to = link->text + strspn(link->text, "./");
	const struct entry *dir = *to ? tree_entry(t, to) : NULL;
	size_t n = strlen(to), i;

	if (!dir || dir->kind != ENTRY_DIR)
		return NULL;
	for (i = pick((unsigned)t->n); i < t->n; i++)
		if (!strncmp(t->v[i].path, to, n) && t->v[i].path[n] == '/' &&
		    t->v[i].sent && t->v[i].kind != ENTRY_LINK)
			return mem_printf("%s%s", link->path,
					  t->v[i].path + n);
	return NULL;
}

/* Does it lead to something that docker gets, too? Else the build fails. */
static bool
leads_somewhere(const struct tree *t, const struct entry *link)
{
	const struct entry *to = tree_entry(t, link->text +
					    strspn(link->text, "./"));

	return to && to->sent;
}

/* A link, or a path through one; NULL if there is none. */
static char *
by_link(const struct tree *t)
{
	size_t i;

	for (i = pick((unsigned)t->n); i < t->n; i++) {
		const struct entry *e = &t->v[i];
		char *path;

		if (e->kind != ENTRY_LINK || !e->sent)
			continue;
		if (!leads_somewhere(t, e) && !chance(8))
			continue;
		path = chance(3) ? NULL : below_link(t, e);
		return path ? path : mem_strdup(e->path);
	}
	return NULL;
}

char *
source_word(struct project *p, struct stage *st, size_t which, bool *special)
{
	const struct tree *t = &p->tree[which];
	const struct entry *e;
	char *path, *link;
	const char *name;

	if (chance(10)) {
		stage_reads(st, which, "");
		return mem_strdup(chance(2) ? "." : chance(2) ? "/" : "./");
	}
	path = !which && chance(3) ? by_variable(p, st) : NULL;
	if (path)
		return path;
	link = chance(4) ? by_link(t) : NULL;
	e = link ? NULL : tree_pick(t, !chance(3), true);
	if (link)
		name = link;
	else if (e)
		name = e->path;
	else
		return NULL;
	if (name[strcspn(name, "'\n")])
		return NULL;
	path = pattern_of(name);
	free(link);
	stage_reads(st, which, path);
	*special |= strchr(path, ' ') != NULL;
	return decorated(p, path, e && e->kind == ENTRY_DIR);
}
