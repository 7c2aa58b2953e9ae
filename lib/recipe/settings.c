/* SPDX-License-Identifier: MIT */
/*
 * For each setting the origins are asked from the strongest down, and the
 * first that has a value ends the search. No file is opened that was not named
 * by the caller: this runs at every start.
 */

#include "recipe/settings.h"

#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/strv.h"
#include "recipe/dotenv.h"
#include "recipe/expand.h"
#include "recipe/project.h"
#include "recipe/settings_file.h"
#include "recipe/settings_paths.h"
#include "recipe/settings_value.h"
#include "recipe/yaml.h"
#include "sys/file.h"

struct loader {
	struct settings *s;
	const struct settings_sources *from;
	struct dotenv dotenv;
	char *dotenv_name;	/* as messages show it */
	struct yaml_doc user;
	char *home;
	struct imgcache_error *err;
};

/* Where a text was found; origin is owned. */
struct finding {
	const char *text;
	enum setting_rank rank;
	char *origin;
};

/* docker's own variable is not taken from a file that is not docker's. */
static bool
in_dotenv(const struct setting_row *row)
{
	return row->service && strncmp(row->service, "DOCKER_", 7);
}

static bool
find_variable(const struct loader *l, const char *name,
	      enum setting_rank rank, struct finding *f)
{
	const char *text = name ? expand_get(l->from->env, name) : NULL;

	if (!text || !*text)
		return false;
	f->text = text;
	f->rank = rank;
	f->origin = mem_printf("environment %s", name);
	return true;
}

static bool
find_dotenv(const struct loader *l, const struct setting_row *row,
	    struct finding *f)
{
	const struct dotenv_value *at;

	at = in_dotenv(row) ? dotenv_get(&l->dotenv, row->service) : NULL;
	if (!at || !*at->value)
		return false;
	f->text = at->value;
	f->rank = SETTING_FROM_SERVICE;
	f->origin = mem_printf("%s:%d %s", l->dotenv_name, at->line, at->name);
	return true;
}

/* Variables that other programs read a company's certificates from. */
static bool
find_ca_bundle(const struct loader *l, struct finding *f)
{
	static const char *const names[] = {
		"NODE_EXTRA_CA_CERTS", "PIP_CERT", "REQUESTS_CA_BUNDLE",
		"CURL_CA_BUNDLE", "SSL_CERT_FILE"
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (find_variable(l, names[i], SETTING_FROM_DEFAULT, f))
			return true;
	return false;
}

static bool
find_text(const struct loader *l, const struct setting_row *row,
	  struct finding *f)
{
	return find_variable(l, row->variable, SETTING_FROM_VARIABLE, f) ||
	       find_variable(l, row->service, SETTING_FROM_SERVICE, f) ||
	       find_dotenv(l, row, f);
}

static bool
find_default(const struct loader *l, enum setting_id id, struct finding *f)
{
	if (id == SETTING_CA_BUNDLE && find_ca_bundle(l, f))
		return true;
	f->rank = SETTING_FROM_DEFAULT;
	f->text = setting_row(id)->standard;
	f->origin = mem_strdup("default");
	return f->text;
}

/* AUTO_PRUNE_DAYS counts days; what it stands for needs a unit. */
static int
read_text(struct loader *l, const struct setting_row *row,
	  const struct finding *f, struct setting_value *v)
{
	char *text;
	int ret;

	if (f->rank != SETTING_FROM_SERVICE || !row->service_unit)
		return setting_value_text(v, row, f->text, l->err);
	if (f->text[strspn(f->text, "0123456789")])
		return error_set(l->err, IMGCACHE_EFAIL, "needs a number of "
				 "days, such as 30, or 0, not '%.64s'",
				 f->text);
	text = mem_printf("%s%s", f->text, row->service_unit);
	ret = setting_value_text(v, row, text, l->err);
	free(text);
	return ret;
}

/* Takes the origin over. */
static int
use_text(struct loader *l, enum setting_id id, struct finding *f)
{
	const struct setting_row *row = setting_row(id);
	struct setting_value *v = &l->s->v[id];
	int ret = read_text(l, row, f, v);

	if (ret) {
		error_prefix(l->err, "%s", f->origin);
		free(f->origin);
		return ret;
	}
	v->rank = f->rank;
	free(v->origin);
	v->origin = f->origin;
	if (row->type == SETTING_TYPE_PATH)
		settings_resolve_path(v, l->s->dir, l->home);
	return 0;
}

static int
use_node(struct loader *l, enum setting_id id, enum setting_rank rank,
	 const struct yaml_node *node)
{
	bool is_project = rank == SETTING_FROM_PROJECT;
	const struct yaml_doc *doc = is_project ? &l->from->project->doc
						: &l->user;
	const struct setting_row *row = setting_row(id);
	struct setting_value *v = &l->s->v[id];
	char *dir;
	int ret;

	ret = setting_value_node(v, row, doc, node, l->from->env, l->err);
	if (ret) {
		l->err->code = IMGCACHE_EFAIL;
		return IMGCACHE_EFAIL;
	}
	v->rank = rank;
	v->origin = mem_printf("%s:%d:%d", doc->name, node->line,
			       node->column);
	if (row->type == SETTING_TYPE_PATH) {
		dir = is_project ? mem_strdup(l->from->project->dir)
				 : path_dir(l->from->user_config);
		settings_resolve_path(v, dir, l->home);
		free(dir);
	}
	return 0;
}

/* What the person forbids in the file of their own. */
static const struct yaml_node *
find_veto(const struct loader *l, enum setting_id id)
{
	const char *veto = setting_row(id)->veto;
	const struct yaml_node *node = !veto ? NULL :
		settings_file_node(&l->user, SETTING_FROM_USER, id);

	return node && str_is(yaml_text(node), veto) ? node : NULL;
}

static int
load_one(struct loader *l, enum setting_id id)
{
	const struct project *project = l->from->project;
	const struct yaml_node *node = find_veto(l, id);
	struct finding f = { NULL, SETTING_FROM_DEFAULT, NULL };

	if (node)
		return use_node(l, id, SETTING_FROM_USER, node);
	if (find_text(l, setting_row(id), &f))
		return use_text(l, id, &f);
	if (project)
		node = settings_file_node(&project->doc, SETTING_FROM_PROJECT,
					  id);
	if (node)
		return use_node(l, id, SETTING_FROM_PROJECT, node);
	node = settings_file_node(&l->user, SETTING_FROM_USER, id);
	if (node)
		return use_node(l, id, SETTING_FROM_USER, node);
	if (find_default(l, id, &f))
		return use_text(l, id, &f);
	l->s->v[id].rank = SETTING_FROM_DEFAULT;
	l->s->v[id].origin = f.origin;
	return 0;
}

/* ".env" as seen from where "../imgcache.yaml" is written. */
static char *
dotenv_shown(const struct settings_sources *from)
{
	const char *name = path_base(from->dotenv);
	char *dir = path_dir(from->dotenv), *shown, *up;
	bool beside = from->project && !strcmp(dir, from->project->dir);

	free(dir);
	if (!beside)
		return mem_strdup(from->dotenv);
	up = path_dir(from->project->name);
	shown = strcmp(up, ".") ? path_join(up, name) : mem_strdup(name);
	free(up);
	return shown;
}

static int
load_dotenv(struct loader *l)
{
	const char *names[SETTING_COUNT];
	size_t n = 0;

	if (!l->from->dotenv)
		return 0;
	for (int i = 0; i < SETTING_COUNT; i++) {
		const struct setting_row *row = setting_row((enum setting_id)i);

		if (in_dotenv(row))
			names[n++] = row->service;
	}
	l->dotenv_name = dotenv_shown(l->from);
	return dotenv_read(&l->dotenv, l->from->dotenv, names, n, l->err);
}

static int
load_user_config(struct loader *l)
{
	const char *path = l->from->user_config;
	char *name;
	int ret;

	if (!path)
		return 0;
	name = settings_shown_path(path, l->home);
	ret = yaml_read(&l->user, AT_FDCWD, path, name, l->err);
	free(name);
	if (ret == IMGCACHE_ENO) {
		error_clear(l->err);
		return 0;
	}
	if (!ret)
		ret = settings_file_check(&l->user, SETTING_FROM_USER,
					  l->from->env, l->err);
	return ret;
}

int
settings_load(struct settings *s, const struct settings_sources *from,
	      struct imgcache_error *err)
{
	struct loader l = { .s = s, .from = from, .err = err };
	int ret;

	memset(s, 0, sizeof(*s));
	s->dir = path_absolute(from->dir, "");
	l.home = settings_home(from->env);
	ret = load_dotenv(&l);
	if (!ret)
		ret = load_user_config(&l);
	for (int i = 0; i < SETTING_COUNT && !ret; i++)
		ret = load_one(&l, (enum setting_id)i);
	if (!ret)
		ret = settings_default_dirs(s, from->env, l.home, err);
	dotenv_release(&l.dotenv);
	free(l.dotenv_name);
	yaml_release(&l.user);
	free(l.home);
	if (ret)
		settings_release(s);
	return ret;
}

void
settings_release(struct settings *s)
{
	for (int i = 0; i < SETTING_COUNT; i++)
		setting_value_release(&s->v[i]);
	free(s->dir);
	memset(s, 0, sizeof(*s));
}

static int
fail_unknown(const char *name, struct imgcache_error *err)
{
	const char *names[SETTING_COUNT];
	const char *near;

	for (int i = 0; i < SETTING_COUNT; i++)
		names[i] = setting_row((enum setting_id)i)->name;
	near = str_nearest(name, names, SETTING_COUNT);
	if (near)
		return error_set(err, IMGCACHE_EUSAGE, "unknown setting "
				 "'%.64s'; did you mean '%s'?", name, near);
	return error_set(err, IMGCACHE_EUSAGE, "unknown setting '%.64s'; "
			 "'imgcache config' lists them all", name);
}

int
settings_set_flag(struct settings *s, const char *name, const char *value,
		  struct imgcache_error *err)
{
	int id = setting_find(name);
	struct setting_value *v;
	int ret;

	if (id < 0)
		return fail_unknown(name, err);
	v = &s->v[id];
	if (settings_is_final(s, (enum setting_id)id) &&
	    strcmp(value, v->text))
		return error_set(err, IMGCACHE_EUSAGE, "'%s' is '%s' in %s, "
				 "and that is final; change it there", name,
				 v->text, v->origin);
	if (v->rank != SETTING_FROM_FLAG)
		strv_push_all(&v->under, &v->list);
	ret = setting_value_text(v, setting_row((enum setting_id)id), value,
				 err);
	if (ret) {
		err->code = IMGCACHE_EUSAGE;
		return IMGCACHE_EUSAGE;
	}
	if (setting_row((enum setting_id)id)->type == SETTING_TYPE_PATH)
		settings_resolve_path(v, s->dir, NULL);
	v->rank = SETTING_FROM_FLAG;
	free(v->origin);
	v->origin = mem_strdup("flag");
	return 0;
}

bool
settings_bool(const struct settings *s, enum setting_id id)
{
	assert(setting_row(id)->type == SETTING_TYPE_BOOL);
	return s->v[id].number;
}

int64_t
settings_int(const struct settings *s, enum setting_id id)
{
	assert(setting_row(id)->type <= SETTING_TYPE_AGE);
	return s->v[id].number;
}

const char *
settings_text(const struct settings *s, enum setting_id id)
{
	return s->v[id].text;
}

const struct strv *
settings_list(const struct settings *s, enum setting_id id)
{
	assert(setting_row(id)->type == SETTING_TYPE_LIST);
	return &s->v[id].list;
}

const char *
settings_origin(const struct settings *s, enum setting_id id)
{
	return s->v[id].origin;
}

const struct strv *
settings_under_flag(const struct settings *s, enum setting_id id)
{
	assert(setting_row(id)->type == SETTING_TYPE_LIST);
	return s->v[id].rank == SETTING_FROM_FLAG ? &s->v[id].under :
		&s->v[id].list;
}

void
settings_yield(struct settings *s, enum setting_id id)
{
	s->v[id].rank = SETTING_FROM_SERVICE;
}

bool
settings_is_final(const struct settings *s, enum setting_id id)
{
	const char *veto = setting_row(id)->veto;

	return veto && s->v[id].rank == SETTING_FROM_USER &&
		str_is(s->v[id].text, veto);
}
