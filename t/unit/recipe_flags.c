/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/strv.h"
#include "imgcache.h"
#include "recipe/recipe.h"

/* Set one flag in r; what was wrong with it, or "". */
static const char *
set(struct recipe *r, const char *flag, const char *value)
{
	static struct imgcache_error err;
	int ret;

	memset(&err, 0, sizeof(err));
	ret = recipe_set_flag(r, flag, value, &err);
	cr_assert_eq(ret, err.code);
	cr_assert(!ret || ret == IMGCACHE_EUSAGE);
	return err.text;
}

static const char *
complaint(const char *flag, const char *value)
{
	struct recipe r;
	const char *text;

	recipe_init(&r, "/project");
	text = set(&r, flag, value);
	recipe_release(&r);
	return text;
}

static const char *
checked(struct recipe *r)
{
	static struct imgcache_error err;

	memset(&err, 0, sizeof(err));
	cr_assert_eq(recipe_check(r, &err), err.code);
	return err.text;
}

static void
assert_packages(const struct recipe_packages *list, size_t n,
		const char *const *want)
{
	cr_assert_eq(list->n, n);
	for (size_t i = 0; i < n; i++)
		cr_assert_str_eq(list->v[i].text, want[i]);
}

Test(flags, packages_are_split_at_commas_and_blanks)
{
	static const char *const want[] = { "git", "curl", "wget", "vim" };
	struct recipe r;

	recipe_init(&r, "/project");
	cr_assert_str_eq(set(&r, "apt", "git,curl wget"), "");
	cr_assert_str_eq(set(&r, "apt", " vim ,"), "");
	assert_packages(&r.apt, 4, want);
	cr_assert_null(r.apt.v[0].place.file);
	recipe_release(&r);
}

Test(flags, extras_and_version_clauses_stay_together)
{
	static const char *const want[] = {
		"uvicorn[standard,http]==0.30", "numpy>=1.26,<2", "a == 1", "b"
	};
	struct recipe r;

	recipe_init(&r, "/project");
	cr_assert_str_eq(set(&r, "pip", "uvicorn[standard,http]==0.30,"
			     "numpy>=1.26,<2 a == 1, b"), "");
	assert_packages(&r.pip, 4, want);
	recipe_release(&r);
}

Test(flags, scoped_npm_packages_are_fine)
{
	static const char *const want[] = { "typescript@5.4", "@types/node" };
	struct recipe r;

	recipe_init(&r, "/project");
	cr_assert_str_eq(set(&r, "npm", "typescript@5.4,@types/node"), "");
	assert_packages(&r.npm, 2, want);
	cr_assert_str_eq(set(&r, "base", "debian:bookworm-slim"), "");
	cr_assert_str_eq(checked(&r), "");
	recipe_release(&r);
}

Test(flags, the_last_text_counts)
{
	struct recipe r;

	recipe_init(&r, "/project");
	cr_assert_str_eq(set(&r, "base", "debian:12"), "");
	cr_assert_str_eq(set(&r, "base", "debian:13"), "");
	cr_assert_str_eq(r.base, "debian:13");
	recipe_release(&r);
}

Test(flags, the_last_value_for_a_name_counts)
{
	struct recipe r;

	recipe_init(&r, "/project");
	cr_assert_str_eq(set(&r, "build-arg", "A=1"), "");
	cr_assert_str_eq(set(&r, "build-arg", "AB=2"), "");
	cr_assert_str_eq(set(&r, "build-arg", "A"), "");
	cr_assert_eq(r.args.n, 2);
	cr_assert_str_eq(r.args.v[0], "A");
	cr_assert_str_eq(r.args.v[1], "AB=2");
	recipe_release(&r);
}

Test(flags, two_spellings_give_one_value)
{
	struct recipe r;

	recipe_init(&r, "/project");
	cr_assert_str_eq(set(&r, "label", "team"), "");
	cr_assert_str_eq(r.labels.v[0], "team=");
	cr_assert_str_eq(set(&r, "add-host", "db=10.0.0.1"), "");
	cr_assert_str_eq(r.add_hosts.v[0], "db:10.0.0.1");
	recipe_release(&r);
}

Test(flags, platforms_may_come_in_one_text)
{
	struct recipe r;

	recipe_init(&r, "/project");
	cr_assert_str_eq(set(&r, "platform", "linux/amd64,linux/arm64"), "");
	cr_assert_eq(r.platforms.n, 2);
	cr_assert_str_eq(r.platforms.v[1], "linux/arm64");
	recipe_release(&r);
	cr_assert_str_eq(complaint("platform", "x86_64"),
			 "platform 'x86_64': not docker's name for it; write "
			 "'linux/amd64'");
}

Test(flags, a_copy_is_from_and_to)
{
	struct recipe r;

	recipe_init(&r, "/project");
	cr_assert_str_eq(set(&r, "copy", "a:b/c:/srv/c"), "");
	cr_assert_str_eq(r.copies[0].from, "a:b/c");
	cr_assert_str_eq(r.copies[0].to, "/srv/c");
	recipe_release(&r);
	cr_assert_str_eq(complaint("copy", "src"),
			 "copy 'src': write FROM:TO");
	cr_assert_str_eq(complaint("copy", "../x:/x"), "copy from '../x': it "
			 "leaves the project; write a path inside it");
	cr_assert_str_eq(complaint("copy", "x:srv"), "copy to 'srv': it is not "
			 "absolute; write /path/in/the/image");
}

Test(flags, an_unknown_flag_names_the_nearest)
{
	cr_assert_str_eq(complaint("platfrom", "x"),
			 "unknown recipe flag '--platfrom'; did you mean "
			 "'--platform'?");
	cr_assert_str_eq(complaint("zzzzzzzz", "x"),
			 "unknown recipe flag '--zzzzzzzz'");
	cr_assert_str_eq(complaint("static", "x"),
			 "unknown recipe flag '--static'");
}

Test(flags, an_empty_value_is_refused)
{
	cr_assert_str_eq(complaint("apt", ""),
			 "'--apt' needs a value: PACKAGES");
	cr_assert_str_eq(complaint("apt", " , "),
			 "'--apt' needs a value: PACKAGES");
	cr_assert_str_eq(complaint("base", ""),
			 "'--base' needs a value: IMAGE");
}

Test(flags, bad_values_say_what_to_write)
{
	cr_assert_str_eq(complaint("hash", "md5"),
			 "hash 'md5': write git or xxh3");
	cr_assert_str_eq(complaint("network", "bridge"), "network 'bridge': "
			 "BuildKit knows default, none and host");
	cr_assert_str_eq(complaint("target", "-x"), "target '-x': no name of a "
			 "stage; write letters, digits, _ . and -");
	cr_assert_str_eq(complaint("registry", "localhost:5000"),
			 "registry 'localhost:5000': it names no repository; "
			 "write host/path, such as "
			 "registry.example/team/cache");
	cr_assert_str_eq(complaint("registry", "reg.example/a:latest"),
			 "registry 'reg.example/a:latest': it has a tag or a "
			 "digest; the key is the tag, write host/path alone");
	cr_assert_str_eq(complaint("refresh", "every day"),
			 "refresh 'every day': write never, daily, weekly, "
			 "monthly or a word of your own (letters, digits, . _ "
			 ": + -, at most 64)");
	cr_assert_str_eq(complaint("secret", "mine"),
			 "secret 'mine': write id=ID, id=ID,src=PATH or "
			 "id=ID,env=NAME");
	cr_assert_str_eq(complaint("add-host", "db:nowhere"),
			 "add-host 'db:nowhere': write HOST:IP");
	cr_assert_str_eq(complaint("label", "io.imgcache.key=x"),
			 "label 'io.imgcache.key': io.imgcache.* is imgcache's "
			 "own; choose another name");
	cr_assert_str_eq(complaint("context-mode", "some"),
			 "context mode 'some': write full or sources");
	cr_assert_str_eq(complaint("base-policy", "tag"),
			 "base policy 'tag': write digest or name");
	cr_assert_str_eq(complaint("build-context", "x"),
			 "build context 'x': write NAME=PATH or "
			 "NAME=docker-image://REF");
}

Test(flags, good_values_pass)
{
	static const char *const good[][2] = {
		{ "registry", "localhost:5000/team/cache" },
		{ "secret", "id=npmrc,src=/home/me/.npmrc" },
		{ "secret", "id=token,env=TOKEN,type=env" },
		{ "secret", "id=token" },
		{ "ssh", "default" }, { "ssh", "k=/id_rsa" },
		{ "add-host", "db:host-gateway" }, { "add-host", "db:::1" },
		{ "add-host", "db=[::1]" }, { "network", "none" },
		{ "refresh", "2026-11" }, { "salt", "any text" },
		{ "context", "../elsewhere" },
		{ "dockerfile", "/a/Dockerfile" },
		{ "build-context", "lib=docker-image://debian:12" },
		{ "claude-code", "1.0.0" }, { "user", "app" },
		{ "base", "@tools" }, { "base-policy", "name" },
		{ "label", "org.example/x=a b" }, { "hash", "xxh3" },
		{ "target", "prod" }, { "target", "0" }, { "env", "A=" },
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		cr_assert_str_eq(complaint(good[i][0], good[i][1]), "",
				 "%s %s", good[i][0], good[i][1]);
}

Test(flags, a_value_of_an_argument_is_not_shown)
{
	cr_assert_str_eq(complaint("build-arg", "my-token=hunter2"),
			 "build argument 'my-token': write NAME=value, or NAME "
			 "to take it from the environment");
}

Test(flags, control_characters_are_made_visible)
{
	const char *text = complaint("target", "a\nb");

	cr_assert_null(strchr(text, '\n'));
	cr_assert(str_starts(text, "target '"));
}

Test(flags, kinds_are_not_mixed)
{
	struct recipe r;

	recipe_init(&r, "/project");
	set(&r, "apt", "git");
	set(&r, "context", ".");
	cr_assert_str_eq(checked(&r),
			 "'--apt' is for images that imgcache writes the "
			 "Dockerfile of, '--context' for those that have one; "
			 "use one kind");
	recipe_release(&r);
}

Test(flags, a_generated_image_needs_a_base)
{
	struct recipe r;

	recipe_init(&r, "/project");
	set(&r, "apt", "git");
	cr_assert_str_eq(checked(&r), "no base image; name one with --base, or "
			 "set DEFAULT_BASE_IMAGE");
	set(&r, "base", "debian:12");
	cr_assert_str_eq(checked(&r), "");
	cr_assert_eq(r.kind, RECIPE_GENERATED);
	recipe_release(&r);
}

Test(flags, a_dockerfile_alone_has_the_root_as_context)
{
	struct recipe r;

	recipe_init(&r, "/project");
	set(&r, "dockerfile", "infra/Dockerfile");
	cr_assert_str_eq(checked(&r), "");
	cr_assert_eq(r.kind, RECIPE_DOCKERFILE);
	cr_assert_str_eq(r.context, ".");
	recipe_release(&r);
}

Test(flags, packages_pass_their_grammar)
{
	static const char *const bad[][2] = {
		{ "apt", "curl;rm -rf /" }, { "apt", "-o Foo" },
		{ "apt", "pkg-" }, { "apt", "git ==1" },
		{ "apt", "name\nwith" "RUN" }, { "npm", "../x" },
		{ "pip", "-r x" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct recipe r;

		recipe_init(&r, "/project");
		set(&r, "base", "debian:12");
		set(&r, bad[i][0], bad[i][1]);
		if (!strcmp(bad[i][1], "name\nwith" "RUN"))
			cr_assert_eq(r.apt.n, 2);
		else
			cr_assert_neq(*checked(&r), '\0', "%s", bad[i][1]);
		recipe_release(&r);
	}
}

Test(flags, too_many_entries_are_refused)
{
	struct imgcache_error err = { 0 };
	struct recipe r;
	int ret = 0, n = 0;

	recipe_init(&r, "/project");
	for (; n <= RECIPE_MAX_ITEMS && !ret; n++)
		ret = recipe_set_flag(&r, "key-file", "x", &err);
	cr_assert_eq(n, RECIPE_MAX_ITEMS + 1);
	cr_assert_str_eq(err.text, "'key_files' has more than 4096 entries");
	recipe_release(&r);
}

Test(flags, every_row_is_complete)
{
	size_t n;
	const struct recipe_flag *flags = recipe_flags(&n);

	for (size_t i = 0; i < n; i++) {
		cr_assert_not_null(flags[i].argument);
		cr_assert_leq(strlen(flags[i].help), 60, "%s", flags[i].help);
		cr_assert(flags[i].key || flags[i].name);
		if (flags[i].key)
			cr_assert_eq(recipe_flag_keyed(flags[i].key),
				     &flags[i]);
		if (flags[i].name)
			cr_assert_eq(recipe_flag_named(flags[i].name),
				     &flags[i]);
	}
}

Test(flags, file_is_another_word_for_dockerfile)
{
	struct imgcache_error err = {0};
	struct recipe r;

	recipe_init(&r, "/w");
	cr_assert_eq(recipe_set_flag(&r, "file", "a/Dockerfile", &err), 0);
	cr_assert_str_eq(r.dockerfile, "a/Dockerfile");
	cr_assert_eq(recipe_flag_named("file")->letter, 'f');
	cr_assert_null(recipe_flag_keyed("file"));
	cr_assert_eq(recipe_set_flag(&r, "file", "-", &err), IMGCACHE_EUSAGE);
	cr_assert_str_eq(err.text, "path '-': standard input is read once and "
			 "the key is looked at twice; write it to a file");
	recipe_release(&r);
}

Test(flags, a_reference_is_an_at_sign_and_a_name)
{
	cr_assert_str_eq(recipe_reference("@tools-2.x"), "tools-2.x");
	cr_assert_null(recipe_reference("tools"));
	cr_assert_null(recipe_reference("@types/node"));
	cr_assert_null(recipe_reference("@"));
	cr_assert_null(recipe_reference("@Tools"));
}

Test(flags, names_fit_into_a_tag)
{
	char name[102];

	memset(name, 'a', sizeof(name));
	name[101] = '\0';
	cr_assert_not(recipe_is_name(name));
	name[100] = '\0';
	cr_assert(recipe_is_name(name));
	cr_assert(recipe_is_name("0.a-b_c"));
	cr_assert_not(recipe_is_name(".a"));
	cr_assert_not(recipe_is_name("-a"));
	cr_assert_not(recipe_is_name("a/b"));
	cr_assert_not(recipe_is_name("a\n"));
	cr_assert_not(recipe_is_name(""));
}
