/* SPDX-License-Identifier: MIT */
#include "docker/numbers.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/strv.h"

void
numbers_add_note(struct buf *out, const struct strv *stages)
{
	struct json j = JSON_INIT(out);

	if (!stages->n)
		return;
	json_object(&j);
	json_key(&j, "imgcache");
	json_object(&j);
	json_key(&j, "contexts");
	json_array(&j);
	for (size_t i = 0; i < stages->n; i++)
		json_string(&j, stages->v[i]);
	json_end_array(&j);
	json_end_object(&j);
	json_end_object(&j);
	buf_addc(out, '\n');
}

/* The word that ends at end, within the brackets. */
static const char *
word_before(const char *name, const char *end)
{
	while (end > name + 1 && end[-1] != ' ')
		end--;
	return end;
}

/* Is the word before the number the name of one of these stages? */
static bool
is_one_of(const char *name, const char *number, const struct strv *stages)
{
	const char *end = number, *word;
	size_t len;

	while (end > name + 1 && end[-1] == ' ')
		end--;
	word = word_before(name, end);
	len = (size_t)(end - word);
	/* a platform; the name of a stage has no slash */
	if (memchr(word, '/', len))
		len = 0;
	for (size_t i = 0; i < stages->n; i++)
		if (strlen(stages->v[i]) == len &&
		    !strncmp(stages->v[i], word, len))
			return true;
	return false;
}

char *
numbers_of_file(const char *name, const struct strv *stages)
{
	const char *close = *name == '[' ? strstr(name, "] ") : NULL;
	const char *number, *start, *slash;
	int width;

	if (!close || !stages->n)
		return NULL;
	number = word_before(name, close);
	slash = memchr(number, '/', (size_t)(close - number));
	if (!slash || strspn(number, "0123456789") != (size_t)(slash - number) ||
	    slash == number || str_starts(close, "] FROM ") ||
	    !is_one_of(name, number, stages))
		return NULL;
	/* docker pads the number to the width of the sum */
	for (start = number; start > name + 2 && start[-1] == ' ' &&
	     start[-2] == ' '; start--)
		;
	width = (int)(slash - start);
	return mem_printf("%.*s%*d%s", (int)(start - name), name, width,
			  atoi(number) + 1, slash);
}
