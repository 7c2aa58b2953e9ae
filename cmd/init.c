/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "printer.h"
#include "text.h"
#include "verbs.h"

static const char *const hooks[] = { "pre-push", "pre-pulumi", NULL };

static struct imgcache_init_options init;
static int hook = -1;

static const struct opt options[] = {
	FLAG_OPTION('n', "dry-run", &init.dry_run,
		    "write nothing, show the differences"),
	FLAG_OPTION(0, "force", &init.force,
		    "replace files that are there and differ"),
	TEXT_OPTION('b', "base", &init.base, "IMAGE",
		    "base of every image that is made of package lists"),
	WORD_OPTION(0, "hooks", &hook, hooks, "pre-push|pre-pulumi",
		    "install a script that builds before a push or pulumi"),
	JSON_OPTION,
	END_OPTION
};

static const char *
action_word(enum imgcache_init_action a)
{
	static const char *const done[] = {
		"created", "replaced", "kept", "unchanged"
	};
	static const char *const would[] = {
		"create", "replace", "keep", "unchanged"
	};

	return init.dry_run ? would[a] : done[a];
}

/*
 * One object:
 *
 *	dryRun	bool
 *	images	number: those that would build
 *	files	array of { path, action, what, diff }
 *	notes	array of strings
 */
static void
print_result(const struct imgcache_init_result *r)
{
	struct printer *p = printer_new(PRINT_JSON, true);
	size_t i;

	print_record(p);
	print_bool(p, "dryRun", init.dry_run);
	print_number(p, "images", NULL, (int64_t)r->n_images, AS_NUMBER);
	print_list(p, "files");
	for (i = 0; i < r->n_files; i++) {
		print_object(p, "file");
		print_text(p, "path", NULL, r->files[i].path);
		print_text(p, "action", NULL, action_word(r->files[i].action));
		print_text(p, "what", NULL, r->files[i].what);
		print_text(p, "diff", NULL, r->files[i].diff);
		print_object_end(p);
	}
	print_list_end(p);
	print_list(p, "notes");
	for (i = 0; i < r->n_notes; i++)
		print_text(p, "note", NULL, r->notes[i]);
	print_list_end(p);
	printer_end(p);
}

static void
put_diffs(const struct imgcache_init_result *r)
{
	size_t i;

	for (i = 0; i < r->n_files; i++)
		if (r->files[i].action == IMGCACHE_INIT_CREATE ||
		    r->files[i].action == IMGCACHE_INIT_REPLACE)
			text_put_data(stdout, r->files[i].diff,
				      strlen(r->files[i].diff));
}

static void
put_files(const struct imgcache_init_result *r)
{
	size_t i;

	for (i = 0; i < r->n_files; i++) {
		printf("%-9s  ", action_word(r->files[i].action));
		text_put(stdout, r->files[i].path);
		putchar('\n');
	}
}

static void
put_notes(const struct imgcache_init_result *r)
{
	size_t i;

	for (i = 0; i < r->n_notes && !given.quiet; i++)
		complain("%s", r->notes[i]);
}

/* A file that was to be written and was not: the answer is no. */
static int
check_kept(struct invocation *inv, const struct imgcache_init_result *r)
{
	size_t i, n = 0, first = 0;

	for (i = r->n_files; i-- > 0;)
		if (r->files[i].action == IMGCACHE_INIT_KEEP) {
			first = i;
			n++;
		}
	if (!n)
		return 0;
	return fail(&inv->err, IMGCACHE_ENO, "%s%s is there already and "
		    "differs; --force replaces it", r->files[first].path,
		    n > 1 ? ", like others," : "");
}

static int
run(struct invocation *inv, const struct parsed *p)
{
	struct imgcache_init_result r;
	int ret;

	(void)p;
	init.hook = hook < 0 ? NULL : hooks[hook];
	ret = imgcache_init(inv->ic, &init, &r, &inv->err);
	put_notes(&r);
	if (ret)
		return ret;
	if (given.json)
		print_result(&r);
	else if (init.dry_run)
		put_diffs(&r);
	else
		put_files(&r);
	return check_kept(inv, &r);
}

const struct command command_init = {
	.name = "init",
	.summary = "Write a first imgcache.yaml from what the project holds.",
	.arguments = "",
	.options = options,
	.group = GROUP_IMAGES,
	.bad_project = IMGCACHE_BAD_PROJECT_WARNS,
	.run = run,
};
