/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a build's output, in parts that the first byte decides. Nothing
 * may crash, and where it is cut may not change what is told.
 */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "docker/progress.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void collect(void *payload, const struct progress_event *e)
{
	progress_add_line(payload, e);
	buf_addc(payload, '\n');
}

static void tell(const uint8_t *data, size_t size, size_t part,
		 struct buf *out)
{
	struct progress *p = progress_new(collect, out);
	struct progress_summary s;

	for (size_t i = 0; i < size; i += part)
		progress_feed(p, (const char *)data + i,
			      size - i < part ? size - i : part);
	progress_end(p);
	progress_summarize(p, &s);
	if (s.cached > s.steps)
		abort();
	progress_free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole = BUF_INIT, parts = BUF_INIT;

	if (size < 2)
		return 0;
	tell(data + 1, size - 1, size, &whole);
	tell(data + 1, size - 1, 1u + data[0] % 32, &parts);
	if (whole.len != parts.len ||
	    memcmp(whole.data, parts.data, whole.len))
		abort();
	buf_release(&whole);
	buf_release(&parts);
	return 0;
}
