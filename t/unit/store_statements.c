/* SPDX-License-Identifier: MIT */
/*
 * Every statement of lib/store on a fresh schema: it can be prepared, and it
 * finds its rows by an index unless it is named here with the reason.
 */

#include "store_room.h"

#include "base/buf.h"
#include "base/strv.h"
#include "store/statements.h"

static const struct sql_list *const lists[] = {
	&bases_statements, &builds_statements, &caches_statements,
	&catalog_statements, &configs_statements, &contexts_statements,
	&facts_statements, &images_statements, &invalidations_statements,
	&jobs_statements, &jsonr_statements, &leases_statements,
	&list_statements, &lookups_statements, &names_statements,
	&objects_statements, &platforms_statements, &redone_statements,
	&series_statements, &stats_statements,
};

#define N_LISTS (sizeof(lists) / sizeof(lists[0]))

static const struct {
	const char *name;
	const char *why;
} may_scan[] = {
	/* it has one answer: all of them */
	{ "CACHE_LIST", "lists all; one row per cache" },
	{ "NAMES_ALL", "along the table, skipping to the next name" },
	{ "INVALIDATION_LIST", "lists all; one row per subject" },
	{ "OBJECT_IDS", "the sweep of prune" },
	{ "OBJECT_ROOTS", "the sweep of prune, along an index" },
	{ "BASES_REFS", "lists all, along an index; one row per base" },
	{ "LIST_BASES", "lists all; asked for by a person" },
	/* runs along an index and stops at the limit */
	{ "LIST_BY_USE", "along images_by_use" },
	{ "LIST_BY_USE_REVERSED", "along images_by_use" },
	{ "LIST_BY_CREATION", "along the table" },
	{ "LIST_BY_CREATION_REVERSED", "along the table" },
	{ "BUILDS_ALL", "along the table" },
	{ "JOBS_THAT_RUN", "along jobs_running: those and no others" },
	/* sorts all rows; asked for by a person */
	{ "LIST_SORTED", "orders by size, hits, name, tag" },
	/* sums */
	{ "STATS_IMAGES", "sums" },
	{ "STATS_PER_IMAGE", "sums" },
	{ "STATS_TIMES", "ranks of rows found by an index" },
	{ "STATS_DAYS", "sums of sums" },
	{ "STATS_REASONS", "sums of sums" },
	/* tables that stay small, whatever the number of images */
	{ "LEASE_SWEEP", "one row per promise" },
	{ "CONTEXTS_SWEEP", "one row per directory" },
	{ "CONFIGS_FORGET", "at most a thousand rows" },
	{ "CONFIGS_TRIM", "along an index, a thousand rows" },
	/* the parsed text is the table */
	{ "JSON_TREE", "virtual" },
};

static bool
allowed(const char *name)
{
	for (size_t i = 0; i < sizeof(may_scan) / sizeof(may_scan[0]); i++)
		if (!strcmp(may_scan[i].name, name))
			return true;
	return false;
}

/* Only a SCAN of a table counts, not one of a subquery's few rows. */
static bool
scans(const char *plan)
{
	return strstr(plan, "SCAN") && !strstr(plan, "SCAN CONSTANT ROW");
}

Test(statements, each_can_be_prepared)
{
	struct room r;

	room_open(&r);
	for (size_t l = 0; l < N_LISTS; l++)
		for (int i = 0; i < lists[l]->n; i++)
			cr_assert_not_null(sql_use(catalog_sql(r.cat), lists[l],
						   i, &r.err), "%s %s: %s",
					   lists[l]->module,
					   lists[l]->v[i].name, r.err.text);
	room_close(&r);
}

Test(statements, none_scans_a_table_but_those_with_a_reason)
{
	struct room r;

	room_open(&r);
	for (size_t l = 0; l < N_LISTS; l++) {
		for (int i = 0; i < lists[l]->n; i++) {
			const struct sql_statement *s = &lists[l]->v[i];
			struct buf plan = BUF_INIT;

			ok(&r, sql_plan(catalog_sql(r.cat), s->text, &plan,
					&r.err));
			cr_expect_eq(scans(plan.data), allowed(s->name),
				     "%s %s:\n%s", lists[l]->module, s->name,
				     plan.data);
			buf_release(&plan);
		}
	}
	room_close(&r);
}

Test(statements, statistics_find_lookups_builds_and_steps_by_an_index)
{
	static const struct sql_list *const of_stats[] = {
		&stats_statements, &series_statements,
	};
	static const char *const wrong[] = {
		"SCAN lookups", "SCAN builds", "SCAN steps",
	};
	struct room r;

	room_open(&r);
	for (int i = 0; i < of_stats[0]->n + of_stats[1]->n; i++) {
		const struct sql_statement *s = i < of_stats[0]->n ?
			&of_stats[0]->v[i] :
			&of_stats[1]->v[i - of_stats[0]->n];
		struct buf plan = BUF_INIT;

		ok(&r, sql_plan(catalog_sql(r.cat), s->text, &plan, &r.err));
		for (size_t w = 0; w < sizeof(wrong) / sizeof(wrong[0]); w++)
			cr_expect_null(strstr(plan.data, wrong[w]), "%s: %s",
				       s->name, plan.data);
		buf_release(&plan);
	}
	room_close(&r);
}

/* Lookups are many: each list takes them once, and medians find sums of them. */
Test(statements, statistics_sum_up_lookups_before_anything_else)
{
	struct buf plan = BUF_INIT;
	const char *at;
	struct room r;
	int n = 0, i = 0;

	room_open(&r);
	for (int s = 0; s < series_statements.n; s++)
		ok(&r, sql_plan(catalog_sql(r.cat), series_statements.v[s].text,
				&plan, &r.err));
	for (at = plan.data; (at = strstr(at, "SEARCH lookups")); at++)
		n++;
	cr_expect_eq(n, 2, "days, reasons:\n%s", plan.data);
	buf_clear(&plan);
	while (strcmp(stats_statements.v[i].name, "STATS_PER_IMAGE"))
		i++;
	ok(&r, sql_plan(catalog_sql(r.cat), stats_statements.v[i].text, &plan,
			&r.err));
	at = strstr(plan.data, "SEARCH m ");
	cr_assert_not_null(at, "%s", plan.data);
	cr_expect_null(strstr(at, "GROUP BY"), "%s", plan.data);
	buf_release(&plan);
	room_close(&r);
}

Test(statements, every_select_of_rows_says_its_order)
{
	for (size_t l = 0; l < N_LISTS; l++) {
		for (int i = 0; i < lists[l]->n; i++) {
			const struct sql_statement *s = &lists[l]->v[i];

			if ((!str_starts(s->text, "SELECT") &&
			     !str_starts(s->text, "WITH")) ||
			    strstr(s->text, "ORDER BY"))
				continue;
			/* at most one row: a unique key, or a sum */
			cr_expect(strstr(s->text, "max(") ||
				  strstr(s->text, "count(*)") ||
				  strstr(s->name, "_GET") ||
				  strstr(s->name, "_HAS") ||
				  strstr(s->name, "ENGINE_BY_NAME"),
				  "%s has no ORDER BY", s->name);
		}
	}
}

Test(statements, the_hot_query_uses_two_unique_indexes)
{
	struct buf plan = BUF_INIT;
	struct room r;
	int i = 0;

	room_open(&r);
	while (strcmp(images_statements.v[i].name, "IMAGE_GET"))
		i++;
	ok(&r, sql_plan(catalog_sql(r.cat), images_statements.v[i].text, &plan,
			&r.err));
	cr_expect_not_null(strstr(plan.data,
				  "SEARCH i USING INDEX images_by_tag "
				  "(tag=? AND engine=? AND platform=?)"),
			   "%s", plan.data);
	cr_expect_null(strstr(plan.data, "TEMP B-TREE"), "%s", plan.data);
	buf_release(&plan);
	room_close(&r);
}

Test(statements, the_default_list_is_not_sorted)
{
	static const char *const along[] = {
		"LIST_BY_USE", "LIST_BY_USE_REVERSED", "LIST_BY_CREATION",
		"LIST_BY_CREATION_REVERSED",
	};
	struct room r;

	room_open(&r);
	for (int i = 0; i < list_statements.n; i++) {
		const struct sql_statement *s = &list_statements.v[i];
		struct buf plan = BUF_INIT;

		for (size_t a = 0; a < 4; a++) {
			if (strcmp(along[a], s->name))
				continue;
			ok(&r, sql_plan(catalog_sql(r.cat), s->text, &plan,
					&r.err));
			cr_expect_null(strstr(plan.data, "TEMP B-TREE"),
				       "%s: %s", s->name, plan.data);
		}
		buf_release(&plan);
	}
	room_close(&r);
}
