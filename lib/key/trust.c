/* SPDX-License-Identifier: MIT */
#include "key/trust.h"

#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "recipe/grammar.h"
#include "session/registries.h"

static bool
is_wanted(const struct imgcache *ic)
{
	const char *set = settings_text(&ic->settings, SETTING_PUSH);

	return !strcmp(set, "always") ||
		(!strcmp(set, "ci") && session_is_ci(ic));
}

bool
trust_may_write(const struct inputs *in, const char *ref)
{
	const char *set = settings_text(&in->ic->settings, SETTING_REGISTRY);

	return !session_is_untrusted(in->ic) ||
		(!registries_is_trusted(in->ic, in->r->recipe, ref) &&
		 !(set && *set && ref_is_same_repository(set, ref)));
}

const char *
trust_cache_home(const struct inputs *in, bool writes,
		 struct imgcache_error *err)
{
	const struct settings *set = &in->ic->settings;
	const char *own = settings_text(set, SETTING_REGISTRY);

	if (!own || !*own) {
		error_set(err, IMGCACHE_EFAIL, "a cache type=registry wants "
			  "ref=REPOSITORY, or the setting 'registry'");
		return NULL;
	}
	if (!writes || trust_may_write(in, own))
		return own;
	own = settings_text(set, SETTING_REGISTRY_UNTRUSTED);
	if (own && *own && trust_may_write(in, own))
		return own;
	session_warn(in->ic, "the registry cache is not written: an untrusted "
		     "build writes to no trusted repository; set "
		     "registry_untrusted, or untrusted to false");
	return NULL;
}

/* Why it cannot be pushed, and what to set; NULL if it can. */
static const char *
obstacle(struct inputs *in)
{
	const struct settings *s = &in->ic->settings;
	const char *untrusted = settings_text(s, SETTING_REGISTRY_UNTRUSTED);

	if (settings_is_final(s, SETTING_PUSH))
		return arena_printf(&in->ic->arena, "'push' is 'never' in %s, "
				    "and that is final; change it there",
				    settings_origin(s, SETTING_PUSH));
	if (!strcmp(registries_home(in->ic, in->r->recipe), OUR_REPOSITORY))
		return "there is no registry; set registry, or give "
			"--registry HOST/PATH";
	if (session_is_untrusted(in->ic)) {
		if (!untrusted)
			return "an untrusted build writes to no trusted "
				"repository; set registry_untrusted, or "
				"untrusted to false";
		if (!trust_may_write(in, untrusted))
			return "registry_untrusted is a repository that "
				"trusted builds read; set it to another one";
	}
	if (in->hash != HASH_GIT)
		return "its key is an xxh3 hash, which can be forged and so "
			"never leaves the machine; set hash to git";
	if (inputs_are_forgeable(in))
		return "it is built from an image whose key is an xxh3 hash, "
			"which can be forged and so never leaves the machine; "
			"set hash of that one to git";
	return NULL;
}

int
trust_decide(struct inputs *in, bool asked, bool *push,
	     struct imgcache_error *err)
{
	const char *name = in->r->recipe->name;
	const char *why;

	*push = false;
	if (!asked && !is_wanted(in->ic))
		return 0;
	why = obstacle(in);
	*push = !why;
	if (!why)
		return 0;
	if (asked)
		return error_set(err, IMGCACHE_EFAIL, "cannot push '%s': %s",
				 name ? name : in->tag, why);
	session_warn(in->ic, "'%s' is not pushed: %s", name ? name : in->tag,
		     why);
	return 0;
}
