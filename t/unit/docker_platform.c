/* SPDX-License-Identifier: MIT */
#include "docker/platform.h"

#include <criterion/criterion.h>

Test(platform, an_image_does_for_its_own_and_for_what_runs_it)
{
	static const struct {
		const char *platform, *os, *arch, *variant;
		bool takes;
	} rows[] = {
		{ "linux/amd64", "linux", "amd64", "", true },
		{ "linux/amd64", "linux", "amd64", NULL, true },
		{ "linux/amd64", "linux", "arm64", "", false },
		{ "linux/amd64", "linux", "386", "", true },
		{ "linux/386", "linux", "amd64", "", false },
		{ "linux/amd64", "windows", "amd64", "", false },
		{ "linux/amd64", "linux", "amd64", "v2", false },
		{ "linux/amd64/v3", "linux", "amd64", "v2", true },
		{ "linux/arm64", "linux", "arm64", "v8", true },
		{ "linux/arm64/v8", "linux", "arm64", "", true },
		{ "linux/arm64", "linux", "arm", "v7", true },
		{ "linux/arm/v7", "linux", "arm", "v6", true },
		{ "linux/arm/v6", "linux", "arm", "v7", false },
		{ "linux/arm", "linux", "arm", "v7", true },
		{ "linux", "linux", "amd64", "", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_eq(platform_takes(rows[i].platform, rows[i].os,
					    rows[i].arch, rows[i].variant),
			     rows[i].takes, "%s for %s/%s", rows[i].platform,
			     rows[i].arch, rows[i].variant);
}
