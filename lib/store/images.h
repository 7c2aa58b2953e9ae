/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_STORE_IMAGES_H
#define IMGCACHE_STORE_IMAGES_H

/*
 * The images we know of: one row per engine, tag and platform. A row stays
 * when its image goes (gone, pruned, deleted), so that a later miss can say
 * why; images_forget() removes it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

struct catalog;
struct imgcache_error;
struct strv;

/* In the order of image_status_text(). */
enum image_status {
	IMAGE_PENDING,		/* asked for in the background, not begun */
	IMAGE_BUILDING,
	IMAGE_COMPLETED,	/* on the engine when last seen */
	IMAGE_FAILED,
	IMAGE_CHANGED,		/* sources moved during the build: no key */
	IMAGE_INTERRUPTED,
	IMAGE_DELETING,		/* being removed; a crash leaves it here */
	IMAGE_GONE,		/* the engine lost it behind our back */
	IMAGE_PRUNED,
	IMAGE_DELETED,
	IMAGE_STATUSES
};

const char *image_status_text(enum image_status s);	/* "completed" */
bool image_status_parse(const char *text, enum image_status *s);

/* What identifies a row. All three are required. */
struct image_key {
	const char *engine;
	const char *tag;	/* g1-... or x1-... */
	const char *platform;	/* "linux/amd64", several sorted with commas */
};

struct image_dependency {
	const char *type;	/* npm pip apt system */
	const char *name;
	const char *asked;	/* version or range as asked, NULL: any */
	const char *installed;	/* read back from the image, NULL: unknown */
};

struct image_row {
	int64_t id;
	struct image_key key;
	enum image_status status;
	const char *hash;	/* git or xxh3 */
	const char *ref;	/* repository:tag */
	const char *name;	/* of the recipe, NULL: from flags or adopted;
				   the last of several, see names.h */
	const char *project;	/* absolute path of the recipe's root */
	const char *recipe;	/* generated, dockerfile, unknown */
	const char *origin;	/* built, pulled, adopted */
	const char *image_id;	/* the engine's, sha256:... */
	const char *digest;	/* of the manifest, where there is one */
	const char *base_ref;
	const char *base_digest;
	const char *dependencies_hash;
	const char *manifest;	/* id in objects.h, of the kind in hash */
	const char *log_path;
	const char *reason;	/* of the last miss or failure, in words */
	const char *metadata;	/* JSON object */
	const char *pushed_ref;	/* see struct image_push */
	int64_t pushed_at;
	int64_t size_bytes;	/* -1: unknown */
	int64_t status_at;	/* when it came to its status; 0: unknown */
	int64_t generation;	/* see invalidations.h; 0: none */
	int64_t created_at;	/* when we made the row; the engine's own
				   "created" is not believed */
	int64_t last_used_at;	/* 0: never since */
	int64_t built_at;
	int64_t build_us;
	int64_t hits;
	bool pinned;
	bool is_untrusted;	/* pulled from where no trusted build looks */
	const struct image_dependency *dependencies;	/* see below */
	size_t n_dependencies;
	const char *const *names;	/* see names.h */
	size_t n_names;
};

/* Rows and their text live in the list's arena, until image_list_release(). */
struct image_list {
	struct image_row *v;
	size_t n, cap;
	struct arena arena;
};

void image_list_release(struct image_list *list);

/* First 12 hex digits of the key: the service's imageId. "" for other tags. */
void image_short_id(const char *tag, char out[13]);

/* The hot query: at most one row is added to out. */
int images_get(struct catalog *cat, const struct image_key *key,
	       struct image_list *out, struct imgcache_error *err);

/*
 * Make or update the row of row->key. On update everything is taken from row
 * but id, hits, pinned, created_at, last_used_at and pushed_*; text that is
 * NULL, recipe "unknown", size -1, built_at 0 and build_us 0 leave what is
 * there, and so does without an image_id is_untrusted, and status_at where the
 * status stays. created_at 0 and status_at 0 are now. id may be NULL.
 */
int images_put(struct catalog *cat, const struct image_row *row, int64_t *id,
	       struct imgcache_error *err);

/* reason may be NULL: kept. */
int images_set_status(struct catalog *cat, int64_t id, enum image_status status,
		      const char *reason, struct imgcache_error *err);
int images_set_ref(struct catalog *cat, int64_t id, const char *ref,
		   struct imgcache_error *err);
/* The row, with all that hangs on it, is that of another tag from now on. */
int images_move(struct catalog *cat, int64_t id, const char *tag,
		struct imgcache_error *err);
/* The image comes from elsewhere: no log, and no reason why it was built. */
int images_clear_build(struct catalog *cat, int64_t id,
		       struct imgcache_error *err);
int images_set_pinned(struct catalog *cat, int64_t id, bool pinned,
		      struct imgcache_error *err);

/* Where an image is in a registry, as far as is known here. */
struct image_push {
	const char *ref;	/* NULL: nowhere */
	const char *digest;	/* NULL: keeps what is known of that ref */
	int64_t at;		/* pushed, pulled or seen there */
};

int images_set_pushed(struct catalog *cat, int64_t id,
		      const struct image_push *push,
		      struct imgcache_error *err);
int images_set_metadata(struct catalog *cat, int64_t id, const char *json,
			struct imgcache_error *err);

/* Remove the row and its dependencies; builds and lookups stay. */
int images_forget(struct catalog *cat, int64_t id, struct imgcache_error *err);

/* Replace all dependencies of an image. */
int images_set_dependencies(struct catalog *cat, int64_t id,
			    const struct image_dependency *v, size_t n,
			    struct imgcache_error *err);

/* Fill in the dependencies of every row of a list, by type and name. */
int images_load_dependencies(struct catalog *cat, struct image_list *list,
			     struct imgcache_error *err);

/*
 * The image that a person means, in this order: a recipe's name (its newest
 * image); the beginning of a tag, of its key (the hex behind g1- or x1-) or of
 * a ref's tag; the beginning of the engine's id. All platforms of the one tag
 * are returned. None: *out stays empty, 0. More than one tag: IMGCACHE_EUSAGE
 * naming up to five candidates. engine NULL: any.
 *
 * An image of moved sources is called by the key that it was to have and more:
 * "g1-...-1795205657-4711.9f3c". Less than all of that means the key's own row
 * while its image is there or to be made, else the row that came to its status
 * last.
 */
int images_find(struct catalog *cat, const char *engine, const char *what,
		struct image_list *out, struct imgcache_error *err);

/* The row that the id of this one means now: as images_find() finds it. */
int images_find_again(struct catalog *cat, const struct image_key *key,
		      struct image_list *out, struct imgcache_error *err);

/* Rows with this engine image id: is that image ours? */
int images_by_image_id(struct catalog *cat, const char *engine,
		       const char *image_id, struct image_list *out,
		       struct imgcache_error *err);

/* The sort keys of list, each with the row's id as the last word. */
enum image_sort {
	IMAGE_BY_USED,		/* last used, built or made; the default */
	IMAGE_BY_CREATED,	/* newest first, in the order of making */
	IMAGE_BY_SIZE,		/* largest first */
	IMAGE_BY_HITS,		/* most first */
	IMAGE_BY_NAME,		/* a to z, newest first within a name */
	IMAGE_BY_TAG,		/* a to z */
	IMAGE_SORTS
};

bool image_sort_parse(const char *text, enum image_sort *s);	/* "size" */
const char *image_sort_text(enum image_sort s);

enum image_pin { IMAGE_ANY_PIN, IMAGE_PINNED, IMAGE_UNPINNED };

struct image_filter {
	const char *engine;	/* NULL: any */
	const char *name;	/* exact, NULL: any */
	const char *project;	/* exact, NULL: any */
	const char *base;	/* base_ref exact, NULL: any */
	const char *dependency;	/* name of a package it has, NULL: any */
	const char *prefix;	/* of the key, the tag or the name, NULL: any */
	unsigned statuses;	/* 1u << status, or-ed; 0: any */
	int64_t unused_since;	/* last used, built, made before; 0: any */
	enum image_pin pin;
	bool with_manifest;	/* only if its manifest is known; with name */
	enum image_sort sort;
	bool reverse;
	int64_t limit;		/* 0: all */
};

/* What the images begin with, each ref once. */
int images_bases(struct catalog *cat, struct strv *out,
		 struct imgcache_error *err);
int images_list(struct catalog *cat, const struct image_filter *filter,
		struct image_list *out, struct imgcache_error *err);

#endif
