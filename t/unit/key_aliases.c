/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include "key/aliases.h"

#define ID "0123456789ab"

Test(aliases, names_of_an_image_are_known_by_its_id)
{
	cr_expect(alias_is_of("tools-" ID, ID));
	cr_expect(alias_is_of("git-tools-" ID, ID));
	cr_expect(alias_is_of("git-aaaaaaaaaaaa", ID));
	cr_expect(alias_is_of("git-aaaaaaaaaaaa-dirty-01234567", ID));
}

Test(aliases, names_of_others_are_not)
{
	cr_expect_not(alias_is_of("tools-ba9876543210", ID));
	cr_expect_not(alias_is_of("-" ID, ID));
	cr_expect_not(alias_is_of("latest", ID));
	cr_expect_not(alias_is_of("git-main", ID));
	cr_expect_not(alias_is_of("git-aaaaaaaaaaa", ID));
	cr_expect_not(alias_is_of("git-aaaaaaaaaaaaa", ID));
	cr_expect_not(alias_is_of("git-aaaaaaaaaaaa-dirty-76543210", ID));
	cr_expect_not(alias_is_of("git-aaaaaaaaaaaa-dirty-012345678", ID));
}
