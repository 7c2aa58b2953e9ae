/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pace.h"
#include "printer.h"
#include "recipe.h"
#include "text.h"
#include "verbs.h"

static struct words containers, labels;
static bool all_running, watch;

static const struct opt options[] = {
	LIST_OPTION(0, "container", &containers, "NAME",
		    "what a container runs, by name or id"),
	FLAG_OPTION(0, "all-running", &all_running,
		    "what every running container runs"),
	LIST_OPTION(0, "label", &labels, "NAME=VALUE",
		    "running containers that carry this label"),
	FLAG_OPTION('w', "watch", &watch,
		    "keep looking, and say what becomes stale"),
	STAT_CACHE_OPTION,
	JSON_OPTION,
	SILENT_OPTION,
	END_OPTION
};

/* In the order of enum imgcache_freshness. */
static const struct {
	const char *word;
	enum color color;
} states[] = {
	{ "fresh", COLOR_GREEN },
	{ "stale", COLOR_RED },
	{ "unknown", COLOR_YELLOW },
	{ "dirty", COLOR_RED },
};

static bool
is_bad(const struct imgcache_verdict *v)
{
	return v->freshness == IMGCACHE_STALE ||
		v->freshness == IMGCACHE_DIRTY;
}

/*
 * The record of a verdict:
 *
 *	state		"fresh", "stale", "unknown", "dirty"
 *	subject		name of the recipe, or of the container
 *	container	its id, or null: it is about an image
 *	name		of the recipe, or null
 *	tag		of what there is; null: there is no image
 *	wanted		of what the sources say, or null
 *	reason, detail	why it is not fresh, or null
 */
static void
print_verdict(struct printer *p, const struct imgcache_verdict *v)
{
	print_record(p);
	print_text(p, "state", NULL, states[v->freshness].word);
	print_text(p, "subject", NULL, v->subject);
	print_text(p, "container", NULL, v->container);
	print_text(p, "name", NULL, v->name);
	print_text(p, "tag", NULL, v->tag);
	print_text(p, "wanted", NULL, v->wanted);
	print_text(p, "reason", NULL, v->freshness == IMGCACHE_STALE ?
		   imgcache_reason_word(v->reason) : NULL);
	print_text(p, "detail", NULL, v->detail);
}

/* Why it is what it is, for people; "" for what needs no words. */
static char *
words_of(const struct imgcache_verdict *v)
{
	const char *reason = v->freshness == IMGCACHE_STALE ?
		imgcache_reason_text(v->reason) :
		v->freshness == IMGCACHE_DIRTY ?
		(v->detail ? "" : "built while its sources changed") :
		v->reason == IMGCACHE_NEVER_BUILT ? "never built" : "";
	const char *name = v->container && v->name ? v->name : NULL;
	char *text, *visible;

	if (asprintf(&text, "%s%s%s%s%s", name ? name : "",
		     name && (*reason || v->detail) ? ": " : "", reason,
		     *reason && v->detail ? ": " : "",
		     v->detail ? v->detail : "") < 0)
		text = memory_checked(NULL);
	visible = text_visible(text);
	free(text);
	return visible;
}

struct page {
	int width, subjects;	/* columns of all, and of the widest subject */
	bool colored, cut;
	const char *prefix;	/* a moment, or "" */
};

static void
put_verdict(const struct imgcache_verdict *v, const struct page *page)
{
	char *subject = text_visible(v->subject), *words = words_of(v);
	const char *kind = v->container ? "container " : "";
	int column = (int)(strlen(page->prefix) + strlen(kind)) + 9;
	int room = page->subjects - (int)strlen(kind) - text_width(subject);

	fputs(page->prefix, stdout);
	color_put(stdout, page->colored, states[v->freshness].color,
		  states[v->freshness].word);
	printf("%*s%s%s", 9 - (int)strlen(states[v->freshness].word), "", kind,
	       subject);
	if (*words) {
		column += text_width(subject) + (room > 0 ? room : 0) + 2;
		printf("%*s", (room > 0 ? room : 0) + 2, "");
		text_put_wrapped(stdout, words, column,
				 (int)strlen(page->prefix) + 11, page->width);
	}
	fputc('\n', stdout);
	free(words);
	free(subject);
}

static void
set_page(struct invocation *inv, struct page *page)
{
	struct imgcache_error ignored = {0};

	page->width = page_width(stdout);
	if (page->width < 40)
		page->width = 80;
	page->colored = color_wanted(stdout, setting_value(inv->ic, "color",
							   &ignored));
	page->prefix = "";
}

static void
print_all(struct invocation *inv, const struct imgcache_verdict *v, size_t n)
{
	struct page page = {0};
	struct printer *p;

	if (given.json) {
		p = printer_new(PRINT_JSON, false);
		for (size_t i = 0; i < n; i++)
			print_verdict(p, &v[i]);
		printer_end(p);
		return;
	}
	set_page(inv, &page);
	for (size_t i = 0; i < n; i++) {
		int width = (v[i].container ? 10 : 0) +
			text_width(v[i].subject);

		if (width > page.subjects && width <= 40)
			page.subjects = width;
	}
	for (size_t i = 0; i < n; i++)
		put_verdict(&v[i], &page);
}

/* Without names, and without containers either, every image of the project. */
static int
choose(struct invocation *inv, const struct parsed *p, struct chosen *out)
{
	struct imgcache_recipe **all;
	size_t n;
	int ret;

	if (p->words.n)
		return recipes_choose(inv, p, out);
	if (containers.n || labels.n || all_running)
		return 0;
	ret = imgcache_recipe_all(inv->ic, &all, &n, &inv->err);
	if (ret)
		return ret;
	out->v = memory_checked(calloc(n + 1, sizeof(*all)));
	memcpy(out->v, all, n * sizeof(*all));
	out->n = n;
	return 0;
}

static int
look(struct invocation *inv, const struct parsed *p,
     const struct imgcache_verdict **v, size_t *n)
{
	struct imgcache_verify_options o = {
		.containers = containers.v,
		.all_running = all_running,
		.labels = labels.v,
	};
	struct chosen chosen = {0};
	int ret = choose(inv, p, &chosen);

	o.recipes = chosen.v;
	o.n_recipes = chosen.n;
	if (!ret)
		ret = imgcache_verify(inv->ic, &o, v, n, &inv->err);
	chosen_release(&chosen);
	return ret;
}

/* What was found bad the last time: container's id and subject of each. */
struct seen {
	char **v;
	size_t n;
};

static char *
key_of(const struct imgcache_verdict *v)
{
	char *key;

	if (asprintf(&key, "%s %s", v->container ? v->container : "",
		     v->subject) < 0)
		key = memory_checked(NULL);
	return key;
}

static bool
was_seen(const struct seen *seen, const struct imgcache_verdict *v)
{
	char *key = key_of(v);
	bool found = false;

	for (size_t i = 0; i < seen->n && !found; i++)
		found = !strcmp(seen->v[i], key);
	free(key);
	return found;
}

static void
forget(struct seen *seen)
{
	for (size_t i = 0; i < seen->n; i++)
		free(seen->v[i]);
	free(seen->v);
	*seen = (struct seen){ NULL, 0 };
}

static void
tell(struct invocation *inv, const struct imgcache_verdict *v)
{
	struct page page = {0};
	struct printer *p;
	char moment[32];
	time_t now = time(NULL);
	struct tm tm;

	if (given.json) {
		p = printer_new(PRINT_JSON, true);
		printer_set_line(p);
		print_verdict(p, v);
		printer_end(p);
	} else if (!given.silent) {
		if (!localtime_r(&now, &tm) ||
		    !strftime(moment, sizeof(moment), "%H:%M:%S  ", &tm))
			moment[0] = '\0';
		set_page(inv, &page);
		page.prefix = moment;
		put_verdict(v, &page);
	}
	flush_output();
}

/* Tell what is bad now and was not before. */
static void
tell_news(struct invocation *inv, const struct imgcache_verdict *v, size_t n,
	  struct seen *seen)
{
	struct seen now = {0};

	now.v = memory_checked(calloc(n + 1, sizeof(*now.v)));
	for (size_t i = 0; i < n; i++) {
		if (!is_bad(&v[i]))
			continue;
		if (!was_seen(seen, &v[i]))
			tell(inv, &v[i]);
		now.v[now.n++] = key_of(&v[i]);
	}
	forget(seen);
	*seen = now;
}

/* A look with a handle of its own, so that each reads the project anew. */
static int
look_again(const struct invocation *inv, const struct parsed *p,
	   struct seen *seen, struct imgcache_error *err)
{
	struct imgcache_options o = {
		.project_file = given.file,
		.settings = given.settings.v,
	};
	struct invocation again = { .command = inv->command };
	const struct imgcache_verdict *v;
	size_t n = 0;
	int ret = imgcache_open(&again.ic, &o, &again.err);

	if (!ret)
		ret = look(&again, p, &v, &n);
	if (!ret || n)
		tell_news(&again, v, n, seen);
	*err = again.err;
	imgcache_close(again.ic);
	return ret;
}

/*
 * Until a signal comes. What goes wrong meanwhile (a file half written, an
 * engine that starts anew) is said once and tried again.
 */
static int
keep_looking(struct invocation *inv, const struct parsed *p)
{
	struct imgcache_error err, last = {0};
	struct seen seen = {0};
	int64_t began;
	int ret;

	do {
		began = pace_now_us();
		memset(&err, 0, sizeof(err));
		ret = look_again(inv, p, &seen, &err);
		if (ret && ret != IMGCACHE_EINTR &&
		    strcmp(err.text, last.text))
			complain("%s", err.text);
		last = err;
	} while (ret != IMGCACHE_EINTR && ret != IMGCACHE_EUSAGE &&
		 pace_rest(began));
	forget(&seen);
	inv->err = err;
	if (ret == IMGCACHE_EUSAGE)
		return EXIT_USAGE;
	return IMGCACHE_EINTR;
}

static int
run(struct invocation *inv, const struct parsed *p)
{
	const struct imgcache_verdict *v;
	size_t n = 0;
	int ret;

	if (watch)
		return keep_looking(inv, p);
	ret = look(inv, p, &v, &n);
	if ((!ret || n) && (!given.silent || given.json))
		print_all(inv, v, n);
	if (ret)
		return ret;
	for (size_t i = 0; i < n; i++)
		if (is_bad(&v[i]))
			return EXIT_NO;
	return EXIT_YES;
}

const struct command command_verify = {
	.name = "verify",
	.summary = "Is the image, or what runs, what the sources say now?",
	.arguments = "[NAME... | DIR]",
	.options = options,
	.group = GROUP_IMAGES,
	.completes = COMPLETES_RECIPES,
	.run = run,
};
