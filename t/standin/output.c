/* SPDX-License-Identifier: MIT */
/* What --output of a build leaves: of the files of an image, their hash. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/strv.h"
#include "docker.h"

/* The value of dest=, out of the quotes that a comma would want. */
static bool
find_dest(const char *output, struct buf *out)
{
	const char *at = strstr(output, "dest=");
	bool quoted = at && at > output && at[-1] == '"';

	for (at = at ? at + 5 : ""; *at; at++) {
		if (*at == (quoted ? '"' : ',') && !(quoted && *++at == '"'))
			break;
		buf_addc(out, *at);
	}
	return out->len;
}

bool
export_files(const struct strv *options, const char *layer)
{
	const char *output = option_value(options, "--output");
	struct buf dest = BUF_INIT;
	FILE *f;

	if (!output || !find_dest(output, &dest)) {
		buf_release(&dest);
		return false;
	}
	if (!strncmp(output, "type=local", 10)) {
		mkdir(dest.data, 0755);
		buf_adds(&dest, "/layer");
	}
	f = strcmp(dest.data, "-") ? fopen(dest.data, "we") : stdout;
	if (f)
		fprintf(f, "%s\n", layer);
	if (f && f != stdout)
		fclose(f);
	buf_release(&dest);
	return true;
}
