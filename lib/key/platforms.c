/* SPDX-License-Identifier: MIT */
#include "key/platforms.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "docker/builder_info.h"
#include "docker/engine.h"
#include "docker/platform.h"
#include "sys/file.h"

/* A builder that the person chose, by option or variable. */
static const char *
chosen(const struct inputs *in, const char *builder)
{
	const char *set = expand_get(&in->ic->env, "BUILDX_BUILDER");

	return builder ? builder : set && *set ? set : NULL;
}

int
platforms_together(struct inputs *in, const char *builder, bool *out,
		   struct imgcache_error *err)
{
	struct engine_info info = {0};
	struct engine *e;
	int ret = 0;

	*out = true;
	if (in->r->recipe->platforms.n < 2)
		return 0;
	if (chosen(in, builder)) {
		*out = false;
		return 0;
	}
	ret = session_engine(in->ic, &e, err);
	if (!ret)
		ret = engine_info(e, &info, err);
	if (!ret)
		*out = str_is(info.store, "containerd");
	engine_info_release(&info);
	return ret;
}

/* The name under which the kernel's binfmt_misc knows an emulator. */
static const char *
emulator_of(const char *platform)
{
	static const char *const names[][2] = {
		{ "linux/arm64", "aarch64" }, { "linux/amd64", "x86_64" },
		{ "linux/arm/v7", "arm" }, { "linux/arm/v6", "arm" },
		{ "linux/386", "i386" }, { "linux/riscv64", "riscv64" },
		{ "linux/ppc64le", "ppc64le" }, { "linux/s390x", "s390x" },
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (platform_is_same(platform, names[i][0]))
			return names[i][1];
	return NULL;
}

/*
 * BuildKit goes on naming a platform whose emulator was switched off. Where the
 * kernel is this one, it can be asked; where it is not, it knows none.
 */
static bool
is_switched_off(const char *platform)
{
	const char *name = emulator_of(platform);
	struct imgcache_error ignored = {0};
	struct buf text = BUF_INIT;
	bool off = false;
	char *path;

	if (!name)
		return false;
	path = mem_printf("/proc/sys/fs/binfmt_misc/qemu-%s", name);
	if (!file_read(AT_FDCWD, path, 4096, &text, &ignored))
		off = str_starts(text.data, "disabled");
	free(path);
	buf_release(&text);
	return off;
}

bool
platforms_can_run(struct imgcache *ic, const struct strv *known,
		  const char *platform)
{
	size_t i;

	for (i = 0; i < known->n; i++)
		if (platform_is_same(known->v[i], platform))
			return !is_switched_off(platform) ||
				platform_is_same(platform,
						 session_own_platform(ic));
	return false;
}

int
platforms_check(struct inputs *in, const char *const *platforms,
		const char *builder, struct imgcache_error *err)
{
	const char *own = session_own_platform(in->ic);
	struct imgcache_error why = {0};
	struct builder_info known = {0};
	int ret = 0;

	for (; *platforms && in->runs && !ret; platforms++) {
		if (platform_is_same(*platforms, own))
			continue;
		if (!*known.driver &&
		    builder_info_find(&known, NULL, chosen(in, builder), &why))
			break;
		if (known.platforms.n &&
		    !platforms_can_run(in->ic, &known.platforms, *platforms))
			ret = error_set(err, IMGCACHE_EFAIL, "the engine can "
					"run nothing for %s, neither itself "
					"nor emulated; " PLATFORMS_CURE,
					*platforms);
	}
	builder_info_release(&known);
	if (why.code != IMGCACHE_EINTR)
		return ret;		/* else the build will say it */
	*err = why;
	return why.code;
}
