/* SPDX-License-Identifier: MIT */
/* With the real git, in repositories made for each test. */
#include "source_room.h"

#include <dlfcn.h>
#include <git2.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/strv.h"
#include "source/gitindex.h"
#include "source/ignore.h"
#include "source/tree.h"
#include "sys/clock.h"

#define TICK_MS 20		/* longer than the kernel's clock needs */

static void
git(const char *command)
{
	cr_assert_eq(system(command), 0, "%s", command);
}

/* Criterion has libgit2 loaded with the HOME there was before. */
static void
move_home(void)
{
	int (*opts)(int, ...);
	void *p = dlsym(RTLD_DEFAULT, "git_libgit2_opts");
	char *xdg = path_join(top, ".config/git");

	memcpy(&opts, &p, sizeof(p));
	if (p && (opts(GIT_OPT_SET_SEARCH_PATH, GIT_CONFIG_LEVEL_XDG, xdg) ||
		  opts(GIT_OPT_SET_SEARCH_PATH, GIT_CONFIG_LEVEL_GLOBAL, top)))
		cr_assert_fail("cannot move libgit2's home");
	free(xdg);
}

static void
set_up(void)
{
	room_enter();
	setenv("HOME", top, 1);
	unsetenv("XDG_CONFIG_HOME");
	setenv("GIT_AUTHOR_NAME", "a", 1);
	setenv("GIT_AUTHOR_EMAIL", "a@example.org", 1);
	setenv("GIT_COMMITTER_NAME", "a", 1);
	setenv("GIT_COMMITTER_EMAIL", "a@example.org", 1);
	move_home();
	cr_assert_eq(mkdir("t", 0755), 0);
	git("git init -q t");
}

TestSuite(gitindex, .init = set_up, .fini = room_leave);

/* Add all there is, late enough for the index to be older than no file. */
static void
add_all(void)
{
	clock_sleep_ms(TICK_MS);
	git("git -C t add -A");
}

static void
commit(void)
{
	add_all();
	git("git -C t commit -q -m x");
}

static bool
knows_in(const char *dir, const char *path, struct hash *h)
{
	struct gitindex *g = gitindex_open(dir);
	char *full = path_join(dir, path);
	struct stat_id id;
	struct stat st;
	bool known;

	cr_assert_eq(lstat(full, &st), 0);
	stat_id_from(&id, &st);
	known = g && gitindex_find(g, path, &id, h);
	gitindex_close(g);
	free(full);
	return known;
}

static bool
knows(const char *path)
{
	struct hash h;

	return knows_in("t", path, &h);
}

static struct hash
scan(const char *path, const char *cache)
{
	struct tree_options o = { .hash = HASH_GIT, .stat_cache_dir = cache };
	struct ignore *ig = NULL;
	struct tree *t = NULL;
	struct hash h;

	cr_assert_eq(ignore_parse(&ig, "r", "**/.git", 7, &err), 0);
	o.ignore = ig;
	cr_assert_eq(tree_scan(path, &o, &t, &err), 0, "%s", err.text);
	h = *tree_digest(t);
	tree_free(t);
	ignore_free(ig);
	return h;
}

/* The digest of the same files where there is no git. */
static struct hash
truth(const char *path)
{
	char *command = mem_printf("rm -rf plain && cp -a %s plain && "
				   "rm -rf plain/.git", path);
	struct hash h;

	git(command);
	free(command);
	h = scan("plain", NULL);
	return h;
}

static void
expect_true_in(const char *path, const char *what)
{
	struct hash a = scan(path, NULL);
	struct hash b = truth(path);

	cr_expect(hash_equal(&a, &b), "%s", what);
}

static void
expect_true(const char *what)
{
	expect_true_in("t", what);
}

static bool
opens(const char *dir)
{
	struct gitindex *g = gitindex_open(dir);
	bool is = g != NULL;

	gitindex_close(g);
	return is;
}

Test(gitindex, a_clean_file_has_the_id_git_gave_it)
{
	struct hash h, expect;

	put("t/d/f", "text\n");
	cr_assert_eq(symlink("f", "t/d/l"), 0);
	commit();
	cr_assert(knows_in("t", "d/f", &h));
	cr_assert_eq(hash_bytes(HASH_GIT, "text\n", 5, &expect, &err), 0);
	cr_expect(hash_equal(&h, &expect));
	cr_assert(knows_in("t", "d/l", &h));
	cr_assert_eq(hash_bytes(HASH_GIT, "f", 1, &expect, &err), 0);
	cr_expect(hash_equal(&h, &expect));
	cr_expect(knows_in("t/d", "f", &h));
}

Test(gitindex, a_changed_or_untracked_file_is_not_known)
{
	put("t/f", "aaaa");
	put("t/g", "aaaa");
	commit();
	put("t/f", "bbbb");
	put("t/new", "aaaa");
	cr_expect_not(knows("f"));
	cr_expect_not(knows("new"));
	cr_expect(knows("g"));
	cr_assert_eq(rename("t/g", "t/h"), 0);
	cr_expect_not(knows("h"));
}

Test(gitindex, a_file_as_young_as_the_index_is_not_known)
{
	struct timespec now[2] = { { 0, UTIME_OMIT }, { 0, UTIME_OMIT } };
	struct stat st;

	put("t/f", "aaaa");
	commit();
	cr_assert_eq(stat("t/f", &st), 0);
	cr_assert(knows("f"));
	now[1] = st.st_mtim;
	cr_assert_eq(utimensat(AT_FDCWD, "t/.git/index", now, 0), 0);
	cr_expect_not(knows("f"));
}

Test(gitindex, races_with_git_add_are_lost_by_nobody)
{
	char text[16];

	for (int i = 0; i < 60; i++) {
		snprintf(text, sizeof(text), "%04d", i);
		put("t/f", text);
		git("git -C t add f");
		snprintf(text, sizeof(text), "%04d", i + 1000);
		put("t/f", text);
		expect_true(text);
	}
}

Test(gitindex, add_and_commit_change_no_digest)
{
	struct hash untracked, added, committed;

	put("t/a", "1");
	put("t/d/b", "2\r\n");
	untracked = scan("t", NULL);
	add_all();
	added = scan("t", NULL);
	commit();
	committed = scan("t", NULL);
	cr_expect(hash_equal(&untracked, &added));
	cr_expect(hash_equal(&added, &committed));
	expect_true("copy without .git");
	put("t/.gitignore", "ignored\n");
	put("t/ignored", "x");
	commit();
	expect_true("ignored by git, and counts");
}

Test(gitindex, worktrees_clones_and_submodules_agree)
{
	struct hash main, other;

	put("t/a", "1");
	put("t/d/b", "2");
	commit();
	main = scan("t", NULL);
	git("git -C t worktree add -q ../w HEAD");
	git("git clone -q --depth 1 file://$PWD/t s");
	git("git init -q super && git -C super "
	    "-c protocol.file.allow=always submodule --quiet add $PWD/t m");
	cr_expect(opens("w"));
	cr_expect(opens("s"));
	cr_expect(opens("super/m"));
	other = scan("w", NULL);
	cr_expect(hash_equal(&main, &other), "worktree");
	other = scan("s", NULL);
	cr_expect(hash_equal(&main, &other), "shallow clone");
	other = scan("super/m", NULL);
	cr_expect(hash_equal(&main, &other), "submodule");
	expect_true_in("super", "around the submodule");
}

/* Files that git changes on the way, by each means. */
Test(gitindex, filtered_files_are_hashed_as_they_are)
{
	put("t/.gitattributes", "*.txt text\n*.id ident\n"
	    "*.enc working-tree-encoding=UTF-16LE\n*.crlf eol=crlf\n");
	put("t/a.txt", "1\r\n2\r\n");
	put("t/d/b.txt", "1\r\n");
	put("t/c.id", "$Id: 0123 $\n");
	cr_assert_eq(system("printf 'h\\0i\\0' >t/e.enc"), 0);
	put("t/f.crlf", "1\r\n");
	put("t/g.bin", "1\r\n");
	commit();
	cr_expect(knows("g.bin"));
	expect_true("attributes");
}

/* The rule goes without a trace: nothing ever knew of it. */
Test(gitindex, where_a_filter_is_configured_nothing_is_believed)
{
	git("git -C t config filter.up.clean 'tr a-z A-Z'");
	clock_sleep_ms(TICK_MS);
	put("t/.gitattributes", "f filter=up\n");
	put("t/f", "lower\n");
	clock_sleep_ms(TICK_MS);
	git("git -C t add f && git -C t commit -q -m x");
	cr_assert_eq(unlink("t/.gitattributes"), 0);
	cr_expect_not(opens("t"));
	expect_true("filter");
}

Test(gitindex, a_filter_of_the_way_back_alone_closes_the_index)
{
	put("t/f", "1");
	commit();
	cr_assert(opens("t"));
	git("git config --global filter.up.smudge 'tr a-z A-Z'");
	cr_expect_not(opens("t"));
}

Test(gitindex, short_files_may_be_what_lfs_stores_elsewhere)
{
	char text[1025] = "";

	git("git config --global filter.lfs.clean cat");
	git("git config --global filter.lfs.process cat");
	clock_sleep_ms(TICK_MS);
	memset(text, 'x', 1024);
	put("t/long", text);
	text[1023] = '\0';
	put("t/short", text);
	commit();
	cr_expect(knows("long"));
	cr_expect_not(knows("short"));
	expect_true("lfs");
}

Test(gitindex, rules_at_every_level_are_found)
{
	put("t/d/e/f", "1\r\n");
	put("t/d/e/g", "1\r\n");
	put("t/d/.gitattributes", "f text\n");
	put("t/.git/info/attributes", "g text\n");
	commit();
	expect_true("folder and info");
	expect_true_in("t/d/e", "context below the rules");
}

/* Of several pieces, as the kernel gives it. */
Test(gitindex, rules_in_a_folder_of_many_files_are_found)
{
	const char *pad = "0123456789012345678901234567890123456789"
		"0123456789012345678901234567890123456789";
	char name[128];

	for (unsigned i = 0; i < 1500; i++) {
		snprintf(name, sizeof(name), "t/d/%s-%u%s", pad, i,
			 i % 100 ? "" : ".txt");
		put(name, "1\r\n");
	}
	put("t/d/.gitattributes", "*.txt text\n");
	commit();
	expect_true("long listing");
}

Test(gitindex, the_user_s_own_rules_are_found)
{
	put(".config/git/attributes", "* text\n");
	put("t/f", "1\r\n");
	commit();
	expect_true("XDG attributes");
	put("rules", "*.x text\n");
	git("git config --global core.attributesFile ~/rules");
	put("t/g.x", "1\r\n");
	commit();
	expect_true("core.attributesFile");
}

Test(gitindex, a_tracked_rule_that_is_not_there_closes_the_index)
{
	put("t/.gitattributes", "* text\n");
	put("t/f", "1\r\n");
	commit();
	cr_assert_eq(unlink("t/.gitattributes"), 0);
	cr_expect_not(opens("t"));
	expect_true("deleted rule");
}

Test(gitindex, a_rule_younger_than_the_file_may_have_been_another)
{
	put("t/.gitattributes", "* text\n");
	put("t/f", "1\r\n");
	commit();
	clock_sleep_ms(TICK_MS);
	put("t/.gitattributes", "* -diff\n");
	expect_true("rule taken back");
}

Test(gitindex, lengths_are_found_however_objects_are_kept)
{
	static const char *const then[] = {
		"git -C t repack -q -n -a -d",
		"cd t/.git/objects && for i in 1 2 3 4 5 6 7 8 9; do "
		"mkdir ../o$i && echo ../o$i >>info/alternates; done && "
		"mv pack ../o9",	/* for libgit2 to find */
		"true"
	};

	git("git -C t config core.safecrlf false");
	git("cd t && seq 1000 >f && { seq 1000; echo; } >g && "
	    "printf '1\\r\\n2\\n' >crlf");
	clock_sleep_ms(TICK_MS);
	git("git -C t add f g && git -C t -c core.autocrlf=input add crlf");
	git("git -C t commit -q -m x");
	for (int i = 0; i < 3; i++) {
		cr_expect(knows("f"), "%d", i);
		cr_expect(knows("g"), "%d", i);
		cr_expect_not(knows("crlf"), "%d", i);
		git(then[i]);
	}
	expect_true("packed");
}

/* refs/replace: what is checked out is another object's. */
Test(gitindex, ids_that_stand_for_other_objects_are_not_believed)
{
	put("t/f", "aaaa");
	git("cd t && for i in $(seq 1000); do echo >g$i; done");
	commit();
	git("cd t && git replace $(git hash-object f) "
	    "$(printf bbbb | git hash-object -w --stdin)");
	/* The others take long enough for git to take f for clean. */
	git("cd t && rm * && git checkout -q . && grep -q bbbb f && "
	    "git diff --quiet");
	expect_true("replaced");
	git("cd t && git pack-refs --all && rm -rf .git/refs/replace && "
	    "git replace -l | grep -q .");
	expect_true("replaced, in packed refs");
}

/* Two contents that git stores as one, and nothing says so any more. */
Test(gitindex, line_ends_that_were_converted_once_are_seen)
{
	put("t/f", "1\r\n2\n");
	git("git -C t config core.autocrlf input");
	git("git -C t config core.safecrlf false");
	commit();
	git("git -C t config --unset core.autocrlf");
	cr_expect_not(knows("f"));
	expect_true("autocrlf unset");
	put("t/g", "1\r\n2\n");
	clock_sleep_ms(TICK_MS);
	git("git -C t -c core.autocrlf=input add g");
	cr_expect_not(knows("g"));
	expect_true("for one command");
	git("git -c core.autocrlf=true clone -q t u");
	cr_expect_not(knows_in("u", "f", &(struct hash){ 0 }));
	expect_true_in("u", "for a clone");
}

/* With a filter that is configured for this alone; tr keeps the length. */
static void
commit_filtered(void)
{
	clock_sleep_ms(TICK_MS);
	git("git -C t -c filter.up.clean='tr a-z A-Z' add -A");
	git("git -C t -c filter.up.clean='tr a-z A-Z' commit -q -m x");
}

/* Only traces tell. */
Test(gitindex, rules_that_left_leave_traces)
{
	put("t/.git/info/attributes", "f filter=up\n");
	put("t/f", "lower\n");
	commit_filtered();
	clock_sleep_ms(TICK_MS);
	cr_assert_eq(unlink("t/.git/info/attributes"), 0);
	cr_expect_not(knows("f"));
	expect_true("info/attributes");
}

Test(gitindex, rules_that_left_with_the_configuration_leave_traces)
{
	put("rules", "f filter=up\n");
	git("git -C t config core.attributesFile ~/rules");
	clock_sleep_ms(TICK_MS);
	put("t/f", "lower\n");
	commit_filtered();
	clock_sleep_ms(TICK_MS);
	git("git -C t config --unset core.attributesFile");
	cr_expect_not(knows("f"));
	expect_true("core.attributesFile");
}

Test(gitindex, rules_that_left_with_an_included_file_leave_traces)
{
	put("rules", "f filter=up\n");
	put("more", "[core]\n\tattributesFile = ~/rules\n");
	git("git config --global include.path ~/more");
	clock_sleep_ms(TICK_MS);
	put("t/f", "lower\n");
	commit_filtered();
	clock_sleep_ms(TICK_MS);
	put("more", "[core]\n");
	cr_expect_not(knows("f"));
	expect_true("include.path");
	put("t/.git/more", "[core]\n");
	git("git -C t config include.path more");
	cr_expect_not(opens("t"), "relative to an unknown file");
}

Test(gitindex, rules_that_left_with_a_branch_are_thought_of)
{
	put("t/f", "LOWER\n");
	put("t/g", "same\n");
	commit_filtered();
	cr_expect(knows("f"));
	git("git -C t checkout -q -b other");
	cr_expect(knows("f"), "another name of the same commit");
	put("t/.gitattributes", "f filter=up\n");
	put("t/f", "lower\n");
	commit_filtered();
	git("git -C t checkout -q -");
	cr_expect_not(knows("f"));
	expect_true("branch");
}

Test(gitindex, a_work_tree_without_a_log_is_not_believed)
{
	put("t/f", "1");
	commit();
	cr_assert(opens("t"));
	cr_assert_eq(unlink("t/.git/logs/HEAD"), 0);
	cr_expect_not(opens("t"));
}

Test(gitindex, autocrlf_closes_the_index)
{
	put("t/f", "1\r\n");
	git("git -C t config core.autocrlf input");
	commit();
	cr_expect_not(opens("t"));
	expect_true("input");
	git("git -C t config core.autocrlf false");
	cr_expect(opens("t"));
	git("git -C t config --unset core.autocrlf");
	git("git config --global core.autocrlf true");
	cr_expect_not(opens("t"));
}

Test(gitindex, variables_that_change_git_s_configuration_close_the_index)
{
	put("t/f", "1");
	commit();
	cr_assert(opens("t"));
	setenv("GIT_CONFIG_COUNT", "0", 1);
	cr_expect_not(opens("t"));
	unsetenv("GIT_CONFIG_COUNT");
	setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1);
	cr_expect_not(opens("t"));
}

Test(gitindex, flags_are_disbelieved)
{
	put("t/f", "aaaa");
	put("t/g", "aaaa");
	put("t/h", "aaaa");
	commit();
	git("git -C t update-index --assume-unchanged f");
	git("git -C t update-index --skip-worktree g");
	cr_expect_not(knows("f"));
	cr_expect_not(knows("g"));
	cr_expect(knows("h"));
	put("t/f", "bbbb");
	put("t/g", "bbbb");
	expect_true("changed behind the flags");
	put("t/intent", "x");
	git("git -C t add -N intent");
	cr_expect_not(knows("intent"));
	expect_true("intent to add");
}

Test(gitindex, fsmonitor_is_disbelieved)
{
	put("hook", "#!/bin/sh\nprintf 'token\\0'\n");
	cr_assert_eq(chmod("hook", 0755), 0);
	git("git -C t config core.fsmonitor $PWD/hook");
	put("t/f", "aaaa");
	commit();
	git("git -C t status -s");
	put("t/f", "bbbb");
	expect_true("fsmonitor");
}

Test(gitindex, conflicts_are_hashed)
{
	put("t/f", "base\n");
	commit();
	git("git -C t checkout -q -b other");
	put("t/f", "one\n");
	commit();
	git("git -C t checkout -q -");
	put("t/f", "two\n");
	commit();
	git("! git -C t merge other >/dev/null 2>&1");
	cr_expect_not(knows("f"));
	expect_true("conflict");
}

Test(gitindex, every_format_of_git_s_is_read)
{
	put("t/a", "1");
	put("t/dir/a-long-name", "2");
	put("t/dir/a-long-name-too", "3");
	put("t/dir/other/b", "4");
	commit();
	for (int version = 2; version <= 4; version++) {
		char *command = mem_printf("git -C t update-index "
					   "--index-version %d", version);

		git(command);
		free(command);
		cr_expect(knows("dir/a-long-name-too"), "%d", version);
		cr_expect(knows("dir/other/b"), "%d", version);
		cr_expect(knows("a"), "%d", version);
		expect_true("version");
	}
}

Test(gitindex, formats_that_are_not_understood_are_not_used)
{
	put("t/a", "1");
	commit();
	cr_assert(opens("t"));
	git("git -C t update-index --split-index");
	cr_expect_not(opens("t"));
	expect_true("split index");
	git("git -C t update-index --no-split-index");
	git("git -C t config core.repositoryFormatVersion 7");
	cr_expect_not(opens("t"));
	expect_true("newer repository");
}

Test(gitindex, a_sha256_repository_is_not_opened)
{
	if (system("git init -q --object-format=sha256 n 2>/dev/null"))
		cr_skip_test("this git has no SHA-256");
	put("n/a", "1");
	git("git -C n add a");
	cr_expect_not(opens("n"));
	expect_true_in("n", "sha256");
}

Test(gitindex, someone_else_s_repository_is_not_opened)
{
	if (geteuid() != 0)
		cr_skip_test("needs root");
	put("t/a", "1");
	commit();
	git("chown 65534 t/.git/index");
	cr_expect_not(opens("t"));
	git("chown -R 65534 t");
	cr_expect_not(opens("t"));
	expect_true("someone else's");
}

Test(gitindex, there_need_be_no_repository)
{
	cr_assert_eq(mkdir("n", 0755), 0);
	put("n/a", "1");
	cr_expect_not(opens("n"));
	cr_expect_not(opens("t"), "no index yet");
	git("git init -q --bare b");
	cr_expect_not(opens("b"));
}

Test(gitindex, a_damaged_index_gives_no_other_content_s_id)
{
	struct buf b = BUF_INIT;
	struct hash a = { 0 }, c = { 0 }, h;
	struct stat_id id;
	struct stat st;

	put("t/a", "1");
	put("t/dir/c", "2");
	commit();
	cr_assert(knows_in("t", "a", &a));
	cr_assert(knows_in("t", "dir/c", &c));
	cr_assert_eq(stat("t/a", &st), 0);
	stat_id_from(&id, &st);
	cr_assert_eq(file_read(AT_FDCWD, "t/.git/index", 0, &b, &err), 0);
	for (size_t i = 0; i < b.len; i++) {
		struct gitindex *g;

		b.data[i] ^= (char)(1 << i % 8);
		cr_assert_eq(file_replace(AT_FDCWD, "t/.git/index", b.data,
					  b.len, 0644, false, &err), 0);
		b.data[i] ^= (char)(1 << i % 8);
		g = gitindex_open("t");
		if (g && gitindex_find(g, "a", &id, &h))
			cr_expect_not(hash_equal(&h, &c), "byte %zu", i);
		gitindex_close(g);
	}
	for (size_t len = b.len; len-- > 0;) {
		cr_assert_eq(file_replace(AT_FDCWD, "t/.git/index", b.data,
					  len, 0644, false, &err), 0);
		gitindex_close(gitindex_open("t"));
	}
	buf_release(&b);
}

/* Opened late, when many files of a remembered tree are new. */
Test(gitindex, a_branch_of_many_changed_files_is_hashed_right)
{
	char path[64];

	cr_assert_eq(mkdir("c", 0700), 0);
	put("t/keep", "x");
	commit();
	clock_sleep_ms(60);
	scan("t", "c");
	put("t/d/.gitattributes", "*.txt text\n");
	for (int i = 0; i < 400; i++) {
		snprintf(path, sizeof(path), "t/d/e%d/f%d.%s", i % 7, i,
			 i % 3 ? "bin" : "txt");
		put(path, "1\r\n");
	}
	commit();
	for (int i = 0; i < 2; i++) {
		struct hash a = scan("t", "c");
		struct hash b = truth("t");

		cr_expect(hash_equal(&a, &b));
		clock_sleep_ms(60);
	}
}
