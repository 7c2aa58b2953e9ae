/* SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "recipe/dockerfile_lines.h"

/* "line:text|line:text", or the error's text. The caller frees. */
static char *
show(const char *text, size_t len, const char **doubt)
{
	struct imgcache_error err = { 0 };
	struct dockerfile_lines l;
	struct buf line = BUF_INIT, out = BUF_INIT;
	int first, ret;

	dockerfile_lines_init(&l, text, len);
	while ((ret = dockerfile_lines_next(&l, &line, &first, &err)) > 0)
		buf_addf(&out, "%s%d:%s", out.len ? "|" : "", first,
			 line.data);
	if (ret < 0)
		buf_addf(&out, "%s%d!%s", out.len ? "|" : "", l.line,
			 err.text);
	if (doubt)
		*doubt = l.doubt;
	buf_release(&line);
	return buf_detach(&out);
}

struct row {
	const char *text;
	const char *expect;
};

static void
check(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *actual = show(rows[i].text, strlen(rows[i].text), NULL);
		cr_expect_str_eq(actual, rows[i].expect, "%s\n  gives %s\n",
				 rows[i].text, actual);
		free(actual);
	}
}

#define CHECK(rows) check(rows, sizeof(rows) / sizeof((rows)[0]))

Test(dockerfile_lines, lines_are_joined_at_the_escape)
{
	static const struct row rows[] = {
		{ "", "" },
		{ "a\nb", "1:a|2:b" },
		{ "a\r\nb\r\n", "1:a|2:b" },
		{ "\xef\xbb\xbf" "a\n", "1:a" },
		{ "  a\n\n\tb", "1:a|3:b" },
		{ "\xc2\xa0" "a", "1:a" },
		{ "a \\\nb", "1:a b" },
		{ "a \\  \t\nb", "1:a b" },
		{ "a \\\r\nb", "1:a b" },
		{ "a\\\n  b", "1:a  b" },
		{ "a\\\n\n  \nb", "1:ab" },
		{ "a\\\n# c\n  # d\nb", "1:ab" },
		{ "a\\\n# c \\\nb\nd", "1:ab|4:d" },
		{ "a\\\nb\\", "1:ab" },
		{ "a\\", "1:a" },
		{ "\\\na", "1:a" },
		{ "a`\nb", "1:a`|2:b" },
		{ "# a\\\nb", "2:b" },
		{ "a # b", "1:a # b" },
	};
	CHECK(rows);
}

Test(dockerfile_lines, directives_count_only_at_the_top)
{
	static const struct row rows[] = {
		{ "# escape=`\na`\nb", "2:ab" },
		{ "#escape=`\na`\nb", "2:ab" },
		{ "  #  ESCAPE =  `  \na`\nb", "2:ab" },
		{ "# syntax=x\n# escape=`\na`\nb", "3:ab" },
		{ "# escape=\\\na\\\nb", "2:ab" },
		{ "# c\n# escape=`\na`\nb", "3:a`|4:b" },
		{ "\n# escape=`\na`\nb", "3:a`|4:b" },
		{ "# other=1\n# escape=`\na`\nb", "3:a`|4:b" },
		{ "a\n# escape=`\nb`\nc", "1:a|3:b`|4:c" },
		{ "# escape\na`\nb", "2:a`|3:b" },
		{ "# escape=x\na", "1!escape 'x' is neither \\ nor `" },
		{ "# escape= \na", "1!escape ' ' is neither \\ nor `" },
		{ "# escape=`\n# escape=`\na",
		  "2!only one 'escape' directive is allowed" },
		{ "# syntax=a\n# Syntax=b\na",
		  "2!only one 'syntax' directive is allowed" },
		{ "#!/bin/x\n# escape=`\na`\nb", "3:a`|4:b" },
	};
	CHECK(rows);
}

Test(dockerfile_lines, what_engines_read_differently_is_in_doubt)
{
	static const struct {
		const char *text;
		bool doubt;
	} rows[] = {
		{ "a \\\\\nb", true },
		{ "a \\\\ \nb", true },
		{ "a \\\nb", false },
		{ "# c \\\\\nb", false },
		{ "# check=x\n# escape=`\na", true },
		{ "# escape=`\n# check=x\na", false },
		{ "# check=x\na \\\nb", false },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *doubt;
		char *actual = show(rows[i].text, strlen(rows[i].text),
				    &doubt);
		cr_expect_eq(doubt != NULL, rows[i].doubt, "%s",
			     rows[i].text);
		free(actual);
	}
}

static void
check_length(size_t len, bool newline, bool fits)
{
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < len; i++)
		buf_addc(&text, 'a');
	if (newline)
		buf_addc(&text, '\n');
	char *actual = show(text.data, text.len, NULL);
	cr_expect_eq(strstr(actual, "!line is longer") == NULL, fits);
	free(actual);
	buf_release(&text);
}

Test(dockerfile_lines, a_line_has_at_most_65535_bytes)
{
	check_length(65535, true, true);
	check_length(65535, false, true);
	check_length(65536, true, false);
	check_length(65536, false, false);
}

Test(dockerfile_lines, raw_lines_keep_their_ends)
{
	struct imgcache_error err = { 0 };
	struct dockerfile_lines l;
	struct span s;

	dockerfile_lines_init(&l, "a\r\n b", 5);
	cr_assert_eq(dockerfile_lines_raw(&l, &s, &err), 1);
	cr_expect(span_is(s, "a\r\n"));
	cr_assert_eq(dockerfile_lines_raw(&l, &s, &err), 1);
	cr_expect(span_is(s, " b"));
	cr_expect_eq(l.line, 2);
	cr_expect_eq(dockerfile_lines_raw(&l, &s, &err), 0);
}

Test(dockerfile_lines, the_frontend_is_found_where_buildkit_looks)
{
	static const struct {
		const char *text;
		const char *ref;
		int line;
	} rows[] = {
		{ "# syntax=a/b:1\nFROM x", "a/b:1", 1 },
		{ "#syntax = a/b:1 c d\nFROM x", "a/b:1", 1 },
		{ "\xef\xbb\xbf# syntax=a\r\n", "a", 1 },
		{ "# escape=`\n# syntax=a\n", "a", 2 },
		{ "# check=x\n# SYNTAX=a\n", "a", 2 },
		{ "#!/usr/bin/x\n# syntax=a\n", "a", 2 },
		{ "// syntax=a\nx", "a", 1 },
		{ "{\"x\": [{}], \"syntax\": \"a\"}", "a", 1 },
		{ "# syntax= \nx", "", 1 },
		{ "# c\n# syntax=a\n", NULL, 0 },
		{ "\n# syntax=a\n", NULL, 0 },
		{ " # syntax=a\n", NULL, 0 },
		{ "FROM x\n# syntax=a\n", NULL, 0 },
		{ "{\"syntax\": 1}", NULL, 0 },
		{ "{\"syntax\": \"a\"", NULL, 0 },
		{ "", NULL, 0 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf ref = BUF_INIT;
		int line = 0;
		bool found = dockerfile_find_frontend(rows[i].text,
						      strlen(rows[i].text),
						      &ref, &line);
		cr_expect_eq(found, rows[i].ref != NULL, "%s", rows[i].text);
		if (found && rows[i].ref) {
			cr_expect_str_eq(ref.data, rows[i].ref);
			cr_expect_eq(line, rows[i].line, "%s", rows[i].text);
		}
		buf_release(&ref);
	}
}
