/* SPDX-License-Identifier: MIT */
#ifndef CMD_WARM_H
#define CMD_WARM_H

/*
 * What is worth building before somebody asks: images of the project that are
 * missing as they would be built now, and were asked for in the last weeks. The
 * first is the one that saves most: lookups by the time its build takes.
 */

#include "recipe.h"

/* At most limit of them (0: all), with the ranking on stderr. */
int warm_choose(struct invocation *inv, int64_t limit, struct chosen *out);

#endif
