/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_RECIPE_GRAMMAR_READER_H
#define IMGCACHE_RECIPE_GRAMMAR_READER_H

/*
 * The readers behind grammar_package(), one per manager. The text is printable
 * ASCII without white space and does not begin with a dash. NULL: it fits and
 * out is filled in; else a constant complaint, "what is wrong; what to do",
 * with out partly filled in for the caller to release.
 */

struct grammar_package;

#define GRAMMAR_DIGIT "0123456789"
#define GRAMMAR_LOWER "abcdefghijklmnopqrstuvwxyz"
#define GRAMMAR_UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define GRAMMAR_ALNUM GRAMMAR_DIGIT GRAMMAR_LOWER GRAMMAR_UPPER

const char *grammar_read_apt(const char *text, struct grammar_package *out);
const char *grammar_read_npm(const char *text, struct grammar_package *out);
const char *grammar_read_pip(const char *text, struct grammar_package *out);

#endif
