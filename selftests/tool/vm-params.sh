#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# topologies: direct
# Each value of each parameter of the module.

here=${0%/*}
. "$here/tap.sh"
. "$here/guest.sh"
: "${PROGRAMS:?}"
export DEV TOPOLOGY

# with PARAMETER...: load the module with them, and bind the device
with()
{
	load_module || return
	rmmod cxl_vfio_pci
	insmod "$MODULE" "$@" && run bind "$DEV" && run decoder program "$DEV"
	[[ $code == 0 ]]
	ok $? "bound and programmed with ${*:-nothing}"
}

without()
{
	run unbind "$DEV"
	is "$code" 0 'unbound' && rmmod cxl_vfio_pci
}

# program PARAMETER PROGRAM [ARGUMENT]...
program()
{
	local parameter=$1

	shift
	"$PROGRAMS/$1" "${@:2}" >"$tap_tmp/program"
	ok $? "uapi/$* with $parameter" || sed 's/^/# /' "$tap_tmp/program"
}

for mode in memremap pages auto; do
	with "mem_mode=$mode"
	program "mem_mode=$mode" params
	# With struct pages or without, IOMMUFD pins none of it
	[[ ${VFIO_CXL_KERNEL:-} != debug ]] ||
		program "mem_mode=$mode" iommufd -t memory_is_not_for_dma
	without
done
with legacy_info=0
program legacy_info=0 params
without
load_module && rmmod cxl_vfio_pci
! insmod "$MODULE" mem_mode=anyhow 2>/dev/null
ok $? 'a mode that does not exist is refused'

# What the last user wrote is gone when the next one could look
with clear_on_close=1
bed media write static 0x5000 deadbeef
bed media write static 0xffffffc deadbeef
exit_is 0 mem test "$DEV" --size 4K --keep
is "$(bed media read static 0x5000 4)" 00000000 'cleared after the last close'
is "$(bed media read static 0xffffffc 4)" 00000000 'to the last byte'
echo 0 >/sys/module/cxl_vfio_pci/parameters/clear_on_close
bed media write static 0x5000 deadbeef
exit_is 0 mem test "$DEV" --size 4K
is "$(bed media read static 0x5000 4)" deadbeef 'kept when switched off'
without
