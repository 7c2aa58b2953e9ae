/* SPDX-License-Identifier: MIT */
#ifndef CMD_WHYTEXT_H
#define CMD_WHYTEXT_H

#include "imgcache.h"

/* How the page is laid out. */
struct why_style {
	bool colored;
	int width;		/* lines are broken, not cut, at that column */
	bool cut;		/* lines of a file are cut there; on a terminal */
	bool all;		/* every file */
	bool between;		/* two images: neither is "now" */
};

/* The answer for people, to stdout. */
void why_print(const struct imgcache_why *w, const struct why_style *s);

#endif
