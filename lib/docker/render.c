/* SPDX-License-Identifier: MIT */
/*
 * Events as lines for people. Nothing in a line may steer a terminal: of the
 * control bytes only the tab stays, and a whole escape sequence goes, not only
 * its first byte.
 */

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "docker/progress.h"

/* The length of the escape sequence at s (ECMA-48: CSI, OSC, two bytes). */
static size_t
escape_length(const char *s)
{
	size_t n = 1;

	if (s[1] == '[') {
		n = 2 + strspn(s + 2, "0123456789:;<=>? !\"#$%&'()*+,-./");
		return s[n] ? n + 1 : n;
	}
	if (s[1] == ']') {
		n = 2 + strcspn(s + 2, "\a\033");
		return s[n] == '\a' ? n + 1 : n;
	}
	return s[1] ? 2 : 1;
}

static void
add_clean(struct buf *out, const char *s)
{
	while (*s) {
		unsigned char c = (unsigned char)*s;

		if (c == '\033') {
			s += escape_length(s);
			continue;
		}
		/* C1 controls are 0xc2 0x80 to 0xc2 0x9f in UTF-8. */
		if (c == 0xc2 && (unsigned char)s[1] >= 0x80 &&
		    (unsigned char)s[1] < 0xa0) {
			s += 2;
			continue;
		}
		if ((c >= 0x20 && c != 0x7f) || c == '\t')
			buf_addc(out, *s);
		s++;
	}
}

static void
add_seconds(struct buf *out, int digits, int64_t us)
{
	buf_addf(out, "%.*f", digits, (double)us / 1e6);
}

void
progress_add_line(struct buf *out, const struct progress_event *e)
{
	if (e->vertex && e->type != PROGRESS_WARNING)
		buf_addf(out, "#%d ", e->vertex);
	switch (e->type) {
	case PROGRESS_BEGIN:
		add_clean(out, e->name);
		break;
	case PROGRESS_CACHED:
		buf_adds(out, "CACHED");
		break;
	case PROGRESS_DONE:
		buf_adds(out, "DONE ");
		add_seconds(out, 1, e->elapsed_us);
		buf_addc(out, 's');
		break;
	case PROGRESS_FAILED:
		buf_adds(out, "ERROR: ");
		add_clean(out, e->text);
		break;
	case PROGRESS_OUTPUT:
		if (e->elapsed_us) {
			add_seconds(out, 3, e->elapsed_us);
			buf_addc(out, ' ');
		}
		add_clean(out, e->text);
		break;
	case PROGRESS_WARNING:
		buf_adds(out, "WARNING: ");
		add_clean(out, e->text);
		break;
	case PROGRESS_TICK:
		break;
	case PROGRESS_TEXT:
		add_clean(out, e->text);
		break;
	}
}

struct rendering {
	progress_line_fn *fn;
	void *payload;
	struct buf line;
};

static void
on_event(void *payload, const struct progress_event *e)
{
	struct rendering *r = payload;

	buf_clear(&r->line);
	progress_add_line(&r->line, e);
	r->fn(r->payload, r->line.data, r->line.len);
}

int
progress_render_log(int fd, progress_line_fn *fn, void *payload,
		    struct imgcache_error *err)
{
	struct rendering r = { fn, payload, BUF_INIT };
	struct progress *p = progress_new(on_event, &r);
	char data[32768];
	ssize_t n;
	int ret = 0;

	while ((n = read(fd, data, sizeof(data))) != 0) {
		if (n > 0) {
			progress_feed(p, data, (size_t)n);
		} else if (errno != EINTR) {
			ret = error_errno(err, IMGCACHE_EFAIL,
					  "cannot read the build log");
			break;
		}
	}
	progress_end(p);
	progress_free(p);
	buf_release(&r.line);
	return ret;
}
