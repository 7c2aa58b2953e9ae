/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "docker/endpoint.h"
#include "imgcache.h"
#include "sys/file.h"

static char dir[] = "/tmp/imgcache-endpoint-XXXXXX";
static struct imgcache_error err;

static void
put(const char *name, const char *text)
{
	char *path = path_join(dir, name);
	char *parent = path_dir(path);

	cr_assert_eq(file_mkdirs(parent, 0700, &err), 0);
	cr_assert_eq(file_replace(AT_FDCWD, path, text, strlen(text), 0600,
				  false, &err), 0);
	free(parent);
	free(path);
}

static void
set_up(void)
{
	cr_assert_not_null(mkdtemp(dir));
	put("contexts/meta/2c26b46b/meta.json",
	    "{\"Name\":\"foo\",\"Metadata\":{},\"Endpoints\":{\"docker\":"
	    "{\"Host\":\"unix:///tmp/foo.sock\",\"SkipTLSVerify\":false}}}");
	put("contexts/meta/aaaa/meta.json",
	    "{\"Name\":\"far\",\"Endpoints\":{\"docker\":"
	    "{\"Host\":\"ssh://me@far\"}}}");
	put("contexts/meta/bbbb/meta.json", "{broken");
}

static void
tear_down(void)
{
	struct imgcache_error ignored = { 0 };

	file_remove_tree(AT_FDCWD, dir, &ignored);
}

TestSuite(endpoint, .init = set_up, .fini = tear_down);

static void
expect(struct endpoint_env env, enum endpoint_kind kind,
	const char *text, const char *context)
{
	struct endpoint e = ENDPOINT_INIT;

	env.config_dir = dir;
	cr_assert_eq(endpoint_find(&e, &env, &err), 0, "%s", err.text);
	cr_expect_eq(e.kind, kind);
	cr_expect_str_eq(e.text, text);
	cr_expect_str_eq(e.context, context);
	if (kind == ENDPOINT_UNIX)
		cr_expect_str_eq(e.path, text + strlen("unix://"));
	else
		cr_expect_null(e.path);
	endpoint_release(&e);
}

#define ENV(...) ((struct endpoint_env){ __VA_ARGS__ })

Test(endpoint, nothing_set_is_the_default_socket)
{
	expect(ENV(.host = NULL), ENDPOINT_UNIX,
	       "unix:///var/run/docker.sock", "default");
	expect(ENV(.host = ""), ENDPOINT_UNIX,
	       "unix:///var/run/docker.sock", "default");
}

Test(endpoint, docker_host_wins_over_contexts)
{
	put("config.json", "{\"currentContext\":\"far\"}");
	expect(ENV(.host = "unix:///h.sock", .context = "foo"), ENDPOINT_UNIX,
	       "unix:///h.sock", "default");
	expect(ENV(.host = "tcp://h:2375"), ENDPOINT_OTHER, "tcp://h:2375",
	       "default");
	expect(ENV(.host = "unix://"), ENDPOINT_UNIX,
	       "unix:///var/run/docker.sock", "default");
}

Test(endpoint, docker_context_wins_over_the_current_one)
{
	put("config.json", "{\"currentContext\":\"far\"}");
	expect(ENV(.context = "foo"), ENDPOINT_UNIX, "unix:///tmp/foo.sock",
	       "foo");
	expect(ENV(.context = "default"), ENDPOINT_UNIX,
	       "unix:///var/run/docker.sock", "default");
	expect(ENV(.host = NULL), ENDPOINT_OTHER, "ssh://me@far", "far");
}

Test(endpoint, a_malformed_config_counts_as_empty)
{
	put("config.json", "{bad");
	expect(ENV(.host = NULL), ENDPOINT_UNIX,
	       "unix:///var/run/docker.sock", "default");
}

Test(endpoint, tls_leaves_the_engine_to_docker)
{
	expect(ENV(.tls = "1"), ENDPOINT_OTHER, "tcp://localhost:2376",
	       "default");
	expect(ENV(.context = "foo", .tls = "1"), ENDPOINT_UNIX,
	       "unix:///tmp/foo.sock", "foo");
}

Test(endpoint, a_context_that_is_not_there_is_an_error)
{
	struct endpoint_env env = { .context = "nope", .config_dir = dir };
	struct endpoint e = ENDPOINT_INIT;

	cr_expect_eq(endpoint_find(&e, &env, &err), IMGCACHE_EFAIL);
	cr_expect_not_null(strstr(err.text, "'nope'"));
	endpoint_release(&e);
}

Test(endpoint, the_config_is_in_the_home_without_docker_config)
{
	char *home = endpoint_config_dir(&ENV(.home = "/home/u"));

	cr_expect_str_eq(home, "/home/u/.docker");
	cr_expect_null(endpoint_config_dir(&ENV(.home = NULL)));
	free(home);
}
