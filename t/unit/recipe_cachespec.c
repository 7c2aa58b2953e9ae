/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "base/error.h"
#include "imgcache.h"
#include "recipe/cachespec.h"

static struct imgcache_error err;

static void
expect(enum cache_direction d, const char *text, const char *expected)
{
	struct cachespec c;
	char *actual;

	error_clear(&err);
	cr_assert_eq(cachespec_parse(&c, text, d, &err), 0, "%s", err.text);
	actual = cachespec_text(&c);
	cr_expect_str_eq(actual, expected);
	free(actual);
	cachespec_release(&c);
}

static void
refuse(enum cache_direction d, const char *text, const char *expected)
{
	struct cachespec c;

	error_clear(&err);
	cr_assert_eq(cachespec_parse(&c, text, d, &err), IMGCACHE_EFAIL);
	cr_expect_str_eq(err.text, expected);
	cr_expect_eq(c.attributes.n, 0);
}

Test(cachespec, each_type_is_read)
{
	expect(CACHE_TO, "type=registry,ref=r.example/c:x,mode=max,"
	       "image-manifest=true,oci-mediatypes=true,compression=zstd,"
	       "compression-level=22,force-compression=true,ignore-error=true",
	       "type=registry,ref=r.example/c:x,mode=max,image-manifest=true,"
	       "oci-mediatypes=true,compression=zstd,compression-level=22,"
	       "force-compression=true,ignore-error=true");
	expect(CACHE_FROM, "ref=r.example/c,type=registry",
	       "type=registry,ref=r.example/c");
	expect(CACHE_TO, "type=local,dest=/c,tag=t", "type=local,dest=/c,tag=t");
	expect(CACHE_FROM, "type=local,src=/c,digest=sha256:00",
	       "type=local,src=/c,digest=sha256:00");
	expect(CACHE_TO, "type=gha,scope=s,timeout=5m,mode=min",
	       "type=gha,scope=s,timeout=5m,mode=min");
	expect(CACHE_TO, "type=inline", "type=inline");
	expect(CACHE_TO, "type=s3,bucket=b,region=r,name=a;b,touch_refresh=24h",
	       "type=s3,bucket=b,region=r,name=a;b,touch_refresh=24h");
	expect(CACHE_FROM, "type=azblob,account_url=https://a.example,"
	       "container=c", "type=azblob,account_url=https://a.example,"
	       "container=c");
}

Test(cachespec, a_bare_ref_is_a_registry)
{
	expect(CACHE_FROM, "user/app:cache", "type=registry,ref=user/app:cache");
}

Test(cachespec, the_last_of_a_name_counts)
{
	expect(CACHE_TO, "type=local,mode=min,mode=max", "type=local,mode=max");
}

Test(cachespec, credentials_are_refused)
{
	static const char *const names[] = {
		"access_key_id", "secret_access_key", "session_token", "token",
		"ghtoken", "account_key"
	};
	char text[128], expected[128];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(text, sizeof(text), "type=s3,%s=x", names[i]);
		snprintf(expected, sizeof(expected), "'%s' is a credential; "
			 "leave it to docker's own configuration", names[i]);
		refuse(CACHE_TO, text, expected);
		refuse(CACHE_FROM, text, expected);
	}
}

Test(cachespec, what_buildkit_would_overlook_is_refused)
{
	refuse(CACHE_TO, "type=registry,ref=r,mod=max", "a cache to "
	       "type=registry has no 'mod'; did you mean 'mode'?");
	refuse(CACHE_FROM, "type=registry,ref=r,mode=max", "a cache from "
	       "type=registry has no 'mode'");
	refuse(CACHE_TO, "type=inline,mode=max", "a cache to type=inline has "
	       "no 'mode'");
	refuse(CACHE_TO, "type=local,mode=most", "the cache's 'mode' is one of "
	       "min max, not 'most'");
	refuse(CACHE_TO, "type=local,mode=min max", "the cache's 'mode' is one "
	       "of min max, not 'min max'");
	refuse(CACHE_TO, "type=local,dest", "the cache's 'dest' has no value");
	refuse(CACHE_TO, "type=local,compression-level=3", "the cache's "
	       "compression-level wants a compression: gzip, estargz or zstd");
	refuse(CACHE_TO, "type=local,compression=zstd,compression-level=23",
	       "the cache's compression-level of zstd goes from 0 to 22, not "
	       "'23'");
	refuse(CACHE_TO, "type=local,compression=gzip,compression-level=10",
	       "the cache's compression-level of gzip goes from 0 to 9, not "
	       "'10'");
	refuse(CACHE_TO, "type=local,compression=zstd,oci-mediatypes=false",
	       "a cache with compression=zstd cannot have "
	       "oci-mediatypes=false");
	refuse(CACHE_TO, "type=local,image-manifest=true,oci-mediatypes=false",
	       "a cache with image-manifest=true cannot have "
	       "oci-mediatypes=false");
	refuse(CACHE_TO, "type=local,reset=false", "the cache's 'reset' is one "
	       "of true, not 'false'");
}

Test(cachespec, what_is_no_ref_is_refused)
{
	refuse(CACHE_TO, "type=registry,ref=https://foo/x", "the cache's 'ref' "
	       "is no URL; write HOST/PATH[:TAG], not 'https://foo/x'");
	refuse(CACHE_FROM, "type=registry,ref=me:secret@host/x", "the cache's "
	       "'ref' has a credential; leave it to docker's own "
	       "configuration, and write HOST/PATH[:TAG]");
	refuse(CACHE_TO, "r.example/c@sha256:abc", "no cache can be written to "
	       "a digest; write HOST/PATH[:TAG], not 'r.example/c@sha256:abc'");
	refuse(CACHE_FROM, "R", "the cache's 'ref': image reference 'R': names "
	       "are lower case; write it so");
}

Test(cachespec, two_at_one_place)
{
	static const char *const rows[][2] = {
		{ "type=inline", "type=inline" },
		{ "type=local", "type=local,mode=min" },
		{ "type=registry,ref=r/c:x", "r/c:x" },
	};
	static const char *const others[][2] = {
		{ "type=local", "type=local,dest=/x" },
		{ "type=local", "type=inline" }, { "r/c:x", "r/c:y" },
		{ "type=s3,bucket=a", "type=s3,bucket=b" },
	};
	struct cachespec a, b;
	size_t i;

	for (i = 0; i < 7; i++) {
		const char *const *row = i < 3 ? rows[i] : others[i - 3];

		cr_assert_eq(cachespec_parse(&a, row[0], CACHE_TO, &err), 0);
		cr_assert_eq(cachespec_parse(&b, row[1], CACHE_TO, &err), 0);
		cr_expect_eq(cachespec_is_same_place(&a, &b), i < 3, "%s %s",
			     row[0], row[1]);
		cachespec_release(&a);
		cachespec_release(&b);
	}
}

Test(cachespec, what_is_no_cache_is_refused)
{
	refuse(CACHE_TO, "type=ftp", "no cache type 'ftp'; write registry, "
	       "local, gha, inline, s3 or azblob");
	refuse(CACHE_FROM, "type=inline", "an inline cache is read as "
	       "type=registry with the image's own ref");
	refuse(CACHE_TO, "", "expected a cache such as type=registry,ref=REF");
	refuse(CACHE_TO, "--push", "expected a cache such as "
	       "type=registry,ref=REF");
	refuse(CACHE_TO, "mode=max", "expected a cache such as "
	       "type=registry,ref=REF");
}
