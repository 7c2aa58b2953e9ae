/* SPDX-License-Identifier: MIT */
#ifndef STANDIN_STATE_H
#define STANDIN_STATE_H

/*
 * What the stand-in engine holds, in $STANDIN_DIR:
 *
 *	images/HEX	"size N", "created N", "platform P", "label K=V",
 *			"env K=V", "onbuild I", one a line
 *	tags/REF	the image's HEX; / in REF is written as %
 *	classic		if it is there: the classic image store
 *	platforms	what `buildx inspect` says that can be built
 *	driver		the builder's driver, docker unless it is there
 *	containers/HEX	"image HEX", "name N", "pid N", "state S"
 *	layers/HEX	one for each step that was ever built
 *	calls		one line for each call of docker
 *	faults		what is to go wrong, see fault.h
 *
 * and in $STANDIN_REGISTRY, which is the same directory unless it is set, so
 * that several engines can share one:
 *
 *	registry/REF	the HEX of what was pushed, and by name@digest for all
 *			that ever was; config_hex() is a digest, too
 *	blobs/HEX	its content, as in images/
 *
 * Writers hold a lock on the directory; files are replaced by rename.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/strv.h"

struct json;

/* What each image shares with all others. */
#define BASE_BYTES 700

struct image {
	char hex[65];
	int64_t size_bytes;
	int64_t created;
	char platform[64];
	struct strv labels;	/* "name=value" */
	struct strv env;
	struct strv onbuild;
};

void state_lock(void);
void state_unlock(void);

/* "$STANDIN_DIR/<folder>/<name>", / in name as %; the caller frees. */
char *state_path(const char *folder, const char *name);
void state_write(const char *folder, const char *name, const char *text);
bool state_read(const char *folder, const char *name, struct buf *out);
void state_names(const char *folder, struct strv *out);	/* sorted */
void state_remove(const char *folder, const char *name);

/* A hash as docker writes ids: 64 hex digits, the same for the same bytes. */
void state_hash(const void *data, size_t len, char out[65]);

void image_release(struct image *image);
void image_write(const struct image *image);
bool image_read(const char *hex, struct image *out);

/* The registry's content. */
void blob_write(const struct image *image);
bool blob_read(const char *hex, struct image *out);

/* What a ref, "repo:tag" or "repo@sha256:…", names in the registry. */
bool remote_find(const char *ref, struct image *out);
void remote_write(const char *ref, const char *hex);

/* Under which digest the registry has the configuration of an image. */
void config_hex(const char *hex, char out[65]);

bool is_classic(void);

/* By ref (":latest" is added), by id with or without sha256:, or its start. */
bool image_find(const char *ref, struct image *out);
char *full_ref(const char *ref);	/* with its tag; the caller frees */

/* Containers of the image, in any state. */
void image_users(const char *hex, bool running_only, struct strv *out);

void image_tags(const char *hex, struct strv *out);

/*
 * As engine 26.1 removes: one of several refs goes alone; the last ref, or an
 * id, goes with the image and is refused while a container has it. Lines
 * "Untagged: REF" and "Deleted: ID" in out; false with docker's message in out
 * when refused, and *missing when there was none.
 */
bool image_remove(const char *ref, struct buf *out, bool *missing);

/* One member of containers/HEX, "" if none; the caller frees. */
char *container_field(const char *hex, const char *field);
void container_labels(const char *hex, struct strv *out);
bool container_stop(const char *id);

/* The objects as the engine's API has them. */
void json_image(struct json *j, const struct image *image);
void json_history(struct json *j, const struct image *image);
void json_image_row(struct json *j, const struct image *image);
void json_container(struct json *j, const char *hex);
void json_container_row(struct json *j, const char *hex);
void json_info(struct json *j);
void json_version(struct json *j);

#endif
