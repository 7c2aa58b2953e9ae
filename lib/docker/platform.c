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

/* That of an architecture without one: 7 of arm, 8 of arm64, else 1. */
static int
variant_number(const char *variant, const char *arch)
{
	if (variant && *variant == 'v' && variant[1] >= '1' &&
	    variant[1] <= '9')
		return variant[1] - '0';
	return str_is(arch, "arm") ? 7 : str_is(arch, "arm64") ? 8 : 1;
}

bool
platform_takes(const char *platform, const char *os, const char *arch,
	       const char *variant)
{
	struct strv parts = {0};
	const char *wanted, *its;
	bool takes = false;

	strv_split(&parts, platform, "/");
	if (parts.n >= 2 && str_is(parts.v[0], os)) {
		wanted = parts.v[1];
		its = parts.n > 2 ? parts.v[2] : "";
		if (str_is(wanted, arch))
			takes = !variant || !*variant ||
				variant_number(variant, arch) <=
				variant_number(its, wanted);
		else
			takes = (str_is(wanted, "amd64") &&
				 str_is(arch, "386")) ||
				(str_is(wanted, "arm64") &&
				 str_is(arch, "arm"));
	}
	strv_release(&parts);
	return takes;
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
