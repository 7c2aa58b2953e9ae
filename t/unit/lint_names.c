/* SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>

#include "lint/names.h"

typedef bool name_fn(const char *name);

static void
check(name_fn *fn, bool expect, const char *const *names)
{
	for (; *names; names++)
		cr_expect_eq(fn(*names), expect, "%s", *names);
}

Test(lint_names, cache_busts)
{
	static const char *const yes[] = {
		"CACHE_BUST", "CACHEBUST", "cache_buster", "BUST_CACHE",
		"INVALIDATE_CACHE", "APP_CACHE_BUST", "CACHE_DATE", NULL
	};
	static const char *const no[] = {
		"CACHE", "CACHE_DIR", "NPM_CONFIG_CACHE", "DATE", "ROBUST", "",
		"BUST", "NO_CACHE_DIR", NULL
	};

	check(lint_is_cache_bust, true, yes);
	check(lint_is_cache_bust, false, no);
}

Test(lint_names, what_changes_with_builds_and_commits)
{
	static const char *const yes[] = {
		"BUILD_DATE", "GIT_SHA", "GIT_COMMIT", "VCS_REF", "COMMIT",
		"COMMIT_SHA", "SOURCE_COMMIT", "CI_COMMIT_SHA", "REVISION",
		"GITHUB_SHA", "git_rev", "BUILD_NUMBER", "BUILD_TIMESTAMP", NULL
	};
	static const char *const no[] = {
		"VERSION", "GO_VERSION", "PYTORCH_COMMIT", "APP_ID", "REF", "",
		"IMAGE_ID", "BUILD_TYPE", "DATE_FORMAT", "IMAGE_REF", NULL
	};

	check(lint_is_volatile, true, yes);
	check(lint_is_volatile, false, no);
}

Test(lint_names, secrets)
{
	static const char *const yes[] = {
		"PASSWORD", "DB_PASSWORD", "NPM_TOKEN", "API_KEY",
		"AWS_SECRET_ACCESS_KEY", "apikey", "GITHUB_AUTH", NULL
	};
	static const char *const no[] = {
		"PUBLIC_KEY", "KEY_FILE", "TOKEN_URL", "MONKEY", "KEYBOARD", "",
		"AUTH_METHOD", "GPG_KEY", "SECRET_NAME", "TOKENIZERS", NULL
	};

	check(lint_is_secret, true, yes);
	check(lint_is_secret, false, no);
}

Test(lint_names, values_that_are_none)
{
	static const char *const yes[] = {
		"", "/run/secrets/x", "~/x", "$X", "https://x", "true", "No",
		"8080", "1.5", "E3FF2839C048B25C084DEBE9B26995E310250568", NULL
	};
	static const char *const no[] = {
		"hunter2", "changeme", "abc/def", "12ab", "E3FF2839C048B25C",
		NULL
	};

	check(lint_is_harmless, true, yes);
	check(lint_is_harmless, false, no);
}
