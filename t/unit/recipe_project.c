/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/strv.h"
#include "imgcache.h"
#include "recipe/expand.h"
#include "recipe/project.h"
#include "sys/file.h"

static const char *
get(void *payload, const char *name)
{
	(void)payload;
	if (!strcmp(name, "ACCOUNT"))
		return "1234";
	return NULL;
}

static const struct expand_env env = { get, NULL };
static struct imgcache_error nothing;

/* A folder of its own with one project file; the caller removes it. */
static char *
make_project(const char *text)
{
	char *dir = mem_strdup("/tmp/imgcache-project-XXXXXX");
	struct imgcache_error err = { 0 };
	char *path;

	cr_assert_not_null(mkdtemp(dir));
	path = path_join(dir, PROJECT_FILE);
	cr_assert_eq(file_replace(AT_FDCWD, path, text, strlen(text), 0644,
				  false, &err), 0);
	free(path);
	return dir;
}

static void
remove_project(char *dir)
{
	struct imgcache_error err = { 0 };

	file_remove_tree(AT_FDCWD, dir, &err);
	free(dir);
}

/* Load text as imgcache.yaml; err tells. */
static int
load(struct project *p, const char *text, struct imgcache_error *err)
{
	char *dir = make_project(text);
	char *path = path_join(dir, PROJECT_FILE);
	int ret;

	*err = nothing;
	ret = project_load(p, path, dir, &env, err);
	cr_assert_eq(ret, err->code);
	free(path);
	remove_project(dir);
	return ret;
}

static void
loaded(struct project *p, const char *text)
{
	struct imgcache_error err;

	cr_assert_eq(load(p, text, &err), 0, "%s", err.text);
}

/* What is wrong with text; "" if nothing. */
static const char *
complaint(const char *text)
{
	static struct imgcache_error err;
	struct project p;
	int ret = load(&p, text, &err);

	cr_assert(!ret || ret == IMGCACHE_EFAIL);
	if (!ret)
		project_release(&p);
	return err.text;
}

/* The same for the lines of one image. */
static const char *
image_complaint(const char *lines)
{
	char text[1024];

	snprintf(text, sizeof(text), "version: 1\nimages:\n  a:\n%s", lines);
	return complaint(text);
}

static const char whole[] =
	"version: 1\n"
	"registry: registry.example/team/cache\n"
	"defaults: {base: \"debian:bookworm-slim\", platforms: [linux/amd64],"
	" refresh: weekly}\n"
	"images:\n"
	"  tools:\n"
	"    base: \"node:22-bookworm-slim\"\n"
	"    apt: [git, curl]\n"
	"    npm: [typescript@5.4, \"@types/node\"]\n"
	"    pip: [\"numpy==1.26.4\", pandas]\n"
	"    pip_requirements: requirements.txt\n"
	"    npm_lock: web/\n"
	"    claude_code: \"1.0.0\"\n"
	"    env: {LANG: C.UTF-8}\n"
	"    user: app\n"
	"    copy: [{from: backend/app, to: /srv/app}]\n"
	"  api:\n"
	"    dockerfile: infra/api/Dockerfile\n"
	"    context: .\n"
	"    include: [backend/, pyproject.toml]\n"
	"    target: prod\n"
	"    args: {BASE_IMAGE: \"@tools\", TOKEN: null}\n"
	"    static: registry.example/team/api:stable\n"
	"policy: {max_images: 50, max_age: 30d, max_size: 20GB, keep_last: 2}\n"
	"cache: {to: [\"type=registry,ref=r.example/c\"], "
	"from: {type: local, src: x}, "
	"stages: {python-deps: [requirements.txt]}}\n"
	"lint: {severity: warning, ignore: [IC001], rules: {DL3042: off}}\n";

Test(project, the_file_of_the_manual_is_read)
{
	const struct project_image *image;
	struct imgcache_error err = { 0 };
	struct project p;
	const struct recipe *r;

	loaded(&p, whole);
	cr_assert_eq(p.n_images, 2);
	cr_assert_eq(project_image(&p, "tools", &image, &err), 0);
	r = &image->recipe;
	cr_assert_eq(r->kind, RECIPE_GENERATED);
	cr_assert_str_eq(r->name, "tools");
	cr_assert_str_eq(r->root, p.dir);
	cr_assert_str_eq(r->file, "imgcache.yaml");
	cr_assert_eq(r->place.line, 5);
	cr_assert_eq(r->place.column, 3);
	cr_assert_str_eq(r->base, "node:22-bookworm-slim");
	cr_assert_eq(r->apt.n, 2);
	cr_assert_str_eq(r->apt.v[1].text, "curl");
	cr_assert_str_eq(r->apt.v[1].place.file, "imgcache.yaml");
	cr_assert_eq(r->apt.v[1].place.line, 7);
	cr_assert_eq(r->apt.v[1].place.column, 16);
	cr_assert_str_eq(r->npm.v[1].text, "@types/node");
	cr_assert_str_eq(r->pip.v[0].text, "numpy==1.26.4");
	cr_assert_str_eq(r->pip_requirements, "requirements.txt");
	cr_assert_str_eq(r->npm_lock, "web/");
	cr_assert_str_eq(r->claude_code, "1.0.0");
	cr_assert_str_eq(r->env.v[0], "LANG=C.UTF-8");
	cr_assert_str_eq(r->user, "app");
	cr_assert_str_eq(r->copies[0].from, "backend/app");
	cr_assert_str_eq(r->copies[0].to, "/srv/app");
	project_release(&p);
}

Test(project, an_image_with_a_dockerfile_is_read)
{
	const struct project_image *image;
	struct imgcache_error err = { 0 };
	struct project p;
	const char *ref;
	const struct recipe *r;

	loaded(&p, whole);
	cr_assert_eq(project_image(&p, "api", &image, &err), 0);
	r = &image->recipe;
	cr_assert_eq(r->kind, RECIPE_DOCKERFILE);
	cr_assert_str_eq(r->dockerfile, "infra/api/Dockerfile");
	cr_assert_str_eq(r->context, ".");
	cr_assert_str_eq(r->include.v[0], "backend/");
	cr_assert_str_eq(r->target, "prod");
	cr_assert_str_eq(r->args.v[0], "BASE_IMAGE=@tools");
	cr_assert_str_eq(r->args.v[1], "TOKEN");
	cr_assert_eq(image->n_needs, 1);
	cr_assert_str_eq(p.images[image->needs[0]].recipe.name, "tools");
	cr_assert_eq(project_static(image, &ref, &err), 0);
	cr_assert_str_eq(ref, "registry.example/team/api:stable");
	project_release(&p);
}

Test(project, sections_are_kept)
{
	struct project p;

	loaded(&p, whole);
	cr_assert_eq(yaml_get(project_section(&p, "cache"), "to")->n, 1);
	cr_assert_not_null(project_section(&p, "lint"));
	cr_assert_null(project_section(&p, "nothing"));
	project_release(&p);
}

Test(project, every_key_of_an_image_is_read)
{
	const struct recipe *r;
	struct project p;

	loaded(&p, "version: 1\nimages:\n  a:\n"
	       "    context: src\n    context_mode: full\n"
	       "    build_contexts: {lib: ../lib}\n    ssh: default\n"
	       "    secrets: [{id: npm, src: .npmrc}, 'id=t,env=T']\n"
	       "    labels: {team: x}\n    network: host\n"
	       "    add_hosts: {db: 10.0.0.1}\n    platforms: linux/amd64\n"
	       "    key_files: [a, b]\n    salt: s\n"
	       "    registry: r.example/a\n    hash: xxh3\n"
	       "    base_policy: name\n    args: [A=1, B]\n");
	r = &p.images[0].recipe;
	cr_assert_str_eq(r->context_mode, "full");
	cr_assert_str_eq(r->build_contexts.v[0], "lib=../lib");
	cr_assert_str_eq(r->ssh.v[0], "default");
	cr_assert_str_eq(r->secrets.v[0], "id=npm,src=.npmrc");
	cr_assert_str_eq(r->secrets.v[1], "id=t,env=T");
	cr_assert_str_eq(r->labels.v[0], "team=x");
	cr_assert_str_eq(r->network, "host");
	cr_assert_str_eq(r->add_hosts.v[0], "db:10.0.0.1");
	cr_assert_str_eq(r->platforms.v[0], "linux/amd64");
	cr_assert_eq(r->key_files.n, 2);
	cr_assert_str_eq(r->salt, "s");
	cr_assert_str_eq(r->registry, "r.example/a");
	cr_assert_str_eq(r->hash, "xxh3");
	cr_assert(r->has_base_policy);
	cr_assert_eq(r->base_policy, BASE_BY_NAME);
	cr_assert_str_eq(r->args.v[1], "B");
	project_release(&p);
}

Test(project, lists_may_be_one_text)
{
	struct project p;

	loaded(&p, "version: 1\nimages:\n  a: {apt: 'git, curl vim', "
	       "platforms: 'linux/amd64,linux/arm64'}\n");
	cr_assert_eq(p.images[0].recipe.apt.n, 3);
	cr_assert_eq(p.images[0].recipe.platforms.n, 2);
	project_release(&p);
}

Test(project, claude_code_may_be_yes_or_no)
{
	struct project p;

	loaded(&p, "version: 1\nimages:\n  a: {claude_code: true}\n"
	       "  b: {claude_code: false}\n");
	cr_assert_str_eq(p.images[0].recipe.claude_code, "true");
	cr_assert_null(p.images[1].recipe.claude_code);
	project_release(&p);
}

Test(project, the_version_is_looked_at_first)
{
	cr_assert_str_eq(complaint(""), "imgcache.yaml: the file is empty; "
			 "begin with 'version: 1'");
	cr_assert_str_eq(complaint("nonsense: 1\n"), "imgcache.yaml:1:1: no "
			 "'version'; begin with 'version: 1'");
	cr_assert_str_eq(complaint("version: 2\nnonsense: 1\n"),
			 "imgcache.yaml:1:10: version '2' is not known to this "
			 "imgcache, which reads version 1");
	cr_assert_str_eq(complaint("[version]\n"),
			 "imgcache.yaml:1:1: expected a mapping with version "
			 "and images, found a list");
	cr_assert_str_eq(complaint("version: [1]\n"),
			 "imgcache.yaml:1:10: expected 1, found a list");
}

Test(project, unknown_keys_name_the_nearest)
{
	cr_assert_str_eq(complaint("version: 1\nregisty: x\n"),
			 "imgcache.yaml:2:1: unknown key 'registy'; did you "
			 "mean 'registry'?");
	cr_assert_str_eq(complaint("version: 1\npolicy: {max_image: 3}\n"),
			 "imgcache.yaml:2:10: unknown key 'max_image'; did you "
			 "mean 'max_images'?");
	cr_assert_str_eq(complaint("version: 1\ndefaults:\n  xyzzy: 1\n"),
			 "imgcache.yaml:3:3: unknown key 'xyzzy'; known here: "
			 "base, claude_code, platforms, refresh");
	cr_assert_str_eq(image_complaint("    bas: x\n"),
			 "imgcache.yaml:4:5: unknown key 'bas'; did you mean "
			 "'base'?");
	cr_assert_str_eq(image_complaint("    copy: {form: a, to: /b}\n"),
			 "imgcache.yaml:4:12: unknown key 'form'; did you mean "
			 "'from'?");
	cr_assert_str_eq(complaint("version: 1\npolicy.max_images: 3\n"),
			 "imgcache.yaml:2:1: unknown key 'policy.max_images'; "
			 "known here: base_policy, base_ttl, build_timeout, "
			 "ca_bundle, cache, common, defaults, enabled, hash, "
			 "idle_timeout, images, lint, on_unknown, policy, push, "
			 "registries, registry, registry_timeout, "
			 "registry_untrusted, "
			 "transfer_timeout, use_static_base, version");
}

Test(project, keys_of_the_users_file_are_sent_there)
{
	cr_assert_str_eq(complaint("version: 1\nstate_dir: /tmp/x\n"),
			 "imgcache.yaml:2:1: 'state_dir' is a matter of each "
			 "user; it belongs into "
			 "~/.config/imgcache/config.yaml");
}

Test(project, wrong_types_say_what_was_expected)
{
	cr_assert_str_eq(complaint("version: 1\nregistry: [a]\n"),
			 "imgcache.yaml:2:11: expected text, found a list");
	cr_assert_str_eq(complaint("version: 1\npolicy: 3\n"),
			 "imgcache.yaml:2:9: expected a mapping, found '3'");
	cr_assert_str_eq(complaint("version: 1\nimages: [a]\n"),
			 "imgcache.yaml:2:9: expected a mapping, found a list");
	cr_assert_str_eq(complaint("version: 1\nimages:\n"), "");
	cr_assert_str_eq(complaint("version: 1\nimages:\n  a:\n"),
			 "imgcache.yaml:3:5: expected a mapping, "
			 "found nothing");
	cr_assert_str_eq(image_complaint("    base: {a: 1}\n"),
			 "imgcache.yaml:4:11: expected text, found a mapping");
	cr_assert_str_eq(image_complaint("    base:\n"),
			 "imgcache.yaml:4:10: expected text, found nothing");
	cr_assert_str_eq(image_complaint("    apt: {git: 1}\n"),
			 "imgcache.yaml:4:10: expected a list of packages, "
			 "found a mapping");
	cr_assert_str_eq(image_complaint("    apt: [[git]]\n"),
			 "imgcache.yaml:4:11: expected text, found a list");
	cr_assert_str_eq(image_complaint("    apt: ','\n"),
			 "imgcache.yaml:4:10: expected a list of packages, "
			 "found ','");
	cr_assert_str_eq(image_complaint("    env: {A: null}\n"),
			 "imgcache.yaml:4:14: expected text, found nothing");
	cr_assert_str_eq(image_complaint("    env: {A: [1]}\n"),
			 "imgcache.yaml:4:14: expected text, found a list");
	cr_assert_str_eq(image_complaint("    copy: [{from: a}]\n"),
			 "imgcache.yaml:4:12: a copy needs text for 'from' and "
			 "'to'");
}

Test(project, values_are_checked_where_they_stand)
{
	cr_assert_str_eq(image_complaint("    hash: md5\n"),
			 "imgcache.yaml:4:11: hash 'md5': write git or xxh3");
	cr_assert_str_eq(complaint("version: 1\npolicy: {max_age: 30}\n"),
			 "imgcache.yaml:2:19: 'max_age' needs a time with its "
			 "unit, such as 30d, 12h or 15m, or 0, not '30'");
	cr_assert_str_eq(complaint("version: 1\nregistry: reg:5000\n"),
			 "imgcache.yaml:2:11: registry 'reg:5000': it names no "
			 "repository; write host/path, such as "
			 "registry.example/team/cache");
	cr_assert_str_eq(complaint("version: 1\ndefaults:\n  platforms:\n"
				   "  - linux/amd64\n  - x86_64\n"),
			 "imgcache.yaml:5:5: platform 'x86_64': not docker's "
			 "name for it; write 'linux/amd64'");
}

Test(project, paths_stay_inside_the_project)
{
	static const char *const keys[] = {
		"dockerfile", "context", "key_files", "include",
		"pip_requirements", "npm_lock"
	};
	char lines[64], want[128];

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		snprintf(lines, sizeof(lines), "    %s: a/../../b\n", keys[i]);
		snprintf(want, sizeof(want), "imgcache.yaml:4:%zu: path "
			 "'a/../../b': it leaves the project; write a path "
			 "inside it", strlen(keys[i]) + 7);
		cr_assert_str_eq(image_complaint(lines), want);
	}
	cr_assert_str_eq(image_complaint("    context: /etc\n"),
			 "imgcache.yaml:4:14: path '/etc': it is absolute; "
			 "write it relative to the project");
}

Test(project, packages_are_checked_where_they_stand)
{
	const char *text = image_complaint("    apt:\n      - git\n"
					   "      - pkg-\n");

	cr_assert(str_starts(text, "imgcache.yaml:6:9: "), "%s", text);
	text = image_complaint("    apt: [\"curl;rm -rf /\"]\n");
	cr_assert(str_starts(text, "imgcache.yaml:4:11: "), "%s", text);
}

Test(project, kinds_are_not_mixed)
{
	cr_assert_str_eq(image_complaint("    apt: git\n    target: x\n"),
			 "imgcache.yaml:3:3: 'apt' is for images that imgcache "
			 "writes the Dockerfile of, 'target' for those that "
			 "have one; use one kind");
}

Test(project, names_have_to_fit_into_a_tag)
{
	cr_assert_str_eq(complaint("version: 1\nimages: {Tools: {}}\n"),
			 "imgcache.yaml:2:10: 'Tools' is no name for an image; "
			 "write lower-case letters, digits, '.', '_' and '-', "
			 "a letter or digit first");
}

Test(project, yaml_errors_come_through)
{
	cr_assert_str_eq(complaint("version: 1\nversion: 1\n"),
			 "imgcache.yaml:2:1: 'version' is here a second time; "
			 "the first is in line 1");
}

Test(project, names_are_expanded_in_four_places)
{
	const struct recipe *r;
	struct project p;

	loaded(&p, "version: 1\nimages:\n  a:\n"
	       "    registry: ${ACCOUNT}.ecr.example/x\n"
	       "    static: ${ACCOUNT}.ecr.example/x:stable\n"
	       "    args: {A: '${ACCOUNT}', B: '${NONE:-b}', C: '$${X}'}\n"
	       "    labels: {l: '${ACCOUNT}'}\n"
	       "  b: {base: '${BASE:-@c}'}\n"
	       "  c: {base: 'debian:12', env: {E: '${ACCOUNT}'}}\n");
	r = &p.images[0].recipe;
	cr_assert_str_eq(r->registry, "1234.ecr.example/x");
	cr_assert_str_eq(r->static_ref, "1234.ecr.example/x:stable");
	cr_assert_str_eq(r->args.v[0], "A=1234");
	cr_assert_str_eq(r->args.v[1], "B=b");
	cr_assert_str_eq(r->args.v[2], "C=${X}");
	cr_assert_str_eq(r->labels.v[0], "l=${ACCOUNT}");
	cr_assert_str_eq(p.images[1].recipe.base, "@c");
	cr_assert_eq(p.images[1].n_needs, 1);
	cr_assert_str_eq(p.images[2].recipe.env.v[0], "E=${ACCOUNT}");
	project_release(&p);
}

Test(project, an_unset_name_stops_only_its_own_image)
{
	const struct project_image *image;
	struct imgcache_error err = { 0 };
	struct project p;

	loaded(&p, "version: 1\nimages:\n  a:\n    args: {A: '${NONE}'}\n"
	       "  b: {apt: git}\n");
	cr_assert_eq(project_image(&p, "b", &image, &err), 0);
	cr_assert_eq(project_image(&p, "a", &image, &err), IMGCACHE_EFAIL);
	cr_assert_str_eq(err.text, "imgcache.yaml:4:15: 'NONE' is not set in "
			 "the environment; set it, or write ${NONE:-default}");
	project_release(&p);
}

Test(project, an_unset_name_in_static_stops_only_static)
{
	const struct project_image *image;
	struct imgcache_error err = { 0 };
	struct project p;
	const char *ref;

	loaded(&p, "version: 1\nimages:\n  a: {apt: git, static: '${NO}/x'}\n");
	cr_assert_eq(project_image(&p, "a", &image, &err), 0);
	cr_assert_eq(project_static(image, &ref, &err), IMGCACHE_EFAIL);
	cr_assert_str_eq(err.text, "imgcache.yaml:3:25: 'NO' is not set in "
			 "the environment; set it, or write ${NO:-default}");
	project_release(&p);
}

Test(project, a_broken_expansion_is_an_error_at_once)
{
	cr_assert_str_eq(image_complaint("    base: '${a b}'\n"),
			 "imgcache.yaml:4:11: cannot expand '${a b}'; write "
			 "${NAME}, ${NAME:-default}, or $${ for a literal ${");
}

Test(project, a_reference_has_to_exist)
{
	cr_assert_str_eq(complaint("version: 1\nimages:\n  tools: {apt: git}\n"
				   "  b: {base: '@tool'}\n"),
			 "imgcache.yaml:4:13: no image 'tool' in "
			 "imgcache.yaml; "
			 "did you mean 'tools'?");
	cr_assert_str_eq(image_complaint("    args: {A: '@zzzzzz'}\n"),
			 "imgcache.yaml:4:15: no image 'zzzzzz' in "
			 "imgcache.yaml");
}

Test(project, a_cycle_names_its_images)
{
	cr_assert_str_eq(complaint("version: 1\nimages:\n"
				   "  a: {base: '@b'}\n  b: {base: '@c'}\n"
				   "  c: {base: '@b'}\n"),
			 "imgcache.yaml:4:3: images are built from each other: "
			 "b -> c -> b");
	cr_assert_str_eq(image_complaint("    base: '@a'\n"),
			 "imgcache.yaml:3:3: images are built from each other: "
			 "a -> a");
}

Test(project, the_order_has_what_is_needed_first)
{
	static const char *const want[] = { "c", "b", "a", "e", "d" };
	struct project p;
	const size_t *order;

	loaded(&p, "version: 1\nimages:\n  a: {base: '@b'}\n"
	       "  b: {context: ., args: {X: '@c', Y: '@c'}}\n"
	       "  c: {apt: git}\n  e: {apt: vim}\n  d: {base: '@c'}\n");
	order = project_order(&p);
	for (size_t i = 0; i < 5; i++)
		cr_assert_str_eq(p.images[order[i]].recipe.name, want[i]);
	project_release(&p);
}

Test(project, a_long_chain_needs_no_deep_stack)
{
	struct buf text = BUF_INIT;
	struct project p;

	buf_adds(&text, "version: 1\nimages:\n");
	for (int i = 0; i < 20000; i++)
		buf_addf(&text, " i%d: {base: '@i%d'}\n", i, i + 1);
	buf_adds(&text, " i20000: {apt: git}\n");
	loaded(&p, text.data);
	cr_assert_eq(project_order(&p)[0], 20000);
	cr_assert_eq(project_order(&p)[20000], 0);
	project_release(&p);
	buf_release(&text);
}

Test(project, cache_and_lint_are_checked)
{
	cr_assert_str_eq(complaint("version: 1\ncache: {to: type=ftp}\n"),
			 "imgcache.yaml:2:13: no cache type 'ftp'; write "
			 "registry, local, gha, inline, s3 or azblob");
	cr_assert_str_eq(complaint("version: 1\ncache: {to: [{ref: x}]}\n"),
			 "imgcache.yaml:2:14: a cache needs 'type'");
	cr_assert_str_eq(complaint("version: 1\ncache: {to: "
				   "{type: s3, secret_access_key: x}}\n"),
			 "imgcache.yaml:2:24: 'secret_access_key' is a "
			 "credential; leave it to docker's own configuration");
	cr_assert_str_eq(complaint("version: 1\ncache: {to: "
				   "'type=gha,token=x'}\n"),
			 "imgcache.yaml:2:13: 'token' is a "
			 "credential; leave it "
			 "to docker's own configuration");
	cr_assert_str_eq(complaint("version: 1\ncache: {stages: {a: ../x}}\n"),
			 "imgcache.yaml:2:21: path '../x': it leaves the "
			 "project; write a path inside it");
	cr_assert_str_eq(complaint("version: 1\ncache: {form: x}\n"),
			 "imgcache.yaml:2:9: unknown key 'form'; did you mean "
			 "'from'?");
	cr_assert_str_eq(complaint("version: 1\nlint: {severity: high}\n"),
			 "imgcache.yaml:2:18: expected info, warning or error, "
			 "found 'high'");
	cr_assert_str_eq(complaint("version: 1\nlint: {ignore: ['a b']}\n"),
			 "imgcache.yaml:2:17: 'a b' is no lint rule; write an "
			 "id such as IC001");
	cr_assert_str_eq(complaint("version: 1\nlint: {rules: {IC1: x}}\n"),
			 "imgcache.yaml:2:21: expected off, info, warning or "
			 "error, found 'x'");
}

Test(project, it_is_found_upwards)
{
	char *dir = make_project("version: 1\n");
	char *deep = path_join(dir, "a/b"), *path = NULL;
	struct imgcache_error err = { 0 };

	cr_assert_eq(file_mkdirs(deep, 0755, &err), 0);
	cr_assert_eq(project_find(deep, &path, &err), 0, "%s", err.text);
	cr_assert(str_starts(path, dir));
	cr_assert_str_eq(path_base(path), "imgcache.yaml");
	free(path);
	free(deep);
	remove_project(dir);
}

Test(project, the_other_spelling_is_reported)
{
	char *dir = make_project("version: 1\n"), *path = NULL, want[128];
	char *from = path_join(dir, PROJECT_FILE);
	char *to = path_join(dir, "imgcache.yml");
	struct imgcache_error err = { 0 };

	cr_assert_eq(rename(from, to), 0);
	cr_assert_eq(project_find(dir, &path, &err), IMGCACHE_EFAIL);
	snprintf(want, sizeof(want), "found '%s'; rename it to imgcache.yaml",
		 to);
	cr_assert_str_eq(err.text, want);
	free(from);
	free(to);
	remove_project(dir);
}

Test(project, nowhere_is_no)
{
	struct imgcache_error err = { 0 };
	char *path = NULL;

	cr_assert_eq(project_find("/proc/self", &path, &err), IMGCACHE_ENO);
	cr_assert_str_eq(err.text, "no imgcache.yaml in '/proc/self' or above; "
			 "write one, or describe the image by flags");
}

Test(project, a_strangers_file_in_an_open_folder_is_refused)
{
	char *dir = make_project("version: 1\n"), *path = NULL;
	char *file = path_join(dir, PROJECT_FILE);
	struct imgcache_error err = { 0 };

	if (geteuid() || chown(file, 12345, 12345))
		cr_skip_test("needs root");
	cr_assert_eq(project_find(dir, &path, &err), 0);
	free(path);
	cr_assert_eq(chmod(dir, 01777), 0);
	cr_assert_eq(project_find(dir, &path, &err), IMGCACHE_EFAIL);
	cr_assert_not_null(strstr(err.text, "it is someone else's"));
	free(file);
	remove_project(dir);
}

Test(project, messages_name_the_file_as_one_would_type_it)
{
	char *dir = make_project("version: 3\n");
	char *path = path_join(dir, PROJECT_FILE);
	char *deep = path_join(dir, "a/b"), *up = path_dir(dir);
	struct imgcache_error err = { 0 };
	struct project p;
	char want[128];

	project_load(&p, path, deep, NULL, &err);
	cr_assert(str_starts(err.text, "../../imgcache.yaml:1:10: "));
	err = nothing;
	project_load(&p, path, up, NULL, &err);
	snprintf(want, sizeof(want), "%s/imgcache.yaml:1:10: ",
		 path_base(dir));
	cr_assert(str_starts(err.text, want));
	err = nothing;
	project_load(&p, path, "/nowhere", NULL, &err);
	cr_assert(str_starts(err.text, path));
	free(up);
	free(deep);
	free(path);
	remove_project(dir);
}

Test(project, a_missing_file_is_no)
{
	struct imgcache_error err = { 0 };
	struct project p;

	cr_assert_eq(project_load(&p, "/nowhere/x.yaml", NULL, NULL, &err),
		     IMGCACHE_ENO);
}

Test(project, a_text_is_loaded_as_the_file_it_would_be)
{
	struct buf text = BUF_INIT;
	struct imgcache_error err = { 0 };
	struct project p;

	buf_adds(&text, "version: 1\nimages: {a: {context: sub}}\n");
	cr_assert_eq(project_load_text(&p, "/nowhere/x/imgcache.yaml", &text,
				       &env, &err), 0, "%s", err.text);
	cr_assert_eq(p.n_images, 1);
	cr_assert_str_eq(p.images[0].recipe.root, "/nowhere/x");
	project_release(&p);
	buf_clear(&text);
	buf_adds(&text, "version: 1\nimages: {a: {contxt: sub}}\n");
	cr_assert_eq(project_load_text(&p, "/nowhere/x/imgcache.yaml", &text,
				       &env, &err), IMGCACHE_EFAIL);
	cr_assert(str_starts(err.text, "imgcache.yaml:2:"), "%s", err.text);
	buf_release(&text);
}
