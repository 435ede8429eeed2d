#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# topologies: dc
# Dynamic Capacity, from the fabric manager's offer to mapped memory and back. With
# QEMU 10, which knows no tags, by number.

here=$(dirname "$(readlink -f "$0")")
. "$here/tap.sh"
. "$here/guest.sh"
. "$here/tenant.sh"

readonly MIB=$((1 << 20))
A=6ba7b810-9dad-11d1-80b4-00c04fd430c8
B=0f0e0d0c-0b0a-0908-0706-050403020100
tags=yes
[[ $(bed info | jq -r .qemu) != 10.* ]] || tags=
read -r node static < <(bed info |
	jq -r '"\(.devices[0].id) \(.devices[0].media.static // 0)"')

# offer REGION OFFSET LENGTH [TAG]; where there are no tags, without
offer()
{
	if [[ -n $tags ]]; then
		bed fm add --region "$1" --offset "$2" --length "$3" \
			${4:+--tag "$4"}
	else
		bed qmp '{"execute":"cxl-add-dynamic-capacity","arguments":{
			"path":"'"$node"'","host-id":0,
			"selection-policy":"prescriptive","region":'"$1"',
			"extents":[{"offset":'"$2"',"len":'"$3"'}]}}'
	fi >/dev/null
	ok $? "the manager offers $3 bytes in region $1 at $2"
}

ask_back()
{
	if [[ -n $tags ]]; then
		bed fm release --region "$1" --offset "$2" --length "$3" \
			${4:+--tag "$4"}
	else
		bed qmp '{"execute":"cxl-release-dynamic-capacity","arguments":{
			"path":"'"$node"'","host-id":0,
			"removal-policy":"prescriptive","region":'"$1"',
			"extents":[{"offset":'"$2"',"len":'"$3"'}]}}'
	fi >/dev/null
	ok $? "the manager asks for $3 bytes in region $1 at $2"
}

# accepted: what the manager sees taken, in bytes
accepted()
{
	bed fm list | jq '[.regions[].accepted[].length] | add // 0'
}

# offered: the first extent of the list, once there is one: $id, $at, $number
offered()
{
	local i

	for ((i = 0; i < 200; i++)); do
		run dc list "$DEV" --json
		[[ $(jq '.extents | length' <<<"$out") == 0 ]] || break
		sleep 0.05
	done
	read -r id at number < <(jq -r '.extents[0] |
		"\(.id) \(.offset) \(.offer)"' <<<"$out")
	[[ -n $id ]]
	ok $? 'the offer is there'
}

load_module && exit_is 0 bind "$DEV"
exit_is 0 decoder program "$DEV"
exit_is 0 window list "$DEV" --json
window=$(jq -c '.windows[] | select(.flags | index("USED")) |
	{index, base, size}' <<<"$out")
is "$window" "$(bed info | jq -c '{index: 0, base: .window.base, size: .window.size}')" \
	'the fixed memory window that decoder 0 is in'
exit_is 0 dc show "$DEV" --json
json '.capacities[0].regions | map(.fixed_window)' "[$window,$window]" \
	'and with it the regions'
json '.capacities[0] | [.flags, (.regions | length),
	([.regions[] | .covered == .length] | all)]' \
	'[["CAPABLE","SYNCED"],2,true]' 'regions, all decoded'
exit_is 0 doctor "$DEV" --json
json '.checks | map(select(.check | test("^(mailbox|dc|dc-decoder|reach|netlink)$")) |
	.result) | unique' '["OK"]' 'doctor has nothing to say'
error 3 null dc status "$DEV" $A
exit_is 0 dc list "$DEV" --json
json .extents '[]' 'nothing yet'

# An offer
watch PENDING
offer 0 0 $((4 * MIB)) $A
seen
want=null who=(--extent)
[[ -z $tags ]] || want=$A who=()
json '[.kind, .state, .tag, .length, .region]' \
	"[\"STATE\",\"PENDING\",$(jq -n --arg t "$want" '$t | if . == "null" then null else . end'),$((4 * MIB)),0]" \
	'the offer'
exit_is 0 dc list "$DEV" --json
json '.extents | map([.state, .reach, .length, .offset, .in_use])' \
	"[[\"PENDING\",\"NONE\",$((4 * MIB)),$static,false]]" 'in the list'
json '.extents | map(.fixed_window)' "[$window]" 'and where in the host'
id=$(jq '.extents[0].id' <<<"$out")
[[ -n $tags ]] && who+=("$A") || who+=("$id")
begin_tenant
tenant write "$static" early
is "$said" SIGBUS 'what is only offered is out of reach'

# Accepted, for any tenancy, in the mapping that is there
watch COMMITTED
exit_is 0 dc accept "$DEV" "${who[@]}" --wait=30 --json
json '.decisions[0] | [.state, .reach, .queued, .bytes]' \
	"[\"COMMITTED\",\"DEVICE\",false,$((4 * MIB))]" 'accepted'
seen
exit_is 0 dc accept "$DEV" "${who[@]}"
has "$out" 'already accepted' 'once more'
[[ -z $tags ]] || is "$(accepted)" $((4 * MIB)) 'the manager sees it taken'
tenant write "$static" hello
is "$said" ok 'a touch'
tenant write $((static + 4 * MIB)) beyond
is "$said" SIGBUS 'not beyond it'
exit_is 0 dc status "$DEV" "${who[@]}" --json
json '.statuses[0] | [.state, .in_use, .release_requested]' \
	'["COMMITTED",true,false]' 'in use'
json '.statuses[0].fixed_window' "$window" 'in which window'

# Asked for, and refused while it is in use
watch REQUEST
ask_back 0 0 $((4 * MIB)) $A
seen
exit_is 0 dc status "$DEV" "${who[@]}" --json
json '.statuses[0] | [.state, .in_use, .release_requested]' \
	'["COMMITTED",true,true]' 'asked for'
exit_is 0 dc status "$DEV" "${who[@]}"
has "$out" 'stop its user, then' 'and what to do'
error 4 '"DC_IN_USE"' dc release "$DEV" "${who[@]}" --wait
tenant read "$static" 5
is "$said" 'ok hello' 'it still is'
tenant unmap
is "$(bed media read dc 0 5)" 68656c6c6f 'and is on the medium'
exit_is 0 dc release "$DEV" "${who[@]}" --wait=30 --json
json '.decisions[0].queued' false 'released, when it was unmapped'
[[ -z $tags ]] || is "$(accepted)" 0 'the manager sees it gone'
exit_is 0 dc status "$DEV" "${who[@]}" --json
json '.statuses[0] | [.state, .fixed_window]' '["RELEASED",null]' \
	'which is not unknown, but nowhere'
exit_is 0 dc release "$DEV" "${who[@]}"
has "$out" 'already released' 'once more'
error 3 null dc accept "$DEV" --extent 12345

# Taken away by force
tenant map
is "$said" ok 'mapped again'
offer 1 0 $((2 * MIB)) $B
offered
exit_is 0 dc accept "$DEV" --extent "$id" --wait
tenant write "$at" mine
is "$said" ok 'a touch'
error 4 '"DC_IN_USE"' dc release "$DEV" --extent "$id"
exit_is 0 dc release "$DEV" --extent "$id" --force --wait
tenant write "$at" mine
is "$said" SIGBUS 'by force'

# Given back when its use ends, which is waited for
offer 1 0 $((2 * MIB)) $B
offered
exit_is 0 dc accept "$DEV" --extent "$id" --wait
tenant write "$at" mine
is "$said" ok 'a touch'
"$VFIO_CXL" dc release "$DEV" --extent "$id" --defer --wait=60 --json \
	>"$tap_tmp/seen" &
monitor=$!
for ((i = 0; i < 200; i++)); do
	run dc list "$DEV" --json
	[[ $(jq '.extents[0].release_deferred' <<<"$out") != true ]] || break
	sleep 0.05
done
json '.extents | map([.state, .in_use, .release_deferred])' \
	'[["COMMITTED",true,true]]' 'its release is deferred'
exit_is 0 dc release "$DEV" --extent "$id" --defer
has "$out" 'going to be released when its use ends' 'said once more'
error 4 '"DC_RELEASING"' dc accept "$DEV" --extent "$id"
tenant read "$at" 4
is "$said" 'ok mine' 'its user goes on'
tenant unmap
seen
json '.decisions[0] | [.state, .deferred]' '["RELEASED",false]' 'given back'

# The tenant's own
tenant info
is "$said" 'ok 2 0' 'the tenant knows of the regions'
tenant watch
is "$said" ok 'and wants to know of changes'
watch PENDING
offer 1 $((2 * MIB)) $((2 * MIB)) $B
seen
tenant changes
is "$said" 'ok 1' 'of which one comes'
tenant info
is "$said" 'ok 2 1' 'an offer'
tenant list
id=${said#ok } id=${id%%:*}
has "$said" ':PENDING:' 'the tenant sees the offer'
tenant status "$id"
is "$said" 'ok PENDING NONE' 'and how it stands'
tenant release "$id"
is "$said" 'EBUSY DC_PENDING' 'what it has not it can not give back'
tenant accept "$id"
is "$said" ok 'and takes it'
tenant reject "$id"
is "$said" 'EBUSY DC_COMMITTED' 'it is too late to reject it'
tenant release "$id"
is "$said" ok 'but not to give it back'
tenant status "$id"
is "$said" 'ok RELEASED NONE' 'and that is remembered'
watch PENDING
offer 1 $((2 * MIB)) $((2 * MIB)) $B
seen
tenant list
id=${said#ok } id=${id%%:*}
tenant reject "$id"
is "$said" ok 'offered again, and rejected'
tenant status "$id"
is "$said" 'ok REJECTED DC_REFUSED' 'which says by whom'
tenant accept "$id"
is "$said" 'ENOENT DC_REFUSED' 'there is nothing to take any more'
watch PENDING
offer 1 $((2 * MIB)) $((2 * MIB)) $B
seen
tenant list
id=${said#ok } id=${id%%:*}
tenant accept "$id"
is "$said" ok 'and once more, for itself'
exit_is 0 dc list "$DEV" --json
json '.extents | map([.state, .reach])' '[["COMMITTED","TENANT"]]' 'for itself'
error 4 '"DC_REACH"' dc accept "$DEV" --extent "$id"
watch RELEASED
end_tenant
seen
exit_is 0 dc list "$DEV" --json
json .extents '[]' 'given back when it ended'

# Where it is says the decoder, as that is now
watch REJECTED
offer 0 0 $((2 * MIB)) $A
offered
exit_is 0 decoder clear "$DEV"
exit_is 0 dc list "$DEV" --json
json '.extents | map([.state, .offset, .fixed_window])' \
	'[["PENDING",null,null]]' 'not decoded, in no window'
exit_is 0 decoder program "$DEV"
exit_is 0 dc list "$DEV" --json
json '.extents | map([.state, .offset, .fixed_window])' \
	"[[\"PENDING\",$static,$window]]" 'decoded again'
exit_is 0 dc list "$DEV"
has "$out" "in fixed memory window 0 at $(printf %#x "$(jq .base <<<"$window")"), 4 GiB" \
	'for people'

# Rejected, and a deadline
exit_is 0 dc reject "$DEV" --extent "$id" --wait
seen
exit_is 0 dc status "$DEV" --extent "$id" --json
json '.statuses[0] | [.state, .reason]' '["REJECTED","DC_REFUSED"]' 'rejected'
watch REJECTED
offer 0 0 $((2 * MIB)) $B
offered
exit_is 0 dc deadline "$DEV" "$number" 0
seen
json .reason DC_DEADLINE 'nobody decided'

# The past
run monitor "$DEV" --json --since 1 --timeout 1
is "$code" 0 'from the first entry on'
is "$(jq -s '[.[].sequence] | . == [range(1; length + 1)]' <<<"$out")" true \
	'all of it'
exit_is 0 unbind "$DEV"
dmesg | grep -E 'WARNING|BUG:' && ok 1 'a quiet kernel'
