#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# monitor: no change is missed, told twice, or late, whatever netlink loses; with a
# driver that is faked.

here=$(dirname "$(readlink -f "$0")")
top=$(readlink -f "$here/../..")
. "$here/tap.sh"
. "$here/fixtures.sh"
. "$here/fake.sh"
# shellcheck source=dc.sh
. "$here/dc.sh"

D=0000:0d:00.0
# entry SEQUENCE [STATE [KIND]]: of the log
entry()
{
	echo "event $1 ${3:-0} ${2:-$PENDING} 0 0 0 0 0 3 0x200000 $A"
}
# message SEQUENCE [STATE [KIND]]: the same by netlink
message()
{
	echo "message $D $(entry "$@" | cut -d' ' -f2-)"
}
# both: what the driver does with one
both()
{
	entry "$@"
	message "$@"
}
# told: what kinds of lines there are, with their numbers
told()
{
	jq -rc '[.type, .sequence // empty] | join(" ")' <<<"$out" |
		paste -sd,
}

# Options
for o in '--event nonsense' '--event STATE,' '--event ,' '--count 0' \
	 '--count x' '--timeout -1' '--timeout x' '--since x' '--since 1' \
	 "--since 1 $D 0e:00.0" '--size 1'; do
	# shellcheck disable=SC2086 # words
	exit_is 2 monitor $o
done
world </dev/null
exit_is 2 monitor ''
error 3 null monitor 0e:00.0
fake=(FAKE_NL=no)
error 5 null monitor
json_err '.error | [.object, (.why | test("does not know")),
	(.next | test("as new as"))]' '["netlink family vfio-cxl",true,true]' \
	'a kernel without the family'
fake=(FAKE_NL=28)
error 6 null monitor
json_err '.error.next | test("as root")' true 'not for everybody'
fake=()

# Who waits for it to be in the group, and not for more, has nothing missed
fake=(FAKE_NL_STEP=1)
for d in '' $D; do
	world </dev/null
	next < <(entry 1)
	# shellcheck disable=SC2086 # one or none
	exit_is 0 monitor --json --count 1 --timeout 1 $d
	is "$(told)" 'change 1' "what came just before it had joined: ${d:-all}"
	is "$(asked)" 'LOG JOIN' 'and no poll for it'
	world < <(entry 1)
	next < <(echo unbound; echo bound; entry 1)
	# shellcheck disable=SC2086 # one or none
	exit_is 0 monitor --json --count 1 --timeout 1 $d
	is "$(told)" 'end,begin,change 1' 'and another log'
done
fake=()

# What comes, as it comes
world </dev/null
next < <(both 1)
next < <(both 2 "$COMMITTED"; both 3 0 1)
exit_is 0 monitor --json --count 3
is "$(told)" 'change 1,change 2,change 3' 'in order'
is "$(asked)" 'LOG JOIN WAIT WAIT' 'no poll but for something'
json 'keys' "$(for i in 1 2 3; do echo '["device","extent","kind","length","offer","rc","reach","reason","region","sequence","state","tag","time","type"]'; done)" \
	'all keys'
json '[.device, .kind, .state, .tag, .length]' "$(
	echo "[\"$D\",\"STATE\",\"PENDING\",\"$A\",2097152]"
	echo "[\"$D\",\"STATE\",\"COMMITTED\",\"$A\",2097152]"
	echo "[\"$D\",\"REQUEST\",null,\"$A\",2097152]")" 'values'
is "$(wc -l <<<"$out")" 3 'a line each'
exit_is 0 monitor --count 3
has "$out" "$D #1 PENDING tag $A 2 MiB region 0" 'for people'
has "$out" "$D #3 REQUEST tag $A is asked for back" 'in words'
exit_is 0 monitor --json --count 1 0d:00.0
is "$(told)" 'change 1' 'no more than asked for'
exit_is 0 monitor --json --count 1 --event request,OVERFLOW
is "$(told)" 'change 3' 'of a kind'
exit_is 0 monitor --json --count 1 --event committed
is "$(told)" 'change 2' 'to a state'
# Time
exit_is 0 monitor --json --timeout 5
is "$(told)" 'change 1,change 2,change 3' 'for a time'
run monitor --json --timeout 5 --count 4
is "$code" 7 'too few in time'
json_err '.error | [.errno, (.why | test("^1 of the changes"))]' \
	'["ETIMEDOUT",true]' 'is told'
# Signals
world </dev/null
next < <(both 1; echo signal 15)
exit_is 0 monitor --json
world </dev/null
next < <(both 1)
next <<<'signal 15'
exit_is 0 monitor --json
is "$(told)" 'change 1' 'a signal ends it'
exit_is 0 monitor --json --timeout 100
run monitor --json --count 2
is "$code" 143 'but not well, for who waits for more'
is "$(told)" 'change 1' 'though what came was told'
world </dev/null
next < <(both 1 77 88)
exit_is 0 monitor --json --count 1
json '[.kind, .state]' '["UNKNOWN_88","UNKNOWN_77"]' 'numbers of the future'
exit_is 0 monitor --count 1
has "$out" 'a change that this vfio-cxl does not know' 'for people'

# By netlink alone, by the log alone: a hole is filled, a double is dropped
world < <(entry 1; entry 2)
next < <(entry 3; entry 4; entry 5; message 5; message 5; message 3)
next < <(both 6)
exit_is 0 monitor --json --count 4
is "$(told)" 'change 3,change 4,change 5,change 6' 'no hole, no double'
# --since: first the past, from the log
for s in 0 1 2 3; do
	exit_is 0 monitor --json --count 4 --since $s 0d:00.0
	has "$(told)" "change $((s ? s : 1)),change $((s ? s + 1 : 2)),change" \
		"from entry $s on"
	is "$(jq -s 'map(.sequence) | . == (unique)' <<<"$out")" true \
		'each once, in order'
done
exit_is 0 monitor --json --count 2 --since 5 0d:00.0
is "$(told)" 'begin,extents,change 1,change 2' 'a log that is not that far is another'
# What is not kept any more
world < <(echo "extent 1 3 0x10000000 0x200000 0x10000000 $A $COMMITTED 2 0 0 0 0 0"
	entry 1001; entry 1002)
exit_is 0 monitor --json --count 2 --since 7 0d:00.0
is "$(told)" 'gap 7,extents,change 1001,change 1002' 'a gap is told'
json 'select(.type == "gap") | [.device, .lost]' "[\"$D\",994]" 'how large'
json 'select(.type == "extents") | .extents | map([.id, .state])' \
	'[[1,"COMMITTED"]]' 'and what there is now'
exit_is 0 monitor --count 2 --since 7 0d:00.0
has "$out" '994 changes from #7 on are lost' 'for people'
has "$out" "1   $A" 'with a table'
world < <(echo 'info 3 0 0'
	echo 'region 0x10000000 0x40000000 0x200000 0x40000000 0x10000000 4 0'
	echo "extent 1 3 0x10000000 0x200000 0x10000000 $A $COMMITTED 2 0 0 0 64 0"
	entry 1001; entry 1002)
mkdir -p "$fix/sys/firmware/acpi/tables"
cedt 0x4d0000000:0x100000000
fake=(FAKE_WINDOW=3)
exit_is 0 monitor --json --count 2 --since 7 0d:00.0
json 'select(.type == "extents") | .extents | map(.fixed_window)' \
	'[{"index":0,"base":20669530112,"size":4294967296}]' 'and in which window'
exit_is 0 monitor --count 2 --since 7 0d:00.0
has "$out" 'those with an OFFSET are in fixed memory window 0 at 0x4d0000000, 4 GiB' \
	'for people'
fake=()

# Netlink drops messages
world </dev/null
next < <(both 1; echo 'message overrun'; entry 2; entry 3; message 3)
next < <(both 4)
exit_is 0 monitor --json --count 4
is "$(told)" 'change 1,overrun,change 2,change 3,change 4' \
	'the log has what netlink dropped'
world </dev/null
next < <(both 1; echo 'message overrun'; entry 2)
exit_is 0 monitor --json --count 2
is "$(told)" 'change 1,overrun,change 2' 'at once, and not when the next one comes'
world </dev/null
next < <(both 1; echo 'message overrun'; entry 9)
next < <(both 10)
exit_is 0 monitor --json --count 3
is "$(told)" 'change 1,overrun,gap 2,extents,change 9,change 10' \
	'or says how much it has not'
exit_is 0 monitor --count 3
has "$out" 'messages were dropped: the logs are read again' 'for people'

# Unbound, and bound again: another log
world < <(entry 1; entry 2)
next < <(entry 3; echo unbound)
next < <(echo bound; both 1)
next < <(both 2)
for d in '' $D; do
	# shellcheck disable=SC2086 # one or none
	exit_is 0 monitor --json --count 2 $d
	is "$(told)" 'end,begin,change 1,change 2' \
		"the other log begins with 1: ${d:-all}"
done
# Both at once: the old log's end is seen before the new one is read
world < <(entry 1; entry 2)
next < <(echo unbound; echo bound; both 1; both 2; both 3)
exit_is 0 monitor --json --count 3
is "$(told)" 'end,begin,change 1,change 2,change 3' 'none of it is taken for old'
# A device that comes later
world < <(both 1; entry 2; message 2)
rm "$fix/sys/bus/pci/devices/$D/driver"
next < <(both 3)
error 3 null monitor 0d:00.0
ln -s ../../drivers/cxl-vfio-pci "$fix/sys/bus/pci/devices/$D/driver"
world </dev/null
next < <(echo "message 0000:77:00.0 1 0 1 0 0 0 0 0 3 0x200000 $A"; both 1)
exit_is 0 monitor --json --count 1
is "$(told)" 'change 1' 'one that is gone already is passed over'
exit_is 0 monitor --json --count 1 0d:00.0
is "$(told)" 'change 1' 'and one that was not asked for'

# Another process has sent it
world </dev/null
next < <(entry 1; message 1 "$REVOKED" | sed 's/^message/forged/')
next < <(message 1)
for d in '' $D; do
	# shellcheck disable=SC2086 # one or none
	exit_is 0 monitor --json --count 1 $d
	json '[.device, .sequence, .state]' "[\"$D\",1,\"PENDING\"]" \
		"what does not come from the kernel is dropped: ${d:-all}"
done

# Lines go out at once; a reader that has enough ends it, and well
world </dev/null
for i in 1 2 3; do
	next < <(both $i)
done
set -o pipefail
fake=(FAKE_REAL=1)
"$VFIO_CXL" monitor --json 2>"$tap_tmp/err" | head -n 1 >"$tap_tmp/out"
is $? 0 'a closed pipe'
is "$(<"$tap_tmp/err")" '' 'is no failure'
is "$(jq .sequence "$tap_tmp/out")" 1 'when the line was there'
fake=()
"$VFIO_CXL" monitor --json --count 3 >/dev/full 2>"$tap_tmp/err"
is $? 1 'a full disk'
has "$(<"$tap_tmp/err")" 'ENOSPC' 'is'
set +o pipefail

# The driver's lies
world </dev/null
next < <(entry 1; echo raw 5; message 2)
error 1 null monitor
json_err '.error.why | test("makes no sense")' true 'half an entry'
fake=(FAKE_FAIL=DC_LIST=5)
world < <(entry 5)
run monitor --json --since 1 0d:00.0
is "$code" 1 'a list that can not be read'
