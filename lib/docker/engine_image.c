/* SPDX-License-Identifier: MIT */
/*
 * Images and containers. The client's `inspect` prints the very objects that
 * the socket gives, so only the lists differ: the socket's have fewer members,
 * and from the client a list of ids is inspected.
 */

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/strv.h"
#include "docker/engine_ask.h"
#include "docker/moment.h"
#include "docker/platform.h"
#include "store/jsonr.h"

/* Untagged images are listed as "<none>:<none>" by engines before 24. */
static const char *const *names_of(struct arena *a, const struct jsonr_node *n)
{
	const char *const *all = engine_list(a, n);
	const char **named;
	size_t count = 0, kept = 0;

	while (all[count])
		count++;
	named = arena_alloc(a, (count + 1) * sizeof(*named));
	for (size_t i = 0; i < count; i++)
		if (!str_starts(all[i], "<none>"))
			named[kept++] = all[i];
	return named;
}

/* "Labels", which an inspected thing has in its "Config". */
static const struct engine_label *
labels_of(struct arena *a, const struct jsonr_node *n, size_t *count)
{
	const struct jsonr_node *config = jsonr_member(n, "Config");
	struct engine_label *label;
	size_t n_max;

	n = jsonr_member(config ? config : n, "Labels");
	n_max = n && n->type == JSONR_OBJECT ? n->n : 0;
	label = arena_alloc(a, (n_max + 1) * sizeof(*label));
	*count = 0;
	for (n = n_max ? n->child : NULL; n; n = n->next) {
		if (n->type != JSONR_STRING)
			continue;
		label[*count].name = arena_strdup(a, n->key);
		label[(*count)++].value = arena_strdup(a, n->text);
	}
	return label;
}

/* A moment in an inspected image, seconds in a list. */
static int64_t
created(const struct jsonr_node *n)
{
	const char *text = jsonr_string(n, "/Created", NULL);

	return text ? moment_us(text) / 1000000 : jsonr_int(n, "/Created", 0);
}

/* Of a named image of the containerd store the id is one of its digests. */
static bool
leaves_out_onbuild(const struct engine *e, const struct engine_image *image)
{
	const char *minor = str_starts(e->response.api, "1.") ?
			    e->response.api + 2 : NULL;

	if (!engine_has_socket(e) || !minor || atoi(minor) >= 44)
		return false;
	for (size_t i = 0; image->digests[i]; i++)
		if (str_ends(image->digests[i], image->id))
			return true;
	return false;
}

static int
fill_image(const struct engine *e, struct arena *a,
	   const struct jsonr_node *n, struct engine_image *out,
	   struct imgcache_error *err)
{
	const struct jsonr_node *config = jsonr_member(n, "Config");

	out->id = engine_text(a, n, "/Id");
	if (!str_starts(out->id, "sha256:"))
		return error_set(err, IMGCACHE_EUNKNOWN, "docker at '%s' "
				 "described an image without an id",
				 engine_endpoint(e));
	out->tags = names_of(a, jsonr_member(n, "RepoTags"));
	out->digests = names_of(a, jsonr_member(n, "RepoDigests"));
	out->labels = labels_of(a, n, &out->n_labels);
	out->size_bytes = jsonr_int(n, "/Size", 0);
	out->created = created(n);
	out->tagged = moment_us(jsonr_string(n, "/Metadata/LastTagTime",
					     NULL)) / 1000000;
	out->os = engine_text(a, n, "/Os");
	out->arch = engine_text(a, n, "/Architecture");
	out->variant = engine_text(a, n, "/Variant");
	out->driver = engine_text(a, n, "/GraphDriver/Name");
	out->onbuild = engine_list(a, jsonr_member(config, "OnBuild"));
	out->has_onbuild = config && config->type == JSONR_OBJECT &&
			   !leaves_out_onbuild(e, out);
	out->env = engine_list(a, jsonr_member(config, "Env"));
	out->user = engine_text(a, config, "/User");
	out->shell = engine_list(a, jsonr_member(config, "Shell"));
	out->layers = engine_list(a, jsonr_at(n, "/RootFS/Layers"));
	return 0;
}

static void
inspect_target(const char *ref, struct buf *target)
{
	buf_adds(target, "/images/");
	http_add_path(target, ref);
	buf_adds(target, "/json");
}

void
engine_expect(struct engine *e, const char *ref)
{
	struct buf target = BUF_INIT;
	size_t i;

	inspect_target(ref, &target);
	for (i = 0; i < ENGINE_AHEAD && engine_has_socket(e); i++)
		if (e->ahead[i].fd < 0) {
			http_send_ahead(&e->ahead[i], target.data);
			break;
		}
	buf_release(&target);
}

static const struct jsonr_node *
inspect_socket(struct engine *e,
	       const char *ref,
	       struct imgcache_error *err)
{
	struct buf target = BUF_INIT;
	int ret;

	inspect_target(ref, &target);
	ret = engine_get(e, target.data, err);
	buf_release(&target);
	return ret ? NULL : engine_json(e, &e->response.body, err);
}

static const struct jsonr_node *
inspect_client(struct engine *e,
	       const char *ref,
	       struct imgcache_error *err)
{
	const char *const args[] = { "image", "inspect", "--", ref, NULL };
	struct engine_command c = { args, e->o.ask_ms, false };
	const struct jsonr_node *doc;

	if (engine_client(e, &c, err))
		return NULL;
	doc = engine_json(e, &e->out, err);
	return doc ? doc->child : NULL;
}

/* Not a grammar: only what would make another question of it. */
static bool
is_plausible(const char *ref)
{
	if (!*ref || *ref == '-' || *ref == '/' || *ref == '.')
		return false;
	for (const char *p = ref; *p; p++)
		if ((unsigned char)*p <= ' ' || *p == '?' || *p == '#' ||
		    *p == '%' || (p[0] == '/' && (p[1] == '/' || p[1] == '.')))
			return false;
	return true;
}

int
engine_image(struct engine *e, const char *ref, struct engine_image *out,
	     struct imgcache_error *err)
{
	const struct jsonr_node *doc;
	int ret;

	memset(out, 0, sizeof(*out));
	if (!is_plausible(ref))
		return error_set(err, IMGCACHE_EUNKNOWN,
				 "'%s' is no name of an image", ref);
	doc = engine_has_socket(e) ? inspect_socket(e, ref, err)
				   : inspect_client(e, ref, err);
	if (!doc && err->code)
		return err->code;
	ret = fill_image(e, &out->arena, doc, out, err);
	if (!ret)
		engine_saw_driver(e, out->driver);
	else
		engine_image_release(out);
	return ret;
}

void
engine_image_release(struct engine_image *image)
{
	arena_release(&image->arena);
	memset(image, 0, sizeof(*image));
}

int
engine_takes(struct engine *e, const struct engine_image *image,
	     const char *platform, bool *takes, struct imgcache_error *err)
{
	const char *identity;
	int ret = engine_identity(e, &identity, err);

	*takes = !ret && (strstr(identity, "/containerd:") || !*image->os ||
			  platform_takes(platform, image->os, image->arch,
					 image->variant));
	return ret;
}

const char *
engine_image_label(const struct engine_image *image,
		   const char *name)
{
	for (size_t i = 0; i < image->n_labels; i++)
		if (str_is(image->labels[i].name, name))
			return image->labels[i].value;
	return NULL;
}

bool
engine_image_has_tag(const struct engine_image *image, const char *ref)
{
	for (size_t i = 0; image->tags && image->tags[i]; i++)
		if (str_is(image->tags[i], ref))
			return true;
	return false;
}

const char *
engine_image_digest(const struct engine_image *image, const char *ref)
{
	const char *slash = strrchr(ref, '/');
	const char *from = slash ? slash : ref;
	size_t len = (size_t)(from - ref) + strcspn(from, ":@");

	for (const char *const *d = image->digests; *d; d++) {
		const char *at = strchr(*d, '@');
		size_t have = at ? (size_t)(at - *d) : 0;

		if (at && have >= len && !strncmp(*d + have - len, ref, len) &&
		    (have == len || (*d)[have - len - 1] == '/'))
			return at + 1;
	}
	return NULL;
}

/* {"name":["value"]} as a query's value. */
static void
add_filter(struct buf *out, const char *name, const char *value)
{
	struct buf text = BUF_INIT, quoted = BUF_INIT;

	for (const char *p = value; *p; p++) {
		if (*p == '"' || *p == '\\')
			buf_addc(&quoted, '\\');
		buf_addc(&quoted, *p);
	}
	buf_addf(&text, "{\"%s\":[\"%s\"]}", name, quoted.data);
	buf_adds(out, "filters=");
	http_add_query(out, text.data);
	buf_release(&text);
	buf_release(&quoted);
}

/*
 * `docker KIND inspect` of the ids that `docker LIST` printed. One that went
 * in between makes the client fail but the others are printed all the same.
 */
static const struct jsonr_node *
inspect_listed(struct engine *e,
	       const char *kind,
	       const char *const *list,
	       struct imgcache_error *err)
{
	struct engine_command c = { list, e->o.ask_ms, false };
	struct strv args = { 0 }, ids = { 0 };
	int ret = engine_client(e, &c, err);

	if (!ret) {
		strv_split(&ids, e->out.data, "\n");
		strv_sort(&ids);
		strv_uniq(&ids);
		strv_push(&args, kind);
		strv_push(&args, "inspect");
		strv_push(&args, "--");
		strv_push_all(&args, &ids);
		c.args = (const char *const *)args.v;
		buf_clear(&e->out);
		buf_adds(&e->out, "[]");
		if (ids.n)
			ret = engine_client(e, &c, err);
	}
	if (ret == IMGCACHE_ENO && e->out.len) {
		error_clear(err);
		ret = 0;
	}
	strv_release(&args);
	strv_release(&ids);
	return ret ? NULL : engine_json(e, &e->out, err);
}

static const struct jsonr_node *
list_images(struct engine *e,
	    const char *label,
	    struct imgcache_error *err)
{
	char *filter = mem_printf("--filter=label=%s", label);
	const char *const list[] = { "image", "ls", "--quiet", "--no-trunc",
				     filter, NULL };
	const struct jsonr_node *doc = NULL;
	struct buf target = BUF_INIT;

	if (!engine_has_socket(e)) {
		doc = inspect_listed(e, "image", list, err);
	} else {
		buf_adds(&target, "/images/json?");
		add_filter(&target, "label", label);
		if (!engine_get(e, target.data, err))
			doc = engine_json(e, &e->response.body, err);
	}
	buf_release(&target);
	free(filter);
	return doc;
}

static int
not_a_list(const struct engine *e, struct imgcache_error *err)
{
	return error_set(err, IMGCACHE_EUNKNOWN, "docker at '%s' answered with "
			 "something else than a list", engine_endpoint(e));
}

static int
compare_images(const void *a, const void *b)
{
	const struct engine_image *x = a, *y = b;

	return strcmp(x->id, y->id);
}

int
engine_images(struct engine *e, const char *label,
	      struct engine_images *out, struct imgcache_error *err)
{
	const struct jsonr_node *doc;
	int ret = 0;

	memset(out, 0, sizeof(*out));
	doc = list_images(e, label, err);
	if (!doc)
		return err->code;
	if (doc->type != JSONR_ARRAY)
		return not_a_list(e, err);
	out->v = arena_alloc(&out->arena, (doc->n + 1) * sizeof(*out->v));
	for (doc = doc->child; doc && !ret; doc = doc->next)
		ret = fill_image(e, &out->arena, doc, &out->v[out->n++], err);
	if (ret)
		engine_images_release(out);
	else
		qsort(out->v, out->n, sizeof(*out->v), compare_images);
	return ret;
}

void
engine_images_release(struct engine_images *list)
{
	arena_release(&list->arena);
	memset(list, 0, sizeof(*list));
}

static const struct jsonr_node *
list_containers(struct engine *e,
		const char *ancestor,
		struct imgcache_error *err)
{
	char *filter = ancestor ? mem_printf("--filter=ancestor=%s", ancestor)
				: NULL;
	const char *const list[] = { "container", "ls", "--all", "--quiet",
				     "--no-trunc", filter, NULL };
	const struct jsonr_node *doc = NULL;
	struct buf target = BUF_INIT;

	if (!engine_has_socket(e)) {
		doc = inspect_listed(e, "container", list, err);
	} else {
		buf_adds(&target, "/containers/json?all=1");
		if (ancestor) {
			buf_addc(&target, '&');
			add_filter(&target, "ancestor", ancestor);
		}
		if (!engine_get(e, target.data, err))
			doc = engine_json(e, &e->response.body, err);
	}
	buf_release(&target);
	free(filter);
	return doc;
}

/* An inspected one has "State" as an object and its image in "Config". */
static void
fill_container(struct arena *a, const struct jsonr_node *n,
	       struct engine_container *out)
{
	bool listed = jsonr_member(n, "ImageID") != NULL;
	const char *name = jsonr_string(n, listed ? "/Names/0" : "/Name", "");

	out->id = engine_text(a, n, "/Id");
	out->name = arena_strdup(a, name + (*name == '/'));
	out->image = engine_text(a, n, listed ? "/Image" : "/Config/Image");
	out->image_id = engine_text(a, n, listed ? "/ImageID" : "/Image");
	out->state = engine_text(a, n, listed ? "/State" : "/State/Status");
	out->labels = labels_of(a, n, &out->n_labels);
}

int
engine_containers(struct engine *e, const char *ancestor,
		  struct engine_containers *out,
		  struct imgcache_error *err)
{
	const struct jsonr_node *doc;

	memset(out, 0, sizeof(*out));
	doc = list_containers(e, ancestor, err);
	if (!doc)
		return err->code;
	if (doc->type != JSONR_ARRAY)
		return not_a_list(e, err);
	out->v = arena_alloc(&out->arena, (doc->n + 1) * sizeof(*out->v));
	for (doc = doc->child; doc; doc = doc->next)
		fill_container(&out->arena, doc, &out->v[out->n++]);
	return 0;
}

void
engine_containers_release(struct engine_containers *list)
{
	arena_release(&list->arena);
	memset(list, 0, sizeof(*list));
}
