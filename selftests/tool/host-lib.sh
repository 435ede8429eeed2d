#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The library's VFIO client, with sanitizers, against a device that is faked.
#
# LIB=  another build of the library, one that counts

here=$(dirname "$(readlink -f "$0")")
top=$(readlink -f "$here/../..")
. "$here/tap.sh"

if [[ -n ${LIB:-} ]]; then
	lib=("$LIB" -lgcov)
else
	lib=("$tap_tmp/lib/libvfio-cxl.a")
	make -s -C "$top/tools/vfio-cxl" O="$tap_tmp/lib" SAN=1 "${lib[0]}"
fi &&
	gcc -std=gnu11 -Wall -Wextra -Werror -O1 -g -D_GNU_SOURCE \
		-fsanitize=address,undefined -fno-sanitize-recover=all \
		-I"$top/include/uapi" -I"$top/tools/include" \
		-o "$tap_tmp/host-lib" "$here"/{host-lib,fake_vfio}.c \
		"$top/drivers/vfio/pci/cxl/comp_regs.c" "${lib[@]}"
ok $? 'it builds with sanitizers' || exit
tap_of "$tap_tmp/host-lib"
