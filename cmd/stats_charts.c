/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "stats_html.h"
#include "text.h"

#define PLOT_HEIGHT 150
#define USUAL_DAYS 30
#define MOST_DAYS 90		/* when more was asked for */

void
html_text(const char *text)
{
	char *visible = text_visible(text);

	for (const char *c = visible; *c; c++) {
		if (*c == '&' || *c == '<' || *c == '>' || *c == '"' ||
		    *c == '\'')
			printf("&#%d;", *c);
		else
			putchar(*c);
	}
	free(visible);
}

void
html_name(const char *name)
{
	char text[STATS_NAME];
	const char *shown = stats_name(text, name);

	if (shown == name) {
		html_text(name);
		return;
	}
	printf("<span title=\"");
	html_text(name);
	printf("\">");
	html_text(shown);
	printf("</span>");
}

const char *
html_duration(char out[IMGCACHE_TEXT], int64_t us)
{
	return us < 0 ? "-" : imgcache_format_duration(out, us);
}

/* What stands behind the figure of a day. */
static void
put_words(enum stats_figure figure, const struct imgcache_day_stats *d)
{
	char text[IMGCACHE_TEXT], reasons[STATS_REASONS];

	if (figure == FIGURE_BUILD_TIME || figure == FIGURE_BUILD_MEDIAN) {
		printf(", %s, %lld failed", stats_some(text, d->builds,
						       "build", "builds"),
		       (long long)d->failed);
		printf(", %lld of %s cached", (long long)d->steps_cached,
		       stats_some(text, d->steps, "step", "steps"));
		return;
	}
	printf(", %s", stats_some(text, d->hits_local + d->hits_remote, "hit",
				  "hits"));
	printf(", %s", stats_some(text, d->misses, "miss", "misses"));
	if (d->n_reasons)
		printf(" (%s)", stats_reasons(reasons, d->misses_by_reason,
					      d->n_reasons));
}

/* One day: its column, and an area of full height that shows its words. */
static void
put_column(const struct day_chart *c, const struct imgcache_day_stats *d,
	   int64_t day, double x, double width)
{
	int64_t value = stats_figure(d, c->figure);
	char date[IMGCACHE_TEXT], text[IMGCACHE_TEXT];
	double height;

	printf("<g><title>%s: ", stats_date(date, day));
	printf("%s", value < 0 ? "none" : c->text(text, value));
	if (value >= 0)
		put_words(c->figure, d);
	printf("</title><rect class=\"hit\" x=\"%.3f%%\" width=\"%.3f%%\" "
	       "y=\"0\" height=\"%d\"/>", x, width, PLOT_HEIGHT);
	if (value >= 0) {
		height = (double)value * PLOT_HEIGHT / (double)c->most;
		height = height < 2 ? 2 : height;
		printf("<rect x=\"%.3f%%\" width=\"%.3f%%\" y=\"%.1f\" "
		       "height=\"%.1f\" rx=\"1.5\"/>", x + width * .14,
		       width * .72, PLOT_HEIGHT - height, height);
	}
	printf("</g>\n");
}

static void
put_plot(const struct imgcache_stats *s, const struct day_chart *c,
	 int64_t first, size_t days)
{
	char text[IMGCACHE_TEXT];
	double width = 100.0 / (double)days;

	printf("<div class=\"plot\"><div class=\"y\"><span>%s</span>",
	       c->most > 1 ? c->text(text, c->most) : "");
	printf("<span>%s</span>", c->most > 1 ? c->text(text, c->most / 2) :
	       "");
	printf("<span>0</span></div>\n<svg role=\"img\" aria-label=\"");
	html_text(c->title);
	printf("\">\n");
	for (int i = 0; i < 3; i++)
		printf("<line x1=\"0\" x2=\"100%%\" y1=\"%d\" y2=\"%d\"/>\n",
		       i * PLOT_HEIGHT / 2, i * PLOT_HEIGHT / 2);
	for (size_t i = 0; i < days; i++) {
		int64_t day = first + (int64_t)i * DAY_S;

		put_column(c, stats_day(s->days, s->n_days, day), day,
			   (double)i * width, width);
	}
	printf("</svg><div class=\"x\"><span>%s</span>",
	       stats_date(text, first));
	if (days > 1)
		printf("<span>%s</span>", stats_date(text, first +
						     (int64_t)(days - 1) *
						     DAY_S));
	printf("</div></div>");
}

void
html_day_chart(const struct imgcache_stats *s, const struct day_chart *c)
{
	struct day_chart chart = *c;
	int64_t first, value;
	size_t days = stats_window(s, s->since ? MOST_DAYS : USUAL_DAYS,
				   &first);

	for (size_t i = 0; !c->most && i < s->n_days; i++) {
		value = stats_figure(&s->days[i], c->figure);
		if (s->days[i].day >= first && value > chart.most)
			chart.most = value;
	}
	chart.most = chart.most > 0 ? chart.most : 1;
	printf("<section class=\"%s\"><h2>", c->looks);
	html_text(c->title);
	printf("</h2>\n<p class=\"note\">");
	if (days == 1)
		printf("today, UTC</p>\n");
	else
		printf("by day, UTC, the last %zu days</p>\n", days);
	put_plot(s, &chart, first, days);
	printf("</section>\n");
}

void
html_bars_begin(const char *title, const char *note, const char *looks)
{
	printf("<section class=\"%s\"><h2>", looks);
	html_text(title);
	printf("</h2>\n<p class=\"note\">");
	html_text(note);
	printf("</p>\n<ul class=\"bars\">\n");
}

void
html_bar(const struct bar *b)
{
	double width = b->most > 0 ?
		(double)b->value * 100 / (double)b->most : 0;

	printf("<li><span>");
	html_name(b->name);
	if (b->more) {
		printf("<br><small class=\"more\">");
		html_text(b->more);
		printf("</small>");
	}
	printf("</span><svg role=\"img\" aria-label=\"");
	html_text(b->text);
	printf("\"><rect class=\"track\" width=\"100%%\" height=\"12\" "
	       "rx=\"2\"/><rect class=\"bar\" width=\"%.2f%%\" height=\"12\" "
	       "rx=\"2\"/></svg><em>", width);
	html_text(b->text);
	printf("</em></li>\n");
}

void
html_bars_end(size_t rest)
{
	printf("</ul>");
	if (rest)
		printf("<p class=\"note\">and %zu more</p>", rest);
	printf("</section>\n");
}
