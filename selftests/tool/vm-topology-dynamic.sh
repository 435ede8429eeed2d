#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# topologies: dc-only direct
# A decoder over Dynamic Capacity, which begins behind the static capacity.

here=${0%/*}
. "$here/tap.sh"
. "$here/guest.sh"
. "$here/decoders.sh"

read -r base static < <(bed info |
	jq -r '"\(.window.base) \(.devices[0].media.static // 0)"')
readonly base static M128=$((128 << 20)) G1=$((1 << 30))
# Where no static memory was ever decoded: QEMU 11 keeps that there for good
readonly where=$((base + G1))
# QEMU's name, another one each time the device is plugged
node=$(bed info | jq -r '.devices[0].id')
readonly node

# Primary mailbox in the device registers: Add Dynamic Capacity Response for
# 128 MiB from this DPA on
dc_accept()
{
	local box word at words=()

	read -r box _ < <(sed -n 3p "$sysfs/resource")
	box=$((box + 0x88))
	at=$((box + 0x20))
	for word in 1 0 $(($1 & 0xffffffff)) $(($1 >> 32)) $M128 0 0 0; do
		words+=("$at=$word")
		at=$((at + 4))
	done
	bed mmio load "${words[@]}"
	bed mmio write $((box + 8)) $((0x4802 | 32 << 16)) 8
	bed mmio write $((box + 4)) 1
	is "$(($(bed mmio read $((box + 0x10)) 8) >> 32))" 0 'capacity is accepted'
}

# The first 128 MiB of a region, whose DPA is given
dc_add()
{
	bed qmp '{"execute":"cxl-add-dynamic-capacity","arguments":{
		"path":"'"$node"'","host-id":0,"selection-policy":"prescriptive",
		"region":'"$1"',"extents":[{"offset":0,"len":'$M128'}]}}' \
		>/dev/null
	ok $? "capacity in region $1" && dc_accept "$2"
}

setpci -s "$DEV" COMMAND=2:2
dc_add 0 "$static"
dc_add 1 $((static + G1))
load_module && exit_is 0 bind "$DEV"

if [[ $static == 0 ]]; then
	exit_is 0 status "$DEV" --json
	json '.devices[0].info | [.static_capacity, .reason]' \
		'[0,"NOT_COMMITTED"]' 'no static capacity'
fi
# What is at both ends, and beyond
readonly end=$((static + 2 * G1))
error 5 '"RANGE_CAPACITY"' decoder program "$DEV" --dpa-skip $end
json_err '.error.next | test("--size")' true 'and says what to do'
error 5 '"RANGE_CAPACITY"' decoder program "$DEV" --size $((end + (256 << 20)))
error 5 '"RANGE_CAPACITY"' decoder program "$DEV" --dpa-skip $((static + G1)) \
	--size $((G1 + (256 << 20)))
error 1 '"RANGE_ALIGN"' decoder program "$DEV" --dpa-skip "$static" --size 128M
error 5 '"RANGE_CAPACITY"' decoder program "$DEV" --dpa-skip $((static + G1)) \
	--size 0xfffffffff0000000

# programmed WHAT SIZE SKIP [OPTION...]
programmed()
{
	exit_is 0 decoder program "$DEV" --base $where "${@:4}" --json
	json '.decoders[0].new | [.base, .size, .dpa_skip]' \
		"[$where,$2,$3]" "$1"
}

programmed 'all of it, if nothing is said' $end 0
exit_is 0 decoder clear "$DEV"
programmed 'all behind the static capacity' $((2 * G1)) "$static" \
	--dpa-skip "$static"
exit_is 0 decoder clear "$DEV"
programmed 'some of both kinds' $G1 0 --size 1G
exit_is 0 decoder clear "$DEV"

# Region 0, then region 1. Found accepted, and so reachable by nobody yet
for region in 0 1; do
	programmed "region $region" $G1 $((static + region * G1)) --size 1G \
		--dpa-skip $((static + region * G1))
	before=$(bed media read dc $((region * G1)) 8)
	exit_is 1 mem test "$DEV" --size 4K --reset --keep \
		--pattern 0x1${region}22334455667788
	is "$(bed media read dc $((region * G1)) 8)" "$before" \
		'and nobody wrote it'
	exit_is 0 decoder clear "$DEV"
done

# Both at once, found at the next bind
exit_is 0 unbind "$DEV"
hdm=$(hdm_of "$(block_of "$DEV")")
raw_decoder "$hdm" 0 "$where" $((2 * G1)) "$static" $COMMIT
exit_is 0 bind "$DEV"
exit_is 0 status "$DEV" --json
json '.devices[0].info | [.memory_size, .dpa_skip]' "[$((2 * G1)),$static]" \
	'found committed'
exit_is 0 unbind "$DEV"
# Unbind leaves what it found
raw_decoder "$hdm" 0 0 0 0 0
