/* SPDX-License-Identifier: MIT */
#ifndef CMD_SUMMARY_H
#define CMD_SUMMARY_H

/*
 * What a call did to each image, for those who read it later: a table in
 * Markdown in a file, and in a job of GitHub Actions on the job's page and as
 * outputs of the step.
 */

#include <stdbool.h>
#include <stdint.h>

struct imgcache_answer;
struct imgcache_error;
struct summary;

struct summary *summary_new(void);

/*
 * What is kept is copied. error: why there is no image, or NULL. saved_us: by a
 * hit, below 0: not known. caches: what the image's build caches weigh, ""
 * where none is known.
 */
void summary_add(struct summary *s, const struct imgcache_answer *a,
		 const char *error, int64_t saved_us, const char *caches);

/* Before anything is built: can the file be written? "-" is stdout. */
int summary_check(const char *file, struct imgcache_error *err);

/* Will summary_write() write a table anywhere? */
bool summary_has_table(const char *file);

/* To file, unless it is NULL, and to where GitHub Actions wants it. */
int summary_write(const struct summary *s, const char *file,
		  struct imgcache_error *err);
void summary_free(struct summary *s);

/* In a job of GitHub Actions. */
bool summary_in_github(void);

/* A word that nobody can have guessed, for delimiters. */
void summary_random_word(char out[33]);

#endif
