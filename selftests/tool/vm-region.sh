#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# topologies: firmware
# last: 6.12 could not put this region together, remembers the endpoint all the
#       same, and follows that pointer when cxl_acpi is unloaded (seen: an oops)
# Taking a device whose memory the kernel has made a region of.

here=${0%/*}
. "$here/tap.sh"
. "$here/guest.sh"

load_module
modprobe -a cxl_acpi cxl_mem cxl_pci
for _ in {1..50}; do
	[[ ! -e /sys/bus/cxl/devices/region0 ]] || break
	sleep 0.1
done
[[ -e /sys/bus/cxl/devices/region0 ]]
ok $? 'there is a region' || exit
exit_is 0 bind "$DEV" --dry-run --json
json '.devices[0].warnings | length' 1 'a warning'
json '.devices[0].warnings[0] | test("region0") and test("cxl_pci")' true \
	'names region and driver'
is "$(driver)" cxl_pci 'nothing changed'
exit_is 0 bind "$DEV"
has "$err" 'warning: region0' 'the warning for people'
exit_is 0 status "$DEV"
has "$out" 'no memory because' 'its range is still taken'
has "$out" region0 'and status says by whom'
run mem test "$DEV" --json
is "$code" 5 'no memory to test'
json_err .error.reason RANGE_BUSY 'and the reason'
exit_is 0 unbind "$DEV"
is "$(driver)" cxl_pci 'the way back'
