/* SPDX-License-Identifier: MIT */
#include "keep/timer.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/strv.h"
#include "session/session.h"
#include "sys/file.h"

/* What says where docker and our files are; a timer has none of them. */
static const char *const carried[] = {
	"BUILDX_BUILDER", "DOCKER_CERT_PATH", "DOCKER_CONFIG",
	"DOCKER_CONTEXT", "DOCKER_HOST", "DOCKER_TLS_VERIFY",
	"IMGCACHE_CACHE_DIR", "IMGCACHE_DIR", "IMGCACHE_STATE_DIR",
	"XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"
};

static int
carry(struct strv *env, const char *name, const char *value,
      struct imgcache_error *err)
{
	const char *p;

	for (p = value; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return error_set(err, IMGCACHE_EFAIL, "'%s' has a "
					 "control character and cannot be "
					 "given to a timer", name);
	strv_pushf(env, "%s=%s", name, value);
	return 0;
}

/* A PATH only where the short one of cron would not find docker. */
static int
collect_env(const struct imgcache *ic, struct strv *env,
	    struct imgcache_error *err)
{
	const char *path = expand_get(&ic->env, "PATH");
	size_t i;
	int ret = 0;

	if (path && access("/usr/bin/docker", X_OK) &&
	    access("/bin/docker", X_OK))
		ret = carry(env, "PATH", path, err);
	for (i = 0; !ret && i < sizeof(carried) / sizeof(*carried); i++) {
		const char *value = expand_get(&ic->env, carried[i]);

		if (value && *value)
			ret = carry(env, carried[i], value, err);
	}
	return ret;
}

static int
collect_argv(const char *const *options, struct strv *argv,
	     struct imgcache_error *err)
{
	char program[4096];
	ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);

	if (n <= 0)
		return error_errno(err, IMGCACHE_EFAIL,
				   "cannot find out what imgcache is called");
	program[n] = '\0';
	if (!file_exists(program))
		return error_set(err, IMGCACHE_EFAIL, "'%s' is not there any "
				 "more; a timer needs an installed imgcache",
				 program);
	strv_push(argv, program);
	if (str_ends(program, "/docker-imgcache"))
		strv_push(argv, "imgcache");	/* as docker calls a plugin */
	strv_push(argv, "prune");
	for (; options && *options; options++)
		strv_push(argv, *options);
	return 0;
}

/* The other kind is put away too; that it cannot be is no matter of this one. */
static void
tidy(struct imgcache *ic, int ret, const struct imgcache_error *err)
{
	if (ret)
		session_warn(ic, "%s", err->text);
}

static int
install(struct imgcache *ic, const struct timer_job *job,
	struct imgcache_timer *out, struct imgcache_error *err)
{
	struct imgcache_error why = {0};
	bool other = false;
	int ret = timer_systemd_install(ic, job, &out->changed, err);

	if (ret != IMGCACHE_ENO) {
		out->kind = IMGCACHE_TIMER_SYSTEMD;
		if (!ret)
			tidy(ic, timer_cron_remove(&other, &why), &why);
		return ret;
	}
	ret = timer_cron_install(job, &out->changed, err);
	if (ret == IMGCACHE_ENO)
		return error_set(err, IMGCACHE_EFAIL, "there is no timer to be "
				 "had: systemd's user manager does not answer, "
				 "and there is no crontab(1); install cron");
	out->kind = IMGCACHE_TIMER_CRON;
	if (!ret)
		tidy(ic, timer_systemd_remove(ic, &other, &why), &why);
	return ret;
}

int
imgcache_timer_install(struct imgcache *ic, const char *const *options,
		       struct imgcache_timer *out, struct imgcache_error *err)
{
	struct strv argv = {0}, env = {0};
	struct timer_job job = { .argv = &argv, .env = &env };
	char *dir = timer_systemd_dir(ic);
	int ret = collect_argv(options, &argv, err);

	memset(out, 0, sizeof(*out));
	if (!ret)
		ret = collect_env(ic, &env, err);
	if (!ret)
		ret = install(ic, &job, out, err);
	if (dir)
		out->dir = arena_strdup(&ic->arena, dir);
	free(dir);
	strv_release(&argv);
	strv_release(&env);
	return ret;
}

int
imgcache_timer_remove(struct imgcache *ic, bool *systemd, bool *cron,
		      struct imgcache_error *err)
{
	struct imgcache_error why = {0}, cron_why = {0};
	int ret = timer_systemd_remove(ic, systemd, &why);
	int cron_ret = timer_cron_remove(cron, &cron_why);

	if (*systemd || *cron) {
		tidy(ic, ret, &why);
		tidy(ic, cron_ret, &cron_why);
		return 0;
	}
	*err = ret ? why : cron_why;
	return err->code;
}
