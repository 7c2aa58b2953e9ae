/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"
#include "source/repo.h"
#include "sys/file.h"

static char *top;

static void
set_up(void)
{
	const char *base = getenv("TMPDIR");
	char *path = path_join(base ? base : "/tmp", "imgcache-repo-XXXXXX");

	cr_assert(mkdtemp(path));
	top = realpath(path, NULL);
	free(path);
	cr_assert_eq(chdir(top), 0);
	setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1);
	setenv("GIT_CONFIG_SYSTEM", "/dev/null", 1);
	setenv("GIT_CEILING_DIRECTORIES", top, 1);
	unsetenv("GIT_DIR");
	unsetenv("GIT_WORK_TREE");
}

static void
tear_down(void)
{
	struct imgcache_error ignored = { 0 };

	file_remove_tree(AT_FDCWD, top, &ignored);
	free(top);
}

TestSuite(repo, .init = set_up, .fini = tear_down);

/* Run a shell line; skips the test where git is missing or too old for it. */
static void
sh(const char *line)
{
	char *all = mem_printf("exec >/dev/null 2>&1; %s", line);

	if (system("git --version >/dev/null 2>&1") != 0)
		cr_skip_test("git is not installed");
	if (system(all) != 0)
		cr_skip_test("this git cannot: %s", line);
	free(all);
}

static void
make_repo(const char *options)
{
	char *line = mem_printf("git init -q -b main %s r && cd r && "
				"git config user.name n && "
				"git config user.email e && mkdir d && "
				"echo x >d/f && git add . && "
				"git commit -q -m one", options);

	sh(line);
	free(line);
}

/* What git says is what we say. */
static void
expect_head(const char *dir)
{
	char expect[128] = "", id[REPO_ID_SIZE];
	char *line = mem_printf("git -C %s rev-parse HEAD", dir);
	FILE *p = popen(line, "r");

	cr_assert(p && fscanf(p, "%127s", expect) == 1, "%s", line);
	pclose(p);
	cr_expect_eq(repo_head(dir, id), REPO_COMMIT, "%s", dir);
	cr_expect_str_eq(id, expect);
	free(line);
}

static void
expect_top(const char *dir, const char *expect)
{
	char *full = expect ? path_join(top, expect) : NULL;
	char *found = repo_top(dir);

	if (full)
		cr_expect_str_eq(found, full);
	else
		cr_expect_null(found);
	cr_expect_eq(repo_is_worktree(dir), expect != NULL);
	free(found);
	free(full);
}

Test(repo, a_plain_directory_is_in_none)
{
	char id[REPO_ID_SIZE];

	cr_assert_eq(mkdir("d", 0755), 0);
	expect_top("d", NULL);
	expect_top("nowhere", NULL);
	cr_expect_eq(repo_head("d", id), REPO_NONE);
	cr_expect_str_eq(id, "");
}

Test(repo, the_top_is_found_upwards)
{
	make_repo("");
	expect_top("r", "r");
	expect_top("r/d", "r");
	cr_assert_eq(symlink("r/d", "link"), 0);
	expect_top("link", "r");
}

Test(repo, head_is_the_commit_of_its_branch)
{
	make_repo("");
	expect_head("r");
	expect_head("r/d");
}

Test(repo, packed_refs_are_read)
{
	make_repo("");
	sh("cd r && git tag -a -m t t && git pack-refs --all && "
	   "test ! -e .git/refs/heads/main");
	expect_head("r");
}

Test(repo, a_loose_ref_wins_over_a_packed_one)
{
	make_repo("");
	sh("cd r && git pack-refs --all && git commit -q --allow-empty -m 2");
	expect_head("r");
}

Test(repo, a_detached_head_is_read)
{
	make_repo("");
	sh("cd r && git commit -q --allow-empty -m 2 && "
	   "git checkout -q --detach HEAD~1");
	expect_head("r");
}

Test(repo, a_branch_with_slashes_is_read)
{
	make_repo("");
	sh("cd r && git checkout -q -b a/b/c && "
	   "git commit -q --allow-empty -m 2");
	expect_head("r");
}

Test(repo, an_unborn_branch_has_no_commit)
{
	char id[REPO_ID_SIZE];

	sh("git init -q u");
	cr_expect_eq(repo_head("u", id), REPO_UNBORN);
	cr_expect_str_eq(id, "");
	expect_top("u", "u");
}

Test(repo, a_worktree_leads_to_its_repository)
{
	make_repo("");
	sh("cd r && git worktree add -q -b side ../w && cd ../w && "
	   "git commit -q --allow-empty -m 2");
	expect_top("w", "w");
	expect_head("w");
	expect_head("r");
	sh("cd r && git pack-refs --all");
	expect_head("w");
}

Test(repo, a_submodule_leads_to_its_repository)
{
	make_repo("");
	sh("git init -q s && cd s && "
	   "git -c protocol.file.allow=always submodule -q add ../r sub");
	expect_top("s/sub/d", "s/sub");
	expect_head("s/sub");
}

Test(repo, a_shallow_clone_is_read)
{
	make_repo("");
	sh("cd r && git commit -q --allow-empty -m 2 && cd .. && "
	   "git clone -q --depth 1 file://$PWD/r c");
	expect_head("c");
}

Test(repo, a_sha256_repository_has_a_longer_id)
{
	char id[REPO_ID_SIZE];

	make_repo("--object-format=sha256");
	expect_head("r");
	cr_expect_eq(repo_head("r", id), REPO_COMMIT);
	cr_expect_eq(strlen(id), 64);
}

Test(repo, a_bare_repository_has_no_work_tree)
{
	sh("git init -q --bare b.git");
	expect_top("b.git", NULL);
	expect_top("b.git/refs", NULL);
}

Test(repo, inside_the_repository_itself_is_no_work_tree)
{
	make_repo("");
	expect_top("r/.git", NULL);
	expect_top("r/.git/refs/heads", NULL);
}

Test(repo, a_git_directory_that_is_none_is_passed_by)
{
	make_repo("");
	cr_assert_eq(mkdir("r/d/.git", 0755), 0);
	expect_top("r/d", "r");
}

Test(repo, a_git_file_that_leads_nowhere_is_passed_by)
{
	sh("mkdir x && echo 'gitdir: /nowhere/at/all' >x/.git");
	expect_top("x", NULL);
	sh("echo nonsense >x/.git");
	expect_top("x", NULL);
}

Test(repo, a_head_that_makes_no_sense_is_none)
{
	char id[REPO_ID_SIZE];

	make_repo("");
	sh("echo 'ref: ../../etc/passwd' >r/.git/HEAD");
	cr_expect_eq(repo_head("r", id), REPO_NONE);
	sh("echo 'ref: refs/heads/a' >r/.git/HEAD && "
	   "echo 'ref: refs/heads/a' >r/.git/refs/heads/a");
	cr_expect_eq(repo_head("r", id), REPO_NONE);
	sh("echo 123 >r/.git/HEAD");
	cr_expect_eq(repo_head("r", id), REPO_NONE);
}
