/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "docker/registry.h"
#include "imgcache.h"
#include "sys/file.h"

static char dir[] = "/tmp/imgcache-registry-XXXXXX";
static char *docker;
static struct registry registry;
static struct imgcache_error err;

static void
set_up(void)
{
	cr_assert_not_null(mkdtemp(dir));
	docker = path_join(dir, "docker");
	registry.docker = docker;
}

static void
tear_down(void)
{
	struct imgcache_error ignored = { 0 };

	file_remove_tree(AT_FDCWD, dir, &ignored);
	free(docker);
}

TestSuite(registry, .init = set_up, .fini = tear_down);

/* A docker that prints out and errs and exits so. */
static void
say(const char *out, const char *errs, int status)
{
	char *text = mem_printf("#!/bin/sh\ncat <<'END'\n%s\nEND\n"
				"cat >&2 <<'END'\n%s\nEND\nexit %d\n", out,
				errs, status);

	err = (struct imgcache_error){ 0 };
	cr_assert_eq(file_replace(AT_FDCWD, docker, text, strlen(text), 0700,
				  false, &err), 0);
	free(text);
}

#define INDEX "{\"manifest\":{\"mediaType\":" \
	"\"application/vnd.oci.image.index.v1+json\",\"digest\":" \
	"\"sha256:5020\",\"manifests\":[" \
	"{\"digest\":\"sha256:a\"," \
	"\"platform\":{\"architecture\":\"amd64\",\"os\":\"linux\"}}," \
	"{\"platform\":{\"architecture\":\"arm64\",\"os\":\"linux\"," \
	"\"variant\":\"v8\"}},{\"platform\":{\"architecture\":\"unknown\"," \
	"\"os\":\"unknown\"}}]},\"image\":{" \
	"\"linux/amd64\":{\"config\":{\"Labels\":{\"k\":\"a\"}}}," \
	"\"linux/arm64\":{\"config\":{\"Labels\":{\"k\":\"b\"}}}}}"
#define SINGLE "{\"manifest\":{\"digest\":\"sha256:1\"},\"image\":{" \
	"\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{" \
	"\"Labels\":{\"k\":\"v\"}}}}"
/* An index of one platform, as buildx prints it. */
#define INDEX_OF_ONE "{\"manifest\":{\"mediaType\":" \
	"\"application/vnd.oci.image.index.v1+json\",\"digest\":" \
	"\"sha256:5020\",\"manifests\":[{\"digest\":\"sha256:a\"," \
	"\"platform\":{\"architecture\":\"arm64\",\"os\":\"linux\"," \
	"\"variant\":\"v8\"}},{\"digest\":\"sha256:b\",\"platform\":{" \
	"\"architecture\":\"unknown\",\"os\":\"unknown\"}}]}," \
	"\"image\":{\"architecture\":\"arm64\",\"os\":\"linux\"," \
	"\"variant\":\"v8\",\"config\":{\"User\":\"app\"," \
	"\"Labels\":{\"k\":\"v\"}}}}"

static void
expect_label(const char *platform, const char *value)
{
	const struct registry_variant *v;
	struct registry_image image;

	cr_assert_eq(registry_image(&registry, "x", platform, &image, &err),
		     0, "%s", err.text);
	cr_expect_eq(image.has_platform, value != NULL);
	v = registry_image_variant(&image, platform);
	cr_expect_eq(v != NULL, value != NULL);
	if (v && value)
		cr_expect_str_eq(registry_variant_label(v, "k"), value);
	if (v)
		cr_expect_null(registry_variant_label(v, "no"));
	registry_image_release(&image);
}

Test(registry, labels_are_those_of_the_platform)
{
	say(INDEX, "", 0);
	expect_label("linux/amd64", "a");
	expect_label("linux/arm64", "b");
	expect_label("linux/arm64/v8", "b");
	expect_label("linux/s390x", NULL);
	expect_label(NULL, "a");
}

Test(registry, an_image_of_one_platform)
{
	say(SINGLE, "", 0);
	expect_label("linux/amd64", "v");
	expect_label("linux/arm64", NULL);
	expect_label(NULL, "v");
}

Test(registry, an_index_of_one_platform)
{
	struct registry_image image;

	say(INDEX_OF_ONE, "", 0);
	expect_label("linux/arm64", "v");
	expect_label("linux/amd64", NULL);
	expect_label(NULL, "v");
	cr_assert_eq(registry_image(&registry, "x", "linux/arm64", &image,
				    &err), 0);
	cr_expect_str_eq(image.user, "app");
	cr_assert_eq(image.n_variants, 1);
	cr_expect_str_eq(image.variants[0].digest, "sha256:a");
	registry_image_release(&image);
}

Test(registry, one_platform_has_the_digest_of_the_whole)
{
	struct registry_image image;

	say(SINGLE, "", 0);
	cr_assert_eq(registry_image(&registry, "x", NULL, &image, &err), 0);
	cr_assert_eq(image.n_variants, 1);
	cr_expect_str_eq(image.variants[0].platform, "linux/amd64");
	cr_expect_str_eq(image.variants[0].digest, "sha256:1");
	registry_image_release(&image);
}

Test(registry, platforms_without_attestations)
{
	struct registry_image image;

	say(INDEX, "", 0);
	cr_assert_eq(registry_image(&registry, "x", NULL, &image, &err), 0);
	cr_expect_str_eq(image.digest, "sha256:5020");
	cr_assert_eq(image.n_variants, 2);
	cr_expect_str_eq(image.variants[0].platform, "linux/amd64");
	cr_expect_str_eq(image.variants[0].digest, "sha256:a");
	cr_expect_str_eq(image.variants[1].platform, "linux/arm64/v8");
	cr_expect_str_eq(image.variants[1].digest, "");
	registry_image_release(&image);
}

static void
expect_digest(int expected)
{
	char *digest;

	cr_expect_eq(registry_digest(&registry, "r/x:1", &digest, &err),
		     expected, "%s", err.text);
	if (!expected)
		cr_expect_str_eq(digest, "sha256:1");
	else
		cr_expect_null(digest);
	free(digest);
}

Test(registry, a_digest)
{
	say(SINGLE, "", 0);
	expect_digest(0);
}

Test(registry, only_not_found_is_a_no)
{
	say("", "ERROR: r/x:1: not found", 1);
	expect_digest(IMGCACHE_ENO);
	say("", "ERROR: pull access denied, repository does not exist or may "
	    "require authorization", 1);
	expect_digest(IMGCACHE_EUNKNOWN);
	say("", "ERROR: unexpected status: 403 Forbidden", 1);
	expect_digest(IMGCACHE_EUNKNOWN);
	say("", "ERROR: dial tcp: lookup r: no such host", 1);
	expect_digest(IMGCACHE_EUNKNOWN);
	say("", "", 1);
	expect_digest(IMGCACHE_EUNKNOWN);
}

Test(registry, nonsense_is_unknown)
{
	say("Name: docker.io/x", "", 0);
	expect_digest(IMGCACHE_EUNKNOWN);
	say("{}", "", 0);
	expect_digest(IMGCACHE_EUNKNOWN);
	registry.docker = "/nonexistent/docker";
	err = (struct imgcache_error){ 0 };
	expect_digest(IMGCACHE_EUNKNOWN);
}

Test(registry, no_answer_in_time_is_unknown)
{
	static const char text[] = "#!/bin/sh\nexec sleep 20\n";

	cr_assert_eq(file_replace(AT_FDCWD, docker, text, strlen(text), 0700,
				  false, &err), 0);
	registry.ask_ms = 200;
	expect_digest(IMGCACHE_EUNKNOWN);
	cr_expect_not_null(strstr(err.text, "no answer within"));
}

Test(registry, a_pull_that_finds_nothing_is_a_no)
{
	say("", "Error response from daemon: manifest for x not found: "
	    "manifest unknown: manifest unknown", 1);
	cr_expect_eq(registry_pull(&registry, "x", "linux/arm64", &err),
		     IMGCACHE_ENO);
}

Test(registry, a_writer_knows_no_no)
{
	static const char *const sources[] = { "r/x@sha256:1", NULL };

	say("", "denied: requested access to the resource is denied", 1);
	cr_expect_eq(registry_push(&registry, "x", &err), IMGCACHE_EUNKNOWN);
	cr_expect_not_null(strstr(err.text, "docker login"));
	say("", "ERROR: r/x:1: not found", 1);
	cr_expect_eq(registry_push(&registry, "x", &err), IMGCACHE_EUNKNOWN);
	say("", "ERROR: r/x:1: not found", 1);
	cr_expect_eq(registry_create(&registry, "r/y:1", sources, &err),
		     IMGCACHE_EUNKNOWN);
	cr_expect_str_eq(err.text, "no registry has 'r/x@sha256:1', to make "
			 "'r/y:1' of");
}

Test(registry, a_transfer_that_hangs_ends_in_time)
{
	static const char text[] = "#!/bin/sh\nexec sleep 20\n";

	cr_assert_eq(file_replace(AT_FDCWD, docker, text, strlen(text), 0700,
				  false, &err), 0);
	registry.transfer_ms = 200;
	cr_expect_eq(registry_pull(&registry, "r/x@sha256:1", NULL, &err),
		     IMGCACHE_EUNKNOWN);
	cr_expect_not_null(strstr(err.text, "r/x@sha256:1"));
	cr_expect_not_null(strstr(err.text, "no answer within"));
}
