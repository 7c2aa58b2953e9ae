/* SPDX-License-Identifier: MIT */

/*
 * libFuzzer target for the rules and fixes of Dockerfiles: any bytes are looked
 * at, the edits are made, and it is looked at again until nothing is left to
 * edit. Notes stay inside the text, fixes come to an end, and what docker
 * would have taken it still takes.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "lint/lint.h"
#include "lint/tree.h"
#include "recipe/dockerfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool promise)
{
	if (!promise)
		abort();
}

static void
check_notes(const struct lint_file *f)
{
	for (size_t i = 0; i < f->n_notes; i++) {
		const struct lint_note *n = &f->notes[i];

		require(n->begin <= n->end && n->end <= f->text.len);
		require(n->rule < LINT_RULES && n->cause && *n->cause);
	}
	for (size_t i = 0; i < f->n_edits; i++) {
		const struct lint_edit *e = &f->edits[i];

		require(e->begin <= e->end && e->end <= f->text.len);
		require(e->note < f->n_notes && e->text);
	}
}

static bool
reads(const struct lint_file *f)
{
	struct imgcache_error ignored = { 0 };
	struct dockerfile *df = NULL;
	bool ok = !dockerfile_parse(f->text.data, f->text.len, "Dockerfile",
				    &df, &ignored);

	dockerfile_free(df);
	return ok;
}

static void
look(struct lint_file *f, const struct lint_item *item)
{
	f->n_notes = f->n_edits = f->n_extents = 0;
	arena_release(&f->arena);
	lint_index_lines(f);
	lint_dockerfile(f, item);
	lint_silence(f);
	check_notes(f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct imgcache ic;
	static char dir[] = "/nonexistent";
	struct arena arena = { 0 };
	struct lint l = { .ic = &ic, .arena = &arena };
	struct lint_item item = { .path = "/nonexistent/Dockerfile",
				  .context = dir, .top = dir };
	struct lint_file f = { .lint = &l, .path = item.path,
			       .name = "Dockerfile", .text = BUF_INIT };
	bool was_good;
	int looks = 0;

	ic.dir = dir;
	buf_add(&f.text, data, size);
	was_good = reads(&f);
	look(&f, &item);
	while (lint_apply(&f)) {
		require(!was_good || reads(&f));
		require(++looks < 50);
		look(&f, &item);
	}
	arena_release(&f.arena);
	arena_release(&arena);
	free(f.notes);
	free(f.edits);
	free(f.extents);
	free(f.lines);
	buf_release(&f.text);
	lint_trees_free(l.trees);
	return 0;
}
