/* SPDX-License-Identifier: MIT */
#include "lint/buildx.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "docker/buildx.h"
#include "docker/buildx_check.h"
#include "lint/lint.h"
#include "sys/file.h"

/* Rules of theirs that say what one of ours says. */
static const struct {
	const char *theirs;
	enum lint_rule ours;
} same[] = {
	{ "SecretsUsedInArgOrEnv", LINT_SECRET },
	{ "CopyIgnoredFile", LINT_COPY_IGNORED },
};

static bool
is_known(const struct lint_file *f, const struct buildx_finding *b)
{
	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++) {
		if (strcmp(b->rule, same[i].theirs))
			continue;
		for (size_t k = 0; k < f->n_notes; k++) {
			int line = lint_line_of(f, f->notes[k].begin);

			if (f->notes[k].rule == same[i].ours &&
			    line >= b->line && line <= b->end_line)
				return true;
		}
	}
	return false;
}

/* As ours are: a clause that begins in lower case, without a full stop. */
static const char *
clause(struct lint_file *f, const char *text)
{
	size_t len = strlen(text);

	while (len && text[len - 1] == '.')
		len--;
	return arena_strndup(f->lint->arena, text, len);
}

static void
add(struct lint_file *f, const struct buildx_finding *b)
{
	size_t line = b->line > 0 && (size_t)b->line <= f->n_lines ?
		(size_t)b->line - 1 : 0;
	size_t begin = f->lines[line], end = lint_line_end(f, begin);

	lint_note(f, LINT_FOREIGN, begin, end, "%s", clause(f, b->text));
	f->notes[f->n_notes - 1].foreign = arena_strdup(f->lint->arena,
							b->rule);
	if (b->url)
		lint_cure(f, "see %s", b->url);
}

static bool
has_check(struct lint *l)
{
	struct imgcache_error ignored = {0};
	struct buildx_client client;
	struct buildx_probe probe = {0};
	struct endpoint_env env;
	char *config;
	bool has;

	endpoint_env_read(&env);
	config = endpoint_config_dir(&env);
	probe.config_dir = config;
	probe.memo_dir = session_cache_dir(l->ic, "engines");
	has = !buildx_client_find(&client, &probe, &ignored) &&
		client.has_check;
	free(config);
	return has;
}

static int
ask(struct lint_buildx *b, struct lint_file *f, const struct lint_item *item,
    struct imgcache_error *err)
{
	const struct recipe *r = item->recipe;
	char *dir = path_dir(f->path);
	struct buildx_check check = {
		.dockerfile = f->path,
		.context = f->context ? f->context : dir,
	};
	struct buildx_finding *v = NULL;
	struct strv args = {0};
	size_t n = 0;
	int ret;

	for (size_t i = 0; r && i < r->args.n; i++)
		if (strchr(r->args.v[i], '=') && !strstr(r->args.v[i], "=@"))
			strv_push(&args, r->args.v[i]);
	check.args = (const char *const *)args.v;
	ret = buildx_check(&check, &f->arena, &v, &n, err);
	for (size_t i = 0; i < n; i++)
		if (!is_known(f, &v[i]))
			add(f, &v[i]);
	if (ret == IMGCACHE_EFAIL) {
		b->is_off = true;
		session_warn(f->lint->ic, "BuildKit's own checks are left out "
			     "(--no-buildx): %s", err->text);
		error_clear(err);
		ret = 0;
	}
	strv_release(&args);
	free(dir);
	return ret;
}

int
lint_buildx_ask(struct lint_buildx *b, struct lint_file *f,
		const struct lint_item *item, struct imgcache_error *err)
{
	if (b->is_off || f->lint->config.no_foreign)
		return 0;
	for (size_t i = 0; i < f->n_notes; i++)
		if (f->notes[i].rule == LINT_UNREADABLE)
			return 0;	/* it would say the same, and fail */
	if (!b->is_known) {
		b->is_known = true;
		b->is_off = !has_check(f->lint);
	}
	return b->is_off ? 0 : ask(b, f, item, err);
}
