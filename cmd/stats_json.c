/* SPDX-License-Identifier: MIT */
#include "printer.h"
#include "stats.h"

static void
put_reasons(struct printer *p, const struct imgcache_count *reasons, size_t n)
{
	print_object(p, "missesByReason");
	for (size_t i = 0; i < n; i++)
		print_number(p, reasons[i].name, NULL, reasons[i].n,
			     AS_NUMBER);
	print_object_end(p);
}

static void
put_day(struct printer *p, const struct imgcache_day_stats *d)
{
	int64_t hits = d->hits_local + d->hits_remote;
	char day[IMGCACHE_TEXT];

	print_text(p, "day", NULL, stats_date(day, d->day));
	print_number(p, "lookups", NULL, hits + d->misses + d->unknown,
		     AS_NUMBER);
	print_number(p, "hits", NULL, hits, AS_NUMBER);
	print_number(p, "remoteHits", NULL, d->hits_remote, AS_NUMBER);
	print_number(p, "misses", NULL, d->misses, AS_NUMBER);
	put_reasons(p, d->misses_by_reason, d->n_reasons);
	print_number(p, "hitRate", NULL,
		     stats_figure(d, FIGURE_HIT_RATE), AS_PERCENT);
	print_number(p, "builds", NULL, d->builds, AS_NUMBER);
	print_number(p, "failed", NULL, d->failed, AS_NUMBER);
	print_number(p, "buildTime", NULL, d->build_us, AS_DURATION);
	print_number(p, "buildTimeP50", NULL, d->build_p50_us, AS_DURATION);
	print_number(p, "timeSaved", NULL, d->saved_us, AS_DURATION);
	print_number(p, "steps", NULL, d->steps, AS_NUMBER);
	print_number(p, "stepsCached", NULL, d->steps_cached, AS_NUMBER);
	print_number(p, "context", NULL, d->context_bytes, AS_SIZE);
}

static void
put_days(struct printer *p, const struct imgcache_day_stats *days, size_t n)
{
	print_list(p, "days");
	for (size_t i = 0; i < n; i++) {
		print_object(p, "");
		put_day(p, &days[i]);
		print_object_end(p);
	}
	print_list_end(p);
}

static void
put_image(struct printer *p, const struct imgcache_image_stats *i)
{
	int64_t hits = i->hits_local + i->hits_remote;

	print_text(p, "name", NULL, i->name);
	print_number(p, "lookups", NULL, i->lookups, AS_NUMBER);
	print_number(p, "hits", NULL, hits, AS_NUMBER);
	print_number(p, "remoteHits", NULL, i->hits_remote, AS_NUMBER);
	print_number(p, "misses", NULL, i->misses, AS_NUMBER);
	put_reasons(p, i->misses_by_reason, i->n_reasons);
	print_number(p, "hitRate", NULL, stats_rate(hits, hits + i->misses),
		     AS_PERCENT);
	print_number(p, "builds", NULL, i->builds, AS_NUMBER);
	print_number(p, "failed", NULL, i->failed, AS_NUMBER);
	print_number(p, "successRate", NULL,
		     stats_rate(i->completed, i->completed + i->failed),
		     AS_PERCENT);
	print_number(p, "steps", NULL, i->steps, AS_NUMBER);
	print_number(p, "stepsCached", NULL, i->steps_cached, AS_NUMBER);
	print_number(p, "buildTime", NULL, i->build_us, AS_DURATION);
	print_number(p, "buildTimeP95", NULL, i->build_p95_us, AS_DURATION);
	print_number(p, "timeSaved", NULL, i->saved_us, AS_DURATION);
	print_number(p, "size", NULL, i->size_bytes, AS_SIZE);
	print_number(p, "context", NULL, i->context_bytes, AS_SIZE);
	put_days(p, i->days, i->n_days);
}

static void
put_builds(struct printer *p, const struct imgcache_stats *s)
{
	print_object(p, "builds");
	print_number(p, "total", NULL, s->builds, AS_NUMBER);
	print_number(p, "completed", NULL, s->builds_completed, AS_NUMBER);
	print_number(p, "failed", NULL, s->builds_failed, AS_NUMBER);
	print_number(p, "successRate", NULL, stats_success_rate(s),
		     AS_PERCENT);
	print_number(p, "time", NULL, s->build_us, AS_DURATION);
	print_number(p, "timeP50", NULL, s->build_p50_us, AS_DURATION);
	print_number(p, "timeP95", NULL, s->build_p95_us, AS_DURATION);
	print_number(p, "steps", NULL, s->steps, AS_NUMBER);
	print_number(p, "stepsCached", NULL, s->steps_cached, AS_NUMBER);
	print_number(p, "context", NULL, s->context_bytes, AS_SIZE);
	print_object_end(p);
}

static void
put_slowest(struct printer *p, const struct imgcache_stats *s)
{
	print_list(p, "slowestSteps");
	for (size_t i = 0; i < s->n_slowest; i++) {
		print_object(p, "");
		print_text(p, "image", NULL, s->slowest[i].image);
		print_text(p, "step", NULL, s->slowest[i].name);
		print_number(p, "runs", NULL, s->slowest[i].runs, AS_NUMBER);
		print_number(p, "cached", NULL, s->slowest[i].cached,
			     AS_NUMBER);
		print_number(p, "time", NULL, s->slowest[i].us, AS_DURATION);
		print_number(p, "longest", NULL, s->slowest[i].longest_us,
			     AS_DURATION);
		print_object_end(p);
	}
	print_list_end(p);
}

static void
put_lookups(struct printer *p, const struct imgcache_stats *s)
{
	print_number(p, "lookups", NULL, s->lookups, AS_NUMBER);
	print_object(p, "hits");
	print_number(p, "local", NULL, s->hits_local, AS_NUMBER);
	print_number(p, "remote", NULL, s->hits_remote, AS_NUMBER);
	print_object_end(p);
	print_number(p, "misses", NULL, s->misses, AS_NUMBER);
	print_number(p, "unknown", NULL, s->unknown, AS_NUMBER);
	put_reasons(p, s->misses_by_reason, s->n_reasons);
	print_number(p, "hitRate", NULL, stats_hit_rate(s), AS_PERCENT);
	print_number(p, "timeSaved", NULL, s->saved_us, AS_DURATION);
	print_object(p, "restoreTime");
	print_number(p, "local", NULL, stats_restore_us(s->hit_local_us,
							s->hits_local),
		     AS_DURATION);
	print_number(p, "remote", NULL, stats_restore_us(s->hit_remote_us,
							 s->hits_remote),
		     AS_DURATION);
	print_object_end(p);
}

/* One object; its fields are those of imgcache-formats(5). */
void
stats_put_json(const struct imgcache_stats *s)
{
	struct printer *p = printer_new(PRINT_JSON, true);

	print_record(p);
	print_number(p, "since", NULL, s->since, AS_AGO);
	print_number(p, "totalImages", NULL, s->total_images, AS_NUMBER);
	print_number(p, "totalSize", NULL, s->total_size_bytes, AS_SIZE);
	print_number(p, "totalHits", NULL, s->total_hits, AS_NUMBER);
	print_number(p, "averageHits", NULL, stats_average_hits(s),
		     AS_THOUSANDTHS);
	put_lookups(p, s);
	put_builds(p, s);
	print_list(p, "images");
	for (size_t i = 0; i < s->n_images; i++) {
		print_object(p, "");
		put_image(p, &s->images[i]);
		print_object_end(p);
	}
	print_list_end(p);
	put_days(p, s->days, s->n_days);
	put_slowest(p, s);
	printer_end(p);
}
