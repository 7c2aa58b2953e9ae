/* SPDX-License-Identifier: MIT */
#ifndef STREAMS_H
#define STREAMS_H

/*
 * The three standard streams from the first line of main to the last; what
 * verbs say on them is declared in cmd.h.
 */

#include <stdbool.h>

/* Before anything is opened: none of the three is closed. */
void streams_begin(void);

/*
 * Close stdout. Returns status, or EXIT_FATAL with a line on stderr where what
 * was printed did not arrive; ends by SIGPIPE as others do where nobody reads,
 * unless whoever started us had it ignored.
 */
int streams_end(int status, bool pipe_ignored);

#endif
