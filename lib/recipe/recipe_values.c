/* SPDX-License-Identifier: MIT */
/* One small check per field; a complaint is "what is wrong; what to write". */

#include "recipe/recipe_values.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/strv.h"
#include "recipe/grammar.h"
#include "recipe/recipe.h"

#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define WORD DIGITS LETTERS "_.-"

static int
refuse(struct imgcache_error *err, const char *what, const char *text,
       const char *complaint)
{
	char shown[GRAMMAR_SHOWN];

	return error_set(err, IMGCACHE_EUSAGE, "%s '%s': %s", what,
			 grammar_shown(shown, text), complaint);
}

static bool
is_one_line(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return false;
	return true;
}

/* All of it from set, and not empty. */
static bool
is_only(const char *text, const char *set)
{
	return *text && !text[strspn(text, set)];
}

int
recipe_check_base(const char *text, struct imgcache_error *err)
{
	return recipe_reference(text) ? 0 : ref_check(text, err);
}

int
recipe_check_registry(const char *text, struct imgcache_error *err)
{
	const char *slash = strrchr(text, '/');
	int ret = ref_check(text, err);

	if (ret)
		return ret;
	if (!slash)
		return refuse(err, "registry", text,
			      "it names no repository; write host/path, such "
			      "as registry.example/team/cache");
	if (strpbrk(slash, ":@"))
		return refuse(err, "registry", text,
			      "it has a tag or a digest; the key is the tag, "
			      "write host/path alone");
	return 0;
}

int
recipe_check_refresh(const char *text, struct imgcache_error *err)
{
	if (strlen(text) <= 64 && is_only(text, WORD ":+"))
		return 0;
	return refuse(err, "refresh", text,
		      "write never, daily, weekly, monthly or a word of your "
		      "own (letters, digits, . _ : + -, at most 64)");
}

int
recipe_check_hash(const char *text, struct imgcache_error *err)
{
	if (str_is(text, "git") || str_is(text, "xxh3"))
		return 0;
	return refuse(err, "hash", text, "write git or xxh3");
}

int
recipe_check_policy(const char *text, struct imgcache_error *err)
{
	if (str_is(text, "digest") || str_is(text, "name"))
		return 0;
	return refuse(err, "base policy", text, "write digest or name");
}

int
recipe_check_context_mode(const char *text, struct imgcache_error *err)
{
	if (str_is(text, "full") || str_is(text, "sources"))
		return 0;
	return refuse(err, "context mode", text, "write full or sources");
}

int
recipe_check_salt(const char *text, struct imgcache_error *err)
{
	if (strlen(text) <= 256 && is_one_line(text))
		return 0;
	return refuse(err, "salt", text,
		      "write one line of at most 256 bytes");
}

int
recipe_check_target(const char *text, struct imgcache_error *err)
{
	if (isalnum((unsigned char)*text) && is_only(text, WORD))
		return 0;
	return refuse(err, "target", text,
		      "no name of a stage; write letters, digits, _ . and -");
}

int
recipe_check_network(const char *text, struct imgcache_error *err)
{
	if (str_is(text, "default") || str_is(text, "none") ||
	    str_is(text, "host"))
		return 0;
	return refuse(err, "network", text,
		      "BuildKit knows default, none and host");
}

static bool
is_ip(const char *text, size_t len)
{
	unsigned char bytes[sizeof(struct in6_addr)];
	char ip[INET6_ADDRSTRLEN];

	if (len > 2 && text[0] == '[' && text[len - 1] == ']') {
		text++;
		len -= 2;
	}
	if (len >= sizeof(ip))
		return false;
	memcpy(ip, text, len);
	ip[len] = '\0';
	return str_is(ip, "host-gateway") || inet_pton(AF_INET, ip, bytes) ||
	       inet_pton(AF_INET6, ip, bytes);
}

int
recipe_check_add_host(const char *text, struct imgcache_error *err)
{
	size_t len = strcspn(text, ":=");

	if (len && text[len] && strspn(text, WORD) >= len && *text != '-' &&
	    is_ip(text + len + 1, strlen(text + len + 1)))
		return 0;
	return refuse(err, "add-host", text, "write HOST:IP");
}

/* One attribute of a secret; *has_id is set by id=. */
static bool
is_secret_part(const char *part, bool *has_id)
{
	static const char *const names[] = { "src=", "source=", "env=" };

	if (str_starts(part, "id=")) {
		*has_id = is_only(part + 3, WORD);
		return *has_id;
	}
	if (str_starts(part, "type="))
		return str_is(part + 5, "file") || str_is(part + 5, "env");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_starts(part, names[i]))
			return part[strlen(names[i])] != '\0';
	return false;
}

int
recipe_check_secret(const char *text, struct imgcache_error *err)
{
	struct strv parts = { 0 };
	bool has_id = false, fits = is_one_line(text);

	strv_split(&parts, text, ",");
	for (size_t i = 0; i < parts.n && fits; i++)
		fits = is_secret_part(parts.v[i], &has_id);
	strv_release(&parts);
	if (fits && has_id)
		return 0;
	return refuse(err, "secret", text,
		      "write id=ID, id=ID,src=PATH or id=ID,env=NAME");
}

int
recipe_check_ssh(const char *text, struct imgcache_error *err)
{
	size_t len = strcspn(text, "=");

	if (len && strspn(text, WORD) >= len && is_one_line(text) &&
	    (!text[len] || text[len + 1]))
		return 0;
	return refuse(err, "ssh", text, "write default, ID or ID=PATH");
}

/* Text before the "=" for messages: what follows may be a secret. */
static int
refuse_name(struct imgcache_error *err, const char *what, const char *text,
	    const char *complaint)
{
	char *name = mem_strndup(text, strcspn(text, "="));
	int ret = refuse(err, what, name, complaint);

	free(name);
	return ret;
}

int
recipe_check_label(const char *text, struct imgcache_error *err)
{
	size_t len = strcspn(text, "=");

	if (!len || strspn(text, WORD "/") < len)
		return refuse_name(err, "label", text,
				   "write NAME=value, the name of letters, "
				   "digits, . _ / and -");
	if (str_starts(text, "io.imgcache."))
		return refuse_name(err, "label", text,
				   "io.imgcache.* is imgcache's own; choose "
				   "another name");
	return 0;
}

int
recipe_check_arg(const char *text, struct imgcache_error *err)
{
	size_t len = strcspn(text, "=");

	if (len && strspn(text, DIGITS LETTERS "_") >= len &&
	    !isdigit((unsigned char)*text))
		return 0;
	return refuse_name(err, "build argument", text,
			   "write NAME=value, or NAME to take it from the "
			   "environment");
}

int
recipe_check_build_context(const char *text, struct imgcache_error *err)
{
	size_t len = strcspn(text, "=");

	if (len && strspn(text, WORD "/:") >= len && *text != '-' &&
	    text[len] && text[len + 1] && is_one_line(text))
		return 0;
	return refuse(err, "build context", text,
		      "write NAME=PATH or NAME=docker-image://REF");
}

int
recipe_check_path(const char *text, struct imgcache_error *err)
{
	if (*text && is_one_line(text) && *text != '-')
		return 0;
	if (str_is(text, "-"))
		return refuse(err, "path", text,
			      "standard input is read once and the key is "
			      "looked at twice; write it to a file");
	return refuse(err, "path", text,
		      *text == '-' ? "it would be read as an option; write ./ "
				     "before it"
				   : "write the path of a file or folder");
}

int
recipe_check_include(const char *text, struct imgcache_error *err)
{
	if (*text == '!' || *text == '#')
		return refuse(err, "include", text,
			      "it lists what is sent; write paths below the "
			      "context");
	return grammar_path(text, err);
}
