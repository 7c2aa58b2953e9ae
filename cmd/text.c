/* SPDX-License-Identifier: MIT */
#include "text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "words.h"

/*
 * The code point at s and how many bytes it takes; 0 bytes if they are not
 * UTF-8 (RFC 3629: no overlong forms, no surrogates).
 */
static size_t
decode(const char *s, uint32_t *c)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *u = (const unsigned char *)s;
	size_t n, i;

	*c = u[0];
	if (u[0] < 0x80)
		return 1;
	n = u[0] >= 0xf0 ? 4 : u[0] >= 0xe0 ? 3 : u[0] >= 0xc0 ? 2 : 0;
	if (!n || u[0] > 0xf4)
		return 0;
	*c = u[0] & (0x7fu >> n);
	for (i = 1; i < n; i++) {
		if ((u[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | (u[i] & 0x3f);
	}
	if (*c < least[n] || *c > 0x10ffff || (*c >= 0xd800 && *c < 0xe000))
		return 0;
	return n;
}

/* Marks that turn the direction of writing, and line separators. */
static bool
turns(uint32_t c)
{
	return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) ||
		c == 0x200e || c == 0x200f || c == 0x2028 || c == 0x2029;
}

/* The visible form of what is at s into out, and the bytes it stands for. */
static size_t
visible_one(const char *s, char out[16])
{
	uint32_t c;
	size_t n = decode(s, &c);

	if (!n || (c >= 0x80 && c < 0xa0))
		snprintf(out, 16, "\\x%02x", n ? c : (unsigned char)*s);
	else if (c < 0x20 || c == 0x7f)
		snprintf(out, 16, "^%c", (char)(c ^ 0x40));
	else if (turns(c))
		snprintf(out, 16, "\\u%04x", c);
	else
		snprintf(out, 16, "%.*s", (int)n, s);
	return n ? n : 1;
}

void
text_put(FILE *f, const char *s)
{
	char one[16];

	while (*s) {
		s += visible_one(s, one);
		fputs(one, f);
	}
}

char *
text_visible(const char *s)
{
	char *out = memory_checked(malloc(strlen(s) * 4 + 16));
	size_t n = 0;

	while (*s) {
		s += visible_one(s, out + n);
		n += strlen(out + n);
	}
	out[n] = '\0';
	return out;
}

void
text_put_data(FILE *f, const char *s, size_t len)
{
	char one[16];
	size_t n;
	char *copy, *p;

	if (!isatty(fileno(f))) {
		fwrite(s, 1, len, f);
		return;
	}
	copy = memory_checked(strndup(s, len));
	for (p = copy; *p; p += n) {
		n = visible_one(p, one);
		if (*p == '\n' || *p == '\t')
			fputc(*p, f);
		else
			fputs(one, f);
	}
	free(copy);
}

/* East Asian wide and combining characters, the blocks that people meet. */
static int
columns_of(uint32_t c)
{
	if ((c >= 0x300 && c < 0x370) || c == 0x200b || c == 0x200d ||
	    (c >= 0xfe00 && c < 0xfe10))
		return 0;
	if ((c >= 0x1100 && c < 0x1160) || (c >= 0x2e80 && c < 0xa4d0) ||
	    (c >= 0xac00 && c < 0xd7a4) || (c >= 0xf900 && c < 0xfb00) ||
	    (c >= 0xfe30 && c < 0xfe70) || (c >= 0xff00 && c < 0xff61) ||
	    (c >= 0x1f300 && c < 0x1fb00) || (c >= 0x20000 && c < 0x3fffe))
		return 2;
	return 1;
}

/* Bytes of s that fit into width columns. */
static size_t
fitting(const char *s, int width)
{
	const char *from = s;
	uint32_t c;

	while (*s) {
		size_t n = decode(s, &c);

		width -= n ? columns_of(c) : 1;
		if (width < 0)
			break;
		s += n ? n : 1;
	}
	return (size_t)(s - from);
}

int
text_width(const char *s)
{
	int width = 0;
	uint32_t c;

	while (*s) {
		size_t n = decode(s, &c);

		width += n ? columns_of(c) : 1;
		s += n ? n : 1;
	}
	return width;
}

void
text_put_cut(FILE *f, const char *s, int width)
{
	if (width <= 0)
		return;
	if (text_width(s) <= width) {
		fputs(s, f);
		return;
	}
	fwrite(s, 1, fitting(s, width - 1), f);
	fputc('~', f);
}

struct page {
	FILE *f;
	int column, indent, width;
	bool folds;		/* words that are longer than a line */
};

static void
begin_line(struct page *p)
{
	fprintf(p->f, "\n%*s", p->indent, "");
	p->column = p->indent;
}

static void
put_word(struct page *p, const char *word)
{
	while (p->folds && p->column + text_width(word) > p->width) {
		size_t n = fitting(word, p->width - p->column);

		fwrite(word, 1, n, p->f);
		begin_line(p);
		word += n;
	}
	fputs(word, p->f);
	p->column += text_width(word);
}

static void
put_words(struct page *p, const char *s)
{
	bool first = true;

	for (; *s; s += strspn(s, " ")) {
		size_t len = strcspn(s, " ");
		char *word = memory_checked(strndup(s, len));

		if (!first && p->column + 1 + text_width(word) > p->width) {
			begin_line(p);
		} else if (!first) {
			fputc(' ', p->f);
			p->column++;
		}
		first = false;
		put_word(p, word);
		free(word);
		s += len;
	}
}

void
text_put_wrapped(FILE *f, const char *s, int column, int indent, int width)
{
	put_words(&(struct page){ f, column, indent, width, false }, s);
}

void
text_put_folded(FILE *f, const char *s, int indent, int width)
{
	size_t n;

	while (text_width(s) > width && (n = fitting(s, width)) > 0) {
		fwrite(s, 1, n, f);
		fprintf(f, "\n%*s", indent, "");
		s += n;
	}
	fputs(s, f);
}

#define NARROWEST 20

void
text_line(FILE *f, int indent, const char *format, ...)
{
	int width = page_width(f);
	char *text, *visible;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = memory_checked(NULL);
	va_end(args);
	visible = text_visible(text);
	if (width)
		put_words(&(struct page){ f, 0, indent,
			width < indent + NARROWEST ? indent + NARROWEST :
			width, true }, visible);
	else
		fputs(visible, f);
	fputc('\n', f);
	free(visible);
	free(text);
}

int
terminal_width(int fd)
{
	struct winsize w;

	if (!isatty(fd))
		return 0;
	if (!ioctl(fd, TIOCGWINSZ, &w) && w.ws_col > 0)
		return w.ws_col;
	return 80;
}

int
page_width(FILE *f)
{
	const char *columns = getenv("COLUMNS");
	int width = terminal_width(fileno(f));

	if (!width && columns && f == stdout)
		width = atoi(columns);
	return width > 0 ? width : 0;
}

static bool
is_set(const char *variable)
{
	const char *value = getenv(variable);

	return value && *value;
}

/* As setlocale(3) chooses; whether the locale is installed does not count. */
bool
text_is_utf8(void)
{
	const char *value = getenv(is_set("LC_ALL") ? "LC_ALL" :
				   is_set("LC_CTYPE") ? "LC_CTYPE" : "LANG");

	return value && (strcasestr(value, "utf-8") ||
			 strcasestr(value, "utf8"));
}

bool
color_wanted(FILE *f, const char *setting)
{
	const char *force = getenv("CLICOLOR_FORCE");
	const char *plain = getenv("CLICOLOR");

	if (setting && !strcmp(setting, "always"))
		return true;
	if ((setting && !strcmp(setting, "never")) || is_set("NO_COLOR"))
		return false;
	if (force && *force && strcmp(force, "0"))
		return true;
	if (plain && !strcmp(plain, "0"))
		return false;
	return isatty(fileno(f)) && is_set("TERM") &&
		strcmp(getenv("TERM"), "dumb");
}

void
color_put(FILE *f, bool on, enum color color, const char *s)
{
	if (on)
		fprintf(f, "\033[%dm%s\033[0m", (int)color, s);
	else
		fputs(s, f);
}
