/* SPDX-License-Identifier: MIT */
/*
 * What is remembered of a context: its generation and, for each path in byte
 * order, the stat data that BuildKit compares and the digest that it does not
 * know. The file is taken away before a build and written anew when all went
 * well, so whatever happens in between leads to a new generation. Two recipes
 * of one context need not read the same files: what this build did not look at
 * stays remembered as it was, since BuildKit may have it still.
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
#include "source/tree.h"
#include "sys/clock.h"
#include "sys/file.h"

#define MAGIC "imgcache-context 1\n"
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
};

static bool
add_line(void *payload, const char *path, const struct tree_entry *e)
{
	struct lines *l = payload;
	struct buf b = BUF_INIT;

	buf_add_cquoted(&b, path, strlen(path));
	buf_addf(&b, " %o %" PRId64 " %" PRId64 " ", (unsigned)e->id.mode,
		 e->type == TREE_DIR ? 0 : e->id.size,
		 e->type == TREE_DIR ? 0 : e->id.mtime_ns);
	if (e->type != TREE_DIR)
		hash_add_hex(&e->digest, &b);
	strv_take(&l->v, buf_detach(&b));
	return true;
}

static void
lines_of(const struct tree *t, struct lines *l)
{
	if (t)
		tree_each(t, add_line, l);
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
	(void)payload;
	return !was || !now || !is_hidden_change(was, now);
}

/* Keep the generation of the memory if it still serves; else make one. */
static void
choose_generation(struct handover_context *c, const struct lines *now)
{
	struct imgcache_error ignored = {0};
	struct buf old = BUF_INIT;
	char *rest, *mine;
	size_t len;

	snprintf(c->generation, sizeof(c->generation), "%" PRIx64 "-%x",
		 (uint64_t)clock_now_us(), (unsigned)getpid());
	if (!c->memo)
		return;
	/* Whoever renames it has it; a second build at once begins anew. */
	mine = mem_printf("%s.%d", c->memo, (int)getpid());
	if (rename(c->memo, mine) ||
	    file_read(AT_FDCWD, mine, 0, &old, &ignored) ||
	    !str_starts(old.data, MAGIC))
		goto out;
	rest = old.data + strlen(MAGIC);
	len = strcspn(rest, "\n");
	if (len && len < sizeof(c->generation) && rest[len] &&
	    strlen(old.data) == old.len) {
		char kept[sizeof(c->generation)];

		memcpy(kept, rest, len);
		kept[len] = '\0';
		if (each_pair(rest + len + 1, now, is_seen, NULL)) {
			memcpy(c->generation, kept, sizeof(kept));
			c->before = mem_strdup(rest + len + 1);
		}
	}
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

static int
hand_over_context(struct inputs *in, const char *dir, const char *scope,
		  struct handover_context *c, struct imgcache_error *err)
{
	const char *cache = session_cache_dir(in->ic, "contexts");
	struct lines now = {0};
	struct buf id = BUF_INIT;
	char hex[HASH_HEX_SIZE];
	struct hash h;
	int ret;

	buf_addf(&id, "%s\n%s\n", scope, c->context->path);
	ret = hash_bytes(HASH_XXH3, id.data, id.len, &h, err);
	buf_release(&id);
	if (ret)
		return ret;
	hash_hex(&h, hex);
	c->memo = cache ? path_join(cache, hex) : NULL;
	lines_of(c->context->tree, &now);
	if (now.v.n)
		qsort(now.v.v, now.v.n, sizeof(*now.v.v), compare_lines);
	choose_generation(c, &now);
	strv_release(&now.v);
	hex[16] = '\0';
	c->link = mem_printf("%s/%s-%s", dir, hex, c->generation);
	return make_link(c->context->path, c->link, err);
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
	size_t i;
	int ret;

	memset(out, 0, sizeof(*out));
	ret = session_state_dir(in->ic, "handover", &dir, err);
	if (!ret)
		ret = write_file(&out->dockerfile, dir, in->tag, "Dockerfile",
				 &in->dockerfile, err);
	if (!ret && main->has_ignore)
		ret = write_file(&out->ignore, dir, in->tag,
				 "Dockerfile.dockerignore", &main->ignore, err);
	out->v = mem_array(in->n_contexts, sizeof(*out->v));
	for (i = 0; !ret && i < in->n_contexts; i++) {
		struct handover_context *c = &out->v[out->n++];

		c->context = &in->contexts[i];
		if (!c->context->is_empty) {
			ret = hand_over_context(in, dir, scope, c, err);
			continue;
		}
		c->link = mem_printf("%s/imgcache-empty", dir);
		ret = file_mkdirs(c->link, 0700, err);
	}
	return ret;
}

static bool
add_newer(void *payload, const struct seen *was, const struct seen *now)
{
	const struct seen *s = now ? now : was;

	buf_add(payload, s->line, s->line_len);
	buf_addc(payload, '\n');
	return true;
}

void
handover_remember(struct handover *h)
{
	struct imgcache_error ignored = {0};
	size_t i;

	for (i = 0; i < h->n; i++) {
		struct handover_context *c = &h->v[i];
		struct buf text = BUF_INIT;
		struct lines now = {0};

		if (!c->memo)
			continue;
		lines_of(c->context->tree, &now);
		if (now.v.n)
			qsort(now.v.v, now.v.n, sizeof(*now.v.v),
			      compare_lines);
		buf_addf(&text, MAGIC "%s\n", c->generation);
		if (each_pair(c->before ? c->before : "", &now, add_newer,
			      &text))
			(void)file_replace(AT_FDCWD, c->memo, text.data,
					   text.len, 0600, false, &ignored);
		error_clear(&ignored);
		buf_release(&text);
		strv_release(&now.v);
	}
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
	for (i = 0; i < h->n; i++) {
		free(h->v[i].link);
		free(h->v[i].memo);
		free(h->v[i].before);
	}
	free(h->v);
	memset(h, 0, sizeof(*h));
}

int64_t
handover_sweep(struct imgcache *ic, int64_t before_s)
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
		n += !unlinkat(dirfd(all), d->d_name, 0);
	}
	if (all)
		closedir(all);
	return n;
}
