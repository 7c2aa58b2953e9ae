/* SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "recipe/shellwords.h"

static const char *const joins[] = { "", "&& ", "|| ", "| ", "; " };

static void
show_command(struct buf *out, const struct shell_command *c)
{
	buf_adds(out, joins[c->join]);
	buf_adds(out, c->substituted ? "$" : "");
	buf_adds(out, c->conditional ? "?" : "");
	for (size_t i = 0; i < c->n_assigns; i++)
		buf_addf(out, "{%s}", c->assigns[i].text);
	for (size_t i = 0; i < c->n_words; i++)
		buf_addf(out, "[%s]", c->words[i].text);
	for (size_t i = 0; i < c->n_redirects; i++)
		buf_addf(out, "%s%s(%s)", c->redirects[i].attached ? "+" : "",
			 c->redirects[i].op, c->redirects[i].target.text);
}

/* Commands with a blank between, "!" and trouble last. The caller frees. */
static char *
show(const char *text)
{
	struct arena arena = { 0 };
	struct shell_script script;
	struct buf out = BUF_INIT;

	shell_parse(&arena, text, strlen(text), &script);
	for (size_t i = 0; i < script.n; i++) {
		buf_adds(&out, i ? " " : "");
		show_command(&out, &script.v[i]);
	}
	if (script.trouble)
		buf_addf(&out, " !%s", script.trouble);
	arena_release(&arena);
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
		char *actual = show(rows[i].text);
		cr_expect_str_eq(actual, rows[i].expect, "%s\n  gives %s\n",
				 rows[i].text, actual);
		free(actual);
	}
}

#define CHECK(rows) check(rows, sizeof(rows) / sizeof((rows)[0]))

Test(shellwords, words_and_quotes)
{
	static const struct row rows[] = {
		{ "", "" }, { "  ", "" }, { "a", "[a]" },
		{ "a b\tc", "[a][b][c]" }, { "a 'b c' \"d e\"",
		  "[a][b c][d e]" }, { "a\\ b", "[a b]" },
		{ "a'b'\"c\"d", "[abcd]" }, { "a \\\n b", "[a][b]" },
		{ "a\\\nb", "[ab]" }, { "'' \"\"", "[][]" },
		{ "\"a\\\"b\\c\\$\"", "[a\"b\\c$]" }, { "'a\\'", "[a\\]" },
		{ "a #b", "[a]" }, { "a#b", "[a#b]" }, { "#a\nb", "[b]" },
		{ "$'a\\'b' $\"c d\"", "[a'b][c d]" },
		{ "$a ${b:-c d} ${e%'}'}", "[$a][${b:-c d}][${e%'}'}]" },
		{ "a$ $", "[a$][$]" }, { "x=(a b) y", "{x=(a b)}[y]" },
		{ "rm !(a|b)", "[rm][!(a|b)]" }, { "a\rb", "[a][b]" },
	};
	CHECK(rows);
}

Test(shellwords, lists_and_pipes)
{
	static const struct row rows[] = {
		{ "a;b", "[a] ; [b]" }, { "a&&b||c", "[a] && [b] || [c]" },
		{ "a|b |& c", "[a] | [b] | [c]" }, { "a & b", "[a] ; [b]" },
		{ "a\n\nb", "[a] ; [b]" }, { "a && \\\n b", "[a] && [b]" },
		{ "a &&\n\n b", "[a] ; [b]" }, { "; a", "[a]" },
		{ "{ a; b; } && c", "[a] ; [b] && [c]" },
		{ "(a; b) && c", "[a] ; [b] && [c]" },
		{ "a (", "[a] !'(' is not closed" }, { ")",
		  " !a ')' that closes nothing" },
		{ "set -eux; a", "[set][-eux] ; [a]" },
	};
	CHECK(rows);
}

Test(shellwords, assignments_and_redirections)
{
	static const struct row rows[] = {
		{ "A=1 B='2 3' c D=4", "{A=1}{B=2 3}[c][D=4]" },
		{ "A=1", "{A=1}" }, { "a >b 2>&1", "[a]>(b)>&(1)" },
		{ "a 2>/dev/null", "[a]>(/dev/null)" },
		{ "a2>b", "[a2]+>(b)" }, { "a>=1", "[a]+>(=1)" },
		{ "a>=1,<2", "[a]+>(=1,)+<(2)" }, { "a >=1", "[a]>(=1)" },
		{ "\"a>=1\" 'b<2'", "[a>=1][b<2]" }, { "a\\>=1", "[a>=1]" },
		{ "a &>b &>>c", "[a]&>(b)&>>(c)" }, { "a <<<b", "[a]<<<(b)" },
		{ "> a", ">(a)" }, { "a >| b", "[a]>|(b)" },
		{ "a <b c", "[a][c]<(b)" }, { "1a=2", "[1a=2]" },
		{ "a <(b) >(c)", "$[b] $[c] [a][<(b)][>(c)]" },
	};
	CHECK(rows);
}

Test(shellwords, heredocs_are_passed_over)
{
	static const struct row rows[] = {
		{ "a <<E\nb c\nE\nd", "[a]<<(E) ; [d]" },
		{ "a <<-'E' x\n\tb\n\tE\nd", "[a][x]<<-(E) ; [d]" },
		{ "a <<A <<B\n1\nA\n2\nB\nd", "[a]<<(A)<<(B) ; [d]" },
		{ "a <<E\r\nb\r\nE\r\nd", "[a]<<(E) ; [d]" },
		{ "a <<E\nb", "[a]<<(E) !a heredoc is not closed" },
		{ "a <<E", "[a]<<(E)" },
	};
	CHECK(rows);
}

Test(shellwords, branches_loops_and_functions)
{
	static const struct row rows[] = {
		{ "if a; then b; else c; fi; d",
		  "[a] ; ?[b] ; ?[c] ; [d]" },
		{ "if a\nthen\n b\nfi && c", "[a] ; ?[b] && [c]" },
		{ "for x in 1 $(y); do b $x; done",
		  "$[y] ?[b][$x]" },
		{ "for ((i=0;i<2;i++)); do b; done", "; ?[b]" },
		{ "while a; do b; done <c", "[a] ; ?[b] ; <(c)" },
		{ "case $x in a|b) c;; (d) e; f ;; *) ;; esac; g",
		  "?[c] ; ?[e] ; ?[f] ; [g]" },
		{ "f() { a; }; f", "?[a] ; [f]" },
		{ "function f { a; }; f", "?[a] ; [f]" },
		{ "f () (a)\nf", "?[a] ; [f]" },
		{ "! a", "[a]" }, { "[[ a && b > c ]] && d",
		  "[[[][a][b][c][]]] && [d]" },
		{ "((x > 1)) && a", "&& [a]" }, { "echo if", "[echo][if]" },
		{ "'if' a", "[if][a]" }, { "if a",
		  "[a] !a block is not closed" },
		{ "fi", " !the end of a block that none began" },
	};
	CHECK(rows);
}

Test(shellwords, substitutions_hold_commands)
{
	static const struct row rows[] = {
		{ "a $(b c) d", "$[b][c] [a][$(b c)][d]" },
		{ "a \"$(b \"c d\")\"", "$[b][c d] [a][$(b \"c d\")]" },
		{ "a `b c`", "$[b][c] [a][`b c`]" },
		{ "a `b \\`c\\``", "$[c] $[b][`c`] [a][`b \\`c\\``]" },
		{ "a '$(b)'", "[a][$(b)]" }, { "x=$(a) b", "$[a] {x=$(a)}[b]" },
		{ "a $((1 + (2)))", "[a][$((1 + (2)))]" },
		{ "a ${x:-$(b)}", "$[b] [a][${x:-$(b)}]" },
		{ "a $(b", "$[b] [a][$(b] !'(' is not closed" },
		{ "a `b", "$[b] [a][`b] !a backquote is not closed" },
	};
	CHECK(rows);
}

Test(shellwords, what_a_shell_is_told_to_run)
{
	static const struct row rows[] = {
		{ "sh -c 'a && b'", "[sh][-c][a && b] [a] && [b]" },
		{ "bash -exc \"a; b\" c", "[bash][-exc][a; b][c] [a] ; [b]" },
		{ "/bin/sh -o pipefail -c 'a|b'",
		  "[/bin/sh][-o][pipefail][-c][a|b] [a] | [b]" },
		{ "su u -c 'a'", "[su][u][-c][a] [a]" },
		{ "sudo -u u env A=1 sh -c \"a \\\"b c\\\"\"",
		  "[sudo][-u][u][env][A=1][sh][-c][a \"b c\"] [a][b c]" },
		{ "sh a -c", "[sh][a][-c]" }, { "sh x", "[sh][x]" },
	};
	CHECK(rows);
}

/* What stands at the places of all words, where they are exact. */
static void
check_places(const char *text, const char *expect)
{
	struct arena arena = { 0 };
	struct shell_script script;
	struct buf out = BUF_INIT;

	shell_parse(&arena, text, strlen(text), &script);
	for (size_t i = 0; i < script.n; i++) {
		const struct shell_command *c = &script.v[i];
		for (size_t k = 0; k < c->n_words; k++)
			buf_addf(&out, "%s<%.*s>", c->exact ? "" : "~",
				 (int)(c->words[k].end - c->words[k].begin),
				 text + c->words[k].begin);
		buf_addf(&out, " %.*s;", (int)(c->end - c->begin),
			 text + c->begin);
	}
	cr_expect_str_eq(out.data, expect, "%s\n  gives %s\n", text, out.data);
	buf_release(&out);
	arena_release(&arena);
}

Test(shellwords, places)
{
	check_places("A=1 b 'c d' >e", "<b><'c d'> A=1 b 'c d' >e;");
	check_places("sh -c 'a  b'", "<sh><-c><'a  b'> sh -c 'a  b';"
		     "<a><b> a  b;");
	check_places("sh -c a\\ b", "<sh><-c><a\\ b> sh -c a\\ b;"
		     "~<a\\ b>~<a\\ b> a\\ b;");
	check_places("a $(b)", "<b> b;<a><$(b)> a $(b);");
}

static void
check_program(const char *text, const char *expect)
{
	struct arena arena = { 0 };
	struct shell_script script;

	shell_parse(&arena, text, strlen(text), &script);
	cr_assert_eq(script.n, 1, "%s", text);
	cr_expect_str_eq(shell_program_name(&script.v[0]), expect, "%s", text);
	arena_release(&arena);
}

Test(shellwords, programs_behind_wrappers)
{
	check_program("apt-get x", "apt-get");
	check_program("/usr/bin/apt-get x", "apt-get");
	check_program("A=1 sudo -E -H apt-get x", "apt-get");
	check_program("sudo -u user -- apt-get x", "apt-get");
	check_program("sudo -uuser apt-get x", "apt-get");
	check_program("env -i A=1 B=2 apt-get x", "apt-get");
	check_program("env -u A apt-get x", "apt-get");
	check_program("exec env A=1 nice -n 5 apt-get", "apt-get");
	check_program("timeout -k 5 10m apt-get", "apt-get");
	check_program("gosu user apt-get", "apt-get");
	check_program("env", "env");
	check_program("sudo -i", "sudo");
	check_program("A=1", "");
}

Test(shellwords, words_without_a_shell)
{
	static const char *const words[] = { "sh", "-c", "a && 'b'" };
	struct arena arena = { 0 };
	struct shell_script script;

	shell_parse_words(&arena, words, 3, &script);
	cr_assert_eq(script.n, 3);
	cr_expect_str_eq(script.v[2].words[0].text, "b");
	cr_expect_eq(script.v[2].join, SHELL_AND);
	cr_expect_not(script.v[2].exact);
	arena_release(&arena);
	shell_parse_words(&arena, words, 0, &script);
	cr_expect_eq(script.n, 0);
}

Test(shellwords, has_word_looks_behind_the_program)
{
	struct arena arena = { 0 };
	struct shell_script script;

	shell_parse(&arena, "sudo -E a -E b", 14, &script);
	cr_expect(shell_has_word(&script.v[0], "b"));
	cr_expect(shell_has_word(&script.v[0], "-E"));
	cr_expect_not(shell_has_word(&script.v[0], "a"));
	arena_release(&arena);
}

/* Each of these took more than linear time in some reader. */
Test(shellwords, long_and_deep_texts_end, .timeout = 20)
{
	static const char *const parts[] = {
		"$(", "`", "${", "(", "((", "$((", "{ ", "\"$(", "sh -c \"$(",
		"if ", "case x in ", "a <<E\n", "sh -c 'sh -c ", "x=(", "[[ "
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		struct arena arena = { 0 };
		struct shell_script script;
		struct buf text = BUF_INIT;

		while (text.len < 200000)
			buf_adds(&text, parts[i]);
		shell_parse(&arena, text.data, text.len, &script);
		buf_release(&text);
		arena_release(&arena);
	}
}
