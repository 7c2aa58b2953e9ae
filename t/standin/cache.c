/* SPDX-License-Identifier: MIT */
/*
 * The builder that $STANDIN_DIR/driver names (docker) with the platforms of
 * $STANDIN_DIR/platforms, and what it leaves of --cache-to=type=local: an OCI
 * layout with one layer, which is added to what is there as docker does,
 * unless reset=true.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/strv.h"
#include "docker.h"
#include "fault.h"
#include "imgcache.h"
#include "state.h"
#include "sys/file.h"

int
builder_inspect(void)
{
	struct buf driver = BUF_INIT, platforms = BUF_INIT;
	struct fault f;

	fault_find(&f, "builder");
	fault_happen(&f);
	if (!state_read(".", "driver", &driver))
		buf_adds(&driver, "docker");
	if (!state_read(".", "platforms", &platforms))
		buf_adds(&platforms, "linux/amd64, linux/amd64/v2, linux/386, "
			 "linux/arm64");
	printf("Name:          default\nDriver:        %.*s\n\nNodes:\n"
	       "Name:             default\nEndpoint:         default\n"
	       "Status:           running\nPlatforms:        %s\n",
	       (int)strcspn(driver.data, "\n"), driver.data, platforms.data);
	buf_release(&platforms);
	buf_release(&driver);
	return 0;
}

int
cache_prune(void)
{
	char *path = state_path(".", "buildcache-pruned");
	bool again = file_exists(path);
	struct fault f;

	fault_find(&f, "prune");
	fault_happen(&f);
	state_write(".", "buildcache-pruned", "");
	printf("ID\tRECLAIMABLE\tSIZE\tLAST ACCESSED\n%sTotal:\t%s\n",
	       again ? "" : "abc\ttrue\t4.096kB\t2 days ago\n",
	       again ? "0B" : "4.096kB");
	free(path);
	return 0;
}

static void
put(const char *dir, const char *name, const char *text)
{
	struct imgcache_error err = {0};
	char *path = mem_printf("%s/%s", dir, name);

	if (file_replace(AT_FDCWD, path, text, strlen(text), 0644, false,
			 &err))
		fprintf(stderr, "ERROR: %s\n", err.text);
	free(path);
}

static void
put_blob(const char *dir, const char *text, char hex[65])
{
	char name[80];

	state_hash(text, strlen(text), hex);
	snprintf(name, sizeof(name), "blobs/sha256/%s", hex);
	put(dir, name, text);
}

static void
write_layout(const char *dir, const char *layer, bool whole)
{
	struct imgcache_error err = {0};
	char *blobs = mem_printf("%s/blobs/sha256", dir), hex[65];
	struct buf text = BUF_INIT;
	size_t len;

	file_mkdirs(blobs, 0755, &err);
	state_hash(layer, strlen(layer), hex);
	if (whole)
		put_blob(dir, layer, hex);
	buf_addf(&text, "{\"layers\":[{\"digest\":\"sha256:%s\",\"size\":%zu}"
		 "]}", hex, strlen(layer));
	put_blob(dir, text.data, hex);
	len = text.len;
	buf_clear(&text);
	buf_addf(&text, "{\"manifests\":[{\"digest\":\"sha256:%s\",\"size\":"
		 "%zu}]}", hex, len);
	put(dir, "index.json", text.data);
	buf_release(&text);
	free(blobs);
}

void
export_caches(const struct strv *options, const char *layer,
	      const struct fault *f)
{
	static const char start[] = "--cache-to=type=local,";
	struct imgcache_error err = {0};
	size_t i;

	for (i = 0; i < options->n; i++) {
		const char *at = options->v[i], *dest = strstr(at, "dest=");
		char *dir;

		if (!strcmp(f->mode, "cache-denied") &&
		    !strncmp(at, "--cache-to=", strlen("--cache-to="))) {
			fputs("ERROR: failed to solve: error writing layer "
			      "blob: denied: no write access\n", stderr);
			exit(1);
		}
		if (strncmp(at, start, strlen(start)) || !dest ||
		    !strcmp(f->mode, "no-cache"))
			continue;
		dest += strlen("dest=");
		dir = mem_strndup(dest, strcspn(dest, ","));
		if (strstr(at, ",reset=true"))
			file_remove_tree(AT_FDCWD, dir, &err);
		write_layout(dir, layer, strcmp(f->mode, "half-cache"));
		free(dir);
	}
}
