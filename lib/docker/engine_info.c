/* SPDX-License-Identifier: MIT */
/* What the engine is: for doctor, and for its identity. */

#include <string.h>

#include "base/error.h"
#include "base/strv.h"
#include "docker/engine_ask.h"
#include "store/jsonr.h"

#define CONTAINERD_STORE "io.containerd.snapshotter.v1"

/* DriverStatus: [["driver-type","io.containerd.snapshotter.v1"]] */
static bool
has_containerd_store(const struct jsonr_node *info)
{
	const struct jsonr_node *pair = jsonr_at(info, "/DriverStatus/0");

	for (; pair; pair = pair->next)
		if (str_starts(jsonr_string(pair, "/1", ""), CONTAINERD_STORE))
			return true;
	return false;
}

static bool
has_option(const char *const *options, const char *option)
{
	for (; *options; options++)
		if (strstr(*options, option))
			return true;
	return false;
}

static const struct jsonr_node *
ask(struct engine *e, const char *target,
	const char *const *args,
	struct imgcache_error *err)
{
	struct engine_command c = { args, e->o.ask_ms, false };

	if (engine_has_socket(e))
		return engine_get(e, target, err) ? NULL :
			engine_json(e, &e->response.body, err);
	return engine_client(e, &c, err) ? NULL : engine_json(e, &e->out, err);
}

static void
fill_info(const struct jsonr_node *n, struct engine_info *out)
{
	struct arena *a = &out->arena;

	out->id = engine_text(a, n, "/ID");
	out->version = engine_text(a, n, "/ServerVersion");
	out->store = has_containerd_store(n) ? "containerd" : "classic";
	out->driver = engine_text(a, n, "/Driver");
	out->cgroup = engine_text(a, n, "/CgroupVersion");
	out->root = engine_text(a, n, "/DockerRootDir");
	out->os = engine_text(a, n, "/OSType");
	out->system = engine_text(a, n, "/OperatingSystem");
	out->kernel = engine_text(a, n, "/KernelVersion");
	out->security = engine_list(a, jsonr_member(n, "SecurityOptions"));
	out->warnings = engine_list(a, jsonr_member(n, "Warnings"));
	out->memory_bytes = jsonr_int(n, "/MemTotal", 0);
	out->cpus = (int)jsonr_int(n, "/NCPU", 0);
	out->rootless = has_option(out->security, "name=rootless");
}

int
engine_info(struct engine *e, struct engine_info *out,
	    struct imgcache_error *err)
{
	static const char *const info_args[] = { "info", "--format",
						 "{{json .}}", NULL };
	static const char *const version_args[] = {
		"version", "--format", "{{json .Server}}", NULL
	};
	const struct jsonr_node *doc;

	memset(out, 0, sizeof(*out));
	doc = ask(e, "/info", info_args, err);
	if (!doc)
		return err->code;
	/* The client prints an info even if no engine answered. */
	if (*jsonr_string(doc, "/ServerErrors/0", ""))
		return error_set(err, IMGCACHE_EUNKNOWN, "docker: %s",
				 jsonr_string(doc, "/ServerErrors/0", ""));
	fill_info(doc, out);
	doc = ask(e, "/version", version_args, err);
	if (!doc) {
		engine_info_release(out);
		return err->code;
	}
	out->api = engine_text(&out->arena, doc, "/ApiVersion");
	if (!*out->api)
		out->api = engine_text(&out->arena, doc, "/APIVersion");
	out->min_api = engine_text(&out->arena, doc, "/MinAPIVersion");
	out->arch = engine_text(&out->arena, doc, "/Arch");
	if (*out->id && *out->version && *out->api)
		return 0;
	engine_info_release(out);
	return error_set(err, IMGCACHE_EUNKNOWN, "docker at '%s' answered "
			 "without saying its id and versions: that is no "
			 "docker engine", engine_endpoint(e));
}

void
engine_info_release(struct engine_info *info)
{
	arena_release(&info->arena);
	memset(info, 0, sizeof(*info));
}
