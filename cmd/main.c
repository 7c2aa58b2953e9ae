/* SPDX-License-Identifier: MIT */
/*
 * From argv to a verb and from what it came to to an exit status. What stands
 * before the verb is parsed here, by the same tables as the rest; the handle
 * is opened for verbs that need one. Nothing counts as done before stdout is
 * flushed and closed without an error.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "plugin.h"
#include "progress.h"
#include "recipe.h"
#include "text.h"

struct given given;

static struct words dirs;
static const char *color;
static bool version;

static const char *const moments[] = { "auto", "always", "never", NULL };
static const struct opt options[] = {
	LIST_OPTION('C', "directory", &dirs, "DIR",
		    "work as if started there"),
	TEXT_OPTION('f', "file", &given.file, "FILE",
		    "project file, instead of imgcache.yaml found upwards"),
	LIST_OPTION('c', "config", &given.settings, "NAME=VALUE",
		    "a setting for this call, see imgcache config"),
	CHOICE_OPTION(0, "color", &color, moments, "WHEN",
		      "auto, always or never"),
	JSON_OPTION,
	QUIET_OPTION,
	FLAG_OPTION('V', "version", &version, "print the version"),
	END_OPTION
};

const struct command imgcache_itself = {
	.name = "imgcache",
	.summary = "Is there already an image for exactly these inputs, and "
		"what is it called? Built only when the true answer is no.",
	.arguments = "[OPTION...] VERB [ARGUMENT...]",
	.options = options,
	.stops_at_word = true,
	.needs_no_handle = true,
	.hidden = true,
};

void
complain(const char *fmt, ...)
{
	char text[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fputs("imgcache: ", stderr);
	text_put(stderr, text);
	fputc('\n', stderr);
	fflush(stderr);
}

int
fail(struct imgcache_error *err, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	err->code = code;
	return code;
}

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

/*
 * A descriptor that is closed when we start would become that of the first
 * file we open, the catalog say, and what we print would end up in it. It is
 * opened here for the other direction, so that using it fails.
 */
static void
hold_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd < 2);
	if (fd > 2)
		close(fd);
	setvbuf(stderr, NULL, _IOLBF, BUFSIZ);
}

/*
 * Without a reader for stdout we end as others do, by SIGPIPE, unless whoever
 * started us had it ignored.
 */
static void
end_by_sigpipe(void)
{
	signal(SIGPIPE, SIG_DFL);
	raise(SIGPIPE);
}

static int output_errno;

void
flush_output(void)
{
	if (fflush(stdout) && !output_errno)
		output_errno = errno;
}

static int
close_stdout(int status, bool pipe_ignored)
{
	bool failed;

	flush_output();
	failed = ferror(stdout);
	if (fclose(stdout)) {
		failed = true;
		output_errno = output_errno ? output_errno : errno;
	}
	if (!failed)
		return status;
	if (output_errno == EPIPE && !pipe_ignored)
		end_by_sigpipe();
	complain("cannot write the output%s%s", output_errno ? ": " : "",
		 output_errno ? strerror(output_errno) : "");
	return EXIT_FATAL;
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
	struct progress *progress = progress_new(given.quiet ||
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

/* -C once more is meant from the one before it, as git has it. */
static int
enter_directories(struct imgcache_error *err)
{
	size_t i;

	for (i = 0; i < dirs.n; i++)
		if (chdir(dirs.v[i]))
			return fail(err, IMGCACHE_EFAIL,
				    "cannot enter '%s': %s", dirs.v[i],
				    strerror(errno));
	return 0;
}

static int
add_color_setting(struct imgcache_error *err)
{
	static char text[32];

	if (!color)
		return 0;
	if (strcmp(color, "auto") && strcmp(color, "always") &&
	    strcmp(color, "never"))
		return fail(err, IMGCACHE_EUSAGE, "--color wants auto, always "
			    "or never, not '%s'", color);
	snprintf(text, sizeof(text), "color=%s", color);
	words_add(&given.settings, text);
	return 0;
}

static int
check_settings(struct imgcache_error *err)
{
	size_t i;

	for (i = 0; i < given.settings.n; i++)
		if (!strchr(given.settings.v[i], '='))
			return fail(err, IMGCACHE_EUSAGE, "-c wants "
				    "NAME=VALUE, not '%s'",
				    given.settings.v[i]);
	return 0;
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

	if (version) {
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
	ret = enter_directories(&err);
	if (!ret)
		ret = check_settings(&err);
	if (!ret)
		ret = add_color_setting(&err);
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

	hold_standard_descriptors();
	if (plugin_is_asked(argc, argv)) {
		plugin_print_metadata();
		return close_stdout(EXIT_YES, false);
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
	return close_stdout(status, pipe_action.sa_handler == SIG_IGN);
}
