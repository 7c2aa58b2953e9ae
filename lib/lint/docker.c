/* SPDX-License-Identifier: MIT */
/*
 * The model. Every stage is resolved as a target of its own, since a file may
 * be built to any of them; what cannot be resolved (an ARG that only the
 * caller gives) leaves the reads and images of that stage out.
 */
#include "lint/docker.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"

/* More than any person writes; some rules look back from each. */
#define MAX_INSTRUCTIONS 10000

/* A file of many stages is not resolved for each of them. */
#define MAX_TARGETS 100

size_t
lint_stage_of(const struct lint_docker *d, size_t index)
{
	for (size_t i = d->n_stages; i-- > 0;)
		if (d->stages[i].first <= index)
			return i;
	return LINT_NO_STAGE;
}

bool
lint_before(const struct lint_docker *d, size_t *stage, size_t *index)
{
	const struct lint_stage *s;

	if (*stage == LINT_NO_STAGE)
		return false;
	s = &d->stages[*stage];
	if (*index > s->first) {
		--*index;
		if (*index > s->first)
			return true;
	}
	if (s->base == LINT_NO_STAGE || s->base >= *stage)
		return false;
	*stage = s->base;
	*index = d->stages[*stage].end;
	return lint_before(d, stage, index);
}

static const char *
unquoted(struct lint_docker *d, const char *value)
{
	size_t len = strlen(value);

	if (len >= 2 && (*value == '"' || *value == '\'') &&
	    value[len - 1] == *value)
		return arena_strndup(&d->f->arena, value + 1, len - 2);
	return value;
}

const char *
lint_env(const struct lint_docker *d, size_t index, const char *name)
{
	size_t stage = lint_stage_of(d, index);

	while (lint_before(d, &stage, &index)) {
		const struct dockerfile_instruction *in = &d->df->v[index];

		if (in->keyword != DOCKERFILE_ENV)
			continue;
		for (size_t i = in->n_args; i >= 2; i -= 2)
			if (!strcmp(in->args[i - 2], name))
				return unquoted((struct lint_docker *)d,
						in->args[i - 1]);
	}
	return NULL;
}

bool
lint_is_root(const struct lint_docker *d, size_t index)
{
	size_t stage = lint_stage_of(d, index);

	while (lint_before(d, &stage, &index)) {
		const struct dockerfile_instruction *in = &d->df->v[index];
		const char *user;

		if (in->keyword != DOCKERFILE_USER || !in->n_args)
			continue;
		user = in->args[0];
		return !strncmp(user, "root", 4) ? strchr(":", user[4]) != NULL
			: *user == '0' && strchr(":", user[1]) != NULL;
	}
	return true;
}

static size_t
find_stage(const struct lint_docker *d, const char *name, size_t below)
{
	for (size_t i = below; i-- > 0;)
		if (d->stages[i].name && !strcasecmp(d->stages[i].name, name))
			return i;
	return LINT_NO_STAGE;
}

static void
find_stages(struct lint_docker *d)
{
	struct dockerfile *df = d->df;
	size_t n = 0;

	for (size_t i = 0; i < df->n; i++)
		n += df->v[i].keyword == DOCKERFILE_FROM;
	d->stages = mem_array(n + 1, sizeof(*d->stages));
	for (size_t i = 0; i < df->n; i++) {
		const struct dockerfile_instruction *in = &df->v[i];
		struct lint_stage *s = &d->stages[d->n_stages];

		if (in->keyword != DOCKERFILE_FROM)
			continue;
		if (d->n_stages)
			s[-1].end = i;
		s->first = i;
		s->end = df->n;
		s->base = find_stage(d, in->args[0], d->n_stages);
		s->image = s->base == LINT_NO_STAGE ? in->args[0] : NULL;
		s->name = in->n_args == 3 ? in->args[2] : NULL;
		d->n_stages++;
	}
}

/* Is it a shell whose language we read? cmd and powershell are not. */
static bool
is_posix(const struct dockerfile_instruction *in)
{
	static const char *const shells[] = {
		"sh", "bash", "ash", "dash", "zsh", "ksh", "busybox"
	};
	const char *name = in->n_args ? in->args[0] : "";
	const char *slash = strrchr(name, '/');

	name = slash ? slash + 1 : name;
	for (size_t i = 0; i < sizeof(shells) / sizeof(*shells); i++)
		if (!strcmp(name, shells[i]))
			return true;
	return false;
}

/*
 * Where lines go on behind a backquote it is most often for paths of Windows,
 * whose shell is another; what does not look like that has the usual one.
 */
static bool
is_for_windows(const struct lint_docker *d)
{
	static const char *const signs[] = {
		"windows", "nanoserver", "servercore", "powershell", "pwsh",
		"cmd /", ".exe", "ltsc20", ":\\"
	};

	if (d->df->escape == '\\')
		return false;
	for (size_t i = 0; i < sizeof(signs) / sizeof(*signs); i++)
		if (strcasestr(d->f->text.data, signs[i]))
			return true;
	return false;
}

static void
read_runs(struct lint_docker *d)
{
	bool for_windows = is_for_windows(d);

	d->runs = mem_array(d->df->n + 1, sizeof(*d->runs));
	for (size_t k = 0; k < d->n_stages; k++) {
		struct lint_stage *s = &d->stages[k];

		s->is_shell_posix = s->base == LINT_NO_STAGE ? !for_windows :
			d->stages[s->base].is_shell_posix;
		for (size_t i = s->first; i < s->end; i++) {
			const struct dockerfile_instruction *in = &d->df->v[i];

			if (in->keyword == DOCKERFILE_SHELL)
				s->is_shell_posix = is_posix(in);
			else if (s->is_shell_posix)
				d->runs[i] = lint_run_read(d, i);
		}
	}
}

/* The instruction that begins in that line; df->n if none does. */
static size_t
index_of_line(const struct lint_docker *d, int line)
{
	size_t low = 0, high = d->df->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (d->df->v[middle].line < line)
			low = middle + 1;
		else
			high = middle;
	}
	return low < d->df->n && d->df->v[low].line == line ? low : d->df->n;
}

static void
add_read(struct lint_docker *d, const struct dockerfile_read *r)
{
	struct lint_read read = {
		.index = index_of_line(d, r->line),
		.path = arena_strdup(&d->f->arena, r->path),
		.wildcard = r->wildcard,
		.has_excludes = r->n_exclude > 0 || r->include,
	};
	enum dockerfile_keyword k;

	if (r->context || r->kind > DOCKERFILE_READ_TREE ||
	    read.index == d->df->n)
		return;
	k = d->df->v[read.index].keyword;
	if (k != DOCKERFILE_COPY && k != DOCKERFILE_ADD)
		return;
	mem_grow(d->reads, d->n_reads, d->cap_reads);
	d->reads[d->n_reads++] = read;
}

static void
add_image(struct lint_docker *d, const struct dockerfile_image *image)
{
	size_t index = index_of_line(d, image->line), stage;
	struct dockerfile_image *to;

	mem_grow(d->images, d->n_images, d->cap_images);
	to = &d->images[d->n_images++];
	*to = *image;
	to->ref = arena_strdup(&d->f->arena, image->ref);
	to->platform = to->context = NULL;
	stage = index < d->df->n ? lint_stage_of(d, index) : LINT_NO_STAGE;
	if (image->is_base && stage != LINT_NO_STAGE &&
	    d->stages[stage].image && d->stages[stage].first == index)
		d->stages[stage].image = to->ref;
}

static void
take_plan(struct lint_docker *d, const struct dockerfile_plan *plan)
{
	for (size_t i = 0; i < plan->n_reads; i++)
		add_read(d, &plan->reads[i]);
	for (size_t i = 0; i < plan->n_images; i++)
		if (!plan->images[i].context)
			add_image(d, &plan->images[i]);
}

static int
compare_reads(const void *left, const void *right)
{
	const struct lint_read *a = left, *b = right;

	if (a->index != b->index)
		return a->index < b->index ? -1 : 1;
	return strcmp(a->path, b->path);
}

static int
compare_images(const void *left, const void *right)
{
	const struct dockerfile_image *a = left, *b = right;

	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return strcmp(a->ref, b->ref);
}

/* In the order of the file, each once. */
static void
order(struct lint_docker *d)
{
	size_t n = 0;

	if (d->n_reads)
		qsort(d->reads, d->n_reads, sizeof(*d->reads), compare_reads);
	for (size_t i = 0; i < d->n_reads; i++)
		if (!i || compare_reads(&d->reads[i], &d->reads[n - 1]))
			d->reads[n++] = d->reads[i];
	d->n_reads = n;
	n = 0;
	if (d->n_images)
		qsort(d->images, d->n_images, sizeof(*d->images),
		      compare_images);
	for (size_t i = 0; i < d->n_images; i++)
		if (!i || compare_images(&d->images[i], &d->images[n - 1]))
			d->images[n++] = d->images[i];
	d->n_images = n;
}

/* NAME=value of the recipe; a bare NAME and "@image" are not known here. */
static void
recipe_args(const struct recipe *r, struct strv *args)
{
	for (size_t i = 0; i < r->args.n; i++) {
		const char *equals = strchr(r->args.v[i], '=');

		if (equals && equals[1] == '@')
			strv_pushf(args, "%.*s=%s",
				   (int)(equals - r->args.v[i]), r->args.v[i],
				   "localhost/imgcache:built");
		else if (equals)
			strv_push(args, r->args.v[i]);
	}
}

static void
resolve(struct lint_docker *d, const char *target)
{
	const struct recipe *r = d->item->recipe;
	struct strv args = {0}, contexts = {0};
	struct dockerfile_options o = { .target = target, .args = &args };
	struct dockerfile_plan *plan = NULL;
	struct imgcache_error ignored = {0};

	if (r)
		recipe_args(r, &args);
	for (size_t i = 0; r && i < r->build_contexts.n; i++) {
		const char *context = r->build_contexts.v[i];

		strv_pushf(&contexts, "%.*s", (int)strcspn(context, "="),
			   context);
	}
	for (size_t i = 0; d->item->contexts && d->item->contexts[i]; i++)
		strv_push(&contexts, d->item->contexts[i]);
	o.contexts = contexts.n ? &contexts : NULL;
	if (!dockerfile_resolve(d->df, &o, &plan, &ignored))
		take_plan(d, plan);
	dockerfile_plan_free(plan);
	strv_release(&args);
	strv_release(&contexts);
}

static void
resolve_all(struct lint_docker *d)
{
	resolve(d, NULL);
	for (size_t i = 0; i + 1 < d->n_stages && i < MAX_TARGETS; i++)
		if (d->stages[i].name)
			resolve(d, d->stages[i].name);
}

/* "name:12: what" of the parser, as a note on line 12. */
static void
note_error(struct lint_file *f, const struct imgcache_error *err)
{
	const char *text = err->text;
	size_t len = strlen(f->name), line = 1;

	if (!strncmp(text, f->name, len) && text[len] == ':') {
		char *end;
		long n = strtol(text + len + 1, &end, 10);

		if (*end == ':' && n > 0) {
			line = (size_t)n;
			text = end + 1;
		} else {
			text += len + 1;
		}
		text += strspn(text, " ");
	}
	if (line > f->n_lines)
		line = f->n_lines;
	lint_note(f, LINT_UNREADABLE, f->lines[line - 1],
		  lint_line_end(f, f->lines[line - 1]), "%s", text);
	lint_cure(f, "docker build would stop here; correct this line");
}

/* What docker refuses though it reads as instructions. */
static bool
check_instructions(struct lint_docker *d)
{
	bool seen_from = false;

	if (d->df->n > MAX_INSTRUCTIONS) {
		lint_note(d->f, LINT_UNREADABLE, 0, 0, "more than %d "
			  "instructions: too many to look at",
			  MAX_INSTRUCTIONS);
		return false;
	}
	for (size_t i = 0; i < d->df->n; i++) {
		const struct dockerfile_instruction *in = &d->df->v[i];

		seen_from |= in->keyword == DOCKERFILE_FROM;
		if (in->keyword == DOCKERFILE_UNKNOWN) {
			lint_note(d->f, LINT_UNREADABLE, lint_begin(in),
				  lint_end(in), "'%.40s' is no instruction of "
				  "a Dockerfile", in->word);
			lint_cure(d->f, "correct the word; a line that goes "
				  "on needs a backslash at its end");
			return false;
		}
		if (!seen_from && in->keyword != DOCKERFILE_ARG) {
			lint_note(d->f, LINT_UNREADABLE, lint_begin(in),
				  lint_end(in), "%s stands before the first "
				  "FROM", dockerfile_keyword_name(in->keyword));
			lint_cure(d->f, "begin with FROM; only ARG may stand "
				  "above it");
			return false;
		}
	}
	return seen_from;
}

bool
lint_docker_open(struct lint_docker *d, struct lint_file *f,
		 const struct lint_item *item)
{
	struct imgcache_error err = {0};

	*d = (struct lint_docker){ .f = f, .item = item };
	if (dockerfile_parse(f->text.data, f->text.len, f->name, &d->df,
			     &err)) {
		note_error(f, &err);
		return false;
	}
	f->escape = d->df->escape;
	for (size_t i = 0; i < d->df->n; i++)
		lint_add_extent(f, d->df->v[i].line, d->df->v[i].end_line);
	if (d->df->foreign || !check_instructions(d))
		return false;
	find_stages(d);
	resolve_all(d);
	order(d);
	read_runs(d);
	lint_context_find(d);
	return true;
}

void
lint_docker_close(struct lint_docker *d)
{
	for (size_t i = 0; d->runs && i < d->df->n; i++)
		lint_run_release(d->runs[i]);
	free(d->runs);
	free(d->stages);
	free(d->reads);
	free(d->images);
	lint_context_release(&d->context);
	dockerfile_free(d->df);
}
