# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Makes sysfs trees that no kernel would show; sourced after tap.sh.

# shellcheck disable=SC2154 # of tap.sh
fix=$tap_tmp/root
export VFIO_CXL_SYSROOT=$fix

# le WIDTH NUMBER: little endian bytes, as printf escapes
le()
{
	local i n=$2 s=''

	for ((i = 0; i < $1; i++)); do
		s+=$(printf '\\x%02x' $((n >> (8 * i) & 255)))
	done
	printf '%s' "$s"
}

# put FILE OFFSET ESCAPES
put()
{
	# shellcheck disable=SC2059 # the escapes are the format
	printf "$3" | dd of="$1" bs=1 seek=$(($2)) conv=notrunc status=none
}

new_root()
{
	rm -rf "$fix"
	mkdir -p "$fix"/sys/bus/pci/{devices,drivers} "$fix/proc" \
		"$fix/run" "$fix/dev" "$fix/sys/firmware/acpi/tables"
}

# device BDF CLASS [DRIVER [GROUP]]
device()
{
	local d=$fix/sys/bus/pci/devices/$1

	mkdir -p "$d"
	echo "$2" >"$d/class"
	echo 0x8086 >"$d/vendor"
	echo 0x0d93 >"$d/device"
	echo -1 >"$d/numa_node"
	echo '(null)' >"$d/driver_override"
	truncate -s 256 "$d/config"
	if [[ -n ${3:-} ]]; then
		mkdir -p "$fix/sys/bus/pci/drivers/$3"
		: >"$fix/sys/bus/pci/drivers/$3/unbind"
		ln -sfn "../../drivers/$3" "$d/driver"
	fi
	if [[ -n ${4:-} ]]; then
		mkdir -p "$fix/sys/kernel/iommu_groups/$4/devices"
		: >"$fix/sys/kernel/iommu_groups/$4/devices/$1"
		ln -sfn "../../../../kernel/iommu_groups/$4" "$d/iommu_group"
	fi
}

# capability BDF OFFSET ID NEXT
capability()
{
	local c=$fix/sys/bus/pci/devices/$1/config

	truncate -s 4096 "$c"
	put "$c" "$2" "$(le 4 $(($3 | 1 << 16 | $4 << 20)))"
}

# A CXL Device DVSEC that says Mem_Capable: dvsec BDF OFFSET NEXT
dvsec()
{
	local c=$fix/sys/bus/pci/devices/$1/config

	capability "$1" "$2" 0x23 "$3"
	put "$c" $(($2 + 4)) "$(le 4 $((0x1e98 | 0x3c << 20)))"
	put "$c" $(($2 + 8)) "$(le 2 0)"
	put "$c" $(($2 + 10)) "$(le 2 4)"
}

# A serial number: dsn BDF OFFSET NEXT NUMBER
dsn()
{
	capability "$1" "$2" 3 "$3"
	put "$fix/sys/bus/pci/devices/$1/config" $(($2 + 4)) "$(le 8 "$4")"
}

# cedt WINDOW...: each BASE:SIZE, one target with _UID 12
cedt()
{
	local t=$fix/sys/firmware/acpi/tables/CEDT w pos=36

	rm -f "$t"
	truncate -s $((36 + 40 * $#)) "$t"
	put "$t" 0 CEDT
	put "$t" 4 "$(le 4 $((36 + 40 * $#)))"
	for w; do
		put "$t" $pos "$(le 4 $((1 | 40 << 16)))"
		put "$t" $((pos + 8)) "$(le 8 "${w%:*}")$(le 8 "${w#*:}")"
		put "$t" $((pos + 32)) "$(le 2 $((0x2f)))"
		put "$t" $((pos + 36)) "$(le 4 12)"
		pos=$((pos + 40))
	done
}
