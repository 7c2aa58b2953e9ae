/* SPDX-License-Identifier: MIT */
#include "source_room.h"

#include "base/buf.h"
#include "source/listing.h"

#define H "0123456789abcdef0123456789abcdef"
#define H2 "ffffffffffffffffffffffffffffffff"

TestSuite(listing, .init = room_enter, .fini = room_leave);

static bool
reads_back(const char *text)
{
	struct buf again = BUF_INIT;
	struct listing l;
	bool same = listing_parse(&l, text, strlen(text));

	for (size_t i = 0; i < l.dir.n; i++)
		tree_entry_line(l.dir.entries + i, &again);
	same = same && !strcmp(again.data, text);
	listing_release(&l);
	buf_release(&again);
	return same;
}

Test(listing, every_kind_of_line_reads_back)
{
	cr_expect(reads_back(""));
	cr_expect(reads_back("d " H " a\nd 700 " H " b\n"));
	cr_expect(reads_back("f 100644 0 " H " a\nf 4755 12345678901 " H
			     " \"b c\"\n"));
	cr_expect(reads_back("e 100644 7 " H " a\n"));
	cr_expect(reads_back("l " H " \"\\303\\244\\n\"\n"));
	cr_expect(reads_back("x fifo a\nx 600 socket b\nx dev-c-1-3 c\n"
			     "x 640 dev-b-8-1048575 d\n"));
	cr_expect(reads_back("d " H "01234567 git\n"));
}

Test(listing, anything_else_is_refused)
{
	static const char *const bad[] = {
		"d", "d " H, "d " H "\n", "d " H " a", "d zz " H " a\n",
		"f " H " a\n", "f 100644 x " H " a\n", "q " H " a\n",
		"l 123 a\n", "x door a\n", "x dev-c-1 a\n", "x dev-c-1-x a\n",
		"f 100644 1 " H " \"\"\n", "f 100644 1 " H " \"a\\000b\"\n",
		"dd " H " a\n", NULL
	};

	for (int i = 0; bad[i]; i++) {
		struct listing l;

		cr_expect_not(listing_parse(&l, bad[i], strlen(bad[i])), "%s",
			      bad[i]);
		listing_release(&l);
	}
}

/* A tree that was kept as texts: what a catalog does, in a file a digest. */
static bool
keep(void *payload, const char *path, const struct hash *digest,
     const struct buf *text)
{
	char hex[HASH_HEX_SIZE];

	(void)payload;
	(void)path;
	put(hash_hex(digest, hex), text->data);
	return true;
}

struct kept {
	struct hash root;
	int open, most;
};

static const struct tree_dir *
open_kept(void *payload, const struct tree_entry *dir)
{
	struct kept *k = payload;
	struct listing *l;
	struct buf text = BUF_INIT;
	char hex[HASH_HEX_SIZE];

	hash_hex(dir ? &dir->digest : &k->root, hex);
	if (file_read(AT_FDCWD, hex, 0, &text, &err)) {
		error_clear(&err);
		return NULL;
	}
	l = mem_alloc(sizeof(*l));
	cr_assert(listing_parse(l, text.data, text.len));
	buf_release(&text);
	if (++k->open > k->most)
		k->most = k->open;
	return &l->dir;
}

static void
close_kept(void *payload, const struct tree_dir *dir)
{
	struct kept *k = payload;

	k->open--;
	listing_release((struct listing *)dir);
	free((void *)dir);
}

static struct tree *
scan(const char *path)
{
	struct tree_options o = { .hash = HASH_XXH3 };
	struct tree *t = NULL;

	cr_assert_eq(tree_scan(path, &o, &t, &err), 0, "%s", err.text);
	return t;
}

static bool
note(void *payload, enum tree_change c, const char *path,
     const struct tree_entry *before, const struct tree_entry *after)
{
	(void)before;
	(void)after;
	buf_addf(payload, "%s %s\n", tree_change_text(c), path);
	return true;
}

static void
differs(struct kept *k, const struct tree *now, bool whole, const char *expect)
{
	struct tree_side a = { open_kept, close_kept, k };
	struct tree_side b = tree_side(now);
	struct buf text = BUF_INIT;

	tree_diff_sides(&a, &b, whole, note, &text);
	cr_expect_str_eq(text.data, expect);
	cr_expect_eq(k->open, 0);
	buf_release(&text);
}

static struct tree *
keep_tree(struct kept *k)
{
	struct tree *t;

	put("tree/a/b/c", "1");
	put("tree/a/d", "2");
	put("tree/old/x/y", "3");
	put("tree/same/z", "4");
	t = scan("tree");
	k->root = *tree_digest(t);
	tree_each_text(t, keep, NULL);
	return t;
}

Test(listing, a_kept_tree_equals_itself)
{
	struct kept k = {0};
	struct tree *t = keep_tree(&k);

	differs(&k, t, true, "");
	tree_free(t);
}

Test(listing, a_kept_tree_is_compared_down_to_the_file)
{
	struct kept k = {0};
	struct tree *now;

	tree_free(keep_tree(&k));
	put("tree/a/b/c", "other");
	put("tree/new/e", "");
	cr_assert_eq(rename("tree/old", "tree/a/d.old"), 0);
	now = scan("tree");
	differs(&k, now, false, "edited a/b/c\nadded a/d.old\nadded new\n"
		"removed old\n");
	differs(&k, now, true, "edited a/b/c\nadded a/d.old\n"
		"added a/d.old/x\nadded a/d.old/x/y\nadded new\n"
		"added new/e\nremoved old\nremoved old/x\nremoved old/x/y\n");
	cr_expect_eq(k.most, 3);
	tree_free(now);
}

Test(listing, a_text_that_was_not_kept_is_said_so)
{
	struct kept k = {0};
	struct tree *t = keep_tree(&k);
	const struct tree_entry *b = tree_find(t, "a/b");
	char hex[HASH_HEX_SIZE];
	struct tree *now;

	cr_assert_eq(unlink(hash_hex(&b->digest, hex)), 0);
	put("tree/a/b/c", "other");
	put("tree/a/d", "other");
	now = scan("tree");
	differs(&k, now, true, "changed a/b\nedited a/d\n");
	cr_assert_eq(unlink(hash_hex(&k.root, hex)), 0);
	differs(&k, now, true, "changed \n");
	tree_free(now);
	tree_free(t);
}
