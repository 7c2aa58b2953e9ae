/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "recipe/grammar.h"
#include "recipe/recipe.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static int
read_one(enum grammar_manager m, const char *text, struct grammar_package *out,
	 struct imgcache_error *err)
{
	struct recipe_package p = { (char *)text, { NULL, 0, 0 } };

	memset(err, 0, sizeof(*err));
	return grammar_package(m, &p, out, err);
}

/* The error's text for something that must be refused. */
static const char *
refused(enum grammar_manager m, const char *text)
{
	static struct imgcache_error err;
	struct grammar_package out;

	cr_assert_eq(read_one(m, text, &out, &err), IMGCACHE_EUSAGE,
		     "'%s' passed", text);
	for (const char *p = err.text; *p; p++)
		cr_assert(*p >= 0x20 && *p < 0x7f, "raw byte in '%s'",
			  err.text);
	return err.text;
}

static void
accepts(enum grammar_manager m, const char *text, const char *normal)
{
	struct imgcache_error err;
	struct grammar_package out;

	cr_assert_eq(read_one(m, text, &out, &err), 0, "%s", err.text);
	cr_expect_str_eq(out.text, normal);
	grammar_package_release(&out);
}

static void
suggests(enum grammar_manager m, const char *text, const char *better)
{
	const char *said = refused(m, text);
	char *wanted = mem_printf("write '%s'", better);

	cr_expect(strstr(said, wanted), "%s: %s", wanted, said);
	free(wanted);
}

Test(recipe_grammar, accepts_the_forms_of_each_manager)
{
	static const char *const apt[] = {
		"git", "g++", "libstdc++6", "memtest86+", "python3.11", "0ad",
		"git=1:2.39.5-0+deb12u3", "git=1:2.39*", "libc6:arm64",
		"libc6:i386=2.36-9~bpo1", "curl/bookworm-backports",
	};
	static const char *const npm[] = {
		"typescript", "typescript@5.4", "@types/node", "is@^1.2.3",
		"@types/node@20.1.0-beta.1+b", "x@>=1.2", "x@1||2", "x@*",
		"x@latest", "JSONStream", "x@~1", "lodash.get@4", "x@v1.0.0",
	};

	for (size_t i = 0; i < COUNT(apt); i++)
		accepts(GRAMMAR_APT, apt[i], apt[i]);
	for (size_t i = 0; i < COUNT(npm); i++)
		accepts(GRAMMAR_NPM, npm[i], npm[i]);
	accepts(GRAMMAR_PIP, "numpy==1.26.4", "numpy==1.26.4");
	accepts(GRAMMAR_PIP, "x==1!2.0.*", "x==1!2.0.*");
	accepts(GRAMMAR_PIP, "x~=1.0+local_1", "x~=1.0+local_1");
}

Test(recipe_grammar, one_pip_package_has_one_normal_form)
{
	accepts(GRAMMAR_PIP, "Flask_-.X", "flask-x");
	accepts(GRAMMAR_PIP, "a[Z_b,a,a]<2,>=1", "a[a,z-b]<2,>=1");
	accepts(GRAMMAR_PIP, "a[a,Z.b]>=1,<2", "a[a,z-b]<2,>=1");
}

Test(recipe_grammar, takes_a_package_apart)
{
	struct imgcache_error err;
	struct grammar_package p;

	cr_assert_eq(read_one(GRAMMAR_APT, "libc6:i386=2.36", &p, &err), 0);
	cr_expect_str_eq(p.name, "libc6");
	cr_expect_str_eq(p.arch, "i386");
	cr_expect_str_eq(p.op, "=");
	cr_expect_str_eq(p.version, "2.36");
	cr_expect(p.exact);
	grammar_package_release(&p);
	cr_assert_eq(read_one(GRAMMAR_NPM, "@a/b@^2", &p, &err), 0);
	cr_expect_str_eq(p.name, "@a/b");
	cr_expect_str_eq(p.version, "^2");
	cr_expect_not(p.exact);
	grammar_package_release(&p);
	cr_assert_eq(read_one(GRAMMAR_PIP, "a[x]>=1,<2", &p, &err), 0);
	cr_expect_str_eq(p.extras, "x");
	cr_expect_str_eq(p.op, "<");
	cr_expect_str_eq(p.version, "2,>=1");
	grammar_package_release(&p);
}

Test(recipe_grammar, an_exact_version_is_known_as_such)
{
	static const struct {
		enum grammar_manager m;
		const char *text;
		bool exact;
	} rows[] = {
		{ GRAMMAR_APT, "git=1*", false },
		{ GRAMMAR_APT, "git", false },
		{ GRAMMAR_NPM, "x@1.2.3", true },
		{ GRAMMAR_NPM, "x@1.2", false },
		{ GRAMMAR_NPM, "x@latest", false },
		{ GRAMMAR_PIP, "x==1.2", true },
		{ GRAMMAR_PIP, "x==1.*", false },
		{ GRAMMAR_PIP, "x==1,<3", false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct imgcache_error err;
		struct grammar_package p;

		cr_assert_eq(read_one(rows[i].m, rows[i].text, &p, &err), 0);
		cr_expect_eq(p.exact, rows[i].exact, "%s", rows[i].text);
		grammar_package_release(&p);
	}
}

Test(recipe_grammar, says_what_to_write_instead)
{
	suggests(GRAMMAR_APT, "pkg-", "pkg");
	suggests(GRAMMAR_APT, "git ==1", "git=1");
	suggests(GRAMMAR_APT, "numpy==1", "numpy=1");
	suggests(GRAMMAR_APT, "git@1", "git=1");
	suggests(GRAMMAR_APT, "Git", "git");
	suggests(GRAMMAR_NPM, "git=1", "git@1");
	suggests(GRAMMAR_NPM, "git==1", "git@1");
	suggests(GRAMMAR_PIP, "numpy=1", "numpy==1");
	suggests(GRAMMAR_PIP, "requests@2.1", "requests==2.1");
	suggests(GRAMMAR_PIP, "numpy >= 1, < 2", "numpy>=1,<2");
}

Test(recipe_grammar, two_words_are_never_joined_into_one)
{
	cr_expect(strstr(refused(GRAMMAR_APT, "git curl"), "per entry"));
	cr_expect(strstr(refused(GRAMMAR_PIP, "a b"), "per entry"));
}

Test(recipe_grammar, refuses_what_could_reach_a_shell_or_an_option)
{
	static const char *const texts[] = {
		"curl;rm -rf /", "-o Foo", "-oFoo", "--install", "a\nb", "a\n",
		"a\r", "a\tb", "a\x7f", "caf\xc3\xa9", "$(id)", "`id`", "a&b",
		"a|b", "a>b;c", "a'b", "a\"b", "a\\", "a\\b", "#a", "a#b", "!a",
		"", " ", "a{b,c}", "$HOME", "a=1;b", "a==1;b", "a@1;b", "a@$b",
		"..", "../a", "/etc/passwd", "a%b", "*", "a*", "?", "[a]",
	};

	for (size_t i = 0; i < COUNT(texts); i++)
		for (int m = GRAMMAR_APT; m <= GRAMMAR_PIP; m++)
			refused(m, texts[i]);
}

Test(recipe_grammar, every_byte_outside_the_grammar_is_refused_anywhere)
{
	for (int c = 1; c < 256; c++) {
		char text[8] = { 'a', 'b', (char)c, 'c', 'd' };

		if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
		    (c >= 'A' && c <= 'Z') || strchr("+-.=:/@<>~!_,*[]|^", c))
			continue;
		for (int m = GRAMMAR_APT; m <= GRAMMAR_PIP; m++)
			refused(m, text);
	}
}

Test(recipe_grammar, npm_takes_nothing_but_registry_packages)
{
	static const char *const texts[] = {
		"a@npm:b", "user/repo", "github:user/repo", "./a", "../a",
		"~/a", "/a", "git+https://h/x", "https://h/x.tgz", "a.tgz",
		"a@file:../b", "a@x.tgz", "a@./b", "a@u/r", "git@h:u/r", "a@",
		"a.tar.gz", "node_modules", "@types", "@/a", "@a/", "_a", ".a",
		"a@1 - 2", "a@b/c",
	};

	for (size_t i = 0; i < COUNT(texts); i++)
		refused(GRAMMAR_NPM, texts[i]);
}

Test(recipe_grammar, pip_takes_no_path_url_or_marker)
{
	static const char *const texts[] = {
		"./a", "a/b", "a.whl", "a==1.zip", "a@https://h/x", "a @ h",
		"a;python_version<'3'", "a[", "a[]", "a[b", "a]b", "a==", "=1",
		"a>", "a>=1,", "-e.", "a_", ".a", "a<1 2", "git+https://h",
	};

	for (size_t i = 0; i < COUNT(texts); i++)
		refused(GRAMMAR_PIP, texts[i]);
}

Test(recipe_grammar, an_error_names_the_place)
{
	struct recipe_package p = {
		(char *)"pkg-", { "imgcache.yaml", 7, 12 }
	};
	struct imgcache_error err = { 0 };
	struct grammar_package out;

	cr_assert_eq(grammar_package(GRAMMAR_APT, &p, &out, &err),
		     IMGCACHE_EUSAGE);
	cr_expect_str_eq(err.text, "imgcache.yaml:7:12: apt package 'pkg-': "
				   "apt would remove it; write 'pkg'");
}

static int
read_list(const char *const *texts, size_t n, struct grammar_packages *out,
	  struct imgcache_error *err)
{
	struct recipe_package v[8] = { { NULL, { NULL, 0, 0 } } };
	struct recipe_packages list = { v, n, n };

	memset(err, 0, sizeof(*err));
	for (size_t i = 0; i < n; i++)
		v[i] = (struct recipe_package){ (char *)texts[i],
						{ "y", (int)i + 1, 1 } };
	return grammar_packages(GRAMMAR_PIP, &list, out, err);
}

Test(recipe_grammar, a_list_is_sorted_and_has_each_package_once)
{
	static const char *const texts[] = { "b", "A", "a", "b_c", "B-C" };
	struct grammar_packages out;
	struct imgcache_error err;

	cr_assert_eq(read_list(texts, COUNT(texts), &out, &err), 0);
	cr_assert_eq(out.n, 3);
	cr_expect_str_eq(out.v[0].text, "a");
	cr_expect_str_eq(out.v[1].text, "b");
	cr_expect_str_eq(out.v[2].text, "b-c");
	grammar_packages_release(&out);
}

Test(recipe_grammar, two_versions_of_one_package_are_refused)
{
	static const char *const texts[] = { "a==2", "b", "A==1" };
	struct grammar_packages out;
	struct imgcache_error err;

	cr_assert_eq(read_list(texts, COUNT(texts), &out, &err),
		     IMGCACHE_EUSAGE);
	cr_expect(strstr(err.text, "y:3:1: pip packages 'a==1' and 'a==2'"),
		  "%s", err.text);
	cr_expect_eq(out.n, 0);
}

typedef int value_fn(const char *text, struct imgcache_error *err);

static void
expect_all(value_fn *check, const char *const *texts, size_t n, bool passes)
{
	for (size_t i = 0; i < n; i++) {
		struct imgcache_error err = { 0 };

		cr_expect_eq(check(texts[i], &err),
			     passes ? 0 : IMGCACHE_EUSAGE, "'%s' %s", texts[i],
			     err.text);
	}
}

#define PASS(check, ...)						\
	expect_all(check, (const char *const[]){ __VA_ARGS__ },		\
		   COUNT(((const char *const[]){ __VA_ARGS__ })), true)
#define FAIL(check, ...)						\
	expect_all(check, (const char *const[]){ __VA_ARGS__ },		\
		   COUNT(((const char *const[]){ __VA_ARGS__ })), false)

#define HEX64 \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

Test(recipe_grammar, references_follow_the_distribution_grammar)
{
	PASS(ref_check, "debian", "debian:bookworm-slim", "a/b/c:1", "a__b-c.d",
	     "localhost/imgcache:x", "h:5000/a:b", "Example.com/a",
	     "[::1]:5000/a", "a@sha256:" HEX64, "h.io/a:t@sha256:" HEX64,
	     "localhost:1/a", "a---b");
	FAIL(ref_check, "", ":", "a:", "A", "a/B", "-a", "a b", "a\nb", "a:-t",
	     "a..b", "a___b", "a@sha256:12", "a@", "a//b", "/a", "a/", ":80/a",
	     "h:x/a", HEX64, "a:t\n", "-h.io/a", "a;b", "a$b", "--platform=x",
	     "a@sha256:" HEX64 "0", "a.-b", "https://a/b");
}

Test(recipe_grammar, a_platform_has_one_spelling)
{
	struct imgcache_error err = { 0 };

	PASS(grammar_platform, "linux/amd64", "linux/arm64", "linux/arm/v7",
	     "windows/amd64", "linux/386");
	FAIL(grammar_platform, "", "linux", "linux/", "linux/amd64/", "/a",
	     "linux/amd64/v2/x", "linux/AMD64", "linux/a b", "linux/arm64/v8",
	     "x86_64", "linux/aarch64", "linux/amd64\n", "-a/b");
	grammar_platform("aarch64", &err);
	cr_expect(strstr(err.text, "write 'linux/arm64'"));
}

Test(recipe_grammar, a_user_is_a_name_or_numbers)
{
	PASS(grammar_user, "app", "_x", "A-b_9", "0", "1000", "1000:99");
	FAIL(grammar_user, "", "-a", "a:b", "1000:", ":1", "a b", "a\n", "1a",
	     "01", "99999999999", "2147483648", "root;id", "a$", "$(id)");
	cr_expect(grammar_user_is_numeric("1:2"));
	cr_expect_not(grammar_user_is_numeric("app"));
}

Test(recipe_grammar, an_env_is_one_line_of_text)
{
	struct imgcache_error err = { 0 };

	PASS(grammar_env, "A=", "A=b c", "_a1=\"'$\\", "A=\xc3\xa4\t",
	     "A==", "A=\xf0\x9f\x98\x80");
	FAIL(grammar_env, "", "A", "=b", "1A=b", "A-B=c", "A B=c", "A=\n",
	     "A=b\r", "A=\x1b[0m", "A=\xff", "A=\xc0\x80", "A=\xed\xa0\x80",
	     "A=\xc2\x85", "A=\xe2\x80\xa8");
	grammar_env("TOKEN=secret\x01", &err);
	cr_expect_not(strstr(err.text, "secret"));
}

Test(recipe_grammar, copies_stay_inside_and_mean_what_they_say)
{
	PASS(grammar_copy_from, "a", ".", "a/b/", "./a", "it's \"x\" $y",
	     "..a");
	FAIL(grammar_copy_from, "", "/a", "..", "a/../b", "a*", "a?", "[a]",
	     "a\\b", "a\nb");
	PASS(grammar_copy_to, "/", "/a/", "/a b", "/..a");
	FAIL(grammar_copy_to, "", "a", "/a/../b", "/a\nb", "./a", "/a\\");
	FAIL(grammar_path, "-r", "--x", "/a", "../a", "");
}

Test(recipe_grammar, claude_code_is_a_version_or_a_tag)
{
	PASS(grammar_claude_code, "1.0.0", "latest", "^1.2", "1");
	FAIL(grammar_claude_code, "", "1 2", "npm:x", "../x", "x.tgz", "a'b",
	     "1\n", "$(id)");
}

Test(grammar, one_repository_has_one_name)
{
	static const char *const rows[][2] = {
		{ "a", "docker.io/library/a" },
		{ "a:1", "docker.io/library/a" },
		{ "library/a", "docker.io/library/a" },
		{ "docker.io/a", "docker.io/library/a" },
		{ "team/a", "docker.io/team/a" },
		{ "team/a:x@sha256:1", "docker.io/team/a" },
		{ "index.docker.io/team/a:x", "docker.io/team/a" },
		{ "registry-1.docker.io/team/a", "docker.io/team/a" },
		{ "registry-1.docker.io:443/team/a", "docker.io/team/a" },
		{ "Docker.IO/team/a@sha256:1", "docker.io/team/a" },
		{ "r.example/a/b:x", "r.example/a/b" },
		{ "R.Example:0443/a", "r.example/a" },
		{ "r.example:80/a", "r.example/a" },
		{ "r.example:05000/a:x", "r.example:5000/a" },
		{ "localhost:5000/a", "localhost:5000/a" },
		{ "localhost/a", "localhost/a" },
		{ "[::1]/a", "[::1]/a" }, { "[::1]:443/a", "[::1]/a" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *actual = ref_repository(rows[i][0]);

		cr_expect_str_eq(actual, rows[i][1], "%s gives %s", rows[i][0],
				 actual);
		free(actual);
	}
	cr_expect_not(ref_is_same_repository("r.example/a", "r.example/b"));
	cr_expect_not(ref_is_same_repository("r.example/a",
					     "r.example:5000/a"));
}
