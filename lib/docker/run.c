/* SPDX-License-Identifier: MIT */
/*
 * docker is told where to write the container's id. Whether that file has an
 * id is also how its own 125 is told from a container's, and the id is what
 * the engine is asked to stop: ending the client alone would leave the
 * container running.
 */

#include "docker/run.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/strv.h"
#include "docker/engine.h"
#include "docker/wait.h"
#include "sys/child.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/signals.h"

#define STATUS_TIMEOUT 124
#define STATUS_REFUSED 125
#define GRACE_S 10		/* from docker's SIGTERM to its SIGKILL */
#define LEAVE_MS 5000		/* for the client, once its container is gone */
#define ID_MS 10000		/* for a container that is just being made */

struct running {
	const struct run_request *r;
	struct engine *engine;
	struct child child;
	struct wait wait;
	const char *cidfile;
	int64_t deadline_us;	/* 0: none */
};

const char *
run_user_cidfile(const char *const *options)
{
	for (; options && *options; options++) {
		if (str_starts(*options, "--cidfile="))
			return *options + strlen("--cidfile=");
		if (str_is(*options, "--cidfile"))
			return options[1];
	}
	return NULL;
}

/* "-d", "--detach", "-itd": letters of options that take no value. */
static bool
is_detached(const char *const *options)
{
	for (; options && *options; options++) {
		const char *o = *options;

		if (str_is(o, "--detach") || str_is(o, "--detach=true"))
			return true;
		if (o[0] == '-' && o[1] && o[1] != '-' && strchr(o, 'd') &&
		    !o[1 + strspn(o + 1, "ditPq")])
			return true;
	}
	return false;
}

static bool
is_number(const char *s)
{
	return *s && !s[strspn(s, "0123456789")];
}

void
run_argv(const struct run_request *r, const char *cidfile,
	 struct strv *out)
{
	strv_push(out, r->docker ? r->docker : "docker");
	strv_push(out, "run");
	strv_push(out, "--pull=never");
	if (r->platform)
		strv_pushf(out, "--platform=%s", r->platform);
	if (!run_user_cidfile(r->options))
		strv_pushf(out, "--cidfile=%s", cidfile);
	if (r->memory)
		strv_pushf(out, "--memory=%s%s", r->memory,
			   is_number(r->memory) ? "m" : "");
	if (r->cpus)
		strv_pushf(out, "--cpus=%s", r->cpus);
	for (const char *const *o = r->options; o && *o; o++)
		strv_push(out, *o);
	strv_push(out, r->image);
	for (const char *const *c = r->command; c && *c; c++)
		strv_push(out, *c);
}

/* The container's id in out, or "" if none was made (yet). */
static void
read_id(const char *cidfile, char out[65])
{
	struct imgcache_error ignored = { 0 };
	struct buf text = BUF_INIT;
	size_t n = 0;

	if (!file_read(AT_FDCWD, cidfile, 4096, &text, &ignored))
		while (n < 64 && isxdigit((unsigned char)text.data[n]))
			n++;
	memcpy(out, text.data, n);
	out[n] = '\0';
	buf_release(&text);
}

static int
ms_left(const struct running *run)
{
	int64_t ms;

	if (!run->deadline_us)
		return -1;
	ms = (run->deadline_us - clock_mono_us() + 999) / 1000;
	return ms < 0 ? 0 : ms > 3600000 ? 3600000 : (int)ms;
}

/* False when the deadline passed first. */
static bool
wait_for_child(struct running *run)
{
	while (!child_poll(&run->child)) {
		wait_forward(&run->wait, &run->child);
		if (!ms_left(run))
			return false;
		wait_some(&run->wait, ms_left(run));
	}
	return true;
}

static bool
wait_for_id(struct running *run, char id[65])
{
	int64_t until_us = clock_mono_us() + (int64_t)ID_MS * 1000;

	read_id(run->cidfile, id);
	while (!id[0] && !child_poll(&run->child) &&
	       clock_mono_us() < until_us) {
		wait_some(&run->wait, 20);
		read_id(run->cidfile, id);
	}
	return id[0] != '\0';
}

/*
 * The container first, then its client. A container that is gone already is
 * what was wanted.
 */
static int
stop_container(struct running *run, struct imgcache_error *err)
{
	struct imgcache_error ignored = { 0 };
	char id[65];
	int ret = 0;

	run->wait.deaf = true;
	if (wait_for_id(run, id)) {
		ret = engine_stop(run->engine, id, GRACE_S, err);
		if (ret == IMGCACHE_ENO) {
			error_clear(err);
			ret = 0;
		}
		if (ret)
			error_prefix(err, "cannot stop the container %.12s "
				     "after its time was up", id);
	}
	run->deadline_us = clock_mono_us() + (int64_t)LEAVE_MS * 1000;
	if (!wait_for_child(run)) {
		run->child.uninterruptible = true;
		child_wait(&run->child, 1, &ignored);
	}
	return ret;
}

static void
judge(struct running *run, struct run_result *out)
{
	struct imgcache_error why = { 0 };
	struct engine_image image = { 0 };
	const struct child_result *r = &run->child.result;
	char id[65];

	out->end = RUN_EXITED;
	out->status = r->end == CHILD_SIGNALLED ? 128 + r->status : r->status;
	read_id(run->cidfile, id);
	if (out->status != STATUS_REFUSED || id[0])
		return;
	out->end = RUN_REFUSED;
	if (engine_image(run->engine, run->r->image, &image, &why) ==
	    IMGCACHE_ENO)
		out->end = RUN_NO_IMAGE;
	engine_image_release(&image);
}

static int
run_started(struct running *run, struct run_result *out,
	    struct imgcache_error *err)
{
	int ret = 0;

	wait_begin(&run->wait, &run->child);
	if (run->r->timeout_s > 0)
		run->deadline_us = clock_mono_us() +
			run->r->timeout_s * 1000000;
	if (wait_for_child(run)) {
		judge(run, out);
	} else {
		ret = stop_container(run, err);
		out->end = RUN_TIMEOUT;
		out->status = STATUS_TIMEOUT;
	}
	wait_end(&run->wait);
	return ret;
}

int
run_container(const struct run_request *r, struct engine *e,
	      struct run_result *out, struct imgcache_error *err)
{
	struct running run = { .r = r, .engine = e };
	struct child_options o = { .inherit_stdio = true,
				   .label = "docker run" };
	struct strv argv = { 0 };
	char *own = NULL;
	int ret;

	*out = (struct run_result){ RUN_REFUSED, STATUS_REFUSED };
	if (r->timeout_s > 0 && is_detached(r->options))
		return error_set(err, IMGCACHE_EUSAGE, "a timeout needs the "
				 "container in the foreground; drop -d");
	own = mem_printf("%s/run-%ld-%" PRId64 ".cid", r->private_dir,
			 (long)getpid(), clock_mono_us());
	run.cidfile = run_user_cidfile(r->options);
	if (!run.cidfile)
		run.cidfile = own;
	run_argv(r, own, &argv);
	o.argv = (const char *const *)argv.v;
	ret = signals_check(err);
	if (!ret)
		ret = child_start(&run.child, &o, err);
	if (ret == IMGCACHE_EFAIL && err->sys_errno == ENOENT) {
		error_clear(err);
		ret = error_set(err, IMGCACHE_EFAIL, "docker is not installed: "
				"no '%s' in PATH; install docker's client",
				argv.v[0]);
	}
	if (!ret)
		ret = run_started(&run, out, err);
	unlink(own);
	free(own);
	strv_release(&argv);
	return ret;
}
