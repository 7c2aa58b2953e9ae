/* SPDX-License-Identifier: MIT */
/*
 * race RUNS -- COMMAND... [-- COMMAND...]...: run the commands in turn, RUNS
 * rounds after two that do not count, so that a machine that is busy for a
 * while is busy for all of them. For each a line: median wall time, least wall
 * time, median processor time, in microseconds.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spawned.h"

#define COMMANDS_MAX 32
#define WARM_UP 2

static int
compare(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void
print_line(const struct sample *v, int n)
{
	int64_t *wall = calloc((size_t)n, sizeof(*wall));
	int64_t *cpu = calloc((size_t)n, sizeof(*cpu));

	if (!wall || !cpu)
		exit(128);
	for (int i = 0; i < n; i++) {
		wall[i] = v[i].wall_ns;
		cpu[i] = v[i].cpu_ns;
	}
	qsort(wall, (size_t)n, sizeof(*wall), compare);
	qsort(cpu, (size_t)n, sizeof(*cpu), compare);
	printf("%.1f %.1f %.1f\n", (double)wall[n / 2] / 1e3,
	       (double)wall[0] / 1e3, (double)cpu[n / 2] / 1e3);
	free(wall);
	free(cpu);
}

/* Where each command begins; the separators become the ends of argvs. */
static int
split(char **argv, char **commands[])
{
	int n = 0;

	for (; *argv; argv++) {
		if (strcmp(*argv, "--"))
			continue;
		*argv = NULL;
		if (n == COMMANDS_MAX || !argv[1])
			return -1;
		commands[n++] = argv + 1;
	}
	return n;
}

int
main(int argc, char **argv)
{
	int runs = argc > 3 ? atoi(argv[1]) : 0;
	char **commands[COMMANDS_MAX];
	int n = runs > 0 ? split(argv + 2, commands) : -1;
	struct sample *v;

	if (n <= 0) {
		fprintf(stderr, "usage: race RUNS -- COMMAND... "
			"[-- COMMAND...]...\n");
		return 129;
	}
	v = calloc((size_t)n * (size_t)runs, sizeof(*v));
	if (!v)
		return 128;
	for (int r = -WARM_UP; r < runs; r++)
		for (int i = 0; i < n; i++) {
			struct sample s = spawned_run(commands[i]);

			if (r >= 0)
				v[i * runs + r] = s;
		}
	for (int i = 0; i < n; i++)
		print_line(v + (size_t)i * (size_t)runs, runs);
	free(v);
	return 0;
}
