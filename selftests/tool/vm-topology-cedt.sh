#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# topologies: direct
# A platform without a CEDT, and the parameter unsafe_no_cedt. The kernel has
# its list of ACPI tables from its own memory; there the CEDT gets another name.

here=${0%/*}
. "$here/tap.sh"
. "$here/guest.sh"
. "$here/decoders.sh"

base=$(bed info | jq .window.base)
hdm=$(hdm_of "$(block_of "$DEV")")
readonly base hdm M256=$((256 << 20))

# Where the kernel is: its symbols are virtual, /proc/iomem is physical
symbols=" $(awk '$3 ~ /^(_text|acpi_gbl_root_table_list|page_offset_base)$/ {
	printf "%s=0x%s ", $3, $1 }' /proc/kallsyms)"
symbol()
{
	local text=${symbols#* _text=} at=${symbols#* "$1"=} phys

	phys=$(sed -n 's/^ *\([0-9a-f]*\)-.* : Kernel code$/0x\1/p' /proc/iomem)
	[[ -n $phys && $symbols == *" _text="* && $symbols == *" $1="* ]] &&
		echo $((${at%% *} - ${text%% *} + phys))
}

# place_of NAME: the name of a table in acpi_gbl_root_table_list, whose entries
# are address, pointer, length, name, id, flags, count; 32 bytes
place_of()
{
	local list tables count i words

	list=$(symbol acpi_gbl_root_table_list) || return
	tables=$(($(bed mmio read "$list" 8) -
		  $(bed mmio read "$(symbol page_offset_base)" 8)))
	count=$(bed mmio read $((list + 8)))
	mapfile -t words < <(bed mmio dump $tables $((8 * count)))
	for ((i = 5; i < 8 * count; i += 8)); do
		[[ ${words[i]} != "$1" ]] || echo $((tables + 4 * i))
	done
}

readonly CEDT=0x54444543 XEDT=0x54444558
place=$(place_of $CEDT)
[[ -n $place && $place != *' '* ]]
ok $? 'the CEDT is in the list of tables' || exit
bed mmio write "$place" $XEDT

reload()
{
	exit_is 0 unbind "$DEV"
	rmmod cxl_vfio_pci
	insmod "$MODULE" "$@"
	ok $? "loaded again: $*"
}

# found REASON: committed at the start of the window
found()
{
	setpci -s "$DEV" COMMAND=2:2
	raw_decoder "$hdm" 0 "${2:-$base}" $M256 0 $COMMIT
	exit_is 0 bind "$DEV"
	exit_is 0 status "$DEV" --json
	json '.devices[0].info | [.memory_size > 0, .reason]' \
		"[$([[ $1 == NONE ]] && echo true || echo false),\"$1\"]" \
		"found at ${2:-$base}: $1"
}

gone()
{
	exit_is 0 unbind "$DEV"
	setpci -s "$DEV" COMMAND=2:2
	raw_decoder "$hdm" 0 0 0 0 $UNCOMMITTED
}

# Off by default
load_module
found NO_CEDT
gone
exit_is 0 bind "$DEV"
error 5 '"NO_CEDT"' decoder program "$DEV"
error 5 '"NO_CEDT"' decoder program "$DEV" --base "$base"

# On: an address is the administrator's to know, the rest is checked
reload unsafe_no_cedt=1
exit_is 0 bind "$DEV"
(($(</proc/sys/kernel/tainted) & 1 << 6))
ok $? 'the kernel is tainted'
error 5 '"NO_CEDT"' decoder program "$DEV"
error 4 '"RANGE_BUSY"' decoder program "$DEV" --base 0x10000000
json_err .error.element 'System RAM' 'System RAM is refused'
error 4 '"RANGE_BUSY"' decoder program "$DEV" --base 0xf0000000
exit_is 0 decoder program "$DEV" --base "$base"
exit_is 0 dc show "$DEV" --json
json '.capacities[0].regions | map([.covered > 0, .fixed_window])' \
	'[[true,null],[true,null]]' 'which is in no window that anybody knows'
exit_is 0 mem test "$DEV" --size 4K --reset --pattern 0x1122334455667788 --keep
is "$(bed media read static 0 8)" 8877665544332211 'and it is memory'
exit_is 0 decoder clear "$DEV"
exit_is 0 unbind "$DEV"
found NONE
exit_is 0 mem test "$DEV" --size 4K --check --pattern 0x1122334455667788
gone
# What the host runs on might be the device's: a reset would take it away
raw_decoder "$hdm" 0 0x10000000 $M256 0 $COMMIT
run bind "$DEV"
[[ $code -ne 0 ]]
ok $? 'over System RAM: bind fails'
is "$(driver)" '' 'not bound'
has "$(dmesg | tail -5)" "the host uses the device's memory as System RAM" \
	'the log says why'
raw_decoder "$hdm" 0 0 0 0 $UNCOMMITTED
exit_is 0 bind "$DEV"

# With a CEDT the parameter is nothing
bed mmio write "$place" $CEDT
error 5 '"RANGE_WINDOW"' decoder program "$DEV" --base $((base - M256))
exit_is 0 decoder program "$DEV"
exit_is 0 decoder clear "$DEV"
exit_is 0 unbind "$DEV"
