/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_KEY_EPOCH_H
#define IMGCACHE_KEY_EPOCH_H

#include <stdint.h>

/*
 * The word that changes when floating packages are to be fetched anew, in UTC:
 * daily "2026-11-20", weekly "2026-W47" (ISO 8601), monthly "2026-11", any
 * other text itself. NULL for NULL, "" and "never".
 */
const char *epoch_of(const char *refresh, int64_t now_s, char out[32]);

#endif
