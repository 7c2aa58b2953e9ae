/* SPDX-License-Identifier: MIT */
/* Text that is to stand in a path or a query (RFC 3986, 2.1). */

#include <ctype.h>
#include <string.h>

#include "docker/http.h"

static void
add_encoded(struct buf *out, const char *s, const char *keep)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (isalnum(c) || strchr(keep, c))
			buf_addc(out, *s);
		else
			buf_addf(out, "%%%02X", c);
	}
}

void
http_add_path(struct buf *out, const char *s)
{
	add_encoded(out, s, "-._~/:@");
}

void
http_add_query(struct buf *out, const char *s)
{
	add_encoded(out, s, "-._~");
}
