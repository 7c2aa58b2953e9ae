/* SPDX-License-Identifier: MIT */
/*
 * key-case [-c] CASE TOKEN DIR: a case for t/oracle/key.sh.
 *
 * CASE is SEED, or SEED-N for another change of the same project. Without -c:
 * the project, as DIR/<CASE>k for imgcache and, where CASE is a SEED, as
 * DIR/<SEED>a and DIR/<SEED>c for docker. With -c: one change of it, done to k
 * in place; and the project with the change as DIR/<CASE>b, from the beginning.
 * Beside them
 *
 *	DIR/<CASE>.k .b		flags for imgcache, one word a line
 *	DIR/<SEED>.a.json .c.json DIR/<CASE>.b.json
 *				targets for "buildx bake"
 *	DIR/<CASE>.sh		what the script must do, as assignments
 *	DIR/<CASE>.change	with -c, five lines: what it is; must the tag
 *				stay in mode full; in mode sources; is it
 *				group-write; does the script move the base
 *
 * The contexts have base names that nobody had before, since BuildKit
 * remembers by them.
 */

#include "key.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/json.h"
#include "base/mem.h"
#include "imgcache.h"
#include "sys/file.h"

static uint64_t state;

/* xorshift64* */
unsigned
pick(unsigned n)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (unsigned)((state * UINT64_C(2685821657736338717)) >> 33) % n;
}

bool
chance(unsigned in)
{
	return !pick(in);
}

void
pick_seed(unsigned long seed)
{
	int i;

	state = seed * 7919 + 88172645463325252u;
	for (i = 0; i < 20; i++)
		pick(2);
}

static char *
context(const struct project *p, const char *dir, char copy, size_t which)
{
	return mem_printf("%s/%s%c/%c%s%s%c", dir, p->name, copy,
			  which ? 'n' : 'c', p->token, p->name, copy);
}

/* Left alone when it says the same already. */
static void
write_text(const char *path, const char *text)
{
	struct imgcache_error ignored = {0};
	struct buf old = BUF_INIT;

	if (file_read(AT_FDCWD, path, 0, &old, &ignored) ||
	    strcmp(old.data, text))
		file_write(path, text, strlen(text));
	buf_release(&old);
}

static char *
path_of(const struct project *p, const char *dir, char copy, const char *inside,
	const char *outside)
{
	char *c = context(p, dir, copy, 0);
	char *path = inside ? mem_printf("%s/%s", c, inside) :
		mem_printf("%s/%s%c/%s", dir, p->name, copy, outside);

	free(c);
	return path;
}

static char *
dockerfile(const struct project *p, const char *dir, char copy)
{
	return path_of(p, dir, copy, dockerfile_path(p), "Dockerfile.prod");
}

/* Dockerfile and ignore files. */
static void
write_texts(const struct project *p, const char *dir, char copy)
{
	char *path = dockerfile(p, dir, copy), *text = dockerfile_text(p);
	char *c = context(p, dir, copy, 0);
	char *folder = mem_printf("%s/docker", c);

	if (p->place == PLACE_INSIDE)
		mkdir(folder, 0755);
	write_text(path, text);
	free(text);
	free(path);
	if (p->tree[0].has_ignore) {
		path = path_of(p, dir, copy, ignore_path(p),
			       "Dockerfile.prod.dockerignore");
		text = tree_ignore_text(&p->tree[0]);
		write_text(path, text);
		free(text);
		free(path);
	}
	free(c);
	c = context(p, dir, copy, 1);
	if (p->has_named && p->tree[1].has_ignore) {
		path = path_join(c, ".dockerignore");
		text = tree_ignore_text(&p->tree[1]);
		write_text(path, text);
		free(text);
		free(path);
	}
	free(c);
	free(folder);
}

static void
write_copy(const struct project *p, const char *dir, char copy)
{
	char *top = mem_printf("%s/%s%c", dir, p->name, copy), *c;
	size_t i;

	if (mkdir(top, 0755)) {
		perror(top);
		exit(1);
	}
	free(top);
	for (i = 0; i < 1u + p->has_named; i++) {
		c = context(p, dir, copy, i);
		tree_write(p, i, c);
		free(c);
	}
	write_texts(p, dir, copy);
}

static void
write_beside(const struct project *p, const char *dir, const char *suffix,
	     const struct buf *b)
{
	char *path = mem_printf("%s/%s.%s", dir, p->name, suffix);

	file_write(path, b->data, b->len);
	free(path);
}

static void
write_flags(const struct project *p, const char *dir, char copy)
{
	char *c = context(p, dir, copy, 0), *named = context(p, dir, copy, 1);
	char *file = dockerfile(p, dir, copy);
	char suffix[2] = { copy };
	struct buf b = BUF_INIT;
	size_t i;

	buf_addf(&b, "--context\n%s\n", c);
	if (p->place != PLACE_DEFAULT)
		buf_addf(&b, "--dockerfile\n%s\n", file);
	if (p->names_target)
		buf_addf(&b, "--target\n%s\n", p->stage[p->target].name);
	if (p->has_named)
		buf_addf(&b, "--build-context\n%s=%s\n", p->named, named);
	for (i = 0; i < p->n_args; i++)
		if (p->args[i].value)
			buf_addf(&b, "--build-arg\n%s=%s\n", p->args[i].name,
				 p->args[i].value);
	/* the copy is in no repository */
	if (copy == 'b' && p->in_git)
		buf_adds(&b, "--hash\ngit\n");
	write_beside(p, dir, suffix, &b);
	buf_release(&b);
	free(c);
	free(named);
	free(file);
}

static void
write_args(struct json *j, const struct project *p)
{
	size_t i;

	json_key(j, "args");
	json_object(j);
	for (i = 0; i < p->n_args; i++) {
		if (!p->args[i].value)
			continue;
		json_key(j, p->args[i].name);
		json_string(j, p->args[i].value);
	}
	json_end_object(j);
}

static void
write_target(const struct project *p, const char *dir, char copy)
{
	char *c = context(p, dir, copy, 0), *named = context(p, dir, copy, 1);
	char *file = dockerfile(p, dir, copy);
	/* nobody looks at the first image */
	char *output = copy == 'a' ? mem_strdup("type=cacheonly") :
		mem_printf("type=oci,tar=false,dest=%s/%s.%c.oci", dir,
			   p->name, copy);
	char *suffix = mem_printf("%c.json", copy);
	struct buf b = BUF_INIT;
	struct json j = { .out = &b };

	json_object(&j);
	json_key(&j, "context");
	json_string(&j, c);
	json_key(&j, "dockerfile");
	json_string(&j, file);
	if (p->names_target) {
		json_key(&j, "target");
		json_string(&j, p->stage[p->target].name);
	}
	if (p->has_named) {
		json_key(&j, "contexts");
		json_object(&j);
		json_key(&j, p->named);
		json_string(&j, named);
		json_end_object(&j);
	}
	write_args(&j, p);
	json_key(&j, "output");
	json_array(&j);
	json_string(&j, output);
	json_end_array(&j);
	json_end_object(&j);
	write_beside(p, dir, suffix, &b);
	buf_release(&b);
	free(c);
	free(named);
	free(file);
	free(output);
	free(suffix);
}

static void
write_orders(const struct project *p, const char *dir)
{
	struct buf b = BUF_INIT;

	buf_addf(&b, "in_git=%s\nown_base=%s\npushed=%s\n",
		 p->in_git ? chance(3) ? "unbelieved" : "yes" : "",
		 p->own_base ? p->own_base : "",
		 p->own_base_pushed ? "yes" : "");
	write_beside(p, dir, "sh", &b);
	buf_release(&b);
}

static void
make(struct project *p)
{
	p->in_git = chance(5);
	p->is_fresh = chance(3);
	p->has_named = chance(4);
	p->place = chance(2) ? PLACE_DEFAULT : 1 + pick(2);
	p->own_ignore = chance(3);
	tree_invent(p, 0);
	tree_invent(p, 1);
	dockerfile_make(p);
}

static void
change(struct project *p, const char *dir)
{
	struct change c;
	struct buf b = BUF_INIT;
	const char *copies = "kb";

	write_copy(p, dir, 'b');
	change_choose(p, &c);
	for (; *copies; copies++) {
		char *root = context(p, dir, *copies, c.tree);
		char *path = c.path ? path_join(root, c.path) : NULL;

		if (c.apply)
			c.apply(p, &c, path);
		write_texts(p, dir, *copies);
		write_flags(p, dir, *copies);
		free(path);
		free(root);
	}
	write_target(p, dir, 'b');
	buf_addf(&b, "%s\n%d\n%d\n%d\n%d\n", c.name, c.stays_full,
		 c.stays_sources, c.group_write, c.moves_base);
	write_beside(p, dir, "change", &b);
	buf_release(&b);
}

int
main(int argc, char **argv)
{
	bool with_change = argc > 1 && !strcmp(argv[1], "-c");
	struct project p = {0};
	const char *dir;
	char *nth;

	if (argc != 4 + with_change) {
		fputs("usage: key-case [-c] CASE TOKEN DIR\n", stderr);
		return 129;
	}
	p.name = argv[1 + with_change];
	p.token = argv[2 + with_change];
	dir = argv[3 + with_change];
	p.seed = strtoul(p.name, &nth, 10);
	pick_seed(p.seed);
	make(&p);
	if (with_change) {
		pick_seed(p.seed + 1000003 *
			  (1 + (*nth ? strtoul(nth + 1, NULL, 10) : 0)));
		change(&p, dir);
		return 0;
	}
	write_copy(&p, dir, 'k');
	write_flags(&p, dir, 'k');
	if (!*nth) {
		write_copy(&p, dir, 'a');
		write_copy(&p, dir, 'c');
		write_target(&p, dir, 'a');
		write_target(&p, dir, 'c');
	}
	write_orders(&p, dir);
	return 0;
}
