/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "lint/install.h"

#define NONE ""

static const struct lint_manager_info managers[LINT_MANAGERS] = {
	[LINT_APT] = { "apt-get", "/var/cache/apt", ",sharing=locked, and "
		"/var/lib/apt/lists where the step fetches and removes the "
		"lists", "apt", { "/var/cache/apt", "/var/lib/apt" } },
	[LINT_APK] = { "apk", "/etc/apk/cache", ", without --no-cache", "apk",
		{ "/var/cache/apk", "/etc/apk/cache" } },
	[LINT_DNF] = { "dnf", "/var/cache/dnf", ",sharing=locked, with "
		"--setopt=keepcache=1; the folder of dnf5 (Fedora 41 and "
		"later) is /var/cache/libdnf5", "dnf", { "/var/cache/dnf",
		"/var/cache/yum", "/var/cache/libdnf5", "/var/cache/tdnf" } },
	[LINT_ZYPPER] = { "zypper", "/var/cache/zypp", ", after zypper "
		"modifyrepo --keep-packages --all", "zypper",
		{ "/var/cache/zypp" } },
	[LINT_PACMAN] = { "pacman", "/var/cache/pacman/pkg", NONE, "pacman",
		{ "/var/cache/pacman" } },
	[LINT_PIP] = { "pip", "/root/.cache/pip", NONE, "pip",
		{ "/pip", "pip-cache", "pip_cache", "pipenv" } },
	[LINT_UV] = { "uv", "/root/.cache/uv", NONE, "uv",
		{ "/uv", "uv-cache" } },
	[LINT_POETRY] = { "poetry", "/root/.cache/pypoetry", NONE, "poetry",
		{ "poetry", "/pip" } },
	[LINT_CONDA] = { "conda", "/opt/conda/pkgs", NONE, "conda",
		{ "conda", "mamba" } },
	[LINT_NPM] = { "npm", "/root/.npm", NONE, "npm", { "npm" } },
	[LINT_YARN] = { "yarn", "/usr/local/share/.cache/yarn", NONE, "yarn",
		{ "yarn" } },
	[LINT_PNPM] = { "pnpm", "/root/.local/share/pnpm/store", NONE, "pnpm",
		{ "pnpm" } },
	[LINT_BUN] = { "bun", "/root/.bun/install/cache", NONE, "bun",
		{ "bun" } },
	[LINT_GO] = { "go", "/go/pkg/mod", NONE, "go",
		{ "/pkg/mod", "/go/pkg", "go-build", "/gocache", "/go" } },
	[LINT_CARGO] = { "cargo", "/usr/local/cargo/registry", NONE, "cargo",
		{ "cargo", "/target" } },
	[LINT_GEM] = { "gem", NULL, NONE, NULL, { "gem", "bundle" } },
	[LINT_BUNDLE] = { "bundle", NULL, NONE, NULL, { "bundle", "gem" } },
	[LINT_COMPOSER] = { "composer", NULL, NONE, NULL, { "composer" } },
	[LINT_MAVEN] = { "mvn", "/root/.m2", NONE, "maven",
		{ ".m2", "maven" } },
	[LINT_GRADLE] = { "gradle", "/root/.gradle", NONE, "gradle",
		{ "gradle" } },
};

const struct lint_manager_info *
lint_manager(enum lint_manager m)
{
	return &managers[m];
}

bool
lint_manager_owns(enum lint_manager m, const char *target)
{
	size_t n = sizeof(managers[m].marks) / sizeof(*managers[m].marks);

	for (size_t i = 0; i < n && managers[m].marks[i]; i++)
		if (strstr(target, managers[m].marks[i]))
			return true;
	return false;
}
