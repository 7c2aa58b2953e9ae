/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "recipe/generate.h"
#include "recipe/generate_inventory.h"
#include "recipe/recipe.h"
#include "sys/file.h"

#define DIGEST \
	"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static char root[256];
static struct recipe r;
static struct generate_inputs in;
static struct buf out;
static struct imgcache_error err;

static void
set_up(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(root, sizeof(root), "%s/generate.XXXXXX", tmp ? tmp : "/tmp");
	cr_assert(mkdtemp(root));
	memset(&r, 0, sizeof(r));
	memset(&in, 0, sizeof(in));
	memset(&err, 0, sizeof(err));
	out = (struct buf)BUF_INIT;
	r.root = root;
	r.base = (char *)"debian:bookworm-slim";
	in.base = "debian:bookworm-slim@" DIGEST;
	strv_push(&r.platforms, "linux/amd64");
}

static void
tear_down(void)
{
	struct recipe_packages *lists[] = { &r.apt, &r.npm, &r.pip };

	for (size_t i = 0; i < 3; i++) {
		for (size_t k = 0; k < lists[i]->n; k++)
			free(lists[i]->v[k].text);
		free(lists[i]->v);
	}
	for (size_t i = 0; i < r.n_copies; i++) {
		free(r.copies[i].from);
		free(r.copies[i].to);
	}
	free(r.copies);
	strv_release(&r.env);
	strv_release(&r.platforms);
	buf_release(&out);
	memset(&err, 0, sizeof(err));
	file_remove_tree(AT_FDCWD, root, &err);
}

static void
add(struct recipe_packages *list, const char *text)
{
	mem_grow(list->v, list->n, list->cap);
	list->v[list->n++] = (struct recipe_package){
		mem_strdup(text), { NULL, 0, 0 }
	};
}

static void
copy(const char *from, const char *to)
{
	mem_grow(r.copies, r.n_copies, r.cap_copies);
	r.copies[r.n_copies++] = (struct recipe_copy){ mem_strdup(from),
						       mem_strdup(to) };
}

static void
put(const char *name, const char *text)
{
	char *path = path_join(root, name);
	char *dir = path_dir(path);
	FILE *f;

	cr_assert_eq(file_mkdirs(dir, 0755, &err), 0);
	f = fopen(path, "w");
	cr_assert(f);
	fputs(text, f);
	fclose(f);
	free(dir);
	free(path);
}

static const char *
text(void)
{
	buf_clear(&out);
	cr_assert_eq(generate_dockerfile(&r, &in, &out, &err), 0, "%s",
		     err.text);
	return out.data;
}

static void
has(const char *part)
{
	cr_expect(strstr(text(), part), "no '%s' in\n%s", part, out.data);
}

static void
has_not(const char *part)
{
	cr_expect_not(strstr(text(), part), "'%s' in\n%s", part, out.data);
}

/* Both stand there, the first one first. */
static void
in_order(const char *first, const char *second)
{
	const char *a = strstr(text(), first), *b = strstr(text(), second);

	cr_expect(a && b && a < b, "'%s' is not before '%s' in\n%s", first,
		  second, out.data);
}

static void
refused(const char *what)
{
	buf_clear(&out);
	memset(&err, 0, sizeof(err));
	cr_assert_eq(generate_dockerfile(&r, &in, &out, &err),
		     IMGCACHE_EUSAGE, "%s", out.data);
	cr_expect(strstr(err.text, what), "%s", err.text);
	cr_expect_eq(out.len, 0);
}

TestSuite(recipe_generate, .init = set_up, .fini = tear_down);

Test(recipe_generate, a_recipe_without_packages_needs_no_network)
{
	copy("./app/", "/srv/app");
	strv_push(&r.env, "LANG=C.UTF-8");
	in.has_epoch = true;
	cr_expect_str_eq(text(), "FROM debian:bookworm-slim@" DIGEST "\n"
				 "COPY [\"app\",\"/srv/app\"]\n"
				 "ENV LANG=\"C.UTF-8\"\n");
	cr_expect_not(generate_floats(&r));
}

Test(recipe_generate, goes_from_what_changes_least_to_what_changes_most)
{
	add(&r.apt, "git");
	add(&r.npm, "typescript@5.4");
	add(&r.pip, "numpy==1.26.4");
	r.claude_code = (char *)"1.0.0";
	r.user = (char *)"app";
	copy("app", "/srv");
	strv_push(&r.env, "A=1");
	in_order("FROM debian", "'git'");
	in_order("'git'", "set -- 'app'");
	in_order("set -- 'app'", "'numpy==1.26.4'");
	in_order("'numpy==1.26.4'", "'typescript@5.4'");
	in_order("'typescript@5.4'", "'@anthropic-ai/claude-code@1.0.0'");
	in_order("'@anthropic-ai/claude-code@1.0.0'", "COPY --chown=app [");
	in_order("COPY --chown=app [", "ENV A=");
	cr_expect(str_ends(text(), "\nUSER app\n"));
	has_not("# syntax");
	has_not("<<");
}

Test(recipe_generate, the_order_of_lists_does_not_count)
{
	char *first;

	add(&r.apt, "git");
	add(&r.apt, "curl");
	add(&r.pip, "b");
	add(&r.pip, "A");
	add(&r.npm, "@x/y");
	add(&r.npm, "a");
	copy("b", "/srv/b");
	copy("a", "/srv");
	strv_push(&r.env, "B=1");
	strv_push(&r.env, "A=2");
	first = mem_strdup(text());
	for (struct recipe_packages *l = &r.apt; l; l = l == &r.apt ? &r.npm
					: l == &r.npm ? &r.pip : NULL) {
		struct recipe_package swap = l->v[0];

		l->v[0] = l->v[1];
		l->v[1] = swap;
		add(l, l->v[0].text);
	}
	struct recipe_copy swap = r.copies[0];
	r.copies[0] = r.copies[1];
	r.copies[1] = swap;
	strv_push(&r.env, "B=1");
	strv_sort(&r.env);
	cr_expect_str_eq(text(), first);
	free(first);
}

Test(recipe_generate, apt_caches_have_ids_locks_and_leave_no_trace)
{
	add(&r.apt, "git");
	has("--mount=type=cache,id=imgcache-apt-archives-debian-bookworm-slim-"
	    "amd64,target=/var/cache/apt,sharing=locked \\\n");
	has("--mount=type=cache,id=imgcache-apt-lists-debian-bookworm-slim-"
	    "amd64,target=/var/lib/apt/lists,sharing=locked \\\n");
	has("'#clear DPkg::Post-Invoke;'");
	has(">/dev/shm/imgcache-apt.conf;");
	has("--no-install-recommends -- \"$@\"");
	has_not("rm -f /etc/apt");
	in.distribution = "debian";
	in.release = "bookworm";
	has("id=imgcache-apt-lists-debian-bookworm-amd64,");
}

Test(recipe_generate, ids_have_only_letters_digits_and_dashes)
{
	add(&r.npm, "a");
	r.base = (char *)"Host.io:5000/a_b/c.d:V1@" DIGEST;
	has("id=imgcache-npm-host-io-5000-a-b-c-d-v1-amd64,");
	strv_clear(&r.platforms);
	strv_push(&r.platforms, "linux/arm/v7");
	has("id=imgcache-npm-host-io-5000-a-b-c-d-v1-arm-v7,");
	strv_push(&r.platforms, "linux/amd64");
	has("-v1-$TARGETARCH$TARGETVARIANT,");
	in_order("ARG TARGETARCH\n", "RUN ");
}

Test(recipe_generate, caches_of_an_image_on_an_image_are_those_of_its_base)
{
	add(&r.npm, "a");
	r.base = (char *)"@tools";
	in.cache_base = "debian:12";
	has("id=imgcache-npm-debian-12-amd64,");
}

Test(recipe_generate, certificates_come_by_an_optional_secret)
{
	add(&r.apt, "git");
	add(&r.npm, "a");
	add(&r.pip, "b");
	r.claude_code = (char *)"latest";
	const char *p = text();
	size_t secrets = 0, installs = 0;
	for (; (p = strstr(p, "id=imgcache-ca,required=false")); p++)
		secrets++;
	for (p = out.data; (p = strstr(p, "set -eu;")); p++)
		installs++;
	cr_expect_eq(secrets, 4);
	cr_expect_eq(installs, 4);
	has("id=imgcache-npmrc,required=false");
	has("id=imgcache-pip-conf,required=false");
}

Test(recipe_generate, the_epoch_is_used_in_every_install)
{
	add(&r.npm, "a");
	has_not("IMGCACHE_EPOCH");
	in.has_epoch = true;
	in_order("ARG IMGCACHE_EPOCH\n", ": \"${IMGCACHE_EPOCH:-}\";");
	cr_expect(generate_floats(&r));
}

Test(recipe_generate, the_bases_user_comes_back)
{
	in.base_user = "node";
	add(&r.npm, "a");
	in_order("USER root\n", "RUN ");
	cr_expect(str_ends(text(), "\nUSER node\n"));
	r.user = (char *)"1000:99";
	cr_expect(str_ends(text(), "\nUSER 1000:99\n"));
	has_not("useradd");
	in.base_user = "a b";
	refused("USER");
}

Test(recipe_generate, nothing_is_installed_into_scratch)
{
	in.base = "scratch";
	copy("a", "/a");
	has("FROM scratch\nCOPY");
	add(&r.apt, "git");
	refused("scratch");
}

Test(recipe_generate, env_values_are_literal)
{
	strv_push(&r.env, "A=a \"b\" $HOME \\ 'c' #d");
	strv_push(&r.env, "PATH=/x:$PATH:${PATH}:$PATHS");
	has("ENV A=\"a \\\"b\\\" \\$HOME \\\\ 'c' #d\"\n");
	has("ENV PATH=\"/x:${PATH}:${PATH}:\\$PATHS\"\n");
}

Test(recipe_generate, copies_are_quoted_and_the_deeper_one_comes_last)
{
	copy("it's \"a\" $b", "/x/y");
	copy("z", "/x");
	has("COPY [\"it\\\\'s \\\\\\\"a\\\\\\\" \\\\$b\",\"/x/y\"]\n");
	in_order("[\"z\",\"/x\"]", "\"/x/y\"]");
}

Test(recipe_generate, two_values_of_one_env_are_refused)
{
	strv_push(&r.env, "A=1");
	strv_push(&r.env, "A=2");
	refused("env 'A' has two values");
}

Test(recipe_generate, nothing_unchecked_gets_through)
{
	static const char *const bad[] = {
		"a\nRUN id", "a';id;'", "-o", "a\\", "$(id)", "a\r", "a b",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct recipe_packages *lists[] = { &r.apt, &r.npm, &r.pip };

		for (size_t k = 0; k < 3; k++) {
			add(lists[k], bad[i]);
			refused("package");
			free(lists[k]->v[--lists[k]->n].text);
		}
		r.user = (char *)bad[i];
		refused("user");
		r.user = NULL;
		r.claude_code = (char *)bad[i];
		refused("claude_code");
		r.claude_code = NULL;
		in.base = bad[i];
		refused("image reference");
		in.base = "debian:bookworm-slim";
	}
	copy("a\nRUN id", "/x");
	refused("copy from");
}

Test(recipe_generate, requirements_are_copied_as_they_are)
{
	struct strv paths = { NULL, 0, 0 }, warnings = { NULL, 0, 0 };

	put("r/a.txt", "-r b.txt\nx==${V}\n");
	put("r/b.txt", "");
	r.pip_requirements = (char *)"r/a.txt";
	has("FROM scratch AS imgcache-requirements\n"
	    "COPY [\"r/a.txt\",\"/r/a.txt\"]\n"
	    "COPY [\"r/b.txt\",\"/r/b.txt\"]\n"
	    "FROM debian:bookworm-slim@" DIGEST "\n");
	has("--mount=type=bind,from=imgcache-requirements,"
	    "target=/dev/imgcache-requirements,rw \\\n");
	has("-m pip install \\\n        -r 'r/a.txt'\n");
	copy("z", "/z");
	cr_assert_eq(generate_reads(&r, &paths, &warnings, &err), 0);
	cr_assert_eq(paths.n, 3);
	cr_expect_str_eq(paths.v[1], "r/b.txt");
	cr_expect_str_eq(paths.v[2], "z");
	cr_expect_eq(warnings.n, 1);
	strv_release(&paths);
	strv_release(&warnings);
}

Test(recipe_generate, a_lock_folder_is_installed_in_app)
{
	put("web/package.json", "{}");
	put("web/package-lock.json", "{}");
	put("web/.npmrc", "");
	r.npm_lock = (char *)"web/";
	r.user = (char *)"app";
	has("FROM scratch AS imgcache-npm-lock\n"
	    "COPY [\"web/.npmrc\",\"/\"]\n");
	has("    npm ci; \\\n    rm .npmrc; \\\n    chown -R 'app' /app\n"
	    "ENV PATH=\"/app/node_modules/.bin:$PATH\"\n");
}

Test(recipe_generate, the_inventory_is_read_back)
{
	static const char said[] =
		"imgcache-inventory 1\nsystem\tos\tdebian 12\n"
		"apt\tgit\t1:2.39.5\npip\tFlask_X\t3.0\nnpm\t@a/b\t1.2\n"
		"apt\tgit\t1:2.39.5\nend\ntrailing\n";
	struct inventory got = { .n = 0 };

	cr_assert_eq(inventory_parse(said, strlen(said), &got, &err), 0, "%s",
		     err.text);
	cr_expect_eq(got.n, 4);
	cr_expect_str_eq(got.v[0].name, "git");
	cr_expect_str_eq(inventory_find(&got, "pip", "flask-x"), "3.0");
	cr_expect_str_eq(inventory_find(&got, "npm", "@a/b"), "1.2");
	cr_expect_null(inventory_find(&got, "apt", "curl"));
	inventory_release(&got);
}

Test(recipe_generate, a_bad_inventory_is_refused)
{
	static const char *const bad[] = {
		"", "imgcache-inventory 1\n", "imgcache-inventory 2\nend\n",
		"imgcache-inventory 1\nend", "end\n",
		"imgcache-inventory 1\ngem\ta\t1\nend\n",
		"imgcache-inventory 1\napt\ta\nend\n",
		"imgcache-inventory 1\napt\t\t1\nend\n",
		"imgcache-inventory 1\napt\ta\t\x1b[0m\nend\n",
		"imgcache-inventory 1\napt a 1\nend\n",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct inventory got = { .n = 0 };

		memset(&err, 0, sizeof(err));
		cr_expect_eq(inventory_parse(bad[i], strlen(bad[i]), &got,
					     &err), IMGCACHE_EFAIL,
			     "%zu passed", i);
		cr_expect_eq(got.n, 0);
	}
}

Test(recipe_generate, the_inventory_command_runs_in_a_plain_shell)
{
	char *path = path_join(root, "list.sh");
	char *line = mem_printf("sh -n %s && sh %s", path, path);
	struct inventory got = { .n = 0 };
	struct buf said = BUF_INIT;
	FILE *pipe;

	put("list.sh", generate_inventory_command());
	pipe = popen(line, "r");
	cr_assert(pipe);
	for (int c; (c = fgetc(pipe)) != EOF;)
		buf_addc(&said, (char)c);
	cr_expect_eq(pclose(pipe), 0);
	cr_expect_eq(inventory_parse(said.data, said.len, &got, &err), 0,
		     "%s", err.text);
	inventory_release(&got);
	buf_release(&said);
	free(line);
	free(path);
}
