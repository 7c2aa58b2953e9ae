/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_STORE_MIGRATE_H
#define IMGCACHE_STORE_MIGRATE_H

/*
 * The schema is what the migrations make; there is no second origin. Step n
 * takes version n - 1 to version n in one transaction, with the new version
 * (PRAGMA user_version) inside it. An empty file is version 0. Steps are only
 * ever appended.
 */

#include <stdint.h>

struct imgcache_error;
struct sql;

struct migration {
	const char *what;	/* for messages: "first tables" */
	const char *text;
};

/* PRAGMA application_id of our files: "imgc". file(1) shows it. */
#define MIGRATE_APPLICATION_ID 0x696d6763

enum migrate_code {
	MIGRATE_ENEWER = -111,	/* made by a newer imgcache; not touched */
	MIGRATE_EFOREIGN = -112	/* another program's database; not touched */
};

/* The steps of the catalog. */
extern const struct migration catalog_migrations[];
extern const int catalog_migrations_n;

/*
 * Which version the file has. Refuses (MIGRATE_EFOREIGN) what is a database
 * but not ours, and (MIGRATE_ENEWER) what is newer than latest.
 */
int migrate_version(struct sql *db, int latest, int *version,
		    struct imgcache_error *err);

/*
 * Bring the file to version n. Before the first step of a file that holds
 * anything, a copy is written beside it: <path>.v<old version>. Interrupted or
 * failed, the file is at a whole version. Two processes may do this at once.
 */
int migrate_to(struct sql *db, const struct migration *steps, int n,
	       struct imgcache_error *err);

#endif
