/* SPDX-License-Identifier: MIT */
/*
 * Names are looked at by their parts, "NPM_TOKEN" is "npm" and "token". The
 * words for secrets are those of BuildKit's check (linter/ruleset.go); names
 * with a part that says where it is or how it is used are let off.
 */
#include "lint/names.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static bool
is_word(const char *s, size_t len, const char *const *words)
{
	for (; *words; words++)
		if (strlen(*words) == len && !strncasecmp(s, *words, len))
			return true;
	return false;
}

static bool
has_part(const char *name, const char *const *words)
{
	while (*name) {
		size_t len = strcspn(name, "_-.");

		if (len && is_word(name, len, words))
			return true;
		name += len + (name[len] ? 1 : 0);
	}
	return false;
}

/* Two parts, one right after the other. */
static bool
has_pair(const char *name, const char *const *first,
	 const char *const *second)
{
	while (*name) {
		size_t len = strcspn(name, "_-.");
		const char *next = name + len + (name[len] ? 1 : 0);

		if (is_word(name, len, first) &&
		    is_word(next, strcspn(next, "_-."), second))
			return true;
		name = next;
	}
	return false;
}

bool
lint_is_cache_bust(const char *name)
{
	static const char *const whole[] = {
		"cachebust", "cachebuster", "bustcache", "cachebreak",
		"cachebreaker", "cachedate", NULL
	};
	static const char *const cache[] = { "cache", NULL };
	static const char *const bust[] = {
		"bust", "buster", "busting", "break", "breaker", "date",
		"invalidate", "invalidation", "invalidator", NULL
	};
	static const char *const verbs[] = {
		"bust", "break", "invalidate", "skip", NULL
	};

	return has_part(name, whole) || has_pair(name, cache, bust) ||
		has_pair(name, verbs, cache);
}

bool
lint_is_volatile(const char *name)
{
	static const char *const whole[] = {
		"commit", "revision", "timestamp", "builddate", "buildtime",
		"gitsha", "gitcommit", "githash", "commitsha", "vcsref", NULL
	};
	static const char *const first[] = {
		"build", "git", "vcs", "commit", "source", "ci", "github",
		"scm", "app", "image", NULL
	};
	static const char *const second[] = {
		"date", "time", "timestamp", "sha", "sha1", "commit", "hash",
		"ref", "rev", "revision", "number", "id", NULL
	};
	static const char *const harmless[] = { "app", "image", NULL };
	static const char *const ids[] = { "id", "ref", "number", NULL };

	for (size_t i = 0; whole[i]; i++)
		if (!strcasecmp(name, whole[i]))
			return true;
	return has_pair(name, first, second) &&
		!has_pair(name, harmless, ids);
}

/* apt's keys are public: APT_KEY_DONT_WARN_ON_DANGEROUS_USAGE. */
static bool
has_secret(const char *name, const char *const *secrets)
{
	static const char *const apt[] = { "apt", NULL };
	static const char *const key[] = { "key", NULL };
	bool after_apt = false;

	while (*name) {
		size_t len = strcspn(name, "_-.");

		if (is_word(name, len, secrets) &&
		    !(after_apt && is_word(name, len, key)))
			return true;
		after_apt = is_word(name, len, apt);
		name += len + (name[len] ? 1 : 0);
	}
	return false;
}

bool
lint_is_secret(const char *name)
{
	static const char *const secrets[] = {
		"apikey", "auth", "credential", "credentials", "key",
		"password", "pword", "passwd", "secret", "token", NULL
	};
	static const char *const places[] = {
		"public", "pub", "file", "version", "path", "dir", "url", "uri",
		"host", "port", "name", "user", "username", "id", "type",
		"method", "mode", "enabled", "enable", "disable", "disabled",
		"required", "provider", "length", "size", "ttl", "expiry",
		"expiration", "algorithm", "issuer", "server", "keyserver",
		"ring", "keyring", "fingerprint", "gpg", "pgp", "signing",
		"endpoint", "realm", "header", "format", "backend", "service",
		"module", "policy", "strategy", NULL
	};

	return has_secret(name, secrets) && !has_part(name, places);
}

/* Forty hex digits or more: the fingerprint of a public key. */
static bool
is_fingerprint(const char *value)
{
	size_t n = strspn(value, "0123456789abcdefABCDEF");

	return (n == 40 && !value[n]) || (n == 64 && !value[n]);
}

bool
lint_is_harmless(const char *value)
{
	static const char *const words[] = {
		"true", "false", "yes", "no", "on", "off", "none", "null",
		"trust", "basic", "bearer", "md5", "any", "disabled",
		"enabled", NULL
	};

	if (!*value || *value == '/' || *value == '~' || *value == '$' ||
	    strstr(value, "://"))
		return true;
	if (strspn(value, "0123456789.") == strlen(value))
		return true;
	return is_word(value, strlen(value), words) || is_fingerprint(value);
}
