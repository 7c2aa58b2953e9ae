/* SPDX-License-Identifier: MIT */
/*
 * Counting lookups. A record goes to the journal, or where that cannot be into
 * the tables at once; both end in count_one(). The place up to which the
 * journal was read is the fact 'journal', written in the transaction that holds
 * the rows, so that a kill at any point neither loses nor repeats a record.
 */

#include "store/lookups.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "store/catalog.h"
#include "store/facts.h"
#include "store/journal.h"
#include "store/statements.h"
#include "sys/clock.h"

#define DAY_S 86400

#define LOOKUPS_STATEMENTS(X)						\
	X(LOOKUP_ADD,							\
		"INSERT INTO lookups (at, engine, tag, platform, name, verb," \
		" result, reason, us, saved_us)"			\
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")	\
	X(IMAGE_HIT,							\
		"UPDATE images SET hits = hits + ?5,"			\
		" last_used_at = max(coalesce(last_used_at, 0), ?4)"	\
		" WHERE tag = ?1 AND engine = ?2 AND platform = ?3")	\
	X(LAST_LOOKUP, "SELECT coalesce(max(id), 0) FROM lookups")	\
	X(CONDENSE,							\
		"INSERT INTO lookups (at, n, engine, tag, platform, name," \
		" verb, result, reason, us, saved_us)"			\
		" SELECT at - at % 86400, sum(n), engine, tag, platform," \
		" name, verb, result, reason, sum(us), sum(saved_us)" \
		" FROM lookups WHERE at >= ?1 AND at < ?2"		\
		" GROUP BY at - at % 86400, engine, tag, platform, name," \
		" verb, result, reason, saved_us < 0"			\
		" ORDER BY at - at % 86400")				\
	X(CONDENSED,							\
		"DELETE FROM lookups WHERE at >= ?1 AND at < ?2 AND id <= ?3")

SQL_LIST(lookups, LOOKUPS_STATEMENTS);

static const char *const results[] = {
	[LOOKUP_HIT_LOCAL] = "hit-local",
	[LOOKUP_HIT_REMOTE] = "hit-remote",
	[LOOKUP_MISS] = "miss",
	[LOOKUP_UNKNOWN] = "unknown",
	[LOOKUP_BYPASS] = "bypass",
};

static const char *const reasons[] = {
	[IMGCACHE_REASON_NONE] = "hit",
	[IMGCACHE_NEVER_BUILT] = "never-built",
	[IMGCACHE_INPUTS_CHANGED] = "inputs-changed",
	[IMGCACHE_BASE_MOVED] = "base-moved",
	[IMGCACHE_EPOCH_ROLLED] = "epoch-rolled",
	[IMGCACHE_INVALIDATED] = "invalidated",
	[IMGCACHE_PRUNED] = "pruned",
	[IMGCACHE_DELETED] = "deleted",
	[IMGCACHE_GONE] = "gone",
	[IMGCACHE_FOREIGN] = "foreign",
	[IMGCACHE_BUILD_FAILED] = "build-failed",
	[IMGCACHE_INTERRUPTED] = "interrupted",
	[IMGCACHE_REGISTRY_UNKNOWN] = "registry-unknown",
	[IMGCACHE_ENGINE_UNKNOWN] = "engine-unknown",
	[IMGCACHE_ASKED] = "asked",
	[IMGCACHE_BEING_BUILT] = "being-built",
	[IMGCACHE_PENDING] = "pending",
};

_Static_assert(sizeof(reasons) / sizeof(reasons[0]) == IMGCACHE_REASONS,
	       "a word for every reason");

const char *
lookup_result_text(enum lookup_result r)
{
	return results[r];
}

bool
lookup_result_parse(const char *text, enum lookup_result *r)
{
	for (int i = 0; i < LOOKUP_RESULTS; i++) {
		if (strcmp(results[i], text))
			continue;
		*r = (enum lookup_result)i;
		return true;
	}
	return false;
}

const char *
lookup_reason_word(enum imgcache_reason r)
{
	return reasons[r];
}

bool
lookup_reason_parse(const char *word, enum imgcache_reason *r)
{
	for (int i = 0; i < IMGCACHE_REASONS; i++) {
		if (strcmp(reasons[i], word))
			continue;
		*r = (enum imgcache_reason)i;
		return true;
	}
	return false;
}

static int
add_lookup(struct sql *db, int64_t engine, const struct lookup *l,
	   struct imgcache_error *err)
{
	struct sql_use *q = sql_use(db, &lookups_statements, LOOKUP_ADD, err);

	sql_bind(q, "iissssssii", l->at, engine, l->tag, l->platform, l->name,
		 l->verb, results[l->result], reasons[l->reason], l->us,
		 l->saved_us);
	return sql_done(q, err);
}

/* A moment to come would keep an image young for ever: it counts as now. */
static int
note_use(struct sql *db, int64_t engine, const struct lookup *l,
	 int64_t now, struct imgcache_error *err)
{
	struct sql_use *q = sql_use(db, &lookups_statements, IMAGE_HIT, err);

	sql_bind(q, "sisii", l->tag, engine, l->platform,
		 l->at < now ? l->at : now,
		 (int64_t)(strcmp(l->verb, LOOKUP_AHEAD) != 0));
	return sql_done(q, err);
}

/* Inside a transaction. */
static int
count_one(struct catalog *cat, const struct lookup *l, int64_t now,
	  struct imgcache_error *err)
{
	struct sql *db = catalog_sql(cat);
	int64_t engine;
	int rc = catalog_engine(cat, l->engine, true, &engine, err);

	if (rc == 0)
		rc = add_lookup(db, engine, l, err);
	if (rc == 0 && (l->result == LOOKUP_HIT_LOCAL ||
			l->result == LOOKUP_HIT_REMOTE))
		rc = note_use(db, engine, l, now, err);
	return rc;
}

static int
record_in_tables(struct catalog *cat, const struct lookup *l,
		 struct imgcache_error *err)
{
	struct sql *db = catalog_sql(cat);
	bool began;
	int rc = sql_enter(db, &began, err);

	if (rc == 0)
		rc = count_one(cat, l, clock_now_s(), err);
	return sql_leave(db, began, rc, err);
}

int
lookups_record(struct catalog *cat, const struct lookup *l,
	       struct imgcache_error *err)
{
	struct imgcache_error ignored = { 0 };
	struct lookup now = *l;
	int64_t size = 0;

	if (!catalog_can_write(cat))
		return 0;
	if (!now.at)
		now.at = clock_now_s();
	if (catalog_flags(cat).is_network ||
	    journal_append(catalog_dir(cat), &now, &size, &ignored))
		return record_in_tables(cat, &now, err);
	/* it is safe where it is, so failing to fold it is no failure */
	if (size > JOURNAL_FOLD_BYTES)
		lookups_fold(cat, NULL, &ignored);
	return 0;
}

static int
load_place(struct catalog *cat, struct journal_place *place,
	   struct imgcache_error *err)
{
	char *text;
	int rc = facts_get(cat, "journal", &text, err);

	*place = (struct journal_place){ 0, 0 };
	if (text && sscanf(text, "%" SCNx64 " %" SCNd64, &place->id,
			   &place->offset) != 2)
		*place = (struct journal_place){ 0, 0 };
	free(text);
	return rc;
}

static int
save_place(struct catalog *cat, const struct journal_place *place,
	   struct imgcache_error *err)
{
	char text[64];

	snprintf(text, sizeof(text), "%" PRIx64 " %" PRId64, place->id,
		 place->offset);
	return facts_set(cat, "journal", text, err);
}

static int
count_all(struct catalog *cat, const struct buf *data, int64_t *n,
	  struct imgcache_error *err)
{
	int64_t skipped = 0, now = clock_now_s();
	struct lookup l;
	size_t pos = 0;
	int rc = 0;

	*n = 0;
	while (rc == 0 && journal_next(data, &pos, &l, &skipped)) {
		rc = count_one(cat, &l, now, err);
		++*n;
	}
	return rc;
}

/* What the journal holds beyond the place that the database knows. */
struct news {
	struct journal_place from, to;
	struct buf data;
};

/*
 * Before the transaction: reading ends with an fsync, and nobody should have
 * to wait for that while he waits for his turn at the database.
 */
static int
read_news(struct catalog *cat, struct news *n,
	  struct imgcache_error *err)
{
	int rc = load_place(cat, &n->from, err);

	buf_clear(&n->data);
	n->to = n->from;
	return rc ? rc : journal_read(catalog_dir(cat), &n->to, &n->data, err);
}

/*
 * Inside it: if the place moved meanwhile, another process has counted what we
 * read, and *stale says so.
 */
static int
count_news(struct catalog *cat, const struct news *n, int64_t *count,
	   bool *stale, struct imgcache_error *err)
{
	struct journal_place now;
	int rc = load_place(cat, &now, err);

	if (rc)
		return rc;
	*stale = now.id != n->from.id || now.offset != n->from.offset;
	if (*stale)
		return 0;
	rc = count_all(cat, &n->data, count, err);
	return rc ? rc : save_place(cat, &n->to, err);
}

/* Only what was committed was read; a file that stays large is no failure. */
static void
rotate(struct catalog *cat, const struct journal_place *place)
{
	struct imgcache_error ignored = { 0 };

	if (!sql_in_transaction(catalog_sql(cat)))
		journal_rotate(catalog_dir(cat), place, &ignored);
}

static int
fold(struct catalog *cat, struct news *n, int64_t *count,
	struct imgcache_error *err)
{
	struct sql *db = catalog_sql(cat);
	bool began, stale = true;
	int rc = 0;

	/* each turn means that another process got further */
	while (rc == 0 && stale) {
		rc = read_news(cat, n, err);
		if (rc || !n->data.len)
			return rc;
		rc = sql_enter(db, &began, err);
		if (rc == 0)
			rc = count_news(cat, n, count, &stale, err);
		rc = sql_leave(db, began, rc, err);
	}
	if (rc == 0)
		rotate(cat, &n->to);
	return rc;
}

int
lookups_fold(struct catalog *cat, int64_t *n, struct imgcache_error *err)
{
	struct news news = { .data = BUF_INIT };
	int64_t count = 0;
	int rc = 0;

	if (catalog_can_write(cat) && !catalog_flags(cat).is_network)
		rc = fold(cat, &news, &count, err);
	buf_release(&news.data);
	if (n)
		*n = count;
	return rc;
}

static int
condense(struct sql *db, int64_t from, int64_t to,
	 struct imgcache_error *err)
{
	struct sql_use *q = sql_use(db, &lookups_statements, LAST_LOOKUP, err);
	int64_t last = 0;
	int rc = sql_row(q, err);

	if (rc)
		return rc;
	last = sql_int(q, 0);
	rc = sql_reset(q, err);
	if (rc)
		return rc;
	q = sql_use(db, &lookups_statements, CONDENSE, err);
	sql_bind(q, "ii", from, to);
	rc = sql_done(q, err);
	if (rc)
		return rc;
	q = sql_use(db, &lookups_statements, CONDENSED, err);
	sql_bind(q, "iii", from, to, last);
	return sql_done(q, err);
}

/*
 * The fact 'condensed' says up to where it was done, so that each day is
 * rewritten once. What is folded later than that stays as it is.
 */
int
lookups_condense(struct catalog *cat, int64_t before,
		 struct imgcache_error *err)
{
	int64_t to = before - before % DAY_S, from = 0;
	struct sql *db = catalog_sql(cat);
	char *text = NULL, *mark;
	bool began;
	int rc;

	if (!catalog_can_write(cat))
		return 0;
	rc = sql_enter(db, &began, err);
	if (rc == 0)
		rc = facts_get(cat, "condensed", &text, err);
	if (text)
		from = strtoll(text, NULL, 10);
	if (rc == 0 && from < to) {
		mark = mem_printf("%" PRId64, to);
		rc = condense(db, from, to, err);
		if (rc == 0)
			rc = facts_set(cat, "condensed", mark, err);
		free(mark);
	}
	free(text);
	return sql_leave(db, began, rc, err);
}
