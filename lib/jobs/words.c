/* SPDX-License-Identifier: MIT */
#include "jobs/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strv.h"
#include "builder/ensure.h"
#include "session/registries.h"
#include "store/images.h"

void
words_log(const struct imgcache_event *e, const char *own_ref)
{
	static const char *const what[] = {
		[IMGCACHE_WARNING] = "warning: ",
		[IMGCACHE_WAITING] = "waiting for ",
		[IMGCACHE_BUILD_BEGIN] = "building: ",
		[IMGCACHE_PULL_BEGIN] = "pulling from: ",
		[IMGCACHE_PUSH_BEGIN] = "pushing to: ",
		[IMGCACHE_TICK] = NULL,
	};

	if (what[e->type])
		dprintf(STDERR_FILENO, "%s%s%s%s\n", e->name ? e->name : "",
			e->name ? ": " : "", what[e->type],
			e->text ? e->text : "");
	if (e->type == IMGCACHE_BUILD_BEGIN && str_is(e->ref, own_ref))
		dprintf(STDERR_FILENO, "\n");
}

const char *
words_doing(const struct imgcache_recipe *r,
	    const struct imgcache_build_options *o, enum imgcache_state state)
{
	struct strv repositories = {0};
	const char *what = "building";

	if (ensure_bypassed(r->ic, o))
		return what;
	if (state == IMGCACHE_HIT)
		return "pushing";
	registries_to_read(r->ic, r->recipe, &repositories);
	if (repositories.n)
		what = NULL;
	strv_release(&repositories);
	return what;
}

void
words_started(struct imgcache *ic, const struct imgcache_answer *a,
	      const char *tag, const char *doing)
{
	struct imgcache_event e = {
		.type = IMGCACHE_STARTED, .name = a->name, .ref = a->ref,
		.doing = doing
	};
	char id[13];

	image_short_id(tag, id);
	e.text = id;
	session_event(ic, &e);
}

void
words_cut_log(const struct imgcache_recipe *r, const char *tag, char *text)
{
	const char *name = r->recipe->name;
	char id[13], *end;

	image_short_id(tag, id);
	end = mem_printf("; see imgcache log %.200s", name ? name : id);
	if (str_ends(text, end))
		text[strlen(text) - strlen(end)] = '\0';
	free(end);
}
