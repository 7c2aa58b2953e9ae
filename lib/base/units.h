/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_BASE_UNITS_H
#define IMGCACHE_BASE_UNITS_H

/*
 * Sizes, ages and moments as people write and read them; the one place where
 * they are formatted and parsed.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UNITS_TEXT 32

/* "0 B", "999 B", "1.2 kB", "45 MB", "3.1 GB": powers of 1000, as docker. */
const char *units_size(char out[UNITS_TEXT], int64_t bytes);

/*
 * "3 s", "5 min", "2 h", "4 d", "7 w": the largest whole unit. A negative age
 * (a clock was set back) is "0 s".
 */
const char *units_age(char out[UNITS_TEXT], int64_t seconds);

/* "0.8 ms", "12 ms", "1.3 s", "2 min 05 s", "1 h 02 min", "100 h" */
const char *units_duration(char out[UNITS_TEXT], int64_t microseconds);

/*
 * "2026-11-20T19:46:00Z" from seconds since the epoch; "@<seconds>" for a
 * moment that no calendar can name.
 */
const char *units_time(char out[UNITS_TEXT], int64_t epoch_s);

/*
 * "20GB", "20 GB", "1.5g", "512M", "8MiB", "1000": bytes. k M G T are powers
 * of 1000, Ki Mi Gi Ti of 1024, a trailing B is allowed; case does not count.
 * A fraction needs one of these letters and has six digits at most; what is
 * left of a byte is dropped. False if the text is anything else or does not
 * fit; *bytes is then as it was.
 */
bool units_parse_size(const char *text, int64_t *bytes);

/*
 * "90", "90s", "15m", "12h", "30d", "2w", and what units_age() writes: seconds.
 * False if the text is anything else or does not fit.
 */
bool units_parse_age(const char *text, int64_t *seconds);

#endif
