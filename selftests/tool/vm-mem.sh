#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# topologies: direct static firmware hdm-db
# mem test, through VFIO; the media is looked at from outside.

here=${0%/*}
. "$here/tap.sh"
. "$here/guest.sh"

load_module && exit_is 0 bind "$DEV"
is "$(driver)" cxl-vfio-pci bound || exit
if [[ $TOPOLOGY == firmware ]]; then
	exit_is 0 decoder show "$DEV" --json
	json '.decoders[0].origin' FIRMWARE "firmware's decoder"
	run decoder clear "$DEV" --json
	is "$code" 6 'is not cleared'
	json_err .error.reason FIRMWARE 'and the driver says why'
else
	exit_is 0 decoder program "$DEV"
fi
run list --json
# All of it, and what of that is always there
end=$(jq '.devices[0].info.memory_size' <<<"$out")
memory=$(jq '.devices[0].info | [.memory_size, .static_capacity] | min' <<<"$out")

exit_is 0 mem test "$DEV" --dry-run --json
envelope tests 1 'mem test --dry-run'
json '.tests[0] | [.dry_run, .size, .tested]' "[true,$memory,0]" \
	'all that is always there'
exit_is 2 mem test "$DEV" --offset "$end" --size 4K
exit_is 2 mem test "$DEV" --size 1T
exit_is 2 mem test "$DEV" --size 5000

bed media write static 0x3000 "$(printf 'cafe%.0s' {1..8})"
exit_is 0 mem test "$DEV" --size 32M --json
envelope tests 1 'mem test'
json '.tests[0] | [.tested, .written, .kept, .reset, .write_mb_s > 0,
	.read_mb_s > 0]' '[33554432,true,false,false,true,true]' 'its figures'
is "$(bed media read static 0x3000 16)" \
	'cafecafecafecafecafecafecafecafe' 'the former content is back'
# Behind the static capacity nothing is accepted
static=$(bed info | jq '.devices[0].media.static')
exit_is 0 mem test "$DEV" --size 4K --offset $((static - 4096))
has "$out" 'are good' 'the last page'
has "$out" 'put back' 'for people'

exit_is 0 mem test "$DEV" --size 1M --reset
has "$out" 'survived a reset' 'data and decoder survive a reset'
is "$(bed media read static 0x3000 4)" cafecafe 'and are put back'
exit_is 0 mem test "$DEV" --offset 1M --size 2M --reset --keep
exit_is 0 mem test "$DEV" --offset 1M --size 2M --check --json
json '.tests[0] | [.written, .write_mb_s]' '[false,null]' \
	'what was kept is there at the next open'
exit_is 0 mem test "$DEV" --size 1M --pattern 0x1122334455667788 --keep
is "$(bed media read static 0x1000 8)" 8877665544332211 'the pattern is in the media'
exit_is 0 mem test "$DEV" --size 1M --pattern 0x1122334455667788 --check
bed media write static 0x2008 ff
exit_is 1 mem test "$DEV" --size 1M --pattern 0x1122334455667788 --check --json
is "$out" '' 'a bad byte is a failure'
json_err '.error.why' 'offset 0x2008: expected 0x1122334455667788, found 0x11223344556677ff' \
	'and told'
is "$(bed media read static 0x2008 1)" ff '--check wrote nothing'

# mem clear, seen from outside
exit_is 0 mem clear "$DEV" --dry-run --json
envelope clears 1 'mem clear --dry-run'
json '.clears[0] | [.size, .cleared]' "[$memory,0]" 'all that is always there'
for at in 0xffff0 0x100000 0x3ffff0 0x400000; do
	bed media write static $at "$(printf 'cafe%.0s' {1..8})"
done
exit_is 1 mem clear "$DEV" --check --offset 1M --size 3M
is "$(bed media read static 0x100000 4)" cafecafe '--check wrote nothing'
exit_is 0 mem clear "$DEV" --offset 1M --size 3M --json
json '.clears[0] | [.cleared, .verified, .write_mb_s > 0]' \
	'[3145728,3145728,true]' 'cleared'
for at in 0x100000 0x3ffff0; do
	is "$(bed media read static $at 16)" "$(printf '0%.0s' {1..32})" \
		"zeros in the media at $at"
done
for at in 0xffff0 0x400000; do
	is "$(bed media read static $at 4)" cafecafe "but not at $at"
done
exit_is 0 mem clear "$DEV" --check --offset 1M --size 3M
has "$out" 'are zero' 'and at the next open too'
bed media write static 0 5a5a5a5a
begin "$VFIO_CXL" mem clear "$DEV"
error 4 '"OPEN"' mem clear "$DEV" --dry-run
error 4 '"OPEN"' mem clear "$DEV"
end INT
is $? 8 'stopped on its way'

# Open: nothing moves the decoder, and nobody takes the device
begin "$VFIO_CXL" mem test "$DEV" --size 128M --keep
exit_is 0 status "$DEV" --json
json '.devices[0].info.flags | index("OPEN") != null' true 'status says open'
run decoder clear "$DEV" --json
is "$code" 4 'decoder clear while open'
json_err .error.reason OPEN 'says so'
run unbind "$DEV" --json
is "$code" 4 'unbind while open'
json_err .error.reason OPEN 'says so'
exit_is 4 mem test "$DEV" --size 4K
exit_is 0 decoder show "$DEV" --json
json '.decoders[0] | [.guest_base, .guest_size > 0]' '[0,true]' \
	"the guest's view"
end INT
is $? 1 'a stopped test'
begin "$VFIO_CXL" mem test "$DEV" --size 128M --keep
end HUP
is $? 1 'a hangup stops it too, with the content put back'
begin nohup "$VFIO_CXL" mem test "$DEV" --size 128M --keep
end HUP
is $? 0 'but not with nohup'
exit_is 0 mem test "$DEV" --size 4K

# A signal while the kernel waits for the device's user: nothing is left undone
begin "$VFIO_CXL" mem test "$DEV" --size 128M --keep
"$VFIO_CXL" unbind "$DEV" --force >"$tap_tmp/out" 2>&1 &
unbind=$!
sleep 1
kill -0 $unbind
ok $? 'unbind --force waits'
run unbind "$DEV" --force --json
is "$code" 4 'one unbind at a time'
kill -TERM $unbind
kill -INT $pid
kill -CONT $pid
wait $pid
wait $unbind
is $? 143 'the signal counts in the end'
has "$(<"$tap_tmp/out")" 'to no driver' 'after all is told'
is "$(driver)$(override)" '' 'and done'
[[ ! -e /run/vfio-cxl/$DEV ]]
ok $? 'no note stays behind'
dmesg | grep -E 'WARNING|BUG:' && ok 1 'a quiet kernel'
