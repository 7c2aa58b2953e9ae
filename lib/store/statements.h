/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_STORE_STATEMENTS_H
#define IMGCACHE_STORE_STATEMENTS_H

/*
 * Every list of statements of this room, for the module that owns it and for
 * the test that prepares each one and reads its query plan.
 */

#include "store/sql.h"

extern const struct sql_list bases_statements;
extern const struct sql_list builds_statements;
extern const struct sql_list caches_statements;
extern const struct sql_list catalog_statements;
extern const struct sql_list configs_statements;
extern const struct sql_list contexts_statements;
extern const struct sql_list facts_statements;
extern const struct sql_list images_statements;
extern const struct sql_list invalidations_statements;
extern const struct sql_list jobs_statements;
extern const struct sql_list jsonr_statements;
extern const struct sql_list leases_statements;
extern const struct sql_list list_statements;
extern const struct sql_list lookups_statements;
extern const struct sql_list names_statements;
extern const struct sql_list objects_statements;
extern const struct sql_list platforms_statements;
extern const struct sql_list redone_statements;
extern const struct sql_list series_statements;
extern const struct sql_list stats_statements;

#endif
