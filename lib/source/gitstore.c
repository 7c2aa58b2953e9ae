/* SPDX-License-Identifier: MIT */
/* Everything is opened at the beginning, so that threads only read. */

#include "source/gitstore.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/strv.h"
#include "source/deflated.h"
#include "sys/file.h"

#define DIRS_MAX 8
#define PACKS_MAX 64
#define DEPTH_MAX 5		/* as git has it */
#define ALTERNATES_MAX (64 * 1024)

/* Enough for the tables of a deflated block and what follows. */
#define LOOSE_MAX 1024
#define LOOSE_HEAD 32		/* "blob ", a number, NUL */

struct gitstore {
	struct gitpack *packs;
	size_t n_packs, cap_packs;
	int dirs[DIRS_MAX];
	size_t n_dirs;
};

static void
add_packs(struct gitstore *s, int objects)
{
	int fd = openat(objects, "pack", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *e;

	while (dir && s->n_packs < PACKS_MAX && (e = readdir(dir))) {
		mem_grow(s->packs, s->n_packs, s->cap_packs);
		if (gitpack_open(s->packs + s->n_packs, fd, e->d_name))
			s->n_packs++;
	}
	if (dir)
		closedir(dir);
	else if (fd >= 0)
		close(fd);
}

static void add_dir(struct gitstore *s, int parent, const char *path,
		    int depth);

/* Lines of paths; those in quotes are not for us. */
static void
add_alternates(struct gitstore *s, int objects, int depth)
{
	struct imgcache_error ignored = { 0 };
	const char *name = "info/alternates";
	int fd = openat(objects, name, O_RDONLY | O_CLOEXEC | O_NOCTTY |
			O_NONBLOCK);
	struct buf text = BUF_INIT;
	char *rest, *line;

	if (fd >= 0 &&
	    file_read_fd(fd, name, ALTERNATES_MAX, &text, &ignored) == 0) {
		buf_addc(&text, '\0');
		rest = text.data;
		while ((line = strsep(&rest, "\n")))
			if (*line && *line != '#' && *line != '"')
				add_dir(s, objects, line, depth + 1);
	}
	if (fd >= 0)
		close(fd);
	buf_release(&text);
}

static void
add_dir(struct gitstore *s, int parent, const char *path, int depth)
{
	int fd = -1;

	if (depth <= DEPTH_MAX && s->n_dirs < DIRS_MAX)
		fd = openat(parent, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	s->dirs[s->n_dirs++] = fd;
	add_packs(s, fd);
	add_alternates(s, fd, depth);
}

struct gitstore *
gitstore_open(const char *objects)
{
	struct gitstore *s = mem_alloc(sizeof(*s));

	add_dir(s, AT_FDCWD, objects, 0);
	return s;
}

void
gitstore_close(struct gitstore *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n_packs; i++)
		gitpack_close(s->packs + i);
	for (size_t i = 0; i < s->n_dirs; i++)
		close(s->dirs[i]);
	free(s->packs);
	free(s);
}

/* "blob 123" and its NUL, all of it among n bytes. */
static bool
read_head(const char *head, size_t n, uint64_t *size)
{
	const char *kind = "blob ";
	size_t at = strlen(kind);
	size_t digits;

	if (!memchr(head, '\0', n) || !str_starts(head, kind))
		return false;
	digits = strspn(head + at, "0123456789");
	if (!digits || digits > 18 || head[at + digits] ||
	    (head[at] == '0' && digits > 1))
		return false;
	*size = strtoull(head + at, NULL, 10);
	return true;
}

static bool
read_loose(int objects, const char *path, uint64_t *size)
{
	int fd = openat(objects, path, O_RDONLY | O_CLOEXEC | O_NOCTTY |
			O_NONBLOCK);
	char packed[LOOSE_MAX];
	char head[LOOSE_HEAD];
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, packed, sizeof(packed));
	close(fd);
	return n > 0 &&
	       read_head(head, deflated_head(packed, (size_t)n, head,
					     sizeof(head)), size);
}

bool
gitstore_size(const struct gitstore *s,
	      const unsigned char id[GITPACK_ID_SIZE], uint64_t *size)
{
	struct buf path = BUF_INIT;
	bool found = false;

	for (size_t i = 0; !found && i < s->n_packs; i++)
		found = gitpack_size(s->packs + i, id, size);
	if (found)
		return true;
	buf_add_hex(&path, id, 1);
	buf_addc(&path, '/');
	buf_add_hex(&path, id + 1, GITPACK_ID_SIZE - 1);
	for (size_t i = 0; !found && i < s->n_dirs; i++)
		found = read_loose(s->dirs[i], path.data, size);
	buf_release(&path);
	return found;
}
