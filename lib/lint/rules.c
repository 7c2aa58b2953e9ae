/* SPDX-License-Identifier: MIT */
/* The table of rules; imgcache-lint(1) has the same, and a test compares. */
#include "lint/lint.h"

#include <string.h>
#include <strings.h>

#include "base/error.h"

#define INFO IMGCACHE_SEVERITY_INFO
#define WARNING IMGCACHE_SEVERITY_WARNING
#define ERROR IMGCACHE_SEVERITY_ERROR

static const struct imgcache_lint_rule rules[LINT_RULES] = {
	[LINT_UNREADABLE] = { "IC000", "unreadable", ERROR, false,
		"Docker would refuse the file." },
	[LINT_COPY_BEFORE_INSTALL] = { "IC001", "copy-before-install", WARNING,
		true, "The whole context is copied before dependencies are "
		"installed, so every change installs them again." },
	[LINT_CONTEXT] = { "IC002", "untrimmed-context", WARNING, true,
		"The context that is copied holds .git, node_modules or "
		"caches, or more than 100 MB." },
	[LINT_MOVING_BASE] = { "IC003", "moving-base", WARNING, false,
		"A base image has a tag that moves, or none." },
	[LINT_REINSTALL] = { "IC004", "reinstall", WARNING, false,
		"What is there already is installed once more." },
	[LINT_CACHE_DEFEATED] = { "IC005", "cache-defeated", WARNING, true,
		"A cache mount is bypassed or emptied by the step that has "
		"it." },
	[LINT_CACHE_BUST] = { "IC006", "cache-bust", WARNING, false,
		"An argument is there to defeat the cache at every build." },
	[LINT_APT_MOUNT] = { "IC007", "apt-mount", WARNING, true,
		"An apt cache mount is not locked, or docker-clean empties "
		"it." },
	[LINT_LONE_UPDATE] = { "IC008", "lone-update", WARNING, false,
		"The package lists are fetched in a step of their own, which "
		"stays cached while they age." },
	[LINT_DEAD_DIRECTIVE] = { "IC009", "dead-directive", WARNING, false,
		"A parser directive stands where it is only a comment." },
	[LINT_UNQUOTED_VERSION] = { "IC010", "unquoted-version", ERROR, true,
		"A version operator is not quoted, so the shell takes it for "
		"a redirection." },
	[LINT_VOLATILE] = { "IC011", "volatile-above-install", WARNING, false,
		"A date or a commit is set above an install that does not use "
		"it." },
	[LINT_NO_LOCK] = { "IC012", "lock-not-used", WARNING, false,
		"npm install is used where a lock file is there." },
	[LINT_MOUNT_ID] = { "IC013", "mount-without-id", INFO, true,
		"A cache mount has no id, so all Dockerfiles share it by its "
		"path." },
	[LINT_SECRET] = { "IC014", "secret-in-image", WARNING, false,
		"A secret passes through ARG or ENV and stays in the "
		"image." },
	[LINT_SCRIPT] = { "IC015", "cache-thrown-away", WARNING, false,
		"A script empties docker's cache or builds without it." },
	[LINT_CACHE_EXPORT] = { "IC016", "cache-export", WARNING, false,
		"A local cache is exported to /tmp, or only ever grows." },
	[LINT_NO_MOUNT] = { "IC017", "install-without-mount", WARNING, true,
		"Packages are installed without a cache mount, so each rerun "
		"fetches them all." },
	[LINT_COPY_GIT] = { "IC018", "copies-git", WARNING, false,
		"The .git folder is copied, and changes with every commit." },
	[LINT_COPY_IGNORED] = { "IC019", "copies-ignored", ERROR, false,
		"What is copied is left out by the ignore file." },
	[LINT_PATTERN_IDLE] = { "IC020", "idle-pattern", INFO, false,
		"A pattern of an ignore file matches nothing, and is not for "
		"what a build or a tool makes." },
	[LINT_EXCEPTION_DEAD] = { "IC021", "dead-exception", WARNING, false,
		"An exception of an ignore file brings nothing back." },
	[LINT_GITIGNORE_HABIT] = { "IC022", "gitignore-habit", WARNING, true,
		"A pattern is meant for all folders, as git has it, but docker "
		"matches it at the top only." },
	[LINT_ENCODING] = { "IC023", "ignore-file-encoding", INFO, true,
		"An ignore file has a byte order mark or CRLF line ends." },
	[LINT_REMOTE_ADD] = { "IC024", "unchecked-download", WARNING, false,
		"ADD fetches a URL without a checksum, or a repository without "
		"a commit's id." },
	[LINT_IGNORE_COMMENT] = { "IC025", "bad-ignore-comment", WARNING,
		false, "A comment that silences a rule names none, or gives no "
		"reason." },
	[LINT_IGNORE_UNUSED] = { "IC026", "unused-ignore-comment", INFO, false,
		"A comment silences a rule that finds nothing there." },
	[LINT_SENT_EMPTY] = { "IC027", "sent-empty", ERROR, false,
		"Docker sends a file without its content, since a pattern "
		"behind the exception that keeps it matches a folder above "
		"it." },
};

const struct imgcache_lint_rule *
imgcache_lint_rules(size_t *n)
{
	*n = LINT_RULES;
	return rules;
}

const struct imgcache_lint_rule *
lint_rule(enum lint_rule rule)
{
	return &rules[rule];
}

enum lint_rule
lint_rule_find(const char *id)
{
	int i;

	for (i = 0; i < LINT_RULES; i++)
		if (!strcasecmp(id, rules[i].id) || !strcmp(id, rules[i].name))
			break;
	return (enum lint_rule)i;
}

int
lint_rule_unknown(const char *id, int code, struct imgcache_error *err)
{
	const char *words[2 * LINT_RULES], *near;
	size_t i;

	for (i = 0; i < LINT_RULES; i++) {
		words[i] = rules[i].id;
		words[LINT_RULES + i] = rules[i].name;
	}
	near = str_nearest(id, words, 2 * LINT_RULES);
	if (near)
		return error_set(err, code, "no lint rule '%.64s'; did you "
				 "mean '%s'?", id, near);
	return error_set(err, code, "no lint rule '%.64s'; see imgcache lint "
			 "--rules", id);
}
