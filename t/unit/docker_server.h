/* SPDX-License-Identifier: MIT */
#ifndef UNIT_DOCKER_SERVER_H
#define UNIT_DOCKER_SERVER_H

/*
 * A server on a unix socket in a process of its own, for the tests of the HTTP
 * client and the engine. It answers each request with the bytes of the first
 * row whose text begins it, and closes where the row says so.
 */

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

struct served {
	const char *request;	/* "GET /info " */
	const char *answer;	/* whole, with its head; NULL: nothing, ever */
	bool then_close;
	unsigned int slow_us;	/* between any two bytes */
	unsigned int fill;	/* that many more bytes of 'x' */
};

static char server_path[64];
static pid_t server_pid;

static void server_send(int fd, const struct served *row)
{
	size_t len = strlen(row->answer), n;

	for (size_t i = 0; i < len; i += n) {
		n = row->slow_us ? 1 : len - i;
		if (send(fd, row->answer + i, n, MSG_NOSIGNAL) < 0)
			_exit(0);
		usleep(row->slow_us);
	}
	for (unsigned int i = 0; i < row->fill; i += 4096) {
		char x[4096];

		memset(x, 'x', sizeof(x));
		if (send(fd, x, sizeof(x), MSG_NOSIGNAL) < 0)
			_exit(0);
	}
}

static void server_talk(int fd, const struct served *rows)
{
	char text[8192] = "";
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, text + len, sizeof(text) - 1 - len)) > 0) {
		len += (size_t)n;
		text[len] = '\0';
		if (!strstr(text, "\r\n\r\n"))
			continue;
		while (rows->request && strncmp(text, rows->request,
						strlen(rows->request)))
			rows++;
		if (!rows->request)
			_exit(1);
		if (!rows->answer)
			pause();
		server_send(fd, rows);
		if (rows->then_close)
			_exit(0);
		len = 0;
	}
	_exit(0);
}

/* Rows end with a request of NULL; each connection starts at the first. */
static inline void server_start(const struct served *rows)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(server_path, sizeof(server_path), "/tmp/imgcache-http-%ld",
		 (long)getpid());
	unlink(server_path);
	strcpy(addr.sun_path, server_path);
	cr_assert_eq(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	cr_assert_eq(listen(fd, 8), 0);
	server_pid = fork();
	if (!server_pid) {
		signal(SIGCHLD, SIG_IGN);
		for (;;) {
			int client = accept(fd, NULL, NULL);

			if (!fork())
				server_talk(client, rows);
			close(client);
		}
	}
	close(fd);
}

static inline void server_stop(void)
{
	if (server_pid > 0) {
		kill(server_pid, SIGKILL);
		waitpid(server_pid, NULL, 0);
	}
	unlink(server_path);
}

#define SERVED_JSON(status, length, body) \
	"HTTP/1.1 " status "\r\nApi-Version: 1.45\r\n" \
	"Server: Docker/26.1.5 (linux)\r\nContent-Length: " length \
	"\r\n\r\n" body

#endif
