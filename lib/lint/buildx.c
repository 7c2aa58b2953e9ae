/* SPDX-License-Identifier: MIT */
#include "lint/buildx.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "docker/buildx.h"
#include "docker/buildx_check.h"
#include "lint/lint.h"
#include "recipe/dockerfile.h"
#include "sys/file.h"

/* Rules of theirs that say what one of ours says. */
static const struct {
	const char *theirs;
	enum lint_rule ours;
	bool is_named;		/* several of a line, told apart by "name" */
} same[] = {
	{ "SecretsUsedInArgOrEnv", LINT_SECRET, true },
	{ "CopyIgnoredFile", LINT_COPY_IGNORED, false },
};

/* Does our text speak of the very name that theirs has in quotes? */
static bool
names_same(const char *ours, const char *theirs)
{
	const char *name = strchr(theirs, '"');
	size_t len = name ? strcspn(name + 1, "\"") : 0;
	struct buf quoted = BUF_INIT;
	bool same_name;

	if (!len)
		return true;
	buf_addf(&quoted, "'%.*s'", (int)len, name + 1);
	same_name = strstr(ours, quoted.data);
	buf_release(&quoted);
	return same_name;
}

static bool
is_known(const struct lint_file *f, const struct buildx_finding *b)
{
	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++) {
		if (strcmp(b->rule, same[i].theirs))
			continue;
		for (size_t k = 0; k < f->n_notes; k++) {
			int line = lint_line_of(f, f->notes[k].begin);

			if (f->notes[k].rule == same[i].ours &&
			    line >= b->line && line <= b->end_line &&
			    (!same[i].is_named ||
			     names_same(f->notes[k].cause, b->text)))
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
note(struct lint_file *f, enum lint_rule rule, int at, const char *text)
{
	size_t line = at > 0 && (size_t)at <= f->n_lines ? (size_t)at - 1 : 0;
	size_t begin = f->lines[line], end = lint_line_end(f, begin);

	lint_note(f, rule, begin, end, "%s", clause(f, text));
}

static void
add(struct lint_file *f, const struct buildx_finding *b)
{
	note(f, LINT_FOREIGN, b->line, b->text);
	f->notes[f->n_notes - 1].foreign = arena_strdup(f->lint->arena,
							b->rule);
	if (b->url)
		lint_cure(f, "see %s", b->url);
}

/*
 * A file that BuildKit cannot read is found; what else keeps it from reading
 * on, such as a base that is not to be had, says nothing about the file. That
 * is often the same for many files, so only the first of them is told of.
 */
static void
add_stop(struct lint_buildx *b, struct lint_file *f,
	 const struct buildx_stop *stop)
{
	if (!stop->text)
		return;
	if (stop->is_malformed) {
		note(f, LINT_UNREADABLE, stop->line, stop->text);
		lint_cure(f, "docker build would stop here; correct this line");
		return;
	}
	if (b->n_short++)
		return;
	if (stop->line > 0)
		session_warn(f->lint->ic, "BuildKit's own checks stop at "
			     "%s:%d: %s", f->name, stop->line, stop->text);
	else
		session_warn(f->lint->ic, "BuildKit's own checks stop in %s: "
			     "%s", f->name, stop->text);
}

/* A frontend that the file names itself says nothing about other files'. */
static bool
names_frontend(const struct lint_file *f)
{
	struct imgcache_error ignored = {0};
	struct dockerfile *df = NULL;
	bool names = !dockerfile_parse(f->text.data, f->text.len, f->name, &df,
				       &ignored) && df->frontend;

	dockerfile_free(df);
	return names;
}

/* What is said of no answer, and whether other files are asked about. */
static void
no_answer(struct lint_buildx *b, struct lint_file *f, int code,
	  struct imgcache_error *err)
{
	if (code == IMGCACHE_EFAIL)
		session_warn(f->lint->ic, "BuildKit's own checks are left out "
			     "(--no-buildx): %s", err->text);
	else if (code == IMGCACHE_EBUILD && b->n_short++ == 0)
		session_warn(f->lint->ic, "BuildKit's own checks of %s are "
			     "left out (--no-buildx): %s", f->name, err->text);
	b->is_off = code == IMGCACHE_EFAIL ||
		(code == IMGCACHE_ENO && !names_frontend(f));
	error_clear(err);
}

static bool
has_check(struct lint *l)
{
	struct imgcache_error ignored = {0};
	struct buildx_client client;

	return !session_client(l->ic, &client, &ignored) && client.has_check;
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
	struct buildx_answer answer = {0};
	struct strv args = {0};
	int ret;

	for (size_t i = 0; r && i < r->args.n; i++)
		if (strchr(r->args.v[i], '=') && !strstr(r->args.v[i], "=@"))
			strv_push(&args, r->args.v[i]);
	check.args = (const char *const *)args.v;
	ret = buildx_check(&check, &f->arena, &answer, err);
	if (!ret) {
		for (size_t i = 0; i < answer.n; i++)
			if (!is_known(f, &answer.v[i]))
				add(f, &answer.v[i]);
		add_stop(b, f, &answer.stop);
	} else if (ret != IMGCACHE_EINTR) {
		no_answer(b, f, ret, err);
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

void
lint_buildx_end(const struct lint_buildx *b, struct imgcache *ic)
{
	if (b->n_short > 1)
		session_warn(ic, "BuildKit's own checks stop early in %zu more "
			     "file%s", b->n_short - 1,
			     b->n_short > 2 ? "s" : "");
}
