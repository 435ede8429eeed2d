/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fixed memory windows of the machine, as its firmware tells them: ACPI
 * CEDT, CXL 3.1 section 9.18.1.
 */
#ifndef GUEST_CEDT_H
#define GUEST_CEDT_H

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#define CEDT_HEADER	36
#define CEDT_CFMWS	1

/* Returns 0, or -1 when the machine has no window of this number. */
static inline int cedt_window(unsigned int index, uint64_t *base, uint64_t *size)
{
	uint8_t t[4096];
	int fd = open("/sys/firmware/acpi/tables/CEDT", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, t, sizeof(t));
	size_t at = CEDT_HEADER;

	if (fd >= 0)
		close(fd);
	while (n > 0 && at + 24 <= (size_t)n) {
		uint16_t len;

		memcpy(&len, t + at + 2, sizeof(len));
		if (t[at] == CEDT_CFMWS && !index--) {
			memcpy(base, t + at + 8, sizeof(*base));
			memcpy(size, t + at + 16, sizeof(*size));
			return 0;
		}
		if (len < 4)
			break;
		at += len;
	}
	return -1;
}

#endif
