/* SPDX-License-Identifier: MIT */
#include "report/doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

void
doctor_add(struct doctor *d, enum imgcache_health health, const char *topic,
	   const char *cure, const char *fmt, ...)
{
	struct imgcache_finding *f;
	struct buf text = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&text, fmt, ap);
	va_end(ap);
	mem_grow(d->v, d->n, d->cap);
	f = &d->v[d->n++];
	f->health = health;
	f->topic = topic;
	f->text = arena_strdup(&d->ic->arena, text.data);
	f->cure = arena_strdup(&d->ic->arena, cure);
	buf_release(&text);
}

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
