/* SPDX-License-Identifier: MIT */
#ifndef CMD_PACE_H
#define CMD_PACE_H

/* For what goes on looking, or drawing, while something else happens. */

#include <stdbool.h>
#include <stdint.h>

/* A clock that only runs forward, in microseconds. */
int64_t pace_now_us(void);

/*
 * Wait before the next look, ten times as long as the one that began then took
 * and two seconds at least. False if a signal came.
 */
bool pace_rest(int64_t began_us);

#endif
