/* SPDX-License-Identifier: MIT */
/*
 * The file is gone through once. Of an entry that may be used two things are
 * kept: a 128-bit digest of its stat data and path, and the id. A look-up makes
 * the same digest of what lstat() says now.
 */

#include "source/gitindex.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/strv.h"
#include "source/bigendian.h"
#include "source/gitattr.h"
#include "source/gitlib.h"
#include "source/gitpast.h"
#include "source/gitstore.h"
#include "source/repo.h"
#include "sys/file.h"

#define ID_SIZE 20
#define HEAD_SIZE 12
#define FIXED_SIZE 62		/* of an entry, less extended flags and path */
#define KEY_SIZE 16
#define ROOM_FOR_KEY 256	/* with most paths */
#define GIVE_BACK (1024 * 1024)

/* Flags of an entry, the extended ones above. */
#define ENTRY_NAME_MASK 0x0fffu
#define ENTRY_STAGE 0x3000u
#define ENTRY_EXTENDED 0x4000u
#define ENTRY_ASSUMED 0x8000u

struct known {
	unsigned char key[KEY_SIZE];
	unsigned char id[ID_SIZE];
};

struct gitindex {
	char *prefix;		/* of dir in the work tree, with its '/' */
	int64_t mtime_ns;	/* of the index */
	int64_t since_ns;	/* no younger file met rules that are gone */
	int64_t least_size;	/* a file this long is no pointer of git-lfs */
	struct gitstore *store;
	struct gitlib_objects *objects;	/* for what store does not know */
	struct known *known;
	size_t n, cap;
	uint32_t *slots;	/* number in known + 1 */
	size_t mask;
	const struct gitattr *attributes;
	pthread_mutex_t lock;
	struct gitattr **owned;	/* every gitattr there is */
	size_t n_owned, cap_owned;
};

/* The file while it is read. */
struct source {
	const unsigned char *data;
	size_t len;		/* less the sum at its end */
	size_t at;
	size_t given_back;
	uint32_t version;
	uint32_t n;
	struct buf path;
	int top_fd;
};

struct stat_key {
	uint32_t ctime_s, ctime_ns, mtime_s, mtime_ns;
	uint32_t dev, ino, type, size;
};

static bool
make_key(const struct stat_key *s, const char *prefix, const char *path,
	 struct buf *scratch, unsigned char key[KEY_SIZE])
{
	struct imgcache_error ignored = { 0 };
	struct hash h;

	buf_clear(scratch);
	buf_add(scratch, s, sizeof(*s));
	buf_adds(scratch, prefix);
	buf_adds(scratch, path);
	if (hash_bytes(HASH_XXH3, scratch->data, scratch->len, &h, &ignored))
		return false;
	memcpy(key, h.bytes, KEY_SIZE);
	return true;
}

/* Length of the path at hand's part in this entry, its NUL excluded. */
static bool
read_path(struct source *s, size_t *at)
{
	const unsigned char *p = s->data + *at;
	const unsigned char *end = s->data + s->len;
	const unsigned char *nul;

	if (s->version == 4) {
		size_t strip = 0;
		unsigned char c;

		/* The varint of pack files; see gitformat-pack(5). */
		do {
			if (p == end || strip > UINT32_MAX)
				return false;
			c = *p++;
			strip = strip << 7 | (c & 0x7f);
			strip += c >> 7;
		} while (c & 0x80);
		if (strip > s->path.len)
			return false;
		buf_truncate(&s->path, s->path.len - strip);
	} else {
		buf_clear(&s->path);
	}
	nul = memchr(p, '\0', (size_t)(end - p));
	if (!nul)
		return false;
	buf_add(&s->path, p, (size_t)(nul - p));
	*at = (size_t)(nul - s->data);
	return true;
}

/* From the NUL behind the path to the next entry. */
static size_t
behind(const struct source *s, size_t begin, size_t nul)
{
	if (s->version == 4)
		return nul + 1;
	return begin + (nul - begin + 8) / 8 * 8;
}

static bool
is_young(const struct gitindex *g, uint32_t sec, uint32_t nsec)
{
	return (int64_t)sec * 1000000000 + nsec >= g->mtime_ns;
}

static void
add_entry(struct gitindex *g, const struct source *s,
	  const unsigned char *e, struct buf *scratch)
{
	struct stat_key k = {
		be32(e), be32(e + 4), be32(e + 8), be32(e + 12), be32(e + 16),
		be32(e + 20), be32(e + 24) & S_IFMT, be32(e + 36)
	};
	struct known *known;

	if ((k.type != S_IFREG && k.type != S_IFLNK) ||
	    is_young(g, k.ctime_s, k.ctime_ns) ||
	    is_young(g, k.mtime_s, k.mtime_ns))
		return;
	mem_grow(g->known, g->n, g->cap);
	known = g->known + g->n;
	if (!make_key(&k, s->path.data, "", scratch, known->key))
		return;
	memcpy(known->id, e + 40, ID_SIZE);
	g->n++;
}

/*
 * A tracked .gitattributes that is not in the work tree holds all the same, and
 * what is in it is not known here.
 */
static bool
is_hidden_rule(const struct source *s)
{
	const char *name = ".gitattributes";
	struct stat st;

	if (!str_ends(s->path.data, name) ||
	    !str_is(path_base(s->path.data), name))
		return false;
	return fstatat(s->top_fd, s->path.data, &st, AT_SYMLINK_NOFOLLOW) < 0;
}

/* The entry at s->at, of which at least the fixed part is there. */
static bool
read_entry(struct gitindex *g, struct source *s, struct buf *scratch)
{
	const unsigned char *e = s->data + s->at;
	uint32_t flags = be16(e + 60);
	size_t at = s->at + FIXED_SIZE;
	uint32_t more = 0;

	if (flags & ENTRY_EXTENDED) {
		if (s->version < 3 || s->len - at < 2)
			return false;
		more = be16(s->data + at);
		at += 2;
	}
	if (!read_path(s, &at) || is_hidden_rule(s))
		return false;
	if (!(flags & (ENTRY_STAGE | ENTRY_ASSUMED)) && !more &&
	    str_starts(s->path.data, g->prefix))
		add_entry(g, s, e, scratch);
	s->at = behind(s, s->at, at);
	if (s->at - s->given_back > GIVE_BACK) {
		madvise((void *)(s->data + s->given_back), GIVE_BACK,
			MADV_DONTNEED);
		s->given_back += GIVE_BACK;
	}
	return s->at <= s->len;
}

/* An extension that must be understood begins with a small letter. */
static bool
only_optional_extensions(const struct source *s)
{
	size_t at = s->at;

	while (s->len - at >= 8) {
		size_t size = be32(s->data + at + 4);

		if (s->data[at] < 'A' || s->data[at] > 'Z' ||
		    size > s->len - at - 8)
			return false;
		at += 8 + size;
	}
	return at == s->len;
}

static bool
read_entries(struct gitindex *g, struct source *s)
{
	struct buf scratch = BUF_INIT;
	bool ok = s->len >= HEAD_SIZE && memcmp(s->data, "DIRC", 4) == 0;

	if (ok) {
		s->version = be32(s->data + 4);
		s->n = be32(s->data + 8);
		s->at = HEAD_SIZE;
		ok = s->version >= 2 && s->version <= 4 &&
			s->n <= s->len / FIXED_SIZE;
		g->cap = ok ? s->n : 0;
		g->known = mem_resize(NULL, g->cap, sizeof(*g->known));
	}
	for (uint32_t i = 0; ok && i < s->n; i++)
		ok = s->len - s->at >= FIXED_SIZE && read_entry(g, s, &scratch);
	buf_release(&scratch);
	return ok && only_optional_extensions(s);
}

static size_t
slot_of(const unsigned char *key)
{
	size_t slot;

	memcpy(&slot, key, sizeof(slot));
	return slot;
}

static void
make_slots(struct gitindex *g)
{
	size_t size = 64;

	while (size < g->n * 2)
		size *= 2;
	g->slots = mem_array(size, sizeof(*g->slots));
	g->mask = size - 1;
	for (size_t n = 0; n < g->n; n++) {
		size_t i = slot_of(g->known[n].key);

		while (g->slots[i & g->mask])
			i++;
		g->slots[i & g->mask] = (uint32_t)n + 1;
	}
}

static bool
is_ours(int fd, struct stat *st)
{
	return fstat(fd, st) == 0 && st->st_uid == geteuid();
}

/* Map the index file and take what is of use; false if it is not to be used. */
static bool
read_index(struct gitindex *g, int fd, int top_fd)
{
	struct source s = { .path = BUF_INIT, .top_fd = top_fd };
	struct stat st;
	size_t len;
	void *map;
	bool ok;

	if (!is_ours(fd, &st) || !S_ISREG(st.st_mode) ||
	    st.st_size < HEAD_SIZE + ID_SIZE)
		return false;
	g->mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 +
		st.st_mtim.tv_nsec;
	len = (size_t)st.st_size;
	map = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return false;
	s.data = map;
	s.len = len - ID_SIZE;
	ok = read_entries(g, &s);
	munmap(map, len);
	buf_release(&s.path);
	if (ok)
		make_slots(g);
	return ok;
}

static const struct gitattr *
own(struct gitindex *g, const struct gitattr *parent, struct gitattr *a)
{
	if (!a)
		return parent;
	pthread_mutex_lock(&g->lock);
	mem_grow(g->owned, g->n_owned, g->cap_owned);
	g->owned[g->n_owned++] = a;
	pthread_mutex_unlock(&g->lock);
	return a;
}

/* Rules outside the work tree, then those of the folders down to dir. */
static void
read_attributes(struct gitindex *g, const struct repo_paths *repo,
		const struct strv *files, int top_fd)
{
	const struct gitattr *a = own(g, NULL, gitattr_parse(NULL, "", 0));
	char *info = path_join(repo->common, "info/attributes");
	const char *slash = g->prefix;
	struct buf path = BUF_INIT;

	for (size_t i = 0; i < files->n; i++)
		a = own(g, a, gitattr_read(a, AT_FDCWD, files->v[i]));
	a = own(g, a, gitattr_read(a, AT_FDCWD, info));
	for (;;) {
		buf_clear(&path);
		buf_add(&path, g->prefix, (size_t)(slash - g->prefix));
		buf_adds(&path, ".gitattributes");
		a = own(g, a, gitattr_read(a, top_fd, path.data));
		slash = strchr(slash, '/');
		if (!slash)
			break;
		slash++;
	}
	g->attributes = a;
	buf_release(&path);
	free(info);
}

/* dir's place below the top: "" or "a/b/". */
static char *
prefix_of(const char *dir, const char *top)
{
	char *real = realpath(dir, NULL);
	size_t len = str_is(top, "/") ? 0 : strlen(top);
	char *prefix = NULL;

	if (real && strncmp(real, top, len) == 0 && !real[len])
		prefix = mem_strdup("");
	else if (real && strncmp(real, top, len) == 0 && real[len] == '/')
		prefix = real[len + 1] ? mem_printf("%s/", real + len + 1) :
			mem_strdup("");
	free(real);
	return prefix;
}

static struct gitstore *
open_store(const struct repo_paths *repo)
{
	char *objects = path_join(repo->common, "objects");
	struct gitstore *store = gitstore_open(objects);

	free(objects);
	return store;
}

/* The files that are read here, while libgit2 is loaded by another thread. */
struct files {
	struct gitindex *g;
	const struct repo_paths *repo;
	int index_fd, top_fd;
	bool ok;
	pthread_t thread;
	bool is_beside;
};

static void *
read_files(void *data)
{
	struct files *f = data;

	f->ok = read_index(f->g, f->index_fd, f->top_fd);
	if (f->ok)
		f->g->store = open_store(f->repo);
	return NULL;
}

/* Signals are for the thread that was there before. */
static void
begin_files(struct files *f)
{
	sigset_t all, old;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	f->is_beside = pthread_create(&f->thread, NULL, read_files, f) == 0;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (!f->is_beside)
		read_files(f);
}

static bool
end_files(struct files *f)
{
	if (f->is_beside)
		pthread_join(f->thread, NULL);
	return f->ok;
}

static bool
open_from(struct gitindex *g, const struct repo_paths *repo, int index_fd,
	  int top_fd)
{
	struct files files = { g, repo, index_fd, top_fd };
	struct gitlib_facts facts = { 0 };
	bool ok;

	begin_files(&files);
	ok = gitlib_facts(repo->top, &facts) && !facts.converts &&
		gitpast_read(repo, &facts, &g->since_ns) && facts.objects;
	ok = end_files(&files) && ok;
	if (ok) {
		g->objects = facts.objects;
		g->least_size = facts.least_size;
		facts.objects = NULL;
		read_attributes(g, repo, &facts.attributes, top_fd);
	}
	gitlib_facts_release(&facts);
	return ok;
}

static bool
open_in(struct gitindex *g, const struct repo_paths *repo)
{
	char *path = path_join(repo->git, "index");
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int top_fd = open(repo->top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;
	bool ok = fd >= 0 && top_fd >= 0 && is_ours(top_fd, &st) &&
		open_from(g, repo, fd, top_fd);

	if (top_fd >= 0)
		close(top_fd);
	if (fd >= 0)
		close(fd);
	free(path);
	return ok;
}

struct gitindex *
gitindex_open(const char *dir)
{
	struct gitindex *g = mem_alloc(sizeof(*g));
	struct repo_paths repo = { 0 };
	bool ok = false;

	pthread_mutex_init(&g->lock, NULL);
	if (repo_find(dir, &repo)) {
		g->prefix = prefix_of(dir, repo.top);
		ok = g->prefix && open_in(g, &repo);
	}
	repo_paths_release(&repo);
	if (ok)
		return g;
	gitindex_close(g);
	return NULL;
}

void
gitindex_close(struct gitindex *g)
{
	if (!g)
		return;
	for (size_t i = 0; i < g->n_owned; i++)
		gitattr_free(g->owned[i]);
	pthread_mutex_destroy(&g->lock);
	gitstore_close(g->store);
	gitlib_objects_close(g->objects);
	free(g->owned);
	free(g->known);
	free(g->slots);
	free(g->prefix);
	free(g);
}

const struct gitattr *
gitindex_attributes(const struct gitindex *g)
{
	return g->attributes;
}

const struct gitattr *
gitindex_enter(struct gitindex *g, const struct gitattr *parent, int dirfd,
	       const char *path)
{
	return own(g, parent, gitattr_read(parent, dirfd, path));
}

/*
 * Is the object as long as the file? It is not after most that git does to
 * content, whatever it was that asked for it.
 */
static bool
is_as_long(const struct gitindex *g, const struct known *k,
	   const struct stat_id *id)
{
	uint64_t size;

	if (id->ctime_ns < g->since_ns)
		return false;
	if (S_ISLNK(id->mode))
		return true;
	if (id->size < g->least_size)
		return false;
	if (gitstore_size(g->store, k->id, &size))
		return size == (uint64_t)id->size;
	return gitlib_objects_has(g->objects, k->id, id->size);
}

bool
gitindex_find(const struct gitindex *g, const char *path,
	      const struct stat_id *id, struct hash *out)
{
	const int64_t s = 1000000000;
	struct stat_key k = {
		(uint32_t)(id->ctime_ns / s), (uint32_t)(id->ctime_ns % s),
		(uint32_t)(id->mtime_ns / s), (uint32_t)(id->mtime_ns % s),
		(uint32_t)id->dev, (uint32_t)id->ino, id->mode & S_IFMT,
		(uint32_t)id->size
	};
	struct buf scratch = BUF_INIT;
	unsigned char key[KEY_SIZE];
	uint32_t n = 0;

	buf_reserve(&scratch, ROOM_FOR_KEY);
	if (id->size > UINT32_MAX || id->mtime_ns < 0 || id->ctime_ns < 0 ||
	    !make_key(&k, g->prefix, path, &scratch, key))
		goto out;
	for (size_t i = slot_of(key); (n = g->slots[i & g->mask]); i++)
		if (memcmp(g->known[n - 1].key, key, KEY_SIZE) == 0)
			break;
	if (n && !is_as_long(g, &g->known[n - 1], id))
		n = 0;
	if (n) {
		memset(out, 0, sizeof(*out));
		out->len = ID_SIZE;
		memcpy(out->bytes, g->known[n - 1].id, ID_SIZE);
	}
out:
	buf_release(&scratch);
	return n != 0;
}
