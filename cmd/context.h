/* SPDX-License-Identifier: MIT */
#ifndef CMD_CONTEXT_H
#define CMD_CONTEXT_H

#include <stdbool.h>

struct imgcache_contexts;

/* The report for people, within 80 columns. */
void context_report(const struct imgcache_contexts *all, bool color);

#endif
