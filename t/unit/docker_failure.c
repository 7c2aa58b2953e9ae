/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include "docker/failure.h"

/* Printed by docker 20.10, 26.1, 28.2, buildx 0.13 and registries. */
static const struct {
	const char *text;
	enum docker_failure failure;
} samples[] = {
	{ "Cannot connect to the Docker daemon at unix:///nope. Is the docker "
	  "daemon running?", DOCKER_NO_ENGINE },
	{ "error during connect: Get \"http://tmp:2375/v1.45/version\": dial "
	  "tcp: lookup tmp: no such host", DOCKER_NO_ENGINE },
	{ "permission denied while trying to connect to the Docker daemon "
	  "socket at unix:///var/run/docker.sock", DOCKER_NO_RIGHTS },
	{ "ERROR: failed to receive status: rpc error: code = Unavailable desc "
	  "= error reading from server: EOF", DOCKER_LOST_ENGINE },
	{ "docker: 'buildx' is not a docker command.\nSee 'docker --help'",
	  DOCKER_NO_BUILDX },
	{ "unknown flag: --progress\nSee 'docker --help'.\n\nUsage:  docker "
	  "[OPTIONS] COMMAND", DOCKER_NO_BUILDX },
	{ "unknown flag: --nosuch\nSee 'docker buildx build --help'.",
	  DOCKER_OLD_CLIENT },
	{ "Error response from daemon: client version 1.24 is too old. Minimum "
	  "supported API version is 1.44", DOCKER_API_MISMATCH },
	{ "Error response from daemon: No such image: nosuch:latest",
	  DOCKER_NO_IMAGE },
	{ "Error response from daemon: No such container: x",
	  DOCKER_NO_CONTAINER },
	{ "Error response from daemon: conflict: unable to delete dk:1 (must "
	  "be forced) - container 88f7 is using its referenced image faaa",
	  DOCKER_IN_USE },
	{ "Error response from daemon: conflict: unable to delete faaa (cannot "
	  "be forced) - image is being used by running container 88f7",
	  DOCKER_IN_USE },
	{ "ERROR: localhost:5000/nosuch:1: not found", DOCKER_NOT_FOUND },
	{ "ERROR: failed to solve: x:1: failed to resolve source metadata for "
	  "x:1: no match for platform in manifest: not found",
	  DOCKER_NO_PLATFORM },
	{ "Error response from daemon: manifest for x:1 not found: manifest "
	  "unknown: manifest unknown", DOCKER_NOT_FOUND },
	{ "ERROR: failed to do request: Head \"https://r.invalid/v2/x\": dial "
	  "tcp: lookup r.invalid on 10.0.0.1:53: no such host",
	  DOCKER_NO_NETWORK },
	{ "dial tcp 127.0.0.1:1: connect: connection refused",
	  DOCKER_NO_NETWORK },
	{ "tls: failed to verify certificate: x509: certificate signed by "
	  "unknown authority", DOCKER_NO_NETWORK },
	{ "unexpected status from HEAD request to https://r/v2/x: 403 "
	  "Forbidden", DOCKER_DENIED },
	{ "pull access denied, repository does not exist or may require "
	  "authorization: server message: insufficient_scope: authorization "
	  "failed", DOCKER_DENIED },
	{ "failed to fetch oauth token: unexpected status: 401 Unauthorized",
	  DOCKER_DENIED },
	{ "unexpected status code 429 Too Many Requests - toomanyrequests: You "
	  "have reached your pull rate limit", DOCKER_RATE_LIMIT },
	{ "write /var/lib/docker/tmp/x: no space left on device",
	  DOCKER_NO_SPACE },
	{ "ERROR: invalid reference format", DOCKER_BAD_NAME },
	{ "ERROR: failed to solve: Canceled: context canceled",
	  DOCKER_CANCELLED },
	{ "something new", DOCKER_OTHER },
	{ "", DOCKER_OTHER }
};

Test(failure, texts_are_told_apart)
{
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
		cr_expect_eq(docker_failure_of(samples[i].text),
			     samples[i].failure, "%d for: %s",
			     (int)docker_failure_of(samples[i].text),
			     samples[i].text);
}

Test(failure, every_known_one_has_an_advice)
{
	cr_expect_null(docker_failure_advice(DOCKER_OTHER));
	for (int f = DOCKER_OTHER + 1; f < DOCKER_FAILURES; f++)
		cr_expect_not_null(docker_failure_advice(
					(enum docker_failure)f), "%d", f);
}

static void
expect_line(const char *text, const char *expected)
{
	char line[40];

	docker_failure_line(text, line, sizeof(line));
	cr_expect_str_eq(line, expected);
}

Test(failure, the_line_with_the_error_is_shown)
{
	expect_line("a\nERROR: b\nc\n", "b");
	expect_line("docker: 'buildx' is not\nSee 'docker --help'\n",
		    "'buildx' is not");
	expect_line("unknown flag: --x\nUsage: much\n", "unknown flag: --x");
	expect_line("one\ntwo\n\n", "two");
	expect_line("", "");
	expect_line("ERROR: a\033[1mb", "a?[1mb");
	expect_line("0123456789012345678901234567890123456789",
		    "012345678901234567890123456789012345678");
}
