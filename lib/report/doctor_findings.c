/* SPDX-License-Identifier: MIT */
#include "report/doctor.h"

#include <stdarg.h>

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
