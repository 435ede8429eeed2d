#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# topologies: direct dc
# One tag for one program: "dc run" starts the example of a program, with host memory or
# the device's own, which is asked for, given back, comes again and is taken away.

here=$(dirname "$(readlink -f "$0")")
. "$here/tap.sh"
. "$here/guest.sh"
. "$here/tenant.sh"
app=$(dirname "$VFIO_CXL")/example-app/example-app

readonly MIB=$((1 << 20))
A=6ba7b810-9dad-11d1-80b4-00c04fd430c8
B=0f0e0d0c-0b0a-0908-0706-050403020100

# start NAME ARGUMENT...: of "dc run", in the background, as ${pids[NAME]}
declare -A pids
start()
{
	local name=$1

	shift
	"$VFIO_CXL" dc run "$DEV" "$@" >"$tap_tmp/$name" \
		2>"$tap_tmp/$name.err" </dev/null &
	pids[$name]=$!
}

# says NAME N WORDS: until its Nth line is there, which is this
says()
{
	local line='' _

	for _ in {1..600}; do
		line=$(sed -n "$2p" "$tap_tmp/$1")
		if [[ -n $line ]] || ! kill -0 "${pids[$1]}" 2>/dev/null; then
			break
		fi
		sleep 0.1
	done
	is "$line" "$3" "$1 says: $3" || sed 's/^/# /' "$tap_tmp/$1.err"
}

# ends NAME: well
ends()
{
	wait "${pids[$1]}"
	is $? 0 "$1 ends" || sed 's/^/# /' "$tap_tmp/$1.err"
}

# stands TAG STATE REACH IN-USE REQUESTED WHAT: of what is offered or held
stands()
{
	exit_is 0 dc status "$DEV" "$1" --json
	json '.statuses[0] | [.state, .reach, .in_use, .release_requested]' \
		"[\"$2\",\"$3\",$4,$5]" "$6"
}

host_memory()
{
	printf 'from a file' >"$tap_tmp/file"
	exit_is 0 dc configure "$DEV" --regions 1 --size 64M
	exit_is 0 backend create "$DEV" $A --size 4M --fill "$tap_tmp/file"
	exit_is 0 backend create "$DEV" $B --size 2M

	# What can't be run with
	error 125 null dc run "$DEV" $A touch "$tap_tmp/run"
	json_err '.error | [.errno, .why]' \
		"[\"ENOENT\",\"nothing of tag $A is offered or held\"]" 'not offered'
	exit_is 0 dc add "$DEV" $A --region 8 --offset 0
	exit_is 0 dc add "$DEV" $B --region 8 --offset 32M
	exit_is 0 dc accept "$DEV" $B
	error 125 '"DC_REACH"' dc run "$DEV" $B touch "$tap_tmp/run"
	error 125 null dc run "$DEV" ${A%?} touch "$tap_tmp/run"
	run_nobody dc run "$DEV" $A touch "$tap_tmp/run"
	is "$code" 125 'not for everybody'
	has "$err" 'run it as root' 'and what to do'
	[[ ! -e $tap_tmp/run ]]
	ok $? 'and nothing was run'
	stands $A PENDING NONE false false 'nothing is taken'

	# A program that is not there: the tag is accepted all the same
	exit_is 127 dc run "$DEV" $A nonsense
	has "$err" "tag $A stays accepted" 'and that is told'
	stands $A COMMITTED APP false false 'as it is'
	exit_is 126 dc run "$DEV" $A "$tap_tmp/file"
	exit_is 7 dc run "$DEV" $A --ro -- sh -c 'exit 7'

	# Two programs, and what is only read can't be written
	start one $A "$app" 3
	says one 1 "tag $A: $((4 * MIB)) bytes"
	says one 2 "found 'from a file'"
	says one 3 "wrote 'round 1'"
	start two $A --ro -- "$app"
	says two 2 "found 'round 1'"
	stands $A COMMITTED APP true false 'in use'
	run doctor "$DEV" --json
	json '.checks | map(select(.check == "reach") | [.result, .text[:12]])' \
		'[["NOTE","1 extent is "],["NOTE","1 extent is "]]' 'doctor tells both'
	exit_is 0 dc list "$DEV" --json
	json ".extents | map(select(.tag == \"$A\") | [.reach, .in_use])" '[["APP",true]]' \
		'in the list'
	exit_is 0 dc status "$DEV" $A
	has "$out" 'reach              APP' 'for people'
	error 4 '"DC_IN_USE"' dc release "$DEV" $A

	# Asked for, both let it go
	exit_is 0 dc remove "$DEV" $A
	says one 4 'asked for: let go'
	says two 3 'asked for: let go'
	stands $A COMMITTED APP false true 'in use no more'
	watch LEAVE
	exit_is 0 dc release "$DEV" $A
	seen
	json '[.kind, .tag, .reach]' "[\"LEAVE\",\"$A\",\"APP\"]" 'that it leaves is told'
	says one 5 gone
	says two 4 gone
	ends two
	is "$(wc -l <"$tap_tmp/two")" 4 'and it has written nothing'
	exit_is 0 dc status "$DEV" $A --json
	json '.statuses[0].state' RELEASED 'given back'

	# There again, elsewhere: the descriptor is the same
	exit_is 0 dc add "$DEV" $A --region 8 --offset 16M
	exit_is 0 dc accept "$DEV" $A --reach app
	says one 6 "found 'round 1'"
	says one 7 "wrote 'round 2'"

	# To be given back when nobody uses it any more: which is told, too
	exit_is 0 dc release "$DEV" $A --defer --wait=60
	says one 8 'asked for: let go'
	says one 9 gone

	# Taken away while the program does not look
	exit_is 0 dc add "$DEV" $A --region 8 --offset 16M
	exit_is 0 dc accept "$DEV" $A --reach app
	says one 10 "found 'round 2'"
	says one 11 "wrote 'round 3'"
	kill -STOP "${pids[one]}"
	exit_is 0 dc release "$DEV" $A --force
	kill -CONT "${pids[one]}"
	says one 12 'gone: a touch is a SIGBUS'
	ends one
	exit_is 0 backend list "$DEV" --json
	json ".backends | map(select(.tag == \"$A\") | .flags)" '[[]]' \
		'the backend is free'

	# For good
	exit_is 0 dc add "$DEV" $A --region 8 --offset 0
	start three $A "$app"
	says three 2 "found 'round 3'"
	says three 3 "wrote 'round 1'"
	kill -STOP "${pids[three]}"
	exit_is 0 unbind "$DEV"
	kill -CONT "${pids[three]}"
	says three 4 'gone for good'
	ends three
}

# What a fabric manager offers; nobody may have the device open meanwhile
own_memory()
{
	exit_is 0 decoder program "$DEV"
	error 125 null dc run "$DEV" $A true
	# It has no tags
	[[ $(bed info | jq -r .qemu) != 10.* ]] || return
	bed media write dc 0 00
	watch PENDING
	bed fm add --region 0 --offset 0 --length $((4 * MIB)) --tag $A >/dev/null
	seen
	begin_tenant
	error 125 '"OPEN"' dc run "$DEV" $A true
	json_err ".error.why | test(\"tag $A stays accepted\")" true 'that is told'
	end_tenant
	start one $A "$app"
	says one 1 "tag $A: $((4 * MIB)) bytes"
	says one 2 "found ''"
	says one 3 "wrote 'round 1'"
	is "$(bed media read dc 0 7)" 726f756e642031 'it is on the medium'
	stands $A COMMITTED APP true false 'in use'
	run mem test "$DEV" --size 4K
	is "$code" 4 'nobody opens the device'
	error 4 '"OPEN"' decoder clear "$DEV"
	json_err '.error.why | test("descriptors of its Dynamic Capacity")' true \
		'nor changes its decoder'
	bed fm release --region 0 --offset 0 --length $((4 * MIB)) --tag $A \
		>/dev/null
	says one 4 'asked for: let go'
	stands $A COMMITTED APP false true 'in use no more'
	exit_is 0 dc release "$DEV" $A --wait=30
	says one 5 gone
	ends one
	is "$(bed fm list | jq '[.regions[].accepted[].length] | add // 0')" 0 \
		'the manager has it back'
	begin_tenant
	end_tenant
}

load_module && exit_is 0 bind "$DEV"
is "$(driver)" cxl-vfio-pci bound || exit
if [[ $TOPOLOGY == dc ]]; then
	own_memory
	exit_is 0 unbind "$DEV"
else
	host_memory
fi
rmmod cxl_vfio_pci
ok $? 'the module goes'
! dmesg | grep -E 'WARNING|BUG:'
ok $? 'a quiet kernel'
