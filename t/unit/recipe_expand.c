/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "imgcache.h"
#include "recipe/expand.h"

static const char *
get(void *payload, const char *name)
{
	(void)payload;
	if (!strcmp(name, "ACCOUNT"))
		return "1234";
	if (!strcmp(name, "EMPTY"))
		return "";
	if (!strcmp(name, "DOLLAR"))
		return "${ACCOUNT}";
	return NULL;
}

static const struct expand_env env = { get, NULL };

/* The expansion, or what was wrong with it. */
static const char *
expanded(const char *text)
{
	static char out[2048];
	struct imgcache_error err = { 0 };
	struct buf b = BUF_INIT;

	if (expand_text(&b, text, &env, &err))
		snprintf(out, sizeof(out), "%d %s", err.code, err.text);
	else
		snprintf(out, sizeof(out), "%s", b.data);
	buf_release(&b);
	return out;
}

Test(expand, a_name_is_replaced)
{
	cr_assert_str_eq(expanded("${ACCOUNT}.ecr/${ACCOUNT}"),
			 "1234.ecr/1234");
}

Test(expand, the_default_stands_in_for_unset_and_empty)
{
	cr_assert_str_eq(expanded("${NONE:-x}"), "x");
	cr_assert_str_eq(expanded("${EMPTY:-x}"), "x");
	cr_assert_str_eq(expanded("${ACCOUNT:-x}"), "1234");
	cr_assert_str_eq(expanded("<${NONE:-}>"), "<>");
}

Test(expand, an_empty_name_is_set)
{
	cr_assert_str_eq(expanded("<${EMPTY}>"), "<>");
}

Test(expand, an_unset_name_is_no)
{
	cr_assert_str_eq(expanded("a${NONE}"),
			 "-2 'NONE' is not set in the environment; set it, or "
			 "write ${NONE:-default}");
}

Test(expand, other_dollars_are_text)
{
	cr_assert_str_eq(expanded("$ACCOUNT $ $$ a$"), "$ACCOUNT $ $$ a$");
	cr_assert_str_eq(expanded("$${ACCOUNT}"), "${ACCOUNT}");
}

Test(expand, a_value_is_not_expanded_again)
{
	cr_assert_str_eq(expanded("${DOLLAR}"), "${ACCOUNT}");
}

Test(expand, other_forms_are_errors)
{
	static const char tail[] = "; write ${NAME}, ${NAME:-default}, or $${ "
				   "for a literal ${";
	static const char *const forms[] = {
		"${}", "${1A}", "${A-B}", "${A:?b}", "${A B}", "${A:-${B}",
		"${A", "${:-x}", "${A:+b}"
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		char want[256];

		snprintf(want, sizeof(want), "-1 cannot expand '%s'%s",
			 forms[i], tail);
		cr_assert_str_eq(expanded(forms[i]), want);
	}
}

Test(expand, without_an_environment_nothing_is_set)
{
	struct imgcache_error err = { 0 };
	struct buf b = BUF_INIT;

	cr_assert_eq(expand_text(&b, "${ACCOUNT}", NULL, &err), IMGCACHE_ENO);
	buf_release(&b);
}
