/* SPDX-License-Identifier: MIT */
#include "key/inputs.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/strv.h"
#include "source/reach.h"
#include "sys/file.h"

#define MAX_IGNORE (16 << 20)

/*
 * BuildKit follows a link only inside of the folder that is sent: what leads
 * out of it is, for docker, no ignore file.
 */
static int
read_inside(struct inputs *in, struct buf *out, const char *path,
	    struct imgcache_error *err)
{
	char *folder = path_dir(path);
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOCTTY);
	struct strv way = {0};
	int ret;

	if (fd >= 0)
		reach_resolve(fd, &(struct reach){ .path = path_base(path) },
			      &way);
	if (way.n > 1)
		ret = file_read(fd, way.v[way.n - 1], MAX_IGNORE, out, err);
	else
		ret = file_read(AT_FDCWD, path, MAX_IGNORE, out, err);
	if (way.n > 1 && ret == IMGCACHE_ENO && file_exists(path))
		session_warn(in->ic, "'%s' is a link that leads out of its "
			     "folder, where docker does not follow it, so what "
			     "it says does not count%s; put the file itself "
			     "there", path, str_ends(path, "/.dockerignore") ?
			     "" : ", and the .dockerignore of the context "
			     "counts");
	if (fd >= 0)
		close(fd);
	strv_release(&way);
	free(folder);
	return ret;
}

int
inputs_read_ignore(struct inputs *in, struct input_context *c,
		   const char *path, bool *found, struct imgcache_error *err)
{
	int ret = read_inside(in, &c->ignore, path, err);

	*found = !ret;
	if (ret == IMGCACHE_ENO) {
		error_clear(err);
		ret = 0;
	}
	c->has_ignore |= *found;
	if (*found)
		c->ignore_path = c->ignore_name = arena_strdup(&in->ic->arena,
							       path);
	return ret;
}
