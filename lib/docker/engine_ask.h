/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_DOCKER_ENGINE_ASK_H
#define IMGCACHE_DOCKER_ENGINE_ASK_H

/*
 * How questions get to the engine and answers come back: what engine*.c share
 * and nobody else sees. One answer is kept at a time.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "docker/engine.h"
#include "docker/http.h"

struct imgcache_error;
struct jsonr;
struct jsonr_node;

struct engine {
	struct engine_options o;
	struct http http;
	struct http ahead[ENGINE_AHEAD];	/* questions sent already */
	struct http_response response;
	struct jsonr *json;
	struct buf out, errs;		/* of the client */
	char *identity;
};

bool engine_has_socket(const struct engine *e);

/*
 * Put a question to the socket. 0 with the answer in e->response when the
 * status is below 400. Else the engine's own message is in err, and the code
 * is IMGCACHE_ENO for its 404, IMGCACHE_EBUSY for its 409, else unknown.
 */
int engine_http(struct engine *e, const struct http_request *q,
		struct imgcache_error *err);
int engine_get(struct engine *e, const char *target,
	       struct imgcache_error *err);

/*
 * The same through the client: `docker ARGS`, NULL-ended without "docker";
 * stdout is in e->out. Codes as above, told by what it printed. With deaf a
 * signal does not end it.
 */
struct engine_command {
	const char *const *args;
	int timeout_ms;
	bool deaf;
};

int engine_client(struct engine *e, const struct engine_command *c,
		  struct imgcache_error *err);

/* The answer's JSON, valid until the next; NULL with IMGCACHE_EUNKNOWN. */
const struct jsonr_node *engine_json(struct engine *e, const struct buf *text,
				     struct imgcache_error *err);

/* A JSON array of strings as a list in the arena, never NULL. */
const char *const *engine_list(struct arena *a, const struct jsonr_node *n);

/* A member as text in the arena, "" if it is not there. */
const char *engine_text(struct arena *a, const struct jsonr_node *n,
			const char *path);

/* An image was seen on this driver: the memo of another one is dropped. */
void engine_saw_driver(struct engine *e, const char *driver);

#endif
