/* SPDX-License-Identifier: MIT */
/*
 * JSON and NUL are written as they come; table.c keeps a table until its end.
 * In JSON a field of a record and an entry of a list have a line of their own,
 * whatever lies deeper shares one.
 */
#include "printer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "table.h"
#include "text.h"

#define MAX_DEPTH 8
#define NUMBER_TEXT 48
_Static_assert(NUMBER_TEXT >= IMGCACHE_TEXT, "a moment fits");

struct level {
	bool is_list;
	bool has_lines;		/* its values have lines of their own */
	size_t n;		/* values so far */
};

struct printer {
	enum print_form form;
	bool single;
	bool in_record;
	size_t n_records;
	struct level levels[MAX_DEPTH];	/* below the record */
	size_t depth;			/* 0: the record itself */
	struct table *table;
};

enum print_form
print_form_given(void)
{
	return given.json ? PRINT_JSON : given.nul ? PRINT_NUL : PRINT_TABLE;
}

struct printer *
printer_new(enum print_form form, bool single)
{
	struct printer *p = memory_checked(calloc(1, sizeof(*p)));

	p->form = form;
	p->single = single;
	p->levels[0].has_lines = true;
	if (form == PRINT_TABLE)
		p->table = table_new(single);
	if (form == PRINT_JSON && !single)
		fputc('[', stdout);
	return p;
}

void
printer_set_line(struct printer *p)
{
	p->levels[0].has_lines = false;
}

void
printer_set_wide(struct printer *p)
{
	if (p->table)
		table_set_wide(p->table);
}

static void
end_record(struct printer *p)
{
	if (!p->in_record)
		return;
	p->in_record = false;
	if (p->form == PRINT_JSON && p->levels[0].n && p->levels[0].has_lines)
		fputs(p->single ? "\n}" : "\n  }", stdout);
	else if (p->form == PRINT_JSON)
		fputc('}', stdout);
	else if (p->form == PRINT_NUL)
		fputc('\0', stdout);
}

enum print_form
printer_form(const struct printer *p)
{
	return p->form;
}

void
print_record(struct printer *p)
{
	end_record(p);
	if (p->form == PRINT_JSON && p->single)
		fputc('{', stdout);
	else if (p->form == PRINT_JSON)
		fputs(p->n_records ? ",\n  {" : "\n  {", stdout);
	else if (p->form == PRINT_TABLE)
		table_row(p->table);
	p->in_record = true;
	p->n_records++;
	p->depth = 0;
	p->levels[0].n = 0;
}

/* What stands before a value: a comma, a line or a space, its name. */
static void
json_begin(struct printer *p, const char *name)
{
	struct level *l = &p->levels[p->depth];
	int indent = 2 * ((int)p->depth + (p->single ? 1 : 2));

	if (l->n++)
		fputc(',', stdout);
	if (l->has_lines)
		printf("\n%*s", indent, "");
	else if (l->n > 1)
		fputc(' ', stdout);
	if (l->is_list)
		return;
	imgcache_json_string(stdout, name);
	fputs(": ", stdout);
}

static void
json_open(struct printer *p, const char *name, bool is_list)
{
	bool has_lines;

	if (p->form == PRINT_JSON) {
		json_begin(p, name);
		fputc(is_list ? '[' : '{', stdout);
	}
	has_lines = is_list && p->depth == 0 && p->levels[0].has_lines;
	if (p->depth + 1 < MAX_DEPTH)
		p->depth++;
	p->levels[p->depth] = (struct level){ is_list, has_lines, 0 };
}

static void
json_close(struct printer *p)
{
	struct level *l = &p->levels[p->depth];

	if (p->depth)
		p->depth--;
	if (p->form != PRINT_JSON)
		return;
	if (l->has_lines && l->n)
		printf("\n%*s", 2 * ((int)p->depth + (p->single ? 1 : 2)), "");
	fputc(l->is_list ? ']' : '}', stdout);
}

void
print_object(struct printer *p, const char *name)
{
	json_open(p, name, false);
}

void
print_object_end(struct printer *p)
{
	json_close(p);
}

void
print_list(struct printer *p, const char *name)
{
	json_open(p, name, true);
}

void
print_list_end(struct printer *p)
{
	json_close(p);
}

/* A value is one line, or its end could not be told from the next field. */
static void
nul_field(const struct printer *p, const char *name, const char *value)
{
	if (p->depth)
		return;
	printf("%s=", name);
	text_put(stdout, value);
	fputc('\n', stdout);
}

static void
put_text(struct printer *p, const char *name, const char *title,
	 const char *value, enum cell_kind kind)
{
	char *visible;

	if (p->form == PRINT_JSON) {
		json_begin(p, name);
		if (value)
			imgcache_json_string(stdout, value);
		else
			fputs("null", stdout);
	} else if (p->form == PRINT_NUL) {
		nul_field(p, name, value ? value : "");
	} else if (title && !p->depth) {
		visible = text_visible(value && *value ? value : "-");
		table_cell(p->table, title, visible, kind);
		free(visible);
	}
}

void
print_text(struct printer *p, const char *name, const char *title,
	   const char *value)
{
	put_text(p, name, title, value, CELL_TEXT);
}

void
print_id(struct printer *p, const char *name, const char *title,
	 const char *value)
{
	put_text(p, name, title, value, CELL_WHOLE);
}

void
print_digest(struct printer *p, const char *name, const char *title,
	     const char *value)
{
	put_text(p, name, title, value, CELL_DIGEST);
}

/* Nobody knows, or it never was. */
static bool
is_unknown(int64_t value, enum print_as as)
{
	return as == AS_AGO ? value <= 0 : value < 0 && as != AS_NUMBER;
}

/* value / unit without noughts at the end; in integers it needs no locale. */
static void
add_fraction(char out[NUMBER_TEXT], int64_t value, int digits)
{
	int64_t unit = digits == 6 ? 1000000 : 1000;
	size_t n;

	snprintf(out, NUMBER_TEXT, "%lld.%0*lld", (long long)(value / unit),
		 digits, (long long)(value % unit));
	for (n = strlen(out); out[n - 1] == '0'; n--)
		out[n - 1] = '\0';
	if (out[n - 1] == '.')
		out[n - 1] = '\0';
}

/* As programs read it. */
static const char *
plain_number(char out[NUMBER_TEXT], int64_t value, enum print_as as)
{
	if (as == AS_AGO)
		return imgcache_format_time(out, value);
	if (as == AS_DURATION)
		add_fraction(out, value, 6);
	else if (as == AS_PERCENT || as == AS_THOUSANDTHS)
		add_fraction(out, value, 3);
	else
		snprintf(out, NUMBER_TEXT, "%lld", (long long)value);
	return out;
}

static const char *
human_number(char text[IMGCACHE_TEXT], int64_t value, enum print_as as)
{
	int64_t tenths = (value + 50) / 100;

	if (is_unknown(value, as))
		return "-";
	switch (as) {
	case AS_SIZE:
		return imgcache_format_size(text, value);
	case AS_AGO:
		return imgcache_format_age(text, imgcache_now_s() - value);
	case AS_DURATION:
		return imgcache_format_duration(text, value);
	case AS_PERCENT:
		snprintf(text, IMGCACHE_TEXT, "%lld.%lld %%",
			 (long long)(value / 10), (long long)(value % 10));
		break;
	case AS_THOUSANDTHS:
		snprintf(text, IMGCACHE_TEXT, "%lld.%lld",
			 (long long)(tenths / 10), (long long)(tenths % 10));
		break;
	case AS_NUMBER:
		snprintf(text, IMGCACHE_TEXT, "%lld", (long long)value);
		break;
	}
	return text;
}

void
print_number(struct printer *p, const char *name, const char *title,
	     int64_t value, enum print_as as)
{
	bool unknown = is_unknown(value, as);
	char text[NUMBER_TEXT];

	if (p->form == PRINT_TABLE) {
		if (title && !p->depth)
			table_cell(p->table, title, human_number(text, value,
								 as),
				   CELL_NUMBER);
	} else if (unknown) {
		print_null(p, name);
	} else if (p->form == PRINT_NUL) {
		nul_field(p, name, plain_number(text, value, as));
	} else {
		json_begin(p, name);
		if (as == AS_AGO)
			imgcache_json_string(stdout, plain_number(text, value,
								  as));
		else
			fputs(plain_number(text, value, as), stdout);
	}
}

void
print_figure(struct printer *p, const char *title, const char *text)
{
	if (p->form == PRINT_TABLE && !p->depth)
		table_cell(p->table, title, text, CELL_NUMBER);
}

void
print_bool(struct printer *p, const char *name, bool value)
{
	if (p->form == PRINT_JSON) {
		json_begin(p, name);
		fputs(value ? "true" : "false", stdout);
	} else if (p->form == PRINT_NUL) {
		nul_field(p, name, value ? "true" : "false");
	}
}

void
print_null(struct printer *p, const char *name)
{
	if (p->form == PRINT_JSON) {
		json_begin(p, name);
		fputs("null", stdout);
	} else if (p->form == PRINT_NUL) {
		nul_field(p, name, "");
	}
}

void
print_json(struct printer *p, const char *name, const char *json)
{
	if (p->form != PRINT_JSON)
		return;
	json_begin(p, name);
	fputs(json, stdout);
}

size_t
printer_count(const struct printer *p)
{
	return p->n_records;
}

void
printer_end(struct printer *p)
{
	end_record(p);
	if (p->form == PRINT_JSON)
		fputs(p->single ? "\n" : p->n_records ? "\n]\n" : "]\n",
		      stdout);
	else if (p->form == PRINT_TABLE)
		table_end(p->table);
	free(p);
}
