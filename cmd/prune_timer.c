/* SPDX-License-Identifier: MIT */
#include "prune_timer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "text.h"

/* The words of the list are its own. */
static void
add(struct words *out, const char *name, const char *value)
{
	size_t size = strlen(name) + strlen(value) + 4;
	char *word = memory_checked(malloc(size));

	snprintf(word, size, "--%s%s%s", name, *value ? "=" : "", value);
	words_add(out, word);
}

static void
add_number(struct words *out, const char *name, int64_t value,
	   const char *unit)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld%s", (long long)value,
		 value ? unit : "");
	if (value >= 0)
		add(out, name, text);
}

struct unit {
	const char *name;
	int64_t worth;
};

/* The smallest whole number it is of one of them. */
static void
add_in_units(struct words *out, const char *name, int64_t value,
	     const struct unit *units)
{
	const struct unit *best = units;

	for (; units->name; units++)
		if (value % units->worth == 0 && units->worth > best->worth)
			best = units;
	add_number(out, name, value < 0 ? value : value / best->worth,
		   best->name);
}

static void
add_age(struct words *out, const char *name, int64_t seconds)
{
	static const struct unit units[] = {
		{ "s", 1 }, { "m", 60 }, { "h", 3600 }, { "d", 86400 },
		{ NULL, 0 }
	};

	add_in_units(out, name, seconds, units);
}

static void
add_size(struct words *out, const char *name, int64_t bytes)
{
	static const struct unit units[] = {
		{ "B", 1 }, { "kB", 1000 }, { "KiB", 1 << 10 },
		{ "MB", 1000000 }, { "MiB", 1 << 20 },
		{ "GB", 1000000000 }, { "GiB", 1 << 30 },
		{ "TB", 1000000000000 }, { "TiB", 1LL << 40 }, { NULL, 0 }
	};

	add_in_units(out, name, bytes, units);
}

/* The command line that has these options. */
static void
collect(const struct imgcache_prune_options *o, struct words *out)
{
	const char *const *f;

	add_number(out, "max-images", o->max_images, "");
	add_age(out, "max-age", o->max_age_s);
	add_size(out, "max-size", o->max_size_bytes);
	add_size(out, "low-size", o->low_size_bytes);
	add_number(out, "keep-last", o->keep_last, "");
	add_age(out, "grace", o->grace_s);
	add_age(out, "cache-max-age", o->cache_max_age_s);
	add_size(out, "cache-max-size", o->cache_max_size_bytes);
	if (o->build_cache)
		add(out, "build-cache", "");
	for (f = o->build_cache; f && *f; f++)
		add(out, "filter", *f);
}

int
prune_timer_install(struct invocation *inv,
		    const struct imgcache_prune_options *o)
{
	struct imgcache_timer timer;
	struct words words = {0};
	size_t i;
	int ret;

	collect(o, &words);
	ret = imgcache_timer_install(inv->ic, (const char *const *)words.v,
				     &timer, &inv->err);
	for (i = 0; i < words.n; i++)
		free((char *)words.v[i]);
	words_release(&words);
	if (ret)
		return ret;
	if (timer.kind == IMGCACHE_TIMER_SYSTEMD)
		printf("%s imgcache-prune.timer, daily, in %s\n",
		       timer.changed ? "installed" : "already there:",
		       timer.dir);
	else
		printf("%s a block in the crontab, daily; see crontab -l\n",
		       timer.changed ? "installed" : "already there:");
	return 0;
}

int
prune_timer_remove(struct invocation *inv)
{
	bool systemd, cron;
	int ret = imgcache_timer_remove(inv->ic, &systemd, &cron, &inv->err);

	if (ret)
		return ret;
	if (systemd)
		puts("removed imgcache-prune.timer and its service");
	if (cron)
		puts("removed the block in the crontab");
	if (!systemd && !cron)
		puts("no timer is installed");
	return 0;
}
