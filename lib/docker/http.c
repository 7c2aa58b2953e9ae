/* SPDX-License-Identifier: MIT */
/*
 * The socket is non-blocking; every wait is a poll() on it and on the signal
 * pipe with what is left of the deadline. h->in holds what was read beyond
 * what was used, and is empty between two questions.
 */

#include "docker/http.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/strv.h"
#include "sys/clock.h"
#include "sys/signals.h"

#define MAX_HEAD (64u << 10)
#define READ_SIZE (32u << 10)
#define AHEAD_US 1000

/* One question under way. */
struct exchange {
	struct http *h;
	const struct http_request *request;
	struct http_response *response;
	int timeout_ms;
	int64_t deadline_us;
	size_t max_body;
	bool eof;
	bool is_chunked;
	bool closes;
	int64_t length;		/* of the body; -1: until the end */
};

void
http_close(struct http *h)
{
	if (h->fd >= 0)
		close(h->fd);
	h->fd = -1;
	free(h->ahead);
	h->ahead = NULL;
	buf_release(&h->in);
}

void
http_response_release(struct http_response *r)
{
	buf_release(&r->body);
	*r = (struct http_response)HTTP_RESPONSE_INIT;
}

static int
nonsense(struct exchange *x, const char *what,
	 struct imgcache_error *err)
{
	error_set(err, IMGCACHE_EUNKNOWN, "what answers at 'unix://%s' is not "
		  "docker: %s; check DOCKER_HOST", x->h->path, what);
	err->sys_errno = EPROTO;
	return err->code;
}

static int
cut_off(struct exchange *x, struct imgcache_error *err)
{
	error_set(err, IMGCACHE_EUNKNOWN, "docker at 'unix://%s' closed the "
		  "connection in the middle of an answer; is it restarting?",
		  x->h->path);
	err->sys_errno = ECONNRESET;
	return err->code;
}

static int
unreachable(const struct http *h, int errnum,
	    struct imgcache_error *err)
{
	const char *advice = "start the engine or set DOCKER_HOST";

	if (errnum == EACCES || errnum == EPERM)
		advice = "join the group that owns the socket, or use sudo";
	error_set(err, IMGCACHE_EUNKNOWN, "cannot reach docker at 'unix://%s': "
		  "%s; %s", h->path, strerror(errnum), advice);
	err->sys_errno = errnum;
	return err->code;
}

/* Wait until the socket is ready for events. */
static int
await(struct exchange *x, short events, struct imgcache_error *err)
{
	bool deaf = x->request->uninterruptible;
	struct pollfd p[2] = { { x->h->fd, events, 0 },
			       { deaf ? -1 : signals_fd(), POLLIN, 0 } };

	for (;;) {
		int64_t left_ms = (x->deadline_us - clock_mono_us()) / 1000;

		if (!deaf && signals_check(err))
			return err->code;
		if (left_ms <= 0)
			break;
		if (poll(p, 2, (int)left_ms + 1) < 0 && errno != EINTR)
			return unreachable(x->h, errno, err);
		if (p[0].revents)
			return 0;
	}
	error_set(err, IMGCACHE_EUNKNOWN, "docker at 'unix://%s' gave no "
		  "answer within %d s; restart the engine if it hangs",
		  x->h->path, (x->timeout_ms + 999) / 1000);
	err->sys_errno = ETIMEDOUT;
	return err->code;
}

/*
 * connect() on a unix socket is done at once or says EAGAIN when the daemon's
 * queue is full; then there is nothing to poll for.
 */
static int
connect_once(struct exchange *x, const struct sockaddr_un *addr,
	     struct imgcache_error *err)
{
	while (connect(x->h->fd, (const struct sockaddr *)addr,
		       sizeof(*addr))) {
		if (errno != EAGAIN && errno != EINTR)
			return unreachable(x->h, errno, err);
		if (!x->request->uninterruptible && signals_check(err))
			return err->code;
		if (clock_mono_us() > x->deadline_us)
			return unreachable(x->h, ETIMEDOUT, err);
		clock_sleep_ms(5);
	}
	return 0;
}

static int
open_socket(struct exchange *x, struct imgcache_error *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct http *h = x->h;

	if (h->fd >= 0)
		return 0;
	if (strlen(h->path) >= sizeof(addr.sun_path))
		return unreachable(h, ENAMETOOLONG, err);
	memcpy(addr.sun_path, h->path, strlen(h->path) + 1);
	h->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (h->fd < 0)
		return unreachable(h, errno, err);
	return connect_once(x, &addr, err);
}

/* A kept connection that the daemon has closed, or that has stray bytes. */
static bool
is_stale(const struct http *h)
{
	struct pollfd p = { h->fd, POLLIN, 0 };

	return h->fd >= 0 && (poll(&p, 1, 0) != 0 || h->in.len > 0);
}

static int
send_all(struct exchange *x, const struct buf *text,
	 struct imgcache_error *err)
{
	size_t done = 0;

	while (done < text->len) {
		ssize_t n = send(x->h->fd, text->data + done, text->len - done,
				 MSG_NOSIGNAL);

		if (n >= 0)
			done += (size_t)n;
		else if (errno == EPIPE || errno == ECONNRESET)
			return 0;	/* it may have answered before */
		else if (errno != EINTR && errno != EAGAIN)
			return unreachable(x->h, errno, err);
		else if (await(x, POLLOUT, err))
			return err->code;
	}
	return 0;
}

static int
send_request(struct exchange *x, struct imgcache_error *err)
{
	const struct http_request *q = x->request;
	struct buf text = BUF_INIT;
	int ret;

	buf_addf(&text, "%s %s HTTP/1.1\r\nHost: docker\r\n"
		 "User-Agent: imgcache\r\n", q->method, q->target);
	if (q->body)
		buf_addf(&text, "Content-Type: application/json\r\n"
			 "Content-Length: %zu\r\n", strlen(q->body));
	else if (str_is(q->method, "POST"))
		buf_adds(&text, "Content-Length: 0\r\n");
	buf_adds(&text, "\r\n");
	if (q->body)
		buf_adds(&text, q->body);
	ret = send_all(x, &text, err);
	buf_release(&text);
	return ret;
}

/* Some more bytes into h->in, or eof. */
static int
fill(struct exchange *x, struct imgcache_error *err)
{
	char part[READ_SIZE];
	ssize_t n;

	while ((n = recv(x->h->fd, part, sizeof(part), 0)) < 0) {
		if (errno == ECONNRESET)
			break;
		if (errno != EAGAIN && errno != EINTR)
			return unreachable(x->h, errno, err);
		if (await(x, POLLIN, err))
			return err->code;
	}
	if (n <= 0)
		x->eof = true;
	else
		buf_add(&x->h->in, part, (size_t)n);
	return 0;
}

static int
too_big(struct exchange *x, struct imgcache_error *err)
{
	error_set(err, IMGCACHE_EUNKNOWN, "docker at 'unix://%s' answered with "
		  "more than %zu MB to %s", x->h->path, x->max_body >> 20,
		  x->request->target);
	err->sys_errno = EFBIG;
	return err->code;
}

/* Move n bytes from the socket to the body. */
static int
take(struct exchange *x, size_t n, struct imgcache_error *err)
{
	struct buf *in = &x->h->in;

	if (n > x->max_body - x->response->body.len)
		return too_big(x, err);
	while (n) {
		size_t part = in->len < n ? in->len : n;

		buf_add(&x->response->body, in->data, part);
		buf_remove(in, 0, part);
		n -= part;
		if (!n)
			break;
		if (fill(x, err))
			return err->code;
		if (x->eof)
			return cut_off(x, err);
	}
	return 0;
}

/* One line into out, without its CRLF. */
static int
take_line(struct exchange *x, struct buf *out,
	  struct imgcache_error *err)
{
	struct buf *in = &x->h->in;
	char *end;

	while (!(end = memchr(in->data, '\n', in->len))) {
		if (in->len > MAX_HEAD)
			return nonsense(x, "a line without end", err);
		if (fill(x, err))
			return err->code;
		if (x->eof)
			return cut_off(x, err);
	}
	buf_clear(out);
	buf_add(out, in->data, (size_t)(end - in->data));
	buf_remove(in, 0, out->len + 1);
	if (out->len && out->data[out->len - 1] == '\r')
		buf_truncate(out, out->len - 1);
	return 0;
}

static int
take_chunks(struct exchange *x, struct imgcache_error *err)
{
	struct buf line = BUF_INIT;
	unsigned long long size;
	char *end;
	int ret;

	while (!(ret = take_line(x, &line, err))) {
		errno = 0;
		size = strtoull(line.data, &end, 16);
		if (!isxdigit((unsigned char)line.data[0]) || errno ||
		    (*end && !strchr("; \t", *end))) {
			ret = nonsense(x, "a malformed chunk", err);
			break;
		}
		if (!size)
			break;
		if (size > x->max_body) {
			ret = too_big(x, err);
			break;
		}
		ret = take(x, (size_t)size, err);
		if (!ret)
			ret = take_line(x, &line, err);
		if (ret)
			break;
		if (line.len) {
			ret = nonsense(x, "a chunk of another size", err);
			break;
		}
	}
	while (!ret && !(ret = take_line(x, &line, err)) && line.len)
		;
	buf_release(&line);
	return ret;
}

static int
take_rest(struct exchange *x, struct imgcache_error *err)
{
	int ret = 0;

	x->closes = true;
	while (!ret && !x->eof) {
		ret = take(x, x->h->in.len, err);
		if (!ret)
			ret = fill(x, err);
	}
	return ret ? ret : take(x, x->h->in.len, err);
}

static void
copy_word(char *out, size_t size, const char *value)
{
	snprintf(out, size, "%s", value);
	for (; *out; out++)
		if (!isprint((unsigned char)*out))
			*out = '?';
}

static int
use_header(struct exchange *x, char *line,
	   struct imgcache_error *err)
{
	char *value = strchr(line, ':');
	char *end;

	if (!value)
		return nonsense(x, "a malformed header", err);
	*value++ = '\0';
	value += strspn(value, " \t");
	if (!strcasecmp(line, "Content-Length")) {
		errno = 0;
		x->length = strtoll(value, &end, 10);
		if (errno || x->length < 0 || end == value ||
		    end[strspn(end, " \t")])
			return nonsense(x, "a malformed length", err);
	} else if (!strcasecmp(line, "Transfer-Encoding")) {
		x->is_chunked = strcasestr(value, "chunked") != NULL;
	} else if (!strcasecmp(line, "Connection")) {
		x->closes = strcasestr(value, "close") != NULL;
	} else if (!strcasecmp(line, "Server")) {
		copy_word(x->response->server, sizeof(x->response->server),
			  value);
	} else if (!strcasecmp(line, "Api-Version")) {
		copy_word(x->response->api, sizeof(x->response->api), value);
	}
	return 0;
}

/* "HTTP/1.1 200 OK" */
static int
use_status(struct exchange *x, const char *line,
	   struct imgcache_error *err)
{
	int major, minor, status;

	if (sscanf(line, "HTTP/%1d.%1d %3d", &major, &minor, &status) != 3 ||
	    major != 1 || status < 100 || status > 599)
		return nonsense(x, "not HTTP", err);
	x->response->status = status;
	x->closes = minor == 0;
	x->is_chunked = false;
	x->length = -1;
	return 0;
}

static int
take_head(struct exchange *x, struct imgcache_error *err)
{
	struct buf line = BUF_INIT;
	size_t total = 0;
	int ret = take_line(x, &line, err);

	if (!ret)
		ret = use_status(x, line.data, err);
	while (!ret && !(ret = take_line(x, &line, err)) && line.len) {
		total += line.len;
		if (total > MAX_HEAD)
			ret = nonsense(x, "headers without end", err);
		else
			ret = use_header(x, line.data, err);
	}
	buf_release(&line);
	return ret;
}

static int
take_body(struct exchange *x, struct imgcache_error *err)
{
	int status = x->response->status;

	if (str_is(x->request->method, "HEAD") || status == 204 ||
	    status == 304)
		return 0;
	if (x->is_chunked)
		return take_chunks(x, err);
	if (x->length < 0)
		return take_rest(x, err);
	if ((uint64_t)x->length > x->max_body)
		return too_big(x, err);
	return take(x, (size_t)x->length, err);
}

/*
 * One attempt on the connection that there is, or on a new one. *again is set
 * when the connection was an old one and ended before the first byte.
 */
static int
attempt(struct exchange *x, bool *again, struct imgcache_error *err)
{
	bool is_old = x->h->fd >= 0, is_sent = x->h->ahead != NULL;
	int ret;

	*again = false;
	x->eof = false;
	free(x->h->ahead);
	x->h->ahead = NULL;
	ret = open_socket(x, err);
	if (!ret && !is_sent)
		ret = send_request(x, err);
	if (!ret)
		ret = fill(x, err);
	if (ret)
		return ret;
	if (x->eof && is_old) {
		*again = true;
		return 0;
	}
	if (x->eof)
		return cut_off(x, err);
	do
		ret = take_head(x, err);
	while (!ret && x->response->status < 200);
	return ret ? ret : take_body(x, err);
}

bool
http_is_ahead(const struct http *h, const struct http_request *request)
{
	return h->ahead && str_is(request->method, "GET") &&
		str_is(request->target, h->ahead);
}

void
http_send_ahead(struct http *h, const char *target)
{
	struct http_request request = { .method = "GET", .target = target };
	struct exchange x = { .h = h, .request = &request, .timeout_ms = 1 };
	struct imgcache_error ignored = { 0 };

	x.deadline_us = clock_mono_us() + AHEAD_US;
	if (h->fd >= 0)
		return;
	if (open_socket(&x, &ignored) || send_request(&x, &ignored))
		http_close(h);
	else
		h->ahead = mem_strdup(target);
}

int
http_ask(struct http *h, const struct http_request *request,
	 struct http_response *response, struct imgcache_error *err)
{
	struct exchange x = { .h = h, .request = request,
			      .response = response };
	bool is_harmless = str_is(request->method, "GET") ||
		str_is(request->method, "HEAD");
	bool again;
	int ret;

	x.timeout_ms = request->timeout_ms ? request->timeout_ms
					   : HTTP_TIMEOUT_MS;
	x.deadline_us = clock_mono_us() + (int64_t)x.timeout_ms * 1000;
	x.max_body = request->max_body ? request->max_body : HTTP_MAX_BODY;
	buf_clear(&response->body);
	response->status = 0;
	response->server[0] = response->api[0] = '\0';
	if (h->ahead ? !http_is_ahead(h, request) : is_stale(h))
		http_close(h);
	ret = attempt(&x, &again, err);
	if (!ret && again) {
		http_close(h);
		ret = is_harmless ? attempt(&x, &again, err) : cut_off(&x, err);
	}
	if (ret || x.closes)
		http_close(h);
	return ret;
}
