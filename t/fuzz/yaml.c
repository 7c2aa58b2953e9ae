/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as imgcache.yaml: the reader, then the whole project file with
 * its recipes, and as a .env file. A result has a message exactly if it
 * failed; a tree is at most YAML_MAX_DEPTH deep and counts its nodes right; an
 * order of images has each image once, after what it needs.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "imgcache.h"
#include "recipe/dotenv.h"
#include "recipe/expand.h"
#include "recipe/project.h"
#include "recipe/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
expect(bool holds)
{
	if (!holds)
		abort();
}

static const char *
get(void *payload, const char *name)
{
	(void)payload;
	return name[0] == 'A' ? "value" : name[0] == 'B' ? "" : NULL;
}

static const struct expand_env env = { get, NULL };

static void
check_tree(const struct yaml_node *node, int depth)
{
	size_t n = 0;

	expect(node->line > 0 && node->column > 0);
	expect((node->kind == YAML_TEXT) == (node->text != NULL));
	expect(node->kind == YAML_TEXT || depth <= YAML_MAX_DEPTH);
	for (const struct yaml_node *at = node->first; at; at = at->next) {
		expect((node->kind == YAML_MAP) == (at->key != NULL));
		if (at->key)
			expect(yaml_get(node, at->key->text) == at);
		check_tree(at, depth + 1);
		n++;
	}
	expect(n == node->n);
}

static void
check_yaml(const char *text, size_t len)
{
	struct imgcache_error err = { 0 };
	struct yaml_doc doc = { 0 };
	int ret = yaml_parse(&doc, "f", text, len, &err);

	expect(ret == err.code && !ret == !err.text[0]);
	expect(!strchr(err.text, '\n'));
	if (!ret && doc.root)
		check_tree(doc.root, 1);
	yaml_release(&doc);
}

static void
check_order(const struct project *p)
{
	const size_t *order = project_order(p);
	bool *seen = mem_array(p->n_images + 1, sizeof(*seen));

	for (size_t i = 0; i < p->n_images; i++) {
		const struct project_image *image = &p->images[order[i]];

		for (size_t k = 0; k < image->n_needs; k++)
			expect(seen[image->needs[k]]);
		expect(!seen[order[i]]);
		seen[order[i]] = true;
	}
	free(seen);
}

static void
check_project(const char *text, size_t len)
{
	struct imgcache_error err = { 0 };
	int fd = memfd_create("imgcache.yaml", MFD_CLOEXEC);
	char path[64];
	struct project p;
	int ret;

	expect(fd >= 0 && write(fd, text, len) == (ssize_t)len);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ret = project_load(&p, path, NULL, &env, &err);
	expect(ret == err.code && !ret == !err.text[0]);
	if (!ret) {
		check_order(&p);
		project_release(&p);
	}
	close(fd);
}

static void
check_dotenv(const char *text, size_t len)
{
	static const char *const names[] = { "NO_CACHE", "MAX_CACHED_IMAGES" };
	struct dotenv d = { 0 };

	dotenv_parse(&d, text, len, names, 2);
	expect(d.n <= 2);
	dotenv_release(&d);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_yaml((const char *)data, size);
	check_project((const char *)data, size);
	check_dotenv((const char *)data, size);
	return 0;
}
