/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/strv.h"
#include "docker/engine.h"
#include "docker/run.h"
#include "imgcache.h"
#include "sys/file.h"

static char dir[] = "/tmp/imgcache-run-XXXXXX";
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

TestSuite(run, .init = set_up, .fini = tear_down);

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void
expect_argv(const struct run_request *r, const char *expected)
{
	struct strv argv = { 0 };
	struct buf b = BUF_INIT;

	run_argv(r, "/p/cid", &argv);
	for (size_t i = 0; i < argv.n; i++)
		buf_addf(&b, "%s%s", i ? "|" : "", argv.v[i]);
	cr_expect_str_eq(b.data, expected);
	buf_release(&b);
	strv_release(&argv);
}

Test(run, nothing_is_ever_pulled)
{
	expect_argv(&(struct run_request){ .image = "sha256:1" },
		    "docker|run|--pull=never|--cidfile=/p/cid|sha256:1");
}

Test(run, options_are_passed_through_before_the_image)
{
	expect_argv(&(struct run_request){
			.docker = "/d", .image = "sha256:1",
			.platform = "linux/arm64", .memory = "512",
			.cpus = "1.5", .options = LIST("-e", "A=b c", "--rm"),
			.command = LIST("sh", "-c", "x") },
		    "/d|run|--pull=never|--platform=linux/arm64|"
		    "--cidfile=/p/cid|--memory=512m|--cpus=1.5|-e|A=b c|--rm|"
		    "sha256:1|sh|-c|x");
}

Test(run, a_memory_with_unit_is_docker_s)
{
	expect_argv(&(struct run_request){ .image = "i", .memory = "2g" },
		    "docker|run|--pull=never|--cidfile=/p/cid|--memory=2g|i");
}

Test(run, the_users_own_cidfile_is_left_alone)
{
	expect_argv(&(struct run_request){ .image = "i",
					   .options = LIST("--cidfile=/u") },
		    "docker|run|--pull=never|--cidfile=/u|i");
	cr_expect_str_eq(run_user_cidfile(LIST("--rm", "--cidfile", "/u")),
			 "/u");
	cr_expect_null(run_user_cidfile(LIST("--rm")));
	cr_expect_null(run_user_cidfile(NULL));
}

/*
 * A docker in shell: `run` does what the test says, with the cidfile's path in
 * $cid; `container stop` ends that process; images are never there.
 */
static int
run_script(const char *body, struct run_request *r,
	   struct run_result *out)
{
	char *docker = path_join(dir, "docker");
	char *text = mem_printf("#!/bin/sh\n"
		"case $1 in\n"
		"container) kill $(cat \"%s/pid\"); exit 0;;\n"
		"image) echo 'Error: No such image: x' >&2; exit 1;;\n"
		"esac\n"
		"for a; do case $a in --cidfile=*) cid=${a#*=};; esac; done\n"
		"%s\n", dir, body);
	struct endpoint endpoint = { .kind = ENDPOINT_OTHER };
	struct engine_options o = { .endpoint = &endpoint, .docker = docker };
	struct engine *e;
	int ret;

	endpoint.text = docker;
	cr_assert_eq(file_replace(AT_FDCWD, docker, text, strlen(text), 0700,
				  false, &err), 0);
	r->docker = docker;
	r->private_dir = dir;
	r->image = "sha256:1";
	e = engine_new(&o);
	ret = run_container(r, e, out, &err);
	engine_free(e);
	free(text);
	free(docker);
	return ret;
}

static void
expect_end(const char *body, enum run_end end, int status)
{
	struct run_request r = { .timeout_s = 0 };
	struct run_result out;

	cr_assert_eq(run_script(body, &r, &out), 0, "%s", err.text);
	cr_expect_eq(out.end, end, "%d", (int)out.end);
	cr_expect_eq(out.status, status, "%d", out.status);
}

Test(run, the_status_is_the_container_s)
{
	expect_end("exit 0", RUN_EXITED, 0);
	expect_end("echo abc >$cid; exit 7", RUN_EXITED, 7);
	expect_end("echo abc >$cid; exit 127", RUN_EXITED, 127);
	expect_end("kill -9 $$", RUN_EXITED, 137);
}

Test(run, a_125_of_the_container_is_its_own)
{
	expect_end("echo abc >$cid; exit 125", RUN_EXITED, 125);
}

Test(run, a_125_without_container_asks_for_the_image)
{
	expect_end("exit 125", RUN_NO_IMAGE, 125);
}

Test(run, on_timeout_the_container_is_stopped)
{
	struct run_request r = { .timeout_s = 1 };
	struct run_result out;
	char *body = mem_printf("echo $$ >%s/pid; echo abc >$cid; "
				"trap 'echo stopped >%s/stopped; exit 143' "
				"TERM; while :; do sleep 0.05; done", dir, dir);
	char *stopped = path_join(dir, "stopped");

	cr_assert_eq(run_script(body, &r, &out), 0, "%s", err.text);
	cr_expect_eq(out.end, RUN_TIMEOUT);
	cr_expect_eq(out.status, 124);
	cr_expect(file_exists(stopped));
	free(stopped);
	free(body);
}

Test(run, a_detached_container_has_no_timeout)
{
	const char *const *const detached[] = {
		LIST("-d"), LIST("--detach"), LIST("--rm", "-itd")
	};
	struct run_result out;

	for (size_t i = 0; i < 3; i++) {
		struct run_request r = { .timeout_s = 1,
					 .options = detached[i] };

		err = (struct imgcache_error){ 0 };
		cr_expect_eq(run_script("exit 0", &r, &out), IMGCACHE_EUSAGE);
	}
}

Test(run, a_missing_docker_is_an_error)
{
	struct endpoint endpoint = { .kind = ENDPOINT_OTHER,
				     .text = dir };
	struct engine_options o = { .endpoint = &endpoint };
	struct engine *e = engine_new(&o);
	struct run_request r = { .docker = "/nonexistent/docker",
				 .image = "i", .private_dir = dir };
	struct run_result out;

	cr_expect_eq(run_container(&r, e, &out, &err), IMGCACHE_EFAIL);
	engine_free(e);
}
