/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_DOCKER_NUMBERS_H
#define IMGCACHE_DOCKER_NUMBERS_H

/*
 * Docker numbers the steps of a stage from its FROM on: "[build 2/4] RUN make"
 * is the first below it. Where a named context stands in for the image it still
 * counts the FROM among the four, but gives it no number, so that the same step
 * is "[build 1/4]". What imgcache hands over as contexts, so that the image is
 * the one of the key, is no business of who reads the numbers.
 *
 * So the log of a build begins with an object that names those stages, "" for
 * the only one:
 *
 *	{"imgcache":{"contexts":["build","stage-1"]}}
 *
 * and whoever reads the log (progress.h) gives the numbers of the file.
 */

struct buf;
struct strv;

/* Append that line; nothing where there are no such stages. */
void numbers_add_note(struct buf *out, const struct strv *stages);

/* The name as it is to be read, to be freed; NULL: as it is. */
char *numbers_of_file(const char *name, const struct strv *stages);

#endif
