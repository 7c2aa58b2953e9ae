/* SPDX-License-Identifier: MIT */
/*
 * walk DIR [THREADS]: the least that a program must do that wants to know
 * whether anything in a tree changed: list every directory and lstat every
 * entry, and nothing else. Prints how many entries there are. Nothing of
 * imgcache is in it; it is what the other programs are measured against.
 */

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LISTING_BYTES (64 * 1024)
#define THREADS_MAX 64

struct listing_entry {
	uint64_t ino;
	int64_t off;
	uint16_t reclen;
	uint8_t type;
	char name[];
};

/* A directory, kept open until its children have been opened. */
struct dir {
	struct dir *parent;
	char *name;
	int fd;
	unsigned users;		/* itself, and children not yet read */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
static struct dir **stack;
static size_t n, cap;
static unsigned busy;
static uint64_t entries;

static void *checked(void *p)
{
	if (!p)
		abort();
	return p;
}

/* The lock is held. */
static void let_go(struct dir *d)
{
	while (d && !--d->users) {
		struct dir *parent = d->parent;

		if (d->fd >= 0)
			close(d->fd);
		free(d->name);
		free(d);
		d = parent;
	}
}

static void push(struct dir *parent, const char *name)
{
	struct dir *d = checked(calloc(1, sizeof(*d)));

	d->parent = parent;
	d->name = checked(strdup(name));
	d->fd = -1;
	d->users = 1;
	pthread_mutex_lock(&lock);
	if (n == cap) {
		cap = cap ? cap * 2 : 64;
		stack = checked(realloc(stack, cap * sizeof(*stack)));
	}
	stack[n++] = d;
	if (parent)
		parent->users++;
	pthread_cond_signal(&wake);
	pthread_mutex_unlock(&lock);
}

static uint64_t read_dir(struct dir *d, char *listing)
{
	uint64_t count = 0;
	struct stat st;
	long len;

	d->fd = openat(d->parent ? d->parent->fd : AT_FDCWD, d->name,
		       O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->fd < 0)
		return 0;
	while ((len = syscall(SYS_getdents64, d->fd, listing,
			      LISTING_BYTES)) > 0) {
		for (long at = 0; at < len;) {
			struct listing_entry *e = (void *)(listing + at);

			at += e->reclen;
			if (!strcmp(e->name, ".") || !strcmp(e->name, ".."))
				continue;
			count++;
			if (fstatat(d->fd, e->name, &st,
				    AT_SYMLINK_NOFOLLOW) == 0 &&
			    S_ISDIR(st.st_mode))
				push(d, e->name);
		}
	}
	return count;
}

static void *work(void *unused)
{
	char *listing = checked(malloc(LISTING_BYTES));
	uint64_t count = 0;

	pthread_mutex_lock(&lock);
	for (;;) {
		struct dir *d;

		while (!n && busy)
			pthread_cond_wait(&wake, &lock);
		if (!n)
			break;
		d = stack[--n];
		busy++;
		pthread_mutex_unlock(&lock);
		count += read_dir(d, listing);
		pthread_mutex_lock(&lock);
		busy--;
		let_go(d);
	}
	entries += count;
	pthread_cond_broadcast(&wake);
	pthread_mutex_unlock(&lock);
	free(listing);
	return unused;
}

int main(int argc, char **argv)
{
	int threads = argc > 2 ? atoi(argv[2]) : 1;
	pthread_t others[THREADS_MAX];

	if (argc < 2 || argc > 3 || threads < 1 || threads > THREADS_MAX) {
		fprintf(stderr, "usage: walk DIR [THREADS]\n");
		return 129;
	}
	push(NULL, argv[1]);
	for (int i = 1; i < threads; i++)
		if (pthread_create(&others[i], NULL, work, NULL))
			abort();
	work(NULL);
	for (int i = 1; i < threads; i++)
		pthread_join(others[i], NULL);
	printf("%llu\n", (unsigned long long)entries);
	return 0;
}
