/* SPDX-License-Identifier: MIT */
/*
 * Lists of images. The two orders people ask for most run along an index and
 * stop at the limit; the others read all rows of the filter and sort them.
 */

#include "store/images.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "recipe/manifest.h"
#include "store/catalog.h"
#include "store/imagerow.h"
#include "store/statements.h"

/* CROSS keeps images on the outside, so that its index gives the order. */
#define LIST_FROM IMAGE_COLUMNS						\
	" FROM images i CROSS JOIN engines e ON e.id = i.engine"

/* ?9 is the limit (-1: none), last in every list. */
#define LIST_WHERE							\
	LIST_OF_ANY_NAME " AND (?2 IS NULL OR i.project = ?2)"
#define LIST_OF_ANY_NAME						\
	" WHERE (?1 IS NULL OR e.name = ?1)"				\
	" AND (?3 IS NULL OR i.base_ref = ?3)"				\
	" AND (?4 IS NULL OR EXISTS (SELECT 1 FROM dependencies d"	\
	"   WHERE d.image = i.id AND d.name = ?4))"			\
	" AND (?5 IS NULL OR substr(i.tag, 1, length(?5)) = ?5"		\
	"   OR substr(i.tag, 4, length(?5)) = ?5"			\
	"   OR substr(i.name, 1, length(?5)) = ?5)"			\
	" AND (?6 IS NULL OR instr(?6, ',' || i.status || ','))"	\
	" AND (?7 = 0 OR " IMAGE_USED " < ?7)"				\
	" AND (?8 < 0 OR i.pinned = ?8)"

/*
 * ?10 is enum image_sort, ?11 is -1 for its own direction and 1 for the other.
 * Words run upwards by nature, numbers downwards.
 */
#define LIST_SORTED_BY(used)						\
	" ORDER BY CASE ?10"						\
	"   WHEN 0 THEN " used						\
	"   WHEN 1 THEN i.id"						\
	"   WHEN 2 THEN coalesce(i.size_bytes, -1)"			\
	"   WHEN 3 THEN i.hits END * ?11,"				\
	" CASE WHEN ?11 < 0 THEN CASE ?10 WHEN 4 THEN coalesce(i.name, '~')" \
	"   WHEN 5 THEN i.tag END END,"					\
	" CASE WHEN ?11 > 0 THEN CASE ?10 WHEN 4 THEN coalesce(i.name, '~')" \
	"   WHEN 5 THEN i.tag END END DESC,"				\
	" i.id * ?11 LIMIT ?9"

/*
 * Where it is asked what a name was made from last (?13), an image of another
 * name counts from when it got this one: its uses may all be the other's.
 */
#define USED_AS								\
	"CASE WHEN ?13 AND i.name IS NOT ?12 THEN"			\
	"   (SELECT max(n.at) FROM image_names n"			\
	"   WHERE n.image = i.id AND n.name = ?12)"			\
	"   ELSE " IMAGE_USED " END"

#define LIST_STATEMENTS(X)						\
	X(LIST_BASES, "SELECT DISTINCT base_ref FROM images"		\
		" WHERE base_ref IS NOT NULL ORDER BY base_ref")	\
	X(LIST_BY_USE, LIST_FROM LIST_WHERE				\
		" ORDER BY " IMAGE_USED " DESC, i.id DESC LIMIT ?9") \
	X(LIST_BY_USE_REVERSED, LIST_FROM LIST_WHERE			\
		" ORDER BY " IMAGE_USED ", i.id LIMIT ?9") \
	X(LIST_BY_CREATION, LIST_FROM LIST_WHERE			\
		" ORDER BY i.id DESC LIMIT ?9")				\
	X(LIST_BY_CREATION_REVERSED, LIST_FROM LIST_WHERE		\
		" ORDER BY i.id LIMIT ?9")				\
	X(LIST_SORTED, LIST_FROM LIST_WHERE				\
		LIST_SORTED_BY(IMAGE_USED))				\
	X(LIST_OF_NAME, LIST_FROM LIST_OF_ANY_NAME			\
		" AND i.id IN (SELECT n.image FROM image_names n"	\
		"   WHERE n.name = ?12 AND (?2 IS NULL OR n.project = ?2))" \
		" AND (?13 = 0 OR i.manifest IS NOT NULL)"		\
		LIST_SORTED_BY(USED_AS))				\
	X(FIND_NAME, LIST_FROM						\
		" WHERE i.id IN (SELECT o.image FROM image_names o"	\
		"   WHERE o.name = ?1) AND (?2 IS NULL OR e.name = ?2)"	\
		" AND i.tag = (SELECT x.tag FROM image_names n"		\
		"   JOIN images x ON x.id = n.image"			\
		"   WHERE n.name = ?1 AND (?2 IS NULL OR x.engine ="	\
		"     (SELECT id FROM engines WHERE name = ?2))"	\
		"   ORDER BY n.at DESC, x.id DESC LIMIT 1)"		\
		" ORDER BY i.tag, e.name, i.platform")			\
	/* enough rows to see that it is ambiguous, and to say so */	\
	X(FIND_TAG, LIST_FROM						\
		" WHERE i.tag >= ?1 AND i.tag < ?2"			\
		" AND (?3 IS NULL OR e.name = ?3)"			\
		" ORDER BY i.tag, e.name, i.platform LIMIT 64")		\
	X(FIND_IMAGE_ID, LIST_FROM					\
		" WHERE i.image_id >= ?1 AND i.image_id < ?2"		\
		" AND (?3 IS NULL OR e.name = ?3)"			\
		" ORDER BY i.image_id, i.tag, e.name, i.platform LIMIT 64") \
	X(BY_IMAGE_ID, LIST_FROM					\
		" WHERE i.image_id = ?1 AND e.name = ?2"		\
		" ORDER BY i.id")

SQL_LIST(list, LIST_STATEMENTS);

/* ",completed,gone," for the bits, NULL for none. The caller frees. */
static char *
status_words(unsigned bits)
{
	struct buf b = BUF_INIT;

	if (!bits)
		return NULL;
	for (int s = 0; s < IMAGE_STATUSES; s++)
		if (bits & (1u << s))
			buf_addf(&b, ",%s", image_status_text(s));
	buf_addc(&b, ',');
	return buf_detach(&b);
}

static int
choose_statement(const struct image_filter *f)
{
	if (f->name)
		return LIST_OF_NAME;
	if (f->sort == IMAGE_BY_USED)
		return f->reverse ? LIST_BY_USE_REVERSED : LIST_BY_USE;
	if (f->sort == IMAGE_BY_CREATED)
		return f->reverse ? LIST_BY_CREATION_REVERSED :
			LIST_BY_CREATION;
	return LIST_SORTED;
}

int
images_list(struct catalog *cat, const struct image_filter *f,
	    struct image_list *out, struct imgcache_error *err)
{
	int which = choose_statement(f);
	struct sql_use *q = sql_use(catalog_sql(cat), &list_statements, which,
				    err);
	char *statuses = status_words(f->statuses);
	int pin = f->pin == IMAGE_ANY_PIN ? -1 : f->pin == IMAGE_PINNED;
	int64_t limit = f->limit ? f->limit : -1;
	int direction = f->reverse ? 1 : -1;
	int rc;

	if (which == LIST_OF_NAME)
		sql_bind(q, "ssssssididdsd", f->engine, f->project, f->base,
			 f->dependency, f->prefix, statuses, f->unused_since,
			 pin, limit, (int)f->sort, direction, f->name,
			 (int)f->with_manifest);
	else if (which == LIST_SORTED)
		sql_bind(q, "ssssssididd", f->engine, f->project, f->base,
			 f->dependency, f->prefix, statuses, f->unused_since,
			 pin, limit, (int)f->sort, direction);
	else
		sql_bind(q, "ssssssidi", f->engine, f->project, f->base,
			 f->dependency, f->prefix, statuses, f->unused_since,
			 pin, limit);
	rc = imagerow_add_all(out, q, err);
	free(statuses);
	return rc;
}

int
images_bases(struct catalog *cat, struct strv *out, struct imgcache_error *err)
{
	struct sql_use *q = sql_use(catalog_sql(cat), &list_statements,
				    LIST_BASES, err);
	int rc;

	while ((rc = sql_next(q, err)) > 0)
		strv_push(out, sql_text(q, 0));
	return rc;
}

static int
find_name(struct catalog *cat, const char *engine, const char *name,
	  struct image_list *out, struct imgcache_error *err)
{
	struct sql_use *q = sql_use(catalog_sql(cat), &list_statements,
				    FIND_NAME, err);

	sql_bind(q, "ss", name, engine);
	return imagerow_add_all(out, q, err);
}

/* All that begin with prefix followed by what; both are ASCII, '~' is last. */
static int
find_range(struct catalog *cat, int which, const char *engine,
	   const char *prefix, const char *what,
	   struct image_list *out, struct imgcache_error *err)
{
	struct sql_use *q = sql_use(catalog_sql(cat), &list_statements, which,
				    err);
	char *low = mem_printf("%s%s", prefix, what);
	char *high = mem_printf("%s~", low);
	int rc;

	sql_bind(q, "sss", low, high, engine);
	rc = imagerow_add_all(out, q, err);
	free(high);
	free(low);
	return rc;
}

/* "registry:5000/team/cache:g1-..." ends in a tag, "registry:5000/x" not. */
static const char *
tag_of_ref(const char *what)
{
	const char *slash = strrchr(what, '/');
	const char *colon = strrchr(slash ? slash : what, ':');

	return colon && slash ? colon + 1 : what;
}

static int
check_unambiguous(const struct image_list *list, const char *what,
		  struct imgcache_error *err)
{
	struct buf names = BUF_INIT;
	const char *last = NULL;
	int n = 0, rc = 0;

	for (size_t i = 0; i < list->n; i++) {
		const struct image_row *r = &list->v[i];

		if (last && !strcmp(last, r->key.tag))
			continue;
		last = r->key.tag;
		if (++n > 5)
			continue;
		buf_addf(&names, "%s%s", n > 1 ? ", " : "", r->key.tag);
		if (r->name)
			buf_addf(&names, " (%s)", r->name);
	}
	if (n > 1)
		rc = error_set(err, IMGCACHE_EUSAGE, "'%s' fits several "
			       "images: %s%s; write more of it", what,
			       names.data,
			       n > 5 ? ", ..." : "");
	buf_release(&names);
	return rc;
}

/* A tag that is a key is all of it. */
static size_t
key_len(const struct image_row *r)
{
	size_t len = manifest_tag_len(r->key.tag);

	return len ? len : strlen(r->key.tag);
}

static bool
is_same_key(const struct image_row *a, const struct image_row *b)
{
	size_t len = key_len(a);

	return len == key_len(b) && !strncmp(a->key.tag, b->key.tag, len);
}

/* There, or to be made, under its key. */
static bool
has_key(const struct image_row *r)
{
	return !r->key.tag[key_len(r)] &&
		(r->status == IMAGE_PENDING || r->status == IMAGE_BUILDING ||
		 r->status == IMAGE_COMPLETED || r->status == IMAGE_DELETING);
}

static bool
is_meant_before(const struct image_row *a, const struct image_row *b,
		const char *what)
{
	bool x = !strcmp(a->key.tag, what), y = !strcmp(b->key.tag, what);

	if (x == y) {
		x = has_key(a);
		y = has_key(b);
	}
	if (x != y)
		return x;
	return a->status_at != b->status_at ? a->status_at > b->status_at :
		a->id > b->id;
}

/* Of a key and of what was to have it one tag is meant: see images.h. */
static void
keep_meant(struct image_list *list, const char *what)
{
	const struct image_row **best = mem_array(list->n + 1, sizeof(*best));
	struct image_row *v = mem_array(list->n + 1, sizeof(*v));
	size_t n = 0;

	if (list->n)
		memcpy(v, list->v, list->n * sizeof(*v));
	for (size_t i = 0; i < list->n; i++) {
		best[i] = &v[i];
		for (size_t k = 0; k < list->n; k++)
			if (is_same_key(&v[i], &v[k]) &&
			    is_meant_before(&v[k], best[i], what))
				best[i] = &v[k];
	}
	for (size_t i = 0; i < list->n; i++)
		if (!strcmp(v[i].key.tag, best[i]->key.tag))
			list->v[n++] = v[i];
	list->n = n;
	free(v);
	free(best);
}

/* An id of the engine that an image with a key has means that. */
static void
prefer_keys(struct image_list *list)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++)
		if (manifest_is_tag(list->v[i].key.tag))
			list->v[n++] = list->v[i];
	if (n)
		list->n = n;
}

int
images_find(struct catalog *cat, const char *engine, const char *what,
	    struct image_list *out, struct imgcache_error *err)
{
	static const struct { int which; const char *prefix; } ways[] = {
		{ FIND_TAG, "" }, { FIND_TAG, "g1-" }, { FIND_TAG, "x1-" },
		{ FIND_IMAGE_ID, "" }, { FIND_IMAGE_ID, "sha256:" },
	};
	const char *tag = tag_of_ref(what);
	size_t i;
	int rc = *what ? find_name(cat, engine, what, out, err) : 0;

	/* g1- and x1- are one question: a key of either kind */
	for (i = 0; rc == 0 && *what && i < 5; i++) {
		if (out->n && i != 2)
			break;
		rc = find_range(cat, ways[i].which, engine, ways[i].prefix,
				ways[i].which == FIND_TAG ? tag : what, out,
				err);
	}
	keep_meant(out, tag);
	if (i > 3)
		prefer_keys(out);
	return rc ? rc : check_unambiguous(out, what, err);
}

int
images_find_again(struct catalog *cat, const struct image_key *key,
		  struct image_list *out, struct imgcache_error *err)
{
	size_t n = 0;
	int rc;

	if (!manifest_is_tag(key->tag))
		return images_get(cat, key, out, err);
	rc = find_range(cat, FIND_TAG, key->engine, "", key->tag, out, err);
	for (size_t i = 0; i < out->n; i++)
		if (!strcmp(out->v[i].key.platform, key->platform))
			out->v[n++] = out->v[i];
	out->n = n;
	keep_meant(out, "");
	return rc;
}

int
images_by_image_id(struct catalog *cat, const char *engine,
		   const char *image_id, struct image_list *out,
		   struct imgcache_error *err)
{
	struct sql_use *q = sql_use(catalog_sql(cat), &list_statements,
				    BY_IMAGE_ID, err);

	sql_bind(q, "ss", image_id, engine);
	return imagerow_add_all(out, q, err);
}
