/* SPDX-License-Identifier: MIT */
#include "context.h"

#include <stdio.h>
#include <string.h>

#include "printer.h"
#include "recipe.h"
#include "text.h"
#include "verbs.h"

static bool list;
static const char *from;
static int64_t max_size = -1;

static const struct opt options[] = {
	FLAG_OPTION('l', "list", &list, "print every path that is sent"),
	FLAG_OPTION('z', "null", &given.nul,
		    "with --list: paths as they are, each ended by NUL"),
	TEXT_OPTION(0, "from", &from, "NAME",
		    "with --list: of that --build-context"),
	SIZE_OPTION('m', "max-size", &max_size,
		    "only say whether it is more than that, by the status"),
	JSON_OPTION,
	END_OPTION
};

static void
print_weight(struct printer *p, const struct imgcache_weight *w)
{
	print_number(p, "files", NULL, w->files, AS_NUMBER);
	print_number(p, "bytes", NULL, w->bytes, AS_NUMBER);
}

static void
print_heavy(struct printer *p, const char *name,
	    const struct imgcache_heavy *v, size_t n)
{
	size_t i;

	print_list(p, name);
	for (i = 0; i < n; i++) {
		print_object(p, "entry");
		print_text(p, "path", NULL, v[i].path);
		print_text(p, "type", NULL, v[i].is_dir ? "dir" : "file");
		print_weight(p, &v[i].weight);
		print_object_end(p);
	}
	print_list_end(p);
}

static void
print_unread(struct printer *p, const struct imgcache_context *c)
{
	if (c->not_known) {
		print_null(p, "unread");
		print_text(p, "unknown", NULL, c->not_known);
		return;
	}
	print_object(p, "unread");
	print_weight(p, &c->unread);
	print_heavy(p, "heaviest", c->unread_heaviest, c->n_unread_heaviest);
	print_object_end(p);
	print_null(p, "unknown");
}

static void
print_emptied(struct printer *p, const struct imgcache_context *c)
{
	if (!c->emptied_path) {
		print_null(p, "emptied");
		return;
	}
	print_object(p, "emptied");
	print_text(p, "path", NULL, c->emptied_path);
	print_weight(p, &c->emptied);
	print_object_end(p);
}

static void
print_left_out(struct printer *p, const struct imgcache_context *c)
{
	size_t i;

	print_object(p, "ignored");
	print_weight(p, &c->left_out);
	print_number(p, "unreadable", NULL, c->unreadable, AS_NUMBER);
	print_list(p, "patterns");
	for (i = 0; i < c->n_patterns; i++) {
		print_object(p, "pattern");
		print_text(p, "pattern", NULL, c->patterns[i].text);
		print_number(p, "line", NULL, c->patterns[i].line, AS_NUMBER);
		print_weight(p, &c->patterns[i].weight);
		print_object_end(p);
	}
	print_list_end(p);
	print_object_end(p);
}

static void
print_advice(struct printer *p, const struct imgcache_context *c)
{
	size_t i;

	print_list(p, "advice");
	for (i = 0; i < c->n_advice; i++) {
		print_object(p, "pattern");
		print_text(p, "pattern", NULL, c->advice[i].pattern);
		print_text(p, "why", NULL, c->advice[i].why);
		print_text(p, "example", NULL, c->advice[i].example);
		print_bool(p, "secret", c->advice[i].is_secret);
		print_weight(p, &c->advice[i].weight);
		print_object_end(p);
	}
	print_list_end(p);
}

/* One object; imgcache-formats(5) says what is in it. */
static void
print_contexts(const struct imgcache_recipe *r,
	       const struct imgcache_contexts *all)
{
	struct printer *p = printer_new(PRINT_JSON, true);
	size_t i;

	print_record(p);
	print_text(p, "name", NULL, imgcache_recipe_name(r));
	print_weight(p, &all->sent);
	print_list(p, "contexts");
	for (i = 0; i < all->n; i++) {
		const struct imgcache_context *c = all->v + i;

		print_object(p, "context");
		print_text(p, "context", NULL, c->name);
		print_text(p, "path", NULL, c->path);
		print_text(p, "ignoreFile", NULL, c->ignore_file);
		print_weight(p, &c->sent);
		print_number(p, "dirs", NULL, c->dirs, AS_NUMBER);
		print_emptied(p, c);
		print_heavy(p, "heaviest", c->heaviest, c->n_heaviest);
		print_unread(p, c);
		print_left_out(p, c);
		print_advice(p, c);
		print_object_end(p);
	}
	print_list_end(p);
	printer_end(p);
}

static bool
put_path(void *payload, const char *path, enum imgcache_entry_type type)
{
	const char *end = type == IMGCACHE_ENTRY_DIR ? "/" : "";

	(void)payload;
	if (given.nul) {
		printf("%s%s", path, end);
		putchar('\0');
	} else {
		imgcache_quote(stdout, path);
		puts(end);
	}
	return !ferror(stdout);
}

static bool
print_path(void *payload, const char *path, enum imgcache_entry_type type)
{
	static const char *const words[] = { "dir", "file", "link", "special" };
	struct printer *p = payload;

	print_record(p);
	print_text(p, "path", NULL, path);
	print_text(p, "type", NULL, words[type]);
	return !ferror(stdout);
}

/* With --json an array of { path, type }. */
static int
print_list_of(struct invocation *inv, struct imgcache_recipe *r)
{
	struct imgcache_context_list l = { .from = from, .fn = put_path };
	struct printer *p = NULL;
	int ret;

	if (given.json) {
		l.payload = p = printer_new(PRINT_JSON, false);
		l.fn = print_path;
	}
	ret = imgcache_context_list(inv->ic, r, &l, &inv->err);
	if (p)
		printer_end(p);
	return ret;
}

/* Beyond the limit: one line, which names the heaviest there is. */
static int
check_size(struct invocation *inv, const struct imgcache_recipe *r,
	   const struct imgcache_contexts *all)
{
	char is[IMGCACHE_TEXT], limit[IMGCACHE_TEXT], of[IMGCACHE_TEXT];
	const char *name = imgcache_recipe_name(r);
	const struct imgcache_heavy *h = NULL;
	char heaviest[256] = "";
	size_t i;

	if (max_size < 0 || all->sent.bytes <= max_size)
		return 0;
	for (i = 0; i < all->n; i++)
		if (all->v[i].n_heaviest &&
		    (!h || all->v[i].heaviest[0].weight.bytes >
		     h->weight.bytes))
			h = &all->v[i].heaviest[0];
	if (h)
		snprintf(heaviest, sizeof(heaviest), "; the heaviest is %s%s "
			 "with %s", h->path, h->is_dir ? "/" : "",
			 imgcache_format_size(of, h->weight.bytes));
	return fail(&inv->err, IMGCACHE_ENO, "the context%s%s%s is %s, more "
		    "than %s%s", name ? " of '" : "", name ? name : "",
		    name ? "'" : "", imgcache_format_size(is, all->sent.bytes),
		    imgcache_format_size(limit, max_size), heaviest);
}

static int
check_options(struct invocation *inv)
{
	if (list && max_size >= 0)
		return fail(&inv->err, IMGCACHE_EUSAGE,
			    "--list and --max-size exclude each other");
	if (given.nul && (!list || given.json))
		return fail(&inv->err, IMGCACHE_EUSAGE,
			    "-z goes with --list, and not with --json");
	if (from && !list)
		return fail(&inv->err, IMGCACHE_EUSAGE,
			    "--from goes with --list");
	return 0;
}

static int
run(struct invocation *inv, const struct parsed *p)
{
	struct imgcache_contexts all;
	struct imgcache_recipe *r;
	bool only_sent = max_size >= 0 && !given.json;
	const char *color;
	int ret = check_options(inv);

	if (!ret)
		ret = recipe_choose(inv, p, &r);
	if (!ret && list)
		return print_list_of(inv, r);
	if (!ret)
		ret = imgcache_context(inv->ic, r, only_sent, &all, &inv->err);
	if (ret)
		return ret;
	color = setting_value(inv->ic, "color", &inv->err);
	if (given.json)
		print_contexts(r, &all);
	else if (!only_sent)
		context_report(&all, color_wanted(stdout, color));
	return check_size(inv, r, &all);
}

const struct command command_context = {
	.name = "context",
	.summary = "Show what docker is sent, what it weighs and what is read.",
	.arguments = "[NAME | DIR | RECIPE FLAGS]",
	.options = options,
	.group = GROUP_IMAGES,
	.completes = COMPLETES_RECIPES,
	.takes_recipe = true,
	.run = run,
};
