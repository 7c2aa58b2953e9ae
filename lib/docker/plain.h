/* SPDX-License-Identifier: MIT */
#ifndef IMGCACHE_DOCKER_PLAIN_H
#define IMGCACHE_DOCKER_PLAIN_H

/*
 * Lines of --progress=plain: "#6 [2/4] RUN make", "#6 CACHED", "#6 DONE 1.2s",
 * "#6 ERROR: …", "#6 CANCELED", "#6 0.117 a line", "#6 ..." (others go on in
 * between); and docker's own WARNING lines.
 */

struct fold;

/* Any line that is no status object. */
void plain_line(struct fold *f, const char *line);

#endif
