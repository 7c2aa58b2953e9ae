/* SPDX-License-Identifier: MIT */
/*
 * The docker driver has the caches of the engine's own BuildKit (moby's
 * builder-next/controller.go, 20.10 to 29): with the containerd image store all
 * but s3 and azblob, with the classic one an inline cache can be written and a
 * registry's or a local one read.
 */
#include "docker/builder_info.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "docker/failure.h"
#include "sys/child.h"

#define ASK_MS 20000
#define MAX_OUTPUT (256u << 10)

static bool
take_field(const char *text, const char *name, char *out, size_t size)
{
	const char *at = strstr(text, name);

	if (!at || (at != text && at[-1] != '\n'))
		return false;
	at += strlen(name);
	at += strspn(at, " \t");
	snprintf(out, size, "%.*s", (int)strcspn(at, " \t\r\n"), at);
	return *out;
}

/* "*" marks those that a person has set. */
static void
add_platforms(struct strv *out, const char *list, size_t len)
{
	struct strv words = { 0 };
	char *line = mem_strndup(list, len);

	strv_split(&words, line, ", \t\r*");
	strv_push_all(out, &words);
	strv_release(&words);
	free(line);
}

/* "Platforms: linux/amd64*, linux/arm64" of every node that it has. */
static void
take_platforms(struct strv *out, const char *text)
{
	static const char key[] = "Platforms:";

	while (*text) {
		size_t len = strcspn(text, "\n");
		size_t blank = strspn(text, " \t");

		if (str_starts(text + blank, key))
			add_platforms(out, text + blank + strlen(key),
				      len - blank - strlen(key));
		text += len + (text[len] == '\n');
	}
}

bool
builder_info_parse(struct builder_info *out, const char *text)
{
	memset(out, 0, sizeof(*out));
	take_platforms(&out->platforms, text);
	return take_field(text, "Name:", out->name, sizeof(out->name)) &&
		take_field(text, "Driver:", out->driver, sizeof(out->driver));
}

int
builder_info_find(struct builder_info *out, const char *docker,
		  const char *name, struct imgcache_error *err)
{
	const char *argv[] = { docker ? docker : "docker", "buildx", "inspect",
			       "--", name, NULL };
	struct buf text = BUF_INIT, errs = BUF_INIT;
	struct child_options o = {
		.argv = argv, .timeout_ms = ASK_MS, .own_group = true,
		.out = &text, .errs = &errs, .max_output = MAX_OUTPUT,
		.label = "docker buildx inspect"
	};
	struct child_result result;
	char how[64];
	int ret;

	memset(out, 0, sizeof(*out));
	if (!name)
		argv[3] = NULL;
	ret = child_run(&o, &result, err);
	if (!ret && (result.end != CHILD_EXITED || result.status ||
		     !builder_info_parse(out, text.data)))
		ret = error_set(err, IMGCACHE_EFAIL, "cannot find out about "
				"the builder%s%s: docker buildx inspect: "
				"%s%s%.*s", name ? " " : "", name ? name : "",
				child_result_text(&result, how),
				errs.len ? ": " : "",
				(int)strcspn(errs.data, "\n"), errs.data);
	buf_release(&text);
	buf_release(&errs);
	return ret;
}

void
builder_info_release(struct builder_info *b)
{
	strv_release(&b->platforms);
}

int
builder_info_check(const struct builder_info *b, const char *store,
		   const struct cachespec *c, enum cache_direction d,
		   struct imgcache_error *err)
{
	bool readable = c->type == CACHE_REGISTRY || c->type == CACHE_LOCAL;

	if (!strcmp(b->driver, "docker") &&
	    (c->type == CACHE_S3 || c->type == CACHE_AZBLOB))
		return error_set(err, IMGCACHE_EFAIL, "builder '%s' cannot %s "
				 "a cache type=%s: the docker driver has none; "
				 "use a builder of the driver docker-container: "
				 "docker buildx create --use", b->name,
				 d == CACHE_TO ? "write" : "read",
				 cache_type_name(c->type));
	if (strcmp(b->driver, "docker") || c->type == CACHE_INLINE || !store ||
	    !strcmp(store, "containerd") || (d == CACHE_FROM && readable))
		return 0;
	return error_set(err, IMGCACHE_EFAIL, "builder '%s' cannot %s a cache "
			 "type=%s: the docker driver on the classic image "
			 "store %s; switch on the containerd image store "
			 "(\"features\": {\"containerd-snapshotter\": true} in "
			 "daemon.json) or give --builder one of the driver "
			 "docker-container", b->name,
			 d == CACHE_TO ? "write" : "read",
			 cache_type_name(c->type),
			 d == CACHE_TO ? "writes type=inline only" :
			 "reads type=registry and local only");
}
