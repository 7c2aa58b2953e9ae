/* SPDX-License-Identifier: MIT */
/*
 * The handle, and what names the engine. The memo is a file of three lines:
 * endpoint, token, identity; another endpoint or token makes it void. It is
 * written without fsync: losing it costs one question.
 */

#include "docker/engine.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/strv.h"
#include "docker/engine_ask.h"
#include "store/jsonr.h"
#include "sys/clock.h"
#include "sys/file.h"

#define MEMO_LASTS_S 3600	/* where there is no socket to look at */
#define MEMO_MAX 4096

struct engine *
engine_new(const struct engine_options *o)
{
	struct engine *e = mem_alloc(sizeof(*e));

	e->o = *o;
	if (!e->o.docker)
		e->o.docker = "docker";
	if (!e->o.ask_ms)
		e->o.ask_ms = ENGINE_ASK_MS;
	if (!e->o.remove_ms)
		e->o.remove_ms = ENGINE_REMOVE_MS;
	e->http = (struct http)HTTP_INIT;
	e->http.path = o->endpoint->path;
	for (size_t i = 0; i < ENGINE_AHEAD; i++)
		e->ahead[i] = e->http;
	e->response = (struct http_response)HTTP_RESPONSE_INIT;
	e->json = jsonr_new();
	e->out = e->errs = (struct buf)BUF_INIT;
	return e;
}

void
engine_free(struct engine *e)
{
	if (!e)
		return;
	http_close(&e->http);
	for (size_t i = 0; i < ENGINE_AHEAD; i++)
		http_close(&e->ahead[i]);
	http_response_release(&e->response);
	jsonr_free(e->json);
	buf_release(&e->out);
	buf_release(&e->errs);
	free(e->identity);
	free(e);
}

const char *
engine_endpoint(const struct engine *e)
{
	return e->o.endpoint->text;
}

/* FNV-1a, 64 bit: a file's name, nothing that must not collide. */
static char *
memo_path(const struct engine *e)
{
	uint64_t h = 0xcbf29ce484222325;

	if (!e->o.memo_dir)
		return NULL;
	for (const char *p = engine_endpoint(e); *p; p++)
		h = (h ^ (unsigned char)*p) * 0x100000001b3;
	return mem_printf("%s/engine-%016" PRIx64, e->o.memo_dir, h);
}

/* What must be unchanged for the memo to hold; false: cannot be known. */
static bool
token_now(const struct engine *e, struct buf *out)
{
	struct stat st;

	if (!engine_has_socket(e)) {
		buf_addf(out, "%" PRId64, clock_now_s() / MEMO_LASTS_S);
		return true;
	}
	if (stat(e->o.endpoint->path, &st))
		return false;
	buf_addf(out, "%llx:%llx:%lld.%09ld", (unsigned long long)st.st_dev,
		 (unsigned long long)st.st_ino, (long long)st.st_ctim.tv_sec,
		 st.st_ctim.tv_nsec);
	return true;
}

/* Everything before the last line must be these bytes. */
static void
memo_head(const struct engine *e, const char *token,
	  struct buf *out)
{
	buf_add_cquoted(out, engine_endpoint(e), strlen(engine_endpoint(e)));
	buf_addf(out, "\n%s\n", token);
}

static char *
read_memo(const struct engine *e, const char *token)
{
	struct imgcache_error ignored = { 0 };
	struct buf head = BUF_INIT, text = BUF_INIT;
	char *path = memo_path(e), *identity = NULL;

	memo_head(e, token, &head);
	if (path && !file_read(AT_FDCWD, path, MEMO_MAX, &text, &ignored) &&
	    str_starts(text.data, head.data) &&
	    text.data[text.len - 1] == '\n' && text.len > head.len + 1)
		identity = mem_strndup(text.data + head.len,
				       text.len - head.len - 1);
	free(path);
	buf_release(&head);
	buf_release(&text);
	return identity;
}

static void
write_memo(const struct engine *e, const char *token)
{
	struct imgcache_error ignored = { 0 };
	struct buf text = BUF_INIT;
	char *path = memo_path(e);

	if (path) {
		memo_head(e, token, &text);
		buf_addf(&text, "%s\n", e->identity);
		file_replace(AT_FDCWD, path, text.data, text.len, 0600, false,
			     &ignored);
	}
	free(path);
	buf_release(&text);
}

static int
ask_identity(struct engine *e, struct imgcache_error *err)
{
	struct engine_info info = { 0 };
	int ret = engine_info(e, &info, err);

	if (!ret && !*info.id)
		ret = error_set(err, IMGCACHE_EUNKNOWN,
				"docker at '%s' has no id; is it docker?",
				engine_endpoint(e));
	if (!ret)
		e->identity = mem_printf("%s/%s:%s", info.id, info.store,
					 info.driver);
	engine_info_release(&info);
	return ret;
}

int
engine_identity(struct engine *e, const char **out,
		struct imgcache_error *err)
{
	struct buf token = BUF_INIT;
	bool known;
	int ret = 0;

	if (!e->identity) {
		known = token_now(e, &token);
		if (known)
			e->identity = read_memo(e, token.data);
		if (!e->identity) {
			ret = ask_identity(e, err);
			if (!ret && known)
				write_memo(e, token.data);
		}
		buf_release(&token);
	}
	*out = e->identity;
	return ret;
}

void
engine_saw_driver(struct engine *e, const char *driver)
{
	const char *known = e->identity ? strrchr(e->identity, ':') : NULL;
	char *path;

	if (!known || !*driver || str_is(known + 1, driver))
		return;
	free(e->identity);
	e->identity = NULL;
	path = memo_path(e);
	if (path)
		unlink(path);
	free(path);
}
