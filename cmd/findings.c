/* SPDX-License-Identifier: MIT */
#include "findings.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "printer.h"
#include "text.h"

#define INDENT 2
#define SOURCE_INDENT 4

const char *
severity_word(enum imgcache_severity s)
{
	static const char *const words[] = {
		"off", "info", "warning", "error"
	};

	return words[s];
}

static enum color
severity_color(enum imgcache_severity s)
{
	return s == IMGCACHE_SEVERITY_ERROR ? COLOR_RED :
		s == IMGCACHE_SEVERITY_WARNING ? COLOR_YELLOW : COLOR_DIM;
}

/* Bytes of the first n characters of s. */
static size_t
bytes_of(const char *s, int n)
{
	size_t i = 0;

	while (s[i] && n > 0) {
		i++;
		while (((unsigned char)s[i] & 0xc0) == 0x80)
			i++;
		n--;
	}
	return i;
}

/* How many characters of the first line the finding goes over. */
static int
length_of(const struct imgcache_lint_finding *f)
{
	int n = 0;
	size_t i;

	if (f->end_line == f->line)
		n = f->end_column - f->column;
	else
		for (i = bytes_of(f->source, f->column - 1); f->source[i]; i++)
			n += ((unsigned char)f->source[i] & 0xc0) != 0x80;
	return n > 0 ? n : 1;
}

static char *
visible_part(const char *s, size_t len)
{
	char *part = memory_checked(strndup(s, len));
	char *visible = text_visible(part);

	free(part);
	return visible;
}

/* The line from where it begins, or from a little before the finding. */
static void
put_source(const struct imgcache_lint_finding *f, int width, bool colored)
{
	int room = width - SOURCE_INDENT, from = f->column - 1, n, lead;
	size_t start = strspn(f->source, " \t");
	size_t at = bytes_of(f->source, from), end;
	char *before, *marked, *after;

	if (!f->source[start])
		return;
	if (at < start)
		start = at;
	end = at + bytes_of(f->source + at, length_of(f));
	before = visible_part(f->source + start, at - start);
	if (text_width(before) > room / 2) {
		free(before);
		before = visible_part("...", 3);
	}
	lead = text_width(before);
	marked = visible_part(f->source + at, end - at);
	after = text_visible(f->source + end);
	printf("%*s%s", SOURCE_INDENT, "", before);
	n = text_width(marked);
	if (n > room - lead) {
		n = room - lead;
		text_put_cut(stdout, marked, n);
	} else {
		fputs(marked, stdout);
		text_put_cut(stdout, after, room - lead - n);
	}
	printf("\n%*s", SOURCE_INDENT + lead, "");
	if (colored)
		printf("\033[%dm", (int)severity_color(f->severity));
	putchar('^');
	while (--n > 0)
		putchar('~');
	puts(colored ? "\033[0m" : "");
	free(before);
	free(marked);
	free(after);
}

static void
put_wrapped(const char *text, int column, int width)
{
	char *visible = text_visible(text);

	text_put_wrapped(stdout, visible, column, INDENT, width);
	putchar('\n');
	free(visible);
}

static void
put_finding(const struct imgcache_lint_finding *f, int width, bool colored)
{
	char *file = text_visible(f->file);
	char place[64];

	snprintf(place, sizeof(place), ":%d:%d", f->line, f->column);
	color_put(stdout, colored, COLOR_BOLD, file);
	color_put(stdout, colored, COLOR_BOLD, place);
	fputs(": ", stdout);
	color_put(stdout, colored, severity_color(f->severity),
		  severity_word(f->severity));
	printf(": %s", f->rule);
	if (strcmp(f->rule, f->name))
		printf(" %s", f->name);
	putchar('\n');
	put_source(f, width, colored);
	printf("%*s", INDENT, "");
	put_wrapped(f->cause, INDENT, width);
	if (f->cure) {
		printf("%*s", INDENT, "");
		color_put(stdout, colored, COLOR_GREEN,
			  f->is_fixable ? "--fix:" : "fix:");
		putchar(' ');
		put_wrapped(f->cure, INDENT + (f->is_fixable ? 7 : 5), width);
	}
	free(file);
}

void
findings_put_text(const struct imgcache_lint_result *r, bool colored)
{
	int width = terminal_width(STDOUT_FILENO);
	size_t i;

	for (i = 0; i < r->n_findings; i++) {
		if (i)
			putchar('\n');
		put_finding(&r->findings[i], width ? width : 80, colored);
	}
}

void
findings_put_json(const struct imgcache_lint_result *r)
{
	struct printer *p = printer_new(PRINT_JSON, false);
	size_t i;

	for (i = 0; i < r->n_findings; i++) {
		const struct imgcache_lint_finding *f = &r->findings[i];

		print_record(p);
		print_text(p, "rule", NULL, f->rule);
		print_text(p, "name", NULL, f->name);
		print_text(p, "severity", NULL, severity_word(f->severity));
		print_text(p, "file", NULL, f->file);
		print_number(p, "line", NULL, f->line, AS_NUMBER);
		print_number(p, "column", NULL, f->column, AS_NUMBER);
		print_number(p, "endLine", NULL, f->end_line, AS_NUMBER);
		print_number(p, "endColumn", NULL, f->end_column, AS_NUMBER);
		print_text(p, "cause", NULL, f->cause);
		print_text(p, "cure", NULL, f->cure);
		print_bool(p, "fixable", f->is_fixable);
	}
	printer_end(p);
}

/* A path as a URI reference, relative where the path is. */
static void
put_uri(const char *path)
{
	char *uri = memory_checked(malloc(3 * strlen(path) + 8)), *to = uri;

	if (*path == '/')
		to += snprintf(to, 8, "file://");
	for (; *path; path++) {
		if (isalnum((unsigned char)*path) || strchr("-._~/", *path))
			*to++ = *path;
		else
			to += snprintf(to, 4, "%%%02X",
				       (unsigned)(unsigned char)*path);
	}
	*to = '\0';
	imgcache_json_string(stdout, uri);
	free(uri);
}

static const char *
sarif_level(enum imgcache_severity s)
{
	return s == IMGCACHE_SEVERITY_INFO ? "note" : severity_word(s);
}

static void
put_sarif_rules(void)
{
	const struct imgcache_lint_rule *rules;
	size_t i, n;

	rules = imgcache_lint_rules(&n);
	for (i = 0; i < n; i++) {
		printf("%s\n          { \"id\": \"%s\", \"name\": \"%s\",\n"
		       "            \"shortDescription\": { \"text\": ",
		       i ? "," : "", rules[i].id, rules[i].name);
		imgcache_json_string(stdout, rules[i].summary);
		printf(" },\n            \"defaultConfiguration\": "
		       "{ \"level\": \"%s\" } }",
		       sarif_level(rules[i].severity));
	}
}

static void
put_sarif_result(const struct imgcache_lint_finding *f)
{
	size_t n = strlen(f->cause) + (f->cure ? strlen(f->cure) : 0) + 8;
	char *text = memory_checked(malloc(n));

	snprintf(text, n, "%s%s%s", f->cause, f->cure ? "; " : "",
		 f->cure ? f->cure : "");
	printf("\n        { \"ruleId\": ");
	imgcache_json_string(stdout, f->rule);
	printf(", \"level\": \"%s\",\n          \"message\": { \"text\": ",
	       sarif_level(f->severity));
	imgcache_json_string(stdout, text);
	printf(" },\n          \"locations\": [ { \"physicalLocation\": {\n"
	       "            \"artifactLocation\": { \"uri\": ");
	put_uri(f->file);
	printf(" },\n            \"region\": { \"startLine\": %d, "
	       "\"startColumn\": %d, \"endLine\": %d, \"endColumn\": %d } "
	       "} } ] }", f->line, f->column, f->end_line, f->end_column);
	free(text);
}

void
findings_put_sarif(const struct imgcache_lint_result *r)
{
	size_t i;

	printf("{\n  \"$schema\": \"https://json.schemastore.org/"
	       "sarif-2.1.0.json\",\n  \"version\": \"2.1.0\",\n"
	       "  \"runs\": [\n    { \"columnKind\": \"unicodeCodePoints\",\n"
	       "      \"tool\": { \"driver\": { \"name\": \"imgcache\",\n"
	       "        \"version\": \"" IMGCACHE_VERSION "\", "
	       "\"rules\": [");
	put_sarif_rules();
	printf("\n        ] } },\n      \"results\": [");
	for (i = 0; i < r->n_findings; i++) {
		if (i)
			putchar(',');
		put_sarif_result(&r->findings[i]);
	}
	printf("%s] }\n  ]\n}\n", r->n_findings ? "\n      " : "");
}

/* In a property commas and colons would end it. */
static void
put_escaped(const char *s, bool is_property)
{
	for (; *s; s++)
		if (*s == '%' || *s == '\r' || *s == '\n' ||
		    (is_property && (*s == ',' || *s == ':')))
			printf("%%%02X", (unsigned)(unsigned char)*s);
		else
			putchar(*s);
}

void
findings_put_github(const struct imgcache_lint_result *r)
{
	size_t i;

	for (i = 0; i < r->n_findings; i++) {
		const struct imgcache_lint_finding *f = &r->findings[i];

		printf("::%s file=",
		       f->severity == IMGCACHE_SEVERITY_INFO ? "notice" :
		       severity_word(f->severity));
		put_escaped(f->file, true);
		printf(",line=%d,col=%d,endLine=%d,endColumn=%d,title=",
		       f->line, f->column, f->end_line, f->end_column);
		put_escaped(f->rule, true);
		if (strcmp(f->rule, f->name)) {
			putchar(' ');
			put_escaped(f->name, true);
		}
		printf("::");
		put_escaped(f->cause, false);
		if (f->cure) {
			printf("; ");
			put_escaped(f->cure, false);
		}
		putchar('\n');
	}
}
