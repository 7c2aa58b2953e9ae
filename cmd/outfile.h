/* SPDX-License-Identifier: MIT */
#ifndef CMD_OUTFILE_H
#define CMD_OUTFILE_H

/*
 * What goes to stdout goes to a file for a while. A replaced file is there as
 * a whole or as it was before, whoever reads it meanwhile; its name ends in
 * nothing that a collector of files looks for until then.
 */

#include <stdbool.h>

struct imgcache_error;

struct outfile {
	const char *path;	/* borrowed */
	char *temp;		/* NULL: appending */
	int stdout_fd;		/* what stdout was */
};

/* What is no regular file is refused, unless it is appended to. */
int outfile_begin(struct outfile *o, const char *path, bool append,
		  struct imgcache_error *err);

/* stdout is again what it was, whatever happened. */
int outfile_end(struct outfile *o, struct imgcache_error *err);

#endif
