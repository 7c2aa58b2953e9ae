/* SPDX-License-Identifier: MIT */
#include "docker/output.h"

#include <criterion/criterion.h>
#include <string.h>

#include "imgcache.h"

static void
check(const char *text, enum output_type type, const char *dest)
{
	struct imgcache_error err = {0};
	struct output o;

	cr_assert_eq(output_parse(&o, text, &err), 0, "%s: %s", text, err.text);
	cr_assert_eq(o.type, type, "%s", text);
	if (dest)
		cr_assert_str_eq(o.dest, dest);
	else
		cr_assert_null(o.dest);
	cr_assert_eq(output_is_file(&o), dest != NULL);
	output_release(&o);
}

Test(output, forms_of_docker)
{
	check("out", OUTPUT_LOCAL, "out");
	check("-", OUTPUT_TAR, "-");
	check("type=local,dest=a b", OUTPUT_LOCAL, "a b");
	check("dest=x.tar,type=tar", OUTPUT_TAR, "x.tar");
	check("type=tar,dest=-", OUTPUT_TAR, "-");
	check("type=tar", OUTPUT_TAR, "-");
	check("type=docker", OUTPUT_ENGINE, NULL);
	check("type=docker,dest=i.tar", OUTPUT_ARCHIVE, "i.tar");
	check("type=image", OUTPUT_ENGINE, NULL);
	check("type=image,push=false", OUTPUT_ENGINE, NULL);
	check("type=image,push=true", OUTPUT_REGISTRY, NULL);
	check("push=true,type=image", OUTPUT_REGISTRY, NULL);
	check("type=registry", OUTPUT_REGISTRY, NULL);
}

Test(output, quotes_are_those_of_csv)
{
	check("type=local,\"dest=a,b\"", OUTPUT_LOCAL, "a,b");
	check("\"dest=a\"\"b\",type=tar", OUTPUT_TAR, "a\"b");
}

Test(output, names)
{
	struct imgcache_error err = {0};
	struct output o;

	cr_assert_eq(output_parse(&o, "type=image,\"name=a:1,b\",name=c", &err),
		     0);
	cr_assert_eq(o.names.n, 3);
	cr_assert_str_eq(o.names.v[0], "a:1");
	cr_assert_str_eq(o.names.v[2], "c");
	output_release(&o);
}

static void
refuse(const char *text, const char *why)
{
	struct imgcache_error err = {0};
	struct output o;

	cr_assert_eq(output_parse(&o, text, &err), IMGCACHE_EUSAGE, "%s", text);
	cr_assert(strstr(err.text, why), "%s: %s", text, err.text);
	output_release(&o);
}

Test(output, what_is_refused_and_why)
{
	refuse("", "wants a folder");
	refuse("dest=x", "no type=");
	refuse("type=nope,dest=x", "no type 'nope'");
	refuse("type=oci,dest=x", "no OCI layout");
	refuse("type=cacheonly", "no image comes of it");
	refuse("type=local", "wants dest=PATH");
	refuse("type=tar,dest=", "wants dest=PATH");
	refuse("type=local,dest=-", "wants type=tar");
	refuse("type=registry,dest=x", "has no dest=");
	refuse("type=image,push=maybe", "true or false");
	refuse("type=image,compression=zstd", "another image");
	refuse("type=image,x", "no NAME=VALUE");
}
