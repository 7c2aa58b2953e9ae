/* SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "recipe/dockerfile_ref.h"

#define HEX32 "0123456789abcdef0123456789abcdef"
#define SHA "sha256:" HEX32 HEX32

Test(dockerfile_ref, context_names_are_what_docker_calls_familiar)
{
	static const char *const rows[][2] = {
		{ "a", "a" }, { "a:latest", "a" }, { "a:1", "a:1" },
		{ "library/a", "a" }, { "docker.io/library/a", "a" },
		{ "index.docker.io/library/a", "a" },
		{ "docker.io/a", "a" }, { "docker.io/b/a", "b/a" },
		{ "library/a/b", "library/a/b" },
		{ "b/a", "b/a" }, { "r.io/a", "r.io/a" },
		{ "r.io:5000/a:2", "r.io:5000/a:2" },
		{ "localhost/a", "localhost/a" }, { "[::1]:5/a", "[::1]:5/a" },
		{ "Foo/a", "Foo/a" }, { "a@" SHA, "a@" SHA },
		{ "a:latest@" SHA, "a:latest@" SHA },
		{ "a.b_c__d-e--f", "a.b_c__d-e--f" },
		{ "", NULL }, { "A", NULL }, { "a/B", NULL }, { "a:", NULL },
		{ "a:-x", NULL }, { "a b", NULL }, { "a..b", NULL },
		{ "a___b", NULL }, { "-a", NULL }, { "a-", NULL },
		{ "a//b", NULL }, { "a/", NULL }, { "/a", NULL },
		{ "a@sha256:1", NULL }, { "a@" HEX32, NULL }, { "$a", NULL },
		{ HEX32 HEX32, NULL }, { "-r.io/a", NULL },
		{ "r.io:x/a", NULL },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *actual = image_ref_context_name(rows[i][0]);
		if (rows[i][1] && actual)
			cr_expect_str_eq(actual, rows[i][1], "%s gives %s",
					 rows[i][0], actual);
		else
			cr_expect_eq(!actual, !rows[i][1], "%s", rows[i][0]);
		free(actual);
	}
}

Test(dockerfile_ref, references_fall_into_their_parts)
{
	struct image_ref r;

	cr_assert(image_ref_parse(&r, "r.io:5/a/b:1.2@" SHA));
	cr_expect_str_eq(r.familiar, "r.io:5/a/b");
	cr_expect_str_eq(r.tag, "1.2");
	cr_expect_str_eq(r.digest, SHA);
	image_ref_release(&r);
	cr_assert(image_ref_parse(&r, "a"));
	cr_expect_null(r.tag);
	cr_expect_null(r.digest);
	image_ref_release(&r);
}

Test(dockerfile_ref, tags_have_at_most_128_bytes)
{
	char text[140] = "a:";
	struct image_ref r;

	memset(text + 2, 'x', 128);
	cr_expect(image_ref_parse(&r, text));
	image_ref_release(&r);
	text[130] = 'x';
	cr_expect_not(image_ref_parse(&r, text));
}

Test(dockerfile_ref, platforms_are_normalised)
{
	static const char *const rows[][2] = {
		{ "linux/amd64", "linux/amd64" },
		{ "Linux/x86_64", "linux/amd64" },
		{ "linux/amd64/v1", "linux/amd64" },
		{ "linux/amd64/v3", "linux/amd64/v3" },
		{ "linux/aarch64", "linux/arm64" },
		{ "linux/arm64/v8", "linux/arm64" },
		{ "linux/arm64/8", "linux/arm64" },
		{ "linux/arm", "linux/arm/v7" },
		{ "linux/arm/7", "linux/arm/v7" },
		{ "linux/arm/v6", "linux/arm/v6" },
		{ "linux/armhf", "linux/arm/v7" },
		{ "linux/armel", "linux/arm/v6" },
		{ "linux/i386", "linux/386" },
		{ "macos/arm64", "darwin/arm64" },
		{ "amd64", "plan9/amd64" }, { "x86_64", "plan9/amd64" },
		{ "linux", "linux/mips" }, { "a/b", "a/b" },
		{ "", NULL }, { "what", NULL }, { "linux/", NULL },
		{ "/amd64", NULL }, { "a/b/c/d", NULL }, { "a b/c", NULL },
		{ "linux/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL },
	};
	static const struct platform base = { "plan9", "mips", "" };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct platform p;
		bool ok = platform_parse(&p, rows[i][0], &base);
		cr_expect_eq(ok, rows[i][1] != NULL, "%s", rows[i][0]);
		char *actual = ok ? platform_text(&p) : NULL;
		if (actual && rows[i][1])
			cr_expect_str_eq(actual, rows[i][1], "%s gives %s",
					 rows[i][0], actual);
		free(actual);
	}
}
