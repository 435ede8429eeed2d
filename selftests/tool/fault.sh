# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the sweeps of command and library share; sourced after fixtures.sh: what
# is preloaded, and a small host with one device.

# shellcheck disable=SC2154 # of tap.sh and of who sources this
cc=(gcc -Wall -Wextra -Werror -O1 -g -D_GNU_SOURCE -I"$top/include/uapi")
# shellcheck source=fake.sh
. "$here/fake.sh"
build_fake
ok $? 'fake.so builds' || exit
for so in fault fake_bus; do
	"${cc[@]}" -shared -fPIC -o "$tap_tmp/$so.so" "$here/$so.c"
	ok $? "$so.so builds" || exit
done
dev=0000:0d:00.0

# use_root DIR: where the next host() is made
use_root()
{
	fix=$1
	d=$fix/sys/bus/pci/devices/$dev
	note=$fix/run/vfio-cxl/$dev
	export VFIO_CXL_SYSROOT=$fix
}
use_root "$fix"

# host DRIVER: a small one, with the device bound to that
host()
{
	new_root
	mkdir -p "$fix"/dev/{vfio,vfio-cxl} "$fix"/proc/sys/kernel \
		"$fix"/sys/{kernel/security,module/cxl_vfio_pci/parameters} \
		"$fix"/sys/bus/pci/drivers/{cxl-vfio-pci,cxl_pci} \
		"$fix"/etc/udev/rules.d "$fix"/lib/modules/7.2.12
	for f in cxl-vfio-pci/{,un}bind cxl_pci/{,un}bind; do
		: >"$fix/sys/bus/pci/drivers/$f"
	done
	: >"$fix/sys/bus/pci/drivers_probe"
	device $dev 0x050210 "$1" 4
	dsn $dev 0x100 0 0x77
	device 0000:0e:00.0 0x020000 vfio-pci 4
	for node in vfio-cxl/$dev vfio/vfio vfio/4; do
		ln -s /dev/null "$fix/dev/$node"
	done
	echo 7.2.12 >"$fix/proc/sys/kernel/osrelease"
	echo 0 >"$fix/proc/sys/kernel/tainted"
	echo 'vendor_id : GenuineIntel' >"$fix/proc/cpuinfo"
	echo ' 25: 0 IR-PCI-MSI-0000:00:02.0 0-edge x' >"$fix/proc/interrupts"
	echo '[none] integrity' >"$fix/sys/kernel/security/lockdown"
	echo Y >"$fix/sys/module/cxl_vfio_pci/parameters/clear_on_close"
	echo 1.0 >"$fix/sys/module/cxl_vfio_pci/version"
	echo "ATTR{driver_override}=\"cxl-vfio-pci\"" \
		>"$fix/etc/udev/rules.d/60.rules"
	printf '100000000-13fffffff : System RAM\n%s\n' \
		'4d0000000-5cfffffff : CXL Window 0' >"$fix/proc/iomem"
	cedt 0x4d0000000:0x100000000
	head -c 64K /dev/zero | tr '\0' Z >"$fix/media"
}

# cxl_pci's, with a region of the kernel's on it
with_region()
{
	local c=$fix/sys/bus/cxl/devices

	host cxl_pci
	mkdir -p "$c"/endpoint2/decoder2.0 "$c"/region0 "$d/mem0"
	ln -s ../../mem0 "$c/endpoint2/uport"
	ln -s endpoint2/decoder2.0 "$c/decoder2.0"
	echo region0 >"$c/decoder2.0/region"
	echo 0x4d0000000 | tee "$c/decoder2.0/start" >"$c/region0/resource"
	echo 0x10000000 | tee "$c/decoder2.0/size" >"$c/region0/size"
	# As it is written, without an end of the line
	printf former >"$d/driver_override"
}

bound()
{
	host cxl-vfio-pci
	printf cxl-vfio-pci >"$d/driver_override"
	mkdir -m 700 "$fix/run/vfio-cxl"
	printf 'driver=cxl_pci\noverride=\n' >"$note"
}
