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
	FINE("until=5\xc2\xb5s", NULL);
	FINE("unused-for=100ms", NULL);
	FINE("id=abc", "description=a=b");
	FINE("type!=exec.cachemount", "type~=source.*");
	FINE("parents=x", "private=true");
	FINE("until=1h", "until=1h");
}

Test(prunefilter, no_pair)
{
	BAD("", NULL, "not NAME=VALUE");
	BAD("until", NULL, "'until' is not NAME=VALUE");
	BAD("type=", NULL, "no value");
	BAD("=x", NULL, "no filter ''");
}

Test(prunefilter, names)
{
	BAD("foo=bar", NULL, "no filter 'foo'; it has until, id,");
	BAD("tpye=regular", NULL, "did you mean 'type'?");
	BAD("foo!=bar", NULL, "no filter 'foo!'");
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
}

Test(prunefilter, one_value_each)
{
	BAD("type=a", "type=b", "one value for filter 'type', not 'a' and 'b'");
	BAD("until=1h", "Until=2h", "one value");
	BAD("until=1h", "unused-for=1h", "give one");
}
