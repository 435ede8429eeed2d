# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# HDM decoders of any component, past every driver; sourced after tap.sh.

# block_of ADDRESS: component registers of a PCI function, its Memory Space on
block_of()
{
	local bar

	setpci -s "$1" COMMAND=0002:0002
	read -r bar _ <"/sys/bus/pci/devices/$1/resource"
	echo "$bar"
}

# block_of_bridge UID: those of a host bridge, as the CEDT has it
block_of_bridge()
{
	local hex at len

	hex=$(xxd -p /sys/firmware/acpi/tables/CEDT | tr -d '\n')
	for ((at = 36; at * 2 < ${#hex}; at += len)); do
		len=$(le_hex "${hex:$((at * 2 + 4)):4}")
		[[ ${hex:$((at * 2)):2} != 00 ]] ||
			(($(le_hex "${hex:$((at * 2 + 8)):8}") != $1)) ||
			le_hex "${hex:$((at * 2 + 32)):16}"
	done
}

# le_hex DIGITS: a little-endian number
le_hex()
{
	local i n=''

	for ((i = 0; i < ${#1}; i += 2)); do
		n=${1:i:2}$n
	done
	echo $((0x$n))
}

# hdm_of BLOCK: the HDM decoder capability; nothing if there is none
hdm_of()
{
	local entry

	for entry in $(bed mmio dump $(($1 + 0x1004)) 15); do
		(((entry & 0xffff) == 5)) || continue
		echo $(($1 + 0x1000 + (entry >> 20)))
		return
	done
}

# raw_decoder HDM N BASE SIZE LOW CONTROL: whatever that is good for. LOW is the
# DPA skip of a device, else the list of target ports.
raw_decoder()
{
	local at=$(($1 + 0x10 + 0x20 * $2))

	bed mmio load $(($1 + 4))=2 $((at + 0x10))=$UNCOMMITTED \
		$at=$(($3 & 0xffffffff)) $((at + 4))=$(($3 >> 32 & 0xffffffff)) \
		$((at + 8))=$(($4 & 0xffffffff)) \
		$((at + 12))=$(($4 >> 32 & 0xffffffff)) \
		$((at + 0x14))="$5" $((at + 0x18))=0 $((at + 0x10))="$6"
}

# shellcheck disable=SC2034 # of who sources this
readonly COMMIT=0x1200 UNCOMMITTED=0x1000

# raw_all HDM: all registers of the first two decoders
raw_all()
{
	bed mmio dump $(($1 + 4)) 19
}

# address_of NAME: PCI address of a device of the topology
address_of()
{
	bed info | jq -r --arg name "$1" \
		'.devices[] | select(.name == $name).address'
}
