/* SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/strv.h"
#include "recipe/dfvars.h"

/* set=v, empty="", path=a/b.c.d, x=aXbXc, star=*, nl has a newline, un? */
static struct dfvar
lookup(void *payload, const char *name, size_t len)
{
	static const char *const vars[][2] = {
		{ "set", "v" }, { "empty", "" }, { "path", "a/b.c.d" },
		{ "x", "aXbXc" }, { "star", "*" }, { "nl", "a\nb" },
		{ "_1", "one" }, { "q", "\"'" }, { "hash", "#a" },
		{ "e", "\xc3\xa9\xc3\xa8" },
	};
	(void)payload;
	for (size_t i = 0; i < sizeof(vars) / sizeof(vars[0]); i++)
		if (strlen(vars[i][0]) == len &&
		    memcmp(vars[i][0], name, len) == 0)
			return (struct dfvar){ DFVAR_SET, vars[i][1],
					       strlen(vars[i][1]) };
	if (len > 1 && memcmp(name, "un", 2) == 0)
		return (struct dfvar){ DFVAR_UNKNOWN, "", 0 };
	return (struct dfvar){ DFVAR_UNSET, "", 0 };
}

/* What the word comes to, "?" if unknown, "!cause" if it fails. */
static char *
expand(const char *word, char escape, bool keep_unset)
{
	struct dfvars vars = { .get = lookup, .escape = escape,
			       .keep_unset = keep_unset };
	struct imgcache_error err = { 0 };
	struct buf out = BUF_INIT;
	bool unknown = false;

	if (dfvars_expand(&vars, word, strlen(word), &out, &unknown,
			  &err) < 0) {
		buf_clear(&out);
		buf_addf(&out, "!%s", err.text);
	} else if (unknown) {
		buf_clear(&out);
		buf_adds(&out, "?");
	}
	return buf_detach(&out);
}

struct row {
	const char *word;
	const char *expect;
};

static void
check(const struct row *rows, size_t n, char escape, bool keep_unset)
{
	for (size_t i = 0; i < n; i++) {
		char *actual = expand(rows[i].word, escape, keep_unset);
		cr_expect_str_eq(actual, rows[i].expect, "%s gives %s",
				 rows[i].word, actual);
		free(actual);
	}
}

#define CHECK(rows) check(rows, sizeof(rows) / sizeof((rows)[0]), '\\', false)

Test(dfvars, plain_variables)
{
	static const struct row rows[] = {
		{ "", "" }, { "abc", "abc" }, { "$set", "v" },
		{ "${set}", "v" }, { "a$set.b", "av.b" }, { "$setx", "" },
		{ "${set}x", "vx" }, { "$no", "" }, { "$_1", "one" },
		{ "$1set", "set" }, { "$", "$" }, { "$ a", "$ a" },
		{ "a$", "a$" }, { "$set$set", "vv" },
		{ "$@$*$#$?$-$$$!$0", "" },
		{ "$/", "$/" }, { "$un", "?" }, { "${un}", "?" },
		{ "$q", "\"'" }, { "a  b", "a  b" },
	};
	CHECK(rows);
}

Test(dfvars, defaults_and_alternatives)
{
	static const struct row rows[] = {
		{ "${no-w}", "w" }, { "${no:-w}", "w" }, { "${set-w}", "v" },
		{ "${set:-w}", "v" }, { "${empty-w}", "" },
		{ "${empty:-w}", "w" }, { "${no+w}", "" }, { "${no:+w}", "" },
		{ "${set+w}", "w" }, { "${set:+w}", "w" },
		{ "${empty+w}", "w" }, { "${empty:+w}", "" },
		{ "${set?w}", "v" }, { "${set:?w}", "v" }, { "${empty?w}", "" },
		{ "${no?w}", "!no: w" }, { "${no:?w}", "!no: w" },
		{ "${empty:?w}", "!empty: w" },
		{ "${no?}", "!no: is not allowed to be unset" },
		{ "${empty:?}", "!empty: is not allowed to be empty" },
		{ "${no-}", "" }, { "${no:-$set}", "v" },
		{ "${no:-${no:-${set}}}", "v" }, { "${no:-a\\}b}", "a}b" },
		{ "${no:-\"a}b\"}", "a}b" }, { "${no:-'$set'}", "$set" },
		{ "${no:-a b}", "a b" }, { "${set:-$un}", "v" },
		{ "${no:-$un}", "?" }, { "${un:-w}", "?" }, { "${un+w}", "?" },
		{ "${no:+$un}", "" },
	};
	CHECK(rows);
}

Test(dfvars, prefixes_and_suffixes)
{
	static const struct row rows[] = {
		{ "${path#a/}", "b.c.d" }, { "${path#*.}", "c.d" },
		{ "${path##*.}", "d" }, { "${path%.*}", "a/b.c" },
		{ "${path%%.*}", "a/b" }, { "${path%%/*}", "a" },
		{ "${path##*\\/}", "b.c.d" }, { "${path#nope}", "a/b.c.d" },
		{ "${path%nope}", "a/b.c.d" }, { "${path#?}", "/b.c.d" },
		{ "${path%?}", "a/b.c." }, { "${path#*}", "a/b.c.d" },
		{ "${path##*}", "" }, { "${path%%*}", "" },
		{ "${path#}", "a/b.c.d" }, { "${path##}", "a/b.c.d" },
		{ "${path#[a]}", "a/b.c.d" }, { "${path#*b*d}", "" },
		{ "${path##a*.}", "d" }, { "${path%*b*}", "a/" },
		{ "${path%.?}", "a/b.c" },
		{ "${star#\\*}", "" }, { "${set#\\*}", "v" },
		{ "${x#$star}", "aXbXc" }, { "${x##${star}X}", "c" },
		{ "${hash#$hash}", "#a" }, { "${no#a}", "" },
		{ "${set#\\a}", "!bad escape in a pattern of ${}" },
		{ "${e#?}", "\xc3\xa8" }, { "${e%?}", "\xc3\xa9" },
		{ "${un#a}", "?" }, { "${nl#a}", "?" },
	};
	CHECK(rows);
}

Test(dfvars, replacements)
{
	static const struct row rows[] = {
		{ "${x/X/-}", "a-bXc" }, { "${x//X/-}", "a-b-c" },
		{ "${x/X*/-}", "a-" }, { "${x//?X/-}", "--c" },
		{ "${x/X/}", "abXc" }, { "${x//X/}", "abc" },
		{ "${x/q/-}", "aXbXc" }, { "${path/\\//-}", "a-b.c.d" },
		{ "${path//./-}", "a/b-c-d" }, { "${x/$set/-}", "aXbXc" },
		{ "${x/X/$set}", "avbXc" }, { "${no/a/b}", "" },
		{ "${x/*/-}", "-" }, { "${x//*/-}", "?" },
		{ "${x//X/\\$}", "?" }, { "${nl/a/b}", "?" },
		{ "${x/X/$un}", "?" },
		{ "${x/X}", "!missing '/' in ${}" },
		{ "${x/X/y", "!missing '}'" },
	};
	CHECK(rows);
}

Test(dfvars, quotes_and_escapes)
{
	static const struct row rows[] = {
		{ "'a b'", "a b" }, { "\"a b\"", "a b" },
		{ "'$set'", "$set" }, { "\"$set\"", "v" },
		{ "\"'\"", "'" }, { "'\"'", "\"" }, { "a'b'c", "abc" },
		{ "\\$set", "$set" }, { "\\a", "a" }, { "a\\", "a" },
		{ "\"\\$set\"", "$set" }, { "\"\\a\"", "\\a" },
		{ "\"\\\"\"", "\"" }, { "\"\\\\\"", "\\" },
		{ "'\\a'", "\\a" }, { "''", "" },
		{ "'a", "!missing single quote" },
		{ "\"a", "!missing double quote" },
		{ "\"a\\", "!missing double quote" },
	};
	CHECK(rows);
}

Test(dfvars, the_escape_may_be_a_backtick)
{
	static const struct row rows[] = {
		{ "`$set", "$set" }, { "\\$set", "\\v" },
		{ "\"``\"", "`" }, { "a`", "a" },
	};
	check(rows, sizeof(rows) / sizeof(rows[0]), '`', false);
}

Test(dfvars, bad_substitutions_are_errors)
{
	static const struct row rows[] = {
		{ "${", "!missing '}'" }, { "${set", "!unsupported modifier "
		  "in ${}" }, { "${}", "!bad substitution" },
		{ "${{a}}", "!bad substitution" }, { "${:a}", "!bad "
		  "substitution" }, { "${set:0}", "!unsupported modifier in "
		  "${}" }, { "${set!}", "!unsupported modifier in ${}" },
		{ "${set:-a", "!missing '}'" }, { "${ set}", "!unsupported "
		  "modifier in ${}" }, { "${no:-${no:-}", "!missing '}'" },
	};
	CHECK(rows);
}

Test(dfvars, unset_variables_may_stay_as_written)
{
	static const struct row rows[] = {
		{ "$no", "$no" }, { "${no}", "${no}" },
		{ "${no:-w}", "${no:-w}" }, { "${no#w}", "${no#w}" },
		{ "${no/a/b}", "${no/a/b}" }, { "$set", "v" },
	};
	check(rows, sizeof(rows) / sizeof(rows[0]), '\\', true);
}

Test(dfvars, bytes_that_are_not_utf8_become_the_replacement_rune)
{
	static const struct row rows[] = {
		{ "\xff", "\xef\xbf\xbd" }, { "a\xc3", "a\xef\xbf\xbd" },
		{ "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\xef\xbb\xbf" "a", "a" }, { "\xf0\x9f\x98\x80",
		  "\xf0\x9f\x98\x80" }, { "$set\xc3\xa9", "?" },
	};
	CHECK(rows);
}

static struct strv
split(const char *text, bool raw)
{
	struct dfvars vars = { .get = lookup, .escape = '\\',
			       .raw_quotes = raw, .raw_escapes = raw,
			       .keep_unset = true };
	struct imgcache_error err = { 0 };
	struct strv words = { 0 };

	cr_assert_eq(dfvars_split(&vars, text, strlen(text), &words, &err), 0);
	return words;
}

Test(dfvars, words_are_split_outside_quotes)
{
	struct strv words = split(" a  'b c' d\\ e \"f\"g ", false);

	cr_assert_eq(words.n, 4);
	cr_expect_str_eq(words.v[1], "b c");
	cr_expect_str_eq(words.v[2], "d e");
	cr_expect_str_eq(words.v[3], "fg");
	strv_release(&words);
}

Test(dfvars, raw_words_keep_quotes_and_escapes)
{
	struct strv words = split("'b c' d\\ e", true);

	cr_assert_eq(words.n, 2);
	cr_expect_str_eq(words.v[0], "'b c'");
	cr_expect_str_eq(words.v[1], "d\\ e");
	strv_release(&words);
}

Test(dfvars, nesting_has_an_end)
{
	struct buf word = BUF_INIT;

	for (int i = 0; i < 100000; i++)
		buf_adds(&word, "${no:-");
	char *actual = expand(word.data, '\\', false);
	cr_expect_str_eq(actual, "!${} nested more than 128 deep");
	free(actual);
	buf_release(&word);
}

Test(dfvars, a_costly_pattern_is_an_error)
{
	static const char word[] = "${x#*a*X*b*X*c*d}";
	size_t budget = 35;
	struct dfvars vars = { .get = lookup, .escape = '\\',
			       .budget = &budget };
	struct imgcache_error err = { 0 };
	struct buf out = BUF_INIT;
	bool unknown = false;

	cr_expect_eq(dfvars_expand(&vars, word, sizeof(word) - 1, &out,
				   &unknown, &err), IMGCACHE_EFAIL);
	cr_expect_str_eq(err.text, "a pattern of ${} is too costly to match");
	buf_release(&out);
}

Test(dfvars, a_budget_bounds_all_expansions_together)
{
	size_t budget = 10;
	struct dfvars vars = { .get = lookup, .escape = '\\',
			       .budget = &budget };
	struct imgcache_error err = { 0 };
	struct buf out = BUF_INIT;
	bool unknown = false;

	cr_expect_eq(dfvars_expand(&vars, "$path", 5, &out, &unknown, &err),
		     0);
	cr_expect_eq(budget, 3);
	cr_expect_eq(dfvars_expand(&vars, "$path", 5, &out, &unknown, &err),
		     IMGCACHE_EFAIL);
	cr_expect_str_eq(err.text, "variables expand to more than 64 MiB");
	buf_release(&out);
}
