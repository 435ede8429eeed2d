// SPDX-License-Identifier: GPL-2.0-only
/* dc deadline */
#include <string.h>
#include <time.h>

#include "dc.h"

/* A year: what is longer is never */
#define MAX_SECONDS	(366ULL * 24 * 3600)
#define NS		1000000000ULL

static int show(struct args *args, struct vcxl_device *dev, uint64_t offer,
		uint64_t deadline)
{
	bool never = deadline == VFIO_CXL_DC_NEVER;
	struct json_object *records = json_list();
	struct json_object *o = json_record();

	json_add(o, "device", json_text(vcxl_device_name(dev)));
	json_add(o, "offer", json_u64(offer));
	json_add(o, "deadline", never ? NULL : json_u64(deadline));
	json_append(records, o);
	if (args->opt[OPT_JSON])
		print_json("deadlines", records);
	else
		printf("%s: offer %llu %s%s%s\n", vcxl_device_name(dev),
		       (unsigned long long)offer,
		       never ? "waits for a decision as long as it takes" :
		       "is refused in ", never ? "" : args->given[2],
		       never ? "" : " s, if nobody decides");
	json_object_put(records);
	return EXIT_DONE;
}

int cmd_dc_deadline(struct args *args)
{
	uint64_t offer, seconds, deadline = VFIO_CXL_DC_NEVER;
	struct vcxl_device *dev;
	struct timespec now;
	int ret;

	if (!parse_number(args->second, '\0', &offer) || !offer)
		return usage_error(args, "'%s' is no offer: they are numbered from 1 on, see 'vfio-cxl dc list --json'",
				   args->second);
	if (strcmp(args->given[2], "never")) {
		if (!parse_number(args->given[2], '\0', &seconds) ||
		    seconds > MAX_SECONDS)
			return usage_error(args, "'%s' is neither a number of seconds, up to a year, nor never",
					   args->given[2]);
		clock_gettime(CLOCK_BOOTTIME, &now);
		deadline = (now.tv_sec + seconds) * NS + now.tv_nsec;
	}
	ret = open_device(args, &dev);
	if (ret)
		return report(args, ret);
	ret = vcxl_dc_deadline(dev, offer, deadline);
	ret = ret ? report(args, ret) : show(args, dev, offer, deadline);
	vcxl_device_free(dev);
	return ret;
}
