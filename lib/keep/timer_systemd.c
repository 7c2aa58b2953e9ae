/* SPDX-License-Identifier: MIT */
/* Two units in the user's folder, as systemd.unit(5) has it. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/strv.h"
#include "keep/timer.h"
#include "recipe/settings_paths.h"
#include "session/session.h"
#include "sys/child.h"
#include "sys/file.h"

#define ASK_MS 10000
#define UNIT_MAX (64u << 10)
#define MARK "# Written by imgcache prune --install-timer\n"

/* A quoted word; of a command a '$' would be a variable. */
static void
add_word(struct buf *out, const char *text, bool of_command)
{
	buf_addc(out, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			buf_addc(out, '\\');
		if (*text == '%' || (of_command && *text == '$'))
			buf_addc(out, *text);
		buf_addc(out, *text);
	}
	buf_addc(out, '"');
}

void
timer_service(const struct timer_job *job, struct buf *out)
{
	size_t i;

	buf_adds(out, MARK "[Unit]\nDescription=Prune the images of imgcache\n"
		 "Documentation=man:imgcache-prune(1)\n\n"
		 "[Service]\nType=oneshot\n");
	for (i = 0; i < job->env->n; i++) {
		buf_adds(out, "Environment=");
		add_word(out, job->env->v[i], false);
		buf_addc(out, '\n');
	}
	buf_adds(out, "ExecStart=");
	for (i = 0; i < job->argv->n; i++) {
		if (i)
			buf_addc(out, ' ');
		add_word(out, job->argv->v[i], true);
	}
	buf_adds(out, "\n# another prune runs\nSuccessExitStatus=75\n");
}

void
timer_timer(struct buf *out)
{
	buf_adds(out, MARK "[Unit]\n"
		 "Description=Prune the images of imgcache every day\n"
		 "Documentation=man:imgcache-prune(1)\n\n"
		 "[Timer]\nOnCalendar=daily\nRandomizedDelaySec=2h\n"
		 "Persistent=true\n\n[Install]\nWantedBy=timers.target\n");
}

char *
timer_systemd_dir(const struct imgcache *ic)
{
	const char *config = expand_get(&ic->env, "XDG_CONFIG_HOME");
	char *home, *dir;

	if (config && *config == '/')
		return path_join(config, "systemd/user");
	home = settings_home(&ic->env);
	dir = home ? path_join(home, ".config/systemd/user") : NULL;
	free(home);
	return dir;
}

/* systemctl --user WORD [WORD]; IMGCACHE_ENO: it is not there, or refuses. */
static int
ask(const char *verb, const char *const *words, struct imgcache_error *err)
{
	struct buf errs = BUF_INIT;
	struct strv argv = {0};
	struct child_options o = {
		.timeout_ms = ASK_MS, .own_group = true, .errs = &errs,
		.max_output = UNIT_MAX, .label = "systemctl",
	};
	struct child_result result;
	int ret;

	strv_push(&argv, "systemctl");
	strv_push(&argv, "--user");
	strv_push(&argv, verb);
	for (; words && *words; words++)
		strv_push(&argv, *words);
	o.argv = (const char *const *)argv.v;
	ret = child_run(&o, &result, err);
	if (!ret && (result.end != CHILD_EXITED || result.status)) {
		errs.data[strcspn(errs.data, "\n")] = '\0';
		ret = error_set(err, IMGCACHE_EFAIL, "systemctl --user %s: %s",
				verb, *errs.data ? errs.data : "it failed");
	}
	strv_release(&argv);
	buf_release(&errs);
	return ret;
}

static bool
answers(void)
{
	struct imgcache_error ignored = {0};

	return !ask("show-environment", NULL, &ignored);
}

/* A unit of that name that a person wrote is that person's. */
static int
check_ours(const char *dir, const char *name, struct imgcache_error *err)
{
	struct buf text = BUF_INIT;
	char *path = path_join(dir, name);
	int ret = file_read(AT_FDCWD, path, UNIT_MAX, &text, err);

	if (ret == IMGCACHE_ENO) {
		error_clear(err);
		ret = 0;
	} else if (!ret && !str_starts(text.data, MARK)) {
		ret = error_set(err, IMGCACHE_EFAIL, "will not touch '%s': "
				"imgcache did not write it; move it away",
				path);
	}
	buf_release(&text);
	free(path);
	return ret;
}

static int
check_both(const char *dir, struct imgcache_error *err)
{
	int ret = check_ours(dir, TIMER_UNIT ".service", err);

	return ret ? ret : check_ours(dir, TIMER_UNIT ".timer", err);
}

/* *changed is set if the file was another. */
static int
put(const char *dir, const char *name, const struct buf *text, bool *changed,
    struct imgcache_error *err)
{
	struct imgcache_error ignored = {0};
	struct buf now = BUF_INIT;
	char *path = path_join(dir, name);
	bool same = !file_read(AT_FDCWD, path, UNIT_MAX, &now, &ignored) &&
		now.len == text->len && !memcmp(now.data, text->data, now.len);
	int ret = same ? 0 : file_replace(AT_FDCWD, path, text->data,
					  text->len, 0644, true, err);

	*changed = *changed || !same;
	buf_release(&now);
	free(path);
	return ret;
}

static int
put_units(const char *dir, const struct timer_job *job, bool *changed,
	  struct imgcache_error *err)
{
	struct buf service = BUF_INIT, timer = BUF_INIT;
	int ret = check_both(dir, err);

	if (!ret)
		ret = file_mkdirs(dir, 0755, err);
	timer_service(job, &service);
	timer_timer(&timer);
	if (!ret)
		ret = put(dir, TIMER_UNIT ".service", &service, changed, err);
	if (!ret)
		ret = put(dir, TIMER_UNIT ".timer", &timer, changed, err);
	buf_release(&service);
	buf_release(&timer);
	return ret;
}

int
timer_systemd_install(struct imgcache *ic, const struct timer_job *job,
		      bool *changed, struct imgcache_error *err)
{
	static const char *const now[] = { "--now", TIMER_UNIT ".timer", NULL };
	char *dir = timer_systemd_dir(ic);
	int ret = IMGCACHE_ENO;

	*changed = false;
	if (dir && answers())
		ret = put_units(dir, job, changed, err);
	if (!ret && *changed)
		ret = ask("daemon-reload", NULL, err);
	if (!ret)
		ret = ask("enable", now, err);
	free(dir);
	return ret;
}

static bool
drop(const char *dir, const char *name)
{
	char *path = path_join(dir, name);
	bool gone = !unlink(path);

	free(path);
	return gone;
}

/* Without a manager to ask, the link that enables it is taken away as well. */
int
timer_systemd_remove(struct imgcache *ic, bool *changed,
		     struct imgcache_error *err)
{
	static const char *const now[] = { "--now", TIMER_UNIT ".timer", NULL };
	char *dir = timer_systemd_dir(ic);
	char *timer = dir ? path_join(dir, TIMER_UNIT ".timer") : NULL;
	bool runs = timer && file_exists(timer) && answers();
	int ret = dir ? check_both(dir, err) : 0;

	*changed = false;
	if (!ret && runs)
		ret = ask("disable", now, err);
	if (!ret && dir) {
		drop(dir, "timers.target.wants/" TIMER_UNIT ".timer");
		*changed = drop(dir, TIMER_UNIT ".timer");
		*changed = drop(dir, TIMER_UNIT ".service") || *changed;
	}
	if (!ret && runs)
		ret = ask("daemon-reload", NULL, err);
	free(timer);
	free(dir);
	return ret;
}
