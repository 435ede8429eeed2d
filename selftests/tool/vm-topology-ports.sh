#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# topologies: two-ports
# A host bridge with two root ports: its decoders are asked, and not touched.

here=${0%/*}
. "$here/tap.sh"
. "$here/guest.sh"
. "$here/decoders.sh"

base=$(bed info | jq .window.base)
bridge=$(hdm_of "$(block_of_bridge 12)")
# Their port= in topology.py
readonly base bridge OURS=0 OTHER=5 M256=$((256 << 20)) G1=$((1 << 30))
[[ -n $bridge ]]
ok $? 'the host bridge has decoders' || exit

# refused REASON ELEMENT ARGUMENT...: by decoder program, and nothing changed
refused()
{
	local before

	before=$(raw_all "$bridge")$(registers)
	error 5 "\"$1\"" decoder program "$DEV" "${@:3}"
	json_err .error.element "$2" "$2 is named"
	is "$(raw_all "$bridge")$(registers)" "$before" 'no register touched'
}

load_module && exit_is 0 bind "$DEV"
is "$(driver)" cxl-vfio-pci bound || exit
refused PATH_PORTS 'host bridge 12'
refused PATH_PORTS 'host bridge 12' --base "$base"
exit_is 0 window list "$DEV" --json
json '.windows[0] | [.flags, .reason]' '[[],"PATH_PORTS"]' 'no window is usable'

# To the other port
raw_decoder "$bridge" 0 "$base" $G1 $OTHER $COMMIT
refused PATH_PORTS 'host bridge 12'
# Not committed
raw_decoder "$bridge" 1 $((base + G1)) $G1 $OURS $UNCOMMITTED
refused PATH_PORTS 'host bridge 12'
# To us in turns with somebody
raw_decoder "$bridge" 1 $((base + G1)) $G1 $OURS $((COMMIT | 1 << 4))
refused PATH_PORTS 'host bridge 12'
# To us: 1 GiB to 1,5 GiB
raw_decoder "$bridge" 1 $((base + G1)) $((2 * M256)) $OURS $COMMIT
refused PATH_DECODER 'host bridge 12' --base "$base" --size 256M
refused PATH_DECODER 'host bridge 12' --base $((base + G1 - M256)) --size 256M
refused PATH_DECODER 'host bridge 12' --base $((base + G1 + 2 * M256)) \
	--size 256M
refused PATH_DECODER 'host bridge 12' --base $((base + G1 + M256)) \
	--dpa-skip 256M --size 512M
exit_is 0 window list "$DEV" --json
json '.windows[0] | [.flags, .reason]' '[["USABLE"],"NONE"]' 'now it is usable'

before=$(raw_all "$bridge")
exit_is 0 decoder program "$DEV" --size 256M --json
json '.decoders[0].new.base' $((base + G1)) 'the search finds what is routed'
exit_is 0 mem test "$DEV" --size 4K --reset --pattern 0x1122334455667788 --keep
is "$(bed media read static 0 8)" 8877665544332211 'and it is memory'
exit_is 0 decoder clear "$DEV"
exit_is 0 decoder program "$DEV" --base $((base + G1 + M256)) --size 256M
exit_is 0 mem test "$DEV" --size 4K --pattern 0x99aabbccddeeff00 --keep
is "$(bed media read static 0 8)" 00ffeeddccbbaa99 'at the end of the route too'
exit_is 0 decoder clear "$DEV"
is "$(raw_all "$bridge")" "$before" 'the decoders of the bridge were only read'

# A second decoder that takes a part away: whose it is depends on hardware
raw_decoder "$bridge" 0 $((base + G1)) $M256 $OTHER $COMMIT
refused PATH_DECODER 'host bridge 12' --base $((base + G1)) --size 256M
# A decoder that says more than there are addresses
raw_decoder "$bridge" 0 0 0 0 $UNCOMMITTED
raw_decoder "$bridge" 1 $((-M256)) $((2 * M256)) $OURS $COMMIT
refused PATH_PORTS 'host bridge 12'
exit_is 0 unbind "$DEV"

# Found committed: the same check
hdm=$(hdm_of "$(block_of "$DEV")")
raw_decoder "$bridge" 1 "$base" $M256 $OURS $COMMIT
raw_decoder "$hdm" 0 "$base" $M256 0 $COMMIT
exit_is 0 bind "$DEV"
exit_is 0 status "$DEV" --json
json '.devices[0].info | [.memory_size, .origin]' "[$M256,\"FIRMWARE\"]" \
	'found and routed: believed'
exit_is 0 unbind "$DEV"
raw_decoder "$bridge" 1 "$base" $M256 $OTHER $COMMIT
exit_is 0 bind "$DEV"
exit_is 0 status "$DEV" --json
json '.devices[0].info | [.memory_size, .reason, .element]' \
	'[0,"PATH_PORTS","host bridge 12"]' 'routed elsewhere: not believed'
exit_is 0 unbind "$DEV"
