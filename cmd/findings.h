/* SPDX-License-Identifier: MIT */
#ifndef CMD_FINDINGS_H
#define CMD_FINDINGS_H

/* What lint found, in the forms that it is wanted in. */

#include "cmd.h"

/* "error", "warning", "info" */
const char *severity_word(enum imgcache_severity s);

/* For people: place, rule, the line, cause and cure. */
void findings_put_text(const struct imgcache_lint_result *r, bool colored);

/*
 * An array of objects, by file and place:
 *
 *	rule		"IC001", or the name of one of BuildKit's own
 *	name		"copy-before-install"
 *	severity	"error", "warning", "info"
 *	file		string
 *	line, column	numbers, from 1, in characters
 *	endLine, endColumn	just behind it
 *	cause		string
 *	cure		string or null
 *	fixable		bool: --fix cures it
 */
void findings_put_json(const struct imgcache_lint_result *r);

/* SARIF 2.1.0, one run. */
void findings_put_sarif(const struct imgcache_lint_result *r);

/* Workflow commands of GitHub Actions, which make annotations. */
void findings_put_github(const struct imgcache_lint_result *r);

#endif
