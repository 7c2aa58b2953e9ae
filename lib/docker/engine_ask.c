/* SPDX-License-Identifier: MIT */
/*
 * The two ways to an engine. A "no" counts only if the engine says it itself:
 * a 404 must come with docker's message, a client's failure with its wording.
 */

#include "docker/engine_ask.h"

#include <assert.h>
#include <errno.h>

#include "base/error.h"
#include "base/strv.h"
#include "docker/failure.h"
#include "store/jsonr.h"
#include "sys/child.h"

#define MAX_OUTPUT (64u << 20)

bool
engine_has_socket(const struct engine *e)
{
	return e->o.endpoint->kind == ENDPOINT_UNIX;
}

/* "; what to do" */
static int
refuse(int code, const char *message, struct imgcache_error *err)
{
	const char *advice = docker_failure_advice(docker_failure_of(message));

	if (advice && code == IMGCACHE_EUNKNOWN)
		return error_set(err, code, "docker: %s; %s", message, advice);
	return error_set(err, code, "docker: %s", message);
}

static int
refuse_status(struct engine *e, struct imgcache_error *err)
{
	struct imgcache_error ignored = { 0 };
	const struct jsonr_node *doc;
	int status = e->response.status;
	const char *message;
	char line[400];

	doc = jsonr_parse(e->json, e->response.body.data, e->response.body.len,
			  &ignored);
	message = jsonr_string(doc, "/message", NULL);
	if (!message)
		return error_set(err, IMGCACHE_EUNKNOWN, "what answers at '%s' "
				 "is not docker: status %d; check DOCKER_HOST",
				 engine_endpoint(e), status);
	docker_failure_line(message, line, sizeof(line));
	return refuse(status == 404 ? IMGCACHE_ENO :
		      status == 409 ? IMGCACHE_EBUSY : IMGCACHE_EUNKNOWN,
		      line, err);
}

int
engine_http(struct engine *e, const struct http_request *q,
	    struct imgcache_error *err)
{
	struct http *h = &e->http;

	for (size_t i = 0; i < ENGINE_AHEAD; i++)
		if (http_is_ahead(&e->ahead[i], q))
			h = &e->ahead[i];
	if (http_ask(h, q, &e->response, err))
		return err->code;
	return e->response.status < 400 ? 0 : refuse_status(e, err);
}

int
engine_get(struct engine *e, const char *target,
	   struct imgcache_error *err)
{
	struct http_request q = { .method = "GET", .target = target,
				  .timeout_ms = e->o.ask_ms };

	return engine_http(e, &q, err);
}

static int
client_refused(struct engine *e, struct imgcache_error *err)
{
	char line[400];
	enum docker_failure f = docker_failure_of(e->errs.data);

	docker_failure_line(e->errs.data, line, sizeof(line));
	if (!line[0])
		return error_set(err, IMGCACHE_EUNKNOWN,
				 "the docker client failed and said nothing");
	if (f == DOCKER_NO_IMAGE || f == DOCKER_NO_CONTAINER)
		return refuse(IMGCACHE_ENO, line, err);
	return refuse(f == DOCKER_IN_USE ? IMGCACHE_EBUSY : IMGCACHE_EUNKNOWN,
		      line, err);
}

static int
run_client(struct engine *e, const struct engine_command *c,
	   const struct strv *argv, struct imgcache_error *err)
{
	struct child_options o = {
		.argv = (const char *const *)argv->v,
		.timeout_ms = c->timeout_ms,
		.own_group = true,
		.uninterruptible = c->deaf,
		.out = &e->out,
		.errs = &e->errs,
		.max_output = MAX_OUTPUT,
		.label = "docker"
	};
	struct child_result result;
	char how[64];
	int ret = child_run(&o, &result, err);

	if (ret == IMGCACHE_EFAIL) {
		err->code = IMGCACHE_EUNKNOWN;
		return err->code;
	}
	if (ret)
		return ret;
	if (result.end == CHILD_EXITED)
		return result.status ? client_refused(e, err) : 0;
	child_result_text(&result, how);
	return error_set(err, IMGCACHE_EUNKNOWN, "docker %s at '%s': %s",
			 c->args[0], engine_endpoint(e), how);
}

int
engine_client(struct engine *e, const struct engine_command *c,
	      struct imgcache_error *err)
{
	struct strv argv = { 0 };
	int ret;

	assert(c->args[0]);
	buf_clear(&e->out);
	buf_clear(&e->errs);
	strv_push(&argv, e->o.docker);
	for (size_t i = 0; c->args[i]; i++)
		strv_push(&argv, c->args[i]);
	ret = run_client(e, c, &argv, err);
	strv_release(&argv);
	return ret;
}

const struct jsonr_node *
engine_json(struct engine *e, const struct buf *text,
	    struct imgcache_error *err)
{
	const struct jsonr_node *doc = jsonr_parse(e->json, text->data,
						   text->len, err);

	if (doc)
		return doc;
	error_prefix(err, "docker at '%s' answered nonsense",
		     engine_endpoint(e));
	err->code = IMGCACHE_EUNKNOWN;
	return NULL;
}

const char *const *engine_list(struct arena *a, const struct jsonr_node *n)
{
	size_t n_max = n && n->type == JSONR_ARRAY ? n->n : 0, i = 0;
	const char **list = arena_alloc(a, (n_max + 1) * sizeof(*list));

	for (n = n_max ? n->child : NULL; n; n = n->next)
		if (n->type == JSONR_STRING)
			list[i++] = arena_strdup(a, n->text);
	return list;
}

const char *
engine_text(struct arena *a, const struct jsonr_node *n,
	    const char *path)
{
	return arena_strdup(a, jsonr_string(n, path, ""));
}
