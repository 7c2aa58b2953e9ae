/* SPDX-License-Identifier: MIT */
#include "group.h"

#include <stdio.h>

#include "summary.h"
#include "text.h"

void
group_open(struct log_group *g, const char *name)
{
	if (!summary_in_github() || *g->word)
		return;
	summary_random_word(g->word);
	fputs("::group::", stderr);
	text_put(stderr, name ? name : "image");
	fprintf(stderr, "\n::stop-commands::%s\n", g->word);
}

void
group_close(struct log_group *g)
{
	if (*g->word)
		fprintf(stderr, "::%s::\n::endgroup::\n", g->word);
	*g->word = '\0';
}
