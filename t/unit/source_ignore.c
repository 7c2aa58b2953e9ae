/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/strv.h"
#include "source/ignore.h"

static struct ignore *
parse(const char *text)
{
	struct imgcache_error err = { 0 };
	struct ignore *ig = NULL;

	cr_assert_eq(ignore_parse(&ig, ".dockerignore", text, strlen(text),
				  &err), 0, "%s", err.text);
	return ig;
}

static bool
ignored(const char *text, const char *path)
{
	struct ignore *ig = parse(text);
	bool is = ignore_matches(ig, path);

	ignore_free(ig);
	return is;
}

static size_t
count(const char *text)
{
	struct ignore *ig = parse(text);
	size_t n = ignore_count(ig);

	ignore_free(ig);
	return n;
}

Test(ignore, comments_and_blank_lines_are_no_patterns)
{
	cr_expect_eq(count(""), 0);
	cr_expect_eq(count("# a\n\n  \n\t\r\n#b"), 0);
	cr_expect_eq(count(" #x"), 1);
	cr_expect(ignored(" #x", "#x"));
}

Test(ignore, lines_may_end_as_on_windows)
{
	const char *text = "**/*.log\r\n#c\n  README.md  \n/foo/\r\n";

	cr_expect(ignored(text, "a.log"));
	cr_expect(ignored(text, "x/y/a.log"));
	cr_expect(ignored(text, "README.md"));
	cr_expect(ignored(text, "foo"));
	cr_expect(ignored(text, "foo/x"));
	cr_expect_not(ignored(text, "bar"));
}

Test(ignore, a_byte_order_mark_is_dropped_once)
{
	cr_expect(ignored("\xef\xbb\xbfkeep.md\n", "keep.md"));
	cr_expect_not(ignored("a\n\xef\xbb\xbfkeep.md\n", "keep.md"));
}

Test(ignore, unicode_white_space_is_trimmed)
{
	cr_expect(ignored("\xc2\xa0 a\xe3\x80\x80\n", "a"));
}

Test(ignore, patterns_are_cleaned)
{
	cr_expect(ignored("./a//b/../c/", "a/c"));
	cr_expect(ignored("/a", "a"));
	cr_expect(ignored("//a", "a"));
	cr_expect(ignored("/../a", "a"));
	cr_expect_not(ignored("..\n../x\n.\n/", "x"));
	cr_expect_not(ignored("../../a", "a"));
}

Test(ignore, the_second_reading_sees_what_the_first_made)
{
	cr_expect_not(ignored("*\na/../!b", "b"));
	cr_expect_not(ignored("*\n/!b", "b"));
	cr_expect(ignored("*\n!../../b", "b"));
	cr_expect(ignored("!../../b", "b"));
	cr_expect(ignored("/ b", "b"));
}

Test(ignore, the_last_match_wins)
{
	cr_expect_not(ignored("*\n!a", "a"));
	cr_expect(ignored("*\n!a\na", "a"));
	cr_expect(ignored("!a\n*", "a"));
	cr_expect_not(ignored("*.md\n! README.md", "README.md"));
	cr_expect(ignored("*.md\n!README.md\nREAD*", "README.md"));
}

Test(ignore, a_match_of_a_parent_counts)
{
	cr_expect(ignored("a", "a/b/c"));
	cr_expect(ignored("a/b", "a/b/c"));
	cr_expect_not(ignored("a\n!a/b", "a/b/2.txt"));
	cr_expect(ignored("a\n!a/b", "a/1.txt"));
	cr_expect(ignored("a\n!a/b", "a"));
	cr_expect_not(ignored("*\n!a", "a/x/y"));
	cr_expect(ignored("*\n!a", "b"));
}

Test(ignore, an_exception_not_tried_for_the_parent_is_not_handed_down)
{
	cr_expect(ignored("*/x\n!a", "a/x"));
	cr_expect_not(ignored("a\n!a\n*/y", "a/x"));
	cr_expect_not(ignored("*/x\n!*/x", "a/x"));
}

Test(ignore, buildkit_does_not_enter_what_it_takes_for_unreachable)
{
	/* By the patterns alone a/b/c would be kept. */
	cr_expect(ignored("*\n!a/*/**", "a/b/c"));
	cr_expect_not(ignored("*\n!a/*/c", "a/b/c"));
	cr_expect_not(ignored("*\n!**/c", "a/b/c"));
}

Test(ignore, malformed_lines_are_named)
{
	static const struct {
		const char *text, *line;
	} bad[] = {
		{ "a\n[a-\n", ":2: " }, { "!\n", ":1: " },
		{ "#\n\n!/\n", ":3: " }, { "a\nb\n! \n", ":3: " },
		{ "a\\", ":1: " }, { "x*[z-a]", ":1: " },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct imgcache_error err = { 0 };
		struct ignore *ig = NULL;

		cr_expect_eq(ignore_parse(&ig, "x/.dockerignore", bad[i].text,
					  strlen(bad[i].text), &err),
			     IMGCACHE_EFAIL, "%s", bad[i].text);
		cr_expect(strstr(err.text, bad[i].line), "%s", err.text);
		cr_expect(str_starts(err.text, "x/.dockerignore:"), "%s",
			  err.text);
	}
}

static int
parse_line_of(size_t len)
{
	struct imgcache_error err = { 0 };
	struct ignore *ig = NULL;
	char *text = malloc(len + 1);
	int rc;

	memset(text, 'a', len);
	text[len] = '\n';
	rc = ignore_parse(&ig, "f", text, len + 1, &err);
	ignore_free(ig);
	free(text);
	return rc;
}

Test(ignore, a_line_has_go_s_limit)
{
	cr_expect_eq(parse_line_of(65535), 0);
	cr_expect_eq(parse_line_of(65536), IMGCACHE_EFAIL);
}

Test(ignore, bytes_that_are_not_utf8_match_no_exact_name)
{
	cr_expect_not(ignored("a\xff", "a\xff"));
	cr_expect(ignored("?\xff", "a\xff"));
}

/* Does a walk enter the directory (one part)? */
static bool
enters(const char *text, const char *dir)
{
	struct ignore *ig = parse(text);
	struct ignore_dir *root = ignore_root(ig);
	struct ignore_dir *d = ignore_enter(root, dir, strlen(dir));
	bool is = ignore_can_descend(d);

	ignore_leave(root);
	ignore_leave(d);
	ignore_free(ig);
	return is;
}

Test(ignore, a_directory_that_no_exception_reaches_is_not_entered)
{
	cr_expect_not(enters("a", "a"));
	cr_expect(enters("a", "b"));
	cr_expect(enters("a\n!a/b", "a"));
	cr_expect_not(enters("*\n!a/b", "b"));
	cr_expect_not(enters("!a/b\na", "a"));
	cr_expect(enters("*\n!**/x", "a"));
	cr_expect_not(enters("*\n!a?/x", "b"));
	cr_expect_not(enters("*\n!*.md", "b"));
}

Test(ignore, many_rules_are_found_by_hash)
{
	struct buf b = BUF_INIT;
	struct imgcache_error err = { 0 };
	struct ignore *ig = NULL;
	clock_t begin = clock();

	for (int i = 0; b.len < 10 * 1024 * 1024; i++)
		buf_addf(&b, i % 2 ? "dir/name%d\n" : "**/name%d\n", i);
	cr_assert_eq(ignore_parse(&ig, "f", b.data, b.len, &err), 0);
	cr_expect(ignore_matches(ig, "dir/name1001"));
	cr_expect_not(ignore_matches(ig, "name1001"));
	cr_expect(ignore_matches(ig, "x/y/name1000"));
	for (int i = 0; i < 1000; i++)
		ignore_matches(ig, "some/other/name.c");
	cr_expect_lt(clock() - begin, 20 * CLOCKS_PER_SEC);
	ignore_free(ig);
	buf_release(&b);
}

/*
 * n rules that match nothing, each with its number for '#'; where they are so
 * many, wildcards are not tried one by one.
 */
static void
add_idle(struct buf *b, const char *rule, int n)
{
	size_t at = strcspn(rule, "#");

	for (int i = 0; i < n; i++)
		buf_addf(b, "%.*s%d%s\n", (int)at, rule, i, rule + at + 1);
}

#define IDLE_ENOUGH 70

static unsigned
pick(unsigned n)
{
	static uint64_t state = 88172645463325252u;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state >> 33) % n;
}

static void
add_random(struct buf *b, const char *const *words, unsigned n, unsigned parts)
{
	for (unsigned i = 1 + pick(parts); i-- > 0;)
		buf_addf(b, "%s%s", words[pick(n)], i ? "/" : "");
}

static void
expect_same(const struct ignore *few, const struct ignore *many,
	    const char *rules)
{
	static const char *const names[] = {
		"a", "b", "ab", "a.c", "b.c", "ba", "a\nb", "x", "\xc3\xa9.c",
		"\xff"
	};
	struct buf path = BUF_INIT;

	for (int i = 0; i < 40; i++) {
		buf_clear(&path);
		add_random(&path, names, 10, 4);
		cr_assert_eq(ignore_matches(few, path.data),
			     ignore_matches(many, path.data), "'%s':\n%s",
			     path.data, rules);
	}
	buf_release(&path);
}

Test(ignore, many_wildcards_decide_as_few)
{
	static const char *const words[] = {
		"a", "b", "*", "**", "*.c", "a*", "*b", "?", "[ab]*", "**a",
		"a**", "a|b", "\\a", "\xc3\xa9*", "a*b", "x{1,2}*", "^a*", "**.c",
		"b?", "***",
	};
	struct imgcache_error err = { 0 };
	struct buf b = BUF_INIT, idle = BUF_INIT;
	unsigned compared = 0;

	for (int i = 0; i < 3000; i++) {
		struct ignore *few, *many;
		size_t len;

		buf_clear(&idle);
		add_idle(&idle, "none#/*", IDLE_ENOUGH);
		len = idle.len;
		for (unsigned k = 1 + pick(6); k-- > 0;) {
			buf_adds(&idle, pick(3) ? "" : "!");
			add_random(&idle, words, 20, 3);
			buf_addc(&idle, '\n');
		}
		buf_clear(&b);
		buf_adds(&b, idle.data + len);
		error_clear(&err);
		if (ignore_parse(&few, "f", b.data, b.len, &err))
			continue;
		cr_assert_eq(ignore_parse(&many, "f", idle.data, idle.len,
					  &err), 0);
		expect_same(few, many, b.data);
		ignore_free(few);
		ignore_free(many);
		compared++;
	}
	cr_expect_gt(compared, 2000);
	buf_release(&b);
	buf_release(&idle);
}

/* How much longer a walk takes that has those rules a hundred times. */
static double
slowdown(const char *rule)
{
	clock_t spent[2];

	for (int k = 0; k < 2; k++) {
		struct imgcache_error err = { 0 };
		struct buf b = BUF_INIT;
		struct ignore *ig;
		clock_t begin;

		add_idle(&b, rule, k ? 20000 : 200);
		cr_assert_eq(ignore_parse(&ig, "f", b.data, b.len, &err), 0);
		begin = clock();
		for (int i = 0; i < 1000; i++)
			ignore_matches(ig, "some/other/name.c");
		spent[k] = clock() - begin + CLOCKS_PER_SEC / 1000;
		ignore_free(ig);
		buf_release(&b);
	}
	return (double)spent[1] / (double)spent[0];
}

Test(ignore, many_wildcards_are_found_by_their_texts)
{
	cr_expect_lt(slowdown("**/*.ext#"), 10);
	cr_expect_lt(slowdown("dir#/*"), 10);
	cr_expect_lt(slowdown("*.log#"), 10);
	cr_expect_lt(slowdown("**/some#/*.c"), 10);
	cr_expect_lt(slowdown("**/name#*"), 10);
	cr_expect_lt(slowdown("**/other#/**"), 10);
	cr_expect_lt(slowdown("!some#/**"), 10);
}

Test(ignore, the_same_line_twice_changes_nothing)
{
	cr_expect(ignored("a\na\na", "a/b"));
	cr_expect_not(ignored("a\n!a\n!a", "a/b"));
	cr_expect(ignored("!a\na\n!a\na", "a/b"));
}

/* The line of the rule that leaves a path of the root out; 0: none does. */
static size_t
line_for(const char *text, const char *path, bool is_dir)
{
	struct ignore *ig = parse(text);
	struct ignore_dir *root = ignore_root(ig), *d = NULL;
	size_t rule, line;

	if (is_dir) {
		d = ignore_enter(root, path, strlen(path));
		rule = ignore_dir_rule(d);
	} else {
		rule = ignore_file_rule(root, path, strlen(path));
	}
	line = rule == IGNORE_NO_RULE ? 0 : ignore_line(ig, rule);
	ignore_leave(d);
	ignore_leave(root);
	ignore_free(ig);
	return line;
}

Test(ignore, the_rule_that_decides_is_known_by_its_line)
{
	static const char rules[] = "# head\n\n*.log\nx\n!x.log\ny*\n";

	cr_expect_eq(line_for(rules, "a.log", false), 3);
	cr_expect_eq(line_for(rules, "x.log", false), 0);
	cr_expect_eq(line_for(rules, "y.log", false), 6);
	cr_expect_eq(line_for(rules, "z", false), 0);
	cr_expect_eq(line_for(rules, "x", true), 4);
	cr_expect_eq(line_for(rules, "x.log", true), 0);
	cr_expect_eq(line_for(rules, "yes", true), 6);
}

static bool
hollow(const char *text, const char *path)
{
	struct ignore *ig = parse(text);
	size_t rule = ignore_matches_hollow(ig, path);

	ignore_free(ig);
	return rule != IGNORE_NO_RULE;
}

Test(ignore, a_file_below_what_was_not_tried_is_hollow)
{
	cr_expect(hollow("*\n!.a/b\n.*", ".a/b"));
	cr_expect(hollow("*\n!.a/b/c\n**/.*", ".a/b/c"));
	cr_expect(hollow("a\n!a/b/c\na/b", "a/b/c"));
	cr_expect_not(hollow("a\n!a/b/c\na/b", "a/b/d"));	/* left out */
	cr_expect_not(hollow("*\n.*\n!.a/b", ".a/b"));
	cr_expect_not(hollow("*\n!.a/b\n.*\n!.a/b", ".a/b"));
	cr_expect_not(hollow("*\n!.a\n.*", ".a/b"));
	cr_expect_not(hollow("a\nb", "c"));
}

/* Does the one pattern match the path or what is above it? */
static bool
holds(const char *line, const char *path)
{
	return ignored(line + (*line == '!'), path);
}

/* What BuildKit asks when it opens a file: every line, of every parent. */
static bool
opens(char *const *lines, size_t n, const char *path)
{
	bool refused = false;

	for (size_t i = 0; i < n; i++)
		if ((*lines[i] == '!') == refused && holds(lines[i], path))
			refused = !refused;
	return !refused;
}

Test(ignore, hollow_is_what_the_walk_keeps_and_cannot_open)
{
	static const char *const words[] = {
		"a", "b", "*", "**", "*.c", "a*", "*b", "?", "[ab]*", "b.c",
	};
	static const char *const names[] = { "a", "b", "ab", "b.c", "c" };
	unsigned seen = 0;

	for (int i = 0; i < 4000; i++) {
		struct buf b = BUF_INIT, path = BUF_INIT;
		struct strv lines = {0};

		for (unsigned k = 2 + pick(5); k-- > 0;) {
			struct buf line = BUF_INIT;

			buf_adds(&line, pick(3) ? "" : "!");
			add_random(&line, words, 10, 3);
			buf_addf(&b, "%s\n", line.data);
			strv_take(&lines, buf_detach(&line));
		}
		for (int k = 0; k < 20; k++) {
			bool is, want;

			buf_clear(&path);
			add_random(&path, names, 5, 4);
			is = hollow(b.data, path.data);
			want = !ignored(b.data, path.data) &&
				!opens(lines.v, lines.n, path.data);
			cr_assert_eq(is, want, "'%s':\n%s", path.data, b.data);
			seen += is;
		}
		strv_release(&lines);
		buf_release(&path);
		buf_release(&b);
	}
	cr_expect_gt(seen, 100);
}

Test(ignore, a_nul_in_a_pattern_matches_no_path)
{
	static const char text[] = "a\0bcdefghijklmnop\n**/b\0cdefghijklmnopq\n"
		"c\0defghijklmnopqr/**\n!d\0efghijklmnopqrs\n";
	struct imgcache_error err = { 0 };
	struct ignore *ig = NULL;

	cr_assert_eq(ignore_parse(&ig, "f", text, sizeof(text) - 1, &err), 0,
		     "%s", err.text);
	cr_expect_eq(ignore_count(ig), 4);
	cr_expect_not(ignore_matches(ig, "a"));
	cr_expect_not(ignore_matches(ig, "b"));
	cr_expect_not(ignore_matches(ig, "x/b"));
	cr_expect_not(ignore_matches(ig, "c/x"));
	ignore_free(ig);
}
