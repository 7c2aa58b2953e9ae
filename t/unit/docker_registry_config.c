/* SPDX-License-Identifier: MIT */
/* Documents as a registry has them, cut to what is looked at. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "docker/registry_config.h"
#include "imgcache.h"
#include "sys/file.h"

static char dir[] = "/tmp/imgcache-config-XXXXXX";
static char *docker;
static struct registry registry;

/* It prints the file that is named after the digest asked for. */
static const char program[] =
	"#!/bin/sh\n"
	"[ \"$1 $2 $3 $4\" = \"buildx imagetools inspect --raw\" ] || exit 9\n"
	"for ref; do :; done\n"
	"echo \"$ref\" >>\"${0%/*}/asked\"\n"
	"cat \"${0%/*}/${ref##*:}\" 2>/dev/null && exit\n"
	"echo \"ERROR: $ref: not found\" >&2\nexit 1\n";

static void
put(const char *name, const char *text, unsigned mode)
{
	char *path = path_join(dir, name);
	struct imgcache_error err = { 0 };

	cr_assert_eq(file_replace(AT_FDCWD, path, text, strlen(text), mode,
				  false, &err), 0);
	free(path);
}

static void
set_up(void)
{
	cr_assert_not_null(mkdtemp(dir));
	docker = path_join(dir, "docker");
	registry.docker = docker;
	put("docker", program, 0700);
	put("index", "{\"manifests\":["
	    "{\"digest\":\"sha256:other\",\"platform\":"
	    "{\"architecture\":\"unknown\",\"os\":\"unknown\"}},"
	    "{\"digest\":\"sha256:amd\",\"platform\":"
	    "{\"architecture\":\"amd64\",\"os\":\"linux\"}},"
	    "{\"digest\":\"sha256:arm\",\"platform\":{\"architecture\":"
	    "\"arm64\",\"os\":\"linux\",\"variant\":\"v8\"}}]}", 0600);
	put("amd", "{\"config\":{\"digest\":\"sha256:amdc\"},\"layers\":[]}",
	    0600);
	put("amdc", "{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{},"
	    "\"config\":{\"Env\":[\"A=1\"],\"OnBuild\":[\"ARG V\",\"RUN x\"]}}",
	    0600);
	put("arm", "{\"config\":{\"digest\":\"sha256:armc\"},\"layers\":[]}",
	    0600);
	put("armc", "{\"rootfs\":{},\"config\":{\"OnBuild\":null}}", 0600);
}

static void
tear_down(void)
{
	struct imgcache_error ignored = { 0 };

	file_remove_tree(AT_FDCWD, dir, &ignored);
	free(docker);
}

TestSuite(registry_config, .init = set_up, .fini = tear_down);

/* "env | onbuild" of one string each, or the code. */
static const char *
config(const char *ref, const char *platform)
{
	static char out[256];
	struct registry_config c;
	struct imgcache_error err = { 0 };
	int ret = registry_config(&registry, ref, platform, &c, &err);

	cr_expect_eq(err.code, ret);
	if (ret)
		snprintf(out, sizeof(out), "%d", ret);
	else
		snprintf(out, sizeof(out), "%s | %s",
			 c.env[0] ? c.env[0] : "",
			 c.onbuild[0] ? c.onbuild[0] : "");
	registry_config_release(&c);
	return out;
}

Test(registry_config, of_an_index_that_of_the_platform)
{
	cr_expect_str_eq(config("r/x:1@sha256:index", "linux/amd64"),
			 "A=1 | ARG V");
	cr_expect_str_eq(config("r/x:1@sha256:index", "linux/arm64"), " | ");
	cr_expect_str_eq(config("r/x:1@sha256:index", "linux/arm64/v8"),
			 " | ");
}

Test(registry_config, a_manifest_has_but_one)
{
	cr_expect_str_eq(config("r/x@sha256:amd", "linux/amd64"),
			 "A=1 | ARG V");
	cr_expect_str_eq(config("r/x@sha256:amd", "linux/s390x"),
			 "A=1 | ARG V");
}

Test(registry_config, each_is_asked_for_in_the_same_repository)
{
	struct imgcache_error err = { 0 };
	struct buf text = BUF_INIT;
	char *path = path_join(dir, "asked");

	config("r.io:5000/x:1@sha256:index", "linux/amd64");
	cr_assert_eq(file_read(AT_FDCWD, path, 0, &text, &err), 0);
	cr_expect_str_eq(text.data, "r.io:5000/x:1@sha256:index\n"
			 "r.io:5000/x:1@sha256:amd\n"
			 "r.io:5000/x:1@sha256:amdc\n");
	buf_release(&text);
	free(path);
}

Test(registry_config, a_platform_that_is_not_there_is_a_no)
{
	char no[16];

	snprintf(no, sizeof(no), "%d", IMGCACHE_ENO);
	cr_expect_str_eq(config("r/x@sha256:index", "linux/s390x"), no);
	cr_expect_str_eq(config("r/x@sha256:none", "linux/amd64"), no);
}

Test(registry_config, nonsense_is_unknown)
{
	static const char *const texts[] = {
		"", "{", "[]", "{}", "{\"config\":{}}",
		"{\"config\":{\"digest\":\"latest\"}}",
		"{\"config\":{\"digest\":\"sha256:amd\"}}",
		"{\"config\":{\"digest\":\"sha256:bad\"}}",
	};
	char unknown[16];

	snprintf(unknown, sizeof(unknown), "%d", IMGCACHE_EUNKNOWN);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		put("bad", texts[i], 0600);
		cr_expect_str_eq(config("r/x@sha256:bad", "linux/amd64"),
				 unknown, "%s", texts[i]);
	}
}
