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
#define IMAGE_TABLES 3

/* Of the lines of an image: two of its reasons fit into one. */
static size_t
lines(const struct imgcache_image_stats *i)
{
	return 1 + (i->n_reasons + 1) / 2 + (i->builds > 0);
}

/* So many reasons and images that the head of the page stays in sight. */
static void
cut(struct imgcache_stats *s)
{
	size_t taken = SUMMARY_LINES + HEAD_LINES, n = 0;
	struct winsize w;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) || !w.ws_row)
		return;
	taken += s->since ? SINCE_LINES : 0;
	if (taken + s->n_reasons > w.ws_row)
		s->n_reasons = w.ws_row > taken ? w.ws_row - taken : 0;
	taken += s->n_reasons + IMAGE_TABLES * HEAD_LINES;
	for (; n < s->n_images; n++) {
		taken += lines(&s->images[n]);
		if (taken > w.ws_row)
			break;
	}
	s->n_images = n;
}

static void
show(struct imgcache_stats *s)
{
	size_t n = s->n_images;
	char moment[16] = "";
	time_t now = time(NULL);
	struct tm tm;

	if (localtime_r(&now, &tm))
		strftime(moment, sizeof(moment), "%H:%M:%S", &tm);
	cut(s);
	printf(CLEAR "imgcache stats at %s", moment);
	if (s->n_images < n)
		printf(", %zu of %zu images", s->n_images, n);
	printf("\n\n");
	stats_put_table(s, false);
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
