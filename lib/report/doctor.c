/* SPDX-License-Identifier: MIT */
#include "report/doctor.h"

#include <stdlib.h>
#include <string.h>

int
imgcache_doctor(struct imgcache *ic, bool online,
		const struct imgcache_finding **out, size_t *n,
		struct imgcache_error *err)
{
	struct doctor d = { .ic = ic, .online = online };
	struct imgcache_finding *v;

	(void)err;
	doctor_state(&d);
	doctor_docker(&d);
	doctor_platforms(&d);
	if (online)
		doctor_build(&d);
	v = arena_alloc(&ic->arena, (d.n + 1) * sizeof(*v));
	if (d.n)
		memcpy(v, d.v, d.n * sizeof(*v));
	free(d.v);
	*out = v;
	*n = d.n;
	return 0;
}
