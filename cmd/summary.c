/* SPDX-License-Identifier: MIT */
#include "summary.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "answer.h"
#include "cmd.h"
#include "text.h"

struct row {
	char *name, *ref, *result, *caches;
	bool success, built;
	int64_t elapsed_us, saved_us;
	int steps, cached;
};

struct summary {
	struct row *v;
	size_t n;
};

struct summary *
summary_new(void)
{
	return memory_checked(calloc(1, sizeof(struct summary)));
}

static char *
copy(const char *text)
{
	return memory_checked(strdup(text ? text : ""));
}

void
summary_add(struct summary *s, const struct imgcache_answer *a,
	    const char *error, int64_t saved_us, const char *caches)
{
	bool success = !error;
	bool hit = success && !a->built && a->state == IMGCACHE_HIT;
	char reason[1024], text[1100];
	struct row *r;

	s->v = memory_checked(realloc(s->v, (s->n + 1) * sizeof(*s->v)));
	r = &s->v[s->n++];
	memset(r, 0, sizeof(*r));
	if (success)
		answer_reason(a, reason);
	else
		snprintf(reason, sizeof(reason), "%s", error);
	snprintf(text, sizeof(text), "%s%s", success ? a->built ? "built: " :
		 "to build: " : "failed: ", reason);
	r->name = copy(a->name ? a->name : "image");
	r->ref = copy(a->ref);
	r->result = copy(hit ? a->is_static ? "static" : "hit" : text);
	r->caches = copy(caches);
	r->success = success && hit + a->built;
	r->built = a->built;
	r->elapsed_us = a->elapsed_us;
	r->saved_us = hit ? saved_us : -1;
	r->steps = a->steps;
	r->cached = a->cached;
}

void
summary_free(struct summary *s)
{
	size_t i;

	for (i = 0; s && i < s->n; i++) {
		free(s->v[i].name);
		free(s->v[i].ref);
		free(s->v[i].result);
		free(s->v[i].caches);
	}
	if (s)
		free(s->v);
	free(s);
}

bool
summary_in_github(void)
{
	const char *is = getenv("GITHUB_ACTIONS");

	return is && !strcmp(is, "true");
}

void
summary_random_word(char out[33])
{
	unsigned char bytes[16];
	size_t i;

	if (getentropy(bytes, sizeof(bytes)))
		memset(bytes, 0, sizeof(bytes));
	for (i = 0; i < sizeof(bytes); i++)
		snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

/* Foreign text in a cell: it stays text, and one cell. */
static void
put_cell(FILE *f, const char *text)
{
	char *visible = text_visible(text);
	const char *at;

	for (at = visible; *at; at++) {
		if (strchr("\\`*_{}[]<>()#+!|~@&", *at))
			fputc('\\', f);
		fputc(*at, f);
	}
	free(visible);
}

static void
put_duration(FILE *f, int64_t us)
{
	char text[IMGCACHE_TEXT];

	fputs(us < 0 ? "" : imgcache_format_duration(text, us), f);
}

static void
put_table(FILE *f, const struct summary *s)
{
	size_t i;

	fputs("| Image | Result | Time | Steps cached | Time saved | "
	      "Build caches |\n|---|---|--:|--:|--:|--:|\n", f);
	for (i = 0; i < s->n; i++) {
		const struct row *r = &s->v[i];

		fputs("| ", f);
		put_cell(f, r->name);
		fputs(" | ", f);
		put_cell(f, r->result);
		fputs(" | ", f);
		put_duration(f, r->elapsed_us);
		fputs(" | ", f);
		if (r->steps)
			fprintf(f, "%d of %d", r->cached, r->steps);
		fputs(" | ", f);
		put_duration(f, r->saved_us);
		fputs(" | ", f);
		put_cell(f, r->caches);
		fputs(" |\n", f);
	}
	fputc('\n', f);
}

/*
 * ref and hit of the only image, or of the last; refs of all, a line each. A
 * random delimiter ends them: no ref can end them early.
 */
static void
put_outputs(FILE *f, const struct summary *s)
{
	const struct row *last = NULL;
	char word[33];
	size_t i;

	summary_random_word(word);
	fprintf(f, "refs<<%s\n", word);
	for (i = 0; i < s->n; i++) {
		if (!s->v[i].success)
			continue;
		last = &s->v[i];
		fprintf(f, "%s\n", last->ref);
	}
	fprintf(f, "%s\n", word);
	if (last)
		fprintf(f, "ref=%s\nhit=%s\n", last->ref,
			last->built ? "false" : "true");
}

static int
write_to(const char *path, const char *mode, const struct summary *s,
	 void (*put)(FILE *f, const struct summary *s),
	 struct imgcache_error *err)
{
	FILE *f = fopen(path, mode);
	bool failed = !f;

	if (f) {
		put(f, s);
		failed = ferror(f);
		failed = fclose(f) || failed;
	}
	return failed ? fail(err, IMGCACHE_EFAIL, "cannot write the summary "
			     "'%s': %s", path, strerror(errno)) : 0;
}

/* The job's page, or NULL. */
static const char *
job_page(void)
{
	const char *page = getenv("GITHUB_STEP_SUMMARY");

	return summary_in_github() && page && *page ? page : NULL;
}

static bool
is_stdout(const char *file)
{
	return file && !strcmp(file, "-");
}

int
summary_check(const char *file, struct imgcache_error *err)
{
	struct stat st;
	bool is_there, is_new;
	FILE *f;

	if (!file || is_stdout(file))
		return 0;
	is_there = !stat(file, &st);
	is_new = !is_there && errno == ENOENT;
	/* who reads a pipe would take this for all there is */
	if (is_there && !S_ISREG(st.st_mode) && !access(file, W_OK))
		return 0;
	f = fopen(file, "ae");
	if (!f)
		return fail(err, IMGCACHE_EFAIL, "cannot write the summary "
			    "'%s': %s", file, strerror(errno));
	fclose(f);
	if (is_new)
		unlink(file);
	return 0;
}

bool
summary_has_table(const char *file)
{
	return file || job_page();
}

int
summary_write(const struct summary *s, const char *file,
	      struct imgcache_error *err)
{
	const char *page = job_page();
	const char *outputs = getenv("GITHUB_OUTPUT");
	int ret = 0;

	if (is_stdout(file))
		put_table(stdout, s);
	else if (file)
		ret = write_to(file, "we", s, put_table, err);
	if (!ret && page)
		ret = write_to(page, "ae", s, put_table, err);
	if (!ret && summary_in_github() && outputs && *outputs)
		ret = write_to(outputs, "ae", s, put_outputs, err);
	return ret;
}
