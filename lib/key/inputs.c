/* SPDX-License-Identifier: MIT */
/*
 * The order matters: the Dockerfile decides which contexts are read, the main
 * context decides the hash, and only then trees are hashed and the manifest
 * written.
 */
#include "key/inputs.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/strv.h"
#include "key/epoch.h"
#include "session/recipes.h"
#include "session/registries.h"
#include "source/ignore.h"
#include "source/repo.h"
#include "source/textmemo.h"
#include "source/tree.h"
#include "sys/clock.h"
#include "sys/file.h"

const struct buf *
inputs_counted_file(const struct inputs *in)
{
	return in->needed.len ? &in->needed : &in->dockerfile;
}

const struct base *
inputs_base(const struct inputs *in, const char *ref)
{
	size_t i;

	for (i = in->n_bases; i--;)
		if (!strcmp(in->bases[i].ref, ref))
			return &in->bases[i];
	return NULL;
}

/* One that docker was told to take, or that is looked at by pins_check(). */
static const struct base *
built_from(const struct inputs *in, const struct base_query *q)
{
	const struct base *b = in->built ? inputs_base(in->built, q->ref) :
		NULL;

	return b && (b->kind == BASE_PINNED || b->kind == BASE_LOCAL) ? b :
		NULL;
}

/* That for which docker decides is another one on each platform. */
static const struct base *
added_before(const struct inputs *in, const struct base_query *q)
{
	const char *platform = q->own_platform ? q->own_platform : "";
	size_t i;

	if (!q->engine_decides)
		return inputs_base(in, q->ref);
	for (i = 0; i < in->n_bases; i++) {
		const struct base *b = &in->bases[i];

		if (strcmp(b->ref, q->ref))
			continue;
		if (b->decided_for ? str_is(b->decided_for, platform) :
		    b->kind != BASE_PINNED && b->kind != BASE_LOCAL)
			return b;
	}
	return NULL;
}

int
inputs_add_base(struct inputs *in, const struct base_query *q,
		const struct base **out, struct imgcache_error *err)
{
	const struct base *built = built_from(in, q);
	const struct base *old = added_before(in, q);
	const struct base *same = old ? NULL :
		base_by_other_spelling(in->bases, in->n_bases, q);
	struct base_query query = *q;
	struct base b;
	int ret = 0;

	if (old) {
		if (out)
			*out = old;
		return 0;
	}
	query.no_lock = in->no_lock;
	query.at = inputs_lower_at(in, q->ref);
	if (in->only_sources) {
		b = (struct base){ .kind = BASE_NAMED, .digest = "" };
		b.ref = b.pinned = arena_strdup(&in->ic->arena, q->ref);
	} else if (built) {
		b = *built;
	} else if (same) {
		base_respell(in->ic, same, q->ref, &b);
	} else {
		ret = base_resolve(in->ic, &query, &b, err);
	}
	if (ret)
		return ret;
	mem_grow(in->bases, in->n_bases, in->cap_bases);
	in->bases[in->n_bases++] = b;
	if (out)
		*out = &in->bases[in->n_bases - 1];
	return 0;
}

const struct base *
inputs_root(const struct inputs *in)
{
	return in->root ? inputs_base(in, in->root) : NULL;
}

struct input_context *
inputs_add_context(struct inputs *in, const char *name, const char *path)
{
	struct input_context *c;

	mem_grow(in->contexts, in->n_contexts, in->cap_contexts);
	c = &in->contexts[in->n_contexts++];
	memset(c, 0, sizeof(*c));
	c->name = arena_strdup(&in->ic->arena, name);
	c->path = arena_strdup(&in->ic->arena, path);
	c->ignore = (struct buf)BUF_INIT;
	c->ignore_name = arena_printf(&in->ic->arena, "%s/.dockerignore",
				      path);
	return c;
}

/* A recipe without a context uses git; else the main context decides. */
static int
choose_hash(struct inputs *in, struct imgcache_error *err)
{
	const char *asked = in->r->recipe->hash;

	in->hash = HASH_GIT;
	if (asked && *asked && strcmp(asked, "auto")) {
		if (!hash_kind_parse(asked, &in->hash))
			return error_set(err, IMGCACHE_EUSAGE, "hash '%s' is "
					 "neither git nor xxh3", asked);
	} else if (in->n_contexts && !in->contexts[0].is_empty &&
		   !repo_is_worktree(in->contexts[0].path)) {
		in->hash = HASH_XXH3;
	}
	return 0;
}

static int
scan_context(struct inputs *in, struct input_context *c,
	     const struct strv *allow, struct imgcache_error *err)
{
	const struct settings *s = &in->ic->settings;
	int64_t threads = settings_int(s, SETTING_THREADS);
	struct tree_options o = {
		.hash = in->hash,
		.allow = allow,
		.reads = c->reads,
		.n_reads = c->n_reads,
		.stat_cache_dir = settings_bool(s, SETTING_STAT_CACHE) ?
			session_cache_dir(in->ic, "stat") : NULL,
		.threads = threads < 64 ? (unsigned)threads : 64,
	};
	struct ignore *rules = NULL;
	int ret = 0;

	if (c->is_empty)
		return 0;
	if (c->has_ignore) {
		ret = ignore_parse(&rules, c->ignore_name, c->ignore.data,
				   c->ignore.len, err);
		o.ignore = rules;
	}
	if (!ret)
		ret = tree_scan(c->path, &o, &c->tree, err);
	ignore_free(rules);
	return ret;
}

static int
add_named_tree(struct inputs *in, const struct input_context *c)
{
	char hex[HASH_HEX_SIZE];
	struct manifest_named *n;

	mem_grow(in->named, in->n_named, in->cap_named);
	n = &in->named[in->n_named++];
	n->name = c->name;
	n->kind = "dir";
	n->value = arena_strdup(&in->ic->arena,
				hash_hex(tree_digest(c->tree), hex));
	return 0;
}

static int
scan_contexts(struct inputs *in, struct imgcache_error *err)
{
	const struct strv *allow = in->r->recipe->kind == RECIPE_GENERATED ?
		&in->allow : NULL;
	size_t i;
	int ret;

	for (i = 0; i < in->n_contexts; i++) {
		struct input_context *c = &in->contexts[i];

		ret = scan_context(in, c, i ? NULL : allow, err);
		if (ret)
			return ret;
		if (c->name && c->tree)
			add_named_tree(in, c);
	}
	return 0;
}

static int
add_extra(struct inputs *in, const char *path, struct imgcache_error *err)
{
	char *full = path_absolute(in->r->recipe->root, path);
	struct manifest_extra *x;
	struct stat st;
	int fd = open(full, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int ret;

	if (fd < 0 || fstat(fd, &st)) {
		ret = error_errno(err, IMGCACHE_EFAIL, "cannot read key file "
				  "'%s'", full);
		goto out;
	}
	if (!S_ISREG(st.st_mode)) {
		ret = error_set(err, IMGCACHE_EFAIL, "key file '%s' is not a "
				"regular file", full);
		goto out;
	}
	mem_grow(in->extras, in->n_extras, in->cap_extras);
	x = &in->extras[in->n_extras];
	x->path = arena_strdup(&in->ic->arena, path);
	x->size = st.st_size;
	ret = hash_fd(in->hash, fd, st.st_size, full, &x->hash, err);
	if (!ret)
		in->n_extras++;
out:
	if (fd >= 0)
		close(fd);
	free(full);
	return ret;
}

/* The id in docker's "id=x,src=y", or of ssh's "x=y" and "x". */
static void
add_id(struct strv *ids, const char *text, bool is_ssh)
{
	const char *p = text;

	if (is_ssh) {
		strv_take(ids, mem_strndup(p, strcspn(p, "=,")));
		return;
	}
	while (*p && strncmp(p, "id=", 3)) {
		p += strcspn(p, ",");
		p += *p == ',';
	}
	if (*p)
		strv_take(ids, mem_strndup(p + 3, strcspn(p + 3, ",")));
	else
		strv_push(ids, "default");
}

/* buildx takes it from the environment, whatever the Dockerfile is. */
static void
add_source_date(struct inputs *in)
{
	static const char name[] = "SOURCE_DATE_EPOCH";
	const char *value = expand_get(&in->ic->env, name);
	size_t i;

	for (i = 0; i < in->key_args.n; i++)
		if (!strncmp(in->key_args.v[i], name, strlen(name)) &&
		    in->key_args.v[i][strlen(name)] == '=')
			return;
	if (value)
		strv_pushf(&in->key_args, "%s=%s", name, value);
}

/* Of several labels with one name docker takes the last. */
static void
add_labels(struct inputs *in)
{
	const struct strv *given = &in->r->recipe->labels;
	size_t i, k, len;

	for (i = 0; i < given->n; i++) {
		len = strcspn(given->v[i], "=");
		for (k = i + 1; k < given->n; k++)
			if (strcspn(given->v[k], "=") == len &&
			    !strncmp(given->v[k], given->v[i], len))
				break;
		if (k == given->n)
			strv_push(&in->labels, given->v[i]);
	}
}

static void
open_memo(struct inputs *in)
{
	struct imgcache_error ignored = {0};
	const char *dir = session_cache_dir(in->ic, "memo");
	struct buf id = BUF_INIT;
	char hex[HASH_HEX_SIZE];
	struct hash h;

	buf_addf(&id, "%s\n%s\n%s\n", in->r->recipe->root,
		 in->r->recipe->name ? in->r->recipe->name : "",
		 in->r->recipe->target ? in->r->recipe->target : "");
	buf_add(&id, in->dockerfile.data, in->dockerfile.len);
	if (dir && !hash_bytes(HASH_XXH3, id.data, id.len, &h, &ignored))
		in->memo = textmemo_open(arena_printf(&in->ic->arena, "%s/%s",
						      dir, hash_hex(&h, hex)));
	else
		in->memo = textmemo_open(NULL);
	buf_release(&id);
}

static int
write_manifest(struct inputs *in, struct imgcache_error *err)
{
	const struct recipe *q = in->r->recipe;
	const struct buf *file = inputs_counted_file(in);
	struct manifest m = {
		.kind = in->hash,
		.salt = q->salt,
		.epoch = in->epoch,
		.dockerfile = file->data,
		.dockerfile_len = file->len,
		.frontend = in->frontend,
		.target = q->target,
		/* "default" is what it is without one, to docker too */
		.network = str_is(q->network, "default") ? NULL : q->network,
		.platforms = &q->platforms,
		.add_hosts = &q->add_hosts,
		.labels = &in->labels,
		.secrets = &in->secret_ids,
		.ssh = &in->ssh_ids,
		.named = in->named, .n_named = in->n_named,
		.extras = in->extras, .n_extras = in->n_extras,
		.context = in->context_mode,
		.context_reason = in->context_reason,
	};
	struct manifest_base *bases = mem_array(in->n_bases + 1,
						sizeof(*bases));
	struct manifest_arg *args = mem_array(in->key_args.n + 1,
					      sizeof(*args));
	size_t i;
	int ret;

	for (i = 0; i < in->n_bases; i++) {
		bases[i].ref = in->bases[i].ref;
		bases[i].digest = in->bases[i].digest;
	}
	for (i = 0; i < in->key_args.n; i++) {
		const char *text = in->key_args.v[i];
		size_t len = strcspn(text, "=");

		args[i].name = arena_strndup(&in->ic->arena, text, len);
		args[i].value = text[len] ? text + len + 1 : NULL;
	}
	m.bases = bases;
	m.n_bases = in->n_bases;
	m.args = args;
	m.n_args = in->key_args.n;
	if (in->context_mode != CONTEXT_NONE)
		m.tree = *tree_digest(in->contexts[0].tree);
	ret = manifest_write(&m, in->memo, &in->manifest, err);
	if (!ret)
		ret = manifest_tag(in->hash, &in->manifest, in->memo, in->tag,
				   err);
	free(bases);
	free(args);
	return ret;
}

const char *
inputs_platforms(const struct imgcache_recipe *r)
{
	struct strv all = {0};
	struct buf b = BUF_INIT;
	const char *text;
	size_t i;

	strv_push_all(&all, &r->recipe->platforms);
	strv_sort(&all);
	strv_uniq(&all);
	for (i = 0; i < all.n; i++)
		buf_addf(&b, "%s%s", i ? "," : "", all.v[i]);
	text = arena_strdup(&r->ic->arena, b.data);
	buf_release(&b);
	strv_release(&all);
	return text;
}

const char *
inputs_local_platform(const struct imgcache_recipe *r)
{
	const struct strv *all = &r->recipe->platforms;
	const char *asked = session_platform(r->ic);
	const char *own = session_own_platform(r->ic);

	return strv_has(all, asked) ? asked : strv_has(all, own) ? own :
		all->v[0];
}

/* The Dockerfile, the bases, and which contexts there are. */
static int
take_parts(struct imgcache_recipe *r, const struct inputs_options *o,
	   struct inputs *in, struct imgcache_error *err)
{
	char text[32];
	const char *epoch;
	int ret;

	memset(in, 0, sizeof(*in));
	in->ic = r->ic;
	in->r = r;
	in->no_lock = o->no_lock;
	in->built = o->built;
	in->only_sources = o->only_sources;
	in->dockerfile = (struct buf)BUF_INIT;
	in->needed = (struct buf)BUF_INIT;
	in->manifest = (struct buf)BUF_INIT;
	ret = recipes_check(r, err);
	if (ret)
		return ret;
	in->platform = inputs_platforms(r);
	in->local = inputs_local_platform(r);
	epoch = o->built ? o->built->epoch :
		epoch_of(r->recipe->refresh, clock_now_s(), text);
	in->epoch = arena_strdup(&in->ic->arena, epoch);
	ret = r->recipe->kind == RECIPE_GENERATED ?
		inputs_generated(in, o, err) : inputs_dockerfile(in, o, err);
	/* what the project file says is no wrong command line */
	if (ret == IMGCACHE_EUSAGE && r->image)
		ret = err->code = IMGCACHE_EFAIL;
	return ret;
}

int
inputs_take_dockerfile(struct imgcache_recipe *r,
		       const struct inputs_options *o, struct inputs *in,
		       struct imgcache_error *err)
{
	return take_parts(r, o, in, err);
}

int
inputs_take_sources(struct imgcache_recipe *r, struct inputs *in,
		    struct imgcache_error *err)
{
	static const struct inputs_options o = { .only_sources = true };

	return take_parts(r, &o, in, err);
}

int
inputs_take(struct imgcache_recipe *r, const struct inputs_options *o,
	    struct inputs *in, struct imgcache_error *err)
{
	const struct recipe *q = r->recipe;
	size_t i;
	int ret = take_parts(r, o, in, err);

	if (!ret)
		ret = choose_hash(in, err);
	if (!ret)
		ret = scan_contexts(in, err);
	if (!ret)
		ret = inputs_check_copies(in, err);
	for (i = 0; !ret && i < q->key_files.n; i++)
		ret = add_extra(in, q->key_files.v[i], err);
	if (ret)
		return ret;
	for (i = 0; i < q->secrets.n; i++)
		add_id(&in->secret_ids, q->secrets.v[i], false);
	for (i = 0; i < q->ssh.n; i++)
		add_id(&in->ssh_ids, q->ssh.v[i], true);
	add_labels(in);
	add_source_date(in);
	open_memo(in);
	ret = write_manifest(in, err);
	if (ret)
		return ret;
	in->ref = arena_printf(&in->ic->arena, "%s:%s",
			       registries_home(in->ic, q), in->tag);
	return 0;
}

void
inputs_release(struct inputs *in)
{
	size_t i;

	for (i = 0; i < in->n_contexts; i++) {
		tree_free(in->contexts[i].tree);
		buf_release(&in->contexts[i].ignore);
	}
	free(in->contexts);
	free(in->bases);
	free(in->lower);
	free(in->named);
	free(in->extras);
	strv_release(&in->stage_names);
	strv_release(&in->looked_at);
	strv_release(&in->allow);
	strv_release(&in->plain_contexts);
	strv_release(&in->args);
	strv_release(&in->all_args);
	strv_release(&in->key_args);
	strv_release(&in->labels);
	strv_release(&in->secret_ids);
	strv_release(&in->ssh_ids);
	textmemo_close(in->memo);
	buf_release(&in->dockerfile);
	buf_release(&in->needed);
	buf_release(&in->manifest);
	memset(in, 0, sizeof(*in));
}

int
imgcache_tag(struct imgcache *ic, struct imgcache_recipe *r,
	     struct imgcache_tag *out, struct imgcache_error *err)
{
	static const struct inputs_options none;
	struct inputs in;
	int ret = inputs_take(r, &none, &in, err);

	if (!ret) {
		out->tag = arena_strdup(&ic->arena, in.tag);
		out->ref = in.ref;
		out->manifest = arena_strdup(&ic->arena, in.manifest.data);
		out->hash = hash_name(in.hash);
	}
	inputs_release(&in);
	return ret;
}

int
imgcache_dockerfile(struct imgcache *ic, struct imgcache_recipe *r,
		    const char **text, struct imgcache_error *err)
{
	static const struct inputs_options none;
	struct inputs in;
	int ret = inputs_take_dockerfile(r, &none, &in, err);

	if (!ret)
		*text = arena_strndup(&ic->arena, in.dockerfile.data,
				      in.dockerfile.len);
	inputs_release(&in);
	return ret;
}
