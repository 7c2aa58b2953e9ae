/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_RECIPE_GENERATE_INVENTORY_H
#define IMGCACHE_RECIPE_GENERATE_INVENTORY_H

/*
 * What is really installed in an image, read back after the build:
 *
 *	docker run --rm --network=none --pull=never --entrypoint sh IMAGE \
 *		-c "$(generate_inventory_command())"
 *
 * It needs nothing but a POSIX shell, prints what the image has the tools for,
 * and ends with status 0. Its output, which inventory_parse() reads:
 *
 *	imgcache-inventory 1
 *	<type> TAB <name> TAB <version>		any number, any order
 *	end
 *
 * The output comes from inside an image: it is checked like foreign input.
 */

#include <stddef.h>

#include "base/mem.h"

struct imgcache_error;

const char *generate_inventory_command(void);

struct inventory_row {
	/*
	 * "apt": a Debian package that is installed (without architecture).
	 * "pip": a distribution, name normalised as PEP 503 has it.
	 * "npm": a global package, or a direct dependency of /app.
	 * "system": "os" (ID and version of os-release), "node", "npm",
	 * "python", "pip", and packages of apk and rpm systems.
	 */
	const char *type;
	const char *name;
	const char *version;
};

/* Sorted by type, name, version; each once. The text lives in the arena. */
struct inventory {
	struct arena arena;
	struct inventory_row *v;
	size_t n;
	size_t cap;
};

/*
 * Read the output; IMGCACHE_EFAIL if it is cut off, of another version, has an
 * unknown type or bytes that no name or version has. out must be zeroed; on
 * failure it is left released.
 */
int inventory_parse(const char *text, size_t len, struct inventory *out,
		    struct imgcache_error *err);
void inventory_release(struct inventory *inventory);

/* The installed version of a package by its normalised name, or NULL. */
const char *inventory_find(const struct inventory *inventory,
			   const char *type, const char *name);

#endif
