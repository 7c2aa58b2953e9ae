/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_RECIPE_GRAMMAR_H
#define IMGCACHE_RECIPE_GRAMMAR_H

/*
 * What may stand in a recipe, and what to write instead. Every check covers
 * every byte up to the NUL, from the first to the last; what passes can be put
 * between single quotes in a shell line and between double quotes in JSON
 * without starting an option, a word, a line or an instruction there.
 *
 * Failures are IMGCACHE_EUSAGE with one line that names the text (unprintable
 * bytes escaped, long texts cut) and the right form. Where a place is known the
 * line begins with file:line:column.
 *
 * apt	name[:arch][=version | /suite]. Name and version as Debian policy 5.6.1
 *	and deb-version(7) have them; the version may end in one *, a pattern
 *	of apt-get. A trailing - is refused: apt-get would remove the
 *	package. A trailing + is fine (g++, memtest86+).
 * npm	[@scope/]name[@version|range|tag]. Names as npm's registry takes them
 *	(legacy upper case too). Ranges without white space. Nothing that npm
 *	would read as a folder, a tarball, a URL, a repository or an alias.
 * pip	name[extra,...][op version,...], PEP 508 without white space, URLs and
 *	markers: those belong into a requirements file (pip_requirements).
 */

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct imgcache_error;
struct recipe_package;
struct recipe_packages;

enum grammar_manager { GRAMMAR_APT, GRAMMAR_NPM, GRAMMAR_PIP };

/* "apt", "npm", "pip" */
const char *grammar_manager_name(enum grammar_manager manager);

/* Longer package texts are refused; npm names alone may have 214 bytes. */
#define GRAMMAR_PACKAGE_MAX 512

/*
 * One package, taken apart. All text is owned by the struct; NULL: not there.
 * `text` is the normal form: two texts that ask for the same have the same
 * one. It differs from what was written for pip only: the name is normalised
 * (PEP 503), extras and version clauses are sorted.
 */
struct grammar_package {
	enum grammar_manager manager;
	char *text;
	char *name;	/* npm: with its scope; pip: normalised */
	char *arch;	/* apt */
	char *suite;	/* apt */
	char *extras;	/* pip: "a,b" */
	char *op;	/* "=", "@", "==", ">=" ...: the first clause's */
	char *version;	/* the rest: "1.2", "^5.4", "1.2,<2" */
	bool exact;	/* only one version can satisfy it */
};

/* Zero-initialised is an empty list. Sorted by name, each text once. */
struct grammar_packages {
	struct grammar_package *v;
	size_t n;
	size_t cap;
};

/* Check one package and take it apart. On failure out is left released. */
int grammar_package(enum grammar_manager manager,
		    const struct recipe_package *package,
		    struct grammar_package *out, struct imgcache_error *err);
void grammar_package_release(struct grammar_package *package);

/*
 * Check a list, sort it, drop repetitions. One name asked for in two ways
 * ("git" and "git=1:2.39") is an error: which one wins would depend on the
 * order. For apt the same name on two architectures is two names.
 */
int grammar_packages(enum grammar_manager manager,
		     const struct recipe_packages *list,
		     struct grammar_packages *out, struct imgcache_error *err);
void grammar_packages_release(struct grammar_packages *list);

/*
 * Text as error messages may show it: bytes that are no printable ASCII as
 * \xHH, long texts cut. Returns out.
 */
#define GRAMMAR_SHOWN 96
const char *grammar_shown(char out[GRAMMAR_SHOWN], const char *text);

/* pip's name for comparisons (PEP 503): lower case, runs of -_. as one -. */
void grammar_pip_normal(const char *name, size_t len, struct buf *out);

/* The version of the Claude Code CLI: what follows the @ of an npm package. */
int grammar_claude_code(const char *text, struct imgcache_error *err);

/* A user's name, a numeric uid, or uid:gid. */
int grammar_user(const char *text, struct imgcache_error *err);
bool grammar_user_is_numeric(const char *text);

/*
 * NAME=value. The name is [A-Za-z_][A-Za-z0-9_]*; the value is UTF-8 without
 * control bytes other than tab. It is meant literally; only in PATH's value
 * $PATH and ${PATH} stand for what the base image has.
 */
int grammar_env(const char *assignment, struct imgcache_error *err);

/*
 * The ends of a copy. From: relative, inside the root, no pattern (* ? [ \),
 * "." for all of it. To: absolute, without "..". Both UTF-8, no control bytes.
 */
int grammar_copy_from(const char *path, struct imgcache_error *err);
int grammar_copy_to(const char *path, struct imgcache_error *err);

/*
 * A path inside the project as recipes name files and folders (requirements,
 * lock folder): relative, no "..", no control bytes, no leading dash.
 */
int grammar_path(const char *path, struct imgcache_error *err);

/*
 * An image reference, [domain[:port]/]path[:tag][@digest], by the grammar of
 * github.com/distribution/reference (v0.6): path in lower case, name at most
 * 255 bytes, tag at most 128, digests sha256 (64 hex) or sha512 (128 hex).
 * 64 hex alone are refused there and here: docker takes them for an image id.
 */
int ref_check(const char *text, struct imgcache_error *err);

/*
 * Where a reference leads, without tag and digest: "a" is
 * "docker.io/library/a". Names by which one registry answers are one: the
 * hub's, letters of either case, the default port given or not. What is no
 * reference gives itself. The caller frees.
 */
char *ref_repository(const char *text);
bool ref_is_same_repository(const char *a, const char *b);

/*
 * os/arch[/variant] in the spelling docker itself prints; "x86_64", "amd64" or
 * "linux/arm64/v8" are refused with the right one ("linux/arm64"), so that
 * one platform has one key.
 */
int grammar_platform(const char *text, struct imgcache_error *err);

#endif
