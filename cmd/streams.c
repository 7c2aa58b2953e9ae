/* SPDX-License-Identifier: MIT */
#include "streams.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "text.h"

void
complain(const char *fmt, ...)
{
	char text[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fputs("imgcache: ", stderr);
	text_put(stderr, text);
	fputc('\n', stderr);
	fflush(stderr);
}

int
fail(struct imgcache_error *err, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	err->code = code;
	return code;
}

/*
 * A descriptor that is closed when we start would become that of the first
 * file we open, the catalog say, and what we print would end up in it. It is
 * opened here for the other direction, so that using it fails.
 */
void
streams_begin(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd < 2);
	if (fd > 2)
		close(fd);
	setvbuf(stderr, NULL, _IOLBF, BUFSIZ);
}

/*
 * Without a reader for stdout we end as others do, by SIGPIPE, unless whoever
 * started us had it ignored.
 */
static void
end_by_sigpipe(void)
{
	signal(SIGPIPE, SIG_DFL);
	raise(SIGPIPE);
}

static int output_errno;

void
flush_output(void)
{
	if (fflush(stdout) && !output_errno)
		output_errno = errno;
}

int
streams_end(int status, bool pipe_ignored)
{
	bool failed;

	flush_output();
	failed = ferror(stdout);
	if (fclose(stdout)) {
		failed = true;
		output_errno = output_errno ? output_errno : errno;
	}
	if (!failed)
		return status;
	if (output_errno == EPIPE && !pipe_ignored)
		end_by_sigpipe();
	complain("cannot write the output%s%s", output_errno ? ": " : "",
		 output_errno ? strerror(output_errno) : "");
	return EXIT_FATAL;
}
