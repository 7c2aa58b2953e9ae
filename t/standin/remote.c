/* SPDX-License-Identifier: MIT */
/* What talks to registries, push and pull included; buildx's other verbs. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/strv.h"
#include "docker.h"
#include "fault.h"
#include "state.h"

static int
say_immutable(const char *ref)
{
	fprintf(stderr, "tag invalid: The image tag '%s' already exists in the "
		"repository and cannot be overwritten because the repository "
		"is immutable.\n", strrchr(ref, ':') + 1);
	return 1;
}

/* The same labels, built by somebody else a moment ago. */
static void
push_anothers(const char *ref, const struct image *image)
{
	struct image other = *image;
	char *seed = mem_printf("%s of somebody else", image->hex);

	state_hash(seed, strlen(seed), other.hex);
	free(seed);
	blob_write(&other);
	remote_write(ref, other.hex);
}

static int
push(const struct fault *f, const char *ref)
{
	struct image image, there;
	bool is_there = remote_find(ref, &there);
	int status = 0;

	if (!image_find(ref, &image)) {
		fprintf(stderr, "An image does not exist locally with the "
			"tag: %s\n", ref);
		status = 1;
	} else if (!strcmp(f->mode, "beaten")) {
		push_anothers(ref, &image);
		status = say_immutable(ref);
	} else if (!strcmp(f->mode, "immutable") && is_there) {
		status = say_immutable(ref);
	} else {
		blob_write(&image);
		remote_write(ref, image.hex);
		puts(ref);
	}
	image_release(&image);
	image_release(&there);
	return status;
}

static void
replace_label(struct image *image, const char *label)
{
	size_t n = strcspn(label, "=");

	for (size_t i = 0; i < image->labels.n; i++)
		if (!strncmp(image->labels.v[i], label, n + 1)) {
			free(image->labels.v[i]);
			image->labels.v[i] = mem_strdup(label);
		}
}

/* Of an index only the platform asked for comes, beside what is there. */
static void
narrow_platform(struct image *image, const char *platform)
{
	struct image old;

	if (!platform || !strstr(image->platform, platform) ||
	    !strchr(image->platform, ','))
		return;
	if (!image_read(image->hex, &old))
		snprintf(image->platform, sizeof(image->platform), "%s",
			 platform);
	else if (!strstr(old.platform, platform))
		snprintf(image->platform, sizeof(image->platform), "%.30s,%.30s",
			 old.platform, platform);
	else
		memcpy(image->platform, old.platform, sizeof(old.platform));
	image_release(&old);
}

static int
pull(const struct fault *f, const char *ref, const char *platform)
{
	struct image image;
	int status = 0;

	if (remote_find(ref, &image)) {
		narrow_platform(&image, platform);
		if (!strcmp(f->mode, "other-label"))
			replace_label(&image, f->argument);
		image_write(&image);
		if (!strchr(ref, '@'))
			state_write("tags", ref, image.hex);
		puts(ref);
	} else {
		fprintf(stderr, "Error response from daemon: manifest for %s "
			"not found: manifest unknown\n", ref);
		status = 1;
	}
	image_release(&image);
	return status;
}

int
transfer(const char *question, const struct strv *options,
	 const struct strv *refs)
{
	struct fault f;
	char *full;
	int status;

	fault_find(&f, question);
	fault_happen(&f);
	full = full_ref(refs->n ? refs->v[0] : "");
	state_lock();
	status = !strcmp(question, "push") ? push(&f, full) :
		pull(&f, full, option_value(options, "--platform"));
	state_unlock();
	free(full);
	return status;
}

int
no_buildx(char **argv)
{
	for (; *argv; argv++)
		if (!strncmp(*argv, "--", 2) && (*argv)[2]) {
			fprintf(stderr, "unknown flag: %.*s\n"
				"See 'docker --help'.\n",
				(int)strcspn(*argv, "="), *argv);
			return 125;
		}
	fputs("docker: 'buildx' is not a docker command.\n"
	      "See 'docker --help'\n", stderr);
	return 1;
}

static int
buildx_version(void)
{
	struct fault f;

	fault_find(&f, "version");
	if (!strcmp(f.mode, "none"))
		return no_buildx((char *[]){ NULL });
	fault_happen(&f);
	printf("github.com/docker/buildx v%s 0000000\n",
	       !strcmp(f.mode, "old") ? f.argument : "0.13.1");
	return 0;
}

static void
json_list(struct json *j, const char *key, const struct strv *list)
{
	json_key(j, key);
	json_array(j);
	for (size_t i = 0; i < list->n; i++)
		json_string(j, list->v[i]);
	json_end_array(j);
}

/* {"architecture":…,"os":…} members of one platform. */
static void
json_platform(struct json *j, const char *platform)
{
	struct strv words = { 0 };

	strv_split(&words, platform, "/");
	json_key(j, "architecture");
	json_string(j, words.n > 1 ? words.v[1] : "");
	json_key(j, "os");
	json_string(j, words.n ? words.v[0] : "");
	if (words.n > 2) {
		json_key(j, "variant");
		json_string(j, words.v[2]);
	}
	strv_release(&words);
}

/* The members have the names that the engine's object has, mostly. */
static void
json_config(struct json *j, const struct image *image, const char *platform)
{
	json_object(j);
	json_platform(j, platform);
	json_key(j, "config");
	json_object(j);
	json_key(j, "Labels");
	json_object(j);
	for (size_t i = 0; i < image->labels.n; i++) {
		char *name = mem_strdup(image->labels.v[i]);
		char *value = strchr(name, '=');

		if (value)
			*value++ = '\0';
		json_key(j, name);
		json_string(j, value ? value : "");
		free(name);
	}
	json_end_object(j);
	/* buildx prints what OCI has, and that has no OnBuild */
	json_list(j, "Env", &image->env);
	json_end_object(j);
	json_end_object(j);
}

static void
json_manifests(struct json *j, const struct strv *platforms)
{
	json_key(j, "manifests");
	json_array(j);
	for (size_t i = 0; i < platforms->n; i++) {
		char hex[65], *digest;

		state_hash(platforms->v[i], strlen(platforms->v[i]), hex);
		digest = mem_printf("sha256:%s", hex);
		json_object(j);
		json_key(j, "digest");
		json_string(j, digest);
		json_key(j, "platform");
		json_object(j);
		json_platform(j, platforms->v[i]);
		json_end_object(j);
		json_end_object(j);
		free(digest);
	}
	json_end_array(j);
}

static void
json_remote(struct json *j, const char *ref, const struct image *image)
{
	char *digest = mem_printf("sha256:%s", image->hex);
	struct strv platforms = { 0 };

	strv_split(&platforms, image->platform, ",");
	json_object(j);
	json_key(j, "name");
	json_string(j, ref);
	json_key(j, "manifest");
	json_object(j);
	json_key(j, "schemaVersion");
	json_int(j, 2);
	json_key(j, "mediaType");
	json_string(j, platforms.n > 1 ?
		    "application/vnd.oci.image.index.v1+json" :
		    "application/vnd.oci.image.manifest.v1+json");
	json_key(j, "digest");
	json_string(j, digest);
	if (platforms.n > 1)
		json_manifests(j, &platforms);
	json_end_object(j);
	json_key(j, "image");
	if (platforms.n > 1) {
		json_object(j);
		for (size_t i = 0; i < platforms.n; i++) {
			json_key(j, platforms.v[i]);
			json_config(j, image, platforms.v[i]);
		}
		json_end_object(j);
	} else {
		json_config(j, image, image->platform);
	}
	json_end_object(j);
	strv_release(&platforms);
	free(digest);
}

static void
json_raw_manifest(struct json *j, const char *config)
{
	char *digest = mem_printf("sha256:%s", config);

	json_object(j);
	json_key(j, "schemaVersion");
	json_int(j, 2);
	json_key(j, "config");
	json_object(j);
	json_key(j, "digest");
	json_string(j, digest);
	json_end_object(j);
	json_end_object(j);
	free(digest);
}

static void
json_raw_config(struct json *j, const struct image *image)
{
	json_object(j);
	json_key(j, "architecture");
	json_string(j, strchr(image->platform, '/') + 1);
	json_key(j, "os");
	json_string(j, "linux");
	json_key(j, "config");
	json_object(j);
	json_list(j, "Env", &image->env);
	if (image->onbuild.n)
		json_list(j, "OnBuild", &image->onbuild);
	json_end_object(j);
	json_key(j, "rootfs");
	json_object(j);
	json_end_object(j);
	json_end_object(j);
}

/* Of a digest: the manifest, or the configuration that it names. */
static void
json_raw(struct json *j, const char *ref, const struct image *image)
{
	char config[65];

	config_hex(image->hex, config);
	if (strstr(ref, config))
		json_raw_config(j, image);
	else
		json_raw_manifest(j, config);
}

static int
imagetools_inspect(const struct strv *refs, bool raw)
{
	struct buf text = BUF_INIT;
	struct json j = JSON_INIT(&text);
	struct image image;
	struct fault f;
	int status = 0;
	char *full;

	fault_find(&f, "imagetools");
	fault_happen(&f);
	full = full_ref(refs->n ? refs->v[0] : "");
	if (remote_find(full, &image)) {
		if (raw)
			json_raw(&j, full, &image);
		else
			json_remote(&j, full, &image);
		print_answer(&f, text.data);
	} else {
		fprintf(stderr, "ERROR: %s: not found\n", full);
		status = 1;
	}
	image_release(&image);
	buf_release(&text);
	free(full);
	return status;
}

/* Add one source to an index in the making. */
static bool
add_part(struct image *index, struct buf *seed, const char *ref)
{
	struct image part;
	size_t n = strlen(index->platform);

	if (!remote_find(ref, &part)) {
		fprintf(stderr, "ERROR: %s: not found\n", ref);
		image_release(&part);
		return false;
	}
	buf_adds(seed, part.hex);
	snprintf(index->platform + n, sizeof(index->platform) - n, "%s%s",
		 n ? "," : "", part.platform);
	if (!n) {
		strv_push_all(&index->labels, &part.labels);
		memcpy(index->hex, part.hex, sizeof(index->hex));
		index->size_bytes = part.size_bytes;
		index->created = part.created;
	}
	image_release(&part);
	return true;
}

/* One source is copied, several become one image of all their platforms. */
static int
imagetools_create(const char *ref, const struct strv *sources)
{
	struct image index = { 0 };
	struct buf seed = BUF_INIT;
	struct fault f;
	bool ok = ref && sources->n;

	fault_find(&f, "create");
	fault_happen(&f);
	for (size_t i = 0; i < sources->n && ok; i++)
		ok = add_part(&index, &seed, sources->v[i]);
	if (ok) {
		if (sources->n > 1)
			state_hash(seed.data, seed.len, index.hex);
		blob_write(&index);
		remote_write(ref, index.hex);
	}
	image_release(&index);
	buf_release(&seed);
	return !ok;
}

static int
imagetools(char **argv, const struct strv *words)
{
	struct strv refs = { 0 };
	const char *tag = NULL;
	bool raw = false;
	int status;

	for (size_t i = 3; i < words->n; i++)
		strv_push(&refs, words->v[i]);
	for (; *argv; argv++)
		if (!strncmp(*argv, "--tag=", 6))
			tag = *argv + 6;
		else if (!strcmp(*argv, "--raw"))
			raw = true;
	status = !strcmp(words->v[2], "inspect") ?
		imagetools_inspect(&refs, raw) :
		imagetools_create(tag, &refs);
	strv_release(&refs);
	return status;
}

/* Whatever the file, $STANDIN_DIR/bake is what it comes to. */
static int
bake_print(void)
{
	struct buf text = BUF_INIT;
	struct fault f;

	fault_find(&f, "bake");
	fault_happen(&f);
	if (!state_read(".", "bake", &text)) {
		fputs("ERROR: open bake.hcl: no such file or directory\n",
		      stderr);
		return 1;
	}
	print_answer(&f, text.data);
	buf_release(&text);
	return 0;
}

static int
buildx(char **argv, const struct strv *words)
{
	if (words->n < 2)
		return 1;
	if (!strcmp(words->v[1], "bake"))
		return bake_print();
	if (!strcmp(words->v[1], "version"))
		return buildx_version();
	if (!strcmp(words->v[1], "inspect"))
		return builder_inspect();
	if (!strcmp(words->v[1], "build"))
		return verb_build(argv + 3);
	if (!strcmp(words->v[1], "prune"))
		return cache_prune();
	if (words->n > 3 && !strcmp(words->v[1], "imagetools"))
		return imagetools(argv, words);
	fprintf(stderr, "ERROR: unknown command: docker buildx %s\n",
		words->v[1]);
	return 1;
}

/* The words after `buildx`, without options. */
int
verb_buildx(char **argv)
{
	struct strv words = { 0 };
	int status;

	for (char **a = argv + 1; *a; a++)
		if ((*a)[0] != '-')
			strv_push(&words, *a);
	status = buildx(argv, &words);
	strv_release(&words);
	return status;
}
