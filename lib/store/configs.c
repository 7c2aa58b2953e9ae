/* SPDX-License-Identifier: MIT */
/* One row per digest and platform; the oldest of very many go. */

#include "store/configs.h"

#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "store/catalog.h"
#include "store/jsonr.h"
#include "store/statements.h"
#include "sys/clock.h"

/* Of about a kilobyte each. */
#define CONFIGS_MAX 1000

#define CONFIGS_STATEMENTS(X)						\
	X(CONFIG_GET,							\
		"SELECT config, asked_at FROM base_configs"		\
		" WHERE digest = ?1 AND platform = ?2")			\
	X(CONFIG_PUT,							\
		"INSERT INTO base_configs (digest, platform, config,"	\
		" asked_at) VALUES (?1, ?2, ?3, ?4)"			\
		" ON CONFLICT (digest, platform) DO UPDATE SET"		\
		" config = coalesce(excluded.config, config),"		\
		" asked_at = excluded.asked_at")			\
	X(CONFIGS_TRIM,							\
		"DELETE FROM base_configs WHERE asked_at <"		\
		" (SELECT asked_at FROM base_configs"			\
		" ORDER BY asked_at DESC LIMIT 1 OFFSET ?1)")		\
	X(CONFIGS_FORGET,						\
		"DELETE FROM base_configs WHERE config IS NULL OR ?1")

SQL_LIST(configs, CONFIGS_STATEMENTS);

void
config_release(struct config *c)
{
	strv_release(&c->env);
	strv_release(&c->onbuild);
}

static void
write_list(struct json *j, const char *key, const struct strv *list)
{
	json_key(j, key);
	json_array(j);
	for (size_t i = 0; i < list->n; i++)
		json_string(j, list->v[i]);
	json_end_array(j);
}

void
config_write(const struct config *c, struct buf *out)
{
	struct json j = JSON_INIT(out);

	json_object(&j);
	write_list(&j, "env", &c->env);
	write_list(&j, "onbuild", &c->onbuild);
	json_end_object(&j);
}

static bool
read_list(const struct jsonr_node *n, struct strv *out)
{
	if (n->type != JSONR_ARRAY)
		return false;
	for (n = n->child; n; n = n->next) {
		if (n->type != JSONR_STRING)
			return false;
		strv_push(out, n->text);
	}
	return true;
}

int
config_read(const char *text, size_t len, struct config *out,
	    struct imgcache_error *err)
{
	struct jsonr *json = jsonr_new();
	const struct jsonr_node *doc = jsonr_parse(json, text, len, err);
	const struct jsonr_node *env = jsonr_member(doc, "env");
	const struct jsonr_node *onbuild = jsonr_member(doc, "onbuild");
	int ret = doc ? 0 : err->code;

	if (!ret && (!env || !onbuild || !read_list(env, &out->env) ||
		     !read_list(onbuild, &out->onbuild)))
		ret = error_set(err, IMGCACHE_EFAIL,
				"not {\"env\":[...],\"onbuild\":[...]}");
	jsonr_free(json);
	return ret;
}

/* In a string every quote has a backslash before it. */
bool
config_may_have_onbuild(const char *text)
{
	return !str_starts(text, "{\"env\":[") ||
		!str_ends(text, "],\"onbuild\":[]}");
}

int
configs_get(struct catalog *cat, struct arena *arena, struct config_row *row,
	    bool *found, struct imgcache_error *err)
{
	struct sql_use *q = sql_use(catalog_sql(cat), &configs_statements,
				    CONFIG_GET, err);
	int rc;

	sql_bind(q, "ss", row->digest, row->platform);
	rc = sql_next(q, err);
	*found = rc > 0;
	if (rc <= 0)
		return rc;
	row->config = arena_strdup(arena, sql_text(q, 0));
	row->asked_at = sql_int(q, 1);
	return sql_reset(q, err);
}

int
configs_put(struct catalog *cat, const struct config_row *row,
	    struct imgcache_error *err)
{
	struct sql_use *q;
	bool began;
	int rc;

	if (!catalog_can_write(cat))
		return 0;
	rc = sql_enter(catalog_sql(cat), &began, err);
	if (rc)
		return rc;
	q = sql_use(catalog_sql(cat), &configs_statements, CONFIG_PUT, err);
	sql_bind(q, "sssi", row->digest, row->platform, row->config,
		 row->asked_at ? row->asked_at : clock_now_s());
	rc = sql_done(q, err);
	if (!rc) {
		q = sql_use(catalog_sql(cat), &configs_statements,
			    CONFIGS_TRIM, err);
		sql_bind(q, "d", CONFIGS_MAX);
		rc = sql_done(q, err);
	}
	return sql_leave(catalog_sql(cat), began, rc, err);
}

int
configs_forget(struct catalog *cat, bool all, struct imgcache_error *err)
{
	struct sql_use *q;

	if (!catalog_can_write(cat))
		return 0;
	q = sql_use(catalog_sql(cat), &configs_statements, CONFIGS_FORGET,
		    err);
	sql_bind(q, "d", all);
	return sql_done(q, err);
}
