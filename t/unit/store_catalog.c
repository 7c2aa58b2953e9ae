/* SPDX-License-Identifier: MIT */
#include "store_room.h"

#include <dirent.h>
#include <sys/mount.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/strv.h"
#include "store/facts.h"

static int
count_files(const struct room *r, const char *prefix)
{
	DIR *d = opendir(r->dir);
	struct dirent *e;
	int n = 0;

	while ((e = readdir(d)))
		n += !strncmp(e->d_name, prefix, strlen(prefix)) &&
			!str_ends(e->d_name, "-wal") &&
			!str_ends(e->d_name, "-shm");
	closedir(d);
	return n;
}

Test(catalog, the_first_opening_makes_it)
{
	struct room r;
	struct stat st;

	room_open(&r);
	cr_expect(catalog_flags(r.cat).was_made);
	cr_expect_not(catalog_flags(r.cat).is_readonly);
	cr_expect_null(catalog_warning(r.cat));
	cr_assert_eq(stat(catalog_path(r.cat), &st), 0);
	cr_expect_eq(st.st_mode & 07777, 0600);
	room_again(&r, CATALOG_WRITE);
	cr_expect_not(catalog_flags(r.cat).was_made);
	room_close(&r);
}

Test(catalog, it_is_in_wal_mode)
{
	struct buf header = BUF_INIT;
	struct room r;

	room_open(&r);
	catalog_close(r.cat);
	r.cat = NULL;
	ok(&r, file_read(AT_FDCWD, room_path(&r, "catalog.db"), 0, &header,
			 &r.err));
	/* fileformat2: bytes 18 and 19 are 2 for WAL */
	cr_expect_eq(header.data[18], 2);
	cr_expect_eq(header.data[19], 2);
	buf_release(&header);
	room_close(&r);
}

static void
make_by_many(struct room *r, int n)
{
	pid_t pids[32];
	int go[2];
	char c;

	cr_assert_eq(pipe(go), 0);
	for (int i = 0; i < n; i++) {
		pids[i] = fork();
		if (pids[i])
			continue;
		close(go[1]);
		if (read(go[0], &c, 1) < 0 ||
		    catalog_open(r->dir, CATALOG_WRITE, &r->cat, &r->err)) {
			fprintf(stderr, "%s\n", r->err.text);
			_exit(1);
		}
		catalog_close(r->cat);
		_exit(0);
	}
	close(go[0]);
	close(go[1]);
	for (int i = 0; i < n; i++)
		cr_expect(room_reap(pids[i]));
	room_again(r, CATALOG_WRITE);
	ok(r, catalog_check(r->cat, true, &r->err));
	room_close(r);
}

Test(catalog, thirty_two_processes_may_make_it_at_once)
{
	struct room r;

	room_dir(&r);
	make_by_many(&r, 32);
}

/* A file that somebody is just filling is nobody else's. */
Test(catalog, processes_may_make_it_at_once_at_any_moment, .timeout = 120)
{
	struct room r;

	for (int round = 0; round < 60; round++) {
		room_dir(&r);
		make_by_many(&r, 8);
	}
}

Test(catalog, facts_are_kept)
{
	struct room r;
	char *value;

	room_open(&r);
	ok(&r, facts_get(r.cat, "pruned", &value, &r.err));
	cr_expect_null(value);
	ok(&r, facts_set(r.cat, "pruned", "1", &r.err));
	ok(&r, facts_set(r.cat, "pruned", "2", &r.err));
	room_again(&r, CATALOG_WRITE);
	ok(&r, facts_get(r.cat, "pruned", &value, &r.err));
	cr_expect_str_eq(value, "2");
	free(value);
	room_close(&r);
}

Test(catalog, what_is_rolled_back_leaves_no_engine_behind)
{
	struct image_row row = room_image(1);
	struct room r;

	room_open(&r);
	ok(&r, catalog_begin(r.cat, &r.err));
	room_put(&r, &row);
	catalog_rollback(r.cat);
	cr_expect_eq(room_count(&r, "SELECT count(*) FROM engines"), 0);
	room_put(&r, &row);
	cr_expect_eq(room_count(&r, "SELECT count(*) FROM images"), 1);
	room_close(&r);
}

Test(catalog, rows_that_point_nowhere_are_refused)
{
	struct image_dependency d = { "apt", "git", NULL, NULL };
	struct room r;

	room_open(&r);
	cr_expect_neq(images_set_dependencies(r.cat, 77, &d, 1, &r.err), 0);
	cr_expect_not_null(strstr(r.err.text, "FOREIGN KEY"));
	room_close(&r);
}

static void
fill(struct room *r, int n)
{
	ok(r, catalog_begin(r->cat, &r->err));
	for (int i = 0; i < n; i++) {
		struct image_row row = room_image(i);

		room_put(r, &row);
	}
	ok(r, catalog_commit(r->cat, &r->err));
}

static void
trash(struct room *r, long page)
{
	char junk[4096];
	FILE *f = fopen(room_path(r, "catalog.db"), "r+");

	memset(junk, 0xa5, sizeof(junk));
	cr_assert_not_null(f);
	fseek(f, page * 4096, SEEK_SET);
	cr_assert_eq(fwrite(junk, sizeof(junk), 1, f), 1);
	fclose(f);
}

/* Use it as a verb would; whoever meets the damage recovers. */
static int
use_catalog(struct room *r)
{
	struct image_filter all = { .engine = ENGINE };
	struct image_list list = { 0 };
	int rc = images_list(r->cat, &all, &list, &r->err);

	image_list_release(&list);
	if (rc == 0)
		rc = catalog_check(r->cat, true, &r->err);
	return rc;
}

Test(catalog, any_page_damaged_is_noticed_and_set_aside, .timeout = 120)
{
	struct room r;
	struct stat st;
	int rc, set_aside = 0;
	char *copy;

	room_open(&r);
	fill(&r, 40);
	catalog_close(r.cat);
	r.cat = NULL;
	cr_assert_eq(stat(room_path(&r, "catalog.db"), &st), 0);
	copy = mem_printf("cp %s/catalog.db %s/good", r.dir, r.dir);
	cr_assert_eq(system(copy), 0);
	free(copy);
	for (long page = 0; page < st.st_size / 4096; page++) {
		copy = mem_printf("cp %s/good %s/catalog.db", r.dir, r.dir);
		cr_assert_eq(system(copy), 0);
		free(copy);
		trash(&r, page);
		ok(&r, catalog_open(r.dir, CATALOG_WRITE, &r.cat, &r.err));
		rc = catalog_flags(r.cat).was_rebuilt ? 0 : use_catalog(&r);
		if (rc) {
			cr_expect_eq(rc, CATALOG_ECORRUPT, "page %ld: %s",
				     page, r.err.text);
			error_clear(&r.err);
			ok(&r, catalog_recover(r.cat, &r.err));
		}
		cr_expect(catalog_flags(r.cat).was_rebuilt, "page %ld", page);
		cr_expect_not_null(catalog_warning(r.cat));
		cr_expect_eq(room_count(&r, "SELECT count(*) FROM images"), 0);
		fill(&r, 1);
		ok(&r, catalog_check(r.cat, true, &r.err));
		catalog_close(r.cat);
		r.cat = NULL;
		set_aside++;
	}
	cr_expect_eq(count_files(&r, "catalog.db.corrupt-"), set_aside);
	room_close(&r);
}

Test(catalog, two_that_notice_the_damage_set_it_aside_once)
{
	struct catalog *other;
	struct room r;

	room_open(&r);
	fill(&r, 3);
	ok(&r, catalog_open(r.dir, CATALOG_WRITE, &other, &r.err));
	ok(&r, catalog_recover(r.cat, &r.err));
	fill(&r, 2);
	ok(&r, catalog_recover(other, &r.err));
	cr_expect_eq(count_files(&r, "catalog.db.corrupt-"), 1);
	cr_expect_eq(room_count(&r, "SELECT count(*) FROM images"), 2);
	catalog_close(other);
	room_close(&r);
}

Test(catalog, a_directory_under_a_file_gives_an_ephemeral_one_to_readers)
{
	struct image_row row = room_image(1);
	struct catalog *cat;
	struct room r;
	char dir[96];
	int64_t id;

	room_dir(&r);
	ok(&r, file_replace(AT_FDCWD, room_path(&r, "file"), "x", 1, 0600,
			    false, &r.err));
	snprintf(dir, sizeof(dir), "%s/file/state", r.dir);
	ok(&r, catalog_open(dir, CATALOG_READ, &cat, &r.err));
	cr_expect(catalog_flags(cat).is_ephemeral);
	cr_expect(catalog_flags(cat).is_readonly);
	cr_expect_not_null(strstr(catalog_warning(cat), dir));
	ok(&r, images_put(cat, &row, &id, &r.err));
	cr_expect_eq(id, 0);
	catalog_close(cat);
	cr_expect_neq(catalog_open(dir, CATALOG_WRITE, &cat, &r.err), 0);
	room_close(&r);
}

/* A mount makes it read-only for root as well. */
static bool
make_readonly(const struct room *r)
{
	return mount(r->dir, r->dir, NULL, MS_BIND, NULL) == 0 &&
		mount(NULL, r->dir, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY,
		      NULL) == 0;
}

Test(catalog, a_read_only_home_can_be_read)
{
	struct image_row row = room_image(1);
	struct image_list list = { 0 };
	struct lookup hit = room_hit(&row);
	struct catalog *cat;
	struct room r;

	room_open(&r);
	room_put(&r, &row);
	catalog_close(r.cat);
	r.cat = NULL;
	if (!make_readonly(&r)) {
		room_close(&r);
		cr_skip_test("needs root to mount read-only");
	}
	ok(&r, catalog_open(r.dir, CATALOG_READ, &cat, &r.err));
	cr_expect(catalog_flags(cat).is_readonly);
	cr_expect_not(catalog_flags(cat).is_ephemeral);
	cr_expect_not_null(catalog_warning(cat));
	ok(&r, images_get(cat, &row.key, &list, &r.err));
	cr_expect_eq(list.n, 1);
	ok(&r, lookups_record(cat, &hit, &r.err));
	image_list_release(&list);
	catalog_close(cat);
	cr_expect_eq(catalog_open(r.dir, CATALOG_WRITE, &cat, &r.err),
		     SQL_EREADONLY, "%s", r.err.text);
	umount(r.dir);
	room_close(&r);
}

/* The file may be written, but nothing may be made beside it. */
Test(catalog, a_directory_without_write_permission_can_be_read)
{
	struct image_row row = room_image(1);
	struct image_list list = { 0 };
	struct room r;
	pid_t pid;

	room_open(&r);
	room_put(&r, &row);
	catalog_close(r.cat);
	r.cat = NULL;
	if (chown(r.dir, 12345, 12345) ||
	    chown(room_path(&r, "catalog.db"), 12345, 12345)) {
		room_close(&r);
		cr_skip_test("needs root to become another user");
	}
	cr_assert_eq(chmod(r.dir, 0500), 0);
	pid = fork();
	if (pid == 0) {
		int bad = setuid(12345) ||
			catalog_open(r.dir, CATALOG_READ, &r.cat, &r.err) ||
			!catalog_flags(r.cat).is_readonly ||
			images_get(r.cat, &row.key, &list, &r.err) ||
			list.n != 1;

		image_list_release(&list);
		catalog_close(r.cat);
		bad |= catalog_open(r.dir, CATALOG_WRITE, &r.cat, &r.err) !=
			SQL_EREADONLY;
		_exit(bad);
	}
	cr_expect(room_reap(pid));
	room_close(&r);
}

Test(catalog, a_read_only_home_without_a_catalog_is_no_obstacle)
{
	struct catalog *cat;
	struct room r;

	room_dir(&r);
	if (!make_readonly(&r)) {
		room_close(&r);
		cr_skip_test("needs root to mount read-only");
	}
	ok(&r, catalog_open(r.dir, CATALOG_READ, &cat, &r.err));
	cr_expect(catalog_flags(cat).is_ephemeral);
	catalog_close(cat);
	umount(r.dir);
	room_close(&r);
}

/* One byte free: what is there can be read, nothing is lost. */
Test(catalog, a_full_disk_can_be_read_and_loses_nothing)
{
	struct image_row row = room_image(1);
	struct image_list list = { 0 };
	struct room r;
	char *cmd;

	room_dir(&r);
	if (mount("tmpfs", r.dir, "tmpfs", 0, "size=512k,mode=700")) {
		room_close(&r);
		cr_skip_test("needs root to mount a small tmpfs");
	}
	ok(&r, catalog_open(r.dir, CATALOG_WRITE, &r.cat, &r.err));
	room_put(&r, &row);
	catalog_close(r.cat);
	r.cat = NULL;
	cmd = mem_printf("cat /dev/zero >%s/fill 2>/dev/null", r.dir);
	cr_assert_neq(system(cmd), 0);
	free(cmd);
	ok(&r, catalog_open(r.dir, CATALOG_READ, &r.cat, &r.err));
	ok(&r, images_get(r.cat, &row.key, &list, &r.err));
	cr_expect_eq(list.n, 1);
	image_list_release(&list);
	catalog_close(r.cat);
	r.cat = NULL;
	unlink(room_path(&r, "fill"));
	room_again(&r, CATALOG_WRITE);
	ok(&r, catalog_check(r.cat, true, &r.err));
	cr_expect_eq(room_count(&r, "SELECT count(*) FROM images"), 1);
	catalog_close(r.cat);
	r.cat = NULL;
	cr_expect_eq(umount(r.dir), 0);
	room_close(&r);
}

Test(catalog, someone_else_s_directory_is_refused)
{
	struct catalog *cat;
	struct room r;

	room_dir(&r);
	if (chown(r.dir, 12345, 12345)) {
		room_close(&r);
		cr_skip_test("needs root to change an owner");
	}
	cr_expect_neq(catalog_open(r.dir, CATALOG_READ, &cat, &r.err), 0);
	cr_expect_eq(count_files(&r, "catalog"), 0);
	room_close(&r);
}

Test(catalog, free_pages_are_given_back)
{
	struct room r;
	int64_t before;

	room_open(&r);
	fill(&r, 2000);
	ok(&r, sql_exec(catalog_sql(r.cat), "DELETE FROM images", &r.err));
	before = catalog_size_bytes(r.cat);
	ok(&r, catalog_compact(r.cat, &r.err));
	cr_expect_lt(catalog_size_bytes(r.cat), before / 2);
	room_close(&r);
}
