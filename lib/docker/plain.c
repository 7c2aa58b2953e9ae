/* SPDX-License-Identifier: MIT */
/*
 * The first line of a number is its vertex's name. It is printed again when
 * the output comes back to it, and is then no output.
 */

#include "docker/plain.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/strv.h"
#include "docker/fold.h"
#include "docker/numbers.h"

/* "1.2s" or "0.117", in microseconds; -1 if it is anything else. */
static int64_t
seconds(const char *text, size_t len, const char *unit)
{
	char *end;
	double s;

	if (!len || len > 15 || !isdigit((unsigned char)*text))
		return -1;
	s = strtod(text, &end);
	if (end > text + len || strncmp(end, unit, strlen(unit)) ||
	    end + strlen(unit) != text + len)
		return -1;
	return (int64_t)(s * 1e6);
}

static void
done(struct fold *f, struct fold_vertex *v, const char *duration)
{
	int64_t us = seconds(duration, strlen(duration), "s");

	/* Moments are not known here, durations are. */
	v->started_us = us > 0 ? 1 : 0;
	v->completed_us = us > 0 ? 1 + us : 0;
	fold_done(f, v);
}

static void
output(struct fold *f, struct fold_vertex *v, const char *rest)
{
	size_t len = strcspn(rest, " ");
	int64_t us = seconds(rest, len, "");

	if (us >= 0 && memchr(rest, '.', len))
		fold_output(f, v, rest[len] ? rest + len + 1 : "", us);
	else
		fold_output(f, v, rest, 0);
}

/* The first line again, where the output comes back to it. */
static bool
is_name(const struct fold *f, const struct fold_vertex *v, const char *rest)
{
	char *name = numbers_of_file(rest, &f->contexts);
	bool is = str_is(name ? name : rest, v->name);

	free(name);
	return is;
}

static void
vertex_line(struct fold *f, struct fold_vertex *v,
	    const char *rest)
{
	if (!v->name) {
		fold_name(f, v, rest);
		fold_begin(f, v);
	} else if (str_is(rest, "CACHED")) {
		fold_cached(f, v);
	} else if (str_starts(rest, "DONE ")) {
		done(f, v, rest + 5);
	} else if (str_starts(rest, "ERROR: ")) {
		fold_failed(f, v, rest + 7);
	} else if (str_is(rest, "CANCELED")) {
		fold_failed(f, v, "canceled");
	} else if (!str_is(rest, "...") && !is_name(f, v, rest)) {
		output(f, v, rest);
	}
}

void
plain_line(struct fold *f, const char *line)
{
	size_t digits = line[0] == '#' ? strspn(line + 1, "0123456789") : 0;
	struct fold_vertex *v = NULL;
	char key[16];

	if (str_starts(line, "WARNING: ")) {
		fold_warning(f, NULL, line + 9);
		return;
	}
	/* #0 is buildx itself: which builder it takes. */
	if (digits && digits < sizeof(key) - 1 && line[1 + digits] == ' ' &&
	    line[2 + digits] && line[1] != '0') {
		memcpy(key, line, digits + 1);
		key[digits + 1] = '\0';
		v = fold_find(f, key);
	}
	if (v)
		vertex_line(f, v, line + 2 + digits);
	else
		fold_text(f, line);
}
