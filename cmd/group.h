/* SPDX-License-Identifier: MIT */
#ifndef CMD_GROUP_H
#define CMD_GROUP_H

/*
 * In a job of GitHub Actions each image is a group on stderr, and lines in it
 * that look like commands to the runner are none: a step may print anything.
 * Elsewhere nothing is written.
 */

struct log_group {
	char word[33];		/* ends what the runner must not obey, or "" */
};

/* One that is open stays. name NULL: an image without one. */
void group_open(struct log_group *g, const char *name);
void group_close(struct log_group *g);

#endif
