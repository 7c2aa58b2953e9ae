/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include "base/buf.h"
#include "base/error.h"
#include "recipe/manifest.h"
#include "source/textmemo.h"

static struct strv platforms;

static void
setup(void)
{
	strv_push(&platforms, "linux/amd64");
}

static void
teardown(void)
{
	strv_release(&platforms);
}

TestSuite(manifest, .init = setup, .fini = teardown);

static struct manifest
small(void)
{
	return (struct manifest){
		.kind = HASH_XXH3,
		.dockerfile = "FROM a\n",
		.dockerfile_len = 7,
		.platforms = &platforms,
	};
}

static char *
text_of(const struct manifest *m)
{
	struct imgcache_error err = {0};
	struct textmemo *memo = textmemo_open(NULL);
	struct buf out = BUF_INIT;

	cr_assert_eq(manifest_write(m, memo, &out, &err), 0, "%s", err.text);
	textmemo_close(memo);
	return buf_detach(&out);
}

static void
expect_other(const struct manifest *a, const struct manifest *b)
{
	char *x = text_of(a), *y = text_of(b);

	cr_assert_str_neq(x, y);
	free(x);
	free(y);
}

static void
expect_same(const struct manifest *a, const struct manifest *b)
{
	char *x = text_of(a), *y = text_of(b);

	cr_assert_str_eq(x, y);
	free(x);
	free(y);
}

Test(manifest, the_smallest_has_its_fixed_lines)
{
	struct manifest m = small();
	char *text = text_of(&m);

	cr_assert_eq(strncmp(text, "imgcache-manifest 1\nhash xxh3\n"
			     "dockerfile 7 ", 43), 0);
	cr_assert(strstr(text, "\nfrontend -\nplatform linux/amd64\n"
			 "context none\n"));
	free(text);
}

Test(manifest, lists_have_an_order_of_their_own)
{
	struct manifest_arg one[] = { { "A", "1" }, { "B", "2" } };
	struct manifest_arg two[] = { { "B", "2" }, { "A", "1" } };
	struct manifest a = small(), b = small();

	a.args = one;
	b.args = two;
	a.n_args = b.n_args = 2;
	expect_same(&a, &b);
}

Test(manifest, values_of_args_are_hashed)
{
	struct manifest_arg one[] = { { "TOKEN", "hunter2" } };
	struct manifest m = small();
	char *text;

	m.args = one;
	m.n_args = 1;
	text = text_of(&m);
	cr_assert(strstr(text, "\narg TOKEN "));
	cr_assert_null(strstr(text, "hunter2"));
	free(text);
}

Test(manifest, an_empty_arg_is_not_an_unset_one)
{
	struct manifest_arg empty[] = { { "A", "" } }, unset[] = { { "A", NULL } };
	struct manifest a = small(), b = small();

	a.args = empty;
	b.args = unset;
	a.n_args = b.n_args = 1;
	expect_other(&a, &b);
}

/* P1: nothing that stands in one line can look like another. */
Test(manifest, a_newline_in_a_value_stays_in_its_line)
{
	struct manifest a = small(), b = small();

	a.target = "x\nnetwork none";
	b.target = "x";
	b.network = "none";
	expect_other(&a, &b);
}

Test(manifest, a_label_is_framed)
{
	struct strv one = {0}, two = {0};
	struct manifest a = small(), b = small();

	strv_push(&one, "a=b c");
	strv_push(&two, "a b=c");
	a.labels = &one;
	b.labels = &two;
	expect_other(&a, &b);
	strv_release(&one);
	strv_release(&two);
}

Test(manifest, every_field_counts)
{
	struct strv one = {0};
	struct manifest_base base = { "a", "sha256:1" };
	struct manifest_named named = { "n", "url", "v" };
	struct manifest m[13];
	size_t i, k, n = sizeof(m) / sizeof(*m);

	strv_push(&one, "x");
	for (i = 0; i < n; i++)
		m[i] = small();
	m[1].salt = "x";
	m[2].epoch = "x";
	m[3].frontend = "x";
	m[4].target = "x";
	m[5].network = "x";
	m[6].add_hosts = &one;
	m[7].labels = &one;
	m[8].secrets = &one;
	m[9].ssh = &one;
	m[10].bases = &base;
	m[10].n_bases = 1;
	m[11].named = &named;
	m[11].n_named = 1;
	m[12].dockerfile = "FROM b\n";
	for (i = 0; i < n; i++)
		for (k = i + 1; k < n; k++)
			expect_other(&m[i], &m[k]);
	strv_release(&one);
}

Test(manifest, hosts_in_any_order_but_those_of_one_name)
{
	static const char *const lists[][5] = {
		{ "b:1", "a:2", "a:1", "b:1" }, { "a:2", "b:1", "a:1" },
		{ "a:1", "a:2", "b:1" }, { "a:2", "a:1" },
		{ "ab:1", "a:2", "a:1" },
	};
	static const bool is_first[] = { true, true, false, false, false };
	size_t n = sizeof(lists) / sizeof(*lists), i, k;

	for (i = 0; i < n; i++) {
		struct strv first = {0}, other = {0};
		struct manifest a = small(), b = small();

		for (k = 0; lists[0][k]; k++)
			strv_push(&first, lists[0][k]);
		for (k = 0; lists[i][k]; k++)
			strv_push(&other, lists[i][k]);
		a.add_hosts = &first;
		b.add_hosts = &other;
		if (is_first[i])
			expect_same(&a, &b);
		else
			expect_other(&a, &b);
		strv_release(&first);
		strv_release(&other);
	}
}

Test(manifest, a_full_context_is_not_a_narrow_one)
{
	struct manifest a = small(), b = small();

	a.context = CONTEXT_FULL;
	b.context = CONTEXT_SOURCES;
	a.tree.len = b.tree.len = 16;
	expect_other(&a, &b);
}

Test(manifest, a_tag_is_recognised_by_its_form)
{
	cr_assert(manifest_is_tag("g1-0123456789abcdef0123456789abcdef01234567"));
	cr_assert(manifest_is_tag("x1-0123456789abcdef0123456789abcdef"));
	cr_assert_not(manifest_is_tag("x1-0123456789abcdef0123456789abcde"));
	cr_assert_not(manifest_is_tag("g1-0123456789ABCDEF0123456789abcdef01234567"));
	cr_assert_not(manifest_is_tag("latest"));
	cr_assert_not(manifest_is_tag(""));
}
