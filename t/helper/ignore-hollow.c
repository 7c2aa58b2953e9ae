/* SPDX-License-Identifier: MIT */
/*
 * ignore-hollow FILE <PATHS: of the regular files that are sent under the
 * ignore file FILE, each path ended by NUL, those of which we say that BuildKit
 * sends no content, in the same form.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "source/ignore.h"
#include "sys/file.h"

int
main(int argc, char **argv)
{
	struct imgcache_error err = {0};
	struct buf text = BUF_INIT;
	struct ignore *ig;
	char *path = NULL;
	size_t cap = 0;
	ssize_t n;

	if (argc != 2)
		return 129;
	if (file_read(AT_FDCWD, argv[1], 0, &text, &err) ||
	    ignore_parse(&ig, argv[1], text.data, text.len, &err)) {
		fprintf(stderr, "ignore-hollow: %s\n", err.text);
		return 1;
	}
	while ((n = getdelim(&path, &cap, '\0', stdin)) > 0)
		if (!path[n - 1] &&
		    ignore_matches_hollow(ig, path) != IGNORE_NO_RULE)
			fwrite(path, 1, (size_t)n, stdout);
	free(path);
	ignore_free(ig);
	buf_release(&text);
	return fflush(stdout) ? 1 : 0;
}
