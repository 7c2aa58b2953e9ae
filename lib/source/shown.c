/* SPDX-License-Identifier: MIT */
#include "source/shown.h"

#include <stdio.h>
#include <string.h>

const char *
path_shown(const char *path, char out[SHOWN_SIZE])
{
	size_t len = strlen(path);
	const char *dots = "";

	if (len >= SHOWN_SIZE - 3) {
		path += len - (SHOWN_SIZE - 4);
		dots = "...";
	}
	snprintf(out, SHOWN_SIZE, "%s%s", dots, len ? path : ".");
	for (char *p = out; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	return out;
}
