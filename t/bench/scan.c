/* SPDX-License-Identifier: MIT */
/*
 * scan [-c CACHE_DIR [-f]] [-h git|xxh3] [-i IGNORE_FILE] [-t THREADS] DIR: what
 * a tag does with its context and nothing else; with -f, as if it were the first
 * time: the stat caches are removed. Prints the digest of the tree and, with
 * -m, the memory it took.
 */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "source/ignore.h"
#include "source/tree.h"
#include "sys/file.h"

static int fail(const struct imgcache_error *err)
{
	fprintf(stderr, "scan: %s\n", err->text);
	return 128;
}

int main(int argc, char **argv)
{
	struct tree_options o = { .hash = HASH_XXH3 };
	struct imgcache_error err = { 0 };
	struct ignore *rules = NULL;
	struct buf text = BUF_INIT;
	char hex[HASH_HEX_SIZE];
	int with_memory = 0;
	int first = 0;
	struct rusage use;
	struct tree *t;
	int c;

	while ((c = getopt(argc, argv, "c:fh:i:mt:")) > 0) {
		if (c == 'c')
			o.stat_cache_dir = optarg;
		else if (c == 'f')
			first = 1;
		else if (c == 'm')
			with_memory = 1;
		else if (c == 't')
			o.threads = (unsigned)atoi(optarg);
		else if (c == 'h' && hash_kind_parse(optarg, &o.hash))
			continue;
		else if (c != 'i')
			return 129;
		else if (file_read(AT_FDCWD, optarg, 0, &text, &err) ||
			 ignore_parse(&rules, optarg, text.data, text.len,
				      &err))
			return fail(&err);
	}
	if (optind + 1 != argc || (first && !o.stat_cache_dir))
		return 129;
	if (first && (file_remove_tree(AT_FDCWD, o.stat_cache_dir, &err) ||
		      file_private_dir(o.stat_cache_dir, &err)))
		return fail(&err);
	o.ignore = rules;
	if (tree_scan(argv[optind], &o, &t, &err))
		return fail(&err);
	printf("%s\n", hash_hex(tree_digest(t), hex));
	getrusage(RUSAGE_SELF, &use);
	if (with_memory)
		printf("%ld kB\n", use.ru_maxrss);
	tree_free(t);
	ignore_free(rules);
	buf_release(&text);
	return 0;
}
