/* SPDX-License-Identifier: MIT */

/*
 * A reference is [domain/]path[:tag][@digest]. The first part is a domain only
 * if it has a dot, a colon, an upper-case letter, or is localhost (github.com/
 * distribution/reference). Each test below walks its part once.
 */

#include "recipe/dockerfile_ref.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/strv.h"
#include "recipe/dockerfile_text.h"

#define NAME_MAX_BYTES 255

static bool
is_low(char c)
{
	return (c >= 'a' && c <= 'z') || byte_is_digit(c);
}

/* [a-z0-9]+ joined by "." "_" "__" or any number of "-". */
static bool
is_component(const char *s, const char *end)
{
	while (s < end) {
		const char *from = s;
		while (s < end && is_low(*s))
			s++;
		if (s == from)
			return false;
		if (s == end)
			return true;
		size_t run = 0;
		char c = *s;
		while (s < end && *s == c) {
			s++;
			run++;
		}
		if (!(c == '-' || (c == '.' && run == 1) ||
		      (c == '_' && run <= 2)))
			return false;
	}
	return false;
}

static bool
is_path(const char *s, const char *end)
{
	for (;;) {
		const char *slash = memchr(s, '/', (size_t)(end - s));
		if (!is_component(s, slash ? slash : end))
			return false;
		if (!slash)
			return true;
		s = slash + 1;
	}
}

/* A host name or [v6], and perhaps :port. */
static bool
is_domain(const char *s, const char *end)
{
	const char *from = s;

	if (s < end && *s == '[') {
		s++;
		while (s < end && (byte_is_digit(*s) || *s == ':' ||
				   byte_is_letter(*s)))
			s++;
		if (s == end || *s++ != ']')
			return false;
	} else {
		while (s < end && (byte_is_letter(*s) || byte_is_digit(*s) ||
				   *s == '-' || *s == '.'))
			s++;
		if (s == from || *from == '-' || *from == '.' ||
		    s[-1] == '-' || s[-1] == '.')
			return false;
	}
	if (s == end)
		return true;
	if (*s++ != ':' || s == end)
		return false;
	while (s < end && byte_is_digit(*s))
		s++;
	return s == end;
}

static bool
names_domain(const char *s, const char *slash)
{
	size_t n = (size_t)(slash - s);

	if (n == 9 && memcmp(s, "localhost", 9) == 0)
		return true;
	for (; s < slash; s++)
		if (*s == '.' || *s == ':' || (*s >= 'A' && *s <= 'Z'))
			return true;
	return false;
}

static bool
is_tag(const char *s)
{
	size_t n = strlen(s);

	if (n < 1 || n > 128 || *s == '-' || *s == '.')
		return false;
	for (; *s; s++)
		if (!byte_is_letter(*s) && !byte_is_digit(*s) &&
		    !strchr("_.-", *s))
			return false;
	return true;
}

/* algorithm:hex, at least 32 digits; sha256 has 64 */
static bool
is_digest(const char *s)
{
	const char *colon = strchr(s, ':');

	if (!colon || !byte_is_letter(*s))
		return false;
	size_t hex = strspn(colon + 1, "0123456789abcdefABCDEF");
	if (colon[1 + hex] != '\0' || hex < 32)
		return false;
	if (str_starts(s, "sha256:"))
		return strspn(colon + 1, "0123456789abcdef") == 64;
	return true;
}

/* The repository in s, NUL at its end, becomes its short form in place. */
static bool
take_familiar(char *s)
{
	char *end = s + strlen(s), *slash = strchr(s, '/'), *path = s;

	if (strspn(s, "0123456789abcdef") == 64 && s[64] == '\0')
		return false;
	if (end - s > NAME_MAX_BYTES)
		return false;
	if (slash && names_domain(s, slash)) {
		if (!is_domain(s, slash))
			return false;
		path = slash + 1;
	}
	if (!is_path(path, end))
		return false;
	if (path == s)
		path = str_starts(s, "library/") && !strchr(s + 8, '/') ?
		       s + 8 : s;
	else if (str_starts(s, "docker.io/") ||
		 str_starts(s, "index.docker.io/"))
		path += str_starts(path, "library/") &&
			!strchr(path + 8, '/') ? 8 : 0;
	else
		path = s;
	memmove(s, path, (size_t)(end - path) + 1);
	return true;
}

bool
image_ref_parse(struct image_ref *out, const char *text)
{
	char *s = mem_strdup(text), *at = strchr(s, '@');
	bool ok = true;

	*out = (struct image_ref){ .familiar = s };
	if (at) {
		*at = '\0';
		out->digest = at + 1;
		ok = is_digest(out->digest);
	}
	char *slash = strrchr(s, '/');
	char *colon = strchr(slash ? slash : s, ':');
	if (colon) {
		*colon = '\0';
		out->tag = colon + 1;
		ok = ok && is_tag(out->tag);
	}
	if (!ok || !take_familiar(s)) {
		image_ref_release(out);
		return false;
	}
	return true;
}

void
image_ref_release(struct image_ref *ref)
{
	free(ref->familiar);
	*ref = (struct image_ref){ 0 };
}

char *
image_ref_context_name(const char *text)
{
	struct image_ref r;

	if (!image_ref_parse(&r, text))
		return NULL;
	bool tag = r.tag && (r.digest || strcmp(r.tag, "latest") != 0);
	char *name = mem_printf("%s%s%s%s%s", r.familiar, tag ? ":" : "",
				tag ? r.tag : "", r.digest ? "@" : "",
				r.digest ? r.digest : "");
	image_ref_release(&r);
	return name;
}

char *
image_ref_name(const char *text)
{
	char *name = image_ref_context_name(text);

	return name ? name : mem_strdup(text);
}

static const char *const known_os[] = {
	"aix", "android", "darwin", "dragonfly", "freebsd", "hurd", "illumos",
	"ios", "js", "linux", "nacl", "netbsd", "openbsd", "plan9", "solaris",
	"wasip1", "windows", "zos",
};

static const char *const known_arch[] = {
	"386", "amd64", "amd64p32", "arm", "arm64", "armbe", "arm64be",
	"loong64", "mips", "mips64", "mips64le", "mips64p32", "mips64p32le",
	"mipsle", "ppc", "ppc64", "ppc64le", "riscv", "riscv64", "s390",
	"s390x", "sparc", "sparc64", "wasm",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool
is_one_of(const char *s, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(s, words[i]) == 0)
			return true;
	return false;
}

static void
normalise_arm(struct platform *p)
{
	char v = p->variant[0] == 'v' ? p->variant[1] : p->variant[0];
	size_t n = strlen(p->variant);

	if (n == 0)
		snprintf(p->variant, sizeof(p->variant), "v7");
	else if (n == 1 && v >= '5' && v <= '8')
		snprintf(p->variant, sizeof(p->variant), "v%c", v);
}

/* containerd/platforms, normalizeOS and normalizeArch */
static void
normalise(struct platform *p)
{
	if (strcmp(p->os, "macos") == 0)
		snprintf(p->os, sizeof(p->os), "darwin");
	if (strcmp(p->arch, "i386") == 0) {
		snprintf(p->arch, sizeof(p->arch), "386");
		p->variant[0] = '\0';
	} else if (strcmp(p->arch, "x86_64") == 0 ||
		   strcmp(p->arch, "x86-64") == 0 ||
		   strcmp(p->arch, "amd64") == 0) {
		snprintf(p->arch, sizeof(p->arch), "amd64");
		if (strcmp(p->variant, "v1") == 0)
			p->variant[0] = '\0';
	} else if (strcmp(p->arch, "aarch64") == 0 ||
		   strcmp(p->arch, "arm64") == 0) {
		snprintf(p->arch, sizeof(p->arch), "arm64");
		if (strcmp(p->variant, "8") == 0 ||
		    strcmp(p->variant, "v8") == 0)
			p->variant[0] = '\0';
	} else if (strcmp(p->arch, "armhf") == 0) {
		snprintf(p->arch, sizeof(p->arch), "arm");
		snprintf(p->variant, sizeof(p->variant), "v7");
	} else if (strcmp(p->arch, "armel") == 0) {
		snprintf(p->arch, sizeof(p->arch), "arm");
		snprintf(p->variant, sizeof(p->variant), "v6");
	} else if (strcmp(p->arch, "arm") == 0) {
		normalise_arm(p);
	}
}

/* One part, in lower case; false if it has other than [A-Za-z0-9_-]. */
static bool
take_part(char out[32], const char **text)
{
	const char *s = *text;
	size_t n = 0;

	for (; *s && *s != '/'; s++, n++) {
		char c = *s;
		if (n >= 31 || !(byte_is_letter(c) || byte_is_digit(c) ||
				 c == '_' || c == '-' || c == '.'))
			return false;
		out[n] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
	}
	out[n] = '\0';
	*text = *s ? s + 1 : s;
	return n > 0;
}

bool
platform_parse(struct platform *out, const char *text,
	       const struct platform *base)
{
	static const struct platform fallback = { "linux", "amd64", "" };
	struct platform p = { "", "", "" };
	size_t len = strlen(text);

	if (len == 0 || text[len - 1] == '/' || !take_part(p.os, &text))
		return false;
	if (*text == '\0') {
		base = base ? base : &fallback;
		*out = p;
		normalise(out);
		if (is_one_of(out->os, known_os, COUNT(known_os))) {
			memcpy(out->arch, base->arch, sizeof(out->arch));
			memcpy(out->variant, base->variant,
			       sizeof(out->variant));
			return true;
		}
		memcpy(out->arch, p.os, sizeof(out->arch));
		memcpy(out->os, base->os, sizeof(out->os));
		normalise(out);
		return is_one_of(out->arch, known_arch, COUNT(known_arch));
	}
	if (!take_part(p.arch, &text) ||
	    (*text && !take_part(p.variant, &text)) || *text)
		return false;
	normalise(&p);
	*out = p;
	return true;
}

char *
platform_text(const struct platform *p)
{
	return mem_printf("%s/%s%s%s", p->os, p->arch, *p->variant ? "/" : "",
			  p->variant);
}
