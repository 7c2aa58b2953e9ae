/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <string.h>

#include "base/error.h"
#include "docker/prunefilter.h"

/* What is said of one filter, or of two; "" if nothing is. */
static const char *
said(const char *one, const char *two)
{
	static struct imgcache_error err;
	const char *const filters[] = { one, two, NULL };
	int ret;

	err = (struct imgcache_error){0};
	ret = prunefilter_check(filters, &err);
	cr_expect_eq(ret, err.code);
	cr_expect(!ret || ret == IMGCACHE_EUSAGE);
	return err.code ? err.text : "";
}

#define FINE(one, two) cr_expect_str_eq(said(one, two), "")
#define BAD(one, two, part)						\
	cr_expect(strstr(said(one, two), part), "%s: %s", one, said(one, two))

Test(prunefilter, what_docker_takes)
{
	FINE("until=240h", NULL);
	FINE("until=1h30m", "type=regular");
	FINE(" Until = 1.5h ", NULL);
	FINE("until=0", NULL);
	FINE("until=.5s", NULL);
	FINE("until=2562047h47m16s", NULL);
	FINE("until=9223372036854775807ns", NULL);
	FINE("until=5\xc2\xb5s", NULL);
	FINE("unused-for=100ms", NULL);
	FINE("id=abc", "description=a=b");
	FINE("type!=exec.cachemount", "type~=source.*");
	FINE("parents=x", "private=\"\"");
	FINE("Shared = \"\" ", "inuse=\"\"");
	FINE("mutable=\"\"", "immutable=\"\"");
	FINE("description=\"a, \\\"b\"", "id=/a b/");
	FINE("id=|a|", "description~=/x y/");
	FINE("until=1h", "until=1h");
}

Test(prunefilter, no_pair)
{
	BAD("", NULL, "not NAME=VALUE");
	BAD("until", NULL, "'until' is not NAME=VALUE");
	BAD("type=", NULL, "no value");
	BAD("=x", NULL, "no filter ''");
}

/* BuildKit has them with an empty value: private=true fits nothing. */
Test(prunefilter, marks)
{
	BAD("private=true", NULL, "--filter 'private=\"\"'");
	BAD("private=false", NULL, "--filter 'private=\"\"'");
	BAD("shared", NULL, "--filter 'shared=\"\"'");
	BAD("inuse=", NULL, "--filter 'inuse=\"\"'");
	BAD("Mutable!=true", NULL, "--filter 'mutable=\"\"'");
	BAD("immutable!=\"\"", NULL, "--filter 'immutable=\"\"'");
	BAD("private~=.*", NULL, "--filter 'private=\"\"'");
	BAD("until=1h", "shared=1", "--filter 'shared=\"\"'");
}

Test(prunefilter, values)
{
	BAD("id=a b", NULL, "cannot read 'a b'");
	BAD("description=a\tb", NULL, "cannot read");
	BAD("type=regular,shared!=x", NULL, "cannot read");
	BAD("description='a b'", NULL, "cannot read");
	BAD("type=\"a", NULL, "cannot read");
	BAD("type=\"a\\\"", NULL, "cannot read");
	BAD("type=\"a\" b", NULL, "cannot read");
	BAD("id=/", NULL, "cannot read");
	BAD("description=/a b/", NULL, "cannot read");
}

Test(prunefilter, names)
{
	BAD("foo=bar", NULL, "no filter 'foo'; it has until, id,");
	BAD("tpye=regular", NULL, "did you mean 'type'?");
	BAD("foo!=bar", NULL, "no filter 'foo!'");
	BAD("parent=x", NULL, "did you mean 'parents'?");
	BAD("until!=1h", NULL, "no filter 'until!'");
	BAD("until=1h", "label=x", "no filter 'label'");
}

Test(prunefilter, durations)
{
	BAD("until=10d", NULL, "'10d' is no duration");
	BAD("until=240", NULL, "no duration");
	BAD("until=", NULL, "no duration");
	BAD("until=-1h", NULL, "no duration");
	BAD("until=h", NULL, "no duration");
	BAD("until=1h2", NULL, "no duration");
	BAD("until=2026-11-01", NULL, "no duration");
	BAD("until=99999999999999h", NULL, "no duration");
	BAD("until=2562047h47m17s", NULL, "no duration");
	BAD("until=2000000h2000000h", NULL, "no duration");
	BAD("until=9223372036854775808ns", NULL, "no duration");
	BAD("until=99999999999999999999999999s", NULL, "no duration");
	BAD("until=2562047.99h", NULL, "no duration");
}

Test(prunefilter, one_value_each)
{
	BAD("type=a", "type=b", "one value for filter 'type', not 'a' and 'b'");
	BAD("until=1h", "Until=2h", "one value");
	BAD("until=1h", "unused-for=1h", "give one");
}
