# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For tests that run in the VM; sourced after tap.sh.
#
# MODULE: path of cxl-vfio-pci.ko. DEV: address of the (first) device. TOPOLOGY:
# of the VM.

: "${MODULE:?}" "${TOPOLOGY:=direct}"
: "${DEV:=$(bed info | jq -r '.devices[0].address')}"
sysfs=/sys/bus/pci/devices/$DEV

load_module()
{
	modprobe -a vfio-pci-core vfio_iommu_type1 &&
		insmod "$MODULE"
}

# Only as $(driver): without a process of its own
driver()
{
	cd -P "$sysfs/driver" 2>/dev/null && echo "${PWD##*/}"
}

override()
{
	local o

	o=$(<"$sysfs/driver_override")
	[[ $o == '(null)' ]] || echo "$o"
}

# BASE, SIZE, CTRL and skip of decoder 0, past every driver
registers()
{
	local bar

	read -r bar _ <"$sysfs/resource"
	bed mmio dump $((bar + 0x1000 + 0x128 + 0x10)) 7
}

# begin COMMAND...: in the background, as $pid, stopped once it has the device
# open: see hold.c
begin()
{
	local state word command=()

	# It takes a command with libraries to hold it
	for word; do
		[[ $word != "$VFIO_CXL" ]] || word=${VFIO_CXL_SHARED:-$word}
		command+=("$word")
	done
	LD_PRELOAD=${VFIO_CXL%/*}/hold.so "${command[@]}" >/dev/null 2>&1 &
	pid=$!
	# Until it is stopped, or gone
	state=gone
	while read -r _ _ state _ 2>/dev/null <"/proc/$pid/stat"; do
		[[ $state != [TZ] ]] || break
		sleep 0.02
	done
	is "$state" T "held while it has the device open: $*"
}

# end SIGNAL: of what "begin" holds
end()
{
	kill "-$1" "$pid"
	kill -CONT "$pid"
	wait "$pid"
}

nobody()
{
	# One that counts can't add to root's counters, and says so on stderr
	GCOV_PREFIX=${GCOV_PREFIX:-}-nobody \
		setpriv --reuid nobody --regid nogroup --clear-groups "$@"
}

# shellcheck disable=SC2154 # of tap.sh
# run_nobody ARGUMENT...: like run, without rights
run_nobody()
{
	nobody "$VFIO_CXL" "$@" >"$tap_tmp/out" 2>"$tap_tmp/err" </dev/null
	taken $?
}
