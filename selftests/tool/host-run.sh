#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# dc run: what the program gets, and what is told where it is not run; with a driver
# that is faked.
# shellcheck disable=SC2016 # for the program's shell

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

# not_run ERRNO REASON-OR-null WHAT: with an error object, and the program was not
not_run()
{
	error 125 "$2" dc run 0d:00.0 $A touch "$tap_tmp/run"
	json_err '[.error.errno, (.error.next | length > 0)]' "[\"$1\",true]" \
		"$3"
	[[ ! -e $tap_tmp/run ]]
	ok $? "nothing is run: $3"
}

stays="tag $A stays accepted"
memory=$tap_tmp/memory
head -c 12288 /dev/zero >"$memory"
world </dev/null

# The command line
exit_is 125 dc run
has "$err" 'which device?' 'asked for'
exit_is 125 dc run 0d:00.0
has "$err" 'which tag?' 'and for the tag'
exit_is 125 dc run 0d:00.0 $A
has "$err" 'which program?' 'and for the program'
exit_is 125 dc run 0d:00.0 $A --
has "$err" 'which program?' 'behind -- too'
exit_is 125 dc run 0d:00.0 "${A%?}" true
has "$err" 'is no tag' 'a bad tag'
exit_is 125 dc run 0d:00.0 00000000-0000-0000-0000-000000000000 true
has "$err" 'the null tag is none: choose' 'the null tag'
exit_is 125 dc run 0d:00.0 $A --force true
has "$err" 'no meaning' 'an option that it has not'
exit_is 125 dc run --nonsense 0d:00.0 $A true
error 125 null dc run 0e:00.0 $A true
json_err .error.errno ENOENT 'no such device'
is "$(asked)" '' 'nobody is asked'

# What the program gets
fake=("FAKE_TAG=$memory")
exit_is 0 dc run 0d:00.0 ${A^^} sh -c \
	'printf %s "$VFIO_CXL_TAG $VFIO_CXL_TAG_SIZE" >&$VFIO_CXL_TAG_FD; echo ran'
is "$out" ran 'it runs, and what it prints is all'
is "$(tr -d '\0' <"$memory")" "$A 12288" 'the descriptor, and what is told of it'
is "$(asked)" 'DC_ACCEPT DC_ACCEPT flags 0 offer 0 count 0 reach 3 DC_OPEN open flags 0' \
	'accepted for it, and opened'
exit_is 1 dc run 0d:00.0 $A --ro -- sh -c 'echo x >&$VFIO_CXL_TAG_FD || exit 1'
has "$(asked)" 'open flags 1' 'for reading only'
is "$(tr -d '\0' <"$memory")" "$A 12288" 'and nothing was written'
open='for f in /proc/$$/fd/*; do echo ${f##*/}; done'
exit_is 0 dc run 0d:00.0 $A sh -c "$open; echo \$VFIO_CXL_TAG_FD"
sh -c "$open" >"$tap_tmp/open" </dev/null
is "$(head -n -1 <<<"$out" | grep -vxFf "$tap_tmp/open")" \
	"$(tail -n 1 <<<"$out")" 'no other descriptor'
exit_is 7 dc run 0d:00.0 $A -- sh -c 'exit 7'
exit_is 143 dc run 0d:00.0 $A sh -c 'kill -TERM $$'
exit_is 0 dc run 0d:00.0 $A echo --json --ro -- -h
is "$out" '--json --ro -- -h' 'what is behind it is its own'
has "$(asked)" 'open flags 0' 'all of it'
exit_is 0 --json dc run 0d:00.0 $A echo one
is "$out" one 'with --json the output is its own as well'
exit_is 0 dc run 0d:00.0 $A grep SigIgn /proc/self/status
is $((16#${out##*[$' \t']} & 0x1000)) 0 'a closed pipe ends it'
(
	trap '' PIPE
	faked dc run 0d:00.0 $A grep SigIgn /proc/self/status
) >"$tap_tmp/out"
out=$(<"$tap_tmp/out")
is $((16#${out##*[$' \t']} & 0x1000)) $((0x1000)) 'unless it was so before'
world <<<'decided 2 0'
exit_is 0 dc run 0d:00.0 $A echo again
is "$out" again 'what is accepted already'

# A program that is not there, or can't be run
exit_is 127 dc run 0d:00.0 $A nonsense
has "$err" "dc run: nonsense: can't be run: No such file or directory; $stays" \
	'no such program'
has "$err" "'vfio-cxl dc release' gives it back" 'and what to do'
exit_is 126 dc run 0d:00.0 $A /
has "$err" "/: can't be run: Permission denied; $stays" 'one that is none'
exit_is 127 dc run 0d:00.0 $A nonsense --json
has "$err" "vfio-cxl: dc run: nonsense: can't be run" 'in words, as that is not for us'
error 127 null dc run 0d:00.0 $A ''
json_err '.error | [.errno, .exit]' '["ENOENT",127]' 'told to programs'
exit_is 127 dc run 0d:00.0 $A $'\033[31m'
[[ $err != *$'\033'* ]]
ok $? 'no escape sequence comes back'

# Not accepted
for row in "DC_REACH EBUSY 16" "DC_RELEASING EBUSY 16" "DC_REFUSED ENOENT 2" \
	   "DC_COLLECTING EAGAIN 11"; do
	read -r name errno nr <<<"$row"
	fake=("FAKE_FAIL=DC_ACCEPT=$nr/$(reason "$name")")
	not_run "$errno" "\"$name\"" "not accepted: $name"
	[[ $err != *stays* && $(asked) != *OPEN* ]]
	ok $? "and nothing stays: $name"
done
fake=(FAKE_FAIL=DC_ACCEPT=2)
not_run ENOENT null 'never offered'
json_err .error.why "nothing of tag $A is offered or held" 'which one'
fake=()
world <<<'decided 4 0'
not_run EAGAIN null 'only queued'
json_err '.error | [(.why | test("going to be accepted")),
	(.next | test("dc accept --reach app --wait"))]' '[true,true]' \
	'and how to wait for it'
[[ $(asked) != *OPEN* ]]
ok $? 'no descriptor is asked for'

# Accepted, and then no descriptor
world </dev/null
seen=()
for row in "OPEN EBUSY 16 true" "DC_REACH EBUSY 16 false" \
	   "DC_RELEASING EBUSY 16 false" "DC_PENDING EBUSY 16 false" \
	   "DC_FORCED ENOENT 2 false" "DC_NOT_SYNCED EAGAIN 11 false" \
	   "NO_MEMORY ENOMEM 12 true"; do
	read -r name errno nr is <<<"$row"
	fake=("FAKE_FAIL=DC_OPEN=$nr/$(reason "$name")")
	not_run "$errno" "\"$name\"" "no descriptor: $name"
	json_err ".error.why | test(\"$stays\$\")" "$is" \
		"and whether it stays: $name"
	seen+=("$(jq -r .error.why <<<"$err")")
done
is "$(printf '%s\n' "${seen[@]}" | sort -u | wc -l)" 7 'each in its own words'
fake=(FAKE_FAIL=DC_OPEN=24)
not_run EMFILE null 'no descriptor is free'
json_err ".error.why | test(\"$stays\$\")" true 'and that it stays'
fake=(FAKE_FAIL=DC_OPEN=2)
not_run ENOENT null 'gone by now'
json_err .error.why "nothing of tag $A is offered or held" 'which one'
fake=(FAKE_FAIL=DC_OPEN=25)
not_run ENOTTY null 'an older driver'
json_err '.error.next | test("as new as this command")' true 'and what to do'
fake=(FAKE_TAG_FD=-1)
not_run EIO null 'a driver that lies'

# How it stands for who looks
fake=()
world <<<"tag $A $COMMITTED 3 0 0 0 0 3 0x200000"
exit_is 0 dc status 0d:00.0 $A
has "$out" 'reach              APP' 'for whom'
has "$out" "'vfio-cxl dc run' gives it to a program" 'and what for'
world <<<"tag $A $COMMITTED 3 0 0 0 4 3 0x200000"
exit_is 0 dc status 0d:00.0 $A
[[ $out == *"-> 'vfio-cxl dc release' gives it back"* && $out != *'dc run'* ]]
ok $? 'one has it'
next <<<"message 0000:0d:00.0 1 7 3 3 0 0 0 5 6 0x200000 $A"
exit_is 0 monitor --count 1 --event leave
has "$out" "LEAVE tag $A is about to be taken from who has a descriptor of it" \
	'a change'
