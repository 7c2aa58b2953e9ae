/* SPDX-License-Identifier: MIT */
/*
 * Does a RUN have a network? Asked with a real build on an image that is
 * there already, since pulling one would be a question of its own; the shell's
 * built-ins are enough to look for a default route.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "docker/buildx.h"
#include "report/doctor.h"
#include "store/images.h"
#include "sys/file.h"

#define PROBE_MS 120000

static const char probe_text[] =
	"RUN while read -r i d r; do"
	" if [ \"$d\" = 00000000 ]; then exit 0; fi;"
	" done </proc/net/route; exit 1\n";

/* Our newest image on this engine. */
static const char *
an_image(struct doctor *d)
{
	struct imgcache_error ignored = {0};
	struct image_filter filter = {
		.statuses = 1u << IMAGE_COMPLETED,
		.sort = IMAGE_BY_CREATED,
		.limit = 1,
	};
	struct image_list list = {0};
	const char *ref = NULL;

	if (!session_engine_name(d->ic, &filter.engine, &ignored) &&
	    !session_catalog(d->ic, CATALOG_READ, &ignored) &&
	    !images_list(d->ic->catalog, &filter, &list, &ignored) && list.n)
		ref = arena_strdup(&d->ic->arena, list.v[0].ref);
	image_list_release(&list);
	return ref;
}

static int
try_build(const char *ref, const char *dir, struct imgcache_error *err)
{
	struct buildx_client client;
	struct buildx_probe probe = {0};
	char *file = mem_printf("%s/doctor-%d", dir, (int)getpid());
	char *log = mem_printf("%s.log", file);
	char *empty = mem_printf("%s/imgcache-empty", dir);
	struct buildx_request request = {
		.dockerfile = file, .context = empty, .no_cache = true,
	};
	struct buildx_run run = {
		.request = &request, .client = &client,
		.timeout_ms = PROBE_MS,
	};
	struct progress_summary summary;
	struct buf text = BUF_INIT;
	int ret;

	buf_addf(&text, "FROM %s\n%s", ref, probe_text);
	ret = file_replace(AT_FDCWD, file, text.data, text.len, 0600, false,
			   err);
	if (!ret)
		ret = file_mkdirs(empty, 0700, err);
	if (!ret)
		ret = buildx_client_find(&client, &probe, err);
	run.log_fd = open(log, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (!ret)
		ret = buildx_run(&run, &summary, err);
	if (run.log_fd >= 0)
		close(run.log_fd);
	unlink(file);
	unlink(log);
	buf_release(&text);
	free(file);
	free(log);
	free(empty);
	return ret;
}

void
doctor_build(struct doctor *d)
{
	struct imgcache_error err = {0};
	const char *ref, *dir;

	if (!d->has_engine || !d->has_client)
		return;
	ref = an_image(d);
	if (!ref) {
		doctor_add(d, IMGCACHE_NOTE, "network", "build an image, then "
			   "ask again", "no image of ours to try a build on");
		return;
	}
	if (session_state_dir(d->ic, "handover", &dir, &err))
		return;
	if (try_build(ref, dir, &err))
		doctor_add(d, IMGCACHE_ILL, "network", "look at the engine's "
			   "bridge, ip_forward and proxy settings",
			   "a RUN has no way out: %s", err.text);
	else
		doctor_add(d, IMGCACHE_FINE, "network", NULL,
			   "a RUN has a network");
}
