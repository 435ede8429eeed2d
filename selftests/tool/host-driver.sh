#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What the command makes of a driver's answers, with a driver that is faked:
# errors, numbers from the future, memory that goes away in a test.

here=$(dirname "$(readlink -f "$0")")
top=$(readlink -f "$here/../..")
. "$here/tap.sh"
. "$here/fixtures.sh"
. "$here/fake.sh"

cc=(gcc -Wall -Wextra -Werror -O1 -D_GNU_SOURCE -I"$top/include/uapi")
build_fake &&
	"${cc[@]}" -fsanitize=address,undefined -o "$tap_tmp/names" \
		"$here/names.c" "$top"/tools/vfio-cxl/lib/names{,_dc}.c
ok $? 'the fake driver builds' || exit

# The names are the header's: ITS_NAME NUMBER, sorted
h=$top/include/uapi/linux/vfio_cxl.h
{
	sed -nE 's/^#define VFIO_CXL_((INFO|GATE|WINDOW|DECODER|DC_INFO|DC_REGION|DC_EXTENT|DC_STATUS)_\w+|BACKEND_RESERVED)\s+\(1 << ([0-9]+)\).*/\1 \3/p' "$h"
	for e in reason origin mem_mode dc_state dc_reach dc_change; do
		sed -n "/^enum vfio_cxl_$e {/,/^}/s/^\tVFIO_CXL_\(.*\),/\1/p" "$h" |
			awk '{ print $1, NR - 1 }'
	done
} | sort >"$tap_tmp/want"
"$tap_tmp/names" | sort >"$tap_tmp/got"
[[ $(wc -l <"$tap_tmp/want") -gt 50 ]]
ok $? 'the header has names'
is "$(diff "$tap_tmp/got" "$tap_tmp/want")" '' 'all and only those of the header'

new_root
device 0000:0d:00.0 0x050210 cxl-vfio-pci 4
mkdir -p "$fix/dev/vfio-cxl" "$fix/dev/vfio"
for node in vfio-cxl/0000:0d:00.0 vfio/vfio vfio/4; do
	ln -s /dev/null "$fix/dev/$node"
done
log=$tap_tmp/log
real=$VFIO_CXL
VFIO_CXL=faked
faked()
{
	: >"$log"
	env "${fake[@]}" FAKE_LOG="$log" LD_PRELOAD="$tap_tmp/fake.so" \
		ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0 \
		"$real" "$@"
}
fake=()

exit_is 0 status 0d:00.0 --json
json '.devices[0] | [.state, .info_error, .info.gate]' '["LIVE",null,[]]' \
	'a driver that answers'
fake=(FAKE_FLAGS=1 FAKE_GATE=0x800001f0)
exit_is 0 status 0d:00.0 --json
json '.devices[0].info.gate' \
	'["DECODER","REMOVED","ERROR","SUSPEND","CXL_RESET","BIT_31"]' \
	'gate reasons'
exit_is 0 status 0d:00.0
has "$out" 'had a fatal error: reset it' 'a fatal error'
has "$out" 'the system sleeps' 'sleep'
has "$out" 'asked for a CXL reset' 'a CXL reset'
has "$out" 'decoder 0 is being changed' 'and what they mean'
has "$out" 'newer than this command' 'also one of the future'
is "$(grep -cx INFO "$log")" 1 'the driver is asked once'

# Reasons of the future
fake=(FAKE_FLAGS=0 FAKE_REASON=99)
exit_is 0 status 0d:00.0
has "$out" 'a reason (99) that this vfio-cxl does not know (el?ement)' \
	'a reason of the future'
exit_is 0 list --json
json '.devices[0].state' UNKNOWN_99 'has a name all the same'
fake=(FAKE_FAIL=PROGRAM=16/99)
error 4 '"UNKNOWN_99"' decoder program 0d:00.0
has "$err" '(99)' 'also in an error'

# Why the driver can't be asked
fake=(FAKE_FAIL=INFO=19)
exit_is 0 status 0d:00.0
has "$out" "memory             unknown because can't ask the driver" \
	'status says why nothing is known'
exit_is 0 status 0d:00.0 --json
json '.devices[0] | [.info, .state, .info_error.errno, .info_error.reason]' \
	'[null,null,"ENODEV",null]' 'as JSON too'
exit_is 0 list --json
json '.devices[0].info_error.errno' ENODEV 'and list'
fake=(FAKE_FAIL=INFO=5)
error 1 null unbind 0d:00.0
json_err '.error.why | test("can.t tell whether the device is open")' true \
	'unbind must know whether the device is open'
json_err '.error.next | test("--force")' true 'and says how to go on'
exit_is 0 unbind 0d:00.0 --dry-run --force

# A decoder that can't be read
keys='["base","ctrl","dpa_skip","flags","guest_base","guest_ctrl","guest_size","index","origin","size"]'
fake=('FAKE_FAIL=DECODER=2,PROGRAM=95/1,CLEAR=11/26')
error 5 '"NO_HDM"' decoder program 0d:00.0
error 4 '"NOT_LIVE"' decoder clear 0d:00.0
fake=(FAKE_FAIL=DECODER:2=11)
exit_is 0 decoder program 0d:00.0 --json
json '.decoders[0] | [.old.size, .new]' '[0,null]' \
	'done is done, also when it can no more be read'
exit_is 0 decoder clear 0d:00.0
has "$out" 'new  unknown' 'for people'
fake=()
for c in program clear; do
	exit_is 0 decoder $c 0d:00.0 --dry-run --json
	json '.decoders[0] | (.old | keys_unsorted | sort), (.new | keys)' \
		"$keys"$'\n'"$keys" "$c --dry-run has all keys"
	json '.decoders[0].new | [.flags, .ctrl, .origin]' '[null,null,null]' \
		'null where not known yet'
done

# The guest's decoder
fake=()
exit_is 0 decoder guest set 0d:00.0 4G --seal --persist --json
envelope decoders 1 'decoder guest set'
json '.decoders[0] | [.old.guest_base, .new.guest_base, .new.flags, .already,
	.dry_run]' \
	'[null,4294967296,["GUEST_SEALED","GUEST_SET","GUEST_PERSIST"],false,false]' \
	'before and after'
is "$(paste -sd' ' "$log")" 'DECODER GUEST_SET DECODER' 'one call'
exit_is 0 decoder guest set 0d:00.0 4G
has "$out" "the guest's HDM decoder 0 is now set" 'for people'
has "$out" 'old  not set, and the device is not open' 'before'
has "$out" 'new  guest base 0x100000000, not sealed, set from outside' 'after'
exit_is 0 decoder guest set 0d:00.0 4G --seal --dry-run
has "$out" 'would be set and sealed' 'a dry run'
is "$(grep -c DRY_RUN "$log")" 1 'of which the driver knows'
has "$out" 'new  guest base 0x100000000' 'and what would be'
exit_is 0 decoder guest set 0d:00.0 4G --seal --dry-run --json
json '.decoders[0] | [.dry_run, .new.guest_base, .new.flags]' \
	'[true,4294967296,null]' 'null where only the driver knows'
json '.decoders[0] | (.old | keys) == (.new | keys)' true 'all keys'
fake=(FAKE_GUEST=0x38 FAKE_GUEST_BASE=0x100000000)
exit_is 0 decoder guest set 0d:00.0 4G --json
json '.decoders[0] | [.already, .old.guest_base, .new.guest_base]' \
	'[true,4294967296,4294967296]' 'so already'
exit_is 0 status 0d:00.0
has "$out" 'set from outside, sealed, for one tenancy' 'status shows it'
has "$out" 'a VMM that programs it itself would map at its own base' \
	'and what is wrong with it'
exit_is 0 decoder guest clear 0d:00.0 --dry-run --json
json '.decoders[0] | [.old.guest_base, .new.guest_base, .dry_run]' \
	'[4294967296,0,true]' 'clear under way: as at open'
exit_is 0 decoder show 0d:00.0 --json
json '.decoders[0] | [.guest_base, .flags]' \
	'[4294967296,["GUEST","GUEST_SEALED","GUEST_SET"]]' 'decoder show too'
fake=(FAKE_GUEST=0x60 FAKE_GUEST_BASE=0x100000000)
exit_is 0 status 0d:00.0
has "$out" 'set from outside, for later tenancies too' 'not sealed'
[[ $out != *'its own base'* ]]
ok $? 'is no danger'
exit_is 0 decoder guest clear 0d:00.0 --dry-run --json
is "$(grep -c DRY_RUN "$log")" 1 'the driver knows'
json '.decoders[0].new.guest_base' null 'clear without a tenancy'
fake=(FAKE_FAIL=GUEST_SET=1/30)
error 6 '"SEALED"' decoder guest set 0d:00.0 4G
json_err '.error.next | test("decoder guest clear")' true 'and the way out'
fake=('FAKE_FAIL=GUEST_SET=95/2,GUEST_CLEAR=95/2')
error 5 '"NOT_COMMITTED"' decoder guest set 0d:00.0 4G
error 5 '"NOT_COMMITTED"' decoder guest clear 0d:00.0
fake=(FAKE_FAIL=GUEST_SET=22/14)
error 1 '"RANGE_ALIGN"' decoder guest set 0d:00.0 4096
fake=('FAKE_FAIL=GUEST_SET=25,GUEST_CLEAR=25')
error 5 null decoder guest set 0d:00.0 4G
json_err '.error.next | test("as new as this command")' true 'an older driver'
error 5 null decoder guest clear 0d:00.0

# mem test: nothing is opened, so nothing reset, before it has to be
fake=(FAKE_SIZE=0x100000)
exit_is 2 mem test 0d:00.0 --size 1T
is "$(<"$log")" INFO 'a size that is too large resets nothing'
exit_is 2 mem test 0d:00.0 --offset 1M
is "$(<"$log")" INFO 'nor an offset'
fake=(FAKE_FLAGS=0 FAKE_REASON=2)
error 5 '"NOT_COMMITTED"' mem test 0d:00.0
is "$(<"$log")" INFO 'nor a device without memory'
fake=()
exit_is 0 mem test 0d:00.0
has "$out" 'put back' 'a test'
has "$(<"$log")" OPEN 'opens'
rm "$fix/dev/vfio-cxl/0000:0d:00.0"
exit_is 0 mem test 0d:00.0
is "$(head -1 "$log")" OPEN 'also for whom has only the VFIO nodes'
ln -s /dev/null "$fix/dev/vfio-cxl/0000:0d:00.0"

# mem test: what can't be put back is told
fake=(FAKE_RESET_EATS=1)
exit_is 1 mem test 0d:00.0 --reset
has "$err" 'SIGBUS while reading back' 'memory that goes away'
has "$err" 'what was there is lost' 'and what was in it'
exit_is 1 mem test 0d:00.0 --reset --keep
[[ $err != *lost* ]]
ok $? 'but nothing is lost where nothing is kept'
fake=(FAKE_RESET_EATS=1 FAKE_FAIL=RESET=25)
error 5 null mem test 0d:00.0 --reset
json_err '.error.why' "can't reset the device: Inappropriate ioctl for device; what was there is lost" \
	'also where the library tells'
fake=(FAKE_FAIL=PWRITE:2=28)
error 1 null mem test 0d:00.0
json_err '[.error.errno, .error.why]' \
	'["ENOSPC","can'\''t write the memory: No space left on device"]' \
	'the errno of a page that could not be put back by write()'
fake=('FAKE_FAIL=PWRITE:1=28,PWRITE:2=5')
error 1 null mem test 0d:00.0
json_err '.error.errno' ENOSPC 'the first errno counts'

# mem clear
media=$tap_tmp/media
full()
{
	rm -f "$media"
	dd if=/dev/zero bs=1M count=64 status=none | tr '\0' Z >"$media"
}
zeros()
{
	tr -d Z <"$media" | wc -c
}
memory=(FAKE_SIZE=0x4000000 FAKE_MEMORY="$media")
full
fake=("${memory[@]}")
exit_is 0 mem clear 0d:00.0 --dry-run
has "$out" 'would be cleared (opening resets the device)' 'a dry run says so'
is "$(<"$log")" $'INFO\nDC_INFO' 'and opens nothing'
is "$(zeros)" 0 'nor clears'
exit_is 0 mem clear 0d:00.0 --dry-run --json
envelope clears 1 'mem clear --dry-run'
json '.clears[0] | [.dry_run, .size, .cleared, .verified]' \
	'[true,67108864,0,0]' 'figures of a dry run'
exit_is 1 mem clear 0d:00.0 --check --json
json_err '[.error.errno, .error.element]' '["EILSEQ","offset 0"]' \
	'what is not zero is no clear memory'
is "$(zeros)" 0 '--check wrote nothing'
exit_is 0 mem clear 0d:00.0 --offset 1M --size 33M --json
json '.clears[0] | [.offset, .size, .cleared, .verified, .undecoded,
	.write_mb_s > 0]' '[1048576,34603008,34603008,34603008,0,true]' 'a part'
is "$(zeros)" 34603008 'and no more than that'
is "$(head -c 1M "$media" | tr -d Z | wc -c)" 0 'from there on'
exit_is 0 mem clear 0d:00.0
has "$out" '64 MiB at offset 0 are cleared, and read back as zero' 'all of it'
is "$(zeros)" 67108864 'truly'
exit_is 0 mem clear 0d:00.0 --check --json
json '.clears[0] | [.cleared, .verified, .write_mb_s]' '[0,67108864,null]' \
	'is clear already'
fake=("${memory[@]}" FAKE_CAPACITY=0x14000000)
exit_is 0 mem clear 0d:00.0 --size 1M
has "$out" '256 MiB of the static capacity, which decoder 0 does not decode' \
	'what it can not reach'
for s in '0x14000000 0x10000000 268435456' '0x4000000 0x4000000 67108864' \
	 '0x4000000 0x10000000 67108864' '0x6000000 0x4000000 67108864' '0 0 0'; do
	read -r capacity skip want <<<"$s"
	fake=("${memory[@]}" FAKE_CAPACITY="$capacity" FAKE_SKIP="$skip")
	exit_is 0 mem clear 0d:00.0 --dry-run --json
	json '.clears[0].undecoded' "$want" "$skip skipped of $capacity"
done
fake=("${memory[@]}" FAKE_FLAGS=7)
error 4 '"OPEN"' mem clear 0d:00.0
is "$(<"$log")" INFO 'an open device is left alone'
error 4 '"OPEN"' mem clear 0d:00.0 --dry-run
fake=("${memory[@]}" FAKE_FLAGS=0 FAKE_REASON=2)
error 5 '"NOT_COMMITTED"' mem clear 0d:00.0
# Four times of day for each block of 16 MiB
full
fake=("${memory[@]}" FAKE_TICK=8=term)
error 8 null mem clear 0d:00.0
json_err '.error | [.errno, .element, .why, .next]' \
	'["EINTR","offset 0x2000000","stopped by a signal; 33554432 bytes from offset 0 on are cleared, the rest is not","go on with --offset 0x2000000 --size 0x2000000"]' \
	'a signal: how far it got'
is "$(zeros)" 33554432 'and that is true'
fake=("${memory[@]}" FAKE_TICK=2=term)
exit_is 1 mem clear 0d:00.0 --check --size 32M
has "$err" 'after 16777216 bytes' 'a signal in --check'
fake=("${memory[@]}" FAKE_TICK=6=0x1002008)
exit_is 1 mem clear 0d:00.0 --json
json_err .error.why 'offset 0x1002008: expected 0x0000000000000000, found 0x00000000000000ff; 16777216 bytes from offset 0 on are cleared, the rest is not' \
	'memory that does not hold zeros'
full
fake=("${memory[@]}" FAKE_TICK=5=eat)
exit_is 1 mem clear 0d:00.0
has "$err" 'SIGBUS while writing' 'memory that goes away'
has "$err" '16777216 bytes from offset 0 on are cleared' 'and how far it got'
rm "$media"
fake=(FAKE_FLAGS=7)
error 4 '"OPEN"' mem test 0d:00.0
is "$(<"$log")" INFO 'mem test leaves an open device alone too'

# bind: a signal, and a device that goes away, between two drivers
d=$fix/sys/bus/pci/devices/0000:0d:00.0
: >"$fix/sys/bus/pci/drivers_probe"
: >"$fix/sys/bus/pci/drivers/cxl-vfio-pci/bind"
device 0000:0d:00.0 0x050210 cxl_pci 4
: >"$fix/sys/bus/pci/drivers/cxl_pci/bind"
echo former >"$d/driver_override"
fake=(FAKE_AT=drivers/cxl_pci/unbind)
run bind 0d:00.0
is "$code" 143 'a signal in the middle of a bind counts'
has "$err" 'as it was, with cxl_pci' 'in the end, when all is told'
is "$(head -1 "$d/driver_override")" former 'and done'
is "$(ls "$fix/run/vfio-cxl")" '' 'no note stays behind'
fake=(FAKE_AT=drivers_probe FAKE_GONE="$d")
exit_is 3 bind 0d:00.0
has "$err" 'now the device is gone' 'a device that goes away'
[[ $err != *'as it was'* ]]
ok $? 'is not as it was'
