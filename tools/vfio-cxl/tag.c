// SPDX-License-Identifier: GPL-2.0-only
/* Tags of Dynamic Capacity: UUIDs, and nothing that is only like one. */
#include <string.h>

#include <uuid/uuid.h>

#include "dc.h"

_Static_assert(sizeof(uuid_t) == VFIO_CXL_DC_TAG_LEN, "a tag is a UUID");

bool is_null_tag(const uint8_t *tag)
{
	return uuid_is_null(tag);
}

int parse_tag(const struct args *args, const char *text, uint8_t *tag)
{
	uuid_t uuid;

	/* Takes the form with 36 characters alone */
	if (uuid_parse(text, uuid))
		return usage_error(args, "'%s' is no tag: a tag is a UUID, as in 6ba7b810-9dad-11d1-80b4-00c04fd430c8",
				   text);
	if (uuid_is_null(uuid) && args->command->options & ALLOW(EXTENT))
		return usage_error(args, "the null tag is what all extents without a tag have: name them by number, with --extent");
	if (uuid_is_null(uuid))
		return usage_error(args, "the null tag is none: choose a UUID, uuidgen makes one");
	memcpy(tag, uuid, sizeof(uuid));
	return EXIT_DONE;
}

/* @text: TAG_TEXT bytes */
void format_tag(const uint8_t *tag, char *text)
{
	uuid_unparse_lower(tag, text);
}

struct json_object *json_tag(const uint8_t *tag)
{
	char text[TAG_TEXT];

	if (is_null_tag(tag))
		return NULL;
	format_tag(tag, text);
	return json_text(text);
}
