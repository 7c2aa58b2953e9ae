/* SPDX-License-Identifier: MIT */
#include "spawned.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#define VARIABLES_MAX 512

extern char **environ;

int64_t
spawned_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* The environment with the leading words in front, where they win. */
static char **
with_words(char **words, char **env)
{
	int n = 0;

	for (; *words && strchr(*words, '='); words++)
		env[n++] = *words;
	for (char **e = environ; *e && n < VARIABLES_MAX - 1; e++) {
		size_t len = strcspn(*e, "=") + 1;
		int i = 0;

		while (i < n && strncmp(env[i], *e, len))
			i++;
		if (i == n)
			env[n++] = *e;
	}
	env[n] = NULL;
	return words;
}

pid_t
spawned_start(char **words)
{
	static posix_spawn_file_actions_t actions;
	static int is_ready;
	char *env[VARIABLES_MAX];
	char **argv = with_words(words, env);
	pid_t pid;
	int rc;

	if (!is_ready) {
		posix_spawn_file_actions_init(&actions);
		posix_spawn_file_actions_addopen(&actions, 1, "/dev/null",
						 O_WRONLY, 0);
		is_ready = 1;
	}
	rc = posix_spawnp(&pid, argv[0], &actions, NULL, argv, env);
	if (rc) {
		fprintf(stderr, "cannot start '%s': %s\n", argv[0],
			strerror(rc));
		exit(128);
	}
	return pid;
}

static int64_t
ns_of(struct timeval t)
{
	return (int64_t)t.tv_sec * 1000000000 + (int64_t)t.tv_usec * 1000;
}

pid_t
spawned_wait(pid_t pid, int64_t *cpu_ns)
{
	struct rusage used;
	int status;
	pid_t got;

	do
		got = wait4(pid, &status, 0, &used);
	while (got < 0 && errno == EINTR);
	if (got < 0 || !WIFEXITED(status) || WEXITSTATUS(status)) {
		fprintf(stderr, "a command of the bench failed: status %#x\n",
			got < 0 ? 0 : (unsigned int)status);
		exit(128);
	}
	if (cpu_ns)
		*cpu_ns = ns_of(used.ru_utime) + ns_of(used.ru_stime);
	return got;
}

struct sample
spawned_run(char **words)
{
	struct sample s;
	int64_t start = spawned_now_ns();

	spawned_wait(spawned_start(words), &s.cpu_ns);
	s.wall_ns = spawned_now_ns() - start;
	return s;
}
