#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Each command, with each allocation and each system call of it failing in turn:
# see fault.h and sweep.c.

here=$(dirname "$(readlink -f "$0")")
top=$(readlink -f "$here/../..")
. "$here/tap.sh"
. "$here/fixtures.sh"
. "$here/fault.sh"

"${cc[@]}" -o "$tap_tmp/sweep" "$here/sweep.c" &&
	"${cc[@]}" -o "$tap_tmp/faulty.bin" "$here/faulty.c"
ok $? 'the sweep builds' || exit
export SWEEP_PRELOAD="$tap_tmp/fault.so $tap_tmp/fake_bus.so $tap_tmp/fake.so"

# all_of COMMAND...: in a part, whose results are shown when all have ended
all_of()
{
	local file=$tap_tmp/$part.$((++done))

	"$tap_tmp/sweep" "$fix" "$FAKE_LOG" "$*" "$VFIO_CXL" "$@" >"$file"
	echo $? >>"$file"
}

# replay FILE: as if it ran now
replay()
{
	head -n -1 "$1"
	return "$(tail -n 1 "$1")"
}

# begin PART: with a fixture of its own
begin()
{
	part=$1 done=0
	use_root "$tap_tmp/$part/root"
	export FAKE_LOG=$tap_tmp/$part/log FAKE_WINDOW=3 FAKE_SIZE=0x10000 \
		FAKE_MEMORY=$fix/media
	mkdir -p "$tap_tmp/$part"
	: >"$FAKE_LOG"
	dynamic "$tap_tmp/$part/dc"
}

# Dynamic Capacity of the device: see fake_dc.c
dynamic()
{
	local tag=6ba7b810-9dad-11d1-80b4-00c04fd430c8
	local change="0 3 2 0 0 0 0 4 0x200000 $tag"

	export FAKE_DC=$1
	mkdir -p "$FAKE_DC"
	cat >"$FAKE_DC/0" <<-E
		info 3 0 0
		region 0x10000000 0x40000000 0x200000 0x40000000 0x10000000 0
		extent 1 4 0x10000000 0x200000 0x10000000 $tag 2 2 0 0 1 1 0
		extent 2 4 0x10200000 0x200000 -1 - 1 0 0 0 0 0 0
		tag $tag 2 2 0 0 1 0 4 0x200000
		decided 4 0
		event 1 $change
	E
	cat >"$FAKE_DC/1" <<-E
		tag $tag 3 2 0 0 1 0 4 0x200000
		event 3 $change
		message 0000:0d:00.0 3 $change
		event 4 $change
		message 0000:0d:00.0 4 $change
	E
}

# A sweep that finds nothing must not be one that sees nothing:
# faulty FAULT [KIND]: a program with this fault, which failures of KIND show
faulty()
{
	local dir=$tap_tmp/faulty want='0, 0'

	[[ $# -lt 2 ]] || want='1, 1'
	mkdir -p "$dir/root"
	head -c 64 /dev/zero | tr '\0' x >"$dir/root/in"
	SWEEP_KINDS=${2:-} "$tap_tmp/sweep" "$dir/root" "$dir/log" "$1" \
		"$tap_tmp/faulty.bin" "$1" "$dir/root" >"$dir/out"
	is "$?, $(grep -c '^not ok' "$dir/out")" "$want" \
		"a program with this fault: $1${2:+; found by $2}" ||
		sed 's/^/# /' "$dir/out"
}

reads()
{
	begin reads
	bound
	all_of list
	all_of list --json
	all_of status 0x77 --json
	all_of doctor
	all_of version --json
	all_of window list 0d:00.0 --json
	all_of decoder show 0d:00.0
	all_of dc show 0d:00.0 --json
	all_of dc list
	all_of dc status 0d:00.0 6ba7b810-9dad-11d1-80b4-00c04fd430c8
	all_of backend list 0d:00.0
	SWEEP_STREAM=1 all_of monitor --since 1 --count 3 --json 0d:00.0
	all_of help --json
	all_of help --completion bash
	with_region
	all_of status 0d:00.0
	all_of window list
	all_of doctor 0d:00.0 --json
}

changes()
{
	begin changes
	bound
	all_of decoder program 0d:00.0 --base 0x4d0000000
	all_of decoder clear 0d:00.0 --json
	all_of decoder guest set 0d:00.0 4G --seal --persist --json
	all_of decoder guest clear 0d:00.0 --dry-run
	all_of mem test 0d:00.0 --reset --json
	all_of mem clear 0d:00.0
	all_of dc accept 0d:00.0 6ba7b810-9dad-11d1-80b4-00c04fd430c8 --wait
	all_of dc release 0d:00.0 --offer 4 --force --json
	all_of dc deadline 0d:00.0 4 60
	all_of backend create 0d:00.0 0f0e0d0c-0b0a-0908-0706-050403020100 \
		--size 64K --fill "$here/run" --json
	all_of dc configure 0d:00.0 --regions 2 --size 64M
	all_of dc add 0d:00.0 6ba7b810-9dad-11d1-80b4-00c04fd430c8 \
		--region 8 --offset 0 --json
	all_of dc remove 0d:00.0 6ba7b810-9dad-11d1-80b4-00c04fd430c8
	all_of backend destroy 0d:00.0 6ba7b810-9dad-11d1-80b4-00c04fd430c8
	# A program would fail, too: so there is none, and nothing that it prints
	echo 'decided 0 0' >>"$FAKE_DC/0"
	SWEEP_KINDS="alloc starve nomem eintr short" all_of dc run --json \
		0d:00.0 6ba7b810-9dad-11d1-80b4-00c04fd430c8 /nonexistent
	all_of unbind 0d:00.0
	all_of unbind 0d:00.0 --json
	with_region
	all_of bind 0d:00.0
	all_of bind 0d:00.0 --dry-run --json
}

faulty none
faulty alloc alloc
faulty alloc starve
faulty half nomem
faulty half full
faulty silent nomem
faulty eintr eintr
faulty short short
faulty lost full
faulty heap alloc
if [[ $# -gt 0 ]]; then
	begin one
	"${FIX:-bound}"
	all_of "$@"
else
	# Both processors
	reads &
	changes
	wait
fi
count=0
for file in "$tap_tmp"/*.[0-9]*; do
	tap_of replay "$file"
	count=$((count + 1))
done
[[ $count -ge 33 || $# -gt 0 ]]
ok $? 'all commands were swept'
