/* SPDX-License-Identifier: MIT */
#include "lookup/steptitle.h"

#include <string.h>

#include "base/buf.h"
#include "base/strv.h"

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/* Copy the next word, white space before it as one space. */
static const char *
copy_word(const char *p, struct buf *out)
{
	if (out->len && is_space(*p))
		buf_addc(out, ' ');
	while (is_space(*p))
		p++;
	while (*p && !is_space(*p))
		buf_addc(out, *p++);
	return p;
}

/* Of an instruction's options only where it copies from tells anything. */
static const char *
take_flags(const char *p, struct buf *out)
{
	for (;;) {
		const char *word = p;

		while (is_space(*word))
			word++;
		if (!str_starts(word, "--"))
			return p;
		p = word;
		while (*p && !is_space(*p))
			p++;
		if (str_starts(word, "--from="))
			buf_addf(out, " %.*s", (int)(p - word), word);
	}
}

/* After "RUN": is it ": 'title';"? Then the title is what it is called. */
static bool
add_own_title(const char *p, struct buf *out, size_t at)
{
	const char *end;

	while (is_space(*p))
		p++;
	if (!str_starts(p, ": '"))
		return false;
	p += 3;
	end = strstr(p, "';");
	if (!end)
		return false;
	buf_truncate(out, at);
	buf_add(out, p, (size_t)(end - p));
	return true;
}

void
step_title(const char *name, struct buf *out)
{
	static const char *const instructions[] = {
		"RUN", "COPY", "ADD", NULL
	};
	const char *p = name;
	size_t i, at;

	if (*p == '[') {
		while (*p && *p != ']')
			buf_addc(out, *p++);
		if (*p)
			buf_addc(out, *p++);
		while (is_space(*p))
			p++;
		buf_addc(out, ' ');
	}
	at = out->len;
	for (i = 0; instructions[i]; i++) {
		size_t len = strlen(instructions[i]);

		if (strncmp(p, instructions[i], len) || !is_space(p[len]))
			continue;
		buf_add(out, p, len);
		p = take_flags(p + len, out);
		if (add_own_title(p, out, at))
			return;
		break;
	}
	while (*p)
		p = copy_word(p, out);
	while (out->len && is_space(out->data[out->len - 1]))
		buf_truncate(out, out->len - 1);
}
