/* SPDX-License-Identifier: MIT */
/*
 * What is remembered goes by the main context: the generation and, for each
 * path of it and of the named ones in byte order, the stat data that BuildKit
 * compares and the digest that it does not know. The file is taken away before
 * a build and written anew when all went well, so whatever happens in between
 * leads to a new generation. Two recipes of one context need not read the same
 * files, or have the same named contexts: what this build did not look at stays
 * remembered as it was, since BuildKit may have it still. But what COPY
 * --exclude leaves out is sent as well without being looked at: such a build
 * leaves only what it did look at remembered, and from then on a path that is
 * not remembered is one of which BuildKit may have any state.
 */
#include "key/handover.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"
#include "source/reach.h"
#include "source/tree.h"
#include "sys/clock.h"
#include "sys/file.h"

#define MAGIC "imgcache-context 3\n"
#define MORE " more"	/* behind the generation: handover.has_more */
#define HOLLOW " hollow"	/* behind a digest: BuildKit has no content */
#define LINE_MAX_FIXED 256

/* One line of the memory. It begins with the path. */
struct seen {
	const char *line;
	size_t line_len;
	size_t path_len;
	unsigned mode;
	int64_t size, mtime_ns;
	const char *digest;
	size_t digest_len;
};

struct lines {
	struct strv v;
	const char *context;	/* whose lines are added; NULL: the main one */
};

/* No path of a context begins with a slash: "//NAME//PATH" is a named one's. */
static bool
add_line(void *payload, const char *path, const struct tree_entry *e)
{
	struct lines *l = payload;
	struct buf b = BUF_INIT, where = BUF_INIT;

	if (l->context)
		buf_addf(&where, "//%s//", l->context);
	buf_adds(&where, path);
	buf_add_cquoted(&b, where.data, where.len);
	buf_release(&where);
	buf_addf(&b, " %o %" PRId64 " %" PRId64 " ", (unsigned)e->id.mode,
		 e->type == TREE_DIR ? 0 : e->id.size,
		 e->type == TREE_DIR ? 0 : e->id.mtime_ns);
	if (e->type != TREE_DIR)
		hash_add_hex(&e->digest, &b);
	if (e->hollow)
		buf_adds(&b, HOLLOW);
	strv_take(&l->v, buf_detach(&b));
	return true;
}

static bool
parse_line(const char *line, size_t len, struct seen *s)
{
	char rest[LINE_MAX_FIXED];
	size_t left;
	int at = 0;

	s->line = line;
	s->line_len = len;
	s->path_len = 0;
	if (*line == '"') {
		while (++s->path_len < len && line[s->path_len] != '"')
			if (line[s->path_len] == '\\')
				s->path_len++;
		s->path_len++;
	} else {
		s->path_len = strcspn(line, " \n");
	}
	if (s->path_len >= len || len - s->path_len >= sizeof(rest))
		return false;
	left = len - s->path_len;
	memcpy(rest, line + s->path_len, left);
	rest[left] = '\0';
	if (sscanf(rest, " %o %" SCNd64 " %" SCNd64 " %n", &s->mode, &s->size,
		   &s->mtime_ns, &at) != 3 || !at)
		return false;
	s->digest = line + s->path_len + at;
	s->digest_len = left - (size_t)at;
	return true;
}

/* Would BuildKit take the new entry for the old one although it differs? */
static bool
is_hidden_change(const struct seen *was, const struct seen *now)
{
	if (S_ISDIR(was->mode) && S_ISDIR(now->mode))
		return was->mode != now->mode;
	if ((was->mode & S_IFMT) != (now->mode & S_IFMT) ||
	    now->mtime_ns < was->mtime_ns)
		return true;
	if (was->digest_len == now->digest_len &&
	    !memcmp(was->digest, now->digest, now->digest_len))
		return false;
	return was->mode == now->mode && was->size == now->size &&
		was->mtime_ns == now->mtime_ns;
}

static int
compare_paths(const struct seen *a, const struct seen *b)
{
	size_t n = a->path_len < b->path_len ? a->path_len : b->path_len;
	int c = memcmp(a->line, b->line, n);

	if (c)
		return c;
	return a->path_len < b->path_len ? -1 : a->path_len > b->path_len;
}

static int
compare_lines(const void *a, const void *b)
{
	struct seen x, y;

	const char *p = *(char *const *)a, *q = *(char *const *)b;

	if (!parse_line(p, strlen(p), &x) || !parse_line(q, strlen(q), &y))
		return strcmp(p, q);
	return compare_paths(&x, &y);
}

/* Those of all contexts, in the order of the memory. */
static void
lines_of(const struct handover *h, struct lines *l)
{
	size_t i;

	for (i = 0; i < h->n; i++) {
		l->context = h->v[i].context->name;
		if (h->v[i].context->tree)
			tree_each(h->v[i].context->tree, add_line, l);
	}
	if (l->v.n)
		qsort(l->v.v, l->v.n, sizeof(*l->v.v), compare_lines);
}

/* The next line of the text at *at, or NULL. It is not ended by a NUL. */
static const char *
next_line(const char **at, size_t *len)
{
	const char *line = *at;

	if (!*line)
		return NULL;
	*len = strcspn(line, "\n");
	*at = line + *len + (line[*len] == '\n');
	return line;
}

/*
 * Go through the lines of the memory and those of now, in byte order of their
 * paths, side by side; either may be NULL. False if a line makes no sense.
 */
typedef bool pair_fn(void *payload, const struct seen *was,
		     const struct seen *now);

static bool
each_pair(const char *old, const struct lines *new, pair_fn *fn, void *payload)
{
	struct seen was, now;
	const char *line;
	size_t len, i = 0;
	bool ok = true;

	line = next_line(&old, &len);
	while (ok && (line || i < new->v.n)) {
		int order = line ? -1 : 1;

		if (line && !parse_line(line, len, &was))
			return false;
		if (i < new->v.n) {
			if (!parse_line(new->v.v[i], strlen(new->v.v[i]), &now))
				return false;
			order = line ? compare_paths(&was, &now) : 1;
		}
		ok = fn(payload, order <= 0 ? &was : NULL,
			order >= 0 ? &now : NULL);
		if (order >= 0)
			i++;
		if (order <= 0)
			line = next_line(&old, &len);
	}
	return ok;
}

static bool
is_seen(void *payload, const struct seen *was, const struct seen *now)
{
	const struct handover *h = payload;

	if (!was)
		return !h->has_more;
	return !now || !is_hidden_change(was, now);
}

/* Keep the generation of the memory if it still serves; else make one. */
static void
choose_generation(struct handover *h)
{
	struct imgcache_error ignored = {0};
	struct buf old = BUF_INIT;
	struct lines now = {0};
	char *rest, *seen, *mine;
	size_t len;

	snprintf(h->generation, sizeof(h->generation), "%" PRIx64 "-%x",
		 (uint64_t)clock_now_us(), (unsigned)getpid());
	if (!h->memo)
		return;
	/* Whoever renames it has it; a second build at once begins anew. */
	mine = mem_printf("%s.%d", h->memo, (int)getpid());
	if (rename(h->memo, mine) ||
	    file_read(AT_FDCWD, mine, 0, &old, &ignored) ||
	    !str_starts(old.data, MAGIC))
		goto out;
	rest = old.data + strlen(MAGIC);
	len = strcspn(rest, " \n");
	h->has_more = str_starts(rest + len, MORE);
	seen = strchr(rest, '\n');
	if (len && len < sizeof(h->generation) && seen &&
	    strlen(old.data) == old.len) {
		lines_of(h, &now);
		if (each_pair(++seen, &now, is_seen, h)) {
			memcpy(h->generation, rest, len);
			h->generation[len] = '\0';
			h->before = mem_strdup(seen);
		}
		strv_release(&now.v);
	}
	h->has_more &= h->before != NULL;
out:
	unlink(mine);
	free(mine);
	buf_release(&old);
}

static int
make_link(const char *target, const char *link, struct imgcache_error *err)
{
	char *temp = mem_printf("%s.%d", link, (int)getpid());
	int ret = 0;

	unlink(temp);
	if (symlink(target, temp) || rename(temp, link))
		ret = error_errno(err, IMGCACHE_EFAIL, "cannot make '%s'",
				  link);
	free(temp);
	return ret;
}

/* 16 digits for a path, and more for which it is not only that. */
static int
name_of(const char *scope, const struct input_context *c, char *hex,
	struct imgcache_error *err)
{
	struct buf id = BUF_INIT;
	struct hash h;
	int ret;

	buf_addf(&id, "%s\n%s\n", scope, c->path);
	if (c->is_empty)
		buf_adds(&id, "nothing of it\n");
	ret = hash_bytes(HASH_XXH3, id.data, id.len, &h, err);
	buf_release(&id);
	if (!ret)
		hash_hex(&h, hex);
	return ret;
}

/*
 * Is nothing sent at all? Else the main context has a link of the generation
 * even if nothing of it is read, for the sake of the named ones.
 */
static bool
is_empty(const struct inputs *in)
{
	size_t i;

	for (i = 0; i < in->n_contexts; i++)
		if (!in->contexts[i].is_empty)
			return false;
	return true;
}

static int
make_links(const struct inputs *in, const char *dir, const char *scope,
	   struct handover *h, struct imgcache_error *err)
{
	char *nothing = mem_printf("%s/imgcache-empty", dir);
	char hex[HASH_HEX_SIZE];
	int ret = file_mkdirs(nothing, 0700, err);
	size_t i;

	for (i = 0; !ret && i < h->n; i++) {
		const struct input_context *c = h->v[i].context;

		if (c->is_empty && (c->name || is_empty(in))) {
			h->v[i].link = mem_strdup(nothing);
			continue;
		}
		ret = name_of(scope, c, hex, err);
		if (ret)
			break;
		hex[16] = '\0';
		h->v[i].link = mem_printf("%s/%s-%s", dir, hex, h->generation);
		ret = make_link(c->is_empty ? nothing : c->path, h->v[i].link,
				err);
	}
	free(nothing);
	return ret;
}

static bool
sends_more(const struct handover *h)
{
	size_t i, k;

	for (i = 0; i < h->n; i++)
		for (k = 0; k < h->v[i].context->n_reads; k++)
			if (h->v[i].context->reads[k].n_exclude)
				return true;
	return false;
}

static int
hand_over_contexts(struct inputs *in, const char *dir, const char *scope,
		   struct handover *h, struct imgcache_error *err)
{
	const char *cache = session_cache_dir(in->ic, "contexts");
	char hex[HASH_HEX_SIZE];
	int ret;

	h->v = mem_array(in->n_contexts, sizeof(*h->v));
	for (h->n = 0; h->n < in->n_contexts; h->n++)
		h->v[h->n].context = &in->contexts[h->n];
	ret = name_of(scope, h->v[0].context, hex, err);
	if (ret)
		return ret;
	if (cache && !is_empty(in))
		h->memo = path_join(cache, hex);
	choose_generation(h);
	h->has_more |= sends_more(h);
	return make_links(in, dir, scope, h, err);
}

static int
write_file(char **path, const char *dir, const char *tag, const char *suffix,
	   const struct buf *text, struct imgcache_error *err)
{
	*path = mem_printf("%s/%s.%s", dir, tag, suffix);
	return file_replace(AT_FDCWD, *path, text->data, text->len, 0600,
			    false, err);
}

int
handover_make(struct inputs *in, const char *scope, struct handover *out,
	      struct imgcache_error *err)
{
	const struct input_context *main = &in->contexts[0];
	const char *dir;
	int ret;

	memset(out, 0, sizeof(*out));
	ret = session_state_dir(in->ic, "handover", &dir, err);
	if (!ret)
		ret = write_file(&out->dockerfile, dir, in->tag, "Dockerfile",
				 &in->dockerfile, err);
	if (!ret && main->has_ignore)
		ret = write_file(&out->ignore, dir, in->tag,
				 "Dockerfile.dockerignore", &main->ignore, err);
	return ret ? ret : hand_over_contexts(in, dir, scope, out, err);
}

struct newer {
	struct buf text;
	bool keeps_old;		/* what was not looked at now */
};

static bool
add_newer(void *payload, const struct seen *was, const struct seen *now)
{
	struct newer *n = payload;
	const struct seen *s = now ? now : n->keeps_old ? was : NULL;

	if (s) {
		buf_add(&n->text, s->line, s->line_len);
		buf_addc(&n->text, '\n');
	}
	return true;
}

void
handover_remember(struct handover *h)
{
	struct imgcache_error ignored = {0};
	struct newer all = { BUF_INIT, !sends_more(h) };
	struct lines now = {0};

	if (!h->memo)
		return;
	lines_of(h, &now);
	buf_addf(&all.text, MAGIC "%s%s\n", h->generation,
		 h->has_more ? MORE : "");
	if (each_pair(h->before ? h->before : "", &now, add_newer, &all))
		(void)file_replace(AT_FDCWD, h->memo, all.text.data,
				   all.text.len, 0600, false, &ignored);
	error_clear(&ignored);
	buf_release(&all.text);
	strv_release(&now.v);
}

void
handover_release(struct handover *h)
{
	size_t i;

	if (h->dockerfile)
		unlink(h->dockerfile);
	if (h->ignore)
		unlink(h->ignore);
	free(h->dockerfile);
	free(h->ignore);
	free(h->memo);
	free(h->before);
	for (i = 0; i < h->n; i++)
		free(h->v[i].link);
	free(h->v);
	memset(h, 0, sizeof(*h));
}

int64_t
handover_sweep(struct imgcache *ic, int64_t before_s, bool dry_run)
{
	struct imgcache_error ignored = {0};
	const char *dir;
	struct dirent *d;
	struct stat st;
	int64_t n = 0;
	DIR *all;

	if (session_state_dir(ic, "handover", &dir, &ignored))
		return 0;
	all = opendir(dir);
	while (all && (d = readdir(all))) {
		if (d->d_name[0] == '.' ||
		    fstatat(dirfd(all), d->d_name, &st, AT_SYMLINK_NOFOLLOW) ||
		    S_ISDIR(st.st_mode) || st.st_mtime >= before_s)
			continue;
		n += dry_run || !unlinkat(dirfd(all), d->d_name, 0);
	}
	if (all)
		closedir(all);
	return n;
}
