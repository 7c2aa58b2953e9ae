/* SPDX-License-Identifier: MIT */
/*
 * What docker takes on disk. API 1.52 groups what was side by side before, and
 * lists images only on request. The client prints sizes for people, so without
 * a socket they are rounded and no image is told from another.
 */

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/strv.h"
#include "base/units.h"
#include "docker/engine_ask.h"
#include "store/jsonr.h"

#define PRUNE_MS (30 * 60 * 1000)

static void
add_cache(const struct jsonr_node *n, struct engine_disk *out)
{
	const struct jsonr_node *used = jsonr_member(n, "InUse");
	int64_t size = jsonr_int(n, "/Size", 0);

	out->build_cache_bytes += size;
	if (!used || !used->number)
		out->build_cache_free_bytes += size;
}

static int
by_id(const void *a, const void *b)
{
	const struct engine_disk_image *x = a, *y = b;

	return strcmp(x->id, y->id);
}

static void
fill_images(const struct jsonr_node *list, struct engine_disk *out)
{
	size_t max = list && list->type == JSONR_ARRAY ? list->n : 0;
	const struct jsonr_node *n = max ? list->child : NULL;

	out->v = arena_alloc(&out->arena, (max + 1) * sizeof(*out->v));
	for (; n; n = n->next)
		out->v[out->n++] = (struct engine_disk_image){
			.id = engine_text(&out->arena, n, "/Id"),
			.size_bytes = jsonr_int(n, "/Size", -1),
			.shared_bytes = jsonr_int(n, "/SharedSize", -1),
			.containers = jsonr_int(n, "/Containers", -1),
		};
	if (out->n)
		qsort(out->v, out->n, sizeof(*out->v), by_id);
}

/*
 * The daemon may walk every layer, which takes its time on a busy disk; but
 * what is to be removed waits for it.
 */
#define LAYERS_MS 15000

static const struct jsonr_node *
ask(struct engine *e, const char *target, int timeout_ms,
    struct imgcache_error *err)
{
	struct http_request q = { .method = "GET", .target = target,
				  .timeout_ms = timeout_ms };

	return engine_http(e, &q, err) ? NULL :
		engine_json(e, &e->response.body, err);
}

static bool
is_grouped(const struct jsonr_node *doc)
{
	return jsonr_member(doc, "ImageUsage") && !jsonr_member(doc, "Images");
}

static int
disk_socket(struct engine *e, struct engine_disk *out,
	    struct imgcache_error *err)
{
	const struct jsonr_node *doc, *n;

	doc = ask(e, "/system/df?type=image&type=build-cache&verbose=1",
		  e->o.remove_ms, err);
	if (!doc)
		return err->code;
	if (is_grouped(doc)) {
		out->layers_bytes = jsonr_int(doc, "/ImageUsage/TotalSize", 0);
		out->images = jsonr_int(doc, "/ImageUsage/TotalCount", 0);
		out->build_cache_bytes =
			jsonr_int(doc, "/BuildCacheUsage/TotalSize", 0);
		out->build_cache_free_bytes =
			jsonr_int(doc, "/BuildCacheUsage/Reclaimable", 0);
		fill_images(jsonr_at(doc, "/ImageUsage/Items"), out);
		return 0;
	}
	out->layers_bytes = jsonr_int(doc, "/LayersSize", 0);
	fill_images(jsonr_member(doc, "Images"), out);
	out->images = (int64_t)out->n;
	n = jsonr_member(doc, "BuildCache");
	for (n = n ? n->child : NULL; n; n = n->next)
		add_cache(n, out);
	return 0;
}

/* Lines "Images\t9\t1.2GB\t0B (0%)": type, how many, size, what may go. */
static void
use_row(const char *row, struct engine_disk *out)
{
	struct strv cells = { 0 };
	int64_t bytes = 0;

	strv_split(&cells, row, "\t");
	if (cells.n >= 3 && units_parse_size(cells.v[2], &bytes)) {
		if (str_is(cells.v[0], "Images")) {
			out->layers_bytes = bytes;
			units_parse_size(cells.v[1], &out->images);
		} else if (str_is(cells.v[0], "Build Cache")) {
			out->build_cache_bytes = bytes;
			if (cells.n > 3) {
				cells.v[3][strcspn(cells.v[3], " ")] = '\0';
				units_parse_size(cells.v[3], &out->
						 build_cache_free_bytes);
			}
		}
	}
	strv_release(&cells);
}

static int
disk_client(struct engine *e, struct engine_disk *out,
	    struct imgcache_error *err)
{
	static const char *const args[] = {
		"system", "df", "--format",
		"{{.Type}}\t{{.TotalCount}}\t{{.Size}}\t{{.Reclaimable}}", NULL
	};
	struct engine_command c = { args, e->o.remove_ms, false };
	struct strv rows = { 0 };
	int ret = engine_client(e, &c, err);

	if (!ret)
		strv_split(&rows, e->out.data, "\n");
	for (size_t i = 0; i < rows.n; i++)
		use_row(rows.v[i], out);
	strv_release(&rows);
	return ret;
}

int
engine_disk(struct engine *e, struct engine_disk *out,
	    struct imgcache_error *err)
{
	memset(out, 0, sizeof(*out));
	return engine_has_socket(e) ? disk_socket(e, out, err)
				    : disk_client(e, out, err);
}

void
engine_disk_release(struct engine_disk *disk)
{
	arena_release(&disk->arena);
	memset(disk, 0, sizeof(*disk));
}

const struct engine_disk_image *
engine_disk_find(const struct engine_disk *disk, const char *id)
{
	const struct engine_disk_image key = { .id = id };

	return disk->n ? bsearch(&key, disk->v, disk->n, sizeof(key), by_id) :
		NULL;
}

int64_t
engine_layers_bytes(struct engine *e)
{
	struct imgcache_error ignored = {0};
	const struct jsonr_node *doc = engine_has_socket(e) ?
		ask(e, "/system/df?type=image", LAYERS_MS, &ignored) :
		NULL;

	if (!doc)
		return -1;
	return is_grouped(doc) ? jsonr_int(doc, "/ImageUsage/TotalSize", -1) :
		jsonr_int(doc, "/LayersSize", -1);
}

/* "Total:\t1.2GB", the last line. */
static int64_t
total_of(const char *text)
{
	const char *at = strstr(text, "Total:");
	struct strv words = { 0 };
	int64_t bytes = -1;

	if (at)
		strv_split(&words, at + strlen("Total:"), " \t\n");
	if (words.n)
		units_parse_size(words.v[0], &bytes);
	strv_release(&words);
	return bytes;
}

int
engine_prune_cache(struct engine *e, const char *const *filters,
		   int64_t *freed, struct imgcache_error *err)
{
	struct strv args = { 0 };
	struct engine_command c = { .timeout_ms = PRUNE_MS };
	int ret;

	strv_push(&args, "buildx");
	strv_push(&args, "prune");
	strv_push(&args, "--force");
	for (; *filters; filters++)
		strv_pushf(&args, "--filter=%s", *filters);
	c.args = (const char *const *)args.v;
	ret = engine_client(e, &c, err);
	*freed = ret ? -1 : total_of(e->out.data);
	strv_release(&args);
	return ret;
}
