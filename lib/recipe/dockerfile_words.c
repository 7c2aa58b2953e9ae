/* SPDX-License-Identifier: MIT */

/*
 * Two small state machines. The one for flags walks bytes and writes each as a
 * Latin-1 rune, so text beyond ASCII is mangled in flags; BuildKit does that.
 */

#include "recipe/dockerfile_words.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

void
word_list_add(struct word_list *list, const char *s, size_t len)
{
	mem_grow(list->v, list->n, list->cap);
	list->v[list->n++] = arena_strndup(list->arena, s, len);
}

void
word_list_release(struct word_list *list)
{
	free(list->v);
	*list = (struct word_list){ .arena = list->arena };
}

const char *const *
word_list_move(struct word_list *list, size_t *n)
{
	const char **v = NULL;

	*n = list->n;
	if (list->n > 0) {
		v = arena_alloc(list->arena, list->n * sizeof(*v));
		memcpy(v, list->v, list->n * sizeof(*v));
	}
	list->n = 0;
	return v;
}

/* One flag at the start of *rest; false if it is a bare "--". */
static bool
read_flag(struct span *rest, char escape, struct buf *word, bool *quoted)
{
	char quote = '\0';
	size_t i = 0;

	buf_clear(word);
	*quoted = false;
	for (; i < rest->len; i++) {
		char c = rest->s[i];
		if (!quote && rune_is_space((unsigned char)c))
			break;
		if (quote ? c == quote : c == '\'' || c == '"') {
			quote = quote ? '\0' : c;
			*quoted = true;
			continue;
		}
		if (c == escape) {
			if (i + 1 == rest->len)
				continue;
			c = rest->s[++i];
		}
		rune_add(word, (unsigned char)c);
	}
	rest->s += i;
	rest->len -= i;
	return !(word->len == 2 && memcmp(word->data, "--", 2) == 0);
}

void
words_flags(struct word_list *list, struct span *rest, char escape)
{
	struct buf word = BUF_INIT;

	for (;;) {
		bool quoted;
		while (rest->len > 0 &&
		       rune_is_space((unsigned char)rest->s[0])) {
			rest->s++;
			rest->len--;
		}
		if (rest->len < 2 || memcmp(rest->s, "--", 2) != 0)
			break;
		if (!read_flag(rest, escape, &word, &quoted))
			break;
		if (quoted || word.len > 0)
			word_list_add(list, word.data, word.len);
	}
	buf_release(&word);
}

bool
words_cut(struct span s, struct span *head, struct span *tail)
{
	size_t n = 0;

	while (n < s.len && !byte_is_blank(s.s[n]))
		n++;
	*head = (struct span){ s.s, n };
	bool cut = n < s.len;
	while (n < s.len && byte_is_blank(s.s[n]))
		n++;
	*tail = (struct span){ s.s + n, s.len - n };
	return cut;
}

void
words_blank(struct word_list *list, struct span text)
{
	struct span head;

	while (text.len > 0) {
		words_cut(text, &head, &text);
		word_list_add(list, head.s, head.len);
	}
}

/* One word at the start of *rest, as it is written. */
static bool
read_quoted(struct span *rest, char escape, struct buf *word)
{
	char quote = '\0';
	bool any = false;
	size_t i = 0, width;

	buf_clear(word);
	for (; i < rest->len; i += width) {
		const char *p = rest->s + i;
		int32_t r = rune_at(p, rest->len - i, &width);
		if (!quote && rune_is_space(r))
			break;
		if (quote ? r == quote : r == '\'' || r == '"') {
			quote = quote ? '\0' : (char)r;
			any = true;
		} else if (r == escape && quote != '\'') {
			if (i + width == rest->len)
				continue;
			rune_add(word, r);
			i += width;
			r = rune_at(p + width, rest->len - i, &width);
		}
		rune_add(word, r);
	}
	rest->s += i;
	rest->len -= i;
	return any || word->len > 0;
}

void
words_quoted(struct word_list *list, struct span text, char escape)
{
	struct buf word = BUF_INIT;

	for (;;) {
		text = span_trim_left(text);
		if (text.len == 0)
			break;
		if (read_quoted(&text, escape, &word))
			word_list_add(list, word.data, word.len);
	}
	buf_release(&word);
}
