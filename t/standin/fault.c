/* SPDX-License-Identifier: MIT */
/* Texts as docker 26.1, buildx 0.13 and registries print them. */

#include "fault.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "state.h"

static const char *const texts[][2] = {
	{ "no-engine", "ERROR: Cannot connect to the Docker daemon at "
	  "unix:///var/run/docker.sock. Is the docker daemon running?" },
	{ "no-rights", "ERROR: permission denied while trying to connect to "
	  "the Docker daemon socket at unix:///var/run/docker.sock: dial unix "
	  "/var/run/docker.sock: connect: permission denied" },
	{ "lost-engine", "ERROR: failed to receive status: rpc error: code = "
	  "Unavailable desc = error reading from server: EOF" },
	{ "no-space", "ERROR: failed to solve: failed to copy files: write "
	  "/var/lib/docker/tmp/x: no space left on device" },
	{ "denied", "ERROR: failed to authorize: failed to fetch oauth token: "
	  "unexpected status from GET request to https://auth.example/token: "
	  "401 Unauthorized" },
	{ "forbidden", "ERROR: unexpected status from HEAD request to "
	  "https://registry.example/v2/x/manifests/1: 403 Forbidden" },
	{ "not-found", "ERROR: registry.example/x:1: not found" },
	{ "rate-limit", "ERROR: failed to copy: httpReadSeeker: failed open: "
	  "unexpected status code 429 Too Many Requests - Server message: "
	  "toomanyrequests: You have reached your pull rate limit" },
	{ "no-network", "ERROR: failed to do request: Head "
	  "\"https://registry.example/v2/x/manifests/1\": dial tcp: lookup "
	  "registry.example: no such host" },
	{ "tls", "ERROR: failed to do request: Head "
	  "\"https://registry.example/v2/x/manifests/1\": tls: failed to "
	  "verify certificate: x509: certificate signed by unknown authority" },
	{ "http-500", "ERROR: unexpected status from HEAD request to "
	  "https://registry.example/v2/x/manifests/1: 500 Internal Server "
	  "Error" },
	{ "in-use", "conflict: unable to delete x (must be forced) - container "
	  "0123456789ab is using its referenced image 0123456789ab" }
};

static int
count(const char *question)
{
	struct buf text = BUF_INIT;
	char number[16];
	int n;

	state_lock();
	state_read("count", question, &text);
	n = atoi(text.data) + 1;
	snprintf(number, sizeof(number), "%d", n);
	state_write("count", question, number);
	state_unlock();
	buf_release(&text);
	return n;
}

static void
look_up(char *argument, size_t size)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!strcmp(argument, texts[i][0]))
			snprintf(argument, size, "%s", texts[i][1]);
}

static bool
use_rule(struct fault *out, const char *line, const char *question,
	 int n)
{
	char who[32], when[16], mode[32];
	int used = 0;

	if (sscanf(line, "%31s %15s %31s%n", who, when, mode, &used) != 3)
		return false;
	if (strcmp(who, question) && strcmp(who, "any"))
		return false;
	if (strcmp(when, "*") && atoi(when) != n)
		return false;
	snprintf(out->mode, sizeof(out->mode), "%s", mode);
	line += used + strspn(line + used, " ");
	if (!strcmp(mode, "exit")) {
		out->status = atoi(line);
		line += strcspn(line, " ");
		line += strspn(line, " ");
	}
	snprintf(out->argument, sizeof(out->argument), "%s", line);
	look_up(out->argument, sizeof(out->argument));
	return true;
}

void
fault_find(struct fault *out, const char *question)
{
	struct buf text = BUF_INIT;
	int n = count(question);
	char *line, *rest;

	memset(out, 0, sizeof(*out));
	state_read(".", "faults", &text);
	for (rest = text.data; (line = strsep(&rest, "\n"));)
		if (use_rule(out, line, question, n))
			break;
	buf_release(&text);
}

void
fault_hang(void)
{
	for (;;)
		pause();
}

void
fault_happen(const struct fault *f)
{
	if (!strcmp(f->mode, "hang"))
		fault_hang();
	if (!strcmp(f->mode, "kill"))
		raise(SIGKILL);
	if (!strcmp(f->mode, "slow"))
		usleep((useconds_t)atoi(f->argument) * 1000);
	if (!strcmp(f->mode, "do") && system(f->argument) == -1)
		perror(f->argument);
	if (!strcmp(f->mode, "nonsense")) {
		puts("<html>what?");
		fflush(stdout);
		_exit(0);
	}
	if (!strcmp(f->mode, "exit")) {
		fprintf(stderr, "%s\n", f->argument);
		fflush(stderr);
		_exit(f->status);
	}
}
