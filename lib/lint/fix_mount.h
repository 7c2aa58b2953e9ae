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
 * Cache mounts for apt, pip or npm: the flags, and the edits, false where it
 * cannot be done; then the cure that says all that is written.
 */
bool lint_fix_flags(const struct lint_docker *d, const struct lint_run *run,
		    const struct lint_install *in, struct strv *flags);
void lint_fix_cure(struct lint_docker *d, const struct lint_run *run,
		   const struct lint_install *in, const struct strv *flags);
bool lint_fix_mount(struct lint_docker *d, const struct lint_run *run,
		    const struct lint_install *in, const struct strv *flags);

/* Have apt keep what it fetches, without a trace in the image. */
void lint_fix_disarm(struct lint_docker *d, const struct lint_run *run);

void lint_fix_sharing(struct lint_docker *d, const struct lint_mount *m);
void lint_fix_id(struct lint_docker *d, const struct lint_run *run,
		 const struct lint_mount *m);

/* Does a command of the step, other than rm, name that folder? */
bool lint_fix_is_watched(const struct lint_run *run, const char *target);

/* Does the step empty or read what would be mounted for the install? */
bool lint_fix_is_cleaned(const struct lint_run *run,
			 const struct lint_install *in);

/*
 * Take out a command of a list, or a word of a command: false if nothing was
 * done.
 */
bool lint_fix_drop_command(struct lint_docker *d, const struct lint_run *run,
			   const struct shell_command *c);
bool lint_fix_drop_word(struct lint_docker *d, const struct lint_run *run,
			const struct shell_command *c,
			const struct shell_word *w);

#endif
