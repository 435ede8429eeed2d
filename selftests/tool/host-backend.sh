#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# backend: what it makes of a driver's answers, with a driver that is faked, and of
# the files that it fills the memory with.

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

memory=$tap_tmp/memory
file=$tap_tmp/file

# The command line
world </dev/null
exit_is 2 backend create 0d:00.0
has "$err" 'which tag?' 'asked for'
exit_is 2 backend create 0d:00.0 $A
has "$err" '--size' 'and for the size'
exit_is 2 backend destroy 0d:00.0
exit_is 2 backend list
for s in '' x "${A%?}" "{$A}"; do
	exit_is 2 backend create 0d:00.0 "$s" --size 2M
	has "$err" 'is no tag' "no tag: '$s'"
	exit_is 2 backend destroy 0d:00.0 "$s"
done
for s in create destroy; do
	args=(0d:00.0 00000000-0000-0000-0000-000000000000)
	[[ $s == destroy ]] || args+=(--size 2M)
	error 2 null backend $s "${args[@]}"
	json_err '.error.why | test("the null tag is none: choose")' true \
		"not the null tag: $s"
done
exit_is 2 backend create 0d:00.0 $A --size 2X
for s in -1 x '' 2147483648; do
	exit_is 2 backend create 0d:00.0 $A --size 2M --numa "$s"
done
exit_is 2 backend list 0d:00.0 --size 2M
exit_is 2 backend destroy 0d:00.0 $A --force
is "$(asked)" '' 'nobody is asked'
error 3 null backend create 0e:00.0 $A --size 2M

# create
fake=(FAKE_BACKEND="$memory")
exit_is 0 backend create 0d:00.0 $A --size 2M --json
envelope backends 1 'backend create'
json '.backends[0] | keys' '["device","extent","flags","huge","id","node","size","tag"]' \
	'all keys'
json '.backends[0] | [.tag, .size, .huge, .node]' \
	'["'$A'",2097152,1048576,null]' 'values'
has "$(asked)" 'create 2097152 flags 0 node 0' 'as it was said'
exit_is 0 backend create 0d:00.0 "${A^^}" --size 0x300000 --numa 0
has "$(asked)" 'create 3145728 flags 1 node 0' 'also a node'
has "$out" "0000:0d:00.0: 3 MiB of host memory under tag $A, 1.5 MiB of it in pages of 2 MiB" \
	'for people'
for s in "BACKEND_EXISTS 17 1" "BACKEND_NODE 22 1" "BACKEND_SIZE 22 1" \
	 "BACKEND_LIMIT 28 1" "NO_MEMORY 12 1"; do
	read -r name errno code <<<"$s"
	fake=("FAKE_FAIL=BACKEND_CREATE=$errno/$(reason "$name")")
	error "$code" "\"$name\"" backend create 0d:00.0 $A --size 2M
	is "$(grep -c BACKEND_DESTROY "$log")" 0 'and there is nothing to undo'
done
fake=(FAKE_FAIL=BACKEND_CREATE=25)
error 5 null backend create 0d:00.0 $A --size 2M
json_err '.error.next | test("as new as this command")' true 'an older driver'
fake=(FAKE_BACKEND_FD=-1)
error 1 null backend create 0d:00.0 $A --size 2M
json_err '.error.why | test("no descriptor")' true 'a driver that lies'

# create --fill
fake=(FAKE_BACKEND="$memory")
head -c 300000 /dev/urandom >"$file"
exit_is 0 backend create 0d:00.0 $A --size 1M --fill "$file"
cmp -s <(cat "$file"; head -c $((1048576 - 300000)) /dev/zero) "$memory"
ok $? 'the file, and zeroes behind it'
head -c 1M /dev/urandom >"$file"
exit_is 0 backend create 0d:00.0 $A --size 1M --fill "$file"
cmp -s "$file" "$memory"
ok $? 'a file of just that size'
: >"$file.empty"
exit_is 0 backend create 0d:00.0 $A --size 1M --fill "$file.empty"
cmp -s <(head -c 1M /dev/zero) "$memory"
ok $? 'an empty one'
exit_is 0 backend create 0d:00.0 $A --size 2M --fill <(cat "$file")
cmp -s -n 1M "$file" "$memory"
ok $? 'a pipe'
echo >>"$file"
error 1 null backend create 0d:00.0 $A --size 1M --fill "$file"
json_err '.error | [.errno, .why] | join(" ")' \
	'EFBIG the file is larger than the backend' 'too large'
is "$(asked)" '' 'told before anything is made'
error 1 null backend create 0d:00.0 $A --size 1M --fill <(cat "$file")
json_err .error.errno EFBIG 'a pipe that is'
is "$(grep -c BACKEND_DESTROY "$log")" 1 'what was made is no more'
error 3 null backend create 0d:00.0 $A --size 1M --fill "$file.none"
is "$(asked)" '' 'no such file'
error 1 null backend create 0d:00.0 $A --size 1M --fill /
json_err .error.errno EISDIR 'a folder'
error 1 null backend create 0d:00.0 $A --size 1M --fill /proc/self/mem
is "$(grep -c BACKEND_DESTROY "$log")" 1 'one that can not be read'

# A signal while it is filled, by a pipe that never ends
mkfifo "$tap_tmp/pipe"
exec 9<>"$tap_tmp/pipe"
faked backend create 0d:00.0 $A --size 1M --fill "$tap_tmp/pipe" --json \
	>"$tap_tmp/late" 2>"$tap_tmp/late.err" &
pid=$!
for ((i = 0; i < 200; i++)); do
	! grep -q BACKEND_CREATE "$log" || break
	sleep 0.05
done
sleep 0.2
kill -INT "$(pgrep -P "$pid" . || echo "$pid")"
wait "$pid"
is "$(grep -c BACKEND_DESTROY "$log")" 1 'a signal: what was made is no more'
is "$(jq -r .error.errno "$tap_tmp/late.err")" EINTR 'and that is told'
exec 9>&-

# list
fake=()
world <<-E
	backend 3 $A 0x200000 0x200000 -1
	backend 7 $B 0x40001000 0x40000000 1
	backend 9 11111111-2222-3333-4444-555555555555 0x1000 0 0
E
exit_is 0 backend list 0d:00.0 --json
envelope backends 3 'backend list'
json '[.backends[] | [.id, .tag, .size, .huge, .node]]' \
	'[[3,"'$A'",2097152,2097152,null],[7,"'$B'",1073745920,1073741824,1],[9,"11111111-2222-3333-4444-555555555555",4096,0,0]]' \
	'of two pages'
exit_is 0 backend list 0d:00.0
has "$out" "3   $A  2 MiB" 'for people'
world </dev/null
exit_is 0 backend list 0d:00.0
has "$out" '0000:0d:00.0: no backends' 'none'
exit_is 0 backend list 0d:00.0 --json
json .backends '[]' 'an empty list'
world <<<"backend 3 $A 0x200000 0x200000 -1"
fake=(FAKE_FAIL=BACKEND_LIST:1=11)
exit_is 0 backend list 0d:00.0
is "$(grep -c BACKEND_LIST "$log")" 2 'one that changed is read again'
fake=(FAKE_FAIL=BACKEND_LIST=11)
error 4 null backend list 0d:00.0
for s in 0 5000 4096; do
	fake=("FAKE_BACKEND_COUNT=$s")
	error 1 null backend list 0d:00.0
	json_err '.error.why | test("makes no sense")' true "a list that lies: $s"
done
world <<-E
	backend 7 $A 0x200000 0x200000 -1
	backend 7 $B 0x200000 0x200000 -1
E
fake=()
error 1 null backend list 0d:00.0
json_err '.error.why | test("not in order")' true 'or repeats itself'

# destroy
world <<-E
	backend 3 $A 0x200000 0x200000 -1
	backend 7 $B 0x200000 0x200000 -1
E
exit_is 0 backend destroy 0d:00.0 $B --json
envelope backends 1 'backend destroy'
json '.backends[0] | [.id, .tag]' '[7,"'$B'"]' 'that one'
exit_is 0 backend destroy 0d:00.0 $A
has "$out" "the host memory under tag $A is the host's again" 'for people'
error 3 null backend destroy 0d:00.0 11111111-2222-3333-4444-555555555555
json_err '.error.why | test("no backend with this tag")' true 'there is none'
