#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Each call of the library, with each allocation and each system call of it
# failing in turn: see fault.h and sweep_lib.c.

here=$(dirname "$(readlink -f "$0")")
top=$(readlink -f "$here/../..")
. "$here/tap.sh"
. "$here/fixtures.sh"
. "$here/fault.sh"

lib=$tap_tmp/lib/libvfio-cxl.a
make -s -C "$top/tools/vfio-cxl" O="$tap_tmp/lib" \
	CFLAGS='-O1 -g -fsanitize=undefined -fno-sanitize-recover=all' "$lib" &&
	"${cc[@]}" -fsanitize=undefined -fno-sanitize-recover=all \
		-I"$top/tools/include" -o "$tap_tmp/sweep_lib" \
		"$here"/sweep_{lib,calls,dc}.c "$lib" &&
	"${cc[@]}" -I"$top/tools/include" -shared -fPIC \
		-o "$tap_tmp/fake_vfio.so" "$here/fake_vfio.c" \
		"$top/drivers/vfio/pci/cxl/comp_regs.c"
ok $? 'it builds with a sanitizer' || exit

with_region
mkdir -p "$d/vfio-dev/vfio0" "$fix/sys/class/vfio-dev/vfio0"
mkdir -m 700 "$fix/run/vfio-cxl"
ln -s ../../../bus/pci/devices/$dev "$fix/sys/class/vfio-dev/vfio0/device"
export FAKE_WINDOW=3 FAKE_SIZE=0x10000 FAKE_DC=$tap_tmp/dc
mkdir "$FAKE_DC"
tag=6ba7b810-0000-0000-0000-000000000000
for ((i = 1; i <= 100; i++)); do
	echo "extent $i 4 $((i << 21)) 0x200000 -1 - 1 0 0 0 0 0 0"
done >"$FAKE_DC/0"
cat >>"$FAKE_DC/0" <<-E
	info 3 0 0
	tag $tag 3 2 0 0 1 0 4 0x200000
	event 1 0 3 2 0 0 0 0 4 0x200000 $tag
E
tap_of env LD_PRELOAD="$tap_tmp/fault.so $tap_tmp/fake_bus.so $tap_tmp/fake.so" \
	"$tap_tmp/sweep_lib" "$fix"
tap_of env LD_PRELOAD="$tap_tmp/fault.so $tap_tmp/fake_vfio.so" \
	"$tap_tmp/sweep_lib" "$fix"
