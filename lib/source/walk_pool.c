/* SPDX-License-Identifier: MIT */
/*
 * Threads that share one stack of directories. There is one at first; another
 * begins when there is work for it that is worth its start, up to the number of
 * processors, and beyond that while those there are wait for the disk. Which of
 * them reads what makes no difference to the tree.
 */

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "source/ignore.h"
#include "source/walk_parts.h"

#define THREADS_MAX 16
#define STACK_BYTES (1024 * 1024)

/* Looking at that many entries takes as long as some thread starts. */
#define WORTH_A_THREAD 500

struct pool {
	struct walk *w;
	struct worker *workers[THREADS_MAX];
	unsigned n;
	unsigned processors;
	unsigned max;
	bool is_fixed;		/* the caller said how many */
	int64_t checked_wall_ns;
	int64_t checked_cpu_ns;
	uint64_t check_at;	/* when so many entries have been looked at */
};

static int64_t
clock_ns(clockid_t id)
{
	struct timespec t = { 0 };

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static struct worker *
worker_new(struct walk *w)
{
	struct worker *k = mem_alloc(sizeof(*k));

	k->w = w;
	k->path = (struct buf)BUF_INIT;
	k->run = (struct buf)BUF_INIT;
	k->text = (struct buf)BUF_INIT;
	k->listing = mem_resize(NULL, 1, LISTING_BYTES);
	return k;
}

static void
worker_free(struct worker *k)
{
	buf_release(&k->path);
	buf_release(&k->run);
	buf_release(&k->text);
	free(k->listing);
	free(k->met);
	free(k->sorted);
	free(k);
}

/* The lock is held. */
static void
push_children(struct walk *w, struct node *n)
{
	mem_grow(w->stack, w->n, w->cap);
	w->stack[w->n++] = (struct work){ n->children, n->run.n_dirs };
	w->queued += n->run.n_dirs;
	if (w->waiting)
		pthread_cond_broadcast(&w->wake);
}

static struct node *
pop(struct walk *w)
{
	struct work *top = w->stack + w->n - 1;
	struct node *n = top->first + --top->n;

	if (!top->n)
		w->n--;
	w->queued--;
	return n;
}

/* The lock is held. */
static void
note(struct worker *k, int rc)
{
	struct walk *w = k->w;

	w->entries += k->entries;
	k->entries = 0;
	if (!rc)
		return;
	if (!w->rc) {
		w->rc = rc;
		w->err = k->err;
	}
	w->stop = true;
	pthread_cond_broadcast(&w->wake);
}

/* Give back what was read (or NULL), and take the next; NULL: all is done. */
static struct node *
next(struct worker *k, struct node *done, int rc)
{
	struct walk *w = k->w;
	struct node *n = NULL;

	pthread_mutex_lock(&w->lock);
	note(k, rc);
	if (done && done->run.n_dirs)
		push_children(w, done);
	w->busy -= done != NULL;
	while (!w->n && w->busy && !w->stop) {
		w->waiting++;
		pthread_cond_wait(&w->wake, &w->lock);
		w->waiting--;
	}
	if (w->n && !w->stop) {
		n = pop(w);
		w->busy++;
	} else {
		pthread_cond_broadcast(&w->wake);
	}
	pthread_mutex_unlock(&w->lock);
	return n;
}

static int
read_node(struct worker *k, struct node *n)
{
	int fd = -1;
	int rc = walk_open(k, n, &fd);

	if (!rc)
		rc = walk_read(k, n, fd);
	else if (fd >= 0)
		close(fd);
	ignore_leave(n->ignore);
	filter_leave(n->filter);
	n->ignore = NULL;
	n->filter = NULL;
	if (rc)
		return rc;
	atomic_store(&n->pending, n->run.n_dirs);
	return n->run.n_dirs ? 0 : walk_sum(k, n);
}

static void *
work(void *payload)
{
	struct worker *k = payload;
	struct node *n = NULL;
	int rc = 0;

	while ((n = next(k, n, rc)))
		rc = read_node(k, n);
	return NULL;
}

/* They wait more than they work: more of them would wait at the same time. */
static bool
is_waiting_for_disk(struct pool *p)
{
	int64_t wall = clock_ns(CLOCK_MONOTONIC);
	int64_t cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	int64_t spent = cpu - p->checked_cpu_ns;
	int64_t passed = wall - p->checked_wall_ns;

	p->checked_wall_ns = wall;
	p->checked_cpu_ns = cpu;
	return spent < passed / 2;
}

/* The lock is held. */
static bool
is_worth_another(struct pool *p)
{
	const struct walk *w = p->w;
	uint64_t all = w->cache ? statcache_entries(w->cache) : 0;

	if (p->n == p->max || w->queued < 2 || w->stop)
		return false;
	if (p->is_fixed)
		return true;
	if (p->n < p->processors)
		return (w->entries > all ? w->entries : all) >=
			(uint64_t)WORTH_A_THREAD * (p->n + 1);
	if (w->entries < p->check_at)
		return false;
	p->check_at = w->entries + WORTH_A_THREAD;
	return is_waiting_for_disk(p);
}

/* Signals are for the thread that was there before. */
static void
start(struct pool *p)
{
	struct worker *k = worker_new(p->w);
	pthread_attr_t attr;
	sigset_t all, old;
	int failed;

	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	failed = pthread_create(&k->thread, &attr, work, k);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	if (failed) {
		worker_free(k);
		p->max = p->n;
	} else {
		p->workers[p->n++] = k;
	}
}

static void
grow(struct pool *p)
{
	bool more;

	if (p->n == p->max)
		return;
	pthread_mutex_lock(&p->w->lock);
	more = is_worth_another(p);
	pthread_mutex_unlock(&p->w->lock);
	if (more)
		start(p);
}

/* What was not read any more after an error. */
static void
drop_rest(struct walk *w)
{
	while (w->n) {
		struct node *n = pop(w);

		walk_let_go(w, n->parent);
		ignore_leave(n->ignore);
		filter_leave(n->filter);
	}
}

static void
init(struct pool *p, struct walk *w)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned asked = w->o->threads;

	p->w = w;
	p->is_fixed = asked > 0;
	p->max = asked && asked < THREADS_MAX ? asked : THREADS_MAX;
	p->processors = online > 1 ? (unsigned)online : 1;
	p->checked_wall_ns = clock_ns(CLOCK_MONOTONIC);
	p->checked_cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	p->workers[p->n++] = worker_new(w);
}

void
walk_run(struct walk *w, struct tree *t)
{
	struct pool p = { 0 };
	struct worker *k;
	struct node *n = w->root;
	int rc;

	init(&p, w);
	k = p.workers[0];
	w->busy = 1;
	do {
		rc = read_node(k, n);
		n = next(k, n, rc);
		grow(&p);
	} while (n);
	for (unsigned i = 1; i < p.n; i++)
		pthread_join(p.workers[i]->thread, NULL);
	drop_rest(w);
	t->memory = mem_array(p.n, sizeof(*t->memory));
	t->n_memory = p.n;
	for (unsigned i = 0; i < p.n; i++) {
		t->memory[i] = p.workers[i]->memory;
		w->changed |= p.workers[i]->changed;
		walk_left_out_merge(p.workers[i], t);
		worker_free(p.workers[i]);
	}
}
