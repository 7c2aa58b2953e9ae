/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_LINT_FIX_MOUNT_H
#define IMGCACHE_LINT_FIX_MOUNT_H

/*
 * Fixes of RUN instructions. Each adds edits to the last note, where the text
 * is such that it can be done without guessing; else it does nothing.
 */

#include "lint/docker.h"

/* Settings of apt that only the step sees, in a tmpfs. */
#define LINT_APT_CONF "/dev/shm/apt-keep.conf"

/*
 * Cache mounts for apt, pip or npm: the flags, false where it cannot be done;
 * then the cure that says all that is written, and the edits.
 */
bool lint_fix_flags(const struct lint_docker *d, const struct lint_run *run,
		    const struct lint_install *in, struct strv *flags);
void lint_fix_cure(struct lint_docker *d, const struct lint_run *run,
		   const struct lint_install *in, const struct strv *flags);
void lint_fix_mount(struct lint_docker *d, const struct lint_run *run,
		    const struct lint_install *in, const struct strv *flags);

/* Have apt keep what it fetches, without a trace in the image. */
void lint_fix_disarm(struct lint_docker *d, const struct lint_run *run);

void lint_fix_sharing(struct lint_docker *d, const struct lint_mount *m);
void lint_fix_id(struct lint_docker *d, const struct lint_run *run,
		 const struct lint_mount *m);

/* Take out a command of a list, or a word of a command. */
void lint_fix_drop_command(struct lint_docker *d, const struct lint_run *run,
			   const struct shell_command *c);
void lint_fix_drop_word(struct lint_docker *d, const struct lint_run *run,
			const struct shell_command *c,
			const struct shell_word *w);

#endif
