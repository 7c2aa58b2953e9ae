/* SPDX-License-Identifier: MIT */
/* The table again and again on a terminal, until a signal comes. */
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "pace.h"
#include "stats.h"

#define CLEAR "\033[H\033[2J"
#define SUMMARY_LINES 15	/* above the tables, and that of the cursor */
#define SINCE_LINES 2
#define HEAD_LINES 2		/* of a table, with the line before it */

/* Lines of a table of n rows. */
static size_t
table(size_t n)
{
	return n ? n + HEAD_LINES : 0;
}

/* Of all tables below the summary: two reasons of an image fit into a line. */
static size_t
lines(const struct imgcache_stats *s)
{
	size_t misses = 0, builds = 0;

	for (size_t n = 0; n < s->n_images; n++) {
		misses += (s->images[n].n_reasons + 1) / 2;
		builds += s->images[n].builds > 0;
	}
	return table(s->n_reasons) + table(s->n_images) + table(misses) +
		table(builds) + table(s->n_slowest < STATS_STEPS ?
				      s->n_slowest : STATS_STEPS);
}

/*
 * What the page has room for, with its head in sight. The images come first,
 * then why it missed.
 */
static enum stats_rows
cut(struct imgcache_stats *s)
{
	size_t room, taken = SUMMARY_LINES + (s->since ? SINCE_LINES : 0);
	struct winsize w;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) || !w.ws_row)
		return STATS_BY_IMAGE;
	room = w.ws_row > taken ? w.ws_row - taken : 0;
	if (lines(s) > room)
		s->n_slowest = 0;
	if (lines(s) <= room)
		return STATS_BY_IMAGE;
	if (table(s->n_images) > room)
		s->n_images = room > HEAD_LINES ? room - HEAD_LINES : 0;
	if (table(s->n_images) + table(s->n_reasons) > room)
		s->n_reasons = 0;
	return STATS_LOOKUPS;
}

static void
show(struct imgcache_stats *s)
{
	size_t n = s->n_images;
	enum stats_rows rows = cut(s);
	char moment[16] = "";
	time_t now = time(NULL);
	struct tm tm;

	if (localtime_r(&now, &tm))
		strftime(moment, sizeof(moment), "%H:%M:%S", &tm);
	printf(CLEAR "imgcache stats at %s", moment);
	if (s->n_images < n)
		printf(", %zu of %zu images", s->n_images, n);
	printf("\n\n");
	stats_put_table(s, rows);
	flush_output();
}

/* With a handle of its own, so that a long watch takes no more memory. */
static int
look(stats_read_fn *read, struct imgcache_error *err)
{
	struct imgcache_options o = {
		.project_file = given.file,
		.settings = given.settings.v,
		.bad_project = IMGCACHE_BAD_PROJECT_TOLD,
	};
	struct imgcache *ic = NULL;
	struct imgcache_stats s;
	int ret = imgcache_open(&ic, &o, err);

	if (!ret)
		ret = read(ic, &s, err);
	if (!ret)
		show(&s);
	imgcache_close(ic);
	return ret;
}

/* What goes wrong meanwhile is said once and tried again. */
int
stats_watch(stats_read_fn *read, struct imgcache_error *err)
{
	struct imgcache_error last = {0};
	int64_t began;
	int ret;

	if (!isatty(STDOUT_FILENO))
		return fail(err, IMGCACHE_EUSAGE, "--watch needs a terminal; "
			    "for a file there is --output");
	do {
		began = pace_now_us();
		memset(err, 0, sizeof(*err));
		ret = look(read, err);
		if (ret && ret != IMGCACHE_EINTR &&
		    strcmp(err->text, last.text))
			complain("%s", err->text);
		last = *err;
	} while (ret != IMGCACHE_EINTR && !ferror(stdout) &&
		 pace_rest(began));
	return IMGCACHE_EINTR;
}
