/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/strv.h"
#include "docker/buildx.h"
#include "imgcache.h"
#include "sys/file.h"

static char dir[] = "/tmp/imgcache-buildx-XXXXXX";
static struct imgcache_error err;

static void
set_up(void)
{
	cr_assert_not_null(mkdtemp(dir));
}

static void
tear_down(void)
{
	struct imgcache_error ignored = { 0 };

	file_remove_tree(AT_FDCWD, dir, &ignored);
}

TestSuite(buildx, .init = set_up, .fini = tear_down);

static struct buildx_client
client_of(const char *version)
{
	struct buildx_client c;
	char *text = mem_printf("github.com/docker/buildx %s", version);

	cr_assert(buildx_client_parse(&c, text));
	free(text);
	return c;
}

static char *
argv_text(const struct buildx_request *r, const char *version)
{
	struct buildx_client c = client_of(version);
	struct strv argv = { 0 };
	struct buf b = BUF_INIT;

	cr_assert_eq(buildx_argv(r, &c, &argv, &err), 0, "%s", err.text);
	for (size_t i = 0; i < argv.n; i++)
		buf_addf(&b, "%s%s", i ? "|" : "", argv.v[i]);
	strv_release(&argv);
	return buf_detach(&b);
}

static void
expect_argv(const struct buildx_request *r, const char *version,
	    const char *expected)
{
	char *actual = argv_text(r, version);

	cr_expect_str_eq(actual, expected);
	free(actual);
}

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })

Test(buildx, the_smallest_request)
{
	expect_argv(&(struct buildx_request){ .context = "." }, "v0.13.1",
		    "docker|buildx|build|--progress=rawjson|"
		    "--provenance=false|--sbom=false|--|.");
}

Test(buildx, an_old_client_gets_what_it_knows)
{
	expect_argv(&(struct buildx_request){ .context = "." }, "v0.11.2",
		    "docker|buildx|build|--progress=plain|"
		    "--provenance=false|--sbom=false|--|.");
	expect_argv(&(struct buildx_request){ .context = "." }, "v0.9.1",
		    "docker|buildx|build|--progress=plain|--|.");
}

Test(buildx, everything_in_its_fixed_order)
{
	struct buildx_request r = {
		.docker = "/opt/docker",
		.dockerfile = "/p/k.Dockerfile",
		.context = "/c",
		.tags = LIST("r:1", "r:2"),
		.target = "prod",
		.args = LIST("A=1", "B=x y"),
		.labels = LIST("k=v"),
		.contexts = LIST("n=/n"),
		.platforms = LIST("linux/amd64", "linux/arm64"),
		.secrets = LIST("id=s,src=/s"),
		.ssh = LIST("default"),
		.add_hosts = LIST("h:1.2.3.4"),
		.cache_to = LIST("type=inline"),
		.cache_from = LIST("r:cache"),
		.no_cache_filter = LIST("base"),
		.network = "none",
		.builder = "b",
		.metadata_file = "/m",
		.cgroup_parent = "/g",
		.shm_size = "1g",
		.ulimits = LIST("nofile=9"),
		.no_cache = true,
		.pull = true,
		.push = true,
		.load = true
	};

	expect_argv(&r, "v0.29.1",
		    "/opt/docker|buildx|build|--progress=rawjson|"
		    "--provenance=false|--sbom=false|--file=/p/k.Dockerfile|"
		    "--tag=r:1|--tag=r:2|--target=prod|--build-arg=A=1|"
		    "--build-arg=B=x y|--label=k=v|--build-context=n=/n|"
		    "--platform=linux/amd64,linux/arm64|--secret=id=s,src=/s|"
		    "--ssh=default|--network=none|--add-host=h:1.2.3.4|"
		    "--no-cache|--no-cache-filter=base|--pull|--push|--load|"
		    "--cache-to=type=inline|--cache-from=r:cache|--builder=b|"
		    "--metadata-file=/m|--cgroup-parent=/g|--shm-size=1g|"
		    "--ulimit=nofile=9|--|/c");
}

Test(buildx, what_looks_like_an_option_stays_a_value)
{
	expect_argv(&(struct buildx_request){ .context = "-x",
					      .target = "--push" },
		    "v0.13.1",
		    "docker|buildx|build|--progress=rawjson|"
		    "--provenance=false|--sbom=false|--target=--push|--|-x");
}

Test(buildx, a_request_beyond_the_client_is_refused)
{
	struct buildx_request r = { .context = ".", .contexts = LIST("a=b") };
	struct buildx_client c = client_of("v0.7.0");
	struct strv argv = { 0 };

	cr_expect_eq(buildx_argv(&r, &c, &argv, &err), IMGCACHE_EUSAGE);
	cr_expect_eq(argv.n, 0);
	cr_expect_not_null(strstr(err.text, "--build-context"));
}

Test(buildx, versions_as_they_are_printed)
{
	struct buildx_client c;

	cr_expect(buildx_client_parse(&c, "github.com/docker/buildx "
				      "0.13.1+ds1 0.13.1+ds1-3\n"));
	cr_expect_str_eq(c.version, "0.13.1");
	cr_expect(c.has_rawjson);
	cr_expect(buildx_client_parse(&c, "github.com/docker/buildx "
				      "v0.29.1-desktop.1 abc"));
	cr_expect_str_eq(c.version, "0.29.1");
	cr_expect(buildx_client_parse(&c, "github.com/docker/buildx v0.11.2 "
				      "9872040b6626"));
	cr_expect_not(c.has_rawjson);
	cr_expect(c.has_attestations);
	cr_expect(buildx_client_parse(&c, "github.com/docker/buildx  "));
	cr_expect_str_eq(c.version, "unknown");
	cr_expect(c.has_rawjson);
	cr_expect_not(buildx_client_parse(&c, "<html>what?"));
}

/* A docker that is this shell text. */
static char *
script(const char *name, const char *body)
{
	char *path = path_join(dir, name);
	char *text = mem_printf("#!/bin/sh\n%s\n", body);

	cr_assert_eq(file_replace(AT_FDCWD, path, text, strlen(text), 0700,
				  false, &err), 0);
	free(text);
	return path;
}

Test(buildx, the_version_is_remembered_for_the_plugin_file)
{
	char *docker = script("docker", "echo x >>${0%/*}/asked; "
			      "echo github.com/docker/buildx v0.13.1 0");
	char *asked = path_join(dir, "asked");
	struct buildx_probe p = { docker, dir, dir };
	struct buildx_client c;
	char *plugin;

	cr_assert_eq(mkdir(path_join(dir, "cli-plugins"), 0700), 0);
	plugin = script("cli-plugins/docker-buildx", "exit 1");
	cr_assert_eq(buildx_client_find(&c, &p, &err), 0, "%s", err.text);
	cr_assert_eq(unlink(asked), 0);
	cr_assert_eq(buildx_client_find(&c, &p, &err), 0);
	cr_expect_str_eq(c.version, "0.13.1");
	cr_expect_not(file_exists(asked), "asked again");
	free(script("cli-plugins/docker-buildx", "exit 2 # another"));
	cr_assert_eq(buildx_client_find(&c, &p, &err), 0);
	cr_expect(file_exists(asked), "not asked for another plugin");
	free(plugin);
	free(docker);
	free(asked);
}

Test(buildx, without_docker_or_plugin_it_says_what_to_install)
{
	char *docker = script("docker", "echo \"docker: 'buildx' is not a "
			      "docker command.\" >&2; exit 1");
	struct buildx_probe p = { docker, NULL, NULL };
	struct buildx_client c;

	cr_expect_eq(buildx_client_find(&c, &p, &err), IMGCACHE_EFAIL);
	cr_expect_not_null(strstr(err.text, "install docker's buildx"));
	err = (struct imgcache_error){ 0 };
	p.docker = "/nonexistent/docker";
	cr_expect_eq(buildx_client_find(&c, &p, &err), IMGCACHE_EFAIL);
	cr_expect_not_null(strstr(err.text, "docker is not installed"));
	free(docker);
}

static int
run_script(const char *body, struct buildx_run *run,
	   struct progress_summary *s)
{
	char *docker = script("docker", body);
	char *log = path_join(dir, "log");
	struct buildx_client c = client_of("v0.13.1");
	struct buildx_request r = { .docker = docker, .context = dir };
	int ret;

	run->request = &r;
	run->client = &c;
	run->log_fd = open(log, O_RDWR | O_CREAT | O_TRUNC | O_APPEND |
			   O_CLOEXEC, 0600);
	ret = buildx_run(run, s, &err);
	close(run->log_fd);
	free(docker);
	free(log);
	return ret;
}

Test(buildx, a_build_is_followed_through_its_log)
{
	struct buildx_run run = { .lock_fd = 0 };
	struct progress_summary s;

	cr_assert_eq(run_script("echo '#1 [1/1] RUN x' >&2; "
				"echo '#1 CACHED' >&2", &run, &s), 0);
	cr_expect_eq(s.steps, 1);
	cr_expect_eq(s.cached, 1);
	cr_expect_not(s.failed);
}

Test(buildx, a_failed_step_fails_the_build)
{
	struct buildx_run run = { .lock_fd = 0 };
	struct progress_summary s;

	cr_expect_eq(run_script("echo '#1 [1/1] RUN x'; echo '#1 ERROR: "
				"process \"no space left on device\" did not "
				"complete successfully: exit code: 9'; exit 1",
				&run, &s), IMGCACHE_EBUILD);
	cr_expect_str_eq(s.step, "[1/1] RUN x");
	cr_expect_not_null(strstr(err.text, "exit code: 9"));
}

Test(buildx, no_engine_is_no_failed_build)
{
	struct buildx_run run = { .lock_fd = 0 };
	struct progress_summary s;

	cr_expect_eq(run_script("echo 'ERROR: Cannot connect to the Docker "
				"daemon at unix:///x. Is the docker daemon "
				"running?' >&2; exit 1", &run, &s),
		     IMGCACHE_EFAIL);
	cr_expect_not_null(strstr(err.text, "start the engine"));
}

Test(buildx, what_changes_images_behind_our_back_is_kept_out)
{
	struct buildx_run run = { .lock_fd = 0 };
	struct progress_summary s;

	setenv("BUILDX_GIT_LABELS", "1", 1);
	setenv("EXPERIMENTAL_BUILDKIT_SOURCE_POLICY", "/p", 1);
	cr_expect_eq(run_script("test -z \"$BUILDX_GIT_LABELS"
				"$EXPERIMENTAL_BUILDKIT_SOURCE_POLICY\" && "
				"test \"$BUILDX_GIT_INFO\" = false", &run, &s),
		     0, "%s", err.text);
}

Test(buildx, the_lock_is_inherited_and_nothing_else)
{
	char *path = path_join(dir, "lock");
	struct buildx_run run = { .lock_fd = 0 };
	struct progress_summary s;
	int other = open("/dev/null", O_RDONLY | O_CLOEXEC);

	run.lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	/* The shell's own: 0, 1, 2, the lock, and the directory it lists. */
	cr_expect_eq(run_script("set -- /proc/self/fd/*; n=0; for f; do "
				"case $(readlink $f) in */lock) n=1;; esac; "
				"done; [ $n = 1 ]", &run, &s), 0, "%s",
		     err.text);
	close(other);
	close(run.lock_fd);
	free(path);
}

Test(buildx, a_silent_build_is_ended)
{
	struct buildx_run run = { .idle_ms = 300 };
	struct progress_summary s;

	cr_expect_eq(run_script("echo '#1 [1/1] RUN x'; sleep 20", &run, &s),
		     IMGCACHE_EBUILD);
	cr_expect_not_null(strstr(err.text, "silent"));
}

Test(buildx, a_build_has_a_deadline)
{
	struct buildx_run run = { .timeout_ms = 300 };
	struct progress_summary s;

	cr_expect_eq(run_script("while :; do echo x; sleep 0.05; done", &run,
				&s), IMGCACHE_EBUILD);
	cr_expect_not_null(strstr(err.text, "longer than"));
}
