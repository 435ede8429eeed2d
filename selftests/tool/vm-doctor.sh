#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# topologies: direct firmware
# doctor on a real kernel: without the module, bound, with memory, as nobody.

here=${0%/*}
. "$here/tap.sh"
. "$here/guest.sh"
chmod 755 "$tap_tmp"

# finds CHECK RESULT WHAT: in the last output, which jq is asked about once
asked='' results=''
finds()
{
	if [[ $out != "$asked" ]]; then
		asked=$out
		results=$(jq -r '[.checks | group_by(.check)[] |
			.[0].check + "=" + ([.[].result] | unique | join("+"))] |
			join(" ")' <<<"$out" 2>&1)
	fi
	[[ " $results " == *" $1=$2 "* ]]
	ok $? "$3" ||
		jq -c --arg check "$1" '.checks[] | select(.check == $check)' \
			<<<"$out" | sed 's/^/# /'
}

run doctor --json
is "$code" 1 'no module is a failure'
finds module FAIL 'which it says'
for c in kernel iommu interrupts cedt group; do
	finds $c OK "$c"
done
finds device OK 'it found the device'
finds driver WARN 'which is not bound'
finds host-use UNKNOWN 'a bind can not be tried without the module'
install -D "$MODULE" "/lib/modules/$(uname -r)/updates/cxl-vfio-pci.ko" &&
	depmod
ok $? 'module installs'
exit_is 0 doctor --json
finds module OK 'installed will do'
finds host-use OK 'and the host does not use the memory'
run_nobody doctor --json
for c in cedt host-use devices; do
	finds $c UNKNOWN "$c as nobody"
done
finds kernel OK 'what everybody may see is known'

# The udev rule of the manual: driver_override, and then the module
echo cxl-vfio-pci >"$sysfs/driver_override"
load_module
is "$(driver)" cxl-vfio-pci 'bound by its override alone' || exit
run doctor "$DEV" --json
for c in module driver reset control-node group-node abi; do
	finds $c OK "$c of a bound device"
done
finds type1 NOTE 'the note on type1'
finds persistence WARN 'a reboot forgets it'
finds contents WARN 'contents stay'
if [[ $TOPOLOGY != firmware ]]; then
	is "$code" 1 'no memory is a failure'
	finds memory FAIL 'which it says'
	finds window OK 'there is room'
	json '.checks[] | select(.check == "memory") | .remedy |
		test("decoder program")' true 'and what to do'
	exit_is 0 decoder program "$DEV"
fi
exit_is 0 doctor "$DEV" --json
for c in memory live window; do
	finds $c OK "$c with memory"
done
exit_is 0 doctor
has "$out" ', 0 fail, ' 'for people'
run_nobody doctor "$DEV" --json
is "$code" 0 'nobody sees no failure'
finds memory UNKNOWN 'nor that all is well'
finds control-node OK 'but who may open the node'

clear=/sys/module/cxl_vfio_pci/parameters/clear_on_close
echo Y >$clear
run doctor --json
finds contents OK 'with clear_on_close'
echo N >$clear
chmod 0666 "/dev/vfio-cxl/$DEV"
exit_is 1 doctor --json
finds control-node FAIL 'a control node for everybody'
run_nobody doctor --json
finds memory OK 'who can then ask'
chmod 0600 "/dev/vfio-cxl/$DEV"
exit_is 0 decoder guest set "$DEV" 4G --seal
run doctor --json
finds guest NOTE 'a guest sealed from outside'
exit_is 0 decoder guest clear "$DEV"

begin "$VFIO_CXL" mem test "$DEV" --size 128M --keep
exit_is 0 doctor --json
json '.checks[] | select(.check == "live") | .text | test("is open")' true \
	'an open device'
end INT
exit_is 0 unbind "$DEV"
# Whoever comes next shall find no module installed
rm "/lib/modules/$(uname -r)/updates/cxl-vfio-pci.ko" && depmod
dmesg | grep -E 'WARNING|BUG:' && ok 1 'a quiet kernel'
