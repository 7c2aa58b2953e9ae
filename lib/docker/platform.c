/* SPDX-License-Identifier: MIT */
#include "docker/platform.h"

#include <stddef.h>

#include "base/mem.h"
#include "base/strv.h"

bool
platform_is_same(const char *a, const char *b)
{
	static const char *const pairs[][2] = {
		{ "linux/arm64", "linux/arm64/v8" },
		{ "linux/arm", "linux/arm/v7" }
	};

	if (str_is(a, b))
		return true;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if ((str_is(a, pairs[i][0]) && str_is(b, pairs[i][1])) ||
		    (str_is(b, pairs[i][0]) && str_is(a, pairs[i][1])))
			return true;
	return false;
}

const char *
platform_join(struct arena *a, const char *os, const char *arch,
	      const char *variant)
{
	if (!*os || !*arch || str_is(os, "unknown"))
		return "";
	return arena_printf(a, "%s/%s%s%s", os, arch,
			    variant && *variant ? "/" : "",
			    variant ? variant : "");
}
