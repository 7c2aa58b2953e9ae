/* SPDX-License-Identifier: MIT */
/*
 * fill-catalog DIR ENGINE N: add N made-up images of that engine to the catalog
 * in DIR, for the bench and for tests of size. Their tags are spread as real
 * keys are, so that the indexes look as they would in real life.
 */

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "store/catalog.h"
#include "store/images.h"
#include "store/sql.h"

static const char *const names[] = { "tools", "api", "web", "worker", "cron" };

/* splitmix64: every n gives another number, well spread. */
static unsigned long long
spread(unsigned long long n)
{
	n += 0x9e3779b97f4a7c15ULL;
	n = (n ^ (n >> 30)) * 0xbf58476d1ce4e5b9ULL;
	n = (n ^ (n >> 27)) * 0x94d049bb133111ebULL;
	return n ^ (n >> 31);
}

static int
add_image(struct catalog *cat, const char *engine, long n,
	  struct imgcache_error *err)
{
	unsigned long long u = spread((unsigned long long)n);
	char tag[64], ref[96], id[80];
	struct image_row row = {
		.key = { engine, tag, "linux/amd64" },
		.status = IMAGE_COMPLETED,
		.hash = "git",
		.ref = ref,
		.name = names[n % 5],
		.project = "/srv/filled",
		.recipe = "generated",
		.origin = "built",
		.image_id = id,
		.base_ref = "debian:bookworm-slim",
		.size_bytes = 100000000 + n,
		.created_at = 1700000000 + n,
		.built_at = 1700000000 + n,
		.build_us = 60000000,
	};

	snprintf(tag, sizeof(tag), "g1-%016llx%016llx%08lx", u, spread(u),
		 (unsigned long)n & 0xffffffff);
	snprintf(ref, sizeof(ref), "localhost/imgcache:%s", tag);
	snprintf(id, sizeof(id), "sha256:%016llx%016llx%016llx%016llx",
		 spread(~u), u, spread(u + 1), spread(u + 2));
	return images_put(cat, &row, NULL, err);
}

int
main(int argc, char **argv)
{
	struct imgcache_error err = { 0 };
	struct catalog *cat = NULL;
	long n;
	int rc;

	if (argc != 4 || (n = strtol(argv[3], NULL, 10)) <= 0) {
		fprintf(stderr, "usage: fill-catalog DIR ENGINE N\n");
		return 129;
	}
	rc = catalog_open(argv[1], CATALOG_WRITE, &cat, &err);
	/* all indexes in memory, else a million rows take a minute */
	if (rc == 0)
		rc = sql_exec(catalog_sql(cat), "PRAGMA cache_size=-600000",
			      &err);
	if (rc == 0)
		rc = catalog_begin(cat, &err);
	for (long i = 0; rc == 0 && i < n; i++)
		rc = add_image(cat, argv[2], i, &err);
	if (rc == 0)
		rc = catalog_commit(cat, &err);
	else if (cat)
		catalog_rollback(cat);
	catalog_close(cat);
	if (rc)
		fprintf(stderr, "fill-catalog: %s\n", err.text);
	return rc ? 128 : 0;
}
