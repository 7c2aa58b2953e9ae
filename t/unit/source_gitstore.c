/* SPDX-License-Identifier: MIT */
/* Lengths as git itself tells them, of repositories that git made. */
#include "source_room.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/mem.h"
#include "source/gitstore.h"

#define FAR_AT (UINT64_C(0x1234567ff))	/* above 4 GiB */

struct object {
	char hex[41];
	unsigned char id[GITPACK_ID_SIZE];
	uint64_t size;
};

static struct object *objects;
static size_t n_objects, cap_objects;

static void
sh(const char *command)
{
	cr_assert_eq(system(command), 0, "%s", command);
}

/* A repository r with contents that are alike, unlike, empty and big. */
static void
set_up(void)
{
	room_enter();
	setenv("HOME", top, 1);
	unsetenv("XDG_CONFIG_HOME");
	sh("git init -q r && cd r && "
	   "for i in 1 2 3 4 5 6 7 8 9; do for j in 1 2 3; do "
	   "	{ seq $((j * 1000)); echo $i; seq 0$i 70$i; } >$j.$i; "
	   "done; done; "
	   ": >empty; printf x >byte; head -c 15 /dev/zero >15; "
	   "head -c 16 /dev/zero >16; head -c 300000 /dev/urandom >noise; "
	   "seq 100000 >big; (cat noise; echo) >noise2; "
	   "git add . && git -c user.name=a -c user.email=a commit -q -m x");
}

static void
tear_down(void)
{
	free(objects);
	room_leave();
}

TestSuite(gitstore, .init = set_up, .fini = tear_down);

static void
take_id(struct object *o)
{
	for (size_t i = 0; i < GITPACK_ID_SIZE; i++) {
		unsigned byte;

		cr_assert_eq(sscanf(o->hex + 2 * i, "%2x", &byte), 1);
		o->id[i] = (unsigned char)byte;
	}
}

/* Every file's content in r. */
static void
list(void)
{
	FILE *f = popen("git -C r cat-file --batch-check --batch-all-objects "
			"--unordered", "r");
	char kind[16];
	struct object o;

	cr_assert(f);
	n_objects = 0;
	while (fscanf(f, "%40s %15s %lu", o.hex, kind, &o.size) == 3) {
		if (strcmp(kind, "blob") != 0)
			continue;
		take_id(&o);
		mem_grow(objects, n_objects, cap_objects);
		objects[n_objects++] = o;
	}
	cr_assert_eq(pclose(f), 0);
	cr_assert_neq(n_objects, 0);
}

/* How many lengths are known; all of them are true. */
static size_t
count_known(const char *dir)
{
	struct gitstore *s = gitstore_open(dir);
	size_t n = 0;
	uint64_t size;

	for (size_t i = 0; i < n_objects; i++)
		if (gitstore_size(s, objects[i].id, &size)) {
			n++;
			cr_expect_eq(size, objects[i].size, "%s",
				     objects[i].hex);
		}
	gitstore_close(s);
	return n;
}

static void
expect_all(const char *dir)
{
	list();
	cr_expect_eq(count_known(dir), n_objects);
}

static void
expect_none(const char *dir)
{
	list();
	cr_expect_eq(count_known(dir), 0);
}

static void
expect_deltas(void)
{
	sh("test $(git verify-pack -v r/.git/objects/pack/*.idx | "
	   "grep -c 'blob .* [1-9][0-9]* [0-9a-f]\\{40\\}$') -gt 10");
}

Test(gitstore, loose_objects_have_their_lengths)
{
	expect_all("r/.git/objects");
}

Test(gitstore, whole_and_delta_in_a_pack_have_their_lengths)
{
	sh("git -C r repack -q -a -d -f");
	expect_deltas();
	expect_all("r/.git/objects");
}

Test(gitstore, a_delta_that_names_its_base_has_its_length)
{
	sh("git -C r -c repack.useDeltaBaseOffset=false repack -q -a -d -f");
	expect_deltas();
	expect_all("r/.git/objects");
}

Test(gitstore, several_packs_and_loose_objects_go_together)
{
	sh("cd r && git repack -q -d && seq 5 >n1 && git add n1 && "
	   "git -c user.name=a -c user.email=a commit -q -m x && "
	   "git repack -q -d && seq 6 >n2 && git add n2 && "
	   "test $(ls .git/objects/pack/*.idx | wc -l) -eq 2");
	expect_all("r/.git/objects");
}

Test(gitstore, borrowed_objects_have_their_lengths)
{
	sh("git -C r repack -q -a -d && git clone -q -s -n r s && "
	   "git clone -q -s -n s s2 && "
	   "mkdir -p near/info && echo ../s2/.git/objects "
	   ">near/info/alternates");
	expect_all("s/.git/objects");
	expect_all("s2/.git/objects");
	expect_all("near");
}

Test(gitstore, alternates_in_a_circle_end)
{
	sh("mkdir -p a/info && echo ../a >a/info/alternates");
	expect_none("a");
	sh("printf '# x\\n\"../r/.git/objects\"\\n\\n/none\\n' "
	   ">a/info/alternates");
	expect_none("a");
}

Test(gitstore, offsets_of_64_bits_are_read)
{
	sh("cd r/.git/objects/pack && git -C ../../.. repack -q -a -d -f && "
	   "chmod u+w *.idx && "
	   "git index-pack --index-version=2,0x100 -o far.idx *.pack "
	   ">/dev/null && mv -f far.idx *[0-9a-f].idx && "
	   "test $(ls *.idx | wc -l) -eq 1");
	expect_all("r/.git/objects");
}

Test(gitstore, an_index_of_the_first_version_is_not_known)
{
	sh("git -C r -c pack.indexVersion=1 repack -q -a -d -f");
	expect_none("r/.git/objects");
}

Test(gitstore, trees_and_what_is_not_there_have_no_length)
{
	struct gitstore *s;
	struct object o;
	uint64_t size;
	FILE *f;

	for (int packed = 0; packed < 2; packed++) {
		f = popen("cd r && git rev-parse HEAD HEAD^{tree} && "
			  "echo 0123456789012345678901234567890123456789", "r");
		s = gitstore_open("r/.git/objects");
		while (fscanf(f, "%40s", o.hex) == 1) {
			take_id(&o);
			cr_expect_not(gitstore_size(s, o.id, &size), "%s",
				      o.hex);
		}
		gitstore_close(s);
		cr_assert_eq(pclose(f), 0);
		sh("git -C r repack -q -a -d");
	}
}

Test(gitstore, no_store_has_no_objects)
{
	expect_none("nowhere");
	expect_none("r/1.1");
}

static void
put32(struct buf *b, uint32_t n)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		buf_addc(b, (char)(n >> shift));
}

static void
put_bytes(const char *path, const struct buf *b, off_t at)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	cr_assert_geq(fd, 0);
	cr_assert_eq(pwrite(fd, b->data, b->len, at), (ssize_t)b->len);
	close(fd);
}

/* A pack of one object with its head, behind a hole of more than 4 GiB. */
static void
make_far_pack(const unsigned char *id, const char *sum, uint64_t at)
{
	struct buf b = BUF_INIT;

	buf_adds(&b, "PACK");
	put32(&b, 2);
	put32(&b, 1);
	put_bytes("o/pack/x.pack", &b, 0);
	buf_clear(&b);
	buf_add(&b, "\xb5\x01" "deflated", 10);	/* a blob of 21 bytes */
	buf_adds(&b, sum);
	put_bytes("o/pack/x.pack", &b, (off_t)FAR_AT);
	buf_clear(&b);
	buf_add(&b, "\377tOc\0\0\0\2", 8);
	for (unsigned i = 0; i < 256; i++)
		put32(&b, i >= id[0]);
	buf_add(&b, id, GITPACK_ID_SIZE);
	put32(&b, 0);
	put32(&b, 0x80000000u);
	put32(&b, (uint32_t)(at >> 32));
	put32(&b, (uint32_t)at);
	buf_adds(&b, "sum of the one pack.sum of the whole index");
	buf_truncate(&b, 8 + 1024 + 36 + 40);
	put_bytes("o/pack/x.idx", &b, 0);
	buf_release(&b);
}

static bool
has_far(const char *sum, uint64_t at, uint64_t *size)
{
	const unsigned char *id = (const void *)"an id of twenty byte";
	struct gitstore *s;
	bool is;

	make_far_pack(id, sum, at);
	s = gitstore_open("o");
	is = gitstore_size(s, id, size);
	gitstore_close(s);
	return is;
}

Test(gitstore, a_pack_above_4_gib_is_read)
{
	const char *sum = "sum of the one pack.";
	uint64_t size = 0;

	cr_assert_eq(file_mkdirs("o/pack", 0755, &err), 0);
	cr_expect(has_far(sum, FAR_AT, &size));
	cr_expect_eq(size, 21);
	cr_expect_not(has_far("sum of another pack.", FAR_AT, &size));
	cr_expect_not(has_far(sum, FAR_AT + 10, &size));
	cr_expect_not(has_far(sum, FAR_AT << 31, &size));
	cr_expect_not(has_far(sum, UINT64_MAX, &size));
	cr_expect_not(has_far(sum, 11, &size));
}

/* What git says now of an object that has become another. */
static uint64_t
git_s_size(const struct object *o)
{
	char *command = mem_printf("git -C r cat-file -s %s 2>/dev/null",
				   o->hex);
	FILE *f = popen(command, "r");
	uint64_t size = UINT64_MAX;

	cr_assert(f);
	if (fscanf(f, "%lu", &size) != 1)
		size = UINT64_MAX;
	pclose(f);
	free(command);
	return size;
}

static void
expect_true_or_unknown(const char *what, size_t at)
{
	struct gitstore *s = gitstore_open("r/.git/objects");
	uint64_t size;

	for (size_t i = 0; i < n_objects; i++)
		if (gitstore_size(s, objects[i].id, &size) &&
		    size != objects[i].size)
			cr_expect_eq(size, git_s_size(objects + i),
				     "%s at %zu: %s is %lu", what, at,
				     objects[i].hex, size);
	gitstore_close(s);
}

/* A few objects in one pack, so that every byte of it can be damaged. */
static struct buf
make_small_pack(const char *options)
{
	struct buf name = BUF_INIT;
	char *command = mem_printf(
		"cd r && rm -rf .git && git init -q && find . -type f "
		"! -path './.git/*' ! -name '1.*' -delete && git add . && "
		"git -c user.name=a -c user.email=a commit -q -m x && "
		"git %s repack -q -a -d -f && cd .git/objects/pack && "
		"chmod u+w * && ls *.idx >../../../../name", options);

	sh(command);
	cr_assert_eq(file_read(AT_FDCWD, "name", 0, &name, &err), 0);
	buf_truncate(&name, name.len - strlen(".idx\n"));
	free(command);
	n_objects = 0;
	return name;
}

static void
damage(const char *name, const char *suffix)
{
	char *path = mem_printf("r/.git/objects/pack/%s.%s", name, suffix);
	struct buf was = BUF_INIT;
	int fd = open(path, O_RDWR | O_CLOEXEC);

	cr_assert_geq(fd, 0);
	cr_assert_eq(file_read_fd(fd, path, 0, &was, &err), 0);
	for (size_t i = 0; i < was.len; i++) {
		char bad = (char)(was.data[i] ^ (1 << i % 8));

		cr_assert_eq(pwrite(fd, &bad, 1, (off_t)i), 1);
		expect_true_or_unknown(suffix, i);
		cr_assert_eq(pwrite(fd, was.data + i, 1, (off_t)i), 1);
	}
	for (size_t len = was.len; len-- > 0;) {
		cr_assert_eq(ftruncate(fd, (off_t)len), 0);
		cr_expect_eq(count_known("r/.git/objects"), 0);
	}
	close(fd);
	free(path);
	buf_release(&was);
}

static void
damage_all(const char *options)
{
	static const char *const files[] = { "idx", "pack" };

	for (size_t i = 0; i < 2; i++) {
		struct buf name = make_small_pack(options);

		list();
		expect_all("r/.git/objects");
		damage(name.data, files[i]);
		buf_release(&name);
	}
}

Test(gitstore, what_is_damaged_is_not_believed)
{
	damage_all("");
}

Test(gitstore, what_is_damaged_is_not_believed_with_named_bases)
{
	damage_all("-c repack.useDeltaBaseOffset=false");
}

Test(gitstore, a_damaged_loose_object_is_not_believed)
{
	struct buf was = BUF_INIT;
	int fd;

	put("l", "a text that is long enough to be deflated, is it not?\n");
	sh("cd r && rm -rf .git && git init -q && cp ../l . && git add l && "
	   "ln -f .git/objects/[0-9a-f][0-9a-f]/* ../loose && chmod u+w ../loose");
	n_objects = 1;
	mem_grow(objects, n_objects, cap_objects);
	objects[0].size = 54;
	sh("cd r && git ls-files -s | cut -c 8-47 >../id");
	cr_assert_eq(file_read(AT_FDCWD, "id", 0, &was, &err), 0);
	memcpy(objects[0].hex, was.data, 40);
	objects[0].hex[40] = '\0';
	take_id(objects);
	buf_clear(&was);
	cr_expect_eq(count_known("r/.git/objects"), 1);
	cr_assert_eq(file_read(AT_FDCWD, "loose", 0, &was, &err), 0);
	fd = open("loose", O_RDWR | O_CLOEXEC);
	for (size_t i = 0; i < was.len; i++) {
		char bad = (char)(was.data[i] ^ (1 << i % 8));

		cr_assert_eq(pwrite(fd, &bad, 1, (off_t)i), 1);
		expect_true_or_unknown("loose", i);
		cr_assert_eq(pwrite(fd, was.data + i, 1, (off_t)i), 1);
	}
	for (size_t len = was.len; len-- > 0;) {
		cr_assert_eq(ftruncate(fd, (off_t)len), 0);
		(void)count_known("r/.git/objects");
	}
	close(fd);
	buf_release(&was);
}
