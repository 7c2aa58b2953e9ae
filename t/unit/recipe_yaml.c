/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "imgcache.h"
#include "recipe/yaml.h"

/* What a failing text says; "" if it can be read. */
static const char *
complaint_of(const char *text, size_t len)
{
	static struct imgcache_error err;
	struct yaml_doc doc = { 0 };
	int ret;

	memset(&err, 0, sizeof(err));
	ret = yaml_parse(&doc, "imgcache.yaml", text, len, &err);
	cr_assert_eq(ret, err.code);
	yaml_release(&doc);
	return err.text;
}

static const char *
complaint(const char *text)
{
	return complaint_of(text, strlen(text));
}

static void
read_text(struct yaml_doc *doc, const char *text)
{
	struct imgcache_error err = { 0 };

	memset(doc, 0, sizeof(*doc));
	cr_assert_eq(yaml_parse(doc, "imgcache.yaml", text, strlen(text), &err),
		     0, "%s", err.text);
}

/* "pattern" n times, as one allocation of exactly its size. */
static char *
repeated(const char *pattern, size_t n)
{
	size_t len = strlen(pattern);
	char *text = malloc(n * len + 1);

	for (size_t i = 0; i < n; i++)
		memcpy(text + i * len, pattern, len);
	text[n * len] = '\0';
	return text;
}

Test(yaml, every_node_knows_its_place)
{
	struct yaml_doc doc;
	const struct yaml_node *apt, *git;

	read_text(&doc, "version: 1\nimages:\n  tools:\n"
		  "    apt: [git, curl]\n");
	apt = yaml_get(yaml_get(yaml_get(doc.root, "images"), "tools"), "apt");
	cr_assert_eq(apt->kind, YAML_LIST);
	cr_assert_eq(apt->n, 2);
	cr_assert_eq(apt->key->line, 4);
	cr_assert_eq(apt->key->column, 5);
	git = apt->first;
	cr_assert_str_eq(git->text, "git");
	cr_assert_eq(git->line, 4);
	cr_assert_eq(git->column, 11);
	cr_assert_str_eq(git->next->text, "curl");
	cr_assert_eq(git->next->column, 16);
	cr_assert_null(git->next->next);
	yaml_release(&doc);
}

Test(yaml, columns_count_characters_not_bytes)
{
	struct yaml_doc doc;

	read_text(&doc, "\"\xc3\xa4\xc3\xb6\": x\n");
	cr_assert_eq(doc.root->first->column, 7);
	yaml_release(&doc);
}

Test(yaml, text_keeps_what_was_written)
{
	struct yaml_doc doc;

	read_text(&doc, "a: 1.10\nb: no\nc: 0x10\nd: 012\n");
	cr_assert_str_eq(yaml_text(yaml_get(doc.root, "a")), "1.10");
	cr_assert_str_eq(yaml_text(yaml_get(doc.root, "b")), "no");
	cr_assert_str_eq(yaml_text(yaml_get(doc.root, "c")), "0x10");
	cr_assert_str_eq(yaml_text(yaml_get(doc.root, "d")), "012");
	yaml_release(&doc);
}

Test(yaml, only_plain_text_is_null)
{
	struct yaml_doc doc;

	read_text(&doc, "a:\nb: ~\nc: null\nd: \"\"\ne: 'null'\n");
	cr_assert(yaml_is_null(yaml_get(doc.root, "a")));
	cr_assert(yaml_is_null(yaml_get(doc.root, "b")));
	cr_assert(yaml_is_null(yaml_get(doc.root, "c")));
	cr_assert_not(yaml_is_null(yaml_get(doc.root, "d")));
	cr_assert_not(yaml_is_null(yaml_get(doc.root, "e")));
	cr_assert_null(yaml_text(yaml_get(doc.root, "b")));
	cr_assert_str_eq(yaml_text(yaml_get(doc.root, "d")), "");
	yaml_release(&doc);
}

Test(yaml, a_byte_order_mark_and_crlf_are_fine)
{
	struct yaml_doc doc;

	read_text(&doc, "\xef\xbb\xbfversion: 1\r\nhash: git\r\n");
	cr_assert_str_eq(yaml_text(yaml_get(doc.root, "version")), "1");
	cr_assert_str_eq(yaml_text(yaml_get(doc.root, "hash")), "git");
	cr_assert_eq(yaml_get(doc.root, "version")->key->column, 1);
	cr_assert_eq(yaml_get(doc.root, "hash")->key->line, 2);
	yaml_release(&doc);
}

Test(yaml, an_empty_file_has_no_root)
{
	struct yaml_doc doc;

	read_text(&doc, "");
	cr_assert_null(doc.root);
	yaml_release(&doc);
	read_text(&doc, "# nothing\n---\n");
	cr_assert_null(doc.root);
	yaml_release(&doc);
}

Test(yaml, get_of_what_is_no_mapping_is_null)
{
	struct yaml_doc doc;

	read_text(&doc, "a: [b]\n");
	cr_assert_null(yaml_get(NULL, "a"));
	cr_assert_null(yaml_get(doc.root, "b"));
	cr_assert_null(yaml_get(yaml_get(doc.root, "a"), "b"));
	yaml_release(&doc);
}

Test(yaml, a_key_twice_is_refused)
{
	cr_assert_str_eq(complaint("a: 1\nb: 2\n'a': 3\n"),
			 "imgcache.yaml:3:1: 'a' is here a second time; the "
			 "first is in line 1");
}

Test(yaml, a_message_is_one_line)
{
	cr_assert_str_eq(complaint("\"a\\nb\": 1\n\"a\\nb\": 1\n"),
			 "imgcache.yaml:2:1: 'a?b' is here a second time; the "
			 "first is in line 1");
}

Test(yaml, one_key_in_two_mappings_is_fine)
{
	cr_assert_str_eq(complaint("a: {x: 1}\nb: {x: 1}\n"), "");
}

Test(yaml, an_alias_is_refused)
{
	cr_assert_str_eq(complaint("a: x\nb: *a\n"),
			 "imgcache.yaml:2:4: aliases ('*a') are not used here; "
			 "quote a value that begins with '*'");
}

Test(yaml, an_anchor_is_refused)
{
	cr_assert_str_eq(complaint("a: &x 1\n"),
			 "imgcache.yaml:1:4: anchors ('&x') are not used here; "
			 "write the value out");
	cr_assert_str_eq(complaint("a: &x [1]\n"),
			 "imgcache.yaml:1:4: anchors ('&x') are not used here; "
			 "write the value out");
	cr_assert_str_eq(complaint("a: &x {b: 1}\n"),
			 "imgcache.yaml:1:4: anchors ('&x') are not used here; "
			 "write the value out");
}

Test(yaml, an_alias_bomb_ends_at_its_first_anchor)
{
	cr_assert_str_eq(complaint("a: &a [x,x,x,x,x,x,x,x,x]\n"
				   "b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
				   "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"),
			 "imgcache.yaml:1:4: anchors ('&a') are not used here; "
			 "write the value out");
}

Test(yaml, a_merge_key_is_refused)
{
	cr_assert_str_eq(complaint("a:\n  <<: {b: 1}\n"),
			 "imgcache.yaml:2:3: merge keys ('<<') are not used "
			 "here; write the keys out");
	cr_assert_str_eq(complaint("'<<': 1\n"), "");
}

Test(yaml, a_tag_is_refused)
{
	cr_assert_str_eq(complaint("a: !!binary aGk=\n"),
			 "imgcache.yaml:1:4: tags ('tag:yaml.org,2002:binary') "
			 "are not used here; quote a value that begins with "
			 "'!'");
}

Test(yaml, a_directive_is_refused)
{
	cr_assert_str_eq(complaint("# x\n%YAML 1.1\n---\na: 1\n"),
			 "imgcache.yaml:2:1: directives ('%') are not used "
			 "here");
}

Test(yaml, a_second_document_is_refused)
{
	cr_assert_str_eq(complaint("---\na: 1\n---\nb: 1\n"),
			 "imgcache.yaml:3:1: a second document ('---') is not "
			 "used here");
}

Test(yaml, a_key_has_to_be_text)
{
	cr_assert_str_eq(complaint("? [a]\n: 1\n"),
			 "imgcache.yaml:1:3: a key has to be text");
	cr_assert_str_eq(complaint("{{a: 1}: 2}\n"),
			 "imgcache.yaml:1:2: a key has to be text");
}

Test(yaml, depth_32_is_read_and_33_is_not)
{
	char *open = repeated("[", 33), *close = repeated("]", 33);
	struct buf text = BUF_INIT;

	buf_addf(&text, "%s%s", open + 1, close + 1);
	cr_assert_str_eq(complaint(text.data), "");
	buf_clear(&text);
	buf_addf(&text, "%s%s", open, close);
	cr_assert_str_eq(complaint(text.data),
			 "imgcache.yaml:1:33: nested deeper than 32 levels; "
			 "no setting needs that many");
	buf_release(&text);
	free(open);
	free(close);
}

/* libyaml alone needs some fifteen minutes for the first of these. */
Test(yaml, a_megabyte_of_nests_is_refused_at_once)
{
	static const char *const patterns[] = {
		"[", "{", "[{", "{a: [", "- ", "? ", "[\n", "a: [", "[a, "
	};

	for (size_t i = 0; i < sizeof(patterns) / sizeof(*patterns); i++) {
		size_t n = YAML_MAX_BYTES / strlen(patterns[i]);
		char *text = repeated(patterns[i], n);
		clock_t start = clock();

		cr_assert_neq(*complaint(text), '\0');
		cr_assert_lt(clock() - start, CLOCKS_PER_SEC, "%s",
			     patterns[i]);
		free(text);
	}
}

Test(yaml, a_megabyte_of_directives_is_refused_at_once)
{
	char *text = repeated("%TAG !abcde! tag:x,2000:\n", 40000);
	clock_t start = clock();

	cr_assert_str_eq(complaint(text), "imgcache.yaml:1:1: directives "
			 "('%') are not used here");
	cr_assert_lt(clock() - start, CLOCKS_PER_SEC);
	free(text);
}

Test(yaml, a_hundred_thousand_keys_are_compared_in_time)
{
	struct buf text = BUF_INIT;
	clock_t start = clock();

	for (int i = 0; i < 100000; i++)
		buf_addf(&text, "k%d: 1\n", i);
	buf_adds(&text, "k7: 1\n");
	cr_assert_leq(text.len, YAML_MAX_BYTES);
	cr_assert_str_eq(complaint(text.data),
			 "imgcache.yaml:100001:1: 'k7' is here a second time; "
			 "the first is in line 8");
	cr_assert_lt(clock() - start, 5 * CLOCKS_PER_SEC);
	buf_release(&text);
}

Test(yaml, more_than_a_mebibyte_is_refused)
{
	char *text = repeated("#", YAML_MAX_BYTES + 1);

	cr_assert_str_eq(complaint(text), "imgcache.yaml: larger than 1 MiB");
	cr_assert_str_eq(complaint_of(text, YAML_MAX_BYTES), "");
	free(text);
}

Test(yaml, what_is_not_utf8_is_refused)
{
	cr_assert_str_eq(complaint("a: 1\nb: \xff\n"),
			 "imgcache.yaml:2:4: invalid leading UTF-8 octet; the "
			 "file has to be plain UTF-8 text");
	cr_assert_str_eq(complaint("a: \xc0\x80\n"),
			 "imgcache.yaml:1:4: invalid length of a UTF-8 "
			 "sequence; the file has to be plain UTF-8 text");
	cr_assert_str_eq(complaint_of("\xff\xfe" "a\0:\0", 6),
			 "imgcache.yaml:1:1: invalid leading UTF-8 octet; the "
			 "file has to be plain UTF-8 text");
}

Test(yaml, control_characters_are_refused)
{
	cr_assert_str_eq(complaint("a: \x1b[31m\n"),
			 "imgcache.yaml:1:4: control characters are not "
			 "allowed; the file has to be plain UTF-8 text");
	cr_assert_str_eq(complaint_of("a: b\0c\n", 7),
			 "imgcache.yaml:1:5: control characters are not "
			 "allowed; the file has to be plain UTF-8 text");
	cr_assert_str_eq(complaint("a: \"b\\0c\"\n"),
			 "imgcache.yaml:1:4: text cannot hold a NUL");
}

Test(yaml, a_tab_that_indents_is_named)
{
	cr_assert_str_eq(complaint("a:\n\tb: 1\n"),
			 "imgcache.yaml:2:1: a tab cannot indent; use spaces");
}

Test(yaml, an_unquoted_at_sign_is_explained)
{
	cr_assert_str_eq(complaint("npm: [@types/node]\n"),
			 "imgcache.yaml:1:7: a value that begins with '@' "
			 "needs quotes");
	cr_assert_str_eq(complaint("base: @tools\n"),
			 "imgcache.yaml:1:7: a value that begins with '@' "
			 "needs quotes");
}

Test(yaml, an_unquoted_star_is_explained)
{
	cr_assert_str_eq(complaint("include: [*.py]\n"),
			 "imgcache.yaml:1:11: a value that begins with '*', "
			 "'&' or '!' needs quotes");
}

Test(yaml, a_colon_too_many_is_explained)
{
	cr_assert_str_eq(complaint("a: b: c\n"),
			 "imgcache.yaml:1:5: a ':' is not expected here; "
			 "indent the line as the others, or quote a value that "
			 "holds ': '");
}

Test(yaml, an_open_bracket_is_an_error_with_its_place)
{
	cr_assert_str_eq(complaint("a: [b, c\nd: 1\n"),
			 "imgcache.yaml:2:2: did not find expected ',' or ']'");
}

Test(yaml, a_missing_file_is_no)
{
	struct imgcache_error err = { 0 };
	struct yaml_doc doc = { 0 };

	cr_assert_eq(yaml_read(&doc, AT_FDCWD, "/nowhere/imgcache.yaml",
			       "imgcache.yaml", &err), IMGCACHE_ENO);
	yaml_release(&doc);
}

Test(yaml, a_file_is_read_under_the_name_to_show)
{
	char path[] = "/tmp/imgcache-yaml-XXXXXX";
	struct imgcache_error err = { 0 };
	struct yaml_doc doc = { 0 };
	int fd = mkstemp(path);

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, "a: [\n", 5), 5);
	close(fd);
	cr_assert_eq(yaml_read(&doc, AT_FDCWD, path, "../imgcache.yaml", &err),
		     IMGCACHE_EFAIL);
	cr_assert_str_eq(err.text, "../imgcache.yaml:2:1: did not find "
			 "expected node content");
	yaml_release(&doc);
	unlink(path);
}

Test(yaml, values_are_described)
{
	struct yaml_doc doc;
	char out[64];

	read_text(&doc, "a: [x]\nb: {x: 1}\nc: x y\nd:\n");
	cr_assert_str_eq(yaml_describe(yaml_get(doc.root, "a"), out),
			 "a list");
	cr_assert_str_eq(yaml_describe(yaml_get(doc.root, "b"), out),
			 "a mapping");
	cr_assert_str_eq(yaml_describe(yaml_get(doc.root, "c"), out),
			 "'x y'");
	cr_assert_str_eq(yaml_describe(yaml_get(doc.root, "d"), out),
			 "nothing");
	yaml_release(&doc);
}
