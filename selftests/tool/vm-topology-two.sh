#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# topologies: two-devices
# Two host bridges: each device has its own window, and no other.

here=${0%/*}
. "$here/tap.sh"
. "$here/guest.sh"
. "$here/decoders.sh"

one=$DEV two=$(address_of dcd1)
read -r base1 _ base2 size2 < <(bed info |
	jq -r '[.windows[] | .base, .size] | join(" ")')
hdm1=$(hdm_of "$(block_of "$one")")
hdm2=$(hdm_of "$(block_of "$two")")
readonly one two base1 base2 size2 hdm1 hdm2 M256=$((256 << 20))

load_module && exit_is 0 bind "$one" && exit_is 0 bind "$two"
exit_is 0 window list "$one" --json
json '[.windows[] | .flags, .reason]' '[["USABLE"],"NONE",[],"NO_WINDOW"]' \
	"the first's window"
exit_is 0 window list "$two" --json
json '[.windows[] | .flags, .reason]' '[[],"NO_WINDOW",["USABLE"],"NONE"]' \
	"the second's window"

# Nobody gets into the other's window
before=$(raw_all "$hdm1")
error 5 '"RANGE_WINDOW"' decoder program "$one" --base "$base2"
is "$(raw_all "$hdm1")" "$before" 'no register touched'
before=$(raw_all "$hdm2")
error 5 '"RANGE_WINDOW"' decoder program "$two" --base "$base1"
error 5 '"RANGE_WINDOW"' decoder program "$two" --base $((base2 - M256))
error 5 '"RANGE_WINDOW"' decoder program "$two" --base $((base2 + size2))
is "$(raw_all "$hdm2")" "$before" 'no register touched'

exit_is 0 decoder program "$one" --json
json '.decoders[0].new.base' "$base1" 'the first, in its own'
exit_is 0 decoder program "$two" --json
json '.decoders[0].new.base' "$base2" 'the second, in its own'
for d in "$one 0 $base1" "$two 1 $base2"; do
	read -r d index at <<<"$d"
	exit_is 0 dc show "$d" --json
	json '.capacities[0].regions | map([.flags, .fixed_window.index,
		.fixed_window.base]) | unique' "[[[\"WINDOW\"],$index,$at]]" \
		"$d: and so its Dynamic Capacity"
done
exit_is 0 mem test "$one" --size 4K --pattern 0x1111111111111111 --keep
exit_is 0 mem test "$two" --size 4K --pattern 0x2222222222222222 --keep
is "$(bed media read static 0 8 dcd0)" 1111111111111111 "the first's memory"
is "$(bed media read static 0 8 dcd1)" 2222222222222222 "the second's memory"
# A reset of one is nothing to the other
before=$(raw_all "$hdm2")
exit_is 0 mem test "$one" --size 4K --pattern 0x3333333333333333 --keep --reset
is "$(raw_all "$hdm2")" "$before" "the other's decoder stayed"
exit_is 0 mem test "$two" --size 4K --pattern 0x2222222222222222 --check
is "$(bed media read static 0 8 dcd0)" 3333333333333333 'one written'
exit_is 0 decoder clear "$one"
exit_is 0 mem test "$two" --size 4K --pattern 0x2222222222222222 --check
exit_is 0 unbind "$one"
exit_is 0 unbind "$two"

# Found committed on the other's memory: not believed, and not touched
setpci -s "$one" COMMAND=2:2
setpci -s "$two" COMMAND=2:2
raw_decoder "$hdm1" 0 "$base2" $M256 0 $COMMIT
raw_decoder "$hdm2" 0 "$base1" $M256 0 $COMMIT
before=$(raw_all "$hdm1")$(raw_all "$hdm2")
for d in "$one" "$two"; do
	exit_is 0 bind "$d"
	exit_is 0 status "$d" --json
	json '.devices[0].info | [.memory_size, .reason]' '[0,"RANGE_WINDOW"]' \
		"$d: not believed"
	has "$(dmesg | grep "$d.*not believed" | tail -1)" 'not restored' \
		'the log says so'
done
is "$(raw_all "$hdm1")$(raw_all "$hdm2")" "$before" 'no register touched'
exit_is 0 unbind "$one"
exit_is 0 unbind "$two"
