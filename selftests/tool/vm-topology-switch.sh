#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# topologies: switch switch-routed
# A switch on the path: its decoders are asked, and not touched.

here=${0%/*}
. "$here/tap.sh"
. "$here/guest.sh"
. "$here/decoders.sh"

base=$(bed info | jq .window.base)
readonly base up=0000:0d:00.0 PORT=3 M256=$((256 << 20)) G1=$((1 << 30))
switch=$(hdm_of "$(block_of $up)")
[[ -n $switch ]]
ok $? 'the switch has decoders' || exit

# refused REASON ELEMENT ARGUMENT...: by decoder program, and nothing changed
refused()
{
	local before

	before=$(raw_all "$switch")$(registers)
	error 5 "\"$1\"" decoder program "$DEV" "${@:3}"
	json_err .error.element "$2" "$2 is named"
	is "$(raw_all "$switch")$(registers)" "$before" 'no register touched'
}

load_module && exit_is 0 bind "$DEV"
is "$(driver)" cxl-vfio-pci bound || exit

if [[ $TOPOLOGY == switch ]]; then
	refused PATH_SWITCH "switch $up"
	refused PATH_SWITCH "switch $up" --base "$base"
	exit_is 5 decoder program "$DEV"
	has "$err" "$up" 'people are told which'
	exit_is 0 window list "$DEV" --json
	json '.windows[0] | [.flags, .reason]' '[[],"PATH_SWITCH"]' \
		'no window is usable'
	raw_decoder "$switch" 0 $((base + M256)) $G1 $((PORT + 1)) $COMMIT
	refused PATH_SWITCH "switch $up"
	raw_decoder "$switch" 0 $((base + M256)) $G1 $PORT \
		$((COMMIT | 1 << 4))
	refused PATH_SWITCH "switch $up"
	raw_decoder "$switch" 0 $((base + M256)) $G1 $PORT $COMMIT
	route=$((base + M256))
else
	route=$((base + 2 * M256))
fi

before=$(raw_all "$switch")
# All of the device's capacity is more than what is routed
refused PATH_DECODER "switch $up"
exit_is 0 decoder program "$DEV" --size 256M --json
json '.decoders[0].new.base' $route 'the search finds what is routed'
exit_is 0 mem test "$DEV" --size 4K --reset --pattern 0x1122334455667788 --keep
is "$(bed media read static 0 8)" 8877665544332211 'and it is memory'
exit_is 0 decoder clear "$DEV"
exit_is 0 decoder program "$DEV" --base $((route + G1 - M256)) --size 256M
exit_is 0 mem test "$DEV" --size 4K --pattern 0x99aabbccddeeff00 --keep
is "$(bed media read static 0 8)" 00ffeeddccbbaa99 'at the end of the route too'
exit_is 0 decoder clear "$DEV"
is "$(raw_all "$switch")" "$before" 'the decoders of the switch were only read'
refused PATH_DECODER "switch $up" --base "$base" --size 256M
refused PATH_DECODER "switch $up" --base $((route + G1)) --size 256M
refused PATH_DECODER "switch $up" --base $((route + G1 - M256)) \
	--dpa-skip 256M --size 512M
exit_is 0 window list "$DEV" --json
json '.windows[0].flags' '["USABLE"]' 'the window is usable'

# What can't be read is not switched on
setpci -s $up COMMAND=0:2
error 5 '"PATH_SWITCH"' decoder program "$DEV"
json_err .error.element "switch $up: Memory Space off" 'and says so'
is "$(setpci -s $up COMMAND.w)" 0105 'Memory Space is off as before'
setpci -s $up COMMAND=2:2
exit_is 0 unbind "$DEV"

# Found committed: the same check
hdm=$(hdm_of "$(block_of "$DEV")")
raw_decoder "$hdm" 0 $route $M256 0 $COMMIT
exit_is 0 bind "$DEV"
exit_is 0 status "$DEV" --json
json '.devices[0].info | [.memory_size, .origin]' "[$M256,\"FIRMWARE\"]" \
	'found and routed: believed'
exit_is 0 unbind "$DEV"
setpci -s "$DEV" COMMAND=2:2
raw_decoder "$hdm" 0 "$base" $M256 0 $COMMIT
before=$(raw_all "$hdm")
exit_is 0 bind "$DEV"
exit_is 0 status "$DEV" --json
json '.devices[0].info | [.memory_size, .reason, .element]' \
	"[0,\"PATH_DECODER\",\"switch $up\"]" 'not routed: not believed'
is "$(raw_all "$hdm")" "$before" 'and not touched'
exit_is 0 unbind "$DEV"
