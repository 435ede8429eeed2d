#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# dc configure, add, remove, and host memory in what the others show: with a driver
# that is faked.

here=$(dirname "$(readlink -f "$0")")
top=$(readlink -f "$here/../..")
. "$here/tap.sh"
. "$here/fixtures.sh"
. "$here/fake.sh"
# shellcheck source=dc.sh
. "$here/dc.sh"

reason()
{
	number reason "REASON_$1"
}

# refusals CALL "NAME ERRNO EXIT"... -- ARGUMENT...: each with its reason, and with
# words of its own
refusals()
{
	local call=$1 name errno code rows=() seen=() row

	shift
	while [[ $1 != -- ]]; do
		rows+=("$1")
		shift
	done
	shift
	for row in "${rows[@]}"; do
		read -r name errno code <<<"$row"
		fake=("FAKE_FAIL=$call=$errno/$(reason "$name")")
		error "$code" "\"$name\"" "$@"
		json_err '.error.next | length > 0' true "and what to do: $name"
		seen+=("$(jq -r .error.why <<<"$err")")
	done
	is "$(printf '%s\n' "${seen[@]}" | sort -u | wc -l)" ${#rows[@]} \
		"each is told in its own words: $call"
	fake=("FAKE_FAIL=$call=25")
	error 5 null "$@"
	json_err '.error.next | test("as new as this command")' true \
		'an older driver'
	fake=()
}

host=$((1 << 48))
id=$((host + 5))

# The command lines
world </dev/null
exit_is 2 dc configure
exit_is 2 dc configure 0d:00.0
has "$err" '--regions' 'asked for'
exit_is 2 dc configure 0d:00.0 --regions 2
has "$err" '--size' 'and for the size'
exit_is 2 dc configure 0d:00.0 --regions 0 --size 4G
exit_is 2 dc configure 0d:00.0 --regions 0 --block 2M
has "$err" 'no meaning' 'of what?'
for s in 9 -1 x ''; do
	exit_is 2 dc configure 0d:00.0 --regions "$s" --size 4G
	exit_is 2 dc configure 0d:00.0 --regions 1 --size "${s/9/9X}"
	exit_is 2 dc configure 0d:00.0 --regions 1 --size 4G --block "${s/9/9X}"
done
exit_is 2 dc add 0d:00.0
has "$err" 'which tag?' 'asked for'
exit_is 2 dc add 0d:00.0 $A --offset 0
has "$err" 'from 8 on' 'and for the region'
exit_is 2 dc add 0d:00.0 $A --region 8
has "$err" '--offset' 'and the place in it'
exit_is 2 dc add 0d:00.0 $A --region 7 --offset 0
has "$err" "7 is one of the device's own" 'not a region of the device'
for s in 16 -1 x ''; do
	exit_is 2 dc add 0d:00.0 $A --region "$s" --offset 0
	exit_is 2 dc add 0d:00.0 $A --region 8 --offset "${s/16/1X}"
done
exit_is 2 dc remove 0d:00.0
has "$err" 'which tag?' 'asked for'
exit_is 2 dc remove 0d:00.0 $A --defer
for s in '' x "${A%?}"; do
	exit_is 2 dc add 0d:00.0 "$s" --region 8 --offset 0
	exit_is 2 dc remove 0d:00.0 "$s"
	has "$err" 'is no tag' "no tag: '$s'"
done
for s in 'add --region 8 --offset 0' remove; do
	# shellcheck disable=SC2086 # words
	error 2 null dc $s 0d:00.0 00000000-0000-0000-0000-000000000000
	json_err '.error.why | test("the null tag is none: choose")' true \
		"not the null tag: $s"
done
is "$(asked)" '' 'nobody is asked'
error 3 null dc configure 0e:00.0 --regions 0
error 3 null dc add 0e:00.0 $A --region 8 --offset 0
error 3 null dc remove 0e:00.0 $A

# configure
exit_is 0 dc configure 0d:00.0 --regions 2 --size 4G --json
envelope configurations 1 'dc configure'
json '.configurations[0]' \
	'{"device":"0000:0d:00.0","regions":2,"size":4294967296,"block":2097152,"already":false}' \
	'all of it'
has "$(asked)" 'configure 2 size 4294967296 block 0' 'as it was said'
exit_is 0 dc configure 0d:00.0 --regions 3 --size 1G --block 64K
has "$(asked)" 'configure 3 size 1073741824 block 65536' 'also the blocks'
has "$out" '0000:0d:00.0: the window for host memory is regions 8 to 10, of 1 GiB each, in blocks of 64 KiB' \
	'for people'
exit_is 0 dc configure 0d:00.0 --regions 1 --size 4K --block 4K
has "$out" 'is region 8, of 4 KiB each' 'one'
exit_is 0 dc configure 0d:00.0 --regions 0
has "$(asked)" 'configure 0 size 0 block 0' 'none'
has "$out" 'there is no window for host memory' 'for people'
fake=(FAKE_ALREADY=1)
exit_is 0 dc configure 0d:00.0 --regions 0
has "$out" 'there is already no window' 'already'
exit_is 0 dc configure 0d:00.0 --regions 1 --size 4G --json
json '.configurations[0].already' true 'so it was'
refusals DC_CONFIGURE "HOST_REGIONS 22 1" "HOST_BLOCK 22 1" "HOST_SIZE 22 1" \
	"RANGE_SIZE 22 1" "OPEN 16 4" "HOST_EXTENTS 16 4" "NO_MEMORY 12 1" -- \
	dc configure 0d:00.0 --regions 2 --size 4G

# add
exit_is 0 dc add 0d:00.0 ${A^^} --region 9 --offset 64M --json
envelope additions 1 'dc add'
json '.additions[0]' \
	'{"device":"0000:0d:00.0","tag":"'$A'","region":9,"offset":67108864,"backend":3,"extent":'$id',"offer":'$((id + 1))'}' \
	'all of it'
has "$(asked)" 'add region 9 offset 67108864 backend 0' 'as it was said'
exit_is 0 dc add 0d:00.0 $A --region 8 --offset 0
has "$out" "0000:0d:00.0: backend 3 is offered in region 8 at offset 0, under tag $A" \
	'for people'
refusals DC_ADD "HOST_WINDOW 2 3" "BACKEND_NONE 2 3" "BACKEND_TAG 22 1" \
	"DC_REGION 22 1" "BACKEND_BLOCK 22 1" "DC_ALIGN 22 1" \
	"HOST_OUTSIDE 22 1" "BACKEND_RESERVED 16 4" "DC_OVERLAP 16 4" \
	"DC_TAG_LIVE 16 4" "BACKEND_HELD 16 4" "DC_NOT_SYNCED 11 4" \
	"NO_MEMORY 12 1" -- \
	dc add 0d:00.0 $A --region 9 --offset 0x200000
for s in DC_REGION DC_ALIGN DC_OVERLAP DC_TAG_LIVE; do
	fake=("FAKE_FAIL=DC_ADD=22/$(reason $s)")
	error 1 "\"$s\"" dc add 0d:00.0 $A --region 9 --offset 0x200000
	json_err '.error | [.why, .next] | join(" ") |
		test("fabric manager|again")' false \
		"no fabric manager is asked: $s"
done
fake=()

# remove
world <<<"tag $A $COMMITTED 2 0 0 1 128 $id 0x200000"
exit_is 0 dc remove 0d:00.0 $A --json
envelope removals 1 'dc remove'
json '.removals[0]' \
	'{"device":"0000:0d:00.0","tag":"'$A'","forced":false,"state":"COMMITTED","reach":"DEVICE","bytes":2097152}' \
	'all of it'
has "$(asked)" 'remove flags 0' 'as it was said'
exit_is 0 dc remove 0d:00.0 $A
has "$out" "0000:0d:00.0: tag $A is asked for back: COMMITTED" 'for people'
exit_is 0 dc remove 0d:00.0 $A --force
has "$(asked)" 'remove flags 1' 'by force'
has "$out" "tag $A is taken back" 'for people'
world </dev/null
exit_is 0 dc remove 0d:00.0 $A --json
json '.removals[0] | [.state, .reach, .bytes]' '[null,"NONE",0]' \
	'nothing is known of it any more'
refusals DC_REMOVE "HOST_WINDOW 2 3" "BACKEND_TAG 22 1" "DC_PENDING 16 4" -- \
	dc remove 0d:00.0 $A
fake=(FAKE_FAIL=DC_REMOVE=2)
error 3 null dc remove 0d:00.0 $A
json_err '.error.why | test("no host memory with tag '$A'")' true \
	'there is none'
fake=()

# A device that does no Dynamic Capacity of its own
world <<-E
	info 4 $(reason DC_NOT_CAPABLE) 0
	window 0x200000000 11
	host_region 0x100000000 0x200000 0
	host_region 0x100000000 0x10000 0x100000000
	extent $id $((id + 1)) 3 0x4000000 0x100200000 $A $COMMITTED 2 0 0 0 33 9
	extent $((id + 2)) $((id + 3)) 7 0x200000 0 $B $PENDING 0 0 0 0 32 8
	tag $A $COMMITTED 2 0 0 1 132 $((id + 1)) 0x4000000
E
exit_is 0 dc list 0d:00.0 --json
json '.extents | map([.id, .tag, .dpa, .backend, .region, .offset, .flags,
	.in_use])' \
	'[['$id',"'$A'",null,3,9,4297064448,["IN_USE","HOST"],true],['$((id + 2))',"'$B'",null,7,8,0,["HOST"],false]]' \
	'host memory in the list'
exit_is 0 dc list
has "$out" 'BACKEND  TAG' 'a table of its own'
has "$out" "3        $A  9   COMMITTED  DEVICE  64 MiB  0x100200000  yes  0" \
	'by its backend'
[[ $out != *ID* ]]
ok $? 'and no empty one'
is "$(awk 'length > 100' <<<"$out")" '' 'of 100 columns at most'
exit_is 0 dc show 0d:00.0 --json
json '.capacities[0] | [.flags, .window_size, .window_region, .regions]' \
	'[["WINDOW"],8589934592,11,[]]' 'the window'
json '.capacities[0].host_regions | map([.region, .dpa, .length, .block_size,
	.covered, .offset])' \
	'[[8,null,4294967296,2097152,4294967296,0],[9,null,4294967296,65536,4294967296,4294967296]]' \
	'and its regions'
exit_is 0 dc show 0d:00.0
has "$out" 'the device does no Dynamic Capacity' 'for people'
has "$out" 'held               64 MiB' 'what is in it'
has "$out" 'host memory window 8 GiB' 'how large it is'
has "$out" '9       4 GiB  64 KiB  0x100000000' 'its regions'
exit_is 0 dc status 0d:00.0 $A --region 9 --json
json '.statuses[0] | [.region, .flags, .release_requested]' \
	'[9,["REGION","IN_USE","HOST"],true]' 'how it stands'
exit_is 0 dc status 0d:00.0 $A
has "$out" 'is asked for back: stop its user' 'and what to do'
exit_is 2 dc status 0d:00.0 $A --region 16
exit_is 0 status 0d:00.0 --json
json '.devices[0].dynamic_capacity' \
	'{"total":8589934592,"pending":2097152,"committed":67108864}' 'status'
run doctor 0d:00.0 --json
json '.checks | map(select(.check | test("^(mailbox|dc|host-window|netlink)$")) |
	[.check, .result])' \
	'[["mailbox","OK"],["dc","OK"],["host-window","OK"],["netlink","OK"]]' \
	'doctor'
world <<-E
	info 4 $(reason DC_NO_MAILBOX) 0
	window 0x100000000 0
	host_region 0x100000000 0x200000 0
E
run doctor 0d:00.0 --json
json '.checks | map(select(.check | test("^(mailbox|dc|host-window|netlink)$")) |
	[.check, .result])' \
	'[["mailbox","NOTE"],["host-window","OK"],["netlink","OK"]]' \
	'also of one without a mailbox'
exit_is 0 dc show 0d:00.0 --json
json '.capacities[0].window_region' null 'its VFIO region is not told'

# Beside the device's own
world <<-E
	info 7 0 0
	region 0x10000000 0x40000000 0x200000 0x40000000 0x10000000 0
	window 0x100000000 11
	host_region 0x100000000 0x200000 0
	extent 4 2 0x10000000 0x200000 0x10000000 $B $COMMITTED 2 0 0 0 0 0
	extent $id $((id + 1)) 3 0x4000000 0 $A $COMMITTED 2 0 0 0 32 8
E
exit_is 0 dc list 0d:00.0 --json
json '.extents | map([.id, .dpa, .backend])' \
	'[[4,268435456,null],['$id',null,3]]' 'both kinds'
exit_is 0 dc list 0d:00.0
is "$(awk '{ print $1 }' <<<"$out" | paste -sd' ')" \
	'0000:0d:00.0 ID 4 BACKEND 3' 'each in its table'
exit_is 0 dc show 0d:00.0
has "$out" '0x10000000  1 GiB' "the device's regions"
has "$out" '8       4 GiB' 'and those for host memory'
exit_is 0 status 0d:00.0 --json
json '.devices[0].dynamic_capacity.total' 5368709120 'all in all'
next <<<"message 0000:0d:00.0 1 0 2 0 0 0 8 $id $((id + 1)) 0x4000000 $A"
exit_is 0 monitor --count 1
has "$out" "tag $A 64 MiB host region 8" 'a change'

# An older driver; a change of no extent; a driver that lies
fake=(FAKE_DC_INFO=728)
exit_is 0 dc show 0d:00.0 --json
json '.capacities[0] | [.window_region, .host_regions, (.regions | length)]' \
	'[null,[],1]' 'a driver that knows less'
fake=()
world </dev/null
next <<<'message 0000:0d:00.0 1 6 0 0 0 0 8 0 0 0 -'
exit_is 0 monitor --count 1
has "$out" 'REGIONS the regions are other ones, for host memory' 'without an extent'
world < <(echo 'info 7 0 0'; for ((s = 0; s < 9; s++)); do
	echo 'host_region 0 0 0'; done)
error 1 null dc show 0d:00.0
json_err '.error.why | test("too many regions for host memory")' true \
	'a driver that lies'

# Whose is a backend?
world <<-E
	backend 3 $A 0x4000000 0x4000000 -1 $id
	backend 4 $B 0x4000000 0x4000000 -1
E
exit_is 0 backend list 0d:00.0 --json
json '.backends | map([.id, .flags, .extent])' \
	'[[3,["RESERVED"],'$id'],[4,[],null]]' 'the backends'
exit_is 0 backend list 0d:00.0
has "$out" 'NODE  FLAGS' 'a column'
has "$out" '-     RESERVED' 'for people'
fake=("FAKE_FAIL=BACKEND_DESTROY=16/$(reason BACKEND_RESERVED)")
error 4 '"BACKEND_RESERVED"' backend destroy 0d:00.0 $A
