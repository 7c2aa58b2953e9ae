/* SPDX-License-Identifier: MIT */
#include "session/labels.h"

#include <stdlib.h>

#include "docker/engine.h"

int64_t
labels_generation(const struct engine_image *image)
{
	const char *text = engine_image_label(image, LABEL_GENERATION);

	return text ? strtoll(text, NULL, 10) : 0;
}
