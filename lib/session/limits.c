/* SPDX-License-Identifier: MIT */
#include "session/limits.h"

#include "base/error.h"
#include "session/session.h"

static int64_t
limit(const struct imgcache *ic, int64_t given, enum setting_id id)
{
	return given >= 0 ? given : settings_int(&ic->settings, id);
}

/* Could a project file that cannot be read say something else? */
static bool
is_hidden(const struct imgcache *ic, int64_t given, enum setting_id id)
{
	return ic->bad_project && given < 0 &&
		ic->settings.v[id].rank > SETTING_FROM_PROJECT;
}

static void
drop_hidden(const struct imgcache *ic, const struct imgcache_prune_options *o,
	    struct limits *l)
{
	if (is_hidden(ic, o->max_images, SETTING_MAX_IMAGES))
		l->max_images = 0;
	if (is_hidden(ic, o->max_age_s, SETTING_MAX_AGE))
		l->max_age_s = 0;
	if (is_hidden(ic, o->max_size_bytes, SETTING_MAX_SIZE))
		l->max_size = 0;
}

static int
check_kept(struct imgcache *ic, const struct imgcache_prune_options *o,
	   struct limits *l, struct imgcache_error *err)
{
	bool known = !is_hidden(ic, o->keep_last, SETTING_KEEP_LAST) &&
		!is_hidden(ic, o->grace_s, SETTING_GRACE);

	if (!known && (o->max_images > 0 || o->max_age_s > 0 ||
		       o->max_size_bytes > 0))
		return error_set(err, IMGCACHE_EFAIL, "%.800s; mend it, or "
				 "say what stays by --keep-last and --grace",
				 ic->bad_project);
	if (!known)
		l->max_images = l->max_age_s = l->max_size = 0;
	if (!l->max_images && !l->max_age_s && !l->max_size)
		session_warn(ic, "%s; the limits are not known, and no image "
			     "is removed", ic->bad_project);
	else
		session_warn(ic, "%s; going on with the limits that it cannot "
			     "change", ic->bad_project);
	return 0;
}

int
limits_take(struct imgcache *ic, const struct imgcache_prune_options *o,
	    struct limits *l, struct imgcache_error *err)
{
	l->max_images = limit(ic, o->max_images, SETTING_MAX_IMAGES);
	l->max_age_s = limit(ic, o->max_age_s, SETTING_MAX_AGE);
	l->max_size = limit(ic, o->max_size_bytes, SETTING_MAX_SIZE);
	l->keep_last = limit(ic, o->keep_last, SETTING_KEEP_LAST);
	l->grace_s = limit(ic, o->grace_s, SETTING_GRACE);
	drop_hidden(ic, o, l);
	l->low_size = o->low_size_bytes >= 0 ? o->low_size_bytes :
		l->max_size / 10 * 8;
	if (o->after_arrival)
		l->max_size = 0;
	return ic->bad_project ? check_kept(ic, o, l, err) : 0;
}

int64_t
limits_cache_age(struct imgcache *ic, int64_t given)
{
	if (!is_hidden(ic, given, SETTING_MAX_AGE))
		return limit(ic, given, SETTING_MAX_AGE);
	session_warn(ic, "%s; how old a cache may be is not known, and none "
		     "is forgotten for its age", ic->bad_project);
	return 0;
}
