/* SPDX-License-Identifier: MIT */
/*
 * A directory is opened by its name in its parent, whose descriptor is kept
 * until all children have used it: no path is looked up twice, and a link put
 * in its place is refused by the kernel. Descriptors are few, though. A parent
 * that could not keep its own is no loss: its children are opened by the path
 * from the root, in pieces if it is longer than the kernel takes, and what was
 * opened is compared with what the parent met.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "source/shown.h"
#include "source/walk_parts.h"

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW)

/* One more piece of a path; the descriptor before it is done with. */
static int
open_piece(int root_fd, int fd, const char *piece)
{
	int next = openat(fd, piece, DIR_FLAGS);
	int saved = errno;

	if (fd != root_fd)
		close(fd);
	errno = saved;
	return next;
}

/* Open a relative path of any length; -1 with errno. */
static int
open_path(int root_fd, const char *path)
{
	size_t len = strlen(path);
	char piece[PATH_MAX];
	int fd = root_fd;

	while (len >= PATH_MAX) {
		const char *cut = memrchr(path, '/', PATH_MAX - 1);
		size_t n = (size_t)(cut - path);

		memcpy(piece, path, n);
		piece[n] = '\0';
		fd = open_piece(root_fd, fd, piece);
		if (fd < 0)
			return -1;
		path = cut + 1;
		len -= n + 1;
	}
	return open_piece(root_fd, fd, path);
}

void
walk_let_go(struct walk *w, struct node *n)
{
	if (n->fd < 0 || atomic_fetch_sub(&n->users, 1) != 1)
		return;
	close(n->fd);
	atomic_fetch_sub(&w->held, 1);
}

static int
open_node(struct worker *k, struct node *n)
{
	struct node *parent = n->parent;
	int saved;
	int fd;

	if (!parent)
		return openat(k->w->root_fd, ".", DIR_FLAGS);
	if (parent->fd < 0)
		return open_path(k->w->root_fd, k->path.data);
	fd = openat(parent->fd, n->name, DIR_FLAGS);
	saved = errno;
	walk_let_go(k->w, parent);
	errno = saved;
	return fd;
}

static int
judge(struct worker *k, struct node *n, int fd)
{
	char shown[SHOWN_SIZE];
	struct stat st;

	if (fstat(fd, &st) < 0)
		return walk_cannot(k, "read");
	if (n->is_met && (st.st_dev != n->dev || st.st_ino != n->ino))
		return walk_gone(k, "was replaced");
	n->dev = st.st_dev;
	n->mode = (uint16_t)st.st_mode;
	n->trust = n->parent && n->parent->dev == n->dev ? n->parent->trust :
		stat_trust_of(fd);
	if (n->trust == STAT_KERNEL)
		return error_set(&k->err, IMGCACHE_EFAIL, "cannot use '%s': it "
				 "belongs to the kernel and its files have no "
				 "fixed content; name it in the ignore file",
				 path_shown(k->path.data, shown));
	return 0;
}

/* Not to be read as it is; where that is forgiven it counts as empty. */
static int
judge_or_close(struct worker *k, struct node *n, int *fd)
{
	int rc = judge(k, n, *fd);

	if (!rc || !k->w->o->forgiving)
		return rc;
	error_clear(&k->err);
	close(*fd);
	*fd = -1;
	k->unread++;
	return 0;
}

int
walk_open(struct worker *k, struct node *n, int *fd)
{
	int rc;

	node_path(n, &k->path);
	*fd = open_node(k, n);
	if (*fd < 0 && errno == EACCES && n->ignored)
		rc = 0;		/* BuildKit forgives it here, and only here */
	else if (*fd < 0)
		rc = walk_pass_over(k, "read");
	else
		rc = judge_or_close(k, n, fd);
	if (k->path.len)
		buf_addc(&k->path, '/');
	k->dir_len = k->path.len;
	return rc;
}
