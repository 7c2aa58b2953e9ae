/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_DOCKER_MOMENT_H
#define IMGCACHE_DOCKER_MOMENT_H

#include <stdint.h>

/*
 * Microseconds since the epoch of a moment as docker writes it (RFC 3339,
 * "2026-11-20T20:14:15.556584658Z", "…+01:00"). 0 for NULL, for anything
 * else, and for what lies before the epoch (Go's zero time is in the year 1).
 */
int64_t moment_us(const char *text);

#endif
