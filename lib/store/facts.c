/* SPDX-License-Identifier: MIT */
#include "store/facts.h"

#include "base/mem.h"
#include "store/catalog.h"
#include "store/statements.h"

#define FACTS_STATEMENTS(X)						\
	X(FACT_GET, "SELECT value FROM facts WHERE name = ?1")		\
	X(FACT_SET, "INSERT INTO facts (name, value) VALUES (?1, ?2)"	\
		    " ON CONFLICT (name) DO UPDATE SET value = excluded.value")

SQL_LIST(facts, FACTS_STATEMENTS);

int
facts_set(struct catalog *cat, const char *name, const char *value,
	  struct imgcache_error *err)
{
	struct sql_use *q;

	if (!catalog_can_write(cat))
		return 0;
	q = sql_use(catalog_sql(cat), &facts_statements, FACT_SET, err);
	sql_bind(q, "ss", name, value);
	return sql_done(q, err);
}

int
facts_get(struct catalog *cat, const char *name, char **value,
	  struct imgcache_error *err)
{
	struct sql_use *q = sql_use(catalog_sql(cat), &facts_statements,
				    FACT_GET, err);
	int rc;

	sql_bind(q, "s", name);
	rc = sql_next(q, err);
	*value = rc > 0 ? mem_strdup(sql_text(q, 0)) : NULL;
	return rc > 0 ? sql_reset(q, err) : rc;
}
