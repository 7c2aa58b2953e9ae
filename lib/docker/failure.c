/* SPDX-License-Identifier: MIT */
/*
 * Texts are searched from the most telling to the vaguest, since one message
 * often wraps another: a registry's "denied" comes inside "failed to solve".
 */

#include "docker/failure.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/strv.h"
#include "sys/child.h"

static const struct {
	const char *text;
	enum docker_failure failure;
} wordings[] = {
	{ "permission denied while trying to connect", DOCKER_NO_RIGHTS },
	{ "docker.sock: connect: permission denied", DOCKER_NO_RIGHTS },
	{ "cannot connect to the docker daemon", DOCKER_NO_ENGINE },
	{ "failed to connect to the docker api", DOCKER_NO_ENGINE },
	{ "error during connect", DOCKER_NO_ENGINE },
	{ "docker.sock: connect: ", DOCKER_NO_ENGINE },
	{ "'buildx' is not a docker command", DOCKER_NO_BUILDX },
	{ "unknown command: docker buildx", DOCKER_NO_BUILDX },
	{ "buildx component is missing", DOCKER_NO_BUILDX },
	{ "unknown flag:", DOCKER_OLD_CLIENT },
	{ "unknown shorthand flag:", DOCKER_OLD_CLIENT },
	{ "invalid progress mode", DOCKER_OLD_CLIENT },
	{ "client version", DOCKER_API_MISMATCH },
	{ "no space left on device", DOCKER_NO_SPACE },
	{ "disk quota exceeded", DOCKER_NO_SPACE },
	{ "toomanyrequests", DOCKER_RATE_LIMIT },
	{ "too many requests", DOCKER_RATE_LIMIT },
	{ "rate limit", DOCKER_RATE_LIMIT },
	{ "no such host", DOCKER_NO_NETWORK },
	{ "temporary failure in name resolution", DOCKER_NO_NETWORK },
	{ "server misbehaving", DOCKER_NO_NETWORK },
	{ "network is unreachable", DOCKER_NO_NETWORK },
	{ "no route to host", DOCKER_NO_NETWORK },
	{ "i/o timeout", DOCKER_NO_NETWORK },
	{ "tls handshake timeout", DOCKER_NO_NETWORK },
	{ "tls: ", DOCKER_NO_NETWORK },
	{ "x509: ", DOCKER_NO_NETWORK },
	{ "server gave http response to https", DOCKER_NO_NETWORK },
	{ "awaiting response headers", DOCKER_NO_NETWORK },
	{ "context deadline exceeded", DOCKER_NO_NETWORK },
	{ "connect: connection refused", DOCKER_NO_NETWORK },
	{ "connection reset by peer", DOCKER_NO_NETWORK },
	{ "proxyconnect", DOCKER_NO_NETWORK },
	{ "500 internal server error", DOCKER_NO_NETWORK },
	{ "502 bad gateway", DOCKER_NO_NETWORK },
	{ "503 service unavailable", DOCKER_NO_NETWORK },
	{ "504 gateway time", DOCKER_NO_NETWORK },
	{ "pull access denied", DOCKER_DENIED },
	{ "authorization failed", DOCKER_DENIED },
	{ "insufficient_scope", DOCKER_DENIED },
	{ "authentication required", DOCKER_DENIED },
	{ "no basic auth credentials", DOCKER_DENIED },
	{ "unauthorized", DOCKER_DENIED },
	{ "403 forbidden", DOCKER_DENIED },
	{ "denied:", DOCKER_DENIED },
	{ "error reading from server: eof", DOCKER_LOST_ENGINE },
	{ "code = unavailable", DOCKER_LOST_ENGINE },
	{ "failed to receive status", DOCKER_LOST_ENGINE },
	{ "no such image", DOCKER_NO_IMAGE },
	{ "no such container", DOCKER_NO_CONTAINER },
	{ "is using its referenced image", DOCKER_IN_USE },
	{ "is being used by", DOCKER_IN_USE },
	{ "image is referenced in", DOCKER_IN_USE },
	{ "has dependent child images", DOCKER_IN_USE },
	{ "invalid reference format", DOCKER_BAD_NAME },
	{ "invalid tag", DOCKER_BAD_NAME },
	{ "no match for platform in manifest", DOCKER_NO_PLATFORM },
	{ "manifest unknown", DOCKER_NOT_FOUND },
	{ "name unknown", DOCKER_NOT_FOUND },
	{ "repository name not known", DOCKER_NOT_FOUND },
	{ "404 not found", DOCKER_NOT_FOUND },
	{ ": not found", DOCKER_NOT_FOUND },
	{ "context canceled", DOCKER_CANCELLED }
};

/* In the order of enum docker_failure. */
static const char *const advice[DOCKER_FAILURES] = {
	[DOCKER_OTHER] = NULL,
	[DOCKER_NO_ENGINE] = "start the engine or set DOCKER_HOST",
	[DOCKER_NO_RIGHTS] =
		"join the group that owns the socket, or use sudo",
	[DOCKER_LOST_ENGINE] = "see whether the docker engine restarted",
	[DOCKER_NO_BUILDX] =
		"install docker's buildx plugin (package docker-buildx or "
		"docker-buildx-plugin)",
	[DOCKER_OLD_CLIENT] = "upgrade docker's buildx plugin",
	[DOCKER_API_MISMATCH] =
		"upgrade the older one of docker client and engine",
	[DOCKER_NO_IMAGE] = "build it first",
	[DOCKER_NO_CONTAINER] = "see docker ps -a",
	[DOCKER_IN_USE] = "remove its containers first",
	[DOCKER_NOT_FOUND] = "check the name, or log in if it is private",
	[DOCKER_NO_PLATFORM] =
		"choose a base that has it, or another platform",
	[DOCKER_DENIED] = "check the name, and docker login",
	[DOCKER_RATE_LIMIT] = "docker login, or try again later",
	[DOCKER_NO_NETWORK] = "check network, proxy and certificates",
	[DOCKER_NO_SPACE] = "make room on the disk of the docker engine, "
		"imgcache prune may help",
	[DOCKER_BAD_NAME] = "correct the image's name",
	[DOCKER_CANCELLED] = "start it again"
};

/*
 * A client without buildx reads its options as its own, and refers to the help
 * of docker itself instead of that of a command.
 */
static bool
lacks_command(const char *text)
{
	return strstr(text, "unknown flag: ") &&
		(strstr(text, "'docker --help'") ||
		 strstr(text, "docker [OPTIONS] COMMAND"));
}

enum docker_failure
docker_failure_of(const char *text)
{
	if (lacks_command(text))
		return DOCKER_NO_BUILDX;
	for (size_t i = 0; i < sizeof(wordings) / sizeof(wordings[0]); i++)
		if (strcasestr(text, wordings[i].text))
			return wordings[i].failure;
	return DOCKER_OTHER;
}

const char *
docker_failure_advice(enum docker_failure f)
{
	return f < DOCKER_FAILURES ? advice[f] : NULL;
}

static const char *
after_marker(const char *line, size_t len)
{
	static const char *const markers[] = {
		"ERROR: ", "Error: ", "error: ", "docker: ",
		"Error response from daemon: "
	};

	for (size_t i = 0; i < sizeof(markers) / sizeof(markers[0]); i++) {
		size_t n = strlen(markers[i]);

		if (len > n && !memcmp(line, markers[i], n))
			return line + n;
	}
	return NULL;
}

static void
copy_line(char *out, size_t size, const char *line, size_t len)
{
	size_t n = len < size - 1 ? len : size - 1;

	for (size_t i = 0; i < n; i++)
		out[i] = iscntrl((unsigned char)line[i]) ? '?' : line[i];
	out[n] = '\0';
}

/* The hints that docker adds after an error are no errors. */
static bool
is_hint(const char *line)
{
	return str_starts(line, "See '") || str_starts(line, "Run 'docker") ||
		str_starts(line, "exit status ");
}

void
docker_failure_line(const char *text, char *out, unsigned long size)
{
	const char *last = NULL, *marked = NULL;
	size_t last_len = 0, marked_len = 0;

	while (*text) {
		size_t len = strcspn(text, "\r\n");
		size_t blank = strspn(text, " \t");
		const char *after = after_marker(text, len);

		if (!after && str_starts(text, "unknown flag: "))
			after = text;
		if (after) {
			marked = after;
			marked_len = len - (size_t)(after - text);
		}
		if (blank < len && !is_hint(text)) {
			last = text + blank;
			last_len = len - blank;
		}
		text += len + strspn(text + len, "\r\n");
	}
	if (marked)
		copy_line(out, size, marked, marked_len);
	else
		copy_line(out, size, last ? last : "", last_len);
}

int
docker_failure_set(const struct child_result *result, const char *text,
		   struct imgcache_error *err)
{
	const char *next = docker_failure_advice(docker_failure_of(text));
	char line[512], how[64];

	docker_failure_line(text, line, sizeof(line));
	error_clear(err);
	return error_set(err, IMGCACHE_EFAIL, "%s%s%s", *line ? line :
			 child_result_text(result, how), next ? "; " : "",
			 next ? next : "");
}
