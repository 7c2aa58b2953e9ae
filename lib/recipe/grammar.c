/* SPDX-License-Identifier: MIT */
/*
 * Packages as the three managers name them. A reader walks a text once, from
 * its first byte to its NUL, and either fills in the parts or names the first
 * thing wrong; nothing is skipped and no character class has more than the
 * bytes it lists. A text that fails is spelled again in the manager's own form,
 * and what passes then is offered.
 */

#include "recipe/grammar.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/strv.h"
#include "recipe/grammar_reader.h"
#include "recipe/recipe.h"

/* NULL is success; what is wrong comes before the "; ", what to do after it. */
typedef const char *reader_fn(const char *text, struct grammar_package *out);

static const struct {
	const char *name;
	const char *separator;	/* between a name and a version */
	reader_fn *read;
} managers[] = {
	[GRAMMAR_APT] = { "apt", "=", grammar_read_apt },
	[GRAMMAR_NPM] = { "npm", "@", grammar_read_npm },
	[GRAMMAR_PIP] = { "pip", "==", grammar_read_pip },
};

const char *
grammar_manager_name(enum grammar_manager manager)
{
	return managers[manager].name;
}

const char *
grammar_shown(char out[GRAMMAR_SHOWN], const char *text)
{
	size_t n = 0;

	for (; *text && n < GRAMMAR_SHOWN - 8; text++) {
		unsigned char c = (unsigned char)*text;

		if (c >= 0x20 && c < 0x7f)
			out[n++] = (char)c;
		else
			n += (size_t)snprintf(out + n, 5, "\\x%02x", c);
	}
	snprintf(out + n, 4, "%s", *text ? "..." : "");
	return out;
}

void
grammar_pip_normal(const char *name, size_t len, struct buf *out)
{
	for (size_t i = 0; i < len; i++) {
		if (!strchr("-_.", name[i]))
			buf_addc(out, (char)tolower((unsigned char)name[i]));
		else if (!i || !strchr("-_.", name[i - 1]))
			buf_addc(out, '-');
	}
}

void
grammar_package_release(struct grammar_package *package)
{
	free(package->text);
	free(package->name);
	free(package->arch);
	free(package->suite);
	free(package->extras);
	free(package->op);
	free(package->version);
	memset(package, 0, sizeof(*package));
}

static const char *
check_bytes(const char *text)
{
	size_t len = strlen(text);

	if (!len)
		return "it is empty; write a package's name";
	if (len > GRAMMAR_PACKAGE_MAX)
		return "it is too long; write one package per entry";
	if (text[0] == '-')
		return "it would be read as an option; only packages can be "
		       "listed";
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == ' ' || c == '\t')
			return "it has white space; write one package per "
			       "entry and no white space inside";
		if (c < 0x20 || c == 0x7f)
			return "it has a control byte; write one package per "
			       "entry";
		if (c > 0x7f)
			return "it has a byte that is not ASCII; write the "
			       "package's name as the index has it";
	}
	return NULL;
}

static const char *
read_package(enum grammar_manager manager, const char *text,
	     struct grammar_package *out)
{
	const char *complaint = check_bytes(text);

	memset(out, 0, sizeof(*out));
	out->manager = manager;
	if (!complaint)
		complaint = managers[manager].read(text, out);
	if (complaint)
		grammar_package_release(out);
	return complaint;
}

/* Drop white space around a version's sign, but never between two words. */
static bool
strip_space(const char *text, struct buf *out)
{
	for (; *text; text++) {
		size_t gap = strspn(text, " \t");

		if (!gap) {
			buf_addc(out, *text);
			continue;
		}
		char before = out->len ? out->data[out->len - 1] : '=';
		char after = text[gap] ? text[gap] : '=';

		if (!strchr("=<>~!@,[]", before) && !strchr("=<>~!@,[]", after))
			return false;
		text += gap - 1;
	}
	return true;
}

/* The text as this manager would have it, e.g. "git==1" as "git=1" for apt. */
static void
respell(enum grammar_manager manager, const char *text, struct buf *out)
{
	struct buf bare = BUF_INIT;

	if (!strip_space(text, &bare) || !bare.len)
		goto out;
	size_t at = 1 + strcspn(bare.data + 1, "=@");
	size_t sign = strspn(bare.data + at, "=@");

	if (at > 1 && strchr("<>~!", bare.data[at - 1]))
		sign = 0;	/* the second half of >= and the like */
	buf_add(out, bare.data, sign ? at : bare.len);
	if (sign) {
		buf_adds(out, managers[manager].separator);
		buf_adds(out, bare.data + at + sign);
	}
	if (manager == GRAMMAR_APT) {
		for (size_t i = 0; i < out->len && i < at; i++)
			out->data[i] = (char)tolower(
				(unsigned char)out->data[i]);
		while (out->len && out->data[out->len - 1] == '-')
			buf_truncate(out, out->len - 1);
	}
out:
	buf_release(&bare);
}

static int __attribute__((format(printf, 3, 4)))
fail(const struct recipe_package *package, struct imgcache_error *err,
     const char *fmt, ...)
{
	char text[600];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	error_set(err, IMGCACHE_EUSAGE, "%s", text);
	if (package->place.file && package->place.line)
		error_prefix(err, "%s:%d:%d", package->place.file,
			     package->place.line, package->place.column);
	else if (package->place.file)	/* a variable of the environment */
		error_prefix(err, "%s", package->place.file);
	return err->code;
}

/* Is the version's sign in text another manager's? */
static bool
has_other_sign(const char *text, const char *op)
{
	size_t at = 1 + strcspn(text + 1, "=@");
	size_t len = strspn(text + at, "=@");

	return !strpbrk(text, " \t") &&
	       (len != strlen(op) || strncmp(text + at, op, len));
}

static int
refuse(enum grammar_manager manager, const struct recipe_package *package,
       const char *complaint, struct imgcache_error *err)
{
	char shown[GRAMMAR_SHOWN], better[GRAMMAR_SHOWN];
	struct grammar_package parts;
	struct buf form = BUF_INIT;
	const char *advice = strstr(complaint, "; ");
	int what = advice ? (int)(advice - complaint)
			  : (int)strlen(complaint);

	grammar_shown(shown, package->text);
	respell(manager, package->text, &form);
	if (!read_package(manager, form.data, &parts) && parts.op &&
	    has_other_sign(package->text, parts.op)) {
		fail(package, err, "%s package '%s': %s writes versions with "
		     "'%s'; write '%s'", managers[manager].name, shown,
		     managers[manager].name, managers[manager].separator,
		     grammar_shown(better, form.data));
		grammar_package_release(&parts);
	} else if (parts.text) {
		fail(package, err, "%s package '%s': %.*s; write '%s'",
		     managers[manager].name, shown, what, complaint,
		     grammar_shown(better, form.data));
		grammar_package_release(&parts);
	} else {
		fail(package, err, "%s package '%s': %s",
		     managers[manager].name, shown, complaint);
	}
	buf_release(&form);
	return err->code;
}

int
grammar_package(enum grammar_manager manager,
		const struct recipe_package *package,
		struct grammar_package *out, struct imgcache_error *err)
{
	const char *complaint = read_package(manager, package->text, out);

	return complaint ? refuse(manager, package, complaint, err) : 0;
}

static int
compare_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

static int
compare_identity(const struct grammar_package *a,
		 const struct grammar_package *b)
{
	int order = compare_text(a->name, b->name);

	return order ? order : compare_text(a->arch, b->arch);
}

static int
compare_packages(const void *left, const void *right)
{
	const struct grammar_package *a = left, *b = right;
	int order = compare_identity(a, b);

	return order ? order : compare_text(a->text, b->text);
}

static void
drop_repeated(struct grammar_packages *list)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->n; i++) {
		if (kept && str_is(list->v[kept - 1].text, list->v[i].text))
			grammar_package_release(&list->v[i]);
		else
			list->v[kept++] = list->v[i];
	}
	list->n = kept;
}

/* Where the second of two forms stands, for the error's place. */
static const struct recipe_package *
last_of(enum grammar_manager manager, const struct recipe_packages *list,
	const struct grammar_package *wanted)
{
	for (size_t i = list->n; i-- > 0;) {
		struct grammar_package parts;
		bool same = false;

		if (!read_package(manager, list->v[i].text, &parts)) {
			same = !compare_identity(&parts, wanted);
			grammar_package_release(&parts);
		}
		if (same)
			return &list->v[i];
	}
	return &list->v[0];
}

static int
check_conflicts(enum grammar_manager manager,
		const struct recipe_packages *list,
		const struct grammar_packages *sorted,
		struct imgcache_error *err)
{
	char first[GRAMMAR_SHOWN], second[GRAMMAR_SHOWN];

	for (size_t i = 1; i < sorted->n; i++) {
		if (compare_identity(&sorted->v[i - 1], &sorted->v[i]))
			continue;
		return fail(last_of(manager, list, &sorted->v[i]), err,
			    "%s packages '%s' and '%s': one package asked for "
			    "in two ways; keep one of them",
			    managers[manager].name,
			    grammar_shown(first, sorted->v[i - 1].text),
			    grammar_shown(second, sorted->v[i].text));
	}
	return 0;
}

int
grammar_packages(enum grammar_manager manager,
		 const struct recipe_packages *list,
		 struct grammar_packages *out, struct imgcache_error *err)
{
	int rc = 0;

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < list->n; i++) {
		mem_grow(out->v, out->n, out->cap);
		rc = grammar_package(manager, &list->v[i], &out->v[out->n],
				     err);
		if (rc)
			goto out;
		out->n++;
	}
	if (out->n) {
		qsort(out->v, out->n, sizeof(*out->v), compare_packages);
		drop_repeated(out);
		rc = check_conflicts(manager, list, out, err);
	}
out:
	if (rc)
		grammar_packages_release(out);
	return rc;
}

void
grammar_packages_release(struct grammar_packages *list)
{
	for (size_t i = 0; i < list->n; i++)
		grammar_package_release(&list->v[i]);
	free(list->v);
	memset(list, 0, sizeof(*list));
}
