#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# topologies: direct
# Host memory in a window of a device: from a file to what a tenant maps, and back.

here=$(dirname "$(readlink -f "$0")")
. "$here/tap.sh"
. "$here/guest.sh"
. "$here/tenant.sh"

readonly MIB=$((1 << 20))
A=6ba7b810-9dad-11d1-80b4-00c04fd430c8
B=0f0e0d0c-0b0a-0908-0706-050403020100
C=11111111-2222-3333-4444-555555555555
# Where A stands in the window: region 9 begins at 64 MiB
at=$((66 * MIB))

# add TAG REGION OFFSET: $id, $offer
add()
{
	exit_is 0 dc add "$DEV" "$1" --region "$2" --offset "$3" --json
	read -r id offer < <(jq -r '.additions[0] | "\(.extent) \(.offer)"' \
		<<<"$out")
}

# stands TAG STATE REASON WHAT
stands()
{
	exit_is 0 dc status "$DEV" "$1" --json
	json '.statuses[0] | [.state, .reason]' "[\"$2\",\"$3\"]" "$4"
}

load_module && exit_is 0 bind "$DEV"
is "$(driver)" cxl-vfio-pci bound || exit
exit_is 0 decoder program "$DEV"
# Of the device's own capacity a test before this one may have left it some
exit_is 0 dc list "$DEV" --json
left=$(jq -r '[.extents[].id | tostring] | join(",")' <<<"$out")
[[ -z $left ]] || exit_is 0 dc release "$DEV" --extent "$left" --wait
exit_is 0 backend create "$DEV" $A --size 4M --fill <(
	printf 'from a file'; head -c $((4 * MIB - 15)) /dev/zero; printf last)
exit_is 0 backend create "$DEV" $B --size 4K
exit_is 0 backend create "$DEV" $C --size 4M

# The window
error 3 '"HOST_WINDOW"' dc add "$DEV" $A --region 8 --offset 0
error 3 '"HOST_WINDOW"' dc remove "$DEV" $A
error 1 '"HOST_BLOCK"' dc configure "$DEV" --regions 1 --size 6M --block 6M
error 1 '"HOST_SIZE"' dc configure "$DEV" --regions 1 --size 3M
error 1 '"RANGE_SIZE"' dc configure "$DEV" --regions 2 --size 1T
exit_is 0 dc configure "$DEV" --regions 0 --json
json '.configurations[0].already' true 'there is none to take away'
exit_is 0 dc configure "$DEV" --regions 2 --size 64M --json
json '.configurations[0] | [.regions, .size, .block, .already]' \
	"[2,$((64 * MIB)),$((2 * MIB)),false]" 'two regions'
exit_is 0 dc configure "$DEV" --regions 2 --size 64M --block 2M
has "$out" 'is already regions 8 to 9' 'once more'
exit_is 0 dc show "$DEV" --json
json '.capacities[0] | [(.flags | index("WINDOW") != null), .window_size, (.host_regions |
	map([.region, .length, .block_size, .offset]))]' \
	"[true,$((128 * MIB)),[[8,$((64 * MIB)),$((2 * MIB)),0],[9,$((64 * MIB)),$((2 * MIB)),$((64 * MIB))]]]" \
	'as it was said'
exit_is 0 dc list
has "$out" 'no extents' 'nothing in it'
begin_tenant
tenant window
is "$said" "ok $((128 * MIB))" 'maps it'
tenant get $at 4
is "$said" SIGBUS 'nothing behind it'
error 4 '"OPEN"' dc configure "$DEV" --regions 1 --size 64M

# What can't be added
error 3 '"BACKEND_NONE"' dc add "$DEV" ${A/6/7} --region 8 --offset 0
error 1 '"DC_REGION"' dc add "$DEV" $A --region 10 --offset 0
error 1 '"DC_ALIGN"' dc add "$DEV" $A --region 8 --offset 4K
error 1 '"HOST_OUTSIDE"' dc add "$DEV" $A --region 8 --offset 62M
error 1 '"BACKEND_BLOCK"' dc add "$DEV" $B --region 8 --offset 0
error 3 null dc remove "$DEV" $A
exit_is 0 dc list "$DEV" --json
json .extents '[]' 'and nothing was'

# Offered
watch PENDING
add $A 9 2M
seen
json '[.kind, .state, .tag, .length, .region]' \
	"[\"STATE\",\"PENDING\",\"$A\",$((4 * MIB)),9]" 'the offer'
exit_is 0 dc list "$DEV" --json
json '.extents | map([.tag, .state, .reach, .dpa, .region, .offset, .length,
	.flags])' \
	"[[\"$A\",\"PENDING\",\"NONE\",null,9,$at,$((4 * MIB)),[\"HOST\"]]]" \
	'in the list'
backend=$(jq '.extents[0].backend' <<<"$out")
exit_is 0 backend list "$DEV" --json
json '.backends | map([.id, .flags, .extent]) | .[0]' \
	"[$backend,[\"RESERVED\"],$id]" 'its backend is reserved'
tenant get $at 4
is "$said" SIGBUS 'what is only offered is out of reach'
error 4 '"BACKEND_RESERVED"' dc add "$DEV" $A --region 8 --offset 0
error 4 '"BACKEND_RESERVED"' backend destroy "$DEV" $A
error 4 '"DC_OVERLAP"' dc add "$DEV" $C --region 9 --offset 4M
error 4 '"DC_PENDING"' dc remove "$DEV" $A

# Accepted, for any tenancy, in the mapping that is there
exit_is 0 dc accept "$DEV" $A --json
json '.decisions[0] | [.state, .reach, .queued, .bytes]' \
	"[\"COMMITTED\",\"DEVICE\",false,$((4 * MIB))]" 'accepted, at once'
tenant get $at 11
is "$said" 'ok from a file' 'what its owner filled in'
tenant get $((at + 4 * MIB - 4)) 4
is "$said" 'ok last' 'up to its end'
tenant get $((at + 4 * MIB)) 1
is "$said" SIGBUS 'not beyond it'
tenant get $((at - 1)) 1
is "$said" SIGBUS 'nor before it'
tenant put $at written
is "$said" ok 'written'
exit_is 0 dc status "$DEV" $A --region 9 --json
json '.statuses[0] | [.state, .in_use, .release_requested]' \
	'["COMMITTED",true,false]' 'in use'

# Asked for, and given back
watch REQUEST
exit_is 0 dc remove "$DEV" $A --json
json '.removals[0] | [.forced, .state]' '[false,"COMMITTED"]' 'asked for'
seen
json '[.tag, .region]' "[\"$A\",9]" 'and that is told'
exit_is 0 dc status "$DEV" $A --json
json '.statuses[0].release_requested' true 'how it stands'
error 4 '"DC_IN_USE"' dc release "$DEV" $A
tenant close
is "$said" ok 'unmapped'
watch RELEASED
exit_is 0 dc release "$DEV" $A
seen
stands $A RELEASED NONE 'given back'
exit_is 0 backend list "$DEV" --json
json '.backends[0] | [.flags, .extent]' '[[],null]' 'the backend is free again'

# Once more, elsewhere, for the tenant alone; what was written is there
tenant window
add $A 8 0
tenant accept "$id"
is "$said" ok 'accepted by its user'
exit_is 0 dc list "$DEV" --json
json '.extents | map([.state, .reach, .offset])' '[["COMMITTED","TENANT",0]]' \
	'for itself'
tenant get 0 7
is "$said" 'ok written' 'what was left in it'
tenant get $at 1
is "$said" SIGBUS 'where it was there is nothing'
exit_is 0 dc remove "$DEV" $A --force
tenant get 0 7
is "$said" SIGBUS 'taken away'
stands $A REVOKED DC_FORCED 'and that is known'

# Rejected, and a deadline
add $A 8 0
exit_is 0 dc reject "$DEV" $A
stands $A REJECTED DC_REFUSED 'rejected'
add $A 8 0
watch REJECTED
exit_is 0 dc deadline "$DEV" "$offer" 0
seen
json .reason DC_DEADLINE 'nobody decided'

# The end of a tenancy
add $A 8 0
tenant accept "$id"
watch RELEASED
end_tenant
seen
exit_is 0 dc list "$DEV" --json
json .extents '[]' 'given back when it ended'

# The window goes when it is empty
add $C 9 0
error 4 '"HOST_EXTENTS"' dc configure "$DEV" --regions 0
exit_is 0 dc reject "$DEV" $C
exit_is 0 dc configure "$DEV" --regions 0
exit_is 0 dc show "$DEV" --json
json '.capacities[0] | [(.flags | index("WINDOW")), .host_regions]' \
	'[null,[]]' 'it is gone'
begin_tenant
tenant window
is "$said" 'ENOENT NONE' 'for a tenant too'
end_tenant

# An unbind leaves nothing
exit_is 0 dc configure "$DEV" --regions 1 --size 8M
add $A 8 0
exit_is 0 dc accept "$DEV" $A
add $C 8 4M
exit_is 0 unbind "$DEV"
rmmod cxl_vfio_pci
ok $? 'the device goes, and then the module'
! dmesg | grep -E 'WARNING|BUG:'
ok $? 'a quiet kernel'
