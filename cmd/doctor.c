/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "printer.h"
#include "text.h"
#include "verbs.h"

#define INDENT 10		/* the marks and two blanks */

static bool online;

static const struct opt options[] = {
	FLAG_OPTION(0, "online", &online,
		    "try the network inside a build, and the registry"),
	JSON_OPTION,
	END_OPTION
};

/* In the order of enum imgcache_health. */
static const struct {
	const char *word;	/* in JSON */
	const char *mark;
	enum color color;
} healths[] = {
	{ "ok", "ok      ", COLOR_GREEN },
	{ "note", "note    ", COLOR_YELLOW },
	{ "repaired", "repaired", COLOR_YELLOW },
	{ "ill", "ill     ", COLOR_RED },
};

/*
 * An array of objects, in the order in which doctor looked:
 *
 *	health	"ok", "note", "repaired" or "ill"
 *	topic	string
 *	text	string
 *	cure	string or null: what to do
 */
static void
print_findings(const struct imgcache_finding *v, size_t n)
{
	struct printer *p = printer_new(PRINT_JSON, false);
	size_t i;

	for (i = 0; i < n; i++) {
		print_record(p);
		print_text(p, "health", NULL, healths[v[i].health].word);
		print_text(p, "topic", NULL, v[i].topic);
		print_text(p, "text", NULL, v[i].text);
		print_text(p, "cure", NULL, v[i].cure);
	}
	printer_end(p);
}

static void
put_wrapped(const char *text, int column)
{
	int width = terminal_width(STDOUT_FILENO);
	char *visible = text_visible(text);

	text_put_wrapped(stdout, visible, column, INDENT, width ? width : 80);
	free(visible);
}

static void
tell(const struct imgcache_finding *f, bool colored)
{
	color_put(stdout, colored, healths[f->health].color,
		  healths[f->health].mark);
	printf("  %s: ", f->topic);
	put_wrapped(f->text, INDENT + text_width(f->topic) + 2);
	if (f->cure) {
		printf("\n%*s", INDENT, "");
		put_wrapped(f->cure, INDENT);
	}
	putchar('\n');
}

static int
run(struct invocation *inv, const struct parsed *p)
{
	const struct imgcache_finding *v;
	bool colored;
	size_t i, n;
	int ret = imgcache_doctor(inv->ic, online, &v, &n, &inv->err);

	(void)p;
	if (ret)
		return ret;
	colored = color_wanted(stdout, setting_value(inv->ic, "color",
						     &inv->err));
	if (given.json)
		print_findings(v, n);
	for (i = 0; i < n; i++) {
		if (!given.json)
			tell(&v[i], colored);
		if (v[i].health == IMGCACHE_ILL)
			ret = EXIT_NO;
	}
	return ret;
}

const struct command command_doctor = {
	.name = "doctor",
	.summary = "Check the set-up, and repair what can be repaired.",
	.arguments = "",
	.options = options,
	.group = GROUP_CARE,
	.bad_project = IMGCACHE_BAD_PROJECT_TOLD,
	.run = run,
};
