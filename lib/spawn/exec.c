/* SPDX-License-Identifier: MIT */
/*
 * The command stays in our group and has our terminal; it may be interactive.
 * The images' leases are held until it ends: it may well start containers of
 * them late.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/strv.h"
#include "docker/wait.h"
#include "session/session.h"
#include "spawn/env.h"
#include "store/leases.h"
#include "sys/child.h"
#include "sys/signals.h"

#define STATUS_CANNOT_RUN 126
#define STATUS_NOT_FOUND 127

static int
run_command(const char *const *argv, const struct strv *variables, int *status,
	    struct imgcache_error *err)
{
	struct child_options o = {
		.argv = argv,
		.env_set = (const char *const *)variables->v,
		.inherit_stdio = true,
	};
	struct child child = {0};
	struct wait wait;
	int ret = signals_check(err);

	if (ret)
		return ret;
	ret = child_start(&child, &o, err);
	if (ret) {
		*status = err->sys_errno == ENOENT ? STATUS_NOT_FOUND :
			STATUS_CANNOT_RUN;
		return ret;
	}
	wait_begin(&wait, &child);
	while (!child_poll(&child)) {
		wait_forward(&wait, &child);
		wait_some(&wait, -1);
	}
	wait_end(&wait);
	*status = child.result.end == CHILD_SIGNALLED ?
		128 + child.result.status : child.result.status;
	return 0;
}

static void
set_variables(const struct imgcache_env_image *v, size_t n, struct strv *out)
{
	struct strv pairs = {0};
	size_t i;

	for (i = 0; i < n; i++)
		env_variables(&v[i], &pairs);
	for (i = 0; i < pairs.n; i += 2)
		strv_pushf(out, "%s=%s", pairs.v[i], pairs.v[i + 1]);
	strv_release(&pairs);
}

int
imgcache_exec(struct imgcache *ic, const struct imgcache_env_options *o,
	      const char *const *command, int *status,
	      struct imgcache_error *err)
{
	struct lease *leases = mem_array(o->n + 1, sizeof(*leases));
	const struct imgcache_env_image *images;
	struct strv variables = {0};
	size_t i;
	int ret;

	*status = 0;
	for (i = 0; i < o->n; i++)
		leases[i] = (struct lease)LEASE_INIT;
	ret = env_collect(ic, o, "exec", leases, &images, err);
	if (!ret) {
		set_variables(images, o->n, &variables);
		session_speak(ic);
		ret = run_command(command, &variables, status, err);
	}
	for (i = 0; i < o->n; i++)
		lease_release(&leases[i]);
	free(leases);
	strv_release(&variables);
	return ret;
}
