// SPDX-License-Identifier: GPL-2.0-only
/* Prints what the library calls each number of the uAPI. */
#include <stdio.h>

#include "../../tools/vfio-cxl/lib/private.h"

#define MAX	128

static void bits(const char *prefix, const char *(*name)(unsigned int bit))
{
	unsigned int bit;

	for (bit = 0; bit < MAX; bit++)
		if (name(bit))
			printf("%s_%s %u\n", prefix, name(bit), bit);
}

static void values(const char *prefix, const char *(*name)(uint32_t value))
{
	uint32_t value;

	for (value = 0; value < MAX; value++)
		if (name(value))
			printf("%s_%s %u\n", prefix, name(value), value);
}

int main(void)
{
	uint32_t i;

	bits("INFO", vcxl_info_flag_name);
	bits("GATE", vcxl_gate_name);
	bits("WINDOW", vcxl_window_flag_name);
	bits("DECODER", vcxl_decoder_flag_name);
	values("REASON", vcxl_reason_name);
	values("ORIGIN", vcxl_origin_name);
	values("MEM", vcxl_mem_mode_name);
	bits("DC_INFO", vcxl_dc_info_flag_name);
	bits("DC_REGION", vcxl_dc_region_flag_name);
	bits("DC_EXTENT", vcxl_dc_extent_flag_name);
	bits("DC_STATUS", vcxl_dc_status_flag_name);
	bits("BACKEND", vcxl_backend_flag_name);
	values("DC", vcxl_dc_state_name);
	values("DC_REACH", vcxl_dc_reach_name);
	values("DC_CHANGE", vcxl_dc_change_name);
	for (i = 0; i < MAX; i++)
		if (!vcxl_gate_name(i) != !vcxl_gate_why(i) ||
		    !vcxl_reason_name(i) != !vcxl_reason_why(i) ||
		    !vcxl_reason_name(i) != !vcxl_reason_next(i) ||
		    !vcxl_dc_state_name(i) != !vcxl_dc_state_why(i) ||
		    !vcxl_dc_state_name(i) != !vcxl_dc_state_next(i) ||
		    !vcxl_dc_change_name(i) != !vcxl_dc_change_why(i))
			printf("half of %u\n", i);
	return 0;
}
