/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_DOCKER_ENGINE_H
#define IMGCACHE_DOCKER_ENGINE_H

/*
 * Questions to the docker engine: by its socket where there is one (2 ms),
 * else by the docker client with the same answers (15 ms and more). Nothing
 * is asked before the first question; the connection then stays open.
 *
 * Every question has three answers: 0 is yes or done; IMGCACHE_ENO is a no
 * that the engine itself gave; IMGCACHE_EUNKNOWN means that it could not be
 * found out (no engine, no permission, no answer in time, nonsense), and err
 * says why and what to do. IMGCACHE_EINTR when a signal came. err is set with
 * every one but 0.
 *
 * Removal is never forced, and nothing here prunes.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "docker/endpoint.h"

struct buf;
struct imgcache_error;

#define ENGINE_ASK_MS 10000
#define ENGINE_REMOVE_MS 60000

struct engine_options {
	const struct endpoint *endpoint;	/* borrowed */
	const char *docker;	/* the client's program; NULL: "docker" */
	const char *memo_dir;	/* for engine_identity(), or NULL: forgets */
	int ask_ms;		/* per question; 0: ENGINE_ASK_MS */
	int remove_ms;		/* per removal or stop; 0: ENGINE_REMOVE_MS */
};

struct engine;

struct engine *engine_new(const struct engine_options *o);
void engine_free(struct engine *e);

/* The endpoint's text, for messages. */
const char *engine_endpoint(const struct engine *e);

/*
 * What names this daemon and its image store in catalog rows:
 * "<daemon id>/<store>:<driver>", say "3f0c…/containerd:overlayfs". Two
 * daemons, or the two stores of one daemon, never share images.
 *
 * The id is /info's and that is slow (10 to 40 ms), so it is remembered in
 * memo_dir beside device, inode and ctime of the socket: a daemon that starts
 * makes a new one. Where systemd owns the socket it stays, but every
 * engine_image() answer also names the driver, and one that does not fit drops
 * the memo. A wrong memo can only cost a row: whether an image is there is
 * always asked. For other endpoints the memo lasts an hour. The text is
 * borrowed until engine_free() and may differ after an engine_image().
 */
int engine_identity(struct engine *e, const char **out,
		    struct imgcache_error *err);

struct engine_label {
	const char *name;
	const char *value;
};

/* All text is in the arena; lists are never NULL. "" where nothing is known. */
struct engine_image {
	const char *id;			/* "sha256:…" */
	const char *const *tags;	/* "repo:tag", NULL-ended */
	const char *const *digests;	/* "repo@sha256:…", NULL-ended */
	const struct engine_label *labels;
	size_t n_labels;
	int64_t size_bytes;
	int64_t created;		/* seconds since the epoch; 0 unknown */
	int64_t tagged;			/* when it got a name last; 0 unknown */
	const char *os;
	const char *arch;
	const char *variant;
	const char *driver;		/* storage driver or snapshotter */
	const char *const *onbuild;	/* ONBUILD instructions, NULL-ended */
	const char *const *env;		/* "NAME=value", NULL-ended */
	bool has_onbuild;		/* that is all of them: see below */
	const char *user;
	const char *const *shell;	/* SHELL, NULL-ended */
	const char *const *layers;	/* digests of the unpacked, NULL-ended */
	struct arena arena;
};

/*
 * Engines 23 and 24 with the containerd store leave ONBUILD out of what they
 * say of an image. They show by the version of their API, which the client
 * does not hand on; what it prints is believed.
 */

/*
 * The image of ref will be asked for soon: a socket is asked now, so that the
 * daemon looks while we compute. At most ENGINE_AHEAD of them; a guess that was
 * wrong costs the daemon one answer that nobody reads.
 */
#define ENGINE_AHEAD 2
void engine_expect(struct engine *e, const char *ref);

/* One image by ref ("repo:tag", "repo@sha256:…") or id. */
int engine_image(struct engine *e, const char *ref, struct engine_image *out,
		 struct imgcache_error *err);
void engine_image_release(struct engine_image *image);

/* The label's value, or NULL. Borrowed from the image. */
const char *engine_image_label(const struct engine_image *image,
			       const char *name);

/*
 * Would a build here take this image of its own for that platform, or ask the
 * registry? The containerd store takes what it has under the name whatever it is
 * for (PreferLocal in BuildKit's util/resolver); the classic one looks.
 */
int engine_takes(struct engine *e, const struct engine_image *image,
		 const char *platform, bool *takes,
		 struct imgcache_error *err);
bool engine_image_has_tag(const struct engine_image *image, const char *ref);

/*
 * The digest under which it came from, or went to, the repository of a ref,
 * whose host may be left out; NULL: neither. Borrowed from the image.
 */
const char *engine_image_digest(const struct engine_image *image,
				const char *ref);

/*
 * All images that carry a label ("name", any value, or "name=value"), by id.
 * Only id, tags, digests, labels, size and created are filled in. One image
 * holds no arena of its own here; the list does.
 */
struct engine_images {
	struct engine_image *v;
	size_t n;
	struct arena arena;
};

int engine_images(struct engine *e, const char *label,
		  struct engine_images *out, struct imgcache_error *err);
void engine_images_release(struct engine_images *list);

struct engine_container {
	const char *id;
	const char *name;	/* without the leading slash */
	const char *image;	/* as it was named when it was created */
	const char *image_id;	/* "sha256:…" */
	const char *state;	/* "running", "exited", "created", ... */
	const struct engine_label *labels;	/* its image's, and its own */
	size_t n_labels;
};

struct engine_containers {
	struct engine_container *v;
	size_t n;
	struct arena arena;
};

/*
 * Containers in any state. With ancestor (a ref or an id) only those whose
 * image is it or was built from it; NULL: all.
 */
int engine_containers(struct engine *e, const char *ancestor,
		      struct engine_containers *out,
		      struct imgcache_error *err);
void engine_containers_release(struct engine_containers *list);

enum engine_removed {
	ENGINE_REMOVED,		/* the tag and the image behind it are gone */
	ENGINE_UNTAGGED,	/* the tag is gone, the image stays */
	ENGINE_GONE,		/* was not there */
	ENGINE_IN_USE		/* refused: a container or an image needs it */
};

/*
 * Remove a ref, or an id. Ask for containers first: 20.10 takes the last tag
 * away from under a container and leaves a nameless image, 26.1 refuses. With
 * ENGINE_IN_USE err stays untouched and *why (caller frees, may be NULL) is the
 * engine's reason.
 */
int engine_remove(struct engine *e, const char *ref, enum engine_removed *out,
		  char **why, struct imgcache_error *err);

/* Give an image one more name: "repo:tag". IMGCACHE_ENO: no such image. */
int engine_tag(struct engine *e, const char *id, const char *ref,
	       struct imgcache_error *err);

/*
 * Stop a container, killing it after grace_s. IMGCACHE_ENO: no such one. Goes
 * on when a signal comes, since it is how an interrupted run is cleaned up.
 */
int engine_stop(struct engine *e, const char *id, int grace_s,
		struct imgcache_error *err);

struct engine_info {
	const char *id;
	const char *version;	/* "26.1.5" */
	const char *api;	/* "1.45" */
	const char *min_api;
	const char *store;	/* "containerd" or "classic" */
	const char *driver;	/* "overlayfs", "overlay2", ... */
	const char *cgroup;	/* "1" or "2" */
	const char *root;	/* data root, on the daemon's machine */
	const char *os;		/* "linux" */
	const char *arch;	/* "amd64" */
	const char *system;	/* "Debian GNU/Linux 12 (bookworm)" */
	const char *kernel;
	const char *const *security;	/* "name=seccomp,profile=builtin" ... */
	const char *const *warnings;	/* the daemon's own */
	int64_t memory_bytes;
	int cpus;
	bool rootless;
	struct arena arena;
};

int engine_info(struct engine *e, struct engine_info *out,
		struct imgcache_error *err);
void engine_info_release(struct engine_info *info);

/*
 * What all of docker takes on disk. Slow: it may walk every layer. Images are
 * told one by one by a socket only. On the containerd store the layers of the
 * build cache count among those of images.
 */
struct engine_disk_image {
	const char *id;
	int64_t size_bytes;	/* -1 here and below: not known */
	int64_t shared_bytes;	/* of that, what other images have too */
	int64_t containers;	/* in any state */
};

struct engine_disk {
	int64_t layers_bytes;	/* all images, shared layers once */
	int64_t images;
	int64_t build_cache_bytes;
	int64_t build_cache_free_bytes;	/* of that, what no build uses now */
	struct engine_disk_image *v;	/* by id */
	size_t n;
	struct arena arena;
};

int engine_disk(struct engine *e, struct engine_disk *out,
		struct imgcache_error *err);
void engine_disk_release(struct engine_disk *disk);

/* NULL: not told. */
const struct engine_disk_image *
engine_disk_find(const struct engine_disk *disk, const char *id);

/*
 * The layers of an image, the base's first. digest is NULL if it cannot be told
 * which is whose; created_by is what docker remembers of the instruction.
 */
struct engine_layer {
	const char *digest;
	const char *created_by;
	int64_t size_bytes;	/* unpacked */
};

struct engine_layers {
	struct engine_layer *v;
	size_t n;
	struct arena arena;
};

int engine_image_layers(struct engine *e, const char *ref,
			struct engine_layers *out, struct imgcache_error *err);
void engine_layers_release(struct engine_layers *layers);

/*
 * All layers of images alone, shared ones once; -1 if it is not to be had, or
 * not within 15 s.
 */
int64_t engine_layers_bytes(struct engine *e);

/*
 * Remove what BuildKit keeps of steps and files and what no build uses, as far
 * as all filters (docker's own, "until=240h") fit. *freed: -1 if docker did not
 * say.
 */
int engine_prune_cache(struct engine *e, const char *const *filters,
		       int64_t *freed, struct imgcache_error *err);

#endif
