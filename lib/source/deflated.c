/* SPDX-License-Identifier: MIT */
#include "source/deflated.h"

#include <zlib.h>

#define INPUT_MAX 4096		/* more is never needed for a few bytes */

size_t
deflated_head(const void *in, size_t len, void *out, size_t max)
{
	z_stream z = {
		.next_in = (Bytef *)in,
		.avail_in = (uInt)(len < INPUT_MAX ? len : INPUT_MAX),
		.next_out = out, .avail_out = (uInt)max
	};
	int rc;

	if (inflateInit(&z) != Z_OK)
		return 0;
	rc = inflate(&z, Z_SYNC_FLUSH);
	inflateEnd(&z);
	return rc == Z_OK || rc == Z_STREAM_END ? max - z.avail_out : 0;
}
