/* SPDX-License-Identifier: MIT */
#ifndef CMD_PROGRESS_H
#define CMD_PROGRESS_H

/*
 * What the library tells while it works, drawn on stderr. On a terminal the
 * running step is a line that is drawn again (step, name, elapsed time, cached
 * steps), and a finished step leaves one; elsewhere a line for each. When a
 * step fails, the last lines that it printed are shown.
 */

#include "imgcache.h"

struct progress;

/* quiet: only warnings, and what a failed step printed. */
struct progress *progress_new(bool quiet);

/* Lines that stay, also on a terminal. */
void progress_set_plain(struct progress *p);
void progress_free(struct progress *p);

/* "auto", "always" or "never" colours; what is not set is auto. */
void progress_set_color(struct progress *p, const char *setting);

/* An imgcache_event_fn; payload is the struct progress. */
void progress_event(void *payload, const struct imgcache_event *e);

/* Take the live line away, so that others may write to stderr. */
void progress_pause(struct progress *p);

/* The log of the build that began last, or NULL. */
const char *progress_log(const struct progress *p);

#endif
