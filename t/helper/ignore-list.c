/* SPDX-License-Identifier: MIT */
/*
 * ignore-list DIR [IGNOREFILE]: what of DIR is sent to docker, one path a
 * record, NUL behind each, "/" at the end of a directory's. With --text the
 * lines of the manifest instead. Exit status 0, or 1 with the reason.
 */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "imgcache.h"
#include "source/ignore.h"
#include "source/tree.h"
#include "sys/file.h"

static bool
print_path(void *payload, const char *path,
	   const struct tree_entry *e)
{
	(void)payload;
	printf("%s%s%c", path, e->type == TREE_DIR ? "/" : "", '\0');
	return true;
}

static bool
print_text(void *payload, const char *path,
	   const struct hash *digest, const struct buf *text)
{
	char hex[HASH_HEX_SIZE];

	(void)payload;
	printf("%s %s/\n%s\n", hash_hex(digest, hex), path, text->data);
	return true;
}

static int
read_rules(const char *path, struct ignore **ig,
	   struct imgcache_error *err)
{
	struct buf text = BUF_INIT;
	int rc = file_read(AT_FDCWD, path, 0, &text, err);

	if (!rc)
		rc = ignore_parse(ig, path, text.data, text.len, err);
	buf_release(&text);
	return rc;
}

int
main(int argc, char **argv)
{
	bool text = argc > 1 && strcmp(argv[1], "--text") == 0;
	const char *dir = argc > text + 1 ? argv[text + 1] : NULL;
	const char *rules = argc > text + 2 ? argv[text + 2] : NULL;
	struct tree_options o = { .hash = HASH_XXH3 };
	struct imgcache_error err = { 0 };
	struct ignore *ig = NULL;
	struct tree *t = NULL;
	int rc;

	if (!dir) {
		fputs("usage: ignore-list [--text] DIR [IGNOREFILE]\n", stderr);
		return 129;
	}
	rc = rules ? read_rules(rules, &ig, &err) : 0;
	o.ignore = ig;
	if (!rc)
		rc = tree_scan(dir, &o, &t, &err);
	if (rc)
		fprintf(stderr, "ignore-list: %s\n", err.text);
	else if (text)
		tree_each_text(t, print_text, NULL);
	else
		tree_each(t, print_path, NULL);
	tree_free(t);
	ignore_free(ig);
	return rc ? 1 : 0;
}
