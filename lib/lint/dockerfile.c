/* SPDX-License-Identifier: MIT */
/* The rules for Dockerfiles, one after the other. */
#include "lint/docker.h"

void
lint_dockerfile(struct lint_file *f, const struct lint_item *item)
{
	struct lint_docker d;

	if (lint_docker_open(&d, f, item)) {
		lint_check_bases(&d);
		lint_check_instructions(&d);
		lint_check_runs(&d);
		lint_check_mounts(&d);
		lint_check_order(&d);
		lint_check_context(&d);
	}
	lint_docker_close(&d);
}
