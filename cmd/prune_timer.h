/* SPDX-License-Identifier: MIT */
#ifndef CMD_PRUNE_TIMER_H
#define CMD_PRUNE_TIMER_H

/* The timer that prunes every day; both return a code of imgcache.h. */

struct imgcache_prune_options;
struct invocation;

/* With those limits and filters. */
int prune_timer_install(struct invocation *inv,
			const struct imgcache_prune_options *o);
int prune_timer_remove(struct invocation *inv);

#endif
