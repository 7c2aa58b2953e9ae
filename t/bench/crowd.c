/* SPDX-License-Identifier: MIT */
/*
 * crowd WIDTH TOTAL COMMAND...: run the command TOTAL times, WIDTH of them at
 * any moment. Prints how many were run in a second.
 */

#include <stdio.h>
#include <stdlib.h>

#include "spawned.h"

int
main(int argc, char **argv)
{
	int width = argc > 3 ? atoi(argv[1]) : 0;
	int total = argc > 3 ? atoi(argv[2]) : 0;
	int64_t start = spawned_now_ns();
	int started = 0, ended = 0;

	if (width <= 0 || total < width) {
		fprintf(stderr, "usage: crowd WIDTH TOTAL COMMAND...\n");
		return 129;
	}
	while (ended < total) {
		if (started < total && started - ended < width) {
			spawned_start(argv + 3);
			started++;
		} else {
			spawned_wait(-1, NULL);
			ended++;
		}
	}
	printf("%.0f\n", total * 1e9 / (double)(spawned_now_ns() - start));
	return 0;
}
