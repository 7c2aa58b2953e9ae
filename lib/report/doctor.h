/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_REPORT_DOCTOR_H
#define IMGCACHE_REPORT_DOCTOR_H

/*
 * Looking the set-up over. Each topic is one function that adds what it found;
 * none fails: what could not be found out is a finding too.
 */

#include "session/session.h"

struct doctor {
	struct imgcache *ic;
	bool online;		/* also what needs a network or a build */
	bool has_engine;	/* found so far: further questions make sense */
	bool has_client;
	struct imgcache_finding *v;
	size_t n, cap;
};

void doctor_add(struct doctor *d, enum imgcache_health health,
		const char *topic, const char *cure, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

void doctor_docker(struct doctor *d);	/* client, buildx, engine, store */
void doctor_build(struct doctor *d);	/* network inside a build */
void doctor_platforms(struct doctor *d);	/* emulation */
void doctor_state(struct doctor *d);	/* project, disk, catalog */

#endif
