/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <string.h>

#include "base/error.h"
#include "docker/builder_info.h"
#include "imgcache.h"

static int
check(const char *driver, const char *store, enum cache_type type,
      enum cache_direction d)
{
	struct imgcache_error err = {0};
	struct builder_info b = { .name = "default" };
	struct cachespec c = { .type = type };
	int ret;

	strcpy(b.driver, driver);
	ret = builder_info_check(&b, store, &c, d, &err);
	cr_expect_eq(!ret, !*err.text);
	cr_expect(!ret || strstr(err.text, type == CACHE_S3 ||
				 type == CACHE_AZBLOB ?
				 "docker buildx create --use" :
				 "containerd-snapshotter"));
	return ret;
}

Test(builder_info, name_and_driver_are_read)
{
	struct builder_info b;

	cr_assert(builder_info_parse(&b, "Name:          one\n"
				     "Driver:        docker-container\n"
				     "Last Activity: 2026\n\nNodes:\n"
				     "Name:      one0\nDriver Options: x\n"));
	cr_expect_str_eq(b.name, "one");
	cr_expect_str_eq(b.driver, "docker-container");
	cr_expect_not(builder_info_parse(&b, "Name: one\nSome Driver: x\n"));
	cr_expect_not(builder_info_parse(&b, ""));
}

static const char *
platforms_of(const char *text)
{
	static char out[256];
	struct builder_info b;

	(void)builder_info_parse(&b, text);
	out[0] = '\0';
	for (size_t i = 0; i < b.platforms.n; i++)
		snprintf(out + strlen(out), sizeof(out) - strlen(out), "%s ",
			 b.platforms.v[i]);
	builder_info_release(&b);
	return out;
}

Test(builder_info, platforms_of_every_node)
{
	cr_expect_str_eq(platforms_of("Name: default\nDriver: docker\n\n"
				      "Nodes:\nName:      default\n"
				      "Platforms: linux/amd64, linux/amd64/v2, "
				      "linux/arm64\nLabels:\n x: y\n"),
			 "linux/amd64 linux/amd64/v2 linux/arm64 ");
	cr_expect_str_eq(platforms_of("Platforms: linux/arm/v7*\n"
				      "Platforms:\n  Platforms:\tlinux/s390x"),
			 "linux/arm/v7 linux/s390x ");
	cr_expect_str_eq(platforms_of(""), "");
	cr_expect_str_eq(platforms_of("Labels: Platforms: linux/arm64\n"),
			 "");
}

Test(builder_info, the_classic_store_writes_inline_only)
{
	int t;

	for (t = CACHE_LOCAL; t <= CACHE_INLINE; t++)
		cr_expect_eq(check("docker", "classic", (enum cache_type)t,
				   CACHE_TO),
			     t == CACHE_INLINE ? 0 : IMGCACHE_EFAIL);
	cr_expect_eq(check("docker", "classic", CACHE_REGISTRY, CACHE_FROM), 0);
	cr_expect_eq(check("docker", "classic", CACHE_LOCAL, CACHE_FROM), 0);
	cr_expect_eq(check("docker", "classic", CACHE_GHA, CACHE_FROM),
		     IMGCACHE_EFAIL);
}

Test(builder_info, the_docker_driver_has_no_s3_and_others_have_all)
{
	int t;

	for (t = CACHE_LOCAL; t <= CACHE_INLINE; t++) {
		enum cache_type type = (enum cache_type)t;

		int code = type == CACHE_S3 || type == CACHE_AZBLOB ?
			IMGCACHE_EFAIL : 0;

		cr_expect_eq(check("docker", "containerd", type, CACHE_TO),
			     code);
		cr_expect_eq(check("docker", NULL, type, CACHE_TO), code);
		cr_expect_eq(check("docker-container", "classic", type,
				   CACHE_TO), 0);
	}
}
