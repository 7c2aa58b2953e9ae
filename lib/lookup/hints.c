/* SPDX-License-Identifier: MIT */
/*
 * One small file a recipe, a line a reference. The file is found by what was
 * written in the recipe; two recipes that share it only share a guess.
 */
#include "lookup/hints.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "docker/engine.h"
#include "key/inputs.h"
#include "sys/file.h"

#define MAX_HINT 4096

static void
add_text(struct buf *id, const char *text)
{
	buf_adds(id, text ? text : "");
	buf_addc(id, '\0');
}

static void
add_packages(struct buf *id, const struct recipe_packages *list)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		add_text(id, list->v[i].text);
	buf_addc(id, '\0');
}

static void
add_list(struct buf *id, const struct strv *list)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		add_text(id, list->v[i]);
	buf_addc(id, '\0');
}

/* The file of a recipe, or NULL; the caller frees. */
static char *
hint_path(struct imgcache_recipe *r)
{
	const struct recipe *q = r->recipe;
	const char *dir = session_cache_dir(r->ic, "hints");
	struct imgcache_error ignored = {0};
	struct buf id = BUF_INIT;
	char hex[HASH_HEX_SIZE];
	char *path = NULL;
	struct hash h;

	add_text(&id, q->root);
	add_text(&id, q->name);
	add_text(&id, q->base);
	add_text(&id, q->dockerfile);
	add_text(&id, q->context);
	add_text(&id, q->target);
	add_packages(&id, &q->apt);
	add_packages(&id, &q->npm);
	add_packages(&id, &q->pip);
	add_list(&id, &q->env);
	add_list(&id, &q->args);
	add_list(&id, &q->labels);
	if (dir && !hash_bytes(HASH_XXH3, id.data, id.len, &h, &ignored))
		path = path_join(dir, hash_hex(&h, hex));
	buf_release(&id);
	return path;
}

void
hints_send(struct imgcache_recipe *r)
{
	struct imgcache_error ignored = {0};
	struct buf text = BUF_INIT;
	char *path = hint_path(r), *line, *save = NULL;
	struct engine *e;

	if (path && !file_read(AT_FDCWD, path, MAX_HINT, &text, &ignored) &&
	    !session_engine(r->ic, &e, &ignored))
		for (line = strtok_r(text.data, "\n", &save); line;
		     line = strtok_r(NULL, "\n", &save))
			engine_expect(e, line);
	buf_release(&text);
	free(path);
}

void
hints_keep(const struct inputs *in)
{
	struct imgcache_error ignored = {0};
	struct buf text = BUF_INIT, old = BUF_INIT;
	char *path = hint_path(in->r);
	size_t i;

	for (i = 0; i < in->n_bases; i++)
		if (in->bases[i].kind == BASE_LOCAL) {
			buf_addf(&text, "%s\n", in->bases[i].ref);
			break;
		}
	buf_addf(&text, "%s\n", in->ref);
	if (path && (file_read(AT_FDCWD, path, MAX_HINT, &old, &ignored) ||
		     strcmp(old.data, text.data))) {
		error_clear(&ignored);
		(void)file_replace(AT_FDCWD, path, text.data, text.len, 0600,
				   false, &ignored);
	}
	buf_release(&text);
	buf_release(&old);
	free(path);
}
