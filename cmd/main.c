/* SPDX-License-Identifier: MIT */
/*
 * From argv to a verb and from what it came to to an exit status. The handle is
 * opened for verbs that need one. Nothing counts as done before stdout is
 * flushed and closed without an error.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "plugin.h"
#include "progress.h"
#include "recipe.h"
#include "streams.h"

/* The one place where codes of the library become statuses for the shell. */
static int
status_of(int code)
{
	switch (code) {
	case IMGCACHE_OK:
		return EXIT_YES;
	case IMGCACHE_ENO:
		return EXIT_NO;
	case IMGCACHE_EBUILD:
		return EXIT_BUILD;
	case IMGCACHE_ECHANGED:
		return EXIT_CHANGED;
	case IMGCACHE_EBUSY:
		return EXIT_BUSY;
	case IMGCACHE_EUSAGE:
		return EXIT_USAGE;
	default:
		return code < 0 ? EXIT_FATAL : code;
	}
}

/* Tell what went wrong; the status that follows from it. */
static int
report(const struct invocation *inv, int code, const struct progress *progress)
{
	const char *text = inv->err.text;
	const char *log = progress ? progress_log(progress) : NULL;

	if (code >= 0)
		return code;
	complain("%s", *text ? text : "failed without a reason");
	if (code == IMGCACHE_EBUILD && log && !strstr(text, log) &&
	    !strstr(text, "imgcache log "))
		complain("the log is in %s", log);
	return inv->command->failure ? inv->command->failure : status_of(code);
}

static int
with_handle(struct invocation *inv, const struct parsed *p)
{
	struct progress *progress = progress_new(given.quiet || given.silent ||
						 given.quiet_id ||
						 given.progress ==
						 PROGRESS_QUIET);
	struct imgcache_options o = {
		.project_file = given.file,
		.settings = given.settings.v,
		.bad_project = inv->command->bad_project,
		.on_event = progress_event,
		.payload = progress,
	};
	struct imgcache_error ignored = {0};
	int ret;

	if (given.progress == PROGRESS_PLAIN)
		progress_set_plain(progress);
	imgcache_signals_begin();
	ret = imgcache_open(&inv->ic, &o, &inv->err);
	if (ret == IMGCACHE_ENO)
		ret = IMGCACHE_EFAIL;	/* a missing file is no miss */
	if (!ret) {
		progress_set_color(progress, setting_value(inv->ic, "color",
							   &ignored));
		ret = inv->command->run(inv, p);
	}
	progress_pause(progress);
	if (ret != IMGCACHE_EINTR)
		ret = report(inv, ret, progress);
	imgcache_close(inv->ic);
	progress_free(progress);
	if (ret == IMGCACHE_EINTR) {
		flush_output();
		/* docker takes a plugin that ends by a signal for a 255 */
		if (plugin_is_entered())
			return EXIT_FATAL + imgcache_signals_caught();
		imgcache_signals_end();
		ret = EXIT_FATAL;
	}
	return ret;
}

static int
run_command(const struct command *c, int argc, char **argv)
{
	struct invocation inv = { .command = c };
	struct parsed p = {0};
	int ret;

	ret = opt_parse(c, argc, argv, &p, &inv.err);
	if (!ret && p.words.n && !*c->arguments)
		ret = fail(&inv.err, IMGCACHE_EUSAGE, "%s takes no arguments, "
			   "'%s' is one", c->name, p.words.v[0]);
	if (!ret)
		ret = recipe_flags_to_settings(&p, &inv.err);
	if (given.no_stat_cache)
		words_add(&given.settings, "stat_cache=false");
	if (ret) {
		ret = report(&inv, ret, NULL);
	} else if (p.usage) {
		opt_usage(stdout, c);
	} else if (p.help) {
		ret = help_open(c);
	} else if (c->needs_no_handle) {
		ret = report(&inv, c->run(&inv, &p), NULL);
	} else {
		ret = with_handle(&inv, &p);
	}
	parsed_release(&p);
	return ret;
}

static int
run_verb(struct words *words)
{
	const char *name = words->v[0];
	const struct command *c = command_find(name);
	const char *near;

	if (c)
		return run_command(c, (int)words->n, (char **)words->v);
	near = command_nearest(name);
	if (near)
		complain("'%s' is no verb; did you mean '%s'?", name, near);
	else
		complain("'%s' is no verb; see imgcache -h", name);
	return EXIT_USAGE;
}

static int
run_itself(struct parsed *p)
{
	struct imgcache_error err = {0};
	int ret;

	if (given.version) {
		puts("imgcache " IMGCACHE_VERSION);
		return EXIT_YES;
	}
	if (p->usage) {
		opt_overview(stdout);
		return EXIT_YES;
	}
	if (p->help)
		return help_open(NULL);
	if (!p->words.n) {
		opt_overview(stderr);
		return EXIT_USAGE;
	}
	ret = given_take(&err);
	if (!ret)
		return run_verb(&p->words);
	complain("%s", err.text);
	return status_of(ret);
}

int
main(int argc, char **argv)
{
	struct imgcache_error err = {0};
	struct parsed p = {0};
	struct sigaction pipe_action;
	int status;

	streams_begin();
	if (plugin_is_asked(argc, argv)) {
		plugin_print_metadata();
		return streams_end(EXIT_YES, false);
	}
	sigaction(SIGPIPE, NULL, &pipe_action);
	if (plugin_enter(&argc, argv, &err) ||
	    opt_parse(&imgcache_itself, argc, argv, &p, &err)) {
		complain("%s", err.text);
		status = EXIT_USAGE;
	} else {
		status = run_itself(&p);
	}
	parsed_release(&p);
	return streams_end(status, pipe_action.sa_handler == SIG_IGN);
}
