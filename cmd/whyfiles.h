/* SPDX-License-Identifier: MIT */
#ifndef CMD_WHYFILES_H
#define CMD_WHYFILES_H

#include "whytext.h"

/* The files of an answer: by who reads them, then by directory. */
void why_print_files(const struct imgcache_why *w, const struct why_style *s,
		     int indent);

#endif
