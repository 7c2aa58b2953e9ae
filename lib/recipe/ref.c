/* SPDX-License-Identifier: MIT */
/*
 * The grammar of image references (ref_check() of grammar.h), after the
 * regular expressions of github.com/distribution/reference v0.6.
 */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "recipe/grammar.h"
#include "recipe/grammar_reader.h"

#define HEX GRAMMAR_DIGIT "abcdef"
#define LOWALNUM GRAMMAR_LOWER GRAMMAR_DIGIT

/* sha256:<64 hex> or sha512:<128 hex>, to the end. */
static bool
is_digest(const char *p)
{
	size_t want = !strncmp(p, "sha256:", 7) ? 64
		    : !strncmp(p, "sha512:", 7) ? 128 : 0;

	return want && strspn(p + 7, HEX) == want && !p[7 + want];
}

/* [a-z0-9]+ joined by ".", "_", "__" or dashes; len bytes, all of them. */
static bool
is_path_component(const char *p, size_t len)
{
	const char *end = p + len;

	for (;;) {
		size_t word = strspn(p, LOWALNUM);
		size_t gap;

		if (!word || p + word > end)
			return false;
		p += word;
		if (p == end)
			return true;
		gap = *p == '-' ? strspn(p, "-")
		    : *p == '.' ? 1
		    : *p == '_' ? 1 + (p[1] == '_') : 0;
		if (!gap)
			return false;
		p += gap;
	}
}

static bool
is_path(const char *p, size_t len)
{
	const char *end = p + len;

	for (;;) {
		size_t part = strcspn(p, "/");

		if (part > (size_t)(end - p))
			part = (size_t)(end - p);
		if (!is_path_component(p, part))
			return false;
		p += part;
		if (p == end)
			return true;
		p++;
	}
}

/* Labels of letters, digits and inner dashes, joined by dots; or [IPv6]. */
static bool
is_host(const char *p, size_t len)
{
	const char *end = p + len;

	if (len > 2 && *p == '[')
		return end[-1] == ']' &&
		       strspn(p + 1, HEX "ABCDEF:") == len - 2;
	while (p < end) {
		size_t word = strspn(p, GRAMMAR_ALNUM "-");

		if (!word || *p == '-' || p[word - 1] == '-')
			return false;
		p += word;
		if (p == end)
			return true;
		if (*p++ != '.')
			return false;
	}
	return false;
}

static bool
is_domain(const char *p, size_t len)
{
	size_t host = len;

	while (host && strchr(GRAMMAR_DIGIT, p[host - 1]))
		host--;
	if (host > 1 && host < len && p[host - 1] == ':')
		return is_host(p, host - 1);
	return is_host(p, len);
}

/* Is the first component a domain? As docker decides it: a dot, a port, an
 * upper-case letter, or the word localhost. */
static size_t
domain_len(const char *name, size_t len)
{
	const char *slash = memchr(name, '/', len);
	size_t first = slash ? (size_t)(slash - name) : 0;

	if (!slash)
		return 0;
	if (first == 9 && !memcmp(name, "localhost", 9))
		return first;
	for (size_t i = 0; i < first; i++)
		if (strchr(".:" GRAMMAR_UPPER, name[i]))
			return first;
	return 0;
}

static const char *
name_complaint(const char *name, size_t len)
{
	size_t domain = domain_len(name, len);
	size_t path = domain ? domain + 1 : 0;

	if (!len || name[0] == '-')
		return "no image name; write name:tag";
	if (len > 255)
		return "its name is longer than 255 bytes";
	if (domain && !is_domain(name, domain))
		return "no such registry address is possible; write "
		       "host[:port]/name:tag";
	if (len == 64 && strspn(name, HEX) >= 64)
		return "docker takes it for an image id; write name:tag";
	for (size_t i = path; i < len; i++)
		if (strchr(GRAMMAR_UPPER, name[i]))
			return "names are lower case; write it so";
	if (!is_path(name + path, len - path))
		return "a name has a-z, 0-9 and single . _ - / between them; "
		       "write [registry/]name[:tag][@sha256:...]";
	return NULL;
}

int
ref_check(const char *text, struct imgcache_error *err)
{
	const char *at = strchr(text, '@');
	size_t len = at ? (size_t)(at - text) : strlen(text);
	const char *complaint = NULL;
	size_t name = len;
	char shown[GRAMMAR_SHOWN];

	for (size_t i = len; i-- > 0 && text[i] != '/';)
		if (text[i] == ':')
			name = i;
	if (name < len) {
		size_t tag = strspn(text + name + 1, GRAMMAR_ALNUM "_.-");

		if (!tag || name + 1 + tag != len || tag > 128 ||
		    strchr(".-", text[name + 1]))
			complaint = "a tag has letters, digits, _ . and -, at "
				    "most 128 of them, and begins with neither "
				    ". nor -; write name:tag";
	}
	if (!complaint)
		complaint = name_complaint(text, name);
	if (!complaint && at && !is_digest(at + 1))
		complaint = "its digest is not whole; write "
			    "name@sha256:<64 hex>";
	if (!complaint)
		return 0;
	return error_set(err, IMGCACHE_EUSAGE, "image reference '%s': %s",
			 grammar_shown(shown, text), complaint);
}

/* By these docker's own registry answers, whatever the reference says. */
static bool
is_hub(const char *host)
{
	static const char *const names[] = {
		"docker.io", "index.docker.io", "registry-1.docker.io",
		"registry.hub.docker.com", NULL
	};
	size_t i;

	for (i = 0; names[i]; i++)
		if (!strcmp(names[i], host))
			return true;
	return false;
}

/* Lower case, since DNS does not tell; without a port that is the default. */
static void
add_host(struct buf *out, const char *host, size_t len)
{
	size_t digits = len, i;

	while (digits && isdigit((unsigned char)host[digits - 1]))
		digits--;
	if (digits > 1 && digits < len && host[digits - 1] == ':') {
		const char *port = host + digits;

		while (port < host + len - 1 && *port == '0')
			port++;
		i = (size_t)(host + len - port);
		if ((i == 3 && !memcmp(port, "443", 3)) ||
		    (i == 2 && !memcmp(port, "80", 2))) {
			len = digits - 1;
		} else {
			add_host(out, host, digits - 1);
			buf_addf(out, ":%.*s", (int)i, port);
			return;
		}
	}
	for (i = 0; i < len; i++)
		buf_addc(out, (char)tolower((unsigned char)host[i]));
}

char *
ref_repository(const char *text)
{
	const char *slash = strrchr(text, '/'), *at = strchr(text, '@');
	size_t len = at ? (size_t)(at - text) : strlen(text), domain;
	const char *last = slash && slash < text + len ? slash + 1 : text;
	const char *colon = memchr(last, ':', len - (size_t)(last - text));
	struct buf out = BUF_INIT;

	if (colon)
		len = (size_t)(colon - text);
	domain = domain_len(text, len);
	add_host(&out, text, domain);
	if (!domain || is_hub(out.data)) {
		buf_clear(&out);
		buf_adds(&out, "docker.io");
		if (!memchr(text + domain + !!domain, '/',
			    len - domain - !!domain))
			buf_adds(&out, "/library");
	}
	buf_addf(&out, "/%.*s", (int)(len - domain - !!domain),
		 text + domain + !!domain);
	return buf_detach(&out);
}

bool
ref_is_same_repository(const char *a, const char *b)
{
	char *one = ref_repository(a), *other = ref_repository(b);
	bool is_same = !strcmp(one, other);

	free(one);
	free(other);
	return is_same;
}
