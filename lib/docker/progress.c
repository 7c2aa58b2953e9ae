/* SPDX-License-Identifier: MIT */
/*
 * The stream is cut into status objects and lines (rawjson.c); objects are
 * read here and lines in plain.c; what they say is folded in fold.c.
 */

#include "docker/progress.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/strv.h"
#include "docker/fold.h"
#include "docker/moment.h"
#include "docker/plain.h"
#include "docker/rawjson.h"
#include "imgcache.h"
#include "store/jsonr.h"

struct progress {
	struct fold fold;
	struct rawjson stream;
	struct jsonr *json;
	struct buf decoded;
};

static int
base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Into p->decoded; what is no base64 ends it. */
static void
decode(struct progress *p, const char *text)
{
	uint32_t bits = 0;
	int n = 0, value;

	buf_clear(&p->decoded);
	for (; (value = base64_value(*text)) >= 0; text++) {
		bits = bits << 6 | (uint32_t)value;
		n += 6;
		if (n >= 8) {
			n -= 8;
			buf_addc(&p->decoded, (char)(bits >> n & 0xff));
		}
	}
}

static struct fold_vertex *
vertex_of(struct progress *p,
	  const struct jsonr_node *n,
	  const char *member)
{
	const char *key = jsonr_string(jsonr_member(n, member), "", "");

	return *key ? fold_find(&p->fold, key) : NULL;
}

static void
use_vertex(struct progress *p, const struct jsonr_node *n)
{
	struct fold_vertex *v = vertex_of(p, n, "digest");
	int64_t started = moment_us(jsonr_string(n, "/started", NULL));
	int64_t completed = moment_us(jsonr_string(n, "/completed", NULL));
	const char *error = jsonr_string(n, "/error", "");

	if (!v)
		return;
	fold_name(&p->fold, v, jsonr_string(n, "/name", ""));
	if (started)
		fold_started(&p->fold, v, started);
	if (completed)
		fold_completed(&p->fold, v, completed);
	if (jsonr_bool(n, "/cached", false))
		fold_cached(&p->fold, v);
	else if (*error)
		fold_failed(&p->fold, v, error);
}

/* Of the many updates only the end says something in a line. */
static void
use_status(struct progress *p, const struct jsonr_node *n)
{
	struct fold_vertex *v = vertex_of(p, n, "vertex");
	const char *id = jsonr_string(n, "/id", "");
	struct buf line = BUF_INIT;

	if (!v || !*id || !jsonr_string(n, "/completed", NULL))
		return;
	buf_adds(&line, id);
	if (line.data[line.len - 1] == ':')
		buf_truncate(&line, line.len - 1);
	buf_adds(&line, " done");
	fold_output(&p->fold, v, line.data, 0);
	buf_release(&line);
}

static void
use_log(struct progress *p, const struct jsonr_node *n)
{
	struct fold_vertex *v = vertex_of(p, n, "vertex");

	if (!v)
		return;
	decode(p, jsonr_string(n, "/data", ""));
	fold_log(&p->fold, v, p->decoded.data, p->decoded.len,
		 moment_us(jsonr_string(n, "/timestamp", NULL)));
}

static void
use_warning(struct progress *p, const struct jsonr_node *n)
{
	decode(p, jsonr_string(n, "/short", ""));
	if (p->decoded.len)
		fold_warning(&p->fold, vertex_of(p, n, "vertex"),
			     p->decoded.data);
}

static const struct {
	const char *member;
	void (*use)(struct progress *p, const struct jsonr_node *n);
} members[] = {
	{ "vertexes", use_vertex },
	{ "statuses", use_status },
	{ "logs", use_log },
	{ "warnings", use_warning }
};

/* What imgcache itself wrote: see numbers.h. */
static bool
use_note(struct progress *p, const struct jsonr_node *doc)
{
	const struct jsonr_node *note = jsonr_member(doc, "imgcache");
	const struct jsonr_node *list = note ? jsonr_member(note, "contexts") :
		NULL;

	if (!list || list->type != JSONR_ARRAY)
		return false;
	strv_clear(&p->fold.contexts);
	for (const struct jsonr_node *n = list->child; n; n = n->next)
		strv_push(&p->fold.contexts, n->text ? n->text : "");
	return true;
}

/* False if it is no object of BuildKit's. */
static bool
use_object(struct progress *p, const char *text, size_t len)
{
	struct imgcache_error ignored = { 0 };
	const struct jsonr_node *doc = jsonr_parse(p->json, text, len,
						   &ignored);
	bool known = doc && doc->type == JSONR_OBJECT && !doc->n;

	if (doc && use_note(p, doc))
		return true;
	fold_round(&p->fold);
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		const struct jsonr_node *list = jsonr_member(doc,
							members[i].member);

		if (!list || list->type != JSONR_ARRAY)
			continue;
		known = true;
		for (const struct jsonr_node *n = list->child; n; n = n->next)
			members[i].use(p, n);
	}
	fold_settle(&p->fold, false);
	return known;
}

static void
on_line(void *payload, const char *text, size_t len)
{
	struct progress *p = payload;

	if (len)
		plain_line(&p->fold, text);
}

static void
on_object(void *payload, const char *text, size_t len)
{
	struct progress *p = payload;
	struct strv lines = { 0 };

	if (use_object(p, text, len))
		return;
	strv_split(&lines, text, "\n");
	for (size_t i = 0; i < lines.n; i++)
		fold_text(&p->fold, lines.v[i]);
	strv_release(&lines);
}

struct progress *
progress_new(progress_fn *fn, void *payload)
{
	struct progress *p = mem_alloc(sizeof(*p));

	p->fold.fn = fn;
	p->fold.payload = payload;
	p->stream = (struct rawjson)RAWJSON_INIT(on_object, on_line, p);
	p->json = jsonr_new();
	p->decoded = (struct buf)BUF_INIT;
	return p;
}

void
progress_free(struct progress *p)
{
	if (!p)
		return;
	fold_release(&p->fold);
	rawjson_release(&p->stream);
	jsonr_free(p->json);
	buf_release(&p->decoded);
	free(p);
}

void
progress_feed(struct progress *p, const char *data, size_t len)
{
	rawjson_feed(&p->stream, data, len);
}

void
progress_end(struct progress *p)
{
	rawjson_end(&p->stream);
	fold_settle(&p->fold, true);
}

void
progress_summarize(const struct progress *p, struct progress_summary *out)
{
	*out = p->fold.summary;
}
