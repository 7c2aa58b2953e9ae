/* SPDX-License-Identifier: MIT */
/* What changes something on the engine: remove, tag, stop. Never forced. */

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/strv.h"
#include "docker/engine_ask.h"
#include "store/jsonr.h"

/* [{"Untagged":"…"},{"Deleted":"sha256:…"}] */
static int
remove_socket(struct engine *e, const char *ref, bool *deleted,
	      struct imgcache_error *err)
{
	struct http_request q = { .method = "DELETE",
				  .timeout_ms = e->o.remove_ms };
	const struct jsonr_node *doc = NULL;
	struct buf target = BUF_INIT;
	int ret;

	buf_adds(&target, "/images/");
	http_add_path(&target, ref);
	q.target = target.data;
	ret = engine_http(e, &q, err);
	buf_release(&target);
	if (ret)
		return ret;
	doc = engine_json(e, &e->response.body, err);
	if (!doc)
		return err->code;
	for (doc = doc->child; doc; doc = doc->next)
		if (jsonr_member(doc, "Deleted"))
			*deleted = true;
	return 0;
}

static int
remove_client(struct engine *e, const char *ref, bool *deleted,
	      struct imgcache_error *err)
{
	const char *const args[] = { "image", "rm", "--", ref, NULL };
	struct engine_command c = { args, e->o.remove_ms, false };
	int ret = engine_client(e, &c, err);

	*deleted = !ret && strstr(e->out.data, "Deleted: ");
	return ret;
}

int
engine_remove(struct engine *e, const char *ref, enum engine_removed *out,
	      char **why, struct imgcache_error *err)
{
	bool deleted = false;
	int ret = engine_has_socket(e) ? remove_socket(e, ref, &deleted, err)
				       : remove_client(e, ref, &deleted, err);

	if (why)
		*why = NULL;
	*out = deleted ? ENGINE_REMOVED : ENGINE_UNTAGGED;
	if (ret != IMGCACHE_ENO && ret != IMGCACHE_EBUSY)
		return ret;
	*out = ret == IMGCACHE_ENO ? ENGINE_GONE : ENGINE_IN_USE;
	if (why && ret == IMGCACHE_EBUSY)
		*why = mem_strdup(err->text);
	error_clear(err);
	return 0;
}

/* The colon that begins the tag, or the end. */
static const char *
tag_of(const char *ref)
{
	const char *slash = strrchr(ref, '/');
	const char *colon = strchr(slash ? slash : ref, ':');

	return colon ? colon : ref + strlen(ref);
}

static int
tag_socket(struct engine *e, const char *id, const char *ref,
	   struct imgcache_error *err)
{
	struct http_request q = { .method = "POST",
				  .timeout_ms = e->o.ask_ms };
	const char *colon = tag_of(ref);
	char *repo = mem_strndup(ref, (size_t)(colon - ref));
	struct buf target = BUF_INIT;
	int ret;

	buf_adds(&target, "/images/");
	http_add_path(&target, id);
	buf_adds(&target, "/tag?repo=");
	http_add_query(&target, repo);
	buf_adds(&target, "&tag=");
	http_add_query(&target, *colon ? colon + 1 : "latest");
	q.target = target.data;
	ret = engine_http(e, &q, err);
	buf_release(&target);
	free(repo);
	return ret;
}

static int
tag_client(struct engine *e, const char *id, const char *ref,
	   struct imgcache_error *err)
{
	const char *const args[] = { "image", "tag", "--", id, ref, NULL };
	struct engine_command c = { args, e->o.ask_ms, false };

	return engine_client(e, &c, err);
}

/* An answer that this question does not have is an unknown one. */
static int
no_conflict(int ret, struct imgcache_error *err)
{
	if (ret == IMGCACHE_EBUSY)
		ret = err->code = IMGCACHE_EUNKNOWN;
	return ret;
}

int
engine_tag(struct engine *e, const char *id, const char *ref,
	   struct imgcache_error *err)
{
	int ret = engine_has_socket(e) ? tag_socket(e, id, ref, err)
				       : tag_client(e, id, ref, err);

	return no_conflict(ret, err);
}

static int
stop_socket(struct engine *e, const char *id, int grace_s,
	    struct imgcache_error *err)
{
	struct http_request q = {
		.method = "POST",
		.timeout_ms = e->o.remove_ms + grace_s * 1000,
		.uninterruptible = true
	};
	struct buf target = BUF_INIT;
	int ret;

	buf_adds(&target, "/containers/");
	http_add_path(&target, id);
	buf_addf(&target, "/stop?t=%d", grace_s);
	q.target = target.data;
	ret = engine_http(e, &q, err);
	buf_release(&target);
	return ret;
}

static int
stop_client(struct engine *e, const char *id, int grace_s,
	    struct imgcache_error *err)
{
	char *grace = mem_printf("%d", grace_s);
	const char *const args[] = { "container", "stop", "-t", grace, "--",
				     id, NULL };
	struct engine_command c = { args, e->o.remove_ms + grace_s * 1000,
				    true };
	int ret = engine_client(e, &c, err);

	free(grace);
	return ret;
}

int
engine_stop(struct engine *e, const char *id, int grace_s,
	    struct imgcache_error *err)
{
	int ret = engine_has_socket(e) ? stop_socket(e, id, grace_s, err)
				       : stop_client(e, id, grace_s, err);

	return no_conflict(ret, err);
}
