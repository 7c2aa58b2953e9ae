/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include "base/buf.h"
#include "lookup/steptitle.h"

static void
expect(const char *name, const char *title)
{
	struct buf out = BUF_INIT;

	step_title(name, &out);
	cr_assert_str_eq(out.data, title);
	buf_release(&out);
}

Test(steptitle, flags_are_left_out)
{
	expect("[2/3] RUN --mount=type=cache,target=/x   --network=none make",
	       "[2/3] RUN make");
	expect("[build 4/9] COPY --from=a /x /y", "[build 4/9] COPY --from=a /x "
	       "/y");
	expect("[2/2] COPY --link --from=a --chown=1:1 /x /y", "[2/2] COPY "
	       "--from=a /x /y");
}

Test(steptitle, white_space_is_one_space)
{
	expect("[1/1] RUN a \\\n\t\tb  c ", "[1/1] RUN a \\ b c");
}

Test(steptitle, a_generated_step_has_a_title_of_its_own)
{
	expect("[2/3] RUN --mount=type=cache,target=/x     : 'apt packages';"
	       " set -eu", "[2/3] apt packages");
}

Test(steptitle, an_unfinished_title_is_a_command)
{
	expect("[2/3] RUN : 'apt", "[2/3] RUN : 'apt");
}

Test(steptitle, other_names_stay)
{
	expect("exporting to image", "exporting to image");
	expect("[internal] load metadata for docker.io/library/a:1",
	       "[internal] load metadata for docker.io/library/a:1");
	expect("", "");

}
