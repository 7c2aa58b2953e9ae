/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_DOCKER_HTTP_H
#define IMGCACHE_DOCKER_HTTP_H

/*
 * Questions to a daemon in HTTP/1.1 over a unix socket (RFC 9112): one request
 * at a time, Content-Length, chunked and until-close bodies, no TLS and no
 * redirects. The connection stays open for the next question; if the daemon
 * has closed it meanwhile, a question that changes nothing is put once more on
 * a new one.
 *
 *	struct http h = HTTP_INIT;
 *	h.path = "/run/docker.sock";
 *	http_ask(&h, &request, &response, err);
 *	http_close(&h);
 */

#include <stdbool.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct imgcache_error;

#define HTTP_TIMEOUT_MS 10000
#define HTTP_MAX_BODY (64u << 20)

struct http {
	const char *path;	/* the socket's; borrowed */
	int fd;			/* -1: not connected */
	char *ahead;		/* GET that was sent and not yet asked for */
	struct buf in;		/* read, not yet used */
};

#define HTTP_INIT { NULL, -1, NULL, BUF_INIT }

struct http_request {
	const char *method;	/* "GET", "POST", "DELETE", "HEAD" */
	const char *target;	/* path and query, percent-encoded */
	const char *body;	/* JSON, or NULL */
	int timeout_ms;		/* for all of it; 0: HTTP_TIMEOUT_MS */
	size_t max_body;	/* bigger is a failure; 0: HTTP_MAX_BODY */
	bool uninterruptible;	/* clean-up after a signal: only the deadline
				 * ends it */
};

struct http_response {
	int status;		/* 200, 404, ... */
	struct buf body;
	char server[64];	/* the Server header, "" if none */
	char api[16];		/* docker's Api-Version header, "" if none */
};

#define HTTP_RESPONSE_INIT { 0, BUF_INIT, "", "" }

/*
 * Any complete answer is success, a 404 or 500 too. Otherwise the connection
 * is closed and: IMGCACHE_EUNKNOWN when there was no answer (no such socket, no
 * permission, refused, timeout, cut off, nonsense; err says which and
 * err->sys_errno keeps the errno, ETIMEDOUT, EPROTO), IMGCACHE_EINTR when a
 * signal came. The response is cleared first and may be used again and again;
 * the caller releases it.
 */
int http_ask(struct http *h, const struct http_request *request,
	     struct http_response *response, struct imgcache_error *err);

/*
 * Send a GET now whose answer will be asked for later, by an http_ask() of the
 * same target, so that the daemon works while we do. Asking anything else
 * drops it. Best effort, on a connection of its own: an h that is open is left
 * alone, and what goes wrong shows when it is asked for.
 */
void http_send_ahead(struct http *h, const char *target);
bool http_is_ahead(const struct http *h, const struct http_request *request);

void http_response_release(struct http_response *r);
void http_close(struct http *h);

/* Append s so that it can stand in a path: all but A-Za-z0-9-._~/:@ as %XX. */
void http_add_path(struct buf *out, const char *s);

/* The same for a value in a query: / : @ are encoded too. */
void http_add_query(struct buf *out, const char *s);

#endif
