# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154 # of who sources this
#
# A device with Dynamic Capacity, with a driver that is faked: see fake_dc.c. For
# the tests of "dc" and "monitor"; sourced after tap.sh, fixtures.sh, fake.sh.

build_fake
ok $? 'the fake driver builds' || exit
new_root
device 0000:0d:00.0 0x050210 cxl-vfio-pci 4
mkdir -p "$fix/dev/vfio-cxl"
ln -s /dev/null "$fix/dev/vfio-cxl/0000:0d:00.0"
log=$tap_tmp/log
dir=$tap_tmp/dc
real=$VFIO_CXL
VFIO_CXL=faked
fake=()
faked()
{
	: >"$log"
	env "${fake[@]}" FAKE_LOG="$log" FAKE_DC="$dir" FAKE_AWAKE=1 \
		LD_PRELOAD="$tap_tmp/fake.so" \
		ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0 \
		"$real" "$@"
}

A=6ba7b810-9dad-11d1-80b4-00c04fd430c8
B=0f0e0d0c-0b0a-0908-0706-050403020100

# States, reaches and reasons are numbers there; by their names
h=$top/include/uapi/linux/vfio_cxl.h
number()
{
	sed -n "/^enum vfio_cxl_$1 {/,/^}/s/^\tVFIO_CXL_\(.*\),/\1/p" "$h" |
		grep -nx "$2" | cut -d: -f1 | awk '{ print $1 - 1 }'
}
for name in PENDING ACCEPTING COMMITTED RELEASING RELEASED REJECTED REVOKED; do
	declare "$name=$(number dc_state DC_$name)"
done
NEVER=-1

# world: a new one, from standard input what there is at first
world()
{
	rm -rf "$dir"
	mkdir "$dir"
	steps=0
	{
		echo 'info 3 0 0'
		echo 'region 0x10000000 0x40000000 0x200000 0x40000000 0x10000000 0'
		cat
	} >"$dir/0"
}

# next: what comes next, once the command waits
next()
{
	steps=$((steps + 1))
	cat >"$dir/$steps"
}

# asked: the calls of the last command, in a line
asked()
{
	paste -sd' ' "$log"
}
