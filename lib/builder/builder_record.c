/* SPDX-License-Identifier: MIT */
/*
 * What the catalog keeps of a build: a row before docker starts, its end
 * whatever it was, and for an image its manifest, trees and packages.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"
#include "builder/builder.h"
#include "builder/turn.h"
#include "docker/engine.h"
#include "key/kept.h"
#include "lookup/arrival.h"
#include "lookup/stepnames.h"
#include "lookup/world.h"
#include "recipe/generate_inventory.h"
#include "session/alive.h"
#include "source/repo.h"
#include "source/tree.h"
#include "store/lookups.h"
#include "store/platforms.h"
#include "sys/child.h"
#include "sys/clock.h"

#define INVENTORY_MS 120000
#define INVENTORY_MAX (16 << 20)

int
builder_choose_log(struct builder *b, struct imgcache_error *err)
{
	static unsigned int count;	/* one process may build twice in a second */
	time_t now = (time_t)clock_now_s();
	const char *dir;
	char when[32];
	struct tm tm;

	if (session_state_dir(b->in->ic, "logs", &dir, err))
		return err->code;
	if (!gmtime_r(&now, &tm) ||
	    !strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", &tm))
		when[0] = '\0';
	b->log_path = mem_printf("%s/%s-%s-%d-%u.log", dir, when, b->in->tag,
				 (int)getpid(), count++);
	return 0;
}

static struct image_row
image_of(const struct builder *b, enum image_status status)
{
	struct image_row row = arrival_row(b->in, &b->found->key);

	row.status = status;
	row.origin = "built";
	row.log_path = b->log_path;
	/* a build that fails has nothing anew */
	if (status == IMAGE_COMPLETED || !b->redo.is_stale)
		row.generation = b->found->generation;
	else if (b->before.n && str_is(b->before.v[0].origin, "built"))
		row.generation = b->before.v[0].generation;
	return row;
}

/*
 * What is to be replaced stays there and what its key says until then, and so
 * its row stays: only the log is that of the last build.
 */
static struct image_row
image_until_replaced(const struct builder *b, enum image_status status)
{
	const struct image_row *before = b->before.n ? b->before.v : NULL;
	struct image_row row = image_of(b, status);

	if (before && before->status == IMAGE_COMPLETED &&
	    b->reason == IMGCACHE_ASKED) {
		row = *before;
		row.log_path = b->log_path;
		if (status == IMAGE_BUILDING) {
			row.status = status;
			row.status_at = 0;
		}
	}
	return row;
}

int
builder_record_start(struct builder *b, struct imgcache_error *err)
{
	struct inputs *in = b->in;
	char commit[REPO_ID_SIZE];
	struct image_row image;
	struct build_row build = {
		.key = b->found->key,
		.name = in->r->recipe->name,
		.project = in->r->recipe->root,
		.reason = b->reason,
		.detail = b->detail,
		.builder = b->options->builder,
		.pid = (int)getpid(),
	};
	int ret = builder_choose_log(b, err);

	if (ret || session_is_disabled(in->ic))
		return ret;
	build.log_path = b->log_path;
	if (repo_head(in->contexts[0].path, commit) == REPO_COMMIT)
		build.commit = commit;
	ret = session_catalog(in->ic, CATALOG_WRITE, err);
	if (ret)
		return ret;
	ret = images_get(in->ic->catalog, &build.key, &b->before, err);
	if (ret)
		return ret;
	image = image_until_replaced(b, IMAGE_BUILDING);
	ret = images_put(in->ic->catalog, &image, &b->image_row, err);
	build.image = b->image_row;
	if (!ret)
		ret = builds_start(in->ic->catalog, &build, &b->build_row, err);
	return ret;
}

/* What docker called the steps holds values of args: see stepnames.h. */
static void
name_steps(struct builder *b)
{
	static const struct dockerfile_steps none;
	struct imgcache_error ignored = {0};
	struct dockerfile_steps *steps = NULL;
	struct side side;

	if (!b->n_steps)
		return;
	if (!side_now(&side, b->in, &ignored))
		(void)world_steps(&(struct world){ .b = &side }, &steps,
				  &ignored);
	stepnames_rewrite(steps ? steps : &none, b->steps, b->n_steps,
			  &b->text);
	dockerfile_steps_free(steps);
	side_release(&side);
}

static void
fill_end(struct builder *b, struct build_row *row, enum build_status status)
{
	name_steps(b);
	row->id = b->build_row;
	row->image = b->image_row;
	row->status = status;
	row->duration_us = clock_mono_us() - b->started_us;
	row->steps_total = b->summary.steps;
	row->steps_cached = b->summary.cached;
}

/*
 * An image of moved sources has no key: its row goes by the name it was built
 * under, so that prune finds it, and the row of the key knows nothing of it.
 */
static int
keep_unkeyed(struct builder *b, const char *image_id, const char *text,
	     struct imgcache_error *err)
{
	struct image_row row = image_of(b, IMAGE_CHANGED);

	row.key.tag = strrchr(b->temporary, ':') + 1;
	row.ref = b->temporary;
	row.image_id = image_id;
	row.reason = text;
	return images_put(b->in->ic->catalog, &row, &b->image_row, err);
}

int
builder_record_image(struct builder *b, const char *image_id,
		     struct imgcache_error *err)
{
	static const struct image_push nowhere;
	struct image_row row = image_of(b, IMAGE_BUILDING);
	struct catalog *cat = b->in->ic->catalog;
	int ret;

	if (session_is_disabled(b->in->ic))
		return 0;
	row.image_id = image_id;
	ret = catalog_begin(cat, err);
	if (ret)
		return ret;
	ret = images_put(cat, &row, &b->image_row, err);
	if (!ret)
		ret = images_set_pushed(cat, b->image_row, &nowhere, err);
	if (!ret)
		return catalog_commit(cat, err);
	catalog_rollback(cat);
	return ret;
}

/* The row has the image again that builder_record_image() took from it. */
static int
put_back(struct builder *b, struct image_row *row, struct imgcache_error *err)
{
	const struct image_row *before = b->before.n ? b->before.v : NULL;
	struct catalog *cat = b->in->ic->catalog;
	struct image_push push = {0};
	int ret;

	if (!before || !before->image_id)
		return images_put(cat, row, NULL, err);
	row->image_id = before->image_id;
	row->is_untrusted = before->is_untrusted;
	push.ref = before->pushed_ref;
	push.at = before->pushed_at;
	push.digest = before->digest;
	ret = catalog_begin(cat, err);
	if (ret)
		return ret;
	ret = images_put(cat, row, NULL, err);
	if (!ret)
		ret = images_set_pushed(cat, before->id, &push, err);
	if (!ret)
		return catalog_commit(cat, err);
	catalog_rollback(cat);
	return ret;
}

/*
 * One row says that the sources moved, that of the image without a key. A row of
 * the key without an image becomes it, with what hangs on it: a background job.
 */
static int
record_changed(struct builder *b, const char *image_id, const char *text,
	       struct imgcache_error *err)
{
	struct catalog *cat = b->in->ic->catalog;
	int ret = catalog_begin(cat, err);

	if (ret)
		return ret;
	ret = images_move(cat, b->image_row, strrchr(b->temporary, ':') + 1,
			  err);
	if (!ret)
		ret = keep_unkeyed(b, image_id, text, err);
	if (!ret)
		return catalog_commit(cat, err);
	catalog_rollback(cat);
	return ret;
}

/*
 * A background process that is not us has promised this key: its row, and the
 * job that hangs on it, stay until that comes to its turn.
 */
static bool
is_promised(const struct builder *b)
{
	return !b->is_job && alive_job(b->in->ic, b->in->tag);
}

/* What the row of the key was before the build, it is again. */
static int
record_changed_again(struct builder *b, const char *image_id, const char *text,
		     struct imgcache_error *err)
{
	struct image_row row = b->before.n ? b->before.v[0] :
		image_of(b, IMAGE_BUILDING);
	int ret = keep_unkeyed(b, image_id, text, err);

	if (is_promised(b) && row.status != IMAGE_COMPLETED)
		row.status = IMAGE_PENDING;
	else if (row.status == IMAGE_BUILDING ||
		 (row.status == IMAGE_PENDING && !b->is_job))
		row.status = IMAGE_INTERRUPTED;
	return ret ? ret : put_back(b, &row, err);
}

static int
record_end(struct builder *b, struct image_row *row, const char *image_id,
	   const char *text, struct imgcache_error *err)
{
	if (!image_id)
		return put_back(b, row, err);
	if (is_promised(b) || (b->before.n && b->before.v[0].image_id))
		return record_changed_again(b, image_id, text, err);
	return record_changed(b, image_id, text, err);
}

/*
 * Would it fail for another who wants this key? A command that ended by itself
 * would; what ran out of time, was killed (128 and above) or failed at anything
 * but a step may well do.
 */
static bool
fails_for_all(const struct builder *b)
{
	static const char phrase[] = "did not complete successfully: exit code: ";
	const char *at = strstr(b->summary.error, phrase);
	int status = at ? atoi(at + strlen(phrase)) : 0;

	return *b->summary.step && status > 0 && status < 128 &&
		!turn_has_own_means(b->in, b->options);
}

void
builder_record_failure(struct builder *b, int code, const char *text,
		       const char *image_id)
{
	struct catalog *cat = b->in->ic->catalog;
	struct imgcache_error err = {0};
	enum image_status image = IMAGE_FAILED;
	enum build_status build = BUILD_FAILED;
	struct build_row end = { .error = text, .exit_status = 1 };
	struct image_row row;

	if (session_is_disabled(b->in->ic) || !b->build_row)
		return;
	if (code == IMGCACHE_EINTR) {
		image = IMAGE_INTERRUPTED;
		build = BUILD_INTERRUPTED;
		end.exit_status = -1;
	} else if (code == IMGCACHE_ECHANGED) {
		image = IMAGE_CHANGED;
		build = BUILD_CHANGED;
		end.exit_status = 0;
	} else if (code != IMGCACHE_EBUILD || !fails_for_all(b)) {
		end.exit_status = -1;
	}
	fill_end(b, &end, build);
	row = image_until_replaced(b, image);
	if (row.status != IMAGE_COMPLETED)
		row.reason = text;
	if (code != IMGCACHE_ECHANGED)
		image_id = NULL;
	if (record_end(b, &row, image_id, text, &err)) {
		session_warn(b->in->ic, "not recorded: %s", err.text);
		error_clear(&err);
	}
	end.image = b->image_row;
	if (builds_finish(cat, &end, b->steps, b->n_steps, &err))
		session_warn(b->in->ic, "not recorded: %s", err.text);
}

static int
record_platforms(struct builder *b, struct imgcache_error *err)
{
	const char *const *p;
	struct strv loaded = {0};
	int ret;

	if (b->in->r->recipe->platforms.n < 2)
		return 0;
	for (p = b->platforms; *p; p++)
		strv_push(&loaded, *p);
	ret = platforms_set(b->in->ic->catalog, b->image_row, &loaded, err);
	strv_release(&loaded);
	return ret;
}

int
builder_record_success(struct builder *b, const struct engine_image *image,
		       struct imgcache_error *err)
{
	struct catalog *cat = b->in->ic->catalog;
	struct image_row row = image_of(b, IMAGE_COMPLETED);
	struct build_row end = {0};
	struct tree_counts counts = {0};
	struct image_push nowhere = {0};
	int ret;

	row.image_id = image->id;
	row.size_bytes = image->size_bytes;
	row.built_at = clock_now_s();
	row.build_us = clock_mono_us() - b->started_us;
	row.reason = imgcache_reason_text(b->reason);
	if (image->digests[0] && strchr(image->digests[0], '@'))
		nowhere.digest = strchr(image->digests[0], '@') + 1;
	if (b->in->contexts[0].tree)
		tree_counts(b->in->contexts[0].tree, &counts);
	fill_end(b, &end, BUILD_COMPLETED);
	end.context_bytes = (int64_t)counts.bytes;
	ret = catalog_begin(cat, err);
	if (ret)
		return ret;
	ret = arrival_inputs(b->in, &row, &b->image_row, err);
	if (!ret)
		ret = images_set_pushed(cat, b->image_row, &nowhere, err);
	if (!ret)
		ret = record_platforms(b, err);
	if (!ret)
		ret = redo_done(&b->redo, b, err);
	if (!ret)
		ret = builds_finish(cat, &end, b->steps, b->n_steps, err);
	if (!ret)
		return catalog_commit(cat, err);
	catalog_rollback(cat);
	return ret;
}

/* Was this package asked for? Then v takes what was asked ("": any version). */
static void
take_asked(struct image_dependency *v, const struct image_row *row)
{
	size_t k;

	for (k = 0; k < row->n_dependencies; k++)
		if (!strcmp(row->dependencies[k].type, v->type) &&
		    !strcmp(row->dependencies[k].name, v->name))
			v->asked = row->dependencies[k].asked;
	if (!v->asked && !strcmp(v->type, "apt"))
		v->type = "system";
}

/* The rows of the inventory; what apt brought along unasked is the system's. */
static int
store_installed(struct builder *b, const struct inventory *found,
		struct imgcache_error *err)
{
	struct catalog *cat = b->in->ic->catalog;
	struct image_list list = {0};
	struct image_dependency *v;
	size_t i;
	int ret = images_get(cat, &b->found->key, &list, err);

	if (!ret)
		ret = images_load_dependencies(cat, &list, err);
	v = mem_array(found->n + 1, sizeof(*v));
	for (i = 0; !ret && list.n && i < found->n; i++) {
		v[i].type = found->v[i].type;
		v[i].name = found->v[i].name;
		v[i].installed = found->v[i].version;
		take_asked(&v[i], &list.v[0]);
	}
	if (!ret && list.n)
		ret = images_set_dependencies(cat, list.v[0].id, v, found->n,
					      err);
	free(v);
	image_list_release(&list);
	return ret;
}

void
builder_take_inventory(struct builder *b, const char *image_id)
{
	const char *argv[] = {
		"docker", "run", "--rm", "--network=none", "--pull=never",
		"--user=0", "--entrypoint=sh", image_id, "-c",
		generate_inventory_command(), NULL
	};
	struct imgcache_error err = {0};
	struct buf out = BUF_INIT, errs = BUF_INIT;
	struct child_options o = {
		.argv = argv,
		.timeout_ms = INVENTORY_MS,
		.own_group = true,
		.out = &out,
		.errs = &errs,
		.max_output = INVENTORY_MAX,
		.label = "docker run (inventory)",
	};
	struct child_result result;
	struct inventory found = {0};
	char text[64];
	int ret = child_run(&o, &result, &err);

	if (!ret && (result.end != CHILD_EXITED || result.status))
		ret = error_set(&err, IMGCACHE_EFAIL, "%s",
				child_result_text(&result, text));
	if (!ret)
		ret = inventory_parse(out.data, out.len, &found, &err);
	if (!ret)
		ret = store_installed(b, &found, &err);
	if (ret)
		session_warn(b->in->ic, "the versions installed in the image "
			     "could not be read back: %s", err.text);
	inventory_release(&found);
	buf_release(&out);
	buf_release(&errs);
}
