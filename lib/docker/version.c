/* SPDX-License-Identifier: MIT */
#include "docker/version.h"

#include <stdio.h>

int
version_compare(const char *version, int major, int minor)
{
	int a = 0, b = 0;

	if (sscanf(version, "%d.%d", &a, &b) < 1)
		return 0;
	if (a != major)
		return a < major ? -1 : 1;
	return b < minor ? -1 : b > minor;
}
