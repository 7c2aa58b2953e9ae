/* SPDX-License-Identifier: MIT */
/*
 * Contexts: what lies in the folders of people, with the names, links and
 * modes that make trouble, and the ignore files they write.
 */

#include "key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "imgcache.h"
#include "source/ignore.h"
#include "sys/file.h"

static const char *const folders[] = {
	"src", "lib", "app", "config", "scripts", "public", "pkg",
	"docs", "tests", ".github", "notes"
};

static const char *const inner_folders[] = {
	"sub", "api", "lib", "static", "node_modules", "build", ".cache", "a b",
	"templates", "\xc3\xa9t\xc3\xa9"
};

static const char *const files[] = {
	"main.c", "util.h", "index.js", "app.py", "run.sh", "data.json",
	"README.md", "x.log", "cache.tmp", ".env", ".hidden", "a b.txt",
	"\xc3\xa9.txt", "[x].txt", "-dash", "empty", "Makefile", "style.css",
	"setup.cfg", "a'b", "tool", "a\nb"
};

static const char *const top_files[] = {
	"package.json", "requirements.txt", "main.c", "Makefile", "README.md",
	"run.sh", ".env", "x.log", "go.mod", "go.sum", "a b.txt", "notes.txt",
	"package-lock.json", "LICENSE", "setup.py"
};

static void
die(const char *what, const char *path)
{
	fprintf(stderr, "key-case: cannot %s '%s': %s\n", what, path,
		strerror(errno));
	exit(1);
}

const struct entry *
tree_entry(const struct tree *t, const char *path)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		if (!strcmp(t->v[i].path, path))
			return &t->v[i];
	return NULL;
}

static struct entry *
add(struct tree *t, enum entry_kind kind, unsigned mode, const char *dir,
    const char *name)
{
	char *path = mem_printf("%s%s%s", dir, *dir ? "/" : "", name);
	struct entry *e;

	if (tree_entry(t, path)) {
		free(path);
		return NULL;
	}
	mem_grow(t->v, t->n, t->cap);
	e = &t->v[t->n++];
	*e = (struct entry){ .kind = kind, .mode = mode, .path = path };
	return e;
}

/* Contents are of this run and this project, and now and then the same. */
static void
fill(const struct project *p, struct entry *e, size_t which)
{
	const char *slash = strrchr(e->path, '/');
	const char *name = slash ? slash + 1 : e->path;
	struct buf b = BUF_INIT;
	unsigned i;

	if (strstr(name, ".sh"))
		buf_adds(&b, "#!/bin/sh\n");
	if (strcmp(name, "empty"))
		buf_addf(&b, "%s %lu %zu %s\n", p->token, p->seed, which,
			 chance(6) ? "same" : e->path);
	if (chance(8))
		buf_adds(&b, "$Id$ of Windows\r\n");
	if (chance(12))
		for (i = 0; i < 600; i++)
			buf_addf(&b, "line %u of %s\n", pick(1000), p->token);
	e->len = b.len;
	e->text = buf_detach(&b);
}

static void
add_file(struct project *p, size_t which, const char *dir, const char *name)
{
	static const unsigned odd[] = { 0600, 0640, 0664, 0755, 0775, 0444,
					04755, 0777 };
	bool tool = !strcmp(name, "tool") || strstr(name, ".sh");
	unsigned mode = chance(8) ? PICK(odd) : tool ? 0755 : 0644;
	struct entry *e = add(&p->tree[which], ENTRY_FILE, mode, dir, name);

	if (e)
		fill(p, e, which);
}

/* One file in an archive as tar writes it, for ADD. */
static void
add_archive(struct project *p)
{
	struct entry *e = add(&p->tree[0], ENTRY_FILE, 0644, "", "data.tar");
	char *tar = mem_alloc(4 * 512);
	unsigned sum = 0, i;

	snprintf(tar, 100, "packed/file");
	memcpy(tar + 100, "0000644\0000000000\0000000000\000", 24);
	snprintf(tar + 124, 12, "%011o", 512);
	snprintf(tar + 136, 12, "%011o", 1700000000);
	memset(tar + 148, ' ', 8);
	tar[156] = '0';
	memcpy(tar + 257, "ustar\00000", 8);
	for (i = 0; i < 512; i++)
		sum += (unsigned char)tar[i];
	snprintf(tar + 148, 8, "%06o", sum);
	memset(tar + 512, '.', 512);
	snprintf(tar + 512, 512, "%s %lu", p->token, p->seed);
	if (e) {
		e->text = tar;
		e->len = 4 * 512;
	} else {
		free(tar);
	}
}

/* What git would store of these files is not what they hold. */
static void
add_attributes(struct tree *t)
{
	struct entry *e = add(t, ENTRY_FILE, 0644, "", ".gitattributes");

	if (!e)
		return;
	e->text = mem_strdup("* text=auto\n*.c ident\n*.py eol=crlf\n");
	e->len = strlen(e->text);
}

static void
add_folder(struct project *p, size_t which, const char *dir, const char *name,
	   int depth)
{
	static const unsigned odd[] = { 0700, 0775, 01777, 02755, 0711 };
	struct entry *e = add(&p->tree[which], ENTRY_DIR,
			      chance(8) ? PICK(odd) : 0755, dir, name);
	unsigned i, n = chance(9) ? 0 : 1 + pick(5);
	char *path;

	if (!e)
		return;
	path = e->path;
	for (i = 0; i < n; i++) {
		if (depth < 3 && chance(4))
			add_folder(p, which, path, PICK(inner_folders),
				   depth + 1);
		else
			add_file(p, which, path, PICK(files));
	}
}

/* "../" for each folder in which path lies. */
static void
add_ups(struct buf *b, const char *path)
{
	for (; (path = strchr(path, '/')); path++)
		buf_adds(b, "../");
}

static void
add_link(struct project *p, size_t which, const char *dir)
{
	static const char *const names[] = { "current", "link", "latest",
					     "cfg", "l", "link.c", "x.md" };
	static const char *const odd[] = { "nowhere", "..", "../../..", "link",
					   "current", "/", ".", "l/l",
					   "/nowhere/x" };
	struct tree *t = &p->tree[which];
	const struct entry *to = t->n ? &t->v[pick((unsigned)t->n)] : NULL;
	struct entry *e = add(t, ENTRY_LINK, 0, dir, PICK(names));
	struct buf b = BUF_INIT;

	if (!e)
		return;
	to = to ? &t->v[pick((unsigned)t->n - 1)] : NULL;
	if (!to || chance(6)) {
		buf_adds(&b, PICK(odd));
	} else if (chance(4)) {
		buf_addf(&b, "/%s", to->path);
	} else {
		add_ups(&b, e->path);
		buf_addf(&b, "%s", to->path);
	}
	e->len = b.len;
	e->text = buf_detach(&b);
}

static void
add_links(struct project *p, size_t which)
{
	struct tree *t = &p->tree[which];
	unsigned n = chance(3) ? 1 + pick(4) : pick(2);

	while (n-- > 0) {
		const struct entry *in = &t->v[pick((unsigned)t->n)];

		add_link(p, which, in->kind == ENTRY_DIR && chance(2) ?
			 in->path : "");
	}
	if (chance(15))
		add(t, ENTRY_FIFO, 0644, "", "pipe");
}

static const char *const denied[] = {
	"*.log", "**/*.log", "**/*.log", "node_modules", "**/node_modules/",
	".git", ".env", "**/.env*", "build/", "**/build", "*.tmp", "**/*.tmp",
	"# what nobody needs", "", "docs/*.md", "tests/**", "/notes", ".github",
	"**/.cache", "Dockerfile*", "*.md", "!README.md", "!docs/README.md",
	"!**/README.md", "**/[x]*", "lib/sub", "!lib/sub/util.h", "notes.txt",
	"**/a b*", ".dockerignore", "**/.hidden", "*/*.css", "config/?pi"
};

static void
make_ignore(struct project *p, size_t which)
{
	struct tree *t = &p->tree[which];
	unsigned i, n;

	t->has_ignore = !chance(4);
	t->odd_ignore = chance(10);
	if (!t->has_ignore)
		return;
	if (chance(5)) {
		strv_push(&t->ignore, "*");
		n = 2 + pick(5);
		for (i = 0; i < n && t->n; i++) {
			const char *path = t->v[pick((unsigned)t->n)].path;

			if (chance(2))
				path = t->v[pick(3) % t->n].path;
			strv_pushf(&t->ignore, "!%s%s", path,
				   chance(4) ? "/**" : "");
		}
		if (chance(2))
			strv_push(&t->ignore, "**/*.log");
		return;
	}
	n = 1 + pick(8);
	for (i = 0; i < n; i++)
		strv_push(&t->ignore, PICK(denied));
}

char *
tree_ignore_text(const struct tree *t)
{
	struct buf b = BUF_INIT;
	size_t i;

	if (t->odd_ignore)
		buf_adds(&b, "\xef\xbb\xbf");
	for (i = 0; i < t->ignore.n; i++)
		buf_addf(&b, "%s%s\n", t->ignore.v[i], t->odd_ignore ?
			 " \r" : "");
	return buf_detach(&b);
}

bool
tree_ignores(const struct tree *t, const char *path)
{
	struct imgcache_error err = {0};
	struct ignore *ig = NULL;
	bool ignored = false;
	char *text;

	if (!t->has_ignore)
		return false;
	text = tree_ignore_text(t);
	if (!ignore_parse(&ig, "ignore", text, strlen(text), &err))
		ignored = ignore_matches(ig, path);
	ignore_free(ig);
	free(text);
	return ignored;
}

void
tree_invent(struct project *p, size_t which)
{
	struct tree *t = &p->tree[which];
	unsigned i, n = 2 + pick(4);

	for (i = 0; i < n; i++)
		add_folder(p, which, "", PICK(folders), 0);
	n = 1 + pick(5);
	for (i = 0; i < n; i++)
		add_file(p, which, "", PICK(top_files));
	if (!which && chance(5))
		add_archive(p);
	if (!which && p->in_git && chance(2))
		add_attributes(t);
	add_links(p, which);
	make_ignore(p, which);
	for (i = 0; i < t->n; i++)
		t->v[i].sent = !tree_ignores(t, t->v[i].path);
	i = pick((unsigned)t->n);
	if (!which && chance(8) && t->v[i].kind == ENTRY_FILE)
		p->twin_of = t->v[i].path;
}

const struct entry *
tree_pick(const struct tree *t, bool dirs, bool plain)
{
	unsigned tries;

	for (tries = 0; t->n && tries < 60; tries++) {
		const struct entry *e = &t->v[pick((unsigned)t->n)];

		if (e->sent && ((dirs && e->kind == ENTRY_DIR) ||
				(plain && e->kind == ENTRY_FILE)))
			return e;
	}
	return NULL;
}

void
file_write(const char *path, const char *text, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, text, len) != (ssize_t)len)
		die("write", path);
	close(fd);
}

/* Times that are long past and the same in each copy. */
static void
set_times(const char *path, size_t n)
{
	struct timespec ts[2] = {
		{ .tv_sec = 1700000000 + (long)n * 1000,
		  .tv_nsec = (long)n * 1234567 % 1000000000 },
	};

	ts[1] = ts[0];
	if (utimensat(AT_FDCWD, path, ts, AT_SYMLINK_NOFOLLOW))
		die("set the times of", path);
}

/* A second name for a file. */
static void
write_twin(const struct project *p, const char *root)
{
	char *path = mem_printf("%s/%s", root, p->twin_of);
	char *twin = mem_printf("%.*stwin", (int)(path_base(path) - path),
				path);

	if (link(path, twin))
		die("link", twin);
	free(path);
	free(twin);
}

static void
write_entry(const struct entry *e, const char *path)
{
	int ret = 0;

	switch (e->kind) {
	case ENTRY_DIR:
		ret = mkdir(path, 0700);
		break;
	case ENTRY_FILE:
		file_write(path, e->text, e->len);
		break;
	case ENTRY_LINK:
		ret = symlink(e->text, path);
		break;
	case ENTRY_FIFO:
		ret = mkfifo(path, 0600);
		break;
	}
	if (ret)
		die("make", path);
	if (e->kind != ENTRY_LINK && chmod(path, e->mode))
		die("chmod", path);
}

void
tree_write(const struct project *p, size_t which, const char *root)
{
	const struct tree *t = &p->tree[which];
	size_t i;

	if (mkdir(root, 0755))
		die("make", root);
	for (i = 0; i < t->n; i++) {
		char *path = mem_printf("%s/%s", root, t->v[i].path);

		write_entry(&t->v[i], path);
		free(path);
	}
	if (!which && p->twin_of)
		write_twin(p, root);
	for (i = t->n; i-- > 0 && !p->is_fresh;) {
		char *path = mem_printf("%s/%s", root, t->v[i].path);

		set_times(path, i);
		free(path);
	}
}
