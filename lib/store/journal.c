/* SPDX-License-Identifier: MIT */
/*
 * The journal of lookups. What makes it exact:
 *
 *  - an appender holds a shared flock from before it has checked that its
 *    descriptor is still the file at the path until its record is written;
 *  - the file is only ever replaced by rename(2) under the exclusive flock of
 *    the old one, after a look that all of it was read and committed;
 *  - a file is complete with its header before it has its name;
 *  - a reader takes no lock, so that a stream of appenders cannot hold it up
 *    while it keeps the database to itself. Appends to one file come one after
 *    the other, so that what stands before a whole record is finished; what
 *    stands behind the last whole one may not be, and is left for next time.
 *
 * So a record is either in a file that will still be read, or was read. A
 * record that was cut short by a full disk or a power failure is passed over:
 * each begins with a mark, its size and a checksum, and the reader looks for
 * the next one that is whole.
 */

#include "store/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "store/lookups.h"
#include "sys/clock.h"
#include "sys/file.h"

/* The libc's <sys/file.h>, which declares it, is hidden by ours under -Ilib. */
int flock(int fd, int operation);

#define HEADER_MAGIC 0x314c5648434d49ULL	/* "IMCHVL1" */
#define RECORD_MAGIC 0x4c564849u		/* "IHVL" */
#define LOCK_TRIES 2000				/* of a millisecond each */

struct header {
	uint64_t magic;
	uint64_t id;
};

/* Followed by six texts, each with its NUL; an absent name is "". */
struct record {
	uint32_t magic;
	uint32_t size;		/* of all of it */
	uint64_t check;		/* of what follows this field */
	int64_t at;
	int64_t us;
	int64_t saved_us;
	uint32_t result;
	uint32_t reason;
};

#define CHECKED_FROM (offsetof(struct record, at))

/* FNV-1a, 64 bit: against accidents, not against people. */
static uint64_t
checksum(const char *data, size_t len)
{
	uint64_t h = 0xcbf29ce484222325ULL;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)data[i]) * 0x100000001b3ULL;
	return h;
}

static uint64_t
random_id(void)
{
	uint64_t id = 0;

	if (getrandom(&id, sizeof(id), 0) != sizeof(id))
		id = (uint64_t)clock_now_us() ^ ((uint64_t)getpid() << 48);
	return id ? id : 1;
}

static char *
journal_path(const char *dir)
{
	return path_join(dir, "hits.log");
}

/* A file with nothing but a header, on disk, under a name of its own. */
static int
make_fresh(const char *dir, char **path, struct imgcache_error *err)
{
	struct header h = { HEADER_MAGIC, random_id() };
	int fd, rc = 0;

	*path = mem_printf("%s/hits.log.%llx.tmp", dir,
			   (unsigned long long)h.id);
	fd = open(*path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || file_write_fd(fd, &h, sizeof(h)) || fsync(fd))
		rc = error_errno(err, IMGCACHE_EFAIL, "cannot write '%s'",
				 *path);
	if (fd >= 0)
		close(fd);
	if (rc)
		unlink(*path);
	return rc;
}

/* Two that make the first one at once: link(2) lets one of them. */
static int
make_first(const char *dir, const char *path,
	   struct imgcache_error *err)
{
	char *temp;
	int rc = make_fresh(dir, &temp, err);

	if (rc == 0) {
		if (link(temp, path) && errno != EEXIST)
			rc = error_errno(err, IMGCACHE_EFAIL,
					 "cannot make '%s'", path);
		unlink(temp);
	}
	free(temp);
	return rc;
}

/*
 * The exclusive lock is held for the length of a few calls, so waiting long
 * means that its holder was stopped in the middle of them.
 */
static int
lock_shared(int fd, const char *path, struct imgcache_error *err)
{
	for (int i = 0; flock(fd, LOCK_SH | LOCK_NB); i++) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return error_errno(err, IMGCACHE_EFAIL,
					   "cannot lock '%s'", path);
		if (i >= LOCK_TRIES)
			return error_set(err, IMGCACHE_EBUSY, "cannot lock "
					 "'%s': another process holds it; try "
					 "again", path);
		if (i >= 10)
			clock_sleep_ms(1);
	}
	return 0;
}

static bool
is_at_path(int fd, const char *path, struct stat *st)
{
	struct stat named;

	return fstat(fd, st) == 0 && stat(path, &named) == 0 &&
	       st->st_ino == named.st_ino && st->st_dev == named.st_dev;
}

/*
 * Open for appending, and lock, the file that has the name now: *fd, or -1 if
 * there is none. The loop ends: each turn means that another process replaced
 * the file.
 */
static int
open_locked(const char *path, int *fd, struct stat *st,
	    struct imgcache_error *err)
{
	int rc;

	for (;;) {
		*fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
		if (*fd < 0 && errno == ENOENT)
			return 0;
		if (*fd < 0)
			return error_errno(err, IMGCACHE_EFAIL,
					   "cannot open '%s'", path);
		rc = lock_shared(*fd, path, err);
		if (rc == 0 && is_at_path(*fd, path, st))
			return 0;
		close(*fd);
		*fd = -1;
		if (rc)
			return rc;
	}
}

static void
add_text(struct buf *b, const char *text)
{
	buf_adds(b, text ? text : "");
	buf_addc(b, '\0');
}

static void
encode(struct buf *b, const struct lookup *l)
{
	struct record r = {
		.magic = RECORD_MAGIC,
		.at = l->at,
		.us = l->us,
		.saved_us = l->saved_us,
		.result = l->result,
		.reason = l->reason,
	};

	buf_add(b, &r, sizeof(r));
	add_text(b, l->engine);
	add_text(b, l->tag);
	add_text(b, l->platform);
	add_text(b, l->name);
	add_text(b, l->verb);
	r.size = (uint32_t)b->len;
	memcpy(b->data, &r, sizeof(r));
	r.check = checksum(b->data + CHECKED_FROM, b->len - CHECKED_FROM);
	memcpy(b->data, &r, sizeof(r));
}

static int
open_for_append(const char *dir, const char *path, int *fd,
		struct stat *st, struct imgcache_error *err)
{
	int rc = open_locked(path, fd, st, err);

	while (rc == 0 && *fd < 0) {
		rc = make_first(dir, path, err);
		if (rc == 0)
			rc = open_locked(path, fd, st, err);
	}
	return rc;
}

/* One write(2), so that records of two processes do not mix. */
static int
write_once(int fd, const struct buf *b)
{
	ssize_t n;

	do
		n = write(fd, b->data, b->len);
	while (n < 0 && errno == EINTR);
	if (n == (ssize_t)b->len)
		return 0;
	if (n >= 0)
		errno = ENOSPC;
	return -1;
}

int
journal_append(const char *dir, const struct lookup *l, int64_t *size,
	       struct imgcache_error *err)
{
	struct buf b = BUF_INIT;
	struct stat st = { 0 };
	char *path = NULL;
	int fd = -1, rc;

	encode(&b, l);
	if (b.len > JOURNAL_RECORD_MAX) {
		rc = error_set(err, JOURNAL_ETOOLONG, "a lookup of %zu bytes "
			       "does not fit the journal", b.len);
		goto out;
	}
	path = journal_path(dir);
	rc = open_for_append(dir, path, &fd, &st, err);
	if (rc == 0 && write_once(fd, &b))
		rc = error_errno(err, IMGCACHE_EFAIL,
				 "cannot record a lookup in '%s'", path);
	if (size)
		*size = (int64_t)st.st_size + (int64_t)b.len;
out:
	if (fd >= 0)
		close(fd);
	free(path);
	buf_release(&b);
	return rc;
}

/* Everything of fd from offset on. */
static int
read_from(int fd, int64_t offset, struct buf *out)
{
	ssize_t n;

	for (;;) {
		buf_reserve(out, 65536);
		n = pread(fd, out->data + out->len, 65536, offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return (int)n;
		out->len += (size_t)n;
		out->data[out->len] = '\0';
		offset += n;
	}
}

/* The texts of a record, or false if they are not what the size says. */
static bool
decode_texts(const char *p, const char *end, struct lookup *l)
{
	const char **fields[] = {
		&l->engine, &l->tag, &l->platform, &l->name, &l->verb
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const char *nul = memchr(p, '\0', (size_t)(end - p));

		if (!nul)
			return false;
		*fields[i] = p;
		p = nul + 1;
	}
	if (!*l->name)
		l->name = NULL;
	return p == end;
}

static bool
decode(const struct buf *data, size_t pos, struct lookup *l,
	size_t *size)
{
	const char *p = data->data + pos;
	size_t left = data->len - pos;
	struct record r;

	if (left < sizeof(r))
		return false;
	memcpy(&r, p, sizeof(r));
	if (r.magic != RECORD_MAGIC || r.size < sizeof(r) || r.size > left ||
	    r.size > JOURNAL_RECORD_MAX || r.result >= LOOKUP_RESULTS ||
	    r.reason >= IMGCACHE_REASONS ||
	    r.check != checksum(p + CHECKED_FROM, r.size - CHECKED_FROM))
		return false;
	*l = (struct lookup){
		.at = r.at,
		.us = r.us,
		.saved_us = r.saved_us,
		.result = (enum lookup_result)r.result,
		.reason = (enum imgcache_reason)r.reason,
	};
	*size = r.size;
	return decode_texts(p + sizeof(r), p + r.size, l);
}

bool
journal_next(const struct buf *data, size_t *pos, struct lookup *l,
	     int64_t *skipped)
{
	size_t size;

	while (*pos < data->len) {
		if (decode(data, *pos, l, &size)) {
			*pos += size;
			return true;
		}
		(*pos)++;
		(*skipped)++;
	}
	return false;
}

/* How much of data ends with a whole record. */
static size_t
whole_length(const struct buf *data, size_t from)
{
	size_t pos = from, end = from;
	int64_t skipped = 0;
	struct lookup l;

	while (journal_next(data, &pos, &l, &skipped))
		end = pos;
	return end;
}

/* The id in the header, 0 if there is no header to trust. */
static uint64_t
read_id(int fd)
{
	struct header h;

	if (pread(fd, &h, sizeof(h), 0) != sizeof(h) ||
	    h.magic != HEADER_MAGIC)
		return 0;
	return h.id;
}

/*
 * What was read is on disk before the database may say so: else a power
 * failure could leave a file shorter than its place, and the next records would
 * be lost. A file with a damaged header has id 0: it is read from its
 * beginning, and journal_rotate() replaces it whatever its size.
 */
int
journal_read(const char *dir, struct journal_place *place, struct buf *out,
	     struct imgcache_error *err)
{
	char *path = journal_path(dir);
	size_t before = out->len;
	struct stat st;
	uint64_t id;
	int rc = 0, fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0 && errno == ENOENT)
		goto out;
	if (fd < 0 || fstat(fd, &st))
		goto fail;
	id = read_id(fd);
	if (id != place->id || place->offset > (int64_t)st.st_size)
		place->offset = id ? (int64_t)sizeof(struct header) : 0;
	place->id = id;
	if (read_from(fd, place->offset, out) ||
	    (out->len > before && fdatasync(fd)))
		goto fail;
	buf_truncate(out, whole_length(out, before));
	place->offset += (int64_t)(out->len - before);
	goto out;
fail:
	rc = error_errno(err, IMGCACHE_EFAIL, "cannot read '%s'", path);
out:
	if (fd >= 0)
		close(fd);
	free(path);
	return rc;
}

/*
 * The new file is ready before the lock is asked for, and the lock is only
 * tried: appenders hardly wait, and another time will do.
 */
int
journal_rotate(const char *dir, const struct journal_place *place,
	       struct imgcache_error *err)
{
	char *path, *temp = NULL;
	struct stat st;
	int fd = -1, rc;

	if (place->id && place->offset < JOURNAL_ROTATE_BYTES)
		return 0;
	path = journal_path(dir);
	rc = make_fresh(dir, &temp, err);
	if (rc)
		goto out;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) ||
	    !is_at_path(fd, path, &st) || read_id(fd) != place->id ||
	    place->offset != (int64_t)st.st_size || rename(temp, path))
		unlink(temp);
out:
	if (fd >= 0)
		close(fd);
	free(temp);
	free(path);
	return rc;
}
