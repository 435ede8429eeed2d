#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# topologies: neighbour
# Two devices below one root port share the window, but no part of it.

here=${0%/*}
. "$here/tap.sh"
. "$here/guest.sh"
. "$here/decoders.sh"

two=$(address_of dcd1)
base=$(bed info | jq .window.base)
hdm2=$(hdm_of "$(block_of "$two")")
readonly two base hdm2 M256=$((256 << 20))

is "$(readlink -f "$sysfs/iommu_group")" \
	"$(readlink -f "/sys/bus/pci/devices/$two/iommu_group")" 'one IOMMU group'
load_module && exit_is 0 bind "$DEV"
exit_is 0 decoder program "$DEV" --size 256M --json
json '.decoders[0].new.base' "$base" 'the first takes the first range'

# Found committed on a neighbour's memory: not believed, and not touched
raw_decoder "$hdm2" 0 "$base" $M256 0 $COMMIT
before=$(raw_all "$hdm2")
exit_is 0 bind "$two"
exit_is 0 status "$two" --json
json '.devices[0].info | [.memory_size, .reason]' '[0,"RANGE_BUSY"]' \
	'the second is not believed to have it too'
is "$(raw_all "$hdm2")" "$before" 'no register touched'
exit_is 0 unbind "$two"
setpci -s "$two" COMMAND=2:2
raw_decoder "$hdm2" 0 0 0 0 $UNCOMMITTED

exit_is 0 bind "$two"
error 4 '"RANGE_BUSY"' decoder program "$two" --base "$base"
exit_is 0 decoder program "$two" --json
json '.decoders[0].new.base' $((base + M256)) 'the search goes past it'
exit_is 0 decoder clear "$two"
exit_is 0 unbind "$two"
exit_is 0 unbind "$DEV"
