#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# doctor: a host where all is well, then each thing that can be wrong with it.

here=$(dirname "$(readlink -f "$0")")
top=$(readlink -f "$here/../..")
. "$here/tap.sh"
. "$here/fixtures.sh"
. "$here/fake.sh"

build_fake
ok $? 'the fake driver builds' || exit
real=$VFIO_CXL
VFIO_CXL=faked
faked()
{
	env "${fake[@]}" LD_PRELOAD="$tap_tmp/fake.so" \
		ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0 \
		"$real" "$@"
}
fake=()
dev=0000:0d:00.0
d=$fix/sys/bus/pci/devices/$dev
version=$("$real" version --json | jq -r '.versions[0].version')

param()
{
	mkdir -p "$fix/sys/module/$1/parameters"
	echo "$3" >"$fix/sys/module/$1/parameters/$2"
}

# A host that lacks nothing
well()
{
	fake=(FAKE_WINDOW=3 FAKE_MEM_MODE=2 FAKE_FLAGS=3)
	new_root
	mkdir -p "$fix"/{etc/udev/rules.d,lib/modules/7.2.12,proc/sys/kernel} \
		"$fix"/sys/{kernel/security,module/cxl_vfio_pci} \
		"$fix"/dev/{vfio,vfio-cxl}
	echo 7.2.12 >"$fix/proc/sys/kernel/osrelease"
	echo 0 >"$fix/proc/sys/kernel/tainted"
	echo '100000000-13fffffff : System RAM' >"$fix/proc/iomem"
	echo 'vendor_id : AuthenticAMD' >"$fix/proc/cpuinfo"
	echo ' 25: 0 IR-PCI-MSI-0000:00:02.0 0-edge x' >"$fix/proc/interrupts"
	echo '[none] integrity confidentiality' \
		>"$fix/sys/kernel/security/lockdown"
	echo "$version" >"$fix/sys/module/cxl_vfio_pci/version"
	echo 'kernel/drivers/cxl/cxl_pci.ko.xz:' \
		>"$fix/lib/modules/7.2.12/modules.dep"
	param cxl_vfio_pci clear_on_close Y
	param cxl_vfio_pci legacy_info Y
	param cxl_vfio_pci mem_mode auto
	param cxl_vfio_pci unsafe_no_cedt N
	param vfio_iommu_type1 allow_unsafe_interrupts N
	cedt 0x4d0000000:0x100000000
	device $dev 0x050210 cxl-vfio-pci 4
	echo cxl-vfio-pci >"$d/driver_override"
	echo cxl_bus >"$d/reset_method"
	ln -s /dev/null "$fix/dev/vfio-cxl/$dev"
	: >"$fix/dev/vfio/vfio"
	: >"$fix/dev/vfio/4"
	chmod 600 "$fix/dev/vfio/4"
	echo "KERNEL==\"$dev\", ATTR{driver_override}=\"cxl-vfio-pci\"" \
		>"$fix/etc/udev/rules.d/60-vfio-cxl.rules"
}

# finds CHECK RESULT TEXT WHAT: that, and a remedy unless it is OK or UNKNOWN
finds()
{
	run doctor --json
	is "$(jq -rc --arg check "$1" --arg result "$2" --arg text "$3" \
		'[.checks[] | select(.check == $check and .result == $result and
		  (.text | contains($text)) and
		  (.remedy != null or .result == "OK" or .result == "UNKNOWN"))]
		 | length' <<<"$out")" 1 "$4" ||
		jq -c --arg check "$1" '.checks[] | select(.check == $check)' \
			<<<"$out" | sed 's/^/# /'
	is "$code" "$(jq '[.checks[] | select(.result == "FAIL")] |
		if length > 0 then 1 else 0 end' <<<"$out")" \
		"$4: exit status"
}

well
exit_is 0 doctor --json
json '[.tool, .schema, (keys | length)]' '["vfio-cxl",1,3]' 'the envelope'
is "$err" '' 'nothing on stderr'
json '[.checks[] | select(.result != "OK") | .check]' '["type1"]' \
	'a host where all is well, but for the one thing that never is'
json '[.checks[] | keys_unsorted | sort] | unique' \
	'[["check","device","remedy","result","text"]]' 'keys'
json '[.checks[] | .device] | unique' "[null,\"$dev\"]" 'of the host, and of the device'
all=$(jq '.checks | length' <<<"$out")
exit_is 0 doctor 0d:00.0 --json
json '.checks | length' "$((all - 1))" 'one device: all but the count of them'
exit_is 0 doctor
has "$out" '  ok       memory          decoder 0 has 1 MiB, committed by DRIVER' \
	'a line for people'
has "$out" ', 1 note, 0 warn, 0 fail, 0 unknown' 'and the sum'
has "$out" '-> unmap in the IOMMU' 'a remedy'
error 3 null doctor 0e:00.0

# The host
echo 6.1.0 >"$fix/proc/sys/kernel/osrelease"
finds kernel WARN '6.1.0' 'an old kernel'
echo 7.4.0-rc1 >"$fix/proc/sys/kernel/osrelease"
finds kernel WARN '7.4' 'a new one'
echo 6.12.95+deb13 >"$fix/proc/sys/kernel/osrelease"
finds kernel OK '6.12.95' 'the oldest that will do'
echo rubbish >"$fix/proc/sys/kernel/osrelease"
finds kernel UNKNOWN rubbish 'no version'
rm "$fix/proc/sys/kernel/osrelease"
finds kernel UNKNOWN osrelease 'nor that'
well
echo 0.0.1 >"$fix/sys/module/cxl_vfio_pci/version"
finds module WARN 0.0.1 'a module of another release'
well
rm -r "$fix/sys/kernel/iommu_groups"
finds iommu FAIL 'IOMMU is off' 'no IOMMU'
well
echo ' 25: 0 PCI-MSI-0000:00:02.0 0-edge x' >"$fix/proc/interrupts"
finds interrupts FAIL 'not remapped' 'no interrupt remapping'
rm "$fix/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts"
finds interrupts FAIL 'not remapped' 'nor a parameter that lets that pass'
param vfio_iommu_type1 allow_unsafe_interrupts Y
finds interrupts WARN 'that is allowed' 'which is allowed'
finds unsafe WARN 'vfio_iommu_type1.allow_unsafe_interrupts' 'and unsafe'
echo 'CPU implementer : 0x41' >"$fix/proc/cpuinfo"
finds interrupts UNKNOWN x86 'another architecture'
rm "$fix/proc/interrupts"
finds interrupts UNKNOWN /proc/interrupts 'nothing to see'
well
rm -r "$fix/sys/module/vfio_iommu_type1"
finds vfio FAIL 'neither' 'no VFIO that maps memory'
echo 'kernel/drivers/vfio/vfio_iommu_type1.ko.xz: x' \
	>>"$fix/lib/modules/7.2.12/modules.dep"
finds vfio WARN 'is loaded' 'one that is not loaded'
json '[.checks[] | select(.check == "type1")] | length' 0 'no note without type1'
: >"$fix/dev/iommu"
finds vfio OK IOMMUFD 'IOMMUFD will do'
well
rm "$fix/sys/firmware/acpi/tables/CEDT"
finds cedt FAIL 'no CXL Early Discovery Table' 'no table'
param cxl_vfio_pci unsafe_no_cedt Y
finds cedt WARN 'goes on without' 'which is let pass'
finds unsafe WARN cxl_vfio_pci.unsafe_no_cedt 'and unsafe'
cedt
finds cedt FAIL 'no fixed memory window' 'an empty one'
cedt 0x4d0000000:0x100000000
put "$fix/sys/firmware/acpi/tables/CEDT" 38 "$(le 2 0)"
finds cedt FAIL damaged 'a damaged one'

# Settings
well
echo 'none [integrity] confidentiality' >"$fix/sys/kernel/security/lockdown"
finds lockdown OK 'was let in' 'locked down, with our module'
rm "$fix/sys/kernel/security/lockdown"
finds lockdown UNKNOWN securityfs 'nothing to see'
well
for t in '64 WARN unsafe' '128 WARN oops' '512 WARN warning' '640 WARN oops' '4096 OK 4096'; do
	read -r taint result text <<<"$t"
	echo "$taint" >"$fix/proc/sys/kernel/tainted"
	finds taint "$result" "$text" "taint $taint"
done
well
param vfio enable_unsafe_noiommu_mode Y
finds unsafe WARN 'vfio.enable_unsafe_noiommu_mode' 'no-IOMMU mode'
param vfio $'unsafe_\033[31m\xff' Y
finds unsafe WARN 'vfio.unsafe_?[31m?' 'no escape sequence in a name'
well
param cxl_vfio_pci clear_on_close N
finds contents WARN 'the next one reads' 'contents that stay'
rm "$fix/sys/module/cxl_vfio_pci/parameters/clear_on_close"
finds contents WARN 'the next one reads' 'as with a driver that can not clear'
param cxl_vfio_pci legacy_info N
finds legacy-info NOTE 'only VMMs that know' 'legacy_info=0'

# Without the module
well
rm -r "$fix/sys/bus/pci/drivers/cxl-vfio-pci" "$d/driver" \
	"$fix/sys/module/cxl_vfio_pci"
finds module FAIL 'neither loaded nor installed' 'no module'
echo 'updates/cxl-vfio-pci.ko: x' >>"$fix/lib/modules/7.2.12/modules.dep"
finds module OK 'is installed' 'one that is installed'
echo 'none [integrity] confidentiality' >"$fix/sys/kernel/security/lockdown"
finds lockdown WARN 'signed' 'but the kernel is locked down'
rm "$fix/lib/modules/7.2.12/modules.dep"
finds module UNKNOWN 'list of installed modules' 'nothing to see'

# Devices
new_root
exit_is 1 doctor --json
json '.checks[] | select(.check == "devices") | .result' FAIL 'no device'
well
device 0001:0e:00.0 0x020000 '' 7
exit_is 1 doctor 0001:0e:00.0 --json
json '.checks[] | select(.check == "device") | .result' FAIL 'a device of another kind'
json '[.checks[] | select(.device == "0001:0e:00.0")] | length' 1 \
	'of which no more is said'
well
echo vfio-pci >"$d/driver_override"
finds driver WARN 'driver_override says vfio-pci' 'an override for another driver'
well
rm "$fix/etc/udev/rules.d/60-vfio-cxl.rules"
finds persistence WARN 'cxl_pci takes the device' 'a binding that does not last'
echo 'DRIVER=="cxl-vfio-pci", MODE="0600"' \
	>"$fix/etc/udev/rules.d/60-vfio-cxl.rules"
finds persistence WARN 'cxl_pci takes the device' 'nor by another rule'
echo 0x120000 >"$d/class"
dvsec $dev 0x100 0
finds persistence WARN 'nothing binds' 'of an accelerator'
mkdir "$fix/etc/driverctl.d"
echo cxl-vfio-pci >"$fix/etc/driverctl.d/$dev"
finds persistence OK driverctl 'driverctl makes it last'
well
rm "$d/iommu_group"
finds group FAIL 'no IOMMU group' 'no group'
well
device 0000:0d:00.1 0x020000 e1000e 4
finds group FAIL '0000:0d:00.1 belongs to e1000e' 'a neighbour in the way'
well
rm "$d/reset_method"
finds reset WARN "can't be reset" 'no reset'

# A device of the host's
unbound()
{
	well
	rm "$d/driver"
	device $dev 0x050210 cxl_pci 4
	: >"$fix/sys/bus/pci/drivers/cxl_pci/bind"
}
unbound
finds driver WARN 'belongs to cxl_pci' 'a device of the host'
json '.checks[] | select(.check == "driver") | .remedy | test("vfio-cxl bind")' \
	true 'and how to take it'
finds host-use OK 'does not use' 'which does not use it'
json '[.checks[] | select(.check == "memory" or .check == "persistence")]' '[]' \
	'nothing is said of what only the driver knows'
mkdir -p "$fix/sys/bus/cxl/devices/endpoint2/decoder2.0" \
	"$fix/sys/bus/cxl/devices/region0" "$d/mem0"
ln -s ../../mem0 "$fix/sys/bus/cxl/devices/endpoint2/uport"
echo region0 >"$fix/sys/bus/cxl/devices/endpoint2/decoder2.0/region"
echo 0x4d0000000 >"$fix/sys/bus/cxl/devices/endpoint2/decoder2.0/start"
echo 0x10000000 >"$fix/sys/bus/cxl/devices/endpoint2/decoder2.0/size"
echo 0x4d0000000 >"$fix/sys/bus/cxl/devices/region0/resource"
echo 0x10000000 >"$fix/sys/bus/cxl/devices/region0/size"
finds host-use WARN 'region0 of the kernel' 'a region'
mkdir -p "$fix/sys/bus/cxl/devices/region0/dax_region0/dax0.0" \
	"$fix/sys/bus/dax/devices/dax0.0/driver"
finds host-use WARN 'dax0.0 of region0 is in use' 'a dax device'
echo '4d0000000-4dfffffff : System RAM (kmem)' >"$fix/proc/iomem"
finds host-use FAIL 'System RAM' 'memory the host runs on'
echo '0-0 : System RAM' >"$fix/proc/iomem"
finds host-use UNKNOWN 'hidden' 'hidden addresses'

# The nodes
well
fake+=(FAKE_MODE=0660)
finds control-node FAIL '0660' 'a control node for a group'
well
fake+=(FAKE_UID=1000)
finds control-node FAIL '1000' 'a control node of somebody'
well
chmod 666 "$fix/dev/vfio/4"
finds group-node WARN everybody 'a group for everybody'
rm "$fix/dev/vfio/4"
finds group-node WARN 'does not exist' 'none'
rm "$fix/dev/vfio-cxl/$dev"
finds control-node FAIL 'does not exist' 'no control node'
finds memory FAIL "can't open" 'so nothing is known of the memory'
well
fake+=(FAKE_FAIL=INFO=13)
finds memory UNKNOWN 'Permission denied' 'nor for one who may not ask'

# The memory
well
fake+=(FAKE_ABI=1)
finds abi WARN 'version 1' 'an older driver'
well
fake=(FAKE_WINDOW=1 FAKE_FLAGS=0 FAKE_REASON=2 FAKE_CAPACITY=0x100000000)
finds memory FAIL 'not committed' 'no memory'
finds window OK '4 GiB free at 0x4d0000000' 'but room for it'
json '[.checks[] | select(.check == "live" or .check == "mem-mode")]' '[]' \
	'and nothing about how it is mapped'
cat >"$fix/proc/iomem" <<-E2
	4d0000000-5cfffffff : CXL Window 0
	  4e0000000-5cfffffff : somebody
	E2
finds window WARN '256 MiB free' 'too little of it'
echo '4d0000000-5cfffffff : somebody' >"$fix/proc/iomem"
finds window FAIL 'nothing of it is free' 'none'
echo '0-0 : a' >"$fix/proc/iomem"
finds window UNKNOWN iomem 'hidden addresses'
fake=(FAKE_WINDOW=0 FAKE_WINDOW_REASON=8 FAKE_FLAGS=0 FAKE_REASON=2)
finds window FAIL "restrictions exclude this device" 'a window of no use'
fake=(FAKE_FLAGS=0 FAKE_REASON=99)
finds window FAIL 'no fixed memory window' 'no window'
param cxl_vfio_pci unsafe_no_cedt Y
finds window WARN 'unsafe_no_cedt' 'or none needed'
param cxl_vfio_pci unsafe_no_cedt N
finds memory FAIL '99' 'a reason of the future'
well
fake+=(FAKE_FLAGS=1 FAKE_GATE=0x40)
finds live FAIL 'fatal error' 'memory after an error'
fake+=(FAKE_GATE=0x8)
finds live WARN 'a reset is under way' 'in a reset'
fake+=(FAKE_GATE=0x80000000)
finds live FAIL 'newer than this command' 'gated by the future'
fake+=(FAKE_GATE=0)
finds live FAIL 'no reason' 'or for no reason'
well
fake+=(FAKE_MEM_MODE=1)
finds mem-mode OK MEMREMAP 'no struct pages, on AMD'
echo 'vendor_id : GenuineIntel' >"$fix/proc/cpuinfo"
finds mem-mode WARN uncached 'on Intel'
json '.checks[] | select(.check == "mem-mode") | .remedy | test("mem_mode=pages")' \
	true 'and what helps'
well
fake+=(FAKE_MAP_ALIGN=0x40000000 FAKE_MAP_OFFSET=0x10000000)
finds alignment NOTE 'modulo 1 GiB is 0x10000000' 'a base between two GiB'
well
fake+=(FAKE_GUEST=0x38 FAKE_GUEST_BASE=0x100000000)
finds guest NOTE 'to 0x100000000, and sealed' 'a guest sealed from outside'

# status has the note too
exit_is 0 status $dev
has "$out" 'type1: keeps translations' 'status tells of type1'
rm -r "$fix/sys/module/vfio_iommu_type1"
exit_is 0 status $dev --json
json '.devices[0].vfio_type1' false 'but not without it'

# Nothing at all, and rubbish
rm -rf "$fix"
exit_is 1 doctor --json
json '[.checks[] | select(.result == "OK")]' '[]' \
	'nothing is well where nothing is seen'
mkdir -p "$fix"/proc/{sys/kernel/osrelease,sys/kernel/tainted,cpuinfo,interrupts} \
	"$fix/sys/kernel/security/lockdown" "$fix/sys/kernel/iommu_groups/1"
exit_is 1 doctor --json
json '[.checks[] | select(.check == "kernel" or .check == "taint" or
	.check == "lockdown" or .check == "interrupts") | .result] | unique' \
	'["UNKNOWN"]' 'folders for files'
