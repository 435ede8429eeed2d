#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# dc: what it makes of a driver's answers, with a driver that is faked. That
# --wait waits for changes, and for nothing else.

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

# Tags: strictly UUIDs
world <<<"tag $A $COMMITTED 2 0 0 0 0 3 0x200000"
for s in "${A^^}" "$A"; do
	exit_is 0 dc status 0d:00.0 "$s" --json
	json '.statuses[0].tag' "$A" 'in lower case'
done
for s in '' x "{$A}" "$A " " $A" "${A//-/}" "${A%?}" "${A}0" "${A/-/_}" \
	 "${A/6/g}" "${A/-9dad-/9-dad-}" "urn:uuid:$A" 0; do
	exit_is 2 dc status 0d:00.0 "$s"
	has "$err" 'is no tag' "no tag: '$s'"
	is "$(asked)" '' 'nobody is asked'
done
for c in status accept reject release; do
	error 2 null dc $c 0d:00.0 00000000-0000-0000-0000-000000000000
	json_err '.error.why | test("--extent")' true \
		"the null tag is no name: $c"
	error 2 null dc $c 0d:00.0
	error 2 null dc $c 0d:00.0 $A --extent 5
	for s in '' 0 x "1," ",1" "1,,2" -1 1x '1 ' 99999999999999999999; do
		exit_is 2 dc $c 0d:00.0 --extent "$s"
	done
	error 3 null dc $c 0e:00.0 $A
done
exit_is 2 dc status 0d:00.0 --extent 1,2
exit_is 2 dc status 0d:00.0 --extent 1 --region 0
exit_is 2 dc status 0d:00.0 $A --region 16
exit_is 2 dc status 0d:00.0 $A --offer 3
exit_is 2 dc accept 0d:00.0 $A --offer 3
exit_is 2 dc accept 0d:00.0 --offer 0
exit_is 2 dc accept 0d:00.0 $A --force
exit_is 2 dc accept 0d:00.0 $A --defer
exit_is 2 dc reject 0d:00.0 $A --defer
exit_is 2 dc release 0d:00.0 $A --defer --force
has "$err" 'which of the two?' 'not both'
exit_is 2 dc accept 0d:00.0 $A --reach tenant
for s in x -1 1.5 99999999999; do
	exit_is 2 dc release 0d:00.0 $A --wait=$s
	exit_is 2 dc deadline 0d:00.0 3 "$s"
done
exit_is 2 dc accept 0d:00.0 $A --wait 5
has "$err" "one word too many: '5'" '--wait takes its value behind a sign'
exit_is 2 dc deadline 0d:00.0
has "$err" 'which offer?' 'asked for'
exit_is 2 dc deadline 0d:00.0 3
has "$err" 'in how many seconds?' 'and for the rest'
exit_is 2 dc deadline 0d:00.0 0 5

# status
exit_is 0 dc status 0d:00.0 $A --json
envelope statuses 1 'dc status'
json '.statuses[0] | keys' '["bytes","deadline","device","extent","fixed_window","flags","in_use","nr","offer","rc","reach","reason","region","release_deferred","release_requested","requests","since","state","tag"]' \
	'all keys'
json '.statuses[0] | [.state, .reach, .nr.COMMITTED, .bytes.COMMITTED,
	.nr.PENDING, .deadline, .in_use, .release_requested, .extent]' \
	'["COMMITTED","DEVICE",1,2097152,0,null,false,false,null]' 'values'
exit_is 0 dc status 0d:00.0 $A
has "$out" "0000:0d:00.0: tag $A is COMMITTED" 'for people'
has "$out" "accepted: it is this host's until it is released" 'what that is'
has "$out" 'COMMITTED          1 extent, 2 MiB' 'how much'
has "$out" "-> 'vfio-cxl dc release' gives it back" 'what can be done'
world <<<"tag $A $COMMITTED 2 0 0 2 4 3 0x200000"
exit_is 0 dc status 0d:00.0 $A --json
json '.statuses[0] | [.state, .in_use, .release_requested, .requests]' \
	'["COMMITTED",true,true,2]' 'in use, and asked for'
exit_is 0 dc status 0d:00.0 $A
has "$out" 'is asked for back: stop its user' 'what to do then'
world <<<"tag $A $COMMITTED 2 0 0 2 68 3 0x200000"
exit_is 0 dc status 0d:00.0 $A --json
json '.statuses[0] | [.state, .in_use, .release_deferred, .flags]' \
	'["COMMITTED",true,true,["IN_USE","DEFERRED"]]' 'its release is deferred'
exit_is 0 dc status 0d:00.0 $A
has "$out" 'release deferred   yes' 'for people'
has "$out" '-> it is given back when its user has ended' 'and what comes'
world <<<"tag $A $PENDING 0 0 0 0 16 3 0x200000"
exit_is 0 dc status 0d:00.0 $A
has "$out" 'is going to be rejected' 'decided'
world <<<"tag $A $REJECTED 0 $(reason DC_DEVICE) 0x1e 0 0 3 0x200000"
exit_is 0 dc status 0d:00.0 $A
has "$out" 'because            the device answered with an error' 'the reason'
has "$out" 'return code        0x1e, INVALID_EXTENT_LIST' 'and the code'
# Of the future
world <<<"tag $A 9 7 99 0x77 0 0x80000000 3 0x200000"
exit_is 0 dc status 0d:00.0 $A --json
json '.statuses[0] | [.state, .reach, .reason, .rc, .flags]' \
	'["UNKNOWN_9","UNKNOWN_7","UNKNOWN_99",119,["BIT_31"]]' \
	'numbers of the future are numbers'
exit_is 0 dc status 0d:00.0 $A
has "$out" 'is UNKNOWN_9' 'for people too'
has "$out" '(99)' 'and the reason'
# Nothing known
world </dev/null
error 3 null dc status 0d:00.0 $A
json_err '.error.why | test("there is nothing with tag '$A', and none is")' \
	true 'says which'
exit_is 3 dc status 0d:00.0 $A --region 1
has "$err" "$A in region 1" 'and where'
exit_is 3 dc status 0d:00.0 --extent 77
has "$err" 'no extent 77' 'also by number'
fake=(FAKE_FAIL=DC_STATUS=11)
error 4 '"DC_COLLECTING"' dc status 0d:00.0 $A
fake=()
rm -r "$dir" && mkdir "$dir"
error 5 '"DC_NOT_CAPABLE"' dc status 0d:00.0 $A
error 5 '"DC_NOT_CAPABLE"' dc list 0d:00.0
exit_is 0 dc list --json
json .extents '[]' 'no device that does it: an empty list'
exit_is 0 dc list
has "$out" 'no device' 'says so'
exit_is 0 dc show 0d:00.0
has "$out" 'the device does no Dynamic Capacity' 'and so does show'
fake=(FAKE_FAIL=DC_INFO=25)
error 5 null dc show 0d:00.0
json_err '.error.next | test("as new as this command")' true 'an older driver'
exit_is 0 list --json
json '.devices[0].dynamic_capacity' null 'is no failure of list'
fake=()

# The fixed memory window that decoder 0 decodes them in: the driver names it
shown='in fixed memory window 0 at 0x4d0000000, 4 GiB'
window='{"index":0,"base":20669530112,"size":4294967296}'
# placed FLAGS WINDOW [OTHER]: of regions 1 and 2, half of which is decoded, and all
placed()
{
	local in=$(($1 ? 64 | $2 << 16 : 0))

	world <<-E
		info 7 0 1
		region 0x50000000 0x40000000 0x200000 0x20000000 0x50000000 $1 $2
		region 0x90000000 0x40000000 0x200000 0x40000000 0x90000000 $1 ${3:-$2}
		window 0x100000000 11
		host_region 0x100000000 0x200000 0
		extent 1 4 0x10000000 0x200000 0x10000000 - $COMMITTED 2 0 0 0 0 0
		extent 2 4 0x50000000 0x200000 0x50000000 $A $COMMITTED 2 0 0 0 $in 1
		extent 3 4 0x6ff00000 0x200000 -1 $B $PENDING 0 0 0 0 0 1
		extent 4 4 0x90000000 0x200000 0x90000000 - $PENDING 0 0 0 0 $in 2
		extent $host 5 3 0x200000 0x0 $C $COMMITTED 2 0 0 0 32 8
		tag $A $COMMITTED 2 0 0 0 0 3 0x200000
		tag $B $PENDING 0 0 0 0 0 3 0x200000
		tag $C $COMMITTED 2 0 0 0 128 5 0x200000
	E
}
C=c0ffee00-0000-4000-8000-000000000001
host=$((1 << 48))
fake=(FAKE_WINDOW=3)
mkdir -p "$fix/sys/firmware/acpi/tables"
cedt 0x4d0000000:0x100000000
placed 4 0
exit_is 0 dc list 0d:00.0 --json
json '.extents | map(.fixed_window)' "[null,$window,null,$window,null]" \
	'not told, told, not decoded, told, of the host'
json '.extents[1].flags' '[]' 'which is no flag'
is "$(asked)" DC_LIST 'without waiting for a busy device'
exit_is 0 dc list 0d:00.0
is "$(grep -n 'fixed memory window' <<<"$out")" \
	"7:those with an OFFSET are $shown" "for people, below the device's table"
exit_is 0 dc list --json
json '.extents[1].fixed_window' "$window" 'of all devices'
exit_is 0 dc show 0d:00.0 --json
json '.capacities[0] | .regions + .host_regions | map(.fixed_window)' \
	"[null,$window,$window,null]" 'of each region'
json '.capacities[0].regions[1].flags' '["WINDOW"]' 'whose flag has a name'
exit_is 0 dc show 0d:00.0
is "$(grep 'fixed memory window' <<<"$out")" "what is DECODED is $shown" \
	'for people'
for s in "$A" '--extent 2' '--extent 4' "$A --region 1"; do
	# shellcheck disable=SC2086 # words
	exit_is 0 dc status 0d:00.0 $s --json
	json '.statuses[0].fixed_window' "$window" "how it stands: $s"
done
exit_is 0 dc status 0d:00.0 $A
has "$out" 'in fixed window    0 at 0x4d0000000, 4 GiB' 'for people'
for s in "$B" "$C" "$A --region 2" '--extent 1' '--extent 3'; do
	# shellcheck disable=SC2086 # words
	exit_is 0 dc status 0d:00.0 $s --json
	json '.statuses[0].fixed_window' null "in none: $s"
done
exit_is 0 dc status 0d:00.0 $B
[[ $out != *'fixed window'* ]]
ok $? 'and that is not said'
# Of a tag that is decoded in part, where that part is
placed 4 0
cat >>"$dir/0" <<-E
	gone $host
	extent 5 4 0x70000000 0x200000 -1 $B $PENDING 0 0 0 0 0 1
	extent 6 4 0x90200000 0x200000 0x90200000 $B $PENDING 0 0 0 0 64 2
E
exit_is 0 dc status 0d:00.0 $B --json
json '.statuses[0].fixed_window' "$window" 'the first that is in one'
# A driver that does not tell, and one that tells of what is not there
placed 0 0
exit_is 0 dc list 0d:00.0 --json
json '.extents | map(.fixed_window)' '[null,null,null,null,null]' 'an older driver'
placed 4 0 1
exit_is 3 dc show 0d:00.0
placed 4 1
error 3 null dc show 0d:00.0
json_err '.error.why | test("fixed memory window")' true 'no such window'
exit_is 0 dc list 0d:00.0 --json
json '.extents | map(.fixed_window)' '[null,null,null,null,null]' \
	'nothing that is not in the table'
cedt 0x4d0000000:0x100000000 0x5d0000000:0x80000000
exit_is 0 dc list 0d:00.0 --json
json '.extents | map(.fixed_window | .index, .base)' \
	"[null,null,1,$((0x5d0000000)),null,null,1,$((0x5d0000000)),null,null]" \
	'another one'
# How it stands is told without the list
placed 4 0
fake=("FAKE_WINDOW=3" "FAKE_FAIL=DC_LIST=19")
exit_is 0 dc status 0d:00.0 $A --json
json '.statuses[0] | [.state, .fixed_window]' '["COMMITTED",null]' 'but not where'
# Nor does it take the table
rm "$fix/sys/firmware/acpi/tables/CEDT"
fake=("FAKE_WINDOW=3")
exit_is 0 dc list 0d:00.0 --json
json '.extents | map(.fixed_window)' '[null,null,null,null,null]' 'no table'
fake=()

# list, show, and what status and list gain
big=$((1 << 40))
world <<-E
	region 0x50000000 0x40000000 0x200000 0 -1 1
	extent 1 4 0x10000000 0x200000 0x10000000 $A $COMMITTED 2 0 0 1 17 0
	extent 2 4 0x10200000 $big 0x10200000 $A $RELEASING 2 0 0 0 0 0
	extent 30000 5 0x10400000 0xff80000 -1 - $PENDING 0 0 0 0 0 1
	extent 30001 5 0x10600000 0x600 0x4d0000000 - $COMMITTED 3 0 0 99 0 1
E
exit_is 0 dc list 0d:00.0 --json
envelope extents 4 'dc list'
json '.extents[0] | keys' '["backend","device","dpa","fixed_window","flags","id","in_use","length","offer","offset","rc","reach","reason","region","release_deferred","requests","sequence","state","tag"]' \
	'all keys'
json '.extents[:2] | map([.release_deferred, .flags])' \
	'[[true,["IN_USE","DEFERRED"]],[false,[]]]' 'flags'
json '.extents | map([.id, .tag, .state, .reach, .in_use, .offset])' \
	"[[1,\"$A\",\"COMMITTED\",\"DEVICE\",true,268435456],[2,\"$A\",\"RELEASING\",\"DEVICE\",false,270532608],[30000,null,\"PENDING\",\"NONE\",false,null],[30001,null,\"COMMITTED\",\"APP\",false,20669530112]]" \
	'values'
exit_is 0 dc list
has "$out" "$A" 'a table'
is "$(awk 'NR > 2 { print $(NF - 1) }' <<<"$out" | paste -sd' ')" 'end no no no' \
	'until the use of the first one ends'
is "$(awk 'length > 100' <<<"$out")" '' 'of 100 columns at most'
is "$(wc -l <<<"$out")" 6 'a line each'
exit_is 0 dc show 0d:00.0 --json
envelope capacities 1 'dc show'
json '.capacities[0] | [.flags, .nr.COMMITTED, .bytes.RELEASING,
	(.regions | map([.region, .length, .covered, .offset, .flags]))]' \
	"[[\"CAPABLE\",\"SYNCED\"],2,$big,[[0,1073741824,1073741824,268435456,[]],[1,1073741824,0,null,[\"SHARABLE\"]]]]" \
	'regions'
exit_is 0 dc show 0d:00.0
has "$out" '0x50000000  1 GiB  2 MiB  0 B      -' 'for people'
exit_is 0 status 0d:00.0 --json
json '.devices[0].dynamic_capacity' \
	'{"total":2147483648,"pending":267911168,"committed":2098688}' 'status'
exit_is 0 status 0d:00.0
has "$out" 'dynamic capacity   2 GiB' 'for people'
exit_is 0 list
has "$out" 'COMMITTED  PENDING' 'list has columns'
has "$out" '2 GiB' 'with it'
run doctor 0d:00.0 --json
json '.checks | map(select(.check | test("^(mailbox|dc|dc-decoder|netlink)$")) |
	[.check, .result])' \
	'[["mailbox","OK"],["dc","OK"],["dc-decoder","WARN"],["netlink","OK"]]' \
	'doctor'
json '.checks[] | select(.check == "dc-decoder") | .remedy |
	test("decoder clear")' true 'what to do'
# What goes from one user to the next
reaches()
{
	run doctor 0d:00.0 --json
	json '.checks | map(select(.check == "reach") | [.result, .remedy != null,
		(.text | test("descriptors"), test("any user"))])' "$1" "$2"
}
rows()
{
	local n=0 reach

	echo "info 3 0 0"
	for reach; do
		n=$((n + 1))
		echo "extent $n 1 $((n << 21)) 0x200000 -1 - $COMMITTED $reach 0 0 0 0 0"
	done
}
rows 1 0 | world
reaches '[["OK",false,false,false]]' 'the tenant alone'
rows 3 1 3 | world
reaches '[["NOTE",true,true,false]]' 'descriptors'
json '.checks[] | select(.check == "reach") | .text | test("^2 extents are")' true \
	'so many'
rows 2 3 | world
reaches '[["NOTE",true,true,false],["NOTE",true,false,true]]' 'and any user'
json '[.checks[] | select(.check == "reach") | .text | test("^1 extent is")] | all' true \
	'one of each'
mkdir -p "$fix/sys/module/cxl_vfio_pci/parameters"
echo Y >"$fix/sys/module/cxl_vfio_pci/parameters/clear_on_close"
rows 2 | world
reaches '[["OK",false,false,false]]' 'but cleared in between'
rm -r "$fix/sys/module/cxl_vfio_pci"
rows 2 | world
reaches '[["NOTE",true,false,true]]' 'and not'
fake=(FAKE_NL=no)
run doctor 0d:00.0 --json
json '.checks[] | select(.check == "netlink") | [.result, .remedy != null]' \
	'["WARN",true]' 'no family'
fake=()
world <<<"info 1 $(reason DC_NOT_SYNCED) 0"
run doctor 0d:00.0 --json
json '.checks[] | select(.check == "dc") | .result' WARN 'not read yet'
exit_is 0 dc show 0d:00.0
has "$out" 'not known because' 'show says so'
world <<<"info 0 $(reason DC_NO_MAILBOX) 0"
run doctor 0d:00.0 --json
json '.checks | map(select(.check | test("^(mailbox|dc|dc-decoder)$")) |
	[.check, .result])' '[["mailbox","NOTE"]]' 'no mailbox'

# A list of many pages, that changes while it is read
{
	for ((i = 1; i <= 200; i++)); do
		echo "extent $i 1 $((i << 21)) 0x200000 -1 - $PENDING 0 0 0 0 0 0"
	done
	echo 'restarts 3'
} | world
exit_is 0 dc list 0d:00.0 --json
json '[(.extents | length), ([.extents[].id] | unique | length),
	.extents[199].id]' '[200,200,200]' 'each once, in order'
# Larger pages each time: 64 and 64, 128 and 72, 256
is "$(grep -c DC_LIST "$log")" 5 'begun anew where it changed'
fake=(FAKE_FAIL=DC_LIST=11)
error 4 null dc list 0d:00.0
fake=()
json_err .error.next 'try again in a moment' 'one that never stands still'

# Lies
for lie in '65 0 than there is room' '4294967295 0 than there is room' \
	   '0 1 is empty' '-2 0 not in order'; do
	read -r entries flags why <<<"$lie"
	world <<-E
		list $entries $flags
		extent 1 1 0x10000000 0x200000 0 - $PENDING 0 0 0 0 0 0
		extent 1 1 0x10200000 0x200000 0 - $PENDING 0 0 0 0 0 0
	E
	error 1 null dc list 0d:00.0
	json_err ".error | [.errno, (.why | test(\"makes no sense: .*$why\"))]" \
		'["EIO",true]' "a list that lies: $lie"
done
world <<<'info 3 0 9'
error 1 null dc show 0d:00.0
json_err '.error.why | test("too many regions")' true 'too many regions'
exit_is 0 list
exit_is 0 status 0d:00.0

# Decisions
world <<<"tag $A $COMMITTED 2 0 0 0 0 3 0x200000"
exit_is 0 dc accept 0d:00.0 $A --json
envelope decisions 1 'dc accept'
json '.decisions[0] | keys' '["action","already","bytes","deferred","device","extents","offer","queued","rc","reach","reason","state","tag"]' \
	'all keys'
json '.decisions[0] | [.action, .tag, .state, .reach, .already, .queued,
	.bytes, .extents, .offer]' \
	"[\"ACCEPT\",\"$A\",\"COMMITTED\",\"DEVICE\",false,false,2097152,null,null]" \
	'values'
is "$(asked)" 'DC_ACCEPT DC_ACCEPT flags 0 offer 0 count 0 reach 2 DC_STATUS' \
	'one call, for any tenancy'
exit_is 0 dc accept 0d:00.0 $A --reach app
has "$(asked)" 'reach 3' 'for descriptors'
has "$out" "tag $A is accepted: COMMITTED, 2 MiB, reach DEVICE" 'for people'
exit_is 0 dc release 0d:00.0 $A --force
has "$(asked)" 'DC_RELEASE flags 1 offer 0 count 0 reach 0' 'forced'
world <<-E
	extent 7 4 0x10000000 0x200000 0x10000000 $A $PENDING 0 0 0 0 0 0
	extent 8 4 0x10200000 0x200000 0x10200000 - $PENDING 0 0 0 0 0 0
	extent 9 5 0x10400000 0x200000 0x10400000 - $PENDING 0 0 0 0 0 0
	decided 4 0
E
exit_is 0 dc reject 0d:00.0 --extent 9,7 --json
has "$(asked)" 'DC_REJECT flags 0 offer 0 count 2 reach 0' 'by number'
json '.decisions[0] | [.extents, .tag, .queued, .state]' \
	'[[7,9],null,true,"PENDING"]' 'queued'
exit_is 0 dc reject 0d:00.0 --extent 0x9
has "$out" 'extent 9 is going to be rejected: PENDING' 'for people'
has "$out" '->' 'with what comes'
exit_is 0 dc accept 0d:00.0 --offer 4 --json
has "$(asked)" 'DC_ACCEPT flags 0 offer 4 count 0 reach 2' 'by offer'
json '.decisions[0] | [.offer, .extents]' '[4,[7,8]]' 'what it consists of'
echo 'decided 2 0' >>"$dir/0"
exit_is 0 dc reject 0d:00.0 $A
has "$out" 'is already rejected' 'so already'
fake=("FAKE_FAIL=DC_ACCEPT=2,DC_RELEASE=2/$(reason DC_REFUSED)")
error 3 null dc accept 0d:00.0 $A
json_err .error.why "nothing of tag $A is offered or held" 'nothing to accept'
error 3 '"DC_REFUSED"' dc release 0d:00.0 $A
json_err .error.why "nothing of tag $A is held: a user rejected it" \
	'nothing any more, and why'
exit_is 3 dc accept 0d:00.0 --offer 12
has "$err" 'nothing of offer 12' 'by offer'
exit_is 3 dc accept 0d:00.0 --extent 12
has "$err" 'nothing of these extents' 'by number'

# Each reason of a refusal, with its exit code, a sentence, and what to do
while read -r name errno status; do
	fake=("FAKE_FAIL=DC_RELEASE=$errno/$(reason "$name")")
	error "$status" "\"$name\"" dc release 0d:00.0 $A
	json_err '.error | [.why, .next] | map(length > 5)' '[true,true]' \
		"$name: why, and what to do"
done <<-E
	DC_IN_USE 16 4
	DC_PENDING 16 4
	DC_COMMITTED 16 4
	DC_RELEASING 16 4
	DC_DECIDED 16 4
	DC_REACH 16 4
	DC_TAG_LIVE 16 4
	DC_COLLECTING 11 4
	NOT_LIVE 11 4
	DC_DEVICE_BUSY 11 4
	DC_TAG_WHOLE 22 1
	DC_NOT_COVERED 95 5
	DC_ALIGN 95 5
	DC_DEVICE 5 1
	DC_DEVICE 110 7
	NO_MEMORY 12 1
E
fake=("FAKE_FAIL=DC_RELEASE=16/$(reason DC_IN_USE)")
exit_is 4 dc release 0d:00.0 $A
has "$err" 'the memory is in use' 'in use'
has "$err" '-> stop its user first; --defer waits for that, --force' \
	'and what to do'
exit_is 4 dc release 0d:00.0 $A --wait
is "$(grep -c WAIT "$log")" 0 'that does not end by waiting'
fake=("FAKE_FAIL=DC_ACCEPT=5/$(reason DC_DEVICE)" FAKE_RC=0xf)
error 1 '"DC_DEVICE"' dc accept 0d:00.0 $A
json_err .error.element '0xf INVALID_PHYSICAL_ADDRESS' 'the return code'
fake=("FAKE_FAIL=DC_ACCEPT=28/$(reason DC_DEVICE)" FAKE_RC=0x77)
error 1 '"DC_DEVICE"' dc accept 0d:00.0 $A
json_err .error.element '0x77 unknown' 'one of the future'
fake=(FAKE_FAIL=DC_ACCEPT=16/99)
error 4 '"UNKNOWN_99"' dc accept 0d:00.0 $A
fake=()

# --wait: the log is opened before anything is asked, and then read
queued()
{
	world <<-E
		decided 4 0
		tag $A $1 2 0 0 0 0 3 0x200000
	E
}
event()
{
	echo "event $1 0 $2 2 ${3:-0} 0 0 0 3 0x200000 $A"
}
queued "$ACCEPTING"
next <<<"event 1 0 $PENDING 0 0 0 0 0 4 0x200000 $B"
next <<-E
	event 2 0 $PENDING 0 0 0 0 0 4 0x200000 $B
	$(event 3 "$COMMITTED")
	tag $A $COMMITTED 2 0 0 0 0 3 0x200000
E
exit_is 0 dc accept 0d:00.0 $A --wait --json
json '.decisions[0] | [.state, .queued]' '["COMMITTED",false]' 'waited for'
is "$(asked)" 'LOG DC_ACCEPT DC_ACCEPT flags 0 offer 0 count 0 reach 2 DC_STATUS WAIT DC_STATUS WAIT DC_STATUS' \
	'by changes, and not in between'
exit_is 0 dc accept 0d:00.0 $A --wait=1
has "$out" 'is accepted: COMMITTED' 'in time'
# Out of time
queued "$ACCEPTING"
for o in --wait=0 --wait=3; do
	error 7 null dc accept 0d:00.0 $A $o
	json_err '.error | [.errno, (.why | test("not accepted, but ACCEPTING after [03] s"))]' \
		'["ETIMEDOUT",true]' "out of time: $o"
	json_err '.error.next | test("nothing is taken back")' true \
		'and what that means'
done
exit_is 0 dc accept 0d:00.0 $A
has "$out" 'is going to be accepted: ACCEPTING' 'without waiting'
# It comes otherwise
while read -r command from to why status; do
	queued "$from"
	next <<-E
		tag $A $to 0 $(reason "$why") 0 0 0 3 0x200000
		$(event 1 "$to")
	E
	error "$status" "\"$why\"" dc "$command" 0d:00.0 $A --wait
	json_err '.error | [.why, .next] | map(length > 5)' '[true,true]' \
		"$command that came otherwise: $why"
done <<-E
	accept $ACCEPTING $REJECTED DC_DEVICE 1
	accept $ACCEPTING $PENDING DC_DEVICE_BUSY 4
	accept $ACCEPTING $REVOKED DC_FORCED 1
	release $RELEASING $COMMITTED DC_DEVICE 1
	reject $PENDING $COMMITTED DC_COMMITTED 1
E
# It is so, or as good as that
while read -r command from to; do
	queued "$from"
	next <<-E
		tag $A $to 0 0 0 0 0 3 0x200000
		$(event 1 "$to")
	E
	exit_is 0 dc "$command" 0d:00.0 $A --wait
done <<-E
	release $RELEASING $RELEASED
	release $RELEASING $REVOKED
	reject $PENDING $REJECTED
	reject $PENDING $REVOKED
E
# By number, and by offer: what is no more is asked for once
world <<-E
	decided 4 0
	extent 7 4 0x10000000 0x200000 0x10000000 - $RELEASING 2 0 0 0 0 0
	extent 8 4 0x10200000 0x200000 0x10200000 - $RELEASING 2 0 0 0 0 0
E
next <<-E
	gone 8
	event 1 0 $RELEASED 0 0 0 0 8 4 0x200000 -
E
next <<-E
	gone 7
	event 2 0 $RELEASED 0 0 0 0 7 4 0x200000 -
E
for o in '--extent 7,8' '--offer 4'; do
	# shellcheck disable=SC2086 # two words
	exit_is 0 dc release 0d:00.0 $o --wait --json
	json '.decisions[0] | [.state, .extents]' '[null,[7,8]]' "released: $o"
	is "$(grep -c WAIT "$log")" 2 'two changes'
done
world <<-E
	decided 4 0
	extent 7 4 0x10000000 0x200000 0x10000000 - $ACCEPTING 2 0 0 0 0 0
	extent 8 4 0x10200000 0x200000 0x10200000 - $ACCEPTING 2 0 0 0 0 0
E
next <<-E
	gone 8
	extent 7 4 0x10000000 0x200000 0x10000000 - $COMMITTED 2 0 0 0 0 0
	event 1 0 $REVOKED 0 0 0 0 8 4 0x200000 -
E
exit_is 1 dc accept 0d:00.0 --offer 4 --wait
has "$err" 'not all of it is there any more' 'half an offer is no success'
# What is not complete yet is asked for again
queued "$COMMITTED"
echo 'decided 0 0' >>"$dir/0"
next <<<"event 1 0 $PENDING 0 0 0 0 0 3 0x200000 $A"
fake=("FAKE_FAIL=DC_ACCEPT:1=11/$(reason DC_COLLECTING)")
exit_is 0 dc accept 0d:00.0 $A --wait
is "$(grep -c '^DC_ACCEPT$' "$log")" 2 'asked again, after a change'
fake=("FAKE_FAIL=DC_ACCEPT=11/$(reason DC_COLLECTING)")
error 7 null dc accept 0d:00.0 $A --wait=2
json_err '.error.next | test("nothing was done")' true 'and in the end not done'
fake=()
# The device goes, the log is nonsense
queued "$ACCEPTING"
next <<<unbound
error 3 null dc accept 0d:00.0 $A --wait
queued "$ACCEPTING"
next <<-E
	event 1 0 $PENDING 0 0 0 0 0 3 0x200000 $A
	raw 5
E
error 1 null dc accept 0d:00.0 $A --wait
json_err '.error.why | test("log of changes makes no sense")' true 'half an entry'

# --defer: nothing is done yet, and --wait waits for that, by changes
deferred()
{
	world <<-E
		decided 16 0
		tag $A $COMMITTED 2 0 0 0 68 3 0x200000
	E
}
deferred
exit_is 0 dc release 0d:00.0 $A --defer --json
is "$(asked)" 'DC_RELEASE DC_RELEASE flags 8 offer 0 count 0 reach 0 DC_STATUS' \
	'one call, and no waiting'
json '.decisions[0] | [.state, .deferred, .queued, .already]' \
	'["COMMITTED",true,false,false]' 'deferred'
exit_is 0 dc release 0d:00.0 $A --defer
has "$out" "tag $A is going to be released when its use ends: COMMITTED, 2 MiB, reach DEVICE" \
	'for people'
next <<<"event 1 1 $COMMITTED 2 0 0 0 0 3 0x200000 $A"
next <<-E
	tag $A $RELEASING 2 0 0 0 0 3 0x200000
	$(event 2 "$RELEASING")
E
next <<-E
	tag $A $RELEASED 2 0 0 0 0 3 0x200000
	$(event 3 "$RELEASED")
E
exit_is 0 dc release 0d:00.0 $A --defer --wait --json
json '.decisions[0] | [.state, .deferred, .queued]' '["RELEASED",false,false]' \
	'waited for'
is "$(asked)" 'LOG DC_RELEASE DC_RELEASE flags 8 offer 0 count 0 reach 0 DC_STATUS WAIT DC_STATUS WAIT DC_STATUS WAIT DC_STATUS' \
	'by changes, and not in between'
deferred
error 7 null dc release 0d:00.0 $A --defer --wait=3
json_err '.error | [.why, .next] | join(";") |
	test("not released, but COMMITTED after 3 s: it is still in use;nothing is taken back")' \
	true 'out of time'
deferred
next <<-E
	tag $A $COMMITTED 0 $(reason DC_DEVICE) 0xf 0 0 3 0x200000
	$(event 1 "$COMMITTED" "$(reason DC_DEVICE)")
E
error 1 '"DC_DEVICE"' dc release 0d:00.0 $A --defer --wait
json_err '.error.why | test("but is COMMITTED: the device answered")' true \
	'its use has ended, and the device said no'
# Of what is not in use it is a release
world <<-E
	decided 0 0
	tag $A $RELEASED 2 0 0 0 0 3 0x200000
E
exit_is 0 dc release 0d:00.0 $A --defer --wait
has "$out" "tag $A is released: RELEASED" 'at once'
is "$(grep -c WAIT "$log")" 0 'nothing is waited for'
# Of several one may be gone, and another one wait
world <<-E
	decided 16 0
	extent 7 4 0x10000000 0x200000 0x10000000 - $COMMITTED 2 0 0 0 17 0
	extent 8 4 0x10200000 0x200000 0x10200000 - $COMMITTED 2 0 0 0 17 0
	extent 9 4 0x10400000 0x200000 0x10400000 - $COMMITTED 2 0 0 0 0 0
E
next <<-E
	gone 7
	event 1 0 $RELEASED 0 0 0 0 7 4 0x200000 -
E
next <<-E
	gone 8
	event 2 0 $RELEASED 0 0 0 0 8 4 0x200000 -
E
exit_is 0 dc release 0d:00.0 --extent 7,8 --defer --wait --json
json '.decisions[0] | [.state, .extents]' '[null,[7,8]]' 'both'
is "$(grep -c WAIT "$log")" 2 'one after the other'
world <<-E
	decided 16 0
	extent 7 4 0x10000000 0x200000 0x10000000 - $COMMITTED 2 0 0 0 17 0
	extent 8 4 0x10200000 0x200000 0x10200000 - $COMMITTED 0 $(reason DC_DEVICE) 0 0 0 0
E
exit_is 1 dc release 0d:00.0 --extent 7,8 --defer --wait
is "$(grep -c WAIT "$log")" 0 'what failed is not waited for'
has "$err" 'the device answered with an error' 'nor without a reason'

# deadline
world </dev/null
exit_is 0 dc deadline 0d:00.0 3 60 --json
envelope deadlines 1 'dc deadline'
json '.deadlines[0] | [.offer, .deadline > 0]' '[3,true]' 'values'
exit_is 0 dc deadline 0d:00.0 3 never --json
json '.deadlines[0].deadline' null never
fake=(FAKE_FAIL=DC_DEADLINE=2)
error 3 null dc deadline 0d:00.0 3 60
