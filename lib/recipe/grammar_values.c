/* SPDX-License-Identifier: MIT */
/*
 * What a recipe may say besides packages (declared in grammar.h). As there,
 * a text passes only if every byte of it is one that a rule lists.
 */

#include "recipe/grammar.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/strv.h"
#include "recipe/grammar_reader.h"
#include "recipe/recipe.h"

static int
refuse(struct imgcache_error *err, const char *what, const char *text,
       const char *complaint)
{
	char shown[GRAMMAR_SHOWN];

	return error_set(err, IMGCACHE_EUSAGE, "%s '%s': %s", what,
			 grammar_shown(shown, text), complaint);
}

/* The length of the UTF-8 sequence at p (RFC 3629), 0 if there is none. */
static size_t
utf8_len(const unsigned char *p)
{
	static const struct {
		unsigned char first, last, low, high, len;
	} rows[] = {
		{ 0x01, 0x7f, 0, 0, 1 },       { 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (p[0] < rows[i].first || p[0] > rows[i].last)
			continue;
		if (rows[i].len > 1 &&
		    (p[1] < rows[i].low || p[1] > rows[i].high))
			return 0;
		for (size_t k = 2; k < rows[i].len; k++)
			if (p[k] < 0x80 || p[k] > 0xbf)
				return 0;
		return rows[i].len;
	}
	return 0;
}

/* What is wrong with text that shall be one line of UTF-8, or NULL. */
static const char *
line_complaint(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	while (*p) {
		size_t len = utf8_len(p);

		if (!len)
			return "it is not UTF-8; a Dockerfile cannot hold it";
		/* U+0080..U+009F are control characters as well. */
		if (*p < 0x20 || *p == 0x7f || (*p == 0xc2 && p[1] < 0xa0))
			return "it has a control character; a Dockerfile's "
			       "line cannot hold it";
		/* U+2028 and U+2029 end a line for some readers. */
		if (p[0] == 0xe2 && p[1] == 0x80 &&
		    (p[2] == 0xa8 || p[2] == 0xa9))
			return "it has a line separator; a Dockerfile's line "
			       "cannot hold it";
		p += len;
	}
	return NULL;
}

int
grammar_claude_code(const char *text, struct imgcache_error *err)
{
	struct recipe_package package = { .place = { NULL, 0, 0 } };
	struct grammar_package parts;
	int rc;

	package.text = mem_printf("@anthropic-ai/claude-code@%s", text);
	rc = grammar_package(GRAMMAR_NPM, &package, &parts, err);
	free(package.text);
	if (!rc) {
		grammar_package_release(&parts);
		return 0;
	}
	error_clear(err);
	return refuse(err, "claude_code", text,
		      "no version or tag of npm; write 1.2.3, ^1.2 or latest");
}

static bool
is_id(const char *p, size_t len)
{
	return len && len <= 10 && strspn(p, GRAMMAR_DIGIT) >= len &&
	       (len == 1 || p[0] != '0') &&
	       strtoull(p, NULL, 10) <= INT32_MAX;
}

bool
grammar_user_is_numeric(const char *text)
{
	size_t len = strcspn(text, ":");

	return is_id(text, len) &&
	       (!text[len] || is_id(text + len + 1, strlen(text + len + 1)));
}

int
grammar_user(const char *text, struct imgcache_error *err)
{
	size_t len = strspn(text, GRAMMAR_ALNUM "_-");

	if (grammar_user_is_numeric(text))
		return 0;
	if (!len || text[len] || len > 32 ||
	    !strchr(GRAMMAR_LOWER GRAMMAR_UPPER "_", text[0]))
		return refuse(err, "user", text,
			      "a user's name begins with a letter and has "
			      "letters, digits, _ and - (at most 32); write a "
			      "name, a uid or uid:gid");
	return 0;
}

int
grammar_env(const char *assignment, struct imgcache_error *err)
{
	size_t len = strspn(assignment, GRAMMAR_ALNUM "_");
	const char *complaint;
	char *value;

	if (!len || assignment[len] != '=' ||
	    strchr(GRAMMAR_DIGIT, assignment[0])) {
		/* What follows the = may be a secret. */
		char *name = mem_strndup(assignment, strcspn(assignment, "="));

		refuse(err, "env", name,
		       "a name has letters, digits and _ and does not begin "
		       "with a digit; write NAME=value");
		free(name);
		return err->code;
	}
	value = mem_strdup(assignment + len + 1);
	for (char *tab = value; (tab = strchr(tab, '\t'));)
		*tab = ' ';
	complaint = line_complaint(value);
	free(value);
	if (!complaint)
		return 0;
	return error_set(err, IMGCACHE_EUSAGE, "the value of env '%.*s': %s",
			 len < 64 ? (int)len : 64, assignment, complaint);
}

/* Does a component of the path equal ".."? */
static bool
goes_up(const char *path)
{
	while (*path) {
		size_t len = strcspn(path, "/");

		if (len == 2 && path[0] == '.' && path[1] == '.')
			return true;
		path += len + (path[len] == '/');
	}
	return false;
}

static const char *
inside_complaint(const char *path)
{
	const char *complaint = line_complaint(path);

	if (complaint)
		return complaint;
	if (!*path)
		return "it is empty; write a path inside the project";
	if (path[0] == '/')
		return "it is absolute; write it relative to the project";
	if (goes_up(path))
		return "it leaves the project; write a path inside it";
	return NULL;
}

int
grammar_copy_from(const char *path, struct imgcache_error *err)
{
	const char *complaint = inside_complaint(path);

	if (!complaint && strpbrk(path, "*?[\\"))
		complaint = "docker would read it as a pattern (* ? [ \\); "
			    "copy the folder it stands in";
	return complaint ? refuse(err, "copy from", path, complaint) : 0;
}

int
grammar_copy_to(const char *path, struct imgcache_error *err)
{
	const char *complaint = line_complaint(path);

	if (!complaint && path[0] != '/')
		complaint = "it is not absolute; write /path/in/the/image";
	else if (!complaint && goes_up(path))
		complaint = "it has '..'; write the path without it";
	else if (!complaint && strchr(path, '\\'))
		complaint = "it has a backslash; write it with /";
	return complaint ? refuse(err, "copy to", path, complaint) : 0;
}

int
grammar_path(const char *path, struct imgcache_error *err)
{
	const char *complaint = inside_complaint(path);

	if (!complaint && path[0] == '-')
		complaint = "it would be read as an option; write ./ before it";
	return complaint ? refuse(err, "path", path, complaint) : 0;
}

/* The other names of what docker calls os/arch[/variant]. */
static const struct {
	const char *name;
	const char *platform;
} other_names[] = {
	{ "amd64", "linux/amd64" },	{ "x86_64", "linux/amd64" },
	{ "x86-64", "linux/amd64" },	{ "arm64", "linux/arm64" },
	{ "aarch64", "linux/arm64" },	{ "arm64/v8", "linux/arm64" },
	{ "aarch64/v8", "linux/arm64" }, { "386", "linux/386" },
	{ "i386", "linux/386" },	{ "i686", "linux/386" },
	{ "armhf", "linux/arm/v7" },	{ "armel", "linux/arm/v6" },
	{ "arm", "linux/arm/v7" },	{ "arm/v7", "linux/arm/v7" },
	{ "arm/v6", "linux/arm/v6" },	{ "amd64/v1", "linux/amd64" },
	{ "ppc64le", "linux/ppc64le" }, { "s390x", "linux/s390x" },
	{ "riscv64", "linux/riscv64" },
};

int
grammar_platform(const char *text, struct imgcache_error *err)
{
	size_t os = strspn(text, GRAMMAR_LOWER GRAMMAR_DIGIT);
	bool has_os = str_starts(text, "linux/");
	const char *arch = has_os ? text + 6 : text;
	char shown[GRAMMAR_SHOWN];

	for (size_t i = 0; i < sizeof(other_names) / sizeof(*other_names); i++)
		if (str_is(arch, other_names[i].name) &&
		    !str_is(text, other_names[i].platform))
			return error_set(err, IMGCACHE_EUSAGE,
					 "platform '%s': not docker's name for "
					 "it; write '%s'",
					 grammar_shown(shown, text),
					 other_names[i].platform);
	const char *p = text + os;
	for (int parts = 1; os && *p == '/' && parts < 3; parts++) {
		size_t len = strspn(p + 1, GRAMMAR_LOWER GRAMMAR_DIGIT "._");

		if (!len)
			break;
		p += 1 + len;
		if (!*p)
			return 0;
	}
	return refuse(err, "platform", text,
		      "it is not os/arch or os/arch/variant; write one like "
		      "linux/amd64");
}
