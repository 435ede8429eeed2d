#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# topologies: direct
# Which decoders that are found committed are believed.

here=${0%/*}
. "$here/tap.sh"
. "$here/guest.sh"
. "$here/decoders.sh"

read -r base size < <(bed info | jq -r '"\(.window.base) \(.window.size)"')
hdm=$(hdm_of "$(block_of "$DEV")")
readonly base size hdm M256=$((256 << 20))

# found WHAT BASE SIZE CONTROL REASON [ELEMENT]: commit, bind, look
found()
{
	local before

	raw_decoder "$hdm" 0 "$2" "$3" 0 "$4"
	before=$(raw_all "$hdm")
	exit_is 0 bind "$DEV"
	exit_is 0 status "$DEV" --json
	json '.devices[0].info | [.origin, .memory_size > 0, .reason,
		.element // ""]' \
		"[\"FIRMWARE\",$([[ $5 == NONE ]] && echo true || echo false),\"$5\",\"${6:-}\"]" \
		"$1: $5"
	is "$(raw_all "$hdm")" "$before" "$1: no register touched"
	[[ $5 == NONE ]] || error 5 "\"$5\"" mem test "$DEV"
}

# Leaves nothing behind: the driver never changes a decoder that it found
gone()
{
	exit_is 0 unbind "$DEV"
	setpci -s "$DEV" COMMAND=0002:0002
	raw_decoder "$hdm" 0 0 0 0 $UNCOMMITTED
}

load_module

found 'in the window' "$base" $M256 $COMMIT NONE
exit_is 0 mem test "$DEV" --size 4K --pattern 0x1122334455667788 --keep
is "$(bed media read static 0 8)" 8877665544332211 'and it is its memory'
gone

found 'behind the window' $((base + size)) $M256 $COMMIT RANGE_WINDOW
gone
found 'before the window' $((base - M256)) $M256 $COMMIT RANGE_WINDOW
gone
found "over the window's end" $((base + size - M256)) $((2 * M256)) $COMMIT \
	RANGE_WINDOW
gone
found 'on System RAM' 0x10000000 $M256 $COMMIT RANGE_WINDOW
gone
found 'at the end of addresses' $((-M256)) $M256 $COMMIT RANGE_WINDOW
gone
found 'of no size' "$base" 0 $COMMIT RANGE_ALIGN 'decoder 0'
gone
found 'two ways' "$base" $M256 $((COMMIT | 1 << 4)) INTERLEAVED \
	'decoder 0'
gone

# The kernel's own region: no busy resource, and a live one
modprobe -a cxl_acpi cxl_pmem cxl_mem cxl_port cxl_pci
cxl create-region -t ram -d decoder0.0 -m mem0 >/dev/null 2>&1
region=$(sed -n 's/^ *\([0-9a-f]*\)-[0-9a-f]* : region0$/\1/p' /proc/iomem)
[[ -n $region ]]
ok $? 'the kernel has a region' || exit
echo "$DEV" >"$sysfs/driver/unbind"
setpci -s "$DEV" COMMAND=0002:0002
found "in a region of the kernel's" $((0x$region)) $M256 $COMMIT RANGE_BUSY \
	region0
gone
cxl destroy-region region0 -f >/dev/null 2>&1
