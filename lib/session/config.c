/* SPDX-License-Identifier: MIT */
#include "session/session.h"

int
imgcache_config(struct imgcache *ic, const struct imgcache_setting **out,
		size_t *n, struct imgcache_error *err)
{
	struct imgcache_setting *v;
	int i;

	(void)err;
	v = arena_alloc(&ic->arena, SETTING_COUNT * sizeof(*v));
	for (i = 0; i < SETTING_COUNT; i++) {
		enum setting_id id = (enum setting_id)i;
		const char *text = ic->settings.v[i].text;

		v[i].name = setting_row(id)->name;
		v[i].value = text ? text : "";
		v[i].origin = settings_origin(&ic->settings, id);
		v[i].help = setting_row(id)->help;
	}
	*out = v;
	*n = SETTING_COUNT;
	return 0;
}
