/* SPDX-License-Identifier: MIT */
#include "source_room.h"

#include "base/buf.h"
#include "base/strv.h"
#include "source/filter.h"
#include "source/ignore.h"
#include "source/reach.h"
#include "source/tree.h"

static void
enter(void)
{
	room_enter();
	put("t/src/a.txt", "a");
	put("t/src/b.md", "b");
	put("t/src/sub/c.md", "c");
	put("t/src/sub/d.txt", "d");
	cr_assert_eq(mkdir("t/src/empty", 0755), 0);
	put("t/top", "top");
}

TestSuite(filter, .init = enter, .fini = room_leave);

/* Sources with what each leaves out: "src -*.md -sub; top". */
struct copies {
	struct reach v[4];
	size_t n;
	const char *exclude[4][4];
	struct strv words;
};

static void
parse(struct copies *c, const char *text)
{
	memset(c, 0, sizeof(*c));
	strv_split(&c->words, text, " ");
	for (size_t i = 0; i < c->words.n; i++) {
		const char *word = c->words.v[i];
		struct reach *r = &c->v[c->n ? c->n - 1 : 0];

		if (*word == '-') {
			r->exclude = c->exclude[c->n - 1];
			c->exclude[c->n - 1][r->n_exclude++] = word + 1;
		} else if (*word == '+') {
			r->include = word + 1;
		} else {
			c->v[c->n].wildcard = strchr(word, '*') != NULL;
			c->v[c->n++].path = strcmp(word, ".") ? word : "";
		}
	}
}

static struct tree *
scan_under(const char *copies, const char *rules)
{
	struct tree_options o = { .hash = HASH_XXH3 };
	struct ignore *ig = NULL;
	struct copies c;
	struct tree *t;

	if (rules)
		cr_assert_eq(ignore_parse(&ig, "rules", rules, strlen(rules),
					  &err), 0);
	parse(&c, copies);
	o.ignore = ig;
	o.reads = c.v;
	o.n_reads = c.n;
	cr_assert_eq(tree_scan("t", &o, &t, &err), 0, "%s", err.text);
	strv_release(&c.words);
	ignore_free(ig);
	return t;
}

static bool
add(void *payload, const char *path, const struct tree_entry *e)
{
	buf_addf(payload, "%s%s%s", ((struct buf *)payload)->len ? " " : "",
		 path, e->type == TREE_DIR ? "/" : "");
	return true;
}

/* What counts when that is copied. */
static void
counts_under(const char *copies, const char *rules, const char *expect)
{
	struct tree *t = scan_under(copies, rules);
	struct buf b = BUF_INIT;

	tree_each(t, add, &b);
	cr_expect_str_eq(b.data, expect, "%s: %s", copies, b.data);
	buf_release(&b);
	tree_free(t);
}

static void
counts(const char *copies, const char *expect)
{
	counts_under(copies, NULL, expect);
}

/* Does the tree hang on the mode of that directory? */
static bool
mode_counts(const char *copies, const char *dir)
{
	struct tree *a = scan_under(copies, NULL), *b;
	bool differs;

	cr_assert_eq(chmod(dir, 0711), 0);
	b = scan_under(copies, NULL);
	cr_assert_eq(chmod(dir, 0755), 0);
	differs = !hash_equal(tree_digest(a), tree_digest(b));
	tree_free(a);
	tree_free(b);
	return differs;
}

Test(filter, patterns_are_compared_below_the_source)
{
	counts("src -*.md", "src/ src/a.txt src/empty/ src/sub/ src/sub/c.md "
	       "src/sub/d.txt");
	counts("src -**/*.md", "src/ src/a.txt src/empty/ src/sub/ "
	       "src/sub/d.txt");
	counts("src -src/a.txt -/b.md", "src/ src/a.txt src/b.md src/empty/ "
	       "src/sub/ src/sub/c.md src/sub/d.txt");
	counts(". -src", "top");
	counts(". -./src/sub/ -src/*.md -top", "src/ src/a.txt src/empty/");
	counts("src -#x -empty", "src/ src/a.txt src/b.md src/sub/ "
	       "src/sub/c.md src/sub/d.txt");
}

Test(filter, a_source_itself_is_never_left_out)
{
	counts("top -*", "top");
	counts("src -**", "src/");
	counts("src/*.md src/a* -*", "src/ src/a.txt src/b.md");
	counts("s* -**", "src/");
	counts("none -x", "");
}

Test(filter, an_exception_brings_its_folders_back)
{
	counts("src -sub -!sub/d.txt", "src/ src/a.txt src/b.md src/empty/ "
	       "src/sub/ src/sub/d.txt");
	counts("src -sub -!sub/none", "src/ src/a.txt src/b.md src/empty/");
	counts("src -** -!**/d.txt", "src/ src/sub/ src/sub/d.txt");
	cr_expect(mode_counts("src -sub -!sub/d.txt", "t/src/sub"));
	cr_expect_not(mode_counts("src -sub -!sub/none", "t/src/sub"));
	cr_expect_not(mode_counts("src -sub", "t/src/sub"));
	cr_expect(mode_counts("src -sub/**", "t/src/sub"));
}

Test(filter, what_another_copy_reads_counts)
{
	counts("src -** src/sub/c.md", "src/ src/sub/ src/sub/c.md");
	counts("src -** src -sub", "src/ src/a.txt src/b.md src/empty/");
	counts("src -** src", "src/ src/a.txt src/b.md src/empty/ src/sub/ "
	       "src/sub/c.md src/sub/d.txt");
	counts(". -src src/sub -*.md", "src/ src/sub/ src/sub/d.txt top");
	cr_expect_not(mode_counts(". -src src/sub -*.md", "t/src"));
	cr_expect(mode_counts(". -src src/sub -*.md", "t/src/sub"));
}

Test(filter, parents_take_what_their_pattern_matches)
{
	counts(". +src/*.md", "src/ src/b.md");
	counts(". +src/sub", "src/ src/sub/ src/sub/c.md src/sub/d.txt");
	counts(". +src/sub -**/*.md", "src/ src/sub/ src/sub/d.txt");
	counts("src +**/*.md", "src/ src/b.md src/sub/ src/sub/c.md");
	counts("s* +sub/*.txt", "src/ src/sub/ src/sub/d.txt");
	counts(". +none", "");
	cr_expect(mode_counts(". +src/sub/c.md", "t/src/sub"));
	cr_expect(mode_counts(". +src/sub/c.md", "t/src"));
	cr_expect_not(mode_counts(". +src/a.txt", "t/src/sub"));
}

Test(filter, what_is_not_understood_takes_everything)
{
	static const char all[] = "src/ src/a.txt src/b.md src/empty/ "
				  "src/sub/ src/sub/c.md src/sub/d.txt";

	counts("src -[", all);
	counts("src -a.txt -!", all);
	counts("src -\xff", all);
	counts("src +", all);
	counts("src +!a.txt", all);
}

/* Of what a link leads to BuildKit looks at everything. */
Test(filter, a_link_as_the_source_takes_everything)
{
	cr_assert_eq(symlink("src/sub", "t/link"), 0);
	cr_assert_eq(symlink("src", "t/way"), 0);
	counts("link -*.md", "link src/ src/sub/ src/sub/c.md src/sub/d.txt");
	counts("l* -*.md", "link src/ src/sub/ src/sub/c.md src/sub/d.txt");
	counts("way/sub -*.md", "src/ src/sub/ src/sub/d.txt way");
}

Test(filter, what_a_copied_link_leads_to_counts)
{
	cr_assert_eq(symlink("../b.md", "t/src/sub/one"), 0);
	counts("src -*.md", "src/ src/a.txt src/b.md src/empty/ src/sub/ "
	       "src/sub/c.md src/sub/d.txt src/sub/one");
	counts("src -*.md -sub", "src/ src/a.txt src/empty/");
	cr_assert_eq(symlink("sub/one", "t/src/two"), 0);
	counts("src -*.md -sub", "src/ src/a.txt src/b.md src/empty/ src/sub/ "
	       "src/sub/one src/two");
	cr_assert_eq(symlink("..", "t/src/all"), 0);
	cr_assert_eq(symlink("nowhere", "t/src/none"), 0);
	cr_assert_eq(unlink("t/src/all"), 0);
	cr_assert_eq(symlink("sub", "t/src/dir"), 0);
	counts("src -** -!dir", "src/ src/dir src/sub/ src/sub/c.md "
	       "src/sub/d.txt src/sub/one");
}

/* What is sent of it, that is: what other sources read counts by itself. */
Test(filter, a_copied_link_to_what_is_above_has_all_copies_count)
{
	static const char all[] = "src/ src/a.txt src/b.md src/empty/ "
		"src/sub/ src/sub/c.md src/sub/d.txt src/up";

	cr_assert_eq(symlink("..", "t/src/up"), 0);
	counts("src -**/*.md", all);
	counts("src -**", "src/");
	cr_assert_eq(unlink("t/src/up"), 0);
	cr_assert_eq(symlink("/", "t/src/up"), 0);
	counts("src -**/*.md", all);
	counts("src/sub -c.md src -**/*.txt", all);
	cr_assert_eq(symlink(".", "t/here"), 0);
	counts(". -src -top", "here src/ src/a.txt src/b.md src/empty/ "
	       "src/sub/ src/sub/c.md src/sub/d.txt src/up top");
	counts_under(". -src -top", "top", "here src/ src/a.txt src/b.md "
		     "src/empty/ src/sub/ src/sub/c.md src/sub/d.txt src/up");
}

static struct hash
digest_of(const char *copies, const char *cache)
{
	struct tree_options o = { .hash = HASH_XXH3, .stat_cache_dir = cache };
	struct copies c;
	struct tree *t;
	struct hash h;

	parse(&c, copies);
	o.reads = c.v;
	o.n_reads = c.n;
	cr_assert_eq(tree_scan("t", &o, &t, &err), 0, "%s", err.text);
	strv_release(&c.words);
	h = *tree_digest(t);
	tree_free(t);
	return h;
}

/* What was remembered of the links decides nothing. */
static void
expect_same(const char *copies, const char *when)
{
	struct hash fresh = digest_of(copies, NULL);
	struct hash known = digest_of(copies, "c");

	cr_expect(hash_equal(&fresh, &known), "%s: %s", copies, when);
	known = digest_of(copies, "c");
	cr_expect(hash_equal(&fresh, &known), "%s: %s, again", copies, when);
}

Test(filter, remembered_links_change_no_digest)
{
	static const char *const all[] = {
		"src -**/*.md", "src -sub", "src -** -!l*", ". -src -top",
		"src/sub -c.md src -a.txt", ". -lib", "src lib -*", "lib -x",
	};

#define EACH(when) \
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) \
		expect_same(all[i], when)

	cr_assert_eq(mkdir("c", 0700), 0);
	put("t/lib/x", "x");
	put("t/lib/deep/y.md", "y");
	EACH("none");
	cr_assert_eq(symlink("../lib", "t/src/l1"), 0);
	cr_assert_eq(symlink("src/b.md", "t/l2"), 0);
	EACH("two");
	/* one that is met only in what a link leads to */
	cr_assert_eq(symlink("../../src/sub/d.txt", "t/lib/deep/l3"), 0);
	EACH("three");
	cr_assert_eq(symlink("../src", "t/lib/l4"), 0);
	EACH("one back");
	put("t/src/sub/d.txt", "other");
	put("t/src/b.md", "other");
	EACH("other content");
	cr_assert_eq(unlink("t/src/b.md"), 0);
	EACH("dangling");
	cr_assert_eq(unlink("t/src/l1"), 0);
	EACH("one less");
	cr_assert_eq(symlink("..", "t/src/l1"), 0);
	EACH("up");
	cr_assert_eq(unlink("t/src/l1"), 0);
	cr_assert_eq(unlink("t/lib/l4"), 0);
	cr_assert_eq(unlink("t/lib/deep/l3"), 0);
	EACH("two less");
	cr_assert_eq(unlink("t/l2"), 0);
	EACH("none again");
#undef EACH
}

Test(filter, what_was_remembered_and_cannot_be_read_is_no_failure)
{
	static const char copies[] = "src -**/*.md -lib";
	bool is_root = !geteuid();
	uid_t reader = is_root ? 65534 : geteuid();

	cr_assert_eq(mkdir("c", 0700), 0);
	cr_assert_eq(chown("c", reader, (gid_t)-1), 0);
	put("t/src/lib/b.md", "b");
	cr_assert_eq(symlink("../lib", "t/src/sub/l"), 0);
	if (is_root && seteuid(reader))
		cr_skip_test("cannot become nobody");
	expect_same(copies, "a link");
	cr_assert(!is_root || !seteuid(0));
	cr_assert_eq(unlink("t/src/sub/l"), 0);
	cr_assert_eq(chmod("t/src/lib/b.md", 0), 0);
	cr_assert(!is_root || !seteuid(reader));
	expect_same(copies, "unreadable");
	cr_assert(!is_root || !seteuid(0));
}

Test(filter, ignore_rules_come_first)
{
	counts_under("src -*.txt", "**/*.md", "src/ src/empty/ src/sub/ "
		     "src/sub/d.txt");
	/* sent for c.md alone, and then copied without it */
	counts_under("src -**/*.md", "src/sub\n!src/sub/c.md",
		     "src/ src/a.txt src/empty/ src/sub/ src/sub/c.md");
	counts_under("src -**/*.md", "src/sub\n!src/sub/none",
		     "src/ src/a.txt src/empty/");
	counts_under("src -**/*.md", "src\n!src/sub/d.txt",
		     "src/ src/sub/ src/sub/d.txt");
}

Test(filter, a_new_pattern_is_another_stat_cache)
{
	struct tree_options o = { .hash = HASH_XXH3, .stat_cache_dir = "c" };
	static const char *const md[] = { "*.md" }, *const txt[] = { "*.txt" };
	struct reach r = { .path = "src", .exclude = md, .n_exclude = 1 };
	struct tree *a, *b;

	cr_assert_eq(mkdir("c", 0700), 0);
	o.reads = &r;
	o.n_reads = 1;
	cr_assert_eq(tree_scan("t", &o, &a, &err), 0);
	r.exclude = txt;
	cr_assert_eq(tree_scan("t", &o, &b, &err), 0);
	cr_expect(tree_find(a, "src/a.txt") && !tree_find(a, "src/b.md"));
	cr_expect(tree_find(b, "src/b.md") && !tree_find(b, "src/a.txt"));
	tree_free(a);
	tree_free(b);
}

static bool
concerns(const char *exclude, const char *path)
{
	struct filter *f = filter_new(NULL, &exclude, 1);
	bool is = filter_concerns(f, path);

	filter_free(f);
	return is;
}

Test(filter, single_questions)
{
	static const char *const back[] = { "sub", "!sub/x/*" };
	struct filter *f = filter_new(NULL, back, 2);

	cr_expect_not(concerns("*.md", "b.md"));
	cr_expect(concerns("*.md", "sub/b.md"));
	cr_expect(concerns("*", ""));
	cr_expect_not(concerns("sub", "sub/deep/x"));
	cr_expect(filter_concerns(f, "sub"));
	cr_expect(filter_concerns(f, "sub/x/y"));
	cr_expect_not(filter_concerns(f, "sub/y"));
	filter_free(f);
	f = filter_new("a/*.c", NULL, 0);
	cr_expect(filter_concerns(f, "a"));
	cr_expect(filter_concerns(f, "a/x.c"));
	cr_expect_not(filter_concerns(f, "a/x.h"));
	cr_expect_not(filter_concerns(f, "b"));
	filter_free(f);
}
