/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/strv.h"
#include "imgcache.h"
#include "key/context_advice.h"
#include "key/context_heavy.h"
#include "source/ignore.h"
#include "source/weigh.h"
#include "source_room.h"

Test(context, a_list_becomes_a_tree)
{
	static const struct weighed v[] = {
		{ "a", true, { 9, 900 } }, { "b/c", true, { 5, 500 } },
		{ "a/x/y", false, { 1, 400 } }, { "a/z", true, { 2, 300 } },
		{ "ab", false, { 1, 200 } }, { "a/z/q", false, { 1, 100 } },
	};
	struct arena arena = { 0 };
	struct buf b = BUF_INIT;
	const struct imgcache_heavy *h = context_heavy(&arena, v, 6);

	for (size_t i = 0; i < 6; i++)
		buf_addf(&b, "%d%s:%s ", h[i].depth, h[i].is_last ? "." : "",
			 h[i].name);
	cr_expect_str_eq(b.data, "0:a 1:x/y 1.:z 2.:q 0:b/c 0.:ab ");
	cr_expect_str_eq(h[3].path, "a/z/q");
	cr_expect_eq(h[3].weight.bytes, 100);
	buf_release(&b);
	arena_release(&arena);
}

TestSuite(advice, .init = room_enter, .fini = room_leave);

/* Is dist, beside a package.json, taken for an output? */
static bool
dist_is_output(const char *dir)
{
	struct arena arena = { 0 };
	struct advice a;
	struct ignore_dir *root, *d;
	char *path = path_join(dir, "dist");
	size_t rule;
	bool is;

	advice_init(&a, &arena, top, NULL);
	root = ignore_root(a.marks);
	d = ignore_enter(root, "dist", 4);
	rule = ignore_dir_rule(d);
	cr_assert_neq(rule, IGNORE_NO_RULE);
	is = advice_accepts(&a, rule, path);
	ignore_leave(d);
	ignore_leave(root);
	advice_release(&a);
	arena_release(&arena);
	free(path);
	return is;
}

Test(advice, an_output_is_what_git_ignores)
{
	static const struct {
		const char *line;
		bool is;
	} v[] = {
		{ "dist\n", true }, { "/dist\n", true }, { "dist/\r\n", true },
		{ "**/dist/\n", true }, { "x\n/web/dist/\n", true },
		{ "web/dist", true }, { "web\n", false }, { "dis\n", false },
		{ "distx\n", false }, { "#dist\n", false }, { "", false },
		{ "web/dist/x\n", false },
	};

	put("web/package.json", "{}");
	put("web/dist/x", "x");
	put("web/x", "x");
	cr_assert_eq(mkdir(".git", 0755), 0);
	put(".git/HEAD", "ref: refs/heads/main\n");
	cr_assert_eq(mkdir(".git/objects", 0755), 0);
	cr_assert_eq(mkdir(".git/refs", 0755), 0);
	cr_expect(dist_is_output("web"), "no .gitignore at all");
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		bool is_above = strchr(v[i].line, 'w') != NULL;

		put(is_above ? ".gitignore" : "web/.gitignore",
			 v[i].line);
		cr_expect_eq(dist_is_output("web"), v[i].is, "%s", v[i].line);
		cr_assert_eq(unlink(is_above ? ".gitignore" :
				    "web/.gitignore"), 0);
	}
	put(".gitignore", "dist\n");
	put("web/.gitignore", "other\n");
	cr_expect(dist_is_output("web"), "the top's rule holds below");
	cr_assert_eq(unlink("web/package.json"), 0);
	cr_expect_not(dist_is_output("web"), "nothing is built there");
}
