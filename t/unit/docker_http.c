/* SPDX-License-Identifier: MIT */
#include "docker_server.h"

#include <errno.h>

#include "base/buf.h"
#include "docker/http.h"
#include "imgcache.h"

#define OK(headers, body) "HTTP/1.1 200 OK\r\n" headers "\r\n" body

static struct http h;
static struct http_response r;
static struct imgcache_error err;

static void
set_up(void)
{
	h = (struct http)HTTP_INIT;
	r = (struct http_response)HTTP_RESPONSE_INIT;
	h.path = server_path;
}

static void
tear_down(void)
{
	http_close(&h);
	http_response_release(&r);
	server_stop();
}

TestSuite(http, .init = set_up, .fini = tear_down);

static int
get(const char *target)
{
	struct http_request q = { .method = "GET", .target = target,
				  .timeout_ms = 2000, .max_body = 1 << 20 };

	err = (struct imgcache_error){ 0 };
	return http_ask(&h, &q, &r, &err);
}

static void
expect_body(const char *answer, const char *body)
{
	struct served rows[] = { { "GET / ", answer, true, 0, 0 },
				 { .request = NULL } };

	server_start(rows);
	cr_assert_eq(get("/"), 0, "%s", err.text);
	cr_expect_eq(r.status, 200);
	cr_expect_str_eq(r.body.data, body);
}

static void
expect_unknown(const char *answer, int errnum, const char *words)
{
	struct served rows[] = { { "GET / ", answer, true, 0, 0 },
				 { .request = NULL } };

	server_start(rows);
	cr_expect_eq(get("/"), IMGCACHE_EUNKNOWN);
	cr_expect_eq(err.sys_errno, errnum, "%d", err.sys_errno);
	cr_expect_not_null(strstr(err.text, words), "%s", err.text);
	cr_expect_eq(h.fd, -1);
}

Test(http, a_body_of_known_length)
{
	expect_body(OK("Content-Length: 5\r\n", "hello"), "hello");
}

Test(http, a_chunked_body)
{
	expect_body(OK("Transfer-Encoding: chunked\r\n",
		       "3\r\nhel\r\n2;ext=1\r\nlo\r\n0\r\nT: x\r\n\r\n"),
		    "hello");
}

Test(http, a_body_until_the_end)
{
	expect_body(OK("Connection: close\r\n", "hello"), "hello");
}

Test(http, an_interim_answer_is_passed_over)
{
	expect_body("HTTP/1.1 100 Continue\r\n\r\n"
		    OK("Content-Length: 2\r\n", "ok"), "ok");
}

Test(http, a_byte_at_a_time_is_fine)
{
	struct served rows[] = {
		{ "GET / ", OK("Transfer-Encoding: chunked\r\n",
			       "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"), false,
		  2000, 0 },
		{ .request = NULL }
	};

	server_start(rows);
	cr_assert_eq(get("/"), 0, "%s", err.text);
	cr_expect_str_eq(r.body.data, "hello");
}

Test(http, headers_that_tell_the_engine)
{
	struct served rows[] = {
		{ "GET / ", SERVED_JSON("404 Not Found", "2", "{}"), false, 0,
		  0 }, { .request = NULL }
	};

	server_start(rows);
	cr_assert_eq(get("/"), 0);
	cr_expect_eq(r.status, 404);
	cr_expect_str_eq(r.server, "Docker/26.1.5 (linux)");
	cr_expect_str_eq(r.api, "1.45");
}

Test(http, several_questions_share_a_connection)
{
	struct served rows[] = {
		{ "GET / ", OK("Content-Length: 1\r\n", "a"), false, 0, 0 },
		{ .request = NULL }
	};
	int fd;

	server_start(rows);
	cr_assert_eq(get("/"), 0);
	fd = h.fd;
	cr_expect_geq(fd, 0);
	cr_assert_eq(get("/"), 0);
	cr_expect_eq(h.fd, fd);
	cr_expect_str_eq(r.body.data, "a");
}

Test(http, a_connection_that_was_closed_is_made_anew)
{
	struct served rows[] = {
		{ "GET / ", OK("Content-Length: 1\r\n", "a"), true, 0, 0 },
		{ .request = NULL }
	};

	server_start(rows);
	for (int i = 0; i < 3; i++) {
		cr_assert_eq(get("/"), 0, "%s", err.text);
		usleep(20000);
	}
}

Test(http, no_answer_is_a_timeout)
{
	struct served rows[] = { { "GET / ", NULL, false, 0, 0 },
				 { .request = NULL } };
	struct http_request q = { .method = "GET", .target = "/",
				  .timeout_ms = 200 };

	server_start(rows);
	cr_expect_eq(http_ask(&h, &q, &r, &err), IMGCACHE_EUNKNOWN);
	cr_expect_eq(err.sys_errno, ETIMEDOUT);
	cr_expect_not_null(strstr(err.text, "no answer within"));
}

Test(http, a_drip_does_not_outlive_the_deadline)
{
	struct served rows[] = {
		{ "GET / ", OK("Content-Length: 99\r\n", "slowly comes it"),
		  false, 50000, 0 },
		{ .request = NULL }
	};
	struct http_request q = { .method = "GET", .target = "/",
				  .timeout_ms = 300 };

	server_start(rows);
	cr_expect_eq(http_ask(&h, &q, &r, &err), IMGCACHE_EUNKNOWN);
	cr_expect_eq(err.sys_errno, ETIMEDOUT);
}

Test(http, an_answer_that_is_cut_off)
{
	expect_unknown(OK("Content-Length: 9\r\n", "hello"), ECONNRESET,
		       "closed the connection");
}

Test(http, chunks_that_are_cut_off)
{
	expect_unknown(OK("Transfer-Encoding: chunked\r\n", "5\r\nhel"),
		       ECONNRESET, "closed the connection");
}

Test(http, a_line_closed_without_a_word)
{
	expect_unknown("", ECONNRESET, "closed the connection");
}

Test(http, what_is_not_http)
{
	expect_unknown("<html>what?\r\n\r\n", EPROTO, "not docker");
}

Test(http, a_status_that_is_none)
{
	expect_unknown("HTTP/1.1 9 X\r\n\r\n", EPROTO, "not docker");
}

Test(http, a_chunk_size_that_is_none)
{
	expect_unknown(OK("Transfer-Encoding: chunked\r\n", "zz\r\n"), EPROTO,
		       "not docker");
}

Test(http, a_length_that_is_none)
{
	expect_unknown(OK("Content-Length: -1\r\n", ""), EPROTO,
		       "not docker");
}

Test(http, a_header_that_is_none)
{
	expect_unknown(OK("nonsense\r\n", ""), EPROTO, "not docker");
}

Test(http, an_announced_size_beyond_the_limit_is_not_read)
{
	expect_unknown(OK("Content-Length: 104857600\r\n", ""), EFBIG,
		       "more than");
}

Test(http, an_unannounced_size_beyond_the_limit_is_not_kept)
{
	struct served rows[] = {
		{ "GET / ", OK("Connection: close\r\n", ""), true, 0,
		  8 << 20 },
		{ .request = NULL }
	};

	server_start(rows);
	cr_expect_eq(get("/"), IMGCACHE_EUNKNOWN);
	cr_expect_eq(err.sys_errno, EFBIG);
}

Test(http, headers_without_end_are_left)
{
	struct served rows[] = {
		{ "GET / ", "HTTP/1.1 200 OK\r\nX: ", true, 0, 1 << 20 },
		{ .request = NULL }
	};

	server_start(rows);
	cr_expect_eq(get("/"), IMGCACHE_EUNKNOWN);
	cr_expect_eq(err.sys_errno, EPROTO);
}

Test(http, nobody_there)
{
	h.path = "/nonexistent/docker.sock";
	cr_expect_eq(get("/"), IMGCACHE_EUNKNOWN);
	cr_expect_eq(err.sys_errno, ENOENT);
	cr_expect_not_null(strstr(err.text, "start the engine"));
}

Test(http, a_path_too_long_for_a_socket)
{
	char path[200];

	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	h.path = path;
	cr_expect_eq(get("/"), IMGCACHE_EUNKNOWN);
	cr_expect_eq(err.sys_errno, ENAMETOOLONG);
}

Test(http, names_are_encoded)
{
	struct buf b = BUF_INIT;

	http_add_path(&b, "localhost/a:b@c d?#%\n");
	cr_expect_str_eq(b.data, "localhost/a:b@c%20d%3F%23%25%0A");
	buf_clear(&b);
	http_add_query(&b, "{\"a\":[\"b/c\"]}");
	cr_expect_str_eq(b.data,
			 "%7B%22a%22%3A%5B%22b%2Fc%22%5D%7D");
	buf_release(&b);
}
