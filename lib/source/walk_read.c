/* SPDX-License-Identifier: MIT */
/*
 * A directory is compared with its remembered run while it is listed. As long
 * as name after name and file after file is as it was, nothing is written down:
 * the run is the remembered one. With the first difference a new run is begun
 * from what was compared so far, and what is still as it was is copied.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "source/ignore.h"
#include "source/walk_parts.h"
#include "sys/signals.h"

/* As the kernel writes it; see getdents64(2). */
struct listing_entry {
	uint64_t ino;
	int64_t off;
	uint16_t reclen;
	uint8_t type;
	char name[];
};

#define ENTRY_BYTES 1024	/* no entry is longer */

/* The directory at hand. */
struct reading {
	struct worker *k;
	struct node *n;
	int fd;
	bool hold;		/* fd is kept for the children */
	int64_t start_ns;	/* wall time before anything was looked at */
	const struct run *was;
	size_t at;		/* in was: what is expected next */
	bool is_new;		/* a new run is being made, in k->run */
	uint64_t dev;		/* of its files that are remembered */
	bool has_dev;		/* it is decided */
	uint32_t count;
	uint32_t dirs;
	struct run_names names;
};

/* An entry of the listing that counts. */
struct met {
	const char *name;
	size_t len;
	enum allow allow;
	enum allow own;		/* without what links lead to */
	bool is_filtered;	/* only a filter takes it */
	bool is_hollow;		/* its content is not sent */
	const struct record *was;	/* the record of that name, or NULL */
};

static const struct record *
record_at(const struct reading *rd, size_t at)
{
	return (const void *)(rd->was->data + at);
}

static void
find_was(struct reading *rd, struct met *m)
{
	size_t next = rd->at;

	m->was = run_next(rd->was, &next);
	if (!m->was || record_has_name(m->was, m->name, m->len))
		return;
	next = run_find(rd->was, &rd->names, m->name, m->len);
	m->was = next == SIZE_MAX ? NULL : record_at(rd, next);
}

static void
begin_new(struct reading *rd)
{
	if (rd->is_new)
		return;
	rd->is_new = true;
	buf_clear(&rd->k->run);
	buf_add(&rd->k->run, rd->was->data, rd->at);
}

static void
count(struct reading *rd, bool is_dir)
{
	rd->count++;
	rd->dirs += is_dir;
}

/* As it was. */
static void
keep(struct reading *rd, const struct record *r)
{
	size_t at = (size_t)((const char *)r - rd->was->data);

	if (at != rd->at)
		begin_new(rd);
	if (rd->is_new && record_is_dir(r)) {
		struct record d = *r;

		d.child = rd->dirs;
		run_add_dir(&rd->k->run, d, record_name(r), r->name_len);
	} else if (rd->is_new) {
		buf_add(&rd->k->run, r, record_bytes(r));
	}
	rd->at = at + record_bytes(r);
	count(rd, record_is_dir(r));
}

/* To be read later. */
static void
add_dir(struct reading *rd, const struct met *m, struct node *child)
{
	struct record r = {
		.mode = S_IFDIR,
		.flags = (child->structure ? RECORD_STRUCTURE : 0u) |
			 (child->ignored ? RECORD_IGNORED : 0u),
		.child = rd->dirs,
	};

	if (m->was && record_is_dir(m->was)) {
		child->has_was = statcache_dir(rd->k->w->cache,
					       rd->n->was.first_child +
					       m->was->child, &child->was);
	}
	mem_grow(rd->k->met, rd->dirs, rd->k->cap_met);
	rd->k->met[rd->dirs] = *child;
	if (m->was && record_is_dir(m->was) && m->was->flags == r.flags) {
		keep(rd, m->was);
		return;
	}
	begin_new(rd);
	run_add_dir(&rd->k->run, r, m->name, m->len);
	count(rd, true);
}

/*
 * What the filters say of a directory; false if nothing of it counts. One that
 * is there only for something below it does not count by itself. Where a filter
 * takes one that is sent only for something below it, whether that is there is
 * all that matters, but of it the filter may take nothing: so all of it counts.
 * Where all counts only for the sake of a link, they still say which links are
 * taken.
 */
static bool
pass_filters(struct reading *rd, const struct met *m, struct node *child)
{
	struct worker *k = rd->k;
	bool takes = false;

	child->structure = m->allow == ALLOW_LEADS;
	if (m->own == ALLOW_ALL)
		return true;
	worker_path(k, m->name);
	child->filter = filter_enter(rd->n->filter, &k->w->own.roots,
				     k->path.data, k->path.len, &takes);
	if (takes && child->ignored) {
		filter_leave(child->filter);
		child->filter = NULL;
		child->allow = child->own = ALLOW_ALL;
	}
	if (child->allow == ALLOW_ALL)
		return true;
	if (takes || child->filter)
		child->structure = false;
	if (!takes && child->filter)
		child->ignored = true;
	return m->allow == ALLOW_LEADS || takes || child->filter;
}

static void
leave_rules(struct node *n)
{
	ignore_leave(n->ignore);
	filter_leave(n->filter);
}

/* A directory: st is what is known of it, or NULL. */
static int
meet_dir(struct reading *rd, const struct met *m, const struct stat *st)
{
	struct node child = { .parent = rd->n, .allow = m->allow,
			      .own = m->own };
	struct worker *k = rd->k;
	struct stat own;

	if (rd->n->ignore) {
		worker_path(k, m->name);
		child.ignore = ignore_enter(rd->n->ignore, k->path.data,
					    k->path.len);
		if (!ignore_can_descend(child.ignore)) {
			walk_leave_dir(k, ignore_dir_rule(child.ignore));
			ignore_leave(child.ignore);
			return 0;
		}
		child.ignored = ignore_dir_ignored(child.ignore);
	}
	if (!pass_filters(rd, m, &child)) {
		ignore_leave(child.ignore);
		return 0;
	}
	if (!rd->hold && !st) {
		if (fstatat(rd->fd, m->name, &own, AT_SYMLINK_NOFOLLOW) < 0) {
			worker_path(k, m->name);
			leave_rules(&child);
			return walk_pass_over(k, "read");
		}
		st = &own;
	}
	child.is_met = st != NULL;
	child.dev = st ? st->st_dev : 0;
	child.ino = st ? st->st_ino : 0;
	add_dir(rd, m, &child);
	return 0;
}

static int
hash_link(struct reading *rd, const char *name, struct hash *out)
{
	char text[PATH_MAX];
	ssize_t n = readlinkat(rd->fd, name, text, sizeof(text));

	if (n < 0)
		return errno == EINVAL ? walk_gone(rd->k, "was replaced") :
			walk_cannot(rd->k, "read the link");
	return hash_bytes(rd->k->w->digester.kind, text, (size_t)n, out,
			  &rd->k->err);
}

/* Of its content; if it was read, id becomes what was read. */
static int
hash_content(struct reading *rd, const char *name, struct stat_id *id,
	     struct hash *out)
{
	struct worker *k = rd->k;

	if ((!S_ISREG(id->mode) && !S_ISLNK(id->mode)) || k->w->o->sizes_only)
		return 0;
	if (walk_git_knows(k, rd->n, rd->fd, name, id, out))
		return 0;
	worker_path(k, name);
	if (S_ISREG(id->mode))
		return digest_file(&k->w->digester, rd->fd, name, k->path.data,
				   id, out, &k->err);
	return hash_link(rd, name, out);
}

static bool
is_trusted(const struct reading *rd, const struct met *m,
	   const struct stat_id *id)
{
	return stat_tells(rd->n->trust, rd->fd, rd->n->dev, m->name, id);
}

static bool
is_as_it_was(const struct reading *rd, const struct met *m,
	     const struct stat_id *id)
{
	const struct record *r = m->was;
	const struct file_record *f = record_file(r);

	return r->mode == id->mode &&
	       r->flags == (m->is_hollow ? RECORD_HOLLOW : 0) &&
	       f->ino == id->ino && f->size == id->size &&
	       f->mtime_ns == id->mtime_ns && f->ctime_ns == id->ctime_ns &&
	       rd->was->dev == id->dev &&
	       (rd->dev == id->dev || !rd->has_dev) &&
	       is_trusted(rd, m, id);
}

/* Write down a file that was read. */
static void
add_file(struct reading *rd, const struct met *m, const struct stat_id *id,
	 const struct hash *h)
{
	struct file_record f = {
		.name_len = m->len & RECORD_NAME_MAX,
		.mode = (uint16_t)id->mode,
		.flags = m->is_hollow ? RECORD_HOLLOW : 0,
		.ino = id->ino,
		.size = id->size,
		.mtime_ns = id->mtime_ns,
		.ctime_ns = id->ctime_ns,
	};
	bool trusted = is_trusted(rd, m, id);

	memcpy(f.digest, h->bytes, HASH_MAX);
	if (!S_ISREG(id->mode) && !S_ISLNK(id->mode))
		f.rdev = id->rdev;
	if (trusted && !rd->has_dev) {
		rd->dev = id->dev;
		rd->has_dev = true;
	}
	if (!trusted || id->dev != rd->dev ||
	    !stat_is_settled(id->mtime_ns, id->ctime_ns, rd->start_ns))
		f.flags |= RECORD_RACY;
	if (m->was && !record_is_dir(m->was) && rd->was->dev == rd->dev &&
	    memcmp(m->was, &f, sizeof(f)) == 0) {
		keep(rd, m->was);
		return;
	}
	begin_new(rd);
	run_add_file(&rd->k->run, f, m->name, m->len);
	count(rd, false);
}

/* Anything but a directory. */
static int
meet_file(struct reading *rd, const struct met *m, const struct stat *st)
{
	struct hash h = { 0 };
	struct stat_id id;
	int rc;

	if (m->is_filtered && S_ISLNK(st->st_mode)) {
		worker_path(rd->k, m->name);
		walk_note_link(rd->k);
	}
	stat_id_from(&id, st);
	if (m->was && is_as_it_was(rd, m, &id)) {
		rd->dev = id.dev;
		rd->has_dev = true;
		keep(rd, m->was);
		return 0;
	}
	rc = hash_content(rd, m->name, &id, &h);
	if (!rc)
		add_file(rd, m, &id, &h);
	return rc;
}

/* Whether a name of that type (DT_UNKNOWN: any) needs no stat at all. */
static bool
is_left_out(struct reading *rd, const char *name, unsigned char type,
	    enum allow allow)
{
	size_t rule;

	if (type == DT_DIR || type == DT_UNKNOWN)
		return false;
	if (allow == ALLOW_LEADS && type != DT_LNK)
		return true;
	if (!rd->n->ignore)
		return false;
	worker_path(rd->k, name);
	rule = ignore_file_rule(rd->n->ignore, rd->k->path.data,
				rd->k->path.len);
	if (rule != IGNORE_NO_RULE)
		walk_leave_file(rd->k, rd->fd, name, rule);
	return rule != IGNORE_NO_RULE;
}

/* Of a regular file that is not left out. */
static bool
is_hollow(struct reading *rd, const char *name)
{
	const struct buf *path = &rd->k->path;

	if (!rd->n->ignore)
		return false;
	worker_path(rd->k, name);
	return ignore_hollow_rule(rd->n->ignore, path->data, path->len) !=
		IGNORE_NO_RULE;
}

static int
name_too_long(struct reading *rd, const char *name)
{
	worker_path(rd->k, name);
	errno = ENAMETOOLONG;
	return walk_cannot(rd->k, "read");
}

/* Of a directory, and of a name without a type, without what filters say. */
static void
find_allow(struct reading *rd, struct met *m, unsigned char type)
{
	struct worker *k = rd->k;
	const struct walk *w = k->w;

	m->allow = rd->n->allow;
	m->own = rd->n->own;
	if (m->allow == ALLOW_LEADS)
		m->allow = allow_path(w->allow, worker_path(k, m->name));
	if (w->allow == &w->own.allow)
		m->own = m->allow;
	else if (m->own == ALLOW_LEADS)
		m->own = allow_path(&w->own.allow, worker_path(k, m->name));
	if (m->own == ALLOW_ALL || !rd->n->filter || type == DT_DIR ||
	    type == DT_UNKNOWN || (m->allow == ALLOW_ALL && type != DT_LNK))
		return;
	worker_path(k, m->name);
	m->is_filtered = filter_file(rd->n->filter, k->path.data,
				     k->path.len);
	if (m->is_filtered)
		m->allow = ALLOW_ALL;
}

static int
meet(struct reading *rd, const struct listing_entry *l)
{
	struct met m = { .name = l->name };
	bool is_open = rd->n->filter &&
		(l->type == DT_DIR || l->type == DT_UNKNOWN);
	struct worker *k = rd->k;
	struct stat st;

	find_allow(rd, &m, l->type);
	if ((m.allow == ALLOW_NONE && !is_open) ||
	    is_left_out(rd, m.name, l->type, m.allow))
		return 0;
	m.len = strlen(m.name);
	if (m.len > RECORD_NAME_MAX)
		return name_too_long(rd, m.name);
	find_was(rd, &m);
	if (l->type == DT_DIR && rd->hold)
		return meet_dir(rd, &m, NULL);
	if (fstatat(rd->fd, m.name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		worker_path(k, m.name);
		return walk_pass_over(k, "read");
	}
	if (S_ISDIR(st.st_mode))
		return meet_dir(rd, &m, &st);
	if (is_open)
		find_allow(rd, &m, IFTODT(st.st_mode));
	if (m.allow == ALLOW_NONE)
		return 0;
	if ((l->type == DT_UNKNOWN || l->type == DT_DIR) &&
	    is_left_out(rd, m.name, IFTODT(st.st_mode), m.allow))
		return 0;
	m.is_hollow = S_ISREG(st.st_mode) && is_hollow(rd, m.name);
	return meet_file(rd, &m, &st);
}

static bool
is_dots(const char *name)
{
	return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

/* As much as there is room for; *end if that is all. -1 with errno. */
static long
fill_listing(struct reading *rd, bool *end)
{
	char *listing = rd->k->listing;
	long len = 0;
	long n = 1;

	while (n > 0 && LISTING_BYTES - len >= ENTRY_BYTES) {
		n = syscall(SYS_getdents64, rd->fd, listing + len,
			    LISTING_BYTES - len);
		len += n > 0 ? n : 0;
	}
	*end = n == 0;
	return len ? len : n;
}

static const struct listing_entry *
next_entry(const char *listing, long *at)
{
	const struct listing_entry *l = (const void *)(listing + *at);

	*at += l->reclen;
	return l;
}

static bool
lists(const char *listing, long len, const char *name)
{
	for (long at = 0; at < len;)
		if (!strcmp(next_entry(listing, &at)->name, name))
			return true;
	return false;
}

static int
read_listing(struct reading *rd)
{
	struct worker *k = rd->k;
	const struct listing_entry *l;
	bool first = true;
	bool end = false;
	long n = 1;
	int rc = 0;

	for (; !rc && !end && (n = fill_listing(rd, &end)) > 0; first = false) {
		rd->n->no_rules = first && end &&
			!lists(k->listing, n, ".gitattributes");
		for (long at = 0; !rc && at < n;) {
			l = next_entry(k->listing, &at);
			if (is_dots(l->name))
				continue;
			k->entries++;
			rc = signals_check(&k->err);
			if (!rc)
				rc = meet(rd, l);
		}
	}
	if (!rc && n < 0) {
		buf_truncate(&k->path, k->dir_len ? k->dir_len - 1 : 0);
		rc = walk_pass_over(k, "list");
	}
	return rc;
}

/* Give the directory its run and its children. */
static void
take_over(struct reading *rd)
{
	struct worker *k = rd->k;
	struct node *n = rd->n;
	const struct record *r;
	size_t at = 0;
	uint32_t i = 0;

	if (rd->at != rd->was->len)
		begin_new(rd);
	if (rd->is_new) {
		char *data = worker_keep(k, k->run.len);

		memcpy(data, k->run.data, k->run.len);
		n->run = (struct run){ data, k->run.len, rd->dev, rd->count,
				       rd->dirs };
	} else {
		n->run = *rd->was;
		n->run.n = rd->count;
		n->run.n_dirs = rd->dirs;
	}
	if (!rd->dirs)
		return;
	n->children = worker_keep(k, rd->dirs * sizeof(*n->children));
	memcpy(n->children, k->met, rd->dirs * sizeof(*n->children));
	while (i < rd->dirs && (r = run_next(&n->run, &at)))
		if (record_is_dir(r))
			n->children[i++].name = record_name(r);
}

static int64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int
walk_read(struct worker *k, struct node *n, int fd)
{
	static const struct run none = { .data = "" };
	struct reading rd = {
		.k = k, .n = n, .fd = fd,
		.start_ns = now_ns(),
		.was = n->has_was ? &n->was.run : &none,
		.is_new = !n->has_was,
		.dev = n->dev,
		.has_dev = n->trust != STAT_LAYERED,
	};
	int rc = 0;

	buf_clear(&k->run);
	rd.hold = atomic_fetch_add(&k->w->held, 1) < k->w->hold_max;
	if (!rd.hold)
		atomic_fetch_sub(&k->w->held, 1);
	if (fd >= 0)
		rc = read_listing(&rd);
	if (!rc)
		take_over(&rd);
	for (uint32_t i = 0; rc && i < rd.dirs; i++)
		leave_rules(&k->met[i]);
	run_names_release(&rd.names);
	n->fd = -1;
	if (!rc && rd.dirs && rd.hold) {
		atomic_store(&n->users, rd.dirs);
		n->fd = fd;
		return 0;
	}
	if (rd.hold)
		atomic_fetch_sub(&k->w->held, 1);
	if (fd >= 0)
		close(fd);
	return rc;
}
