/* SPDX-License-Identifier: MIT */
#include "builder/turn.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/strv.h"
#include "builder/builder.h"
#include "recipe/expand.h"
#include "session/session.h"
#include "store/builds.h"

/* "pid 8 on vm: build" as what comes after "waiting for". */
static char *
describe_owner(const char *owner)
{
	const char *what = strstr(owner, ": ");
	int len = what ? (int)(what - owner) : 0;

	if (!what)
		return mem_strdup("another process");
	what += 2;
	if (str_ends(owner, " (gone)"))
		return mem_printf("docker, which goes on with what %.*s, which "
				  "has ended, began", len, owner);
	return mem_printf("%.*s, which %s it", len, owner,
			  str_starts(what, "build") ? "builds" :
			  str_starts(what, "pull") ? "pulls" :
			  str_starts(what, "push") ? "pushes" : "looks at");
}

static void
say_waiting(struct inputs *in, const char *path)
{
	struct imgcache_event e = {
		.type = IMGCACHE_WAITING,
		.name = in->r->recipe->name,
		.ref = in->ref,
	};
	char owner[256], *text;

	lock_owner(path, owner, sizeof(owner));
	text = describe_owner(owner);
	e.text = text;
	session_event(in->ic, &e);
	free(text);
}

/* At most one is added to the list; none where nothing is recorded. */
static int
last_build(struct inputs *in, struct build_list *list,
	   struct imgcache_error *err)
{
	struct build_filter last = { .tag = in->tag, .limit = 1 };

	if (session_is_disabled(in->ic))
		return 0;
	if (session_catalog(in->ic, CATALOG_READ, err) ||
	    session_engine_name(in->ic, &last.engine, err))
		return err->code;
	return builds_list(in->ic->catalog, &last, list, err);
}

static int
note_ended(struct turn *t, struct inputs *in, struct imgcache_error *err)
{
	struct build_list list = {0};
	int ret = last_build(in, &list, err);

	if (!ret && list.n)
		t->ended = list.v[0].id - (list.v[0].status == BUILD_RUNNING);
	build_list_release(&list);
	return ret;
}

int
turn_take(struct turn *t, struct inputs *in, const char *what,
	  struct imgcache_error *err)
{
	const char *dir;
	char *path;
	int ret = session_state_dir(in->ic, "locks", &dir, err);

	/* before the first try: the other may end between that and a look */
	if (!ret)
		ret = note_ended(t, in, err);
	if (ret)
		return ret;
	path = mem_printf("%s/%s", dir, in->tag);
	ret = lock_take(&t->lock, path, LOCK_EXCLUSIVE, 0, what, err);
	if (ret == IMGCACHE_EBUSY) {
		error_clear(err);
		t->waited = true;
		say_waiting(in, path);
		ret = lock_take(&t->lock, path, LOCK_EXCLUSIVE, -1, what, err);
	}
	free(path);
	return ret;
}

/* What docker, its builder and the steps take from the environment. */
static bool
has_own_environment(const struct inputs *in)
{
	static const char *const names[] = {
		"BUILDX_BUILDER", "BUILDX_CONFIG", "BUILDKIT_HOST",
		"DOCKER_CONFIG", "EXPERIMENTAL_BUILDKIT_SOURCE_POLICY",
		"http_proxy", "https_proxy", "ftp_proxy", "all_proxy",
		"no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY",
		"ALL_PROXY", "NO_PROXY", "NODE_EXTRA_CA_CERTS",
		"SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
		"PIP_CERT", "PIP_CONFIG_FILE", "NPM_CONFIG_USERCONFIG",
		"npm_config_userconfig",
	};
	const char *value;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		value = expand_get(&in->ic->env, names[i]);
		if (value && *value)
			return true;
	}
	return false;
}

static bool
has_any(const char *const *list)
{
	return list && *list;
}

bool
turn_has_own_means(const struct inputs *in,
		   const struct imgcache_build_options *o)
{
	const struct recipe *q = in->r->recipe;

	return q->secrets.n || q->ssh.n || (q->ca_bundle && *q->ca_bundle) ||
		has_any(o->allow) || has_any(o->ulimits) ||
		has_any(o->cache_from) || has_any(o->cache_to) ||
		has_any(o->no_cache_filter) || o->rebuild || o->no_layers ||
		o->builder || o->cgroup_parent || o->shm_size ||
		has_own_environment(in);
}

int
turn_failure(const struct turn *t, struct inputs *in,
	     const struct imgcache_build_options *o,
	     struct imgcache_answer *a, struct imgcache_error *err)
{
	struct build_list list = {0};
	const struct build_row *b;
	int ret = 0;

	if (!t->waited || turn_has_own_means(in, o))
		return 0;
	ret = last_build(in, &list, err);
	b = list.n ? list.v : NULL;
	if (ret || !b || b->id <= t->ended || b->status != BUILD_FAILED ||
	    b->exit_status < 0 || !b->error)
		goto out;
	a->log = arena_strdup(&in->ic->arena, b->log_path);
	ret = error_set(err, IMGCACHE_EBUILD, "%s", b->error);
	builder_name_log(in, b->image ? NULL : b->log_path, err);
out:
	build_list_release(&list);
	return ret;
}

void
turn_end(struct turn *t)
{
	lock_release(&t->lock);
}
