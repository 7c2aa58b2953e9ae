/* SPDX-License-Identifier: MIT */
/* buildx and its questions to registries, push and pull. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/strv.h"
#include "docker.h"
#include "fault.h"
#include "state.h"

static void config_hex(const char *hex, char out[65]);

/* What was pushed stays there by its digest when the tag moves on. */
static void
keep_digest(const char *full, const char *hex)
{
	const char *slash = strrchr(full, '/');
	const char *name = slash ? slash : full;
	int len = (int)(name - full + strcspn(name, ":@"));
	char config[65];
	char *ref = mem_printf("%.*s@sha256:%s", len, full, hex);

	state_write("registry", ref, hex);
	free(ref);
	config_hex(hex, config);
	ref = mem_printf("%.*s@sha256:%s", len, full, config);
	state_write("registry", ref, hex);
	free(ref);
}

/* "name:tag@digest" is the same as "name@digest". */
static char *
remote_ref(const char *ref)
{
	const char *at = strchr(ref, '@');
	const char *slash = strrchr(ref, '/');
	const char *name = slash ? slash : ref;

	if (!at)
		return full_ref(ref);
	if (!strncmp(ref, "docker.io/library/", 18))
		ref += 18;
	return mem_printf("%.*s%s", (int)(name - ref + strcspn(name, ":@")),
			  ref, at);
}

/* From one folder of refs to the other. */
int
transfer(const char *question, const struct strv *refs)
{
	bool is_push = !strcmp(question, "push");
	struct buf hex = BUF_INIT;
	struct fault f;
	char *full;
	int status = 0;

	fault_find(&f, question);
	fault_happen(&f);
	full = full_ref(refs->n ? refs->v[0] : "");
	if (state_read(is_push ? "tags" : "registry", full, &hex)) {
		state_write(is_push ? "registry" : "tags", full, hex.data);
		if (is_push)
			keep_digest(full, hex.data);
		puts(full);
	} else {
		fprintf(stderr, is_push ? "An image does not exist locally "
			"with the tag: %s\n" : "Error response from daemon: "
			"manifest for %s not found: manifest unknown\n", full);
		status = 1;
	}
	buf_release(&hex);
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

/* Under which digest the registry has the configuration of an image. */
static void
config_hex(const char *hex, char out[65])
{
	char *text = mem_printf("configuration of %s", hex);

	state_hash(text, strlen(text), out);
	free(text);
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

static void
json_remote(struct json *j, const char *ref,
	    const struct image *image)
{
	char *digest = mem_printf("sha256:%s", image->hex);

	json_object(j);
	json_key(j, "name");
	json_string(j, ref);
	json_key(j, "manifest");
	json_object(j);
	json_key(j, "schemaVersion");
	json_int(j, 2);
	json_key(j, "mediaType");
	json_string(j, "application/vnd.oci.image.manifest.v1+json");
	json_key(j, "digest");
	json_string(j, digest);
	json_end_object(j);
	json_key(j, "image");
	/* The members have the names that the engine's object has, mostly. */
	json_object(j);
	json_key(j, "architecture");
	json_string(j, strchr(image->platform, '/') + 1);
	json_key(j, "os");
	json_string(j, "linux");
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
	json_end_object(j);
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
	struct buf text = BUF_INIT, hex = BUF_INIT;
	struct json j = JSON_INIT(&text);
	struct image image = { 0 };
	struct fault f;
	int status = 0;
	char *full;

	fault_find(&f, "imagetools");
	fault_happen(&f);
	full = remote_ref(refs->n ? refs->v[0] : "");
	if (state_read("registry", full, &hex) &&
	    image_read(hex.data, &image)) {
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
	buf_release(&hex);
	free(full);
	return status;
}

static int
buildx(char **argv, const struct strv *words)
{
	if (words->n < 2)
		return 1;
	if (!strcmp(words->v[1], "version"))
		return buildx_version();
	if (!strcmp(words->v[1], "inspect"))
		return builder_inspect();
	if (!strcmp(words->v[1], "build"))
		return verb_build(argv + 3);
	if (words->n > 3 && !strcmp(words->v[1], "imagetools") &&
	    !strcmp(words->v[2], "inspect")) {
		struct strv refs = { 0 };
		int status;

		strv_push(&refs, words->v[3]);
		for (; *argv && strcmp(*argv, "--raw"); argv++)
			;
		status = imagetools_inspect(&refs, *argv != NULL);
		strv_release(&refs);
		return status;
	}
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
