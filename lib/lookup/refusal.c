/* SPDX-License-Identifier: MIT */
#include "lookup/refusal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "key/side.h"
#include "source/reach.h"
#include "sys/file.h"

static const char *
odd_instruction(const struct side *s)
{
	const struct dockerfile *df = s->df;

	if (!df || df->foreign || (s->in && s->in->frontend &&
				   !dockerfile_frontend_is_known(
					   s->in->frontend)))
		return NULL;
	for (size_t i = 0; i < df->n; i++)
		if (df->v[i].keyword == DOCKERFILE_UNKNOWN)
			return arena_printf(&s->ic->arena, "Dockerfile:%d: "
					    "'%.40s' is no instruction",
					    df->v[i].line, df->v[i].word);
	return NULL;
}

/* Behind a link it may be there by another path, which is BuildKit's matter. */
static bool
is_missing(const char *root, const char *path)
{
	bool missing = false, more = true;

	for (const char *end = path; more && !missing; end++) {
		char *part, *full;
		struct stat st;

		end += strcspn(end, "/");
		part = mem_strndup(path, (size_t)(end - path));
		full = path_join(root, part);
		missing = lstat(full, &st) && errno == ENOENT;
		more = *end && !missing && S_ISDIR(st.st_mode);
		free(full);
		free(part);
	}
	return missing;
}

static const char *
missing_source(const struct side *s)
{
	const struct inputs *in = s->in;

	/* what another platform reads need not be read by what is built */
	if (in && in->r->recipe->platforms.n > 1)
		return NULL;
	for (size_t i = 0; in && i < in->n_contexts; i++) {
		const struct input_context *c = &in->contexts[i];

		for (size_t k = 0; c->reads && k < c->n_reads; k++)
			if (!c->reads[k].wildcard && *c->reads[k].path &&
			    is_missing(c->path, c->reads[k].path))
				return arena_printf(&s->ic->arena, "it reads "
						    "'%s', which is not there",
						    c->reads[k].path);
	}
	return NULL;
}

const char *
refusal_of(const struct side *now)
{
	const char *why = now->is_generated ? NULL : odd_instruction(now);

	return why || now->is_generated ? why : missing_source(now);
}
