// SPDX-License-Identifier: GPL-2.0-only
/* Which extents: by tag, by offer, by number. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dc.h"

static int parse_ids(const struct args *args, struct selection *s)
{
	const char *at = args->opt[OPT_EXTENT];
	size_t room = 1;
	const char *p;

	for (p = at; *p; p++)
		room += *p == ',';
	if (room > MAX_IDS)
		return usage_error(args, "--extent: no more than %d at once",
				   MAX_IDS);
	s->ids = calloc(room, sizeof(*s->ids));
	if (!s->ids)
		out_of_memory();
	for (; s->count < room; at = strchr(at, ',') + 1) {
		uint64_t *id = &s->ids[s->count++];

		if (!parse_number(at, ',', id) || !*id)
			return usage_error(args, "--extent: '%s' is no list of extents: their numbers are in 'vfio-cxl dc list', separated by commas here",
					   args->opt[OPT_EXTENT]);
		if (s->count == room)
			break;
	}
	if (s->count == 1)
		snprintf(s->text, sizeof(s->text), "extent %llu",
			 (unsigned long long)s->ids[0]);
	else
		snprintf(s->text, sizeof(s->text), "%zu extents", s->count);
	return EXIT_DONE;
}

static int parse_offer(const struct args *args, struct selection *s)
{
	int ret = number_option(args, OPT_OFFER, UINT64_MAX, &s->offer);

	if (ret)
		return ret;
	if (!s->offer)
		return usage_error(args, "--offer: offers are numbered from 1 on, see 'vfio-cxl dc list --json'");
	snprintf(s->text, sizeof(s->text), "offer %llu",
		 (unsigned long long)s->offer);
	return EXIT_DONE;
}

/* For the caller to free @s->ids, also after a complaint */
int select_options(const struct args *args, struct selection *s)
{
	bool offers = args->command->options & ALLOW(OFFER);
	int ret, ways = !!args->second + !!args->opt[OPT_OFFER] +
			!!args->opt[OPT_EXTENT];

	memset(s, 0, sizeof(*s));
	if (ways != 1)
		return usage_error(args, "%s a tag%s", ways ? "either" :
				   "which tag? Say", offers ?
				   ", --offer NUMBER or --extent ID" :
				   ", or --extent ID");
	if (args->opt[OPT_EXTENT])
		return parse_ids(args, s);
	if (args->opt[OPT_OFFER])
		return parse_offer(args, s);
	ret = parse_tag(args, args->second, s->tag);
	s->by_tag = true;
	snprintf(s->text, sizeof(s->text), "tag %.36s", args->second);
	return ret;
}

/* What an offer consists of now, as long as it is there */
int select_offer(struct vcxl_device *dev, struct selection *s)
{
	struct vfio_cxl_dc_extent *extents;
	size_t count, i;
	uint64_t *ids;
	int ret;

	if (!s->offer)
		return 0;
	ret = vcxl_dc_list(dev, &extents, &count);
	if (ret)
		return ret;
	ids = calloc(count + 1, sizeof(*ids));
	if (!ids)
		out_of_memory();
	free(s->ids);
	s->ids = ids;
	for (s->count = 0, i = 0; i < count; i++)
		if (extents[i].offer == s->offer)
			ids[s->count++] = extents[i].id;
	free(extents);
	return 0;
}
