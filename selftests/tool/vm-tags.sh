#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# topologies: direct
# The example of a VMM that is lent host memory under tags, with a guest under KVM
# whose slot is the whole window, while tags come and go.

here=$(dirname "$(readlink -f "$0")")
. "$here/tap.sh"
. "$here/guest.sh"
example=$(dirname "$VFIO_CXL")/example-tags/example-tags

A=6ba7b810-9dad-11d1-80b4-00c04fd430c8
B=0f0e0d0c-0b0a-0908-0706-050403020100

# says N WORDS: until its Nth line is there, which has these words
says()
{
	local line='' _

	for _ in {1..900}; do
		line=$(sed -n "$1p" "$tap_tmp/said")
		if [[ -n $line ]] || ! kill -0 $pid 2>/dev/null; then
			break
		fi
		sleep 0.1
	done
	has "$line" "$2" "it says: $2" || echo "# $(<"$tap_tmp/said")"
}

load_module && exit_is 0 bind "$DEV"
is "$(driver)" cxl-vfio-pci bound || exit
"$example" >/dev/null 2>&1
is $? 2 'no device is named'
"$example" "$DEV" >/dev/null 2>"$tap_tmp/err"
is $? 1 'a device without a window'
has "$(<"$tap_tmp/err")" "configure one with 'vfio-cxl dc configure'" 'and what to do'

modprobe kvm_amd || modprobe kvm_intel
printf '\x41' >"$tap_tmp/file"
exit_is 0 dc configure "$DEV" --regions 2 --size 64M
exit_is 0 backend create "$DEV" $A --size 4M --fill "$tap_tmp/file"
exit_is 0 backend create "$DEV" $B --size 2M
exit_is 0 dc add "$DEV" $A --region 8 --offset 2M
"$example" --kvm "$DEV" 4 >"$tap_tmp/said" 2>"$tap_tmp/err" &
pid=$!
says 1 '0x8000000 bytes'
says 2 '0x400000 bytes at 0x1000200000, found 0x41, now 0x42'
exit_is 0 dc status "$DEV" $A --json
json '.statuses[0] | [.state, .reach, .in_use]' '["COMMITTED","TENANT",true]' \
	'the guest uses it'

# One that comes while it runs, in the other region
exit_is 0 dc add "$DEV" $B --region 9 --offset 0
says 3 '0x200000 bytes at 0x1004000000, found 0, now 0x1'

# Asked for, it is let go; the other one stays the guest's
exit_is 0 dc remove "$DEV" $A
says 4 'given back'
exit_is 0 dc status "$DEV" $A --json
json '.statuses[0].state' RELEASED 'gone'
exit_is 0 dc status "$DEV" $B --json
json '.statuses[0].state' COMMITTED 'and the other one is not'

# There again, elsewhere: the DMA map was let go, so that it can be added
exit_is 0 dc add "$DEV" $A --region 8 --offset 16M
says 5 '0x400000 bytes at 0x1001000000, found 0x42, now 0x43'
exit_is 0 dc remove "$DEV" $B
says 6 'given back'
exit_is 0 dc remove "$DEV" $A
says 7 'given back'

# Taken away: it lets the DMA map go, so that it can be offered again
exit_is 0 dc add "$DEV" $B --region 8 --offset 0
says 8 '0x200000 bytes at 0x1000000000, found 0x1, now 0x2'
exit_is 0 dc remove "$DEV" $B --force
says 9 'was taken away'
says 10 'done'
# Or it would wait for tags that nobody offers
grep -q '^done$' "$tap_tmp/said" || kill $pid
wait $pid
is $? 0 'it ends' || echo "# $(<"$tap_tmp/err")"

exit_is 0 backend destroy "$DEV" $A
exit_is 0 backend destroy "$DEV" $B
exit_is 0 unbind "$DEV"
