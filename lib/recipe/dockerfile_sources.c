/* SPDX-License-Identifier: MIT */

/*
 * Names (which stage, which image) do not hang on variables of the stage, reads
 * do; so the first are asked for before any stage is walked, the second while
 * it is. Where a value is not known the plan is in doubt and nothing is added.
 */

#include "recipe/dockerfile_sources.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/error.h"
#include "recipe/dockerfile_heredoc.h"
#include "recipe/dockerfile_mount.h"
#include "recipe/dockerfile_text.h"

const char *
source_clean(struct arena *arena, const char *path)
{
	char *out = arena_alloc(arena, strlen(path) + 1), *end = out;

	for (const char *s = path; *s;) {
		size_t n = strcspn(s, "/");
		if (n == 2 && memcmp(s, "..", 2) == 0) {
			while (end > out && *--end != '/')
				;
		} else if (n > 0 && !(n == 1 && *s == '.')) {
			if (end > out)
				*end++ = '/';
			memcpy(end, s, n);
			end += n;
		}
		s += n + (s[n] == '/');
	}
	*end = '\0';
	return out;
}

/* The value of the i-th flag if it is "--mount=value". */
static const char *
mount_flag(const struct dockerfile_instruction *in, size_t i)
{
	return str_starts(in->flags[i], "--mount=") ? in->flags[i] + 8 : NULL;
}

static int
run_named(const struct stages *s, const struct dockerfile_instruction *in,
	  source_fn *add, void *payload, struct imgcache_error *err)
{
	for (size_t i = 0; i < in->n_flags; i++) {
		struct stage_source source;
		struct run_mount m;
		if (!mount_flag(in, i))
			continue;
		int ret = run_mount_parse(&m, mount_flag(in, i), s->arena,
					  err);
		if (ret == 0 && m.from && *m.from) {
			ret = stages_find(s, m.from, false, &source, err);
			if (ret == 0)
				ret = add(payload, &source, err);
		}
		if (ret < 0)
			return ret;
	}
	return 0;
}

/* COPY --from takes no variables, and quotes in it change nothing. */
static int
check_from(const struct stages *s, const char *from,
	   struct imgcache_error *err)
{
	struct dfvars vars = { .escape = s->df->escape };
	struct buf text = BUF_INIT;
	bool unknown = false;
	int ret = dfvars_expand(&vars, from, strlen(from), &text, &unknown,
				err);

	if (ret == 0 && (unknown || strcmp(text.data, from) != 0))
		ret = error_set(err, IMGCACHE_EFAIL,
				"--from=%.100s: variables do not work here; "
				"give the image a stage with FROM", from);
	buf_release(&text);
	return ret;
}

int
sources_named(const struct stages *s, const struct dockerfile_instruction *in,
	      source_fn *add, void *payload, struct imgcache_error *err)
{
	struct stage_source source;

	if (in->keyword == DOCKERFILE_RUN)
		return run_named(s, in, add, payload, err);
	if (in->keyword != DOCKERFILE_COPY)
		return 0;
	const char *from = dockerfile_flag(in, "from");
	if (!from || !*from)
		return 0;
	int ret = check_from(s, from, err);
	if (ret == 0)
		ret = stages_find(s, from, true, &source, err);
	return ret == 0 ? add(payload, &source, err) : ret;
}

int
sources_expand(const struct source_reader *r, const char *word,
	       const char **out, struct imgcache_error *err)
{
	struct dfvars vars = { .get = scope_get, .payload = r->scope,
			       .escape = r->escape, .budget = r->budget };
	struct buf text = BUF_INIT;
	bool unknown = false;
	int ret = dfvars_expand(&vars, word, strlen(word), &text, &unknown,
				err);

	*out = unknown ? NULL : arena_strdup(r->arena, text.data);
	buf_release(&text);
	return ret;
}

static void
doubt_value(const struct source_reader *r, const char *word)
{
	plan_doubt(r->plan, r->line,
		   "'%.100s' uses a variable that is not known here; the base "
		   "image may set it", word);
}

static bool
has_wildcard(const char *s)
{
	for (; *s; s++) {
		if (*s == '*' || *s == '?' || *s == '[')
			return true;
		if (*s == '\\' && s[1])
			s++;
	}
	return false;
}

static bool
is_http(const char *s)
{
	return str_starts(s, "http://") || str_starts(s, "https://");
}

/* user@host:path, letters, digits and "-", for the user "_", for the host "." */
static bool
is_scp(const char *s)
{
	const char *at = strchr(s, '@'), *colon = at ? strchr(at, ':') : NULL;

	if (!colon || at == s || colon == at + 1)
		return false;
	for (; s < colon; s++)
		if (!byte_is_letter(*s) && !byte_is_digit(*s) && s != at &&
		    !strchr(s > at ? "-." : "-_", *s))
			return false;
	return true;
}

bool
source_is_git(const char *s)
{
	if (str_starts(s, "./") || str_starts(s, "../"))
		return false;
	if (strncasecmp(s, "git://", 6) == 0 ||
	    strncasecmp(s, "ssh://", 6) == 0)
		return true;
	if (strncasecmp(s, "http://", 7) == 0 ||
	    strncasecmp(s, "https://", 8) == 0) {
		size_t n = strcspn(s, "?#");
		return n > 4 && memcmp(s + n - 4, ".git", 4) == 0;
	}
	return is_scp(s);
}

/* What all sources of one instruction share. */
struct copy {
	const struct dockerfile_instruction *in;
	const char *context;	/* named context, or NULL */
	bool parents;
	struct dockerfile_read read;
};

static void
add_path(const struct source_reader *r, struct copy *c, const char *src)
{
	const char *path = src, *include = NULL;

	if (strchr(src, '\\')) {
		plan_doubt(r->plan, r->line, "a backslash in '%.100s'", src);
		return;
	}
	if (c->parents) {
		const char *pivot = strstr(src, "/./");
		size_t n = pivot ? (size_t)(pivot - src) : 0;
		include = source_clean(r->arena, pivot ? pivot + 3 : src);
		path = arena_strndup(r->arena, src, n);
	}
	c->read.kind = c->parents ? DOCKERFILE_READ_PARENTS :
				    DOCKERFILE_READ_COPY;
	c->read.path = source_clean(r->arena, path);
	c->read.include = include;
	c->read.wildcard = has_wildcard(c->read.path);
	plan_add_read(r->plan, &c->read);
}

static int
add_source(const struct source_reader *r, struct copy *c, const char *word,
	   struct imgcache_error *err)
{
	bool add = c->in->keyword == DOCKERFILE_ADD;
	const char *src;

	/* where nothing follows, an old engine looks for a file "<<name" */
	if (c->in->n_heredocs > 0 && heredoc_parse(word, r->arena, NULL))
		return 0;
	int ret = sources_expand(r, word, &src, err);
	if (ret < 0)
		return ret;
	if (!src) {
		doubt_value(r, word);
		return 0;
	}
	if (add && (source_is_git(src) || is_http(src))) {
		c->read.kind = source_is_git(src) ? DOCKERFILE_READ_GIT :
					     DOCKERFILE_READ_URL;
		c->read.path = src;
		c->read.include = NULL;
		c->read.wildcard = false;
		plan_add_read(r->plan, &c->read);
		return 0;
	}
	if (is_http(src))
		return error_set(err, IMGCACHE_EFAIL,
				 "COPY cannot fetch '%.200s'; use ADD", src);
	add_path(r, c, src);
	return 0;
}

/* Do versions of BuildKit have other words for it? */
static bool
is_read_differently(const struct dockerfile_instruction *in, const char *flag)
{
	for (; *flag; flag++)
		if (*flag & 0x80)
			return true;
	return strpbrk(in->text, "\\`");
}

/* "*" and the like, and what nobody knows before. */
static bool
may_leave_out_all(const char *pattern)
{
	return !pattern[strspn(pattern, "*/.\\`\"'")] ||
		strchr(pattern, '$');
}

static void
note_blindness(const struct source_reader *r,
	       const struct dockerfile_instruction *in)
{
	const char *sign = "--exclude=";

	for (size_t i = 0; i < in->n_flags; i++)
		if (str_starts(in->flags[i], sign) &&
		    may_leave_out_all(in->flags[i] + strlen(sign)))
			r->plan->plan->cache_is_blind = true;
}

/*
 * The values of --exclude. Whether variables, quotes and escapes mean something
 * in them hangs on the version; as they only leave something out, they are no
 * doubt.
 */
static int
read_excludes(const struct source_reader *r, struct copy *c,
	      struct imgcache_error *err)
{
	const struct dockerfile_instruction *in = c->in;
	const char **v = in->n_flags ?
		arena_alloc(r->arena, in->n_flags * sizeof(*v)) : NULL;

	for (size_t i = 0; i < in->n_flags; i++) {
		const char *flag = in->flags[i], *value;
		if (!str_starts(flag, "--exclude="))
			continue;
		flag += strlen("--exclude=");
		int ret = sources_expand(r, flag, &value, err);
		if (ret < 0)
			return ret;
		v[c->read.n_exclude++] = value ? value : flag;
		c->read.exclude_differs |= !value ||
			strcmp(value, flag) != 0 ||
			is_read_differently(in, flag);
	}
	c->read.exclude = plan_list(r->plan, v, c->read.n_exclude);
	return 0;
}

static int
read_checksum(const struct source_reader *r, struct copy *c,
	      struct imgcache_error *err)
{
	const char *flag = dockerfile_flag(c->in, "checksum");

	if (!flag)
		return 0;
	int ret = sources_expand(r, flag, &c->read.checksum, err);
	if (ret == 0 && !c->read.checksum)
		doubt_value(r, flag);
	return ret;
}

/* Is this flag's value one that BuildKit takes for true? */
static bool
flag_is_on(const struct dockerfile_instruction *in, const char *name)
{
	const char *value = dockerfile_flag(in, name);

	return value && strcasecmp(value, "false") != 0;
}

/*
 * Where the instruction reads from: false if that is neither the main context
 * nor a named one. *context is NULL for the main one.
 */
static bool
reads_context(const struct stages *s, const struct stage_source *source,
	      const char **context)
{
	*context = source->context;
	if (source->stage != STAGE_NONE &&
	    s->v[source->stage].root == ROOT_CONTEXT)
		*context = s->v[source->stage].context;
	return *context != NULL;
}

static int
read_copy(const struct source_reader *r,
	  const struct dockerfile_instruction *in, struct imgcache_error *err)
{
	const char *from = in->keyword == DOCKERFILE_COPY ?
			   dockerfile_flag(in, "from") : NULL;
	struct copy c = { .in = in, .parents = flag_is_on(in, "parents"),
			  .read = { .line = r->line } };
	struct stage_source source;
	int ret;

	note_blindness(r, in);
	if (from && *from) {
		ret = stages_find(r->stages, from, true, &source, err);
		if (ret < 0)
			return ret;
		if (!reads_context(r->stages, &source, &c.read.context))
			return 0;
	}
	ret = read_excludes(r, &c, err);
	if (ret == 0)
		ret = read_checksum(r, &c, err);
	for (size_t i = 0; i + 1 < in->n_args && ret == 0; i++)
		ret = add_source(r, &c, in->args[i], err);
	return ret;
}

/* What a mount's type says, or "" if that is not known. */
static int
mount_type(const struct source_reader *r, const struct run_mount *m,
	   const char **type, struct imgcache_error *err)
{
	static const char *const types[] = { "bind", "cache", "tmpfs",
					     "secret", "ssh" };
	const char *text = "bind";
	int ret = m->type ? sources_expand(r, m->type, &text, err) : 0;

	if (m->type && strchr(m->type, '$'))
		plan_doubt(r->plan, r->line, "a variable in a mount's type");
	*type = "";
	for (size_t i = 0; text && i < sizeof(types) / sizeof(*types); i++)
		if (strcasecmp(text, types[i]) == 0)
			*type = types[i];
	if (ret == 0 && !**type)
		plan_doubt(r->plan, r->line, "unknown mount type '%.50s'",
			   m->type);
	return ret;
}

static int
read_mount(const struct source_reader *r, const struct run_mount *m,
	   struct imgcache_error *err)
{
	struct dockerfile_read read = { .kind = DOCKERFILE_READ_TREE,
					.line = r->line };
	struct stage_source source;
	const char *type, *path = "";

	int ret = mount_type(r, m, &type, err);
	if (ret < 0 || (strcmp(type, "bind") != 0 &&
			strcmp(type, "cache") != 0))
		return ret;
	if (m->from && *m->from) {
		ret = stages_find(r->stages, m->from, false, &source, err);
		if (ret < 0 ||
		    !reads_context(r->stages, &source, &read.context))
			return ret;
	} else if (strcmp(type, "cache") == 0) {
		return 0;
	}
	if (m->source)
		ret = sources_expand(r, m->source, &path, err);
	if (ret < 0)
		return ret;
	if (!path) {
		doubt_value(r, m->source);
		return 0;
	}
	read.path = source_clean(r->arena, path);
	plan_add_read(r->plan, &read);
	return 0;
}

static int
read_run(const struct source_reader *r,
	 const struct dockerfile_instruction *in, struct imgcache_error *err)
{
	for (size_t i = 0; i < in->n_flags; i++) {
		struct run_mount m;
		if (!mount_flag(in, i))
			continue;
		int ret = run_mount_parse(&m, mount_flag(in, i), r->arena,
					  err);
		if (ret == 0)
			ret = read_mount(r, &m, err);
		if (ret < 0)
			return ret;
	}
	return 0;
}

static const char *const run_flags[] = { "mount", "network", "security",
					 "device", NULL };
static const char *const copy_flags[] = { "from", "chown", "chmod", "link",
					  "parents", "exclude", NULL };
static const char *const add_flags[] = { "chown", "chmod", "link", "exclude",
					 "keep-git-dir", "checksum", "unpack",
					 NULL };

static void
doubt_flags(const struct source_reader *r,
	    const struct dockerfile_instruction *in, const char *const *known)
{
	for (size_t i = 0; i < in->n_flags; i++) {
		const char *flag = in->flags[i] + 2;
		size_t k = 0;
		struct span name = { flag, strcspn(flag, "=") };
		while (known[k] && !span_is(name, known[k]))
			k++;
		if (!known[k])
			plan_doubt(r->plan, r->line, "unknown flag '%.50s'",
				   in->flags[i]);
	}
}

int
sources_read(const struct source_reader *r,
	     const struct dockerfile_instruction *in,
	     struct imgcache_error *err)
{
	if (r->windows)
		plan_doubt(r->plan, r->line, "paths of Windows");
	if (in->keyword == DOCKERFILE_RUN) {
		doubt_flags(r, in, run_flags);
		return read_run(r, in, err);
	}
	doubt_flags(r, in, in->keyword == DOCKERFILE_ADD ? add_flags :
		    copy_flags);
	return read_copy(r, in, err);
}
