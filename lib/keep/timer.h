/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_KEEP_TIMER_H
#define IMGCACHE_KEEP_TIMER_H

/*
 * A timer of the user that prunes every day: units of systemd's user manager
 * where it answers, else a marked block in the crontab.
 */

#include <stdbool.h>

struct buf;
struct imgcache;
struct imgcache_error;
struct strv;

/* What is to be run, and with which "NAME=value" that neither would set. */
struct timer_job {
	const struct strv *argv;
	const struct strv *env;
};

/* IMGCACHE_ENO without err: that one is not to be had here. */
int timer_systemd_install(struct imgcache *ic, const struct timer_job *job,
			  bool *changed, struct imgcache_error *err);
int timer_cron_install(const struct timer_job *job, bool *changed,
		       struct imgcache_error *err);

/* *changed: there was one. */
int timer_systemd_remove(struct imgcache *ic, bool *changed,
			 struct imgcache_error *err);
int timer_cron_remove(bool *changed, struct imgcache_error *err);

/* The folder of the user's units, NULL: there is no home. The caller frees. */
char *timer_systemd_dir(const struct imgcache *ic);

#define TIMER_UNIT "imgcache-prune"

/* The texts of the units. */
void timer_service(const struct timer_job *job, struct buf *out);
void timer_timer(struct buf *out);

/* The block of a crontab, with its marks. IMGCACHE_EFAIL: too long for cron. */
int timer_crontab_block(const struct timer_job *job, struct buf *out,
			struct imgcache_error *err);

/*
 * The crontab with the block in place of the one it has, else at its end; block
 * NULL takes it away. The rest stays byte for byte, but for a newline that the
 * last line lacks. IMGCACHE_EFAIL: the marks do not fit.
 */
int timer_crontab_edit(const char *text, const char *block, struct buf *out,
		       struct imgcache_error *err);

#endif
