/* SPDX-License-Identifier: MIT */
/*
 * The three grammars. Every reader takes spans of listed bytes off the front
 * and ends only at the NUL, so a byte that no rule names cannot pass.
 */

#include "recipe/grammar_reader.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/strv.h"
#include "recipe/grammar.h"

/* Take the longest run of the listed bytes; NULL if it is empty. */
static char *
take(const char **text, const char *bytes)
{
	size_t len = strspn(*text, bytes);
	char *run = len ? mem_strndup(*text, len) : NULL;

	*text += len;
	return run;
}

static bool
is_one_of(char c, const char *bytes)
{
	return c && strchr(bytes, c);
}

/* apt-get's own words: deb-version(7), Debian policy 5.6.1, apt-get(8). */
const char *
grammar_read_apt(const char *text, struct grammar_package *out)
{
	static const char odd[] =
		"a name has only a-z, 0-9, + . and -, at least two of them; "
		"write name, name:arch, name=version or name/release";
	const char *p = text;

	if (!is_one_of(*p, GRAMMAR_LOWER GRAMMAR_DIGIT))
		return odd;
	out->name = take(&p, GRAMMAR_LOWER GRAMMAR_DIGIT "+.-");
	if (p[-1] == '-')
		return "apt would remove it; write the name without the dash";
	if (p - text < 2)
		return odd;
	if (*p == ':') {
		p++;
		out->arch = take(&p, GRAMMAR_LOWER GRAMMAR_DIGIT "-");
		if (!out->arch || out->arch[0] == '-' || p[-1] == '-')
			return "no architecture after the ':'; write "
			       "name:arch, such as libc6:arm64";
	}
	if (*p == '=' && is_one_of(p[1], GRAMMAR_DIGIT)) {
		p++;
		out->version = take(&p, GRAMMAR_ALNUM ".+-:~");
		out->exact = *p != '*';
		if (!out->exact) {
			char *all = mem_printf("%s*", out->version);

			p++;
			free(out->version);
			out->version = all;
		}
		out->op = mem_strdup("=");
	} else if (*p == '/') {
		p++;
		if (!is_one_of(*p, GRAMMAR_ALNUM))
			return "no release after the '/'; write name/release";
		out->suite = take(&p, GRAMMAR_ALNUM "._-");
	}
	if (is_one_of(*p, "<>~!"))
		return "apt has no version ranges; write the name alone or "
		       "name=version";
	if (*p == '=')
		return "a version begins with a digit; write name=version";
	if (*p)
		return odd;
	out->text = mem_strdup(text);
	return NULL;
}

/*
 * A word npm takes for a tarball: npm-package-arg's /[.](?:tgz|tar.gz|tar)$/i,
 * where the dot in tar.gz stands for any byte.
 */
static bool
is_tarball(const char *text)
{
	size_t len = strlen(text);

	return (len >= 4 && !strcasecmp(text + len - 4, ".tgz")) ||
	       (len >= 4 && !strcasecmp(text + len - 4, ".tar")) ||
	       (len >= 7 && !strncasecmp(text + len - 7, ".tar", 4) &&
		!strcasecmp(text + len - 2, "gz"));
}

/* One comparator of a range: ^1.2, >=2, 1.x, * ... */
static bool
take_comparator(const char **text)
{
	const char *p = *text;

	if (*p == '^' || *p == '~')
		p++;
	else if (is_one_of(*p, "<>="))
		p += 1 + (p[0] != '=' && p[1] == '=');
	if (*p == 'v' && is_one_of(p[1], GRAMMAR_DIGIT))
		p++;
	if (!is_one_of(*p, GRAMMAR_DIGIT "xX*"))
		return false;
	p += strspn(p, GRAMMAR_ALNUM ".*+-");
	*text = p;
	return true;
}

static bool
is_npm_spec(const char *spec)
{
	const char *p = spec;

	if (is_one_of(*p, GRAMMAR_LOWER GRAMMAR_UPPER) &&
	    !p[strspn(p, GRAMMAR_ALNUM "._-")])
		return true;
	while (take_comparator(&p)) {
		if (!*p)
			return true;
		if (p[0] != '|' || p[1] != '|')
			return false;
		p += 2;
	}
	return false;
}

/* major.minor.patch with what may follow it, and nothing less. */
static bool
is_npm_version(const char *p)
{
	p += *p == '=';
	p += *p == 'v';
	for (int part = 0; part < 3; part++) {
		size_t len = strspn(p, GRAMMAR_DIGIT);

		if (!len || (part < 2 && p[len] != '.'))
			return false;
		p += len + (part < 2);
	}
	return !*p || *p == '-' || *p == '+';
}

static const char *
read_npm_name(const char **text)
{
	static const char odd[] =
		"a name has only letters, digits, . _ and - and begins with a "
		"letter or digit; write name, name@version or "
		"@scope/name@version";
	static const char scope[] = GRAMMAR_ALNUM "_-";
	const char *p = *text;

	if (*p == '@') {
		p++;
		if (!is_one_of(*p, scope))
			return odd;
		p += strspn(p, GRAMMAR_ALNUM "._-");
		if (*p++ != '/' || !is_one_of(*p, scope))
			return "the @ begins a scope; write "
			       "@scope/name@version";
	} else if (!is_one_of(*p, GRAMMAR_ALNUM)) {
		return odd;
	}
	p += strspn(p, GRAMMAR_ALNUM "._-");
	if (*p && *p != '@')
		return odd;
	if (p - *text > 214)
		return "npm's names have at most 214 bytes; write the name as "
		       "the registry has it";
	*text = p;
	return NULL;
}

/* What a text that is no registry package seems to be, or NULL. */
static const char *
npm_kind(const char *text)
{
	if (strstr(text, "@npm:") || str_starts(text, "npm:"))
		return "it is an alias; write the package's own name";
	if (strchr(text, ':') || (text[0] != '@' && strchr(text, '/') &&
				  !is_one_of(text[0], "./~")))
		return "it is a URL or a repository; write a package of the "
		       "registry, or use npm_lock";
	if (is_one_of(text[0], "./~") || strstr(text, "@.") ||
	    strstr(text, "@/") || strstr(text, "@~/") || is_tarball(text))
		return "it is a folder or a tarball; write a package of the "
		       "registry, or use copy";
	return NULL;
}

const char *
grammar_read_npm(const char *text, struct grammar_package *out)
{
	const char *p = text;
	const char *complaint = npm_kind(text);

	if (!complaint)
		complaint = read_npm_name(&p);
	if (complaint)
		return complaint;
	out->name = mem_strndup(text, (size_t)(p - text));
	if (!strcasecmp(out->name, "node_modules") ||
	    !strcasecmp(out->name, "favicon.ico") || is_tarball(out->name))
		return "npm has no package of that name; write the name as "
		       "the registry has it";
	if (*p == '@') {
		p++;
		if (!is_npm_spec(p))
			return "after the @ comes a version, a range without "
			       "white space or a tag; write name@1.2.3, "
			       "name@^1.2 or name@latest";
		out->op = mem_strdup("@");
		out->version = mem_strdup(p);
		out->exact = is_npm_version(p);
	}
	out->text = mem_strdup(text);
	return NULL;
}

/* A name of PEP 508: ends, too, are letters or digits. */
static size_t
pip_name_len(const char *p)
{
	size_t len = strspn(p, GRAMMAR_ALNUM "._-");

	if (!len || !is_one_of(p[0], GRAMMAR_ALNUM) ||
	    !is_one_of(p[len - 1], GRAMMAR_ALNUM))
		return 0;
	return len;
}

/* Words that pip would look for as a file (is_archive_file() in pip 23). */
static bool
is_archive(const char *text)
{
	static const char *const ends[] = {
		".whl", ".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz",
		".tar.xz", ".txz", ".tlz", ".tar.lz", ".tar.lzma",
	};
	size_t len = strlen(text);

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		size_t end = strlen(ends[i]);

		if (len >= end && !strcasecmp(text + len - end, ends[i]))
			return true;
	}
	return false;
}

static char *
join_sorted(struct strv *words)
{
	struct buf b = BUF_INIT;

	strv_sort(words);
	strv_uniq(words);
	for (size_t i = 0; i < words->n; i++) {
		if (i)
			buf_addc(&b, ',');
		buf_adds(&b, words->v[i]);
	}
	return buf_detach(&b);
}

static const char *
read_extras(const char **text, struct grammar_package *out)
{
	struct strv names = { NULL, 0, 0 };
	const char *complaint = "extras are names between [ and ]; write "
				"name[extra,extra]";
	const char *p = *text;

	do {
		struct buf name = BUF_INIT;
		size_t len = pip_name_len(++p);

		if (!len)
			goto out;
		grammar_pip_normal(p, len, &name);
		strv_take(&names, buf_detach(&name));
		p += len;
	} while (*p == ',');
	if (*p != ']')
		goto out;
	*text = p + 1;
	out->extras = join_sorted(&names);
	complaint = NULL;
out:
	strv_release(&names);
	return complaint;
}

static size_t
pip_op_len(const char *p)
{
	static const char *const ops[] = {
		"===", "==", "!=", "<=", ">=", "~=", "<", ">",
	};

	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		if (str_starts(p, ops[i]))
			return strlen(ops[i]);
	return 0;
}

static const char *
read_clauses(const char *p, struct grammar_package *out)
{
	struct strv clauses = { NULL, 0, 0 };
	const char *complaint = "a version follows one of == >= <= ~= != < > "
				"===; write name==1.2 or name>=1.2,<2";
	char *spec = NULL;

	for (;;) {
		size_t op = pip_op_len(p);
		size_t len = strspn(p + op, GRAMMAR_ALNUM ".*+!_-");

		if (!op || !len || !is_one_of(p[op], GRAMMAR_ALNUM))
			goto out;
		strv_take(&clauses, mem_strndup(p, op + len));
		p += op + len;
		if (*p != ',')
			break;
		p++;
	}
	if (*p)
		goto out;
	spec = join_sorted(&clauses);
	out->op = mem_strndup(spec, pip_op_len(spec));
	out->version = mem_strdup(spec + strlen(out->op));
	out->exact = clauses.n == 1 && str_starts(out->op, "==") &&
		     !strchr(out->version, '*');
	complaint = NULL;
out:
	free(spec);
	strv_release(&clauses);
	return complaint;
}

const char *
grammar_read_pip(const char *text, struct grammar_package *out)
{
	const char *p = text;
	const char *complaint = NULL;
	struct buf name = BUF_INIT;
	size_t len = pip_name_len(p);

	if (strchr(text, '/') || text[0] == '.' || is_archive(text))
		return "it is a path or a URL; put that line into a "
		       "requirements file (pip_requirements)";
	if (strchr(text, ';'))
		return "it has a marker; put that line into a requirements "
		       "file (pip_requirements)";
	if (!len)
		return "a name has only letters, digits, . _ and - and begins "
		       "and ends with a letter or digit; write name, "
		       "name==version or name[extra]";
	grammar_pip_normal(p, len, &name);
	out->name = buf_detach(&name);
	p += len;
	if (*p == '[')
		complaint = read_extras(&p, out);
	if (!complaint && *p)
		complaint = read_clauses(p, out);
	if (complaint)
		return complaint;
	out->text = mem_printf("%s%s%s%s%s%s", out->name,
			       out->extras ? "[" : "",
			       out->extras ? out->extras : "",
			       out->extras ? "]" : "",
			       out->op ? out->op : "",
			       out->version ? out->version : "");
	return NULL;
}
