/* SPDX-License-Identifier: MIT */
/*
 * Character sets and escapes as Go's regexp/syntax reads them (parser.go:
 * parseClass, parseClassChar, escape, maybeParsePosix), because that is what
 * the pattern is handed to. Unicode classes (\p) are refused.
 */

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "source/glob_tokens.h"

static const char bad_escape[] = "unknown escape";
static const char bad_set[] = "'[' without a proper ']'";
static const char bad_range[] = "range that ends before it begins";
static const char bad_class[] = "unknown class name";

#define SPAN(ranges) ranges, sizeof(ranges) / sizeof((ranges)[0])

static const struct glob_range digit[] = { { '0', '9' } };
static const struct glob_range space[] = {
	{ '\t', '\n' }, { '\f', '\r' }, { ' ', ' ' }
};
static const struct glob_range word[] = {
	{ '0', '9' }, { 'A', 'Z' }, { '_', '_' }, { 'a', 'z' }
};
static const struct glob_range alnum[] = {
	{ '0', '9' }, { 'A', 'Z' }, { 'a', 'z' }
};
static const struct glob_range alpha[] = { { 'A', 'Z' }, { 'a', 'z' } };
static const struct glob_range ascii[] = { { 0, 127 } };
static const struct glob_range blank[] = { { '\t', '\t' }, { ' ', ' ' } };
static const struct glob_range cntrl[] = { { 0, 31 }, { 127, 127 } };
static const struct glob_range graph[] = { { '!', '~' } };
static const struct glob_range lower[] = { { 'a', 'z' } };
static const struct glob_range print[] = { { ' ', '~' } };
static const struct glob_range punct[] = {
	{ '!', '/' }, { ':', '@' }, { '[', '`' }, { '{', '~' }
};
static const struct glob_range posix_space[] = { { '\t', '\r' }, { ' ', ' ' } };
static const struct glob_range upper[] = { { 'A', 'Z' } };
static const struct glob_range xdigit[] = {
	{ '0', '9' }, { 'A', 'F' }, { 'a', 'f' }
};

struct posix_class {
	const char *name;
	const struct glob_range *ranges;
	size_t n;
};

static const struct posix_class posix_classes[] = {
	{ "alnum", SPAN(alnum) }, { "alpha", SPAN(alpha) },
	{ "ascii", SPAN(ascii) }, { "blank", SPAN(blank) },
	{ "cntrl", SPAN(cntrl) }, { "digit", SPAN(digit) },
	{ "graph", SPAN(graph) }, { "lower", SPAN(lower) },
	{ "print", SPAN(print) }, { "punct", SPAN(punct) },
	{ "space", SPAN(posix_space) }, { "upper", SPAN(upper) },
	{ "word", SPAN(word) }, { "xdigit", SPAN(xdigit) },
};

bool
glob_set_has(const struct glob_set *set, uint32_t rune)
{
	for (size_t i = 0; i < set->n; i++)
		if (rune >= set->ranges[i].lo && rune <= set->ranges[i].hi)
			return !set->negated;
	return set->negated;
}

void
glob_set_add(struct glob_set *set, uint32_t lo, uint32_t hi)
{
	mem_grow(set->ranges, set->n, set->cap);
	set->ranges[set->n++] = (struct glob_range){ lo, hi };
}

void
glob_set_add_class(struct glob_set *set, const struct glob_range *r,
		   size_t n, bool negated)
{
	uint32_t next = 0;

	for (size_t i = 0; i < n; i++) {
		if (!negated)
			glob_set_add(set, r[i].lo, r[i].hi);
		else if (r[i].lo > next)
			glob_set_add(set, next, r[i].lo - 1);
		next = r[i].hi + 1;
	}
	if (negated)
		glob_set_add(set, next, RUNE_MAX);
}

const struct glob_range *
glob_perl_class(char letter, size_t *n, bool *negated)
{
	*negated = letter >= 'A' && letter <= 'Z';
	switch (letter) {
	case 'd':
	case 'D':
		*n = sizeof(digit) / sizeof(digit[0]);
		return digit;
	case 's':
	case 'S':
		*n = sizeof(space) / sizeof(space[0]);
		return space;
	case 'w':
	case 'W':
		*n = sizeof(word) / sizeof(word[0]);
		return word;
	default:
		return NULL;
	}
}

static bool
is_octal(const char *s, const char *end)
{
	return s < end && *s >= '0' && *s <= '7';
}

static int
hex_value(char c)
{
	const char *digits = "0123456789abcdef";
	const char *p = c ? strchr(digits, c | (c >= 'A' ? 0x20 : 0)) : NULL;

	return p ? (int)(p - digits) : -1;
}

static const char *
parse_octal(uint32_t *rune, const char **s, const char *end)
{
	/* A single digit but 0 would be a back reference: none in Go. */
	if (**s != '0' && !is_octal(*s + 1, end))
		return bad_escape;
	*rune = 0;
	for (int i = 0; i < 3 && is_octal(*s, end); i++)
		*rune = *rune * 8 + (uint32_t)(*(*s)++ - '0');
	return NULL;
}

static const char *
parse_hex(uint32_t *rune, const char **s, const char *end)
{
	if (end - *s < 3 || hex_value((*s)[1]) < 0 || hex_value((*s)[2]) < 0)
		return bad_escape;
	*rune = (uint32_t)(hex_value((*s)[1]) * 16 + hex_value((*s)[2]));
	*s += 3;
	return NULL;
}

const char *
glob_parse_escape(uint32_t *rune, const char **s, const char *end)
{
	static const char letters[] = "a\af\fn\nr\rt\tv\v";
	unsigned char c;

	if (*s == end)
		return bad_escape;
	c = (unsigned char)**s;
	if (c >= '0' && c <= '7')
		return parse_octal(rune, s, end);
	if (c == 'x')
		return parse_hex(rune, s, end);
	for (size_t i = 0; letters[i]; i += 2) {
		if (c == (unsigned char)letters[i]) {
			*rune = (unsigned char)letters[i + 1];
			(*s)++;
			return NULL;
		}
	}
	if (c >= 0x80 || c == '8' || c == '9' ||
	    (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
		return bad_escape;
	*rune = c;
	(*s)++;
	return NULL;
}

/* [:name:] at *s: true if it was one, well formed or not. */
static bool
parse_posix(struct glob_set *set, const char **s, const char *end,
	    const char **why)
{
	const char *name = *s + 2;
	const char *close;
	bool negated;

	if (end - *s < 3 || (*s)[0] != '[' || (*s)[1] != ':')
		return false;
	close = memmem(name, (size_t)(end - name), ":]", 2);
	if (!close)
		return false;
	negated = *name == '^';
	name += negated;
	*why = bad_class;
	for (size_t i = 0; i < sizeof(posix_classes) / sizeof(*posix_classes);
	     i++) {
		const struct posix_class *c = &posix_classes[i];

		if (strlen(c->name) == (size_t)(close - name) &&
		    memcmp(c->name, name, strlen(c->name)) == 0) {
			glob_set_add_class(set, c->ranges, c->n, negated);
			*why = NULL;
		}
	}
	*s = close + 2;
	return true;
}

static const char *
parse_rune(uint32_t *rune, const char **s, const char *end)
{
	size_t size;

	if (*s == end)
		return bad_set;
	if (**s == '\\') {
		(*s)++;
		return glob_parse_escape(rune, s, end);
	}
	*rune = rune_decode(*s, (size_t)(end - *s), &size);
	*s += size;
	return NULL;
}

static const char *
parse_range(struct glob_set *set, const char **s,
	    const char *end)
{
	uint32_t lo, hi;
	const char *why = parse_rune(&lo, s, end);

	if (why)
		return why;
	hi = lo;
	if (end - *s >= 2 && (*s)[0] == '-' && (*s)[1] != ']') {
		(*s)++;
		why = parse_rune(&hi, s, end);
		if (why)
			return why;
	}
	if (hi < lo)
		return bad_range;
	glob_set_add(set, lo, hi);
	return NULL;
}

const char *
glob_parse_set(struct glob_set *set, const char **s,
	       const char *end)
{
	const struct glob_range *class;
	const char *why = NULL;
	bool first = true;
	bool negated;
	size_t n;

	set->negated = *s < end && **s == '^';
	*s += set->negated;
	for (; !why && *s < end && (**s != ']' || first); first = false) {
		if (parse_posix(set, s, end, &why))
			continue;
		class = **s == '\\' && end - *s > 1 ?
			glob_perl_class((*s)[1], &n, &negated) : NULL;
		if (class) {
			glob_set_add_class(set, class, n, negated);
			*s += 2;
		} else {
			why = parse_range(set, s, end);
		}
	}
	if (!why && *s == end)
		why = bad_set;
	*s += !why;
	return why;
}
