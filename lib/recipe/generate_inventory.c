/* SPDX-License-Identifier: MIT */
/*
 * The shell prints each row on a line of its own, in whatever order; sorting
 * and checking is done here, where the image has no say.
 */

#include "recipe/generate_inventory.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/strv.h"
#include "recipe/generate_install.h"
#include "recipe/grammar.h"

#define HEADER "imgcache-inventory 1"

/* Direct packages of node_modules folders, as npm ls would name them. */
#define NODE_LIST							\
	"const fs = require(\"fs\"), path = require(\"path\");\n"	\
	"function show(dir, name) {\n"					\
	"  try {\n"							\
	"    const file = path.join(dir, name, \"package.json\");\n"	\
	"    const p = JSON.parse(fs.readFileSync(file, \"utf8\"));\n"	\
	"    console.log(\"npm\\t\" + name + \"\\t\" + p.version);\n"	\
	"  } catch (e) { }\n"						\
	"}\n"								\
	"function list(dir) {\n"					\
	"  try { return fs.readdirSync(dir); } catch (e) { return []; }\n" \
	"}\n"								\
	"const global = process.argv[1], app = process.argv[2];\n"	\
	"for (const name of list(global))\n"				\
	"  if (name[0] == \"@\")\n"					\
	"    for (const sub of list(path.join(global, name)))\n"	\
	"      show(global, name + \"/\" + sub);\n"			\
	"  else if (name[0] != \".\")\n"				\
	"    show(global, name);\n"					\
	"try {\n"							\
	"  const file = path.join(app, \"package.json\");\n"		\
	"  const p = JSON.parse(fs.readFileSync(file, \"utf8\"));\n"	\
	"  for (const name of Object.keys(Object.assign({},\n"		\
	"       p.dependencies, p.devDependencies)))\n"			\
	"    show(path.join(app, \"node_modules\"), name);\n"		\
	"} catch (e) { }\n"

#define PIP_LIST							\
	"import sys\n"							\
	"print(\"system\\tpython\\t\" + sys.version.split()[0])\n"	\
	"try:\n"							\
	"    from importlib.metadata import distributions\n"		\
	"    for d in distributions():\n"				\
	"        if d.metadata[\"Name\"]:\n"				\
	"            print(\"pip\\t%s\\t%s\"\n"				\
	"                  % (d.metadata[\"Name\"], d.version))\n"	\
	"except ImportError:\n"						\
	"    pass\n"

static const char command[] =
	"exec 2>/dev/null\n"
	"export LC_ALL=C\n"
	"echo '" HEADER "'\n"
	"if [ -r /etc/os-release ]; then\n"
	"  (. /etc/os-release; printf 'system\\tos\\t%s %s\\n' "
	"\"${ID:-unknown}\" \"${VERSION_ID:-}\")\n"
	"fi\n"
	"if command -v dpkg-query >/dev/null; then\n"
	"  dpkg-query -W -f='${db:Status-Abbrev}\\t${Package}\\t"
	"${Version}\\n' | sed -n 's/^.i *\t/apt\t/p'\n"
	"elif command -v apk >/dev/null; then\n"
	"  apk info -v |\n"
	"    sed -n 's/^\\(.*\\)-\\([^-]*-r[0-9]*\\)$/system\t\\1\t\\2/p'\n"
	"elif command -v rpm >/dev/null; then\n"
	"  rpm -qa --qf 'system\\t%{NAME}\\t%{VERSION}-%{RELEASE}\\n'\n"
	"fi\n"
	"for p in " PIP_VENV_DIR "/bin/python3 python3; do\n"
	"  command -v $p >/dev/null || continue\n"
	"  $p -I -c '" PIP_LIST "'\n"
	"  break\n"
	"done\n"
	"if command -v node >/dev/null; then\n"
	"  printf 'system\\tnode\\t%s\\n' \"$(node --version)\"\n"
	"  if command -v npm >/dev/null; then\n"
	"    NPM_CONFIG_UPDATE_NOTIFIER=false\n"
	"    export NPM_CONFIG_UPDATE_NOTIFIER\n"
	"    printf 'system\\tnpm\\t%s\\n' \"$(npm --version)\"\n"
	"    node -e '" NODE_LIST "' \"$(npm root -g)\" " NPM_LOCK_DIR "\n"
	"  fi\n"
	"fi\n"
	"echo end\n";

const char *
generate_inventory_command(void)
{
	return command;
}

static const char *
known_type(const char *type, size_t len)
{
	static const char *const types[] = { "apt", "npm", "pip", "system" };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strlen(types[i]) == len && !memcmp(types[i], type, len))
			return types[i];
	return NULL;
}

/* Printable ASCII of a sane length; only a version may have spaces. */
static bool
is_field(const char *p, size_t len, bool spaces)
{
	if (!len || len > GRAMMAR_PACKAGE_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (p[i] < (spaces ? 0x20 : 0x21) || p[i] > 0x7e)
			return false;
	return true;
}

/* False if the line is not type TAB name TAB version. */
static bool
add_row(struct inventory *out, const char *line, size_t len)
{
	const char *end = line + len;
	const char *name = memchr(line, '\t', len);
	const char *version = name ? memchr(name + 1, '\t',
					    (size_t)(end - name - 1)) : NULL;
	const char *type = name ? known_type(line, (size_t)(name - line))
				: NULL;
	struct buf normal = BUF_INIT;

	if (!type || !version ||
	    !is_field(name + 1, (size_t)(version - name - 1), false) ||
	    !is_field(version + 1, (size_t)(end - version - 1), true))
		return false;
	name++;
	if (str_is(type, "pip"))
		grammar_pip_normal(name, (size_t)(version - name), &normal);
	else
		buf_add(&normal, name, (size_t)(version - name));
	mem_grow(out->v, out->n, out->cap);
	out->v[out->n].type = type;
	out->v[out->n].name = arena_strdup(&out->arena, normal.data);
	out->v[out->n++].version = arena_strndup(&out->arena, version + 1,
						 (size_t)(end - version - 1));
	buf_release(&normal);
	return true;
}

static int
compare_rows(const void *left, const void *right)
{
	const struct inventory_row *a = left, *b = right;
	int order = strcmp(a->type, b->type);

	if (!order)
		order = strcmp(a->name, b->name);
	return order ? order : strcmp(a->version, b->version);
}

static void
sort_rows(struct inventory *inventory)
{
	size_t kept = 0;

	if (!inventory->n)
		return;
	qsort(inventory->v, inventory->n, sizeof(*inventory->v), compare_rows);
	for (size_t i = 0; i < inventory->n; i++)
		if (!kept || compare_rows(&inventory->v[kept - 1],
					  &inventory->v[i]))
			inventory->v[kept++] = inventory->v[i];
	inventory->n = kept;
}

int
inventory_parse(const char *text, size_t len, struct inventory *out,
		struct imgcache_error *err)
{
	const char *p = text, *end = text + len;
	bool whole = false;
	int rc = 0;

	for (int number = 1; p < end && !whole && !rc; number++) {
		const char *stop = memchr(p, '\n', (size_t)(end - p));
		size_t line = (size_t)((stop ? stop : end) - p);

		if (number == 1 && (line != strlen(HEADER) ||
				    memcmp(p, HEADER, line)))
			rc = error_set(err, IMGCACHE_EFAIL,
				       "cannot read the inventory: it does not "
				       "begin with '" HEADER "'");
		else if (line == 3 && stop && !memcmp(p, "end", 3))
			whole = true;
		else if (number > 1 && !add_row(out, p, line))
			rc = error_set(err, IMGCACHE_EFAIL,
				       "cannot read the inventory: line %d is "
				       "not type, name and version", number);
		p += line + 1;
	}
	if (!rc && !whole)
		rc = error_set(err, IMGCACHE_EFAIL,
			       "cannot read the inventory: it is cut off");
	if (rc)
		inventory_release(out);
	else
		sort_rows(out);
	return rc;
}

void
inventory_release(struct inventory *inventory)
{
	arena_release(&inventory->arena);
	free(inventory->v);
	memset(inventory, 0, sizeof(*inventory));
}

const char *
inventory_find(const struct inventory *inventory, const char *type,
	       const char *name)
{
	for (size_t i = 0; i < inventory->n; i++)
		if (str_is(inventory->v[i].type, type) &&
		    str_is(inventory->v[i].name, name))
			return inventory->v[i].version;
	return NULL;
}
