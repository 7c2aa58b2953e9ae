/* SPDX-License-Identifier: MIT */
/*
 * Which rules count. A project may name rules of others (BuildKit's, by their
 * names) to switch them off; what looks like one of ours has to exist.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "lint/lint.h"
#include "source/ignore.h"

static enum imgcache_severity
severity_of(const char *word)
{
	if (!strcmp(word, "off"))
		return IMGCACHE_SEVERITY_OFF;
	if (!strcmp(word, "info"))
		return IMGCACHE_SEVERITY_INFO;
	if (!strcmp(word, "error"))
		return IMGCACHE_SEVERITY_ERROR;
	return IMGCACHE_SEVERITY_WARNING;
}

static int
set_rule(struct lint *l, const struct yaml_node *at, const char *id,
	 enum imgcache_severity severity, struct imgcache_error *err)
{
	enum lint_rule rule = lint_rule_find(id);

	if (rule != LINT_RULES) {
		l->config.severity[rule] = severity;
		return 0;
	}
	if (!strncasecmp(id, "IC", 2) && strspn(id + 2, "0123456789") ==
	    strlen(id + 2)) {
		lint_rule_unknown(id, IMGCACHE_EFAIL, err);
		return yaml_prefix(&l->ic->project.doc, at, err);
	}
	if (severity == IMGCACHE_SEVERITY_OFF)
		strv_push(&l->config.foreign, id);
	return 0;
}

/* One text, or a list of them. */
static const struct yaml_node *
first_text(const struct yaml_node *node)
{
	return node && node->kind == YAML_LIST ? node->first : node;
}

static const struct yaml_node *
next_text(const struct yaml_node *list, const struct yaml_node *node)
{
	return list->kind == YAML_LIST ? node->next : NULL;
}

static int
read_rules(struct lint *l, const struct yaml_node *section,
	   struct imgcache_error *err)
{
	const struct yaml_node *ignore = yaml_get(section, "ignore");
	const struct yaml_node *rules = yaml_get(section, "rules");
	const struct yaml_node *at;
	int ret = 0;

	for (at = first_text(ignore); at && !ret; at = next_text(ignore, at))
		ret = set_rule(l, at, at->text, IMGCACHE_SEVERITY_OFF, err);
	for (at = rules ? rules->first : NULL; at && !ret; at = at->next)
		ret = set_rule(l, at->key, at->key->text,
			       severity_of(at->text), err);
	return ret;
}

static int
read_exclude(struct lint *l, const struct yaml_node *section,
	     struct imgcache_error *err)
{
	const struct yaml_node *exclude = yaml_get(section, "exclude");
	const struct yaml_node *at;
	struct buf text = BUF_INIT;
	int ret = 0;

	for (at = first_text(exclude); at; at = next_text(exclude, at))
		buf_addf(&text, "%s\n", at->text);
	if (text.len && ignore_parse(&l->config.exclude, "exclude", text.data,
				     text.len, err))
		ret = yaml_prefix(&l->ic->project.doc, exclude, err);
	buf_release(&text);
	return ret;
}

static int
read_section(struct lint *l, const struct yaml_node *section,
	     struct imgcache_error *err)
{
	const char *least = yaml_text(yaml_get(section, "severity"));
	int ret = read_rules(l, section, err);

	if (least && !l->config.least)
		l->config.least = severity_of(least);
	return ret ? ret : read_exclude(l, section, err);
}

/* --rule: these and no others, a rule that is off comes on again. */
static int
select_rules(struct lint *l, const char *const *lists,
	     struct imgcache_error *err)
{
	enum imgcache_severity chosen[LINT_RULES] = {IMGCACHE_SEVERITY_OFF};
	enum imgcache_severity *now = l->config.severity;
	struct strv ids = {0};
	size_t i;
	int ret = 0;

	for (; *lists; lists++)
		strv_split(&ids, *lists, ", ");
	for (i = 0; i < ids.n && !ret; i++) {
		enum lint_rule rule = lint_rule_find(ids.v[i]);

		if (rule == LINT_RULES)
			ret = lint_rule_unknown(ids.v[i], IMGCACHE_EUSAGE,
						err);
		else
			chosen[rule] = now[rule] ? now[rule] :
				lint_rule(rule)->severity;
	}
	memcpy(now, chosen, sizeof(chosen));
	l->config.no_foreign = true;
	strv_release(&ids);
	return ret;
}

int
lint_config_read(struct lint *l, const struct imgcache_lint_options *o,
		 struct imgcache_error *err)
{
	const struct yaml_node *section = NULL;
	int i, ret = 0;

	for (i = 0; i < LINT_RULES; i++)
		l->config.severity[i] = lint_rule((enum lint_rule)i)->severity;
	l->config.least = o->least;
	if (!o->least && o->rules)
		l->config.least = IMGCACHE_SEVERITY_INFO;
	if (l->ic->has_project)
		section = project_section(&l->ic->project, "lint");
	if (section)
		ret = read_section(l, section, err);
	if (!l->config.least)
		l->config.least = IMGCACHE_SEVERITY_WARNING;
	if (!ret && o->rules)
		ret = select_rules(l, o->rules, err);
	return ret;
}

void
lint_config_release(struct lint_config *c)
{
	strv_release(&c->foreign);
	ignore_free(c->exclude);
}
