/* SPDX-License-Identifier: MIT */
#include "builder/builder.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"
#include "builder/pins.h"
#include "docker/engine.h"
#include "docker/failure.h"
#include "key/platforms.h"
#include "key/tags.h"
#include "lookup/arrival.h"
#include "lookup/steptitle.h"
#include "session/labels.h"
#include "session/registries.h"
#include "source/tree.h"
#include "sys/clock.h"

struct moved {
	struct buf *names;
	int n;
};

static bool
name_moved(void *payload, enum tree_change c, const char *path,
	   const struct tree_entry *before, const struct tree_entry *after)
{
	struct moved *m = payload;

	(void)before;
	(void)after;
	buf_addf(m->names, "%s'%s' %s", m->n ? ", " : "", path,
		 tree_change_text(c));
	return ++m->n < 3;
}

/* Which file it was, or which other input. */
static void
describe_change(const struct inputs *was, const struct inputs *now,
		struct buf *out)
{
	struct moved m = { .names = out };
	size_t i;

	for (i = 0; i < was->n_contexts && i < now->n_contexts; i++)
		if (was->contexts[i].tree && now->contexts[i].tree)
			tree_diff(was->contexts[i].tree, now->contexts[i].tree,
				  name_moved, &m);
	if (m.n)
		return;
	if (was->dockerfile.len != now->dockerfile.len ||
	    memcmp(was->dockerfile.data, now->dockerfile.data,
		   was->dockerfile.len))
		buf_adds(out, "the Dockerfile edited");
	else
		buf_adds(out, "a base, argument or key file changed");
}

struct touched {
	const struct tree *now;
	struct buf *names;
};

static bool
is_touched(const struct stat_id *a, const struct stat_id *b)
{
	return a->dev != b->dev || a->ino != b->ino || a->size != b->size ||
		a->mode != b->mode || a->mtime_ns != b->mtime_ns ||
		a->ctime_ns != b->ctime_ns;
}

static bool
find_touched(void *payload, const char *path, const struct tree_entry *e)
{
	struct touched *t = payload;
	const struct tree_entry *now;

	if (e->type == TREE_DIR)
		return true;
	now = tree_find(t->now, path);
	if (now && !is_touched(&e->id, &now->id))
		return true;
	buf_addf(t->names, "'%s' written or replaced", path);
	return false;
}

/*
 * The same content before and after is not enough: what docker read in between
 * may have been other bytes. A file that was not written since has its times.
 */
static void
find_any_touched(const struct inputs *was, const struct inputs *now,
		 struct buf *names)
{
	size_t i;

	for (i = 0; i < was->n_contexts && !names->len; i++) {
		struct touched t = { now->contexts[i].tree, names };

		if (was->contexts[i].tree)
			tree_each(was->contexts[i].tree, find_touched, &t);
	}
}

static int
check_inputs(struct builder *b, struct imgcache_error *err)
{
	const struct inputs_options o = { .built = b->in };
	struct buf text = BUF_INIT;
	struct inputs now;
	int ret = inputs_take(b->in->r, &o, &now, err);

	if (!ret && !strcmp(now.tag, b->in->tag)) {
		find_any_touched(b->in, &now, &text);
		if (!text.len && folders_find(&b->folders, b->in, &text))
			buf_adds(&text, " had something come and go");
	}
	if (ret || (!strcmp(now.tag, b->in->tag) && !text.len))
		goto out;
	if (!text.len)
		describe_change(b->in, &now, &text);
	ret = error_set(err, IMGCACHE_ECHANGED, "the sources changed while "
			"they were built: %.700s; build again", text.data);
out:
	inputs_release(&now);
	buf_release(&text);
	return ret;
}

/* Take the inputs again: 0 if they are what they were. */
int
builder_check_unchanged(struct builder *b, struct imgcache_error *err)
{
	const char *what = "the sources changed while they were built";
	int ret = check_inputs(b, err);

	if (!ret) {
		what = "a base may have changed while it was built from";
		ret = pins_check(b->in, b->platforms, b->options->builder, err);
	}
	if (ret && ret != IMGCACHE_EINTR && ret != IMGCACHE_ECHANGED) {
		error_prefix(err, "%s", what);
		err->code = ret = IMGCACHE_ECHANGED;
	}
	return ret;
}

/* The image that docker left under the temporary name, and its label. */
static int
read_back(struct builder *b, struct engine *e, struct engine_image *image,
	  struct imgcache_error *err)
{
	const char *label;
	int ret = engine_image(e, b->temporary, image, err);

	if (ret == IMGCACHE_ENO) {
		error_clear(err);
		return error_set(err, IMGCACHE_EBUILD, "docker reported success "
				 "but the engine has no such image; does its "
				 "builder load into another engine?");
	}
	if (ret)
		return ret;
	label = engine_image_label(image, LABEL_KEY);
	if (!label || strcmp(label, b->in->tag))
		return error_set(err, IMGCACHE_EBUILD, "the image built does "
				 "not carry its key; is '%s' used by someone "
				 "else?", b->temporary);
	return 0;
}

static int
keep_bases(struct builder *b, struct imgcache_error *err)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < b->in->n_bases && !ret; i++)
		ret = base_keep(b->in->ic, &b->in->bases[i], err);
	return ret;
}

/* The last steps: the tag is given, the temporary name goes. */
static int
publish(struct builder *b, struct engine *e, const char *id,
	struct imgcache_error *err)
{
	int ret = tags_removed(engine_tag(e, id, b->in->ref, err), err,
			       "what was built was removed before it had its "
			       "tag");

	if (!ret)
		arrival_names(b->in, id, b->options->tags);
	return ret;
}

/* What could not be recorded is not lost: the next lookup adopts the image. */
static void
record(struct builder *b, const struct engine_image *image)
{
	struct imgcache_error err = {0};

	if (session_is_disabled(b->in->ic))
		return;
	if (builder_record_success(b, image, &err))
		session_warn(b->in->ic, "the image is there, but not in the "
			     "catalog: %s", err.text);
	else if (b->in->r->recipe->kind == RECIPE_GENERATED)
		builder_take_inventory(b, image->id);
}

static void
drop_temporary(struct builder *b, struct engine *e)
{
	struct imgcache_error ignored = {0};
	enum engine_removed removed;

	(void)engine_remove(e, b->temporary, &removed, NULL, &ignored);
}

static void
fill_answer(struct builder *b, const struct engine_image *image,
	    struct imgcache_answer *a)
{
	a->state = IMGCACHE_HIT;
	a->built = true;
	a->reason = b->reason;
	a->detail = b->detail;
	a->image_id = arena_strdup(&b->in->ic->arena, image->id);
	a->size_bytes = image->size_bytes;
	a->elapsed_us = clock_mono_us() - b->started_us;
	a->steps = b->summary.steps;
	a->cached = b->summary.cached;
	a->log = arena_strdup(&b->in->ic->arena, b->log_path);
}

static void
say_end(struct builder *b)
{
	struct imgcache_event e = {
		.type = IMGCACHE_BUILD_END,
		.name = b->in->r->recipe->name,
		.ref = b->in->ref,
		.log = b->log_path,
		.steps = b->summary.steps,
		.cached = b->summary.cached,
		.elapsed_us = clock_mono_us() - b->started_us,
	};

	session_event(b->in->ic, &e);
}

/* From a finished docker to a published image. */
static int
accept(struct builder *b, struct engine *e, struct imgcache_answer *a,
       struct imgcache_error *err)
{
	struct engine_image image = {0};
	int ret = read_back(b, e, &image, err);

	if (!ret) {
		ret = builder_check_unchanged(b, err);
		if (ret == IMGCACHE_ECHANGED)
			a->changed = true;
	}
	if (!ret)
		handover_remember(&b->files);
	if (!ret)
		ret = builder_record_image(b, image.id, err);
	if (!ret)
		ret = publish(b, e, image.id, err);
	if (ret) {
		builder_record_failure(b, ret, err->text,
				       image.id && *image.id ? image.id : NULL);
	} else {
		arrival_size(e, &image);
		fill_answer(b, &image, a);
		record(b, &image);
	}
	if (ret != IMGCACHE_ECHANGED)
		drop_temporary(b, e);
	if (!ret)
		arrival_replaces(b->in, b->found->has_row ?
				 b->found->row.image_id : NULL, image.id);
	engine_image_release(&image);
	return ret;
}

void
builder_name_log(const struct inputs *in, const char *path,
		 struct imgcache_error *err)
{
	const char *name = in->r->recipe->name;
	char text[sizeof(err->text)], id[13];

	memcpy(text, err->text, sizeof(text));
	error_clear(err);
	image_short_id(in->tag, id);
	if (path)
		error_set(err, IMGCACHE_EBUILD, "%.700s; the log is %s", text,
			  path);
	else
		error_set(err, IMGCACHE_EBUILD, "%.700s; see imgcache log "
			  "%.200s", text, name ? name : id);
}

static void
name_log(const struct builder *b, struct imgcache_error *err)
{
	builder_name_log(b->in, b->image_row ? NULL : b->log_path, err);
}

/* "step [2/3] make failed: exit code: 3: no such file" */
static void
name_step(struct builder *b, struct imgcache_error *err)
{
	static const char phrase[] = "did not complete successfully: ";
	const char *why = strstr(b->summary.error, phrase);
	const char *said = why && !b->cannot_run ? builder_why(b) : NULL;
	struct buf title = BUF_INIT;

	if (!*b->summary.step)
		return;
	if (b->failed)
		buf_adds(&title, b->failed);
	else
		step_title(b->summary.step, &title);
	error_clear(err);
	error_set(err, IMGCACHE_EBUILD, "step %.160s failed: %.400s%s%.200s",
		  title.data, why ? why + strlen(phrase) : b->summary.error,
		  said ? ": " : "", said ? said : "");
	buf_release(&title);
}

/* All platforms, or where the engine cannot hold them that of this machine. */
static int
choose_platforms(struct builder *b, struct imgcache_error *err)
{
	const struct strv *all = &b->in->r->recipe->platforms;
	bool together;
	int ret = platforms_together(b->in, b->options->builder, &together,
				     err);

	b->platforms = (const char *const *)all->v;
	if (!ret && !together) {
		b->only[0] = b->in->local;
		b->platforms = b->only;
		if (!b->options->push)
			session_warn(b->in->ic, "here an image has one "
				     "platform: only %s is built, and the "
				     "others when it is pushed", b->only[0]);
	}
	return ret ? ret : platforms_check(b->in, b->platforms,
					   b->options->builder, err);
}

/* A digest of the lock file that docker could not get, or NULL. */
static const struct base *
missing_locked(const struct builder *b)
{
	const char *text = b->summary.error;
	bool is_missing = strstr(text, "not found") ||
		strstr(text, "does not exist");
	size_t i;

	for (i = 0; is_missing && i < b->in->n_bases; i++) {
		const struct base *base = &b->in->bases[i];

		if (base->locked && (strstr(text, base->digest) ||
				     strstr(b->summary.step, base->digest)))
			return base;
	}
	return NULL;
}

/* What helps against a failure of docker, or NULL. */
static const char *
cure_of(const struct builder *b)
{
	const struct base *locked = missing_locked(b);
	bool is_foreign = b->platforms[0] &&
		(b->platforms[1] || strcmp(b->platforms[0],
					   session_own_platform(b->in->ic)));

	if (b->cannot_run && is_foreign)
		return "exec format error, the engine cannot run it; "
			PLATFORMS_CURE;
	if (docker_failure_of(b->summary.error) == DOCKER_NO_PLATFORM)
		return docker_failure_advice(DOCKER_NO_PLATFORM);
	return locked ? arena_printf(&b->in->ic->arena, "imgcache.lock has that "
				     "digest, run: imgcache lock --update %s",
				     locked->ref) : NULL;
}

static void
name_failure(struct builder *b, struct imgcache_error *err)
{
	const char *cure = cure_of(b);
	char text[sizeof(err->text)];

	name_step(b, err);
	if (!cure)
		return;
	memcpy(text, err->text, sizeof(text));
	error_clear(err);
	error_set(err, IMGCACHE_EBUILD, "%.600s; %s", text, cure);
}

int
builder_part(struct builder *b, struct imgcache_error *err)
{
	int ret;

	b->started_us = clock_mono_us();
	ret = builder_choose_log(b, err);
	if (!ret)
		ret = keep_bases(b, err);
	if (!ret)
		ret = redo_plan(&b->redo, b, err);
	if (!ret)
		ret = buildcache_plan(&b->caches, b, err);
	if (!ret)
		ret = builder_docker(b, err);
	if (ret == IMGCACHE_EBUILD) {
		name_failure(b, err);
		name_log(b, err);
	}
	if (ret)
		return ret;
	buildcache_commit(&b->caches, b);
	say_end(b);
	return session_is_disabled(b->in->ic) ? 0 :
		redo_done(&b->redo, b, err);
}

/*
 * Builds in containers that share an engine do not see each other's locks, and
 * often have one pid.
 */
static char *
temporary_name(const char *tag)
{
	uint64_t word;

	if (getrandom(&word, sizeof(word), GRND_NONBLOCK) != sizeof(word))
		word = (uint64_t)clock_now_us();
	return mem_printf(UNKEYED "%s-%lld-%d.%" PRIx64, tag,
			  (long long)clock_now_s(), (int)getpid(), word);
}

int
builder_run(struct builder *b, struct imgcache_answer *a,
	    struct imgcache_error *err)
{
	struct engine *e;
	int ret = session_engine(b->in->ic, &e, err);

	b->started_us = clock_mono_us();
	b->temporary = temporary_name(b->in->tag);
	if (!ret)
		ret = choose_platforms(b, err);
	if (!ret)
		ret = keep_bases(b, err);
	if (!ret)
		ret = redo_plan(&b->redo, b, err);
	if (!ret)
		ret = buildcache_plan(&b->caches, b, err);
	if (!ret)
		ret = builder_record_start(b, err);
	if (ret)
		return ret;
	ret = builder_docker(b, err);
	a->log = arena_strdup(&b->in->ic->arena, b->log_path);
	if (ret == IMGCACHE_EBUILD)
		name_failure(b, err);
	if (ret)
		builder_record_failure(b, ret, err->text, NULL);
	/* it may have been loaded before the export of a cache failed */
	if (ret && ret != IMGCACHE_EINTR)
		drop_temporary(b, e);
	if (ret == IMGCACHE_EBUILD)
		name_log(b, err);
	if (!ret)
		buildcache_commit(&b->caches, b);
	if (!ret)
		ret = accept(b, e, a, err);
	if (!ret)
		say_end(b);
	return ret;
}

void
builder_release(struct builder *b)
{
	size_t i;

	buildcache_release(&b->caches);
	redo_release(&b->redo);
	handover_release(&b->files);
	folders_release(&b->folders);
	strv_release(&b->on_contexts);
	image_list_release(&b->before);
	free(b->temporary);
	free(b->log_path);
	free(b->steps);
	for (i = 0; i < b->n_said; i++)
		free(b->said[i]);
	free(b->said);
	arena_release(&b->text);
}
