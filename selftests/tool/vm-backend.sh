#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# topologies: direct
# backend: host memory under a tag of a device that is bound, whatever else it does.

here=$(dirname "$(readlink -f "$0")")
. "$here/tap.sh"
. "$here/guest.sh"

A=6ba7b810-9dad-11d1-80b4-00c04fd430c8
B=0f0e0d0c-0b0a-0908-0706-050403020100

load_module && exit_is 0 bind "$DEV"
is "$(driver)" cxl-vfio-pci bound || exit
error 3 null backend destroy "$DEV" $A
head -c 5000 /dev/urandom >"$tap_tmp/file"
exit_is 0 backend create "$DEV" $A --size 64M --fill "$tap_tmp/file" --json
json '.backends[0] | [.tag, .size, .node]' '["'$A'",67108864,null]' 'made'
[[ $(jq '.backends[0].huge' <<<"$out") -gt 0 ]]
ok $? 'some of it in pages of 2 MiB'
exit_is 0 backend create "$DEV" $B --size 4K --numa 0
has "$out" "$DEV: 4 KiB of host memory under tag $B, 0 B of it" 'of a node'
error 1 '"BACKEND_EXISTS"' backend create "$DEV" $A --size 4K
error 1 '"BACKEND_SIZE"' backend create "$DEV" ${A/6/7} --size 4097
error 1 '"BACKEND_NODE"' backend create "$DEV" ${A/6/7} --size 4K --numa 900
error 1 '"NO_MEMORY"' backend create "$DEV" ${A/6/7} --size 1T
exit_is 0 backend list "$DEV" --json
json '[.backends[] | [.tag, .size, .node]]' \
	'[["'$A'",67108864,null],["'$B'",4096,0]]' 'both, and no other'

# Not a user's
run_nobody backend list "$DEV"
is "$code" 6 'nobody else lists them'

exit_is 0 backend destroy "$DEV" $A
error 3 null backend destroy "$DEV" $A

# A file that does not come to its end
mkfifo "$tap_tmp/pipe"
exec 9<>"$tap_tmp/pipe"
"$VFIO_CXL" backend create "$DEV" $A --size 8M --fill "$tap_tmp/pipe" \
	>/dev/null 2>&1 &
pid=$!
until [[ $("$VFIO_CXL" backend list "$DEV" --json |
	jq '.backends | length') == 2 ]]; do
	sleep 0.05
done
kill -TERM "$pid"
wait "$pid"
exec 9>&-
exit_is 0 backend list "$DEV" --json
json '[.backends[].tag]' '["'$B'"]' 'a signal leaves no half one'

# There is one; the module is needed, the device can go
! rmmod cxl_vfio_pci 2>/dev/null
ok $? 'the module can not go while there is one'
exit_is 0 unbind "$DEV"
rmmod cxl_vfio_pci
ok $? 'the device can, and then the module'
