/* SPDX-License-Identifier: MIT */
/* The engine's objects as JSON, with the members that a client looks at. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/json.h"
#include "base/mem.h"
#include "state.h"

static void
add(struct json *j, const char *key, const char *value)
{
	json_key(j, key);
	json_string(j, value);
}

static void
add_number(struct json *j, const char *key, int64_t value)
{
	json_key(j, key);
	json_int(j, value);
}

static void
add_list(struct json *j, const char *key, const struct strv *list)
{
	json_key(j, key);
	json_array(j);
	for (size_t i = 0; i < list->n; i++)
		json_string(j, list->v[i]);
	json_end_array(j);
}

static void
add_labels(struct json *j, const struct strv *labels)
{
	json_key(j, "Labels");
	if (!labels->n) {
		json_null(j);
		return;
	}
	json_object(j);
	for (size_t i = 0; i < labels->n; i++) {
		const char *value = strchr(labels->v[i], '=');
		size_t n = value ? (size_t)(value - labels->v[i])
				 : strlen(labels->v[i]);
		char *name = mem_strndup(labels->v[i], n);

		add(j, name, value ? value + 1 : "");
		free(name);
	}
	json_end_object(j);
}

static void
add_id(struct json *j, const char *key, const char *hex)
{
	char *id = mem_printf("sha256:%s", hex);

	add(j, key, id);
	free(id);
}

static void
add_refs(struct json *j, const struct image *image)
{
	struct strv tags = { 0 }, digests = { 0 };

	image_tags(image->hex, &tags);
	for (size_t i = 0; i < tags.n; i++) {
		const char *colon = strrchr(tags.v[i], ':');

		strv_pushf(&digests, "%.*s@sha256:%s",
			   (int)(colon - tags.v[i]), tags.v[i], image->hex);
	}
	strv_uniq(&digests);
	add_list(j, "RepoTags", &tags);
	add_list(j, "RepoDigests", &digests);
	strv_release(&tags);
	strv_release(&digests);
}

/* When it got a name last, as far as files tell. */
static void
add_tag_time(struct json *j, const struct image *image)
{
	struct strv tags = { 0 };
	time_t last = 0;
	struct stat st;
	struct tm tm;
	char text[32];

	image_tags(image->hex, &tags);
	for (size_t i = 0; i < tags.n; i++) {
		char *path = state_path("tags", tags.v[i]);

		if (!stat(path, &st) && st.st_mtime > last)
			last = st.st_mtime;
		free(path);
	}
	gmtime_r(&last, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	json_key(j, "Metadata");
	json_object(j);
	add(j, "LastTagTime", text);
	json_end_object(j);
	strv_release(&tags);
}

static void
add_config(struct json *j, const struct image *image)
{
	json_key(j, "Config");
	json_object(j);
	add(j, "User", "");
	add_list(j, "Env", &image->env);
	add_labels(j, &image->labels);
	if (image->onbuild.n)
		add_list(j, "OnBuild", &image->onbuild);
	json_end_object(j);
}

/* Of several platforms the engine shows its own, or else the first. */
static const char *
shown_platform(const char *platforms)
{
	static char first[64];
	const char *own = "linux/amd64";

	if (strstr(platforms, own))
		return own;
	snprintf(first, sizeof(first), "%.*s", (int)strcspn(platforms, ","),
		 platforms);
	return first;
}

/* The base's, which all have, and its own. */
static void
add_layers(struct json *j, const struct image *image)
{
	char *base = mem_printf("sha256:%064x", 1);
	char *own = mem_printf("sha256:%s", image->hex);

	json_key(j, "RootFS");
	json_object(j);
	json_key(j, "Layers");
	json_array(j);
	json_string(j, base);
	json_string(j, own);
	json_end_array(j);
	json_end_object(j);
	free(base);
	free(own);
}

void
json_history(struct json *j, const struct image *image)
{
	json_array(j);
	json_object(j);
	add_number(j, "Size", image->size_bytes - BASE_BYTES);
	add(j, "CreatedBy", "RUN make");
	json_end_object(j);
	json_object(j);
	add_number(j, "Size", 0);
	add(j, "CreatedBy", "ENV A=1");
	json_end_object(j);
	json_object(j);
	add_number(j, "Size", BASE_BYTES);
	add(j, "CreatedBy", "");
	json_end_object(j);
	json_end_array(j);
}

void
json_image(struct json *j, const struct image *image)
{
	struct strv words = { 0 };
	time_t created = (time_t)image->created;
	struct tm tm;
	char text[32];

	gmtime_r(&created, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	strv_split(&words, shown_platform(image->platform), "/");
	json_object(j);
	add_id(j, "Id", image->hex);
	add_refs(j, image);
	add(j, "Created", text);
	add_tag_time(j, image);
	add_config(j, image);
	add(j, "Architecture", words.n > 1 ? words.v[1] : "amd64");
	add(j, "Os", words.n > 0 ? words.v[0] : "linux");
	if (words.n > 2)
		add(j, "Variant", words.v[2]);
	add_number(j, "Size", image->size_bytes);
	add_layers(j, image);
	json_key(j, "GraphDriver");
	json_object(j);
	add(j, "Name", is_classic() ? "overlay2" : "overlayfs");
	json_end_object(j);
	json_end_object(j);
	strv_release(&words);
}

void
json_image_row(struct json *j, const struct image *image)
{
	json_object(j);
	add_id(j, "Id", image->hex);
	add_refs(j, image);
	add_number(j, "Created", image->created);
	add_number(j, "Size", image->size_bytes);
	add_labels(j, &image->labels);
	json_end_object(j);
}

void
json_container(struct json *j, const char *hex)
{
	char *image = container_field(hex, "image");
	char *name = container_field(hex, "name");
	char *state = container_field(hex, "state");
	char *slashed = mem_printf("/%s", name);
	struct strv labels = { 0 };

	container_labels(hex, &labels);
	json_object(j);
	add(j, "Id", hex);
	add(j, "Name", slashed);
	add_id(j, "Image", image);
	json_key(j, "State");
	json_object(j);
	add(j, "Status", state);
	json_end_object(j);
	json_key(j, "Config");
	json_object(j);
	add_id(j, "Image", image);
	add_labels(j, &labels);
	json_end_object(j);
	json_end_object(j);
	strv_release(&labels);
	free(slashed);
	free(image);
	free(name);
	free(state);
}

void
json_container_row(struct json *j, const char *hex)
{
	char *image = container_field(hex, "image");
	char *name = container_field(hex, "name");
	char *state = container_field(hex, "state");
	char *slashed = mem_printf("/%s", name);
	struct strv labels = { 0 };

	container_labels(hex, &labels);
	json_object(j);
	add(j, "Id", hex);
	json_key(j, "Names");
	json_array(j);
	json_string(j, slashed);
	json_end_array(j);
	add_id(j, "Image", image);
	add_id(j, "ImageID", image);
	add(j, "State", state);
	add_labels(j, &labels);
	json_end_object(j);
	strv_release(&labels);
	free(slashed);
	free(image);
	free(name);
	free(state);
}

void
json_info(struct json *j)
{
	struct strv none = { 0 }, options = { 0 };
	const char *dir = getenv("STANDIN_DIR");
	char id[65];

	/* another daemon for each folder */
	state_hash(dir ? dir : "", dir ? strlen(dir) : 0, id);
	id[36] = '\0';
	strv_push(&options, "name=seccomp,profile=builtin");
	json_object(j);
	add(j, "ID", id);
	add(j, "Driver", is_classic() ? "overlay2" : "overlayfs");
	json_key(j, "DriverStatus");
	json_array(j);
	json_array(j);
	json_string(j, is_classic() ? "Backing Filesystem" : "driver-type");
	json_string(j, is_classic() ? "extfs" :
		    "io.containerd.snapshotter.v1");
	json_end_array(j);
	json_end_array(j);
	add(j, "CgroupVersion", "2");
	add(j, "DockerRootDir", "/var/lib/docker");
	add(j, "OSType", "linux");
	add(j, "OperatingSystem", "Stand-in");
	add(j, "KernelVersion", "0");
	add(j, "ServerVersion", "26.1.5");
	add_list(j, "SecurityOptions", &options);
	add_list(j, "Warnings", &none);
	add_number(j, "MemTotal", 1 << 30);
	add_number(j, "NCPU", 2);
	json_end_object(j);
	strv_release(&options);
}

void
json_version(struct json *j)
{
	json_object(j);
	add(j, "Version", "26.1.5");
	add(j, "ApiVersion", "1.45");
	add(j, "MinAPIVersion", "1.24");
	add(j, "Os", "linux");
	add(j, "Arch", "amd64");
	json_end_object(j);
}
