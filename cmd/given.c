/* SPDX-License-Identifier: MIT */
/* What may stand before the verb, in the same tables as the verbs' options. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"

struct given given;

static struct words dirs;
static const char *color;

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
	FLAG_OPTION('V', "version", &given.version, "print the version"),
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

int
given_take(struct imgcache_error *err)
{
	if (enter_directories(err) || check_settings(err) ||
	    add_color_setting(err))
		return err->code;
	return 0;
}
