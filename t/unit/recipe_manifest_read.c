/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/strv.h"
#include "recipe/manifest.h"
#include "recipe/manifest_read.h"
#include "source/textmemo.h"

#define HEAD "imgcache-manifest 1\n"

static struct manifest_lines m;

static bool
reads(const char *text)
{
	bool good;

	manifest_lines_release(&m);
	good = manifest_read(&m, text, strlen(text));
	return good;
}

static void
expect_line(const char *word, const char *name, const char *value)
{
	const struct manifest_line *line = manifest_find(&m, word, name);

	cr_assert(line, "%s %s", word, name ? name : "");
	cr_expect_str_eq(line->value, value);
}

Test(manifest_read, every_line_of_a_written_one_is_found)
{
	struct strv list = {0}, labels = {0};
	struct manifest_arg args[] = { { "A", "secret" }, { "B", NULL } };
	struct manifest_base bases[] = { { "debian:12", "sha256:aa" } };
	struct manifest_named named[] = { { "ctx", "url", "https://x/y z" } };
	struct manifest_extra extras[] = { { .path = "a b", .size = 3 } };
	struct textmemo *memo = textmemo_open(NULL);
	struct imgcache_error err = {0};
	struct buf out = BUF_INIT;
	struct manifest w = {
		.kind = HASH_XXH3, .salt = "a \"salt\"", .epoch = "2026-W46",
		.dockerfile = "FROM a\n", .dockerfile_len = 7,
		.frontend = "docker/dockerfile:1", .target = "prod",
		.network = "host", .platforms = &list, .add_hosts = &list,
		.labels = &labels, .secrets = &list, .ssh = &list,
		.args = args, .n_args = 2, .bases = bases, .n_bases = 1,
		.named = named, .n_named = 1, .extras = extras, .n_extras = 1,
		.context = CONTEXT_FULL, .context_reason = "line 3: odd",
	};

	strv_push(&list, "one:two three");
	strv_push(&labels, "a b=c d");
	cr_assert_eq(manifest_write(&w, memo, &out, &err), 0);
	cr_assert(manifest_read(&m, out.data, out.len));
	expect_line("hash", NULL, "xxh3");
	expect_line("salt", NULL, "a \"salt\"");
	expect_line("epoch", NULL, "2026-W46");
	expect_line("frontend", NULL, "docker/dockerfile:1");
	expect_line("target", NULL, "prod");
	expect_line("network", NULL, "host");
	expect_line("platform", "one:two three", "");
	expect_line("addhost", "one:two three", "");
	expect_line("secret", "one:two three", "");
	expect_line("ssh", "one:two three", "");
	expect_line("label", "a b", "c d");
	expect_line("arg", "B", "unset");
	cr_expect_eq(strlen(manifest_value(&m, "arg", "A")), 32);
	expect_line("base", "debian:12", "sha256:aa");
	expect_line("named", "ctx", "url \"https://x/y z\"");
	cr_expect(str_starts(manifest_value(&m, "extra", "a b"), "3 "));
	expect_line("context-reason", NULL, "line 3: odd");
	cr_expect(str_starts(manifest_value(&m, "context", NULL), "full "));
	cr_expect_eq(m.n, 19);
	manifest_lines_release(&m);
	strv_release(&list);
	strv_release(&labels);
	buf_release(&out);
	textmemo_close(memo);
}

Test(manifest_read, what_is_not_there_is_nothing)
{
	cr_assert(reads(HEAD "arg A unset\n"));
	cr_expect_null(manifest_value(&m, "arg", "B"));
	cr_expect_null(manifest_value(&m, "arg", NULL));
	cr_expect_null(manifest_value(&m, "salt", NULL));
	manifest_lines_release(&m);
}

Test(manifest_read, a_line_of_a_later_version_is_kept_whole)
{
	cr_assert(reads(HEAD "shell /bin/sh -c\n"));
	expect_line("shell", NULL, "/bin/sh -c");
	manifest_lines_release(&m);
}

Test(manifest_read, the_last_word_is_the_hash)
{
	cr_expect_str_eq(manifest_last_word("sources abc"), "abc");
	cr_expect_str_eq(manifest_last_word("abc"), "abc");
}

Test(manifest_read, anything_else_is_refused)
{
	static const char *const bad[] = {
		"", "imgcache-manifest 2\n", HEAD "salt\n", HEAD "salt x",
		HEAD "salt \"x\n", HEAD "label a\n", HEAD "label a b c\n",
		HEAD "\n", HEAD "secret a b\n", HEAD "arg A \n", NULL
	};

	for (int i = 0; bad[i]; i++)
		cr_expect_not(reads(bad[i]), "%s", bad[i]);
	manifest_lines_release(&m);
}
